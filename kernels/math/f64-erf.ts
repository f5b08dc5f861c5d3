/**
 * Float64 error function and its complement, with the rational approximations of Sun's fdlibm (s_erf.c,
 * 1993): around 0, around 1, and two for the tail, where
 *
 *   erfc(z) = e^(-z^2 - 0.5625 + T(1/z^2)) / z.
 *
 * `scaled_tail` gives the tail to other files. Errors: erf <= 1 ulp, erfc <= 4 ulp.
 */
import { f64_exp } from "./f64-exp";

/** erfc(1) less a little: the value that the approximation around 1 starts from, with 24 bits. */
const ERF_NEAR_ONE: f64 = 8.45062911510467529297e-1;

/** (erf(x) - x) / x for |x| < 0.84375, from z = x^2. */
@inline
function erf_center(z: f64): f64 {
  let p: f64 = -2.37630166566501626084e-5;
  p = p * z - 5.77027029648944159157e-3;
  p = p * z - 2.84817495755985104766e-2;
  p = p * z - 3.25042107247001499370e-1;
  p = p * z + 1.28379167095512558561e-1;
  let q: f64 = -3.96022827877536812320e-6;
  q = q * z + 1.32494738004321644526e-4;
  q = q * z + 5.08130628187576562776e-3;
  q = q * z + 6.50222499887672944485e-2;
  q = q * z + 3.97917223959155352819e-1;
  return p / (q * z + 1);
}

/** erf(x) - ERF_NEAR_ONE for 0.84375 <= x < 1.25. */
@inline
function erf_shoulder(x: f64): f64 {
  const s = x - 1;
  let p: f64 = -2.16637559486879084300e-3;
  p = p * s + 3.54783043256182359371e-2;
  p = p * s - 1.10894694282396677476e-1;
  p = p * s + 3.18346619901161753674e-1;
  p = p * s - 3.72207876035701323847e-1;
  p = p * s + 4.14856118683748331666e-1;
  p = p * s - 2.36211856075265944077e-3;
  let q: f64 = 1.19844998467991074170e-2;
  q = q * s + 1.36370839120290507362e-2;
  q = q * s + 1.26171219808761642112e-1;
  q = q * s + 7.18286544141962662868e-2;
  q = q * s + 5.40397917702171048937e-1;
  q = q * s + 1.06420880400844228286e-1;
  return p / (q * s + 1);
}

/** T(1/z^2) for z >= 1.25; it holds to infinity, though the fit was made for z <= 28. */
export function tail_exponent(z: f64): f64 {
  const s = 1 / (z * z);
  let p: f64;
  let q: f64;
  if (z < 1 / 0.35) {
    p = -9.81432934416914548592;
    p = p * s - 8.12874355063065934246e1;
    p = p * s - 1.84605092906711035994e2;
    p = p * s - 1.62396669462573470355e2;
    p = p * s - 6.23753324503260060396e1;
    p = p * s - 1.05586262253232909814e1;
    p = p * s - 6.93858572707181764372e-1;
    p = p * s - 9.86494403484714822705e-3;
    q = -6.04244152148580987438e-2;
    q = q * s + 6.57024977031928170135;
    q = q * s + 1.08635005541779435134e2;
    q = q * s + 4.29008140027567833386e2;
    q = q * s + 6.45387271733267880336e2;
    q = q * s + 4.34565877475229228821e2;
    q = q * s + 1.37657754143519042600e2;
    q = q * s + 1.96512716674392571292e1;
  } else {
    p = -4.83519191608651397019e2;
    p = p * s - 1.02509513161107724954e3;
    p = p * s - 6.37566443368389627722e2;
    p = p * s - 1.60636384855821916062e2;
    p = p * s - 1.77579549177547519889e1;
    p = p * s - 7.99283237680523006574e-1;
    p = p * s - 9.86494292470009928597e-3;
    q = -2.24409524465858183362e1;
    q = q * s + 4.74528541206955367215e2;
    q = q * s + 2.55305040643316442583e3;
    q = q * s + 3.19985821950859553908e3;
    q = q * s + 1.53672958608443695994e3;
    q = q * s + 3.25792512996573918826e2;
    q = q * s + 3.03380607434824582924e1;
  }
  return p / (q * s + 1);
}

/** The 21 high significant bits of x, whose square is exact. */
@inline
export function high_bits(x: f64): f64 {
  return reinterpret<f64>(reinterpret<u64>(x) & 0xffffffff00000000);
}

/**
 * e^(-square - rest - 0.5625 + T(1/z^2)) / z for z >= 1.25: the tail erfc(z) where z^2 = square + rest.
 * `square` must be exact and `rest` small, since the error of an exponent becomes a relative one.
 */
@inline
export function scaled_tail(z: f64, square: f64, rest: f64): f64 {
  return (f64_exp(-square - 0.5625) * f64_exp(tail_exponent(z) - rest)) / z;
}

/** erfc(z) for z >= 1.25; 0 from about 27.23. */
@inline
function erfc_tail(z: f64): f64 {
  if (z > 28) return 0;
  const h = high_bits(z);
  return scaled_tail(z, h * h, (z - h) * (z + h));
}

/** erf x = 2 / sqrt(pi) times the integral of e^(-t^2) from 0 to x. */
export function f64_erf(x: f64): f64 {
  const a = abs(x);
  if (a < 0.84375) return x + x * erf_center(x * x);
  if (a < 1.25) return copysign(ERF_NEAR_ONE + erf_shoulder(a), x);
  if (a < 6) return copysign(1 - erfc_tail(a), x);
  return isNaN(x) ? x : copysign<f64>(1, x);
}

/** erfc x = 1 - erf x, without cancellation for large x. */
export function f64_erfc(x: f64): f64 {
  const a = abs(x);
  if (a < 0.84375) {
    const y = erf_center(x * x);
    // above 1/4 the sum is arranged so that 1/2 - x is exact
    return x < 0.25 ? 1 - (x + x * y) : 0.5 - (x - 0.5 + x * y);
  }
  if (a < 1.25) {
    const y = erf_shoulder(a);
    return x > 0 ? 1 - ERF_NEAR_ONE - y : 1 + (ERF_NEAR_ONE + y);
  }
  if (isNaN(x)) return x;
  return x > 0 ? erfc_tail(a) : 2 - erfc_tail(a);
}

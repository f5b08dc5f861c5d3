/**
 * The standard normal distribution in float64. The lower tail keeps relative accuracy as far as float64
 * reaches: x^2 / 2 is split into an exact part and a small rest before it becomes an exponent.
 */
import { f64_erfc, high_bits, scaled_tail, tail_exponent } from "./f64-erf";
import { f64_log, f64_log1p } from "./f64-log";

const SQRT_HALF: f64 = 0.70710678118654757;
const LN_2: f64 = 0.69314718055994529;
/** Below it, -x / sqrt(2) is in the tail that `scaled_tail` covers. */
const TAIL: f64 = -1.78;

/** The probability that a standard normal is at most x. Error <= 6 ulp, down to denormals. */
export function f64_normCdf(x: f64): f64 {
  if (!(x < TAIL)) return 0.5 * f64_erfc(-x * SQRT_HALF);
  if (x < -40) return 0;
  const h = high_bits(x);
  return 0.5 * scaled_tail(-x * SQRT_HALF, 0.5 * h * h, 0.5 * (x - h) * (x + h));
}

/** ln of `normCdf`, for every x: where normCdf itself is 0, and where it rounds to 1. Error <= 6 ulp. */
export function f64_logNormCdf(x: f64): f64 {
  if (x > 0) return f64_log1p(-f64_normCdf(-x));
  if (!(x < TAIL)) return f64_log(f64_normCdf(x));
  const z = -x * SQRT_HALF;
  return -0.5 * x * x + (tail_exponent(z) - 0.5625 - f64_log(z) - LN_2);
}

/** p / q of two polynomials of degree 7, the constant of the second being 1. */
@inline
function ratio(
  x: f64,
  a7: f64, a6: f64, a5: f64, a4: f64, a3: f64, a2: f64, a1: f64, a0: f64,
  b7: f64, b6: f64, b5: f64, b4: f64, b3: f64, b2: f64, b1: f64,
): f64 {
  const p = ((((((a7 * x + a6) * x + a5) * x + a4) * x + a3) * x + a2) * x + a1) * x + a0;
  const q = ((((((b7 * x + b6) * x + b5) * x + b4) * x + b3) * x + b2) * x + b1) * x + 1;
  return p / q;
}

/**
 * The x with normCdf(x) = p: PPND16 of M. Wichura, "Algorithm AS 241", Applied Statistics 37 (1988).
 * -infinity at 0, infinity at 1, NaN outside [0, 1]. Error <= 8 ulp.
 */
export function f64_normQuantile(p: f64): f64 {
  const q = p - 0.5;
  if (abs(q) <= 0.425) {
    return q * ratio(
      0.180625 - q * q,
      2509.0809287301226727, 33430.575583588128105, 67265.770927008700853, 45921.953931549871457,
      13731.693765509461125, 1971.5909503065514427, 133.14166789178437745, 3.3871328727963666080,
      5226.4952788528545610, 28729.085735721942674, 39307.895800092710610, 21213.794301586595867,
      5394.1960214247511077, 687.18700749205790830, 42.313330701600911252,
    );
  }
  const tail = q < 0 ? p : 1 - p;
  if (!(tail > 0)) return tail == 0 ? copysign(Infinity, q) : NaN;
  const r = sqrt(-f64_log(tail));
  const x = r <= 5
    ? ratio(
        r - 1.6,
        7.74545014278341407640e-4, 2.27238449892691845833e-2, 2.41780725177450611770e-1, 1.27045825245236838258,
        3.64784832476320460504, 5.76949722146069140550, 4.63033784615654529590, 1.42343711074968357734,
        1.05075007164441684324e-9, 5.47593808499534494600e-4, 1.51986665636164571966e-2,
        1.48103976427480074590e-1, 6.89767334985100004550e-1, 1.67638483018380384940, 2.05319162663775882187,
      )
    : ratio(
        r - 5,
        2.01033439929228813265e-7, 2.71155556874348757815e-5, 1.24266094738807843860e-3, 2.65321895265761230930e-2,
        2.96560571828504891230e-1, 1.78482653991729133580, 5.46378491116411436990, 6.65790464350110377720,
        2.04426310338993978564e-15, 1.42151175831644588870e-7, 1.84631831751005468180e-5,
        7.86869131145613259100e-4, 1.48753612908506148525e-2, 1.36929880922735805310e-1, 5.99832206555887937690e-1,
      );
  return copysign(x, q);
}

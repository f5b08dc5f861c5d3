/**
 * Special functions of float64 on two lanes, for the inner loops of search strategies. Not for tensors, which
 * are float32, and not for all arguments: the callers keep theirs in range. NaN gives NaN.
 */

/** 1.5 * 2^52: added to a number of moderate size, it leaves the nearest integer in the low bits. */
const SHIFTER: f64 = 6755399441055744;
const LN2_HIGH: f64 = 6.93147180369123816490e-1;
const LN2_LOW: f64 = 1.90821492927058770002e-10;

/** `x` in both lanes. */
@inline
export function c2(x: f64): v128 {
  return f64x2.splat(x);
}

/** One step of Horner's scheme: `p * x + a`, rounded twice. */
@inline
function step2(p: v128, x: v128, a: f64): v128 {
  return f64x2.add(f64x2.mul(p, x), c2(a));
}

/**
 * e^x for -708 <= x <= 709, where results are normal: n = round(x / ln 2), e^(x - n ln 2) as in Sun's fdlibm
 * (e_exp.c, 1993), times 2^n. Error <= 1 ulp.
 */
export function exp_f64x2(x: v128): v128 {
  const shifted = f64x2.add(f64x2.mul(x, c2(1.44269504088896338700)), c2(SHIFTER));
  const n = f64x2.sub(shifted, c2(SHIFTER));
  const high = f64x2.sub(x, f64x2.mul(n, c2(LN2_HIGH)));
  const low = f64x2.mul(n, c2(LN2_LOW));
  const r = f64x2.sub(high, low);
  const z = f64x2.mul(r, r);
  let p = step2(c2(4.13813679705723846039e-8), z, -1.65339022054652515390e-6);
  p = step2(p, z, 6.61375632143793436117e-5);
  p = step2(p, z, -2.77777777770155933842e-3);
  p = step2(p, z, 1.66666666666666019037e-1);
  const c = f64x2.sub(r, f64x2.mul(z, p));
  const quotient = f64x2.div(f64x2.mul(r, c), f64x2.sub(c2(2), c));
  const y = f64x2.add(c2(1), f64x2.add(f64x2.sub(quotient, low), high));
  return i64x2.add(y, i64x2.shl(shifted, 52));
}

/**
 * The mass of the standard normal above x, for x >= 0: e^(-x^2/2) P(1 / (1 + x/4)), with P fitted for the
 * least greatest error of the product (2^-50.3) on [0, 8.5], beyond which it stays. Error <= 2^-49, absolute.
 */
export function normal_above_f64x2(x: v128): v128 {
  const a = f64x2.pmin(x, c2(8.5));
  const t = f64x2.div(c2(4), f64x2.add(a, c2(4)));
  let p = step2(c2(0.01078668136153265), t, -0.10702874111176326);
  p = step2(p, t, 0.4620174007788477);
  p = step2(p, t, -1.1214716660272361);
  p = step2(p, t, 1.6776931268804087);
  p = step2(p, t, -1.6896569969632858);
  p = step2(p, t, 1.3034777646693483);
  p = step2(p, t, -0.6127703627214482);
  p = step2(p, t, 0.34493945147439903);
  p = step2(p, t, 0.020312327072244632);
  p = step2(p, t, 0.11344046236773564);
  p = step2(p, t, 0.09817956139491735);
  p = step2(p, t, 8.099082429974587e-5);
  return f64x2.mul(p, exp_f64x2(f64x2.mul(f64x2.mul(a, a), c2(-0.5))));
}

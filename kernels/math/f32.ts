/**
 * Float32 special functions on four lanes, for inner loops. Only + - * /, integer operations and
 * selections are used, never a fused multiply-add, so a lane's bits are the same on every runtime. Not a
 * general libm: floating-point flags and the payloads of NaN are left to the runtime.
 *
 * Every function takes all float32: zeros with their sign, denormals (as arguments and as results),
 * infinities and NaN. Its comment states the method and the greatest error over all arguments, in ulp of
 * the float32 result; test/numerics holds it there. sin, cos, pow, sigmoid and tanh are in files of their
 * own.
 *
 * The polynomials are minimax fits (linear programming on Chebyshev points in 160-bit arithmetic) whose
 * coefficients were rounded to float32 one at a time, lowest power first, the rest fitted again.
 * Reductions follow W. Cody and W. Waite, "Software manual for the elementary functions" (1980), and S.
 * Moshier's Cephes library.
 */
import { c, entry, sign_bits, step, step_in } from "./lanes";

export { pow_f32x4 } from "./f32-pow";
export { cross_entropy_slope_f32x4 } from "./f32-sigmoid";
export { cos_f32x4, sin_f32x4 } from "./f32-trig";

const INFINITY_BITS: i32 = 0x7f800000;
/** ln 2 in two parts: HIGH has 9 significant bits, so its product with an exponent is exact. */
const LN2_HIGH: f32 = 0.693359375;
const LN2_LOW: f32 = -2.12194442e-4;
const SQRT_HALF_BITS: i32 = 0x3f3504f3;

/** `x` kept within [low, high]; NaN stays NaN (pmin and pmax give back their first argument then). */
@inline
function clamp(x: v128, low: f32, high: f32): v128 {
  return f32x4.pmax(f32x4.pmin(x, c(high)), c(low));
}

/**
 * Numbers that most of these functions use; those of exponentials are all in tables, since they are the most
 * called.
 */
const NUMBERS: usize = memory.data<f32>([1, -0.0, 1.44269502, 12582912, LN2_HIGH, LN2_LOW, -105]);
const ONE: usize = 0;
/** Only the sign. */
const SIGN: usize = 1;
/** 1 / ln 2. */
const LOG2_E: usize = 2;
/** 1.5 * 2^23, whose ulp is 1. */
const SHIFT: usize = 3;
/** In two parts. */
const LN2: usize = 4;
/** e^x is 0 from here down. */
const LEAST: usize = 6;

@inline
function one(): v128 { return entry(NUMBERS, ONE); }

@inline
function sign_bit(): v128 { return entry(NUMBERS, SIGN); }

/**
 * 2^n for integers -126 <= n <= 127, of which the lowest 9 bits count: those of 1 hold the bias of exponents.
 */
@inline
function power_of_two(n: v128): v128 {
  return i32x4.add(i32x4.shl(n, 23), one());
}

/** The integer nearest to x / ln 2 in the lowest bits of a float, for |x| < 2^21. */
@inline
function shifted_exponent(x: v128): v128 {
  return f32x4.add(f32x4.mul(x, entry(NUMBERS, LOG2_E)), entry(NUMBERS, SHIFT));
}

/** A shifted exponent as a float. */
@inline
function float_exponent(shifted: v128): v128 {
  return f32x4.sub(shifted, entry(NUMBERS, SHIFT));
}

/** A shifted exponent as an integer; anything for NaN. */
@inline
function whole_exponent(shifted: v128): v128 {
  return i32x4.sub(shifted, entry(NUMBERS, SHIFT));
}

/** x - n ln 2 by only the first part of ln 2, which is exact. */
@inline
function high_remainder(x: v128, n: v128): v128 {
  return f32x4.sub(x, f32x4.mul(n, entry(NUMBERS, LN2)));
}

/** r = x - n ln 2, |r| <= 0.35. */
@inline
function remainder_of_exp(x: v128, n: v128): v128 {
  return f32x4.sub(high_remainder(x, n), f32x4.mul(n, entry(NUMBERS, LN2 + 1)));
}

/** Q, from its highest power down. */
const EXP: usize = memory.data<f32>([0.00139429304, 0.00836939272, 0.0416663773, 0.166665152, 0.5]);

/** e^r - 1 - r = r^2 Q(r), within 2^-28, plus the rounding error of r. */
@inline
function tail_of_exp(x: v128, n: v128, r: v128): v128 {
  const high = high_remainder(x, n);
  const lost = f32x4.sub(f32x4.sub(high, r), f32x4.mul(n, entry(NUMBERS, LN2 + 1)));
  let q = step_in(entry(EXP, 0), r, EXP, 1);
  q = step_in(q, r, EXP, 2);
  q = step_in(q, r, EXP, 3);
  q = step_in(q, r, EXP, 4);
  return f32x4.add(f32x4.mul(f32x4.mul(r, r), q), lost);
}

/**
 * e^r of r and its tail. The sum 1 + r keeps its rounding error, which takes 0.3 ulp off all that is built on
 * it.
 */
@inline
function exp_reduced(r: v128, tail: v128): v128 {
  const sum = f32x4.add(one(), r);
  const lost = f32x4.add(f32x4.sub(one(), sum), r);
  return f32x4.add(sum, f32x4.add(lost, tail));
}

/** 2^n p of a shifted n, denormal results included: 2^n is applied in two halves. */
@inline
function exp_scaled(p: v128, shifted: v128): v128 {
  const whole = whole_exponent(shifted);
  const half = i32x4.shr_s(whole, 1);
  return f32x4.mul(f32x4.mul(p, power_of_two(half)), power_of_two(i32x4.sub(whole, half)));
}

/** e^x for -105 <= x <= 100 (or NaN). */
@inline
function exp_clamped(x: v128): v128 {
  const shifted = shifted_exponent(x);
  const n = float_exponent(shifted);
  const r = remainder_of_exp(x, n);
  return exp_scaled(exp_reduced(r, tail_of_exp(x, n, r)), shifted);
}

/** e^x for |x| <= 80 (or NaN), where 2^n and the result are normal. */
@inline
function exp_moderate(x: v128): v128 {
  const shifted = shifted_exponent(x);
  const n = float_exponent(shifted);
  const r = remainder_of_exp(x, n);
  return f32x4.mul(exp_reduced(r, tail_of_exp(x, n, r)), power_of_two(shifted));
}

/** e^x: n = round(x / ln 2), e^(x - n ln 2) by a polynomial, times 2^n. Error <= 1 ulp. */
export function exp_f32x4(x: v128): v128 {
  return exp_clamped(clamp(x, -105, 100));
}

/**
 * 2^n p + (2^n - 1), with the sign of x and 2^n = a b to reach the overflow threshold: the sum is made as
 * (a p + (a - 1/b)) b.
 */
@inline
function expm1_scaled(p: v128, shifted: v128, x: v128): v128 {
  const whole = whole_exponent(shifted);
  const half = i32x4.shr_s(whole, 1);
  const rest = i32x4.sub(whole, half);
  const a = power_of_two(half);
  const y = f32x4.add(f32x4.mul(p, a), f32x4.sub(a, power_of_two(i32x4.neg(rest))));
  return v128.or(f32x4.mul(y, power_of_two(rest)), sign_bits(x));
}

/** e^x - 1 = 2^n (e^r - 1) + (2^n - 1). Error <= 2 ulp. */
export function expm1_f32x4(x: v128): v128 {
  const t = clamp(x, -105, 100);
  const shifted = shifted_exponent(t);
  const n = float_exponent(shifted);
  const r = remainder_of_exp(t, n);
  return expm1_scaled(f32x4.add(r, tail_of_exp(t, n, r)), shifted, x);
}

/** -(a (e^x - 1) + b e^x), with the bits of the two functions separately. */
export function log_softmax_slope_f32x4(a: v128, x: v128, b: v128): v128 {
  const t = clamp(x, -105, 100);
  const shifted = shifted_exponent(t);
  const n = float_exponent(shifted);
  const r = remainder_of_exp(t, n);
  const tail = tail_of_exp(t, n, r);
  const less = expm1_scaled(f32x4.add(r, tail), shifted, x);
  return f32x4.neg(f32x4.add(f32x4.mul(a, less), f32x4.mul(exp_scaled(exp_reduced(r, tail), shifted), b)));
}

/**
 * e ln 2 + low + ln(1 + f) for sqrt(1/2) <= 1 + f <= sqrt(2): ln(1 + f) = f - f^2/2 + f^3 P(f), as in
 * Cephes. The fit is within 2^-27 of the result; `low` is a small correction.
 */
@inline
function log_reduced(f: v128, e: v128, low: v128): v128 {
  const f2 = f32x4.mul(f, f);
  let p = step(c(-0.0786242336), f, 0.128836676);
  p = step(p, f, -0.131285608);
  p = step(p, f, 0.141808763);
  p = step(p, f, -0.166245505);
  p = step(p, f, 0.200023025);
  p = step(p, f, -0.250008106);
  p = step(p, f, 0.333333164);
  let y = f32x4.add(f32x4.mul(f32x4.mul(f, f2), p), f32x4.add(f32x4.mul(e, c(LN2_LOW)), low));
  y = f32x4.sub(y, f32x4.mul(f2, c(0.5)));
  return f32x4.add(f32x4.add(f, y), f32x4.mul(e, c(LN2_HIGH)));
}

/** The integer e with sqrt(1/2) <= x / 2^e < sqrt(2), for normal x > 0. */
@inline
function exponent_of_log(x: v128): v128 {
  return i32x4.shr_s(i32x4.sub(x, i32x4.splat(SQRT_HALF_BITS)), 23);
}

/** `y`, but NaN below `pole`, -infinity at it, and `x` itself where x is infinite or NaN. */
@inline
function log_edges(y: v128, x: v128, pole: f32): v128 {
  const within = v128.bitselect(y, x, f32x4.lt(x, i32x4.splat(INFINITY_BITS)));
  const at_pole = v128.bitselect(c(-Infinity), within, f32x4.eq(x, c(pole)));
  return v128.or(at_pole, f32x4.lt(x, c(pole)));
}

/** ln x: x = 2^e (1 + f), then `log_reduced`. Denormals are scaled by 2^23 first. Error <= 1 ulp. */
export function log_f32x4(x: v128): v128 {
  const denormal = f32x4.lt(x, c(1.17549435e-38));
  const t = f32x4.mul(x, v128.bitselect(c(8388608), c(1), denormal));
  const e = exponent_of_log(t);
  const f = f32x4.sub(i32x4.sub(t, i32x4.shl(e, 23)), c(1));
  const exponent = f32x4.sub(f32x4.convert_i32x4_s(e), v128.and(denormal, c(23)));
  return log_edges(log_reduced(f, exponent, c(0)), x, 0);
}

/**
 * ln(1 + x): ln u for the rounded u = 1 + x, plus (1 + x - u) / u; where u is in [sqrt(1/2), sqrt(2)),
 * f = x without any rounding (W. Kahan's idea, as in fdlibm). Error <= 1 ulp.
 */
export function log1p_f32x4(x: v128): v128 {
  const u = f32x4.add(x, c(1));
  // the exact rounding error of the sum (D. Knuth's two-sum)
  const x1 = f32x4.sub(u, c(1));
  const lost = f32x4.add(f32x4.sub(c(1), f32x4.sub(u, x1)), f32x4.sub(x, x1));
  const e = exponent_of_log(u);
  const near = i32x4.eq(e, i32x4.splat(0));
  const f = v128.bitselect(x, f32x4.sub(i32x4.sub(u, i32x4.shl(e, 23)), c(1)), near);
  const low = v128.andnot(f32x4.div(lost, u), near);
  const y = log_reduced(f, f32x4.convert_i32x4_s(e), low);
  return log_edges(v128.or(y, sign_bits(x)), x, -1);
}

/** e^-|x| */
@inline
function exp_below(x: v128): v128 {
  return exp_clamped(f32x4.pmax(v128.or(x, sign_bit()), entry(NUMBERS, LEAST)));
}

/** ln(1 + z) of z = e^-|x|; where z > 0.4, 1 + z is 2 (1 + (z - 1) / 2). */
@inline
function softplus_below(x: v128): v128 {
  const z = exp_below(x);
  const upper = f32x4.gt(z, c(0.414213568));
  const f = v128.bitselect(f32x4.mul(f32x4.sub(z, c(1)), c(0.5)), z, upper);
  return log_reduced(f, v128.and(upper, c(1)), c(0));
}

/** ln(1 + e^x) = max(x, 0) + ln(1 + e^-|x|) */
@inline
function softplus_of(x: v128, below: v128): v128 {
  return f32x4.add(f32x4.pmax(x, c(0)), below);
}

/** ln(1 + e^x). Error <= 2 ulp. */
export function softplus_f32x4(x: v128): v128 {
  return softplus_of(x, softplus_below(x));
}

/** x y, but 0 where y is 0, for any x. */
@inline
export function mul_no_nan_f32x4(x: v128, y: v128): v128 {
  return v128.andnot(f32x4.mul(x, y), f32x4.eq(y, c(0)));
}

/**
 * softplus(-x) a + softplus(x) b, where a term with a factor of 0 is 0, with the bits of the two separately.
 */
export function cross_entropy_f32x4(a: v128, x: v128, b: v128): v128 {
  const below = softplus_below(x);
  return f32x4.add(
    mul_no_nan_f32x4(softplus_of(f32x4.neg(x), below), a),
    mul_no_nan_f32x4(softplus_of(x, below), b),
  );
}

/**
 * erf x: x + x P(x^2) for |x| < 0.95 (the fit is within 2^-29), otherwise 1 - e^-G(|x|), where G is fitted to
 * -ln erfc so that erf is within 2^-29. Error <= 1.5 ulp.
 */
export function erf_f32x4(x: v128): v128 {
  const a = f32x4.abs(x);
  const z = f32x4.mul(a, a);
  let p = step(c(7.99635964e-5), z, -0.000804892217);
  p = step(p, z, 0.00519228168);
  p = step(p, z, -0.0268556755);
  p = step(p, z, 0.112836249);
  p = step(p, z, -0.376126289);
  p = step(p, z, 0.128379166);
  const small = f32x4.add(a, f32x4.mul(a, p));
  const t = f32x4.pmin(a, c(4));
  let g = step(c(-0.000191596351), t, 0.00300050108);
  g = step(g, t, -0.0220560189);
  g = step(g, t, 0.10357561);
  g = step(g, t, 0.637589693);
  g = step(g, t, 1.12743247);
  g = step(g, t, 0.000254847051);
  const large = f32x4.sub(c(1), exp_moderate(f32x4.neg(g)));
  return v128.or(v128.bitselect(small, large, f32x4.lt(a, c(0.95))), sign_bits(x));
}

/**
 * Float32 power on four lanes, with the special cases of IEEE 754-2019 `pow`: x^0 = 1 and 1^y = 1 even for
 * NaN, (-1)^(+-infinity) = 1, a negative finite x to a non-integer is NaN, and the sign of zero, infinity
 * and negative x survives odd integers. It is not `x ** y` of JavaScript, whose 1 ** NaN is NaN.
 *
 * |x|^y = 2^(y log2 |x|) in float64, two lanes at a time, since the error of the logarithm is multiplied
 * by up to 150. log2 comes from 2 artanh(s) = ln((1 + s) / (1 - s)), s = (m - 1) / (m + 1). Both
 * polynomials are minimax fits with float64 coefficients; the result is rounded to float32 once.
 * Error <= 0.51 ulp.
 */
import { c, high_half, join_halves, sign_bits } from "./lanes";

/** Added to the exponent so that it is positive as an unsigned number. */
const BIAS: i64 = 1024;
const SQRT_HALF_BITS: i64 = 0x3fe6a09e667f3bcd;
/** 2^52: or-ing an integer below 2^52 into its bits adds that integer. */
const TWO_52: f64 = 4503599627370496;
/** 1.5 * 2^52: after adding it the low bits hold the rounded integer, in two's complement. */
const ROUNDER: f64 = 6755399441055744;

@inline
function step_f64x2(p: v128, x: v128, a: f64): v128 {
  return f64x2.add(f64x2.mul(p, x), f64x2.splat(a));
}

/** log2 a for a >= 0 promoted from float32 (so it is normal, 0, infinite or NaN), to 2^-44 of itself. */
@inline
function log2_f64x2(a: v128): v128 {
  const k = i64x2.shr_u(i64x2.sub(a, i64x2.splat(SQRT_HALF_BITS - (BIAS << 52))), 52);
  const m = i64x2.sub(a, i64x2.shl(i64x2.sub(k, i64x2.splat(BIAS)), 52));
  const e = f64x2.sub(v128.or(k, f64x2.splat(TWO_52)), f64x2.splat(TWO_52 + <f64>BIAS));
  const s = f64x2.div(f64x2.sub(m, f64x2.splat(1)), f64x2.add(m, f64x2.splat(1)));
  const z = f64x2.mul(s, s);
  let p = step_f64x2(f64x2.splat(0.28291407012766684), z, 0.31990471061363784);
  p = step_f64x2(p, z, 0.41220927682548086);
  p = step_f64x2(p, z, 0.57707794211778629);
  p = step_f64x2(p, z, 0.96179669411421542);
  p = step_f64x2(p, z, 2.8853900817778495);
  const y = f64x2.add(e, f64x2.mul(s, p));
  const above_zero = v128.bitselect(f64x2.splat(-Infinity), y, f64x2.eq(a, f64x2.splat(0)));
  return v128.bitselect(above_zero, a, f64x2.lt(a, f64x2.splat(Infinity)));
}

/** 2^z to 2^-34 of itself, as float32 in the low lanes; beyond +-200 it is infinity or 0 by then. */
@inline
function exp2_f64x2(z: v128): v128 {
  const t = f64x2.pmax(f64x2.pmin(z, f64x2.splat(200)), f64x2.splat(-200));
  const n = f64x2.nearest(t);
  const f = f64x2.sub(t, n);
  let p = step_f64x2(f64x2.splat(1.5196083370067858e-5), f, 0.00015466774163452976);
  p = step_f64x2(p, f, 0.0013333935502852319);
  p = step_f64x2(p, f, 0.0096180380815355029);
  p = step_f64x2(p, f, 0.055504103653224654);
  p = step_f64x2(p, f, 0.24022651066871301);
  p = step_f64x2(p, f, 0.69314718070476);
  p = step_f64x2(p, f, 1);
  // NaN stays NaN: the 12 low bits of a promoted or a canonical NaN are 0, so nothing is added to it
  const exponent = i64x2.shl(f64x2.add(n, f64x2.splat(ROUNDER)), 52);
  return f32x4.demote_f64x2_zero(i64x2.add(p, exponent));
}

@inline
function pow_half(a: v128, y: v128): v128 {
  const exponent = f64x2.promote_low_f32x4(y);
  return exp2_f64x2(f64x2.mul(exponent, log2_f64x2(f64x2.promote_low_f32x4(a))));
}

@inline
function is_integer(y: v128): v128 {
  return f32x4.eq(f32x4.nearest(y), y);
}

/** x^y; see the file's header. */
export function pow_f32x4(x: v128, y: v128): v128 {
  const a = f32x4.abs(x);
  const power = join_halves(pow_half(a, y), pow_half(high_half(a), high_half(y)));

  const integer = is_integer(y);
  const odd = v128.andnot(integer, is_integer(f32x4.mul(y, c(0.5))));
  const signed = v128.or(power, v128.and(sign_bits(x), odd));
  const invalid = v128.andnot(v128.and(f32x4.lt(x, c(0)), f32x4.gt(x, c(-Infinity))), integer);

  const unit_to_infinity = v128.and(f32x4.eq(a, c(1)), f32x4.eq(f32x4.abs(y), c(Infinity)));
  const one = v128.or(v128.or(f32x4.eq(y, c(0)), f32x4.eq(x, c(1))), unit_to_infinity);
  return v128.bitselect(c(1), v128.or(signed, invalid), one);
}

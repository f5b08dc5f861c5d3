/**
 * Float32 sine and cosine on four lanes, for every float32. Not for inner loops that could avoid them:
 * the reduction is done in float64.
 *
 * Below 2^20 the argument loses the nearest multiple of pi/2 in float64 (Cody and Waite in two parts: 33
 * bits, whose product with the quotient is exact, and the next 53); the rest is off by less than 2^-65,
 * and no float32 there is nearer than 2^-30 to a multiple. Lanes of 2^20 and above, and NaN, go one by
 * one through AssemblyScript's float64 functions, which reduce after Payne and Hanek.
 *
 * On [-pi/4, pi/4] two polynomials in r^2 serve (minimax, see f32.ts). Error <= 2 ulp.
 */
import { c, high_half, join_halves, sign_bits, step } from "./lanes";

const TWO_OVER_PI: f64 = 0.63661977236758138;
const HALF_PI_HIGH: f64 = 1.5707963267341256;
const HALF_PI_LOW: f64 = 6.0771005065061922e-11;
const LIMIT: f32 = 1048576;

@inline
function quotient(x: v128): v128 {
  return f64x2.nearest(f64x2.mul(x, f64x2.splat(TWO_OVER_PI)));
}

@inline
function remainder(x: v128, n: v128): v128 {
  const high = f64x2.sub(x, f64x2.mul(n, f64x2.splat(HALF_PI_HIGH)));
  return f32x4.demote_f64x2_zero(f64x2.sub(high, f64x2.mul(n, f64x2.splat(HALF_PI_LOW))));
}

/** sin(a + turn pi/2) for 0 <= a < 2^20. */
@inline
function sin_moderate(a: v128, turn: i32): v128 {
  const low = f64x2.promote_low_f32x4(a);
  const high = f64x2.promote_low_f32x4(high_half(a));
  const n_low = quotient(low);
  const n_high = quotient(high);
  const r = join_halves(remainder(low, n_low), remainder(high, n_high));
  const n = join_halves(i32x4.trunc_sat_f64x2_s_zero(n_low), i32x4.trunc_sat_f64x2_s_zero(n_high));
  const quadrant = i32x4.add(n, i32x4.splat(turn));

  const z = f32x4.mul(r, r);
  // sin r = r + r^3 S(r^2); the fit is within 2^-28
  let s = step(c(-0.000195184039), z, 0.0083321901);
  s = step(s, z, -0.166666552);
  const sine = f32x4.add(r, f32x4.mul(r, f32x4.mul(z, s)));
  // cos r = 1 - r^2/2 + r^4 C(r^2); the fit is within 2^-33
  let k = step(c(2.44306684e-5), z, -0.00138873013);
  k = step(k, z, 0.0416666456);
  const cosine = f32x4.add(f32x4.sub(c(1), f32x4.mul(z, c(0.5))), f32x4.mul(f32x4.mul(z, z), k));

  const odd = i32x4.ne(v128.and(quadrant, i32x4.splat(1)), i32x4.splat(0));
  const flip = i32x4.shl(v128.and(quadrant, i32x4.splat(2)), 30);
  return v128.xor(v128.bitselect(cosine, sine, odd), flip);
}

@inline
function huge(x: f32): bool {
  return !(abs<f32>(x) < LIMIT);
}

/** sin x; see the file's header. */
export function sin_f32x4(x: v128): v128 {
  const a = f32x4.abs(x);
  let y = v128.xor(sin_moderate(a, 0), sign_bits(x));
  if (i32x4.all_true(f32x4.lt(a, c(LIMIT)))) return y;
  const x0 = f32x4.extract_lane(x, 0);
  const x1 = f32x4.extract_lane(x, 1);
  const x2 = f32x4.extract_lane(x, 2);
  const x3 = f32x4.extract_lane(x, 3);
  if (huge(x0)) y = f32x4.replace_lane(y, 0, <f32>Math.sin(x0));
  if (huge(x1)) y = f32x4.replace_lane(y, 1, <f32>Math.sin(x1));
  if (huge(x2)) y = f32x4.replace_lane(y, 2, <f32>Math.sin(x2));
  if (huge(x3)) y = f32x4.replace_lane(y, 3, <f32>Math.sin(x3));
  return y;
}

/** cos x; see the file's header. */
export function cos_f32x4(x: v128): v128 {
  const a = f32x4.abs(x);
  let y = sin_moderate(a, 1);
  if (i32x4.all_true(f32x4.lt(a, c(LIMIT)))) return y;
  const x0 = f32x4.extract_lane(x, 0);
  const x1 = f32x4.extract_lane(x, 1);
  const x2 = f32x4.extract_lane(x, 2);
  const x3 = f32x4.extract_lane(x, 3);
  if (huge(x0)) y = f32x4.replace_lane(y, 0, <f32>Math.cos(x0));
  if (huge(x1)) y = f32x4.replace_lane(y, 1, <f32>Math.cos(x1));
  if (huge(x2)) y = f32x4.replace_lane(y, 2, <f32>Math.cos(x2));
  if (huge(x3)) y = f32x4.replace_lane(y, 3, <f32>Math.cos(x3));
  return y;
}

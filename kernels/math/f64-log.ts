/**
 * Float64 ln x and ln(1 + x) as in Sun's fdlibm (e_log.c, s_log1p.c, 2004), in the arrangement of musl's
 * libm, without its flags. AssemblyScript's give the same bits, in more bytes. Error <= 1 ulp.
 */

/** sqrt(1/2) with 20 bits, as bits, and how far that is below 1. */
const SQRT_HALF_BITS: u64 = 0x3fe6a09e00000000;
const TO_ONE: u64 = 0x00095f6200000000;

/**
 * The bits of x > 0, normal, such that its exponent is the e with sqrt(1/2) <= x / 2^e <
 * sqrt(2).
 */
@inline
function centered(x: f64): u64 {
  return reinterpret<u64>(x) + TO_ONE;
}

/** e, from `centered`. */
@inline
function exponent_of(bits: u64): i32 {
  return <i32>(bits >> 52) - 1023;
}

/** x / 2^e - 1, from `centered`. */
@inline
function fraction_of(bits: u64): f64 {
  return reinterpret<f64>((bits & 0x000fffffffffffff) + SQRT_HALF_BITS) - 1;
}

/** e ln 2 + low + ln(1 + f) for sqrt(1/2) <= 1 + f < sqrt(2); `low` is a small correction. */
function log_reduced(f: f64, e: f64, low: f64): f64 {
  const half_square = 0.5 * f * f;
  const s = f / (2 + f);
  const z = s * s;
  const w = z * z;
  const even = w * (3.999999999940941908e-1 + w * (2.222219843214978396e-1 + w * 1.531383769920937332e-1));
  let odd = 1.818357216161805012e-1 + w * 1.479819860511658591e-1;
  odd = 6.666666666666735130e-1 + w * (2.857142874366239149e-1 + w * odd);
  const ln2_low = 1.90821492927058770002e-10;
  const ln2_high = 6.93147180369123816490e-1;
  return s * (half_square + (z * odd + even)) + (e * ln2_low + low) - half_square + f + e * ln2_high;
}

/** ln x */
export function f64_log(x: f64): f64 {
  if (!(x > 0)) return x == 0 ? -Infinity : NaN;
  if (x == Infinity) return x;
  let scale = 0;
  if (x < 2.2250738585072014e-308) {
    x *= 18014398509481984; // 2^54
    scale = 54;
  }
  const bits = centered(x);
  return log_reduced(fraction_of(bits), exponent_of(bits) - scale, 0);
}

/** ln(1 + x): ln u for the rounded u = 1 + x, plus (1 + x - u) / u. */
export function f64_log1p(x: f64): f64 {
  if (!(x > -1)) return x == -1 ? -Infinity : NaN;
  if (x == Infinity || abs(x) < 1.1102230246251565e-16) return x; // 2^-53
  // sqrt(1/2) - 1 and sqrt(2) - 1, with 20 bits
  if (x > -0.292893648147583 && x < 0.4142136573791504) return log_reduced(x, 0, 0);
  const u = 1 + x;
  const bits = centered(u);
  const e = exponent_of(bits);
  const lost = e >= 2 ? 1 - (u - x) : x - (u - 1);
  return log_reduced(fraction_of(bits), e, e < 54 ? lost / u : 0);
}

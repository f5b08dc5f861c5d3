/**
 * Float64 power, with the special cases of IEEE 754-2019 `pow`: x^0 = 1 and 1^y = 1 even for NaN,
 * (-1)^(+-infinity) = 1. It is not `x ** y` of JavaScript, which has NaN for 1 ** NaN and (+-1) **
 * (+-infinity).
 *
 * |x|^y = 2^(y log2 |x|), the logarithm and the product in two parts each, as in Sun's fdlibm (e_pow.c, 2004), with
 * its coefficients. The first part is always cut to 21 bits, so that products of two first parts are exact.
 * Error <= 0.7 ulp.
 */
import { high_bits } from "./f64-erf";
import { scaled } from "./f64-exp";

/** 2^(high + low) for |high + low| < 1100. */
@inline
function exp2_sum(high: f64, low: f64): f64 {
  const rough = high_bits(low + high);
  const n = abs(rough) > 0.5 ? copysign(floor(abs(rough) + 0.5), rough) : 0;
  const rest = high - n;
  const first = high_bits(low + rest);
  const a = first * 6.93147182464599609375e-1; // ln 2, in two parts as well
  const b = (low - (first - rest)) * 6.93147180559945286227e-1 + first * -1.90465429995776804525e-9;
  const r = a + b;
  const lost = b - (r - a);
  // e^r as in e_exp.c
  const z = r * r;
  let p: f64 = 4.13813679705723846039e-8;
  p = p * z - 1.65339022054652515390e-6;
  p = p * z + 6.61375632143793436117e-5;
  p = p * z - 2.77777777770155933842e-3;
  p = p * z + 1.66666666666666019037e-1;
  const c = r - z * p;
  const y = 1 - (r * c / (c - 2) - (lost + r * lost) - r);
  return scaled(y, <i32>n);
}

/** a^y for finite a > 0 and finite y. */
@inline
function positive_pow(a: f64, y: f64): f64 {
  // a = 2^n m with m near c, which is 1 or 3/2
  let n: f64 = 0;
  if (a < 2.2250738585072014e-308) {
    a *= 9007199254740992; // 2^53
    n = -53;
  }
  const bits = reinterpret<u64>(a);
  n += <f64>(<i32>(bits >> 52) - 1023);
  let m = reinterpret<f64>((bits & 0x000fffffffffffff) | 0x3ff0000000000000);
  const between = m >= 1.224745750427246 && m < 1.7320499420166016; // sqrt(3/2), sqrt(3)
  if (m >= 1.7320499420166016) {
    m *= 0.5;
    n += 1;
  }
  const c: f64 = between ? 1.5 : 1;

  // s = (m - c) / (m + c) in two parts
  const u = m - c;
  const v = 1 / (m + c);
  const s = u * v;
  const s1 = high_bits(s);
  const sum = high_bits(m + c);
  const s2 = v * (u - s1 * sum - s1 * (m - (sum - c)));
  // 3/2 ln(m / c) / s = 3 + s^2 + s^4 L(s^2)
  const z = s * s;
  let p: f64 = 2.06975017800338417784e-1;
  p = p * z + 2.30660745775561754067e-1;
  p = p * z + 2.72728123808534006489e-1;
  p = p * z + 3.33333329818377432918e-1;
  p = p * z + 4.28571428578550184252e-1;
  p = p * z + 5.99999999999994648725e-1;
  const rest = z * z * p + s2 * (s1 + s);
  const square = s1 * s1;
  const q1 = high_bits(3 + square + rest);
  const q2 = rest - (q1 - 3 - square);
  // log2(m / c) = 2 / (3 ln 2) s q
  const w = s1 * q1;
  const x = s2 * q1 + q2 * s;
  const l1 = high_bits(w + x);
  const l2 = x - (l1 - w);
  const high = l1 * 9.61796700954437255859e-1;
  const low = l1 * -7.02846165095275826516e-9 + l2 * 9.61796693925975554329e-1 + (between ? 1.35003920212974897128e-8 : 0);
  const log2_c: f64 = between ? 5.84962487220764160156e-1 : 0;
  const t1 = high_bits(high + low + log2_c + n);
  const t2 = low - (t1 - n - log2_c - high);

  const y1 = high_bits(y);
  const product1 = y1 * t1;
  const product2 = (y - y1) * t1 + y * t2;
  const exponent = product2 + product1;
  if (abs(exponent) > 1080) return exponent > 0 ? Infinity : 0;
  return exp2_sum(product1, product2);
}

/** x^y; see the file's header. */
export function f64_pow(x: f64, y: f64): f64 {
  // exact, or rounded once
  if (y == 0 || x == 1) return 1;
  if (y == 1) return x;
  if (y == 2) return x * x;
  if (y == -1) return 1 / x;
  const a = abs(x);
  if (y == 0.5 && x >= 0) return sqrt(a);
  if (isNaN(x) || isNaN(y)) return NaN;

  const integer = nearest(y) == y;
  if (x < 0 && a < Infinity && !integer) return NaN;
  const sign = integer && nearest(y * 0.5) != y * 0.5 ? x : 1;
  if (a == 1) return copysign(a, sign);
  // beyond 2^64 the power of any other number is 0 or infinite
  const extreme = a == 0 || a == Infinity || abs(y) > 1.8446744073709552e19;
  const magnitude = extreme ? ((a > 1) == (y > 0) ? Infinity : 0) : positive_pow(a, y);
  return copysign(magnitude, sign);
}

/**
 * Float64 e^x, e^x - 1 and tanh x as in Sun's fdlibm (e_exp.c, s_expm1.c, s_tanh.c, 2004), in the arrangement
 * of musl's libm, without its flags. AssemblyScript's give the same bits, in twice as many bytes.
 */

const LN2_HIGH: f64 = 6.93147180369123816490e-1;
const LN2_LOW: f64 = 1.90821492927058770002e-10;

/** y 2^n for 1/2 < y < 2 and -1100 < n < 1100, in two halves, so that a denormal result is rounded once. */
@inline
export function scaled(y: f64, n: i32): f64 {
  const half = n >> 1;
  return y * power_of_two(half) * power_of_two(n - half);
}

/** 2^n for -1022 <= n <= 1023. */
@inline
function power_of_two(n: i32): f64 {
  return reinterpret<f64>(<u64>(n + 1023) << 52);
}

/** round(x / ln 2), where comparisons decide the smallest multiples. */
@inline
function exponent_of_exp(x: f64): f64 {
  const a = abs(x);
  if (a < 0.3465735912322998) return 0;
  const sign = copysign<f64>(1, x);
  return a < 1.0397205352783203 ? sign : trunc(1.44269504088896338700 * x + 0.5 * sign);
}

/** e^x: n = round(x / ln 2), e^(x - n ln 2) by a rational approximation, times 2^n. Error <= 1 ulp. */
export function f64_exp(x: f64): f64 {
  if (abs(x) < 3.725290298461914e-9) return 1 + x; // 2^-28
  if (!(x <= 709.782712893384)) return x * Infinity;
  if (x < -745.1332191019411) return 0;
  const n = exponent_of_exp(x);
  const high = x - n * LN2_HIGH;
  const low = n * LN2_LOW;
  const r = high - low;
  const z = r * r;
  const w = z * z;
  const even = -2.77777777770155933842e-3 + z * 6.61375632143793436117e-5;
  const odd = -1.65339022054652515390e-6 + z * 4.13813679705723846039e-8;
  const c = r - (z * 1.66666666666666019037e-1 + w * (even + w * odd));
  return scaled(1 + (r * c / (2 - c) - low + high), <i32>n);
}

/** e^x - 1, from e^(x - n ln 2) - 1 without cancellation. Error <= 2 ulp. */
export function f64_expm1(x: f64): f64 {
  if (abs(x) < 5.551115123125783e-17) return x; // 2^-54
  if (!(x <= 709.782712893384)) return x * Infinity;
  if (x < -38.81622314453125) return -1;
  const n = exponent_of_exp(x);
  const high = x - n * LN2_HIGH;
  const low = n * LN2_LOW;
  const r = high - low;
  const lost = high - r - low;
  const half = 0.5 * r;
  const z = r * half;
  const w = z * z;
  const even = 1.58730158725481460165e-3 + z * -7.93650757867487942473e-5;
  const odd = 4.00821782732936239552e-6 + z * -2.01099218183624371326e-7;
  const q = 1 + z * -3.33333333333331316428e-2 + w * (even + w * odd);
  const t = 3 - q * half;
  const slope = z * ((q - t) / (6 - r * t));
  const e = r * (slope - lost) - lost - z; // e^r - 1 = r - e
  if (n == 0) return r - e;
  if (n == -1) return 0.5 * (r - e) - 0.5;
  if (n == 1) return r < -0.25 ? -2 * (e - (r + 0.5)) : 1 + 2 * (r - e);
  const k = <i32>n;
  if (k < 0 || k > 56) return scaled(r - e + 1, k) - 1;
  const rest = power_of_two(-k);
  return scaled(r + (k < 20 ? 1 - rest - e : 1 - (e + rest)), k);
}

/** tanh x, from e^2|x| - 1. Error <= 2 ulp. */
export function f64_tanh(x: f64): f64 {
  const a = abs(x);
  const t = f64_expm1(a < 0.2554128170013428 ? -2 * a : 2 * a);
  return copysign(a < 0.2554128170013428 ? -t / (t + 2) : a < 0.5493063926696777 ? t / (t + 2) : 1 - 2 / (t + 2), x);
}

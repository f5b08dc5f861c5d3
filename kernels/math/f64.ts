/**
 * Float64 special functions, scalar, for search, metrics and data. Not for inner loops over tensors: those
 * have the float32 functions.
 *
 * The elementary ones are AssemblyScript's `Math` (ports of musl's libm) compiled into the module, so the
 * bits are the same on every runtime, unlike the host's `Math`; their error is below 1 ulp (expm1, tanh: 2).
 * erf, lgamma and the normal distribution are in files of their own.
 */
export { f64_erf, f64_erfc } from "./f64-erf";
export { f64_lgamma } from "./f64-gamma";
export { f64_logNormCdf, f64_normCdf, f64_normQuantile } from "./f64-normal";

export function f64_exp(x: f64): f64 {
  return Math.exp(x);
}

export function f64_expm1(x: f64): f64 {
  return Math.expm1(x);
}

export function f64_log(x: f64): f64 {
  return Math.log(x);
}

export function f64_log1p(x: f64): f64 {
  return Math.log1p(x);
}

export function f64_sin(x: f64): f64 {
  return Math.sin(x);
}

export function f64_cos(x: f64): f64 {
  return Math.cos(x);
}

export function f64_tanh(x: f64): f64 {
  return Math.tanh(x);
}

/** x^y as in IEEE 754-2019: 1^NaN and (-1)^(+-infinity) are 1, where JavaScript has NaN. */
export function f64_pow(x: f64, y: f64): f64 {
  if (x == 1 || (x == -1 && abs(y) == Infinity)) return 1;
  return Math.pow(x, y);
}

/** 1 / (1 + e^-x), by e^x where x < 0 so that it neither overflows nor cancels. Error <= 3 ulp. */
export function f64_sigmoid(x: f64): f64 {
  const z = Math.exp(-abs(x));
  return (x < 0 ? z : 1) / (1 + z);
}

/** ln(1 + e^x) = max(x, 0) + ln(1 + e^-|x|). Error <= 2 ulp. */
export function f64_softplus(x: f64): f64 {
  const rest = Math.log1p(Math.exp(-abs(x)));
  return x > 0 ? x + rest : rest;
}

/**
 * Float64 special functions, scalar, for search, metrics and data. Not for inner loops over tensors: those
 * have the float32 functions.
 *
 * They are compiled into the module, so the bits are the same on every runtime, unlike the host's `Math`.
 * Sine and cosine are AssemblyScript's `Math` (ports of musl's libm), with an error below 1 ulp; the others
 * are in files of their own.
 */
import { f64_exp } from "./f64-exp";
import { f64_log1p } from "./f64-log";

export { f64_erf, f64_erfc } from "./f64-erf";
export { f64_exp, f64_expm1, f64_tanh } from "./f64-exp";
export { f64_lgamma } from "./f64-gamma";
export { f64_log, f64_log1p } from "./f64-log";
export { f64_logNormCdf, f64_normCdf, f64_normQuantile } from "./f64-normal";
export { f64_pow } from "./f64-pow";

export function f64_sin(x: f64): f64 {
  return Math.sin(x);
}

export function f64_cos(x: f64): f64 {
  return Math.cos(x);
}

/** 1 / (1 + e^-x), by e^x where x < 0 so that it neither overflows nor cancels. Error <= 3 ulp. */
export function f64_sigmoid(x: f64): f64 {
  const z = f64_exp(-abs(x));
  return (x < 0 ? z : 1) / (1 + z);
}

/** ln(1 + e^x) = max(x, 0) + ln(1 + e^-|x|). Error <= 2 ulp. */
export function f64_softplus(x: f64): f64 {
  const rest = f64_log1p(f64_exp(-abs(x)));
  return x > 0 ? x + rest : rest;
}

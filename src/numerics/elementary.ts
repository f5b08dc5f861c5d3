/**
 * The special functions of `special.ts` that data pipelines also use: separate, because a predictor first
 * loads only these. `special.ts` states their guarantees.
 */
import { predictorKernels } from "./kernels.js";

/**
 * e^x. Error <= 1 ulp (a port of musl's `exp`).
 *
 * @example
 * ```ts
 * exp(1); // 2.718281828459045
 * ```
 */
export function exp(x: number): number {
  return predictorKernels().f64_exp(x);
}

/**
 * The natural logarithm of x: -Infinity at 0, NaN below. Error <= 1 ulp (a port of musl's `log`).
 *
 * @example
 * ```ts
 * log(10); // 2.302585092994046
 * ```
 */
export function log(x: number): number {
  return predictorKernels().f64_log(x);
}

/**
 * ln(1 + x), accurate near 0: -Infinity at -1, NaN below. Error <= 1 ulp (a port of musl's `log1p`).
 *
 * @example
 * ```ts
 * log1p(1e-20); // 1e-20
 * ```
 */
export function log1p(x: number): number {
  return predictorKernels().f64_log1p(x);
}

/**
 * e^x - 1, accurate near 0. Error <= 2 ulp (a port of musl's `expm1`).
 *
 * @example
 * ```ts
 * expm1(1e-20); // 1e-20
 * ```
 */
export function expm1(x: number): number {
  return predictorKernels().f64_expm1(x);
}

/**
 * The sine of x radians, for every finite x. Error <= 1 ulp (a port of musl's `sin`).
 *
 * @example
 * ```ts
 * sin(1); // 0.8414709848078965
 * ```
 */
export function sin(x: number): number {
  return predictorKernels().f64_sin(x);
}

/**
 * The cosine of x radians, for every finite x. Error <= 1 ulp (a port of musl's `cos`).
 *
 * @example
 * ```ts
 * cos(1); // 0.5403023058681398
 * ```
 */
export function cos(x: number): number {
  return predictorKernels().f64_cos(x);
}

/**
 * The x whose `normCdf(x)` is p: -Infinity at 0, Infinity at 1, NaN outside [0, 1]. Error <= 8 ulp
 * (M. Wichura, "Algorithm AS 241", Applied Statistics 37, 1988).
 *
 * @param p - a probability, from 0 to 1 (both included)
 * @example
 * ```ts
 * normQuantile(0.975); // 1.959963984540054
 * ```
 */
export function normQuantile(p: number): number {
  return predictorKernels().f64_normQuantile(p);
}

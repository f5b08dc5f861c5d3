/**
 * Special functions on float64 numbers, computed by the kernels, so that they give the same bits on every
 * runtime, which `Math.exp` and its like do not. Not for arrays of float32: tensors go through the engine.
 *
 * Bounds are in ulp, units in the last place of the float64 result. NaN gives NaN unless stated. Each
 * function throws FettleError `invalid_state` where the host loads the kernels asynchronously (browsers) and
 * `ready()` has not been awaited.
 */
import { kernels } from "./kernels.js";

export * from "./elementary.js";

/**
 * The hyperbolic tangent. Error <= 2 ulp (a port of musl's `tanh`).
 *
 * @example
 * ```ts
 * tanh(1); // 0.7615941559557649
 * ```
 */
export function tanh(x: number): number {
  return kernels().f64_tanh(x);
}

/**
 * x to the power y as in IEEE 754-2019: `pow(1, NaN)` and `pow(-1, Infinity)` are 1, where JavaScript's `**`
 * gives NaN. Error <= 1 ulp (the method of fdlibm).
 *
 * @example
 * ```ts
 * pow(2, 0.5); // 1.4142135623730951
 * ```
 */
export function pow(x: number, y: number): number {
  return kernels().f64_pow(x, y);
}

/**
 * The logistic function 1 / (1 + e^-x), without overflow or cancellation. Error <= 3 ulp.
 *
 * @example
 * ```ts
 * sigmoid(0); // 0.5
 * ```
 */
export function sigmoid(x: number): number {
  return kernels().f64_sigmoid(x);
}

/**
 * ln(1 + e^x), without overflow or cancellation. Error <= 2 ulp.
 *
 * @example
 * ```ts
 * softplus(1000); // 1000
 * ```
 */
export function softplus(x: number): number {
  return kernels().f64_softplus(x);
}

/**
 * The error function, 2 / sqrt(pi) times the integral of e^(-t^2) from 0 to x. Error <= 1 ulp (the rational
 * approximations of Sun's fdlibm).
 *
 * @example
 * ```ts
 * erf(1); // 0.8427007929497149
 * ```
 */
export function erf(x: number): number {
  return kernels().f64_erf(x);
}

/**
 * 1 - erf(x), accurate for large x. Error <= 4 ulp (fdlibm).
 *
 * @example
 * ```ts
 * erfc(10); // 2.088487583762545e-45
 * ```
 */
export function erfc(x: number): number {
  return kernels().f64_erfc(x);
}

/**
 * ln |gamma(x)|: Infinity at 0, at the negative integers and at both infinities. Error <= 4 ulp for x > 0;
 * for x < 0, 4 ulp of the larger of the two logarithms that reflection subtracts (Abramowitz and Stegun
 * 6.1.17, 6.1.40).
 *
 * @example
 * ```ts
 * lgamma(5); // 3.1780538303479458, that is ln 24
 * ```
 */
export function lgamma(x: number): number {
  return kernels().f64_lgamma(x);
}

/**
 * The probability that a standard normal number is at most x. Error <= 6 ulp, as far as float64 reaches.
 *
 * @example
 * ```ts
 * normCdf(-10); // 7.61985302416052e-24
 * ```
 */
export function normCdf(x: number): number {
  return kernels().f64_normCdf(x);
}

/**
 * ln of `normCdf(x)`, also where that is 0 or rounds to 1, as expected improvement needs it far from the
 * incumbent. Error <= 6 ulp.
 *
 * @example
 * ```ts
 * logNormCdf(-1000); // -500007.8266948121
 * ```
 */
export function logNormCdf(x: number): number {
  return kernels().f64_logNormCdf(x);
}

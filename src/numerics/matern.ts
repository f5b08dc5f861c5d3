/**
 * Matérn covariances of many points at once: calls `kernels/search/covariances.ts`. It measures no distances.
 */
import { kernels } from "./kernels.js";
import { scratch } from "./scratch.js";

/**
 * Turns squared distances d² into covariances s · (1 + r + r²/3) · e⁻ʳ with r = √5·d, at most 708.
 * Errors are below 6 ulp, and r ulp more by the rounding of r.
 *
 * @param squares - d² from `from` on, not negative; overwritten by the covariances
 * @param slopes - −∂covariance/∂d², 5/6 · s · (1 + r) · e⁻ʳ, is written from `from` on
 * @param n - how many
 * @example
 * ```ts
 * const squares = Float64Array.of(0, 1);
 * matern(squares, new Float64Array(2), 0, 2, 1);
 * squares; // [1, 0.5239941088318203]
 * ```
 */
export function matern(
  squares: Float64Array,
  slopes: Float64Array,
  from: number,
  n: number,
  s: number,
): void {
  const even = n + (n % 2);
  const { address, numbers } = scratch(2 * even);
  numbers.set(squares.subarray(from, from + n));
  kernels().matern(address, address + 8 * even, even, s);
  squares.set(numbers.subarray(0, n), from);
  slopes.set(numbers.subarray(even, even + n), from);
}

/**
 * Densities of mixtures of many kernels over several coordinates, at many points at once: calls the loops of
 * `kernels/search/densities.ts`. It chooses no kernels and draws nothing; that is `search/strategies/tpe/`.
 */
import { kernels } from "./kernels.js";
import { scratch } from "./scratch.js";
import { log } from "./special.js";

const LOG_SQRT_TWO_PI = 0.9189385332046728;

/** A coordinate in which each kernel is a normal density cut off outside [0, 1]. */
export interface NormalFactor {
  /** [kernels], each in [0, 1]. */
  readonly means: Float64Array;
  /** In (0, 1]. */
  readonly sigma: number;
  /** [points], the coordinate of each. */
  readonly at: Float64Array;
}

/** A coordinate in which kernels that share a slot are the same: ln of kernel k at point p is `tables[p][slots[k]]`. */
export interface TableFactor {
  /** [kernels], indices into the tables. */
  readonly slots: Int32Array;
  /** [points], of one length. */
  readonly tables: readonly Float64Array[];
}

/**
 * ln (Σ_k e^weights[k] · Π factors of kernel k + e^besides) at each of some points.
 *
 * @param weights - [kernels]
 * @param besides - [points], finite
 * @returns [points], each within 2⁻⁴⁸ · (kernels/16 + (factors + 1) · (1 + S)) of the exact value, where S is the
 * greatest sum over one kernel of the magnitudes of its weight and the logarithms of its factors
 * @example
 * ```ts
 * const factor = { means: Float64Array.of(0.5), sigma: 0.1, at: Float64Array.of(0.5) };
 * logDensities(Float64Array.of(0), Float64Array.of(-99), [factor]); // [1.3836], ln of 1 / (0.1 · √2π)
 * ```
 */
export function logDensities(
  weights: Float64Array,
  besides: Float64Array,
  factors: readonly (NormalFactor | TableFactor)[],
): Float64Array {
  const { add_truncations, subtract_squares, add_looked_up, log_sum_exp } = kernels();
  const n = evenly(weights.length);
  const widest = factors.reduce((most, factor) => Math.max(most, tableSize(factor)), 0);
  // [logs of kernels, the same less what a point changes, a table, then means or slots of each factor]
  const { address, numbers } = scratch(2 * n + widest + n * factors.length);
  const [fixed, table] = [address + 8 * n, address + 16 * n];
  const kept = (i: number) => table + 8 * (widest + i * n);
  numbers.fill(Number.NEGATIVE_INFINITY, n, 2 * n).set(weights, n);
  factors.forEach((factor, i) => {
    const at = 2 * n + widest + i * n;
    numbers.fill(0, at, at + n);
    if ("tables" in factor) new Int32Array(numbers.buffer, kept(i), n).set(factor.slots);
    else {
      numbers.set(factor.means, at);
      add_truncations(fixed, kept(i), n, factor.sigma, -log(factor.sigma) - LOG_SQRT_TWO_PI);
    }
  });
  return besides.map((last, p) => {
    numbers.copyWithin(0, n, 2 * n);
    factors.forEach((factor, i) => {
      if ("tables" in factor) {
        numbers.set(factor.tables[p], 2 * n);
        add_looked_up(address, kept(i), n, table);
      } else subtract_squares(address, kept(i), n, factor.at[p], 1 / (Math.SQRT2 * factor.sigma));
    });
    return log_sum_exp(address, n, last);
  });
}

/** The loops take kernels in pairs. */
function evenly(n: number): number {
  return n + (n % 2);
}

function tableSize(factor: NormalFactor | TableFactor): number {
  return "tables" in factor && factor.tables.length > 0 ? factor.tables[0].length : 0;
}

/**
 * ln of the probability of intervals under normal distributions cut off outside [0, 1].
 *
 * @param means - [n], each in [0, 1]
 * @param sigma - in (0, 1]
 * @returns a function of where an interval begins and of its width, which is positive; the interval is within [0, 1]. It
 * returns [n], −Infinity where the probability is below what float64 holds. With w the width and z the distance of the
 * mean from the middle, in units of σ, each is within 2⁻⁴⁶ + 2⁻⁵¹·z² of the exact value, and where w < 0.15 within
 * w⁶·(z⁶ + 6z⁴ + 3z² + 1)/180000 besides
 * @example
 * ```ts
 * logMasses(Float64Array.of(0), 1)(0, 0.5); // [−0.5777], ln of 0.1915 / 0.3413
 * ```
 */
export function logMasses(means: Float64Array, sigma: number): (from: number, width: number) => Float64Array {
  const n = evenly(means.length);
  let truncations: Float64Array | undefined;
  return (from, width) => {
    const { address, numbers } = scratch(2 * n);
    numbers.fill(0, 0, 2 * n).set(means, n);
    const { add_truncations, add_masses } = kernels();
    if (truncations) numbers.set(truncations);
    else {
      add_truncations(address, address + 8 * n, n, sigma, 0);
      truncations = numbers.slice(0, n);
    }
    add_masses(address, address + 8 * n, n, sigma, from, width);
    return numbers.slice(0, means.length);
  };
}

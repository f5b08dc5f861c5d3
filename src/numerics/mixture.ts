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

/**
 * A coordinate in which kernels with the same slot are equal, and so are points with the same place: ln of
 * kernel k at point p is `tables[places[p]][slots[k]]`.
 */
export interface TableFactor {
  /** [kernels], indices into the tables. */
  readonly slots: Int32Array;
  /** [places], of one length. */
  readonly tables: readonly Float64Array[];
  /** [points], indices of tables. */
  readonly places: Int32Array;
}

/** Float64 words that a factor takes where the kernels read it (`kernels/search/densities.ts`). */
const FACTOR_WORDS = 2;

/**
 * ln (Σ_k e^weights[k] · Π factors of kernel k + e^besides) at each point.
 *
 * @param weights - [kernels]
 * @param besides - [points], finite
 * @returns [points], each within 2⁻⁴⁸ · (kernels/16 + (factors + 1) · (1 + S)) of the exact value, where S is
 * the greatest sum over one kernel of the magnitudes of its weight and the logarithms of its factors
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
  const { add_truncations, mixture } = kernels();
  const n = evenly(weights.length);
  const points = besides.length;
  const half = evenly(points) / 2;
  const { address, numbers } = scratch(
    factors.reduce(
      (room, factor) => {
        const own = "tables" in factor ? half + factor.tables.length * n : n + points;
        return room + FACTOR_WORDS + own;
      },
      points + 2 * n,
    ),
  );
  const integers = new Int32Array(numbers.buffer, address, 2 * numbers.length);
  // [weights, room of the kernels, factors, densities, then what each factor has]
  const [described, found] = [2 * n, 2 * n + FACTOR_WORDS * factors.length];
  numbers.fill(Number.NEGATIVE_INFINITY, 0, n).set(weights);
  numbers.set(besides, found);
  let end = found + points;
  factors.forEach((factor, i) => {
    const word = described + FACTOR_WORDS * i;
    if ("tables" in factor) {
      const { slots, tables, places } = factor;
      const first = end + half;
      integers[2 * word + 1] = address + 8 * end;
      for (let p = 0; p < points; p++) integers[2 * end + p] = address + 8 * (first + n * places[p]);
      end = first;
      for (const table of tables) {
        for (let k = 0; k < slots.length; k++) numbers[end + k] = table[slots[k]];
        numbers.fill(0, end + slots.length, end + n);
        end += n;
      }
      numbers[word + 1] = 0;
    } else {
      const { means, sigma, at } = factor;
      integers[2 * word] = address + 8 * end;
      integers[2 * word + 1] = address + 8 * (end + n);
      numbers.fill(0, end, end + n).set(means, end);
      numbers.set(at, end + n);
      add_truncations(address, address + 8 * end, n, sigma, -log(sigma) - LOG_SQRT_TWO_PI);
      end += n + points;
      numbers[word + 1] = 1 / (Math.SQRT2 * sigma);
    }
  });
  mixture(address + 8 * found, points, address, n, address + 8 * described, factors.length, address + 8 * n);
  return numbers.slice(found, found + points);
}

/** The loops take kernels in pairs. */
function evenly(n: number): number {
  return n + (n % 2);
}

/**
 * ln of the probability of intervals under normal distributions cut off outside [0, 1].
 *
 * @param means - [n], each in [0, 1]
 * @param sigma - in (0, 1]
 * @returns a function of the start of an interval and its width, which is positive; the interval is within
 * [0, 1]. It returns [n], −Infinity if the probability underflows float64. With w the width and z the
 * distance of the mean from the middle, in units of σ, each is within 2⁻⁴⁶ + 2⁻⁵¹·z² of the exact value, and
 * where w < 0.15 within w⁶·(z⁶ + 6z⁴ + 3z² + 1)/180000 in addition
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

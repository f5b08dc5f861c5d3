/**
 * Who becomes a parent: each kind of selection is a distribution over a population, given the costs. Parents
 * are drawn from it independently, with replacement. What parents make is in `crossover.ts`.
 */

import { byName, check, checkOptions, show } from "../../../errors.js";
import type { RandomStream } from "../../../numerics/random.js";

/** A kind of selection by its name, with the defaults of its figures, or with figures. */
export type SelectionOptions =
  | "roulette"
  | "tournament"
  | "rank"
  | { readonly type: "roulette" }
  | { readonly type: "tournament"; readonly size?: number }
  | { readonly type: "rank"; readonly pressure?: number };

/** The probability with which each member of a population is taken, from the costs, less being better. */
export type Selection = (costs: ArrayLike<number>) => Float64Array;

/**
 * Fitness-proportional selection, the roulette wheel: the fitness of a member is how much less it costs than
 * the worst one, so the worst is never taken, and all alike if all cost the same.
 *
 * @example
 * ```ts
 * roulette([1, 2, 4]); // Float64Array [0.6, 0.4, 0]
 * ```
 * @see J. Holland, "Adaptation in natural and artificial systems", 1975
 */
export function roulette(costs: ArrayLike<number>): Float64Array {
  const count = costs.length;
  let worst = Number.NEGATIVE_INFINITY;
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < count; i++) {
    worst = Math.max(worst, costs[i]);
    best = Math.min(best, costs[i]);
  }
  if (worst === best) return new Float64Array(count).fill(1 / count);
  // by the larger of the two, so that neither the widest range overflows nor the narrowest vanishes
  const scale = Math.max(Math.abs(worst), Math.abs(best));
  const fitness = Float64Array.from(costs, (cost) => worst / scale - cost / scale);
  let sum = 0;
  for (const f of fitness) sum += f;
  return fitness.map((f) => f / sum);
}

/**
 * Tournament selection: the best of `size` members drawn at random, with replacement; the i-th best of N, from 0,
 * has probability ((N - i)^size - (N - i - 1)^size) / N^size. Of equal costs the earlier member counts as better.
 *
 * @param size - a positive integer; 1 takes all alike
 * @see D. Goldberg and K. Deb, "A comparative analysis of selection schemes used in genetic algorithms", FOGA 1991
 */
export function tournament(size: number): Selection {
  const power = (x: number) => {
    let result = 1;
    for (let k = 0; k < size; k++) result *= x;
    return result;
  };
  return (costs) => byRank(costs, (i, count) => power((count - i) / count) - power((count - i - 1) / count));
}

/**
 * Linear rank selection: from the worst of N members to the best, probabilities rise linearly from
 * (2 - pressure) / N to pressure / N. Of equal costs the earlier member counts as better.
 *
 * @param pressure - from 1 (all alike) to 2 (the worst never)
 * @see J. Baker, "Adaptive selection methods for genetic algorithms", ICGA 1985
 */
export function rank(pressure: number): Selection {
  return (costs) =>
    byRank(costs, (i, count) => {
      if (count === 1) return 1;
      return (2 - pressure + (2 * (pressure - 1) * (count - 1 - i)) / (count - 1)) / count;
    });
}

/** The selection that options describe. */
export function selectionOf(options: SelectionOptions): Selection {
  const given: Figures = typeof options === "string" ? { type: options } : options;
  checkOptions(given, "selection", ["type", "size", "pressure"]);
  return byName("selection", makers, given.type)(given);
}

/** A member's index, drawn from probabilities. */
export function spin(probabilities: Float64Array, random: RandomStream): number {
  let rest = random.uniform();
  let last = 0;
  for (let i = 0; i < probabilities.length; i++) {
    if (probabilities[i] === 0) continue;
    rest -= probabilities[i];
    if (rest < 0) return i;
    last = i; // where rounding leaves a rest
  }
  return last;
}

type Figures = { readonly type: string; readonly size?: number; readonly pressure?: number };

const makers: Readonly<Record<string, (figures: Figures) => Selection>> = {
  roulette: (figures) => {
    checkOptions(figures, "roulette selection", ["type"]);
    return roulette;
  },
  tournament: (figures) => {
    checkOptions(figures, "tournament selection", ["type", "size"]);
    const { size = 3 } = figures;
    check(
      Number.isSafeInteger(size) && size > 0,
      () => `size of a tournament is a positive integer, received ${show(size)}`,
    );
    return tournament(size);
  },
  rank: (figures) => {
    checkOptions(figures, "rank selection", ["type", "pressure"]);
    const { pressure = 1.8 } = figures;
    check(
      typeof pressure === "number" && pressure >= 1 && pressure <= 2,
      () => `pressure of rank selection lies in [1, 2], received ${show(pressure)}`,
    );
    return rank(pressure);
  },
};

function byRank(
  costs: ArrayLike<number>,
  probability: (rank: number, count: number) => number,
): Float64Array {
  const order = Array.from(costs, (_, i) => i).sort((i, j) => costs[i] - costs[j] || i - j);
  const probabilities = new Float64Array(order.length);
  for (const [i, member] of order.entries()) probabilities[member] = probability(i, order.length);
  return probabilities;
}

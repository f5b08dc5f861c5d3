/**
 * Selection of parents: each kind is a distribution over a population, by the members' costs. Parents are
 * drawn from it independently, with replacement.
 */

import type { RandomStream } from "../../../numerics/random.js";
import { integer, number } from "../../../rules.js";
import { type Kinds, operatorOf } from "./kinds.js";

/** A kind of selection: its name, for default settings, or an object with settings. */
export type SelectionOptions =
  | "roulette"
  | "tournament"
  | "rank"
  | { readonly type: "roulette" }
  | { readonly type: "tournament"; readonly size?: number }
  | { readonly type: "rank"; readonly pressure?: number };

/**
 * The probability with which each member of a population is chosen, by the members' costs (less is better).
 */
export type Selection = (costs: ArrayLike<number>) => Float64Array;

/**
 * Fitness-proportional selection, the roulette wheel: the fitness of a member is how much less it costs than
 * the worst one. So the worst is never chosen, unless all cost the same: then all are equally likely.
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
  // scaled by the larger of the two, so that wide ranges do not overflow and narrow ones do not vanish
  const scale = Math.max(Math.abs(worst), Math.abs(best));
  const fitness = Float64Array.from(costs, (cost) => worst / scale - cost / scale);
  let sum = 0;
  for (const f of fitness) sum += f;
  return fitness.map((f) => f / sum);
}

/**
 * Tournament selection: the best of `size` members drawn at random, with replacement. The i-th best of N,
 * from 0, has probability ((N - i)^size - (N - i - 1)^size) / N^size. Of members with equal costs, the
 * earlier counts as better.
 *
 * @param size - an integer from 1 to 1,000; with 1, all members are equally likely
 * @see D. Goldberg and K. Deb, "A comparative analysis of selection schemes used in genetic algorithms", FOGA
 * 1991
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
 * (2 - pressure) / N to pressure / N. Of members with equal costs, the earlier counts as better.
 *
 * @param pressure - from 1 (all equally likely) to 2 (never the worst)
 * @see J. Baker, "Adaptive selection methods for genetic algorithms", ICGA 1985
 */
export function rank(pressure: number): Selection {
  return (costs) =>
    byRank(costs, (i, count) => {
      if (count === 1) return 1;
      return (2 - pressure + (2 * (pressure - 1) * (count - 1 - i)) / (count - 1)) / count;
    });
}

const KINDS: Kinds<SelectionOptions, Selection> = {
  roulette: { rules: { type: true }, make: () => roulette },
  tournament: {
    rules: { type: true, size: [integer(1, 1000), 3] },
    make: ({ size }) => tournament(size),
  },
  rank: {
    rules: { type: true, pressure: [number("[1, 2]"), 1.8] },
    make: ({ pressure }) => rank(pressure),
  },
};

/** The selection that options describe. */
export const selectionOf = (options: SelectionOptions): Selection => operatorOf("selection", KINDS, options);

/** The index of a member, drawn by the members' probabilities. */
export function spin(probabilities: Float64Array, random: RandomStream): number {
  let rest = random.uniform();
  let last = 0;
  for (let i = 0; i < probabilities.length; i++) {
    if (probabilities[i] === 0) continue;
    rest -= probabilities[i];
    if (rest < 0) return i;
    last = i; // if rounding leaves a remainder
  }
  return last;
}

function byRank(
  costs: ArrayLike<number>,
  probability: (rank: number, count: number) => number,
): Float64Array {
  const order = Array.from(costs, (_, i) => i).sort((i, j) => costs[i] - costs[j] || i - j);
  const probabilities = new Float64Array(order.length);
  for (const [i, member] of order.entries()) probabilities[member] = probability(i, order.length);
  return probabilities;
}

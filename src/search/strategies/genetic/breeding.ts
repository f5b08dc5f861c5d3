/**
 * How parents produce a child: crossover, then mutation, with the options that evolutionary strategies share.
 * The strategies choose the parents.
 */

import type { RandomStream } from "../../../numerics/random.js";
import { number, type OptionRules } from "../../../rules.js";
import type { Params, SearchSpace } from "../../space/space.js";
import { type CrossoverOptions, crossoverOf } from "./crossover.js";
import { type MutationOptions, mutate, mutationOf } from "./mutation.js";

/** How children are produced. */
export interface BreedingOptions {
  /**
   * How two parents are combined: `"uniform"`, `"onePoint"`, `"blend"` (`alpha` 0.5) or `"sbx"` (`eta` 2), or
   * with other settings, as in `{ type: "sbx", eta: 20 }`.
   */
  readonly crossover?: CrossoverOptions;
  /** The probability that a child has two parents, in [0, 1]; otherwise it is a copy of one. Default 0.9. */
  readonly crossoverRate?: number;
  /**
   * How a number is changed: `"normal"` (`scale` 0.1, a fraction of the range) or `"polynomial"` (`eta` 5),
   * or with other settings. A choice changes to another of its values, each equally likely.
   */
  readonly mutation?: MutationOptions;
  /**
   * The probability with which each parameter of a child is changed, in [0, 1]. Default 1/n for n parameters.
   */
  readonly mutationRate?: number;
}

/** Strategies add the defaults of the first and the third. */
export const BREEDING_RULES = {
  crossover: true,
  crossoverRate: [number("[0, 1]"), 0.9],
  mutation: true,
  mutationRate: number("[0, 1]"),
} satisfies OptionRules<BreedingOptions>;

/** Produces a child. @param parent - draws a parent */
export type Breed = (space: SearchSpace, parent: () => Params, random: RandomStream) => Params;

/**
 * The way to produce children that the options describe.
 *
 * @throws FettleError `invalid_argument` for settings out of range, `unknown_name` for kinds that do not
 * exist
 */
export function breedingOf({
  crossover,
  crossoverRate,
  mutation,
  mutationRate,
}: BreedingOptions & Required<Omit<BreedingOptions, "mutationRate">>): Breed {
  const cross = crossoverOf(crossover);
  const move = mutationOf(mutation);
  return (space, parent, random) => {
    const a = parent();
    const mixed = random.uniform() < crossoverRate ? cross(space, a, parent(), random) : a;
    return mutate(space, mixed, mutationRate ?? 1 / space.names.length, move, random);
  };
}

/**
 * How parents produce a child: crossover, then mutation, with the options that evolutionary strategies share. The
 * strategies choose the parents.
 */

import { must, type OptionNames } from "../../../errors.js";
import type { RandomStream } from "../../../numerics/random.js";
import type { Params, SearchSpace } from "../../space/space.js";
import { type CrossoverOptions, crossoverOf } from "./crossover.js";
import { type MutationOptions, mutate, mutationOf } from "./mutation.js";

/** How children are produced. */
export interface BreedingOptions {
  /**
   * How two parents are combined: `"uniform"`, `"onePoint"`, `"blend"` (`alpha` 0.5) or `"sbx"` (`eta` 2), or with other
   * settings, as in `{ type: "sbx", eta: 20 }`.
   */
  readonly crossover?: CrossoverOptions;
  /** The probability that a child has two parents, in [0, 1]; otherwise it is a copy of one. Default 0.9. */
  readonly crossoverRate?: number;
  /**
   * How a number is changed: `"normal"` (`scale` 0.1, a fraction of the range) or `"polynomial"` (`eta` 5), or with
   * other settings. A choice changes to another of its values, each equally likely.
   */
  readonly mutation?: MutationOptions;
  /** The probability with which each parameter of a child is changed, in [0, 1]. Default 1/n for n parameters. */
  readonly mutationRate?: number;
}

/** The names of `BreedingOptions`. */
export const BREEDING_OPTIONS: OptionNames<BreedingOptions> = {
  crossover: true,
  crossoverRate: true,
  mutation: true,
  mutationRate: true,
};

/** Produces a child. @param parent - draws a parent */
export type Breed = (space: SearchSpace, parent: () => Params, random: RandomStream) => Params;

/**
 * The way to produce children that the options describe.
 *
 * @param strategy - the strategy with these options, for messages
 * @throws FettleError `invalid_argument` for rates and settings out of range, `unknown_name` for kinds that do not exist
 */
export function breedingOf(
  strategy: string,
  options: BreedingOptions & Required<Pick<BreedingOptions, "crossover" | "mutation">>,
): Breed {
  const { crossoverRate = 0.9, mutationRate } = options;
  checkRates(strategy, { crossoverRate, mutationRate: mutationRate ?? 0 });
  const cross = crossoverOf(options.crossover);
  const move = mutationOf(options.mutation);
  return (space, parent, random) => {
    const a = parent();
    const mixed = random.uniform() < crossoverRate ? cross(space, a, parent(), random) : a;
    return mutate(space, mixed, mutationRate ?? 1 / space.names.length, move, random);
  };
}

/** @throws FettleError `invalid_argument` for a rate outside [0, 1] */
export function checkRates(strategy: string, rates: Readonly<Record<string, number>>): void {
  for (const [name, rate] of Object.entries(rates)) {
    const isRate = typeof rate === "number" && rate >= 0 && rate <= 1;
    must(isRate, `${name} of ${strategy}`, "a number in [0, 1]", rate);
  }
}

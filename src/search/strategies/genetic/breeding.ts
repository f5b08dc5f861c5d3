/**
 * How a child comes from parents: crossover, then mutation, by the options that evolutionary strategies have in common.
 * Who becomes a parent is decided by the strategies.
 */

import { check, show } from "../../../errors.js";
import type { RandomStream } from "../../../numerics/random.js";
import type { Params, SearchSpace } from "../../space/space.js";
import { type CrossoverOptions, crossoverOf } from "./crossover.js";
import { type MutationOptions, mutate, mutationOf } from "./mutation.js";

/** The parts that make children. */
export interface BreedingOptions {
  /**
   * How two parents mix: `"uniform"`, `"onePoint"`, `"blend"` (`alpha` 0.5) or `"sbx"` (`eta` 2), or with other
   * figures, as in `{ type: "sbx", eta: 20 }`.
   */
  readonly crossover?: CrossoverOptions;
  /** The probability that a child has two parents, from 0 to 1; else it is a copy of one. Default 0.9. */
  readonly crossoverRate?: number;
  /**
   * How a number is changed: `"normal"` (`scale` 0.1, a part of the range) or `"polynomial"` (`eta` 5), or with other
   * figures. A choice changes to another of its values, each equally likely.
   */
  readonly mutation?: MutationOptions;
  /** The probability that each parameter of a child is changed, from 0 to 1. Default 1/n for n parameters. */
  readonly mutationRate?: number;
}

/** The names of `BreedingOptions`. */
export const BREEDING_OPTIONS = ["crossover", "crossoverRate", "mutation", "mutationRate"];

/** A child of a space. @param parent - draws a parent */
export type Breed = (space: SearchSpace, parent: () => Params, random: RandomStream) => Params;

/**
 * The way to make children that options describe.
 *
 * @param strategy - whose options they are, for errors
 * @throws FettleError `invalid_argument` for rates outside [0, 1] and figures out of range, `unknown_name` for kinds
 * that do not exist
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

/** @throws FettleError `invalid_argument` for one outside [0, 1] */
export function checkRates(strategy: string, rates: Readonly<Record<string, number>>): void {
  for (const [name, rate] of Object.entries(rates)) {
    check(
      typeof rate === "number" && rate >= 0 && rate <= 1,
      () => `${name} of ${strategy} lies in [0, 1], received ${show(rate)}`,
    );
  }
}

/** Successive halving: brackets of trials, of which each rung promotes the best share. */

import { integer, type OptionRules, readOptions } from "../../rules.js";
import { amongBest, geometricRungs, ofBudget, type Scheduler } from "./scheduler.js";

/** How trials are halved. */
export interface HalvingOptions {
  /** η: each rung promotes one trial in this many; an integer of at least 2. Default 3. */
  readonly reduction?: number;
  /** Steps before the first rung, a positive integer. Default 1. */
  readonly leastSteps?: number;
}

const RULES = {
  reduction: [integer(2), 3],
  leastSteps: [integer(), 1],
} satisfies OptionRules<HalvingOptions>;

/** @throws FettleError `invalid_argument`, `unknown_name` */
export function checkHalving(options: HalvingOptions, name: string): Required<HalvingOptions> {
  return readOptions(options, name, RULES, ` of ${name}`);
}

/**
 * Successive halving: a bracket has η^k trials, so that k rungs leave one winner. The rungs are at
 * `leastSteps`, η · `leastSteps`, … steps. Each promotes the best 1/η of the remaining trials, which continue
 * training; the others are pruned. The trials of a bracket wait for each other.
 *
 * @throws FettleError `invalid_argument`, `unknown_name` for invalid options
 * @example
 * ```ts
 * halving({ reduction: 3 }).rungs(0, 27); // [1, 3, 9]
 * ```
 * @see K. Jamieson and A. Talwalkar, "Non-stochastic best arm identification and hyperparameter
 * optimization", AISTATS 2016
 */
export function halving(options: HalvingOptions = {}): Scheduler {
  const { reduction, leastSteps } = checkHalving(options, "halving");
  const rungsOf = ofBudget((steps) => Object.freeze(geometricRungs(leastSteps, reduction, steps)));
  const sizeOf = (steps: number): number => rungsOf(steps).reduce((size) => size * reduction, 1);
  return {
    name: "halving",
    options: { reduction, leastSteps },
    rungs: (_number, steps) => rungsOf(steps),
    cohort(number, _lag, steps) {
      const size = sizeOf(steps);
      const from = number - (number % size);
      return { from, to: from + size };
    },
    width: sizeOf,
    promotes: (context) => amongBest(context, reduction),
  };
}

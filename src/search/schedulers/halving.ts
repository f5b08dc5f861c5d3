/** Successive halving: brackets of trials, of which the best share goes on at each rung. */

import { check, checkOptions, show } from "../../errors.js";
import { amongBest, geometricRungs, type Scheduler } from "./scheduler.js";

/** How trials are halved. */
export interface HalvingOptions {
  /** One of so many goes on at each rung, an integer of at least 2. Default 3. */
  readonly reduction?: number;
  /** Steps before the first rung, a positive integer. Default 1. */
  readonly leastSteps?: number;
}

/** @throws FettleError `invalid_argument`, `unknown_name` */
export function checkHalving(options: HalvingOptions, name: string): Required<HalvingOptions> {
  checkOptions(options, name, ["reduction", "leastSteps"]);
  const { reduction = 3, leastSteps = 1 } = options;
  check(
    Number.isSafeInteger(reduction) && reduction >= 2,
    () => `reduction of ${name} is an integer of at least 2, received ${show(reduction)}`,
  );
  check(
    Number.isSafeInteger(leastSteps) && leastSteps >= 1,
    () => `leastSteps of ${name} is a positive integer, received ${show(leastSteps)}`,
  );
  return { reduction, leastSteps };
}

/**
 * Successive halving: trials come in brackets of η^k, as many as make one winner over k rungs, at `leastSteps`,
 * η · `leastSteps`, … steps. At each rung the best 1/η of those that are left go on, from where they stand; the
 * others are pruned. Trials of a bracket wait for each other.
 *
 * @throws FettleError `invalid_argument`, `unknown_name` for options that are none
 * @example
 * ```ts
 * halving({ reduction: 3 }).rungs(0, 27); // [1, 3, 9]
 * ```
 * @see K. Jamieson and A. Talwalkar, "Non-stochastic best arm identification and hyperparameter optimization",
 * AISTATS 2016
 */
export function halving(options: HalvingOptions = {}): Scheduler {
  const { reduction, leastSteps } = checkHalving(options, "halving");
  const sizeOf = (steps: number): number =>
    geometricRungs(leastSteps, reduction, steps).reduce((size) => size * reduction, 1);
  return {
    name: "halving",
    options: { reduction, leastSteps },
    rungs: (_number, steps) => geometricRungs(leastSteps, reduction, steps),
    cohort(number, _lag, steps) {
      const size = sizeOf(steps);
      const from = number - (number % size);
      return { from, to: from + size };
    },
    width: sizeOf,
    goesOn: (context) => amongBest(context, reduction),
  };
}

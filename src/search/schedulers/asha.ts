/** Asynchronous successive halving: each trial is judged against earlier ones. */

import { checkHalving, type HalvingOptions } from "./halving.js";
import { earlierTrials, geometricRungs, promotesBy, type Scheduler } from "./scheduler.js";

/**
 * Asynchronous successive halving, in its stopping form: at `leastSteps`, η · `leastSteps`, … steps a trial
 * is promoted if it is among the best 1/η of the trials that have reached that rung, itself included. No
 * trial waits for a later one, and the first trials are always promoted. All earlier trials count except the
 * most recent `lag`, in whatever order they finished.
 *
 * @throws FettleError `invalid_argument`, `unknown_name` for invalid options
 * @example
 * ```ts
 * asha({ reduction: 4, leastSteps: 2 }).rungs(0, 40); // [2, 8, 32]
 * ```
 * @see L. Li et al., "A system for massively parallel hyperparameter tuning", MLSys 2020
 */
export function asha(options: HalvingOptions = {}): Scheduler {
  const { reduction, leastSteps } = checkHalving(options, "asha");
  return {
    name: "asha",
    options: { reduction, leastSteps },
    rungs: (_number, steps) => geometricRungs(leastSteps, reduction, steps),
    cohort: earlierTrials,
    width: () => 1,
    promotes: promotesBy({
      score: (costs) => costs[costs.length - 1],
      promotes: (own, others) =>
        others.atMost(own[own.length - 1]) < Math.max(1, Math.floor((others.length + 1) / reduction)),
    }),
  };
}

/** Median stopping: a trial ends where it has done worse than half of those before it had. */

import { check, checkOptions, show } from "../../errors.js";
import { earlierTrials, type Scheduler } from "./scheduler.js";

/** When trials are judged by the median. */
export interface MedianOptions {
  /** Trials that must have come as far before any is stopped, a positive integer. Default 5. */
  readonly startupTrials?: number;
  /** Steps that each trial has before it is judged, a positive integer. Default 1. */
  readonly leastSteps?: number;
}

/**
 * Median stopping: at every step a trial ends if its best value so far is worse than the median of what the trials
 * before it had on average up to that step.
 *
 * @throws FettleError `invalid_argument`, `unknown_name` for options that are none
 * @example
 * ```ts
 * medianStopping({ leastSteps: 3 }).rungs(0, 6); // [3, 4, 5]
 * ```
 * @see D. Golovin et al., "Google Vizier: a service for black-box optimization", KDD 2017, section 3.2.2
 */
export function medianStopping(options: MedianOptions = {}): Scheduler {
  checkOptions(options, "median", ["startupTrials", "leastSteps"]);
  const { startupTrials = 5, leastSteps = 1 } = options;
  for (const [name, figure] of Object.entries({ startupTrials, leastSteps })) {
    check(
      Number.isSafeInteger(figure) && figure >= 1,
      () => `${name} of median is a positive integer, received ${show(figure)}`,
    );
  }
  return {
    name: "median",
    options: { startupTrials, leastSteps },
    rungs: (_number, steps) =>
      Array.from({ length: Math.max(0, steps - leastSteps) }, (_, i) => leastSteps + i),
    cohort: earlierTrials,
    width: () => 1,
    goesOn({ rung, own, others }) {
      if (others.length < startupTrials) return true;
      const averages = others.map(({ costs }) => mean(costs.slice(0, rung + 1))).sort((a, b) => a - b);
      const middle = averages.length >> 1;
      const half =
        averages.length % 2 === 1 ? averages[middle] : (averages[middle - 1] + averages[middle]) / 2;
      return Math.min(...own) <= half;
    },
  };
}

/** Not below the least of the values, as rounding would have it: a trial as good as all others would end. */
function mean(values: readonly number[]): number {
  return Math.max(Math.min(...values), values.reduce((sum, value) => sum + value, 0) / values.length);
}

/** Median stopping: a trial is pruned if it has done worse than half of the earlier trials. */

import { must } from "../../errors.js";
import { integer, type OptionRules, readOptions } from "../../rules.js";
import { earlierTrials, promotesBy, type Scheduler } from "./scheduler.js";

/** When trials are compared with the median. */
export interface MedianOptions {
  /**
   * How many other trials must have reached a step before any trial is pruned there, a positive integer.
   * Default 5.
   */
  readonly startupTrials?: number;
  /** Steps that each trial runs before it is judged, a positive integer. Default 1. */
  readonly leastSteps?: number;
}

const RULES = {
  startupTrials: [integer(), 5],
  leastSteps: [integer(), 1],
} satisfies OptionRules<MedianOptions>;

/** Every step is a rung. */
const MOST_RUNGS = 100_000;

/**
 * Median stopping: at every step, a trial is pruned if its best value so far is worse than the median of the
 * earlier trials' running averages, each taken up to that step.
 *
 * @throws FettleError `invalid_argument`, `unknown_name` for invalid options
 * @example
 * ```ts
 * medianStopping({ leastSteps: 3 }).rungs(0, 6); // [3, 4, 5]
 * ```
 * @see D. Golovin et al., "Google Vizier: a service for black-box optimization", KDD 2017, section 3.2.2
 */
export function medianStopping(options: MedianOptions = {}): Scheduler {
  const { startupTrials, leastSteps } = readOptions(options, "median", RULES, " of median");
  const rungsOf = (_number: number, steps: number) => {
    const length = Math.max(0, steps - leastSteps);
    must(
      length <= MOST_RUNGS,
      "the steps at which median stopping compares trials",
      `at most ${MOST_RUNGS}`,
      length,
      "limit_exceeded",
    );
    return Array.from({ length }, (_, i) => leastSteps + i);
  };
  return {
    name: "median",
    options: { startupTrials, leastSteps },
    rungs: rungsOf,
    cohort: earlierTrials,
    width: () => 1,
    promotes: promotesBy({
      score: mean,
      promotes(own, averages) {
        if (averages.length < startupTrials) return true;
        const middle = averages.length >> 1;
        const half =
          averages.length % 2 === 1
            ? averages.at(middle)
            : (averages.at(middle - 1) + averages.at(middle)) / 2;
        return Math.min(...own) <= half;
      },
    }),
  };
}

/** The mean, never rounded below the least value: that would prune a trial that is as good as all others. */
function mean(values: readonly number[]): number {
  return Math.max(Math.min(...values), values.reduce((sum, value) => sum + value, 0) / values.length);
}

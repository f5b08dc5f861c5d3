/** The trials that a trial goes on from, as population-based training makes them. It looks at records alone. */

import { check, show } from "../../errors.js";
import type { TrialRecord } from "./trial.js";

/**
 * The trials that one training went through: from where it began, each going on from the one before, to trial
 * `number`. With population-based training, their parameters are the schedule that was found.
 *
 * @param trials - finished trials, as `study.trials` or `tune`'s result has them
 * @returns the trial alone, where it began by itself
 * @throws FettleError `invalid_argument` where one of them is not among `trials`
 * @example
 * ```ts
 * const study = createStudy({
 *   space: { rate: float(0.001, 1, { log: true }) },
 *   strategy: pbt({ populationSize: 4 }),
 *   direction: "maximize",
 * });
 * await study.optimize(({ rate }, { number }) => number - rate, { trials: 12 });
 * ancestry(study.trials, 8).length; // 3
 * ```
 */
export function ancestry<P>(trials: readonly TrialRecord<P>[], number: number): readonly TrialRecord<P>[] {
  const line: TrialRecord<P>[] = [];
  for (let next: number | undefined = number; next !== undefined; next = line[0].parent) {
    const record = trials.find((trial) => trial.number === next);
    check(record, () => `ancestry takes the number of a finished trial, received ${show(next)}`);
    line.unshift(record);
  }
  return line;
}

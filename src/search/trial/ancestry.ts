/** The trials that one training passed through, such as those of population-based training. */

import { must } from "../../errors.js";
import { mustBeTrials, type TrialRecord } from "./trial.js";

/**
 * The trials that one training passed through, from its start to trial `number`: each resumes the one before.
 * With population-based training, their parameters are the schedule that was found.
 *
 * @param trials - finished trials, such as `study.trials`
 * @returns trial `number` alone if it resumes no other
 * @throws FettleError `invalid_argument` if one of them is not among `trials`
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
  mustBeTrials(trials);
  const line: TrialRecord<P>[] = [];
  for (let next: number | undefined = number; next !== undefined; next = line[0].parent) {
    const record = trials.find((trial) => trial.number === next);
    must(record, "number", "the number of a trial among trials", next);
    line.unshift(record);
  }
  return line;
}

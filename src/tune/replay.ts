/** Runs one trial of a study again, to see whether the result is the same. */
import { check, must, mustBeList, mustBeRecord, show } from "../errors.js";
import { ready } from "../numerics/kernels.js";
import { copyOptions, defined } from "../options.js";
import type { ParamsOf, Space } from "../search/space/space.js";
import { recordOf } from "../search/study/checkpoint.js";
import type { StudyJson } from "../search/study/contract.js";
import { checkLimits } from "../search/study/control.js";
import type { TrialRecord } from "../search/trial/trial.js";
import { KEPT, TUNE_OPTIONS, type TuneOptions } from "./tuner/options.js";
import { tuneOnThreads } from "./tuner/run.js";
import { scoringOf } from "./tuner/setup.js";

/** A trial, and its second run. */
export interface Replay<S extends Space> {
  readonly saved: TrialRecord<ParamsOf<S>>;
  readonly replayed: TrialRecord<ParamsOf<S>>;
  /** Whether parameters, status, values and scores are the same, bit for bit. */
  readonly same: boolean;
}

/**
 * Runs one trial of a saved study again, with its seed and, for `pbt()`, from the end of its parent's
 * training.
 *
 * @param options - those of `tune` with which the study started, and `study`
 * @param trial - the number of a trial that has ended
 * @throws FettleError `invalid_argument` for a trial that the study does not have; `aborted` if a signal
 * ended it; as `tune`
 * @example
 * ```ts
 * const options = {
 *   x: [[0], [1], [2], [3], [4], [5]],
 *   y: [1, 3, 5, 7, 9, 11],
 *   space: { learningRate: float(0.01, 0.1) },
 *   model: ({ learningRate }: { learningRate: number }) => {
 *     const model = sequential([dense(1)]);
 *     model.compile({ optimizer: sgd({ learningRate }), loss: "meanSquaredError" });
 *     return model;
 *   },
 *   validation: { folds: 2 },
 *   trials: 3,
 * };
 * const { study } = await tune(options);
 * (await replay({ ...options, study: study.toJSON() }, 1)).same; // true
 * ```
 */
export async function replay<const S extends Space>(
  options: TuneOptions<S> & { readonly study: StudyJson },
  trial: number,
): Promise<Replay<S>> {
  // the study has the trials of these
  const { timeout, enqueue, warmStart, ...own } = copyOptions(options, "replay", TUNE_OPTIONS, KEPT);
  // checked alone: the time of a search is not that of one trial
  checkLimits(timeout === undefined ? {} : { timeout });
  mustBeList("enqueue", enqueue ?? []);
  mustBeList("warmStart", warmStart ?? []);
  const { study } = own;
  mustBeRecord("study", study, "a saved study");
  const ended = study?.trials?.filter(({ status }) => status !== "running").map(({ number }) => number) ?? [];
  must(
    ended.includes(trial),
    "trial",
    `the number of a trial that has ended, such as ${show(ended[0])}`,
    trial,
  );
  await ready();
  const { number, params, parent, given } = study.trials[trial];
  const running = defined({ number, params, status: "running" as const, parent, given });
  // as if it alone had been running when the study was saved
  const trials = study.trials.map((each, i) => (i === trial ? running : each));
  const result = await tuneOnThreads<S>(
    { ...own, study: { ...study, trials }, trials: trials.length },
    { ...scoringOf(own), refit: false },
  );
  const saved = recordOf<ParamsOf<S>>(study.trials[trial] as Parameters<typeof recordOf>[0]);
  const replayed = result.trials.find((each) => each.number === trial);
  check(replayed, "the trial was stopped before it ended", "aborted");
  const told = ({ seconds, curves, ...rest }: TrialRecord<ParamsOf<S>>): string => JSON.stringify(rest);
  return {
    saved,
    replayed,
    same: told(JSON.parse(JSON.stringify(saved))) === told(JSON.parse(JSON.stringify(replayed))),
  };
}

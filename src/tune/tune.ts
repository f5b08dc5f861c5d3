/**
 * `tune()` joins a search and a model: each trial builds a model from suggested parameters and trains it on
 * every fold; its value is the mean of a metric. It knows no layer, and no strategy by name.
 */
import { check, isPlainObject, knowWords, must, mustEndWith } from "../errors.js";
import type { MetricLike, ScoreName } from "../metrics/names.js";
import { ready } from "../numerics/kernels.js";
import { copyOptions } from "../options.js";
import { jobsOf } from "../platform/jobs.js";
import type { Space } from "../search/space/space.js";
import { bestOrNone, noBest } from "../search/study/best.js";
import type { Study } from "../search/study/contract.js";
import { slips } from "../slips.js";
import type { JobQueue } from "../workers/queue/queue.js";
import type { DefaultMetric } from "./trial/forms.js";
import { optimizeStudy } from "./tuner/failures.js";
import {
  KEPT,
  OBJECTIVE_OPTIONS,
  type SearchResult,
  TUNE_OPTIONS,
  type TuneObjectiveOptions,
  type TuneOptions,
  type TuneResult,
} from "./tuner/options.js";
import { withResults } from "./tuner/result.js";
import { budgetFor, type Making, studyOfObjective, withStrategy } from "./tuner/study.js";

knowWords(slips);

/**
 * Searches the parameters of a model: each trial builds a model, trains it on every fold and takes the mean
 * of a metric over the folds as its value. The best parameters are then refitted to all development rows,
 * that is, all rows except the test rows. Or searches the parameters of any function with a value,
 * `objective(params)`, which is maximized or minimized.
 *
 * A trial that fails or diverges is recorded with that status, and the search continues. Before the first
 * one, `model` is called for the middle of the space, to check that its result fits the data.
 *
 * @throws FettleError before anything runs, for options, spaces and data that do not fit, and if no model
 * that is checked fits the data; `trial_failed` if no trial gave a value, with the first trial's error as its
 * `cause`
 * @example
 * ```ts
 * // is a point within the unit circle?
 * const x = Array.from({ length: 200 }, (_, i) => [((i * 37) % 101) / 50 - 1, ((i * 53) % 97) / 48 - 1]);
 * const y = x.map(([a, b]) => (a * a + b * b < 1 ? 1 : 0));
 * const { best, final } = await tune({
 *   x,
 *   y,
 *   space: { units: int(8, 64, { log: true }), learningRate: float(1e-3, 1e-1, { log: true }) },
 *   model: ({ units, learningRate }) => {
 *     const model = sequential([dense(units, { activation: "relu" }), dense(1, { activation: "sigmoid" })]);
 *     model.compile({ optimizer: adam({ learningRate }), loss: "binaryCrossentropy" });
 *     return model;
 *   },
 *   trials: 5,
 *   testSize: 0.2,
 * });
 * Object.keys(best.params); // ["units", "learningRate"]
 * final.predict([[0, 0], [1, 1]]).shape; // [2, 1]
 * ```
 * @example
 * ```ts
 * const { best } = await tune({
 *   space: { x: int(-5, 5), y: int(-5, 5) },
 *   objective: ({ x, y }) => (x - 1) ** 2 + (y + 2) ** 2,
 *   direction: "minimize",
 *   strategy: grid(),
 * });
 * best.params; // { x: 1, y: -2 }
 * ```
 */
export async function tune<
  const S extends Space,
  const D extends TuneObjectiveOptions<S>["direction"] | undefined = undefined,
  const M extends MetricLike = DefaultMetric,
>(
  // one signature, so that an error is about the options at hand; the direction tells which result there is
  options:
    | (TuneOptions<S, M> & { readonly objective?: undefined; readonly direction?: undefined })
    | (Omit<TuneObjectiveOptions<S>, "direction"> & { readonly direction: D; readonly model?: undefined }),
): Promise<D extends undefined ? TuneResult<S, ScoreName<M>> : SearchResult<S>>;
export async function tune<const S extends Space>(
  options: TuneOptions<S> | TuneObjectiveOptions<S>,
  ...surplus: unknown[]
): Promise<SearchResult<S>> {
  mustEndWith("tune", "one object of options", surplus);
  must(isPlainObject(options), "the options of tune", "an object", options);
  const given: Readonly<{ model?: unknown; objective?: unknown }> = { ...options };
  const [hasModel, hasObjective] = [given.model, given.objective].map((each) => each !== undefined);
  check(
    hasModel !== hasObjective,
    `tune needs either model and data (x and y, or data), or objective and direction; received ${hasModel ? "both model and objective" : "neither model nor objective"}`,
  );
  if (hasModel) {
    const own = copyOptions(given as TuneOptions<S>, "tune", TUNE_OPTIONS, KEPT);
    await ready();
    return tuneModel(own);
  }
  const own = copyOptions(given as TuneObjectiveOptions<S>, "tune for an objective", OBJECTIVE_OPTIONS, KEPT);
  await ready();
  return tuneObjective(own);
}

async function tuneObjective<S extends Space>(given: TuneObjectiveOptions<S>): Promise<SearchResult<S>> {
  must(typeof given.objective === "function", "objective", "a function of parameters", given.objective);
  const options = await withStrategy(given, [given.direction].flat().length);
  const study = studyOfObjective(options, options.direction);
  const { queue, objective, jobs = 1 } = options;
  if (queue) await optimizeOverQueue(study, { ...options, queue });
  else await optimizeStudy(study, objective, { ...budgetFor(options), concurrency: jobsOf(jobs) });
  const { bestTrials, trials } = study;
  return withResults({ bestTrials, trials, study }, { best: bestOrNone(study) }, noBest(study));
}

async function optimizeOverQueue<S extends Space>(
  study: Study<S>,
  options: TuneObjectiveOptions<S> & Making & { readonly queue: JobQueue },
): Promise<void> {
  check(
    options.scheduler === undefined,
    "scheduler must be left out with queue in tune for an objective, whose reports arrive with its outcome",
  );
  const { QueuedObjective } = await import("./resume/queued.js");
  const queued = new QueuedObjective(options);
  try {
    const { objective, concurrency } = queued;
    await optimizeStudy(study, objective, { ...budgetFor(options), concurrency });
  } finally {
    await queued.close();
  }
}

/**
 * Loads the code that trains and scores models only if there is a model: a search over a function needs
 * neither networks nor tables.
 */
async function tuneModel<S extends Space>(options: TuneOptions<S>): Promise<TuneResult<S>> {
  const { queue } = options;
  if (queue) {
    const { tuneOverQueue } = await import("./resume/queued.js");
    return tuneOverQueue({ ...options, queue });
  }
  const { tuneOnThreads } = await import("./tuner/run.js");
  return tuneOnThreads(options);
}

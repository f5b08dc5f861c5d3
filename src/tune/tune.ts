/**
 * `tune()`: joins a search and a model. Each trial builds a model from suggested
 * parameters, trains it on every fold, and is told the mean of a metric. It knows no
 * strategy by name and no layer.
 */

import { check, checkOptions, show } from "../errors.js";
import { oneOrSeveralMetrics } from "../metrics/registry.js";
import { ready } from "../numerics/kernels.js";
import type { Space } from "../search/space/space.js";
import { budgetOf, studyOf, withStrategy } from "./tuner/begin.js";
import {
  MODEL_OPTIONS,
  SEARCH_OPTIONS,
  type SearchResult,
  type TuneObjectiveOptions,
  type TuneOptions,
  type TuneResult,
} from "./tuner/options.js";
import { searchModel } from "./tuner/search.js";

/**
 * Searches the parameters of a model: each trial builds one, trains it on every fold and is told the mean of a metric
 * over the folds. The best parameters are then fitted again to all rows but the test part.
 *
 * @throws FettleError before anything runs, for options, spaces and data that do not fit; a trial that fails or
 * diverges is recorded with that status, and the search goes on
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
 * Object.keys(best?.params ?? {}); // ["units", "learningRate"]
 * final?.predict([[0, 0], [1, 1]]).shape; // [2, 1]
 * ```
 */
export async function tune<const S extends Space>(options: TuneOptions<S>): Promise<TuneResult<S>>;
/**
 * Searches the parameters of anything that has a value: `objective(params)`, to be maximised or minimised.
 *
 * @throws FettleError before anything runs, for options and spaces that do not fit; an objective that throws fails its
 * own trial
 * @example
 * ```ts
 * const { best } = await tune({
 *   space: { x: int(-5, 5), y: int(-5, 5) },
 *   objective: ({ x, y }) => (x - 1) ** 2 + (y + 2) ** 2,
 *   direction: "minimize",
 *   strategy: grid(),
 * });
 * best?.params; // { x: 1, y: -2 }
 * ```
 */
export async function tune<const S extends Space>(options: TuneObjectiveOptions<S>): Promise<SearchResult<S>>;
export async function tune<const S extends Space>(
  options: TuneOptions<S> | TuneObjectiveOptions<S>,
): Promise<SearchResult<S>> {
  check(
    typeof options === "object" && options !== null,
    () => `tune takes an object of options, got ${show(options)}`,
  );
  await ready();
  return "objective" in options ? tuneObjective(options) : tuneModel(options);
}

async function tuneObjective<S extends Space>(given: TuneObjectiveOptions<S>): Promise<SearchResult<S>> {
  checkOptions(given, "tune", [...SEARCH_OPTIONS, "objective", "direction"]);
  const options = await withStrategy(given, [given.direction].flat().length);
  const study = studyOf(options, options.direction);
  await study.optimize(options.objective, { ...budgetOf(options), concurrency: options.jobs ?? 1 });
  return { best: study.best, bestTrials: study.bestTrials, trials: study.trials, study };
}

async function tuneModel<S extends Space>(options: TuneOptions<S>): Promise<TuneResult<S>> {
  checkOptions(options, "tune", [...SEARCH_OPTIONS, ...MODEL_OPTIONS, "metric"]);
  const metrics = oneOrSeveralMetrics("metric", options.metric);
  return searchModel(options, {
    metrics,
    objectives: Math.max(1, metrics.length),
    detailed: false,
    refit: true,
  });
}

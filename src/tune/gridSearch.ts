/**
 * Searches that report as scikit-learn's `GridSearchCV` and `RandomizedSearchCV` do: a row for each combination,
 * with the scores of every metric on every split, their ranks and times; and nested cross-validation. The search
 * itself is `tune`'s.
 */

import { type Dataset, takeExamples } from "../data/dataset.js";
import { takeRows } from "../data/matrix.js";
import { kFold, stratifiedKFold } from "../data/split.js";
import type { Direction } from "../direction.js";
import { check, checkOptions, FettleError, must, show } from "../errors.js";
import type { Metric } from "../metrics/metric.js";
import { getMetric, type MetricLike, metricNamed, oneOrSeveralMetrics } from "../metrics/registry.js";
import { ready } from "../numerics/kernels.js";
import { RandomStream } from "../numerics/random.js";
import type { ParamsOf, Space } from "../search/space/space.js";
import { type GridOptions, grid } from "../search/strategies/grid/grid.js";
import { random } from "../search/strategies/random/random.js";
import type { Strategy } from "../search/strategies/strategy.js";
import type { StudyEvent } from "../search/study/optimize.js";
import type { TrialRecord, TrialStatus } from "../search/trial/trial.js";
import { toDataset } from "./trial/data.js";
import { type Final, meanAndStd, type RoundDetails } from "./trial/trials.js";
import { MODEL_OPTIONS, SEARCH_OPTIONS, type TuneOptions } from "./tuner/options.js";
import { defaultMetric, searchModel } from "./tuner/search.js";

/** How a search with cross-validation is run, beside what `tune` takes. */
export interface SearchCvOptions<S extends Space> extends Omit<TuneOptions<S>, "metric" | "strategy"> {
  /** One metric or several, by name or custom. Default `accuracy` or `r2`. */
  readonly scoring?: MetricLike | readonly MetricLike[];
  /** The metric that decides which combination is best, or whether that is fitted again. Default true, with the first metric. */
  readonly refit?: boolean | MetricLike;
  /** The score of a fit that failed or diverged; `"raise"` ends the search with its error. Default NaN. */
  readonly errorScore?: number | "raise";
}

/** The scores of one combination by one metric. */
export interface CvScores {
  /** One for each split. */
  readonly splits: readonly number[];
  readonly mean: number;
  /** The population's standard deviation. */
  readonly std: number;
  /** 1 for the best mean; equals share the smallest; those without a number come last. */
  readonly rank: number;
}

/** One combination. */
export interface CvRow<P> {
  readonly params: P;
  /** The number of its trial. */
  readonly trial: number;
  readonly status: TrialStatus;
  /** By metric. */
  readonly scores: Readonly<Record<string, CvScores>>;
  /** Seconds to train a split, and to predict its held-out part; NaN for a fit that failed. */
  readonly fitSeconds: { readonly mean: number; readonly std: number };
  readonly scoreSeconds: { readonly mean: number; readonly std: number };
}

/** The outcome of a search with cross-validation. */
export interface SearchCvResult<S extends Space> {
  /** The mean score of the best combination by the metric that decides; undefined if no fit gave one. */
  readonly bestScore: number | undefined;
  readonly bestParams: ParamsOf<S> | undefined;
  /** Its place in `rows`. */
  readonly bestIndex: number | undefined;
  /** Every combination, in the order in which they were tried. */
  readonly rows: readonly CvRow<ParamsOf<S>>[];
  /** The best combination fitted to all rows; undefined without a best, or with `refit: false`. */
  readonly final: Final | undefined;
}

/** The outcome of nested cross-validation. */
export interface NestedResult<S extends Space> {
  /** The score of each outer split, by a model tuned without it. */
  readonly scores: readonly number[];
  readonly mean: number;
  readonly std: number;
  /** The search within each outer split. */
  readonly searches: readonly SearchCvResult<S>[];
}

/**
 * Cross-validates every combination of a space, as scikit-learn's `GridSearchCV`.
 *
 * @param options - what `tune` takes, `scoring`, `refit`, `errorScore`, and `points` for numbers that have no steps
 * @throws FettleError as `tune`; `trial_failed` where `errorScore` is `"raise"`
 * @example
 * ```ts
 * const x = Array.from({ length: 90 }, (_, i) => [((i * 37) % 101) / 50 - 1, ((i * 53) % 97) / 48 - 1]);
 * const y = x.map(([a, b]) => (a > b ? 1 : 0));
 * const { bestParams, rows } = await gridSearch({
 *   x,
 *   y,
 *   space: { learningRate: choice([0.01, 0.1]), momentum: choice([0, 0.9]) },
 *   model: (params) => {
 *     const model = sequential([dense(1, { activation: "sigmoid" })]);
 *     model.compile({ optimizer: sgd(params), loss: "binaryCrossentropy" });
 *     return model;
 *   },
 *   validation: { folds: 3 },
 *   scoring: ["accuracy", "f1"],
 * });
 * rows.length; // 4
 * rows[0].scores.f1.splits.length; // 3
 * ```
 */
export async function gridSearch<const S extends Space>(
  options: SearchCvOptions<S> & GridOptions,
): Promise<SearchCvResult<S>> {
  const { points, ...rest } = options;
  return searchCv("gridSearch", rest, grid(points === undefined ? {} : { points }));
}

/**
 * Cross-validates combinations drawn at random, as scikit-learn's `RandomizedSearchCV`: `trials` of them.
 *
 * @throws FettleError as `tune`; `trial_failed` where `errorScore` is `"raise"`
 * @example
 * ```ts
 * const x = Array.from({ length: 60 }, (_, i) => [i / 60]);
 * const { rows } = await randomSearch({
 *   x,
 *   y: x.map(([a]) => 2 * a),
 *   space: { learningRate: float(0.01, 0.1, { log: true }) },
 *   model: (params) => {
 *     const model = sequential([dense(1)]);
 *     model.compile({ optimizer: sgd(params), loss: "meanSquaredError" });
 *     return model;
 *   },
 *   trials: 3,
 * });
 * rows.map(({ scores }) => scores.r2.rank).sort(); // [1, 2, 3]
 * ```
 */
export async function randomSearch<const S extends Space>(
  options: SearchCvOptions<S>,
): Promise<SearchCvResult<S>> {
  return searchCv("randomSearch", options, random());
}

/**
 * How well a *search* does: tunes within each outer split, fits the best again, and scores it on the rows that the
 * search did not see. The scores are not biased by the choice of the best, as its own cross-validation is.
 *
 * @param search - `gridSearch`, `randomSearch` or a function like them
 * @param options - its options; `outer` says how many outer splits, default 5
 * @throws FettleError as the search; `invalid_data` where a search found no model
 * @example
 * ```ts
 * const x = Array.from({ length: 60 }, (_, i) => [i / 60]);
 * const { scores } = await nestedCrossValidation(gridSearch, {
 *   x,
 *   y: x.map(([a]) => 2 * a),
 *   space: { learningRate: choice([0.1, 0.2]) },
 *   model: (params) => {
 *     const model = sequential([dense(1)]);
 *     model.compile({ optimizer: sgd(params), loss: "meanSquaredError" });
 *     return model;
 *   },
 *   validation: { folds: 2 },
 *   outer: { folds: 3 },
 * });
 * scores.length; // 3
 * ```
 * @see G. Cawley and N. Talbot, "On over-fitting in model selection and subsequent selection bias in performance
 * evaluation", JMLR 11, 2010
 */
export async function nestedCrossValidation<
  const S extends Space,
  O extends SearchCvOptions<S> = SearchCvOptions<S>,
>(
  search: (options: O) => Promise<SearchCvResult<S>>,
  options: O & { readonly space: S; readonly outer?: { readonly folds: number } },
): Promise<NestedResult<S>> {
  const { outer = { folds: 5 }, x: _x, y: _y, ...rest } = options;
  checkOptions(outer, "outer", ["folds"]);
  await ready();
  const data = toDataset(options);
  const metric = decidingMetric(options, data);
  const seed = new RandomStream(options.seed ?? 0, OUTER_STREAM).integer(2 ** 31);
  const foldOptions = { folds: outer.folds, seed };
  const folds =
    data.task === "classification"
      ? stratifiedKFold(data.labels, { ...foldOptions, classes: data.classes })
      : kFold(data.rows, foldOptions);
  const searches: SearchCvResult<S>[] = [];
  const scores: number[] = [];
  for (const { train, validation } of folds) {
    const result = await search({ ...rest, data: takeExamples(data, train) } as unknown as O);
    check(
      result.final,
      "the search within an outer split found no model that could be scored",
      "invalid_data",
    );
    const features = data.features.length;
    const inputs = takeRows(data.x, features, validation);
    const yPred = result.final.predict({ data: inputs, shape: [validation.length, features] });
    const yTrue = takeRows(data.y, data.outputs, validation);
    scores.push(metric.compute(yTrue, yPred.data, data.outputs));
    searches.push(result);
  }
  const { value: mean, std } = meanAndStd(scores);
  return { scores, mean, std, searches };
}

/** Apart from the streams of studies and of `tune`. */
const OUTER_STREAM = 0x6f75;

/** The names that `SearchCvOptions` adds. */
export const CV_OPTIONS = ["scoring", "refit", "errorScore"];

async function searchCv<S extends Space>(
  name: string,
  options: SearchCvOptions<S>,
  strategy: Strategy,
): Promise<SearchCvResult<S>> {
  const known = [...SEARCH_OPTIONS, ...MODEL_OPTIONS, ...CV_OPTIONS];
  checkOptions(
    options,
    name,
    known.filter((option) => option !== "strategy"),
  );
  const { scoring, refit = true, errorScore = Number.NaN, onEvent, ...rest } = options;
  check(
    typeof errorScore === "number" || errorScore === "raise",
    () => `errorScore is a number or "raise", got ${show(errorScore)}`,
  );
  const given = oneOrSeveralMetrics("scoring", scoring);
  const first = decidingIndex(given, refit);
  const metrics = given.length === 0 ? [] : [given[first], ...given.filter((_, i) => i !== first)];
  const watch = (event: StudyEvent<S>): void => {
    if (errorScore === "raise" && event.type === "trialEnded" && event.record.status !== "complete") {
      throw raised(event.record);
    }
    onEvent?.(event);
  };
  const { best, trials, study, metric, final } = await searchModel<S>(
    { ...rest, strategy, onEvent: watch },
    { metrics, objectives: 1, detailed: true, refit: refit !== false },
  );
  const all = given.length === 0 ? [metricNamed(metric)] : given;
  const splits = splitsOf(options);
  const error = errorScore === "raise" ? Number.NaN : errorScore;
  const scored = all.map(({ name, direction }) => {
    const rows = trials.map((trial) => {
      const values =
        roundsOf(trial)?.map(({ scores }) => scores[name] ?? error) ?? new Array(splits).fill(error);
      const { value: mean, std } = meanAndStd(values);
      return { splits: values, mean, std };
    });
    const ranks = ranksOf(
      rows.map(({ mean }) => mean),
      direction,
    );
    return { name, rows: rows.map((row, i): CvScores => ({ ...row, rank: ranks[i] })) };
  });
  const rows = trials.map((trial, i): CvRow<ParamsOf<S>> => {
    const times = (part: "fitSeconds" | "scoreSeconds") => {
      const { value: mean, std } = meanAndStd(roundsOf(trial)?.map((round) => round[part]) ?? [Number.NaN]);
      return { mean, std };
    };
    return {
      params: trial.params,
      trial: trial.number,
      status: trial.status,
      scores: Object.fromEntries(scored.map(({ name, rows }) => [name, rows[i]])),
      fitSeconds: times("fitSeconds"),
      scoreSeconds: times("scoreSeconds"),
    };
  });
  const bestIndex = best && study.trials.findIndex(({ number }) => number === best.number);
  return { bestScore: best?.value ?? undefined, bestParams: best?.params, bestIndex, rows, final };
}

/** The metric that decides, before a search has run. */
function decidingMetric<S extends Space>(
  { scoring, refit = true }: SearchCvOptions<S>,
  data: Dataset,
): Metric {
  const given = oneOrSeveralMetrics("scoring", scoring);
  return given[decidingIndex(given, refit)] ?? metricNamed(defaultMetric(data.task));
}

/** The place in `scoring` of the metric that decides. */
function decidingIndex(scoring: readonly Metric[], refit: boolean | MetricLike): number {
  if (typeof refit === "boolean") return 0;
  const names = scoring.map(({ name }) => name);
  const index = names.indexOf(getMetric(refit).name);
  must(index >= 0, "refit", `true, false or one of the metrics in scoring, ${show(names)}`, refit);
  return index;
}

function splitsOf<S extends Space>({ validation = { folds: 5 } }: SearchCvOptions<S>): number {
  return "folds" in validation ? validation.folds : 1;
}

function roundsOf(trial: TrialRecord<unknown>): readonly RoundDetails[] | undefined {
  return trial.attributes?.rounds as unknown as readonly RoundDetails[] | undefined;
}

/** 1 and up, by the number of strictly better means; NaN after all numbers. */
function ranksOf(means: readonly number[], direction: Direction): number[] {
  const sign = direction === "maximize" ? 1 : -1;
  return means.map(
    (mean) =>
      1 +
      means.filter((other) => sign * other > sign * mean || (Number.isNaN(mean) && !Number.isNaN(other)))
        .length,
  );
}

function raised({ number, status, error }: TrialRecord<unknown>): FettleError {
  return new FettleError(
    "trial_failed",
    `trial ${number} ${status === "failed" ? "failed" : "diverged"}${error ? `: ${error}` : ""}`,
  );
}

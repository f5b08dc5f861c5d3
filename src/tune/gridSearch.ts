/**
 * Searches with the report of scikit-learn's `GridSearchCV` and `RandomizedSearchCV`: a row for each
 * combination of parameters, with the scores of every metric on every fold, their ranks and times. `tune`
 * runs the search.
 */
import { FettleError, must, mustEndWith, type OptionNames, show } from "../errors.js";
import type { Metric } from "../metrics/metric.js";
import type { MetricLike, ScoreName, TestScore } from "../metrics/names.js";
import { getMetric, metricNamed, oneOrSeveralMetrics } from "../metrics/registry.js";
import type { Model } from "../model/model.js";
import { copyOptions, defined } from "../options.js";
import type { ParamsOf, Space } from "../search/space/space.js";
import { type GridOptions, grid } from "../search/strategies/grid/grid.js";
import { random } from "../search/strategies/random/random.js";
import type { Strategy } from "../search/strategies/strategy.js";
import { bestOrNone, noBest } from "../search/study/best.js";
import type { StudyEvent } from "../search/study/contract.js";
import type { TrialRecord } from "../search/trial/trial.js";
import { type CvRow, cvRows } from "./cvRows.js";
import type { Calibration } from "./trial/calibration.js";
import type { Ensemble } from "./trial/ensemble.js";
import { DEFAULT_METRICS, type DefaultMetric } from "./trial/forms.js";
import { KEPT, TUNE_OPTIONS, type TuneOptions } from "./tuner/options.js";
import { finalOrNone, withResults } from "./tuner/result.js";
import { tuneOnThreads } from "./tuner/run.js";

/** The options of a search with cross-validation. */
export interface SearchCvOptions<S extends Space, M extends MetricLike = MetricLike>
  extends Omit<TuneOptions<S>, "metric" | "strategy" | "queue"> {
  /** One metric or several, by name or custom. Default `r2`, or `logLoss` and `accuracy`. */
  readonly scoring?: M | readonly M[];
  /**
   * Whether the best combination is refitted; or the metric that decides which is best. Default true, by the
   * first metric.
   */
  readonly refit?: boolean | MetricLike;
  /**
   * The score of a training that failed or diverged; `"raise"` ends the search with its error. Default NaN.
   */
  readonly errorScore?: number | "raise";
  /**
   * Whether each row has `trainScores`, the scores of the training rows, too, at the cost of a prediction of
   * them. Default false.
   */
  readonly returnTrainScore?: boolean;
}

/** The result of a search with cross-validation; `Name` is a metric's. */
export interface SearchCvResult<S extends Space, Name extends string = string> {
  /**
   * The mean score of the best combination by the metric that decides.
   *
   * @throws FettleError `invalid_state`, as `bestParams` and `bestIndex`, if every combination violates a
   * constraint, or if a signal ended the search first
   */
  readonly bestScore: number;
  readonly bestParams: ParamsOf<S>;
  /** The place of the best combination in `rows`. */
  readonly bestIndex: number;
  /** Every combination, in the order in which it was tried. */
  readonly rows: readonly CvRow<ParamsOf<S>, Name>[];
  /**
   * The best combination fitted to all development rows.
   *
   * @throws FettleError `finalError`, if there is one
   */
  readonly final: Model<Name | TestScore>;
  /** The networks of the final model, and their scores; undefined for a single network. */
  readonly ensemble?: Ensemble;
  /** How well its probabilities are calibrated, before and after; undefined without `calibrate`. */
  readonly calibration?: Calibration;
  /** Why there is no final model, as for `tune`; `invalid_state` with `refit: false`. */
  readonly finalError?: FettleError;
}

/**
 * Cross-validates every combination of a space, as scikit-learn's `GridSearchCV`.
 *
 * @param options - those of `tune`, `scoring`, `refit`, `errorScore`, and `points` for ranges of numbers
 * without steps
 * @throws FettleError as `tune`; `trial_failed` for the first failure with `errorScore: "raise"`
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
 * rows[0].scores.f1.folds.length; // 3
 * ```
 */
export function gridSearch<const S extends Space, const M extends MetricLike = DefaultMetric>(
  options: SearchCvOptions<S, M> & GridOptions,
): Promise<SearchCvResult<S, ScoreName<M>>>;
export async function gridSearch<const S extends Space, const M extends MetricLike = DefaultMetric>(
  options: SearchCvOptions<S, M> & GridOptions,
  ...surplus: unknown[]
): Promise<SearchCvResult<S, ScoreName<M>>> {
  mustEndWith("gridSearch", "one object of options", surplus);
  const { points, ...rest } = copyOptions(options, "gridSearch", { ...CV_OPTIONS, ...GRID_OPTIONS }, KEPT);
  return searchCv(rest, grid(defined({ points })));
}

/**
 * Cross-validates `trials` combinations drawn at random, as scikit-learn's `RandomizedSearchCV`.
 *
 * @throws FettleError as `tune`; `trial_failed` for the first failure with `errorScore: "raise"`
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
export function randomSearch<const S extends Space, const M extends MetricLike = DefaultMetric>(
  options: SearchCvOptions<S, M>,
): Promise<SearchCvResult<S, ScoreName<M>>>;
export async function randomSearch<const S extends Space, const M extends MetricLike = DefaultMetric>(
  options: SearchCvOptions<S, M>,
  ...surplus: unknown[]
): Promise<SearchCvResult<S, ScoreName<M>>> {
  mustEndWith("randomSearch", "one object of options", surplus);
  return searchCv(copyOptions(options, "randomSearch", CV_OPTIONS, KEPT), random());
}

const { metric: _metric, strategy: _strategy, queue: _queue, ...tuneOptions } = TUNE_OPTIONS;

export const CV_OPTIONS: OptionNames<SearchCvOptions<Space>> = {
  ...tuneOptions,
  scoring: true,
  refit: true,
  errorScore: true,
  returnTrainScore: true,
};

const GRID_OPTIONS: OptionNames<GridOptions> = { points: true };

async function searchCv<S extends Space, Name extends string>(
  options: SearchCvOptions<S>,
  strategy: Strategy,
): Promise<SearchCvResult<S, Name>> {
  const {
    scoring,
    refit = true,
    errorScore = Number.NaN,
    returnTrainScore = false,
    onEvent,
    ...rest
  } = options;
  must(
    typeof errorScore === "number" || errorScore === "raise",
    "errorScore",
    'a number or "raise"',
    errorScore,
  );
  must(typeof returnTrainScore === "boolean", "returnTrainScore", "true or false", returnTrainScore);
  must(onEvent === undefined || typeof onEvent === "function", "onEvent", "a function", onEvent);
  const given = oneOrSeveralMetrics("scoring", scoring);
  const first = decidingIndex(given, refit);
  const metrics = given.length === 0 ? [] : [given[first], ...given.filter((_, i) => i !== first)];
  const watch = (event: StudyEvent<S>) => {
    if (errorScore === "raise" && event.type === "trialEnded" && hasNoScore(event.record)) {
      throw failureOf(event.record);
    }
    return onEvent?.(event);
  };
  const result = await tuneOnThreads<S>(
    { ...rest, strategy, onEvent: watch },
    { metrics, objectives: 1, detailed: true, trainScores: returnTrainScore, refit: refit !== false },
  );
  const { trials, metric, folds, ensemble, calibration, finalError, study } = result;
  const [best, final] = [bestOrNone(study), finalOrNone(result)];
  const unasked = Object.values(DEFAULT_METRICS)
    .find(([first]) => first === metric)
    ?.map(metricNamed);
  const all = given.length > 0 ? given : (unasked ?? [{ name: metric, direction: study.directions[0] }]);
  const rows = cvRows(
    trials,
    all,
    folds.length,
    errorScore === "raise" ? Number.NaN : errorScore,
    returnTrainScore,
  );
  const bestIndex = best && trials.findIndex(({ number }) => number === best.number);
  const bests = { bestScore: best?.value, bestParams: best?.params, bestIndex };
  const others = defined({ rows, ensemble, calibration, finalError });
  return withResults(withResults(others, bests, noBest(study)), { final }, finalError);
}

/** The place in `scoring` of the metric that decides. */
export function decidingIndex(scoring: readonly Metric[], refit: boolean | MetricLike): number {
  if (typeof refit === "boolean") return 0;
  const names = scoring.map(({ name }) => name);
  const index = names.indexOf(getMetric(refit).name);
  must(index >= 0, "refit", `true, false or one of the metrics in scoring, ${show(names)}`, refit);
  return index;
}

/** A trial that a scheduler pruned has the score that it had reached. */
const hasNoScore = ({ status }: TrialRecord<unknown>): boolean =>
  status === "failed" || status === "diverged";

function failureOf({ number, status, error }: TrialRecord<unknown>): FettleError {
  return new FettleError("trial_failed", `trial ${number} ${status}${error ? `: ${error}` : ""}`);
}

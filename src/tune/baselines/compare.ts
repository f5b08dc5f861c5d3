/**
 * Compares a tuned model with models that need no tuning, a constant and a linear one, on rows that no trial
 * saw.
 */
import { type Dataset, type Task, takeExamples } from "../../data/dataset.js";
import type { PipelineOptions } from "../../data/pipeline/options.js";
import { positiveOf } from "../../data/positive.js";
import { type ClassWeight, checkClassWeight } from "../../data/weights.js";
import { check, isRecord, must } from "../../errors.js";
import { decided, HALF } from "../../metrics/decided.js";
import {
  differenceInterval,
  hasLead,
  intervalOf,
  type Predicted,
  type ScoreInterval,
  whyNoInterval,
} from "../../metrics/intervals/index.js";
import type { Metric } from "../../metrics/metric.js";
import { findMetric, metricNamed, oneOrSeveralMetrics } from "../../metrics/registry.js";
import type { Model } from "../../model/model.js";
import type { Floats } from "../../ndarray.js";
import { architectureFrom } from "../../nn/programs/architecture.js";
import { masksSteps } from "../../nn/programs/programs.js";
import { ready } from "../../numerics/kernels.js";
import { copyOptions, defined } from "../../options.js";
import type { ParamsOf, Space } from "../../search/space/space.js";
import {
  constantOf,
  fitLinear,
  inUnits,
  type Learning,
  type Linear,
  numbersOf,
  predicted,
} from "../linear/choice.js";
import { costMetric } from "../trial/cost.js";
import { inColumns, toDataset } from "../trial/data.js";
import { DEFAULT_METRICS, isOfMoments } from "../trial/forms.js";
import { KEPT, TUNE_OPTIONS, type TuneOptions, type TuneResult } from "../tuner/options.js";

/** The scores of three models by one metric. */
export interface BaselineScores {
  readonly final: number;
  /** The 95 % interval of the final model's score: of its score on all rows of this kind. */
  readonly interval?: ScoreInterval;
  /**
   * How many rows decide the interval, if they are so few that it may be too narrow: the rows that contribute
   * half of its variance; for a share, the rarer of right and wrong rows; or the rows of the rarest class. 0
   * if no two rows differ, so that nothing is known of their spread.
   */
  readonly decidedBy?: number;
  /** Why scores by this metric have no interval. */
  readonly noInterval?: string;
  /** Undefined if no linear model was fitted. */
  readonly linear?: number;
  readonly constant: number;
}

/** By how much the final model leads another; below 0 if it is behind. */
export interface Lead {
  readonly difference: number;
  /** The 95 % interval of the difference on the same rows. */
  readonly interval: ScoreInterval;
  /** As in {@link BaselineScores}. */
  readonly decidedBy?: number;
}

/**
 * Which model to prefer:
 *
 * - `linear`: the linear model is ahead, with 95 % confidence
 * - `constant`: the final model is not ahead of the constant with that confidence
 * - `level`: neither the final model nor the linear one is ahead of the other with that confidence
 * - `final`: the final model is ahead of both, or of the constant where there is no linear one
 */
export type Verdict = "final" | "level" | "linear" | "constant";

/** A final model compared with models that need no tuning. Plain data. */
export interface BaselineReport {
  /** The number of test rows. */
  readonly rows: number;
  /**
   * By metric, for the metrics of `final.test`; without those of predicted distributions, which a constant
   * and a linear model do not have.
   */
  readonly scores: Readonly<Record<string, BaselineScores>>;
  /**
   * The metric that decides: the one that was tuned for, or `logLoss` or `r2` if differences by it have no
   * interval, and for a metric of distributions.
   */
  readonly metric: string;
  readonly ahead: { readonly linear?: Lead; readonly constant: Lead };
  readonly verdict: Verdict;
  /** The penalty of the linear model. */
  readonly penalty?: number;
  /** The positive class of two, for precision, recall, F1 and AUC. */
  readonly positive?: string;
}

/** The options of `tune` for what a model learns from and how it is scored. */
export type BaselineOptions<S extends Space> = Pick<
  TuneOptions<S>,
  | "x"
  | "y"
  | "data"
  | "task"
  | "positive"
  | "missing"
  | "sampleWeight"
  | "validationData"
  | "groups"
  | "time"
  | "pipeline"
  | "fit"
  | "metric"
  | "cost"
>;

/** The largest linear model, as development rows × features × outputs. */
export const MOST_NUMBERS = 2 ** 22;
const MOST_FOLDS = 10;

/**
 * Compares the final model of `tune` with two that need no tuning, on the test rows: a *constant*, the shares
 * of the classes or the mean of the target; and a *linear model*, logistic or ridge regression on the
 * features of the same pipeline, its penalty chosen on the folds of the study. Both learn from the
 * development rows, with their weights. They predict the most probable class, of two classes by the threshold
 * ½; for the expected cost of option `cost`, by the threshold of perfect probabilities.
 *
 * An interval shows how far the random choice of test rows may move a score: Wilson's for shares of rows such
 * as accuracy, precision, recall and F1 of two classes; of other scores Student's, corrected for skewness by
 * Hall's transformation, from the influence of each row.
 * `decidedBy` is set if a few rows decide it. Rows count as independent; the weight of a row is how much it
 * counts, not how many rows it represents. `docs/validation.md` lists the methods and their coverage.
 *
 * A linear model with rows × features × outputs above 2²² is not fitted.
 *
 * @param result - what `tune` returned, with a final model and at least two test rows
 * @param options - the options of `tune`. Only these are read: `x` and `y`, or `data`; and if they were given
 * `missing`, `sampleWeight`, `task`, `positive`, `pipeline`, `fit` (its `classWeight` applies to the linear model
 * too), a custom `metric` and `cost`
 * @throws FettleError `invalid_argument` for a result without a final model or test rows, and for other data;
 * as `tune` for options
 * @example
 * ```ts
 * const x = Array.from({ length: 200 }, (_, i) => [(i % 17) / 17, (i % 23) / 23]);
 * const options = {
 *   x,
 *   y: x.map(([a, b]) => 3 * a - b),
 *   trials: 2,
 *   testSize: 0.25,
 *   space: { learningRate: float(0.01, 0.1, { log: true }) },
 *   model: ({ learningRate }: { learningRate: number }) => {
 *     const model = sequential([dense(4, { activation: "relu" }), dense(1)]);
 *     model.compile({ optimizer: adam({ learningRate }), loss: "meanSquaredError" });
 *     return model;
 *   },
 * };
 * const { rows, verdict } = await compareBaselines(await tune(options), options);
 * rows; // 50
 * verdict; // "linear"
 * ```
 * @see E. Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22, 1927; P.
 * Hall, "On the removal of skewness by transformation", J. Royal Statistical Society B 54, 1992
 */
export async function compareBaselines<const S extends Space>(
  result: Pick<TuneResult<S>, "final" | "folds" | "testRows" | "metric" | "best">,
  options: BaselineOptions<S>,
): Promise<BaselineReport> {
  must(isRecord(result), "result", "what tune returns", result);
  const own = copyOptions(options, "compareBaselines", TUNE_OPTIONS, KEPT);
  const { final, testRows, folds, best } = result;
  const isResult = isRecord(final) && isRecord(best) && Array.isArray(folds) && ArrayBuffer.isView(testRows);
  must(isResult, "result", "what tune returns", result);
  check(
    testRows.length > 1,
    () =>
      `result must have at least 2 test rows; received ${testRows.length}; call tune with a testSize such as 0.2`,
  );
  await ready();
  const units = (): number => unitsOf(final);
  const { positive = final.positive } = own; // also if the options omit it
  const data = inColumns(toDataset({ ...own, ...defined({ positive }) }, units), units);
  const row = data.shape ?? final.table?.pipeline.features.length;
  check(
    row === undefined || !masksSteps(architectureFrom(final.model.described(), row)),
    "final must be a network whose output has no mask; received one that leaves out steps, which baselines do not support",
    "unsupported",
  );
  check(
    data.rows >
      Math.max(...[...folds.flatMap(({ train, validation }) => [train, validation]), testRows].map(largest)),
    () => `x and y must be those of the tuning; received ${data.rows} rows, which are too few`,
  );
  const { pipeline = {}, fit: training = {} } = own;
  const settings = typeof training === "function" ? training(best.params as ParamsOf<S>) : training;
  const metrics = metricsOf(final.test, own);
  const baselines = fitBaselines({
    data,
    folds,
    testRows,
    tuned: metrics.find(({ name }) => name === result.metric),
    pipeline: typeof pipeline === "function" ? pipeline(best.params as ParamsOf<S>) : pipeline,
    ...(settings.classWeight && { classWeight: settings.classWeight }),
  });
  return besideFinal(baselines, final, metrics);
}

/** Columns of the targets of a model. */
const unitsOf = ({ model, table }: Model): number =>
  table?.outputs ?? Math.max(...Object.values(model.outputs).map(([, end]) => end));

/** What baselines learn from, and the rows on which they are compared. */
export interface BaselineTask {
  readonly data: Dataset;
  /** The folds on which the penalty is chosen. */
  readonly folds: TuneResult<Space>["folds"];
  readonly testRows: Int32Array;
  /** The metric that was tuned for. */
  readonly tuned: Metric | undefined;
  /** @defaultValue that of `fitPipeline` */
  readonly pipeline?: PipelineOptions;
  readonly classWeight?: ClassWeight;
  /** The most numbers of the linear model and its folds together. @defaultValue 2²² */
  readonly mostNumbers?: number;
}

/** Fitted models that need no tuning, ready to be compared with a final model. */
export interface Baselines {
  readonly data: Dataset;
  readonly testRows: Int32Array;
  /** The metric that decides. */
  readonly metric: Metric;
  readonly constant: Predicted;
  readonly linear?: Predicted;
  readonly penalty?: number;
}

/** Fits the models that need no tuning. It does not need the final model, so it can run before a search. */
export function fitBaselines(task: BaselineTask): Baselines {
  const { data, folds, testRows, tuned, pipeline = {}, classWeight, mostNumbers = MOST_NUMBERS } = task;
  const fitted = fittedRows(data, testRows);
  const weights = {
    ...(data.sampleWeight && { sampleWeight: data.sampleWeight }),
    ...(classWeight && { classWeight: checkClassWeight(classWeight, data.classes) }),
  };
  const metric = tuned && hasLead(tuned, data.outputs) ? tuned : metricNamed(DEFAULT_METRICS[data.task][0]);
  const linear = linearOf({ data, pipeline, weights }, folds, fitted, metric, mostNumbers);
  return {
    data,
    testRows,
    metric,
    constant: predicted(data, testRows, constantFor(data, fitted, testRows.length)),
    ...(linear && {
      linear: predicted(data, testRows, inUnits(data, linear.fit(fitted), testRows)),
      penalty: linear.penalty,
    }),
  };
}

/** Compares a final model with fitted baselines. */
export function besideFinal(
  { data, testRows, metric, ...others }: Baselines,
  final: Pick<Model, "predict" | "threshold">,
  metrics: readonly Metric[],
): BaselineReport {
  const positive = positiveOf(data);
  const report = reportOf(metric, metrics, {
    threshold: final.threshold,
    task: data.task,
    final: predicted(data, testRows, final.predict(takeExamples(data, testRows)).data),
    ...others,
  });
  return { ...report, ...(positive !== undefined && { positive }) };
}

/** Predictions of three models for the same rows. */
interface Contest {
  readonly task: Task;
  readonly threshold: number;
  readonly final: Predicted;
  readonly linear?: Predicted;
  readonly constant: Predicted;
  readonly penalty?: number;
}

/**
 * Scores three models and says which to prefer.
 *
 * @param metric - the metric that decides
 */
export function reportOf(metric: Metric, metrics: readonly Metric[], contest: Contest): BaselineReport {
  const { task, threshold, final, linear, constant, penalty } = contest;
  const isOfTwo = task === "classification" && final.outputs === 1;
  const decidedBy = (each: Metric, model: Predicted, at = each.threshold ?? HALF): Predicted =>
    each.decides && isOfTwo ? { ...model, yPred: decided(model.yPred, at) } : model;
  const score = (each: Metric, { yTrue, yPred, outputs, weights }: Predicted): number =>
    each.compute(yTrue, yPred, outputs, weights);
  const scoresBy = (each: Metric): BaselineScores => {
    const own = decidedBy(each, final, threshold);
    const noInterval = whyNoInterval(each, own.outputs);
    return {
      final: score(each, own),
      ...intervalOf(each, own),
      ...(noInterval !== undefined && { noInterval }),
      ...(linear && { linear: score(each, decidedBy(each, linear)) }),
      constant: score(each, decidedBy(each, constant)),
    };
  };
  const leadOn = (other: Predicted): Lead => {
    const [own, its] = [decidedBy(metric, final, threshold), decidedBy(metric, other)];
    const sign = metric.direction === "maximize" ? 1 : -1;
    const difference = sign * (score(metric, own) - score(metric, its));
    const { interval, ...more } = differenceInterval(metric, own, its);
    const [low, high] = sign === 1 ? interval : [-interval[1], -interval[0]];
    return { difference, interval: [low, high], ...more };
  };
  const ahead = { ...(linear && { linear: leadOn(linear) }), constant: leadOn(constant) };
  return {
    rows: final.yTrue.length / final.outputs,
    scores: Object.fromEntries(metrics.map((each) => [each.name, scoresBy(each)])),
    metric: metric.name,
    ahead,
    verdict: verdictOf(ahead),
    ...(penalty !== undefined && { penalty }),
  };
}

/** The rule of {@link Verdict}. A final model that predicts NaN ranks last. */
export function verdictOf({ linear, constant }: BaselineReport["ahead"]): Verdict {
  if (linear && !(linear.interval[1] >= 0)) return "linear";
  if (!(constant.interval[0] > 0)) return "constant";
  return linear && !(linear.interval[0] > 0) ? "level" : "final";
}

/**
 * The linear model with the best penalty, on as many folds as fit the bound; undefined if it is too large.
 */
function linearOf(
  learning: Learning,
  folds: TuneResult<Space>["folds"],
  rows: Int32Array,
  metric: Metric,
  mostNumbers: number,
): Linear | undefined {
  const size = numbersOf(learning, rows.length);
  if (size > mostNumbers) return undefined;
  const most = Math.min(folds.length, MOST_FOLDS, Math.max(1, Math.floor(mostNumbers / size)));
  const used = Array.from({ length: most }, (_, i) => folds[Math.floor((i * folds.length) / most)]);
  return fitLinear(learning, used, metric);
}

/**
 * The constant for so many rows; for classes clipped like the predictions of networks, so that log loss
 * bounds all alike.
 */
function constantFor(data: Dataset, rows: Int32Array, count: number): Floats {
  const means = constantOf(data, rows);
  const all = Float64Array.from({ length: count * data.outputs }, (_, at) => means[at % data.outputs]);
  return data.task === "regression" ? all : Float32Array.from(all);
}

/** All rows except the test rows and those of `validationData`. */
function fittedRows({ rows, trainRows = rows }: Dataset, test: Int32Array): Int32Array {
  const isTest = new Set(test);
  return Int32Array.from({ length: trainRows }, (_, row) => row).filter((row) => !isTest.has(row));
}

/** The metrics of a model's scores; custom ones come from the options. */
function metricsOf(
  test: Readonly<Record<string, number>>,
  { metric, cost }: Pick<BaselineOptions<Space>, "metric" | "cost">,
): Metric[] {
  const own = [...oneOrSeveralMetrics("metric", metric), ...(cost ? [costMetric(cost)] : [])];
  const metrics = Object.keys(test).flatMap(
    (name) => own.find((each) => each.name === name) ?? findMetric(name) ?? [],
  );
  return metrics.filter((each) => !isOfMoments(each));
}

const largest = (rows: Int32Array): number => rows.reduce((most, row) => Math.max(most, row), 0);

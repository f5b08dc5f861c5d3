/**
 * Models that need no tuning, on the features that a pipeline makes of a table: a *linear model*, logistic or
 * ridge regression whose penalty is chosen on folds, and a *constant*, the shares of the classes or the mean
 * of the target. `compare.ts` compares them.
 */
import type { Dataset } from "../../data/dataset.js";
import { takeRows } from "../../data/matrix.js";
import type { PipelineOptions } from "../../data/pipeline/options.js";
import { featureNames, featuresOf, fitPipeline } from "../../data/pipeline/pipeline.js";
import { restored, type TargetTransform } from "../../data/pipeline/target.js";
import type { FoldRows } from "../../data/split/splitter.js";
import { lossWeights, type RowWeights } from "../../data/weights.js";
import { decided } from "../../metrics/decided.js";
import type { Predicted } from "../../metrics/intervals/index.js";
import type { Metric } from "../../metrics/metric.js";
import type { Floats } from "../../ndarray.js";
import { type LinearModel, linearFits, predictLinear } from "./linear.js";

/** What models learn from. */
export interface Learning {
  readonly data: Dataset;
  readonly pipeline: PipelineOptions;
  readonly weights: RowWeights;
}

/** A linear model of some rows. */
export interface Fitted {
  readonly model: LinearModel;
  /** The mean loss of the rows, without the penalty. */
  readonly loss: number;
  /** Converts its predictions, in the units that networks learn, to the units of the target. */
  readonly target: TargetTransform;
  /** [rows, outputs] for row ids, in the units that networks learn */
  predict(ids: Int32Array): Float64Array;
}

/** The linear model with the best penalty on some folds. */
export interface Linear {
  readonly penalty: number;
  /** Fitted to the training rows of each of those folds. */
  readonly ofFolds: readonly Fitted[];
  /** Fitted to other rows. */
  fit(rows: Int32Array): Fitted;
}

/** From the strongest, for standardized features and a mean loss. */
export const PENALTIES = [1, 0.1, 0.01, 1e-3, 1e-4, 1e-6, 1e-8, 1e-10, 1e-12];
/**
 * Once the training rows of every fold have less log loss, a weaker penalty only makes probabilities more
 * extreme.
 */
const APART = 1e-3;

/** The size of a linear model: rows × features × outputs. */
export const numbersOf = ({ data, pipeline }: Learning, rows: number): number =>
  rows * featureNames(data, pipeline).length * data.outputs;

/**
 * Chooses the penalty by a metric on the validation rows of all folds, end to end.
 *
 * @param penalties - from the strongest
 */
export function fitLinear(
  learning: Learning,
  folds: readonly FoldRows[],
  metric: Metric,
  penalties: readonly number[] = PENALTIES,
): Linear {
  const { data } = learning;
  const fits = folds.map(({ train }) => fittedTo(learning, train));
  const held = Int32Array.from(folds.flatMap(({ validation }) => [...validation]));
  let best: { penalty: number; score: number; models: readonly Fitted[] } | undefined;
  for (const penalty of penalties) {
    const models = fits.map((fitted) => fitted(penalty));
    const predictions = models.flatMap((model, i) => [...inUnits(data, model, folds[i].validation)]);
    const { yTrue, yPred, outputs, weights } = predicted(data, held, Float64Array.from(predictions));
    const isOfTwo = metric.decides && outputs === 1 && data.task === "classification";
    const value = metric.compute(yTrue, isOfTwo ? decided(yPred, 0.5) : yPred, outputs, weights);
    const score = metric.direction === "maximize" ? -value : value;
    if (!best || score < best.score) best = { penalty, score, models };
    if (data.task === "classification" && models.every(({ loss }) => loss < APART)) break;
  }
  const { penalty, models } = best as { penalty: number; models: readonly Fitted[] };
  return { penalty, ofFolds: models, fit: (rows) => fittedTo(learning, rows)(penalty) };
}

/** Linear models of some rows, by penalty. */
function fittedTo(
  { data, pipeline, weights: given }: Learning,
  rows: Int32Array,
): (penalty: number) => Fitted {
  const { task, outputs } = data;
  const { pipeline: learnt, x, y } = fitPipeline(data, { ...pipeline, rows });
  const weights = lossWeights(given, data, rows, rows);
  const fitted = linearFits({ task, x, y, outputs, ...(weights && { weights }) });
  return (penalty) => {
    const fit = fitted(penalty);
    return {
      ...fit,
      target: learnt.target,
      predict: (ids) => predictLinear(fit.model, featuresOf(learnt, data, ids)),
    };
  };
}

/**
 * The predictions of a linear model in the units of the target; probabilities clipped like those of networks,
 * so that log loss bounds all alike.
 */
export function inUnits({ task }: Dataset, { predict, target }: Fitted, ids: Int32Array): Floats {
  const predictions = predict(ids);
  return task === "regression" ? restored(target, predictions) : Float32Array.from(predictions);
}

/** The shares of the classes among some rows, or the means of the targets: [outputs]. */
export function constantOf({ y, outputs, sampleWeight }: Dataset, rows: Int32Array): Float64Array {
  const means = new Float64Array(outputs);
  let total = 0;
  for (const row of rows) {
    const weight = sampleWeight?.[row] ?? 1;
    total += weight;
    for (let k = 0; k < outputs; k++) means[k] += weight * y[row * outputs + k];
  }
  return means.map((sum) => sum / total);
}

/** Predictions for some rows, with their targets. */
export function predicted({ y, outputs, sampleWeight }: Dataset, rows: Int32Array, yPred: Floats): Predicted {
  return {
    yTrue: takeRows(y, outputs, rows),
    yPred,
    outputs,
    ...(sampleWeight && { weights: takeRows(sampleWeight, 1, rows) }),
  };
}

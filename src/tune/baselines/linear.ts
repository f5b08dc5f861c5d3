/**
 * Linear models in float64: ridge regression, and logistic regression of two or more classes with a ridge penalty. They are what a network
 * is held against, and the same to the bit everywhere; they are not for use beyond that.
 *
 * A. Hoerl and R. Kennard, "Ridge regression", Technometrics 12, 1970; S. le Cessie and J. van Houwelingen, "Ridge estimators in logistic
 * regression", Applied Statistics 41, 1992.
 */
import type { Task } from "../../data/dataset.js";
import type { Floats } from "../../ndarray.js";
import { type LbfgsOptions, minimize } from "../../numerics/lbfgs.js";
import { exp, log, sigmoid, softplus } from "../../numerics/special.js";

/** What a linear model is fitted to. */
export interface LinearRows {
  readonly task: Task;
  /** [rows, features] */
  readonly x: Floats;
  /** [rows, outputs]: quantities; 0 or 1 for two classes; one-hot for more */
  readonly y: Floats;
  readonly outputs: number;
  /** [rows], with a mean of 1: how much each counts; left out, every row counts the same. */
  readonly weights?: Floats;
}

/** A linear model of standardized features. */
export interface LinearModel {
  readonly task: Task;
  readonly outputs: number;
  /** [features] each */
  readonly center: Float64Array;
  readonly scale: Float64Array;
  /** [features + 1, outputs]; the last row are the intercepts. */
  readonly coefficients: Float64Array;
}

/** How near to the optimum a fit ends. */
export type Precision = Pick<LbfgsOptions, "maxEvaluations" | "gradientTolerance" | "valueTolerance">;

/** Near enough for scores: a fit ends with a step that lowers the mean loss by less than a millionth. */
const SCORED: Precision = { maxEvaluations: 100, gradientTolerance: 1e-5, valueTolerance: 1e-6 };

/**
 * Fits a model for each penalty: the least of the mean loss (log loss, or half the squared error) plus penalty / 2 times the sum of the
 * squared coefficients of the standardized features, intercepts left out. scikit-learn's `C` is 1 / (penalty · rows), its `alpha`
 * penalty · rows.
 *
 * @param penalties - above 0; each begins where the one before it ended, so the largest comes first
 * @param precision - one that is not full acts as a stronger penalty, so what is chosen among should be fitted alike
 */
export function fitLinear(
  given: LinearRows,
  penalties: readonly number[],
  precision: Precision = SCORED,
): LinearModel[] {
  const { task, x, y, outputs, weights } = given;
  const rows = y.length / outputs;
  const features = x.length / rows;
  const { center, scale } = standardsOf(x, rows, features);
  const standard = Float64Array.from(
    x,
    (value, at) => (value - center[at % features]) / scale[at % features],
  );
  const penalized = features * outputs;
  const scores = new Float64Array(outputs);
  const lossWith =
    (penalty: number) =>
    (coefficients: Float64Array, gradient: Float64Array): number => {
      gradient.fill(0);
      let loss = 0;
      for (let i = 0; i < rows; i++) {
        const weight = (weights?.[i] ?? 1) / rows;
        scoreRow(standard, i * features, features, coefficients, scores);
        loss += weight * toResiduals(task, scores, y, i * outputs);
        for (let k = 0; k < outputs; k++) scores[k] *= weight;
        for (let j = 0, at = 0; j < features; j++) {
          const value = standard[i * features + j];
          for (let k = 0; k < outputs; k++, at++) gradient[at] += value * scores[k];
        }
        for (let k = 0; k < outputs; k++) gradient[penalized + k] += scores[k];
      }
      for (let at = 0; at < penalized; at++) {
        loss += (penalty / 2) * coefficients[at] * coefficients[at];
        gradient[at] += penalty * coefficients[at];
      }
      return loss;
    };
  let coefficients = new Float64Array(penalized + outputs);
  const box = {
    lower: new Float64Array(coefficients.length).fill(Number.NEGATIVE_INFINITY),
    upper: new Float64Array(coefficients.length).fill(Number.POSITIVE_INFINITY),
    ...precision,
  };
  return penalties.map((penalty) => {
    coefficients = new Float64Array(minimize(lossWith(penalty), coefficients, box).x);
    return { task, outputs, center, scale, coefficients };
  });
}

/** Predictions, [rows, outputs]: quantities, the probability of the second of two classes, or that of each of more. */
export function predictLinear(model: LinearModel, x: Floats): Float64Array {
  const { task, outputs, center, scale, coefficients } = model;
  const features = center.length;
  const rows = x.length / features;
  const row = new Float64Array(features);
  const predictions = new Float64Array(rows * outputs);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < features; j++) row[j] = (x[i * features + j] - center[j]) / scale[j];
    const scores = predictions.subarray(i * outputs, (i + 1) * outputs);
    scoreRow(row, 0, features, coefficients, scores);
    if (task === "classification") toProbabilities(scores);
  }
  return predictions;
}

/** Means and standard deviations of features; 1 for one that is constant up to rounding to float32. */
function standardsOf(
  x: Floats,
  rows: number,
  features: number,
): Readonly<Record<"center" | "scale", Float64Array>> {
  const center = new Float64Array(features);
  const scale = new Float64Array(features);
  for (let j = 0; j < features; j++) {
    for (let i = 0; i < rows; i++) center[j] += x[i * features + j] / rows;
    for (let i = 0; i < rows; i++) {
      const apart = x[i * features + j] - center[j];
      scale[j] += (apart * apart) / rows;
    }
    scale[j] = Math.sqrt(scale[j]);
    if (!(scale[j] > 1e-6 * Math.abs(center[j]))) scale[j] = 1;
  }
  return { center, scale };
}

/** The scores of one row, from its place in `x`: the sum of its features times the coefficients of each output. */
function scoreRow(
  x: Float64Array,
  from: number,
  features: number,
  coefficients: Float64Array,
  scores: Float64Array,
): void {
  const outputs = scores.length;
  for (let k = 0; k < outputs; k++) scores[k] = coefficients[features * outputs + k];
  for (let j = 0, at = 0; j < features; j++) {
    const value = x[from + j];
    for (let k = 0; k < outputs; k++, at++) scores[k] += value * coefficients[at];
  }
}

/** The loss of one row; its scores become the derivatives of the loss by them. */
function toResiduals(task: Task, scores: Float64Array, y: Floats, from: number): number {
  const outputs = scores.length;
  let loss = 0;
  if (task === "classification") {
    if (outputs === 1) loss = softplus(scores[0]);
    else {
      const most = Math.max(...scores);
      loss = most + log(scores.reduce((sum, score) => sum + exp(score - most), 0));
    }
    for (let k = 0; k < outputs; k++) loss -= y[from + k] * scores[k];
    toProbabilities(scores);
    for (let k = 0; k < outputs; k++) scores[k] -= y[from + k];
    return loss;
  }
  for (let k = 0; k < outputs; k++) {
    scores[k] -= y[from + k];
    loss += (scores[k] * scores[k]) / 2;
  }
  return loss;
}

function toProbabilities(scores: Float64Array): void {
  if (scores.length === 1) {
    scores[0] = sigmoid(scores[0]);
    return;
  }
  const most = Math.max(...scores);
  let sum = 0;
  for (let k = 0; k < scores.length; k++) {
    scores[k] = exp(scores[k] - most);
    sum += scores[k];
  }
  for (let k = 0; k < scores.length; k++) scores[k] /= sum;
}

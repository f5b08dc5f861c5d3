/**
 * Linear models in float64: ridge regression, and logistic regression of two or more classes with a ridge
 * penalty. They serve only as a comparison for networks, and are the same everywhere, bit for bit. This file
 * defines the loss; `leastLoss.ts` minimizes it.
 *
 * A. Hoerl and R. Kennard, "Ridge regression", Technometrics 12, 1970; S. le Cessie and J. van Houwelingen,
 * "Ridge estimators in logistic regression", Applied Statistics 41, 1992.
 */
import type { Task } from "../../data/dataset.js";
import type { Floats } from "../../ndarray.js";
import { cholesky, packedSize, solveUpper } from "../../numerics/linalg.js";
import { add, dot, lossMinimizer, MOST_FACTORED, toProbabilities } from "./leastLoss.js";

/** What a linear model is fitted to. */
export interface LinearRows {
  readonly task: Task;
  /** [rows, features] */
  readonly x: Floats;
  /** [rows, outputs]: quantities; 0 or 1 for two classes; one-hot for more */
  readonly y: Floats;
  readonly outputs: number;
  /** [rows], not all 0: how much each counts; a row of weight 2 counts as two rows. Default: all equally. */
  readonly weights?: Floats;
}

/** A linear model of standardized features. */
export interface LinearModel {
  readonly task: Task;
  readonly outputs: number;
  /** [features] each */
  readonly center: Float64Array;
  readonly scale: Float64Array;
  /** [outputs, features] */
  readonly coefficients: Float64Array;
  /** [outputs] */
  readonly intercepts: Float64Array;
}

/** A model of some rows. */
export interface LinearFit {
  readonly model: LinearModel;
  /** The mean loss of the rows, without the penalty. */
  readonly loss: number;
}

/**
 * Models of some rows by penalty. They minimize the mean loss (log loss, or half the squared error of
 * standardized targets) plus penalty / 2 times the sum of the squared coefficients of the standardized
 * features, without the intercepts. scikit-learn's `C` is 1 / (penalty · Σ weights), its `alpha` penalty · Σ
 * weights.
 *
 * @returns a function of a penalty above 0; each fit starts where the last one ended, so descending penalties
 * are fastest
 */
export function linearFits({ task, x, y, outputs, weights }: LinearRows): (penalty: number) => LinearFit {
  const rows = y.length / outputs;
  const shares = new Float64Array(rows).fill(1 / rows);
  if (weights) {
    let total = 0;
    for (const weight of weights) total += weight;
    for (let i = 0; i < rows; i++) shares[i] = weights[i] / total;
  }
  const { center, scale } = standardsOf(x, shares);
  const targets =
    task === "regression"
      ? standardsOf(y, shares)
      : { center: new Float64Array(outputs), scale: new Float64Array(outputs).fill(1) };
  const { z, width, restore } = coordinatesOf(standardized(x, { center, scale }), rows);
  const leastWith = lossMinimizer({ task, outputs, shares, z, width, y: standardized(y, targets) });
  return (penalty) => {
    const { beta, loss } = leastWith(penalty);
    const coefficients = new Float64Array(outputs * center.length);
    const intercepts = new Float64Array(outputs);
    for (let k = 0; k < outputs; k++) {
      const own = restore(beta.slice(k * width, (k + 1) * width - 1));
      add(coefficients, k * center.length, targets.scale[k], own, 0, center.length);
      intercepts[k] = beta[(k + 1) * width - 1] * targets.scale[k] + targets.center[k];
    }
    return { model: { task, outputs, center, scale, coefficients, intercepts }, loss };
  };
}

/**
 * Predictions, [rows, outputs]: quantities, the probability of the second of two classes, or one per class.
 */
export function predictLinear(model: LinearModel, x: Floats): Float64Array {
  const { task, outputs, center, coefficients, intercepts } = model;
  const features = center.length;
  const standard = standardized(x, model);
  const predictions = new Float64Array((x.length / features) * outputs);
  for (let at = 0, row = 0; at < predictions.length; at += outputs, row += features) {
    const scores = predictions.subarray(at, at + outputs);
    for (let k = 0; k < outputs; k++)
      scores[k] = intercepts[k] + dot(coefficients, k * features, standard, row, features);
    if (task === "classification") toProbabilities(scores);
  }
  return predictions;
}

/** [columns] each. */
type Standards = Pick<LinearModel, "center" | "scale">;

/**
 * Means and standard deviations of columns, weighted by the shares of rows; a deviation of 1 for a column
 * that is constant up to rounding to float32.
 */
function standardsOf(x: Floats, shares: Float64Array): Standards {
  const rows = shares.length;
  const columns = x.length / rows;
  const center = new Float64Array(columns);
  const scale = new Float64Array(columns);
  for (let i = 0, at = 0; i < rows; i++)
    for (let j = 0; j < columns; j++, at++) center[j] += shares[i] * x[at];
  for (let i = 0, at = 0; i < rows; i++)
    for (let j = 0; j < columns; j++, at++) scale[j] += shares[i] * (x[at] - center[j]) * (x[at] - center[j]);
  for (let j = 0; j < columns; j++) {
    scale[j] = Math.sqrt(scale[j]);
    if (!(scale[j] > 1e-7 * Math.abs(center[j]))) scale[j] = 1;
  }
  return { center, scale };
}

function standardized(x: Floats, { center, scale }: Standards): Float64Array {
  const columns = center.length;
  const standard = new Float64Array(x.length);
  for (let at = 0; at < x.length; )
    for (let j = 0; j < columns; j++, at++) standard[at] = (x[at] - center[j]) / scale[j];
  return standard;
}

/** Rows in other coordinates, with a last column of 1, and the inverse for coefficients. */
interface Coordinates {
  /** [rows, width] */
  readonly z: Float64Array;
  readonly width: number;
  /** [width − 1], which it may overwrite → [features] */
  restore(coefficients: Float64Array): Float64Array;
}

/**
 * The features; or as many coordinates as rows, if there are more features: the minimum is in the span of the
 * rows. With A = R·Rᵀ the products of rows, row i of R is row i in an orthonormal basis of that space, so the
 * penalty is the same.
 */
function coordinatesOf(standard: Float64Array, rows: number): Coordinates {
  const features = standard.length / rows;
  if (features <= rows || rows > MOST_FACTORED)
    return {
      ...withOnes(rows, features, (i) => standard.subarray(i * features, (i + 1) * features)),
      restore: (coefficients) => coefficients,
    };
  const r = new Float64Array(packedSize(rows));
  let most = 0;
  for (let i = 0, at = 0; i < rows; i++) {
    for (let j = 0; j <= i; j++, at++) r[at] = dot(standard, i * features, standard, j * features, features);
    most = Math.max(most, r[at - 1]);
  }
  // linearly dependent rows have pivots of 0
  for (let i = 0, at = 0; i < rows; i++, at += i + 1) r[at] += most > 0 ? 1e-14 * most : 1;
  cholesky(r, rows);
  return {
    ...withOnes(rows, rows, (i) => r.subarray(packedSize(i), packedSize(i + 1))),
    restore(coefficients) {
      solveUpper(r, rows, coefficients);
      const all = new Float64Array(features);
      for (let i = 0; i < rows; i++) add(all, 0, coefficients[i], standard, i * features, features);
      return all;
    },
  };
}

/** @param row - numbers of a row, at most `columns`; the rest are 0 */
function withOnes(
  rows: number,
  columns: number,
  row: (i: number) => Float64Array,
): Pick<Coordinates, "z" | "width"> {
  const width = columns + 1;
  const z = new Float64Array(rows * width);
  for (let i = 0; i < rows; i++) {
    z.set(row(i), i * width);
    z[i * width + columns] = 1;
  }
  return { z, width };
}

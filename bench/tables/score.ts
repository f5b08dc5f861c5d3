/** Scores predictions of test rows, the same way for every contestant. */
import { check, show } from "../../src/errors.js";

/** What a contestant predicts for the test rows, in their order. */
export type Predictions =
  | {
      readonly classes: readonly string[];
      /** [rows, classes] */
      readonly probabilities: readonly (readonly number[])[];
    }
  | { readonly values: readonly number[] };

/** Of the test rows. */
export type Scores =
  | { readonly logLoss: number; readonly accuracy: number }
  | { readonly rmse: number; readonly r2: number };

/** A probability is taken as at least this, as scikit-learn's log loss long did: none is infinitely wrong. */
const LEAST = 1e-15;

const mean = (values: readonly number[]): number => values.reduce((sum, x) => sum + x, 0) / values.length;

/** @param truth - the target's cells of the test rows */
export function scoresOf(predictions: Predictions, truth: readonly string[]): Scores {
  const rows = "values" in predictions ? predictions.values : predictions.probabilities;
  check(
    rows.length === truth.length,
    () => `there must be ${truth.length} predictions, one for each test row; received ${rows.length}`,
  );
  if ("values" in predictions) return regression(predictions.values, truth.map(Number));
  const { classes, probabilities } = predictions;
  const labels = truth.map((name) => classes.indexOf(name));
  const unknown = labels.indexOf(-1);
  check(unknown < 0, () => `a class of the test rows was not learnt: ${show(truth[unknown])}`);
  const sums = probabilities.map((row) => row.reduce((sum, p) => sum + p, 0));
  return {
    logLoss: mean(labels.map((label, i) => -Math.log(Math.max(LEAST, probabilities[i][label] / sums[i])))),
    accuracy: mean(labels.map((label, i) => Number(label === highest(probabilities[i])))),
  };
}

/** The first of the highest. */
function highest(row: readonly number[]): number {
  return row.indexOf(Math.max(...row));
}

function regression(values: readonly number[], truth: readonly number[]): Scores {
  const middle = mean(truth);
  const error = mean(values.map((value, i) => (value - truth[i]) ** 2));
  return { rmse: Math.sqrt(error), r2: 1 - error / mean(truth.map((y) => (y - middle) ** 2)) };
}

/** By which contestants are ranked: log loss, or the root of the mean squared error. */
export function lossOf(scores: Scores): number {
  return "rmse" in scores ? scores.rmse : scores.logLoss;
}

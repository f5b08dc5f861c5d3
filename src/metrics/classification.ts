/**
 * Metrics of classes, as scikit-learn defines them. They read probabilities as
 * a model gives them, not class names; averages over classes are unweighted ("macro").
 */
import type { Floats } from "../ndarray.js";
import { log } from "../numerics/special.js";
import type { Metric } from "./metric.js";

/** Probabilities are kept this far from 0 and 1 under a logarithm: 2⁻²³, the epsilon of float32. */
const EPSILON = 2 ** -23;

export const classificationMetrics = {
  accuracy: classMetric("accuracy", "maximize", (truth, prediction, outputs) => {
    const counts = countConfusion(truth, prediction, outputs);
    return counts.reduce((correct, row, label) => correct + row[label], 0) / (truth.length / outputs);
  }),
  precision: classMetric(
    "precision",
    "maximize",
    averaged(({ hits, predicted }) => ratio(hits, predicted)),
  ),
  recall: classMetric(
    "recall",
    "maximize",
    averaged(({ hits, actual }) => ratio(hits, actual)),
  ),
  f1: classMetric(
    "f1",
    "maximize",
    averaged(({ hits, predicted, actual }) => ratio(2 * hits, predicted + actual)),
  ),
  rocAuc: classMetric("rocAuc", "maximize", averageAuc),
  logLoss: classMetric("logLoss", "minimize", averageLogLoss),
};

/**
 * How many rows of each true class were predicted as each class.
 *
 * @param truth - `[rows, outputs]`, as {@link Metric}
 * @param prediction - `[rows, outputs]`, free of NaN
 * @returns `[true class][predicted class]`; with one output the classes are 0 and 1
 */
export function countConfusion(truth: Floats, prediction: Floats, outputs: number): number[][] {
  const classes = outputs === 1 ? 2 : outputs;
  const counts = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
  for (let start = 0; start < truth.length; start += outputs) {
    counts[classAt(truth, start, outputs)][classAt(prediction, start, outputs)]++;
  }
  return counts;
}

function classMetric(name: string, direction: Metric["direction"], compute: Metric["compute"]): Metric {
  return {
    name,
    direction,
    tasks: ["classification"],
    compute: (truth, prediction, outputs) =>
      prediction.some(Number.isNaN) ? NaN : compute(truth, prediction, outputs),
  };
}

/** Class 1 above a probability of ½ (½ itself is class 0); of several, the first with the highest. */
function classAt(values: Floats, start: number, outputs: number): number {
  if (outputs === 1) return values[start] > 0.5 ? 1 : 0;
  let best = 0;
  for (let j = 1; j < outputs; j++) if (values[start + j] > values[start + best]) best = j;
  return best;
}

interface ClassCounts {
  /** Rows of this class predicted as it. */
  readonly hits: number;
  /** Rows predicted as it. */
  readonly predicted: number;
  /** Rows of it. */
  readonly actual: number;
}

/** Of two classes, the score of class 1; of several, the mean over those that occur in truth or prediction. */
function averaged(score: (counts: ClassCounts) => number): Metric["compute"] {
  return (truth, prediction, outputs) => {
    const counts = countConfusion(truth, prediction, outputs);
    const classes = counts.map((row, label) => ({
      hits: row[label],
      predicted: counts.reduce((sum, other) => sum + other[label], 0),
      actual: row.reduce((sum, count) => sum + count, 0),
    }));
    const scored =
      outputs === 1 ? [classes[1]] : classes.filter(({ predicted, actual }) => predicted + actual > 0);
    return mean(scored.map(score));
  };
}

/** With division by zero giving 0. */
const ratio = (part: number, whole: number): number => (whole === 0 ? 0 : part / whole);

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** Of two classes, their area; of several, the mean over classes against the rest, without those whose area is undefined. */
function averageAuc(truth: Floats, prediction: Floats, outputs: number): number {
  const areas = Array.from({ length: outputs }, (_, j) => areaUnderCurve(truth, prediction, outputs, j));
  return mean(areas.filter((area) => !Number.isNaN(area)));
}

/**
 * Area under the ROC curve of one output, through the rank sum of the positives (Mann and Whitney 1947):
 * (R − p(p + 1)/2) / (p·n), tied scores sharing their mean rank. NaN unless both classes occur.
 */
function areaUnderCurve(truth: Floats, prediction: Floats, outputs: number, output: number): number {
  const rows = truth.length / outputs;
  const score = (row: number): number => prediction[row * outputs + output];
  const order = Int32Array.from({ length: rows }, (_, row) => row).sort((a, b) => score(a) - score(b));
  let positives = 0;
  let rankSum = 0;
  for (let start = 0, end = 0; start < rows; start = end) {
    let tiedPositives = 0;
    for (end = start; end < rows && score(order[end]) === score(order[start]); end++) {
      if (truth[order[end] * outputs + output] === 1) tiedPositives++;
    }
    positives += tiedPositives;
    rankSum += (tiedPositives * (start + 1 + end)) / 2; // ranks start + 1 … end share their mean
  }
  return (rankSum - (positives * (positives + 1)) / 2) / (positives * (rows - positives));
}

/** −Σ log(probability given to the true class) / rows. */
function averageLogLoss(truth: Floats, prediction: Floats, outputs: number): number {
  let sum = 0;
  for (let k = 0; k < truth.length; k++) {
    if (truth[k] === 1) sum -= log(clip(prediction[k]));
    else if (outputs === 1) sum -= log(1 - clip(prediction[k]));
  }
  return sum / (truth.length / outputs);
}

const clip = (probability: number): number => Math.min(Math.max(probability, EPSILON), 1 - EPSILON);

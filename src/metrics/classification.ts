/**
 * Metrics of classes, as scikit-learn defines them. They read probabilities as
 * a model gives them, not class names; averages over classes are unweighted ("macro").
 * Every export is a metric of the namespace `metrics`.
 */
import type { Floats } from "../ndarray.js";
import { log } from "../numerics/special.js";
import { countConfusion } from "./confusion.js";
import { classMetric, probabilityMetric, weighing } from "./define.js";
import type { Metric } from "./metric.js";

/**
 * Share of rows whose predicted class is the true one.
 *
 * The metrics of classes accept three forms of arrays, `rocAuc` and `logLoss` the first two:
 * - two classes: 0 or 1 in `yTrue`, the probability of class 1 in `yPred` (class 1 is predicted above 0.5);
 * - several classes: one-hot rows or class ids in `yTrue`, a row with the probability of each class in `yPred`
 *   (the first of the most probable is predicted);
 * - class ids (0, 1, 2, …, below 1,000) in both.
 *
 * @param yTrue - `[rows]` or `[rows, classes]`
 * @param yPred - `[rows]` or `[rows, classes]`; a NaN makes the score NaN
 * @returns from 0 to 1
 * @throws FettleError `invalid_shape` if the shapes do not match; `invalid_data` for elements that fit none of the forms
 * @example
 * ```ts
 * metrics.accuracy([0, 1, 1], [0.2, 0.9, 0.4]); // 2 / 3
 * metrics.accuracy([0, 2], [[0.8, 0.1, 0.1], [0.2, 0.5, 0.3]]); // 1 / 2
 * ```
 * @see scikit-learn, `accuracy_score`
 */
export const accuracy = classMetric({
  name: "accuracy",
  aliases: ["acc", "accuracy_score", "Accuracy"],
  direction: "maximize",
  compute(yTrue, yPred, outputs, weights) {
    const counts = countConfusion(yTrue, yPred, outputs, weights);
    const all = counts.flat().reduce((sum, count) => sum + count, 0);
    return counts.reduce((correct, row, label) => correct + row[label], 0) / all;
  },
});

/**
 * Share of the rows predicted as a class that belong to it: of class 1, or with several classes the mean over those
 * that occur. 0 where nothing is predicted as the class.
 *
 * @param yTrue - as {@link accuracy}
 * @param yPred - as {@link accuracy}
 * @returns from 0 to 1
 * @throws FettleError as {@link accuracy}
 * @example
 * ```ts
 * metrics.precision([0, 1, 1], [0.7, 0.9, 0.4]); // 1 / 2
 * ```
 * @see scikit-learn, `precision_score`, with `average="macro"` for several classes
 */
export const precision = classMetric({
  name: "precision",
  aliases: ["precision_score", "Precision"],
  direction: "maximize",
  compute: averaged(({ hits, predicted }) => ratio(hits, predicted)),
});

/**
 * Share of the rows of a class that are predicted as that class: of class 1, or with several classes the mean over those
 * that occur. 0 where the class has no row.
 *
 * @param yTrue - as {@link accuracy}
 * @param yPred - as {@link accuracy}
 * @returns from 0 to 1
 * @throws FettleError as {@link accuracy}
 * @example
 * ```ts
 * metrics.recall([0, 1, 1], [0.7, 0.9, 0.4]); // 1 / 2
 * ```
 * @see scikit-learn, `recall_score`, with `average="macro"` for several classes
 */
export const recall = classMetric({
  name: "recall",
  aliases: ["recall_score", "Recall"],
  direction: "maximize",
  compute: averaged(({ hits, actual }) => ratio(hits, actual)),
});

/**
 * Harmonic mean of precision and recall, 2·hits / (predicted + actual): of class 1, or with several classes the mean
 * over those that occur. 0 where there are no hits.
 *
 * @param yTrue - as {@link accuracy}
 * @param yPred - as {@link accuracy}
 * @returns from 0 to 1
 * @throws FettleError as {@link accuracy}
 * @example
 * ```ts
 * metrics.f1([0, 1, 1], [0.2, 0.9, 0.4]); // 2 / 3
 * ```
 * @see scikit-learn, `f1_score`, with `average="macro"` for several classes
 */
export const f1 = classMetric({
  name: "f1",
  aliases: ["f1Score", "f1_score", "F1Score"],
  direction: "maximize",
  compute: averaged(({ hits, predicted, actual }) => ratio(2 * hits, predicted + actual)),
});

/**
 * Area under the ROC curve: the chance that a row of class 1 gets a higher probability than one of class 0, a tie
 * counting half. With several classes, the mean of the areas of each against the rest, without classes that have no row or all;
 * NaN where no area is defined.
 *
 * @param yTrue - as {@link accuracy}
 * @param yPred - as {@link accuracy}; for two classes any score that rises with the chance of class 1
 * @returns from 0 to 1
 * @throws FettleError as {@link accuracy}
 * @example
 * ```ts
 * metrics.rocAuc([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8]); // 0.75
 * ```
 * @see scikit-learn, `roc_auc_score`, with `multi_class="ovr"`
 */
export const rocAuc = probabilityMetric({
  name: "rocAuc",
  aliases: ["auc", "AUC", "roc_auc", "roc_auc_score"],
  direction: "maximize",
  compute: averageAuc,
});

/**
 * Mean of −log of the probability given to the true class. Probabilities are first kept within 2⁻²³ of 0 and 1,
 * as scikit-learn does in float32, so that one wrong prediction made with certainty does not make the score infinite.
 *
 * @param yTrue - as {@link accuracy}
 * @param yPred - as {@link accuracy}; rows of several classes must sum to 1 and are not normalised
 * @returns from 0 up, in nats
 * @throws FettleError as {@link accuracy}
 * @example
 * ```ts
 * metrics.logLoss([1, 0, 0, 1], [0.9, 0.1, 0.2, 0.65]); // 0.21616...
 * ```
 * @see scikit-learn, `log_loss`
 */
export const logLoss = probabilityMetric({
  name: "logLoss",
  aliases: ["log_loss"],
  direction: "minimize",
  compute: averageLogLoss,
});

interface ClassCounts {
  /** Rows of the class that are predicted as it: true positives. */
  readonly hits: number;
  /** Rows predicted as the class. */
  readonly predicted: number;
  /** Rows of the class. */
  readonly actual: number;
}

/** Of two classes, the score of class 1; of several, the mean over those that occur in truth or prediction. */
function averaged(score: (counts: ClassCounts) => number): Metric["compute"] {
  return (yTrue, yPred, outputs, weights) => {
    const counts = countConfusion(yTrue, yPred, outputs, weights);
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

/** A division in which 0 / 0 is 0. */
function ratio(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Of two classes, their area; of several, the mean over classes against the rest, without undefined areas. */
function averageAuc(yTrue: Floats, yPred: Floats, outputs: number, weights?: Floats): number {
  const weightOf = weighing(weights);
  const areas = Array.from({ length: outputs }, (_, j) => areaUnderCurve(yTrue, yPred, outputs, j, weightOf));
  return mean(areas.filter((area) => !Number.isNaN(area)));
}

/**
 * Area under the ROC curve of one output: the share of pairs of a positive and a negative that the scores order rightly, ties
 * counting half (Mann and Whitney 1947). NaN unless both classes occur.
 */
function areaUnderCurve(
  yTrue: Floats,
  yPred: Floats,
  outputs: number,
  output: number,
  weightOf: (row: number) => number,
): number {
  const rows = yTrue.length / outputs;
  const score = (row: number): number => yPred[row * outputs + output];
  const order = Int32Array.from({ length: rows }, (_, row) => row).sort((a, b) => score(a) - score(b));
  let positives = 0;
  let negatives = 0;
  let ordered = 0;
  for (let start = 0, end = 0; start < rows; start = end) {
    let tied = 0; // positives
    let others = 0;
    for (end = start; end < rows && score(order[end]) === score(order[start]); end++) {
      if (yTrue[order[end] * outputs + output] === 1) tied += weightOf(order[end]);
      else others += weightOf(order[end]);
    }
    ordered += tied * (negatives + others / 2);
    positives += tied;
    negatives += others;
  }
  return ordered / (positives * negatives);
}

/** −Σ log(probability given to the true class) / rows. */
function averageLogLoss(yTrue: Floats, yPred: Floats, outputs: number, weights?: Floats): number {
  // Probabilities are kept this far from 0 and 1: 2⁻²³, the epsilon of float32.
  const epsilon = 2 ** -23;
  const clip = (probability: number): number => Math.min(Math.max(probability, epsilon), 1 - epsilon);
  const weightOf = weighing(weights);
  let sum = 0;
  let all = 0;
  for (let k = 0; k < yTrue.length; k++) {
    const weight = weightOf(Math.floor(k / outputs));
    if (k % outputs === 0) all += weight;
    if (yTrue[k] === 1) sum -= weight * log(clip(yPred[k]));
    else if (outputs === 1) sum -= weight * log(1 - clip(yPred[k]));
  }
  return sum / all;
}

/**
 * Metrics of predicted classes, as scikit-learn defines them. They read the probabilities of a model, not
 * class names. Every export is a metric of the namespace `metrics`.
 */
import { countConfusion } from "./confusion.js";
import {
  AVERAGES,
  type AverageOptions,
  averaged,
  countClasses,
  countLabels,
  disagreement,
  fScore,
  ratio,
  total,
} from "./counts.js";
import { classMetric, LABELS, type LabelOptions, weighing } from "./define.js";
import type { Metric } from "./metric.js";

/**
 * Share of rows whose predicted class is correct; with `multiLabel`, of rows with every label correct.
 *
 * The metrics of classes accept three forms of arrays, those that need probabilities the first two:
 * - two classes: 0 or 1 in `yTrue`, the probability of class 1 in `yPred` (class 1 is predicted above 0.5);
 * - several classes: one-hot rows or class ids in `yTrue`, a row with the probability of each class in
 *   `yPred`
 *   (the first of the most probable is predicted);
 * - class ids (0, 1, 2, …, below 1,000) in both.
 *
 * With `multiLabel: true`, where a metric has it, rows hold 0 or 1 for each of several labels, and a
 * probability of each.
 *
 * @param yTrue - `[rows]` or `[rows, classes]`
 * @param yPred - `[rows]` or `[rows, classes]`; a NaN makes the score NaN
 * @returns from 0 to 1
 * @throws FettleError `invalid_shape` if the shapes do not match; `invalid_data` for elements that fit none
 * of the forms
 * @example
 * ```ts
 * metrics.accuracy([0, 1, 1], [0.2, 0.9, 0.4]); // 2 / 3
 * metrics.accuracy([0, 2], [[0.8, 0.1, 0.1], [0.2, 0.5, 0.3]]); // 1 / 2
 * ```
 * @see scikit-learn, `accuracy_score`
 */
export const accuracy = classMetric(
  "accuracy",
  ({ multiLabel }: LabelOptions) =>
    (yTrue, yPred, outputs, weights) => {
      if (!multiLabel || outputs === 1) {
        const { hits, actual } = countClasses(yTrue, yPred, outputs, weights);
        return total(hits) / total(actual);
      }
      const { hits, predicted, actual } = countLabels(true, yTrue, yPred, outputs);
      const weightOf = weighing(weights);
      let [right, all] = [0, 0];
      for (let row = 0; row < hits.length; row++) {
        all += weightOf(row);
        if (hits[row] === predicted[row] && hits[row] === actual[row]) right += weightOf(row);
      }
      return right / all;
    },
  LABELS,
);

/**
 * Mean recall over the classes that occur in the truth: accuracy as if all classes had equally many rows.
 *
 * @param yTrue - as {@link accuracy}
 * @param yPred - as {@link accuracy}
 * @returns from 0 to 1
 * @throws FettleError as {@link accuracy}
 * @example
 * ```ts
 * metrics.balancedAccuracy([0, 1, 0, 0, 1, 0], [0, 1, 0, 0, 0, 1]); // 0.625
 * ```
 * @see scikit-learn, `balanced_accuracy_score`
 */
export const balancedAccuracy = classMetric("balancedAccuracy", () => (yTrue, yPred, outputs, weights) => {
  const { hits, actual } = countClasses(yTrue, yPred, outputs, weights);
  const recalls = [...hits.keys()].filter((j) => actual[j] > 0).map((j) => hits[j] / actual[j]);
  return recalls.reduce((sum, each) => sum + each, 0) / recalls.length;
});

/**
 * Share of the rows predicted as a class that belong to it: of class 1, or with several classes the mean over
 * those that occur, unless `average` is set. 0 if no row is predicted as the class.
 *
 * @param yTrue - as {@link accuracy}
 * @param yPred - as {@link accuracy}
 * @returns from 0 to 1
 * @throws FettleError as {@link accuracy}
 * @example
 * ```ts
 * metrics.precision([0, 1, 1], [0.7, 0.9, 0.4]); // 1 / 2
 * metrics.precision({ average: "macro" })([0, 1, 1], [0.7, 0.9, 0.4]); // 1 / 4
 * ```
 * @see scikit-learn, `precision_score`, with `average="macro"` for several classes
 */
export const precision = classMetric(
  "precision",
  averaged((hits, predicted) => ratio(hits, predicted)),
  AVERAGES,
);

/**
 * Share of the rows of a class that are predicted as that class: of class 1, or with several classes the mean
 * over those that occur, unless `average` is set. 0 if the class has no row.
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
export const recall = classMetric(
  "recall",
  averaged((hits, _, actual) => ratio(hits, actual)),
  AVERAGES,
);

/**
 * Harmonic mean of precision and recall, 2·hits / (predicted + actual): of class 1, or with several classes
 * the mean over those that occur, unless `average` is set. 0 if there are no hits.
 *
 * @param yTrue - as {@link accuracy}
 * @param yPred - as {@link accuracy}
 * @returns from 0 to 1
 * @throws FettleError as {@link accuracy}
 * @example
 * ```ts
 * metrics.f1([0, 1, 1], [0.2, 0.9, 0.4]); // 2 / 3
 * metrics.f1({ average: "weighted" })([0, 1, 1], [0.2, 0.9, 0.4]); // 2 / 3
 * const labels = metrics.f1({ average: "micro", multiLabel: true });
 * labels([[1, 1, 0], [0, 1, 0]], [[0.9, 0.2, 0.1], [0.4, 0.8, 0.7]]); // 2 / 3
 * ```
 * @see scikit-learn, `f1_score`, with `average="macro"` for several classes
 */
export const f1 = classMetric("f1", averaged(fScore(1)), AVERAGES);

/** The options of {@link fBeta}. */
export interface FBetaOptions extends AverageOptions {
  /** How many times as much recall counts as precision, at least 0. @defaultValue 1 */
  readonly beta?: number;
}

/**
 * Weighted harmonic mean of precision and recall, (1 + β²)·hits / (predicted + β²·actual), averaged as
 * {@link f1}.
 *
 * @param yTrue - as {@link accuracy}
 * @param yPred - as {@link accuracy}
 * @returns from 0 to 1
 * @throws FettleError as {@link accuracy}
 * @example
 * ```ts
 * metrics.fBeta({ beta: 2 })([0, 1, 1], [0.2, 0.9, 0.4]); // 5 / 9
 * ```
 * @see scikit-learn, `fbeta_score`
 */
export const fBeta = classMetric(
  "fBeta",
  ({ beta = 1, ...options }: FBetaOptions) => averaged(fScore(beta))(options),
  {
    beta: { initial: 1, rule: "a number of at least 0", holds: (value: number) => value >= 0 },
    ...AVERAGES,
  },
);

/**
 * Correctly predicted rows of a class, as a share of the rows that belong to it or are predicted as it,
 * averaged as {@link f1}: intersection over union.
 *
 * @param yTrue - as {@link accuracy}
 * @param yPred - as {@link accuracy}
 * @returns from 0 to 1
 * @throws FettleError as {@link accuracy}
 * @example
 * ```ts
 * metrics.jaccard([0, 1, 1], [0.7, 0.9, 0.4]); // 1 / 3
 * ```
 * @see scikit-learn, `jaccard_score`
 */
export const jaccard = classMetric(
  "jaccard",
  averaged((hits, predicted, actual) => ratio(hits, predicted + actual - hits)),
  AVERAGES,
);

/**
 * Matthews' correlation of true and predicted classes; for several classes, Gorodkin's. 0 if all rows belong
 * to one class or are predicted as one.
 *
 * @param yTrue - as {@link accuracy}
 * @param yPred - as {@link accuracy}
 * @returns from −1 to 1
 * @throws FettleError as {@link accuracy}
 * @example
 * ```ts
 * metrics.matthewsCorrcoef([1, 1, 1, 0], [1, 0, 1, 1]); // -1 / 3
 * ```
 * @see scikit-learn, `matthews_corrcoef`; J. Gorodkin, "Comparing two K-category assignments by a K-category
 * correlation coefficient", 2004
 */
export const matthewsCorrcoef = classMetric("matthewsCorrcoef", () => (yTrue, yPred, outputs, weights) => {
  const { hits, predicted, actual } = countClasses(yTrue, yPred, outputs, weights);
  const all = total(actual);
  const product = (a: Float64Array, b: Float64Array): number => total(a.map((value, j) => value * b[j]));
  const spread = (all * all - product(predicted, predicted)) * (all * all - product(actual, actual));
  return ratio(all * total(hits) - product(predicted, actual), Math.sqrt(spread));
});

/** The options of {@link cohenKappa}. */
export interface KappaOptions {
  /**
   * How much an error counts: by the distance of the classes, or its square. @defaultValue all errors count
   * equally
   */
  readonly weights?: "linear" | "quadratic";
}

/**
 * Cohen's kappa: agreement of true and predicted classes beyond chance. With weights, classes are ordered,
 * including those without rows. NaN if all rows belong to one class and are predicted as it.
 *
 * @param yTrue - as {@link accuracy}
 * @param yPred - as {@link accuracy}
 * @returns at most 1; 0 for chance
 * @throws FettleError as {@link accuracy}
 * @example
 * ```ts
 * metrics.cohenKappa([0, 1, 1, 0], [0, 1, 0, 0]); // 0.5
 * metrics.cohenKappa({ weights: "quadratic" })([0, 1, 2, 2], [0, 1, 2, 1]); // 0.8
 * ```
 * @see scikit-learn, `cohen_kappa_score`
 */
export const cohenKappa = classMetric(
  "cohenKappa",
  ({ weights: kind }: KappaOptions): Metric["compute"] => {
    const cost = disagreement(kind);
    return (yTrue, yPred, outputs, weights) => {
      const { predicted, actual } = countClasses(yTrue, yPred, outputs, weights);
      const all = total(actual);
      let [observed, byChance] = [0, 0];
      countConfusion(yTrue, yPred, outputs, weights).forEach((row, i) => {
        row.forEach((count, j) => {
          observed += cost(i - j) * count;
          byChance += (cost(i - j) * actual[i] * predicted[j]) / all;
        });
      });
      return 1 - observed / byChance;
    };
  },
  { weights: { initial: undefined, words: ["linear", "quadratic"] } },
);

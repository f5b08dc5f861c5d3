/** Scores of each class, as data. */

import type { MatrixLike } from "../data/matrix.js";
import { flag, number, type OptionRules, readOptions } from "../rules.js";
import { withoutNaN } from "./confusion.js";
import { countClasses, countLabels, fScore, ratio } from "./counts.js";
import type { LabelOptions } from "./define.js";
import { type Reading, readPair } from "./inputs.js";

/** The options of {@link precisionRecallFScore}. */
export interface PerClassOptions extends LabelOptions {
  /** How many times as much recall counts as precision in the F-score, at least 0. @defaultValue 1 */
  readonly beta?: number;
  /** `[rows]`, how much each row counts. @defaultValue 1 */
  readonly sampleWeight?: ArrayLike<number>;
}

const RULES = {
  beta: [number("[0, ∞)", "a number of at least 0"), 1],
  sampleWeight: true,
  multiLabel: [flag, false],
} satisfies OptionRules<PerClassOptions>;

/** By class or label: 0 if the denominator is 0. */
export interface PerClassScores {
  /** The share of the rows predicted as the class that belong to it. */
  readonly precision: Float64Array;
  /** The share of the rows of the class that are predicted as it. */
  readonly recall: Float64Array;
  /** Their weighted harmonic mean. */
  readonly fScore: Float64Array;
  /** The number of rows of the class, or their weight. */
  readonly support: Float64Array;
}

/**
 * Precision, recall, F-score and support of each class, including both of two classes, and classes without
 * rows.
 *
 * @param yTrue - as {@link accuracy}
 * @param yPred - as {@link accuracy}, but without NaN
 * @throws FettleError as {@link accuracy}; `invalid_argument`, `unknown_name` for invalid options;
 * `invalid_data` for a prediction
 *   that is NaN
 * @example
 * ```ts
 * const { precision, recall, fScore, support } = metrics.precisionRecallFScore([0, 0, 1, 2], [0, 2, 1, 2]);
 * precision; // [1, 1, 0.5]
 * recall; // [0.5, 1, 1]
 * fScore; // [2 / 3, 1, 2 / 3]
 * support; // [2, 1, 1]
 * ```
 * @see scikit-learn, `precision_recall_fscore_support`
 */
export function precisionRecallFScore(
  yTrue: MatrixLike,
  yPred: MatrixLike,
  options: PerClassOptions = {},
): PerClassScores {
  const { beta, sampleWeight, multiLabel } = readOptions(options, "metrics.precisionRecallFScore", RULES);
  const reading: Reading = {
    of: "scores of classes",
    truths: multiLabel ? "labels" : "likelyClasses",
    predictions: "decisions",
  };
  const pair = withoutNaN(reading.of, readPair(yTrue, yPred, sampleWeight, reading));
  const all = [pair.yTrue, pair.yPred, pair.outputs, pair.weights] as const;
  const { hits, predicted, actual } = multiLabel ? countLabels(false, ...all) : countClasses(...all);
  const score = fScore(beta);
  return {
    precision: hits.map((count, j) => ratio(count, predicted[j])),
    recall: hits.map((count, j) => ratio(count, actual[j])),
    fScore: hits.map((count, j) => score(count, predicted[j], actual[j])),
    support: actual,
  };
}

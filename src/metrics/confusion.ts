/** The confusion matrix, for arrays in any layout and for the arrays that metrics compute on. */
import type { MatrixLike } from "../data/matrix.js";
import { check } from "../errors.js";
import type { Floats } from "../ndarray.js";
import { classAt } from "./decided.js";
import { type Pair, type Reading, readPair } from "./inputs.js";
import { counted } from "./lines.js";

/**
 * How many rows of each true class are predicted as each class, or their weights.
 *
 * @param yTrue - as {@link accuracy}
 * @param yPred - as {@link accuracy}, but without NaN
 * @param sampleWeight - `[rows]`, how much each row counts. Default 1
 * @returns `[true class][predicted class]`
 * @throws FettleError as {@link accuracy}, and `invalid_data` for a prediction that is NaN
 * @example
 * ```ts
 * metrics.confusionMatrix([2, 0, 2, 2, 0, 1], [0, 0, 2, 2, 0, 2]); // [[2, 0, 0], [0, 0, 1], [1, 0, 2]]
 * ```
 * @see scikit-learn, `confusion_matrix`
 */
export function confusionMatrix(
  yTrue: MatrixLike,
  yPred: MatrixLike,
  sampleWeight?: ArrayLike<number>,
): number[][] {
  const of = "a confusion matrix";
  const reading: Reading = { of, truths: "likelyClasses", predictions: "decisions" };
  const pair = withoutNaN(of, readPair(yTrue, yPred, sampleWeight, reading));
  return countConfusion(pair.yTrue, pair.yPred, pair.outputs, pair.weights);
}

/** Without rows of weight 0. @throws FettleError `invalid_data` for a prediction that is NaN */
export function withoutNaN(what: string, pair: Pair): Pair {
  const own = counted(pair);
  check(
    !own.yPred.includes(Number.NaN),
    () => `yPred of ${what} must have a class or number in every row; received NaN`,
    "invalid_data",
  );
  return own;
}

/**
 * How many rows of each true class were predicted as each class, or their weights.
 *
 * @param yTrue - `[rows, outputs]`, as {@link Metric.compute}
 * @param yPred - `[rows, outputs]`, without NaN
 * @returns `[true class][predicted class]`; with one output the classes are 0 and 1
 */
export function countConfusion(yTrue: Floats, yPred: Floats, outputs: number, weights?: Floats): number[][] {
  const classes = outputs === 1 ? 2 : outputs;
  const counts = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
  for (let start = 0; start < yTrue.length; start += outputs) {
    const weight = weights ? weights[start / outputs] : 1;
    counts[classAt(yTrue, start, outputs)][classAt(yPred, start, outputs)] += weight;
  }
  return counts;
}

/**
 * Losses of margins: scores, not probabilities, of classes. Every export is a loss of the namespace `losses`.
 */
import { add, equal, max, mul, mulNoNan, relu, square, sub, sum } from "../../graph/functions.js";
import type { Value } from "../../graph/graph.js";
import { meanLoss, NO_OPTIONS } from "./loss.js";

/** By how much a score falls short of the margin 1. A truth of 0 counts as −1. */
const shortfall = (yTrue: Value, yPred: Value): Value =>
  relu(sub(1, mul(sub(yTrue, equal(yTrue, 0)), yPred)));

/**
 * Mean of max(0, 1 − y ŷ) over the batch and its units. `yTrue`: −1 and 1, or 0 and 1; scores above 0 mean
 * class 1.
 *
 * @example
 * ```ts
 * const loss = compile(losses.hinge, [2, 1], [2, 1]); // yTrue, yPred
 * createEngine().load(loss)([[0], [1]], [[-2], [0.5]]); // 0.25
 * ```
 * @see Keras, `Hinge`
 */
export const hinge = meanLoss({ name: "hinge", defaults: NO_OPTIONS, of: shortfall });

/**
 * Mean of max(0, 1 − y ŷ)² over the batch and its units, with truths and scores as in {@link hinge}.
 *
 * @example
 * ```ts
 * const loss = compile(losses.squaredHinge, [2, 1], [2, 1]); // yTrue, yPred
 * createEngine().load(loss)([[0], [1]], [[-2], [0.5]]); // 0.125
 * ```
 * @see Keras, `SquaredHinge`
 */
export const squaredHinge = meanLoss({
  name: "squaredHinge",
  defaults: NO_OPTIONS,
  of: (yTrue, yPred) => square(shortfall(yTrue, yPred)),
});

/**
 * Mean over rows of max(0, 1 + n − p), where p is the score of the true class and n the largest of (1 − y) ŷ:
 * of the other scores and 0. `yTrue`: one-hot rows, [rows, classes].
 *
 * @example
 * ```ts
 * const loss = compile(losses.categoricalHinge, [1, 3], [1, 3]); // yTrue, yPred
 * createEngine().load(loss)([[0, 1, 0]], [[1, 1.5, -2]]); // 0.5
 * ```
 * @see Keras, `CategoricalHinge`
 */
export const categoricalHinge = meanLoss({
  name: "categoricalHinge",
  defaults: NO_OPTIONS,
  of(yTrue, yPred) {
    const right = sum(mulNoNan(yPred, yTrue), -1);
    const wrong = max(mulNoNan(yPred, sub(1, yTrue)), -1);
    return relu(add(sub(wrong, right), 1));
  },
});

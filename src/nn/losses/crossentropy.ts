/** Losses of classes. Every export is a loss of the namespace `losses`. */
import { must } from "../../errors.js";
import {
  add,
  div,
  log,
  logSoftmax,
  maximum,
  minimum,
  mul,
  neg,
  softplus,
  sub,
  sum,
} from "../../graph/functions.js";
import { Value } from "../../graph/graph.js";
import { defineLoss, weightedMean } from "./loss.js";

/** Options of the cross-entropies. */
export interface CrossentropyOptions {
  /** Whether predictions are logits rather than probabilities. Default false. */
  readonly fromLogits?: boolean;
}

const DEFAULTS: Required<CrossentropyOptions> = { fromLogits: false };

/**
 * Mean of −y log p − (1 − y) log(1 − p) over the batch and its units. Of logits, and of probabilities that come straight
 * from a sigmoid, it is computed as log(1 + eᶻ) − yz, which is accurate where p rounds to 0 or 1. Other
 * probabilities are kept within 1e-7 of 0 and 1, as in Keras. `yTrue`: 0, 1 or a probability, [rows, units].
 *
 * @throws FettleError `unknown_name`, `invalid_argument` for invalid options
 * @example
 * ```ts
 * const loss = compile(losses.binaryCrossentropy({ fromLogits: true }), [2, 1], [2, 1]); // yTrue, yPred
 * createEngine().load(loss)([[0], [1]], [[-100], [0]]); // 0.34657...
 * ```
 * @see Keras, `BinaryCrossentropy`
 */
export const binaryCrossentropy = defineLoss({
  name: "binaryCrossentropy",
  aliases: ["bce", "BCE", "binary_crossentropy", "BinaryCrossentropy"],
  defaults: DEFAULTS,
  make({ fromLogits }) {
    checkFromLogits(fromLogits);
    return (yTrue, yPred, weights) => {
      const logits = fromLogits ? yPred : behind("sigmoid", yPred);
      if (logits) return weightedMean(sub(softplus(logits), mul(yTrue, logits)), weights);
      const p = clip(yPred);
      return neg(weightedMean(add(mul(yTrue, log(p)), mul(sub(1, yTrue), log(sub(1, p)))), weights));
    };
  },
});

/**
 * Mean over rows of −Σ y log p. Of logits, and of probabilities that come straight from a
 * softmax, it is computed as −Σ y logSoftmax(z). Other probabilities are scaled to sum to 1, then kept
 * within 1e-7 of 0 and 1, as in Keras. `yTrue`: one-hot rows, [rows, classes].
 *
 * @throws FettleError `unknown_name`, `invalid_argument` for invalid options
 * @example
 * ```ts
 * const loss = compile(losses.categoricalCrossentropy, [2, 2], [2, 2]); // yTrue, yPred
 * createEngine().load(loss)([[1, 0], [0, 1]], [[0.5, 0.5], [0.5, 0.5]]); // 0.69314...
 * ```
 * @see Keras, `CategoricalCrossentropy`
 */
export const categoricalCrossentropy = defineLoss({
  name: "categoricalCrossentropy",
  aliases: ["cce", "CCE", "categorical_crossentropy", "CategoricalCrossentropy"],
  defaults: DEFAULTS,
  make({ fromLogits }) {
    checkFromLogits(fromLogits);
    return (yTrue, yPred, weights) => {
      const logits = fromLogits ? yPred : behind("softmax", yPred);
      const logProbabilities = logits ? logSoftmax(logits) : log(clip(div(yPred, sum(yPred, -1, true))));
      return neg(weightedMean(sum(mul(yTrue, logProbabilities), -1), weights));
    };
  },
});

function checkFromLogits(fromLogits: unknown): void {
  must(typeof fromLogits === "boolean", "fromLogits", "a boolean", fromLogits);
}

/** The input of the operation that made `value`, if that was `op`. */
function behind(op: "sigmoid" | "softmax", value: Value): Value | undefined {
  return value.node.op === op ? new Value(value.graph, value.node.inputs[0]) : undefined;
}

/** Keeps probabilities 1e-7 away from 0 and 1, as Keras does. */
function clip(p: Value): Value {
  const epsilon = 1e-7;
  return minimum(maximum(p, epsilon), 1 - epsilon);
}

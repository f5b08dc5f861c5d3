/**
 * Losses: from the truth and the prediction, both [rows, units], to a scalar that is the
 * mean over the batch. Any function of two values will do.
 */
import { byName } from "../errors.js";
import {
  abs,
  add,
  div,
  log,
  logSoftmax,
  maximum,
  mean,
  minimum,
  mul,
  neg,
  softplus,
  square,
  sub,
  sum,
} from "../graph/functions.js";
import { Value } from "../graph/graph.js";

/** From truth and prediction, both [rows, units], to a scalar: the mean over the batch. Written in operations. */
export type LossFunction = (truth: Value, prediction: Value) => Value;

export interface CrossentropyOptions {
  /** Whether predictions are logits rather than probabilities. Default false. */
  readonly fromLogits?: boolean;
}

/** Keras' margin: probabilities are kept this far from 0 and 1. */
const EPSILON = 1e-7;

/** Mean of (prediction − truth)². */
export const meanSquaredError: LossFunction = (truth, prediction) => mean(square(sub(prediction, truth)));

/** Mean of |prediction − truth|. */
export const meanAbsoluteError: LossFunction = (truth, prediction) => mean(abs(sub(prediction, truth)));

/**
 * Mean of −y log p − (1 − y) log(1 − p). Of logits, and of probabilities that come straight
 * from a sigmoid, it is taken as log(1 + eᶻ) − yz, which is accurate where p rounds to 0 or 1. Other
 * probabilities are kept within 1e-7 of 0 and 1, as in Keras. Truth: 0, 1 or a probability, [rows, units].
 *
 * @example
 * ```ts
 * const loss = compile(binaryCrossentropy({ fromLogits: true }), [2, 1], [2, 1]); // truth, logits
 * createEngine().load(loss)([[0], [1]], [[-100], [0]]); // 0.34657...
 * ```
 */
export function binaryCrossentropy({ fromLogits = false }: CrossentropyOptions = {}): LossFunction {
  return fromLogits ? binary.ofLogits : binary.ofProbabilities;
}

const binary = both((fromLogits) => {
  return (truth, prediction) => {
    const logits = fromLogits ? prediction : behind("sigmoid", prediction);
    if (logits) return mean(sub(softplus(logits), mul(truth, logits)));
    const p = clip(prediction);
    return neg(mean(add(mul(truth, log(p)), mul(sub(1, truth), log(sub(1, p))))));
  };
});

/**
 * Mean over rows of −Σ y log p. Of logits, and of probabilities that come straight from a
 * softmax, it is taken as −Σ y logSoftmax(z). Other probabilities are scaled to sum to 1, then kept
 * within 1e-7 of 0 and 1, as in Keras. Truth: one-hot rows, [rows, classes].
 *
 * @example
 * ```ts
 * const loss = compile(categoricalCrossentropy(), [2, 2], [2, 2]); // truth, probabilities
 * createEngine().load(loss)([[1, 0], [0, 1]], [[0.5, 0.5], [0.5, 0.5]]); // 0.69314...
 * ```
 */
export function categoricalCrossentropy({ fromLogits = false }: CrossentropyOptions = {}): LossFunction {
  return fromLogits ? categorical.ofLogits : categorical.ofProbabilities;
}

const categorical = both((fromLogits) => {
  return (truth, prediction) => {
    const logits = fromLogits ? prediction : behind("softmax", prediction);
    const logProbabilities = logits
      ? logSoftmax(logits)
      : log(clip(div(prediction, sum(prediction, -1, true))));
    return neg(mean(sum(mul(truth, logProbabilities), -1)));
  };
});

/** Each form of a loss once, so that models that use the same one share their programs. */
function both(make: (fromLogits: boolean) => LossFunction): {
  ofLogits: LossFunction;
  ofProbabilities: LossFunction;
} {
  return { ofLogits: make(true), ofProbabilities: make(false) };
}

/** Every built-in one, by name. */
export const losses = {
  meanSquaredError,
  meanAbsoluteError,
  binaryCrossentropy: binaryCrossentropy(),
  categoricalCrossentropy: categoricalCrossentropy(),
} satisfies Record<string, LossFunction>;

export type LossName = keyof typeof losses;
/**
 * `meanSquaredError`, `meanAbsoluteError`, `binaryCrossentropy`, `categoricalCrossentropy`, or a function of one's own.
 */
export type Loss = LossName | LossFunction;

/** @throws FettleError `invalid_argument`, `unknown_name` */
export function getLoss(loss: Loss): LossFunction {
  return typeof loss === "function" ? loss : byName("loss", losses, loss, " or a function");
}

/** What went into the operation that made `value`, if that was `op`. */
function behind(op: "sigmoid" | "softmax", value: Value): Value | undefined {
  return value.node.op === op ? new Value(value.graph, value.node.inputs[0]) : undefined;
}

function clip(p: Value): Value {
  return minimum(maximum(p, EPSILON), 1 - EPSILON);
}

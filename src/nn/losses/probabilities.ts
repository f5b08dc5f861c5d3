/**
 * Probabilities and their logarithms for losses, without cancellation near 0 or 1: from the logits if known,
 * also behind a sigmoid or softmax; otherwise from the given probabilities.
 */
import { check } from "../../errors.js";
import {
  add,
  constant,
  div,
  equal,
  expm1,
  flushGradient,
  log,
  log1p,
  logSoftmax,
  maximum,
  mul,
  neg,
  pow,
  reshape,
  select,
  sigmoid,
  softmax,
  softplus,
  sub,
  sum,
} from "../../graph/functions.js";
import { Value } from "../../graph/graph.js";
import { clip, EPSILON } from "./loss.js";

/** For probabilities p of class 1: p, 1 − p, −log p and −log(1 − p). Unused ones cost nothing. */
export function binary(yPred: Value, fromLogits: boolean): Record<"p" | "rest" | "loss1" | "loss0", Value> {
  const z = fromLogits ? yPred : behind("sigmoid", yPred);
  if (z) return { p: sigmoid(z), rest: sigmoid(neg(z)), loss1: softplus(neg(z)), loss0: softplus(z) };
  const p = clip(yPred, 1 - EPSILON);
  return { p, rest: sub(1, p), loss1: neg(log(p)), loss0: neg(log1p(neg(p))) };
}

/**
 * The logarithms of the probabilities of classes, [rows, classes]. Plain ones are scaled to sum to 1, then
 * clipped.
 */
export function logChances(yPred: Value, fromLogits: boolean): Value {
  const z = fromLogits ? yPred : behind("softmax", yPred);
  return z ? logSoftmax(z) : log(clip(div(yPred, sum(yPred, -1, true)), 1 - EPSILON));
}

/** 1 − p, of probabilities of any kind. */
export function complement(yPred: Value): Value {
  const [binary, classes] = [behind("sigmoid", yPred), behind("softmax", yPred)];
  if (binary) return sigmoid(neg(binary));
  return classes ? neg(expm1(logSoftmax(classes))) : sub(1, yPred);
}

/**
 * Truths as one-hot rows, [rows, classes]: unchanged, or from class ids, [rows, 1], where an invalid id gives
 * a row of NaN.
 *
 * @throws FettleError `invalid_shape` for predictions of fewer than two classes
 */
export function oneHot(yTrue: Value, yPred: Value): Value {
  const classes = yPred.shape[yPred.shape.length - 1];
  check(
    classes > 1,
    "yPred of a loss of class ids must have at least 2 columns; received 1; use binaryCrossentropy",
    "invalid_shape",
  );
  if (yTrue.shape[yTrue.shape.length - 1] === classes) return yTrue;
  const ids = constant(
    yPred.graph,
    Array.from({ length: classes }, (_, id) => id),
  );
  const hits = equal(yTrue, ids);
  return div(hits, sum(hits, -1, true));
}

/** `x` if a truth is not 0, otherwise 0: there x may be infinite, like log p for a logit of −Infinity. */
export const present = (yTrue: Value, x: Value): Value => select(yTrue, x, 0);

/** Truths smoothed towards the mean of all classes. */
export function smooth(yTrue: Value, share: number, classes: number): Value {
  return add(mul(yTrue, 1 - share), share / classes);
}

/** The smallest normal number of float32: 1 − p may be 0, where a power below 1 has no finite gradient. */
const LEAST = 2 ** -126;

/** The focal factor (1 − p)^gamma. */
export const focus = (rest: Value, gamma: number): Value => pow(maximum(rest, LEAST), gamma);

/**
 * A prediction whose gradients below 2⁻⁶³ become 0, also those of the logits behind it. Gradients of
 * memorized labels vanish, and would still be multiplied with all weights (slow denormals).
 *
 * @param shape - in which they are needed, with the same last axis
 */
export function withFlushedGradient(yPred: Value, shape = yPred.shape): Value {
  const flushed = (x: Value): Value => reshape(flushGradient(x), shape);
  const [binary, classes] = [behind("sigmoid", yPred), behind("softmax", yPred)];
  if (binary) return sigmoid(flushed(binary));
  return classes ? softmax(flushed(classes)) : flushed(yPred);
}

/** The input of the operation that made `value`, if that was `op`. */
function behind(op: "sigmoid" | "softmax", value: Value): Value | undefined {
  return value.node.op === op ? new Value(value.graph, value.node.inputs[0]) : undefined;
}

/** Activations by name, or any function of a value. They are ordinary operations: the gradient follows by itself. */
import { byName } from "../errors.js";
import { gelu, relu, sigmoid, softmax, softplus, tanh } from "../graph/functions.js";
import type { Value } from "../graph/graph.js";

/** From values [rows, units] to values of the same shape. */
export type ActivationFunction = (x: Value) => Value;

/** Every built-in one, by name. */
export const activations = {
  linear: (x: Value) => x,
  relu,
  tanh,
  sigmoid,
  softmax,
  softplus,
  gelu,
} satisfies Record<string, ActivationFunction>;

export type ActivationName = keyof typeof activations;
/**
 * `linear`, `relu`, `tanh`, `sigmoid`, `softmax` (over the units), `softplus`, `gelu`, or a function of one's own
 * in operations on values.
 */
export type Activation = ActivationName | ActivationFunction;

/** @throws FettleError `invalid_argument`, `unknown_name` */
export function getActivation(activation: Activation): ActivationFunction {
  return typeof activation === "function"
    ? activation
    : byName("activation", activations, activation, " or a function");
}

/** Activations by name. They are ordinary operations, so the gradient of a custom one needs no rule. */
import { byName } from "../errors.js";
import { gelu, relu, sigmoid, softmax, softplus, tanh } from "../graph/functions.js";
import type { Value } from "../graph/graph.js";

/** From values [rows, units] to values of the same shape. */
export type ActivationFunction = (x: Value) => Value;

/** Every built-in activation, by the name that Keras has for it. */
export const activations = {
  linear: (x: Value) => x,
  relu,
  tanh,
  sigmoid,
  softmax,
  softplus,
  gelu,
} satisfies Record<string, ActivationFunction>;

/** The name of a built-in activation. */
export type ActivationName = keyof typeof activations;
/**
 * `linear`, `relu`, `tanh`, `sigmoid`, `softmax` (over the units), `softplus`, `gelu`, or a custom function in operations
 * on values.
 */
export type Activation = ActivationName | ActivationFunction;

/** @throws FettleError `invalid_argument`, `unknown_name` */
export function getActivation(activation: Activation): ActivationFunction {
  return typeof activation === "function"
    ? activation
    : byName("activation", activations, activation, " or a function");
}

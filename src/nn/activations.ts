/** Activations by name, or any function of a value. They are ordinary operations: the gradient follows by itself. */
import { check, show, unknownName } from "../errors.js";
import { gelu, relu, sigmoid, softmax, softplus, tanh } from "../graph/functions.js";
import type { Value } from "../graph/graph.js";

/** From values [rows, units] to values of the same shape. */
export type ActivationFunction = (x: Value) => Value;

const activations = {
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

export const activationNames = Object.keys(activations) as readonly ActivationName[];

/** @throws FettleError `unknown_name` */
export function getActivation(activation: Activation): ActivationFunction {
  if (typeof activation === "function") return activation;
  check(
    typeof activation === "string",
    () => `an activation is a name or a function, got ${show(activation)}`,
  );
  if (!Object.hasOwn(activations, activation)) throw unknownName("activation", activation, activationNames);
  return activations[activation];
}

/** Activations by name. They are ordinary operations, so the gradient of a custom one needs no rule. */
import {
  celu,
  elu,
  exp,
  gelu,
  geluTanh,
  hardSigmoid,
  hardSilu,
  hardTanh,
  leakyRelu,
  logSigmoid,
  logSoftmax,
  mish,
  relu,
  relu6,
  selu,
  sigmoid,
  silu,
  softmax,
  softplus,
  softsign,
  tanh,
} from "../graph/functions.js";
import type { Value } from "../graph/graph.js";
import { type AliasOf, byNameOrAlias, nameIn, type SnakeCase } from "../names.js";

/** From values [rows, units] to values of the same shape. */
export type ActivationFunction = (x: Value) => Value;

/** Every built-in activation, by its name in Keras. */
export const activations = {
  linear: (x: Value) => x,
  relu,
  tanh,
  sigmoid,
  softmax,
  softplus,
  gelu,
  celu,
  elu,
  exponential: exp,
  /** Keras' `gelu` with `approximate=True`. */
  geluTanh,
  hardSigmoid,
  hardSilu,
  hardTanh,
  leakyRelu,
  logSigmoid,
  logSoftmax,
  mish,
  relu6,
  selu,
  silu,
  softsign,
} satisfies Record<string, ActivationFunction>;

/** Their other names in Keras. */
const aliases = { silu: ["swish"], hardSilu: ["hardSwish"] } as const;

/** The name of a built-in activation. */
export type ActivationName =
  | keyof typeof activations
  | AliasOf<typeof aliases>
  | SnakeCase<keyof typeof activations>;
/**
 * The name of a built-in activation, as the table in `docs/layers.md` defines them, or a custom function in
 * operations on values.
 */
export type Activation = ActivationName | ActivationFunction;

/** @throws FettleError `invalid_argument`, `unknown_name` */
export function getActivation(activation: Activation): ActivationFunction {
  return typeof activation === "function"
    ? activation
    : byNameOrAlias("activation", activations, aliases, activation, " or a function");
}

/**
 * The name under which an activation is saved and exported; undefined for a custom function.
 *
 * @throws FettleError as `getActivation`
 */
export function activationName(activation: Activation): keyof typeof activations | undefined {
  return nameIn<unknown>(activations, getActivation(activation)) as keyof typeof activations | undefined;
}

/** The same for any value: only other names of activations change. */
export const savedName = (value: unknown): unknown =>
  typeof value === "string" ? activationName(value as ActivationName) : value;

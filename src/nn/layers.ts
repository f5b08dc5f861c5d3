/**
 * Layers: parameters with their first values, and what becomes of a batch. A layer is
 * written in operations and knows no kernel, no optimizer and no data.
 */
import { check, checkOptions, show } from "../errors.js";
import { abs, add, div, greaterEqual, matmul, mul, random, square, sub, sum } from "../graph/functions.js";
import type { Value } from "../graph/graph.js";
import type { Shape } from "../graph/shape.js";
import { type Activation, getActivation } from "./activations.js";
import { identity } from "./identity.js";
import { getInitializer, type Initializer, type InitializerFunction } from "./initializers.js";
import { l1l2, type Regularizer } from "./regularizers.js";

export interface ParameterSpec {
  readonly name: string;
  readonly shape: Shape;
  readonly initializer: InitializerFunction;
}

export interface LayerContext {
  /** A batch, [rows, units of the layer before]. */
  readonly x: Value;
  readonly parameters: Readonly<Record<string, Value>>;
  /** The layer's numbers, as inputs of the program. */
  readonly hyperparameters: Readonly<Record<string, Value>>;
  readonly training: boolean;
  /** A stream of random numbers of the layer's own. */
  readonly stream: number;
}

export interface Layer {
  /** The kind, such as `dense`. */
  readonly type: string;
  /** Equal for layers that are the same but for their hyperparameters. */
  readonly key: string;
  /** Numbers that are inputs of the program: they may change without compiling again. */
  readonly hyperparameters: Readonly<Record<string, number>>;
  /** Units of the result for units of the input. */
  units(inputUnits: number): number;
  parameters(inputUnits: number): readonly ParameterSpec[];
  call(context: LayerContext): Value;
  /** Added to the loss. */
  penalty?(context: Omit<LayerContext, "x" | "training" | "stream">): Value | undefined;
}

export interface DenseOptions {
  /** A name or a function of a value. Default `linear`. */
  readonly activation?: Activation;
  readonly useBias?: boolean;
  /** Default `glorotUniform`. */
  readonly kernelInitializer?: Initializer;
  /** Default `zeros`. */
  readonly biasInitializer?: Initializer;
  readonly kernelRegularizer?: Regularizer;
  readonly biasRegularizer?: Regularizer;
}

/**
 * A dense layer: activation(x · kernel + bias), [rows, inputs] → [rows, units].
 *
 * @param units a positive integer
 * @throws FettleError `invalid_argument`, `unknown_name`
 * @example
 * ```ts
 * dense(64, { activation: "relu", kernelRegularizer: l2(1e-4) });
 * ```
 */
export function dense(units: number, options: DenseOptions = {}): Layer {
  check(
    Number.isSafeInteger(units) && units > 0,
    () => `a dense layer has a positive number of units, got ${show(units)}`,
  );
  checkOptions(options, "dense", DENSE_OPTIONS);
  const {
    activation = "linear",
    useBias = true,
    kernelInitializer = "glorotUniform",
    biasInitializer = "zeros",
  } = options;
  const activate = getActivation(activation);
  const kernelStart = getInitializer(kernelInitializer);
  const biasStart = getInitializer(biasInitializer);
  const penalties = {
    kernel: options.kernelRegularizer,
    bias: useBias ? options.biasRegularizer : undefined,
  };
  const weights = Object.entries(penalties).flatMap(([name, regularizer]) =>
    Object.entries(l1l2(regularizer ?? {})).map(([norm, weight]) => [`${name}.${norm}`, weight] as const),
  );
  return {
    type: "dense",
    key: `dense(${[units, identity(activation), useBias, identity(kernelInitializer), identity(biasInitializer), ...weights.map(([name]) => name)]})`,
    hyperparameters: Object.fromEntries(weights),
    units: () => units,
    parameters: (inputUnits) => [
      { name: "kernel", shape: [inputUnits, units], initializer: kernelStart },
      ...(useBias ? [{ name: "bias", shape: [units], initializer: biasStart }] : []),
    ],
    call({ x, parameters: { kernel, bias } }) {
      const product = matmul(x, kernel);
      return activate(useBias ? add(product, bias) : product);
    },
    penalty({ parameters, hyperparameters }) {
      return weights
        .map(([key]) => {
          const [name, norm] = key.split(".");
          const parameter = parameters[name];
          return mul(hyperparameters[key], sum(norm === "l1" ? abs(parameter) : square(parameter)));
        })
        .reduce<Value | undefined>(
          (total, term) => (total === undefined ? term : add(total, term)),
          undefined,
        );
    },
  };
}

const DENSE_OPTIONS = [
  ...[
    "activation",
    "useBias",
    "kernelInitializer",
    "biasInitializer",
    "kernelRegularizer",
    "biasRegularizer",
  ],
];

/**
 * Sets each unit to 0 with probability `rate` while training and scales the others by
 * 1 / (1 − rate), so that the mean stays (Srivastava et al., 2014); does nothing otherwise.
 *
 * @param rate in [0, 1)
 * @throws FettleError `invalid_argument`
 */
export function dropout(rate: number): Layer {
  check(rate >= 0 && rate < 1, () => `a dropout rate is at least 0 and below 1, got ${show(rate)}`);
  return {
    type: "dropout",
    key: "dropout",
    hyperparameters: { rate },
    units: (inputUnits) => inputUnits,
    parameters: () => [],
    call({ x, hyperparameters, training, stream }) {
      if (!training) return x;
      const kept = greaterEqual(random(x.graph, x.shape, stream), hyperparameters.rate);
      return mul(x, div(kept, sub(1, hyperparameters.rate)));
    },
  };
}

/** An activation as a layer of its own. @throws FettleError `unknown_name` */
export function activation(name: Activation): Layer {
  const activate = getActivation(name);
  return {
    type: "activation",
    key: `activation(${identity(name)})`,
    hyperparameters: {},
    units: (inputUnits) => inputUnits,
    parameters: () => [],
    call: ({ x }) => activate(x),
  };
}

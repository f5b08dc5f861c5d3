/**
 * Layers: parameters with their first values, and what becomes of a batch. A layer is
 * written in operations and knows no kernel, no optimizer and no data.
 */
import { check, checkOptions, show } from "../errors.js";
import {
  abs,
  add,
  div,
  greaterEqual,
  matmul,
  mul,
  randomUniform,
  square,
  sub,
  sum,
} from "../graph/functions.js";
import type { Value } from "../graph/graph.js";
import type { Shape } from "../graph/shape.js";
import { type Activation, getActivation } from "./activations.js";
import { getInitializer, type Initializer, type InitializerFunction } from "./initializers.js";
import { l1l2, type Regularizer } from "./regularizers.js";

/** One parameter of a layer before it has numbers. */
export interface ParameterSpec {
  readonly name: string;
  readonly shape: Shape;
  readonly initializer: InitializerFunction;
}

/** What a layer sees when it is written into a graph. */
export interface LayerContext {
  /** A batch, [rows, units of the layer before]. */
  readonly x: Value;
  /** By the names of `Layer.parameters`. */
  readonly parameters: Readonly<Record<string, Value>>;
  /** The layer's numbers, as inputs of the program. */
  readonly hyperparameters: Readonly<Record<string, Value>>;
  /** Whether this is a training step rather than evaluation or prediction. */
  readonly training: boolean;
  /** A stream of random numbers of the layer's own. */
  readonly stream: number;
}

/** What becomes of a batch, and with which parameters. Built-in layers and a user's own have this one form. */
export interface Layer {
  /** The kind, such as `dense`. */
  readonly type: string;
  /** Numbers that are inputs of the program: they may change without compiling again. */
  readonly hyperparameters: Readonly<Record<string, number>>;
  /** Units of the result for units of the input. */
  units(inputUnits: number): number;
  /** The parameters for units of the input, in an order of its own. */
  parameters(inputUnits: number): readonly ParameterSpec[];
  /** The result, [rows, units], in operations on values. */
  call(context: LayerContext): Value;
  /** A scalar that is added to the loss. */
  penalty?(context: Omit<LayerContext, "x" | "training" | "stream">): Value | undefined;
}

/** How a dense layer differs from a plain linear one. */
export interface DenseOptions {
  /** A name or a function of a value. Default `linear`. */
  readonly activation?: Activation;
  /** Whether a bias is added. Default true. */
  readonly useBias?: boolean;
  /** Default `glorotUniform`. */
  readonly kernelInitializer?: Initializer;
  /** Default `zeros`. */
  readonly biasInitializer?: Initializer;
  /** A penalty on the kernel: `l1()`, `l2()` or `l1l2()`. Default none. */
  readonly kernelRegularizer?: Regularizer;
  /** A penalty on the bias. Default none. */
  readonly biasRegularizer?: Regularizer;
}

/**
 * A dense layer: activation(x · kernel + bias), [rows, inputs] → [rows, units].
 *
 * @param units - columns of the result, a positive integer
 * @throws FettleError `invalid_argument` for units that are none; `unknown_name` for an activation, an initializer
 * or an option that does not exist
 * @example
 * ```ts
 * const layer = dense(64, { activation: "relu", kernelRegularizer: l2(1e-4) });
 * layer.parameters(10).map(({ name, shape }) => [name, shape]); // [["kernel", [10, 64]], ["bias", [64]]]
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
 * 1 / (1 − rate), so that the mean stays; does nothing otherwise. The rate is an input of the program.
 *
 * @param rate - in [0, 1)
 * @throws FettleError `invalid_argument` for a rate outside [0, 1)
 * @see N. Srivastava and others, "Dropout: a simple way to prevent neural networks from overfitting", JMLR 15, 2014
 * @example
 * ```ts
 * const model = sequential([dense(64, { activation: "relu" }), dropout(0.2), dense(1)]);
 * ```
 */
export function dropout(rate: number): Layer {
  check(rate >= 0 && rate < 1, () => `a dropout rate is at least 0 and below 1, got ${show(rate)}`);
  return {
    type: "dropout",
    hyperparameters: { rate },
    units: (inputUnits) => inputUnits,
    parameters: () => [],
    call({ x, hyperparameters, training, stream }) {
      if (!training) return x;
      const kept = greaterEqual(randomUniform(x.graph, x.shape, stream), hyperparameters.rate);
      return mul(x, div(kept, sub(1, hyperparameters.rate)));
    },
  };
}

/**
 * An activation as a layer of its own.
 *
 * @param name - a name, or a function of a value
 * @throws FettleError `unknown_name` for a name that does not exist
 * @example
 * ```ts
 * const leakyRelu = (x: Value) => maximum(x, mul(0.1, x));
 * const model = sequential([dense(8), activation(leakyRelu), dense(1), activation("sigmoid")]);
 * ```
 */
export function activation(name: Activation): Layer {
  const activate = getActivation(name);
  return {
    type: "activation",
    hyperparameters: {},
    units: (inputUnits) => inputUnits,
    parameters: () => [],
    call: ({ x }) => activate(x),
  };
}

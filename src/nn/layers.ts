/**
 * Layers: parameters with their initializers, and the operations on a batch. A layer knows no kernel, no optimizer and
 * no data.
 */
import { checkOptions, must, mustBeInteger, type OptionNames } from "../errors.js";
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
import { nameIn } from "../names.js";
import { madeBy, madeFrom } from "../recipe.js";
import { type Activation, activations, getActivation } from "./activations.js";
import { getInitializer, type Initializer, type InitializerFunction, initializers } from "./initializers.js";
import { getRegularizer, type Regularizer, type RegularizerName } from "./regularizers.js";

/** One parameter of a layer. */
export interface ParameterSpec {
  readonly name: string;
  readonly shape: Shape;
  readonly initializer: InitializerFunction;
}

/** What `call` of a layer is given. */
export interface LayerContext {
  /** A batch, [rows, units of the previous layer]. */
  readonly x: Value;
  /** By the names of `Layer.parameters`. */
  readonly parameters: Readonly<Record<string, Value>>;
  /** The layer's numbers, as inputs of the program. */
  readonly hyperparameters: Readonly<Record<string, Value>>;
  /** Whether this is a training step rather than evaluation or prediction. */
  readonly training: boolean;
  /** The layer's own random stream. */
  readonly stream: number;
}

/**
 * A layer: its parameters, and its operations on a batch. Built-in and custom layers have this one form. Models share
 * compiled programs by what `call`, `penalty` and the initializers do, so a constant in them may differ between layers of
 * one type; a number that is tuned is better a hyperparameter, which compiles nothing.
 *
 * @example
 * ```ts
 * // multiplies each unit by a parameter of its own
 * const scale = (): Layer => ({
 *   type: "scale",
 *   hyperparameters: {},
 *   units: (inputUnits) => inputUnits,
 *   parameters: (inputUnits) => [
 *     { name: "factor", shape: [inputUnits], initializer: (graph, shape) => broadcastTo(constant(graph, 1), shape) },
 *   ],
 *   call: ({ x, parameters }) => mul(x, parameters.factor),
 * });
 * const model = sequential([scale(), dense(1)]);
 * model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
 * await model.fit([[1], [2]], [2, 4]);
 * Object.keys(model.getWeights()); // ["scale_1.factor", "dense_1.kernel", "dense_1.bias"]
 * ```
 */
export interface Layer {
  /** Its kind, such as `dense`; no dots. Layers are named by it: `dense_1`, `dense_2`. */
  readonly type: string;
  /** For a custom layer: the options that its factory is given when a saved model is loaded; JSON. Default: none. */
  readonly options?: Readonly<Record<string, unknown>>;
  /** Numbers that are inputs of the program: changing one compiles nothing. */
  readonly hyperparameters: Readonly<Record<string, number>>;
  /** Units of the result, a positive integer, for units of the input. */
  units(inputUnits: number): number;
  /** The parameters for units of the input. Their names must differ. */
  parameters(inputUnits: number): readonly ParameterSpec[];
  /** The result, [rows, units], in operations on values. Called whenever a model is traced, so it must be pure. */
  call(context: LayerContext): Value;
  /** A scalar that is added to the loss. */
  penalty?(context: Omit<LayerContext, "x" | "training" | "stream">): Value | undefined;
}

/** Options of {@link dense}. */
export interface DenseOptions {
  /** A name or a function of a value. Default `linear`. */
  readonly activation?: Activation;
  /** Whether a bias is added. Default true. */
  readonly useBias?: boolean;
  /** Default `glorotUniform`. */
  readonly kernelInitializer?: Initializer;
  /** Default `zeros`. */
  readonly biasInitializer?: Initializer;
  /** A penalty on the kernel: `l1()`, `l2()`, `l1l2()`, or `"l1"`, `"l2"` for the default weights. Default: no penalty. */
  readonly kernelRegularizer?: RegularizerName | Regularizer;
  /** A penalty on the bias. Default: no penalty. */
  readonly biasRegularizer?: RegularizerName | Regularizer;
}

/**
 * A dense layer: activation(x · kernel + bias), [rows, inputs] → [rows, units].
 *
 * @param units - columns of the result, a positive integer
 * @throws FettleError `invalid_argument` unless `units` is a positive integer; `unknown_name` for an unknown activation,
 * initializer, regularizer or option
 * @example
 * ```ts
 * const layer = dense(64, { activation: "relu", kernelRegularizer: l2(1e-4) });
 * layer.parameters(10).map(({ name, shape }) => [name, shape]); // [["kernel", [10, 64]], ["bias", [64]]]
 * ```
 */
export function dense(units: number, options: DenseOptions = {}): Layer {
  mustBeInteger("`units`", units);
  checkOptions(options, "dense", DENSE_OPTIONS);
  const {
    activation = "linear",
    useBias = true,
    kernelInitializer = "glorotUniform",
    biasInitializer = "zeros",
  } = options;
  must(typeof useBias === "boolean", "useBias", "true or false", useBias);
  const activate = getActivation(activation);
  const kernelStart = getInitializer(kernelInitializer);
  const biasStart = getInitializer(biasInitializer);
  const penalties = {
    kernel: options.kernelRegularizer,
    bias: useBias ? options.biasRegularizer : undefined,
  };
  const weights = Object.entries(penalties).flatMap(([name, regularizer]) =>
    Object.entries(getRegularizer(regularizer ?? {})).map(
      ([norm, weight]) => [`${name}.${norm}`, weight] as const,
    ),
  );
  const layer: Layer = {
    type: "dense",
    hyperparameters: Object.freeze(Object.fromEntries(weights)),
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
  madeFrom(layer, [
    layer.type,
    units,
    nameIn(activations, activate),
    useBias,
    nameIn(initializers, kernelStart),
    nameIn(initializers, biasStart),
    Object.keys(layer.hyperparameters),
  ]);
  return madeBy(layer, { name: layer.type, options: { units, ...options } });
}

const DENSE_OPTIONS: OptionNames<DenseOptions> = {
  activation: true,
  useBias: true,
  kernelInitializer: true,
  biasInitializer: true,
  kernelRegularizer: true,
  biasRegularizer: true,
};

/**
 * Sets each unit to 0 with probability `rate` while training and scales the others by
 * 1 / (1 − rate), so that the mean stays. It does nothing in evaluation and prediction. The rate is an input of the program.
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
  must(typeof rate === "number" && rate >= 0 && rate < 1, "rate", "a number in [0, 1)", rate);
  const layer: Layer = {
    type: "dropout",
    hyperparameters: Object.freeze({ rate }),
    units: (inputUnits) => inputUnits,
    parameters: () => [],
    call({ x, hyperparameters, training, stream }) {
      if (!training) return x;
      const kept = greaterEqual(randomUniform(x.graph, x.shape, stream), hyperparameters.rate);
      return mul(x, div(kept, sub(1, hyperparameters.rate)));
    },
  };
  madeFrom(layer, [layer.type]);
  return madeBy(layer, { name: layer.type, options: { rate } });
}

/**
 * An activation as a layer.
 *
 * @param name - a name, or a function of a value
 * @throws FettleError `unknown_name` for an unknown name
 * @example
 * ```ts
 * const leakyRelu = (x: Value) => maximum(x, mul(0.1, x));
 * const model = sequential([dense(8), activation(leakyRelu), dense(1), activation("sigmoid")]);
 * ```
 */
export function activation(name: Activation): Layer {
  const activate = getActivation(name);
  const layer: Layer = {
    type: "activation",
    hyperparameters: Object.freeze({}),
    units: (inputUnits) => inputUnits,
    parameters: () => [],
    call: ({ x }) => activate(x),
  };
  madeFrom(layer, [layer.type, nameIn(activations, activate)]);
  return madeBy(layer, { name: layer.type, options: { activation: name } });
}

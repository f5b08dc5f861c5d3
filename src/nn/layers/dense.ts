/** The dense layer. */
import { check, checkOptions, must, mustBeInteger, type OptionNames } from "../../errors.js";
import { abs, add, matmul, mul, square, sum } from "../../graph/functions.js";
import type { Value } from "../../graph/graph.js";
import { showShape } from "../../graph/shape.js";
import { nameIn } from "../../names.js";
import { type Activation, activations, getActivation } from "../activations.js";
import { getInitializer, type Initializer, initializerRecipe } from "../initializers.js";
import { getRegularizer, type Regularizer, type RegularizerName } from "../regularizers.js";
import { builtIn, type Layer, type LayerDefinition } from "./layer.js";

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
 * layer.parameters([10]).map(({ name, shape }) => [name, shape]); // [["kernel", [10, 64]], ["bias", [64]]]
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
  const layer: LayerDefinition = {
    type: "dense",
    hyperparameters: Object.fromEntries(weights),
    outputShape(shape) {
      check(
        shape.length === 1,
        () => `dense must take rows of shape [columns]; received ${showShape(shape)}`,
        "invalid_shape",
      );
      return [units];
    },
    parameters: ([columns]) => [
      { name: "kernel", shape: [columns, units], initializer: kernelStart },
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
  const recipe = [
    units,
    nameIn(activations, activate),
    useBias,
    initializerRecipe(kernelStart),
    initializerRecipe(biasStart),
    Object.keys(layer.hyperparameters),
  ];
  return builtIn(layer, recipe, { units, ...options });
}

const DENSE_OPTIONS: OptionNames<DenseOptions> = {
  activation: true,
  useBias: true,
  kernelInitializer: true,
  biasInitializer: true,
  kernelRegularizer: true,
  biasRegularizer: true,
};

/** What layers with kernels share: options, arrays with their penalties, the bias and the activation. No layer is here. */
import { must, type OptionNames } from "../../errors.js";
import { abs, add, mul, reshape, square, sum } from "../../graph/functions.js";
import { Value } from "../../graph/graph.js";
import { type Shape, sameShape } from "../../graph/shape.js";
import { type Activation, activationName, getActivation } from "../activations.js";
import { getInitializer, type Initializer, initializerRecipe } from "../initializers.js";
import { getRegularizer, type Regularizer, type RegularizerName } from "../regularizers.js";
import type { LayerContext, LayerDefinition, ParameterSpec } from "./layer.js";

/** Options of all layers that add a bias and apply an activation. */
export interface BiasOptions {
  /** A name or a function of a value. Default `linear`. */
  readonly activation?: Activation;
  /** Whether a bias is added. Default true. */
  readonly useBias?: boolean;
  /** Default `zeros`. */
  readonly biasInitializer?: Initializer;
  /** A penalty on the bias. Default: no penalty. */
  readonly biasRegularizer?: RegularizerName | Regularizer;
}

/** Options of layers with one kernel. */
export interface KernelOptions extends BiasOptions {
  /** Default `glorotUniform`. */
  readonly kernelInitializer?: Initializer;
  /** A penalty on the kernel: `l1()`, `l2()`, `l1l2()`, or `"l1"`, `"l2"` for the default weights. Default: no penalty. */
  readonly kernelRegularizer?: RegularizerName | Regularizer;
}

export const BIAS_OPTIONS: OptionNames<BiasOptions> = {
  activation: true,
  useBias: true,
  biasInitializer: true,
  biasRegularizer: true,
};
export const KERNEL_OPTIONS: OptionNames<KernelOptions> = {
  ...BIAS_OPTIONS,
  kernelInitializer: true,
  kernelRegularizer: true,
};

/** How an array starts, and what it is penalized with. */
export interface ArrayOptions {
  /** Default `glorotUniform`. */
  readonly initializer?: Initializer | undefined;
  readonly regularizer?: RegularizerName | Regularizer | undefined;
}

/** The arrays of a layer, and how its result follows from their product with its inputs. */
export interface Kernels extends Pick<Required<LayerDefinition>, "hyperparameters" | "penalty"> {
  /** One of the arrays. */
  spec(name: string, shape: Shape): ParameterSpec;
  /** The bias of so many numbers, if there is one. */
  bias(units: number): readonly ParameterSpec[];
  /** activation(product + bias) for a product [n, units], in the shape of the layer's result. */
  finish(product: Value, context: Pick<LayerContext, "parameters">, shape: Shape): Value;
  /** What decides all of this, for the layer's recipe. */
  readonly recipe: readonly unknown[];
}

/** The arrays of a layer by name, beside the bias. @throws FettleError `invalid_argument`, `unknown_name` */
export function kernelsOf(given: Readonly<Record<string, ArrayOptions>>, options: BiasOptions): Kernels {
  const { activation = "linear", useBias = true, biasInitializer = "zeros", biasRegularizer } = options;
  must(typeof useBias === "boolean", "useBias", "true or false", useBias);
  const activate = getActivation(activation);
  const biasStart = getInitializer(biasInitializer);
  const bias = { initializer: biasStart, regularizer: biasRegularizer };
  const arrays: Readonly<Record<string, ArrayOptions>> = { ...given, ...(useBias && { bias }) };
  const starts = Object.fromEntries(
    Object.entries(arrays).map(([name, { initializer = "glorotUniform" }]) => [
      name,
      getInitializer(initializer),
    ]),
  );
  const weights = Object.entries(arrays).flatMap(([name, { regularizer = {} }]) =>
    Object.entries(getRegularizer(regularizer)).map(([norm, weight]) => [`${name}.${norm}`, weight] as const),
  );
  const hyperparameters = Object.fromEntries(weights);
  const spec = (name: string, shape: Shape): ParameterSpec => ({ name, shape, initializer: starts[name] });
  return {
    hyperparameters,
    spec,
    bias: (units) => (useBias ? [spec("bias", [units])] : []),
    finish(product, { parameters }, shape) {
      const result = activate(useBias ? add(product, parameters.bias) : product);
      // the model refuses anything else, by the layer's name
      return result instanceof Value && sameShape(result.shape, product.shape)
        ? reshape(result, shape)
        : result;
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
    recipe: [
      activationName(activate),
      ...Object.keys(arrays),
      ...Object.values(starts).map(initializerRecipe),
      Object.keys(hyperparameters),
    ],
  };
}

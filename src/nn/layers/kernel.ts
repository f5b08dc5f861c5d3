/** The common parts of layers with kernels: options, the bias and the activation. */
import { must, type OptionNames } from "../../errors.js";
import { add, reshape } from "../../graph/functions.js";
import { Value } from "../../graph/graph.js";
import { type Shape, sameShape } from "../../graph/shape.js";
import { type Activation, activationName, getActivation } from "../activations.js";
import type { ConstraintLike } from "../weights/constraints.js";
import type { Initializer } from "../weights/initializers.js";
import type { Regularizer, RegularizerName } from "../weights/regularizers.js";
import { type ArrayOptions, type Arrays, arrayOptions, arraysOf } from "./arrays.js";
import type { LayerContext, ParameterSpec } from "./layer.js";

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
  /** A constraint on the bias, as `kernelConstraint`. Default: no constraint. */
  readonly biasConstraint?: ConstraintLike;
}

/** Options of layers with one kernel. */
export interface KernelOptions extends BiasOptions {
  /** Default `glorotUniform`. */
  readonly kernelInitializer?: Initializer;
  /**
   * A penalty on the kernel: `l1()`, `l2()`, `l1l2()`, or `"l1"`, `"l2"` for the default weights. Default: no
   * penalty.
   */
  readonly kernelRegularizer?: RegularizerName | Regularizer;
  /**
   * A constraint on the kernel after each update: `maxNorm()`, `nonNeg()`, `unitNorm()`, `minMaxNorm()`, the
   * name of one for its defaults, or a function of a value. It does not change the initial weights, as in
   * Keras. Default: no constraint.
   */
  readonly kernelConstraint?: ConstraintLike;
}

export const BIAS_RULES: OptionNames<BiasOptions> = {
  activation: true,
  useBias: true,
  biasInitializer: true,
  biasRegularizer: true,
  biasConstraint: true,
};
export const KERNEL_RULES: OptionNames<KernelOptions> = {
  ...BIAS_RULES,
  kernelInitializer: true,
  kernelRegularizer: true,
  kernelConstraint: true,
};

/** The arrays of a layer, and how its result follows from their product with its inputs. */
export interface Kernels extends Arrays {
  /** The bias of that shape, if there is one. */
  bias(...shape: Shape): readonly ParameterSpec[];
  /** activation(product + bias) for a product [..., units], in the shape of the layer's result. */
  finish(product: Value, context: Pick<LayerContext, "parameters">, shape: Shape): Value;
}

/** The arrays of a layer by name, without the bias. @throws FettleError `invalid_argument`, `unknown_name` */
export function kernelsOf(given: Readonly<Record<string, ArrayOptions>>, options: BiasOptions): Kernels {
  const { activation = "linear", useBias = true } = options;
  must(typeof useBias === "boolean", "useBias", "true or false", useBias);
  const activate = getActivation(activation);
  const bias = arrayOptions({ biasInitializer: "zeros", ...options }, "bias");
  const arrays = arraysOf({ ...given, ...(useBias && { bias }) });
  return {
    ...arrays,
    bias: (...shape) => (useBias ? [arrays.spec("bias", shape)] : []),
    finish(product, { parameters }, shape) {
      const result = activate(useBias ? add(product, parameters.bias) : product);
      // the model refuses anything else, by the layer's name
      return result instanceof Value && sameShape(result.shape, product.shape)
        ? reshape(result, shape)
        : result;
    },
    recipe: [activationName(activate), ...arrays.recipe],
  };
}

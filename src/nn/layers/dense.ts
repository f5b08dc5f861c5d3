/** The dense layer. */
import { check, checkOptions, mustBeInteger } from "../../errors.js";
import { matmul, reshape } from "../../graph/functions.js";
import { lines, showShape } from "../../graph/shape.js";
import { arrayOptions } from "./arrays.js";
import { KERNEL_RULES, type KernelOptions, kernelsOf } from "./kernel.js";
import { builtIn, type Layer } from "./layer.js";

/** Options of {@link dense}. */
export type DenseOptions = KernelOptions;

/**
 * A dense layer: activation(x · kernel + bias), [rows, inputs] → [rows, units]. For rows with more axes, it
 * acts on the last, as in Keras: [rows, 7, 3] → [rows, 7, units].
 *
 * @param units - columns of the result, a positive integer
 * @throws FettleError `invalid_argument` unless `units` is a positive integer; `unknown_name` for an unknown
 * activation, initializer, regularizer or option
 * @example
 * ```ts
 * const layer = dense(64, { activation: "relu", kernelRegularizer: l2(1e-4) });
 * layer.parameters([10]).map(({ name, shape }) => [name, shape]); // [["kernel", [10, 64]], ["bias", [64]]]
 * ```
 */
export function dense(units: number, options: DenseOptions = {}): Layer {
  mustBeInteger("`units`", units);
  checkOptions(options, "dense", KERNEL_RULES);
  const kernels = kernelsOf({ kernel: arrayOptions(options, "kernel") }, options);
  const { hyperparameters, penalty } = kernels;
  return builtIn(
    {
      type: "dense",
      hyperparameters,
      penalty,
      stepwise: true,
      outputShape(shape) {
        check(
          shape.length > 0,
          () => `dense must take rows of shape [columns] or [..., columns]; received ${showShape(shape)}`,
          "invalid_shape",
        );
        return [...shape.slice(0, -1), units];
      },
      parameters: (shape) => [
        kernels.spec("kernel", [shape[shape.length - 1], units]),
        ...kernels.bias(units),
      ],
      call(context) {
        const { x, parameters } = context;
        const places = x.shape.slice(0, -1);
        const matrix = reshape(x, [lines(places), x.shape[places.length]]);
        return kernels.finish(matmul(matrix, parameters.kernel), context, [...places, units]);
      },
    },
    [units, ...kernels.recipe],
    { units, ...options },
  );
}

/** Numbers in another unit. */
import { add, mul } from "../../graph/functions.js";
import { finite, type OptionRules, readOptions } from "../../rules.js";
import { builtIn, type Layer, type LayerDefinition, PLAIN } from "./layer.js";

/** Options of {@link rescaling}. */
export interface RescalingOptions {
  /** Added after the multiplication. An input of the program. Default 0. */
  readonly offset?: number;
}

const RULES = { offset: [finite(), 0] } satisfies OptionRules<RescalingOptions>;

/**
 * x · scale + offset, such as numbers in [0, 1] for the bytes of pixels. As Keras' `Rescaling`, for one scale
 * and one offset. The model has it inside, so that its rows stay as they come.
 *
 * @param scale - a finite number, an input of the program
 * @throws FettleError `invalid_argument`, `unknown_name` for anything but numbers and this option
 * @example
 * ```ts
 * // bytes become numbers in [-1, 1]
 * const model = sequential([rescaling(1 / 127.5, { offset: -1 }), conv2d(8, 3), flatten(), dense(1)]);
 * ```
 */
export function rescaling(scale: number, options: RescalingOptions = {}): Layer {
  finite()("scale", scale);
  const { offset } = readOptions(options, "rescaling", RULES);
  const layer: LayerDefinition = {
    type: "rescaling",
    hyperparameters: { scale, offset },
    ...PLAIN,
    call: ({ x, hyperparameters }) => add(mul(x, hyperparameters.scale), hyperparameters.offset),
  };
  return builtIn(layer, [], { scale, ...options });
}

/** Images in another size. */
import { mustBeInteger } from "../../errors.js";
import { constant, matmul, reshape, transpose } from "../../graph/functions.js";
import type { Value } from "../../graph/graph.js";
import { lines } from "../../graph/shape.js";
import { either, type OptionRules, readOptions } from "../../rules.js";
import { mustHaveChannels } from "./geometry.js";
import { builtIn, type Layer, type LayerDefinition } from "./layer.js";
import { MASK_ENDS } from "./masks.js";

/** Options of {@link resizing}. */
export interface ResizingOptions {
  /**
   * `bilinear`: a mean of the nearest pixels, weighted by distance; `nearest`: the pixel around the place.
   * Default `bilinear`.
   */
  readonly interpolation?: "bilinear" | "nearest";
}

const RULES = {
  interpolation: [either("bilinear", "nearest"), "bilinear"],
} satisfies OptionRules<ResizingOptions>;

/**
 * Images of another size: [rows, a, b, channels] → [rows, height, width, channels]. The centre of pixel i of
 * n is at (i + ½) / n, as in Keras' `Resizing` and in PyTorch's `interpolate` with `align_corners=False`;
 * nothing is smoothed before images become smaller. PyTorch's `nearest-exact` is `nearest` here.
 *
 * @param height - of the result, positive
 * @param width - of the result, positive
 * @throws FettleError `invalid_argument`, `unknown_name` for other sizes and options; `invalid_shape` for
 * rows that are not images
 * @example
 * ```ts
 * const model = sequential([resizing(16, 16), conv2d(8, 3), flatten(), dense(1)]);
 * resizing(16, 24).outputShape([40, 40, 3]); // [16, 24, 3]
 * ```
 */
export function resizing(height: number, width: number, options: ResizingOptions = {}): Layer {
  mustBeInteger("height", height);
  mustBeInteger("width", width);
  const { interpolation } = readOptions(options, "resizing", RULES);
  const layer: LayerDefinition = {
    type: "resizing",
    hyperparameters: {},
    ...MASK_ENDS,
    outputShape(shape) {
      mustHaveChannels("resizing", shape, 2);
      return [height, width, shape[2]];
    },
    parameters: () => [],
    call({ x }) {
      const weights = interpolation === "nearest" ? nearest : bilinear;
      // [rows, a, b, channels] → [rows, a, channels, width] → [rows, channels, width, height]
      const across = resized(transpose(x, [0, 1, 3, 2]), width, weights);
      const down = resized(transpose(across, [0, 2, 3, 1]), height, weights);
      return transpose(down, [0, 3, 2, 1]);
    },
  };
  return builtIn(layer, [height, width, interpolation], { height, width, ...options });
}

/** How much each of `length` elements counts in one element of a result, at a place between them. */
type Weights = (place: number, length: number) => number[];

const nearest: Weights = (place, length) => {
  const at = Math.min(Math.floor(place + 0.5), length - 1);
  return Array.from({ length }, (_, i) => Number(i === at));
};

const bilinear: Weights = (place, length) => {
  const within = Math.min(Math.max(place, 0), length - 1);
  return Array.from({ length }, (_, i) => Math.max(1 - Math.abs(within - i), 0));
};

/** x with a last axis of `size` elements: a product, since each is a sum of elements with fixed weights. */
function resized(x: Value, size: number, weights: Weights): Value {
  const others = x.shape.slice(0, -1);
  const [length] = x.shape.slice(-1);
  const table = Array.from({ length: size }, (_, i) => weights(((i + 0.5) * length) / size - 0.5, length));
  // [length, size]
  const matrix = constant(
    x.graph,
    Array.from({ length: length * size }, (_, k) => table[k % size][Math.floor(k / size)]),
    [length, size],
  );
  return reshape(matmul(reshape(x, [lines(others), length]), matrix), [...others, size]);
}

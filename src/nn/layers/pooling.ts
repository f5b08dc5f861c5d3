/** Pooling: one number for each window and channel of sequences, [rows, steps, channels], and images, [rows, height, width, channels]. */
import { checkOptions, type OptionNames } from "../../errors.js";
import { constant, div, max, maxPool, mean, mul, patches, reshape, sum } from "../../graph/functions.js";
import type { Value } from "../../graph/graph.js";
import type { Shape } from "../../graph/shape.js";
import { asImages, pairOf, windowOptions } from "./convolution.js";
import {
  type Axis,
  axesOf,
  checkPadding,
  mustHaveChannels,
  type Placed,
  placed,
  type Sizes,
} from "./geometry.js";
import { builtIn, type Layer, type LayerDefinition } from "./layer.js";

/** Options of pooling. */
export interface PoolingOptions<Size = Sizes> {
  /** How far a window is from the next, positive. Default: the size of a window. */
  readonly strides?: Size;
  /**
   * `valid`: windows within the rows; `same`: ⌈length / stride⌉ windows along each axis, of which those at the ends may be
   * smaller. Default `valid`.
   */
  readonly padding?: "valid" | "same";
}

const POOLING_OPTIONS: OptionNames<PoolingOptions> = { strides: true, padding: true };

/**
 * The largest number of each window of steps and channel: [rows, steps, channels] → [rows, windows, channels]. Of equal
 * numbers the first gets the gradient.
 *
 * @param poolSize - steps of a window, positive. Default 2.
 * @throws FettleError `invalid_argument` for sizes that are not positive integers; `unknown_name` for an unknown padding or
 * option; for rows that are shorter than a window, `invalid_shape`
 * @example
 * ```ts
 * maxPooling1d(2).outputShape([7, 4]); // [3, 4]
 * maxPooling1d(2, { padding: "same" }).outputShape([7, 4]); // [4, 4]
 * ```
 */
export const maxPooling1d = (poolSize = 2, options: PoolingOptions<number> = {}): Layer =>
  pooling("maxPooling1d", poolSize, options, largest);

/**
 * The largest number of each window and channel of images: [rows, height, width, channels] → [rows, down, across, channels]. Of
 * equal numbers the first in row-major order gets the gradient, as in PyTorch.
 *
 * @param poolSize - height and width of a window, positive: one number for both, or a pair. Default 2.
 * @throws FettleError `invalid_argument` for sizes that are not positive integers; `unknown_name` for an unknown padding or
 * option; for images that are smaller than a window, `invalid_shape`
 * @example
 * ```ts
 * maxPooling2d(2).outputShape([8, 8, 16]); // [4, 4, 16]
 * maxPooling2d([3, 1], { strides: 2, padding: "same" }).outputShape([8, 8, 16]); // [4, 4, 16]
 * ```
 */
export const maxPooling2d = (poolSize: Sizes = 2, options: PoolingOptions = {}): Layer =>
  pooling("maxPooling2d", poolSize, options, largest);

/**
 * The mean of each window of steps and channel: [rows, steps, channels] → [rows, windows, channels]. With padding `same`, means
 * are of the steps that there are, as in Keras.
 *
 * @param poolSize - steps of a window, positive. Default 2.
 * @throws FettleError as `maxPooling1d`
 * @example
 * ```ts
 * averagePooling1d(3, { strides: 1 }).outputShape([7, 4]); // [5, 4]
 * ```
 */
export const averagePooling1d = (poolSize = 2, options: PoolingOptions<number> = {}): Layer =>
  pooling("averagePooling1d", poolSize, options, average);

/**
 * The mean of each window and channel of images: [rows, height, width, channels] → [rows, down, across, channels]. With padding
 * `same`, means are of what a window has of the image, as in Keras; PyTorch's `AvgPool2d` so with `count_include_pad=False`.
 *
 * @param poolSize - height and width of a window, positive: one number for both, or a pair. Default 2.
 * @throws FettleError as `maxPooling2d`
 * @example
 * ```ts
 * averagePooling2d(2).outputShape([8, 8, 16]); // [4, 4, 16]
 * ```
 */
export const averagePooling2d = (poolSize: Sizes = 2, options: PoolingOptions = {}): Layer =>
  pooling("averagePooling2d", poolSize, options, average);

/**
 * The largest number of each channel of sequences: [rows, steps, channels] → [rows, channels]. Equal ones share the gradient.
 *
 * @example
 * ```ts
 * globalMaxPooling1d().outputShape([10, 4]); // [4]
 * ```
 */
export const globalMaxPooling1d = (): Layer => globalPooling("globalMaxPooling1d", 1, max);

/**
 * The largest number of each channel of images: [rows, height, width, channels] → [rows, channels]. Equal ones share the gradient.
 *
 * @example
 * ```ts
 * globalMaxPooling2d().outputShape([8, 8, 16]); // [16]
 * ```
 */
export const globalMaxPooling2d = (): Layer => globalPooling("globalMaxPooling2d", 2, max);

/**
 * The mean of each channel of sequences: [rows, steps, channels] → [rows, channels].
 *
 * @example
 * ```ts
 * // words of a text, in any order
 * const model = sequential([embedding(1000, 16), globalAveragePooling1d(), dense(1, { activation: "sigmoid" })]);
 * ```
 */
export const globalAveragePooling1d = (): Layer => globalPooling("globalAveragePooling1d", 1, mean);

/**
 * The mean of each channel of images: [rows, height, width, channels] → [rows, channels].
 *
 * @example
 * ```ts
 * globalAveragePooling2d().outputShape([8, 8, 16]); // [16]
 * ```
 */
export const globalAveragePooling2d = (): Layer => globalPooling("globalAveragePooling2d", 2, mean);

type Pair = readonly [number, number];

/** Where windows of `size` lie on images [n, height, width, channels]: `placed` along both axes. */
interface Windows {
  readonly size: Pair;
  readonly strides: Pair;
  readonly before: Pair;
  readonly after: Pair;
}

/** What becomes of images [n, height, width, channels]: [n, down, across, channels]. */
type Pool = (images: Value, windows: Windows) => Value;

const largest: Pool = (images, { size, ...options }) => maxPool(images, size, options);

const average: Pool = (images, { size, ...options }) => {
  const [n, height, width, channels] = images.shape;
  const windows = patches(images, size, options);
  const [, down, across] = windows.shape;
  const sums = sum(reshape(windows, [n, down, across, size[0] * size[1], channels]), 3);
  /** How many elements each window has along an axis. */
  const counts = (axis: 0 | 1, length: number, count: number): number[] =>
    Array.from({ length: count }, (_, i) => {
      const start = i * options.strides[axis] - options.before[axis];
      return Math.min(start + size[axis], length) - Math.max(start, 0);
    });
  const vertical = constant(images.graph, counts(0, height, down), [down, 1, 1]);
  return div(sums, mul(vertical, constant(images.graph, counts(1, width, across), [across, 1])));
};

function pooling(type: string, poolSize: Sizes, options: PoolingOptions<Sizes>, pool: Pool): Layer {
  checkOptions(options, type, POOLING_OPTIONS);
  const { strides = poolSize, padding = "valid" } = options;
  checkPadding(padding, ["valid", "same"]);
  const axes = axesOf(poolSize, { strides }, type.endsWith("1d") ? 1 : 2, "poolSize");
  const layer: LayerDefinition = {
    type,
    hyperparameters: {},
    outputShape(shape) {
      mustHaveChannels(type, shape, axes.length);
      return [...placed(type, shape, axes, padding).map(({ count }) => count), shape[axes.length]];
    },
    parameters: () => [],
    call({ x }) {
      const [rows, ...row] = x.shape;
      const at = placed(type, row, axes, padding);
      const channels = row[axes.length];
      const shape: Shape = [rows, ...at.map(({ count }) => count), channels];
      return reshape(pool(asImages(x), windowsOf(axes, at)), shape);
    },
  };
  return builtIn(layer, [JSON.stringify(axes), padding], { poolSize, ...options });
}

function windowsOf(axes: readonly Axis[], at: readonly Placed[]): Windows {
  const { dilation: _, ...options } = windowOptions(axes, at);
  return { size: pairOf(axes, "size", 1), ...options };
}

function globalPooling(
  type: string,
  axes: number,
  reduce: (x: Value, axes: readonly number[]) => Value,
): Layer {
  const layer: LayerDefinition = {
    type,
    hyperparameters: {},
    outputShape(shape) {
      mustHaveChannels(type, shape, axes);
      return shape.slice(-1);
    },
    parameters: () => [],
    call: ({ x }) =>
      reduce(
        x,
        Array.from({ length: axes }, (_, i) => i + 1),
      ),
  };
  return builtIn(layer, [], {});
}

/**
 * Pooling: one number for each window and channel of sequences, [rows, steps, channels], images, [rows,
 * height, width, channels], and volumes, [rows, depth, height, width, channels].
 */

import {
  broadcastTo,
  constant,
  div,
  max,
  maximum,
  maxPool,
  mean,
  mul,
  patches,
  reshape,
  select,
  sum,
} from "../../graph/functions.js";
import type { Value } from "../../graph/graph.js";
import type { Shape } from "../../graph/shape.js";
import { type OptionRules, readOptions } from "../../rules.js";
import {
  type Axis,
  axesOf,
  IMAGE_PADDING,
  mustHaveChannels,
  type Placed,
  placed,
  rankOf,
  type Sizes,
  type Sizes3d,
} from "./geometry.js";
import { builtIn, type Layer, type LayerDefinition } from "./layer.js";
import { besideSteps, maskOfWindows, whereCounted } from "./masks.js";
import { alongHeight, asImages, depthsOf, pairOf, planesOf, windowOptions } from "./windows.js";

/** Options of pooling. */
export interface PoolingOptions<Size = Sizes> {
  /** How far a window is from the next, positive. Default: the size of a window. */
  readonly strides?: Size;
  /**
   * `valid`: windows within the rows; `same`: ⌈length / stride⌉ windows along each axis; those at the ends
   * may be smaller. Default `valid`.
   */
  readonly padding?: "valid" | "same";
}

const RULES = { strides: true, padding: [IMAGE_PADDING, "valid"] } satisfies OptionRules<PoolingOptions>;

/**
 * The largest number of each window of steps and channel: [rows, steps, channels] → [rows, windows,
 * channels]. Of equal numbers the first gets the gradient. Steps that do not count are left out; windows of
 * only such steps do not count in the mask of the result.
 *
 * @param poolSize - steps of a window, positive. Default 2.
 * @throws FettleError `invalid_argument` for sizes that are not positive integers; `unknown_name` for an
 * unknown padding or option; for rows that are shorter than a window, `invalid_shape`
 * @example
 * ```ts
 * maxPooling1d(2).outputShape([7, 4]); // [3, 4]
 * maxPooling1d(2, { padding: "same" }).outputShape([7, 4]); // [4, 4]
 * ```
 */
export const maxPooling1d = (poolSize = 2, options: PoolingOptions<number> = {}): Layer =>
  pooling("maxPooling1d", poolSize, options, largest);

/**
 * The largest number of each window and channel of images: [rows, height, width, channels] → [rows, down,
 * across, channels]. Of equal numbers the first in row-major order gets the gradient, as in PyTorch.
 *
 * @param poolSize - height and width of a window, positive: one number for both, or a pair. Default 2.
 * @throws FettleError `invalid_argument` for sizes that are not positive integers; `unknown_name` for an
 * unknown padding or option; for images that are smaller than a window, `invalid_shape`
 * @example
 * ```ts
 * maxPooling2d(2).outputShape([8, 8, 16]); // [4, 4, 16]
 * maxPooling2d([3, 1], { strides: 2, padding: "same" }).outputShape([8, 8, 16]); // [4, 4, 16]
 * ```
 */
export const maxPooling2d = (poolSize: Sizes = 2, options: PoolingOptions = {}): Layer =>
  pooling("maxPooling2d", poolSize, options, largest);

/**
 * The largest number of each window and channel of volumes: [rows, depth, height, width, channels] → [rows,
 * inwards, down, across, channels]. Of equal numbers the first in row-major order gets the gradient.
 *
 * @param poolSize - depth, height and width of a window, positive: one number for all, or three. Default 2.
 * @throws FettleError as `maxPooling2d`
 * @example
 * ```ts
 * maxPooling3d(2).outputShape([8, 8, 8, 16]); // [4, 4, 4, 16]
 * ```
 */
export const maxPooling3d = (poolSize: Sizes3d = 2, options: PoolingOptions<Sizes3d> = {}): Layer =>
  pooling("maxPooling3d", poolSize, options, largest);

/**
 * The mean of each window of steps and channel: [rows, steps, channels] → [rows, windows, channels]. With
 * padding `same`, means ignore the padding, as in Keras. Steps that do not count are left out, as in
 * `maxPooling1d`.
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
 * The mean of each window and channel of images: [rows, height, width, channels] → [rows, down, across,
 * channels]. With padding `same`, means ignore the padding, as in Keras, and in PyTorch's `AvgPool2d` with
 * `count_include_pad=False`.
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
 * The mean of each window and channel of volumes: [rows, depth, height, width, channels] → [rows, inwards,
 * down, across, channels]. With padding `same`, means ignore the padding, as in `averagePooling2d`.
 *
 * @param poolSize - depth, height and width of a window, positive: one number for all, or three. Default 2.
 * @throws FettleError as `maxPooling2d`
 * @example
 * ```ts
 * averagePooling3d([1, 2, 2]).outputShape([8, 8, 8, 16]); // [8, 4, 4, 16]
 * ```
 */
export const averagePooling3d = (poolSize: Sizes3d = 2, options: PoolingOptions<Sizes3d> = {}): Layer =>
  pooling("averagePooling3d", poolSize, options, average);

/**
 * The largest number of each channel of sequences: [rows, steps, channels] → [rows, channels]. Equal ones
 * share the gradient. Only steps that count take part; 0 if there are none.
 *
 * @example
 * ```ts
 * globalMaxPooling1d().outputShape([10, 4]); // [4]
 * ```
 */
export const globalMaxPooling1d = (): Layer => globalPooling("globalMaxPooling1d", 1, largestOf);

/**
 * The largest number of each channel of images: [rows, height, width, channels] → [rows, channels]. Equal
 * ones share the gradient.
 *
 * @example
 * ```ts
 * globalMaxPooling2d().outputShape([8, 8, 16]); // [16]
 * ```
 */
export const globalMaxPooling2d = (): Layer => globalPooling("globalMaxPooling2d", 2, largestOf);

/**
 * The largest number of each channel of volumes: [rows, depth, height, width, channels] → [rows, channels].
 * Equal ones share the gradient.
 *
 * @example
 * ```ts
 * globalMaxPooling3d().outputShape([8, 8, 8, 16]); // [16]
 * ```
 */
export const globalMaxPooling3d = (): Layer => globalPooling("globalMaxPooling3d", 3, largestOf);

/**
 * The mean of each channel of sequences: [rows, steps, channels] → [rows, channels]. Only steps that count
 * take part; 0 if there are none.
 *
 * @example
 * ```ts
 * // words of a text, in any order
 * const model = sequential([embedding(1000, 16), globalAveragePooling1d(), dense(1, { activation: "sigmoid" })]);
 * ```
 */
export const globalAveragePooling1d = (): Layer => globalPooling("globalAveragePooling1d", 1, meanOf);

/**
 * The mean of each channel of images: [rows, height, width, channels] → [rows, channels].
 *
 * @example
 * ```ts
 * globalAveragePooling2d().outputShape([8, 8, 16]); // [16]
 * ```
 */
export const globalAveragePooling2d = (): Layer => globalPooling("globalAveragePooling2d", 2, meanOf);

/**
 * The mean of each channel of volumes: [rows, depth, height, width, channels] → [rows, channels].
 *
 * @example
 * ```ts
 * globalAveragePooling3d().outputShape([8, 8, 8, 16]); // [16]
 * ```
 */
export const globalAveragePooling3d = (): Layer => globalPooling("globalAveragePooling3d", 3, meanOf);

type Pair = readonly [number, number];

/** Where windows of `size` lie on images [n, height, width, channels]: `placed` along both axes. */
interface Windows {
  readonly size: Pair;
  readonly strides: Pair;
  readonly before: Pair;
  readonly after: Pair;
}

/**
 * The pooling of images [n, height, width, channels] to [n, down, across, channels].
 *
 * @param counts - [n, height, width, 1]: 1 for a pixel that counts, otherwise 0 (and the image is 0 there);
 * undefined if all count
 */
type Pool = (images: Value, windows: Windows, counts?: Value) => Value;

/** Below every number, so that a pixel that does not count is never the largest. */
const LEAST = -3.4028234663852886e38;

const largest: Pool = (images, { size, ...options }, counts) => {
  if (counts === undefined) return maxPool(images, size, options);
  const isSeen = maxPool(counts, size, options);
  return select(isSeen, maxPool(select(counts, images, LEAST), size, options), 0);
};

/** The sums of windows, channel by channel. */
const sums: Pool = (images, { size, ...options }) => {
  const [n, , , channels] = images.shape;
  const windows = patches(images, size, options);
  const [, down, across] = windows.shape;
  return sum(reshape(windows, [n, down, across, size[0] * size[1], channels]), 3);
};

const average: Pool = (images, windows, seen) => {
  const { size, ...options } = windows;
  const [, height, width] = images.shape;
  const totals = sums(images, windows);
  if (seen) return div(totals, maximum(sums(seen, windows), 1));
  const [, down, across] = totals.shape;
  /** How many elements each window has along an axis. */
  const counts = (axis: 0 | 1, length: number, count: number): number[] =>
    Array.from({ length: count }, (_, i) => {
      const start = i * options.strides[axis] - options.before[axis];
      return Math.min(start + size[axis], length) - Math.max(start, 0);
    });
  const vertical = constant(images.graph, counts(0, height, down), [down, 1, 1]);
  return div(totals, mul(vertical, constant(images.graph, counts(1, width, across), [across, 1])));
};

function pooling(
  type: string,
  poolSize: Sizes | Sizes3d,
  options: PoolingOptions<Sizes | Sizes3d>,
  pool: Pool,
): Layer {
  const { strides = poolSize, padding } = readOptions(options, type, RULES);
  const axes = axesOf(poolSize, { strides }, rankOf(type), "poolSize");
  const layer: LayerDefinition = {
    type,
    hyperparameters: {},
    outputShape(shape) {
      mustHaveChannels(type, shape, axes.length);
      return [...placed(type, shape, axes, padding).map(({ count }) => count), shape[axes.length]];
    },
    parameters: () => [],
    call({ x, masks: [mask] = [] }) {
      const [rows, ...row] = x.shape;
      const at = placed(type, row, axes, padding);
      const channels = row[axes.length];
      const shape: Shape = [rows, ...at.map(({ count }) => count), channels];
      if (axes.length === 3) return reshape(volumePool(pool, x, axes, at, mask), shape);
      const counts = mask && asImages(broadcastTo(besideSteps(mask, x), [...x.shape.slice(0, -1), 1]));
      return reshape(pool(asImages(x), windowsOf(axes, at), counts), shape);
    },
    mask: ({ x, masks: [mask] = [] }) =>
      maskOfWindows(mask, axes[0], placed(type, x.shape.slice(1), axes, padding)[0], padding),
  };
  return builtIn(layer, [JSON.stringify(axes), padding], { poolSize, ...options });
}

/**
 * The windows of planes, then those along the depth: the largest of the largest, which finds the first in
 * row-major order, or the mean of means of as many numbers each. A plane counts entirely, or not.
 */
function volumePool(
  pool: Pool,
  x: Value,
  [depth, ...plane]: readonly Axis[],
  [atDepth, ...atPlane]: readonly Placed[],
  mask: Value | undefined,
): Value {
  const [rows, length, , , channels] = x.shape;
  const planes = pool(planesOf(x), windowsOf(plane, atPlane));
  const pooled = reshape(planes, [rows, length, ...planes.shape.slice(1, 3), channels]);
  const counts = mask && reshape(mask, [rows, length, 1, 1]);
  return pool(depthsOf(pooled), windowsOf(...alongHeight(depth, atDepth)), counts);
}

function windowsOf(axes: readonly Axis[], at: readonly Placed[]): Windows {
  const { dilation: _, ...options } = windowOptions(axes, at);
  return { size: pairOf(axes, "size", 1), ...options };
}

/** Pools x [rows, ...axes, channels] along its axes, by the mask of its steps if it has one. */
type Reduction = (x: Value, axes: readonly number[], mask: Value | undefined) => Value;

const largestOf: Reduction = (x, axes, mask) => {
  if (mask === undefined) return max(x, axes);
  return select(max(mask, 1, true), max(whereCounted(x, mask, LEAST), axes), 0);
};

const meanOf: Reduction = (x, axes, mask) => {
  if (mask === undefined) return mean(x, axes);
  const inStep = x.shape.slice(2, -1).reduce((size, length) => size * length, 1);
  return div(sum(x, axes), maximum(mul(sum(mask, 1, true), inStep), 1));
};

function globalPooling(type: string, count: number, reduce: Reduction): Layer {
  const axes = Array.from({ length: count }, (_, i) => i + 1);
  const layer: LayerDefinition = {
    type,
    hyperparameters: {},
    outputShape(shape) {
      mustHaveChannels(type, shape, count);
      return shape.slice(-1);
    },
    parameters: () => [],
    call: ({ x, masks = [] }) => reduce(x, axes, masks[0]),
  };
  return builtIn(layer, [], {});
}

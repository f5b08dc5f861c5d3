/** Layers that only change the shape of rows: axes, repeated, added and removed elements. */
import { check, must, mustBeInteger } from "../../errors.js";
import { broadcastTo, pad, reshape as reshaped, slice, transpose } from "../../graph/functions.js";
import type { Value } from "../../graph/graph.js";
import { type Shape, showShape, sizeOf } from "../../graph/shape.js";
import { type Ends, type Ends2d, endsOf, mustHaveChannels, type Sizes } from "./geometry.js";
import { builtIn, type Layer, type LayerContext } from "./layer.js";
import { MASK_ENDS } from "./masks.js";

/** A layer without parameters. */
function moving(
  type: string,
  options: Readonly<Record<string, unknown>>,
  outputShape: (shape: Shape) => Shape,
  call: (context: LayerContext, outputShape: Shape) => Value,
  /** The mask of the result, [rows, steps]. Default: unchanged if there are as many steps. */
  ofMask?: (mask: Value) => Value | undefined,
): Layer {
  return builtIn(
    {
      type,
      hyperparameters: {},
      routes: true,
      outputShape,
      parameters: () => [],
      call: (context) => call(context, [context.x.shape[0], ...outputShape(context.x.shape.slice(1))]),
      ...(ofMask && { mask: ({ masks: [mask] = [] }: LayerContext) => mask && ofMask(mask) }),
    },
    [JSON.stringify(options)],
    options,
  );
}

/**
 * Rows of any shape as rows of numbers: [rows, 7, 3] → [rows, 21], in row-major order.
 *
 * @example
 * ```ts
 * flatten().outputShape([7, 3]); // [21]
 * ```
 */
export function flatten(): Layer {
  return moving(
    "flatten",
    {},
    (shape) => [sizeOf(shape)],
    ({ x }, shape) => reshaped(x, shape),
  );
}

/**
 * The numbers of each row, in row-major order, in another shape of the same size.
 *
 * @param targetShape - of a row, positive integers; one may be −1, which is then inferred
 * @throws FettleError `invalid_argument` for anything but such integers; for rows of another size,
 * `invalid_shape`
 * @example
 * ```ts
 * reshape([8, 8, 1]).outputShape([64]); // [8, 8, 1]
 * reshape([-1, 4]).outputShape([12]); // [3, 4]
 * ```
 */
export function reshape(targetShape: Shape): Layer {
  must(
    Array.isArray(targetShape) &&
      targetShape.length > 0 &&
      targetShape.every((dim) => Number.isSafeInteger(dim) && (dim > 0 || dim === -1)) &&
      targetShape.filter((dim) => dim === -1).length <= 1,
    "targetShape",
    "an array of positive integers, one of which may be −1",
    targetShape,
  );
  const target = [...targetShape];
  const known = target.reduce((size, dim) => (dim === -1 ? size : size * dim), 1);
  const outputShape = (shape: Shape): Shape => {
    const size = sizeOf(shape);
    check(
      target.includes(-1) ? size % known === 0 : size === known,
      () => `reshape to [${target.join(", ")}] must take rows of that size; received ${showShape(shape)}`,
      "invalid_shape",
    );
    return target.map((dim) => (dim === -1 ? size / known : dim));
  };
  return moving("reshape", { targetShape: target }, outputShape, ({ x }, shape) => reshaped(x, shape));
}

/**
 * The axes of each row in another order.
 *
 * @param dims - axes of a row, counted from 1, as in Keras: axis i of the result is axis dims[i]
 * @throws FettleError `invalid_argument` unless `dims` are the numbers from 1 on, each once; for rows of more
 * or fewer axes,
 * `invalid_shape`
 * @example
 * ```ts
 * permute([2, 1]).outputShape([10, 3]); // [3, 10]
 * ```
 */
export function permute(dims: readonly number[]): Layer {
  must(
    Array.isArray(dims) &&
      dims.length > 0 &&
      [...dims].sort((a, b) => a - b).every((dim, i) => dim === i + 1),
    "dims",
    "the axes of a row, counted from 1, each once",
    dims,
  );
  const order = [...dims];
  const outputShape = (shape: Shape): Shape => {
    check(
      shape.length === order.length,
      () => `permute must take rows of ${order.length} axes; received ${showShape(shape)}`,
      "invalid_shape",
    );
    return order.map((dim) => shape[dim - 1]);
  };
  return moving(
    "permute",
    { dims: order },
    outputShape,
    ({ x }) => transpose(x, [0, ...order]),
    (mask) => (order[0] === 1 ? mask : undefined),
  );
}

/**
 * Each row n times, as a sequence: [rows, features] → [rows, n, features].
 *
 * @param n - a positive integer
 * @throws FettleError `invalid_argument` for another number; for rows of another shape, `invalid_shape`
 * @example
 * ```ts
 * repeatVector(5).outputShape([3]); // [5, 3]
 * ```
 */
export function repeatVector(n: number): Layer {
  mustBeInteger("n", n);
  const outputShape = (shape: Shape): Shape => {
    check(
      shape.length === 1,
      () => `repeatVector must take rows of shape [features]; received ${showShape(shape)}`,
      "invalid_shape",
    );
    return [n, ...shape];
  };
  const repeated = ({ x }: LayerContext, shape: Shape): Value => {
    const [rows, , features] = shape;
    return broadcastTo(reshaped(x, [rows, 1, features]), shape);
  };
  return moving("repeatVector", { n }, outputShape, repeated, MASK_ENDS.mask);
}

/**
 * Each step `size` times: [rows, steps, channels] → [rows, steps × size, channels].
 *
 * @param size - a positive integer. Default 2.
 * @throws FettleError `invalid_argument` for another number; for rows of another shape, `invalid_shape`
 * @example
 * ```ts
 * upSampling1d(3).outputShape([5, 2]); // [15, 2]
 * ```
 */
export const upSampling1d = (size = 2): Layer => upSampling("upSampling1d", size, 1);

/**
 * Each pixel as a block of equal ones (the nearest neighbour): [rows, height, width, channels] → [rows,
 * height × size, width × size, channels].
 *
 * @param size - height and width of a block, positive: one number for both, or a pair. Default 2.
 * @throws FettleError `invalid_argument` for other numbers; for rows of another shape, `invalid_shape`
 * @example
 * ```ts
 * upSampling2d([1, 2]).outputShape([4, 4, 8]); // [4, 8, 8]
 * ```
 */
export const upSampling2d = (size: Sizes = 2): Layer => upSampling("upSampling2d", size, 2);

function upSampling(type: string, size: Sizes, axes: number): Layer {
  const factors: readonly number[] = Array.isArray(size) ? size : Array(axes).fill(size);
  must(
    factors.length === axes && factors.every((factor) => Number.isSafeInteger(factor) && factor > 0),
    "size",
    axes === 1 ? "a positive integer" : "a positive integer or two of them",
    size,
  );
  const outputShape = (shape: Shape): Shape => {
    mustHaveChannels(type, shape, axes);
    return shape.map((dim, axis) => dim * (factors[axis] ?? 1));
  };
  return moving(
    type,
    { size },
    outputShape,
    ({ x }) => repeated(x, factors),
    (mask) => repeated(mask, factors),
  );
}

/** Repeats each element along the axes after the first. */
function repeated(x: Value, factors: readonly number[]): Value {
  const [rows, ...row] = x.shape;
  // an axis of length 1 behind each that grows
  const apart = row.flatMap((dim, axis) => (axis < factors.length ? [dim, 1] : [dim]));
  const grown = row.flatMap((dim, axis) => (axis < factors.length ? [dim, factors[axis]] : [dim]));
  const shape = row.map((dim, axis) => dim * (factors[axis] ?? 1));
  return reshaped(broadcastTo(reshaped(x, [rows, ...apart]), [rows, ...grown]), [rows, ...shape]);
}

/**
 * Zeros before and after sequences: [rows, steps, channels] → [rows, start + steps + end, channels]. In a
 * sequence with a mask, these steps do not count.
 *
 * @param padding - how many, at least 0: one number for both ends, or a pair. Default 1.
 * @throws FettleError `invalid_argument` for other numbers; for rows of another shape, `invalid_shape`
 * @example
 * ```ts
 * zeroPadding1d([2, 0]).outputShape([5, 3]); // [7, 3]
 * ```
 */
export const zeroPadding1d = (padding: Ends = 1): Layer => zeroPadding("zeroPadding1d", padding, 1);

/**
 * Zeros around images: [rows, height, width, channels] → [rows, top + height + bottom, left + width + right,
 * channels].
 *
 * @param padding - how many, at least 0: one number for all sides; or for height and width a number each, or
 * a pair each. Default 1.
 * @throws FettleError `invalid_argument` for other numbers; for rows of another shape, `invalid_shape`
 * @example
 * ```ts
 * zeroPadding2d([[1, 0], 2]).outputShape([5, 5, 3]); // [6, 9, 3]
 * ```
 */
export const zeroPadding2d = (padding: Ends2d = 1): Layer => zeroPadding("zeroPadding2d", padding, 2);

function zeroPadding(type: string, padding: Ends2d, axes: number): Layer {
  const ends = endsOf("padding", padding, axes);
  const outputShape = (shape: Shape): Shape => {
    mustHaveChannels(type, shape, ends.length);
    return shape.map((dim, axis) => (ends[axis] ?? []).reduce((sum, zeros) => sum + zeros, dim));
  };
  const [before, after] = [0, 1].map((end) => ends.map((pair) => pair[end]));
  return moving(
    type,
    { padding },
    outputShape,
    ({ x }) => pad(x, [0, ...before, 0], [0, ...after, 0]),
    (mask) => pad(mask, [0, before[0]], [0, after[0]]),
  );
}

/**
 * Images without their edges: [rows, height, width, channels] → [rows, height − top − bottom, width − left −
 * right, channels].
 *
 * @param cropping - how many lines to leave out, at least 0: one number for all sides; or for height and
 * width a number each, or a pair each. Default 0.
 * @throws FettleError `invalid_argument` for other numbers; for images of which nothing remains,
 * `invalid_shape`
 * @example
 * ```ts
 * cropping2d([[1, 0], 2]).outputShape([6, 9, 3]); // [5, 5, 3]
 * ```
 */
export const cropping2d = (cropping: Ends2d = 0): Layer => croppingOf("cropping2d", cropping, 2);

/**
 * Sequences without so many steps at their ends: [rows, steps, features] → [rows, steps without them,
 * features].
 *
 * @param cropping - the steps to leave out at both ends, or [at the start, at the end]. Default 1
 * @throws FettleError `invalid_argument` for anything but integers of at least 0; if nothing would remain,
 * `invalid_shape`
 * @example
 * ```ts
 * cropping1d([2, 0]).outputShape([6, 3]); // [4, 3]
 * ```
 */
export const cropping1d = (cropping: Ends = 1): Layer => croppingOf("cropping1d", cropping, 1);

function croppingOf(type: "cropping1d" | "cropping2d", cropping: Ends2d, axes: 1 | 2): Layer {
  const ends = endsOf("cropping", cropping, axes);
  const outputShape = (shape: Shape): Shape => {
    mustHaveChannels(type, shape, axes);
    const left = shape.map((dim, axis) => (ends[axis] ?? []).reduce((sum, lines) => sum - lines, dim));
    check(
      left.every((dim) => dim > 0),
      () =>
        `${type} must leave ${axes === 1 ? "a step of a sequence" : "a pixel of an image"}; received ${showShape(shape)}`,
      "invalid_shape",
    );
    return left;
  };
  const starts = ends.map(([start]) => start);
  return moving(
    type,
    { cropping },
    outputShape,
    ({ x }, shape) => slice(x, [0, ...starts, 0], shape),
    (mask) => slice(mask, [0, starts[0]], [mask.shape[0], mask.shape[1] - starts[0] - ends[0][1]]),
  );
}

/**
 * Elements at the places of the largest of windows of images, and the adjoint: the parts of max pooling and
 * its gradient. Both are linear in their second operand and constant in the first, the selector. In each
 * window and channel, the largest is the first in row-major order among equal ones. A NaN is larger than any
 * number: of several the first counts, as in NumPy's `argmax`; in PyTorch, the last. Padding is never the
 * largest.
 *
 * @example
 * ```ts
 * const halved = compile((x: Value) => maxPool(x, [1, 2]), [1, 1, 4, 1]);
 * createEngine().load(halved)([[[[1], [3], [2], [0]]]]); // [[[[3], [2]]]]
 * ```
 */
import { check, checkOptions, type OptionNames } from "../../errors.js";
import type { PoolAttributes, Value } from "../graph.js";
import * as Opcode from "../opcodes/program.js";
import { extent, fixed, hasRows, type Shape, sameShape, showShape, sizeOf } from "../shape.js";
import { append } from "./append.js";
import type { OperandsContext, Rows, Word } from "./operation.js";
import { counts } from "./patches.js";

type Names = "takeLargest" | "scatterLargest";

const rows: Rows<Names> = {
  /**
   * For selector and x [n, height, width, channels]: the element of x at the place of each window's largest
   * in the selector.
   */
  takeLargest: {
    shape([selector, x], windows) {
      const shape = pooledShape(selector, windows);
      check(
        sameShape(selector, x),
        () =>
          `the operands of takeLargest must have one shape; received ${showShape(selector)} and ${showShape(x)}`,
        "invalid_shape",
      );
      return shape;
    },
    gradient: ({ g, inputs: [selector], attributes }) => [
      undefined,
      append("scatterLargest", rows.scatterLargest, [selector, g], attributes),
    ],
    reference({ inputs: [selector, x], shapes: [shape], shape: out, attributes }) {
      return Float64Array.from(placesOfLargest(selector, shape, out, attributes), (place) => x[place]);
    },
    lowering: {
      instruction: Opcode.TakeLargest,
      operands: (context) => operandsOf(context, context.shape),
    },
  },

  /** Numbers of each window added up at the place of its largest, in an image of zeros. */
  scatterLargest: {
    shape([selector, x], windows) {
      const shape = pooledShape(selector, windows);
      check(
        sameShape(shape, x),
        () =>
          `the second operand of scatterLargest must be of the shape of the windows, ${showShape(shape)}; received ${showShape(x)}`,
        "invalid_shape",
      );
      return selector;
    },
    gradient: ({ g, inputs: [selector], attributes }) => [
      undefined,
      append("takeLargest", rows.takeLargest, [selector, g], attributes),
    ],
    reference({ inputs: [selector, x], shapes: [shape, out], attributes }) {
      const result = new Float64Array(selector.length);
      placesOfLargest(selector, shape, out, attributes).forEach((place, i) => {
        result[place] += x[i];
      });
      return result;
    },
    lowering: {
      instruction: Opcode.ScatterLargest,
      operands: (context) => operandsOf(context, context.shapes[1]),
    },
  },
};

export default rows;

/** The shape of the result: one element of each window and channel. */
export function pooledShape(image: Shape, attributes: PoolAttributes): Shape {
  const { size, before, after } = attributes;
  check(
    image.length === 4 && !hasRows(image.slice(1)),
    () =>
      `images must be [n, height, width, channels], of which only n may be rows; received ${showShape(image)}`,
    "invalid_shape",
  );
  const [n, height, width, channels] = image;
  const [down, across] = counts([height, width], channels, { ...attributes, dilation: [1, 1] }, "maxPool");
  // so that each window contains an element of the image
  for (const padding of [before, after])
    check(
      padding.every((zeros, axis) => zeros < size[axis]),
      () => `the padding of maxPool must be less than the size [${size}]; received [${padding}]`,
      "invalid_shape",
    );
  return [n, down, across, channels];
}

function operandsOf(
  { shapes: [selector], attributes: { size, strides, before } }: OperandsContext<Names>,
  windows: Shape,
): Record<number, Word> {
  const [images, height, width, channels] = selector;
  return {
    [Opcode.PoolTarget]: "result",
    [Opcode.PoolSelector]: { input: 0 },
    [Opcode.PoolSource]: { input: 1 },
    [Opcode.PoolImages]: extent([images]),
    [Opcode.PoolHeight]: fixed(height),
    [Opcode.PoolWidth]: fixed(width),
    [Opcode.PoolChannels]: fixed(channels),
    [Opcode.PoolOutHeight]: fixed(windows[1]),
    [Opcode.PoolOutWidth]: fixed(windows[2]),
    [Opcode.PoolSizeHeight]: fixed(size[0]),
    [Opcode.PoolSizeWidth]: fixed(size[1]),
    [Opcode.PoolStrideHeight]: fixed(strides[0]),
    [Opcode.PoolStrideWidth]: fixed(strides[1]),
    [Opcode.PoolBeforeHeight]: fixed(before[0]),
    [Opcode.PoolBeforeWidth]: fixed(before[1]),
  };
}

/**
 * The places of the elements of each window in an image [n, height, width, channels], window by window,
 * row-major.
 */
export function placesOfWindows(
  [, height, width, channels]: readonly number[],
  out: readonly number[],
  { size, strides, before }: PoolAttributes,
): number[][] {
  const [, down, across] = out;
  const inside = (index: number, i: number, length: number): number[] => {
    const start = index * strides[i] - before[i];
    const first = Math.max(start, 0);
    return Array.from({ length: Math.min(start + size[i], length) - first }, (_, k) => first + k);
  };
  return Array.from({ length: sizeOf(out) }, (_, at) => {
    const channel = at % channels;
    const pixel = (at - channel) / channels;
    const image = Math.floor(pixel / (down * across));
    const columns = inside(pixel % across, 1, width);
    return inside(Math.floor(pixel / across) % down, 0, height).flatMap((row) =>
      columns.map((column) => ((image * height + row) * width + column) * channels + channel),
    );
  });
}

/** The place of the largest element of each window. */
function placesOfLargest(
  selector: Float64Array,
  shape: readonly number[],
  out: readonly number[],
  windows: PoolAttributes,
): number[] {
  return placesOfWindows(shape, out, windows).map((places) =>
    places.reduce((best, place) => {
      // written so that NaN beats numbers, and nothing beats NaN
      return Number.isNaN(selector[best]) || selector[place] <= selector[best] ? best : place;
    }),
  );
}

/** How windows lie on images: each a pair of integers, [vertical, horizontal]. */
export interface PoolOptions {
  /** How far a window is from the next, positive. Default: its size. */
  readonly strides?: readonly [vertical: number, horizontal: number];
  /** How far windows may start above and to the left of an image, less than their size. Default [0, 0]. */
  readonly before?: readonly [top: number, left: number];
  /** How far windows may end below and to the right of an image, less than their size. Default [0, 0]. */
  readonly after?: readonly [bottom: number, right: number];
}

const POOL_OPTIONS: OptionNames<PoolOptions> = { strides: true, before: true, after: true };

/**
 * The largest element of each window and channel: [n, height, width, channels] → [n, down, across, channels].
 * Down there are ⌊(height + before + after − size) / stride⌋ + 1 windows, and likewise across. The first of
 * equal elements in row-major order gets the gradient, and the first NaN if there is one; padding is never
 * the largest.
 *
 * @param size - height and width of a window, positive
 * @throws FettleError `invalid_shape` for sizes that are not pairs of such integers, and for windows larger
 * than the padded image
 */
export const maxPool = (
  x: Value,
  size: readonly [height: number, width: number],
  options: PoolOptions = {},
): Value => takeLargest(x, x, size, options);

/**
 * The element of `x` at the place of the largest element of `selector` in each window and channel, as
 * `maxPool` finds it; both [n, height, width, channels]. The selector has no gradient.
 *
 * @throws FettleError `invalid_shape` as `maxPool` does, and for images of two shapes
 */
export function takeLargest(
  selector: Value,
  x: Value,
  size: readonly [height: number, width: number],
  options: PoolOptions = {},
): Value {
  return append("takeLargest", rows.takeLargest, [selector, x], attributesOf(size, options));
}

/**
 * The adjoint of `takeLargest`: elements of windows, [n, down, across, channels], added up at the places of
 * the windows' largest elements of `selector`, in an image of zeros of its shape. The selector has no
 * gradient.
 *
 * @throws FettleError `invalid_shape` as `maxPool` does, and if there are not as many elements as windows
 */
export function scatterLargest(
  selector: Value,
  x: Value,
  size: readonly [height: number, width: number],
  options: PoolOptions = {},
): Value {
  return append("scatterLargest", rows.scatterLargest, [selector, x], attributesOf(size, options));
}

function attributesOf(size: readonly [height: number, width: number], options: PoolOptions): PoolAttributes {
  checkOptions(options, "maxPool", POOL_OPTIONS);
  const { strides = size, before = [0, 0], after = [0, 0] } = options;
  return { size, strides, before, after };
}

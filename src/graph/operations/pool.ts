/**
 * Elements at the places of the largest of windows of images, and the adjoint: what max pooling and its gradient are made of.
 * Both are linear in their second operand and constant in the first, the selector. In each window and channel, the largest
 * is the first in row-major order among equal ones. A NaN is larger than any number: of several the first counts, as in
 * NumPy's `argmax`; in PyTorch, the last. Padding is never the largest.
 *
 * @example
 * ```ts
 * const halved = compile((x: Value) => maxPool(x, { size: [1, 2] }), [1, 1, 4, 1]);
 * createEngine().load(halved)([[[[1], [3], [2], [0]]]]); // [[[[3], [2]]]]
 * ```
 */
import { check, must } from "../../errors.js";
import type { PoolAttributes, Value } from "../graph.js";
import * as Opcode from "../opcodes/program.js";
import { extent, fixed, type Shape, sameShape, showShape, sizeOf } from "../shape.js";
import { append } from "./append.js";
import type { OperandsContext, Rows, Word } from "./operation.js";

type Names = "takeLargest" | "scatterLargest";

const rows: Rows<Names> = {
  /** Of selector and x [n, height, width, channels], the element of x where each window's largest of the selector is. */
  takeLargest: {
    shape([selector, x], windows) {
      const shape = windowsShape(selector, windows);
      check(
        sameShape(selector, x),
        () =>
          `the operands of takeLargest must have one shape; received ${showShape(selector)} and ${showShape(x)}`,
        "invalid_shape",
      );
      return shape;
    },
    gradient: ({ g, inputs: [selector], attributes }) => [undefined, scatterLargest(selector, g, attributes)],
    reference({ inputs: [selector, x], shapes: [shape], shape: out, attributes }) {
      return Float64Array.from(placesOfLargest(selector, shape, out, attributes), (place) => x[place]);
    },
    lowering: {
      instruction: Opcode.TakeLargest,
      operands: (context) => operandsOf(context, context.shape),
    },
  },

  /** Numbers of each window added up where its largest is, in an image of zeros. */
  scatterLargest: {
    shape([selector, x], windows) {
      const shape = windowsShape(selector, windows);
      check(
        sameShape(shape, x),
        () =>
          `the second operand of scatterLargest must be of the shape of the windows, ${showShape(shape)}; received ${showShape(x)}`,
        "invalid_shape",
      );
      return selector;
    },
    gradient: ({ g, inputs: [selector], attributes }) => [undefined, takeLargest(selector, g, attributes)],
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

/** The shape of an image's windows: as many as fit between the paddings. */
export function windowsShape(shape: Shape, { size, strides, before, after }: PoolAttributes): Shape {
  const axes = [0, 1];
  check(
    shape.length === 4 && shape.slice(1).every((dim) => dim > 0),
    () =>
      `windows must be of images [n, height, width, channels], of which only n may be rows; received ${showShape(shape)}`,
    "invalid_shape",
  );
  for (const list of [size, strides])
    must(
      list.length === 2 && list.every((n) => Number.isSafeInteger(n) && n > 0),
      "the size and the strides of windows",
      "two positive integers each",
      list,
    );
  for (const list of [before, after])
    must(
      list.length === 2 &&
        axes.every((i) => Number.isSafeInteger(list[i]) && list[i] >= 0 && list[i] < size[i]),
      "the padding of windows",
      "two integers of at least 0, each less than the size",
      list,
    );
  const [height, width] = axes.map((i) => {
    const room = before[i] + shape[i + 1] + after[i] - size[i];
    return room < 0 ? 0 : Math.floor(room / strides[i]) + 1;
  });
  check(
    height > 0 && width > 0,
    () => `windows must fit into their image with its padding, ${showShape(shape)}; received size [${size}]`,
    "invalid_shape",
  );
  return [shape[0], height, width, shape[3]];
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

/** The places of the elements of each window in an image [n, height, width, channels], window by window, row-major. */
export function placesOfWindows(
  [, height, width, channels]: readonly number[],
  out: readonly number[],
  { size, strides, before }: PoolAttributes,
): number[][] {
  const [, down, across] = out;
  const inside = (index: number, i: number, length: number): number[] => {
    const start = index * strides[i] - before[i];
    return Array.from({ length: size[i] }, (_, k) => start + k).filter((at) => at >= 0 && at < length);
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

/** Windows as they are asked for. */
export interface WindowOptions {
  /** Height and width of a window. */
  readonly size: readonly number[];
  /** From one window to the next, in height and width. Default: `size`. */
  readonly strides?: readonly number[];
  /** Rows and columns before the image that windows may cover, fewer than `size`. Default: none. */
  readonly before?: readonly number[];
  /** Rows and columns behind it. Default: none. */
  readonly after?: readonly number[];
}

/** All of what windows are. */
export const windowsOf = ({
  size,
  strides = size,
  before = [0, 0],
  after = [0, 0],
}: WindowOptions): PoolAttributes => ({
  ...{ size: [...size], strides: [...strides], before: [...before], after: [...after] },
});

/**
 * The element of `x` at the place of the largest element of `selector` in each window and channel: two images [n, height,
 * width, channels] → [n, windows down, windows across, channels]. The selector has no gradient.
 *
 * @throws FettleError `invalid_shape` for other shapes, and windows that do not fit; `invalid_argument` for anything but integers
 */
export const takeLargest = (selector: Value, x: Value, windows: WindowOptions): Value =>
  append("takeLargest", rows.takeLargest, [selector, x], windowsOf(windows));

/**
 * The adjoint of `takeLargest`: numbers of windows, added up at the place of the window's largest element of `selector`;
 * [n, windows down, windows across, channels] → the shape of the selector.
 *
 * @throws FettleError as `takeLargest`
 */
export const scatterLargest = (selector: Value, x: Value, windows: WindowOptions): Value =>
  append("scatterLargest", rows.scatterLargest, [selector, x], windowsOf(windows));

/**
 * The largest element of each window and channel, [n, height, width, channels] → [n, windows down, windows across, channels]. The
 * first of equal ones in row-major order gets the gradient; padding is never the largest; NaN is larger than any number.
 *
 * @throws FettleError `invalid_shape` for other shapes, and windows that do not fit; `invalid_argument` for anything but integers
 */
export const maxPool = (x: Value, windows: WindowOptions): Value => takeLargest(x, x, windows);

/**
 * Patches of images, and the adjoint: sums of patches into images. Both move elements of images with channels
 * last; a convolution is a matrix product of patches with a kernel. Also known as im2col and col2im, or
 * unfold and fold.
 *
 * @example
 * ```ts
 * const columns = compile((x: Value) => patches(x, [1, 2]), [1, 1, 3, 1]);
 * createEngine().load(columns)([[[[1], [2], [3]]]]); // [[[[1, 2], [2, 3]]]]
 * ```
 */
import { check, checkOptions, must, type OptionNames } from "../../errors.js";
import type { AttributesOf, Value, WindowAttributes } from "../graph.js";
import * as Opcode from "../opcodes/program.js";
import { checkShape, extent, fixed, hasRows, type Shape, showShape, sizeOf } from "../shape.js";
import { append } from "./append.js";
import type { Rows, Word } from "./operation.js";

const rows: Rows<"patches" | "addPatches"> = {
  /** The windows of images [n, height, width, channels], each as a row of numbers. */
  patches: {
    shape([x], window) {
      check(
        x.length === 4 && !hasRows(x.slice(1)),
        () =>
          `the operand of patches must be [n, height, width, channels], of which only n may be rows; received ${showShape(x)}`,
        "invalid_shape",
      );
      const [n, height, width, channels] = x;
      const [down, across] = counts([height, width], channels, window);
      return [n, down, across, sizeOf(window.size) * channels];
    },
    gradient: ({ g, inputs: [x], attributes }) => [addUp(g, imageOf(x.shape), attributes)],
    reference({ inputs: [x], shapes: [images], shape, attributes }) {
      const result = new Float64Array(sizeOf(shape));
      visit(images, shape, attributes, (inImage, inPatch) => {
        result[inPatch] = x[inImage];
      });
      return result;
    },
    lowering: {
      instruction: Opcode.Patches,
      operands: ({ shapes: [images], shape, attributes }) => operands(images, shape, attributes),
    },
  },

  /** Patches [n, down, across, …] added up where `patches` read them, on images of zeros. */
  addPatches: {
    shape([x], { image, ...window }) {
      checkShape(image, "addPatches");
      checkPair("size of addPatches", window.size, 1);
      const area = sizeOf(window.size);
      const [down, across] = counts(image, (x[3] ?? 1) / area, window);
      check(
        x.length === 4 && x[1] === down && x[2] === across && x[3] > 0 && x[3] % area === 0,
        () =>
          `the operand of addPatches must be [n, ${down}, ${across}, a multiple of ${area}] for images of ${showShape(image)}; received ${showShape(x)}`,
        "invalid_shape",
      );
      return [x[0], ...image, x[3] / area];
    },
    gradient: ({ g, attributes: { image, ...window } }) => [append("patches", rows.patches, [g], window)],
    // in the order of the windows within each element
    reference({ inputs: [x], shapes: [patches], shape, attributes }) {
      const result = new Float64Array(sizeOf(shape));
      visit(shape, patches, attributes, (inImage, inPatch) => {
        result[inImage] += x[inPatch];
      });
      return result;
    },
    lowering: {
      instruction: Opcode.AddPatches,
      operands: ({ shapes: [patches], shape, attributes }) => operands(shape, patches, attributes),
    },
  },
};

export default rows;

/** Height and width of images [n, height, width, channels]. */
const imageOf = ([, height, width]: Shape): readonly [number, number] => [height, width];

/** The kernels count bytes along a padded axis, twice over, in 32 bits. */
const MOST_NUMBERS = 2 ** 27;

/**
 * How many windows lie on an image, down and across.
 *
 * @throws FettleError `invalid_shape` unless there is one.
 */
export function counts(
  image: readonly number[],
  channels: number,
  window: WindowAttributes,
  what = "patches",
): [number, number] {
  const { size, strides, dilation, before, after } = window;
  for (const [name, least] of Object.entries({ size: 1, strides: 1, dilation: 1, before: 0, after: 0 }))
    checkPair(`${name} of ${what}`, window[name as keyof WindowAttributes], least);
  const [down, across] = image.map((length, axis) => {
    const padded = length + before[axis] + after[axis];
    check(
      padded * channels < MOST_NUMBERS,
      () =>
        `the padded image of ${what} must have fewer than ${MOST_NUMBERS} numbers along an axis; received ${padded} × ${channels} channels`,
      "invalid_shape",
    );
    const room = padded - ((size[axis] - 1) * dilation[axis] + 1);
    check(
      room >= 0,
      () =>
        `a window must fit the padded image: its ${["height", "width"][axis]} must be at most ${padded}; received ${(size[axis] - 1) * dilation[axis] + 1}`,
      "invalid_shape",
    );
    return Math.floor(room / strides[axis]) + 1;
  });
  return [down, across];
}

function checkPair(name: string, pair: readonly number[], least: number): void {
  must(
    Array.isArray(pair) &&
      pair.length === 2 &&
      pair.every((number) => Number.isSafeInteger(number) && number >= least && number < 2 ** 31),
    name,
    `two integers of at least ${least}`,
    pair,
    "invalid_shape",
  );
}

/**
 * Calls `each` with the places of every pair of an element of an image and one of a patch, patch by patch.
 */
function visit(
  [n, height, width, channels]: readonly number[],
  [, down, across]: readonly number[],
  { size: [kernelHeight, kernelWidth], strides, dilation, before }: WindowAttributes,
  each: (inImage: number, inPatch: number) => void,
): void {
  let inPatch = 0;
  for (const image of new Array(n).keys())
    for (let i = 0; i < down; i++)
      for (let j = 0; j < across; j++)
        for (let p = 0; p < kernelHeight; p++)
          for (let q = 0; q < kernelWidth; q++, inPatch += channels) {
            const y = i * strides[0] - before[0] + p * dilation[0];
            const x = j * strides[1] - before[1] + q * dilation[1];
            if (y < 0 || y >= height || x < 0 || x >= width) continue;
            const inImage = ((image * height + y) * width + x) * channels;
            for (let c = 0; c < channels; c++) each(inImage + c, inPatch + c);
          }
}

/** The operands of either instruction, for the shapes of images and of patches. */
function operands(
  [n, height, width, channels]: Shape,
  [, down, across]: Shape,
  { size, strides, dilation, before }: AttributesOf["patches"],
): Record<number, Word> {
  return {
    [Opcode.PatchesTarget]: "result",
    [Opcode.PatchesSource]: { input: 0 },
    [Opcode.PatchesCount]: extent([n]),
    [Opcode.PatchesHeight]: fixed(height),
    [Opcode.PatchesWidth]: fixed(width),
    [Opcode.PatchesChannels]: fixed(channels),
    [Opcode.PatchesDown]: fixed(down),
    [Opcode.PatchesAcross]: fixed(across),
    [Opcode.PatchesKernelHeight]: fixed(size[0]),
    [Opcode.PatchesKernelWidth]: fixed(size[1]),
    [Opcode.PatchesStrideDown]: fixed(strides[0]),
    [Opcode.PatchesStrideAcross]: fixed(strides[1]),
    [Opcode.PatchesDilationDown]: fixed(dilation[0]),
    [Opcode.PatchesDilationAcross]: fixed(dilation[1]),
    [Opcode.PatchesTop]: fixed(before[0]),
    [Opcode.PatchesLeft]: fixed(before[1]),
  };
}

/** How windows lie on images: each a pair of integers, [vertical, horizontal]. */
export interface PatchOptions {
  /** How far a window is from the next, positive. Default [1, 1]. */
  readonly strides?: readonly [vertical: number, horizontal: number];
  /** How far an element of a window is from the next, positive. Default [1, 1]. */
  readonly dilation?: readonly [vertical: number, horizontal: number];
  /** Zeros above and to the left of an image, at least 0. Default [0, 0]. */
  readonly before?: readonly [top: number, left: number];
  /** Zeros below and to the right of an image, at least 0. Default [0, 0]. */
  readonly after?: readonly [bottom: number, right: number];
}

const PATCH_OPTIONS: OptionNames<PatchOptions> = { strides: true, dilation: true, before: true, after: true };

/**
 * The windows of images, each as a row of numbers: [n, height, width, channels] → [n, down, across, size[0] ×
 * size[1] × channels]. A row holds the window's elements in row-major order, channels last. Down there are
 * ⌊(height + before + after − (size − 1) × dilation − 1) / stride⌋ + 1 windows, and likewise across.
 *
 * @param size - height and width of a window, positive
 * @throws FettleError `invalid_shape` for sizes that are not pairs of such integers, and for windows larger
 * than the padded image
 */
export function patches(
  x: Value,
  size: readonly [height: number, width: number],
  options: PatchOptions = {},
): Value {
  return append("patches", rows.patches, [x], windowOf(size, options));
}

/**
 * Patches added up into images of zeros, the adjoint of `patches`: [n, down, across, size[0] × size[1] ×
 * channels] → [n, ...image, channels]. An element is the sum of all that `patches` would copy it to; a sum
 * runs over the windows in row-major order.
 *
 * @param image - height and width of the images, positive; `down` and `across` must be those of `patches`
 * @param size - height and width of a window, positive
 * @throws FettleError `invalid_shape` as `patches` does, and if the patches do not fit such images
 */
export function addPatches(
  x: Value,
  image: readonly [height: number, width: number],
  size: readonly [height: number, width: number],
  options: PatchOptions = {},
): Value {
  return addUp(x, image, windowOf(size, options));
}

function addUp(x: Value, image: readonly [number, number], window: WindowAttributes): Value {
  return append("addPatches", rows.addPatches, [x], { ...window, image });
}

function windowOf(size: readonly [number, number], options: PatchOptions): WindowAttributes {
  checkOptions(options, "patches", PATCH_OPTIONS);
  const { strides = [1, 1], dilation = [1, 1], before = [0, 0], after = [0, 0] } = options;
  return { size, strides, dilation, before, after };
}

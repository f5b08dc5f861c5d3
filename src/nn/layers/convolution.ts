/**
 * Convolutions: products of the patches of images or sequences with a kernel. Channels are last, as in Keras.
 */

import { mustBeInteger } from "../../errors.js";
import { addPatches, matmul, reshape, transpose } from "../../graph/functions.js";
import { lines, type Shape } from "../../graph/shape.js";
import { type OptionRules, type ReadOptions, readOptions } from "../../rules.js";
import { arrayOptions } from "./arrays.js";
import {
  axesOf,
  IMAGE_PADDING,
  mustHaveChannels,
  PADDING,
  type Placed,
  placed,
  rankOf,
  type Sizes,
  type Sizes3d,
  unplaced,
  WINDOW_RULES,
  type WindowOptions,
} from "./geometry.js";
import { KERNEL_RULES, type KernelOptions, kernelsOf } from "./kernel.js";
import { builtIn, type Layer } from "./layer.js";
import { MASK_ENDS, maskOfWindows } from "./masks.js";
import { asImages, depthWindows, pairOf, patchRows, windowOptions } from "./windows.js";

/** Options of {@link conv1d}. */
export interface Conv1dOptions extends KernelOptions, WindowOptions<number> {
  /**
   * `valid`, `same` or `causal`: with zeros only before the first step, so that no result depends on later
   * steps. Default `valid`.
   */
  readonly padding?: "valid" | "same" | "causal";
}

/** Options of {@link conv3d}. */
export interface Conv3dOptions extends KernelOptions, WindowOptions<Sizes3d> {
  /** As for `conv2d`. Default `valid`. */
  readonly padding?: "valid" | "same";
}

/** Options of {@link conv1dTranspose}. */
export interface Conv1dTransposeOptions extends KernelOptions, WindowOptions<number> {
  /** Which convolution the layer is the adjoint of: with padding `valid` or `same`. Default `valid`. */
  readonly padding?: "valid" | "same";
}

/** Options of {@link conv2d} and {@link conv2dTranspose}. */
export interface Conv2dOptions extends KernelOptions, WindowOptions {
  /**
   * `valid`: windows within the image; `same`: with zeros around it, ⌈length / stride⌉ windows along each
   * axis. Default `valid`.
   */
  readonly padding?: "valid" | "same";
}

const STEPS_RULES = {
  ...KERNEL_RULES,
  ...WINDOW_RULES,
  padding: [PADDING, "valid"],
} satisfies OptionRules<Conv1dOptions>;
const IMAGE_RULES = {
  ...KERNEL_RULES,
  ...WINDOW_RULES,
  padding: [IMAGE_PADDING, "valid"],
} satisfies OptionRules<Conv2dOptions>;

/**
 * A convolution along steps: activation(patches · kernel + bias), [rows, steps, channels] → [rows, windows,
 * filters]. As in Keras, the kernel is not flipped. Steps that do not count are 0 in windows. With padding
 * `valid`, a window counts if it sees no such step; otherwise, if it is in the place of a step that counts.
 *
 * @param filters - channels of the result, positive
 * @param kernelSize - steps of a window, positive
 * @throws FettleError `invalid_argument` for sizes that are not positive integers; `unknown_name` for an
 * unknown padding, activation, initializer, regularizer or option; for rows that are shorter than a window,
 * `invalid_shape`
 * @example
 * ```ts
 * conv1d(8, 3, { padding: "causal", dilationRate: 2 }).outputShape([100, 4]); // [100, 8]
 * ```
 */
export function conv1d(filters: number, kernelSize: number, options: Conv1dOptions = {}): Layer {
  mustBeInteger("filters", filters);
  return convolution("conv1d", filters, kernelSize, options, readOptions(options, "conv1d", STEPS_RULES));
}

/**
 * A convolution of images: activation(patches · kernel + bias), [rows, height, width, channels] → [rows,
 * down, across, filters]. As in Keras, the kernel, [height, width, channels, filters], is not flipped, and
 * with padding `same` an odd number of zeros has one less before than after an image.
 *
 * @param filters - channels of the result, positive
 * @param kernelSize - height and width of a window, positive: one number for both, or a pair
 * @throws FettleError `invalid_argument` for sizes that are not positive integers; `unknown_name` for an
 * unknown padding, activation, initializer, regularizer or option; for images that are smaller than a window,
 * `invalid_shape`
 * @see V. Dumoulin and F. Visin, "A guide to convolution arithmetic for deep learning", 2016
 * @example
 * ```ts
 * const layer = conv2d(16, 3, { padding: "same", activation: "relu" });
 * layer.outputShape([8, 8, 1]); // [8, 8, 16]
 * layer.parameters([8, 8, 1]).map(({ shape }) => shape); // [[3, 3, 1, 16], [16]]
 * ```
 */
export function conv2d(filters: number, kernelSize: Sizes, options: Conv2dOptions = {}): Layer {
  mustBeInteger("filters", filters);
  return convolution("conv2d", filters, kernelSize, options, readOptions(options, "conv2d", IMAGE_RULES));
}

/**
 * A convolution of volumes: activation(patches · kernel + bias), [rows, depth, height, width, channels] →
 * [rows, inwards, down, across, filters]. As in Keras, the kernel is [depth, height, width, channels,
 * filters], and padding is that of {@link conv2d}.
 *
 * @param filters - channels of the result, positive
 * @param kernelSize - depth, height and width of a window, positive: one number for all, or three
 * @throws FettleError as {@link conv2d}
 * @example
 * ```ts
 * conv3d(16, 3, { strides: 2, padding: "same" }).outputShape([8, 8, 8, 1]); // [4, 4, 4, 16]
 * ```
 */
export function conv3d(filters: number, kernelSize: Sizes3d, options: Conv3dOptions = {}): Layer {
  mustBeInteger("filters", filters);
  return convolution("conv3d", filters, kernelSize, options, readOptions(options, "conv3d", IMAGE_RULES));
}

function convolution(
  type: "conv1d" | "conv2d" | "conv3d",
  filters: number,
  kernelSize: Sizes | Sizes3d,
  options: Conv1dOptions | Conv2dOptions | Conv3dOptions,
  read:
    | ReadOptions<Conv1dOptions, typeof STEPS_RULES>
    | ReadOptions<Conv2dOptions, typeof IMAGE_RULES>
    | ReadOptions<Conv3dOptions, typeof IMAGE_RULES>,
): Layer {
  const { padding } = read;
  const axes = axesOf(kernelSize, read, rankOf(type));
  const kernels = kernelsOf({ kernel: arrayOptions(read, "kernel") }, read);
  const places = (shape: Shape): Placed[] => placed(type, shape, axes, padding);
  const { hyperparameters, penalty } = kernels;
  return builtIn(
    {
      type,
      hyperparameters,
      penalty,
      outputShape(shape) {
        mustHaveChannels(type, shape, axes.length);
        return [...places(shape).map(({ count }) => count), filters];
      },
      parameters: (shape) => [
        kernels.spec("kernel", [...axes.map(({ size }) => size), shape[axes.length], filters]),
        ...kernels.bias(filters),
      ],
      call(context) {
        const { x, parameters } = context;
        const [rows, ...row] = x.shape;
        const at = places(row);
        const is3d = axes.length === 3;
        const matrix = is3d
          ? patchRows(depthWindows(x, axes[0], at[0]), axes.slice(1), at.slice(1))
          : patchRows(x, axes, at);
        // the depth of a window is next to its channels
        const kernel = reshape(is3d ? transpose(parameters.kernel, [1, 2, 0, 3, 4]) : parameters.kernel, [
          matrix.shape[1],
          filters,
        ]);
        const shape = [rows, ...at.map(({ count }) => count), filters];
        return kernels.finish(matmul(matrix, kernel), context, shape);
      },
      mask: ({ x, masks: [mask] = [] }) => maskOfWindows(mask, axes[0], places(x.shape.slice(1))[0], padding),
    },
    [filters, JSON.stringify(axes), padding, ...kernels.recipe],
    { filters, kernelSize, ...options },
  );
}

/**
 * The adjoint of `conv1d`, which makes sequences longer: each step spreads over a window of the result,
 * [rows, steps, channels] → [rows, longer, filters]. With padding `same` a sequence becomes `strides` times
 * as long; with `valid` it is longer by the excess of a window over its stride. The kernel is [kernelSize,
 * filters, channels], as in Keras.
 *
 * @param filters - channels of the result, positive
 * @param kernelSize - steps of a window, positive
 * @throws FettleError as {@link conv1d}
 * @see V. Dumoulin and F. Visin, "A guide to convolution arithmetic for deep learning", 2016, chapter 4
 * @example
 * ```ts
 * conv1dTranspose(8, 4, { strides: 2, padding: "same" }).outputShape([50, 32]); // [100, 8]
 * ```
 */
export const conv1dTranspose = (
  filters: number,
  kernelSize: number,
  options: Conv1dTransposeOptions = {},
): Layer => transposed("conv1dTranspose", filters, kernelSize, options);

/**
 * The adjoint of a convolution, which enlarges images: each element spreads over a window of the result,
 * [rows, height, width, channels] → [rows, up, out, filters], and `conv2d` of the same sizes would reverse
 * the shape. With padding `same` an axis becomes `strides` times as long; with `valid` it is longer by the
 * excess of a window over its stride. The kernel is [height, width, filters, channels], as in Keras.
 *
 * @param filters - channels of the result, positive
 * @param kernelSize - height and width of a window, positive: one number for both, or a pair
 * @throws FettleError as {@link conv2d}
 * @see V. Dumoulin and F. Visin, "A guide to convolution arithmetic for deep learning", 2016, chapter 4
 * @example
 * ```ts
 * conv2dTranspose(8, 3, { strides: 2, padding: "same" }).outputShape([7, 7, 32]); // [14, 14, 8]
 * ```
 */
export const conv2dTranspose = (filters: number, kernelSize: Sizes, options: Conv2dOptions = {}): Layer =>
  transposed("conv2dTranspose", filters, kernelSize, options);

function transposed(
  type: "conv1dTranspose" | "conv2dTranspose",
  filters: number,
  kernelSize: Sizes,
  options: Conv2dOptions,
): Layer {
  mustBeInteger("filters", filters);
  const read = readOptions(options, type, IMAGE_RULES);
  const { padding } = read;
  const axes = axesOf(kernelSize, read, rankOf(type));
  const kernels = kernelsOf({ kernel: arrayOptions(read, "kernel") }, read);
  const { hyperparameters, penalty } = kernels;
  return builtIn(
    {
      type,
      hyperparameters,
      penalty,
      ...MASK_ENDS,
      outputShape(shape) {
        mustHaveChannels(type, shape, axes.length);
        return [...unplaced(shape, axes, padding), filters];
      },
      parameters: (shape) => [
        kernels.spec("kernel", [...axes.map(({ size }) => size), filters, shape[axes.length]]),
        ...kernels.bias(filters),
      ],
      call(context) {
        const { parameters, x } = context;
        const lengths = unplaced(x.shape.slice(1), axes, padding);
        const at = placed(type, lengths, axes, padding);
        const [rows, down, across, channels] = asImages(x).shape;
        const size = pairOf(axes, "size", 1);
        const [height, width] = lengths.length === 1 ? [1, lengths[0]] : lengths;
        const kernel = transpose(reshape(parameters.kernel, [lines(size) * filters, channels]));
        const spread = matmul(reshape(x, [lines([rows, down, across]), channels]), kernel);
        const windows = reshape(spread, [rows, down, across, lines(size) * filters]);
        const images = addPatches(windows, [height, width], size, windowOptions(axes, at));
        const matrix = reshape(images, [lines([rows, height, width]), filters]);
        return kernels.finish(matrix, context, [rows, ...lengths, filters]);
      },
    },
    [filters, JSON.stringify(axes), padding, ...kernels.recipe],
    { filters, kernelSize, ...options },
  );
}

/**
 * Convolutions channel by channel, alone and followed by a product over the channels. Channels are last, as
 * in Keras.
 */

import { mustBeInteger } from "../../errors.js";
import { matmul, mul, reshape, sum } from "../../graph/functions.js";
import type { Value } from "../../graph/graph.js";
import type { Shape } from "../../graph/shape.js";
import { integer, type OptionRules, type ReadOptions, readOptions } from "../../rules.js";
import type { ConstraintLike } from "../weights/constraints.js";
import type { Initializer } from "../weights/initializers.js";
import type { Regularizer, RegularizerName } from "../weights/regularizers.js";
import { arrayRules } from "./arrayRules.js";
import { arrayOptions } from "./arrays.js";
import {
  type Axis,
  axesOf,
  IMAGE_PADDING,
  mustHaveChannels,
  type Placed,
  placed,
  type Sizes,
  WINDOW_RULES,
  type WindowOptions,
} from "./geometry.js";
import { BIAS_RULES, type BiasOptions, kernelsOf } from "./kernel.js";
import { builtIn, type Layer, type LayerContext } from "./layer.js";
import { maskOfWindows } from "./masks.js";
import { patchRows } from "./windows.js";

/** Options of {@link depthwiseConv2d}. */
export interface DepthwiseConv2dOptions extends BiasOptions, WindowOptions {
  /** As for `conv2d`. Default `valid`. */
  readonly padding?: "valid" | "same";
  /** Channels of the result for each channel of the image, positive. Default 1. */
  readonly depthMultiplier?: number;
  /** Default `glorotUniform`. */
  readonly depthwiseInitializer?: Initializer;
  /** A penalty on the kernel. Default: no penalty. */
  readonly depthwiseRegularizer?: RegularizerName | Regularizer;
  /** A constraint on the kernel after each update. Default: no constraint. */
  readonly depthwiseConstraint?: ConstraintLike;
}

/** Options of {@link separableConv2d}. */
export interface SeparableConv2dOptions extends DepthwiseConv2dOptions {
  /** For the product over the channels. Default `glorotUniform`. */
  readonly pointwiseInitializer?: Initializer;
  /** A penalty on its kernel. Default: no penalty. */
  readonly pointwiseRegularizer?: RegularizerName | Regularizer;
  /** A constraint on its kernel after each update. Default: no constraint. */
  readonly pointwiseConstraint?: ConstraintLike;
}

const DEPTHWISE_RULES = {
  ...BIAS_RULES,
  ...WINDOW_RULES,
  padding: [IMAGE_PADDING, "valid"],
  depthMultiplier: [integer(), 1],
  ...arrayRules("depthwise"),
} satisfies OptionRules<DepthwiseConv2dOptions>;
const SEPARABLE_RULES = {
  ...DEPTHWISE_RULES,
  ...arrayRules("pointwise"),
} satisfies OptionRules<SeparableConv2dOptions>;

/** The common options of both layers: windows, and how many channels each channel becomes. */
function channelwise(
  type: string,
  kernelSize: Sizes,
  options: ReadOptions<DepthwiseConv2dOptions, typeof DEPTHWISE_RULES>,
) {
  const { padding, depthMultiplier } = options;
  const axes = axesOf(kernelSize, options, 2);
  return {
    depthMultiplier,
    recipe: [JSON.stringify(axes), padding, depthMultiplier],
    /** Windows down and across, for images of a shape. */
    counts(shape: Shape): number[] {
      mustHaveChannels(type, shape, 2);
      return placed(type, shape, axes, padding).map(({ count }) => count);
    },
    kernelShape: (channels: number): Shape => [...axes.map(({ size }) => size), channels, depthMultiplier],
    mask: ({ x, masks: [mask] = [] }: LayerContext) =>
      maskOfWindows(mask, axes[0], placed(type, x.shape.slice(1), axes, padding)[0], padding),
    /** [rows, height, width, channels] → [windows, channels × depthMultiplier] */
    apply: (x: Value, kernel: Value): Value =>
      depthwise(x, kernel, axes, placed(type, x.shape.slice(1), axes, padding)),
  };
}

/**
 * Σ over the elements of a window of patch × kernel, channel by channel; kernel [height, width, channels,
 * multiplier].
 */
function depthwise(x: Value, kernel: Value, axes: readonly Axis[], at: readonly Placed[]): Value {
  const [height, width, channels, multiplier] = kernel.shape;
  const windows = patchRows(x, axes, at);
  const elements = reshape(windows, [windows.shape[0], height * width, channels, 1]);
  const products = mul(elements, reshape(kernel, [height * width, channels, multiplier]));
  return reshape(sum(products, 1), [windows.shape[0], channels * multiplier]);
}

/**
 * A convolution of each channel separately: [rows, height, width, channels] → [rows, down, across, channels ×
 * depthMultiplier]. The kernel is [height, width, channels, depthMultiplier]; channel c of an image becomes
 * the channels c × depthMultiplier and the next.
 *
 * @param kernelSize - height and width of a window, positive: one number for both, or a pair
 * @throws FettleError as `conv2d`
 * @example
 * ```ts
 * depthwiseConv2d(3, { padding: "same", depthMultiplier: 2 }).outputShape([8, 8, 5]); // [8, 8, 10]
 * ```
 */
export function depthwiseConv2d(kernelSize: Sizes, options: DepthwiseConv2dOptions = {}): Layer {
  const type = "depthwiseConv2d";
  const read = readOptions(options, type, DEPTHWISE_RULES);
  const windows = channelwise(type, kernelSize, read);
  const kernels = kernelsOf({ kernel: arrayOptions(read, "depthwise") }, read);
  const units = (shape: Shape): number => shape[2] * windows.depthMultiplier;
  const { hyperparameters, penalty } = kernels;
  return builtIn(
    {
      type,
      hyperparameters,
      penalty,
      outputShape: (shape) => [...windows.counts(shape), units(shape)],
      parameters: (shape) => [
        kernels.spec("kernel", windows.kernelShape(shape[2])),
        ...kernels.bias(units(shape)),
      ],
      call(context) {
        const { x, parameters } = context;
        const [rows, ...row] = x.shape;
        const shape = [rows, ...windows.counts(row), units(row)];
        return kernels.finish(windows.apply(x, parameters.kernel), context, shape);
      },
      mask: windows.mask,
    },
    [...windows.recipe, ...kernels.recipe],
    { kernelSize, ...options },
  );
}

/**
 * A convolution in two steps: of each channel separately, then a product over the channels: [rows, height,
 * width, channels] → [rows, down, across, filters]. The kernels are `depthwiseKernel`, [height, width,
 * channels, depthMultiplier], and
 * `pointwiseKernel`, [1, 1, channels × depthMultiplier, filters].
 *
 * @param filters - channels of the result, positive
 * @param kernelSize - height and width of a window, positive: one number for both, or a pair
 * @throws FettleError as `conv2d`
 * @see F. Chollet, "Xception: deep learning with depthwise separable convolutions", CVPR 2017
 * @example
 * ```ts
 * separableConv2d(16, 3).parameters([8, 8, 4]).map(({ shape }) => shape); // [[3, 3, 4, 1], [1, 1, 4, 16], [16]]
 * ```
 */
export function separableConv2d(
  filters: number,
  kernelSize: Sizes,
  options: SeparableConv2dOptions = {},
): Layer {
  const type = "separableConv2d";
  mustBeInteger("filters", filters);
  const read = readOptions(options, type, SEPARABLE_RULES);
  const windows = channelwise(type, kernelSize, read);
  const kernels = kernelsOf(
    {
      depthwiseKernel: arrayOptions(read, "depthwise"),
      pointwiseKernel: arrayOptions(read, "pointwise"),
    },
    read,
  );
  const { hyperparameters, penalty } = kernels;
  return builtIn(
    {
      type,
      hyperparameters,
      penalty,
      outputShape: (shape) => [...windows.counts(shape), filters],
      parameters: (shape) => [
        kernels.spec("depthwiseKernel", windows.kernelShape(shape[2])),
        kernels.spec("pointwiseKernel", [1, 1, shape[2] * windows.depthMultiplier, filters]),
        ...kernels.bias(filters),
      ],
      call(context) {
        const { x, parameters } = context;
        const [rows, ...row] = x.shape;
        const channels = windows.apply(x, parameters.depthwiseKernel);
        const kernel = reshape(parameters.pointwiseKernel, [channels.shape[1], filters]);
        return kernels.finish(matmul(channels, kernel), context, [rows, ...windows.counts(row), filters]);
      },
      mask: windows.mask,
    },
    [filters, ...windows.recipe, ...kernels.recipe],
    { filters, kernelSize, ...options },
  );
}

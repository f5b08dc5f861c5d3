/**
 * Layers that bring units to mean 0 and variance 1, or to a mean square of 1: each unit over a batch, or each
 * row over its units or over groups of them.
 */

import { check } from "../../errors.js";
import {
  add,
  div,
  greater,
  maximum,
  mean,
  mul,
  reshape,
  select,
  sqrt,
  square,
  sub,
  sum,
} from "../../graph/functions.js";
import type { Value } from "../../graph/graph.js";
import { type Shape, showShape } from "../../graph/shape.js";
import { aboveZero, flag, inFloat32, number, type OptionRules, readOptions, rule } from "../../rules.js";
import { getInitializer, initializers } from "../weights/initializers.js";
import { builtIn, type Layer, type LayerContext, type LayerDefinition, type ParameterSpec } from "./layer.js";
import { besideSteps, whereCounted } from "./masks.js";

/** Options of {@link layerNormalization}. */
export interface LayerNormalizationOptions {
  /** Added to the variance, more than 0. An input of the program. Default 0.001. */
  readonly epsilon?: number;
  /** Whether a trained number is added to each unit, from 0. Default true. */
  readonly center?: boolean;
  /** Whether each unit is multiplied by a trained number, from 1. Default true. */
  readonly scale?: boolean;
}

/** Options of {@link batchNormalization}. */
export interface BatchNormalizationOptions extends LayerNormalizationOptions {
  /**
   * How much of the running mean and variance stays at each step, in [0, 1]. An input of the program. Default
   * 0.99.
   */
  readonly momentum?: number;
}

/** Options of {@link groupNormalization}. */
export interface GroupNormalizationOptions extends LayerNormalizationOptions {
  /** How many groups the channels are divided into, positive; −1 for one group a channel. Default 32. */
  readonly groups?: number;
}

/** Options of {@link rmsNormalization}. */
export interface RMSNormalizationOptions {
  /** Added to the mean square, more than 0. An input of the program. Default 1e-6. */
  readonly epsilon?: number;
  /** Whether each unit is multiplied by a trained number, from 1. Default true. */
  readonly scale?: boolean;
}

const LAYER_RULES = {
  epsilon: [inFloat32(aboveZero), 1e-3],
  center: [flag, true],
  scale: [flag, true],
} satisfies OptionRules<LayerNormalizationOptions>;
const BATCH_RULES = {
  ...LAYER_RULES,
  momentum: [number("[0, 1]"), 0.99],
} satisfies OptionRules<BatchNormalizationOptions>;
const GROUP_RULES = {
  ...LAYER_RULES,
  groups: [
    rule(
      "a positive integer or -1",
      (groups) => groups === -1 || (Number.isSafeInteger(groups) && (groups as number) > 0),
    ),
    32,
  ],
} satisfies OptionRules<GroupNormalizationOptions>;
const RMS_RULES = {
  epsilon: [inFloat32(aboveZero), 1e-6],
  scale: [flag, true],
} satisfies OptionRules<RMSNormalizationOptions>;

/**
 * Batch normalisation: (x − mean) / √(variance + ε) · γ + β for each unit. In training, mean and variance are
 * those of the batch, over all axes but the last; in evaluation and prediction, running values: m ←
 * momentum·m + (1 − momentum)·mean of the batch, from mean 0 and variance 1. As in Keras; the variance is
 * that of the batch, not the n − 1 estimate of PyTorch. PyTorch's momentum 0.1 is 0.9 here. Steps that do not
 * count are left out; if no step of a batch counts, the running values stay.
 *
 * The running numbers follow slowly: with momentum 0.99 they need some 300 steps. For small tables and short
 * trainings, 0.9 is better.
 *
 * @throws FettleError `invalid_argument`, `unknown_name` for options
 * @see S. Ioffe and C. Szegedy, "Batch normalization: accelerating deep network training by reducing internal
 * covariate shift", ICML 2015
 * @example
 * ```ts
 * const model = sequential([dense(32), batchNormalization({ momentum: 0.9 }), activation("relu"), dense(1)]);
 * ```
 */
export function batchNormalization(options: BatchNormalizationOptions = {}): Layer {
  const { momentum, epsilon, center, scale } = readOptions(options, "batchNormalization", BATCH_RULES);
  const layer: LayerDefinition = {
    type: "batchNormalization",
    hyperparameters: { momentum, epsilon },
    outputShape: (shape) => shape,
    parameters: (shape) => {
      const [units] = shape.slice(-1);
      return [
        ...affine(units, center, scale),
        { name: "movingMean", shape: [units], initializer: initializers.zeros, trainable: false },
        { name: "movingVariance", shape: [units], initializer: initializers.ones, trainable: false },
      ];
    },
    call(context) {
      const { x, training, trainable, parameters, hyperparameters, update } = context;
      const { movingMean, movingVariance } = parameters;
      if (!training || !trainable) return normalized(context, movingMean, movingVariance);
      const axes = x.shape.slice(0, -1).map((_, axis) => axis);
      const [mask] = context.masks ?? [];
      const count = mask && countOf(x, mask);
      const [batchMean, variance] = count ? countedMoments(x, mask, axes, count) : moments(x, axes, false);
      const follow = (moving: Value, now: Value): Value => {
        const next = add(mul(moving, hyperparameters.momentum), mul(now, sub(1, hyperparameters.momentum)));
        return count ? select(greater(count, 0), next, moving) : next;
      };
      update("movingMean", follow(movingMean, batchMean));
      update("movingVariance", follow(movingVariance, variance));
      return normalized(context, batchMean, variance);
    },
  };
  return builtIn(layer, [center, scale], options as Readonly<Record<string, unknown>>);
}

/**
 * Layer normalisation: (x − mean) / √(variance + ε) · γ + β, with mean and variance over the units of each
 * row (the last axis), always, not only in training. As in Keras and PyTorch, except for ε: PyTorch's is
 * 1e-5.
 *
 * @throws FettleError `invalid_argument`, `unknown_name` for options
 * @see J. L. Ba, J. R. Kiros and G. E. Hinton, "Layer normalization", arXiv:1607.06450, 2016
 * @example
 * ```ts
 * const model = sequential([dense(32), layerNormalization(), activation("relu"), dense(1)]);
 * ```
 */
export function layerNormalization(options: LayerNormalizationOptions = {}): Layer {
  const { epsilon, center, scale } = readOptions(options, "layerNormalization", LAYER_RULES);
  const layer: LayerDefinition = {
    type: "layerNormalization",
    hyperparameters: { epsilon },
    stepwise: true,
    outputShape: (shape) => shape,
    parameters: (shape) => affine(shape[shape.length - 1], center, scale),
    call: (context) => normalized(context, ...moments(context.x, -1, true)),
  };
  return builtIn(layer, [center, scale], options as Readonly<Record<string, unknown>>);
}

/**
 * Group normalisation: (x − mean) / √(variance + ε) · γ + β, with mean and variance over each group of
 * neighbouring channels (the last axis) and over all other axes of the row, always, not only in training.
 * One group is a layer normalisation over the entire row, and −1 groups are an instance normalisation. As in
 * Keras and PyTorch, except for ε: PyTorch's is 1e-5. Steps that do not count are left out.
 *
 * Rows: [..., channels].
 *
 * @throws FettleError `invalid_argument`, `unknown_name` for options; `invalid_shape` for channels that
 * cannot be divided into as many groups
 * @see Y. Wu and K. He, "Group normalization", ECCV 2018
 * @example
 * ```ts
 * const model = sequential([conv2d(8, 3), groupNormalization({ groups: 4 }), activation("relu"), flatten(), dense(1)]);
 * ```
 */
export function groupNormalization(options: GroupNormalizationOptions = {}): Layer {
  const { groups, epsilon, center, scale } = readOptions(options, "groupNormalization", GROUP_RULES);
  /** [rows, ..., groups, channels of a group]. */
  const groupedShape = (shape: Shape): Shape => {
    const [channels] = shape.slice(-1);
    const count = groups === -1 ? channels : groups;
    return [...shape.slice(0, -1), count, channels / count];
  };
  const layer: LayerDefinition = {
    type: "groupNormalization",
    hyperparameters: { epsilon },
    outputShape(shape) {
      check(
        groupedShape(shape).every(Number.isSafeInteger),
        () =>
          `groupNormalization must take rows whose channels are a multiple of its ${groups} groups; received ${showShape(shape)}`,
        "invalid_shape",
      );
      return shape;
    },
    parameters: (shape) => affine(shape[shape.length - 1], center, scale),
    call(context) {
      const { x, masks = [], hyperparameters } = context;
      // rows of one axis have channels alone, and no steps
      const mask = x.shape.length > 2 ? masks[0] : undefined;
      const grouped = reshape(x, groupedShape(x.shape));
      const groupAxis = grouped.shape.length - 2;
      const axes = grouped.shape.map((_, axis) => axis).filter((axis) => axis > 0 && axis !== groupAxis);
      const [average, variance] = mask
        ? countedMoments(grouped, mask, axes, countOfRow(grouped, mask, axes), true)
        : moments(grouped, axes, true);
      const z = standardized(grouped, average, variance, hyperparameters.epsilon);
      return transformed(context, reshape(z, x.shape));
    },
  };
  return builtIn(layer, [groups, center, scale], options as Readonly<Record<string, unknown>>);
}

/**
 * Root mean square normalisation: x / √(mean of x² + ε) · scale, over the units of each row (the last axis),
 * always, not only in training. As in Keras; PyTorch's ε is that of float32, 1.2e-7.
 *
 * @throws FettleError `invalid_argument`, `unknown_name` for options
 * @see B. Zhang and R. Sennrich, "Root mean square layer normalization", NeurIPS 2019
 * @example
 * ```ts
 * const model = sequential([dense(32), rmsNormalization(), activation("silu"), dense(1)]);
 * ```
 */
export function rmsNormalization(options: RMSNormalizationOptions = {}): Layer {
  const { epsilon, scale } = readOptions(options, "rmsNormalization", RMS_RULES);
  const layer: LayerDefinition = {
    type: "rmsNormalization",
    hyperparameters: { epsilon },
    stepwise: true,
    outputShape: (shape) => shape,
    parameters: (shape) =>
      scale ? [{ name: "scale", shape: shape.slice(-1), initializer: getInitializer("ones") }] : [],
    call({ x, parameters, hyperparameters }) {
      const z = div(x, sqrt(add(mean(square(x), -1, true), hyperparameters.epsilon)));
      return scale ? mul(z, parameters.scale) : z;
    },
  };
  return builtIn(layer, [scale], options as Readonly<Record<string, unknown>>);
}

function affine(units: number, center: boolean, scale: boolean): ParameterSpec[] {
  return [
    ...(scale ? [{ name: "gamma", shape: [units], initializer: getInitializer("ones") }] : []),
    ...(center ? [{ name: "beta", shape: [units], initializer: getInitializer("zeros") }] : []),
  ];
}

/** Mean and variance over axes. */
function moments(x: Value, axes: number | readonly number[], keepDims: boolean): [Value, Value] {
  const average = mean(x, axes, keepDims);
  return [average, mean(square(sub(x, average)), axes, keepDims)];
}

/** How many numbers of a unit are in steps that count. */
function countOf({ shape }: Value, mask: Value): Value {
  const inStep = shape.slice(mask.shape.length, -1).reduce((size, length) => size * length, 1);
  return mul(sum(mask), inStep);
}

/** How many numbers of each row and group are in steps that count, broadcasting to x. */
function countOfRow(x: Value, mask: Value, axes: readonly number[]): Value {
  const inStep = axes.filter((axis) => axis > 1).reduce((size, axis) => size * x.shape[axis], 1);
  return mul(besideSteps(sum(mask, 1, true), x), inStep);
}

/** Mean and variance over the steps that count, for x that is 0 elsewhere; 0 if there are none. */
function countedMoments(
  x: Value,
  mask: Value,
  axes: readonly number[],
  count: Value,
  keepDims = false,
): [Value, Value] {
  const meanOf = (values: Value): Value => div(sum(values, axes, keepDims), maximum(count, 1));
  const average = meanOf(x);
  return [average, meanOf(whereCounted(square(sub(x, average)), mask))];
}

function normalized(context: LayerContext, average: Value, variance: Value): Value {
  const { x, hyperparameters } = context;
  return transformed(context, standardized(x, average, variance, hyperparameters.epsilon));
}

function standardized(x: Value, average: Value, variance: Value, epsilon: Value): Value {
  return div(sub(x, average), sqrt(add(variance, epsilon)));
}

/** z · γ + β, as far as the layer has them. */
function transformed({ parameters: { gamma, beta } }: LayerContext, z: Value): Value {
  const scaled = gamma ? mul(z, gamma) : z;
  return beta ? add(scaled, beta) : scaled;
}

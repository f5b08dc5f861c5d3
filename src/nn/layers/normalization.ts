/** Layers that bring units to mean 0 and variance 1: each unit over a batch, or each row over its units. */

import {
  add,
  div,
  greater,
  maximum,
  mean,
  mul,
  select,
  sqrt,
  square,
  sub,
  sum,
} from "../../graph/functions.js";
import type { Value } from "../../graph/graph.js";
import { aboveZero, flag, inFloat32, number, type OptionRules, readOptions } from "../../rules.js";
import { getInitializer, initializers } from "../initializers.js";
import { builtIn, type Layer, type LayerContext, type LayerDefinition, type ParameterSpec } from "./layer.js";
import { whereCounted } from "./masks.js";

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

const LAYER_RULES = {
  epsilon: [inFloat32(aboveZero), 1e-3],
  center: [flag, true],
  scale: [flag, true],
} satisfies OptionRules<LayerNormalizationOptions>;
const BATCH_RULES = {
  ...LAYER_RULES,
  momentum: [number("[0, 1]"), 0.99],
} satisfies OptionRules<BatchNormalizationOptions>;

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

/** Mean and variance over the steps that count, for x that is 0 elsewhere; 0 if there are none. */
function countedMoments(x: Value, mask: Value, axes: readonly number[], count: Value): [Value, Value] {
  const meanOf = (values: Value): Value => div(sum(values, axes), maximum(count, 1));
  const average = meanOf(x);
  return [average, meanOf(whereCounted(square(sub(x, average)), mask))];
}

function normalized(
  { x, parameters, hyperparameters }: LayerContext,
  average: Value,
  variance: Value,
): Value {
  const { gamma, beta } = parameters;
  const z = div(sub(x, average), sqrt(add(variance, hyperparameters.epsilon)));
  const scaled = gamma ? mul(z, gamma) : z;
  return beta ? add(scaled, beta) : scaled;
}

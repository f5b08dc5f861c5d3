/**
 * Activations with options, or with a trained slope, as layers. Activations without options are
 * `activation("relu6")` and the like.
 */

import { must, show } from "../../errors.js";
import { leakyRelu, elu as ofElu } from "../../graph/functions.js";
import type { Shape } from "../../graph/shape.js";
import { atLeastZero, listOf, type OptionRules, readOptions } from "../../rules.js";
import type { Initializer } from "../weights/initializers.js";
import type { Regularizer, RegularizerName } from "../weights/regularizers.js";
import { arraysOf } from "./arrays.js";
import { builtIn, type Layer, PLAIN } from "./layer.js";

/** Options of {@link leakyReLU}. */
export interface LeakyReLUOptions {
  /** The factor of numbers below 0, at least 0. An input of the program. Default 0.3, as in Keras' layer. */
  readonly negativeSlope?: number;
}

/** Options of {@link elu}. */
export interface ELUOptions {
  /** The limit below 0 is −alpha; at least 0. An input of the program. Default 1. */
  readonly alpha?: number;
}

/** Options of {@link prelu}. */
export interface PReLUOptions {
  /** Default `zeros`, as in Keras; PyTorch starts with 0.25. */
  readonly alphaInitializer?: Initializer;
  /** A penalty on the slopes. Default: no penalty. */
  readonly alphaRegularizer?: RegularizerName | Regularizer;
  /**
   * Axes along which one slope is shared, counted from 1 as in Keras: `[1, 2]` for images leaves one for each
   * channel. Default: none.
   */
  readonly sharedAxes?: readonly number[];
}

const LEAKY_RULES = { negativeSlope: [atLeastZero, 0.3] } satisfies OptionRules<LeakyReLUOptions>;
const ELU_RULES = { alpha: [atLeastZero, 1] } satisfies OptionRules<ELUOptions>;
const PRELU_RULES = {
  alphaInitializer: [true, "zeros"],
  alphaRegularizer: true,
  sharedAxes: [
    listOf("a list of axes, counted from 1", (axis) => Number.isSafeInteger(axis) && Number(axis) > 0),
    [],
  ],
} satisfies OptionRules<PReLUOptions>;

/**
 * x where x > 0, else `negativeSlope` · x. The activation `leakyRelu` has Keras' other default, 0.2;
 * PyTorch's is 0.01.
 *
 * @throws FettleError `invalid_argument` for a slope that is not a finite number of at least 0;
 * `unknown_name` for other options
 * @see A. Maas and others, "Rectifier nonlinearities improve neural network acoustic models", ICML 2013
 * @example
 * ```ts
 * const model = sequential([dense(8), leakyReLU({ negativeSlope: 0.01 }), dense(1)]);
 * ```
 */
export function leakyReLU(options: LeakyReLUOptions = {}): Layer {
  const { negativeSlope } = readOptions(options, "leakyReLU", LEAKY_RULES);
  return builtIn(
    {
      type: "leakyReLU",
      hyperparameters: { negativeSlope },
      ...PLAIN,
      call: ({ x, hyperparameters }) => leakyRelu(x, hyperparameters.negativeSlope),
    },
    [],
    { negativeSlope },
  );
}

/**
 * x where x > 0, else `alpha` · (eˣ − 1). With an alpha of 1 it is the activation `elu`.
 *
 * @throws FettleError `invalid_argument` for an alpha that is not a finite number of at least 0;
 * `unknown_name` for other options
 * @see D.-A. Clevert and others, "Fast and accurate deep network learning by exponential linear units", ICLR
 * 2016
 * @example
 * ```ts
 * const model = sequential([dense(8), elu({ alpha: 0.5 }), dense(1)]);
 * ```
 */
export function elu(options: ELUOptions = {}): Layer {
  const { alpha } = readOptions(options, "elu", ELU_RULES);
  return builtIn(
    {
      type: "elu",
      hyperparameters: { alpha },
      ...PLAIN,
      call: ({ x, hyperparameters }) => ofElu(x, hyperparameters.alpha),
    },
    [],
    { alpha },
  );
}

/**
 * x where x > 0, else α · x with a trained slope α for each number of a row, or one for each axis that is not
 * shared. The weight is called `alpha`. PyTorch's `PReLU` has one slope for all numbers, or one for each
 * channel.
 *
 * @throws FettleError `invalid_argument`, `unknown_name` for options; `invalid_argument` for rows without a
 * shared axis
 * @see K. He and others, "Delving deep into rectifiers", ICCV 2015
 * @example
 * ```ts
 * prelu({ sharedAxes: [1, 2] }).parameters([8, 8, 4])[0].shape; // [1, 1, 4]
 * ```
 */
export function prelu(options: PReLUOptions = {}): Layer {
  const { alphaInitializer, alphaRegularizer, sharedAxes } = readOptions(options, "prelu", PRELU_RULES);
  const alpha = { initializer: alphaInitializer, regularizer: alphaRegularizer };
  const { hyperparameters, penalty, spec, recipe } = arraysOf({ alpha });
  return builtIn(
    {
      type: "prelu",
      hyperparameters,
      penalty,
      ...PLAIN,
      parameters: (shape) => [spec("alpha", slopesOf(shape, sharedAxes))],
      call: ({ x, parameters }) => leakyRelu(x, parameters.alpha),
    },
    [sharedAxes, ...recipe],
    options as Readonly<Record<string, unknown>>,
  );
}

function slopesOf(shape: Shape, sharedAxes: readonly number[]): Shape {
  must(
    sharedAxes.every((axis) => axis <= shape.length),
    "sharedAxes",
    `axes of rows of shape ${show(shape)}, counted from 1`,
    sharedAxes,
  );
  return shape.map((length, i) => (sharedAxes.includes(i + 1) ? 1 : length));
}

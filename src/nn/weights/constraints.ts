/**
 * Constraints on weights: projections that a training applies to an array after each update
 * (`optim/constrain.ts`). Their numbers are inputs of the program: tuning one compiles nothing.
 */
import { checkOptions, must, type OptionNames } from "../../errors.js";
import {
  div,
  maximum,
  minimum,
  mul,
  type Operand,
  relu,
  sqrt,
  square,
  sub,
  sum,
} from "../../graph/functions.js";
import type { Value } from "../../graph/graph.js";
import { type AliasOf, byNameOrAlias } from "../../names.js";
import { madeBy, madeFrom, recipeOf } from "../../recipe.js";

/** A projection in operations: from an array of weights to one of its shape. It must be idempotent. */
export type ConstraintFunction = (weight: Value) => Value;

/** A projection with its numbers. Made by `maxNorm`, `nonNeg`, `unitNorm` and `minMaxNorm`. */
export interface WeightConstraint {
  /** Inputs of the program. A layer prefixes them with the name of the array: `kernel.maxValue`. */
  readonly hyperparameters: Readonly<Record<string, number>>;
  /** The array within its bounds. */
  project(weight: Value, hyperparameters: Readonly<Record<string, Value>>): Value;
}

/** Options of {@link unitNorm}. */
export interface NormOptions {
  /**
   * The axes over which norms are taken. 0, the default, is for matrices [inputs, units]: the incoming
   * weights of each unit. For kernels of convolutions, [height, width, channels, filters], it is [0, 1, 2];
   * for embeddings, [ids, numbers], 1.
   */
  readonly axis?: number | readonly number[];
}

/** Options of {@link maxNorm}. */
export interface MaxNormOptions extends NormOptions {
  /** The largest norm, in [0, ∞). Default 2. */
  readonly maxValue?: number;
}

/** Options of {@link minMaxNorm}. */
export interface MinMaxNormOptions extends MaxNormOptions {
  /** The smallest norm, in [0, maxValue]. Default 0. */
  readonly minValue?: number;
  /** The largest norm, in [minValue, ∞). Default 1. */
  readonly maxValue?: number;
  /** How far an update moves towards the bounds, in [0, 1]. Default 1: completely. */
  readonly rate?: number;
}

const AXIS: OptionNames<NormOptions> = { axis: true };
const MAX: OptionNames<MaxNormOptions> = { ...AXIS, maxValue: true };
const MIN_MAX: OptionNames<MinMaxNormOptions> = { ...MAX, minValue: true, rate: true };

/** The lower bound of norms, as in Keras: it keeps divisions away from 0. */
const SMALLEST = 1e-7;

/**
 * Scales weights down to a norm of at most `maxValue`, as Keras' `MaxNorm`. In float32 norms may exceed it by
 * 2⁻²² of it. Weights within the bound stay unchanged, bit for bit, whereas Keras shrinks them by 1e-7 /
 * norm.
 *
 * @throws FettleError `unknown_name` for other options; `invalid_argument` unless `maxValue` is a finite
 * number of at least 0 and
 * `axis` one or more integers; when applied to an array without such an axis, `invalid_shape`
 * @see N. Srivastava and others, "Dropout: a simple way to prevent neural networks from overfitting", JMLR
 * 15, 2014, section 5.1
 * @example
 * ```ts
 * dense(16, { kernelConstraint: maxNorm({ maxValue: 3 }) }).hyperparameters; // { "kernel.maxValue": 3 }
 * ```
 */
export function maxNorm(options: MaxNormOptions = {}): WeightConstraint {
  checkOptions(options, "maxNorm", MAX);
  const { maxValue = 2, axis = 0 } = options;
  mustBeNorm("maxValue", maxValue);
  return made("maxNorm", options, { maxValue }, axis, (w, own) => scaled(w, axis, 0, own.maxValue));
}

/**
 * Scales weights to a norm of 1, as Keras' `UnitNorm`; norms below 1e-7 become 1e7 times as large. After an
 * update norms differ from 1 by at most 2⁻²² in float32.
 *
 * @throws FettleError as {@link maxNorm}
 * @example
 * ```ts
 * const layer = embedding(100, 8, { embeddingsConstraint: unitNorm({ axis: 1 }) }); // vectors of length 1
 * ```
 */
export function unitNorm(options: NormOptions = {}): WeightConstraint {
  checkOptions(options, "unitNorm", AXIS);
  const { axis = 0 } = options;
  return made("unitNorm", options, {}, axis, (w) => scaled(w, axis, 1, 1));
}

/**
 * Scales weights towards norms between `minValue` and `maxValue`, as Keras' `MinMaxNorm`: to (1 − rate) ·
 * norm + rate · clip(norm). Weights within the bounds stay unchanged, bit for bit.
 *
 * @throws FettleError as {@link maxNorm}; `invalid_argument` for a `minValue` above `maxValue`, and a `rate`
 * outside [0, 1]
 * @example
 * ```ts
 * dense(4, { kernelConstraint: minMaxNorm({ minValue: 0.5, maxValue: 2 }) }).hyperparameters;
 * // { "kernel.minValue": 0.5, "kernel.maxValue": 2, "kernel.rate": 1 }
 * ```
 */
export function minMaxNorm(options: MinMaxNormOptions = {}): WeightConstraint {
  checkOptions(options, "minMaxNorm", MIN_MAX);
  const { minValue = 0, maxValue = 1, rate = 1, axis = 0 } = options;
  mustBeNorm("maxValue", maxValue);
  mustBeNorm("minValue", minValue);
  must(minValue <= maxValue, "minValue", `at most maxValue, which is ${maxValue}`, minValue);
  must(typeof rate === "number" && rate >= 0 && rate <= 1, "rate", "a number in [0, 1]", rate);
  return made("minMaxNorm", options, { minValue, maxValue, rate }, axis, (w, own) =>
    scaled(w, axis, own.minValue, own.maxValue, own.rate),
  );
}

/**
 * Sets negative weights to 0, as Keras' `NonNeg`.
 *
 * @throws FettleError `unknown_name` for any option
 * @example
 * ```ts
 * // a linear model that never falls where an input grows
 * const model = sequential([dense(1, { kernelConstraint: "nonNeg" })]);
 * ```
 */
export function nonNeg(options: Readonly<Record<string, never>> = {}): WeightConstraint {
  checkOptions(options, "nonNeg", {});
  return made("nonNeg", options, {}, 0, relu);
}

/** w times the factors that bring its norms between two bounds: 1 if they are within. */
function scaled(
  w: Value,
  axis: number | readonly number[],
  low: Operand,
  high: Operand,
  rate?: Operand,
): Value {
  const norms = maximum(sqrt(sum(square(w), axis, true)), SMALLEST);
  const factor = maximum(div(low, norms), minimum(div(high, norms), 1));
  // float32's r + (1 − r) is 1 for every r in [0, 1]
  return mul(w, rate === undefined ? factor : sub(mul(rate, factor), sub(rate, 1)));
}

function mustBeNorm(name: string, value: unknown): void {
  must(Number.isFinite(value) && Number(value) >= 0, name, "a finite number of at least 0", value);
}

/** A constraint with its recipe and its factory. */
function made(
  name: string,
  options: object,
  hyperparameters: Readonly<Record<string, number>>,
  axis: number | readonly number[],
  project: WeightConstraint["project"],
): WeightConstraint {
  const axes = [axis].flat();
  must(axes.length > 0 && axes.every(Number.isInteger), "axis", "an integer, or an array of integers", axis);
  Object.freeze(hyperparameters);
  return madeBy(madeFrom({ hyperparameters, project }, [name, axes]), { name, options: { ...options } });
}

/** Every constraint by name; files have these names. */
export const constraints = { maxNorm, minMaxNorm, nonNeg, unitNorm };

/** The names of Keras' classes and functions. */
const aliases = {
  maxNorm: ["MaxNorm", "max_norm"],
  minMaxNorm: ["MinMaxNorm", "min_max_norm"],
  nonNeg: ["NonNeg", "non_neg"],
  unitNorm: ["UnitNorm", "unit_norm"],
} as const satisfies Record<keyof typeof constraints, readonly string[]>;

/** A constraint with its defaults, by name. */
export type ConstraintName = keyof typeof constraints | AliasOf<typeof aliases>;

/** A constraint of weights: a built-in one, its name, or a custom function. */
export type ConstraintLike = ConstraintName | WeightConstraint | ConstraintFunction;

/** @throws FettleError `invalid_argument`, `unknown_name` */
export function getConstraint(constraint: ConstraintLike): WeightConstraint {
  if (typeof constraint === "function")
    return { hyperparameters: {}, project: (weight) => constraint(weight) };
  if (recipeOf(constraint) !== undefined) return constraint as WeightConstraint;
  const or = ", the result of a function such as maxNorm, or a function of a value";
  return byNameOrAlias("constraint", constraints, aliases, constraint, or)();
}

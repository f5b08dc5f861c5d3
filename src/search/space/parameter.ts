/**
 * One parameter of a search space: its kinds and the functions that describe them.
 * A parameter is plain JSON, checked by `parse.ts`. It is not a sampler (`scale.ts`
 * maps it to the unit interval) and knows no other parameter (`space.ts` resolves
 * conditions).
 */

import { show } from "../../errors.js";
import { parseParameter } from "./parse.js";
import type { ParamValue } from "./value.js";

/** An inclusive interval of a numeric parameter; a bound left out is open. */
export interface Interval {
  readonly low?: number;
  readonly high?: number;
}

/**
 * When a parameter applies: every named parameter must apply itself and have one
 * of the listed values, or lie in the interval.
 */
export interface Condition {
  readonly [parameter: string]: readonly ParamValue[] | Interval;
}

/** A real number in `[low, high]`, both included; with `step`, one of `low + i·step`. */
export interface FloatParameter {
  readonly type: "float";
  readonly low: number;
  readonly high: number;
  readonly log?: boolean;
  readonly step?: number;
  readonly default?: number;
  readonly when?: Condition;
}

/** An integer in `[low, high]`, both included; with `step`, one of `low + i·step`. */
export interface IntParameter {
  readonly type: "int";
  readonly low: number;
  readonly high: number;
  readonly log?: boolean;
  readonly step?: number;
  readonly default?: number;
  readonly when?: Condition;
}

/** One of the listed values, which have no order. */
export interface ChoiceParameter<V extends ParamValue = ParamValue> {
  readonly type: "choice";
  readonly values: readonly V[];
  readonly default?: V;
  readonly when?: Condition;
}

export type NumericParameter = FloatParameter | IntParameter;
export type Parameter = NumericParameter | ChoiceParameter;

export interface NumericOptions {
  /** Spread values evenly over the logarithm of the range; needs `low > 0`. Default false. */
  readonly log?: boolean;
  /** Take only `low + i·step`, `step > 0`. Not for a float with `log`. */
  readonly step?: number;
  /** The value that a strategy may try first. */
  readonly default?: number;
  /** Take part only where other parameters have these values. */
  readonly when?: Condition;
}

export interface ChoiceOptions<V extends ParamValue> {
  /** The value that a strategy may try first. */
  readonly default?: V;
  /** Take part only where other parameters have these values. */
  readonly when?: Condition;
}

/** Marks a parameter described without `when`, so that its value is never optional. */
export type Conditional<Options> = "when" extends keyof Options ? unknown : { readonly when?: never };

/**
 * A real-valued parameter.
 *
 * @param low - the least value (included)
 * @param high - the greatest value (included); with `step`, the last `low + i·step` not above it
 * @throws FettleError `invalid_space` for bounds or options that leave nothing to choose
 * @example
 * ```ts
 * const learningRate = float(1e-4, 1e-1, { log: true });
 * const momentum = float(0, 0.99, { when: { optimizer: ["sgd"] } });
 * ```
 */
export function float<const O extends NumericOptions = Record<never, never>>(
  low: number,
  high: number,
  options?: O,
): FloatParameter & Conditional<O> {
  const raw = { ...options, type: "float", low, high };
  return parseParameter(raw, `float(${show(low)}, ${show(high)})`) as FloatParameter & Conditional<O>;
}

/**
 * An integer parameter.
 *
 * @param low - the least value (included), a safe integer
 * @param high - the greatest value (included), a safe integer; with `step`, the last `low + i·step` not above it
 * @throws FettleError `invalid_space` for bounds or options that leave nothing to choose
 * @example
 * ```ts
 * const units = int(8, 128, { log: true });
 * ```
 */
export function int<const O extends NumericOptions = Record<never, never>>(
  low: number,
  high: number,
  options?: O,
): IntParameter & Conditional<O> {
  const raw = { ...options, type: "int", low, high };
  return parseParameter(raw, `int(${show(low)}, ${show(high)})`) as IntParameter & Conditional<O>;
}

/**
 * A parameter that takes one of the listed values: any JSON, each once.
 *
 * @param values - at least one value; a trial receives the value itself
 * @throws FettleError `invalid_space` for an empty list, a repeated value or one that is not JSON
 * @example
 * ```ts
 * const optimizer = choice(["sgd", "adam"]);
 * const hidden = choice([[64], [64, 32]]);
 * ```
 */
export function choice<
  const V extends ParamValue,
  const O extends ChoiceOptions<NoInfer<V>> = Record<never, never>,
>(values: readonly V[], options?: O): ChoiceParameter<V> & Conditional<O> {
  const raw = { ...options, type: "choice", values };
  return parseParameter(raw, `choice(${show(values)})`) as unknown as ChoiceParameter<V> & Conditional<O>;
}

/**
 * The kinds of parameters of a search space, as types. A parameter is plain JSON, built by `builders.ts` and
 * checked by
 * `parse.ts`; `scale.ts` maps it to the unit interval, `space.ts` resolves its conditions.
 */

import type { ParamValue } from "./value.js";

/** An inclusive interval of a numeric parameter; a bound left out is open. */
export interface ConditionInterval {
  readonly low?: number;
  readonly high?: number;
}

/**
 * When a parameter applies: every named parameter must apply itself and have one
 * of the listed values, or lie in the interval.
 */
export interface Condition {
  readonly [parameter: string]: readonly ParamValue[] | ConditionInterval;
}

/** A real number in `[low, high]`, both included; with `step`, one of `low + i·step`. */
export interface FloatParameter extends NumericOptions {
  readonly type: "float";
  readonly low: number;
  readonly high: number;
}

/** An integer in `[low, high]`, both included; with `step`, one of `low + i·step`. */
export interface IntParameter extends NumericOptions {
  readonly type: "int";
  readonly low: number;
  readonly high: number;
}

/** One of the listed values, which have no order. */
export interface ChoiceParameter<V extends ParamValue = ParamValue> extends ChoiceOptions<V> {
  readonly type: "choice";
  readonly values: readonly V[];
}

/** A parameter whose values are numbers. */
export type NumericParameter = FloatParameter | IntParameter;
/** A parameter of a search space. */
export type Parameter = NumericParameter | ChoiceParameter;

/** Options of `float` and `int`. */
export interface NumericOptions {
  /** Spread values evenly over the logarithm of the range; requires `low > 0`. Default false. */
  readonly log?: boolean;
  /**
   * Take only the values `low + i·step`, with `step > 0`, and for a float at least 2^-48 of the larger bound.
   * Not for a float with `log`.
   */
  readonly step?: number;
  /** The value that a strategy may try first. */
  readonly default?: number;
  /** The parameter applies only if other parameters have these values. */
  readonly when?: Condition;
}

/** Options of `choice`. */
export interface ChoiceOptions<V extends ParamValue> {
  /** The value that a strategy may try first. */
  readonly default?: V;
  /** The parameter applies only if other parameters have these values. */
  readonly when?: Condition;
}

/** Marks a parameter described without `when`, so that its value is never optional. */
export type Conditional<Options> = "when" extends keyof Options ? unknown : { readonly when?: never };

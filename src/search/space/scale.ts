/**
 * A parameter seen as the unit interval, for strategies that think in numbers:
 * `fromUnit` maps a uniform draw to a value with the parameter's own distribution,
 * `toUnit` maps back. It draws nothing itself.
 */

import { must, show } from "../../errors.js";
import { memoized } from "../../memo.js";
import { exp, log } from "../../numerics/special.js";
import type { NumericParameter, Parameter } from "./parameter.js";
import { cellAt, middleOf, stepCount, stepIndex, stepValue } from "./steps.js";
import { type ParamValue, placeOf } from "./value.js";

/** The step of a numeric parameter, 1 for an int without one; undefined for a continuous float. */
export function stepOf(parameter: NumericParameter): number | undefined {
  return parameter.step ?? (parameter.type === "int" ? 1 : undefined);
}

/** How many values a parameter can take; Infinity for a float without a step and with `low < high`. */
export function valueCount(parameter: Parameter): number {
  if (parameter.type === "choice") return parameter.values.length;
  const step = stepOf(parameter);
  if (step !== undefined) return stepCount(parameter, step);
  return parameter.low === parameter.high ? 1 : Number.POSITIVE_INFINITY;
}

/** The `index`-th value of a parameter with finitely many, in the order given or from `low` up. */
export function valueAt(parameter: Parameter, index: number): ParamValue {
  if (parameter.type === "choice") return parameter.values[index];
  const step = stepOf(parameter);
  return step === undefined ? parameter.low : stepValue(parameter, step, index);
}

/** The value nearest to `x` that the parameter can take. */
export function nearest(parameter: NumericParameter, x: number): number {
  const step = stepOf(parameter);
  if (step === undefined) return Math.min(parameter.high, Math.max(parameter.low, x));
  const index = stepIndex(parameter, step, x);
  return stepValue(parameter, step, Math.min(stepCount(parameter, step) - 1, Math.max(0, index)));
}

/**
 * The point at fraction `t` of the way from `low` to `high`, along the logarithm
 * if the parameter is on a log scale. Exact at both ends.
 */
export function interpolate(parameter: NumericParameter, t: number): number {
  const { low, high } = parameter;
  if (t <= 0) return low;
  if (t >= 1) return high;
  // in this form neither end is rounded away, and no range overflows
  const x = parameter.log ? exp((1 - t) * log(low) + t * log(high)) : (1 - t) * low + t * high;
  return Math.min(high, Math.max(low, x));
}

/** The rule for values of a parameter, for messages. */
export function ruleOf(parameter: Parameter): string {
  if (parameter.type === "choice") return `one of ${show(parameter.values)}`;
  const { type, low, high, step } = parameter;
  const kind = type === "int" ? "an integer" : "a number";
  return `${kind} from ${low} to ${high}${step === undefined ? "" : ` in steps of ${step}`}`;
}

/** Whether `value` is one that `parameter` may take. */
export function takes(parameter: Parameter, value: unknown): boolean {
  if (parameter.type === "choice") return placeOf(parameter.values, value) >= 0;
  return typeof value === "number" && nearest(parameter, value) === value;
}

/** The index of a value, which must be one of finitely many of the parameter. */
export function indexOf(parameter: NumericParameter, value: number): number {
  const step = stepOf(parameter);
  return step === undefined ? 0 : stepIndex(parameter, step, value);
}

/**
 * For a parameter with finitely many values: the least index whose value is not below `x`; their count if
 * there is none.
 */
export function indexFrom(parameter: NumericParameter, x: number): number {
  const count = valueCount(parameter);
  const near = Math.min(count - 1, Math.max(0, indexOf(parameter, x)));
  return (valueAt(parameter, near) as number) < x ? near + 1 : near;
}

/**
 * The value at `u` of the unit interval. A uniform `u` gives a uniform value: over
 * `[low, high]`, over the values of a step, an int or a choice, or over the logarithm.
 * A log int is log-uniform over `[low − ½·step, high + ½·step]` (the lower edge not
 * below `low/2`) and then rounded, so that the ends get their full share.
 *
 * @param u - in [0, 1]; a value outside is moved to the nearer end
 */
export function fromUnit(parameter: Parameter, u: number): ParamValue {
  const t = Math.min(1, Math.max(0, u));
  const count = valueCount(parameter);
  if (count === 1) return valueAt(parameter, 0);
  if (parameter.type === "choice" || (Number.isFinite(count) && !parameter.log)) {
    return valueAt(parameter, cellAt(t, count));
  }
  if (!Number.isFinite(count)) return interpolate(parameter, t);
  const [low, high] = logRange(parameter);
  return nearest(parameter, exp((1 - t) * low + t * high));
}

/**
 * The place of `value` in the unit interval: the inverse of `fromUnit`, at the middle
 * of its cell for discrete parameters. So `fromUnit(p, toUnit(p, v))` is `v` for these,
 * and within rounding of `v` for continuous ones.
 *
 * @throws FettleError `invalid_argument` if the parameter has no such value
 */
export function toUnit(parameter: Parameter, value: ParamValue): number {
  const count = valueCount(parameter);
  if (parameter.type === "choice") {
    const index = placeOf(parameter.values, value);
    if (index < 0) must(false, "the value of a choice", ruleOf(parameter), value);
    return (index + 0.5) / count;
  }
  const isInside = typeof value === "number" && value >= parameter.low && value <= parameter.high;
  if (!isInside) must(false, "the value of a parameter", ruleOf(parameter), value);
  if (count === 1) return 0.5;
  if (Number.isFinite(count) && !parameter.log) {
    return middleOf(indexOf(parameter, value), count);
  }
  if (!parameter.log) return fraction(value, parameter.low, parameter.high);
  const [low, high] = logRange(parameter);
  return fraction(log(value), low, high);
}

/**
 * A number moved by `by` along its unit interval, reflected at the ends. A discrete number moves by at least
 * one value, if it has others.
 */
export function shift(parameter: NumericParameter, value: number, by: number): number {
  const count = valueCount(parameter);
  if (count === 1) return value;
  const moved = fromUnit(parameter, reflect(toUnit(parameter, value) + by)) as number;
  if (moved !== value || count === Number.POSITIVE_INFINITY) return moved;
  const index = indexOf(parameter, value);
  const next = index + (by < 0 ? -1 : 1);
  return valueAt(parameter, next < 0 ? 1 : next >= count ? count - 2 : next) as number;
}

/** `x` folded into [0, 1], as by mirrors at 0 and 1. */
function reflect(x: number): number {
  const folded = Math.abs(x) % 2;
  return folded > 1 ? 2 - folded : folded;
}

/** The fraction of the way from `low` to `high` at which `x` is; 0.5 if rounding made the two equal. */
function fraction(x: number, low: number, high: number): number {
  // halved where the width overflows; narrow ranges near 0 would be rounded by that
  const scale = high - low < Number.POSITIVE_INFINITY ? 1 : 0.5;
  const width = high * scale - low * scale;
  return width > 0 ? Math.min(1, Math.max(0, (x * scale - low * scale) / width)) : 0.5;
}

/** The logarithms at the two ends of the unit interval, for a parameter on a log scale. */
export const logRange = /* @__PURE__ */ memoized((parameter: NumericParameter): readonly [number, number] => {
  const step = stepOf(parameter);
  if (step === undefined) return [log(parameter.low), log(parameter.high)];
  const half = step / 2;
  const last = valueAt(parameter, valueCount(parameter) - 1) as number;
  return [log(Math.max(parameter.low - half, parameter.low / 2)), log(last + half)];
});

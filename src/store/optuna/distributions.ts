/**
 * Parameters as Optuna's distributions, which it stores with each value of each trial, and back. A value is a
 * number there: for a choice, its index. All data from a file is checked.
 */
import { FettleError, isRecord, show } from "../../errors.js";
import { isShallow } from "../../json.js";
import type { ChoiceParameter, NumericParameter, Parameter } from "../../search/space/parameter.js";
import { parseParameter } from "../../search/space/parse.js";
import { nearest, stepOf, valueAt, valueCount } from "../../search/space/scale.js";
import { type ParamValue, placeOf } from "../../search/space/value.js";

/** The distribution of a parameter, as Optuna's JSON. */
export function distributionOf(parameter: Parameter): string {
  if (parameter.type === "choice")
    return JSON.stringify({ name: "CategoricalDistribution", attributes: { choices: parameter.values } });
  const { type, low, high, log = false } = parameter;
  // Optuna has no steps on a log scale
  const step = log ? undefined : parameter.step;
  const last = step === undefined ? high : valueAt(parameter, valueCount(parameter) - 1);
  const attributes = { low, high: last, log, step: step ?? (type === "int" ? 1 : null) };
  return JSON.stringify({ name: type === "int" ? "IntDistribution" : "FloatDistribution", attributes });
}

/** A value as Optuna stores it. */
export function numberOf(parameter: Parameter, value: ParamValue): number {
  return parameter.type === "choice" ? placeOf(parameter.values, value) : (value as number);
}

/**
 * @throws FettleError `damaged_record` for anything but a distribution; `invalid_space` for one that no
 * parameter can have
 */
export function parameterOf(name: string, text: unknown): Parameter {
  const json = typeof text === "string" ? optunaJson(text) : undefined;
  const { name: kind, attributes } = isRecord(json) ? json : {};
  if (isRecord(attributes) && isShallow(attributes)) {
    const where = `parameter ${show(name)} of Optuna`;
    const { low, high, log, step, choices } = attributes;
    if (kind === "CategoricalDistribution") {
      checkWhole(name, text as string);
      return parseParameter({ type: "choice", values: choices }, where);
    }
    if (kind === "IntDistribution" || kind === "FloatDistribution") {
      const type = kind === "IntDistribution" ? "int" : "float";
      const steps = step === null || step === undefined || (type === "int" && step === 1) ? {} : { step };
      return parseParameter({ type, low, high, ...(log === true && { log }), ...steps }, where);
    }
  }
  throw new FettleError(
    "damaged_record",
    `the distribution of ${show(name)} must be a float, an int or a choice of Optuna; received ${show(text)}`,
  );
}

/** Refuses choices that JSON cannot represent, which would be null here. */
function checkWhole(name: string, text: string): void {
  try {
    JSON.parse(text);
  } catch {
    throw new FettleError(
      "invalid_space",
      `the choices of ${show(name)} must be finite numbers, texts, true, false, or null; received ${show(text)}`,
    );
  }
}

/**
 * Joins two distributions that a parameter had in one study: the wider range.
 *
 * @throws FettleError `invalid_space` for two of different kinds
 */
export function widest(name: string, a: Parameter, b: Parameter): Parameter {
  const alike =
    a.type === b.type &&
    (a.type === "choice" ? sameChoices(a, b as ChoiceParameter) : a.log === (b as typeof a).log);
  if (!alike)
    throw new FettleError(
      "invalid_space",
      `parameter ${show(name)} of Optuna must have one kind in all trials; received ${show(a)} and ${show(b)}; pass a space`,
    );
  if (a.type === "choice") return a;
  const { low, high, step, ...rest } = b as NumericParameter;
  const range = { ...rest, low: Math.min(a.low, low), high: Math.max(a.high, high) };
  // a common step, if both have the same values where they overlap
  const count = step === undefined ? Number.NaN : Math.abs(a.low - low) / step;
  const isCommon = step !== undefined && a.step === step && Math.abs(count - Math.round(count)) < 1e-8;
  return parseParameter({ ...range, ...(isCommon && { step }) }, `parameter ${show(name)} of Optuna`);
}

const sameChoices = (a: ChoiceParameter, b: ChoiceParameter): boolean =>
  a.values.length === b.values.length && a.values.every((value, i) => placeOf(b.values, value) === i);

/** How far from a step a value may be, in steps, as in Optuna. */
const NEAR = 1e-8;

/** The value for a number of Optuna; undefined if the parameter does not have it. */
export function valueFrom(parameter: Parameter, number: unknown): ParamValue | undefined {
  if (typeof number !== "number") return undefined;
  if (parameter.type === "choice") return Number.isInteger(number) ? parameter.values[number] : undefined;
  const value = nearest(parameter, number);
  const step = stepOf(parameter);
  const isNear = step === undefined ? value === number : Math.abs(value - number) / step < NEAR;
  return isNear ? value : undefined;
}

/** The most characters of a text with words that JSON does not have. */
const LONGEST = 2 ** 20;

/** Text of Python's `json`, with null for numbers that are not finite; undefined for other text. */
export function optunaJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    if (text.length > LONGEST) return undefined;
  }
  try {
    const tokens = /"(?:[^"\\]|\\(?:[\s\S]|$))*(?:"|$)|-?Infinity|NaN/g;
    return JSON.parse(text.replace(tokens, (token) => (token.startsWith('"') ? token : "null")));
  } catch {
    return undefined;
  }
}

/**
 * Reads one parameter from plain data and refuses impossible ones: the arguments of the builders `float`,
 * `int` and `choice`, spaces written as JSON, and spaces of saved studies. Conditions on other parameters are
 * checked in
 * `space.ts`.
 */

import { check, isPlainObject, must as mustBe, type OptionNames, show } from "../../errors.js";
import { defined } from "../../options.js";
import type { ChoiceParameter, Condition, NumericParameter, Parameter } from "./parameter.js";
import { ruleOf, takes } from "./scale.js";
import { LEAST_STEP } from "./steps.js";
import { copyJson, type ParamValue, valueKey } from "./value.js";

type Raw = Readonly<Record<string, unknown>>;
type Must = (condition: unknown, name: string, rule: string, value: unknown) => asserts condition;

const NUMERIC_FIELDS: OptionNames<NumericParameter> = {
  type: true,
  low: true,
  high: true,
  log: true,
  step: true,
  default: true,
  when: true,
};
const CHOICE_FIELDS: OptionNames<ChoiceParameter> = { type: true, values: true, default: true, when: true };
const FIELDS: Readonly<Record<string, readonly string[]>> = {
  float: Object.keys(NUMERIC_FIELDS),
  int: Object.keys(NUMERIC_FIELDS),
  choice: Object.keys(CHOICE_FIELDS),
};

/**
 * The checked, frozen form of a parameter given as plain data.
 *
 * @param where - how messages name it, such as `parameter "units"`
 * @throws FettleError `invalid_space`
 */
export function parseParameter(given: unknown, where: string): Parameter {
  const raw = isPlainObject(given) ? { ...given } : given; // read once
  const must: Must = (condition, name, rule, value) =>
    mustBe(condition, `${where}: ${name}`, rule, value, "invalid_space");
  check(
    isPlainObject(raw) && typeof raw.type === "string" && Object.hasOwn(FIELDS, raw.type),
    () =>
      `${where} must be float(low, high), int(low, high), choice([...]), or an object whose "type" is "float", "int" or "choice"; received ${show(raw)}${hintFor(raw)}`,
    "invalid_space",
  );
  const known = FIELDS[raw.type as string];
  for (const key of Object.keys(raw)) {
    must(known.includes(key), `the fields of ${raw.type}`, `among ${known.join(", ")}`, key);
  }
  const parameter = raw.type === "choice" ? parseChoice(raw, must) : parseNumeric(raw, must);
  const when = raw.when === undefined ? undefined : parseCondition(raw.when, must);
  const preset = copyJson(raw.default);
  must(raw.default === undefined || takes(parameter, preset), "default", ruleOf(parameter), raw.default);
  return Object.freeze({ ...parameter, ...defined({ default: preset, when }) }) as Parameter;
}

/** What to write instead of a list of values or a constant. */
function hintFor(raw: unknown): string {
  if (Array.isArray(raw)) return `. To try each of these values, write choice(${show(raw)})`;
  const isConstant = ["number", "string", "boolean"].includes(typeof raw);
  return isConstant ? ". A constant is not a parameter; use it where the parameters are used" : "";
}

/** The most values of a choice. */
const MOST_VALUES = 10_000;

function parseChoice({ values }: Raw, must: Must): ChoiceParameter {
  must(Array.isArray(values) && values.length > 0, "values", "a list of at least one value", values);
  must(values.length <= MOST_VALUES, "the number of values", `at most ${MOST_VALUES}`, values.length);
  const seen = new Set<string>();
  const copies: ParamValue[] = [];
  for (const value of values) {
    const copy = copyJson(value);
    must(
      copy !== undefined,
      "values",
      "JSON (finite numbers, strings, booleans, null, and lists and objects of these)",
      value,
    );
    const key = valueKey(copy);
    must(!seen.has(key), "values", "different from each other", values);
    seen.add(key);
    copies.push(copy);
  }
  return { type: "choice", values: Object.freeze(copies) };
}

function parseNumeric({ type, low, high, log, step }: Raw, must: Must): NumericParameter {
  const isInt = type === "int";
  must(isFiniteNumber(low), "low", "a finite number", low);
  must(isFiniteNumber(high), "high", "a finite number", high);
  must(low <= high, "low", `at most high, which is ${high}`, low);
  must(log === undefined || typeof log === "boolean", "log", "true or false", log);
  must(!log || low > 0, "low", "above 0 on a log scale (or leave log out)", low);
  if (isInt) {
    must(Number.isSafeInteger(low), "low of an int", "a safe integer", low);
    must(Number.isSafeInteger(high), "high of an int", "a safe integer", high);
    must(Number.isSafeInteger(high - low), "the range of an int", "at most 2^53 - 1 wide", [low, high]);
  }
  if (step !== undefined) checkStep({ isInt, low, high, log, step }, must);
  return {
    type: isInt ? "int" : "float",
    low: low + 0, // -0 becomes 0, as in JSON
    high: high + 0,
    ...(log === true && { log }),
    ...(step !== undefined && { step: step as number }),
  };
}

interface Stepped {
  readonly isInt: boolean;
  readonly low: number;
  readonly high: number;
  readonly log: unknown;
  readonly step: unknown;
}

function checkStep({ isInt, low, high, log, step }: Stepped, must: Must): void {
  must(isFiniteNumber(step) && step > 0, "step", "a number above 0", step);
  must(!isInt || Number.isSafeInteger(step), "step of an int", "an integer", step);
  must(
    isInt || !log,
    "step of a float",
    "left out on a log scale (leave out log instead, or list the values in choice([...]))",
    step,
  );
  if (isInt) return;
  must(Number.isFinite(high - low), "the range of a float with a step", "at most 1.797e308 wide", [
    low,
    high,
  ]);
  const largest = Math.max(Math.abs(low), Math.abs(high));
  const least = LEAST_STEP * largest;
  must(
    step >= least,
    "step",
    `at least ${least}, which is 2^-48 of ${largest}: float64 cannot distinguish the values of a finer step (or left out)`,
    step,
  );
}

function parseCondition(raw: unknown, must: Must): Condition {
  must(
    isPlainObject(raw) && Object.keys(raw).length > 0,
    "when",
    'an object of at least one parameter with its values, as in { optimizer: ["sgd"] }',
    raw,
  );
  const clauses = Object.entries(raw).map(([parent, clause]) => {
    must(
      !Array.isArray(clause) || clause.length <= MOST_VALUES,
      `the number of values of ${show(parent)} in when`,
      `at most ${MOST_VALUES}`,
      Array.isArray(clause) && clause.length,
    );
    const copy = copyJson(clause);
    must(
      copy !== undefined && (isInterval(copy) || (Array.isArray(copy) && copy.length > 0)),
      `${show(parent)} in when`,
      `a list of values, such as ${typeof clause === "string" ? show([clause]) : "[1]"}, or an interval { low, high }`,
      clause,
    );
    return [parent, copy] as const;
  });
  return Object.freeze(Object.fromEntries(clauses)) as Condition;
}

function isInterval(clause: ParamValue): boolean {
  if (!isPlainObject(clause) || Object.keys(clause).length === 0) return false;
  return Object.entries(clause).every(
    ([key, bound]) => (key === "low" || key === "high") && isFiniteNumber(bound),
  );
}

function isFiniteNumber(value: unknown): value is number {
  return Number.isFinite(value);
}

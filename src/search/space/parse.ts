/**
 * Reads one parameter from plain data and refuses what is impossible; the builders
 * `float`, `int` and `choice`, spaces written as JSON and spaces in checkpoints all
 * pass here. It does not look at other parameters (`space.ts` does).
 */

import { check, isRecord, show } from "../../errors.js";
import type { ChoiceParameter, Condition, NumericParameter, Parameter } from "./parameter.js";
import { takes } from "./scale.js";
import { copyJson, type ParamValue, valueKey } from "./value.js";

type Raw = Readonly<Record<string, unknown>>;
type Must = (condition: unknown, message: string) => asserts condition;

const numericFields = ["type", "low", "high", "log", "step", "default", "when"];
const fields: Readonly<Record<string, readonly string[]>> = {
  float: numericFields,
  int: numericFields,
  choice: ["type", "values", "default", "when"],
};

/**
 * The checked, frozen form of a parameter given as plain data.
 *
 * @param where - how messages name it, such as `parameter "units"`
 * @throws FettleError `invalid_space`
 */
export function parseParameter(raw: unknown, where: string): Parameter {
  const must: Must = (condition, message) => check(condition, `${where}: ${message}`, "invalid_space");
  must(
    isRecord(raw) && typeof raw.type === "string" && Object.hasOwn(fields, raw.type),
    `a parameter is float(...), int(...), choice([...]) or an object whose "type" is one of those words, received ${show(raw)}`,
  );
  const known = fields[raw.type as string];
  for (const key of Object.keys(raw)) {
    must(known.includes(key), `no field ${show(key)} in ${raw.type}; there are ${known.join(", ")}`);
  }
  const parameter = raw.type === "choice" ? parseChoice(raw, must) : parseNumeric(raw, must);
  const when = raw.when === undefined ? undefined : parseCondition(raw.when, must);
  if (raw.default !== undefined) {
    must(
      takes(parameter, raw.default),
      `the default is a value of the parameter itself, received ${show(raw.default)}`,
    );
  }
  return Object.freeze({
    ...parameter,
    ...(raw.default !== undefined && { default: copyJson(raw.default) }),
    ...(when !== undefined && { when }),
  }) as Parameter;
}

function parseChoice({ values }: Raw, must: Must): ChoiceParameter {
  must(
    Array.isArray(values) && values.length > 0,
    `a choice has a list of at least one value, received ${show(values)}`,
  );
  const seen = new Set<string>();
  const copies: ParamValue[] = [];
  for (const value of values) {
    const copy = copyJson(value);
    must(
      copy !== undefined,
      `values are JSON (finite numbers, strings, booleans, null, lists and objects of these), received ${show(value)}`,
    );
    must(!seen.has(valueKey(copy)), `each value is listed once, received ${show(copy)} twice`);
    seen.add(valueKey(copy));
    copies.push(copy);
  }
  return { type: "choice", values: Object.freeze(copies) };
}

function parseNumeric({ type, low, high, log, step }: Raw, must: Must): NumericParameter {
  const isInt = type === "int";
  must(
    isFiniteNumber(low) && isFiniteNumber(high),
    `bounds are finite numbers, received low ${show(low)} and high ${show(high)}`,
  );
  must(low <= high, `low may not exceed high, received low ${low} and high ${high}`);
  must(log === undefined || typeof log === "boolean", `log is true or false, received ${show(log)}`);
  must(!log || low > 0, `a log range starts above 0, received low ${low}; raise low or leave log out`);
  must(
    !isInt || (Number.isSafeInteger(low) && Number.isSafeInteger(high) && Number.isSafeInteger(high - low)),
    `bounds of an int are safe integers, received low ${low} and high ${high}`,
  );
  if (step !== undefined) {
    must(isFiniteNumber(step) && step > 0, `a step is a number above 0, received ${show(step)}`);
    must(!isInt || Number.isSafeInteger(step), `the step of an int is an integer, received ${step}`);
    must(
      isInt || !log,
      "a float has a step or a log scale, not both; leave one out, or list the values in choice([...])",
    );
    must(
      Number.isSafeInteger(Math.round((high - low) / step)),
      `step ${step} is too fine for [${low}, ${high}], which would hold more than 2^53 values`,
    );
  }
  return {
    type: isInt ? "int" : "float",
    low: low + 0, // -0 becomes 0, as in JSON
    high: high + 0,
    ...(log === true && { log }),
    ...(step !== undefined && { step }),
  };
}

function parseCondition(raw: unknown, must: Must): Condition {
  must(
    isRecord(raw) && Object.keys(raw).length > 0,
    `when names at least one parameter with its values, as in { optimizer: ["sgd"] }, received ${show(raw)}`,
  );
  const clauses = Object.entries(raw).map(([parent, clause]) => {
    const isInterval =
      isRecord(clause) &&
      Object.keys(clause).length > 0 &&
      Object.entries(clause).every(
        ([key, bound]) => (key === "low" || key === "high") && isFiniteNumber(bound),
      );
    const copy = copyJson(clause);
    must(
      copy !== undefined && (isInterval || (Array.isArray(clause) && clause.length > 0)),
      `when gives ${show(parent)} a list of values or an interval { low, high }, received ${show(clause)}; a single value is a list of one`,
    );
    return [parent, copy] as const;
  });
  return Object.freeze(Object.fromEntries(clauses)) as Condition;
}

function isFiniteNumber(value: unknown): value is number {
  return Number.isFinite(value);
}

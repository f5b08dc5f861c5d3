/**
 * The search space: named parameters and the conditions among them, as plain JSON.
 * This is the one place that decides which points exist (`whyOutside`), so constraints on complete points
 * belong here. It draws no points and knows no study.
 */

import { answerOf, check, FettleError, isPlainObject, must, shortened, show } from "../../errors.js";
import { DEEPEST, isShallow } from "../../json.js";
import type {
  ChoiceParameter,
  Condition,
  ConditionInterval,
  NumericParameter,
  Parameter,
} from "./parameter.js";
import { parseParameter } from "./parse.js";
import { indexFrom, ruleOf, takes, valueAt, valueCount } from "./scale.js";
import { type ParamValue, placeOf, readOnce, sameValue } from "./value.js";

/** Parameters by name. Plain data: `JSON.stringify` it, and read it back with `spaceFromJson`. */
export type Space = Readonly<Record<string, Parameter>>;

/** A point of some space: the values of the parameters that apply, by name. */
export type Params = Readonly<Record<string, ParamValue>>;

/** The points of a space, as a type; parameters under a condition are optional. */
export type ParamsOf<S extends Space> = string extends keyof S
  ? Params
  : {
        readonly [K in keyof S as S[K] extends { readonly when?: never }
          ? K
          : never]: S[K] extends ChoiceParameter<infer V> ? V : number;
      } & {
        readonly [K in keyof S as S[K] extends { readonly when?: never }
          ? never
          : K]?: S[K] extends ChoiceParameter<infer V> ? V : number;
      } extends infer Point
    ? { [K in keyof Point]: Point[K] }
    : never;

/** A checked space, as a strategy receives it. */
export interface SearchSpace {
  readonly parameters: Space;
  /** Names as declared. */
  readonly names: readonly string[];
  /**
   * Names with each parameter after those that its condition names, otherwise as declared; `names` itself if
   * the order is the same.
   */
  readonly order: readonly string[];
  /** Points for which it returns false do not exist. */
  readonly constraint?: Constraint;
}

/**
 * A hard constraint: a pure function that returns whether a complete point, whose values each fit their
 * parameters, exists.
 */
export type Constraint<P = Params> = (params: P) => boolean;

/**
 * The most parameters. The time of strategies grows with the square of their number, that of geometric ones
 * with the cube.
 */
const MOST_PARAMETERS = 1000;
/**
 * The most values of all choices together. Strategies keep a number for each, and read all of them for each
 * suggestion.
 */
const MOST_VALUES = 100_000;

/**
 * Checks a space and orders its parameters.
 *
 * @param constraint - a further condition on points
 * @throws FettleError `invalid_space` for no parameters or more than 1,000, for more than 100,000 values of
 * choices, for nesting without end, names that are not plain words, bounds or values that a parameter cannot
 * have, conditions on parameters or values that do not exist, and cycles
 */
export function resolveSpace(given: unknown, constraint?: Constraint): SearchSpace {
  must(
    isPlainObject(given) && Object.keys(given).length > 0,
    "space",
    "an object with at least one parameter",
    given,
    "invalid_space",
  );
  const names = Object.keys(given);
  must(
    names.length <= MOST_PARAMETERS,
    "the number of parameters of a space",
    `at most ${MOST_PARAMETERS}`,
    names.length,
    "invalid_space",
  );
  const space = Object.fromEntries(names.map((name) => [name, readOnce(given[name])]));
  must(isShallow(space), "space", `nested at most ${DEEPEST} deep`, space, "invalid_space");
  for (const name of names) {
    must(
      /^[A-Za-z][A-Za-z0-9_]*$/.test(name),
      "the name of a parameter",
      "a plain word: letters, digits and _, starting with a letter",
      name,
      "invalid_space",
    );
  }
  const parameters: Space = Object.freeze(
    Object.fromEntries(names.map((name) => [name, parseParameter(space[name], `parameter ${show(name)}`)])),
  );
  const values = Object.values(parameters).reduce(
    (sum, parameter) => sum + (parameter.type === "choice" ? parameter.values.length : 0),
    0,
  );
  must(
    values <= MOST_VALUES,
    "the number of values of all choices of a space",
    `at most ${MOST_VALUES}`,
    values,
    "invalid_space",
  );
  for (const name of names) checkCondition(parameters, name);
  Object.freeze(names);
  const order = Object.freeze(sort(parameters, names));
  return Object.freeze({
    parameters,
    names,
    order: order.every((name, i) => name === names[i]) ? names : order,
    ...(constraint && { constraint }),
  });
}

/**
 * Reads a space from JSON, such as the command line's `--space` file.
 *
 * @param json - an object of parameters by name (already parsed, not text)
 * @throws FettleError `invalid_space`, see `resolveSpace`
 * @example
 * ```ts
 * const space = spaceFromJson({
 *   learningRate: { type: "float", low: 1e-4, high: 0.1, log: true },
 *   optimizer: { type: "choice", values: ["sgd", "adam"] },
 *   momentum: { type: "float", low: 0, high: 0.99, when: { optimizer: ["sgd"] } },
 * });
 * space.optimizer.type; // "choice"
 * ```
 */
export function spaceFromJson(json: unknown): Space {
  return resolveSpace(json).parameters;
}

/** Whether `parameter` applies, given `params`, which must hold the parameters that its condition names. */
export function isActive(parameter: Parameter, params: Params): boolean {
  if (parameter.when === undefined) return true;
  for (const parent in parameter.when) {
    if (!Object.hasOwn(params, parent) || !clauseHolds(parameter.when[parent], params[parent])) return false;
  }
  return true;
}

/**
 * Builds a point: calls `pick` for the value of each parameter that applies, in
 * `space.order`, and returns the values in the declared order.
 */
export function buildParams(
  space: SearchSpace,
  pick: (parameter: Parameter, name: string, before: Params) => ParamValue,
): Params {
  const picked: Record<string, ParamValue> = {};
  for (const name of space.order) {
    const parameter = space.parameters[name];
    if (isActive(parameter, picked)) picked[name] = pick(parameter, name, picked);
  }
  if (space.order === space.names) return Object.freeze(picked);
  const params: Record<string, ParamValue> = {};
  for (const name of space.names) if (Object.hasOwn(picked, name)) params[name] = picked[name];
  return Object.freeze(params);
}

/** Why `params` is not a point of the space, for messages; undefined if it is one. */
export function whyOutside(space: SearchSpace, params: unknown): string | undefined {
  if (!isPlainObject(params)) return `parameters must be an object; received ${show(params)}`;
  for (const name of Object.keys(params)) {
    if (!Object.hasOwn(space.parameters, name)) {
      return `parameters must be among ${space.names.join(", ")}; received ${show(name)}`;
    }
  }
  for (const name of space.order) {
    const parameter = space.parameters[name];
    const given = Object.hasOwn(params, name);
    if (given !== isActive(parameter, params as Params)) {
      const rule = given ? "left out, since its condition does not hold" : ruleOf(parameter);
      return `${show(name)} must be ${rule}; received ${show(params[name])}`;
    }
    if (given && !takes(parameter, params[name])) {
      return `${show(name)} must be ${ruleOf(parameter)}; received ${show(params[name])}`;
    }
  }
  return allows(space, params as Params) ? undefined : `the constraint forbids ${show(params)}`;
}

/** Whether the constraint of a space, if it has one, allows a point. */
export function allows({ constraint }: SearchSpace, params: Params): boolean {
  if (constraint === undefined) return true;
  const exists = constraint(params);
  return answerOf("constraint", exists, typeof exists === "boolean", "true or false");
}

/** The same point with the space's own values, in its own order. */
export function ownParams(space: SearchSpace, params: Params): Params {
  const own: Record<string, ParamValue> = {};
  for (const name of space.names) {
    if (!Object.hasOwn(params, name)) continue;
    const parameter = space.parameters[name];
    const value = params[name];
    own[name] = parameter.type === "choice" ? parameter.values[placeOf(parameter.values, value)] : value;
  }
  return Object.freeze(own);
}

/** Whether a clause of a condition accepts a value of the parameter that it names. */
export function clauseHolds(clause: Condition[string], value: ParamValue): boolean {
  if (isList(clause)) return clause.some((allowed) => sameValue(allowed, value));
  const { low = Number.NEGATIVE_INFINITY, high = Number.POSITIVE_INFINITY } = clause;
  return typeof value === "number" && value >= low && value <= high;
}

/** Whether a clause lists values rather than giving an interval. */
export function isList(clause: Condition[string]): clause is readonly ParamValue[] {
  return Array.isArray(clause);
}

function checkCondition(parameters: Space, name: string): void {
  for (const [parent, clause] of Object.entries(parameters[name].when ?? {})) {
    const wrong = whyNeverHolds(parameters, parent, clause);
    check(wrong === undefined, () => `parameter ${show(name)}: the condition on ${wrong}`, "invalid_space");
  }
}

/** Why a clause of a condition can never hold or never be checked, for messages; undefined if it can. */
function whyNeverHolds(parameters: Space, parent: string, clause: Condition[string]): string | undefined {
  const refuse = (rule: string, value: unknown) => `${show(parent)} must ${rule}; received ${show(value)}`;
  if (!Object.hasOwn(parameters, parent)) {
    return refuse(`be on a parameter of the space (${Object.keys(parameters).join(", ")})`, parent);
  }
  const parameter = parameters[parent];
  if (!isList(clause)) {
    if (parameter.type === "choice") return refuse("list values, since it is a choice", clause);
    return meets(clause, parameter) ? undefined : refuse(`include ${ruleOf(parameter)}`, clause);
  }
  if (!Number.isFinite(valueCount(parameter))) {
    return refuse("be an interval { low, high }, since it is a float without a step", clause);
  }
  const impossible = clause.find((value) => !takes(parameter, value));
  return impossible === undefined ? undefined : refuse(`list ${ruleOf(parameter)}`, impossible);
}

/** Whether a numeric parameter has a value in an interval. */
function meets({ low, high }: ConditionInterval, parameter: NumericParameter): boolean {
  const from = Math.max(low ?? parameter.low, parameter.low);
  const to = Math.min(high ?? parameter.high, parameter.high);
  const count = valueCount(parameter);
  if (count === Number.POSITIVE_INFINITY) return from <= to;
  const first = indexFrom(parameter, from);
  return first < count && (valueAt(parameter, first) as number) <= to;
}

/** Names in the declared order, each moved after those that its condition names. */
function sort(parameters: Space, names: readonly string[]): string[] {
  const order: string[] = [];
  const done = new Set<string>();
  const visit = (name: string, path: readonly string[]): void => {
    if (done.has(name)) return;
    if (path.includes(name)) {
      const cycle = [...path.slice(path.indexOf(name)), name].join(" → ");
      throw new FettleError(
        "invalid_space",
        `conditions form a cycle: ${shortened(cycle)}; one of them must go`,
      );
    }
    for (const parent of Object.keys(parameters[name].when ?? {})) visit(parent, [...path, name]);
    done.add(name);
    order.push(name);
  };
  for (const name of names) visit(name, []);
  return order;
}

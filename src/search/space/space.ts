/**
 * The search space: named parameters and the conditions among them, as plain JSON.
 * It is the one place that says which points exist (`whyOutside`), so constraints
 * on whole points belong here; it draws no points and knows no study.
 */

import { check, FettleError, isRecord, show } from "../../errors.js";
import type { ChoiceParameter, Condition, Interval, NumericParameter, Parameter } from "./parameter.js";
import { parseParameter } from "./parse.js";
import { indexFrom, takes, valueAt, valueCount } from "./scale.js";
import { type ParamValue, sameValue } from "./value.js";

/** Parameters by name. Plain data: `JSON.stringify` it, and read it back with `spaceFromJson`. */
export type Space = Readonly<Record<string, Parameter>>;

/** A point of some space: the values of the parameters that apply, by name. */
export type Params = Readonly<Record<string, ParamValue>>;

type ValueOf<P> = P extends ChoiceParameter<infer V> ? V : number;
type Always = { readonly when?: never };
type Flat<T> = { [K in keyof T]: T[K] };

/** The points of a space, as a type; parameters under a condition are optional. */
export type ParamsOf<S extends Space> = string extends keyof S
  ? Params
  : Flat<
      { readonly [K in keyof S as S[K] extends Always ? K : never]: ValueOf<S[K]> } & {
        readonly [K in keyof S as S[K] extends Always ? never : K]?: ValueOf<S[K]>;
      }
    >;

/** A checked space, as strategies receive it. */
export interface SearchSpace {
  readonly parameters: Space;
  /** Names as declared. */
  readonly names: readonly string[];
  /** Names with each parameter after those that its condition names, otherwise as declared. */
  readonly order: readonly string[];
  /** Points for which it is false do not exist. */
  readonly constraint?: Constraint;
}

/** A hard constraint: says of a whole point, whose values each fit their parameters, whether it exists. Pure. */
export type Constraint<P = Params> = (params: P) => boolean;

/**
 * Checks a space and orders its parameters.
 *
 * @param constraint - what else a point must fulfil
 * @throws FettleError `invalid_space`: no parameters, names that are not plain words, bounds or
 * values that a parameter cannot have, conditions on parameters or values that do not exist, cycles
 */
export function resolveSpace(space: unknown, constraint?: Constraint): SearchSpace {
  check(
    isRecord(space) && Object.keys(space).length > 0,
    () => `a space is an object with at least one parameter, received ${show(space)}`,
    "invalid_space",
  );
  const names = Object.keys(space);
  for (const name of names) {
    check(
      /^[A-Za-z][A-Za-z0-9_]*$/.test(name),
      () => `parameter names are plain words (letters, digits and _, a letter first), received ${show(name)}`,
      "invalid_space",
    );
  }
  const parameters: Space = Object.freeze(
    Object.fromEntries(names.map((name) => [name, parseParameter(space[name], `parameter ${show(name)}`)])),
  );
  for (const name of names) checkCondition(parameters, name);
  return Object.freeze({
    parameters,
    names: Object.freeze(names),
    order: Object.freeze(sort(parameters, names)),
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

/** Whether `parameter` applies beside the values in `params`, which must hold those its condition names. */
export function isActive(parameter: Parameter, params: Params): boolean {
  if (parameter.when === undefined) return true;
  for (const parent in parameter.when) {
    if (!Object.hasOwn(params, parent) || !clauseHolds(parameter.when[parent], params[parent])) return false;
  }
  return true;
}

/**
 * Makes a point: asks `pick` for the value of each parameter that applies, in
 * `space.order`, and returns them in the declared order.
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
  const params: Record<string, ParamValue> = {};
  for (const name of space.names) if (Object.hasOwn(picked, name)) params[name] = picked[name];
  return Object.freeze(params);
}

/** Why `params` is not a point of the space, in words for a person; undefined if it is one. */
export function whyOutside(space: SearchSpace, params: unknown): string | undefined {
  if (!isRecord(params)) return `parameters are an object, received ${show(params)}`;
  for (const name of Object.keys(params)) {
    if (!Object.hasOwn(space.parameters, name)) return `the space has no parameter ${show(name)}`;
  }
  for (const name of space.order) {
    const parameter = space.parameters[name];
    const given = Object.hasOwn(params, name);
    if (given !== isActive(parameter, params as Params)) {
      return given ? `${show(name)} is given but does not apply` : `${show(name)} is missing`;
    }
    if (given && !takes(parameter, params[name])) return `${show(name)} cannot be ${show(params[name])}`;
  }
  return allows(space, params as Params) ? undefined : `the constraint forbids ${show(params)}`;
}

/** Whether the constraint of a space, if it has one, allows a point. */
export function allows({ constraint }: SearchSpace, params: Params): boolean {
  return constraint === undefined || constraint(params);
}

/** The same point made of the space's own values, in its own order. */
export function ownParams(space: SearchSpace, params: Params): Params {
  const own: Record<string, ParamValue> = {};
  for (const name of space.names) {
    if (!Object.hasOwn(params, name)) continue;
    const parameter = space.parameters[name];
    const value = params[name];
    own[name] =
      parameter.type === "choice"
        ? (parameter.values.find((allowed) => sameValue(allowed, value)) as ParamValue)
        : value;
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
  const must: (condition: unknown, message: string) => asserts condition = (condition, message) =>
    check(condition, `parameter ${show(name)}: ${message}`, "invalid_space");
  for (const [parent, clause] of Object.entries(parameters[name].when ?? {})) {
    must(
      Object.hasOwn(parameters, parent),
      `its condition names ${show(parent)}, which is not in the space; there are ${Object.keys(parameters).join(", ")}`,
    );
    const parameter = parameters[parent];
    if (isList(clause)) {
      must(
        Number.isFinite(valueCount(parameter)),
        `${show(parent)} is a float without a step, so its condition is an interval { low, high }, received ${show(clause)}`,
      );
      for (const value of clause) {
        must(
          takes(parameter, value),
          `its condition wants ${show(parent)} to be ${show(value)}, which it never is`,
        );
      }
    } else {
      must(parameter.type !== "choice", `${show(parent)} is a choice, so its condition lists values`);
      must(
        meets(clause, parameter),
        `its condition wants ${show(parent)} in ${show(clause)}, which it never is`,
      );
    }
  }
}

/** Whether a numeric parameter has a value in an interval. */
function meets({ low, high }: Interval, parameter: NumericParameter): boolean {
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
      throw new FettleError("invalid_space", `conditions form a cycle: ${cycle}; one of them must go`);
    }
    for (const parent of Object.keys(parameters[name].when ?? {})) visit(parent, [...path, name]);
    done.add(name);
    order.push(name);
  };
  for (const name of names) visit(name, []);
  return order;
}

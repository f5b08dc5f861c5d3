/**
 * Infers the space of a study of Optuna, which stores none: the parameters are those of its trials, and
 * conditions follow from which trials have which.
 */
import { check, FettleError, show } from "../../errors.js";
import type { Condition, Parameter } from "../../search/space/parameter.js";
import type { Space } from "../../search/space/space.js";
import { type ParamValue, placeOf } from "../../search/space/value.js";
import { parameterOf, valueFrom, widest } from "./distributions.js";
import type { OptunaTrial } from "./read.js";

/** A space, and notes on how it was inferred. */
export interface InferredSpace {
  readonly space: Space;
  readonly notes: readonly string[];
}

type Values = Readonly<Record<string, ParamValue | undefined>>;

/** Plain names of parameters, by the names of Optuna. */
export function plainNames(trials: readonly OptunaTrial[]): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  const taken = new Set<string>();
  const theirs = new Set(trials.flatMap(({ params }) => [...params.keys()]));
  const isPlain = (name: string): boolean => /^[A-Za-z][A-Za-z0-9_]*$/.test(name);
  // plain names stay
  for (const name of [...theirs].sort((a, b) => Number(isPlain(b)) - Number(isPlain(a)))) {
    const word = name
      .normalize("NFKD")
      .replace(/\p{M}/gu, "")
      .replace(/[^A-Za-z0-9]+/g, "_");
    const plain = isPlain(name) ? name : isPlain(word) ? word : `p_${word}`.replace(/_$/, "");
    let own = plain;
    for (let i = 2; taken.has(own); i++) own = `${plain}_${i}`;
    taken.add(own);
    names.set(name, own);
  }
  return new Map([...theirs].map((name) => [name, names.get(name) as string]));
}

/**
 * Reads the space from the trials. A parameter that some complete trials lack has a condition on another, if
 * the values of one determine which trials have it. Any trial that has a parameter shows that it applies
 * there; only complete trials reliably show where it does not, since others may have ended before it was
 * suggested.
 *
 * @param names - of `plainNames`
 * @throws FettleError `invalid_space` if there are no parameters, or no space describes how they differ
 */
export function inferSpace(
  trials: readonly OptunaTrial[],
  names: ReadonlyMap<string, string>,
): InferredSpace {
  check(
    names.size > 0,
    "no trial of the study in Optuna has a parameter, from which the space could be read; pass a space",
    "invalid_space",
  );
  const notes: string[] = [];
  const parameters = new Map<string, Parameter>();
  const changed = new Set<string>();
  const known = new Map<unknown, Parameter>();
  for (const { params } of trials)
    for (const [theirs, { distribution }] of params) {
      const name = names.get(theirs) as string;
      const parameter = known.get(`${name} ${distribution}`) ?? parameterOf(theirs, distribution);
      known.set(`${name} ${distribution}`, parameter);
      const before = parameters.get(name);
      if (before === parameter) continue;
      const both = before && widest(theirs, before, parameter);
      if (both && JSON.stringify(both) !== JSON.stringify(before)) changed.add(name);
      // so that equal ones are not compared again
      if (!before || changed.has(name)) parameters.set(name, both ?? parameter);
    }
  for (const name of changed)
    notes.push(
      `the range of ${show(name)} changed in Optuna; the widest is taken: ${show(parameters.get(name))}`,
    );
  const conditions = conditionsOf(trials, names, parameters, notes);
  const space = [...parameters].map(([name, parameter]) => {
    const when = conditions.get(name);
    return [name, { ...parameter, ...(when && { when }) }] as const;
  });
  return { space: Object.fromEntries(space), notes };
}

function conditionsOf(
  trials: readonly OptunaTrial[],
  names: ReadonlyMap<string, string>,
  parameters: ReadonlyMap<string, Parameter>,
  notes: string[],
): ReadonlyMap<string, Condition> {
  const points = trials.map(({ params }): Values => {
    const values = [...params].map(([theirs, { number }]) => {
      const name = names.get(theirs) as string;
      return [name, valueFrom(parameters.get(name) as Parameter, number)] as const;
    });
    return Object.fromEntries(values);
  });
  const complete = points.filter((_, i) => trials[i].state === "COMPLETE");
  // a choice is a better condition than a number
  const parents = [...parameters].sort(
    ([, a], [, b]) => Number(a.type !== "choice") - Number(b.type !== "choice"),
  );
  const conditions = new Map<string, Condition>();
  for (const name of parameters.keys()) {
    const has = (point: Values): boolean => Object.hasOwn(point, name);
    const having = points.filter(has);
    const isShown = complete.some(has);
    // a branch of which no trial is complete is known from its other trials alone
    const from = isShown ? complete : points;
    if (from.every(has)) continue;
    const found =
      conditionOn(parents, name, having, from) ??
      // trials that ended early, or before the study's code changed, may contradict the complete ones
      conditionOn(parents, name, isShown ? complete.filter(has) : having, complete);
    if (found) {
      const trials = isShown
        ? "the trials of Optuna"
        : "trials of Optuna, of which those that have it are not complete";
      notes.push(`${show(name)} applies when ${show(found)}, as in ${trials}`);
      conditions.set(name, found);
    } else if (complete.length === 0)
      notes.push(
        `${show(name)} is assumed to apply always: the trials of Optuna that lack it are not complete`,
      );
    else
      throw new FettleError(
        "invalid_space",
        `parameter ${show(name)} is in some trials of Optuna but not in others, and no single parameter determines in which; pass a space with its condition`,
      );
  }
  return conditions;
}

/**
 * The first condition by which a parameter applies to all trials that have it, and to none of the others.
 *
 * @param trials - those that show where it does not apply
 */
function conditionOn(
  parents: readonly (readonly [string, Parameter])[],
  name: string,
  having: readonly Values[],
  trials: readonly Values[],
): Condition | undefined {
  for (const [parent, parameter] of parents) {
    const clause = parent === name ? undefined : clauseOf(name, having, parent, parameter, trials);
    if (clause) return { [parent]: clause };
  }
  return undefined;
}

/** When a parameter applies, by the values of another; undefined if they do not determine it. */
function clauseOf(
  name: string,
  having: readonly Values[],
  parent: string,
  parameter: Parameter,
  points: readonly Values[],
): Condition[string] | undefined {
  if (having.some((point) => point[parent] === undefined)) return undefined;
  const lacking = points.filter((point) => point[parent] !== undefined && !Object.hasOwn(point, name));
  if (lacking.length === 0) return undefined; // it inherits the condition of the other
  if (parameter.type === "choice") {
    const places = (of: readonly Values[]) =>
      new Set(of.map((point) => placeOf(parameter.values, point[parent])));
    const [present, absent] = [places(having), places(lacking)];
    if ([...present].some((place) => absent.has(place))) return undefined;
    return parameter.values.filter((_, place) => present.has(place));
  }
  if (parameter.type === "float") return undefined;
  const range = (of: readonly Values[]): readonly [number, number] => {
    const values = of.map((point) => point[parent] as number);
    return [values.reduce((a, b) => Math.min(a, b)), values.reduce((a, b) => Math.max(a, b))];
  };
  const [[low, high], [least, most]] = [range(having), range(lacking)];
  if (low > most) return { low };
  return high < least ? { high } : undefined;
}

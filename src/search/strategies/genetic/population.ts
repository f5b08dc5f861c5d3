/**
 * A population: which members survive from one generation to the next, and how diverse they are.
 * `selection.ts` chooses parents.
 */

import { toUnit } from "../../space/scale.js";
import type { Params, SearchSpace } from "../../space/space.js";
import { valueKey } from "../../space/value.js";
import { type Axis, vectorsOf } from "../../space/vectors.js";
import { ranked } from "../../trial/ranking.js";
import type { Direction, TrialRecord } from "../../trial/trial.js";

/** Trials, best first. */
export type Population = readonly TrialRecord[];

/** The standard deviation of a uniform number on the unit interval, 1/√12. */
const UNIFORM_STD = Math.sqrt(1 / 12);

/** The population after a generation: the `elitism` best of the one before, and the new trials. */
export function succeed(
  before: Population,
  newborn: readonly TrialRecord[],
  elitism: number,
  direction: Direction,
): Population {
  return ranked([...before.slice(0, elitism), ...newborn], direction);
}

/**
 * How diverse the members are: 0 if all agree, about 1 in a uniform population. It is the mean over
 * parameters with more than one value. For a number: the standard deviation on its own scale, times √12. For
 * a choice of k values: the probability that two members, drawn with replacement, differ, divided by 1 - 1/k.
 * A parameter is measured over the members to which it applies, and left out if those are fewer than two.
 *
 * @returns 0 for a population of fewer than two members
 */
export function diversityOf(space: SearchSpace, population: readonly { readonly params: Params }[]): number {
  let sum = 0;
  let parameters = 0;
  for (const axis of vectorsOf(space).axes) {
    const having = population.filter(({ params }) => Object.hasOwn(params, axis.name));
    if (axis.count === 1 || having.length < 2) continue;
    parameters++;
    sum += spreadOf(axis, having);
  }
  return parameters === 0 ? 0 : sum / parameters;
}

function spreadOf({ name, parameter, count }: Axis, having: readonly { readonly params: Params }[]): number {
  const size = having.length;
  if (parameter.type === "choice") {
    const tally = new Map<string, number>();
    for (const { params } of having) {
      const key = valueKey(params[name]);
      tally.set(key, (tally.get(key) ?? 0) + 1);
    }
    let same = 0;
    for (const times of tally.values()) same += (times / size) * (times / size);
    return (1 - same) / (1 - 1 / count);
  }
  const places = having.map(({ params }) => toUnit(parameter, params[name]));
  const mean = places.reduce((total, u) => total + u, 0) / size;
  const variance = places.reduce((total, u) => total + (u - mean) * (u - mean), 0) / size;
  return Math.sqrt(variance) / UNIFORM_STD;
}

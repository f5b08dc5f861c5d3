/**
 * Chance in a child: each parameter that applies is changed with a probability, in a way that its type gives.
 * A parameter that applies only after the change of another is drawn at random.
 */

import type { RandomStream } from "../../../numerics/random.js";
import type { ChoiceParameter, NumericParameter } from "../../parameter.js";
import { fromUnit, shift } from "../../scale.js";
import { buildParams, type Params, type SearchSpace } from "../../space.js";
import { type ParamValue, sameValue } from "../../value.js";

/** How much is changed. */
export interface Mutation {
  /** The probability with which each parameter is changed, from 0 to 1. */
  readonly rate: number;
  /** The standard deviation of a number's change, as a part of its range. */
  readonly scale: number;
}

/** A point with some of its parameters changed. */
export function mutate(
  space: SearchSpace,
  params: Params,
  { rate, scale }: Mutation,
  random: RandomStream,
): Params {
  return buildParams(space, (parameter, name) => {
    if (!Object.hasOwn(params, name)) return fromUnit(parameter, random.uniform());
    if (random.uniform() >= rate) return params[name];
    return parameter.type === "choice"
      ? mutateChoice(parameter, params[name], random)
      : mutateNumber(parameter, params[name] as number, scale, random);
  });
}

/**
 * A normal step from a number, on its own scale in units of its range, reflected at the ends. A discrete number
 * moves by at least one value, where it has others.
 */
export function mutateNumber(
  parameter: NumericParameter,
  value: number,
  scale: number,
  random: RandomStream,
): number {
  return shift(parameter, value, scale * random.normal());
}

/** Another value of a choice, each equally likely; the same if there is no other. */
export function mutateChoice(
  { values }: ChoiceParameter,
  value: ParamValue,
  random: RandomStream,
): ParamValue {
  const others = values.filter((other) => !sameValue(other, value));
  return others.length === 0 ? value : others[random.integer(others.length)];
}

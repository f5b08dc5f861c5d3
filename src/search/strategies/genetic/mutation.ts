/**
 * Mutation: each parameter of a child changes with some probability, a number by a kind of mutation that
 * options choose, a choice to another value. A parameter that applies only because another has changed is
 * drawn at random.
 */

import type { RandomStream } from "../../../numerics/random.js";
import { pow } from "../../../numerics/special.js";
import { number } from "../../../rules.js";
import type { ChoiceParameter, NumericParameter } from "../../space/parameter.js";
import { fromUnit, shift, toUnit } from "../../space/scale.js";
import { buildParams, type Params, type SearchSpace } from "../../space/space.js";
import { type ParamValue, sameValue } from "../../space/value.js";
import { type Kinds, operatorOf } from "./kinds.js";

/** A kind of mutation of numbers: its name, for default settings, or an object with settings. */
export type MutationOptions =
  | "normal"
  | "polynomial"
  | { readonly type: "normal"; readonly scale?: number }
  | { readonly type: "polynomial"; readonly eta?: number };

/** Changes a number. A discrete one moves by at least one value, if it has others. */
export type Mutation = (parameter: NumericParameter, value: number, random: RandomStream) => number;

/** A point with some of its parameters changed, each with probability `rate`. */
export function mutate(
  space: SearchSpace,
  params: Params,
  rate: number,
  move: Mutation,
  random: RandomStream,
): Params {
  return buildParams(space, (parameter, name) => {
    if (!Object.hasOwn(params, name)) return fromUnit(parameter, random.uniform());
    if (random.uniform() >= rate) return params[name];
    return parameter.type === "choice"
      ? mutateChoice(parameter, params[name], random)
      : move(parameter, params[name] as number, random);
  });
}

/**
 * A normal step on the number's own scale, reflected at the ends of the range.
 *
 * @param scale - the standard deviation, as a fraction of the range
 */
export function normal(scale: number): Mutation {
  return (parameter, value, random) => shift(parameter, value, scale * random.normal());
}

/**
 * Polynomial mutation, bounded: a step on the number's own scale u ∈ [0, 1] towards either end with
 * probability ½,
 *
 *     1 − (1 − t + t·(1 − d)^(η+1))^(1/(η+1)),   t uniform on [0, 1), d the distance to that end
 *
 * @param eta - η, at least 0; the larger it is, the smaller the steps: about 1/η of the range
 * @see K. Deb and M. Goyal, "A combined genetic adaptive search (GeneAS) for engineering design", Computer
 * Science and Informatics 26, 1996
 */
export function polynomial(eta: number): Mutation {
  return (parameter, value, random) => {
    const u = toUnit(parameter, value);
    const side = random.integer(2) === 0 ? -1 : 1;
    const t = random.uniform();
    const stays = pow(side < 0 ? 1 - u : u, eta + 1);
    return shift(parameter, value, side * (1 - pow(1 - t + t * stays, 1 / (eta + 1))));
  };
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

const KINDS: Kinds<MutationOptions, Mutation> = {
  normal: {
    rules: { type: true, scale: [number("(0, 1000000]", "a number above 0, at most 1e6"), 0.1] },
    make: ({ scale }) => normal(scale),
  },
  polynomial: {
    rules: { type: true, eta: [number("[0, ∞)", "a number of at least 0"), 5] },
    make: ({ eta }) => polynomial(eta),
  },
};

/** The mutation that options describe. */
export const mutationOf = (options: MutationOptions): Mutation => operatorOf("mutation", KINDS, options);

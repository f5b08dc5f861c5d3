/**
 * Crossover: each kind makes a child from two points. A parameter that applies to the child is inherited from
 * the parents to which it applies: from both by the kind's rule, unchanged from one, and drawn at random if
 * it applies to neither. Mutation comes after, in `mutation.ts`.
 */

import type { RandomStream } from "../../../numerics/random.js";
import { pow } from "../../../numerics/special.js";
import { number } from "../../../rules.js";
import type { Parameter } from "../../space/parameter.js";
import { fromUnit, toUnit } from "../../space/scale.js";
import { buildParams, type Params, type SearchSpace } from "../../space/space.js";
import type { ParamValue } from "../../space/value.js";
import { type Kinds, operatorOf } from "./kinds.js";

/** A kind of crossover: its name, for default settings, or an object with settings. */
export type CrossoverOptions =
  | "uniform"
  | "onePoint"
  | "blend"
  | "sbx"
  | { readonly type: "uniform" | "onePoint" }
  | { readonly type: "blend"; readonly alpha?: number }
  | { readonly type: "sbx"; readonly eta?: number };

/** A child of two points of a space. */
export type Crossover = (space: SearchSpace, a: Params, b: Params, random: RandomStream) => Params;

/**
 * Each parameter from either parent, with equal probabilities.
 *
 * @see G. Syswerda, "Uniform crossover in genetic algorithms", ICGA 1989
 */
export function uniform(space: SearchSpace, a: Params, b: Params, random: RandomStream): Params {
  return inherit(space, a, b, random, (_, x, y) => either(x, y, random));
}

/** The parameters declared before a random cut from the first parent, the others from the second. */
export function onePoint(space: SearchSpace, a: Params, b: Params, random: RandomStream): Params {
  const { names } = space;
  const cut = names.length === 1 ? random.integer(2) : 1 + random.integer(names.length - 1);
  const first = new Set(names.slice(0, cut));
  return inherit(space, a, b, random, (_, x, y, name) => (first.has(name) ? x : y));
}

/**
 * BLX-α: a number is uniform, on its own scale, over the interval between its parents, extended at either end
 * by
 * `alpha` times its length, as far as the range allows. A choice comes from either parent.
 *
 * @param alpha - at least 0; with 0.5, a population without selection neither shrinks nor spreads
 * @see L. Eshelman and J. Schaffer, "Real-coded genetic algorithms and interval-schemata", FOGA 1993
 */
export function blend(alpha: number): Crossover {
  return (space, a, b, random) =>
    inherit(space, a, b, random, (parameter, x, y) => {
      if (parameter.type === "choice") return either(x, y, random);
      const u = toUnit(parameter, x);
      const v = toUnit(parameter, y);
      const reach = alpha * Math.abs(u - v);
      const low = Math.max(0, Math.min(u, v) - reach);
      const high = Math.min(1, Math.max(u, v) + reach);
      // a number that both parents share is inherited unchanged, without the rounding of its scale
      return low === high ? x : fromUnit(parameter, low + random.uniform() * (high - low));
    });
}

/**
 * Simulated binary crossover, bounded. With probability ½, a number comes from one of two children: on its
 * own scale, they are on either side of the parents' midpoint, at β times the parents' distance from it.
 * Otherwise it comes from either parent, as a choice does. With u uniform on [0, 1), and α = 2 − b^−(η+1),
 * where b is the β of a child at the end of the range,
 *
 *     β = (u·α)^(1/(η+1)) if u ≤ 1/α, else (1 / (2 − u·α))^(1/(η+1))
 *
 * @param eta - η, at least 0; the larger it is, the closer children are to their parents
 * @see K. Deb and R. Agrawal, "Simulated binary crossover for continuous search space", Complex Systems 9,
 * 1995
 */
export function sbx(eta: number): Crossover {
  return (space, a, b, random) =>
    inherit(space, a, b, random, (parameter, x, y) => {
      if (parameter.type === "choice" || random.integer(2) === 0) return either(x, y, random);
      const [u, v] = [toUnit(parameter, x), toUnit(parameter, y)];
      if (u === v) return x;
      const middle = (u + v) / 2;
      const half = Math.abs(u - v) / 2;
      const side = random.integer(2) === 0 ? -1 : 1;
      const most = (side < 0 ? middle : 1 - middle) / half;
      return fromUnit(parameter, middle + side * half * spreadOf(eta, most, random.uniform()));
    });
}

/** The β of {@link sbx} at most `most`, which is at least 1. */
function spreadOf(eta: number, most: number, u: number): number {
  const share = u * (2 - pow(most, -(eta + 1)));
  return pow(share <= 1 ? share : 1 / (2 - share), 1 / (eta + 1));
}

const KINDS: Kinds<CrossoverOptions, Crossover> = {
  uniform: { rules: { type: true }, make: () => uniform },
  onePoint: { rules: { type: true }, make: () => onePoint },
  blend: {
    rules: { type: true, alpha: [number("[0, ∞)", "a number of at least 0"), 0.5] },
    make: ({ alpha }) => blend(alpha),
  },
  sbx: {
    rules: { type: true, eta: [number("[0, ∞)", "a number of at least 0"), 2] },
    make: ({ eta }) => sbx(eta),
  },
};

/** The crossover that options describe. */
export const crossoverOf = (options: CrossoverOptions): Crossover => operatorOf("crossover", KINDS, options);

function inherit(
  space: SearchSpace,
  a: Params,
  b: Params,
  random: RandomStream,
  mix: (parameter: Parameter, x: ParamValue, y: ParamValue, name: string) => ParamValue,
): Params {
  return buildParams(space, (parameter, name) => {
    if (!Object.hasOwn(a, name)) {
      return Object.hasOwn(b, name) ? b[name] : fromUnit(parameter, random.uniform());
    }
    return Object.hasOwn(b, name) ? mix(parameter, a[name], b[name], name) : a[name];
  });
}

function either(x: ParamValue, y: ParamValue, random: RandomStream): ParamValue {
  return random.integer(2) === 0 ? x : y;
}

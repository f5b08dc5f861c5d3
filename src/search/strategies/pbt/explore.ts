/**
 * Exploration in population-based training: the parameters of a member that goes on from another's training, near those
 * of the other. Who goes on from whom is decided in `../pbt.ts`.
 */

import type { RandomStream } from "../../../numerics/random.js";
import { log } from "../../../numerics/special.js";
import type { NumericParameter } from "../../space/parameter.js";
import { fromUnit, logRange, shift } from "../../space/scale.js";
import { allows, buildParams, type Params, type SearchSpace } from "../../space/space.js";

/** How parameters are changed. */
export interface Exploration {
  /** Those that may change. */
  readonly names: ReadonlySet<string>;
  /** By which numbers are perturbed, each equally likely. */
  readonly factors: readonly number[];
  /** The probability with which each is drawn anew instead. */
  readonly resample: number;
}

/** How many points are tried before a constraint is taken for one that allows nothing nearby. */
const ATTEMPTS = 100;

/**
 * A point near `params`: of the parameters named, each is drawn anew with probability `resample`, and otherwise
 * perturbed if it is a number. One that applies only now is drawn, too. Where a constraint allows nothing that was
 * tried, `params` itself.
 */
export function explore(
  space: SearchSpace,
  params: Params,
  { names, factors, resample }: Exploration,
  random: RandomStream,
): Params {
  for (let i = 0; i < ATTEMPTS; i++) {
    const candidate = buildParams(space, (parameter, name) => {
      if (!Object.hasOwn(params, name)) return fromUnit(parameter, random.uniform());
      if (!names.has(name)) return params[name];
      if (random.uniform() < resample) return fromUnit(parameter, random.uniform());
      if (parameter.type === "choice") return params[name];
      return perturb(parameter, params[name] as number, factors[random.integer(factors.length)]);
    });
    if (allows(space, candidate)) return candidate;
  }
  return params;
}

/**
 * A number changed by a factor: on a log scale multiplied by it, elsewhere moved by (factor − 1) times its range;
 * reflected at the ends. A discrete number moves by at least one value, where it has others. A range so narrow that its
 * ends have one logarithm leaves a number where it is.
 */
export function perturb(parameter: NumericParameter, value: number, factor: number): number {
  if (!parameter.log) return shift(parameter, value, factor - 1);
  const [low, high] = logRange(parameter);
  return high > low ? shift(parameter, value, log(factor) / (high - low)) : value;
}

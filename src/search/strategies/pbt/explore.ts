/**
 * The *explore* step of population-based training: a member that has copied another's training gets
 * parameters near those of the other. `pbt.ts` decides which member copies which.
 */

import type { RandomStream } from "../../../numerics/random.js";
import { log } from "../../../numerics/special.js";
import type { NumericParameter } from "../../space/parameter.js";
import { fromUnit, logRange, shift } from "../../space/scale.js";
import { allows, buildParams, type Params, type SearchSpace } from "../../space/space.js";

/** How parameters change. */
export interface Exploration {
  /** The parameters that may change. */
  readonly names: ReadonlySet<string>;
  /** The factors by which numbers are perturbed, each equally likely. */
  readonly factors: readonly number[];
  /** The probability with which each parameter is resampled instead. */
  readonly resample: number;
}

/** After this many forbidden points, the parameters stay unchanged. */
const ATTEMPTS = 100;

/**
 * A point near `params`: each parameter of `names` is resampled with probability `resample`, and otherwise
 * perturbed if it is a number. A parameter that did not apply before is drawn too. If a constraint forbids
 * all points tried, `params` itself.
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
 * A number perturbed by a factor: multiplied by it on a log scale, otherwise moved by (factor − 1) times its
 * range, and reflected at the ends. A discrete number moves by at least one value, if it has others. In a
 * range so narrow that both ends have the same logarithm, a number stays unchanged.
 */
export function perturb(parameter: NumericParameter, value: number, factor: number): number {
  if (!parameter.log) return shift(parameter, value, factor - 1);
  const [low, high] = logRange(parameter);
  return high > low ? shift(parameter, value, log(factor) / (high - low)) : value;
}

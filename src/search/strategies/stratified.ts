/**
 * First points of a search, spread by parameter: a Latin hypercube that grows trial by trial. It sees no
 * values.
 */

import { fromUnit, toUnit, valueCount } from "../space/scale.js";
import { buildParams, type Params } from "../space/space.js";
import type { SuggestContext } from "./strategy.js";

/**
 * A draw that falls, for each parameter, into one of the strata with the fewest trials.
 *
 * @param strata - into how many parts the range of each parameter is divided (at most 1,000)
 */
export function drawStratified({ space, earlier, random }: SuggestContext, strata: number): Params {
  return buildParams(space, (parameter, name) => {
    const counts = new Array<number>(Math.min(strata, valueCount(parameter), 1000)).fill(0);
    const last = counts.length - 1;
    for (const params of earlier) {
      if (!Object.hasOwn(params, name)) continue;
      counts[Math.min(last, Math.floor(toUnit(parameter, params[name]) * counts.length))]++;
    }
    const least = counts.reduce((a, b) => Math.min(a, b));
    const free = [...counts.keys()].filter((stratum) => counts[stratum] === least);
    const u = random.uniform() * free.length;
    const i = Math.floor(u);
    return fromUnit(parameter, (free[i] + (u - i)) / counts.length);
  });
}

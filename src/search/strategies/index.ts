/**
 * Strategies by name, for the command line and for saved studies. Code that knows its
 * strategy calls `random()` or `grid()` directly, and bundles only that one.
 */

import { byName, checkOptions, isPlainObject, must } from "../../errors.js";
import type { Params } from "../space/space.js";
import { cmaes } from "./cmaes/cmaes.js";
import { genetic } from "./genetic/genetic.js";
import { gp } from "./gp/gp.js";
import { grid } from "./grid/grid.js";
import { nsga2 } from "./nsga2/nsga2.js";
import { pbt } from "./pbt/pbt.js";
import { random } from "./random/random.js";
import { sobol } from "./sobol/sobol.js";
import { startWith } from "./startWith.js";
import type { Strategy } from "./strategy.js";
import { tpe } from "./tpe/tpe.js";

type Options = Readonly<Record<string, unknown>>;

const makers: Readonly<Record<string, (options: Options) => Strategy>> = {
  grid,
  random(options) {
    checkOptions(options, "random", {});
    return random();
  },
  sobol,
  tpe,
  gp,
  genetic,
  nsga2,
  cmaes,
  pbt({ start = { name: "random" }, ...options }) {
    const isNamed = isPlainObject(start) && (start.options === undefined || isPlainObject(start.options));
    must(isNamed, "start of pbt", "an object with a name and options", start);
    return pbt({ ...options, start: createStrategy(start.name as string, start.options as Options) });
  },
};

/** The names that {@link createStrategy} knows. */
export const strategyNames: readonly string[] = Object.freeze(Object.keys(makers));

/**
 * A strategy by its name.
 *
 * @param name - one of {@link strategyNames}
 * @param options - those of the strategy's own function, as `strategy.options` has them; and the points of
 * `startWith`, if it has any
 * @throws FettleError `unknown_name` for a strategy or an option that does not exist, and whatever
 * the strategy's own function throws
 * @example
 * ```ts
 * createStrategy("grid", { points: 5 }).name; // "grid"
 * ```
 */
export function createStrategy(name: string, options: Readonly<Record<string, unknown>> = {}): Strategy {
  if (!isPlainObject(options)) return byName("strategy", makers, name)(options);
  const { startWith: points, ...own } = options;
  const strategy = byName("strategy", makers, name)(own);
  return points === undefined ? strategy : startWith(points as readonly Params[], strategy);
}

/** Our strategies by the names they have here. */
import { pathToFileURL } from "node:url";
import { createStrategy, type Strategy } from "fettle";
import { strategySearcher, type TimedSearcher } from "./searcher.js";
import { timeStrategy } from "./timing.js";

/** Each with its name in the library and its options. */
const registry: Readonly<
  Record<string, readonly [name: string, options?: Readonly<Record<string, unknown>>]>
> = {
  random: ["random"],
  sobol: ["sobol"],
  tpe: ["tpe"],
  tpeIndependent: ["tpe", { multivariate: false }],
  tpeMultivariate: ["tpe", { multivariate: true }],
  gp: ["gp"],
  cmaes: ["cmaes"],
  genetic: ["genetic"],
};

export const strategyNames: readonly string[] = Object.keys(registry);

/** Those wanted. */
export function ourSearchers(isWanted: (name: string) => boolean): TimedSearcher[] {
  return Object.entries(registry)
    .filter(([name]) => isWanted(name))
    .map(([name, [known, options]]) => timed(name, () => createStrategy(known, options)));
}

/**
 * Strategies of somebody else: the functions that a module exports, by name, each called without arguments.
 */
export async function loadModule(path: string): Promise<TimedSearcher[]> {
  const factories = (await import(pathToFileURL(path).href)) as Readonly<Record<string, () => Strategy>>;
  return Object.entries(factories).map(([name, make]) => timed(name, () => make()));
}

function timed(name: string, make: () => Strategy): TimedSearcher {
  return { ...strategySearcher(name, make), time: timeStrategy(make) };
}

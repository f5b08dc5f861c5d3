/** Our strategies by the names they have here. */
import { pathToFileURL } from "node:url";
import type { Strategy } from "fettle";
import { type Searcher, strategySearcher } from "./searcher.js";
import { timeStrategy } from "./timing.js";

type Factory = (options?: Readonly<Record<string, unknown>>) => Strategy;

/** Each with the file of `src/search/strategies/`, which exports a factory of the same name, and the options for it. */
const registry: Readonly<
  Record<string, readonly [file: string, options?: Readonly<Record<string, unknown>>]>
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

/** Those wanted; one whose file does not exist is left out. */
export async function loadStrategies(isWanted: (name: string) => boolean): Promise<Searcher[]> {
  const found: Searcher[] = [];
  for (const [name, [file, options]] of Object.entries(registry)) {
    if (!isWanted(name)) continue;
    const factories = await load(new URL(`../../src/search/strategies/${file}.js`, import.meta.url));
    const factory = factories?.[file];
    if (factory) found.push(strategySearcher(name, () => factory(options), timeStrategy));
  }
  return found;
}

/** Strategies of somebody else: the functions that a module exports, by name, each called without arguments. */
export async function loadModule(path: string): Promise<Searcher[]> {
  const factories = (await import(pathToFileURL(path).href)) as Readonly<Record<string, Factory>>;
  return Object.entries(factories).map(([name, make]) => strategySearcher(name, () => make(), timeStrategy));
}

async function load(url: URL): Promise<Readonly<Record<string, Factory>> | undefined> {
  try {
    return await import(url.href);
  } catch (error) {
    if ((error as { code?: string }).code === "ERR_MODULE_NOT_FOUND" && String(error).includes(url.pathname))
      return undefined;
    throw error;
  }
}

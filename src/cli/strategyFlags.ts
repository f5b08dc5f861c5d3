/** The strategy that flags name, and help texts that several commands share. */
import { check } from "../errors.js";
import { schedulerNames } from "../search/schedulers/index.js";
import { defaultStrategy } from "../search/strategies/default.js";
import { createStrategy, strategyNames } from "../search/strategies/index.js";
import type { Strategy } from "../search/strategies/strategy.js";
import { integer } from "./flags.js";

/** Population-based training is a strategy that wraps another; `fettle tune` offers it as a scheduler. */
export const POPULATION = "pbt";
export const NO_SCHEDULER = "none";

/** What `--strategy` and `--scheduler` may be. */
export const STRATEGIES: readonly string[] = strategyNames.filter((name) => name !== POPULATION);
export const SCHEDULERS: readonly string[] = [NO_SCHEDULER, ...schedulerNames];

/** The number of trials of a search, as arguments of commander's `option`. */
export const TRIALS_FLAG = [
  "--trials <n>",
  "number of trials (default: 30; every combination of a grid; with --seconds, as many as time allows)",
  integer("--trials", 1),
] as const;

/**
 * @param objectives - how many
 * @throws FettleError `unknown_name`, `invalid_argument`
 */
export async function strategyOf(
  { strategy, points }: { readonly strategy?: string; readonly points?: number },
  objectives: number,
): Promise<Strategy> {
  check(
    points === undefined || strategy === "grid",
    () => `--points needs --strategy grid; received ${strategy === undefined ? "no strategy" : strategy}`,
  );
  if (strategy === undefined) return defaultStrategy(objectives);
  return createStrategy(strategy, points === undefined ? {} : { points });
}

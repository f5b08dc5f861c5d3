/** The strategy that flags name, and the words of the flags that several commands share. */
import { check } from "../errors.js";
import { schedulerNames } from "../search/schedulers/index.js";
import { defaultStrategy } from "../search/strategies/default.js";
import { createStrategy, strategyNames } from "../search/strategies/index.js";
import type { Strategy } from "../search/strategies/strategy.js";
import { integer } from "./flags.js";

/** Population-based training is a strategy around another; `fettle tune` has it as one of the schedulers. */
export const POPULATION = "pbt";
export const NO_SCHEDULER = "none";

/** What `--strategy` and `--scheduler` may be. */
export const STRATEGIES: readonly string[] = strategyNames.filter((name) => name !== POPULATION);
export const SCHEDULERS: readonly string[] = [NO_SCHEDULER, ...schedulerNames];

/** How many trials a search has, as `option` of commander takes it. */
export const TRIALS_FLAG = [
  "--trials <n>",
  "number of trials (default: 30, or every combination of a grid; as many as --seconds allow)",
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

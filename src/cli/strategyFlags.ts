/** The strategy that flags name, and flags that several commands share. */
import { check } from "../errors.js";
import { schedulerNames } from "../search/schedulers/index.js";
import { type Space, spaceFromJson } from "../search/space/space.js";
import { defaultStrategy } from "../search/strategies/default.js";
import { createStrategy, strategyNames } from "../search/strategies/index.js";
import type { Strategy } from "../search/strategies/strategy.js";
import { inFile, readJson } from "./files.js";
import { integer, text } from "./flags.js";
import { verbatim } from "./messages.js";

/** Population-based training is a strategy that wraps another; `fettle tune` offers it as a scheduler. */
export const POPULATION = "pbt";
export const NO_SCHEDULER = "none";

/** What `--strategy` and `--scheduler` may be. */
export const STRATEGIES: readonly string[] = strategyNames.filter((name) => name !== POPULATION);
export const SCHEDULERS: readonly string[] = [NO_SCHEDULER, ...schedulerNames];

export const TRIALS = integer(1)(
  "<n>",
  "number of trials (default: 30; every combination of a grid; with --seconds, as many as time allows)",
);
export const STRATEGY = text(
  "<name>",
  `how points are suggested: ${STRATEGIES.join(", ")} (default: gp, or nsga2 for several metrics)`,
);
export const POINTS = integer(1)("<n>", "with a grid: the number of values of each numeric parameter");
export const STEPS = integer(1)("<n>", "with a scheduler: the number of steps of a complete trial");

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

/**
 * The space in a file, or a space that a saved study holds.
 *
 * @param check - throws for a space that the command cannot search
 * @throws FettleError as `spaceFromJson`, naming the file
 */
export function readSpace(
  given: string | Readonly<Record<string, unknown>>,
  check: (space: Space) => void = () => {},
): Space {
  return verbatim(() =>
    inFile(spaceName(given), () => {
      const space = spaceFromJson(typeof given === "string" ? readJson(given) : given);
      check(space);
      return space;
    }),
  );
}

export const spaceName = (given: string | object): string =>
  typeof given === "string" ? given : "the space";

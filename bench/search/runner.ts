/** Runs one search on one function with one seed, and keeps how far it was from the minimum. */
import type { TestFunction } from "./problem.js";
import type { Searcher } from "./searcher.js";

/** A finished search. */
export interface Run {
  readonly function: string;
  readonly strategy: string;
  readonly seed: number;
  /** The least value so far minus the function's minimum, after each trial. */
  readonly regrets: readonly number[];
}

/**
 * The seed places the function and is the strategy's own, so that all strategies meet the same instances. A search
 * that ends early has used up its space; its last regret stands for the trials it did not need.
 */
export async function run(
  problem: TestFunction,
  searcher: Searcher,
  seed: number,
  trials: number,
): Promise<Run> {
  const f = problem.instance(seed);
  const search = await searcher.start(problem.space, seed);
  const regrets: number[] = [];
  let best = Number.POSITIVE_INFINITY;
  let value: number | undefined;
  while (regrets.length < trials) {
    const params = await search.next(value);
    if (params !== undefined) {
      value = f(params);
      best = Math.min(best, value - problem.optimum);
    }
    // the minimum itself is known to rounding
    regrets.push(Number(Math.max(0, best).toPrecision(6)));
    if (params === undefined) break;
  }
  while (regrets.length < trials) regrets.push(regrets[regrets.length - 1]);
  return { function: problem.name, strategy: searcher.name, seed, regrets };
}

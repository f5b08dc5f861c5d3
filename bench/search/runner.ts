/** Runs one search on one function with one seed, and keeps how far it was from the minimum. */
import { RandomStream } from "../../src/numerics/random.js";
import { scaleOf, type TestFunction } from "./problem.js";
import type { Searcher } from "./searcher.js";

/** A finished search. */
export interface Run {
  /** The part of the bench (`parts.ts`). */
  readonly part: string;
  readonly function: string;
  readonly strategy: string;
  readonly seed: number;
  /**
   * After each trial: the value, without noise, of the point with the least value told so far, minus the
   * minimum.
   */
  readonly regrets: readonly number[];
}

/** How a part of the bench runs its searches. */
export interface Conditions {
  readonly part: string;
  readonly trials: number;
  /** How many trials run at a time; each ends after so many, in the order in which they were asked. */
  readonly running: number;
}

/**
 * The seed places the function and is the strategy's own, so that all strategies meet the same instances,
 * with the same noise at the same trial. A search that ends early has used up its space; its last regret
 * stands for the trials it did not need.
 */
export async function run(
  problem: TestFunction,
  searcher: Searcher,
  seed: number,
  { part, trials, running }: Conditions,
): Promise<Run> {
  const { space, optimum, noise = 0 } = problem;
  const f = problem.instance(seed);
  const search = await searcher.start({ space, seed, running, objectives: 1, constrained: false });
  const deviation = noise === 0 ? 0 : noise * scaleOf(problem);
  const errors = new RandomStream(seed, NOISE);
  const told: number[] = [];
  const regrets: number[] = [];
  let [least, regret] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  while (regrets.length < trials) {
    const ended = told.length - running;
    if (ended >= 0) await search.tell(ended, { value: told[ended] });
    const params = await search.ask();
    if (params === undefined) break;
    const value = f(params);
    told.push(value + deviation * errors.normal());
    if (told[told.length - 1] < least) {
      least = told[told.length - 1];
      // the minimum itself is known to rounding
      regret = Number(Math.max(0, value - optimum).toPrecision(6));
    }
    regrets.push(regret);
  }
  while (regrets.length < trials) regrets.push(regret);
  return { part, function: problem.name, strategy: searcher.name, seed, regrets };
}

/** The fork of a seed's stream for noise. */
const NOISE = 1;

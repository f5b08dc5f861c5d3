/**
 * Strategies that move from generation to generation keep no state between calls: they compute it from the
 * history, generation by generation, at each call. Here the states are remembered, so that only a new
 * generation costs anything. Forgetting them changes no result.
 */

import { memoized } from "../../memo.js";
import type { SearchSpace } from "../space/space.js";
import type { Direction, TrialRecord } from "../trial/trial.js";
import { Read } from "./growing.js";

/** What all states of one search share. */
export interface SearchProblem {
  readonly space: SearchSpace;
  /** The direction of the first objective: all that a strategy for one objective needs. */
  readonly direction: Direction;
  readonly directions: readonly Direction[];
}

/** How the state after a generation follows from the state before it. */
export interface Recurrence<S> {
  /** The state before the first trial. */
  start(problem: SearchProblem): S;
  /** How many trials the next generation has, a positive integer. */
  size(state: S, problem: SearchProblem): number;
  /** The state after the next generation; a pure function of its arguments. */
  step(state: S, generation: readonly TrialRecord[], problem: SearchProblem): S;
}

/** The state after a number of generations. */
interface Known<S> {
  readonly generations: number;
  /** How many trials those have. */
  readonly used: number;
  readonly state: S;
}

/** A history, divided into generations. */
interface Chain<S> {
  readonly read: Read<TrialRecord>;
  /** Ascending; the state before the first trial, and the others, denser towards the end. */
  known: readonly Known<S>[];
}

/**
 * The state after the complete generations of a history; trials of a last, unfinished generation are left
 * out.
 *
 * @returns a function that returns the state for a history, and how many of its trials are in complete
 * generations
 */
export function memoizeGenerations<S>({
  start,
  size,
  step,
}: Recurrence<S>): (
  history: readonly TrialRecord[],
  problem: SearchProblem,
) => { readonly state: S; readonly used: number } {
  const chainsOf = memoized((_: SearchSpace) => new Map<string, Chain<S>>());
  return (history, problem) => {
    const chains = chainsOf(problem.space);
    const key = problem.directions.join();
    const chain = chains.get(key) ?? {
      read: new Read(),
      known: [{ generations: 0, used: 0, state: start(problem) }],
    };
    chains.set(key, chain);
    const same = chain.read.common(history);
    // from the point where the history differs, remembered states are replaced
    let { known } = chain;
    while (known[known.length - 1].used > same) known = known.slice(0, -1);
    for (;;) {
      const { generations, used, state } = known[known.length - 1];
      const end = used + size(state, problem);
      if (end > history.length) {
        if (used > same) {
          chain.known = known;
          chain.read.keep(history, used);
        }
        return { state, used };
      }
      const next = step(state, history.slice(used, end), problem);
      known = thinned([...known, { generations: generations + 1, used: end, state: next }]);
    }
  };
}

/**
 * The states that are kept of g generations: the latest eight, before them every second, then every fourth,
 * and so on; at most 8 log₂ g in all. A history that is shorter by n generations takes at most n/3 steps.
 */
function thinned<S>(known: readonly Known<S>[]): readonly Known<S>[] {
  const latest = known[known.length - 1].generations;
  return known.filter(({ generations }) => {
    // the largest power of two that divides it; for 0 it is 0, and that state is always kept
    const spacing = generations & -generations;
    return spacing === 0 || latest - generations < 8 * spacing;
  });
}

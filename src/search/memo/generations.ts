/**
 * Strategies that move from generation to generation keep no state between calls: they compute it from the history,
 * generation by generation, at each call. Here the states are remembered, so that only a new generation costs anything.
 * Forgetting them changes no result.
 */

import type { SearchSpace } from "../space/space.js";
import type { Direction, TrialRecord } from "../trial/trial.js";
import { commonLength } from "./growing.js";

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
  /** The state after the next generation; a function of its arguments alone. */
  step(state: S, generation: readonly TrialRecord[], problem: SearchProblem): S;
}

/** A history, divided into generations. */
interface Chain<S> {
  readonly records: TrialRecord[];
  /** `states[i]` is the state after the first `ends[i]` records; `states[0]` that before the first trial. */
  readonly ends: number[];
  readonly states: S[];
}

/**
 * The state after the whole generations of a history; trials of a last, unfinished generation are left out.
 *
 * @returns a function that returns the state for a history, and how many of its trials are in whole generations
 */
export function memoizeGenerations<S>({
  start,
  size,
  step,
}: Recurrence<S>): (
  history: readonly TrialRecord[],
  problem: SearchProblem,
) => { readonly state: S; readonly used: number } {
  const memory = new WeakMap<SearchSpace, Map<string, Chain<S>>>();
  return (history, problem) => {
    const chains = memory.get(problem.space) ?? new Map<string, Chain<S>>();
    memory.set(problem.space, chains);
    const key = problem.directions.join();
    const chain = chains.get(key) ?? { records: [], ends: [0], states: [start(problem)] };
    chains.set(key, chain);
    const { records, ends, states } = chain;
    const same = commonLength(records, history);
    let last = ends.length - 1;
    while (ends[last] > same) last--;
    for (;;) {
      const [state, used] = [states[last], ends[last]];
      const end = used + size(state, problem);
      if (end > history.length) return { state, used };
      // the history continues the remembered one, or differs from here on: what was remembered beyond is replaced
      const generation = history.slice(used, end);
      const next = step(state, generation, problem);
      records.splice(used, records.length, ...generation);
      ends.splice(++last, ends.length, end);
      states.splice(last, states.length, next);
    }
  };
}

/** Who is compared: anything that asks for points and is told their values, ours and others alike. */
import { createStudy, type Params, type Space, type Strategy } from "fettle";

/** What a point gave: one value, or several and perhaps constraints, kept where they are at most 0. */
export type Told =
  | { readonly value: number }
  | { readonly values: readonly number[]; readonly constraints?: readonly number[] };

/** One search under way. It minimises. */
export interface Search {
  /** The next point; undefined once nothing is left. Points are numbered from 0 as they are asked. */
  ask(): Promise<Params | undefined>;
  /** What a point gave. */
  tell(number: number, told: Told): Promise<void>;
}

/** What a search is made for. */
export interface Task {
  readonly space: Space;
  readonly seed: number;
  /** How many trials run at a time: each is asked while so many less one are not told. */
  readonly running: number;
  readonly objectives: number;
  /** Whether constraints are told. */
  readonly constrained: boolean;
}

/**
 * Milliseconds that a suggestion takes after `trials` random trials of the space; one figure for each of
 * `repeats`.
 */
export type Timer = (space: Space, trials: number, repeats: number) => Promise<readonly number[]>;

export interface Searcher {
  readonly name: string;
  start(task: Task): Promise<Search>;
}

export interface TimedSearcher extends Searcher {
  readonly time: Timer;
}

/** A strategy of ours, in a study of its own for each search. */
export function strategySearcher(name: string, make: () => Strategy): Searcher {
  return {
    name,
    async start({ space, seed, running, objectives }) {
      const direction = new Array<"minimize">(objectives).fill("minimize");
      const study = createStudy<Space>({ space, strategy: make(), seed, lag: running - 1, direction });
      return {
        ask: async () => study.ask()?.params,
        tell: async (number, told) => void study.tell(number, told),
      };
    },
  };
}

/**
 * The contract of a search strategy: a pure function of (space, history, random
 * stream) → parameters. It holds no state of its own, so a study resumes from its
 * history alone, and it never sees an objective. Deciding which trial gets which
 * budget is a scheduler's work, not a strategy's.
 *
 * `checkStrategy` of `fettle/testing` holds a strategy to this contract.
 */

import type { RandomStream } from "../../numerics/random.js";
import type { Constraint, Params, SearchSpace, Space } from "../space/space.js";
import type { ParamValue } from "../space/value.js";
import type { Direction, TrialRecord } from "../trial/trial.js";

/** What a strategy may know when it suggests the parameters of one trial. */
export interface SuggestContext {
  readonly space: SearchSpace;
  /** The trial's number, from 0. */
  readonly number: number;
  /** How many of the trials before came from the strategy; the others were enqueued or added. */
  readonly suggested: number;
  /**
   * Finished trials, by number: exactly those with number ≤ `number` − 1 − lag, or those of earlier generations, so
   * that nothing depends on which trial happened to finish first. Empty unless the strategy is adaptive.
   */
  readonly history: readonly TrialRecord[];
  /** The parameters of all trials before this one, finished or not; `earlier[i]` belongs to trial `i`. */
  readonly earlier: readonly Params[];
  /** Of the first objective, which strategies for one look at. */
  readonly direction: Direction;
  readonly directions: readonly Direction[];
  /** Randomness of this trial alone: a function of the study's seed and `number`. */
  readonly random: RandomStream;
  /** Randomness of the study as a whole: for every trial the same stream, from its start. */
  readonly studyRandom: RandomStream;
}

/** A trial that goes on from where an earlier one ended, with parameters of its own. */
export interface Continuation {
  /** The number of a trial of the history that gave a value. */
  readonly parent: number;
  readonly params: Params;
}

/** What suggests the parameters of each trial. Made by `random()`, `grid()`, or written to this contract. */
export interface Strategy {
  /** A stable word; a saved study names its strategy by it. */
  readonly name: string;
  /** Whether suggestions depend on the values of finished trials. If so, asking waits for them. */
  readonly adaptive: boolean;
  /** Whether an adaptive strategy searches for several objectives at once. */
  readonly multiObjective?: boolean;
  /**
   * Of an adaptive strategy whose trials come in generations of so many: each trial sees those of all generations before
   * its own and waits for them, whatever the lag; those of one generation may run side by side. It takes no scheduler.
   */
  readonly generation?: number;
  /** Plain data from which the strategy can be made again, saved with the study. */
  readonly options: { readonly [option: string]: ParamValue };
  /** The parameters of a trial, a point of the space; undefined if nothing is left to suggest. */
  suggest(context: SuggestContext): Params | undefined;
  /** Asked first by strategies that continue trials; where it is undefined, `suggest` is asked for a new beginning. */
  proceed?(context: SuggestContext): Continuation | undefined;
  /** How many suggestions there are before nothing is left, where that is known. */
  size?(space: Space, constraint?: Constraint): number;
}

/**
 * The contract of a search strategy: a pure function of (space, history, random stream) → parameters. It
 * keeps no state, so a study resumes from just its history, and it never sees an objective. A scheduler, not
 * a strategy, decides the budget of each trial.
 *
 * `checkStrategy` of `fettle/testing` tests a strategy against this contract.
 */

import { isRecord, must } from "../../errors.js";
import type { RandomStream } from "../../numerics/random.js";
import type { Constraint, Params, SearchSpace, Space } from "../space/space.js";
import type { ParamValue } from "../space/value.js";
import type { Direction, TrialRecord } from "../trial/trial.js";

/** What a strategy may know when it suggests the parameters of one trial. */
export interface SuggestContext {
  readonly space: SearchSpace;
  /** The trial's number, from 0. */
  readonly number: number;
  /** How many of the earlier trials came from the strategy; the others were enqueued or added. */
  readonly suggested: number;
  /**
   * Finished trials, by number: exactly those with number ≤ `number` − 1 − lag, or those of earlier
   * generations, so that the order in which trials finish does not matter. Empty unless the strategy is
   * adaptive. All asks of a study share this list: it grows from ask to ask, and must not be changed. Copy it
   * to keep or to sort it.
   */
  readonly history: readonly TrialRecord[];
  /**
   * The parameters of all earlier trials, finished or not; `earlier[i]` belongs to trial `i`. Shared, like
   * `history`.
   */
  readonly earlier: readonly Params[];
  /** The direction of the first objective: all that a strategy for one objective needs. */
  readonly direction: Direction;
  readonly directions: readonly Direction[];
  /** Random numbers for just this trial: a function of the study's seed and `number`. */
  readonly random: RandomStream;
  /** Random numbers for the entire study: the same stream, from its start, for every trial. */
  readonly studyRandom: RandomStream;
}

/** A trial that resumes the training of an earlier one, with other parameters or the same. */
export interface ResumedTrial {
  /** The number of a trial of the history that has a value. */
  readonly parent: number;
  readonly params: Params;
}

/** Suggests the parameters of each trial. Made by `random()`, `grid()` and the like, or a custom one. */
export interface Strategy {
  /** A stable word; a saved study names its strategy by it. */
  readonly name: string;
  /** Whether suggestions depend on the values of finished trials. If so, asking waits for them. */
  readonly adaptive: boolean;
  /** Whether an adaptive strategy supports several objectives. */
  readonly multiObjective?: boolean;
  /**
   * The size of a generation, for an adaptive strategy that works in generations: each trial sees those of
   * all earlier generations and waits for them, whatever the lag; those of one generation may run in
   * parallel. Such a strategy cannot be combined with a scheduler.
   */
  readonly generation?: number;
  /** Plain data from which the strategy can be recreated, saved with the study. */
  readonly options: { readonly [option: string]: ParamValue };
  /** The parameters of a trial, a point of the space; undefined if nothing is left to suggest. */
  suggest(context: SuggestContext): Params | undefined;
  /**
   * For a strategy that resumes trials, called first: the trial to resume, or undefined for `suggest` to
   * start a new one.
   */
  resume?(context: SuggestContext): ResumedTrial | undefined;
  /** How many suggestions there are in all, if known. */
  size?(space: Space, constraint?: Constraint): number;
}

/**
 * @throws FettleError `invalid_argument` for anything but a strategy, such as its name or its uncalled
 * function
 */
export function mustBeStrategy(strategy: unknown, name = "strategy"): asserts strategy is Strategy {
  must(
    isRecord(strategy) && typeof strategy.suggest === "function" && typeof strategy.name === "string",
    name,
    'a strategy, such as tpe() or createStrategy("tpe")',
    strategy,
  );
}

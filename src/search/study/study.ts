/**
 * A study: asks a strategy for trials, is told what they gave, and remembers. This is its contract, and how it
 * begins; the bookkeeping is `ledger.ts`. It runs nothing itself (`optimize.ts` loops over it, a pool of workers may
 * too) and touches no host; its whole state is `toJSON()`.
 */

import { check, checkOptions, isRecord, show } from "../../errors.js";
import { type Constraint, type Params, type ParamsOf, resolveSpace, type Space } from "../space/space.js";
import { copyJson, type ParamValue } from "../space/value.js";
import type { Strategy } from "../strategies/strategy.js";
import type { Direction, Trial, TrialOutcome, TrialRecord } from "../trial/trial.js";
import { openStudy } from "./ledger.js";
import type { Objective, OptimizeOptions } from "./optimize.js";

/** What is fixed when a study begins. */
export interface StudyOptions<S extends Space = Space> {
  readonly space: S;
  readonly strategy: Strategy;
  /** An integer from 0 that decides everything random. Default 0. */
  readonly seed?: number;
  /** What is better; of several objectives, a list: `["minimize", "maximize"]`. */
  readonly direction: Direction | readonly Direction[];
  /** Points of the space for which it is false do not exist: no trial is ever suggested there. Pure. */
  readonly constraint?: Constraint<ParamsOf<S>>;
  /**
   * How many of the latest trials an adaptive strategy does without, so that up to
   * `lag + 1` trials can run side by side with the same results as one by one. Default 0. One whose trials come in
   * generations does without those of the same generation instead.
   */
  readonly lag?: number;
  /** Milliseconds of some clock, to time trials for reports; without it nothing is timed. */
  readonly clock?: () => number;
}

/** A study as plain data. */
export interface StudyJson {
  readonly format: "fettle-study";
  readonly version: number;
  readonly space: Space;
  readonly strategy: { readonly name: string; readonly options: { readonly [option: string]: ParamValue } };
  readonly direction: Direction | readonly Direction[];
  readonly seed: number;
  readonly lag: number;
  /** Whether there is a constraint, which is code and must be given again. */
  readonly constrained?: true;
  /** By number; those asked and not yet told have the status "running", those that were given and not suggested `given`. */
  readonly trials: readonly (
    | (TrialRecord & { readonly given?: true })
    | {
        readonly number: number;
        readonly params: Params;
        readonly parent?: number;
        readonly status: "running";
        readonly given?: true;
      }
  )[];
}

/** A search in progress or done: what was asked and what was told. Made by `createStudy` or `restoreStudy`. */
export interface Study<S extends Space = Space> {
  readonly space: S;
  readonly strategy: Strategy;
  /** Of the first objective. */
  readonly direction: Direction;
  /** Of all objectives. */
  readonly directions: readonly Direction[];
  /** Decides everything random. */
  readonly seed: number;
  /** How many of the latest trials an adaptive strategy does without. */
  readonly lag: number;
  /** Finished trials, by number. */
  readonly trials: readonly TrialRecord<ParamsOf<S>>[];
  /** How many trials have been asked so far, finished or not. */
  readonly asked: number;
  /** How many of them `ask` would hand out again before it asks the strategy. */
  readonly waiting: number;
  /**
   * The complete trial with the best value that keeps its soft constraints, the earliest of equals; undefined before
   * there is one, and with several objectives, of which no trial is the best.
   */
  readonly best: TrialRecord<ParamsOf<S>> | undefined;
  /** The Pareto front: the complete trials, by number, that keep their constraints and that no other such one dominates. */
  readonly bestTrials: readonly TrialRecord<ParamsOf<S>>[];
  /**
   * Whether `ask` may be called now. An adaptive strategy asks for trial n only once all
   * trials up to n − 1 − lag are told, or those of all generations before.
   */
  canAsk(): boolean;
  /**
   * The next trial, or undefined if the strategy has nothing left. Trials given back
   * (see `release`), or that were running when the study was saved, come first.
   *
   * @throws FettleError `invalid_state` if `canAsk()` is false, `invalid_argument` if the
   * strategy suggests something outside the space
   */
  ask(): Trial<ParamsOf<S>> | undefined;
  /**
   * Ends a trial. Trials may be told in any order.
   *
   * @param number - the trial's, as `ask` gave it
   * @param outcome - at least a value, or a status that explains why there is none
   * @throws FettleError `invalid_state` for a trial that is not running; `invalid_argument`, `unknown_name` for
   * an outcome that is none
   */
  tell(number: number, outcome: TrialOutcome): TrialRecord<ParamsOf<S>>;
  /**
   * Puts a point in line: the next `ask` hands it out before the strategy is asked, in the order of calls. It
   * counts as asked from now on.
   *
   * @returns the number of its trial
   * @throws FettleError `invalid_argument` for a point outside the space
   */
  enqueue(params: ParamsOf<S>): number;
  /**
   * Adds a trial that was run elsewhere, such as one of an earlier study, for the strategy to learn from.
   *
   * @throws FettleError `invalid_argument`, `unknown_name` for a point outside the space or an outcome that is none
   * @example
   * ```ts
   * const study = createStudy({ space: { x: float(-5, 5) }, strategy: random(), direction: "minimize" });
   * study.add({ x: 1 }, { value: 1 });
   * study.enqueue({ x: 0 });
   * await study.optimize(({ x }) => x * x, { trials: 3 });
   * study.best?.params; // { x: 0 }
   * ```
   */
  add(params: ParamsOf<S>, outcome: TrialOutcome): TrialRecord<ParamsOf<S>>;
  /**
   * Gives back a trial that was asked and will not be told; a later `ask` hands it out again.
   *
   * @throws FettleError `invalid_state` for a trial that is not running
   */
  release(number: number): void;
  /**
   * Runs trials until the study holds `options.trials`, or the strategy has nothing left; see `OptimizeOptions`.
   * A trial whose objective throws has failed, and the loop goes on.
   *
   * @throws FettleError `invalid_argument`, `unknown_name` for options that do not fit; and what `onEvent` throws
   */
  optimize(objective: Objective<S>, options: OptimizeOptions<S>): Promise<void>;
  /** The study as plain data, for `restoreStudy`. */
  toJSON(): StudyJson;
}

/**
 * Begins a study: `ask` and `tell` by hand, or `optimize` as a loop over them. It is saved by `JSON.stringify` and
 * goes on from there by `restoreStudy`.
 *
 * @throws FettleError `invalid_space` for an impossible space, `invalid_argument` or
 * `unknown_name` for other options
 * @example
 * ```ts
 * const study = createStudy({
 *   space: { x: float(-5, 5), y: int(-5, 5) },
 *   strategy: random(),
 *   direction: "minimize",
 *   seed: 1,
 * });
 * await study.optimize(({ x, y }) => x * x + y * y, { trials: 50 });
 * study.best?.status; // "complete"
 * ```
 */
export function createStudy<const S extends Space>(options: StudyOptions<S>): Study<S> {
  checkOptions(options, "a study", [
    ...["space", "strategy", "seed", "direction", "constraint", "lag", "clock"],
  ]);
  const { strategy, seed = 0, direction, constraint, lag = 0, clock } = options;
  check(
    typeof strategy?.suggest === "function" && typeof strategy.name === "string",
    () => `strategy is made by random(), grid() or the like, received ${show(strategy)}`,
  );
  check(
    isRecord(copyJson(strategy.options)),
    () =>
      `the options of strategy ${show(strategy.name)} are an object of JSON values, received ${show(strategy.options)}`,
  );
  check(Number.isSafeInteger(seed) && seed >= 0, () => `seed is an integer from 0, received ${show(seed)}`);
  check(Number.isSafeInteger(lag) && lag >= 0, () => `lag is an integer from 0, received ${show(lag)}`);
  const directions = directionsOf(direction, strategy);
  check(
    constraint === undefined || typeof constraint === "function",
    () => `constraint is a function of parameters that returns true or false, received ${show(constraint)}`,
  );
  check(
    clock === undefined || typeof clock === "function",
    () => `clock is a function that returns milliseconds, received ${show(clock)}`,
  );
  const space = resolveSpace(options.space, constraint as Constraint | undefined);
  return openStudy<S>(space, { strategy, seed, directions, lag, ...(clock && { clock }) }, []);
}

/**
 * What is better, by objective.
 *
 * @throws FettleError `invalid_argument` for what is no direction, and for more than a strategy can search for
 */
export function directionsOf(
  direction: unknown,
  { name, adaptive, multiObjective }: Strategy,
): readonly Direction[] {
  const list: readonly unknown[] = Array.isArray(direction) ? direction : [direction];
  check(
    list.length > 0 && list.every((each) => each === "maximize" || each === "minimize"),
    () => `direction is "maximize" or "minimize", or a list of them, received ${show(direction)}`,
  );
  check(
    list.length === 1 || !adaptive || multiObjective === true,
    () =>
      `strategy ${show(name)} searches for one objective, and there are ${list.length}; use nsga2(), or random(), sobol() or grid()`,
  );
  return Object.freeze([...list]) as readonly Direction[];
}

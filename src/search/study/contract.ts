/**
 * The contract of a study, as types: what it is created from, what it can do, and the loop that runs it. It
 * contains no code, and imports nothing from the rest of this folder.
 */
import type { Scheduler } from "../schedulers/scheduler.js";
import type { Constraint, Params, ParamsOf, Space } from "../space/space.js";
import type { ParamValue } from "../space/value.js";
import type { Strategy } from "../strategies/strategy.js";
import type { Curves, CurvesJson, CurveValues } from "../trial/curves.js";
import type { BestTrial, Direction, Trial, TrialOutcome, TrialRecord } from "../trial/trial.js";

/** What is fixed when a study starts. */
export interface StudyOptions<S extends Space = Space> {
  readonly space: S;
  /** Default `gp()`, for several objectives `nsga2()`, as for `tune`. */
  readonly strategy?: Strategy;
  /** Decides everything random; an integer of at least 0. Default 0. */
  readonly seed?: number;
  /** Which values are better; for several objectives, a list: `["minimize", "maximize"]`. */
  readonly direction: Direction | readonly Direction[];
  /** A pure function: points for which it returns false do not exist, and no trial is suggested there. */
  readonly constraint?: Constraint<ParamsOf<S>>;
  /**
   * How many of the most recent trials an adaptive strategy ignores, so that up to `lag + 1` trials can run
   * in parallel with the same results as one by one. Default 0. A strategy that works in generations ignores
   * the trials of the current generation instead.
   */
  readonly lag?: number;
  /** Returns milliseconds, to time trials for reports; without it nothing is timed. */
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
  /** Set if there is a constraint, which is code and must be passed again. */
  readonly constrained?: true;
  /**
   * Every trial that was asked for, by number. Unfinished ones have the status "running". `given` marks
   * trials that were enqueued or added, and so did not come from the strategy.
   */
  readonly trials: readonly (
    | (Omit<TrialRecord, "curves"> & { readonly curves?: Curves | CurvesJson; readonly given?: true })
    | {
        readonly number: number;
        readonly params: Params;
        readonly parent?: number;
        readonly status: "running";
        readonly given?: true;
      }
  )[];
}

/** A search with its trials, running or finished. Made by `createStudy` or `restoreStudy`. */
export interface Study<S extends Space = Space> {
  readonly space: S;
  readonly strategy: Strategy;
  /** The direction of the first objective. */
  readonly direction: Direction;
  /** The directions of all objectives. */
  readonly directions: readonly Direction[];
  /** Decides everything random. */
  readonly seed: number;
  /** How many of the most recent trials an adaptive strategy ignores. */
  readonly lag: number;
  /** Finished trials, by number. */
  readonly trials: readonly TrialRecord<ParamsOf<S>>[];
  /** How many trials have been asked for, enqueued or added so far, finished or not. */
  readonly asked: number;
  /** How many of them `ask` returns before it calls the strategy for a new one. */
  readonly waiting: number;
  /**
   * The complete trial with the best value among those that satisfy their soft constraints; the earliest, if
   * several have it.
   *
   * @throws FettleError `invalid_state` while `bestTrials` is empty; and with several objectives, where no
   * single trial is best
   */
  readonly best: BestTrial<ParamsOf<S>>;
  /**
   * The Pareto front: complete trials that satisfy their constraints and that no other such trial dominates,
   * by number; for one objective, the best and its equals. Empty until there is one.
   */
  readonly bestTrials: readonly TrialRecord<ParamsOf<S>>[];
  /**
   * Whether `ask` may be called now. An adaptive strategy suggests trial n only once all trials up to n − 1 −
   * lag, or all earlier generations, have finished.
   */
  canAsk(): boolean;
  /**
   * The next trial, or undefined if the strategy has nothing left to suggest. Trials that were enqueued,
   * released, or running when the study was saved come first.
   *
   * @throws FettleError `invalid_state` if `canAsk()` is false; `invalid_argument` if the strategy suggests a
   * point outside the space
   */
  ask(): Trial<ParamsOf<S>> | undefined;
  /**
   * Finishes a trial. Trials may finish in any order.
   *
   * @param number - the number of a running trial, from `ask`
   * @param outcome - at least a value, or a status that explains why there is none
   * @throws FettleError `invalid_state` for a trial that is not running; `invalid_argument`, `unknown_name`
   * for an invalid outcome
   */
  tell(number: number, outcome: TrialOutcome): TrialRecord<ParamsOf<S>>;
  /**
   * Puts a point in the queue: `ask` returns enqueued points in order, before it calls the strategy. An
   * enqueued point counts as asked for from now on.
   *
   * @returns the number of its trial
   * @throws FettleError `invalid_argument` for a point outside the space
   */
  enqueue(params: ParamsOf<S>): number;
  /**
   * Adds a trial that was run elsewhere, such as one of an earlier study, for the strategy to learn from.
   *
   * @throws FettleError `invalid_argument`, `unknown_name` for a point outside the space or an invalid
   * outcome
   * @example
   * ```ts
   * const study = createStudy({ space: { x: float(-5, 5) }, strategy: random(), direction: "minimize" });
   * study.add({ x: 1 }, { value: 1 });
   * study.enqueue({ x: 0 });
   * await study.optimize(({ x }) => x * x, { trials: 3 });
   * study.best.params; // { x: 0 }
   * ```
   */
  add(params: ParamsOf<S>, outcome: TrialOutcome): TrialRecord<ParamsOf<S>>;
  /**
   * Returns a trial that was asked for and will not be finished; a later `ask` returns it again.
   *
   * @throws FettleError `invalid_state` for a trial that is not running
   */
  release(number: number): void;
  /**
   * Runs trials until the study holds `options.trials`, or the strategy has nothing left to suggest. A trial
   * whose objective throws, or takes too long, is recorded as failed, and the loop continues. About every 8
   * ms the loop yields to the host, so that timers, signals and input work between trials that never wait.
   *
   * @throws FettleError `invalid_argument`, `unknown_name` for invalid options; and whatever `onEvent` throws
   */
  optimize(objective: Objective<S>, options: OptimizeOptions<S>): Promise<void>;
  /** Ends `optimize`, if it is running, once the running trials have ended: no further trial starts. */
  stop(): void;
  /**
   * Starts no further trial of a running `optimize` until `resume` or `stop` is called; running trials
   * continue. The trials are the same as without a pause. Time limits and `signal` end a paused `optimize`
   * too.
   *
   * @example
   * ```ts
   * const study = createStudy({ space: { x: float(0, 1) }, strategy: random(), direction: "minimize" });
   * const objective = ({ x }: { x: number }, { number }: { number: number }) => {
   *   if (number === 1) study.pause();
   *   return x;
   * };
   * const done = study.optimize(objective, { trials: 5 });
   * await new Promise((resolve) => setTimeout(resolve, 10));
   * study.trials.length; // 2
   * study.resume();
   * await done;
   * study.trials.length; // 5
   * ```
   */
  pause(): void;
  /** Ends a `pause`. */
  resume(): void;
  /** The study as plain data, for `restoreStudy`. */
  toJSON(): StudyJson;
}

/** A trial while its objective runs. */
export interface RunningTrial<S extends Space = Space> extends Trial<ParamsOf<S>> {
  /**
   * Reports an intermediate value, or the values of several objectives, after `step` steps of the trial's
   * budget. With a scheduler the trial may have to wait here while others run.
   *
   * @param step - an integer of at least 0, larger than in the report before
   * @returns false if the scheduler prunes the trial: the objective should then return the value it has
   * reached
   * @throws FettleError `invalid_argument` for a step that is not ascending, values that do not fit the
   * objectives, or an earlier report that was not awaited
   */
  report(value: number | readonly number[], step: number): Promise<boolean>;
  /** Whether the trial has ended, see `signal`; a long objective may then throw. */
  readonly aborted: boolean;
  /**
   * Aborted when the trial ends before its objective: either the study was stopped and the trial is released
   * for later, or its time ran out and it has failed. For `fetch`, and anything else that accepts a signal.
   * Whatever the objective does or returns afterwards is ignored.
   */
  readonly signal: HostSignal;
  /** @internal Its time counts while at least one piece of its work is running; the objective is one. */
  readonly live: WorkTime;
  /** @internal Reports the curves so far. */
  readonly trained?: (curves: CurveValues) => void;
}

/** The host's `AbortSignal`; if a program's types lack it, as much of it as an objective needs. */
export type HostSignal = typeof globalThis extends { AbortSignal: { prototype: infer Signal } }
  ? Signal
  : {
      readonly aborted: boolean;
      readonly reason: unknown;
      addEventListener(type: "abort", listener: () => void): void;
    };

/** Notified when pieces of a trial's work end and start. */
export interface WorkTime {
  pause(): void;
  resume(): void;
}

/**
 * Returns the value of parameters, a list of values for several objectives, or a `TrialOutcome` with more to
 * record. An objective that throws fails only its own trial.
 */
export type Objective<S extends Space = Space> = (
  params: ParamsOf<S>,
  trial: RunningTrial<S>,
) => ObjectiveResult | Promise<ObjectiveResult>;

/**
 * What an objective returns: its value, its values if it has several objectives, or an outcome with more to
 * record.
 */
export type ObjectiveResult = number | readonly number[] | TrialOutcome;

/** What happens in a study, for progress bars, dashboards and stores. */
export type StudyEvent<S extends Space = Space> =
  | {
      readonly type: "studyStarted";
      /** The study, to be saved meanwhile, paused, or stopped. */
      readonly study: { toJSON(): StudyJson; stop(): void; pause(): void; resume(): void };
      readonly trials: number;
      readonly finished: number;
      /** Milliseconds, if a time limit ends the search too. */
      readonly timeout?: number;
    }
  | {
      readonly type: "trialStarted";
      readonly trial: Trial<ParamsOf<S>>;
      /** Set if it was enqueued, and so does not come from the strategy. */
      readonly given?: true;
    }
  | {
      readonly type: "stepReported";
      readonly number: number;
      readonly step: number;
      readonly value: number | readonly number[];
    }
  | {
      /**
       * For trials that train a model and keep curves: about four times a second while they run. Curves of
       * folds that have not started are empty. Its timing depends on the clock: it is for display.
       */
      readonly type: "epochsTrained";
      readonly number: number;
      /** The curves so far. */
      readonly curves: Curves;
    }
  | {
      readonly type: "trialEnded";
      readonly record: TrialRecord<ParamsOf<S>>;
      readonly best: BestTrial<ParamsOf<S>> | undefined;
    }
  | {
      readonly type: "studyEnded";
      readonly reason: "budget" | "exhausted" | "aborted" | "timeout" | "stopped" | StopReason;
      readonly best: BestTrial<ParamsOf<S>> | undefined;
    };

/** How a study is run. */
export interface OptimizeOptions<S extends Space = Space> {
  /** The budget: how many trials the study holds in the end, including those of earlier calls. */
  readonly trials: number;
  /**
   * How many trials may run in parallel. Default 1. It never changes the results: an adaptive strategy has at
   * most
   * `lag + 1` trials running, or a generation.
   */
  readonly concurrency?: number;
  /**
   * Called at each event, in order. If it throws, or returns a promise that is rejected, no further trial
   * starts, and `optimize` rejects once running trials have ended. Such promises are awaited at the end, so
   * they must not wait for the end themselves.
   */
  readonly onEvent?: (event: StudyEvent<S>) => void;
  /**
   * Ends the loop within 0.1 s of `aborted` being true, as soon as this thread is free: running trials are
   * released, whether or not their objectives end. `Study.stop` lets them end first.
   */
  readonly signal?: { readonly aborted: boolean };
  /**
   * Milliseconds after which the loop ends: like `signal`, or with a scheduler like `Study.stop`, because its
   * decisions need the running trials. Default no limit.
   */
  readonly timeout?: number;
  /** @internal Set if trials must be repeatable by their number after a time limit. */
  readonly ending?: Ending;
  /**
   * Milliseconds that a trial may take. A longer trial fails, with the reason in `error`, and the loop
   * continues without waiting for its objective. Waiting for a scheduler's decision does not count. Default
   * no limit.
   */
  readonly trialTimeout?: number;
  /** A clock in milliseconds, for the time limits. Default the host's. */
  readonly clock?: () => number;
  /**
   * Ends the loop when a rule is met. Before trial n starts, the rules wait for and see the trials up to n −
   * 1 − lag, so that the same trials run at any concurrency; with `lag` 0 they run one at a time.
   */
  readonly stop?: StopRules;
  /**
   * Decides from reports which trials are promoted and which are pruned. Trials that wait for a decision make
   * room for others.
   */
  readonly scheduler?: Scheduler;
  /**
   * With a scheduler: the full budget of one trial, in its reported steps. A trial that ends on its own
   * counts as having used all of it, unless its outcome has `steps`.
   */
  readonly steps?: number;
}

/**
 * How a time limit ends a repeatable search: trials that ended after an unfinished one are put back, so that
 * a search for the remaining number of trials gives the same. With a scheduler, this applies once a trial has
 * ended, or all trials that wait for each other.
 */
export interface Ending {
  /**
   * Milliseconds of the time limit that must remain when the search ends, −∞ while it must not end; and how
   * many more must remain for another trial to start.
   */
  reserve(): { readonly fits: number; readonly trial: number };
}

/** Rules that end a search before its budget is used; the first one met ends it. */
export interface StopRules {
  /** A value as good as this was reached. */
  readonly target?: number;
  /** This many trials in a row have brought no better value. */
  readonly patience?: number;
  /**
   * The best of all trials leads the best of their first half by less than so many standard errors of their
   * difference over the folds: the lead may be chance. 2 is about 95 % confidence. Applies from 60 trials, to
   * one objective with `scores` of 3 folds or more.
   */
  readonly standardErrors?: number;
  /** All trials together have used this many steps: for models, epochs. */
  readonly steps?: number;
  /**
   * A custom rule: a pure function of finished trials, by number, that returns whether to end and does not
   * change their list. With `remainingRegret` it ends a search when little further improvement is expected.
   */
  readonly rule?: (trials: readonly TrialRecord[]) => boolean;
}

/** Which rule ended a search. */
export type StopReason = "target" | "patience" | "standardErrors" | "steps" | "rule";

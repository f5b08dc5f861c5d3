/**
 * The loop over a study's `ask` and `tell`: runs an objective, some trials side by
 * side if asked to, and says what happens as events. It knows no threads and no
 * clock; an objective that hands its trial to another thread or machine is as good as any.
 */

import { check, checkOptions, isRecord, show } from "../../errors.js";
import type { Scheduler } from "../schedulers/scheduler.js";
import type { ParamsOf, Space } from "../space/space.js";
import type { Trial, TrialOutcome, TrialRecord } from "../trial/trial.js";
import { createRungs } from "./rungs.js";
import { checkStopRules, type StopReason, type StopRules, stopReason } from "./stopping.js";
import type { Study } from "./study.js";

/** A trial while its objective runs. */
export interface RunningTrial<S extends Space = Space> extends Trial<ParamsOf<S>> {
  /**
   * Says how the trial stands after `step` steps of its budget: its value, or the values of several objectives. With a
   * scheduler it may have to wait, while others run, and resolves to false if the trial should end: what it returns
   * then is a pruned trial's value.
   */
  report(step: number, value: number | readonly number[]): Promise<boolean>;
  /** Whether the study has been asked to stop; a long objective may then throw, and its trial is kept for later. */
  readonly aborted: boolean;
}

/**
 * What is tuned: the value of some parameters (of several objectives, a list), alone or with more to keep. One that
 * throws fails its own trial and no other.
 */
export type Objective<S extends Space = Space> = (
  params: ParamsOf<S>,
  trial: RunningTrial<S>,
) => Told | Promise<Told>;

type Told = number | readonly number[] | TrialOutcome;

/** What happens in a study, for progress bars, dashboards and stores. */
export type StudyEvent<S extends Space = Space> =
  | { readonly type: "studyStarted"; readonly trials: number; readonly finished: number }
  | { readonly type: "trialStarted"; readonly trial: Trial<ParamsOf<S>> }
  | {
      readonly type: "stepReported";
      readonly number: number;
      readonly step: number;
      readonly value: number | readonly number[];
    }
  | {
      readonly type: "trialEnded";
      readonly record: TrialRecord<ParamsOf<S>>;
      readonly best: TrialRecord<ParamsOf<S>> | undefined;
    }
  | {
      readonly type: "studyEnded";
      readonly reason: "budget" | "exhausted" | "aborted" | StopReason;
      readonly best: TrialRecord<ParamsOf<S>> | undefined;
    };

/** How a study is run. */
export interface OptimizeOptions<S extends Space = Space> {
  /** The budget: how many trials the study is to hold in the end, those of earlier calls included. */
  readonly trials: number;
  /**
   * How many trials may run side by side. Default 1. The results are the same at any
   * figure; an adaptive strategy has at most `lag + 1` at work, or a generation.
   */
  readonly concurrency?: number;
  /** Called at each event, in order. What it throws ends the loop: trials at work end first, and then it is thrown. */
  readonly onEvent?: (event: StudyEvent<S>) => void;
  /** Stops the loop: no trial is begun any more, and those at work end first. */
  readonly signal?: { readonly aborted: boolean };
  /**
   * Ends the loop when a rule is met. Before trial n is asked, the rules see the trials up to n − 1 − lag and wait
   * for them, so that as many trials are run at any concurrency; with `lag` 0 that is one at a time.
   */
  readonly stop?: StopRules;
  /** Decides which trials go on, from what they report. Trials that wait for its verdict leave their place to others. */
  readonly scheduler?: Scheduler;
  /**
   * The whole budget of one trial, in the steps that it reports; with a scheduler only. Trials that end by themselves
   * have used it, if they do not say otherwise.
   */
  readonly steps?: number;
}

/** See `Study.optimize`. */
export async function optimize<S extends Space>(
  study: Study<S>,
  objective: Objective<S>,
  options: OptimizeOptions<S>,
): Promise<void> {
  checkOptions(options, "optimize", [
    ...["trials", "concurrency", "onEvent", "signal", "stop", "scheduler", "steps"],
  ]);
  const { trials, concurrency = 1, onEvent, signal, stop: rules, scheduler, steps } = options;
  if (rules) checkStopRules(rules, study.directions.length);
  check(typeof objective === "function", () => `an objective is a function, received ${show(objective)}`);
  for (const [name, figure] of Object.entries({ trials, concurrency })) {
    check(
      Number.isSafeInteger(figure) && figure > 0,
      () => `${name} of optimize is a positive integer, received ${show(figure)}`,
    );
  }
  const rungs = scheduler && createRungs(scheduler, steps, study as unknown as Study, rules !== undefined);
  /** What went wrong outside the objective; no trial is begun after it. */
  let failure: { readonly error: unknown } | undefined;
  const stop = (error: unknown) => {
    failure ??= { error };
  };
  const emit = (event: StudyEvent<S>) => {
    if (failure) return; // a listener that threw is not called again
    try {
      onEvent?.(event);
    } catch (error) {
      stop(error);
    }
  };

  /** Trials that run; those that wait for a verdict, or have it and wait for a place, do not. */
  let running = 0;
  const waiting = new Map<number, (goesOn: boolean) => void>();
  const ready: (() => void)[] = [];
  const alive = new Set<Promise<void>>();
  /** Wakes the loop below. */
  let wake = (): void => {};

  const run = async (trial: Trial<ParamsOf<S>>): Promise<void> => {
    const { number } = trial;
    let pruned = false as boolean;
    let reported = 0;
    const handle: RunningTrial<S> = {
      ...trial,
      async report(step, value) {
        checkReport(step, value, study.directions.length);
        reported = step;
        emit({ type: "stepReported", number, step, value });
        if (!rungs?.report(number, step, value)) return true;
        running--;
        wake();
        const goesOn = await new Promise<boolean>((resolve) => waiting.set(number, resolve));
        pruned = !goesOn;
        return goesOn;
      },
      get aborted() {
        return signal?.aborted === true || failure !== undefined;
      },
    };
    /** What is known of the trial without its outcome. */
    const soFar = (ended: boolean) => {
      const curve = rungs?.curve(number) ?? [];
      const taken = ended && !pruned ? (steps ?? reported) : reported;
      return { ...(curve.length > 0 && { curve }), ...(taken > 0 && { steps: taken }) };
    };
    let record: TrialRecord<ParamsOf<S>>;
    try {
      const told = asOutcome(await objective(trial.params, handle));
      if (pruned && handle.aborted) return study.release(number);
      // the study may go on from its records, and judges by their curves
      const outcome = rungs ? withoutCurve(told) : told;
      record = study.tell(number, { ...soFar(true), ...(pruned && { status: "pruned" }), ...outcome });
    } catch (error) {
      if (handle.aborted) return study.release(number);
      record = study.tell(number, { ...soFar(false), status: "failed", error: messageOf(error) });
    }
    emit({ type: "trialEnded", record, best: study.best });
  };

  let exhausted = false;
  const begin = () => {
    const trial = study.ask();
    if (trial === undefined) {
      exhausted = true;
      return;
    }
    emit({ type: "trialStarted", trial });
    running++;
    const job: Promise<void> = run(trial)
      .catch(stop)
      .finally(() => {
        running--;
        alive.delete(job);
        wake();
      });
    alive.add(job);
  };
  /** The rule that ended the search. */
  let met: StopReason | undefined;
  const wantsMore = () =>
    !failure && !signal?.aborted && !exhausted && !met && (study.waiting > 0 || study.asked < trials);
  /** Whether the rules have seen enough to let the next trial begin; they may end the search instead. */
  const mayBegin = () => {
    if (!rules || study.waiting > 0) return true;
    const count = Math.max(0, study.asked - study.lag);
    const seen = study.trials.filter(({ number }) => number < count) as readonly TrialRecord[];
    if (seen.length < count) return false;
    met = stopReason(seen, rules, study.direction);
    return met === undefined;
  };

  /** Whether a waiting trial goes on; undefined where that cannot be said yet. */
  const verdict = (number: number): boolean | undefined => {
    // Whoever is asked to stop lets nobody wait.
    if (failure || signal?.aborted) return false;
    try {
      return rungs?.verdict(number, wantsMore() ? Infinity : study.asked);
    } catch (error) {
      stop(error);
      return false;
    }
  };
  /** Gives their verdicts to trials that can have one. */
  const judge = () => {
    for (const [number, resolve] of waiting) {
      const goesOn = verdict(number);
      if (goesOn === undefined) continue;
      waiting.delete(number);
      ready.push(() => resolve(goesOn));
    }
  };

  emit({ type: "studyStarted", trials, finished: study.trials.length });
  for (;;) {
    const woken = new Promise<void>((resolve) => {
      wake = resolve;
    });
    // with nothing alive, nobody here can make asking possible: `ask` then says why it is not
    while (
      wantsMore() &&
      running + ready.length < concurrency &&
      (study.canAsk() || alive.size === 0) &&
      mayBegin()
    ) {
      try {
        begin();
      } catch (error) {
        stop(error);
      }
    }
    judge();
    for (const goOn of ready.splice(0, concurrency - running)) {
      running++;
      goOn();
    }
    if (alive.size === 0) break;
    check(running > 0, "all trials wait for each other, and none can be begun", "internal");
    await woken;
  }
  const reason = signal?.aborted ? "aborted" : exhausted ? "exhausted" : (met ?? "budget");
  emit({ type: "studyEnded", reason, best: study.best });
  if (failure) throw failure.error;
}

function asOutcome(result: unknown): TrialOutcome {
  if (typeof result === "number") return { value: result };
  if (Array.isArray(result)) return { values: result };
  check(
    isRecord(result),
    () => `an objective returns a number, a list of them or an object with a value, received ${show(result)}`,
  );
  return result as TrialOutcome;
}

function withoutCurve({ curve: _, ...rest }: TrialOutcome): TrialOutcome {
  return rest;
}

function checkReport(step: unknown, value: unknown, objectives: number): void {
  check(
    Number.isSafeInteger(step) && (step as number) >= 0,
    () => `a trial reports after a number of steps, an integer from 0, received ${show(step)}`,
  );
  const values: readonly unknown[] = objectives === 1 ? [value] : Array.isArray(value) ? value : [];
  check(
    values.length === objectives && values.every((each) => typeof each === "number"),
    () =>
      `a trial reports ${objectives === 1 ? "a number" : `a list of ${objectives} numbers`}, received ${show(value)}`,
  );
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : show(error);
}

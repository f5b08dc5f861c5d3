/**
 * The loop over a study's `ask` and `tell`: runs an objective, some trials side by
 * side if asked to, and says what happens as events. It knows no threads and no
 * clock; an objective that hands its trial to another thread or machine is as good as any.
 */

import { check, checkOptions, isRecord, show } from "../errors.js";
import type { ParamsOf, Space } from "./space.js";
import { checkStopRules, type StopReason, type StopRules, stopReason } from "./stopping.js";
import type { Study } from "./study.js";
import type { Trial, TrialOutcome, TrialRecord } from "./trial.js";

/** A trial while its objective runs. */
export interface RunningTrial<S extends Space = Space> extends Trial<ParamsOf<S>> {
  /** Tells those who watch (the `stepReported` event) how the trial stands; nothing is stored. */
  report(step: number, value: number): void;
  /** Whether the study has been asked to stop; a long objective may then throw, and its trial is kept for later. */
  readonly aborted: boolean;
}

/**
 * What is tuned: the value of some parameters, alone or with more to keep. One that
 * throws fails its own trial and no other.
 */
export type Objective<S extends Space = Space> = (
  params: ParamsOf<S>,
  trial: RunningTrial<S>,
) => number | TrialOutcome | Promise<number | TrialOutcome>;

/** What happens in a study, for progress bars, dashboards and stores. */
export type StudyEvent<S extends Space = Space> =
  | { readonly type: "studyStarted"; readonly trials: number; readonly finished: number }
  | { readonly type: "trialStarted"; readonly trial: Trial<ParamsOf<S>> }
  | { readonly type: "stepReported"; readonly number: number; readonly step: number; readonly value: number }
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
   * figure; an adaptive strategy has at most `lag + 1` at work.
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
}

/** See `Study.optimize`. */
export async function optimize<S extends Space>(
  study: Study<S>,
  objective: Objective<S>,
  options: OptimizeOptions<S>,
): Promise<void> {
  checkOptions(options, "optimize", ["trials", "concurrency", "onEvent", "signal", "stop"]);
  const { trials, concurrency = 1, onEvent, signal, stop: rules } = options;
  if (rules) checkStopRules(rules);
  check(typeof objective === "function", () => `an objective is a function, received ${show(objective)}`);
  for (const [name, figure] of Object.entries({ trials, concurrency })) {
    check(
      Number.isSafeInteger(figure) && figure > 0,
      () => `${name} of optimize is a positive integer, received ${show(figure)}`,
    );
  }
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

  const run = async (trial: Trial<ParamsOf<S>>): Promise<void> => {
    const { number } = trial;
    const handle: RunningTrial<S> = {
      ...trial,
      report: (step, value) => emit({ type: "stepReported", number, step, value }),
      get aborted() {
        return signal?.aborted === true || failure !== undefined;
      },
    };
    let record: TrialRecord<ParamsOf<S>>;
    try {
      record = study.tell(number, asOutcome(await objective(trial.params, handle)));
    } catch (error) {
      if (handle.aborted) return study.release(number);
      record = study.tell(number, { status: "failed", error: messageOf(error) });
    }
    emit({ type: "trialEnded", record, best: study.best });
  };

  const atWork = new Set<Promise<void>>();
  let exhausted = false;
  const begin = () => {
    const trial = study.ask();
    if (trial === undefined) {
      exhausted = true;
      return;
    }
    emit({ type: "trialStarted", trial });
    const job: Promise<void> = run(trial)
      .catch(stop)
      .finally(() => atWork.delete(job));
    atWork.add(job);
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

  emit({ type: "studyStarted", trials, finished: study.trials.length });
  for (;;) {
    // with nothing at work, nobody here can make asking possible: `ask` then says why it is not
    while (wantsMore() && atWork.size < concurrency && (study.canAsk() || atWork.size === 0) && mayBegin()) {
      try {
        begin();
      } catch (error) {
        stop(error);
      }
    }
    if (atWork.size === 0) break;
    await Promise.race(atWork);
  }
  const reason = signal?.aborted ? "aborted" : exhausted ? "exhausted" : (met ?? "budget");
  emit({ type: "studyEnded", reason, best: study.best });
  if (failure) throw failure.error;
}

function asOutcome(result: unknown): TrialOutcome {
  if (typeof result === "number") return { value: result };
  check(
    isRecord(result),
    () => `an objective returns a number or an object with a value, received ${show(result)}`,
  );
  return result as TrialOutcome;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : show(error);
}

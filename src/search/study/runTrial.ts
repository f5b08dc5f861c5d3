/**
 * One trial of the loop, from its start to its record: what its objective receives, and what is recorded
 * about it. `optimize.ts` decides which trial starts when.
 */
import { check, isA, isPlainObject, messageOf, must, mustBeInteger } from "../../errors.js";
import type { Turns } from "../../platform/turns.js";
import type { ParamsOf, Space } from "../space/space.js";
import { BrokenTrial, Curves } from "../trial/curves.js";
import type { BestTrial, Trial, TrialOutcome } from "../trial/trial.js";
import type { Objective, RunningTrial, Study } from "./contract.js";
import type { LoopControl } from "./control.js";
import type { Ledger } from "./ledger.js";
import type { LiveTrial } from "./live.js";
import type { Rungs } from "./rungs.js";
import type { Slots } from "./slots.js";

/** What all trials of a loop share. */
export interface TrialSetting<S extends Space> {
  readonly study: Study<S>;
  readonly ledger: Pick<Ledger, "best">;
  readonly objective: Objective<S>;
  /** The full budget of a trial, with a scheduler. */
  readonly steps: number | undefined;
  readonly rungs: Rungs | undefined;
  readonly slots: Slots;
  readonly control: LoopControl<S>;
  readonly turns: Turns;
}

/** The most characters of a trial's error that are kept, so that a study stays small. */
const LONGEST = 4000;

/** The progress of a trial. */
interface Progress {
  /** The last step that it reported. */
  step?: number;
  /** Whether it waits for a decision. */
  waits: boolean;
  pruned: boolean;
}

/** Runs a trial and records its outcome; or releases it, if the loop is being stopped. */
export function runTrial<S extends Space>(
  trial: Trial<ParamsOf<S>>,
  setting: TrialSetting<S>,
): Promise<void> {
  const run = (): Promise<void> => new TrialRun(trial, setting).run();
  const turn = setting.turns.next();
  return turn ? turn.then(run) : run();
}

class TrialRun<S extends Space> {
  private readonly progress: Progress = { waits: false, pruned: false };
  private readonly live: LiveTrial;

  constructor(
    private readonly trial: Trial<ParamsOf<S>>,
    private readonly setting: TrialSetting<S>,
  ) {
    this.live = setting.control.begin();
  }

  run(): Promise<void> {
    const work = this.toEnd();
    // most trials can only end on their own
    return this.setting.control.watches ? this.live.orEnd(work, (error) => this.fail(error)) : work;
  }

  private async toEnd(): Promise<void> {
    const { trial, setting, progress, live } = this;
    const { objective, control, rungs } = setting;
    if (control.isAborted) return this.close();
    try {
      const result = outcomeOf(await objective(trial.params, handleOf(trial, live, progress, setting)));
      if (live.isOver) return;
      control.checkTime(live);
      checkAwaited(progress);
      if (progress.pruned && control.isAborted) return this.close();
      // a restored study decides by the values at rungs, so they replace any other curve
      const own = rungs ? withoutCurve(result) : result;
      this.close({ ...this.reported(true), ...(progress.pruned && { status: "pruned" }), ...own });
    } catch (thrown) {
      if (!live.isOver) this.fail(thrown);
    }
  }

  private fail(thrown: unknown): void {
    if (this.setting.control.isAborted) {
      this.close();
      return;
    }
    const { error, kept } = isA(thrown, BrokenTrial) ? thrown : { error: thrown, kept: {} };
    const reason = messageOf(error).slice(0, LONGEST);
    this.close({ ...this.reported(false), ...kept, status: "failed", error: reason });
  }

  /** Records the outcome; without one, releases the trial. */
  private close(outcome?: TrialOutcome): void {
    const { study, ledger, control } = this.setting;
    const { number } = this.trial;
    if (!outcome) study.release(number);
    const record = outcome && study.tell(number, outcome);
    control.forget(this.live);
    if (record)
      control.emit({ type: "trialEnded", record, best: ledger.best as BestTrial<ParamsOf<S>> | undefined });
  }

  /** What the reports of the trial add to its outcome: its values at rungs, and the steps it used. */
  private reported(completed: boolean): Pick<TrialOutcome, "curve" | "steps"> {
    const { rungs, steps } = this.setting;
    const { step: last = 0, pruned } = this.progress;
    const curve = rungs?.curve(this.trial.number) ?? [];
    const used = completed && !pruned ? (steps ?? last) : last;
    return { ...(curve.length > 0 && { curve }), ...(used > 0 && { steps: used }) };
  }
}

/** The running trial that an objective receives. */
function handleOf<S extends Space>(
  trial: Trial<ParamsOf<S>>,
  live: LiveTrial,
  progress: Progress,
  { study, rungs, slots, control }: TrialSetting<S>,
): RunningTrial<S> {
  const { number } = trial;
  return {
    ...trial,
    live,
    report(given, step) {
      if (live.isOver) return Promise.resolve(false);
      checkAwaited(progress);
      const value = Array.isArray(given) ? [...given] : given;
      checkReport(value, step, progress.step, study.directions.length);
      progress.step = step;
      control.emit({ type: "stepReported", number, step, value });
      if (!rungs?.report(number, value, step)) return Promise.resolve(true);
      progress.waits = true;
      live.pause();
      return slots.pause(number).then((promoted) => {
        live.resume();
        progress.waits = false;
        progress.pruned = !promoted;
        return promoted;
      });
    },
    ...(control.isHeard && {
      trained(curves) {
        if (!live.isOver) control.emit({ type: "epochsTrained", number, curves: new Curves(curves) });
      },
    }),
    get aborted() {
      return live.isOver || control.isAborted;
    },
    get signal() {
      return live.signal;
    },
  };
}

function outcomeOf(result: unknown): TrialOutcome {
  if (typeof result === "number") return { value: result };
  if (Array.isArray(result)) return { values: result };
  must(
    isPlainObject(result),
    "the result of an objective",
    "a number, a list of numbers or an outcome",
    result,
  );
  return result as TrialOutcome;
}

function withoutCurve({ curve: _, ...rest }: TrialOutcome): TrialOutcome {
  return rest;
}

/**
 * Refuses to continue while the trial must wait: it would run in addition to those that took its place, and
 * never be pruned.
 */
function checkAwaited({ waits }: Progress): void {
  check(!waits, "trial.report(value, step) must be awaited: its result is the scheduler's decision");
}

function checkReport(value: unknown, step: unknown, before: number | undefined, objectives: number): void {
  const name = "the step of trial.report(value, step)";
  mustBeInteger(name, step, 0);
  must(before === undefined || step > before, name, `larger than ${before}, reported before`, step);
  const values: readonly unknown[] = objectives === 1 ? [value] : Array.isArray(value) ? value : [];
  must(
    values.length === objectives && values.every((each) => typeof each === "number"),
    "the value of trial.report(value, step)",
    objectives === 1 ? "a number" : `a list of ${objectives} numbers`,
    value,
  );
}

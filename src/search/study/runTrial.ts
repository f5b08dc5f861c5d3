/**
 * One trial of the loop, from its start to its record: what its objective receives, and what is told about it. Which
 * trial starts when is decided in `optimize.ts`.
 */

import { check, isRecord, must, mustBeInteger, show } from "../../errors.js";
import type { ParamsOf, Space } from "../space/space.js";
import { BrokenTrial } from "../trial/curves.js";
import type { Trial, TrialOutcome, TrialRecord } from "../trial/trial.js";
import type { Objective, RunningTrial, Study } from "./contract.js";
import type { LoopControl } from "./control.js";
import type { Rungs } from "./rungs.js";
import type { Slots } from "./slots.js";

/** What all trials of a loop share. */
export interface TrialSetting<S extends Space> {
  readonly study: Study<S>;
  readonly objective: Objective<S>;
  /** The whole budget of a trial, with a scheduler. */
  readonly steps: number | undefined;
  readonly rungs: Rungs | undefined;
  readonly slots: Slots;
  readonly control: LoopControl<S>;
}

/** How far a trial has come. */
interface Progress {
  /** The last step that it reported. */
  step?: number;
  /** Whether it waits for a decision. */
  waits: boolean;
  pruned: boolean;
}

/** Runs a trial and tells its outcome; or releases it, if the loop is being stopped. */
export async function runTrial<S extends Space>(
  trial: Trial<ParamsOf<S>>,
  setting: TrialSetting<S>,
): Promise<void> {
  const { study, objective, rungs, control } = setting;
  const { number } = trial;
  const progress: Progress = { waits: false, pruned: false };
  let record: TrialRecord<ParamsOf<S>>;
  try {
    const result = outcomeOf(await objective(trial.params, handleOf(trial, progress, setting)));
    checkAwaited(progress);
    if (progress.pruned && control.isAborted) return study.release(number);
    const reported = reportedBy(number, progress, setting, true);
    // a restored study decides by the values at rungs, so that they are kept in place of any other curve
    const own = rungs ? withoutCurve(result) : result;
    record = study.tell(number, { ...reported, ...(progress.pruned && { status: "pruned" }), ...own });
  } catch (thrown) {
    if (control.isAborted) return study.release(number);
    const reported = reportedBy(number, progress, setting, false);
    const { error, kept } = thrown instanceof BrokenTrial ? thrown : { error: thrown, kept: {} };
    record = study.tell(number, { ...reported, ...kept, status: "failed", error: messageOf(error) });
  }
  control.emit({ type: "trialEnded", record, best: study.best });
}

/** The running trial that an objective receives. */
function handleOf<S extends Space>(
  trial: Trial<ParamsOf<S>>,
  progress: Progress,
  { study, rungs, slots, control }: TrialSetting<S>,
): RunningTrial<S> {
  const { number } = trial;
  return {
    ...trial,
    report(value, step) {
      checkAwaited(progress);
      checkReport(value, step, progress.step, study.directions.length);
      progress.step = step;
      control.emit({ type: "stepReported", number, step, value });
      if (!rungs?.report(number, value, step)) return Promise.resolve(true);
      progress.waits = true;
      return slots.pause(number).then((promoted) => {
        progress.waits = false;
        progress.pruned = !promoted;
        return promoted;
      });
    },
    get aborted() {
      return control.isAborted;
    },
  };
}

/** What the reports of a trial add to its outcome: its values at rungs, and the steps it used. */
function reportedBy<S extends Space>(
  number: number,
  progress: Progress,
  { rungs, steps }: TrialSetting<S>,
  completed: boolean,
): Pick<TrialOutcome, "curve" | "steps"> {
  const curve = rungs?.curve(number) ?? [];
  const last = progress.step ?? 0;
  const used = completed && !progress.pruned ? (steps ?? last) : last;
  return { ...(curve.length > 0 && { curve }), ...(used > 0 && { steps: used }) };
}

function outcomeOf(result: unknown): TrialOutcome {
  if (typeof result === "number") return { value: result };
  if (Array.isArray(result)) return { values: result };
  must(isRecord(result), "the result of an objective", "a number, a list of numbers or an outcome", result);
  return result as TrialOutcome;
}

function withoutCurve({ curve: _, ...rest }: TrialOutcome): TrialOutcome {
  return rest;
}

/** Refuses to go on where the trial has to wait: it would run beside those that have its place, and never be pruned. */
function checkAwaited({ waits }: Progress): void {
  check(!waits, "trial.report(value, step) must be awaited: its result is the scheduler's decision");
}

function checkReport(value: unknown, step: unknown, before: number | undefined, objectives: number): void {
  mustBeInteger("the step of trial.report(value, step)", step, 0);
  check(
    before === undefined || step > before,
    () =>
      `the step of trial.report(value, step) must be larger than ${before}, reported before; received ${step}`,
  );
  const values: readonly unknown[] = objectives === 1 ? [value] : Array.isArray(value) ? value : [];
  must(
    values.length === objectives && values.every((each) => typeof each === "number"),
    "the value of trial.report(value, step)",
    objectives === 1 ? "a number" : `a list of ${objectives} numbers`,
    value,
  );
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : show(error);
}

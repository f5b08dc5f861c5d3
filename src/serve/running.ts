/**
 * The state of a study from its events: its budget, the running trials, and those that have ended since it
 * was stored. Only in memory.
 */
import type { Params } from "../search/space/space.js";
import type { StudyEvent } from "../search/study/contract.js";
import type { Curves } from "../search/trial/curves.js";
import type { TrialRecord } from "../search/trial/trial.js";

/** A running trial. */
export interface RunningTrialStatus {
  readonly number: number;
  readonly params: Params;
  /** Its curves so far, once they are known. */
  readonly curves?: Curves;
}

export class RunningTrials {
  /** The number of trials that the study may run, once known. */
  budget: number | undefined;
  private readonly trials = new Map<number, RunningTrialStatus>();
  private ended: TrialRecord[] = [];

  /** By number. */
  get list(): readonly RunningTrialStatus[] {
    return [...this.trials.values()].sort((a, b) => a.number - b.number);
  }

  take(event: StudyEvent): void {
    if (event.type === "studyStarted") this.budget = event.trials;
    if (event.type === "trialStarted") {
      const { number, params } = event.trial;
      this.trials.set(number, { number, params });
    }
    if (event.type === "epochsTrained") {
      const { number, curves } = event;
      const trial = this.trials.get(number);
      if (trial) this.trials.set(number, { ...trial, curves });
    }
    if (event.type === "trialEnded") {
      this.trials.delete(event.record.number);
      this.ended.push(event.record);
    }
  }

  /** The trials that have ended since the last call. */
  takeEnded(): readonly TrialRecord[] {
    const { ended } = this;
    this.ended = [];
    return ended;
  }

  /** Forgets the trials. */
  clear(): void {
    this.trials.clear();
    this.ended = [];
  }
}

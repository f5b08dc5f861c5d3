/**
 * The state of a study from its events: its budget, the running trials, and those that have started or ended
 * since it was stored. Only in memory.
 */
import type { Params } from "../search/space/space.js";
import type { StudyEvent } from "../search/study/contract.js";
import type { Curves } from "../search/trial/curves.js";
import type { StoredTrial } from "../store/storage.js";

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
  private unstored: StoredTrial[] = [];

  /** By number. */
  get list(): readonly RunningTrialStatus[] {
    return [...this.trials.values()].sort((a, b) => a.number - b.number);
  }

  take(event: StudyEvent): void {
    if (event.type === "studyStarted") this.budget = event.trials;
    if (event.type === "trialStarted") {
      const { number, params, parent } = event.trial;
      this.trials.set(number, { number, params });
      this.unstored.push({
        number,
        params,
        status: "running",
        ...(parent !== undefined && { parent }),
        ...(event.given && { given: event.given }),
      });
    }
    if (event.type === "epochsTrained") {
      const { number, curves } = event;
      const trial = this.trials.get(number);
      if (trial) this.trials.set(number, { ...trial, curves });
    }
    if (event.type === "trialEnded") {
      this.trials.delete(event.record.number);
      this.unstored.push(event.record);
    }
  }

  /** Whether a trial has started or ended since the last call of `takeStored`. */
  isUnstored(number: number): boolean {
    return this.unstored.some((trial) => trial.number === number);
  }

  /** The trials that have started or ended since the last call, in the order of that. */
  takeStored(): readonly StoredTrial[] {
    const { unstored } = this;
    this.unstored = [];
    return unstored;
  }

  /** Forgets the trials. */
  clear(): void {
    this.trials.clear();
    this.unstored = [];
  }
}

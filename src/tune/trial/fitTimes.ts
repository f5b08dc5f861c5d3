/** How long the trainings of trials take, by which a time limit leaves room for the final fit. */
import type { WorkTime } from "../../search/study/contract.js";

/** See the head of this file. */
export class FitTimes {
  /** Milliseconds of all trainings, by trial. */
  private readonly spent = new Map<number, number>();

  /** @param end - when all is to be done, by the clock */
  constructor(
    private readonly clock: () => number,
    private readonly end: number,
  ) {}

  /** Milliseconds until then. */
  left(): number {
    return this.end - this.clock();
  }

  /** Counts a trial's trainings, of which some may run side by side. @param time - told the same, if there is one */
  count(trial: number, time?: WorkTime): WorkTime {
    const add = (milliseconds: number): void => void this.spent.set(trial, this.of(trial) + milliseconds);
    return {
      resume: () => {
        add(-this.clock());
        time?.resume();
      },
      pause: () => {
        add(this.clock());
        time?.pause();
      },
    };
  }

  /** Milliseconds of all trainings of a trial, as if one ran after another. */
  of(trial: number): number {
    return this.spent.get(trial) ?? 0;
  }
}

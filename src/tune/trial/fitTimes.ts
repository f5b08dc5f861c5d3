/** How long the trainings of trials take, so that a time limit leaves room for the final fit. */
import { platform } from "#platform";
import type { WorkTime } from "../../search/study/contract.js";

/** See the header of this file. */
export class FitTimes {
  /** Milliseconds of all trainings, by trial. */
  private readonly spent = new Map<number, number>();

  /**
   * @param end - when everything must be done, by the clock
   * @param isReal - whether the clock runs like that of the host, so that trainings can be cut by it
   */
  constructor(
    private readonly clock: () => number,
    private readonly end: number,
    private readonly isReal: boolean,
  ) {}

  /**
   * When a training is cut so that so many milliseconds remain, in milliseconds since 1970; undefined with a
   * custom clock.
   */
  until(reserve: number): number | undefined {
    return this.isReal ? platform.time() + this.left() - reserve : undefined;
  }

  /** Milliseconds until the end. */
  left(): number {
    return this.end - this.clock();
  }

  /**
   * Counts a trial's trainings, some of which may run in parallel.
   *
   * @param time - receives the same calls, if
   * there is one
   */
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

  /**
   * Corrects the time of a trial by what its workers measured: a busy thread may hear of a training's begin
   * and end at once.
   *
   * @param seconds - of all its trainings, by the host's clock
   * @param share - of its epochs that ran before it was cut
   */
  ended(trial: number, seconds: number, share: number): void {
    const measured = this.isReal ? 1000 * seconds : 0;
    this.spent.set(trial, Math.max(this.of(trial), measured) / share);
  }

  /** Milliseconds of all trainings of a trial, as if one ran after another and none was cut. */
  of(trial: number): number {
    return this.spent.get(trial) ?? 0;
  }
}

/**
 * Places for trials that run in parallel, as many as the concurrency. A trial that waits for a scheduler's
 * decision gives up its place, and gets one back to resume. It knows no study and decides nothing.
 */

/** See the header of this file. */
export class Slots {
  private occupied = 0;
  /** Started and not ended, with or without a place. */
  private readonly alive = new Set<Promise<void>>();
  /** Trials that wait for a decision, by number. */
  private readonly paused = new Map<number, (promoted: boolean) => void>();
  /** Trials with a decision that wait for a place. */
  private readonly decided = new Map<number, () => void>();
  private signalChange = (): void => {};

  constructor(private readonly size: number) {}

  /** Whether a new trial may start. */
  get hasRoom(): boolean {
    return this.occupied + this.decided.size < this.size;
  }

  /** Whether no trial is left, running or waiting. */
  get isEmpty(): boolean {
    return this.alive.size === 0;
  }

  /** Whether at least one trial has a place. */
  get isBusy(): boolean {
    return this.occupied > 0;
  }

  /** Starts a trial in a free place. @param run - must not reject */
  start(number: number, run: () => Promise<void>): void {
    this.occupied++;
    const running: Promise<void> = run().finally(() => {
      // a trial that ends while it waits gave up its place before
      this.paused.get(number)?.(false);
      const waits = this.paused.delete(number) || this.decided.delete(number);
      if (!waits) this.occupied--;
      this.alive.delete(running);
      this.signalChange();
    });
    this.alive.add(running);
  }

  /**
   * Gives up the place of a trial until there is a decision and a place again; whether the trial is promoted.
   */
  pause(number: number): Promise<boolean> {
    this.occupied--;
    this.signalChange();
    return new Promise((resolve) => this.paused.set(number, resolve));
  }

  /**
   * Puts paused trials with a decision in line for a place.
   *
   * @param decide - undefined while there is no
   * decision
   */
  decide(decide: (number: number) => boolean | undefined): void {
    for (const [number, resolve] of this.paused) {
      const promoted = decide(number);
      if (promoted === undefined) continue;
      this.paused.delete(number);
      this.decided.set(number, () => resolve(promoted));
    }
  }

  /** Lets as many decided trials resume as there are places. */
  resume(): void {
    for (const [number, resume] of this.decided) {
      if (this.occupied === this.size) break;
      this.decided.delete(number);
      this.occupied++;
      resume();
    }
  }

  /** Resolves when a trial next ends or pauses. */
  nextChange(): Promise<void> {
    return new Promise((resolve) => {
      this.signalChange = resolve;
    });
  }
}

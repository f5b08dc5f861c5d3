/** A running trial from outside: how long it has run, and how to end it before its objective ends. */

/** See the header of this file. */
export class LiveTrial {
  /** Whether it has ended, with its objective or earlier. */
  isOver = false;
  private controller: AbortController | undefined;
  private onEnd: (error: Error) => void = () => {};
  /** How many pieces of its work are running. */
  private running = 1;
  private since: number;
  private spent = 0;

  constructor(private readonly clock: () => number) {
    this.since = clock();
  }

  /** Made on demand: most objectives do not use it. */
  get signal(): AbortSignal {
    this.controller ??= new AbortController();
    if (this.isOver) this.controller.abort();
    return this.controller.signal;
  }

  /** Milliseconds in which at least one piece of its work was running. */
  get elapsed(): number {
    return this.spent + (this.running > 0 ? this.clock() - this.since : 0);
  }

  /** A piece of its work has ended or waits. */
  pause(): void {
    this.spent = this.elapsed;
    this.running--;
    this.since = this.clock();
  }

  /** A piece of its work starts or continues. */
  resume(): void {
    this.spent = this.elapsed;
    this.running++;
    this.since = this.clock();
  }

  /**
   * Resolves once `work` has ended, or `end` was called.
   *
   * @param onEnd - called by `end`
   */
  orEnd(work: Promise<void>, onEnd: (error: Error) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      this.onEnd = (error) => {
        try {
          resolve(onEnd(error));
        } catch (refused) {
          reject(refused);
        }
      };
      work.then(resolve, reject);
    });
  }

  end(error: Error): void {
    if (this.isOver) return;
    this.isOver = true;
    this.controller?.abort(error);
    this.onEnd(error);
  }
}

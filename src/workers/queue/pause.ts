/** Pauses between polls of a queue: short after a change, then longer and longer. */

/** Milliseconds of the first wait. */
const FIRST = 4;

export class Pause {
  private next = FIRST;
  private wake: (() => void) | undefined;
  private isWoken = false;

  /** @param most - milliseconds of the longest wait */
  constructor(
    private readonly most: number,
    private readonly sleep: Sleep = sleepOfHost,
  ) {}

  /** Records a change: the next waits are short. */
  reset(): void {
    this.next = FIRST;
  }

  /** Ends the current wait, or the next one. */
  end(): void {
    this.isWoken = true;
    this.wake?.();
  }

  async wait(): Promise<void> {
    const time = Math.min(this.next, this.most);
    this.next = Math.min(2 * time, this.most);
    if (!this.isWoken) {
      const woken = new Promise<void>((resolve) => {
        this.wake = resolve;
      });
      await Promise.race([this.sleep(time), woken]);
    }
    this.wake = undefined;
    this.isWoken = false;
  }
}

/** Resolves after a number of milliseconds. */
export type Sleep = (milliseconds: number) => Promise<void>;

export const sleepOfHost: Sleep = (milliseconds) =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));

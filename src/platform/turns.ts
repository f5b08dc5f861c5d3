/**
 * When long work in one thread yields to its host: how many steps run at a time, and after which the host has
 * its turn. Neither changes results.
 */
import { turn as hostTurn, platform } from "#platform";
import type { Platform, Turn } from "./platform.js";

/** Milliseconds after which the host's work (timers, signals, input) gets its turn: less than a frame. */
const TURN = 12;
/** Milliseconds of steps between two looks at the clock: short compared with a turn. */
const PIECE = 1;
/** The most steps between them: reading the clock is cheap compared with so many. */
const STEPS = 64;
/** Reads of the clock after which it gets one anyway: a Worker's clock stands still during computation. */
const LOOKS = 1000;

/** Runs steps in pieces of some milliseconds, unless one step takes longer. */
export class Pieces {
  private steps = 1;

  constructor(private readonly host: Pick<Platform, "now"> = platform) {}

  /** @param most - steps; calls `work` once with how many of them to run */
  run(most: number, work: (steps: number) => void): void {
    const steps = Math.min(this.steps, most);
    const began = this.host.now();
    work(steps);
    const fit = Math.floor((steps * PIECE) / (this.host.now() - began)); // infinite if the clock stood still
    this.steps = Math.max(1, Math.min(STEPS, 2 * steps, fit));
  }
}

/** The turns of the host during long work. */
export class Turns {
  private last: number;
  private looks = 0;

  constructor(
    private readonly host: Pick<Platform, "now"> = platform,
    private readonly turn: Turn = hostTurn,
  ) {
    this.last = host.now();
  }

  /** To be awaited between two pieces of work; undefined, at no cost, before a turn is due. */
  next(): Promise<void> | undefined {
    if (this.host.now() - this.last < TURN && ++this.looks < LOOKS) return undefined;
    return this.turn().then(() => {
      this.last = this.host.now();
      this.looks = 0;
    });
  }
}

/** When long work in one thread yields to its host. The moment of a turn does not change results. */
import { turn as hostTurn, platform } from "#platform";
import type { Platform, Turn } from "./platform.js";

/** Milliseconds after which the host's own work (timers, signals, input) gets its turn. */
const TURN = 50;
/** Reads of the clock after which it gets one anyway: a Worker's clock stands still during computation. */
const LOOKS = 1000;

/** See the head of this file. */
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

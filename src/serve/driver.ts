/**
 * Runs the studies of a process in the background: one slice at a time, the studies in turn, and requests
 * first. While the store writes the slice of one study, the next study computes. It knows neither stores nor
 * tuners.
 */
import { FettleError, isA } from "../errors.js";
import { later } from "./timer.js";

/** What the driver needs of a study. */
export interface Driven {
  readonly id: string;
  /** Whether no call of it is running or waiting. */
  readonly isFree: boolean;
  /** Loads the data for a slice. @returns whether the study is running */
  prepare(): Promise<boolean>;
  /** Runs a slice. @returns the phase afterwards, once it is stored */
  runSlice(host: SliceHost): Promise<{ readonly phase: string } | undefined>;
  /** Records why the last slice could not be stored; undefined after a success. */
  stall(reason: unknown): void;
}

/** Hooks of the host for a slice. */
export interface SliceHost {
  /** Lets the host answer requests. */
  giveWay(): Promise<void>;
  /** Called when the slice is computed and only the store remains. */
  computed(): void;
}

/** Milliseconds until a slice is retried after the store failed: at first, and at most. */
const FIRST_WAIT = 500;
const LONGEST_WAIT = 30_000;

export class Driver {
  /** Studies that wait for their turn. */
  private readonly ready: Driven[] = [];
  /** The consecutive failures, and the callback for the end, by study. */
  private readonly driven = new Map<string, { failures: number; readonly onLeave: () => void }>();
  private isRunning = false;

  constructor(private readonly giveWay: () => Promise<void>) {}

  has(id: string): boolean {
    return this.driven.has(id);
  }

  /**
   * Runs a study until it is no longer running. It resolves once that has started.
   *
   * @param study - one that is not driven
   * @param onLeave - called at the end
   */
  async drive(study: Driven, onLeave: () => void): Promise<void> {
    this.driven.set(study.id, { failures: 0, onLeave });
    await this.enter(study);
  }

  private async enter(study: Driven): Promise<void> {
    try {
      if (await study.prepare()) {
        this.ready.push(study);
        if (!this.isRunning) void this.run();
      } else this.leave(study);
    } catch (error) {
      this.failed(study, error);
    }
  }

  private async run(): Promise<void> {
    this.isRunning = true;
    for (;;) {
      await this.giveWay();
      const study = this.ready.shift();
      if (study === undefined) break;
      // an earlier call may wait for the store, but other studies need not
      if (study.isFree) await this.runSlice(study);
      else void this.enter(study);
    }
    this.isRunning = false;
  }

  /** Resolves when the slice is computed; the next step follows once it is stored. */
  private runSlice(study: Driven): Promise<void> {
    return new Promise((computed) => {
      const { giveWay } = this;
      study
        .runSlice({ giveWay, computed })
        .then(
          () => this.stored(study),
          (error) => this.failed(study, error),
        )
        .finally(computed);
    });
  }

  private stored(study: Driven): void {
    const state = this.driven.get(study.id);
    if (state) state.failures = 0;
    study.stall(undefined);
    void this.enter(study);
  }

  /** A damaged record stays damaged; a failing store, or another writing process, may recover. */
  private failed(study: Driven, error: unknown): void {
    const state = this.driven.get(study.id);
    const isLasting =
      isA(error, FettleError) && ["damaged_record", "invalid_checkpoint"].includes(error.code);
    if (state === undefined || isLasting) {
      this.leave(study);
      return;
    }
    study.stall(error);
    const wait = Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** state.failures++);
    later(wait, () => void this.enter(study));
  }

  private leave(study: Driven): void {
    const state = this.driven.get(study.id);
    this.driven.delete(study.id);
    state?.onLeave();
  }
}

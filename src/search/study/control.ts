/**
 * How the loop over a study and its caller talk to each other: events go out, a signal and time limits come
 * in, and the first error that is not the objective's ends the loop.
 */

import { platform } from "#platform";
import { clockOf, FettleError, must } from "../../errors.js";
import type { Space } from "../space/space.js";
import type { Ending, OptimizeOptions, StudyEvent } from "./contract.js";
import { LiveTrial } from "./live.js";

/** Milliseconds between two checks of the signal and the clock, while something is awaited. */
const LOOK = 50;

/** @throws FettleError `invalid_argument` unless each is a positive number */
export function checkLimits({
  timeout,
  trialTimeout,
}: Pick<OptimizeOptions, "timeout" | "trialTimeout">): void {
  for (const [name, value] of Object.entries({ timeout, trialTimeout })) {
    const isTime = value === undefined || (typeof value === "number" && value > 0);
    must(isTime, name, "a positive number of milliseconds", value);
  }
}

/** See the header of this file. */
export class LoopControl<S extends Space> {
  /** The first error outside the objective; no trial starts after it. */
  failure: { readonly error: unknown } | undefined;
  /** The pending work of listeners. */
  told: Promise<unknown> | undefined;
  private stopped: "aborted" | "timeout" | undefined;
  private readonly live = new Set<LiveTrial>();
  private readonly clock: () => number;
  private readonly began: number;
  /** Whether it checks for an early end of trials. */
  readonly watches: boolean;
  /** Ends the checks. */
  readonly close: () => void;

  /** @param wake - called once no further trial may start, so that a paused loop ends */
  constructor(
    private readonly options: Pick<
      OptimizeOptions<S>,
      "onEvent" | "signal" | "timeout" | "trialTimeout" | "clock" | "ending"
    >,
    private readonly wake: () => void = () => {},
    /** Whether running trials may be dropped when time runs out. */
    private readonly mayCut: () => boolean = () => true,
  ) {
    const { signal, timeout, trialTimeout, clock } = options;
    this.clock = clockOf(clock, () => platform.now());
    this.began = this.clock();
    this.watches = (signal ?? timeout ?? trialTimeout) !== undefined;
    const timer = this.watches ? setInterval(() => this.look(), LOOK) : undefined;
    this.close = () => clearInterval(timer);
  }

  /** Why the caller stopped, once it has. */
  get stopReason(): "aborted" | "timeout" | undefined {
    if (!this.stopped && this.options.signal?.aborted === true) this.stopped = "aborted";
    if (!this.stopped && this.isLate && this.mayCut()) this.stopped = "timeout";
    return this.stopped;
  }

  /** Whether time has run out, except for the reserve. */
  get isLate(): boolean {
    return this.isOver(({ fits }) => fits);
  }

  /** Whether no further trial may start. */
  get isLateForTrial(): boolean {
    return this.isOver(({ fits, trial }) => fits + trial);
  }

  private isOver(left: (reserve: ReturnType<Ending["reserve"]>) => number): boolean {
    const { timeout, ending } = this.options;
    return (
      timeout !== undefined && this.clock() - this.began >= timeout - (ending ? left(ending.reserve()) : 0)
    );
  }

  /** Whether running trials must end. */
  get isAborted(): boolean {
    return this.failure !== undefined || this.stopReason !== undefined;
  }

  /** A trial that starts now. */
  begin(): LiveTrial {
    const live = new LiveTrial(this.clock);
    this.live.add(live);
    return live;
  }

  /** @throws FettleError `time_limit` for a trial that took too long */
  checkTime(live: LiveTrial): void {
    const error = this.overdue(live);
    if (error) throw error;
  }

  /** A trial that has ended: later reports are ignored. */
  forget(live: LiveTrial): void {
    live.isOver = true;
    this.live.delete(live);
  }

  /** Whether anyone listens to events. */
  get isHeard(): boolean {
    return this.options.onEvent !== undefined;
  }

  /**
   * Reports an event, unless something has failed: a listener that threw, or whose promise was rejected, is
   * not called again.
   */
  emit(event: StudyEvent<S>): void {
    if (this.failure) return;
    const told = this.guard(() => this.options.onEvent?.(event)) as unknown;
    // of an async listener
    if (told)
      this.told = Promise.all([this.told, told]).catch((error) => {
        this.fail(error);
        this.wake();
      });
  }

  /** Calls `run`, and records an error as the failure. */
  guard<T>(run: () => T): T | undefined {
    try {
      return run();
    } catch (error) {
      this.fail(error);
      return undefined;
    }
  }

  fail(error: unknown): void {
    this.failure ??= { error };
  }

  /** Ends the trials whose time ran out, or all if the loop must end. */
  private look(): void {
    const isStopped = this.guard(() => this.stopReason) !== undefined;
    if (this.isAborted || this.isLateForTrial) this.wake();
    for (const live of this.live) {
      const error = isStopped ? new FettleError("aborted", "the study was stopped") : this.overdue(live);
      if (error) live.end(error);
    }
  }

  private overdue(live: LiveTrial): FettleError | undefined {
    const { trialTimeout } = this.options;
    if (trialTimeout === undefined || live.elapsed <= trialTimeout) return undefined;
    return new FettleError("time_limit", `the trial took longer than trialTimeout, ${trialTimeout} ms`);
  }
}

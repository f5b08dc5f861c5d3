/**
 * How the loop over a study and its caller talk to each other: events go out, a signal to stop comes in, and the first
 * error that is not the objective's ends the loop.
 */

import type { Space } from "../space/space.js";
import type { OptimizeOptions, StudyEvent } from "./contract.js";

/** See the head of this file. */
export class LoopControl<S extends Space> {
  /** The first error outside the objective; no trial starts after it. */
  failure: { readonly error: unknown } | undefined;

  constructor(private readonly options: Pick<OptimizeOptions<S>, "onEvent" | "signal">) {}

  /** Whether the caller has asked to stop. */
  get isStopped(): boolean {
    return this.options.signal?.aborted === true;
  }

  /** Whether running trials should end soon. */
  get isAborted(): boolean {
    return this.isStopped || this.failure !== undefined;
  }

  /** Reports an event, unless something has failed: a listener that threw is not called again. */
  emit(event: StudyEvent<S>): void {
    if (this.failure) return;
    this.guard(() => this.options.onEvent?.(event));
  }

  /** Calls `run`, and keeps what it throws as the failure. */
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
}

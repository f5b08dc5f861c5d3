/**
 * A backend hands jobs to workers and returns their results. A job is plain data and its result depends on nothing else,
 * so any worker may do it: this thread (`inlineBackend`), other threads (`threadBackend.ts`) or other machines.
 */
import { platform } from "#platform";
import { type ErrorCode, FettleError } from "../errors.js";

export interface Backend<Job, Result> {
  /** How many jobs it does at a time. */
  readonly concurrency: number;
  run(job: Job): Promise<Result>;
  close(): Promise<void>;
}

/** A backend whose waiting jobs can be called off. */
export interface DroppingBackend<Job, Result> extends Backend<Job, Result> {
  /** Rejects the jobs that no worker has begun. */
  drop(reason: Error): void;
}

/** How a job ended, as a worker reports it. */
export type Outcome<Result> =
  | { readonly result: Result }
  | { readonly error: { readonly code: ErrorCode; readonly message: string } };

/** Does a job; what it throws is its outcome. */
export async function outcomeOf<Result>(work: () => Result | Promise<Result>): Promise<Outcome<Result>> {
  try {
    return { result: await work() };
  } catch (error) {
    const code = error instanceof FettleError ? error.code : "internal";
    return { error: { code, message: error instanceof Error ? error.message : String(error) } };
  }
}

/** Milliseconds after which the host's own work (timers, signals, input) gets its turn. */
const TURN = 50;

/**
 * Does one job after another in this thread: side by side they would take as long, and more memory.
 *
 * @param work - does a job, and awaits `pause` from time to time
 * @param close - frees what `work` uses
 */
export function inlineBackend<Job, Result>(
  work: (job: Job, pause: () => Promise<void>) => Promise<Result>,
  close: () => void = () => {},
): DroppingBackend<Job, Result> {
  let lastTurn = platform.now();
  const pause = async (): Promise<void> => {
    if (platform.now() - lastTurn < TURN) return;
    await new Promise<void>((resolve) => setTimeout(resolve));
    lastTurn = platform.now();
  };
  let last: Promise<unknown> = Promise.resolve();
  /** Shared by the jobs that one `drop` calls off. */
  let waiting: { dropped?: Error } = {};
  return {
    concurrency: 1,
    run(job) {
      const own = waiting;
      const result = last.then(() => {
        if (own.dropped) throw own.dropped;
        return work(job, pause);
      });
      last = result.catch(() => {});
      return result;
    },
    drop(reason) {
      waiting.dropped = reason;
      waiting = {};
    },
    close: async () => close(),
  };
}

/**
 * A backend hands jobs to workers and returns their results. A job is plain data and its result depends on
 * nothing else, so any worker may run it: this thread (`inlineBackend`), other threads (`threadBackend.ts`)
 * or other machines.
 */
import { type ErrorCode, FettleError, isA, messageOf } from "../errors.js";
import { Turns } from "../platform/turns.js";

/** @typeParam Progress - the progress of running jobs */
export interface Backend<Job, Result, Progress = never> {
  /** The number of jobs that it runs at a time. */
  readonly concurrency: number;
  /** Why it can no longer run jobs; only for a backend whose workers can be lost. */
  readonly lost?: Error | undefined;
  /**
   * @param onProgress - receives the progress of the job, from workers that report it; never its result
   */
  run(job: Job, control?: JobControl, onProgress?: (progress: Progress) => void): Promise<Result>;
  /** Cancels the jobs of a group: their promises reject with `reason`, and workers stop them. */
  cancel?(group: object, reason: Error): void;
  close(): Promise<void>;
}

/** The caller's handle of a job. */
export interface JobControl {
  /** The group to cancel it with, such as its trial; compared by identity. */
  readonly group: object;
  /** Called when a worker starts the job, and again if that worker is lost. */
  onBegin(): void;
}

/** A backend whose waiting jobs can be cancelled. */
export interface DroppingBackend<Job, Result, Progress = never> extends Backend<Job, Result, Progress> {
  /** Rejects the jobs that no worker has started. */
  drop(reason: Error): void;
}

/** How a job ended, as a worker reports it. */
export type Outcome<Result> =
  | { readonly result: Result }
  | { readonly error: { readonly code: ErrorCode; readonly message: string } };

/** Runs a job; an error becomes its outcome. */
export async function outcomeOf<Result>(work: () => Result | Promise<Result>): Promise<Outcome<Result>> {
  try {
    return { result: await work() };
  } catch (error) {
    const code = isA(error, FettleError) ? error.code : "internal";
    return { error: { code, message: messageOf(error) } };
  }
}

/**
 * Runs one job after another in this thread: concurrent ones would take as long, and more memory. The host
 * gets its turn about every 12 ms.
 *
 * @param work - runs a job, and awaits `pause` from time to time, which rejects if the job was cancelled; may
 * report its progress
 * @param free - frees what `work` uses
 */
export function inlineBackend<Job, Result, Progress = never>(
  work: (
    job: Job,
    pause: () => Promise<void> | undefined,
    onProgress?: (progress: Progress) => void,
  ) => Promise<Result>,
  free: () => void = () => {},
): DroppingBackend<Job, Result, Progress> & Required<Pick<Backend<Job, Result>, "cancel">> {
  const turns = new Turns();
  const cancelled = new WeakMap<object, Error>();
  let last: Promise<unknown> = Promise.resolve();
  let closed: Error | undefined;
  /** Shared by the jobs that one `drop` cancels. */
  let waiting: { dropped?: Error } = {};
  return {
    concurrency: 1,
    run(job, control, onProgress) {
      const own = waiting;
      const proceed = (): void => {
        const reason = closed ?? (control && cancelled.get(control.group));
        if (reason) throw reason;
      };
      const result = last.then(() => {
        if (own.dropped) throw own.dropped;
        proceed();
        control?.onBegin();
        return work(job, () => turns.next()?.then(proceed), onProgress);
      });
      last = result.catch(() => {});
      return result;
    },
    cancel: (group, reason) => void cancelled.set(group, reason),
    drop(reason) {
      waiting.dropped = reason;
      waiting = {};
    },
    /** Waits until the running job has stopped. */
    async close() {
      closed = new FettleError("aborted", "the worker was closed");
      await last;
      free();
    },
  };
}

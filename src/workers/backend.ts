/**
 * A backend hands jobs to workers and returns their results. A job is plain data and its result depends on nothing else,
 * so any worker may do it: this thread (`inlineBackend`), other threads (`threadBackend.ts`) or other machines.
 */
import { type ErrorCode, FettleError, isA, messageOf } from "../errors.js";
import { Turns } from "../platform/turns.js";

/** @typeParam Progress - what it tells of jobs that go on */
export interface Backend<Job, Result, Progress = never> {
  /** How many jobs it does at a time. */
  readonly concurrency: number;
  /** Why it can do no more jobs, once it cannot; only of a backend whose workers can be lost. */
  readonly lost?: Error | undefined;
  /** @param onProgress - told now and then how far the job has come, by workers that can; never of its result */
  run(job: Job, control?: JobControl, onProgress?: (progress: Progress) => void): Promise<Result>;
  /** Calls off the jobs of a group: their promises reject with `reason`, and no worker goes on with them. */
  cancel?(group: object, reason: Error): void;
  close(): Promise<void>;
}

/** What the caller of a job knows it by. */
export interface JobControl {
  /** What it is called off with, such as its trial; compared by identity. */
  readonly group: object;
  /** Called when a worker begins the job: again, if that worker is lost. */
  onBegin(): void;
}

/** A backend whose waiting jobs can be called off. */
export interface DroppingBackend<Job, Result, Progress = never> extends Backend<Job, Result, Progress> {
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
    const code = isA(error, FettleError) ? error.code : "internal";
    return { error: { code, message: messageOf(error) } };
  }
}

/**
 * Does one job after another in this thread: side by side they would take as long, and more memory. The host gets its turn
 * about every 50 ms.
 *
 * @param work - does a job, and awaits `pause` from time to time, which rejects if the job was called off; may tell its progress
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
  /** Shared by the jobs that one `drop` calls off. */
  let waiting: { dropped?: Error } = {};
  return {
    concurrency: 1,
    run(job, control, onProgress) {
      const own = waiting;
      const goOn = (): void => {
        const reason = closed ?? (control && cancelled.get(control.group));
        if (reason) throw reason;
      };
      const result = last.then(() => {
        if (own.dropped) throw own.dropped;
        goOn();
        control?.onBegin();
        return work(job, () => turns.next()?.then(goOn), onProgress);
      });
      last = result.catch(() => {});
      return result;
    },
    cancel: (group, reason) => void cancelled.set(group, reason),
    drop(reason) {
      waiting.dropped = reason;
      waiting = {};
    },
    /** Waits until the job that has begun has stopped. */
    async close() {
      closed = new FettleError("aborted", "the worker was closed");
      await last;
      free();
    },
  };
}

/**
 * Where jobs wait for workers of other processes and machines: who runs a study puts named jobs, workers take them under leases, and
 * their outcomes come back. Every part is at least once: a job may be handed out twice, and its outcome told twice or after another. So
 * a job must give the same outcome on every worker, and the first is taken. A queue knows neither studies nor models: payloads
 * and outcomes are bytes. It is no storage: once its study has ended, nothing in it is worth keeping.
 */
import { mustBeInteger } from "../../errors.js";

/** A job for any worker. */
export interface QueuedJob {
  /** 1 to 200 characters; of one name there is one job. */
  readonly name: string;
  readonly payload: Uint8Array;
  /** An integer; jobs with a larger one are taken first. Default 0. */
  readonly priority?: number;
}

/** A job that a worker has taken. It is another's, or nobody's, once its worker has shown no sign of life for the time of the lease. */
export interface Lease {
  readonly name: string;
  readonly payload: Uint8Array;
  /** How often it was taken, this time included; releases do not count. */
  readonly attempt: number;
  /** Shows that its worker is alive. @returns false once the job is not this worker's any more: nobody waits for its outcome */
  extend(): Promise<boolean>;
  /** Tells its outcome. A second one of a job changes nothing. */
  complete(outcome: Uint8Array): Promise<void>;
  /** Tells that this worker could not do it: it is handed out again, or after the last attempt ends with this reason. */
  fail(reason: string): Promise<void>;
  /** Gives it back as if it had not been taken. */
  release(): Promise<void>;
}

/** A job that has ended: with an outcome, or after its last attempt with the reason. */
export type EndedJob =
  | { readonly name: string; readonly outcome: Uint8Array }
  | { readonly name: string; readonly error: string };

/** A queue of the jobs of one study. Methods throw what the engine behind it throws; a later call may succeed. */
export interface JobQueue {
  /** Adds jobs. One whose name is there stays as it is, whether it waits, was taken, or has ended. */
  put(jobs: readonly QueuedJob[]): Promise<void>;
  /**
   * Takes jobs that wait, by priority.
   *
   * @param most - how many at most
   * @returns undefined where nobody runs the study: it has ended, or not begun
   */
  take(most: number): Promise<readonly Lease[] | undefined>;
  /**
   * Jobs that have ended and were not removed, at most 100. Called again and again by who runs the study, which the queue takes for its
   * sign of life; jobs whose leases are over are handed out again at these calls.
   */
  ended(): Promise<readonly EndedJob[]>;
  /** Removes jobs, whatever they are at. */
  remove(names: readonly string[]): Promise<void>;
  /** Ends the study's use of the queue: all jobs are removed, and workers told. */
  end(): Promise<void>;
  /** Ends the connection, if the queue has one of its own. */
  close(): Promise<void>;
}

/** How jobs are handed out. */
export interface QueueOptions {
  /** Milliseconds without a sign of life after which a worker has lost its jobs. Default 30,000. */
  readonly lease?: number;
  /** How often a job is handed out at most; one whose workers all failed or died ends with its error. Default 3. */
  readonly attempts?: number;
  /** A monotonic clock in milliseconds. Default the host's. */
  readonly clock?: () => number;
}

export const LEASE = 30_000;
export const ATTEMPTS = 3;
/** Ended jobs that a call of `ended` returns at most. */
export const MOST_ENDED = 100;

/** @throws FettleError `invalid_argument` */
export function checkQueueOptions({ lease = LEASE, attempts = ATTEMPTS }: QueueOptions): void {
  mustBeInteger("lease", lease);
  mustBeInteger("attempts", attempts);
}

/** The error of a job whose workers were all lost. */
export const workersLost = (attempts: number): string =>
  `the job was handed out ${attempts === 1 ? "once" : `${attempts} times`}, and each time its worker ended or showed no sign of life: it may end the process, loop forever, or need more memory than there is`;

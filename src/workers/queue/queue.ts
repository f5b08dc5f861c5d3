/**
 * Jobs for workers of other processes and machines: the process that runs a study puts named jobs, workers
 * take them under leases, and their outcomes return. Delivery is at least once: a job may be handed out
 * twice, and an outcome may arrive twice or after another. So a job must give the same outcome on every
 * worker, and the first is accepted. A queue knows neither studies nor models: payloads and outcomes are
 * bytes. It is not a storage: once its study has ended, nothing in it is worth keeping.
 */
import { integer, type OptionRules, type ReadOptions } from "../../rules.js";

/** A job for any worker. */
export interface QueuedJob {
  /** Unique; 1 to 200 characters. */
  readonly name: string;
  readonly payload: Uint8Array;
  /** An integer; jobs with a larger one are taken first. Default 0. */
  readonly priority?: number;
}

/** A job that a worker has taken. Without a heartbeat for the duration of the lease, the worker loses it. */
export interface Lease {
  readonly name: string;
  readonly payload: Uint8Array;
  /** The number of times it was taken, including this one; releases do not count. */
  readonly attempt: number;
  /**
   * Sends a heartbeat.
   *
   * @returns false once the worker has lost the job, so that its outcome no longer matters
   */
  extend(): Promise<boolean>;
  /** Sends its outcome. A second outcome changes nothing. */
  complete(outcome: Uint8Array): Promise<void>;
  /**
   * Reports a failed attempt: the job is handed out again, or ends with this reason after the last attempt.
   */
  fail(reason: string): Promise<void>;
  /** Returns it as if it had not been taken. */
  release(): Promise<void>;
}

/** A job that has ended: with an outcome, or after its last attempt with the reason. */
export type EndedJob =
  | { readonly name: string; readonly outcome: Uint8Array }
  | { readonly name: string; readonly error: string };

/**
 * A queue of the jobs of one study. Methods throw the errors of the underlying engine; a later call may
 * succeed.
 */
export interface JobQueue {
  /** Adds jobs. An existing name is ignored, whether its job waits, was taken, or has ended. */
  put(jobs: readonly QueuedJob[]): Promise<void>;
  /**
   * Takes waiting jobs, by priority.
   *
   * @param most - the most jobs
   * @returns undefined if no process runs the study: it has ended, or not started
   */
  take(most: number): Promise<readonly Lease[] | undefined>;
  /**
   * Ended jobs that were not removed, at most 100. The process that runs the study polls it, which is its
   * heartbeat; these calls also hand out jobs with expired leases again.
   */
  ended(): Promise<readonly EndedJob[]>;
  /** Removes jobs in any state. */
  remove(names: readonly string[]): Promise<void>;
  /** Ends the study's use of the queue: removes all jobs, which workers notice. */
  end(): Promise<void>;
  /** Closes the queue's own connection, if it has one. */
  close(): Promise<void>;
}

/** Options of a queue. */
export interface QueueOptions {
  /** Milliseconds without a heartbeat after which a worker loses its jobs. Default 30,000. */
  readonly lease?: number;
  /**
   * The most times that a job is handed out; if all attempts fail, it ends with its error. The process that
   * runs the study counts lost workers, and a worker its own failures: give both the same. Default 3.
   */
  readonly attempts?: number;
  /** A monotonic clock in milliseconds. Default the host's. */
  readonly clock?: () => number;
}

/** Milliseconds without a heartbeat after which a worker loses its jobs, by default. */
export const LEASE = 30_000;
export const QUEUE_RULES = {
  lease: [integer(), LEASE],
  attempts: [integer(), 3],
  clock: true,
} satisfies OptionRules<QueueOptions>;
/** The options of a queue, with defaults. */
export type QueueSettings = ReadOptions<QueueOptions, typeof QUEUE_RULES>;

/** The most ended jobs that a call of `ended` returns. */
export const MOST_ENDED = 100;

/** The error of a job whose workers were all lost. */
export const workersLost = (attempts: number): string =>
  `the job was handed out ${attempts === 1 ? "once" : `${attempts} times`}, and each time its worker ended or stopped sending heartbeats: it may crash the process, loop forever, or run out of memory`;

/**
 * The loop of a worker: takes jobs from a queue, sends heartbeats while it runs them, and sends their
 * outcomes.
 */

import { platform } from "#platform";
import { clockOf, FettleError, messageOf, must } from "../../errors.js";
import { listener, type Tell, teller } from "../../listener.js";
import { jobsOf } from "../../platform/jobs.js";
import type { Watchdog } from "../../platform/platform.js";
import { integer, jobCount, type OptionRules, type ReadOptions, readOptions } from "../../rules.js";
import type { HostSignal } from "../../search/study/contract.js";
import { Pause, type Sleep, sleepOfHost } from "./pause.js";
import { type JobQueue, LEASE, type Lease } from "./queue.js";

/** The context of a running job. */
export interface WorkerJob extends Pick<Lease, "name" | "attempt"> {
  /**
   * Aborted when the worker gives up the job: it took too long, or its lease was lost. Its result is then
   * ignored.
   */
  readonly signal: HostSignal;
}

/** Turns the payload of a job into its outcome. An error counts as a failed attempt. */
export type DoJob = (payload: Uint8Array, job: WorkerJob) => Promise<Uint8Array>;

/** Options of a worker. */
export interface RunWorkerOptions {
  /** Jobs that it runs at once; -1 as many as the host has processors. Default 1. */
  readonly jobs?: number;
  /** Milliseconds between heartbeats; a third of the queue's `lease` or less. Default 10,000. */
  readonly heartbeat?: number;
  /**
   * The time limit of a job in milliseconds; beyond it the job fails, and the worker continues without it. A
   * job that blocks its thread for that long, as an endless loop does, can only be ended with its process: on
   * Node, Deno and Bun the process kills itself, which costs each of its jobs an attempt. Default no limit.
   */
  readonly jobTimeout?: number;
  /** The most milliseconds between two polls of an empty queue. Default 250. */
  readonly poll?: number;
  /** Whether it waits for the next study if none runs. Default false: it ends. */
  readonly wait?: boolean;
  /** Once `aborted`, the worker takes no more jobs, finishes those that it has, and ends. */
  readonly signal?: { readonly aborted: boolean };
  /**
   * Milliseconds for which it retries if the queue fails, such as while its server restarts.
   * Default 60,000.
   */
  readonly patience?: number;
  /** Called with each error of the queue after which it continues. */
  readonly onError?: (error: unknown) => void;
  /** A clock in milliseconds. Default the host's. */
  readonly clock?: () => number;
  /** Resolves after a number of milliseconds. Default the host's timer. */
  readonly sleep?: (milliseconds: number) => Promise<void>;
}

const RULES = {
  jobs: [jobCount(), 1],
  heartbeat: [integer(), LEASE / 3],
  jobTimeout: integer(),
  poll: [integer(), 250],
  wait: true,
  signal: true,
  patience: [integer(0), 60_000],
  onError: listener,
  clock: true,
  sleep: true,
} satisfies OptionRules<RunWorkerOptions>;

/** A worker's report. */
export interface WorkerReport {
  /** Jobs whose outcome it sent. */
  readonly done: number;
  /** Failed attempts. */
  readonly failed: number;
}

/**
 * Runs jobs of a queue until its study no longer runs. A worker that is killed costs only time: its jobs are
 * handed out again.
 *
 * @returns the number of jobs that it ran
 * @throws FettleError `invalid_argument`, `unknown_name` for invalid options; the queue's error if it lasts
 * longer than `patience`
 * @example
 * ```ts
 * const queue = memoryQueue();
 * await queue.put([{ name: "0/0", payload: new Uint8Array([2]) }]);
 * const worker = runWorker(queue, async (payload) => payload.map((byte) => byte * byte));
 * let ended = await queue.ended();
 * while (ended.length === 0) {
 *   await new Promise((resolve) => setTimeout(resolve, 5));
 *   ended = await queue.ended();
 * }
 * await queue.end();
 * await worker; // { done: 1, failed: 0 }
 * ```
 */
export async function runWorker(
  queue: JobQueue,
  doJob: DoJob,
  options: RunWorkerOptions = {},
): Promise<WorkerReport> {
  const read = readOptions(options, "runWorker", RULES);
  must(typeof queue?.take === "function", "queue", "a queue, such as memoryQueue()", queue);
  must(typeof doJob === "function", "doJob", "a function of the payload of a job", doJob);
  return new Worker(queue, doJob, read).run();
}

type Settings = ReadOptions<RunWorkerOptions, typeof RULES>;

/** A running job. */
interface Running {
  readonly lease: Lease;
  readonly began: number;
  /** When the worker last sent a heartbeat. */
  shown: number;
  /** Gives it up. */
  readonly end: (reason: Error) => void;
  /** Whether the worker has lost it. */
  isLost: boolean;
}

class Worker {
  private readonly running = new Set<Running>();
  private readonly pause: Pause;
  private readonly sleep: Sleep;
  private readonly clock: () => number;
  private readonly tell: Tell;
  private done = 0;
  private failed = 0;
  /** When the queue started to fail. */
  private failing: number | undefined;
  private readonly watchdog: Watchdog | undefined;

  constructor(
    private readonly queue: JobQueue,
    private readonly doJob: DoJob,
    private readonly settings: Settings,
  ) {
    const { poll, sleep = sleepOfHost, clock } = settings;
    this.tell = teller(settings.onError);
    this.pause = new Pause(poll, sleep);
    this.sleep = sleep;
    this.clock = clockOf(clock, () => platform.now());
    const { jobTimeout } = settings;
    if (jobTimeout !== undefined) this.watchdog = platform.watchThread?.(jobTimeout);
  }

  async run(): Promise<WorkerReport> {
    try {
      return await this.loop();
    } finally {
      this.watchdog?.stop();
    }
  }

  private async loop(): Promise<WorkerReport> {
    const { signal, wait = false } = this.settings;
    const jobs = jobsOf(this.settings.jobs);
    let goesOn = true;
    for (;;) {
      if (signal?.aborted) goesOn = false;
      const room = goesOn ? jobs - this.running.size : 0;
      const taken = room > 0 ? await this.take(room) : [];
      if (taken === undefined && !wait) goesOn = false;
      for (const lease of taken ?? []) this.begin(lease);
      if (!goesOn && this.running.size === 0) break;
      if (taken && taken.length > 0) this.pause.reset();
      await this.pause.wait();
      this.watch();
    }
    return { done: this.done, failed: this.failed };
  }

  /** @returns undefined if the queue failed and will be retried */
  private async take(room: number): Promise<readonly Lease[] | undefined> {
    try {
      const taken = await this.queue.take(room);
      this.failing = undefined;
      return taken;
    } catch (error) {
      const now = this.clock();
      this.failing ??= now;
      if (now - this.failing >= this.settings.patience) throw error;
      this.tell(error);
      return [];
    }
  }

  private begin(lease: Lease): void {
    const now = this.clock();
    const control = new AbortController();
    const running: Running = {
      lease,
      began: now,
      shown: now,
      isLost: false,
      end: (reason) => control.abort(reason),
    };
    this.running.add(running);
    this.watchdog?.beat(true);
    void this.work(running, control.signal)
      .catch(this.tell) // its lease will expire, and the job is handed out again
      .finally(() => {
        this.running.delete(running);
        this.watchdog?.beat(this.running.size > 0);
        this.pause.reset();
        this.pause.end();
      });
  }

  /** @param signal - aborted when the job is given up */
  private async work(running: Running, signal: AbortSignal): Promise<void> {
    const { lease } = running;
    let outcome: Uint8Array;
    try {
      const given = new Promise<never>((_, reject) =>
        signal.addEventListener("abort", () => reject(signal.reason)),
      );
      const { name, payload, attempt } = lease;
      const job = (async () => this.doJob(payload, { name, attempt, signal }))();
      outcome = await Promise.race([job, given]);
    } catch (error) {
      if (running.isLost) return;
      this.failed++;
      await lease.fail(messageOf(error));
      return;
    }
    await this.insist(() => lease.complete(outcome));
    this.done++;
  }

  /** Sends heartbeats, and gives up jobs that take too long. */
  private watch(): void {
    const { heartbeat, jobTimeout = Number.POSITIVE_INFINITY } = this.settings;
    const now = this.clock();
    this.watchdog?.beat(this.running.size > 0);
    for (const running of this.running) {
      if (now - running.began >= jobTimeout) {
        const message = `the job took longer than ${jobTimeout / 1000} s, which is its limit`;
        running.end(new FettleError("time_limit", message));
      } else if (now - running.shown >= heartbeat) {
        running.shown = now;
        void this.show(running);
      }
    }
  }

  private async show(running: Running): Promise<void> {
    const isOwn = await running.lease.extend().catch(() => true); // the next one may succeed
    if (isOwn) return;
    running.isLost = true;
    running.end(new FettleError("aborted", "this worker has lost the job"));
  }

  /** Retries if the queue fails, so that the work of a job is not lost. */
  private async insist(tell: () => Promise<void>): Promise<void> {
    const { poll, patience } = this.settings;
    const began = this.clock();
    for (;;) {
      try {
        await tell();
        return;
      } catch (error) {
        if (this.clock() - began >= patience) throw error;
        this.tell(error);
        await this.sleep(poll);
      }
    }
  }
}

/**
 * A backend of threads. A thread that is lost leaves its jobs to the others. What a job is, and how a thread is set up, are
 * the business of its users.
 */
import { platform } from "#platform";
import { FettleError } from "../errors.js";
import type { WorkerThread } from "../platform/platform.js";
import type { DroppingBackend, Outcome } from "./backend.js";
import { createSender, type Introduce, type ProgrammedJob } from "./protocol.js";

/**
 * Threads that run `program`; undefined where one worker is enough, or the host has no threads.
 *
 * @param program - one of `dist/node/`, which calls `serveJobs`
 * @param workers - how many are wanted. No more are started than there are cores: further ones would only take memory
 * @param setup - what each thread needs before its first job
 */
export function startThreads<Setup, Job extends ProgrammedJob, Result>(
  program: string,
  workers: number,
  setup: () => Setup,
): ThreadBackend<Job, Result> | undefined {
  const threads: WorkerThread[] = [];
  const count = Math.min(workers, platform.parallelism());
  for (let i = 0; count > 1 && i < count; i++) {
    const thread = platform.spawnWorker(program);
    if (thread) threads.push(thread);
  }
  return threads.length > 0 ? new ThreadBackend(threads, createSender(setup())) : undefined;
}

interface Waiting<Job, Result> {
  readonly job: Job;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: Error) => void;
}

/** A thread, and the batches that it was sent and has not answered, in order. */
interface Worker<Job, Result> {
  readonly thread: WorkerThread;
  readonly send: (jobs: readonly Job[]) => void;
  readonly batches: (readonly Waiting<Job, Result>[])[];
  /** When it began the first of its batches. */
  began: number;
  /** Milliseconds that a job of its last batch took. */
  took: number;
}

/**
 * Milliseconds of work in a batch of short jobs, and in the batch that waits behind it: a message for each job would cost
 * a good part of a short one. A longer job is sent alone, since it must not wait for one thread while another is idle.
 */
const BATCH = 20;
/** The most jobs in a batch, where the clock is too coarse to time them. */
const MOST_JOBS = 16;

export class ThreadBackend<Job, Result> implements DroppingBackend<Job, Result> {
  readonly concurrency: number;
  private readonly workers: Worker<Job, Result>[];
  private readonly queue: Waiting<Job, Result>[] = [];

  /** @param introduce - sets a thread up; each batch that is sent afterwards is answered by a list of outcomes */
  constructor(threads: readonly WorkerThread[], introduce: Introduce<Job>) {
    this.concurrency = threads.length;
    this.workers = threads.map((thread) => ({
      thread,
      send: introduce((message) => thread.post(message)),
      batches: [],
      began: 0,
      took: Number.POSITIVE_INFINITY,
    }));
    for (const worker of this.workers) {
      worker.thread.onMessage((message) => this.finish(worker, message as readonly Outcome<Result>[]));
      worker.thread.onFailure((error) => this.lose(worker, error));
    }
  }

  run(job: Job): Promise<Result> {
    if (this.workers.length === 0) {
      return Promise.reject(
        new FettleError("internal", "all worker threads were lost; none is left to do a job"),
      );
    }
    return new Promise((resolve, reject) => {
      this.queue.push({ job, resolve, reject });
      this.assign();
    });
  }

  drop(reason: Error): void {
    for (const { reject } of this.queue.splice(0)) reject(reason);
  }

  /** Releases idle threads for other backends, and ends those that are running a job. */
  async close(): Promise<void> {
    await Promise.all(
      this.workers.map(({ thread, batches }) =>
        batches.length === 0 ? thread.release() : thread.terminate(),
      ),
    );
  }

  private assign(): void {
    for (const ahead of [0, 1]) {
      for (const worker of this.workers) {
        if (worker.batches.length > ahead || (ahead > 0 && worker.took > BATCH)) continue;
        const size = Math.min(MOST_JOBS, Math.max(1, Math.floor(BATCH / worker.took)));
        const batch = this.queue.splice(0, size);
        if (batch.length > 0) this.send(worker, batch);
      }
    }
  }

  private send(worker: Worker<Job, Result>, batch: readonly Waiting<Job, Result>[]): void {
    if (worker.batches.length === 0) worker.began = platform.now();
    worker.batches.push(batch);
    worker.send(batch.map(({ job }) => job));
  }

  private finish(worker: Worker<Job, Result>, outcomes: readonly Outcome<Result>[]): void {
    const batch = worker.batches.shift() ?? [];
    const now = platform.now();
    worker.took = (now - worker.began) / batch.length;
    worker.began = now;
    batch.forEach((waiting, i) => {
      const outcome = outcomes[i];
      if ("result" in outcome) waiting.resolve(outcome.result);
      else waiting.reject(new FettleError(outcome.error.code, outcome.error.message));
    });
    this.assign();
  }

  /** A thread ended. Others do its jobs, to the same bits; the last one takes all waiting jobs with it. */
  private lose(worker: Worker<Job, Result>, error: Error): void {
    if (!this.workers.includes(worker)) return;
    this.workers.splice(this.workers.indexOf(worker), 1);
    this.queue.unshift(...worker.batches.flat());
    if (this.workers.length > 0) {
      this.assign();
      return;
    }
    for (const { reject } of this.queue.splice(0)) {
      reject(
        new FettleError("internal", `the last worker thread was lost: ${error.message}`, { cause: error }),
      );
    }
  }
}

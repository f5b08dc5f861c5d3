/**
 * A backend of threads. A lost thread is replaced, and its jobs run again. A job that cannot be sent is
 * refused, and occupies no thread. The caller defines jobs and the setup of a thread.
 */
import { platform } from "#platform";
import { FettleError, isA, messageOf } from "../errors.js";
import type { WorkerThread } from "../platform/platform.js";
import type { DroppingBackend, JobControl, Outcome } from "./backend.js";
import { createSender, type Introduce, type JobProgress, type ProgrammedJob, READY } from "./protocol.js";
import { unsendable } from "./sendable.js";

/**
 * Threads that run `program`; undefined if one worker is enough, or the host has no threads.
 *
 * @param program - one of `dist/node/`, which calls `serveJobs`
 * @param workers - the requested number. At most one per core starts: more would only take memory
 * @param setup - the data for each thread before its first job
 * @throws FettleError `invalid_argument` for a setup that cannot be copied to a thread, naming the part
 */
export function startThreads<Setup, Job extends ProgrammedJob, Result, Progress = never>(
  program: string,
  workers: number,
  setup: () => Setup,
): ThreadBackend<Job, Result, Progress> | undefined {
  const threads: WorkerThread[] = [];
  const count = Math.min(workers, platform.parallelism());
  let given: Setup | undefined;
  try {
    for (let i = 0; count > 1 && i < count; i++) {
      const thread = platform.spawnWorker(program);
      if (thread) threads.push(thread);
    }
    if (threads.length === 0) return undefined;
    given = setup();
    return new ThreadBackend(threads, createSender(given), () => platform.spawnWorker(program));
  } catch (error) {
    for (const thread of threads) void thread.terminate();
    throw isA(error, FettleError) ? error : unsendable("setup", given, error);
  }
}

interface Waiting<Job, Result, Progress> {
  readonly job: Job;
  readonly control: JobControl | undefined;
  readonly onProgress: ((progress: Progress) => void) | undefined;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: Error) => void;
  /** The number of threads lost while they ran this job, or one of its batch. */
  kills: number;
  /** Whether a batch that contained it could not be sent. */
  suspect: boolean;
}

/** A thread, and its unanswered batches, in order. */
interface Worker<Job, Result, Progress> {
  readonly thread: WorkerThread;
  readonly send: (jobs: readonly Job[]) => void;
  readonly batches: (readonly Waiting<Job, Result, Progress>[])[];
  /** Whether it has been set up: no job is to blame for a thread that is lost before. */
  ready: boolean;
  /** When it started the first of its batches. */
  began: number;
  /** Milliseconds that a job of its last batch took. */
  took: number;
}

/**
 * Milliseconds of work in a batch of short jobs, and in the batch queued behind it: a message per job would
 * cost a good part of a short one. A longer job is sent alone, so that it does not wait for one thread while
 * another is idle.
 */
const BATCH = 20;
/** The most jobs in a batch, if the clock is too coarse to time them. */
const MOST_JOBS = 16;
/** The most threads that one job may cost. */
const KILLS = 3;
/** The consecutive threads that may be lost before they are set up; then no more are started. */
const STARTS = 3;

/**
 * Whether a job is sent alone, so that a failure of its thread is its own: it may have cost a thread or its
 * batch, or its time is limited.
 */
const isAlone = ({
  kills,
  suspect,
  control,
}: Pick<Waiting<unknown, unknown, never>, "kills" | "suspect" | "control">): boolean =>
  kills > 0 || suspect || control !== undefined;

export class ThreadBackend<Job, Result, Progress = never> implements DroppingBackend<Job, Result, Progress> {
  readonly concurrency: number;
  /** Why no thread is left, and none can be started. */
  lost: Error | undefined;
  private readonly workers: Worker<Job, Result, Progress>[] = [];
  private readonly queue: Waiting<Job, Result, Progress>[] = [];
  private failedStarts = 0;
  private closed = false;

  /**
   * @param introduce - sets up a thread; it answers `READY`, and then each batch with a list of outcomes,
   * which `JobProgress` of its jobs may precede
   * @param spawn - starts another thread
   */
  constructor(
    threads: readonly WorkerThread[],
    private readonly introduce: Introduce<Job>,
    private readonly spawn: () => WorkerThread | undefined,
  ) {
    this.concurrency = threads.length;
    for (const thread of threads) this.add(thread);
  }

  run(job: Job, control?: JobControl, onProgress?: (progress: Progress) => void): Promise<Result> {
    if (this.lost) return Promise.reject(this.lost);
    return new Promise((resolve, reject) => {
      this.queue.push({ job, control, onProgress, resolve, reject, kills: 0, suspect: false });
      this.assign();
    });
  }

  drop(reason: Error): void {
    for (const { reject } of this.queue.splice(0)) reject(reason);
  }

  /** Ends a thread that runs a job of the group, and returns its other jobs to the queue. */
  cancel(group: object, reason: Error): void {
    const isOurs = ({ control }: Waiting<Job, Result, Progress>): boolean => control?.group === group;
    for (const worker of [...this.workers]) {
      const sent = worker.batches.flat();
      if (!sent.some(isOurs)) continue;
      this.workers.splice(this.workers.indexOf(worker), 1);
      void worker.thread.terminate();
      this.queue.unshift(...sent);
    }
    const all = this.queue.splice(0);
    this.queue.push(...all.filter((waiting) => !isOurs(waiting)));
    for (const { reject } of all.filter(isOurs)) reject(reason);
    this.assign();
  }

  /** Releases idle threads for other backends, and ends those that are running a job. */
  async close(): Promise<void> {
    this.closed = true;
    await Promise.all(
      this.workers.map(({ thread, batches }) =>
        batches.length === 0 ? thread.release() : thread.terminate(),
      ),
    );
  }

  private add(thread: WorkerThread): void {
    const worker: Worker<Job, Result, Progress> = {
      thread,
      send: this.setUp(thread),
      batches: [],
      ready: false,
      began: 0,
      took: Number.POSITIVE_INFINITY,
    };
    this.workers.push(worker);
    thread.onMessage((message) => {
      if (Array.isArray(message)) return this.finish(worker, message as readonly Outcome<Result>[]);
      if (message !== READY) {
        const { job, progress } = message as JobProgress<Progress>;
        return worker.batches[0]?.[job]?.onProgress?.(progress);
      }
      worker.ready = true;
      this.failedStarts = 0;
      this.begin(worker);
    });
    thread.onFailure((error) => this.lose(worker, error));
  }

  /** @throws the error of `post`, once the thread has ended */
  private setUp(thread: WorkerThread): (jobs: readonly Job[]) => void {
    try {
      return this.introduce((message) => thread.post(message));
    } catch (error) {
      void thread.terminate();
      throw error;
    }
  }

  /** Replaces lost threads if there is work for them. */
  private replace(): void {
    let idle = this.workers.filter(({ batches }) => batches.length === 0).length;
    while (
      !this.closed &&
      this.workers.length < this.concurrency &&
      idle < this.queue.length &&
      this.failedStarts < STARTS
    ) {
      try {
        const thread = this.spawn();
        if (!thread) throw new Error("the host starts no more threads");
        this.add(thread);
        idle++;
      } catch (error) {
        this.failedStarts++;
        this.giveUp(error);
      }
    }
  }

  private assign(): void {
    this.replace();
    while (!this.handOut());
  }

  /** @returns false if a batch could not be sent, so that its thread is still free */
  private handOut(): boolean {
    let sent = true;
    for (const ahead of [0, 1]) {
      for (const worker of this.workers) {
        if (worker.batches.length > ahead || (ahead > 0 && worker.took > BATCH)) continue;
        if (ahead > 0 && worker.batches[0]?.some(isAlone)) continue;
        const alone = this.queue.findIndex(isAlone);
        if (ahead > 0 && alone === 0) continue;
        const size = Math.min(MOST_JOBS, Math.max(1, Math.floor(BATCH / worker.took)));
        const batch = this.queue.splice(0, alone < 0 ? size : Math.max(1, Math.min(size, alone)));
        if (batch.length > 0) sent = this.send(worker, batch) && sent;
      }
    }
    return sent;
  }

  private send(
    worker: Worker<Job, Result, Progress>,
    batch: readonly Waiting<Job, Result, Progress>[],
  ): boolean {
    try {
      worker.send(batch.map(({ job }) => job));
    } catch (error) {
      this.refuse(batch, error);
      return false;
    }
    worker.batches.push(batch);
    if (worker.batches.length === 1) this.begin(worker);
    return true;
  }

  /** Jobs that could not be sent: a single one is refused, and those of a batch are tried one by one. */
  private refuse(batch: readonly Waiting<Job, Result, Progress>[], error: unknown): void {
    if (batch.length > 1) {
      for (const waiting of batch) waiting.suspect = true;
      this.queue.unshift(...batch);
      return;
    }
    const [{ job, reject }] = batch;
    // programs are sent without their graphs
    reject(unsendable("job", { ...job, programs: undefined }, error));
  }

  /** A worker starts the first of its batches; a new one does so once it is ready. */
  private begin(worker: Worker<Job, Result, Progress>): void {
    worker.began = platform.now();
    if (worker.ready) for (const { control } of worker.batches[0] ?? []) control?.onBegin();
  }

  private finish(worker: Worker<Job, Result, Progress>, outcomes: readonly Outcome<Result>[]): void {
    const batch = worker.batches.shift();
    if (!batch) return;
    worker.took = (platform.now() - worker.began) / batch.length;
    this.begin(worker);
    batch.forEach((waiting, i) => {
      const outcome = outcomes[i];
      if ("result" in outcome) waiting.resolve(outcome.result);
      else waiting.reject(new FettleError(outcome.error.code, outcome.error.message));
    });
    this.assign();
  }

  /**
   * A thread ended. Its jobs run again with the same results bit for bit, except one that has cost too many
   * threads.
   */
  private lose(worker: Worker<Job, Result, Progress>, error: Error): void {
    if (this.closed || !this.workers.includes(worker)) return;
    this.workers.splice(this.workers.indexOf(worker), 1);
    void worker.thread.terminate(); // a thread that sent an unreadable message still runs
    const [running = []] = worker.batches;
    if (worker.ready) for (const waiting of running) waiting.kills++;
    this.failedStarts = worker.ready ? 0 : this.failedStarts + 1;
    const sent = worker.batches.flat();
    this.queue.unshift(...sent.filter(({ kills }) => kills < KILLS));
    for (const { kills, reject } of sent) {
      if (kills < KILLS) continue;
      const message = `the worker thread of this training was lost, ${KILLS} times: ${messageOf(error)}`;
      reject(new FettleError("internal", message, { cause: error }));
    }
    this.giveUp(error);
    this.assign();
  }

  /** If the last available thread is lost, all waiting jobs fail. */
  private giveUp(error: unknown): void {
    if (this.workers.length > 0 || this.failedStarts < STARTS) return;
    const message = `the last worker thread was lost: ${messageOf(error)}`;
    this.lost = new FettleError("internal", message, { cause: error });
    this.drop(this.lost);
  }
}

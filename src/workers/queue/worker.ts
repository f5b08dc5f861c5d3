/** The loop of a worker: takes jobs of a queue, shows that it is alive while it does them, and tells their outcomes. */
import { platform } from "#platform";
import { checkOptions, FettleError, messageOf, must, mustBeInteger, type OptionNames } from "../../errors.js";
import { Pause, type Sleep, sleepOfHost } from "./pause.js";
import { type JobQueue, LEASE, type Lease } from "./queue.js";

/** Turns the payload of a job into its outcome. What it throws counts as an attempt that has failed. */
export type DoJob = (payload: Uint8Array, job: Pick<Lease, "name" | "attempt">) => Promise<Uint8Array>;

/** How a worker works. */
export interface RunWorkerOptions {
  /** Jobs that it does side by side. Default 1. */
  readonly jobs?: number;
  /** Milliseconds between signs of life; a third of the queue's `lease` or less. Default 10,000. */
  readonly heartbeat?: number;
  /** Milliseconds that a job may take; one that takes longer has failed, and the worker goes on without waiting for it. Default no limit. */
  readonly jobTimeout?: number;
  /** Milliseconds between two looks at a queue that has nothing, at most. Default 250. */
  readonly poll?: number;
  /** Whether it waits for the next study where nobody runs one. Default false: it ends. */
  readonly wait?: boolean;
  /** Once `aborted`, the worker takes no more jobs, finishes those that it has, and ends. */
  readonly signal?: { readonly aborted: boolean };
  /** Milliseconds for which it goes on trying where the queue fails, such as while its server starts again. Default 60,000. */
  readonly patience?: number;
  /** Called with each error of the queue that it goes on after. */
  readonly onError?: (error: unknown) => void;
  /** A clock in milliseconds. Default the host's. */
  readonly clock?: () => number;
  /** Resolves after so many milliseconds. Default the host's timer. */
  readonly sleep?: (milliseconds: number) => Promise<void>;
}

const OPTIONS: OptionNames<RunWorkerOptions> = {
  ...{ jobs: true, heartbeat: true, jobTimeout: true, poll: true, wait: true, signal: true },
  ...{ patience: true, onError: true, clock: true, sleep: true },
};

/** What a worker has done. */
export interface WorkerReport {
  /** Jobs whose outcome it told. */
  readonly done: number;
  /** Jobs that it could not do. */
  readonly failed: number;
}

/**
 * Does jobs of a queue until nobody runs its study any more. A worker that ends at once, or is killed, costs nothing but time: its
 * jobs are handed out again.
 *
 * @returns how many jobs it did
 * @throws FettleError `invalid_argument`, `unknown_name` for invalid options; what the queue throws for longer than `patience`
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
  checkOptions(options, "runWorker", OPTIONS);
  must(typeof doJob === "function", "doJob", "a function of the payload of a job", doJob);
  const { jobs = 1, heartbeat = LEASE / 3, jobTimeout, poll = 250, patience = 60_000 } = options;
  for (const [name, value] of Object.entries({ jobs, heartbeat, poll })) mustBeInteger(name, value);
  mustBeInteger("patience", patience, 0);
  if (jobTimeout !== undefined) mustBeInteger("jobTimeout", jobTimeout);
  return new Worker(queue, doJob, { ...options, jobs, heartbeat, poll, patience }).run();
}

type Settings = RunWorkerOptions &
  Required<Pick<RunWorkerOptions, "jobs" | "heartbeat" | "poll" | "patience">>;

/** A job that is being done. */
interface Running {
  readonly lease: Lease;
  readonly began: number;
  /** When the worker last showed that it is alive. */
  shown: number;
  /** Gives it up. */
  readonly end: (reason: Error) => void;
}

class Worker {
  private readonly running = new Set<Running>();
  private readonly pause: Pause;
  private readonly sleep: Sleep;
  private readonly clock: () => number;
  private done = 0;
  private failed = 0;
  /** Since when the queue has failed. */
  private failing: number | undefined;

  constructor(
    private readonly queue: JobQueue,
    private readonly doJob: DoJob,
    private readonly settings: Settings,
  ) {
    const { poll, sleep = sleepOfHost, clock = () => platform.now() } = settings;
    this.pause = new Pause(poll, sleep);
    this.sleep = sleep;
    this.clock = clock;
  }

  async run(): Promise<WorkerReport> {
    const { jobs, signal, wait = false } = this.settings;
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

  /** @returns nothing where the queue failed, and will be tried again */
  private async take(room: number): Promise<readonly Lease[] | undefined> {
    try {
      const taken = await this.queue.take(room);
      this.failing = undefined;
      return taken;
    } catch (error) {
      const now = this.clock();
      this.failing ??= now;
      if (now - this.failing >= this.settings.patience) throw error;
      this.settings.onError?.(error);
      return [];
    }
  }

  private begin(lease: Lease): void {
    const now = this.clock();
    let end = (_: Error): void => {};
    const given = new Promise<never>((_, reject) => {
      end = reject;
    });
    const running: Running = { lease, began: now, shown: now, end };
    this.running.add(running);
    void this.work(lease, given)
      .catch((error: unknown) => this.settings.onError?.(error)) // its lease will be over, and the job handed out again
      .finally(() => {
        this.running.delete(running);
        this.pause.reset();
        this.pause.end();
      });
  }

  /** @param given - rejects when the job is given up */
  private async work(lease: Lease, given: Promise<never>): Promise<void> {
    let outcome: Uint8Array;
    try {
      const job = (async () => this.doJob(lease.payload, lease))();
      outcome = await Promise.race([job, given]);
    } catch (error) {
      this.failed++;
      await lease.fail(messageOf(error));
      return;
    }
    await this.insist(() => lease.complete(outcome));
    this.done++;
  }

  /** Shows that the worker is alive, and gives up what takes too long. */
  private watch(): void {
    const { heartbeat, jobTimeout = Number.POSITIVE_INFINITY } = this.settings;
    const now = this.clock();
    for (const running of this.running) {
      if (now - running.began >= jobTimeout) {
        const message = `the job took longer than ${jobTimeout / 1000} s, which is its limit`;
        running.end(new FettleError("time_limit", message));
      } else if (now - running.shown >= heartbeat) {
        running.shown = now;
        void running.lease.extend().catch(() => {}); // the next may succeed
      }
    }
  }

  /** Tries again where the queue fails: what a job has cost is not to be lost. */
  private async insist(tell: () => Promise<void>): Promise<void> {
    const { poll, patience, onError } = this.settings;
    const began = this.clock();
    for (;;) {
      try {
        await tell();
        return;
      } catch (error) {
        if (this.clock() - began >= patience) throw error;
        onError?.(error);
        await this.sleep(poll);
      }
    }
  }
}

/**
 * The side of a queue where a study runs: hands out jobs, a bounded number at a time, and accepts the outcome
 * of each once. Lost jobs are put again, so delivery of at least once is enough.
 */
import { platform } from "#platform";
import { FettleError, isA, messageOf } from "../../errors.js";
import { Leases } from "../../leases.js";
import { Pause, type Sleep } from "./pause.js";
import type { EndedJob, JobQueue, QueuedJob } from "./queue.js";

/** Options of a dispatcher. */
export interface DispatchOptions {
  /** The most jobs in the queue at a time. Default 64. */
  readonly inFlight?: number;
  /** The most milliseconds between two polls of the outcomes. Default 100. */
  readonly poll?: number;
  /**
   * Milliseconds after which a job without an outcome is put again, in case the queue has lost it. Default
   * 30,000.
   */
  readonly again?: number;
  /** Milliseconds for which a queue may fail before the study stops. Default 60,000. */
  readonly patience?: number;
  readonly clock?: () => number;
  readonly sleep?: Sleep;
}

interface Waiting {
  readonly job: QueuedJob;
  /** The group to cancel it with. */
  readonly group: object | undefined;
  onPut?: (() => void) | undefined;
  readonly resolve: (outcome: Uint8Array) => void;
  readonly reject: (error: Error) => void;
}

export class Dispatcher {
  readonly inFlight: number;
  /** Why it can no longer run jobs. */
  lost: FettleError | undefined;
  private readonly waiting = new Map<string, Waiting>();
  /** Outcomes left by an earlier process, by the names of the jobs; undefined before the first poll. */
  private left: Map<string, EndedJob> | undefined;
  /** Jobs to remove from the queue. */
  private readonly over = new Set<string>();
  private readonly pause: Pause;
  private readonly clock: () => number;
  /** The jobs that the queue has. */
  private readonly inQueue: Leases<string>;
  private readonly patience: number;
  private readonly loop: Promise<void>;
  private isClosed = false;

  constructor(
    private readonly queue: JobQueue,
    { inFlight = 64, poll = 100, again = 30_000, patience = 60_000, clock, sleep }: DispatchOptions = {},
  ) {
    this.inFlight = inFlight;
    this.patience = patience;
    this.clock = clock ?? (() => platform.now());
    this.inQueue = new Leases(again, this.clock);
    this.pause = new Pause(poll, sleep);
    this.loop = this.run();
  }

  /**
   * @param onPut - called when it enters the queue
   * @returns its outcome
   * @throws FettleError `trial_failed` for a job whose attempts have all failed; the reason of a
   * cancellation; `store_failed` once the queue is lost, `not_found` if its study was deleted
   */
  do(job: QueuedJob, group?: object, onPut?: () => void): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      if (this.lost) {
        reject(this.lost);
        return;
      }
      this.waiting.set(job.name, { job, group, resolve, reject, onPut });
      this.pause.end();
    });
  }

  /** Cancels the jobs of a group. */
  cancel(group: object, reason: Error): void {
    for (const [name, { group: own, reject }] of this.waiting)
      if (own === group) this.settle(name, () => reject(reason));
  }

  /** Ends the queue, which its workers notice. */
  async close(): Promise<void> {
    this.isClosed = true;
    this.pause.end();
    await this.loop;
    this.rejectAll(new FettleError("aborted", "the queue was closed"));
    // workers of a queue that cannot be ended notice that no process runs the study
    if (!this.lost) await this.queue.end().catch(() => {});
  }

  private async run(): Promise<void> {
    let failing: number | undefined;
    while (!this.isClosed && !this.lost) {
      try {
        if (await this.turn()) this.pause.reset();
        failing = undefined;
      } catch (error) {
        const now = this.clock();
        failing ??= now;
        // the study was deleted, and its queue with it
        const isGone = isA(error, FettleError) && error.code === "not_found";
        if (!isGone && now - failing < this.patience) {
          await this.pause.wait();
          continue;
        }
        const message = `the queue has failed for ${this.patience / 1000} s: ${messageOf(error)}`;
        this.lost = isGone ? error : new FettleError("store_failed", message, { cause: error });
        this.rejectAll(this.lost);
      }
      await this.pause.wait();
    }
  }

  /** @returns whether anything changed */
  private async turn(): Promise<boolean> {
    this.left ??= await this.leftovers();
    const before = [...this.waiting.keys()].flatMap((name) => this.left?.get(name) ?? []);
    const ended = [...before, ...(await this.queue.ended())];
    for (const end of ended) {
      const found = this.waiting.get(end.name);
      this.left.delete(end.name);
      this.settle(end.name, () => {
        if ("outcome" in end) found?.resolve(end.outcome);
        else found?.reject(new FettleError("trial_failed", end.error));
      });
    }
    const over = [...this.over];
    await this.queue.remove(over);
    for (const name of over) this.over.delete(name);
    // settled callers submit their next jobs first
    if (ended.length > 0) await Promise.resolve();
    const due = this.due();
    await this.queue.put(due.map(({ job }) => job));
    for (const each of due) {
      this.inQueue.give(each.job.name, "queue");
      each.onPut?.();
      each.onPut = undefined;
    }
    return ended.length > 0 || due.length > 0;
  }

  /**
   * Takes earlier outcomes from the queue before anything is put. Failed jobs are excluded and get another
   * chance.
   */
  private async leftovers(): Promise<Map<string, EndedJob>> {
    const left = new Map<string, EndedJob>();
    for (;;) {
      const ended = await this.queue.ended();
      if (ended.length === 0) return left;
      for (const end of ended) if ("outcome" in end) left.set(end.name, end);
      await this.queue.remove(ended.map(({ name }) => name));
    }
  }

  /**
   * The jobs to put: those put too long ago, and as many others as fit, the most urgent first.
   */
  private due(): Waiting[] {
    const isIn = ({ job }: Waiting): boolean => this.inQueue.of(job.name) !== undefined;
    const all = [...this.waiting.values()];
    const old = all.filter((each) => isIn(each) && this.inQueue.isFree(each.job.name));
    const fresh = all
      .filter((each) => !isIn(each))
      .sort(({ job: a }, { job: b }) => (b.priority ?? 0) - (a.priority ?? 0));
    return [...old, ...fresh.slice(0, Math.max(0, this.inFlight - this.inQueue.size))];
  }

  private settle(name: string, tell: () => void): void {
    this.waiting.delete(name);
    this.inQueue.end(name);
    this.over.add(name);
    tell();
  }

  private rejectAll(reason: Error): void {
    for (const [name, { reject }] of this.waiting) this.settle(name, () => reject(reason));
  }
}

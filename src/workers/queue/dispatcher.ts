/**
 * The side of a queue where a study runs: hands out jobs, a bounded number at a time, and takes the outcome of each once. Whatever is
 * lost on the way is put again, so a queue need not be more than at least once.
 */
import { platform } from "#platform";
import { FettleError, messageOf } from "../../errors.js";
import { Pause, type Sleep } from "./pause.js";
import type { EndedJob, JobQueue, QueuedJob } from "./queue.js";

/** How jobs are handed out. */
export interface DispatchOptions {
  /** How many are in the queue at a time. Default 64. */
  readonly inFlight?: number;
  /** Milliseconds between two looks at the outcomes, at most. Default 100. */
  readonly poll?: number;
  /** Milliseconds after which a job without an outcome is put again, in case that the queue has lost it. Default 30,000. */
  readonly again?: number;
  /** Milliseconds for which a queue may fail until the study is stopped. Default 60,000. */
  readonly patience?: number;
  readonly clock?: () => number;
  readonly sleep?: Sleep;
}

interface Waiting {
  readonly job: QueuedJob;
  /** What it is called off with. */
  readonly group: object | undefined;
  /** When it was put last. */
  put?: number;
  onPut?: (() => void) | undefined;
  readonly resolve: (outcome: Uint8Array) => void;
  readonly reject: (error: Error) => void;
}

export class Dispatcher {
  readonly inFlight: number;
  /** Why it can do no more jobs. */
  lost: FettleError | undefined;
  private readonly waiting = new Map<string, Waiting>();
  /** What an earlier process that ran the study has left, by the names of the jobs; undefined until it was looked for. */
  private left: Map<string, EndedJob> | undefined;
  /** Jobs to take out of the queue. */
  private readonly over = new Set<string>();
  private readonly pause: Pause;
  private readonly clock: () => number;
  private readonly again: number;
  private readonly patience: number;
  private readonly loop: Promise<void>;
  private isClosed = false;

  constructor(
    private readonly queue: JobQueue,
    { inFlight = 64, poll = 100, again = 30_000, patience = 60_000, clock, sleep }: DispatchOptions = {},
  ) {
    this.inFlight = inFlight;
    this.again = again;
    this.patience = patience;
    this.clock = clock ?? (() => platform.now());
    this.pause = new Pause(poll, sleep);
    this.loop = this.run();
  }

  /**
   * @param onPut - called when it enters the queue
   * @returns its outcome
   * @throws FettleError `trial_failed` for a job whose attempts have all failed; why it was called off; `store_failed` once the queue is lost
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

  /** Calls off the jobs of a group. */
  cancel(group: object, reason: Error): void {
    for (const [name, { group: own, reject }] of this.waiting)
      if (own === group) this.settle(name, () => reject(reason));
  }

  /** Ends the queue: its workers are told. */
  async close(): Promise<void> {
    this.isClosed = true;
    this.pause.end();
    await this.loop;
    this.rejectAll(new FettleError("aborted", "the queue was closed"));
    // workers of a queue that cannot be ended see that nobody runs the study
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
        if (now - failing < this.patience) {
          await this.pause.wait();
          continue;
        }
        const message = `the queue has failed for ${this.patience / 1000} s: ${messageOf(error)}`;
        this.lost = new FettleError("store_failed", message, { cause: error });
        this.rejectAll(this.lost);
      }
      await this.pause.wait();
    }
  }

  /** @returns whether something has happened */
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
    // what was settled asks for its next jobs first
    if (ended.length > 0) await Promise.resolve();
    const due = this.due();
    await this.queue.put(due.map(({ job }) => job));
    for (const each of due) {
      each.put = this.clock();
      each.onPut?.();
      each.onPut = undefined;
    }
    return ended.length > 0 || due.length > 0;
  }

  /** Takes outcomes out of the queue that are there before anything was put. Without their errors, whose jobs deserve another chance. */
  private async leftovers(): Promise<Map<string, EndedJob>> {
    const left = new Map<string, EndedJob>();
    for (;;) {
      const ended = await this.queue.ended();
      if (ended.length === 0) return left;
      for (const end of ended) if ("outcome" in end) left.set(end.name, end);
      await this.queue.remove(ended.map(({ name }) => name));
    }
  }

  /** The jobs to put: those that were put too long ago, and as many others as there is room for, the most urgent first. */
  private due(): Waiting[] {
    const now = this.clock();
    const all = [...this.waiting.values()];
    const old = all.filter(({ put }) => put !== undefined && now - put >= this.again);
    const room = this.inFlight - all.filter(({ put }) => put !== undefined).length;
    const fresh = all
      .filter(({ put }) => put === undefined)
      .sort(({ job: a }, { job: b }) => (b.priority ?? 0) - (a.priority ?? 0));
    return [...old, ...fresh.slice(0, Math.max(0, room))];
  }

  private settle(name: string, tell: () => void): void {
    this.waiting.delete(name);
    this.over.add(name);
    tell();
  }

  private rejectAll(reason: Error): void {
    for (const [name, { reject }] of this.waiting) this.settle(name, () => reject(reason));
  }
}

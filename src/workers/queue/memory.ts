/** A queue in memory, for workers of one process, and the reference implementation of a queue. */
import { platform } from "#platform";
import { clockOf } from "../../errors.js";
import { Leases } from "../../leases.js";
import { readOptions } from "../../rules.js";
import {
  type EndedJob,
  type JobQueue,
  type Lease,
  MOST_ENDED,
  QUEUE_RULES,
  type QueuedJob,
  type QueueOptions,
  type QueueSettings,
  workersLost,
} from "./queue.js";

interface Entry {
  readonly job: QueuedJob;
  attempt: number;
  /** Changes with each heartbeat. */
  beat: number;
  /** Its current lease. */
  holder?: object | undefined;
  ended?: EndedJob;
}

/**
 * A queue in memory.
 *
 * @throws FettleError `invalid_argument`, `unknown_name` for invalid options
 * @example
 * ```ts
 * const queue = memoryQueue();
 * await queue.put([{ name: "0/0", payload: new Uint8Array([2]) }]);
 * const [lease] = (await queue.take(1)) ?? [];
 * await lease.complete(lease.payload.map((byte) => byte * byte));
 * (await queue.ended()).map(({ name }) => name); // ["0/0"]
 * ```
 */
export function memoryQueue(options: QueueOptions = {}): JobQueue {
  return queueOver(noJobs(), options);
}

/** What the queues of one study share. */
export interface MemoryJobs {
  readonly entries: Map<string, Entry>;
  /** Whether a process runs the study. */
  isOpen: boolean;
}

export const noJobs = (): MemoryJobs => ({ entries: new Map(), isOpen: false });

/** A queue with its own options over shared jobs. @throws FettleError as {@link memoryQueue} */
export const queueOver = (jobs: MemoryJobs, options: QueueOptions): JobQueue =>
  new MemoryQueue(jobs, readOptions(options, "memoryQueue", QUEUE_RULES));

class MemoryQueue implements JobQueue {
  private readonly watch: Leases<string>;
  private readonly attempts: number;

  constructor(
    private readonly jobs: MemoryJobs,
    { lease, attempts, clock }: QueueSettings,
  ) {
    this.watch = new Leases(
      lease,
      clockOf(clock, () => platform.now()),
    );
    this.attempts = attempts;
  }

  async put(jobs: readonly QueuedJob[]) {
    this.jobs.isOpen = true;
    for (const job of jobs) {
      if (this.jobs.entries.has(job.name)) continue;
      this.jobs.entries.set(job.name, {
        job: { ...job, payload: new Uint8Array(job.payload) },
        attempt: 0,
        beat: 0,
      });
    }
  }

  async take(most: number) {
    if (!this.jobs.isOpen) return undefined;
    const waiting = [...this.jobs.entries.values()].filter(({ holder, ended }) => !holder && !ended);
    return waiting
      .sort(({ job: a }, { job: b }) => (b.priority ?? 0) - (a.priority ?? 0))
      .slice(0, most)
      .map((entry) => this.leaseOf(entry));
  }

  async ended() {
    this.jobs.isOpen = true;
    const held = [...this.jobs.entries].filter(([, { holder, ended }]) => holder && !ended);
    const signs = new Map(held.map(([name, { attempt, beat }]) => [name, `${attempt}/${beat}`]));
    for (const name of this.watch.overdue(signs))
      this.giveBack(this.jobs.entries.get(name) as Entry, workersLost(this.attempts));
    return [...this.jobs.entries.values()].flatMap(({ ended }) => ended ?? []).slice(0, MOST_ENDED);
  }

  async remove(names: readonly string[]) {
    for (const name of names) this.jobs.entries.delete(name);
  }

  async end() {
    this.jobs.isOpen = false;
    this.jobs.entries.clear();
  }

  async close() {}

  private leaseOf(entry: Entry): Lease {
    const { name, payload } = entry.job;
    const holder = {};
    entry.holder = holder;
    entry.attempt++;
    const isOwn = (): boolean =>
      this.jobs.entries.get(name) === entry && entry.holder === holder && !entry.ended;
    return {
      name,
      payload: new Uint8Array(payload),
      attempt: entry.attempt,
      async extend() {
        if (isOwn()) entry.beat++;
        return isOwn();
      },
      complete: async (outcome) => {
        // of the first worker, even one that was given up
        const now = this.jobs.entries.get(name);
        if (now && !now.ended) now.ended = { name, outcome: new Uint8Array(outcome) };
      },
      fail: async (reason) => {
        if (isOwn()) this.giveBack(entry, reason);
      },
      async release() {
        if (!isOwn()) return;
        entry.attempt--;
        entry.beat++;
        entry.holder = undefined;
      },
    };
  }

  private giveBack(entry: Entry, error: string): void {
    entry.holder = undefined;
    if (entry.attempt >= this.attempts) entry.ended = { name: entry.job.name, error };
  }
}

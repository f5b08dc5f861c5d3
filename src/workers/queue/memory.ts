/** A queue in memory, for workers of one process, and the reference implementation of a queue. */
import { platform } from "#platform";
import { clockOf } from "../../errors.js";
import { readOptions } from "../../rules.js";
import { LeaseWatch } from "./leases.js";
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
  return new MemoryQueue(readOptions(options, "memoryQueue", QUEUE_RULES));
}

class MemoryQueue implements JobQueue {
  private readonly entries = new Map<string, Entry>();
  private readonly watch: LeaseWatch;
  private readonly attempts: number;
  private isOpen = false;

  constructor({ lease, attempts, clock }: QueueSettings) {
    this.watch = new LeaseWatch(
      lease,
      clockOf(clock, () => platform.now()),
    );
    this.attempts = attempts;
  }

  async put(jobs: readonly QueuedJob[]) {
    this.isOpen = true;
    for (const job of jobs) {
      if (this.entries.has(job.name)) continue;
      this.entries.set(job.name, {
        job: { ...job, payload: new Uint8Array(job.payload) },
        attempt: 0,
        beat: 0,
      });
    }
  }

  async take(most: number) {
    if (!this.isOpen) return undefined;
    const waiting = [...this.entries.values()].filter(({ holder, ended }) => !holder && !ended);
    return waiting
      .sort(({ job: a }, { job: b }) => (b.priority ?? 0) - (a.priority ?? 0))
      .slice(0, most)
      .map((entry) => this.leaseOf(entry));
  }

  async ended() {
    this.isOpen = true;
    const held = [...this.entries].filter(([, { holder, ended }]) => holder && !ended);
    const signs = held.map(([name, { attempt, beat }]) => [name, `${attempt}/${beat}`] as const);
    for (const name of this.watch.overdue(signs))
      this.giveBack(this.entries.get(name) as Entry, workersLost(this.attempts));
    return [...this.entries.values()].flatMap(({ ended }) => ended ?? []).slice(0, MOST_ENDED);
  }

  async remove(names: readonly string[]) {
    for (const name of names) this.entries.delete(name);
  }

  async end() {
    this.isOpen = false;
    this.entries.clear();
  }

  async close() {}

  private leaseOf(entry: Entry): Lease {
    const { name, payload } = entry.job;
    const holder = {};
    entry.holder = holder;
    entry.attempt++;
    const isOwn = (): boolean => this.entries.get(name) === entry && entry.holder === holder && !entry.ended;
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
        const now = this.entries.get(name);
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

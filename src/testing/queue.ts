/**
 * The laws that every queue of jobs keeps, built-in or custom, as property tests over random jobs and orders
 * of calls. They require only delivery at least once. They do not test failures of a queue's server.
 */

import fc from "fast-check";
import { must } from "../errors.js";
import { readOptions } from "../rules.js";
import type { EndedJob, JobQueue, Lease, QueuedJob } from "../workers/queue/queue.js";
import { CHECK_RULES, type CheckOptions, checkSame, fail, holdLater, lawOf } from "./laws.js";

/** A new, empty queue, opened by two processes. */
export interface QueueUnderTest {
  /** For the process that runs the study. */
  readonly runner: JobQueue;
  /** For a worker. */
  readonly worker: JobQueue;
  /** Lets the duration of a lease pass, by a fake clock or by waiting. */
  lapse(): Promise<void>;
}

/** Opens a queue that hands out a job a limited number of times. */
export type QueueFactory = (attempts: number) => Promise<QueueUnderTest>;

/** Which cases, and how many. */
export type QueueCheckOptions = Omit<CheckOptions, "onShare">;

const { onShare: _, ...RULES } = CHECK_RULES;

/** A law of queues, as a property of fast-check. */
export type QueueLaw = (open: QueueFactory) => fc.IRawProperty<unknown>;

const anyBytes = fc.uint8Array({ maxLength: 40 });
const anyName = fc.oneof(
  fc.tuple(fc.nat({ max: 20 }), fc.nat({ max: 3 })).map(([trial, index]) => `${trial}/${index}`),
  fc.constantFrom("'", "final/0-1a2b", "%", "é", "x".repeat(200)),
);
const anyJobs = fc.uniqueArray(
  fc.record({ name: anyName, payload: anyBytes, priority: fc.integer({ min: -1e6, max: 1e6 }) }),
  { selector: ({ name }) => name, minLength: 1, maxLength: 12 },
);

/** The laws of queues by name: each gives a property for fast-check's `assert`. */
export const queueLaws: Readonly<Record<string, QueueLaw>> = {
  "hands each job out once, the most urgent first, with its bytes": (open) =>
    fc.asyncProperty(anyJobs, fc.integer({ min: 1, max: 4 }), async (jobs, most) => {
      await using(open, 3, async ({ runner, worker }) => {
        await runner.put(jobs);
        await runner.put(jobs.map((job) => ({ ...job, payload: Uint8Array.of(9) })));
        const taken: Lease[] = [];
        for (let i = 0; taken.length < jobs.length; i++) {
          const some = await [worker, runner][i % 2].take(most);
          if (!some || some.length !== Math.min(most, jobs.length - taken.length))
            fail(`took ${some?.length} of ${jobs.length - taken.length}, asked for ${most}`);
          taken.push(...some);
        }
        checkSame(await worker.take(1), [], "a job that was taken");
        const before = new Map(jobs.map((job) => [job.name, job]));
        for (const { name, payload, attempt } of taken) {
          checkSame([...payload], [...(before.get(name)?.payload ?? [])], `other bytes of ${name}`);
          checkSame(attempt, 1, "another attempt");
        }
        checkSame(new Set(taken.map(({ name }) => name)).size, jobs.length, "another number of jobs");
        const order = taken.map(({ name }) => before.get(name)?.priority ?? 0);
        const sorted = [...order].sort((a, b) => b - a);
        // within a call, jobs may be in any order
        for (let i = 0; i < order.length; i += most)
          checkSame(
            [...order.slice(i, i + most)].sort((a, b) => b - a),
            sorted.slice(i, i + most),
            "another order",
          );
      });
    }),

  "returns the first outcome of a job, and no other, until it is removed": (open) =>
    fc.asyncProperty(anyJobs, anyBytes, async (jobs, outcome) => {
      await using(open, 3, async ({ runner, worker }) => {
        await runner.put(jobs);
        const leases = (await worker.take(jobs.length)) ?? [];
        for (const lease of leases) await lease.complete(outcome);
        for (const lease of leases) await lease.complete(Uint8Array.of(1, 2, 3));
        await runner.put(jobs); // changes nothing
        checkSame(await worker.take(1), [], "a job that has ended");
        const expected = sorted(jobs.map(({ name }) => ({ name, outcome })));
        for (let i = 0; i < 2; i++) checkSame(sorted(await runner.ended()), expected, "other outcomes");
        await runner.remove(jobs.map(({ name }) => name));
        checkSame(await runner.ended(), [], "what was removed");
        await runner.put(jobs.slice(0, 1));
        checkSame((await worker.take(2))?.length, 1, "not put again");
      });
    }),

  "hands out a failed job again, and ends it with the last reason after the last attempt": (open) =>
    fc.asyncProperty(fc.integer({ min: 1, max: 3 }), async (attempts) => {
      await using(open, attempts, async ({ runner, worker }) => {
        await runner.put([job]);
        for (let attempt = 1; attempt <= attempts; attempt++) {
          checkSame(await runner.ended(), [], "ended too early");
          const lease = await taken(worker);
          checkSame(lease.attempt, attempt, "another attempt");
          await lease.fail(`reason ${attempt}`);
        }
        checkSame(await worker.take(1), [], "a job without attempts");
        checkSame(await runner.ended(), [{ name: job.name, error: `reason ${attempts}` }], "another end");
      });
    }),

  "takes back a released job without counting the attempt": (open) =>
    fc.asyncProperty(fc.integer({ min: 1, max: 4 }), async (times) => {
      await using(open, 2, async ({ runner, worker }) => {
        await runner.put([job]);
        const first = await taken(worker);
        await first.fail("once");
        for (let i = 0; i < times; i++) {
          const lease = await taken(worker);
          checkSame(lease.attempt, 2, "another attempt");
          await lease.release();
          checkSame(await lease.extend(), false, "extended a released job");
        }
        checkSame(await runner.ended(), [], "ended");
      });
    }),

  "keeps no job that was removed while it ran": (open) =>
    fc.asyncProperty(anyBytes, async (outcome) => {
      await using(open, 2, async ({ runner, worker }) => {
        await runner.put([job]);
        const lease = await taken(worker);
        checkSame(await lease.extend(), true, "lost");
        await runner.remove([job.name]);
        checkSame(await lease.extend(), false, "extended a removed job");
        await lease.complete(outcome);
        await lease.fail("late");
        await lease.release();
        checkSame(await runner.ended(), [], "an outcome that is no longer expected");
        checkSame(await worker.take(1), [], "a job that was removed");
      });
    }),

  "hands out the job of a dead worker again once its lease has expired, and ends it after the last attempt": (
    open,
  ) =>
    fc.asyncProperty(fc.integer({ min: 1, max: 2 }), anyBytes, async (attempts, late) => {
      await using(open, attempts, async ({ runner, worker, lapse }) => {
        await runner.put([job]);
        const dead: Lease[] = [];
        for (let attempt = 1; attempt <= attempts; attempt++) {
          dead.push(await taken(worker));
          checkSame(await runner.ended(), [], "ended too early");
          checkSame(await worker.take(1), [], "a job under a lease");
          await lapse();
          await runner.ended();
          checkSame(await dead[0].extend(), false, "extended an expired lease");
        }
        const [end] = await runner.ended();
        if (!end || !("error" in end) || !end.error.includes("handed out"))
          fail(`not the end of a job that loses its workers: ${JSON.stringify(end)}`);
        await dead[0].complete(late);
        checkSame(await runner.ended(), [end], "an end that was changed");
      });
    }),

  "leaves a job to a worker that sends heartbeats": (open) =>
    fc.asyncProperty(fc.integer({ min: 1, max: 2 }), async (leases) => {
      await using(open, 1, async ({ runner, worker, lapse }) => {
        await runner.put([job]);
        const lease = await taken(worker);
        for (let i = 0; i < leases; i++) {
          await runner.ended();
          await lapse();
          checkSame(await lease.extend(), true, "lost");
          checkSame(await runner.ended(), [], "ended");
        }
        await lease.complete(Uint8Array.of(7));
        checkSame(await runner.ended(), [{ name: job.name, outcome: Uint8Array.of(7) }], "another outcome");
      });
    }),

  "tells workers whether the study runs": (open) =>
    fc.asyncProperty(anyJobs, async (jobs) => {
      await using(open, 1, async ({ runner, worker }) => {
        checkSame(await worker.take(1), undefined, "it has not started");
        checkSame(await runner.ended(), [], "ended before it started");
        checkSame(await worker.take(1), [], "it runs");
        await runner.put(jobs);
        const lease = await taken(worker);
        await runner.end();
        checkSame(await worker.take(1), undefined, "it has ended");
        await lease.complete(Uint8Array.of(1));
        checkSame(await worker.take(1), undefined, "it has ended");
        checkSame(await runner.ended(), [], "what was left");
        await runner.put(jobs);
        checkSame((await worker.take(jobs.length))?.length, jobs.length, "it has started again");
      });
    }),
};

/**
 * Checks that a queue keeps all {@link queueLaws}.
 *
 * @throws BrokenLaw at the first law that it breaks
 * @example
 * ```ts
 * await checkQueue(
 *   async (attempts) => {
 *     let now = 0;
 *     const queue = memoryQueue({ attempts, lease: 1000, clock: () => now });
 *     const lapse = async () => {
 *       now += 1000;
 *     };
 *     return { runner: queue, worker: queue, lapse };
 *   },
 *   { numRuns: 5 },
 * );
 * ```
 */
export async function checkQueue(open: QueueFactory, options: QueueCheckOptions = {}): Promise<void> {
  for (const law of Object.keys(queueLaws)) await checkQueueLaw(open, law, options);
}

/**
 * Checks that a queue keeps one of the {@link queueLaws}.
 *
 * @throws BrokenLaw if it does not; FettleError `unknown_name` for a law that does not exist
 * @example
 * ```ts
 * const [law] = Object.keys(queueLaws);
 * await checkQueueLaw(
 *   async (attempts) => {
 *     const queue = memoryQueue({ attempts });
 *     return { runner: queue, worker: queue, lapse: async () => {} };
 *   },
 *   law,
 *   { numRuns: 5 },
 * );
 * ```
 */
export async function checkQueueLaw(
  open: QueueFactory,
  law: string,
  options: QueueCheckOptions = {},
): Promise<void> {
  must(typeof open === "function", "open", "a function that opens queues", open);
  readOptions(options, "checkQueue", RULES);
  await holdLater("the queue", law, lawOf(queueLaws, law)(open), options);
}

const job: QueuedJob = { name: "0/0", payload: Uint8Array.of(1) };

async function taken(queue: JobQueue): Promise<Lease> {
  const [lease] = (await queue.take(1)) ?? [];
  return lease ?? fail("there is no job to take");
}

async function using(
  open: QueueFactory,
  attempts: number,
  work: (queue: QueueUnderTest) => Promise<void>,
): Promise<void> {
  const opened = await open(attempts);
  try {
    await work(opened);
  } finally {
    await opened.runner.end();
    for (const queue of new Set([opened.worker, opened.runner])) await queue.close();
  }
}

const sorted = (ended: readonly EndedJob[]): EndedJob[] =>
  [...ended].sort((a, b) => (a.name < b.name ? -1 : 1));

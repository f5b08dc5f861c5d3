/**
 * Times and counts of the two ends of a queue, on a clock that passes as they sleep: each is counted from
 * where it is said to be.
 */
import { expect, it, vi } from "vitest";
import { platform } from "#platform";
import { FettleError } from "../../../src/errors.js";
import { Dispatcher } from "../../../src/workers/queue/dispatcher.js";
import { memoryQueue } from "../../../src/workers/queue/memory.js";
import type { JobQueue, QueuedJob } from "../../../src/workers/queue/queue.js";
import { type RunWorkerOptions, runWorker } from "../../../src/workers/queue/worker.js";

/** Milliseconds, which pass while somebody sleeps. */
function virtualTime() {
  const time = { now: 0 };
  return {
    time,
    clock: () => time.now,
    async sleep(milliseconds: number) {
      await new Promise((resolve) => setImmediate(resolve));
      time.now += milliseconds;
      if (time.now > 20_000) throw new Error("what should end goes on");
    },
  };
}
const job = (name: string): QueuedJob => ({ name, payload: new Uint8Array([1]) });

/** When a worker shows that it has a job that never ends by itself, and when and why the job is ended. */
async function endless(options: RunWorkerOptions) {
  const { time, clock, sleep } = virtualTime();
  const queue = memoryQueue({ clock, lease: 1e9, attempts: 1 });
  await queue.put([job("0/0")]);
  const shown: number[] = [];
  const watched: JobQueue = {
    put: (jobs) => queue.put(jobs),
    ended: () => queue.ended(),
    remove: (names) => queue.remove(names),
    end: () => queue.end(),
    close: () => queue.close(),
    take: async (most) =>
      (await queue.take(most))?.map((lease) => ({
        ...lease,
        extend() {
          shown.push(time.now);
          return lease.extend();
        },
      })),
  };
  let over: { at: number; why: string } | undefined;
  const stop = { aborted: false };
  await runWorker(
    watched,
    (_, { signal }) =>
      new Promise((_, reject) =>
        signal.addEventListener("abort", () => {
          over = { at: time.now, why: (signal.reason as Error).message };
          stop.aborted = true;
          reject(signal.reason);
        }),
      ),
    { poll: 10, clock, sleep, signal: stop, ...options },
  );
  return { shown, over };
}

it.each([
  [1000, 100],
  [1000, 400],
  [400, 1000],
])("a job of a limit of %i ms ends then, and shows a sign of life every %i ms", async (limit, heartbeat) => {
  const { shown, over } = await endless({ jobTimeout: limit, heartbeat });
  expect(over?.why).toContain(`longer than ${limit / 1000} s`);
  expect(over?.at).toBeGreaterThanOrEqual(limit);
  expect(over?.at).toBeLessThan(limit + 20); // a poll later
  expect(shown).toHaveLength(Math.ceil(limit / heartbeat) - 1);
  for (const [i, at] of shown.entries()) {
    expect(at).toBeGreaterThanOrEqual((i + 1) * heartbeat);
    expect(at).toBeLessThan((i + 1) * (heartbeat + 20));
  }
});

it("a worker's patience with a queue that fails is counted from the first failure in a row", async () => {
  const { time, clock, sleep } = virtualTime();
  let failures = 0;
  const failing = memoryQueue();
  failing.take = async () => {
    if (++failures === 20) return []; // it was there again
    throw new Error(`away ${failures}`);
  };
  await expect(
    runWorker(failing, async (payload) => payload, { poll: 10, patience: 500, clock, sleep, onError() {} }),
  ).rejects.toThrow("away");
  expect(failures).toBeGreaterThan(60);
  expect(time.now).toBeGreaterThan(650);
  expect(time.now).toBeLessThan(800);
});

it.each([1, 3])("a dispatcher has at most %i jobs in the queue, the most urgent first", async (inFlight) => {
  const { clock, sleep } = virtualTime();
  const queue = memoryQueue({ clock, lease: 1e9 });
  const there = new Set<string>();
  let most = 0;
  const order: string[] = [];
  const watched: JobQueue = {
    take: (n) => queue.take(n),
    ended: () => queue.ended(),
    end: () => queue.end(),
    close: () => queue.close(),
    async put(jobs) {
      for (const { name } of jobs) {
        if (!there.has(name)) order.push(name);
        there.add(name);
      }
      most = Math.max(most, there.size);
      await queue.put(jobs);
      const [lease] = (await queue.take(1)) ?? [];
      await lease?.complete(new Uint8Array([2]));
    },
    async remove(names) {
      for (const name of names) there.delete(name);
      await queue.remove(names);
    },
  };
  const dispatcher = new Dispatcher(watched, { inFlight, poll: 10, clock, sleep });
  const priorities = [0, 3, 1, 2, 4, 0];
  const done = await Promise.all(
    priorities.map((priority, i) => dispatcher.do({ ...job(`${i}`), priority })),
  );
  await dispatcher.close();
  expect(done.map(([byte]) => byte)).toEqual(priorities.map(() => 2));
  expect(most).toBe(inFlight);
  expect(order).toEqual(["4", "1", "3", "2", "0", "5"]);
});

it("a dispatcher puts a job again that nothing is heard of, and says once that it is there", async () => {
  const { time, clock, sleep } = virtualTime();
  const queue = memoryQueue({ clock, lease: 1e9 });
  const puts: number[] = [];
  const put = queue.put.bind(queue);
  queue.put = async (jobs) => {
    if (jobs.length > 0) puts.push(time.now);
    if (puts.length === 4) await put(jobs); // what was put before is lost
  };
  const begun: number[] = [];
  const dispatcher = new Dispatcher(queue, { again: 1000, poll: 10, clock, sleep });
  const outcome = dispatcher.do(job("0"), undefined, () => begun.push(time.now));
  while (puts.length < 4) await sleep(0);
  const [lease] = (await queue.take(1)) ?? [];
  await lease.complete(new Uint8Array([7]));
  expect([...(await outcome)]).toEqual([7]);
  await dispatcher.close();
  expect(begun).toHaveLength(1);
  for (const [i, at] of puts.slice(1).entries()) {
    expect(at - puts[i]).toBeGreaterThanOrEqual(1000);
    expect(at - puts[i]).toBeLessThan(1020);
  }
});

it("a dispatcher cancels the jobs of one group, and does those of others and of none", async () => {
  const { clock, sleep } = virtualTime();
  const queue = memoryQueue({ clock, lease: 1e9 });
  const dispatcher = new Dispatcher(queue, { poll: 10, clock, sleep });
  const groups = [{}, {}, undefined];
  const outcomes = Promise.allSettled(groups.map((group, i) => dispatcher.do(job(`${i}`), group)));
  dispatcher.cancel(groups[0] as object, new Error("not wanted"));
  let left = 2;
  while (left > 0) {
    for (const lease of (await queue.take(3)) ?? []) {
      await lease.complete(new Uint8Array([Number(lease.name)]));
      left--;
    }
    await sleep(0);
  }
  const ends = (await outcomes).map((end) =>
    end.status === "fulfilled" ? [...end.value] : (end.reason as Error).message,
  );
  expect(ends).toEqual(["not wanted", [1], [2]]);
  await dispatcher.close();
});

it("a dispatcher takes outcomes that an earlier process left, once, and runs again what had failed", async () => {
  const { clock, sleep } = virtualTime();
  const queue = memoryQueue({ clock, lease: 1e9, attempts: 1 });
  await queue.put(["done", "failed", "other"].map(job));
  for (const lease of (await queue.take(3)) ?? []) {
    if (lease.name === "failed") await lease.fail("no");
    else await lease.complete(new Uint8Array([7]));
  }
  const put: string[] = [];
  let polls = 0;
  const watched: JobQueue = {
    take: (most) => queue.take(most),
    remove: (names) => queue.remove(names),
    end: () => queue.end(),
    close: () => queue.close(),
    async ended() {
      await new Promise((resolve) => setImmediate(resolve));
      if (++polls > 100) throw new Error("what was taken is still there");
      return queue.ended();
    },
    async put(jobs) {
      put.push(...jobs.map(({ name }) => name));
      await queue.put(jobs);
      for (const lease of (await queue.take(9)) ?? []) await lease.complete(new Uint8Array([8]));
    },
  };
  const dispatcher = new Dispatcher(watched, { clock, sleep, poll: 10, patience: 100 });
  const outcomes = await Promise.all(["done", "failed"].map((name) => dispatcher.do(job(name))));
  expect(outcomes.map(([byte]) => byte)).toEqual([7, 8]);
  expect(put).toEqual(["failed"]);
  await dispatcher.close();
  expect(await queue.ended()).toEqual([]);
});

it.each([
  [
    "once its patience has ended",
    2_000,
    new Error("away"),
    { code: "store_failed", message: "the queue has failed for 2 s: away" },
  ],
  [
    "at once where the study was deleted",
    0,
    new FettleError("not_found", "deleted"),
    { code: "not_found", message: "deleted" },
  ],
])(
  "a dispatcher whose queue is lost refuses all its jobs for the same reason, %s",
  async (_, after, error, expected) => {
    const { clock, sleep } = virtualTime();
    const failing = memoryQueue();
    failing.ended = async () => {
      throw error;
    };
    const dispatcher = new Dispatcher(failing, { clock, sleep, poll: 10, patience: 2_000 });
    const first = await dispatcher.do(job("a")).catch((error: Error) => error);
    expect(first).toMatchObject(expected);
    expect(clock()).toBeLessThanOrEqual(after + 10);
    expect(await dispatcher.do(job("b")).catch((error: Error) => error)).toBe(first);
    expect(dispatcher.lost).toBe(first);
    await dispatcher.close();
  },
);

it("asks for as many jobs as the host has processors with jobs: -1", async () => {
  const processors = vi.spyOn(platform, "parallelism").mockReturnValue(3);
  const asked: number[] = [];
  const queue: JobQueue = Object.assign(memoryQueue(), {
    async take(most: number) {
      asked.push(most);
      return undefined; // no study runs
    },
  });
  await runWorker(queue, async (payload) => payload, { jobs: -1 });
  processors.mockRestore();
  expect(asked).toEqual([3]);
});

/** How often jobs and threads are tried again, with threads that do what the test says. */

import { expect, it, vi } from "vitest";
import { platform } from "#platform";
import type { WorkerThread } from "../../src/platform/platform.js";
import { type Backend, inlineBackend } from "../../src/workers/backend.js";
import { READY } from "../../src/workers/protocol.js";
import { ThreadBackend } from "../../src/workers/threadBackend.js";

const later = (work: () => void) => void setImmediate(work);

/**
 * A backend of one thread at a time; each is ready at once, and does a job by `work`: a result, or undefined
 * if it ends the thread.
 */
function backendOf(work: (job: string, attempt: number) => string | undefined, starts = () => true) {
  const attempts = new Map<string, number>();
  const ends: string[] = [];
  const sent: string[][] = [];
  let threads = 0;
  const spawn = (): WorkerThread => {
    threads++;
    let tell: (message: unknown) => void = () => {};
    let fail: (error: Error) => void = () => {};
    const isReady = starts();
    let isOver = false;
    later(() => (isReady ? tell(READY) : fail(new Error("no start"))));
    return {
      onMessage(listener) {
        tell = listener;
      },
      onFailure(listener) {
        fail = listener;
      },
      terminate: async () => {
        isOver = true;
        ends.push("terminated");
      },
      release: () => void ends.push("released"),
      post(message) {
        const jobs = message as string[];
        sent.push(jobs);
        later(() => {
          if (!isReady || isOver) return;
          const results = jobs.map((job) => {
            const attempt = (attempts.get(job) ?? 0) + 1;
            attempts.set(job, attempt);
            return work(job, attempt);
          });
          if (results.includes(undefined)) fail(new Error("out of memory"));
          else tell(results.map((result) => ({ result })));
        });
      },
    };
  };
  const introduce = (post: (message: unknown) => void) => (jobs: readonly string[]) => post(jobs);
  const backend = new ThreadBackend<string, string>([spawn()], introduce, spawn);
  return { backend, attempts, ends, sent, threads: () => threads };
}

it.each([
  ["idle is released for the next", async (run: Promise<string>) => void (await run), ["released"]],
  ["at work is ended", async () => {}, ["terminated"]],
])("a thread that is %s when its backend is closed", async (_, wait, expected) => {
  const { backend, ends } = backendOf((job) => job);
  const run = backend.run("a");
  await wait(run);
  await backend.close();
  expect(ends).toEqual(expected);
});

it("a job that ends its thread is done at most three times", async () => {
  const { backend, attempts, threads } = backendOf((job) => (job === "bad" ? undefined : `${job} done`));
  await expect(backend.run("bad")).rejects.toThrow("was lost, 3 times: out of memory");
  expect(await backend.run("good")).toBe("good done");
  expect([...attempts]).toEqual([
    ["bad", 3],
    ["good", 1],
  ]);
  expect(threads()).toBe(4);
  await backend.close();
});

it("a job that ends its thread twice has its result of the third time", async () => {
  const { backend, attempts } = backendOf((job, attempt) => (attempt < 3 ? undefined : job));
  expect(await backend.run("frail")).toBe("frail");
  expect(attempts.get("frail")).toBe(3);
  await backend.close();
});

it("a job that waits behind one that ends its thread is not to blame for it", async () => {
  // "frail" may end two threads of its own
  const { backend, attempts, sent } = backendOf((job, attempt) =>
    attempt < (job === "frail" ? 3 : job === "bad" ? 2 : 1) ? undefined : job,
  );
  // once a job was short, the next is sent behind the one that runs; this one takes no time
  const clock = vi.spyOn(platform, "now").mockReturnValue(0);
  await backend.run("short");
  clock.mockRestore();
  expect(await Promise.all(["bad", "frail", "good"].map((job) => backend.run(job)))).toEqual([
    "bad",
    "frail",
    "good",
  ]);
  expect(attempts.get("frail")).toBe(3);
  expect(sent.slice(0, 4)).toEqual([["short"], ["bad"], ["frail"], ["bad"]]);
  await backend.close();
});

it("threads that do not start are tried three times in a row, and no more", async () => {
  let left = 2;
  const some = backendOf(
    (job) => job,
    () => left-- <= 0,
  );
  expect(await some.backend.run("late")).toBe("late");
  expect(some.threads()).toBe(3);
  const none = backendOf(
    (job) => job,
    () => false,
  );
  await expect(none.backend.run("never")).rejects.toThrow("the last worker thread was lost: no start");
  expect([none.threads(), none.attempts.size]).toEqual([3, 0]);
  await expect(none.backend.run("again")).rejects.toThrow("the last worker thread was lost");
});

it.each(["thread", "inline"] as const)("on a %s, a job begins when its worker starts it", async (where) => {
  const log: string[] = [];
  const work = (job: string): string => {
    log.push(`does ${job}`);
    return job;
  };
  const backend: Backend<string, string> =
    where === "thread" ? backendOf(work).backend : inlineBackend(async (job: string) => work(job));
  const control = (job: string) => ({
    group: job === "c" ? cancelled : log,
    onBegin: () => void log.push(`begins ${job}`),
  });
  const cancelled = {};
  const runs = ["a", "b", "c"].map((job) => backend.run(job, control(job)));
  backend.cancel?.(cancelled, new Error("cancelled"));
  expect(await Promise.allSettled(runs)).toMatchObject([
    { value: "a" },
    { value: "b" },
    { reason: new Error("cancelled") },
  ]);
  expect(log).toEqual(["begins a", "does a", "begins b", "does b"]);
  await backend.close();
});

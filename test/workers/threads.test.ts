/** Threads that are released: who gets them, what they still know, and when they end. */
import { execFile } from "node:child_process";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { Worker } from "node:worker_threads";
import { afterEach, describe, expect, it, vi } from "vitest";
import { platform } from "../../src/platform/node.js";
import type { WorkerThread } from "../../src/platform/platform.js";

const require = createRequire(import.meta.url);
const threads = require("node:worker_threads") as { Worker: typeof Worker };
const timers = require("node:timers") as { setTimeout: typeof setTimeout };
const root = fileURLToPath(new URL("../..", import.meta.url));

const Real = threads.Worker;

/** The workers that are started from now on. */
function startedWorkers(): Worker[] {
  const started: Worker[] = [];
  threads.Worker = class extends Real {
    constructor(...parameters: ConstructorParameters<typeof Worker>) {
      super(...parameters);
      started.push(this);
    }
  };
  return started;
}

/** No jobs, which a thread answers with no outcomes. */
const nothing = { type: "jobs", programs: [], jobs: [] };
const answerOf = (thread: WorkerThread): Promise<unknown> =>
  new Promise((resolve, reject) => {
    thread.onMessage(resolve);
    thread.onFailure(reject);
    thread.post(nothing);
  });

afterEach(() => {
  threads.Worker = Real;
  vi.restoreAllMocks();
});

describe("a thread that is released", () => {
  it("goes to the next who wants one, and works for it alone", async () => {
    const started = startedWorkers();
    const first = platform.spawnWorker() as WorkerThread;
    const heard: unknown[] = [];
    first.onMessage((message) => heard.push(message));
    expect(await answerOf(first)).toEqual([]);
    first.release();
    const [second, third] = [platform.spawnWorker(), platform.spawnWorker()] as WorkerThread[];
    expect(started).toHaveLength(2);
    expect(await answerOf(second)).toEqual([]);
    expect(await answerOf(third)).toEqual([]);
    expect(heard).toEqual([[]]);
    await Promise.all([second.terminate(), third.terminate()]);
  });

  it("goes to nobody after it ended", async () => {
    const started = startedWorkers();
    const thread = platform.spawnWorker() as WorkerThread;
    await answerOf(thread);
    thread.release();
    await started[0].terminate();
    const next = platform.spawnWorker() as WorkerThread;
    expect(started).toHaveLength(2);
    expect(await answerOf(next)).toEqual([]);
    await next.terminate();
  });

  it("ends after ten seconds", async () => {
    const started = startedWorkers();
    const waits = vi.spyOn(timers, "setTimeout");
    const thread = platform.spawnWorker() as WorkerThread;
    await answerOf(thread);
    thread.release();
    expect(waits.mock.calls.map(([, milliseconds]) => milliseconds)).toEqual([10_000]);
    (waits.mock.calls[0][0] as () => void)();
    expect(await new Promise((resolve) => started[0].on("exit", resolve))).toBe(1);
    const next = platform.spawnWorker() as WorkerThread;
    expect(started).toHaveLength(2);
    await next.terminate();
  });

  it("lets the process end", async () => {
    const code = `
      const { dense, float, random, sequential, sgd, tune } = await import("./dist/node/index.js");
      const x = Array.from({ length: 40 }, (_, i) => [i]);
      const model = ({ learningRate }) => {
        const made = sequential([dense(1, { activation: "sigmoid" })]);
        made.compile({ optimizer: sgd({ learningRate }), loss: "binaryCrossentropy" });
        return made;
      };
      const { trials } = await tune({
        model,
        x,
        y: x.map(([i]) => i % 2),
        space: { learningRate: float(0.01, 0.1) },
        strategy: random(),
        trials: 3,
        jobs: 2,
        fit: { epochs: 1 },
      });
      console.log(trials.length, performance.now());
      process.on("exit", () => console.log(performance.now()));`;
    const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "--eval", code], {
      cwd: root,
    });
    const [first, second] = stdout.trim().split("\n");
    const [count, ready] = first.split(" ").map(Number);
    expect(count).toBe(3);
    expect(Number(second) - ready).toBeLessThan(5000);
  });
});

/** Threads that are released: who gets them, what they still know, and when they end. */
import { execFile } from "node:child_process";
import { EventEmitter } from "node:events";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { Worker } from "node:worker_threads";
import { afterEach, describe, expect, it, vi } from "vitest";
import { platform } from "../../src/platform/node.js";
import type { WorkerThread } from "../../src/platform/platform.js";

const require = createRequire(import.meta.url);
const threads = require("node:worker_threads") as { Worker: typeof Worker };
const timers = require("node:timers") as Pick<typeof globalThis, "setTimeout" | "clearTimeout">;
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

/** A worker that does as it is told. */
class FakeWorker extends EventEmitter {
  static readonly made: FakeWorker[] = [];
  readonly calls: unknown[][] = [];
  end = (_: number): void => {};
  constructor(
    readonly file: URL,
    readonly options: object,
  ) {
    super();
    FakeWorker.made.push(this);
  }
  postMessage = (...words: unknown[]) => void this.calls.push(["post", ...words]);
  ref = () => void this.calls.push(["ref"]);
  unref = () => void this.calls.push(["unref"]);
  terminate(): Promise<number> {
    this.calls.push(["terminate"]);
    return new Promise((resolve) => {
      this.end = resolve;
    });
  }
}
/** A thread, and the worker that it stands for. */
function fakeThread(program?: string): readonly [WorkerThread, FakeWorker] {
  threads.Worker = FakeWorker as never;
  const thread = platform.spawnWorker(program) as WorkerThread;
  return [thread, FakeWorker.made.at(-1) as FakeWorker];
}

describe("a thread", () => {
  it.each([
    [undefined, "worker.mjs"],
    ["worker", "worker.mjs"],
    ["benchmarkWorker", "benchmarkWorker.mjs"],
  ])("of the program %s runs %s, without the flags of this process", (program, file) => {
    const [thread, { file: own, options }] = fakeThread(program);
    expect([own.pathname.split("/dist/").at(-1), options]).toEqual([`node/${file}`, { execArgv: [] }]);
    void thread.terminate();
  });

  it("is sent messages with what they transfer", () => {
    const [thread, { calls }] = fakeThread();
    const buffer = new ArrayBuffer(8);
    thread.post("a", [buffer]);
    thread.post("b");
    expect(calls).toEqual([
      ["post", "a", [buffer]],
      ["post", "b", []],
    ]);
    void thread.terminate();
  });

  const thrown = new Error("out of memory");
  it.each([
    ["error", thrown, thrown],
    ["error", "a text", new Error('"a text"')],
    ["messageerror", thrown, thrown],
    ["exit", 3, new Error("the worker thread ended with code 3")],
  ])("that fails with %s tells an error", (event, value, told) => {
    const [thread, worker] = fakeThread();
    const heard: Error[] = [];
    thread.onFailure((error) => heard.push(error));
    worker.emit(event, value);
    expect(heard).toEqual([told]);
    void thread.terminate();
  });

  it("has ended once it is terminated, and nothing is heard of its end", async () => {
    const [thread, worker] = fakeThread();
    const heard: unknown[] = [];
    thread.onMessage((message) => heard.push(message));
    thread.onFailure((error) => heard.push(error));
    let hasEnded = false;
    const ended = thread.terminate().then(() => {
      hasEnded = true;
    });
    worker.emit("message", "late");
    worker.emit("error", thrown); // one that nobody listened to would be thrown here
    worker.emit("exit", 1);
    await new Promise((resolve) => setImmediate(resolve));
    expect([heard, hasEnded, worker.calls]).toEqual([[], false, [["terminate"]]]);
    worker.end(1);
    await ended;
  });

  it.each([
    ["is taken again", undefined],
    ["fails", "error"],
    ["ends", "exit"],
  ])("that is released does not keep the process alive, until it %s", (_, event) => {
    const clears = vi.spyOn(timers, "clearTimeout");
    const [thread, worker] = fakeThread();
    const heard: unknown[] = [];
    thread.onFailure((error) => heard.push(error));
    thread.release();
    expect(worker.calls).toEqual([["unref"]]);
    if (event) worker.emit(event, thrown);
    expect(heard).toEqual([]);
    const [next, own] = fakeThread();
    expect([own === worker, clears.mock.calls.length]).toEqual([event === undefined, 1]);
    expect(worker.calls.slice(1)).toEqual(event ? [] : [["ref"]]);
    void next.terminate();
  });
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

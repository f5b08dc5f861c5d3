/**
 * Trials on threads: the same results as on one, and no waiting for a thread that is lost. Threads need
 * `dist/`.
 */
import { Worker } from "node:worker_threads";
import { afterEach, describe, expect, it, vi } from "vitest";
import { compileStep } from "../../../src/compile/compile.js";
import { kernelsModule } from "../../../src/numerics/kernels.js";
import { platform } from "../../../src/platform/node.js";
import type { WorkerThread } from "../../../src/platform/platform.js";
import { choice, float, int } from "../../../src/search/space/builders.js";
import { grid } from "../../../src/search/strategies/grid/grid.js";
import type { StudyEvent } from "../../../src/search/study/contract.js";
import { denseModel } from "../../../src/tune/dense.js";
import { createBackend } from "../../../src/tune/jobs/backend.js";
import type { JobData } from "../../../src/tune/jobs/fold.js";
import type { Job } from "../../../src/tune/jobs/job.js";
import { toDataset } from "../../../src/tune/trial/data.js";
import { divideRows } from "../../../src/tune/trial/folds.js";
import { tune } from "../../../src/tune/tune.js";
import { linear, logistic, quantity, rates, untimed, x, y } from "../support.js";

afterEach(() => void vi.restoreAllMocks());

const space = {
  units: int(2, 12),
  activation: choice(["relu", "tanh"]),
  optimizer: choice(["adam", "sgd"]),
  learningRate: float(1e-3, 1e-1, { log: true }),
  dropout: float(0, 0.5),
};

describe("jobs", () => {
  it("change nothing about trials, test scores and the final model", async () => {
    const run = async (jobs: number) => {
      const events: string[] = [];
      const { best, trials, final, study } = await tune({
        x,
        y,
        space,
        model: (params) => denseModel({ task: "classification", outputs: 1 }, params),
        fit: {
          epochs: 4,
          batchSize: 16,
          earlyStopping: { patience: 2 },
          reduceLROnPlateau: { patience: 1, minDelta: 0.1 },
        },
        validation: { folds: 3 },
        testSize: 0.2,
        trials: 8,
        seed: 5,
        jobs,
        onEvent: (event) => void (event.type === "trialEnded" && events.push(event.type)),
      });
      expect(events.length).toBe(8);
      const json = JSON.parse(JSON.stringify(study)) as { trials: { seconds: number }[] };
      return {
        best: best.number,
        trials: untimed(trials),
        saved: json.trials.map(({ seconds, ...rest }) => rest),
        test: final.test,
        prediction: [...final.predict(x).data],
      };
    };
    const alone = await run(1);
    expect(alone.trials.map(({ status }) => status)).toEqual(new Array(8).fill("complete"));
    expect(new Set(alone.trials.map(({ value }) => value)).size).toBeGreaterThan(2);
    expect(await run(2)).toEqual(alone);
    expect(await run(3)).toEqual(alone);
  });

  it("change nothing for regression, on one share held out, by a metric to minimize", async () => {
    const run = async (jobs: number) => {
      const { trials, final } = await tune({
        x,
        y: quantity,
        space: rates(0.001, 1e10, 0.01, 0.1),
        strategy: grid(),
        model: linear,
        metric: "rmse",
        validation: { split: 0.25 },
        testSize: 0.2,
        fit: { epochs: 5 },
        jobs,
      });
      return { trials: untimed(trials), test: final.test, prediction: [...final.predict(x).data] };
    };
    const alone = await run(1);
    expect(alone.trials.map(({ status }) => status)).toEqual([
      "complete",
      "diverged",
      "complete",
      "complete",
    ]);
    expect(await run(2)).toEqual(alone);
  });
});

/** A thread that only records its messages, and answers when the test says so. */
function recorder() {
  const messages: {
    type: string;
    kernels?: object;
    setup?: JobData;
    programs?: { id: number }[];
    jobs?: { fold: number; programs: Record<string, number> }[];
  }[] = [];
  let answer: (message: unknown) => void = () => {};
  let fail: (error: Error) => void = () => {};
  const became: string[] = [];
  const thread: WorkerThread = {
    post: (message) => {
      const { setup, jobs } = message as (typeof messages)[number];
      structuredClone({ setup, jobs }); // as a thread does, which throws for what it cannot be sent
      messages.push(message as (typeof messages)[number]);
    },
    onMessage: (listener) => {
      answer = listener;
    },
    onFailure: (listener) => {
      fail = listener;
    },
    terminate: async () => void became.push("ended"),
    release: () => void became.push("released"),
  };
  const batches = () => messages.flatMap(({ jobs }) => (jobs ? [jobs.map(({ fold }) => fold)] : []));
  let finished = 0;
  return {
    thread,
    became,
    messages,
    /** The folds of the jobs of each batch that it received. */
    batches,
    finish: () => answer(batches()[finished++].map((fold) => ({ result: { epochs: fold } }))),
    ready: () => answer("ready"),
    fail: (message: string) => fail(new Error(message)),
  };
}

describe("the thread backend", () => {
  const examples = (): JobData =>
    divideRows(toDataset({ x, y }), { validation: { folds: 6 }, testSize: 0, seed: 0 });

  /** A backend of two threads that do nothing by themselves, and a clock. */
  function start(data: JobData, { workers = 2, cores = 8 } = {}) {
    const threads = [recorder(), recorder()];
    const clock = { now: 0 };
    let spawned = 0;
    vi.spyOn(platform, "spawnWorker").mockImplementation(() => threads[spawned++]?.thread);
    vi.spyOn(platform, "now").mockImplementation(() => clock.now);
    vi.spyOn(platform, "parallelism").mockReturnValue(cores);
    const program = compileStep({ state: { s: [] } }, 1, () => ({}));
    const programs = { initialize: program, train: program, evaluate: program };
    const backend = createBackend(data, workers);
    const run = (fold: number, part: object = {}) =>
      backend.run({ programs, fold, ...part } as unknown as Job);
    return { threads, clock, run, started: () => spawned, close: () => backend.close() };
  }

  it("keeps one copy of the data for all threads", () => {
    const whole = examples();
    const received = start(whole).threads.map(({ messages }) => messages[0].setup as JobData);
    const [first] = received;
    for (const { data, folds } of received) {
      expect(folds).toEqual(whole.folds);
      expect(Object.keys(data)).toEqual(["inputs", "columns", "task", "outputs", "y"]);
      const arrays = [data, whole.data, first.data].map(({ columns, y }) => [...columns, y]);
      arrays[0].forEach((values, i) => {
        expect(values).toEqual(arrays[1][i]);
        expect(values.buffer).toBeInstanceOf(SharedArrayBuffer);
        expect(values.buffer).toBe(arrays[2][i].buffer);
      });
    }
  });

  it("gives its threads its own kernels", () => {
    for (const { messages } of start(examples()).threads) expect(messages[0].kernels).toBe(kernelsModule());
  });

  it("releases idle threads when it closes, and ends those that are running a job", async () => {
    const { threads, run, close } = start(examples());
    void run(0);
    await close();
    expect(threads.map(({ became }) => became)).toEqual([["ended"], ["released"]]);
  });

  it("starts no more threads than there are cores, and none where one worker is enough", () => {
    expect(start(examples(), { workers: 3000, cores: 2 }).started()).toBe(2);
    expect(start(examples(), { workers: 2, cores: 8 }).started()).toBe(2);
    expect(start(examples(), { workers: 2, cores: 1 }).started()).toBe(0);
    expect(start(examples(), { workers: 1, cores: 8 }).started()).toBe(0);
  });

  it("sends each program once to each thread, without its graph", () => {
    const { threads, run } = start(examples());
    for (let fold = 0; fold < 3; fold++) void run(fold);
    threads[0].finish();
    const [first, second] = threads.map(({ messages }) => messages.filter(({ jobs }) => jobs));
    for (const messages of [first, second]) {
      // initialize, train and evaluate are one program here
      expect(messages[0].programs).toMatchObject([{ id: 0, program: { graph: { nodes: [] } } }]);
      expect(messages[0].jobs?.[0].programs).toEqual({ initialize: 0, train: 0, evaluate: 0 });
    }
    expect(first[1].programs).toEqual([]);
  });

  const refused = (part: string, kind: string) =>
    expect.objectContaining({
      code: "invalid_argument",
      message: `job.${part} cannot be copied to another thread; received ${kind}`,
    });

  it("refuses a job that cannot be sent, naming the part, and its thread does the next", async () => {
    const { threads, run } = start(examples());
    await expect(run(0, { pipeline: { columns: [{}, { scale: () => 1 }] } })).rejects.toEqual(
      refused("pipeline.columns[1].scale", "function scale"),
    );
    await expect(run(1, { pipeline: new Proxy({ scale: "none" }, {}) })).rejects.toEqual(
      refused("pipeline", '{"scale":"none"}'),
    );
    const next = run(2);
    // programs that went with refused jobs are sent again
    expect(threads[0].messages[1].programs).toMatchObject([{ id: 0 }]);
    threads[0].finish();
    expect(await next).toEqual({ epochs: 2 });
  });

  it("refuses one job of a batch alone", async () => {
    const { threads, clock, run } = start(examples());
    const wrong = (fold: number) => run(fold, fold === 4 || fold === 5 ? { seed: Symbol("seed") } : {});
    const results = Array.from({ length: 8 }, (_, fold) => wrong(fold));
    const settled = Promise.allSettled(results);
    clock.now = 1;
    for (let i = 0; i < 12; i++) for (const { finish, batches } of threads) if (batches()[i]) finish();
    const done = (await settled).map((each) =>
      each.status === "fulfilled" ? each.value.epochs : each.reason,
    );
    const symbol = refused("seed", "Symbol(seed)");
    expect(done).toEqual([0, 1, 2, 3, symbol, symbol, 6, 7]);
  });

  it("gives the job of a thread whose message cannot be read to another, and ends that thread", async () => {
    const { threads, run } = start(examples());
    const results = [run(0), run(1), run(2)];
    threads[0].ready();
    threads[0].fail("a message could not be read");
    expect(threads[0].became).toEqual(["ended"]);
    for (let i = 0; i < 3; i++) threads[1].finish();
    expect((await Promise.all(results)).map(({ epochs }) => epochs)).toEqual([0, 1, 2]);
  });

  it("refuses data that cannot be sent, and ends the threads", () => {
    const data = examples();
    const inputs = [new Proxy(data.data.inputs[0], {})];
    const threads = [recorder(), recorder()];
    let spawned = 0;
    vi.spyOn(platform, "spawnWorker").mockImplementation(() => threads[spawned++].thread);
    vi.spyOn(platform, "parallelism").mockReturnValue(2);
    expect(() => createBackend({ ...data, data: { ...data.data, inputs } }, 2)).toThrow(
      "setup.data.inputs[0] cannot be copied to another thread",
    );
    expect(threads.map(({ became }) => became.includes("ended"))).toEqual([true, true]);
  });

  it("gives long jobs one by one, and short ones in batches, one of them in advance", async () => {
    const { threads, clock, run } = start(examples());
    const [first, second] = threads;
    const results = Array.from({ length: 14 }, (_, fold) => run(fold));
    // How long a job takes is not known yet: one each.
    expect([first.batches(), second.batches()]).toEqual([[[0]], [[1]]]);
    clock.now = 6;
    first.finish();
    // 20 ms are three jobs of 6.
    const short = [[0], [2, 3, 4], [5, 6, 7]];
    expect([first.batches(), second.batches()]).toEqual([short, [[1]]]);
    clock.now = 100;
    second.finish();
    const long = [[1], [8]];
    expect([first.batches(), second.batches()]).toEqual([short, long]);
    clock.now = 6 + 3 * 50;
    first.finish();
    // They took 50 ms each, and three more are with it already.
    expect([first.batches(), second.batches()]).toEqual([short, long]);
    clock.now += 3 * 50;
    first.finish();
    expect(first.batches()).toEqual([...short, [9]]);
    expect((await Promise.all(results.slice(0, 8))).map(({ epochs }) => epochs)).toEqual([
      0, 1, 2, 3, 4, 5, 6, 7,
    ]);
  });
});

/** A thread that is lost at once instead of doing its first job, as if it ran out of memory. */
function mortal(thread: WorkerThread): WorkerThread {
  let fail: (error: Error) => void = () => {};
  return {
    ...thread,
    post(message) {
      if ((message as { type: string }).type !== "jobs") return thread.post(message);
      void thread.terminate();
      queueMicrotask(() => fail(new Error("out of memory"))); // before another thread can do its job
    },
    onFailure(listener) {
      fail = listener;
      thread.onFailure(listener);
    },
  };
}

describe("a thread that is lost", () => {
  const base = { x, y, space: rates(0.001, 0.01, 0.1, 0.5, 1), strategy: grid(), model: logistic };
  const options = { ...base, fit: { epochs: 2 }, validation: { folds: 2 }, jobs: 2 };

  it("leaves its job to another, to the same bits", async () => {
    const spawn = platform.spawnWorker.bind(platform);
    let spawned = 0;
    vi.spyOn(platform, "spawnWorker").mockImplementation(() => {
      const thread = spawn() as WorkerThread;
      return spawned++ === 0 ? mortal(thread) : thread;
    });
    const { trials, final } = await tune(options);
    expect(spawned).toBe(3); // another in its place
    expect(untimed(trials)).toEqual(untimed((await tune({ ...options, jobs: 1 })).trials));
    expect(final).toBeDefined();
  });

  it("does not hang the study, even if all threads are", async () => {
    const spawn = platform.spawnWorker.bind(platform);
    vi.spyOn(platform, "spawnWorker").mockImplementation(() => mortal(spawn() as WorkerThread));
    const errors: (string | undefined)[] = [];
    const onEvent = (event: StudyEvent) =>
      void (event.type === "trialEnded" && errors.push(event.record.error));
    await expect(tune({ ...options, onEvent })).rejects.toThrow(
      "the last worker thread was lost: out of memory",
    );
    expect(errors).toEqual([]); // no model is at fault
  });

  it("does not hang the study if its program does not load", async () => {
    vi.spyOn(platform, "spawnWorker").mockImplementation(() => {
      const worker = new Worker("throw new Error('no such module')", { eval: true });
      return {
        post: (message) => worker.postMessage(message),
        onMessage: (listener) => worker.on("message", listener),
        onFailure: (listener) => worker.on("error", listener),
        terminate: async () => void (await worker.terminate()),
        release: () => {},
      };
    });
    await expect(tune(options)).rejects.toThrow("the last worker thread was lost: no such module");
  });

  it("is not missed where the host has no threads: this one does the jobs", async () => {
    vi.spyOn(platform, "spawnWorker").mockReturnValue(undefined);
    const { trials } = await tune(options);
    vi.restoreAllMocks();
    expect(untimed(trials)).toEqual(untimed((await tune(options)).trials));
  });

  it("is released when its study ends, and when a listener throws", async () => {
    let released = 0;
    const spawn = platform.spawnWorker.bind(platform);
    vi.spyOn(platform, "spawnWorker").mockImplementation(() => {
      const thread = spawn() as WorkerThread;
      return {
        ...thread,
        release() {
          thread.release();
          released += 1;
        },
      };
    });
    await tune(options);
    expect(released).toBe(2);
    const stop = new Error("from a listener");
    const onEvent = (): never => {
      throw stop;
    };
    await expect(tune({ ...options, onEvent })).rejects.toBe(stop);
    expect(released).toBe(4);
  });
});

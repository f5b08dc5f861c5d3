/** Tuning over a queue: its result is that of `tune` to the bit, whoever does the jobs, however often. */
import { memoryQueue, runWorker } from "fettle/queue";
import { describe, expect, it } from "vitest";
import { FettleError } from "../../../src/errors.js";
import { halving } from "../../../src/search/schedulers/halving.js";
import { int } from "../../../src/search/space/builders.js";
import { pbt } from "../../../src/search/strategies/pbt/pbt.js";
import { random } from "../../../src/search/strategies/random/random.js";
import { tpe } from "../../../src/search/strategies/tpe/tpe.js";
import { Curves } from "../../../src/search/trial/curves.js";
import { tuneWorker } from "../../../src/tune/resume/queued.js";
import { createRemoteTuner } from "../../../src/tune/resume/remote.js";
import { tune } from "../../../src/tune/tune.js";
import type { TuneObjectiveOptions, TuneOptions, TuneResult } from "../../../src/tune/tuner/options.js";
import { unpackArchive } from "../../../src/workers/archive.js";
import type { JobQueue } from "../../../src/workers/queue/queue.js";
import { logistic, rates, refusal, untimed, x, y } from "../support.js";
import { base, space } from "./tuning.js";

type S = typeof space;
const kinds: Record<string, TuneOptions<S>> = {
  "tpe with early stopping, an ensemble and a threshold": {
    ...base,
    threshold: "f1",
    ensemble: 2,
    fit: { epochs: 6, batchSize: 16, earlyStopping: { patience: 1 } },
  },
  "halving, with several jobs of a trial on a fold": {
    ...base,
    strategy: random(),
    scheduler: halving(),
    trials: 9,
    fit: { epochs: 4, batchSize: 16, learningRateDecay: "cosine" },
  },
  "pbt, whose trials continue others": {
    ...base,
    space: { ...space, units: int(4, 4) },
    strategy: pbt({ populationSize: 3 }),
    trials: 9,
  },
};

const endOf = ({ trials, final, best }: TuneResult<S>) => ({
  trials: untimed(trials),
  best: best.number,
  test: final.test,
  prediction: final && [...final.predict(x.slice(0, 5)).data],
});

describe("tune with a queue", () => {
  it.each(Object.keys(kinds))("has the result of tune without one: %s", async (kind) => {
    const options = kinds[kind];
    const expected = endOf(await tune(options));
    const alone = await tune({ ...options, queue: memoryQueue(), jobs: 1 });
    expect(endOf(alone)).toEqual(expected);
    const queue = memoryQueue();
    const study = { queue, signal: { aborted: true }, timeout: 1, trialTimeout: 1, clock: () => 0 };
    const workers = await Promise.all([1, 2, 3].map(() => tuneWorker({ ...options, ...study, jobs: 1 })));
    const signal = { aborted: false };
    const working = workers.map((worker) => runWorker(queue, worker, { wait: true, signal }));
    const together = await tune({ ...options, queue, jobs: 0 });
    signal.aborted = true;
    const done = (await Promise.all(working)).map((report) => report.done);
    await Promise.all(workers.map((worker) => worker.close()));
    expect(endOf(together)).toEqual(expected);
    // all of it, whichever of them was quick
    expect(done.reduce((sum, count) => sum + count)).toBeGreaterThan(8);
  });

  it("takes up what an earlier process has left in the queue, if it is the same job", async () => {
    const options = { ...base, trials: 3 };
    const expected = endOf(await tune(options));
    const queue = memoryQueue();
    const signal = { aborted: false };
    const worker = await tuneWorker({ ...options, jobs: 1 });
    const working = runWorker(queue, worker, { wait: true, signal });
    // ends at once, as if killed: nobody takes its outcomes out
    const stop = { aborted: false };
    const put = new Set<string>();
    const counting: JobQueue = {
      ...bound(queue),
      async put(jobs) {
        for (const { name } of jobs) put.add(name);
        await queue.put(jobs);
      },
    };
    const left = { ...bound(queue), remove: async () => {}, end: async () => {} };
    await tune({
      ...options,
      queue: left,
      jobs: 0,
      signal: stop,
      onEvent(event) {
        if (event.type === "trialEnded") stop.aborted = true;
      },
    }).catch(() => {});
    const kept = (await queue.ended()).length;
    expect(kept).toBeGreaterThan(2);
    const before = put.size;
    expect(endOf(await tune({ ...options, queue: counting, jobs: 0 }))).toEqual(expected);
    signal.aborted = true;
    // 3 trials of 3 folds and the final fit, without those whose outcomes were there
    expect(put.size - before).toBe(10 - kept);
    await working;
    await worker.close();
  });

  it.each<[string, object]>([
    ["of a model", { ...base, space: rates(0.1, 0.2, 0.3), model: logistic, trials: 3 }],
    ["of a function", { space, objective: () => 1, direction: "minimize", trials: 3 }],
  ])(
    "names the jobs %s by trial and number, and the first trials are the most urgent",
    async (_, options) => {
      const queue = memoryQueue();
      const put: [trial: string, index: string, priority: number][] = [];
      const recording: JobQueue = {
        ...bound(queue),
        async put(jobs) {
          for (const { name, priority = 0 } of jobs) {
            const [, trial, index] = /^(.*)\/(\d+)-[0-9a-f]+$/.exec(name) as RegExpExecArray;
            put.push([trial, index, priority]);
          }
          await queue.put(jobs);
        },
      };
      await tune({ ...options, queue: recording, jobs: 1 } as never);
      const folds = "model" in options ? ["0", "1", "2"] : ["0"];
      for (const trial of ["0", "1", "2"])
        expect(put.filter(([own]) => own === trial)).toEqual(
          folds.map((index) => [trial, index, trial === "0" ? -0 : -Number(trial)]),
        );
      expect(put.filter(([own]) => own === "final")).toEqual("model" in options ? [["final", "0", 0]] : []);
    },
  );

  it("fails the trials whose jobs no worker can do, with the reason", async () => {
    const queue = memoryQueue();
    const strange = await tuneWorker({ ...base, y: y.map((each) => 1 - each), jobs: 1 });
    const signal = { aborted: false };
    const working = runWorker(queue, strange, { wait: true, signal });
    const message = await refusal(() => tune({ ...base, trials: 2, queue, jobs: 0 }));
    expect(message).toContain("the tuner was saved with other data; pass the same data");
    signal.aborted = true;
    expect((await working).failed).toBeGreaterThanOrEqual(9);
    await strange.close();
  });

  it("stops the study where the queue fails for good, and throws its reason", async () => {
    const dead = async (): Promise<never> => {
      throw new Error("no route to host");
    };
    const queue = { ...bound(memoryQueue()), ended: dead, put: dead, end: dead };
    let now = 0;
    const { Dispatcher } = await import("../../../src/workers/queue/dispatcher.js");
    const dispatcher = new Dispatcher(queue, {
      clock: () => now,
      async sleep() {
        await new Promise((resolve) => setTimeout(resolve, 1));
        now += 1000;
      },
    });
    const job = { name: "0/0", payload: new Uint8Array(1) };
    await expect(dispatcher.do(job)).rejects.toThrow("the queue has failed for 60 s: no route to host");
    await expect(dispatcher.do(job)).rejects.toMatchObject({ code: "store_failed" });
    await dispatcher.close();
  });

  it("refuses what is no queue, options that cannot follow a job, and jobs below -1", async () => {
    const queue = memoryQueue();
    expect(await refusal(() => tune({ ...base, queue: {} as JobQueue }))).toContain(
      "queue must be a JobQueue",
    );
    expect(await refusal(() => tune({ ...base, queue, jobs: -2 }))).toContain("an integer of at least 0");
    expect(await refusal(() => tune({ ...base, queue, trialTimeout: 1000 }))).toContain(
      "trialTimeout must be left out with queue",
    );
    const objective = { space, objective: () => 1, direction: "minimize" as const };
    expect(await refusal(() => tune({ ...objective, queue, scheduler: halving(), steps: 4 }))).toContain(
      "scheduler must be left out with queue",
    );
    expect(await refusal(() => tuneWorker({ ...base, trialls: 3 } as never))).toContain("trialls");
  });
});

it("a worker of tune stops a training that is given up", async () => {
  const options = { ...base, fit: { epochs: 1e6, batchSize: 16 } };
  const tuner = await createRemoteTuner(options, null);
  await tuner.advance();
  const worker = await tuneWorker({ ...options, jobs: 1 });
  const giving = new AbortController();
  const ended = worker(tuner.job(tuner.waiting()[0]) as Uint8Array, { signal: giving.signal });
  setTimeout(() => giving.abort(new FettleError("time_limit", "it is late")), 20);
  const format = { magic: "fettle/o", version: 2, what: "the outcome of a job" };
  expect(unpackArchive(format, await ended)).toMatchObject({
    outcome: { error: { code: "time_limit", message: "it is late" } },
  });
  await worker.close();
});

describe("tune over a function with a queue", () => {
  const objective: TuneObjectiveOptions<S>["objective"] = ({ units, learningRate }, { number, seed }) => {
    if (number === 4) throw new Error("a bad point");
    if (number === 5) return Number.NaN;
    return units * learningRate + (seed % 7);
  };
  const options: TuneObjectiveOptions<S> = {
    space,
    objective,
    direction: "minimize",
    trials: 25,
    lag: 5,
    strategy: tpe(),
    seed: 2,
  };

  it("has the result of tune without one", async () => {
    const expected = untimed((await tune(options)).trials);
    expect(expected[4]).toMatchObject({ status: "failed", error: "a bad point" });
    const queue = memoryQueue();
    const signal = { aborted: false };
    const worker = await tuneWorker({ objective });
    const working = [1, 2, 3].map(() => runWorker(queue, worker, { wait: true, signal }));
    const own = await tune({ ...options, queue, jobs: 0 });
    signal.aborted = true;
    const done = (await Promise.all(working)).reduce((sum, report) => sum + report.done, 0);
    expect(untimed(own.trials)).toEqual(expected);
    expect(done).toBe(25);
    expect(untimed((await tune({ ...options, queue: memoryQueue(), jobs: 2 })).trials)).toEqual(expected);
  });

  const loss = [[0.5, 0.25]];
  it.each<[string, Partial<TuneObjectiveOptions<S>>]>([
    [
      "the trial that one continues",
      {
        strategy: pbt({ populationSize: 2 }),
        lag: 0,
        objective: (_, { parent = 0, number }) => number - parent,
      },
    ],
    [
      "reports, whose steps end the search",
      {
        stop: { steps: 20 },
        async objective({ units }, { number, report }) {
          await report(units, 1);
          await report(number, number === 2 ? 1 : 4);
          if (number === 3) throw new Error("after its reports");
          return units;
        },
      },
    ],
    ["curves", { objective: () => ({ value: 1, curves: new Curves({ loss }) }) }],
  ])("takes along %s", async (_, own) => {
    const all = { ...options, strategy: random(), trials: 8, ...own };
    const expected = await tune(all);
    const queued = await tune({ ...all, queue: memoryQueue(), jobs: 1 });
    expect(untimed(queued.trials)).toEqual(untimed(expected.trials));
  });

  it("limits the time of a trial on its worker, not its wait for one", async () => {
    const { trials } = await tune<S, "minimize">({
      ...options,
      direction: "minimize",
      strategy: random(),
      trials: 4,
      trialTimeout: 300,
      queue: memoryQueue(),
      jobs: 1,
      // the others wait for longer than the limit
      objective: (_, { number, signal }) =>
        number > 0 ? number : new Promise((resolve) => signal.addEventListener("abort", () => resolve(0))),
    });
    expect(trials.map(({ value, error }) => value ?? error)).toEqual([
      ...["the trial took longer than trialTimeout, 300 ms", 1, 2, 3],
    ]);
  });
});

/** The methods of a queue as a plain object. */
function bound(queue: JobQueue): JobQueue {
  return {
    put: (jobs) => queue.put(jobs),
    take: (most) => queue.take(most),
    ended: () => queue.ended(),
    remove: (names) => queue.remove(names),
    end: () => queue.end(),
    close: () => queue.close(),
  };
}

/** Folds that a worker keeps: few where they are large, and never freed under a job that uses them. */
import { describe, expect, it, vi } from "vitest";
import { architectureFrom, hyperparametersOf } from "../../../src/nn/programs/architecture.js";
import { programOf } from "../../../src/nn/programs/programs.js";
import { EVALUATION_BATCH } from "../../../src/nn/training/scores.js";
import { platform } from "../../../src/platform/node.js";
import { type FoldExamples, sizeOf } from "../../../src/tune/jobs/fold.js";
import type { Job } from "../../../src/tune/jobs/job.js";
import { JobWorker } from "../../../src/tune/jobs/jobWorker.js";
import { toDataset } from "../../../src/tune/trial/data.js";
import { divideRows } from "../../../src/tune/trial/folds.js";
import { logistic, x, y } from "../support.js";

const data = divideRows(toDataset({ x, y }), { validation: { folds: 4 }, testSize: 0.2, seed: 0 });
const architecture = architectureFrom(logistic({ learningRate: 0.1 }).described(), 3);
const jobs = [0, 1, 2, 3, 4, 0, 2].map(
  (fold): Job => ({
    fold,
    pipeline: {},
    epochs: 3,
    batchSize: 8,
    seed: 1,
    keepState: false,
    hyperparameters: hyperparametersOf(architecture),
    programs: {
      initialize: programOf(architecture, "initialize", 1),
      train: programOf(architecture, "train", 8),
      evaluate: programOf(architecture, "evaluate", EVALUATION_BATCH),
    },
  }),
);
async function predictions(run: (worker: JobWorker) => Promise<{ prediction: unknown }[]>, kept?: number) {
  const worker = new JobWorker(data, kept);
  const results = await run(worker);
  worker.free();
  return results.map(({ prediction }) => prediction);
}
async function inTurn(worker: JobWorker) {
  const results: Awaited<ReturnType<JobWorker["run"]>>[] = [];
  for (const job of jobs) results.push(await worker.run(job));
  return results;
}

describe("a worker", () => {
  it("counts all numbers of a fold: inputs, targets and weights of both parts", () => {
    const part = (rows: number) => ({
      rows,
      x: new Float32Array(3 * rows),
      y: new Float32Array(2 * rows),
      weights: new Float32Array(rows),
    });
    const fold = { train: part(10), validation: part(4) };
    expect(sizeOf(fold as unknown as FoldExamples)).toBe(6 * 14);
  });

  it("gives the same results however few folds it keeps", async () => {
    const all = await predictions(inTurn);
    expect(new Set(all.map(String)).size).toBe(5);
    for (const kept of [0, 300, 600]) expect(await predictions(inTurn, kept)).toEqual(all);
  });

  it("cuts a job whose time is over at a step, and counts the epoch that had begun", async () => {
    const [job] = jobs;
    const worker = new JobWorker(data);
    const late = await worker.run({ ...job, until: Date.now() - 1, keepState: true });
    expect(late.state?.progress).toMatchObject({ step: 1, epoch: 0, cursor: 8 });
    expect([late.curves.loss.length, late.epochs, late.finite, late.cut]).toEqual([1, 1, true, true]);
    const called: string[] = [];
    const note = (name: string) => () => void called.push(name);
    const watched = await worker.run({
      ...job,
      until: Date.now() - 1,
      keepState: true,
      watch: () => ({
        callbacks: [{ onBatchEnd: note("batch"), onEpochEnd: note("epoch"), onTrainEnd: note("end") }],
        metrics: [],
        isFinal: false,
        modelAt: () => ({}),
      }),
    });
    expect(watched.cut).toBe(true);
    expect([watched.curves, watched.prediction]).toEqual([late.curves, late.prediction]);
    expect(called).toEqual(["batch", "epoch", "end"]);
    // the loss of the first batch alone, by the weights before it
    const whole = await worker.run({ ...job, epochs: 1 });
    expect(late.curves.loss[0]).not.toBe(whole.curves.loss[0]);
    expect(late.prediction).not.toEqual(whole.prediction);
    const early = await worker.run({ ...job, until: Date.now() + 60_000 });
    expect(early.prediction).toEqual((await worker.run(job)).prediction);
    expect(early).not.toHaveProperty("cut");
    // between two epochs
    const open = worker.open(job);
    const rows = data.folds[job.fold].train.length;
    expect(open.advance(Math.ceil(rows / job.batchSize))).toBe(5);
    open.cut();
    expect(open.result()).toMatchObject({ curves: whole.curves, epochs: 1, cut: true });
    open.free();
    worker.free();
  });

  it("resumes a saved job as if it had not stopped, and counts its seconds from the start", async () => {
    let now = 0;
    vi.spyOn(platform, "now").mockImplementation(() => ++now * 1000); // a second at each look
    const worker = new JobWorker(data);
    const [job] = jobs;
    const ended = (isSaved: boolean) => {
      let open = worker.open(job);
      let advances = 0;
      for (; !open.done; advances++) {
        open.advance(3);
        if (!isSaved || open.done) continue;
        const resume = open.save();
        open.free();
        open = worker.open({ ...job, resume });
      }
      const result = open.result();
      open.free();
      return { result, advances };
    };
    const whole = ended(false);
    expect(ended(true)).toEqual(whole);
    expect([whole.result.fitSeconds, whole.result.scoreSeconds]).toEqual([whole.advances, 1]);
    expect(whole.advances).toBeGreaterThan(3);
    worker.free();
    vi.restoreAllMocks();
  });

  it.each<[string, Partial<Job>]>([
    ["fold", { fold: 1 }],
    ["pipeline", { pipeline: { scale: "minMax" } }],
    ["class weight", { classWeight: [1, 9] }],
  ])("keeps a fold of another %s apart", async (_, more) => {
    const [job] = jobs;
    const weighted = {
      ...job,
      programs: { ...job.programs, train: programOf(architecture, "trainWeighted", 8) },
      classWeight: [1, 1],
    };
    const alone = new JobWorker(data);
    const expected = await alone.run({ ...weighted, ...more });
    const worker = new JobWorker(data);
    expect((await worker.run(weighted)).prediction).not.toEqual(expected.prediction);
    expect((await worker.run({ ...weighted, ...more })).prediction).toEqual(expected.prediction);
    for (const each of [alone, worker]) each.free();
  });

  it("uses at most half of a limited memory for folds, and none for a job that cannot start", async () => {
    const worker = new JobWorker(data, undefined, 2 ** 24);
    const { kept, held } = worker as unknown as {
      readonly kept: number;
      readonly held: ReadonlyMap<string, { readonly users: number }>;
    };
    expect(kept).toBe(2 ** 24 / 2 / Float32Array.BYTES_PER_ELEMENT);
    expect(() => worker.open({ ...jobs[0], from: { arrays: {} } as never })).toThrow();
    expect([...held.values()].map(({ users }) => users)).toEqual([0]);
    worker.free();
  });

  it("frees no fold under a job that uses it", async () => {
    const pause = () => new Promise<void>((resolve) => void setTimeout(resolve));
    const together = (worker: JobWorker) => Promise.all(jobs.map((job) => worker.run(job, pause)));
    expect(await predictions(together, 0)).toEqual(await predictions(inTurn));
  });
});

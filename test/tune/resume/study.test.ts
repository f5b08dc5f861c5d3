/**
 * `tune` with the study of an earlier one: the same trials and weights as if it had never stopped, wherever
 * it was stopped.
 */
import { describe, expect, it, vi } from "vitest";
import { Model } from "../../../src/model/model.js";
import { dense } from "../../../src/nn/layers/index.js";
import { sequential } from "../../../src/nn/models/sequential.js";
import { constant } from "../../../src/nn/weights/initializerFactories.js";
import { asha } from "../../../src/search/schedulers/asha.js";
import { choice, float } from "../../../src/search/space/builders.js";
import { grid } from "../../../src/search/strategies/grid/grid.js";
import { pbt } from "../../../src/search/strategies/pbt/pbt.js";
import { random } from "../../../src/search/strategies/random/random.js";
import { tpe } from "../../../src/search/strategies/tpe/tpe.js";
import type { StudyJson } from "../../../src/search/study/contract.js";
import { replay } from "../../../src/tune/replay.js";
import { createTuner } from "../../../src/tune/resume/slices.js";
import { toDataset } from "../../../src/tune/trial/data.js";
import type { Folds } from "../../../src/tune/trial/folds.js";
import { type Receipt, withReceipt } from "../../../src/tune/trial/receipt.js";
import { tune } from "../../../src/tune/tune.js";
import { logistic, refusal, untimed, x, y } from "../support.js";

const space = { learningRate: float(0.01, 1, { log: true }) };
const common = { x, y, space, model: logistic, testSize: 0.2, validation: { folds: 3 }, seed: 3 };
const cases = {
  random: { ...common, strategy: random(), trials: 8, fit: { epochs: 3, batchSize: 8 } },
  tpe: { ...common, strategy: tpe(), trials: 14, lag: 2, fit: { epochs: 3, batchSize: 8 } },
  asha: {
    ...common,
    strategy: tpe(),
    scheduler: asha(),
    steps: 9,
    trials: 12,
    fit: { epochs: 9, batchSize: 8 },
  },
  pbt: { ...common, strategy: pbt({ populationSize: 4 }), trials: 12, fit: { epochs: 2, batchSize: 8 } },
};

/** The studies as they are after each trial, through JSON. */
async function studiesOf(options: (typeof cases)["random"]): Promise<StudyJson[]> {
  const studies: StudyJson[] = [];
  let study: { toJSON(): StudyJson } | undefined;
  await tune({
    ...options,
    jobs: 1,
    onEvent: (event) => {
      if (event.type === "studyStarted") study = event.study;
      if (event.type === "trialEnded") studies.push(JSON.parse(JSON.stringify(study)));
    },
  });
  return studies;
}

describe("a study that was saved", () => {
  it.each(Object.entries(cases))("goes on after any trial, and ends the same: %s", async (_, given) => {
    const options = given as (typeof cases)["random"];
    const whole = await tune(options);
    const studies = await studiesOf(options);
    expect(studies.length).toBe(options.trials);
    for (const study of studies.filter((_, i) => i % 3 === 1)) {
      const { trials, final } = await tune({ ...options, study, jobs: 2 });
      expect(untimed(trials)).toEqual(untimed(whole.trials));
      expect(final.model.getWeights()["dense_1.kernel"].data).toEqual(
        whole.final.model.getWeights()["dense_1.kernel"].data,
      );
      expect(final.test).toEqual(whole.final.test);
    }
  });

  it("takes more trials than it began with", async () => {
    const studies = await studiesOf(cases.random);
    const more = { ...cases.random, trials: 11 };
    const { trials } = await tune({ ...more, study: studies[7] });
    expect(untimed(trials)).toEqual(untimed((await tune(more)).trials));
  });

  it("takes every point of a grid, after the points that were enqueued", async () => {
    const [rates, points] = [
      [0.01, 0.1, 1],
      [0.5, 1],
    ];
    const options = {
      space: { learningRate: choice([...rates, 0.5]) },
      objective: ({ learningRate }: { learningRate: number }) => learningRate,
      direction: "minimize" as const,
      strategy: grid(),
    };
    const enqueue = points.map((learningRate) => ({ learningRate }));
    const { study } = await tune({ ...options, enqueue, trials: 3 });
    const { trials } = await tune({ ...options, study: JSON.parse(JSON.stringify(study)) });
    expect(trials.map(({ params }) => params.learningRate)).toEqual([...points, ...rates, 0.5]);
  });

  it.each([
    [{ seed: 4 }, "invalid_argument: seed must be 3, as in study; received 4"],
    [{ lag: 1 }, "invalid_argument: lag must be 2, as in study; received 1"],
    [
      { metric: "accuracy" },
      'invalid_argument: direction must be "minimize", as in study; received "maximize"',
    ],
    [
      { enqueue: [{ learningRate: 0.1 }] },
      "invalid_argument: enqueue must be left out with study, which has its trials",
    ],
  ])("must be resumed as it began: %j", async (change, message) => {
    const [study] = await studiesOf(cases.random);
    expect(await refusal(() => tune({ ...cases.random, ...(change as object), study }))).toBe(message);
  });
});

describe("replay", () => {
  it.each(Object.entries(cases))("runs a trial again to the same bits: %s", async (_, given) => {
    const options = given as (typeof cases)["random"];
    const studies = await studiesOf(options);
    const study = studies[studies.length - 1];
    for (const number of [0, 5, options.trials - 1]) {
      const { same, saved, replayed } = await replay({ ...options, study }, number);
      expect(untimed([replayed])).toEqual(untimed([saved]));
      expect(same).toBe(true);
    }
  });

  it("runs a trial again that was enqueued", async () => {
    const options = {
      ...cases.random,
      warmStart: [{ params: { learningRate: 0.2 }, status: "complete" as const, value: 1 }],
      enqueue: [{ learningRate: 0.5 }],
      trials: 2,
    };
    const { study } = await tune(options);
    const { same, replayed } = await replay({ ...options, study: study.toJSON() }, 1);
    expect([same, replayed.params.learningRate]).toEqual([true, 0.5]);
  });

  it("says that a trial came to something else, as with other data", async () => {
    const studies = await studiesOf(cases.random);
    const study = studies[7];
    const changed = x.map(([a, b, c]) => [b, c, a]);
    expect((await replay({ ...cases.random, x: changed, study }, 2)).same).toBe(false);
  });

  it("has the time that the trial takes, unless a signal ends it", async () => {
    const study = (await studiesOf(cases.random))[7];
    // that of the search was over before a trial could end
    expect((await replay({ ...cases.random, study, timeout: 1e-3 }, 2)).same).toBe(true);
    const signal = { aborted: true };
    expect(await refusal(() => replay({ ...cases.random, study, signal }, 2))).toContain("aborted: ");
  });

  it("refuses a trial that the study does not have", async () => {
    const [study] = await studiesOf(cases.random);
    expect(await refusal(() => replay({ ...cases.random, study }, 7))).toBe(
      "invalid_argument: trial must be the number of a trial that has ended, such as 0; received 7",
    );
  });
});

describe("a receipt", () => {
  it("is the same of a tuner that works in slices", async () => {
    const { final } = await tune({ ...cases.random, jobs: 1 });
    const tuner = await createTuner(cases.random);
    while (!tuner.result) await tuner.advance({ steps: 30 });
    expect(tuner.result.final.notes.receipt).toEqual(final.notes.receipt);
    expect(final.notes.receipt).toMatchObject({ rows: 60, trials: expect.stringMatching(/^[0-9a-f]{64}$/) });
  });
});

describe("the digests of a receipt", () => {
  const rows = [0, 1, 2, 3];
  const data = { x: rows.map((row) => [row, row % 2]), y: [1, 5, 2, 8] };
  const fold = (train: number[], validation: number[]) => ({
    train: Int32Array.from(train),
    validation: Int32Array.from(validation),
  });
  // one that scores trials, the test part, and a further division
  const folds = [fold([0, 1], [2]), fold([0, 1, 2], [3]), fold([1, 2], [0])];
  const trial = { number: 0, params: { rate: 1 }, status: "complete", value: 3, values: [3, 4] };
  const base = { data, folds, trial, seed: 7, weight: 2 };

  async function receiptOf({ data, folds, trial, seed, weight }: typeof base): Promise<Receipt> {
    const model = sequential([dense(1, { kernelInitializer: constant(weight) })]);
    model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
    await model.fit([[1, 2]], [[1]], { epochs: 1 });
    const parts = { data: toDataset(data), folds, scored: 1 } as unknown as Folds;
    const { notes } = await withReceipt(new Model(model), parts, [trial] as never, seed);
    return notes?.receipt as Receipt;
  }

  it.each<[string, object, readonly string[]]>([
    ["an input", { data: { ...data, x: rows.map((row) => [row, 1 + (row % 2)]) } }, ["data", "columns"]],
    ["a target", { data: { ...data, y: [1, 5, 2, 9] } }, ["data", "columns"]],
    ["weights of rows", { data: { ...data, sampleWeight: [1, 2, 1, 1] } }, ["data"]],
    ["groups", { data: { ...data, groups: [0, 0, 1, 1] } }, ["data"]],
    ["other groups", { data: { ...data, groups: [0, 1, 1, 1] } }, ["data"]],
    ["times", { data: { ...data, time: [3, 1, 2, 4] } }, ["data"]],
    ["training rows", { folds: [fold([0, 3], [2]), ...folds.slice(1)] }, ["folds"]],
    ["validation rows", { folds: [fold([0, 1], [3]), ...folds.slice(1)] }, ["folds"]],
    ["a test part", { folds: [folds[0], fold([0, 1, 2], [1]), folds[2]] }, ["folds"]],
    ["no further division", { folds: folds.slice(0, 2) }, []],
    ["a parameter", { trial: { ...trial, params: { rate: 2 } } }, ["trials"]],
    ["a status", { trial: { ...trial, status: "pruned" } }, ["trials"]],
    ["a value", { trial: { ...trial, value: 4 } }, ["trials"]],
    ["a second objective", { trial: { ...trial, values: [3, 5] } }, ["trials"]],
    ["a weight of the network", { weight: 3 }, ["weights"]],
    ["a seed", { seed: 8 }, ["seed"]],
  ])("show %s that is different, each in its place", async (_, change, places) => {
    const [before, after] = [await receiptOf(base), await receiptOf({ ...base, ...change })];
    const differs = Object.keys(before).filter(
      (name) => JSON.stringify(before[name as "data"]) !== JSON.stringify(after[name as "data"]),
    );
    expect(differs.sort()).toEqual([...places].sort());
  });
});

describe("a host without digests, as a page without HTTPS", () => {
  it("tunes all the same, without a receipt", async () => {
    vi.stubGlobal("crypto", undefined);
    const { final } = await tune({ ...cases.random, jobs: 1 });
    vi.unstubAllGlobals();
    expect(final.notes.receipt).toBeUndefined();
    expect(final.predict(x).shape).toEqual([60, 1]);
    expect((await tune({ ...cases.random, jobs: 1 })).final.notes.receipt).toBeDefined();
  });
});

/**
 * Models that need no tuning in ensembles: what they predict, held against `linear/` and shares, and when
 * they are taken. Needs `dist/`.
 */
import { describe, expect, it } from "vitest";
import { applyPipeline, fitPipeline } from "../../../src/data/pipeline/pipeline.js";
import { lossWeights } from "../../../src/data/weights.js";
import { loadModel, saveModel } from "../../../src/model/save.js";
import { dense, embedding, flatten } from "../../../src/nn/layers/index.js";
import { sequential } from "../../../src/nn/models/sequential.js";
import { sgd } from "../../../src/optim/sgd.js";
import { choice } from "../../../src/search/space/builders.js";
import { createBackend } from "../../../src/tune/jobs/backend.js";
import { linearFits, predictLinear } from "../../../src/tune/linear/linear.js";
import { createTuner } from "../../../src/tune/resume/slices.js";
import { toDataset } from "../../../src/tune/trial/data.js";
import { fitFinal } from "../../../src/tune/trial/final.js";
import type { FinalPlan } from "../../../src/tune/trial/finalLimits.js";
import { createFoldsFor, divideRows } from "../../../src/tune/trial/folds.js";
import { createPlain, type PlainModel, plainModels } from "../../../src/tune/trial/plainModels.js";
import type { JobTemplate } from "../../../src/tune/trial/training.js";
import { tune } from "../../../src/tune/tune.js";
import { runTuner } from "../../../src/tune/tuner/run.js";
import { scoringOf, setUpTuner } from "../../../src/tune/tuner/setup.js";
import { randomRows } from "../support.js";

const x = randomRows(150, 3, 11);
const noise = randomRows(150, 1, 12).map(([each]) => each);
const quantity = x.map(([a, b, c]) => 1000 + 50 * a - 30 * b + 20 * c);
const two = x.map(([a, b], i) => (a - b + noise[i] > 0.4 ? "yes" : "no"));
const three = x.map(([a, b], i) => (a + noise[i] > 0.3 ? "u" : b > 0 ? "v" : "w"));
const sampleWeight = x.map((_, i) => 1 + (i % 3));
const settings = { validation: { folds: 3 }, testSize: 0.2, seed: 4 };

/** A network that learns nothing in the time it has. */
const idle = (units: number, activation: "linear" | "sigmoid" | "softmax") => {
  const model = sequential([dense(units, { activation })]);
  const loss = {
    linear: "meanSquaredError",
    sigmoid: "binaryCrossentropy",
    softmax: "categoricalCrossentropy",
  } as const;
  model.compile({ optimizer: sgd({ learningRate: 1e-9 }), loss: loss[activation] });
  return model;
};

describe.each([
  ["quantities", { y: quantity }, [1, "linear"]],
  ["weighted quantities", { y: quantity, sampleWeight }, [1, "linear"]],
  ["two classes", { y: two }, [1, "sigmoid"]],
  ["weighted classes", { y: two, sampleWeight }, [1, "sigmoid"]],
  ["three classes", { y: three, sampleWeight }, [3, "softmax"]],
] as const)("of %s", (_, options, [units, activation]) => {
  const data = toDataset({ x, ...options } as Parameters<typeof toDataset>[0], () => units);
  const rows = divideRows(data, settings);
  const { folds, finalFold } = createFoldsFor(rows)({});
  const task = { rows, folds, finalFold, pipeline: {} };
  const [linear, constant] = plainModels(task);
  const { train, validation } = rows.folds[3];
  const { pipeline, x: features, y: learnt } = fitPipeline(data, { rows: train });
  const held = applyPipeline(pipeline, data.columns, validation);
  const weights = data.sampleWeight && lossWeights({ sampleWeight: data.sampleWeight }, data, train, train);
  const predict = (model: typeof linear) =>
    model.network(idle(units, activation)).predict({ data: held, shape: [validation.length, 3] }).data;

  it("the linear network predicts what the linear model of its penalty does", () => {
    // each from the start, since where a fit begins shows in its last digits
    const fitted = (penalty: number) =>
      linearFits({
        task: data.task,
        x: features,
        y: learnt,
        outputs: units,
        ...(weights && { weights }),
      })(penalty);
    const predictions = [...predict(linear)];
    const off = [1, 0.1, 0.01, 1e-3, 1e-4].map((penalty) => {
      const expected = predictLinear(fitted(penalty).model, held);
      return predictions.reduce((most, p, i) => Math.max(most, Math.abs(p - expected[i])), 0);
    });
    // float32 of sums of a few numbers near 1
    expect(Math.min(...off)).toBeLessThan(2e-6);
    expect(linear.own.map(({ length }) => length)).toEqual([40, 40, 40].map((each) => each * units));
  });

  it("predict any other fold, as they do those of the study", () => {
    for (const { own, predict: predictFold } of [linear, constant])
      for (const [i, fold] of folds.entries()) {
        const again = predictFold(rows.folds[i], fold);
        expect(again.length).toBe(own[i].length);
        // a fit ends where each of at most 12 coefficients is 1e-5 from its best, so where it began shows
        for (const [at, p] of again.entries()) expect(Math.abs(p - own[i][at])).toBeLessThan(1e-4);
      }
    expect([...linear.predict(rows.folds[1], folds[1])]).not.toEqual([...linear.own[0]]);
  });

  it("the constant is the weighted mean of the rows that it may see", () => {
    const total = weights ? weights.reduce((sum, each) => sum + each, 0) : train.length;
    const means = Array.from({ length: units }, (_, k) => {
      const sum = [...train].reduce((all, __, i) => all + (weights?.[i] ?? 1) * learnt[i * units + k], 0);
      return sum / total;
    });
    for (const [at, p] of predict(constant).entries()) expect(p).toBeCloseTo(means[at % units], 5);
    const seen = new Set(rows.folds[0].train);
    const own = [...seen].map((row) => [data.sampleWeight?.[row] ?? 1, data.y[row * units]] as const);
    const share = own.reduce((sum, [w, value]) => sum + w * value, 0) / own.reduce((sum, [w]) => sum + w, 0);
    const { center, scale } = folds[0].target.outputs[0];
    expect(constant.own[0][0]).toBeCloseTo((share - center) / scale, 5);
  });
});

describe("tune with an ensemble", () => {
  const base = {
    x,
    y: quantity,
    space: { rate: choice([1e-9, 2e-9]) },
    trials: 2,
    jobs: 1,
    ...settings,
    fit: { epochs: 1 },
    model: () => idle(1, "linear"),
    ensemble: 3,
  };

  it("answers with the linear model where no network is as good, and keeps its answer", async () => {
    const { final, ensemble } = await tune(base);
    expect(ensemble).toMatchObject({ members: [], untuned: { linear: 3 } });
    // a penalty of 1e-4 draws the slopes by a ten thousandth to 0
    expect(final.test.r2).toBeGreaterThan(0.9999999);
    expect(final.model.layers.map(({ type }) => type)).toEqual(["dense"]);
    const { data: predictions } = final.predict(x);
    expect((await loadModel(saveModel(final))).predict(x).data).toEqual(predictions);
    for (const [i, p] of predictions.entries()) expect(Math.abs(p - quantity[i])).toBeLessThan(0.05);
  });

  it("answers with the linear model where time allows one network, which is worse", async () => {
    const setup = await setUpTuner(base, scoringOf({}));
    const backend = createBackend(setup.trialSetup.rows, 1);
    await runTuner({ ...setup, refit: false }, backend, undefined);
    const limits = {
      networks: (_: unknown, { fold }: FinalPlan) => (fold === 3 ? 1 : 3),
      confirm: () => false,
      plan: () => ({ fold: 3, prepare: 0 }),
      epochs: () => 1,
      until: () => undefined,
    };
    const ended = await fitFinal<typeof base.space>({ ...setup.trialSetup, backend }, setup.study, 0, limits);
    expect(ended).toMatchObject({ networks: 1, ensemble: { members: [], untuned: { linear: 1 } } });
    expect(ended.model.notes?.test?.r2).toBeGreaterThan(0.9999999);
    await backend.close();
  });

  it("has the same bits with threads and in slices", async () => {
    const { final } = await tune({ ...base, y: three, model: () => idle(3, "softmax") });
    const options = { ...base, y: three, model: () => idle(3, "softmax") };
    expect((await tune({ ...options, jobs: 2 })).final.bytes()).toEqual(final.bytes());
    const { jobs: _, ...sliced } = options;
    const tuner = await createTuner(sliced);
    while (!tuner.result) await tuner.advance({ steps: 5 });
    expect(tuner.result.final.bytes()).toEqual(final.bytes());
    const confirmed = { ...options, ensemble: { networks: 3, confirm: 2 } };
    const { final: one, ensemble } = await tune(confirmed);
    expect([ensemble?.members, ensemble?.confirm]).toEqual([[], 2]);
    expect((await tune({ ...confirmed, jobs: 2 })).final.bytes()).toEqual(one.bytes());
  });

  // a trial may choose its pipeline and the weights of its classes
  it.each([
    ["class weights", [{ classWeight: [1, 1] }, { classWeight: [1, 9] }]],
    ["class weights and none", [{}, { classWeight: "balanced" as const }]],
    ["a pipeline", [{}, { pipeline: { scale: "none" as const } }]],
  ] as const)("has untuned models of the trial that is best by %s, whichever asked before", (_, choices) => {
    const rows = divideRows(toDataset({ x, y: two }), settings);
    const built = idle(1, "sigmoid");
    const templateOf = (choice: object) => {
      const job = { pipeline: {}, ...choice };
      return { built, job, ...createFoldsFor(rows)(job.pipeline) } as unknown as JobTemplate;
    };
    const predictionsOf = ([each]: readonly PlainModel[]) => each.own.map((own) => [...own]);
    const all = createPlain(rows);
    const [first, second] = choices.map((choice) => predictionsOf(all(templateOf(choice))));
    expect(second).not.toEqual(first);
    expect(second).toEqual(predictionsOf(createPlain(rows)(templateOf(choices[1]))));
    expect(predictionsOf(all(templateOf(choices[0])))).toEqual(first);
  });

  it("is of networks alone where it is told to be", async () => {
    const { ensemble } = await tune({ ...base, ensemble: { networks: 3, untuned: false } });
    expect(ensemble?.untuned).toBeUndefined();
    expect(ensemble?.members.reduce((sum, { networks }) => sum + networks, 0)).toBe(3);
  });

  it("is of networks alone where these read ids", async () => {
    const ids = x.map((_, i) => [i % 4, i % 3]);
    const model = () => {
      const built = sequential([embedding(4, 2), flatten(), dense(1)]);
      built.compile({ optimizer: sgd({ learningRate: 1e-9 }), loss: "meanSquaredError" });
      return built;
    };
    const { ensemble } = await tune({ ...base, x: ids, y: ids.map(([a, b]) => a + b), model });
    expect(ensemble?.untuned).toBeUndefined();
  });
});

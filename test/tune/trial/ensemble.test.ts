/**
 * Final models of several networks: which, with what scores, and the same bits however they came about. Needs
 * `dist/`.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { metrics } from "../../../src/metrics/registry.js";
import { loadModel, saveModel } from "../../../src/model/save.js";
import { dense, dropout } from "../../../src/nn/layers/index.js";
import { type Sequential, sequential } from "../../../src/nn/models/sequential.js";
import { adam } from "../../../src/optim/adam.js";
import { choice } from "../../../src/search/space/builders.js";
import { random } from "../../../src/search/strategies/random/random.js";
import { gridSearch } from "../../../src/tune/gridSearch.js";
import { createTuner, restoreTuner } from "../../../src/tune/resume/slices.js";
import { selectionFor } from "../../../src/tune/trial/ensembleOptions.js";
import { KeptPredictions } from "../../../src/tune/trial/kept.js";
import { validatedRows } from "../../../src/tune/trial/outOfFold.js";
import { tune } from "../../../src/tune/tune.js";
import type { TuneResult } from "../../../src/tune/tuner/options.js";
import { packArchive, unpackArchive } from "../../../src/workers/archive.js";
import { cases } from "../../cases.js";
import { weightsOf } from "../../nn/support.js";
import { hidden, randomRows, refusal, watching } from "../support.js";

const x = randomRows(120, 3, 5);
const y = x.map(([a, b, c]) => 40 * a * b - 20 * c + 300);
type S = typeof space;
const { space, model } = hidden;
const base = {
  x,
  y,
  space,
  model,
  strategy: random(),
  trials: 6,
  jobs: 1,
  seed: 3,
  testSize: 0.25,
  fit: { epochs: 8, batchSize: 16 },
  validation: { folds: 3 },
};
const outcome = ({ final, ensemble, trials }: TuneResult<S>) => ({
  ensemble,
  values: trials.map(({ value }) => value),
  test: final.test,
  notes: final.notes.ensemble,
  predictions: [...final.predict(x).data],
});

describe("tune with an ensemble", () => {
  it("has the same bits with any number of threads, and from a study that was saved without predictions", async () => {
    const result = await tune({ ...base, ensemble: 4 });
    const one = outcome(result);
    expect(one.ensemble?.members.reduce((sum, { networks }) => sum + networks, 0)).toBe(4);
    expect(one.notes).toEqual(one.ensemble);
    expect(outcome(await tune({ ...base, ensemble: 4, jobs: 2 }))).toEqual(one);
    const study = JSON.parse(JSON.stringify(result.study));
    expect(outcome(await tune({ ...base, ensemble: 4, study }))).toEqual(one);
  });

  it("scores the joined networks on the rows that nothing was trained on", async () => {
    const { seen, watched } = watching((yTrue, yPred) =>
      metrics.meanSquaredError.compute(Float64Array.from(yTrue), Float64Array.from(yPred), 1),
    );
    const { final, ensemble } = await tune({ ...base, metric: watched, ensemble: 5 });
    const [targets, predicted] = seen[seen.length - 1];
    const rows = targets.map((target) => x[y.indexOf(target)]);
    expect(Array.from(final.predict(rows).data)).toEqual(predicted);
    expect(final.test.watched).toBe(
      metrics.meanSquaredError.compute(Float64Array.from(targets), Float64Array.from(predicted), 1),
    );
    // each of the two scores is the mean over the folds, and every validation row is in one, in the units of
    // the target
    for (const [score, scored] of [
      [ensemble?.score, seen.slice(-7, -4)],
      [ensemble?.single, seen.slice(-4, -1)],
    ] as const) {
      expect(scored.flatMap(([truth]) => truth).length).toBe(90);
      const errors = scored.map(([truth, own]) =>
        metrics.meanSquaredError.compute(Float64Array.from(truth), Float64Array.from(own), 1),
      );
      expect(score).toBeCloseTo((errors[0] + errors[1] + errors[2]) / 3, 9);
    }
  });

  it("of one network is what it is without the option", async () => {
    const plain = outcome(await tune(base));
    expect(plain.ensemble).toBeUndefined();
    expect(outcome(await tune({ ...base, ensemble: 1 }))).toEqual(plain);
  });

  it("takes the best trials once each where it is told to, and trials again where there are too few", async () => {
    const best = await tune({
      ...base,
      metric: "meanSquaredError",
      ensemble: { networks: 3, selection: "best", untuned: false },
    });
    const order = [...best.trials]
      .sort((a, b) => (a.value ?? 0) - (b.value ?? 0))
      .map(({ number }) => number);
    expect(best.ensemble?.members.map(({ networks }) => networks)).toEqual([1, 1, 1]);
    expect(best.ensemble?.members.map(({ trial }) => trial).sort()).toEqual(order.slice(0, 3).sort());
    const one = await tune({ ...base, trials: 1, ensemble: { networks: 3, untuned: false } });
    expect(one.ensemble?.members).toEqual([{ trial: 0, networks: 3 }]);
  });

  it("has networks of seeds that no network of the next study shares", async () => {
    const kernels = async (seed: number): Promise<string[]> => {
      const { final } = await tune({
        ...base,
        seed,
        space: { learningRate: choice([0.01]), units: choice([3]) },
        trials: 1,
        testSize: 0,
        ensemble: { networks: 3, untuned: false },
      });
      return Object.entries(final.model.getWeights())
        .filter(([path]) => /[135]\.kernel/.test(path))
        .map(([, { data }]) => String(data));
    };
    expect(new Set([...(await kernels(3)), ...(await kernels(4))]).size).toBe(6);
  });

  it.each([
    ["one quantity", y],
    ["two quantities", y.map((value, i) => [value, i % 7])],
    ["three classes", y.map((_, i) => ["a", "b", "c"][i % 3])],
  ])("of the only trial has the score of the trial: %s", async (_, targets) => {
    const units = typeof targets[0] === "number" ? 1 : typeof targets[0] === "string" ? 3 : 2;
    const isOfClasses = units === 3;
    const { ensemble, trials } = await tune({
      ...base,
      y: targets,
      model: ({ learningRate }) => {
        const built = sequential([dense(units, isOfClasses ? { activation: "softmax" } : {})]);
        const loss = isOfClasses ? "categoricalCrossentropy" : "meanSquaredError";
        built.compile({ optimizer: adam({ learningRate }), loss });
        return built;
      },
      metric: isOfClasses ? "logLoss" : "meanAbsoluteError",
      trials: 1,
      ensemble: { networks: 2, untuned: false },
    });
    expect(ensemble?.single).toBeCloseTo(trials[0].value as number, 9);
  });

  it("has as many networks as a model file holds layers of", async () => {
    const deep = ({ learningRate }: { learningRate: number }): Sequential => {
      const hidden = Array.from({ length: 299 }, () => dropout(0));
      const built = sequential([...hidden, dense(1)]);
      built.compile({ optimizer: adam({ learningRate }), loss: "meanSquaredError" });
      return built;
    };
    const { final, ensemble } = await tune({
      ...base,
      model: deep,
      trials: 1,
      ensemble: { networks: 5, untuned: false },
      fit: { epochs: 1 },
    });
    expect(ensemble?.members).toEqual([{ trial: 0, networks: 3 }]);
    expect(final && (await loadModel(saveModel(final))).model.layers.length).toBe(901);
  });

  it("joins trials with the pipeline of the best alone", async () => {
    const scaling = choice(["standard", "robust"]);
    const { best, ensemble, trials } = await tune({
      ...base,
      space: { ...space, scaling },
      trials: 8,
      pipeline: ({ scaling: scale }) => ({ scale }),
      ensemble: { networks: 8, selection: "best", untuned: false },
    });
    const pipelines = ensemble?.members.map(({ trial }) => trials[trial].params.scaling);
    expect(new Set(pipelines)).toEqual(new Set([best.params.scaling]));
  });

  it("goes with a grid search, and chooses by one part that is held out", async () => {
    const { final, ensemble } = await gridSearch({
      x,
      y,
      model,
      jobs: 1,
      validation: { split: 0.3 },
      ensemble: 2,
      space: { units: choice([2, 8]), learningRate: choice([0.01, 0.05]) },
    });
    expect(ensemble?.members.length).toBeGreaterThan(0);
    expect(final.model.layers.at(-1)?.type).toBe("average");
  });

  it("is resumed with its predictions, which are refused if they are damaged", async () => {
    const { jobs: _, ...options } = { ...base, ensemble: 2 };
    const tuner = await createTuner(options);
    while (tuner.study.trials.length < 3) await tuner.advance({ steps: 20 });
    const format = { magic: "fettle/t", version: 4, what: "a saved tuner" };
    const sections = unpackArchive(format, tuner.save()) as { kept: [number, number, Float32Array[]][] };
    expect(sections.kept.length).toBe(3);
    for (const [change, message] of [
      [[[9, 1, []]], "it has no finished trial 9"],
      [[[0, 1, [new Float32Array(2)]]], "the predictions of trial 0 are corrupted"],
      [[[0, null, sections.kept[0][2]]], "the predictions of trial 0 are corrupted"],
      [1, "its predictions must be a list; received 1"],
    ] as const) {
      const bytes = packArchive(format, { ...sections, kept: change });
      expect(await refusal(() => restoreTuner(bytes, options))).toBe(
        `invalid_checkpoint: this is not a saved tuner: ${message}`,
      );
    }
    expect(await refusal(() => restoreTuner(tuner.save(), { ...options, ensemble: 3 }))).toBe(
      'invalid_argument: the tuner was saved with ensemble {"networks":2,"selection":"greedy"}; received {"networks":3,"selection":"greedy"}; pass the same ensemble',
    );
  });
});

describe("refusals", () => {
  it.each<[unknown, string]>([
    [0, "invalid_argument: ensemble must be a positive integer; received 0"],
    [101, "invalid_argument: ensemble must be at most 100 networks; received 101"],
    [
      "8",
      'invalid_argument: ensemble must be a number of networks, or { networks, selection, untuned, confirm }; received "8"',
    ],
    [
      { networks: 2, selection: "all" },
      'unknown_name: unknown selection of ensemble "all". Known: greedy, best.',
    ],
    [
      { size: 2 },
      'unknown_name: unknown option of ensemble "size". Known: networks, selection, untuned, confirm.',
    ],
    [{ networks: 2, untuned: 1 }, "invalid_argument: untuned of ensemble must be true or false; received 1"],
  ])("of %j", async (ensemble, message) => {
    expect(await refusal(() => tune({ ...base, ensemble: ensemble as number }))).toBe(message);
  });

  it("of confirm beyond 10, but not of the largest settings", async () => {
    const largest = { networks: 100, confirm: 10 };
    expect(selectionFor(largest, 1)).toMatchObject(largest);
    expect(await refusal(() => selectionFor({ ...largest, confirm: 11 }, 1))).toContain(
      "at most 10; received 11",
    );
  });

  it("of several metrics", async () => {
    expect(await refusal(() => tune({ ...base, metric: ["r2", "meanAbsoluteError"], ensemble: 2 }))).toBe(
      "invalid_argument: metric with an ensemble must be one metric; received 2",
    );
  });
});

it("takes a function that returns one network whenever it is called: trials train copies", async () => {
  const ensemble = { networks: 2, untuned: false };
  const space = { units: choice([2]), learningRate: choice([0.01]) };
  const only = model({ units: 2, learningRate: 0.01 });
  const [shared, separate] = [
    await tune({ ...base, space, trials: 1, model: () => only, ensemble }),
    await tune({ ...base, space, trials: 1, ensemble }),
  ];
  const weights = ({ final }: typeof shared) => weightsOf(final.model);
  expect(weights(shared)).toEqual(weights(separate));
  expect(await refusal(() => only.getWeights())).toMatch(/^invalid_state: the model has no parameters yet/);
});

describe("predictions that are kept", () => {
  it("are those of the best trials, in whatever order they end", () => {
    const trial = fc.record({ value: fc.integer({ min: -3, max: 3 }), place: fc.nat() });
    fc.assert(
      fc.property(fc.array(trial), fc.integer({ min: 1, max: 5 }), fc.boolean(), (trials, most, up) => {
        const kept = new KeptPredictions(most, up ? "maximize" : "minimize");
        const numbered = trials.map((each, number) => ({ ...each, number }));
        for (const { number, value } of [...numbered].sort((a, b) => a.place - b.place))
          kept.add(number, value, [Float32Array.of(number)]);
        const sign = up ? -1 : 1;
        const best = [...numbered].sort((a, b) => sign * (a.value - b.value) || a.number - b.number);
        expect(kept.save().map(([number]) => number)).toEqual(
          best.slice(0, most).map(({ number }) => number),
        );
        for (const { number } of best.slice(0, most)) expect(kept.of(number)?.[0][0]).toBe(number);
      }),
      { numRuns: cases(100) },
    );
  });

  it("are none of a trial without a finite value, and no more than fit", () => {
    const kept = new KeptPredictions(8, "minimize");
    kept.add(0, Number.NaN, [Float32Array.of(1)]);
    kept.add(1, undefined, [Float32Array.of(1)]);
    expect(kept.save()).toEqual([]);
    for (const trial of [2, 3, 4]) kept.add(trial, trial, [new Float32Array(2 ** 23)]);
    expect(kept.save().map(([number]) => number)).toEqual([2, 3]);
  });
});

it.each([
  [1, [0, 1, 2, 3, 4, 0, 1]],
  [3, [0, 0, 1, 2]],
  [12, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1]],
])("the rows of %i folds are in at most 10 parts, of similar sizes", (folds, parts) => {
  const rowsOf = (fold: number) => (folds === 1 ? 7 : folds === 3 && fold === 0 ? 2 : 1);
  const target = { outputs: [{ center: 0, scale: 1 }] };
  const validated = validatedRows(
    Array.from({ length: folds }, (_, fold) => ({
      outputs: 1,
      yTrue: new Float64Array(rowsOf(fold)),
      target,
    })),
  );
  expect([...validated.parts]).toEqual(parts);
});

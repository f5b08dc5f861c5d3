/**
 * Final models whose probabilities are calibrated: the same network with other last weights. Needs `dist/`.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fitTarget } from "../../../src/data/pipeline/target.js";
import { metrics } from "../../../src/metrics/registry.js";
import { loadModel, saveModel } from "../../../src/model/save.js";
import { activation, dense } from "../../../src/nn/layers/index.js";
import type { LayersModel } from "../../../src/nn/models/layersModel.js";
import { type Sequential, sequential } from "../../../src/nn/models/sequential.js";
import { adam } from "../../../src/optim/adam.js";
import { choice } from "../../../src/search/space/builders.js";
import { random } from "../../../src/search/strategies/random/random.js";
import { temperatures, tempered } from "../../../src/tune/ensemble/temperature.js";
import { gridSearch } from "../../../src/tune/gridSearch.js";
import { calibrationOf } from "../../../src/tune/trial/calibration.js";
import { divideLogits } from "../../../src/tune/trial/logits.js";
import { tune } from "../../../src/tune/tune.js";
import type { TuneResult } from "../../../src/tune/tuner/options.js";
import { cases } from "../../cases.js";
import { randomRows, refusal, watching } from "../support.js";

// noise that a network learns by heart: its probabilities are far too sure
const x = randomRows(160, 3, 8);
const noise = randomRows(160, 1, 9).map(([each]) => 1.5 * each);
const three = x.map(([a, b], i) => (a + noise[i] > 0.2 ? "u" : b > 0 ? "v" : "w"));
const two = x.map(([a], i) => (a + noise[i] > 0 ? "no" : "yes"));
const space = { units: choice([16, 24]), learningRate: choice([0.05, 0.1]) };
type S = typeof space;
type P = { readonly units: number; readonly learningRate: number };

const softmaxOf3 = ({ units, learningRate }: P): Sequential => {
  const model = sequential([dense(units, { activation: "relu" }), dense(3, { activation: "softmax" })]);
  model.compile({ optimizer: adam({ learningRate }), loss: "categoricalCrossentropy" });
  return model;
};
const sigmoidOf1 = ({ units, learningRate }: P): Sequential => {
  const model = sequential([dense(units, { activation: "relu" }), dense(1), activation("sigmoid")]);
  model.compile({ optimizer: adam({ learningRate }), loss: "binaryCrossentropy" });
  return model;
};
const base = {
  x,
  y: three,
  space,
  model: softmaxOf3,
  strategy: random(),
  trials: 4,
  jobs: 1,
  seed: 2,
  testSize: 0.25,
  fit: { epochs: 60, batchSize: 16 },
  validation: { folds: 3 },
  calibrate: true,
};
const outcome = ({ final, calibration, ensemble, trials }: TuneResult<S>) => ({
  calibration,
  ensemble,
  threshold: final.threshold,
  test: final.test,
  notes: final.notes.calibration,
  values: trials.map(({ value }) => value),
  predictions: [...final.predict(x).data],
});

describe("tune with calibrate", () => {
  it("has the same bits with any number of threads, and from a study that was saved without predictions", async () => {
    for (const networks of [1, 3]) {
      const ensemble = { networks, untuned: false };
      const result = await tune({ ...base, ensemble });
      const one = outcome(result);
      expect(one.calibration?.temperature).toBeGreaterThan(1);
      expect(one.notes).toEqual(one.calibration);
      expect(outcome(await tune({ ...base, ensemble, jobs: 2 }))).toEqual(one);
      const study = JSON.parse(JSON.stringify(result.study));
      expect(outcome(await tune({ ...base, ensemble, study }))).toEqual(one);
    }
  });

  it("divides the logits of one network, and changes neither its classes nor anything else", async () => {
    const plain = await tune({ ...base, calibrate: false });
    const { final, calibration, trials } = await tune(base);
    expect(plain.calibration).toBeUndefined();
    expect(trials.map(({ value }) => value)).toEqual(plain.trials.map(({ value }) => value));
    const temperature = calibration?.temperature as number;
    const before = plain.final.model.getWeights();
    const after = final.model.getWeights();
    for (const [path, { data }] of Object.entries(before)) {
      const factor = path.startsWith("dense_2.") ? temperature : 1;
      expect([...after[path].data]).toEqual([...data].map((weight) => Math.fround(weight / factor)));
    }
    expect(final.classify(x)).toEqual(plain.final.classify(x));
    expect(final.test.accuracy).toBe(plain.final.test.accuracy);
    expect(final.test.logLoss).toBeLessThan(plain.final.test.logLoss as number);
    expect(calibration?.logLoss.after).toBeLessThan(calibration?.logLoss.before as number);
    expect(calibration?.error.after).toBeLessThan(calibration?.error.before as number);
  });

  it("scores the calibrated model on the test rows, and saves it as any other", async () => {
    const { seen, watched } = watching((yTrue, yPred) =>
      metrics.logLoss.compute(Float64Array.from(yTrue), Float32Array.from(yPred), 3),
    );
    const { final } = await tune({ ...base, metric: watched, ensemble: 3 });
    const predicted = [...final.predict(x).data];
    const rows = x.map((_, i) => String(predicted.slice(3 * i, 3 * i + 3)));
    const [, scored] = seen[seen.length - 1];
    expect(scored.length).toBe(3 * 40);
    for (let i = 0; i < scored.length; i += 3) expect(rows).toContain(String(scored.slice(i, i + 3)));
    const again = await loadModel(saveModel(final));
    expect([...again.predict(x).data]).toEqual(predicted);
    expect(again.model.layers.map(({ type }) => type)).toEqual(final.model.layers.map(({ type }) => type));
  });

  it("chooses a threshold after it, by the probabilities of the calibrated model", async () => {
    const options = { ...base, y: two, model: sigmoidOf1, threshold: "f1" as const };
    const plain = await tune({ ...options, calibrate: false });
    const { final, calibration } = await tune(options);
    const temperature = calibration?.temperature as number;
    expect(temperature).toBeGreaterThan(1);
    // of one network the order of rows stays, so that the threshold moves as probabilities do, but for the
    // middle of a gap
    const logit = (p: number): number => Math.log(p / (1 - p));
    const [own, before] = [final, plain.final].map((each) => logit(each?.threshold as number));
    expect(Math.sign(own)).toBe(Math.sign(before));
    expect(final.threshold).not.toBe(plain.final.threshold);
    expect(Math.abs(own - before / temperature)).toBeLessThan(0.2);
    expect(final.classify(x)).toEqual(plain.final.classify(x));
  });

  it("says nothing of predictions that are not numbers", () => {
    const yTrue = Float64Array.of(0, 1);
    const fold = { outputs: 1, yTrue, target: fitTarget("none", { y: yTrue, outputs: 1 }, [0, 1]) };
    expect(calibrationOf([[Float32Array.of(0.5, Number.NaN)]], [fold])).toBeUndefined();
    // each of two rows is a part, and the other says to be as sure as can be: (¾ / ¼)⁴ = 81
    expect(calibrationOf([[Float32Array.of(0.25, 0.75)]], [fold])).toEqual({
      temperature: expect.closeTo(0.25, 12),
      logLoss: { before: expect.closeTo(Math.log(4 / 3), 6), after: expect.closeTo(Math.log(82 / 81), 6) },
      error: { before: 0.25, after: expect.closeTo(1 / 82, 6) },
    });
  });

  it("goes with a grid search", async () => {
    const { calibration } = await gridSearch({
      x,
      y: three,
      model: softmaxOf3,
      jobs: 1,
      calibrate: true,
      validation: { split: 0.3 },
      space: { units: choice([16]), learningRate: choice([0.1]) },
      fit: { epochs: 60 },
    });
    expect(calibration?.temperature).toBeGreaterThan(1);
  });
});

describe("divideLogits", () => {
  const trained = async (model: Sequential, y: readonly (readonly number[])[]): Promise<LayersModel> => {
    await model.fit(x, y, { epochs: 5 });
    return model;
  };

  it("has the tempered probabilities, within rounding", async () => {
    const params = { units: 8, learningRate: 0.02 };
    const models = [
      [
        3,
        await trained(
          softmaxOf3(params),
          three.map((own) => [..."uvw"].map((each) => Number(each === own))),
        ),
      ],
      [
        1,
        await trained(
          sigmoidOf1(params),
          two.map((own) => [Number(own === "yes")]),
        ),
      ],
    ] as const;
    fc.assert(
      fc.property(fc.constantFrom(...models), fc.constantFrom(...temperatures()), ([outputs, model], t) => {
        const weights = model.getWeights();
        const before = Float32Array.from(model.predict(x).data);
        divideLogits(model, t);
        const after = model.predict(x).data;
        model.setWeights(weights);
        // logits below 16 have errors of some 2⁻²⁰ · 4, and a probability changes by at most a quarter of
        // them
        for (const [k, own] of tempered(before, outputs, t).entries())
          expect(Math.abs(after[k] - own)).toBeLessThan(2 ** -19);
      }),
      { numRuns: cases(30) },
    );
  });
});

describe("refusals", () => {
  const regression = { y: x.map(([a]) => a), model: (params: P) => sigmoidOf1(params) };
  it.each<[string, object, string]>([
    ["a word", { calibrate: "yes" }, 'invalid_argument: calibrate must be true or false; received "yes"'],
    [
      "quantities",
      regression,
      "invalid_argument: calibrate needs a classification target; received a regression target",
    ],
    [
      "several metrics",
      { metric: ["logLoss", "accuracy"] },
      "invalid_argument: metric with calibrate must be one metric; received 2",
    ],
  ])("of %s", async (_, options, message) => {
    expect(await refusal(() => tune({ ...base, ...options } as never))).toBe(message);
  });

  it.each<[string, () => Sequential, string]>([
    ["logits", () => sequential([dense(3)]), "dense (linear)"],
    ["sigmoids", () => sequential([dense(3, { activation: "sigmoid" })]), "dense (sigmoid)"],
    [
      "a dense layer with an activation before the last",
      () => sequential([dense(3, { activation: "relu" }), activation("softmax")]),
      "dense (relu), activation (softmax)",
    ],
  ])("of a network of %s, trial by trial", async (_, make, ending) => {
    const model = () => {
      const built = make();
      built.compile({ optimizer: "adam", loss: "meanSquaredError" });
      return built;
    };
    expect(await refusal(() => tune({ ...base, model }))).toContain(
      `calibrate needs a model that ends with dense(3, { activation: "softmax" }); received one that ends with ${ending}`,
    );
  });
});

/**
 * The decision threshold: the best on out-of-fold predictions, used by classes and their metrics alone. Needs
 * `dist/`.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decided } from "../../src/metrics/decided.js";
import { metrics } from "../../src/metrics/registry.js";
import { dense } from "../../src/nn/layers/index.js";
import { sequential } from "../../src/nn/models/sequential.js";
import { sgd } from "../../src/optim/sgd.js";
import { float } from "../../src/search/space/builders.js";
import { pbt } from "../../src/search/strategies/pbt/pbt.js";
import { createTuner, restoreTuner } from "../../src/tune/resume/slices.js";
import { chooseThreshold } from "../../src/tune/trial/threshold.js";
import { tune } from "../../src/tune/tune.js";
import { cases } from "../cases.js";
import { linear, rareSearch, refusal } from "./support.js";

const common = rareSearch("yes", "no");
const { x } = common;

describe("chooseThreshold", () => {
  it("finds the best of all thresholds, by trying each", () => {
    const row = fc.record({
      truth: fc.constantFrom(0, 1),
      share: fc.integer({ min: 0, max: 20 }),
      weight: fc.integer({ min: 1, max: 3 }),
    });
    fc.assert(
      fc.property(fc.array(row, { minLength: 1, maxLength: 30 }), fc.nat(29), (rows, cut) => {
        const part = (some: typeof rows) => ({
          yTrue: Float64Array.from(some, ({ truth }) => truth),
          yPred: Float32Array.from(some, ({ share }) => share / 20),
          weights: Float64Array.from(some, ({ weight }) => weight),
        });
        const parts = [rows.slice(0, cut), rows.slice(cut)].filter(({ length }) => length > 0).map(part);
        const { yTrue, yPred, weights } = part(rows);
        const score = (threshold: number) => metrics.f1.compute(yTrue, decided(yPred, threshold), 1, weights);
        // every way to divide the levels that occur, but for all and none
        const levels = rows.map(({ share }) => share / 20);
        const dividing = Array.from({ length: 20 }, (_, k) => (k + 0.5) / 20).filter(
          (each) => levels.some((level) => level < each) && levels.some((level) => level > each),
        );
        expect(score(chooseThreshold(metrics.f1, parts))).toBe(Math.max(score(0.5), ...dividing.map(score)));
      }),
      { numRuns: cases(100) },
    );
  });

  it.each([
    // a level of each row: how many midpoints are tried beside a half
    [512, 511],
    [513, 512],
    [700, 512],
    [1400, 512],
  ])(
    "tries a half and midpoints among %i levels, at most 512, from the lowest to the highest",
    (rows, expected) => {
      const tried = new Set<number>();
      const counting = {
        ...metrics.accuracy,
        direction: "maximize" as const,
        compute(_: Float64Array, yPred: ArrayLike<number>) {
          return tried.add(Array.from(yPred).indexOf(1)).size === 0 ? 1 : 0;
        },
      };
      const yPred = Float64Array.from({ length: rows }, (_, i) => (i + 1) / (2 * rows + 2));
      chooseThreshold(counting as never, [{ yTrue: new Float64Array(rows), yPred }]);
      expect(tried.size).toBe(expected + 1);
      // the row from which on a midpoint predicts class 1; none, at a half
      const firsts = [...tried].sort((a, b) => a - b);
      const steps = [...firsts.slice(1), rows].map((first, i) => first - Math.max(0, firsts[i]));
      expect(Math.max(...steps)).toBe(Math.ceil((rows - 1) / 512));
    },
  );

  it("keeps a half where nothing is better", () => {
    const parts = [{ yTrue: Float64Array.of(0, 1), yPred: Float64Array.of(0.1, 0.9) }];
    expect(chooseThreshold(metrics.accuracy, parts)).toBe(0.5);
  });
});

describe("tune", () => {
  it("chooses it by out-of-fold predictions, for classes and their metrics alone", async () => {
    const seen: { truth: number[]; probability: number[] }[] = [];
    const watched = {
      name: "watched",
      direction: "maximize" as const,
      compute(yTrue: ArrayLike<number>, yPred: ArrayLike<number>) {
        seen.push({ truth: Array.from(yTrue), probability: Array.from(yPred) });
        return 0;
      },
    };
    const plain = await tune({ ...common, metric: watched });
    const [folds, test] = [seen.slice(0, 3), seen[3]];
    const { final } = await tune({ ...common, threshold: "f1" });
    const pooled = folds.map(({ truth, probability }) => ({
      yTrue: Float64Array.from(truth),
      yPred: Float32Array.from(probability),
    }));
    const threshold = chooseThreshold(metrics.f1, pooled);
    expect(final.threshold).toBe(threshold);
    expect(threshold).toBeLessThan(0.5);
    expect(plain.final.threshold).toBe(0.5);
    const { f1, rocAuc, logLoss } = metrics;
    const probability = Float32Array.from(test.probability);
    const truth = Float64Array.from(test.truth);
    expect(final.test.f1).toBe(f1.compute(truth, decided(probability, threshold), 1));
    expect(final.test.f1).toBeGreaterThan(plain.final.test.f1 as number);
    expect(final.test.rocAuc).toBe(rocAuc.compute(truth, probability, 1));
    expect(final.test.logLoss).toBe(logLoss.compute(truth, probability, 1));
    const probabilities = final.predict(x).data;
    expect(final.classify(x)).toEqual(Array.from(probabilities, (p) => (p > threshold ? "yes" : "no")));
  });

  it("chooses the same on threads, in slices that stop, and after a line of trainings", async () => {
    const alone = await tune({ ...common, threshold: "f1" });
    const threads = await tune({ ...common, threshold: "f1", jobs: 2 });
    expect([threads.final.threshold, threads.final.test]).toEqual([alone.final.threshold, alone.final.test]);
    const { jobs: _, ...options } = { ...common, threshold: "f1" as const };
    let tuner = await createTuner(options);
    while (!tuner.result) {
      await tuner.advance({ steps: 37 });
      if (!tuner.result) tuner = await restoreTuner(tuner.save(), options);
    }
    expect(tuner.result.final.threshold).toBe(alone.final.threshold);
    const { trials: _trials, space: _space, ...rest } = common;
    const population = await tune({
      ...rest,
      threshold: "f1",
      trials: 12,
      strategy: pbt({ populationSize: 4 }),
      space: { learningRate: float(0.01, 0.5, { log: true }) },
    });
    expect(population.final.threshold).not.toBe(0.5);
  });

  it("classifies three classes by the most probable, and no quantities", async () => {
    const { final } = await tune({ ...common, y: x.map(([a]) => a), model: linear, metric: "r2" });
    expect(() => final.classify(x)).toThrow(
      "classify needs a classification model; use predict for regression",
    );
    const three = await tune({
      ...common,
      y: x.map(([a, b]) => (a > 0.3 ? "u" : b > 0 ? "v" : "w")),
      metric: "accuracy",
      model: softmaxOf3,
    });
    const rows = [...three.final.predict(x).data];
    const expected = x.map((_, i) => {
      const own = rows.slice(3 * i, 3 * i + 3);
      return "uvw"[own.indexOf(Math.max(...own))];
    });
    expect(three.final.classify(x)).toEqual(expected);
    expect(new Set(expected).size).toBe(3);
  });

  it.each<[string, object, string]>([
    [
      "a metric of probabilities",
      { threshold: "rocAuc" },
      "invalid_argument: threshold must be a metric of predicted classes, such as f1; received rocAuc, which scores probabilities",
    ],
    [
      "three classes",
      { threshold: "f1", y: x.map((_, i) => "abc"[i % 3]) },
      "invalid_argument: threshold needs a target of two classes; received 3",
    ],
    [
      "quantities",
      { threshold: "f1", y: x.map(([a]) => a) },
      "invalid_argument: threshold needs a target of two classes; received a regression target",
    ],
  ])("refuses %s", async (_, options, message) => {
    expect(await refusal(() => tune({ ...common, ...options } as never))).toContain(message);
  });
});

function softmaxOf3({ learningRate }: { readonly learningRate: number }) {
  const model = sequential([dense(3, { activation: "softmax" })]);
  model.compile({ optimizer: sgd({ learningRate }), loss: "categoricalCrossentropy" });
  return model;
}

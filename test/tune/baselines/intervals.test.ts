/** Intervals of scores: published values, derivatives by weights, and how often they hold the truth. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { metricNamed } from "../../../src/metrics/registry.js";
import { RandomStream } from "../../../src/numerics/random.js";
import {
  around,
  hasInterval,
  influences,
  intervalOf,
  wilson,
} from "../../../src/tune/baselines/intervals.js";
import { cases } from "../../cases.js";

describe("wilson", () => {
  // R. Newcombe, "Two-sided confidence intervals for the single proportion", Statistics in Medicine 17, 1998, table I, method 3
  it.each([
    [81, 263, 0.2553, 0.3662],
    [15, 148, 0.0624, 0.1605],
    [0, 20, 0, 0.1611],
    [1, 29, 0.0061, 0.1718],
  ])("is as published for %i of %i", (right, rows, low, high) => {
    const interval = wilson(right / rows, rows);
    expect(Math.abs(interval[0] - low)).toBeLessThan(5.1e-5);
    expect(Math.abs(interval[1] - high)).toBeLessThan(5.1e-5);
  });

  it("of accuracy counts weighted rows by how much they tell", () => {
    const accuracy = metricNamed("accuracy");
    const rows = {
      yTrue: Float64Array.of(1, 0, 1, 0),
      yPred: Float64Array.of(0.9, 0.2, 0.1, 0.3),
      outputs: 1,
    };
    expect(intervalOf(accuracy, 0.75, rows)).toEqual(wilson(0.75, 4));
    const weights = Float64Array.of(2, 2, 1, 1); // 36 / 10
    expect(intervalOf(accuracy, 0.75, { ...rows, weights })).toEqual(wilson(0.75, 3.6));
  });
});

const names = ["accuracy", "logLoss", "brierScore", "meanSquaredError", "meanAbsoluteError"] as const;
const ofQuantities = ["meanSquaredError", "meanAbsoluteError", "rootMeanSquaredError", "r2"] as const;

describe("influences", () => {
  it("are the derivatives of the weighted score by the weights of rows", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...ofQuantities, "logLoss", "brierScore"),
        fc.integer({ min: 1, max: 3 }),
        fc.integer({ min: 0, max: 1000 }),
        (name, several, seed) => {
          const metric = metricNamed(name);
          const isClasses = metric.tasks.includes("classification");
          const outputs = isClasses ? 1 : several;
          const random = new RandomStream(seed);
          const rows = 12;
          const yTrue = Float64Array.from({ length: rows * outputs }, () =>
            isClasses ? random.integer(2) : random.normal(),
          );
          const yPred = yTrue.map((y) => (isClasses ? 0.1 + 0.8 * random.uniform() : y + random.normal()));
          const weights = Float64Array.from({ length: rows }, () => 0.5 + random.uniform());
          const total = weights.reduce((sum, weight) => sum + weight, 0);
          const found = influences(metric, { yTrue, yPred, outputs, weights });
          for (let i = 0; i < rows; i++) {
            const moved = (by: number): number =>
              metric.compute(
                yTrue,
                yPred,
                outputs,
                weights.map((w, j) => (i === j ? w + by : w)),
              );
            const slope = (total * (moved(1e-5) - moved(-1e-5))) / 2e-5;
            expect(Math.abs(found[i] - slope)).toBeLessThan(1e-6 * (1 + Math.abs(slope)));
          }
        },
      ),
      { numRuns: cases(40) },
    );
  });

  it("are known for means, the root of one and r2, and for no other metric", () => {
    for (const name of [...names, ...ofQuantities]) expect(hasInterval(metricNamed(name))).toBe(true);
    for (const name of ["rocAuc", "f1", "recall", "maxError"])
      expect(hasInterval(metricNamed(name))).toBe(false);
  });
});

describe("around", () => {
  it("is the mean with 1.96 of its standard errors to both sides, whatever the unit of weights", () => {
    const influence = Float64Array.of(-1, 0, 1); // standard deviation 1
    const [low, high] = around(5, influence);
    expect(high - 5).toBeCloseTo(1.959963984540054 / Math.sqrt(3), 12);
    expect(5 - low).toBeCloseTo(high - 5, 12);
    const [, same] = around(5, influence, Float64Array.of(7, 7, 7));
    expect(same).toBeCloseTo(high, 12);
  });

  it.each(["rootMeanSquaredError", "r2"])("holds the true %s in about 95 of 100 samples", (name) => {
    const metric = metricNamed(name);
    const random = new RandomStream(3);
    const rows = 200;
    // y = x + noise of deviation ½, predicted by 0.8 x: the squared error is 0.04 + 0.25 of a variance of 1.25
    const truth = name === "r2" ? 1 - 0.29 / 1.25 : Math.sqrt(0.29);
    let held = 0;
    const samples = 400;
    for (let sample = 0; sample < samples; sample++) {
      const x = Float64Array.from({ length: rows }, () => random.normal());
      const yTrue = x.map((value) => value + 0.5 * random.normal());
      const yPred = x.map((value) => 0.8 * value);
      const score = metric.compute(yTrue, yPred, 1);
      const [low, high] = intervalOf(metric, score, { yTrue, yPred, outputs: 1 });
      if (low <= truth && truth <= high) held++;
    }
    expect(held / samples).toBeGreaterThan(0.92);
    expect(held / samples).toBeLessThan(0.98);
  });
});

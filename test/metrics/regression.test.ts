import fc from "fast-check";
import ndarray from "ndarray";
import { describe, expect, it } from "vitest";
import { meanAbsoluteError, meanSquaredError, r2, rootMeanSquaredError } from "../../src/metrics/index.js";
import { metrics } from "../../src/metrics/registry.js";
import { refusal } from "../data/refusal.js";

const names = ["meanSquaredError", "rootMeanSquaredError", "meanAbsoluteError", "r2"] as const;
const pairs = fc.array(fc.tuple(fc.integer({ min: -100, max: 100 }), fc.integer({ min: -100, max: 100 })), {
  minLength: 2,
  maxLength: 30,
});

describe("metrics of quantities", () => {
  it("equal the examples in scikit-learn's documentation", () => {
    const [truth, prediction] = [
      [3, -0.5, 2, 7],
      [2.5, 0, 2, 8],
    ];
    expect(meanSquaredError(truth, prediction)).toBe(0.375);
    expect(rootMeanSquaredError(truth, prediction)).toBe(Math.sqrt(0.375));
    expect(meanAbsoluteError(truth, prediction)).toBe(0.5);
    expect(r2(truth, prediction)).toBeCloseTo(0.948608137, 9);
  });

  it("average over outputs, as scikit-learn 1.4.2 does", () => {
    const [truth, prediction] = [
      [
        [0.5, 1],
        [-1, 1],
        [7, -6],
      ],
      [
        [0, 2],
        [-1, 2],
        [8, -5],
      ],
    ];
    expect(meanSquaredError(truth, prediction)).toBeCloseTo(0.7083333333333334, 14);
    expect(rootMeanSquaredError(truth, prediction)).toBeCloseTo(0.8227486121839513, 14);
    expect(meanAbsoluteError(truth, prediction)).toBeCloseTo(0.75, 14);
    expect(r2(truth, prediction)).toBeCloseTo(0.9368005266622779, 14);
  });

  it.each([1, 1.5, 2, 3])("have no deviance of power %d at a prediction of 0", (power) => {
    expect(metrics.meanTweedieDeviance({ power })([1, 2], [1, 0])).toBeNaN();
    expect(metrics.meanTweedieDeviance({ power })([1, 2], [1, 2])).toBeCloseTo(0, 14);
  });

  it.each([
    [0, -1, undefined],
    [0, 0, undefined],
    [1, -1, /must hold numbers of at least 0.*; received -1/],
    [1, 0, undefined],
    [2, -1, /must hold numbers above 0.*; received -1/],
    [2, 0, /must hold numbers above 0.*; received 0/],
  ])("read truths by the power: with %d, %d is refused with %s", (power, y, message) => {
    for (const metric of [metrics.meanTweedieDeviance({ power }), metrics.d2Tweedie({ power })]) {
      const score = () => metric([y, 2, 3], [1, 2, 3]);
      if (message) expect(score).toThrow(message);
      else expect(score()).toSatisfy(Number.isFinite);
    }
  });

  it("score a constant truth 1 or 0, as scikit-learn does", () => {
    expect([r2([2, 2, 2], [2, 2, 2]), r2([2, 2, 2], [2, 2, 3])]).toEqual([1, 0]);
  });

  it("give r2 = 1 − error / the error of the mean", () => {
    fc.assert(
      fc.property(pairs, (rows) => {
        const truth = rows.map(([value]) => value);
        fc.pre(new Set(truth).size > 1);
        const mean = truth.reduce((sum, value) => sum + value, 0) / truth.length;
        const prediction = rows.map(([, value]) => value);
        const baseline = meanSquaredError(
          truth,
          truth.map(() => mean),
        );
        // Both errors have a relative rounding error below 40 · 2⁻⁵³, and their ratio is at most 40,000 · 30.
        expect(
          Math.abs(r2(truth, prediction) - (1 - meanSquaredError(truth, prediction) / baseline)),
        ).toBeLessThan(1e-8);
        expect(
          r2(
            truth,
            truth.map(() => mean),
          ),
        ).toBe(0);
      }),
    );
  });

  it("do not depend on the order of rows", () => {
    fc.assert(
      fc.property(pairs, fc.constantFrom("meanSquaredError", "meanAbsoluteError"), (rows, name) => {
        const score = (order: typeof rows) =>
          metrics[name].compute(
            Float64Array.from(order, ([t]) => t),
            Float64Array.from(order, ([, p]) => p),
            1,
          );
        expect(score([...rows].reverse())).toBe(score(rows)); // sums of integers are exact
      }),
    );
  });

  it("are NaN if a prediction is, and infinite or worst if one is", () => {
    for (const name of names) {
      expect(metrics[name].compute(Float64Array.of(1, 2), Float32Array.of(1, NaN), 1)).toBeNaN();
      expect(metrics[name].compute(Float64Array.of(2, 2), Float32Array.of(1, NaN), 1)).toBeNaN();
    }
    expect([meanSquaredError([1, 2], [1, Infinity]), r2([1, 2], [1, Infinity])]).toEqual([
      Infinity,
      -Infinity,
    ]);
  });

  it("read any array at double precision", () => {
    expect(meanAbsoluteError(ndarray([1e9, 1e9 + 1]), Float64Array.of(1e9, 1e9))).toBe(0.5);
  });

  it("refuse shapes that differ", () => {
    expect(refusal(() => r2([1, 2], [1]))).toMatch(
      /^invalid_shape: .*the same number of rows; received 2 and 1/,
    );
    expect(
      refusal(() =>
        r2(
          [1, 2],
          [
            [1, 1],
            [2, 2],
          ],
        ),
      ),
    ).toMatch(/^invalid_shape: .*the same number of columns; received 1 and 2/);
  });
});

/** The expected calibration error: by hand, and against counting over rows. */
import fc from "fast-check";
import { expect, it } from "vitest";
import { metrics } from "../../src/metrics/registry.js";
import { cases } from "../cases.js";

const { expectedCalibrationError } = metrics;

it("is the mean distance between what is said and what is right, by hand", () => {
  // one bin: said ¾, right ¾ of the time
  expect(expectedCalibrationError([1, 1, 1, 0], [0.75, 0.75, 0.75, 0.75])).toBe(0);
  // of class 0 as of class 1: both are said with ¾, and both are right
  expect(expectedCalibrationError([1, 0], [0.75, 0.25])).toBe(0.25);
  // bins of one row: |0.75 − 0| and |1 − 1|, though 0.875 is the mean of both
  expect(expectedCalibrationError([0, 1], [0.75, 1])).toBe(0.375);
  expect(
    expectedCalibrationError(
      [2, 0],
      [
        [0.25, 0.25, 0.5],
        [0.25, 0.75, 0],
      ],
    ),
  ).toBe(0.625);
  // weights: 3 · |0.75 − 1| and 1 · |0.75 − 0| of one bin
  expect(expectedCalibrationError([1, 0], [0.75, 0.75], [3, 1])).toBe(0);
});

it("counts a row of weight n as n rows, and is that of ten equal parts of distinct probabilities", () => {
  const row = fc.record({ y: fc.nat({ max: 1 }), weight: fc.integer({ min: 1, max: 3 }) });
  fc.assert(
    fc.property(fc.array(row, { minLength: 1, maxLength: 40 }), (rows) => {
      // distinct, above ½, in an order of their own
      const p = rows.map((_, i) => 0.5 + (((i * 37) % 41) + 1) / 128);
      const own = rows.flatMap(({ weight }, i) => Array<number>(weight).fill(i));
      const repeated = expectedCalibrationError(
        own.map((i) => rows[i].y),
        own.map((i) => p[i]),
      );
      expect(
        expectedCalibrationError(
          rows.map(({ y }) => y),
          p,
          rows.map(({ weight }) => weight),
        ),
      ).toBeCloseTo(repeated, 12);
      const order = [...p.keys()].sort((a, b) => p[a] - p[b]);
      const gaps = Array<number>(10).fill(0);
      for (const [place, i] of order.entries())
        gaps[Math.floor((10 * place) / order.length)] += p[i] - rows[i].y;
      const expected = gaps.reduce((sum, gap) => sum + Math.abs(gap), 0) / order.length;
      expect(
        expectedCalibrationError(
          rows.map(({ y }) => y),
          p,
        ),
      ).toBeCloseTo(expected, 12);
    }),
    { numRuns: cases(100) },
  );
});

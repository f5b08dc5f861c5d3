/** Adafactor: where its factors lose nothing, and Keras' and the paper's own numbers. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { adafactor } from "../../src/optim/adafactor.js";
import { lamb } from "../../src/optim/lamb.js";
import type { Optimizer } from "../../src/optim/optimizer.js";
import { followed, initialArrays, stepsProgram } from "../../src/testing/drive.js";
import { cases } from "../cases.js";
import { reference } from "./drive.js";

const STEPS = 5;
const anyDescent = fc.integer({ min: 1, max: 6 }).chain((size) => {
  const numbers = fc.array(
    fc.integer({ min: -64, max: 64 }).map((n) => n / 16),
    { minLength: size, maxLength: size },
  );
  return fc.tuple(numbers, fc.array(numbers, { minLength: STEPS, maxLength: STEPS }));
});

describe("adafactor", () => {
  it("is the same for a row, a column and a vector of the same numbers, since their factors are all there is", () => {
    fc.assert(
      fc.property(anyDescent, fc.constantFrom("keras", "torch"), ([start, gradients], convention) => {
        // in convention "torch", the mean of r has a floor that v has not: 2⁻²³ against its square
        fc.pre(convention === "keras" || gradients.every((gradient) => gradient.some((g) => g !== 0)));
        const optimizer = adafactor({ learningRate: 0.1, convention: convention as "keras" });
        const n = start.length;
        const [vector, row, column] = [[n], [1, n], [n, 1]].map((shape) =>
          followed(reference, optimizer, start, gradients, { layout: [shape] }).flat(),
        );
        vector.forEach((w, i) => {
          expect(Math.abs(row[i] - w)).toBeLessThan(1e-12);
          expect(Math.abs(column[i] - w)).toBeLessThan(1e-12);
        });
      }),
      { numRuns: cases(30) },
    );
  });

  it("keeps m + n numbers of a kernel [m, n], and n of a vector", () => {
    const slotsOf = (shape: number[]): [string, unknown][] =>
      stepsProgram(adafactor(), [shape])
        .state.filter(({ name }) => name.startsWith("slot "))
        .map(({ name, shape: own }) => [name, own]);
    expect(slotsOf([3, 5])).toEqual([
      ["slot r", [3, 1]],
      ["slot c", [1, 5]],
    ]);
    expect(slotsOf([4])).toEqual([["slot v", [4]]]);
    expect(initialArrays(reference, adafactor(), [1, 2, 3, 4], [[2, 2]])["slot c"]).toEqual([0, 0]);
  });
});

/**
 * Ten weights of 1, a gradient of 0.01 once, then 0.1 to 1: the first, and the points of Keras' own tests.
 */
function golden(optimizer: Optimizer): number[][] {
  const rising = Array.from({ length: 10 }, (_, i) => (i + 1) / 10);
  const list = [rising.map(() => 0.01), ...Array.from({ length: 4 }, () => rising)];
  return followed(
    reference,
    optimizer,
    rising.map(() => 1),
    list,
  );
}

it("is at the points of Keras' own test", () => {
  // keras/src/optimizers/adafactor_test.py, test_correctness_with_golden: first and last weights
  const points = golden(
    adafactor({ learningRate: 0.5, beta2Decay: -0.65, epsilon1: 1e-15, epsilon2: 1e-4, clipThreshold: 0.9 }),
  );
  const expected = [
    [0.55, 0.55],
    [0.3031, 0.3024],
    [0.1671, 0.1663],
    [0.0923, 0.0914],
    [0.0554, 0.0545],
  ];
  expected.forEach(([first, last], t) => {
    expect(points[t][0]).toBeCloseTo(first, 3);
    expect(points[t][9]).toBeCloseTo(last, 3);
  });
});

it("so is lamb", () => {
  // keras/src/optimizers/lamb_test.py, test_correctness_with_golden and test_single_step
  const points = golden(lamb());
  [0.999, 0.9982, 0.9974, 0.9965, 0.9955].forEach((w, t) => {
    for (const x of points[t]) expect(Math.abs(x - w)).toBeLessThan(5e-4 + 5e-4 * w);
  });
  const [step] = followed(reference, lamb({ learningRate: 0.5 }), [1, 2, 3, 4], [[1, 6, 7, 2]]);
  [-0.3693, 0.6306, 1.6306, 2.6306].forEach((w, i) => {
    expect(step[i]).toBeCloseTo(w, 3);
  });
});

/** Linear models, held to scikit-learn's. */
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import type { Task } from "../../../src/data/dataset.js";
import { fitLinear, type Precision, predictLinear } from "../../../src/tune/baselines/linear.js";

interface Case {
  readonly task: Task;
  readonly outputs: number;
  readonly penalty: number;
  readonly x: readonly number[];
  readonly y: readonly number[];
  readonly weights?: readonly number[];
  readonly predictions: readonly number[];
}

const cases = JSON.parse(readFileSync(new URL("./sklearn.json", import.meta.url), "utf8")) as Case[];

const FULL: Precision = { maxEvaluations: 1000, gradientTolerance: 1e-9 };

const rowsOf = ({ task, outputs, x, y, weights }: Case) => ({
  ...{ task, outputs, x: Float32Array.from(x), y: Float64Array.from(y) },
  ...(weights && { weights: Float64Array.from(weights) }),
});

it.each(cases)("predicts as scikit-learn: $task, $outputs outputs, penalty $penalty", (each) => {
  const rows = rowsOf(each);
  const [model] = fitLinear(rows, [each.penalty], FULL);
  const predictions = predictLinear(model, rows.x);
  expect(predictions.length).toBe(each.predictions.length);
  predictions.forEach((prediction, i) => {
    expect(Math.abs(prediction - each.predictions[i])).toBeLessThan(1e-6);
  });
});

it("fits the same on the way from stronger penalties, and nearly so as they are fitted to be scored", () => {
  const rows = rowsOf(cases[4]);
  const alone = predictLinear(fitLinear(rows, [0.01], FULL)[0], rows.x);
  const along = fitLinear(rows, [1, 0.1, 0.01], FULL);
  const scored = fitLinear(rows, [1, 0.1, 0.01]);
  expect(along.length).toBe(3);
  const distance = (other: Float64Array): number =>
    other.reduce((most, prediction, i) => Math.max(most, Math.abs(prediction - alone[i])), 0);
  expect(distance(predictLinear(along[2], rows.x))).toBeLessThan(1e-6);
  expect(distance(predictLinear(scored[2], rows.x))).toBeLessThan(0.002);
  expect(distance(predictLinear(along[0], rows.x))).toBeGreaterThan(0.1); // a stronger penalty is another model
});

it("gives a feature that is constant no part, and predicts the mean with a penalty that nothing withstands", () => {
  const x = Float32Array.of(1, 7, 2, 7, 3, 7, 4, 7);
  const rows = { task: "regression", outputs: 1, x, y: Float64Array.of(1, 2, 3, 6) } as const;
  const [{ coefficients }] = fitLinear(rows, [1e-3], FULL);
  expect(Math.abs(coefficients[1])).toBeLessThan(1e-9);
  for (const prediction of predictLinear(fitLinear(rows, [1e9], FULL)[0], x))
    expect(Math.abs(prediction - 3)).toBeLessThan(1e-6);
});

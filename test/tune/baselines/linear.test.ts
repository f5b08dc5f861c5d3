/** Linear models, held to scikit-learn's: their predictions by a penalty, and what they score on 200 tables with a chosen one. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { Task } from "../../../src/data/dataset.js";
import { metricNamed } from "../../../src/metrics/registry.js";
import { fitBaselines } from "../../../src/tune/baselines/compare.js";
import { type LinearRows, linearFits, predictLinear } from "../../../src/tune/baselines/linear.js";
import { cases } from "../../cases.js";
import { randomTable } from "./tables.js";

interface Case {
  readonly task: Task;
  readonly outputs: number;
  readonly penalty: number;
  readonly x: readonly number[];
  readonly y: readonly number[];
  readonly weights?: readonly number[];
  readonly predictions: readonly number[];
}

const read = <T>(file: string): T[] =>
  JSON.parse(readFileSync(new URL(file, import.meta.url), "utf8")) as T[];
const stored = read<Case>("./sklearn.json");

const rowsOf = ({ task, outputs, x, y, weights }: Case) => ({
  ...{ task, outputs, x: Float32Array.from(x), y: Float64Array.from(y) },
  ...(weights && { weights: Float64Array.from(weights) }),
});
/** Predictions of the rows by a model of them with the last of some penalties. */
const predictionsOf = (rows: LinearRows, ...penalties: readonly number[]): Float64Array => {
  const fitted = linearFits(rows);
  return predictLinear(penalties.map((penalty) => fitted(penalty).model)[penalties.length - 1], rows.x);
};
const distance = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Array.from(a).reduce((most, value, i) => Math.max(most, Math.abs(value - b[i])), 0);

// the tolerance of a fit, by the standard deviation of scores of four classes that it leaves
const NEAR = { regression: 1e-6, classification: 1e-4 } as const;

it.each(stored)("predicts as scikit-learn: $task, $outputs outputs, penalty $penalty", (each) => {
  const predictions = predictionsOf(rowsOf(each), each.penalty);
  expect(predictions.length).toBe(each.predictions.length);
  expect(distance(predictions, each.predictions)).toBeLessThan(NEAR[each.task]);
});

it("fits the same on the way from stronger penalties", () => {
  const rows = rowsOf(stored[4]);
  const alone = predictionsOf(rows, 0.01);
  expect(distance(predictionsOf(rows, 1, 0.1, 0.01), alone)).toBeLessThan(NEAR.classification);
  expect(distance(predictionsOf(rows, 1), alone)).toBeGreaterThan(0.1); // a stronger penalty is another model
});

it("gives a feature that is constant no part, and predicts the mean with a penalty that nothing withstands", () => {
  const x = Float32Array.of(1, 7, 2, 7, 3, 7, 4, 7);
  const rows = { task: "regression", outputs: 1, x, y: Float64Array.of(1, 2, 3, 6) } as const;
  expect(linearFits(rows)(1e-3).model.coefficients[1]).toBe(0);
  expect(distance(predictionsOf(rows, 1e9), [3, 3, 3, 3])).toBeLessThan(1e-6);
});

describe("at the edges", () => {
  const x = Float32Array.from({ length: 40 }, (_, i) => ((i * 7919) % 41) / 41);
  const y = Float64Array.from(x.subarray(0, 20), (value) => 2 * value - 1);
  const rows: LinearRows = { task: "regression", outputs: 1, x: x.subarray(0, 20), y };

  it.each([1e-30, 1e-6, 1e6, 1e30])("has the same of features and targets times %f", (unit) => {
    const scaled = {
      ...rows,
      x: Float64Array.from(rows.x, (value) => value * unit),
      y: rows.y.map((value) => value * unit),
    };
    const expected = predictionsOf(rows, 0.01);
    expect(
      distance(
        predictionsOf(scaled, 0.01).map((value) => value / unit),
        expected,
      ),
    ).toBeLessThan(1e-9);
  });

  it("interpolates rows with more features than rows, and rows that are twice there", () => {
    const wide: LinearRows = { ...rows, x: x.subarray(0, 40), y: rows.y.subarray(0, 4) };
    expect(distance(predictionsOf(wide, 1e-12), wide.y)).toBeLessThan(1e-6);
    const twice = {
      ...wide,
      x: Float32Array.of(...wide.x, ...wide.x),
      y: Float64Array.of(...wide.y, ...wide.y),
    };
    expect(distance(predictionsOf(twice, 1e-12), twice.y)).toBeLessThan(1e-6);
  });

  it("tells classes apart that a line divides, with finite coefficients", () => {
    const classes: LinearRows = {
      ...rows,
      task: "classification",
      y: rows.y.map((value) => Number(value > 0)),
    };
    const { model, loss } = linearFits(classes)(1e-8);
    expect(model.coefficients.every(Number.isFinite)).toBe(true);
    expect(loss).toBeLessThan(1e-3);
    expect(Array.from(predictLinear(model, classes.x), Math.round)).toEqual([...classes.y]);
  });

  it("predicts the shares of classes, and a mean, where no feature varies", () => {
    const flat = { outputs: 1, x: new Float32Array(8).fill(3), y: Float64Array.of(0, 0, 0, 1) } as const;
    for (const task of ["classification", "regression"] as const)
      expect(distance(predictionsOf({ ...flat, task }, 1e-8), [0.25, 0.25, 0.25, 0.25])).toBeLessThan(1e-6);
  });
});

interface Scored {
  readonly kind: string;
  readonly task: Task;
  readonly rows: number;
  readonly columns: number;
  readonly outputs: number;
  readonly sum: number;
  readonly penalty: number;
  readonly score: number;
  readonly leastSquares?: number;
}

describe("of 200 tables", () => {
  const tables = read<Scored>("./linear.json").map((each, index) => ({ ...each, index }));
  const kinds = [...new Set(tables.map(({ kind, task }) => `${kind} ${task}`))];
  const scoreOf = (index: number, task: Task): readonly [score: number, penalty: number | undefined] => {
    const tuned = metricNamed(task === "regression" ? "r2" : "logLoss");
    const { linear, penalty } = fitBaselines({ ...randomTable(index), tuned });
    if (!linear) throw new Error("no linear model was fitted");
    return [tuned.compute(linear.yTrue, linear.yPred, linear.outputs, linear.weights), penalty];
  };

  it.each(kinds)("scores those of %s as scikit-learn does", (kind) => {
    const own = tables.filter((each) => `${each.kind} ${each.task}` === kind);
    expect(own).toHaveLength(10);
    for (const { index, task, score, sum, ...sizes } of own.slice(0, cases(25))) {
      const { data } = randomTable(index);
      // that both made the same table
      const all = data.columns.flatMap((column) => [...column]);
      const size = all.reduce((total, value) => total + Math.abs(value), 0);
      expect(Math.abs(all.reduce((total, value) => total + value, 0) / size - sum)).toBeLessThan(1e-8);
      expect(sizes).toMatchObject({
        rows: data.rows,
        columns: data.columns.length,
        outputs: data.outputs,
      });
      const [received] = scoreOf(index, task);
      expect(Math.abs(received - score)).toBeLessThan(1e-3);
    }
  });

  it("is least squares where two columns are nearly equal and many rows tell them apart", () => {
    const near = tables.filter(({ kind, leastSquares = 0 }) => kind === "nearlyEqual" && leastSquares > 0.9);
    expect(near.length).toBeGreaterThan(3);
    for (const { index, leastSquares = 0 } of near)
      expect(Math.abs(scoreOf(index, "regression")[0] - leastSquares)).toBeLessThan(0.005);
  });
});

/**
 * Linear models, held to scikit-learn's: their predictions by a penalty, and what they score on 200 tables
 * with a chosen one.
 */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { Task } from "../../../src/data/dataset.js";
import { metricNamed } from "../../../src/metrics/registry.js";
import { RandomStream } from "../../../src/numerics/random.js";
import { fitBaselines } from "../../../src/tune/baselines/compare.js";
import { fitLinear, PENALTIES } from "../../../src/tune/linear/choice.js";
import { type LinearRows, linearFits, predictLinear } from "../../../src/tune/linear/linear.js";
import { toDataset } from "../../../src/tune/trial/data.js";
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
  task,
  outputs,
  x: Float32Array.from(x),
  y: Float64Array.from(y),
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

describe("is at the least of the penalized loss", () => {
  /** The largest derivative by a coefficient or an intercept, in the units of the loss. */
  const steepest = ({ task, x, y, outputs, weights }: LinearRows, penalty: number): number => {
    const { model } = linearFits({ task, x, y, outputs, ...(weights && { weights }) })(penalty);
    const { center, scale, coefficients } = model;
    const predictions = predictLinear(model, x);
    const [rows, features] = [y.length / outputs, center.length];
    const total = weights ? Array.from(weights).reduce((sum, weight) => sum + weight, 0) : rows;
    let most = 0;
    for (let k = 0; k < outputs; k++) {
      const apart = Float64Array.from(
        { length: rows },
        (_, i) => ((weights?.[i] ?? 1) / total) * (predictions[i * outputs + k] - y[i * outputs + k]),
      );
      most = Math.max(most, Math.abs(apart.reduce((sum, value) => sum + value, 0)));
      for (let j = 0; j < features; j++) {
        const slope = apart.reduce(
          (sum, v, i) => sum + (v * (x[i * features + j] - center[j])) / scale[j],
          0,
        );
        most = Math.max(most, Math.abs(slope + penalty * coefficients[k * features + j]));
      }
    }
    return most;
  };

  it.each([
    ["regression", 90, 5, 2],
    ["regression", 20, 70, 1],
    ["regression", 560, 520, 1],
    ["regression", 520, 560, 1],
    ["classification", 90, 5, 1],
    ["classification", 90, 25, 4],
    ["classification", 20, 70, 3],
    ["classification", 520, 560, 1],
  ] as const)("%s: %i rows, %i features, %i outputs", (task, rows, features, outputs) => {
    const random = new RandomStream(rows + features);
    const x = Float32Array.from({ length: rows * features }, () => random.normal());
    const y = new Float64Array(rows * outputs);
    for (let i = 0; i < rows; i++) {
      if (task === "classification") {
        const label = random.integer(Math.max(2, outputs));
        if (outputs === 1) y[i] = label;
        else y[i * outputs + label] = 1;
      } else for (let k = 0; k < outputs; k++) y[i * outputs + k] = x[i * features + k] + random.normal();
    }
    const weights = Float64Array.from({ length: rows }, (_, i) => i % 3);
    // the tolerances of fits, of which coordinates are scaled by at most the root of the number of features
    const near = (task === "regression" ? 1e-6 : 1e-4) * Math.sqrt(features);
    for (const penalty of [0.1, 0.001])
      expect(steepest({ task, x, y, outputs, weights }, penalty)).toBeLessThan(near);
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

  it.each([0.01, 1e-3, 1e-4])(
    "finds (b − a) / %f where b is nearly a, in quantities and classes",
    (apart) => {
      const random = new RandomStream(3);
      const x = Array.from({ length: 200 }, () => [random.normal(), 0]).map(([a]) => [
        a,
        a + apart * random.normal(),
      ]);
      const values = x.map(([a, b]) => (b - a) / apart + 0.01 * random.normal());
      const rows = Int32Array.from(x.keys());
      const [testRows, train, validation] = [0, 1, 2].map((part) => rows.filter((row) => row % 3 === part));
      const scoreBy = (task: Task, y: number[]): number => {
        const tuned = metricNamed(task === "regression" ? "r2" : "logLoss");
        const data = toDataset({ x, y, task });
        const { linear } = fitBaselines({ data, folds: [{ train, validation }], testRows, tuned });
        return linear ? tuned.compute(linear.yTrue, linear.yPred, 1) : Number.NaN;
      };
      // noise of 0.01 beside a deviation of 1, which float32 of nearly equal columns blurs
      expect(scoreBy("regression", values)).toBeGreaterThan(0.999);
      const classes = values.map((value) => Number(value + 0.3 * random.normal() > 0));
      expect(scoreBy("classification", classes)).toBeLessThan(0.4); // ln 2 is what a coin has
    },
  );

  it("is least squares where two columns are nearly equal and many rows tell them apart", () => {
    const near = tables.filter(({ kind, leastSquares = 0 }) => kind === "nearlyEqual" && leastSquares > 0.9);
    expect(near.length).toBeGreaterThan(3);
    for (const { index, leastSquares = 0 } of near)
      expect(Math.abs(scoreOf(index, "regression")[0] - leastSquares)).toBeLessThan(0.005);
  });
});

it("has no weight for a column that is constant up to rounding", () => {
  const rows = 30;
  const y = Float64Array.from({ length: rows }, (_, i) => i + (i % 3));
  const weights = y.map((value) => value / 3 + 0.1); // so that means are rounded
  const predictionsBy = (columns: readonly ((i: number) => number)[]) => {
    const x = Float32Array.from({ length: rows * columns.length }, (_, i) =>
      columns[i % columns.length](Math.floor(i / columns.length)),
    );
    return predictionsOf({ task: "regression", outputs: 1, x, y, weights }, 0.1);
  };
  const alone = predictionsBy([(i) => i]);
  for (const constant of [0.1, 0.7, 1 / 3, 123.456, 1e6 / 7])
    expect(distance(predictionsBy([(i) => i, () => constant]), alone)).toBeLessThan(1e-9);
});

it("is no weaker than the first penalty at which every fold is separated", () => {
  const x = Array.from({ length: 40 }, (_, i) => [i - 19.5, (i * 7) % 5]);
  const data = toDataset({ x, y: x.map(([first]) => Number(first > 0)), task: "classification" });
  const folds = [0, 1].map((fold) => {
    const ids = Array.from({ length: 40 }, (_, i) => i);
    const of = (own: boolean) => Int32Array.from(ids.filter((i) => (i % 2 === fold) === own));
    return { train: of(false), validation: of(true) };
  });
  const learning = { data, pipeline: {}, weights: {} };
  const metric = metricNamed("logLoss");
  const isApart = (penalty: number): boolean =>
    fitLinear(learning, folds, metric, [penalty]).ofFolds.every(({ loss }) => loss < 1e-3);
  const first = PENALTIES.findIndex(isApart);
  expect(first).toBeGreaterThan(0);
  expect(PENALTIES.length - 1).toBeGreaterThan(first);
  expect(fitLinear(learning, folds, metric).penalty).toBe(PENALTIES[first]);
});

/**
 * A row of weight k is k rows, in all that tuning makes of weights: baselines, searches, and what is chosen
 * from predictions.
 */
import { describe, expect, it } from "vitest";
import type { Task } from "../../src/data/dataset.js";
import { lossWeights } from "../../src/data/weights.js";
import { decided } from "../../src/metrics/decided.js";
import { metricNamed } from "../../src/metrics/registry.js";
import { RandomStream } from "../../src/numerics/random.js";
import { grid } from "../../src/search/strategies/grid/grid.js";
import { seedOfTrial } from "../../src/search/study/ledger.js";
import { besideFinal, fitBaselines } from "../../src/tune/baselines/compare.js";
import { errorProducts, pick, withoutPart } from "../../src/tune/ensemble/select.js";
import { chooseTemperature } from "../../src/tune/ensemble/temperature.js";
import { gridSearch } from "../../src/tune/gridSearch.js";
import { nestedCrossValidation } from "../../src/tune/nestedCv.js";
import { findLearningRate } from "../../src/tune/rateFinder.js";
import { cheapestThreshold, costMetric } from "../../src/tune/trial/cost.js";
import { toDataset } from "../../src/tune/trial/data.js";
import { chooseThreshold } from "../../src/tune/trial/threshold.js";
import { tune } from "../../src/tune/tune.js";
import { linear, logistic, rates } from "../tune/support.js";

/** Rows with a number of the part that each is in: 0 and 1 are folds, 2 is held out. */
interface Table {
  readonly task: Task;
  readonly x: readonly (readonly number[])[];
  readonly y: readonly number[];
  readonly parts: readonly number[];
  readonly sampleWeight?: readonly number[];
}

/** Each row as often as it weighs. */
function repeated({ task, x, y, parts, sampleWeight = [] }: Table): Table {
  const again = <T>(values: readonly T[]): T[] =>
    values.flatMap((value, row) => new Array<T>(sampleWeight[row]).fill(value));
  return { task, x: again(x), y: again(y), parts: again(parts) };
}

/**
 * A linear target, but for rows of weight 0, whose targets are wild; parts 0 and 1 have as many rows, and
 * weigh the same.
 */
function table(task: Task, seed: number): Table {
  const random = new RandomStream(seed);
  const slopes = Array.from({ length: 6 }, () => random.normal());
  const x = Array.from({ length: 72 }, () => slopes.map(() => random.normal()));
  const sampleWeight = x.map((_, row) => Math.floor(row / 3) % 4);
  const y = x.map((features, row) => {
    const score = features.reduce((sum, value, j) => sum + value * slopes[j], 0.5 * random.normal());
    const value = sampleWeight[row] === 0 ? -9 * score : score;
    return task === "regression" ? value : Number(value > 0.3);
  });
  return { task, x, y, sampleWeight, parts: x.map((_, row) => row % 3) };
}

const rowsOf = ({ parts }: Table, which: (part: number) => boolean): Int32Array =>
  Int32Array.from(parts.keys()).filter((row) => which(parts[row]));
const foldsOf = (of: Table) =>
  [0, 1].map((fold) => ({
    train: rowsOf(of, (part) => part === 1 - fold),
    validation: rowsOf(of, (part) => part === fold),
  }));
const dataOf = ({ task, x, y, sampleWeight }: Table) =>
  toDataset({ task, x, y, ...(sampleWeight && { sampleWeight }) });
const tunedFor = (task: Task) => metricNamed(task === "regression" ? "r2" : "logLoss");
const baselines = (of: Table) =>
  fitBaselines({
    data: dataOf(of),
    folds: foldsOf(of),
    testRows: rowsOf(of, (part) => part === 2),
    tuned: tunedFor(of.task),
    ...(of.task === "classification" && { classWeight: "balanced" as const }),
  });
/** Predictions of a baseline with their scores; rows that are there twice are predicted twice. */
const scoresBeside = (of: Table): number[] => {
  const fitted = baselines(of);
  const final = { threshold: 0.5, predict: () => ({ data: fitted.constant.yPred }) };
  const metrics = (of.task === "regression" ? ["r2", "meanAbsoluteError"] : ["logLoss", "accuracy"]).map(
    (name) => metricNamed(name as "r2"),
  );
  const { scores, ahead } = besideFinal(fitted, final as never, metrics);
  return [
    ...Object.values(scores).flatMap(({ final, linear = Number.NaN, constant }) => [final, linear, constant]),
    ahead.constant.difference,
    ahead.linear?.difference ?? Number.NaN,
  ];
};

/** What is trained on all rows of a fold at once, unscaled: a pipeline counts rows, whatever they weigh. */
const training = (of: Table) => {
  const folds = foldsOf(of);
  return {
    x: of.x,
    y: of.y,
    task: of.task,
    jobs: 1,
    seed: 5,
    ...(of.sampleWeight && { sampleWeight: of.sampleWeight }),
    model: of.task === "regression" ? linear : logistic,
    space: rates(0.1, 0.3),
    pipeline: { scale: "none", target: "none" } as const,
    validation: folds,
    fit: { epochs: 6, batchSize: folds[0].train.length },
  };
};
const used = (of: Table): Table => {
  const rows = rowsOf(of, (part) => part < 2);
  const taken = <T>(values: readonly T[]): T[] => Array.from(rows, (row) => values[row]);
  return {
    task: of.task,
    x: taken(of.x),
    y: taken(of.y),
    parts: taken(of.parts),
    ...(of.sampleWeight && { sampleWeight: taken(of.sampleWeight) }),
  };
};

/** What follows from a table. Each must be the same of a table and of its rows repeated. */
const subjects: Readonly<Record<string, (of: Table) => number[] | Promise<number[]>>> = {
  "the constant baseline": (of) => [baselines(of).constant.yPred[0]],
  "the penalty of the linear baseline": (of) => [baselines(of).penalty ?? Number.NaN],
  "the scores of baselines": scoresBeside,
  async "nested cross-validation"(of) {
    // a search that finds the weighted mean
    const search = async ({ data }: { readonly data?: ReturnType<typeof dataOf> }) => {
      const { y = [], rows = 0, sampleWeight } = data ?? {};
      const weights = Array.from(y, (_, row) => sampleWeight?.[row] ?? 1);
      const total = weights.reduce((sum, weight) => sum + weight, 0);
      const mean = weights.reduce((sum, weight, row) => sum + weight * y[row], 0) / total;
      const predictMasked = ({ rows: count = rows }) => ({ prediction: new Float64Array(count).fill(mean) });
      return { final: { predictMasked, threshold: 0.4 } };
    };
    const { scores, mean } = await nestedCrossValidation(search as never, {
      ...training(of),
      outer: foldsOf(of),
      validation: { folds: 2 },
      scoring: tunedFor(of.task).name as "r2",
    });
    return [...scores, mean];
  },
  async "tune, its ensemble, temperature and threshold"(of) {
    const isClasses = of.task === "classification";
    const { trials, final, ensemble, calibration } = await tune({
      ...training(used(of)),
      strategy: grid(),
      metric: tunedFor(of.task).name as "r2",
      ensemble: 2,
      ...(isClasses && { calibrate: true, threshold: "f1" as const }),
    });
    return [
      ...trials.map(({ value }) => value as number),
      ...[ensemble?.score ?? Number.NaN, ensemble?.single ?? Number.NaN, final.threshold],
      ...(ensemble?.members.flatMap(({ trial, networks }) => [trial, networks]) ?? []),
      ...(calibration ? [calibration.temperature, calibration.error.after, calibration.logLoss.before] : []),
    ];
  },
  async "tune with balanced classes"(of) {
    const options = training(used(of));
    const fit = { ...options.fit, ...(of.task === "classification" && { classWeight: "balanced" as const }) };
    const { trials } = await tune({ ...options, fit, strategy: grid() });
    return trials.map(({ value }) => value as number);
  },
  async gridSearch(of) {
    const scoring = of.task === "regression" ? (["r2", "maxError"] as const) : (["rocAuc", "f1"] as const);
    const { rows } = await gridSearch({ ...training(used(of)), scoring: [...scoring] });
    return rows.flatMap(({ scores }) =>
      Object.values(scores).flatMap(({ folds, mean, std }) => [...folds, mean, std]),
    );
  },
  async findLearningRate(of) {
    const { validation: _, space: __, fit: ___, jobs: ____, ...options } = training(of);
    const { losses } = await findLearningRate({ ...options, batchSize: of.x.length, steps: 12, high: 0.1 });
    return [...losses];
  },
};

describe.each(Object.entries(subjects))("%s", (_, subject) => {
  it.each([
    ["regression", 1],
    ["regression", 2],
    ["classification", 3],
    ["classification", 4],
  ] as const)("%s of weighted rows is that of the repeated rows (seed %i)", async (task, seed) => {
    const weighted = table(task, seed);
    const [received, expected, plain] = [
      await subject(weighted),
      await subject(repeated(weighted)),
      await subject({ ...weighted, sampleWeight: weighted.x.map(() => 1) }),
    ];
    expect(received.length).toBe(expected.length);
    expect(received.length).toBeGreaterThan(0);
    // features and networks are float32
    for (const [i, value] of received.entries())
      expect(Math.abs(value - expected[i])).toBeLessThan(1e-4 * Math.max(1, Math.abs(expected[i])));
    // and weights matter to it
    expect(plain).not.toEqual(received);
  });
});

describe("the losses of a trial's curves", () => {
  const { x, y, sampleWeight, parts } = table("classification", 6);
  const options = { x, y, model: logistic, space: rates(0.1), jobs: 1, curves: "validation" as const };
  const rowsOfPart = (part: number) => [...parts.keys()].filter((row) => parts[row] === part);
  const folds = [0, 1].map((fold) => ({ train: rowsOfPart(1 - fold), validation: rowsOfPart(fold) }));
  const scaled = (weights: readonly number[]) => {
    const sum = weights.reduce((total, weight) => total + weight, 0);
    return weights.map((weight) => (weight * weights.length) / sum);
  };

  it.each([
    ["alike", undefined],
    ["by their weights", undefined],
    ["alike", { 0: 1, 1: 9 }],
    ["by their weights", { 0: 1, 1: 9 }],
    ["by their weights", "balanced"],
    ["alike", "balanced"],
  ] as const)("count rows %s, and by the class weight %j in training only", async (by, classWeight) => {
    const own = by === "alike" ? undefined : sampleWeight;
    const fit = { epochs: 3, batchSize: 24, ...(classWeight && { classWeight }) };
    const { trials } = await tune({
      ...options,
      ...(own && { sampleWeight: own }),
      pipeline: { scale: "none" },
      validation: folds,
      trials: 1,
      fit,
    });
    const weightOf = (row: number) => own?.[row] ?? 1;
    for (const [fold, { train, validation }] of folds.entries()) {
      const total = (label: number) =>
        train.reduce((sum, row) => sum + (y[row] === label ? weightOf(row) : 0), 0);
      const ofClass = classWeight === "balanced" ? [1 / total(0), 1 / total(1)] : [1, classWeight ? 9 : 1];
      const model = logistic({ learningRate: 0.1 });
      const { history } = await model.fit(
        train.map((row) => x[row]),
        train.map((row) => [y[row]]),
        {
          epochs: 3,
          batchSize: 24,
          seed: seedOfTrial(0, 0),
          sampleWeight: scaled(train.map((row) => weightOf(row) * ofClass[y[row]])),
          validationData: [
            validation.map((row) => x[row]),
            validation.map((row) => [y[row]]),
            scaled(validation.map(weightOf)),
          ],
        },
      );
      for (const name of ["loss", "valLoss"] as const) {
        const curve = trials[0].curves?.history[name][fold] ?? [];
        expect(curve).toHaveLength(3);
        for (const [epoch, value] of curve.entries()) expect(value).toBeCloseTo(history[name][epoch], 6);
      }
    }
  });
});

describe("what is chosen from predictions", () => {
  const random = new RandomStream(8);
  const rows = 60;
  const weights = Float64Array.from({ length: rows }, (_, row) => row % 4);
  const labels = Float64Array.from({ length: rows }, () => random.integer(2));
  const candidates = Array.from({ length: 4 }, () =>
    Float32Array.from(labels, (label) => 0.02 + 0.96 * (0.6 * random.uniform() + 0.4 * label)),
  );
  const parts = Int32Array.from(labels, (_, row) => Math.floor(row / 20));
  const again = <V extends Float32Array | Float64Array | Int32Array>(values: V): V => {
    const all = Array.from(values as ArrayLike<number>).flatMap((value, row) =>
      new Array<number>(weights[row]).fill(value),
    );
    return new (values.constructor as new (all: number[]) => V)(all);
  };
  const weighted = { outputs: 1, targets: labels, parts, weights };
  const plain = { outputs: 1, targets: again(labels), parts: again(parts) };

  it.each(["f1", "accuracy", "balancedAccuracy", "precision"] as const)("the threshold by %s", (name) => {
    const metric = metricNamed(name);
    const [first, second] = candidates;
    const received = chooseThreshold(metric, [
      { yTrue: labels, yPred: first, weights },
      { yTrue: labels, yPred: second, weights },
    ]);
    const expected = chooseThreshold(metric, [
      { yTrue: again(labels), yPred: again(first) },
      { yTrue: again(labels), yPred: again(second) },
    ]);
    expect(received).toBe(expected);
  });

  it.each([
    { missed: 1, false: 1 },
    { missed: 9, false: 2 },
  ])("the threshold by the cost of errors, and that cost: $missed to $false", (cost) => {
    const [first, second] = candidates;
    const [received, expected] = [
      cheapestThreshold(cost, [
        { yTrue: labels, yPred: first, weights },
        { yTrue: labels, yPred: second, weights },
      ]),
      cheapestThreshold(cost, [
        { yTrue: again(labels), yPred: again(first) },
        { yTrue: again(labels), yPred: again(second) },
      ]),
    ];
    expect(received).toBe(expected);
    const { compute } = costMetric(cost);
    const decisions = decided(first, 0.4);
    expect(compute(labels, decisions, 1, weights)).toBeCloseTo(
      compute(again(labels), again(decisions), 1),
      12,
    );
  });

  it("the networks of an ensemble, and their products of errors", () => {
    const [received, expected] = [
      errorProducts(candidates, weighted),
      errorProducts(candidates.map(again), plain),
    ];
    for (const [part, own] of received.entries())
      for (const [i, row] of own.entries())
        for (const [j, product] of row.entries()) expect(product).toBeCloseTo(expected[part][i][j], 10);
    for (const selection of ["greedy", "best"] as const)
      expect(pick(withoutPart(received), { networks: 5, selection })).toEqual(
        pick(withoutPart(expected), { networks: 5, selection }),
      );
  });

  it("the temperature, and what it makes of predictions", () => {
    const [received, expected] = [
      chooseTemperature(candidates.slice(0, 2), weighted),
      chooseTemperature(candidates.slice(0, 2).map(again), plain),
    ];
    expect(received.temperature).toBe(expected.temperature);
    expect(received.temperature).not.toBe(1);
    expect(again(received.crossFitted)).toEqual(expected.crossFitted);
  });

  it.each(["balanced", [1, 5]] as const)("class weights %s beside sample weights", (classWeight) => {
    const ids = (count: number) => Int32Array.from({ length: count }, (_, row) => row);
    const copies = again(ids(rows));
    const of = (y: Float64Array, more: object) =>
      lossWeights({ classWeight, ...more }, { y, outputs: 1 }, ids(y.length), ids(y.length)) as Float32Array;
    const received = of(labels, { sampleWeight: weights });
    const expected = of(again(labels), {});
    for (let row = 0; row < rows; row++) {
      const own = expected.filter((_, copy) => copies[copy] === row).reduce((sum, each) => sum + each, 0);
      expect(received[row] / rows).toBeCloseTo(own / copies.length, 7);
    }
  });
});

it("a class that is balanced counts by the rows that are trained on, not by those that are weighed", () => {
  const data = { y: Float64Array.of(0, 0, 0, 1, 0, 1), outputs: 1 };
  const weighed = (train: readonly number[]) =>
    lossWeights({ classWeight: "balanced" }, data, Int32Array.from(train), Int32Array.of(4, 5));
  // 4 / (2 · 3) and 4 / (2 · 1), of mean 1
  expect(weighed([0, 1, 2, 3])).toEqual(Float32Array.of(0.5, 1.5));
  expect(weighed([2, 3])).toEqual(Float32Array.of(1, 1));
});

it("a probability at the threshold is class 0, as metrics and models read it, and none stays none", () => {
  const p = Float32Array.of(0.25, 0.5, 0.50000006, 0.75, Number.NaN);
  expect(decided(p, 0.5)).toEqual(Float64Array.of(0, 0, 1, 1, Number.NaN));
  expect(decided(p, 0.25)).toEqual(Float64Array.of(0, 1, 1, 1, Number.NaN));
  // the metric reads the same classes from probabilities
  const [truth, score] = [Float64Array.of(1, 1, 1, 1), metricNamed("accuracy")];
  expect(score.compute(truth, p.slice(0, 4), 1)).toBe(score.compute(truth, decided(p.slice(0, 4), 0.5), 1));
});

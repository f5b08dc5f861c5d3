/** Planted faults in metrics: each is a common mistake, and breaks a law of `test/laws/metrics.ts`. */
import { describe, expect, it } from "vitest";
import { countConfusion } from "../../src/metrics/confusion.js";
import type { Metric } from "../../src/metrics/metric.js";
import type { BuiltInMetric } from "../../src/metrics/names.js";
import { metrics } from "../../src/metrics/registry.js";
import { type Confusion, checkConfusion, checkMetric, lawsOfMetric } from "../laws/metrics.js";

type Compute = Metric["compute"];

const sum = (values: ArrayLike<number>): number => Array.from(values).reduce((a, b) => a + b, 0);
/** Of the confusion matrix, with class 1 of two, or the mean over all classes. */
const fromCounts =
  (
    score: (counts: number[][], j: number) => number,
    classes = (counts: number[][]) => counts.map((_, j) => j),
  ): Compute =>
  (truth, prediction, outputs) => {
    const counts = countConfusion(truth, prediction, outputs);
    const scored = outputs === 1 ? [1] : classes(counts);
    return sum(scored.map((j) => score(counts, j))) / scored.length;
  };
const hits = (counts: number[][], j: number): number => counts[j][j];
const actual = (counts: number[][], j: number): number => sum(counts[j]);
const predicted = (counts: number[][], j: number): number => sum(counts.map((row) => row[j]));
const ratio = (part: number, whole: number): number => (whole === 0 ? 0 : part / whole);
const occurring = (counts: number[][]): number[] =>
  counts.map((_, j) => j).filter((j) => actual(counts, j) + predicted(counts, j) > 0);

/** Pairs in the right order, ties counting `tie`, of one output. */
const pairs =
  (tie: number): Compute =>
  (truth, prediction, outputs) => {
    const areas = Array.from({ length: outputs }, (_, j) => {
      const of = (y: number) =>
        [...prediction].filter((_, k) => k % outputs === j && Number(truth[k] > 0.5) === y);
      const orders = of(1).flatMap((p) => of(0).map((q) => (p > q ? 1 : p === q ? tie : 0)));
      return sum(orders) / orders.length;
    }).filter((area) => !Number.isNaN(area));
    return sum(areas) / areas.length;
  };

/** By the truth, of one output or several. */
const logLoss =
  (
    term: (y: number, p: number, outputs: number) => number,
    scale: (rows: number, outputs: number) => number,
  ): Compute =>
  (truth, prediction, outputs) => {
    const clip = (p: number) => Math.min(1 - 2 ** -23, Math.max(2 ** -23, p));
    return (
      sum([...truth].map((y, k) => term(y, clip(prediction[k]), outputs))) /
      scale(truth.length / outputs, outputs)
    );
  };
const surprise = (y: number, p: number, outputs: number): number =>
  y > 0.5 ? -Math.log(p) : outputs === 1 ? -Math.log(1 - p) : 0;

/** Each output by itself, then their mean. */
const byOutput =
  (score: (truth: number[], prediction: number[]) => number): Compute =>
  (truth, prediction, outputs) =>
    sum(
      Array.from({ length: outputs }, (_, j) => {
        const [y, p] = [truth, prediction].map((values) => [...values].filter((_, k) => k % outputs === j));
        return score(y, p) / outputs;
      }),
    );
const average = (values: ArrayLike<number>): number => sum(values) / values.length;
const squares = (y: number[], p: number[]): number => average(y.map((v, i) => (v - p[i]) ** 2));
const variance = (y: number[]): number => average(y.map((v) => (v - average(y)) ** 2));
const constantOr = (y: number[], score: number): number => (variance(y) === 0 ? 1 : score);

const faults: readonly (readonly [BuiltInMetric, string, Compute])[] = [
  ["accuracy", "the share of errors", (...of) => 1 - metrics.accuracy.compute(...of)],
  ["accuracy", "numbers in the place of rows", (y, p, k) => metrics.accuracy.compute(y, p, k) / k],
  [
    "accuracy",
    "a threshold of 0.7",
    (y, p, k) => metrics.accuracy.compute(y, k === 1 ? p.map((v) => v - 0.2) : p, k),
  ],
  ["accuracy", "no 1/n", (y, p, k) => metrics.accuracy.compute(y, p, k) * (y.length / k)],
  ["precision", "recall", metrics.recall.compute],
  [
    "precision",
    "an average over classes that do not occur too",
    fromCounts((c, j) => ratio(hits(c, j), predicted(c, j))),
  ],
  [
    "precision",
    "all rows in the place of those predicted",
    fromCounts((c, j) => hits(c, j) / sum(c.map(sum)), occurring),
  ],
  [
    "precision",
    "class 0",
    (y, p, k) =>
      metrics.precision.compute(k === 1 ? y.map((v) => 1 - v) : y, k === 1 ? p.map((v) => 1 - v) : p, k),
  ],
  ["recall", "precision", metrics.precision.compute],
  [
    "recall",
    "an average by how often classes are",
    fromCounts((c, j) => (ratio(hits(c, j), actual(c, j)) * actual(c, j) * 3) / sum(c.map(sum)), occurring),
  ],
  ["recall", "a smoothed share", fromCounts((c, j) => (hits(c, j) + 1) / (actual(c, j) + 1), occurring)],
  ["f1", "a forgotten 2", fromCounts((c, j) => ratio(hits(c, j), predicted(c, j) + actual(c, j)), occurring)],
  [
    "f1",
    "the arithmetic mean of precision and recall",
    fromCounts(
      (c, j) => (ratio(hits(c, j), predicted(c, j)) + ratio(hits(c, j), actual(c, j))) / 2,
      occurring,
    ),
  ],
  ["f1", "F₂", fromCounts((c, j) => ratio(5 * hits(c, j), predicted(c, j) + 4 * actual(c, j)), occurring)],
  ["rocAuc", "ties that count in full", pairs(1)],
  ["rocAuc", "ties that do not count", pairs(0)],
  ["rocAuc", "the classes exchanged", (...of) => 1 - metrics.rocAuc.compute(...of)],
  ["rocAuc", "Gini's coefficient", (...of) => 2 * metrics.rocAuc.compute(...of) - 1],
  [
    "rocAuc",
    "the mean difference of probabilities",
    (y, p, k) => 0.5 + (metrics.meanAbsoluteError.compute(y, p, k) - 0.5) / 2,
  ],
  ["logLoss", "a dropped 1/n", logLoss(surprise, () => 1)],
  [
    "logLoss",
    "a flipped sign",
    logLoss(
      (...of) => -surprise(...of),
      (rows) => rows,
    ),
  ],
  ["logLoss", "a mean over classes too", logLoss(surprise, (rows, outputs) => rows * outputs)],
  [
    "logLoss",
    "no term for class 0",
    logLoss(
      (y, p) => (y > 0.5 ? -Math.log(p) : 0),
      (rows) => rows,
    ),
  ],
  [
    "logLoss",
    "a term for each class that is not the row's",
    logLoss(
      (y, p) => surprise(y, p, 1),
      (rows) => rows,
    ),
  ],
  ["meanSquaredError", "a dropped 1/n", byOutput((y, p) => squares(y, p) * y.length)],
  [
    "meanSquaredError",
    "n − 1 in the place of n",
    byOutput((y, p) => (squares(y, p) * y.length) / Math.max(1, y.length - 1)),
  ],
  ["meanSquaredError", "a sum over outputs", (y, p, k) => metrics.meanSquaredError.compute(y, p, k) * k],
  ["meanSquaredError", "no squares", byOutput((y, p) => average(y.map((v, i) => v - p[i])))],
  ["rootMeanSquaredError", "a forgotten root", metrics.meanSquaredError.compute],
  [
    "rootMeanSquaredError",
    "one root of the mean of all outputs",
    (...of) => Math.sqrt(metrics.meanSquaredError.compute(...of)),
  ],
  ["meanAbsoluteError", "no sizes", byOutput((y, p) => average(y.map((v, i) => v - p[i])))],
  ["meanAbsoluteError", "the root of squares", metrics.rootMeanSquaredError.compute],
  [
    "meanAbsoluteError",
    "the median",
    byOutput((y, p) => y.map((v, i) => Math.abs(v - p[i])).sort((a, b) => a - b)[y.length >> 1]),
  ],
  [
    "r2",
    "what is left in the place of what is explained",
    byOutput((y, p) => constantOr(y, squares(y, p) / variance(y))),
  ],
  [
    "r2",
    "squares about 0",
    byOutput((y, p) => constantOr(y, 1 - squares(y, p) / average(y.map((v) => v * v)))),
  ],
  [
    "r2",
    "the variance of predictions",
    byOutput((y, p) => (variance(p) === 0 ? 1 : 1 - squares(y, p) / variance(p))),
  ],
  [
    "r2",
    "n − 1 in the variance",
    byOutput((y, p) => constantOr(y, 1 - (squares(y, p) * (y.length - 1)) / (variance(y) * y.length))),
  ],
];

describe.each(faults)("%s", (name, what, compute) => {
  it(`with ${what} is caught`, () => {
    const check = () => {
      for (const law of lawsOfMetric(name)) checkMetric({ ...metrics[name], compute }, law, 100);
    };
    expect(check).toThrow(`metric "${name}" breaks the law "`);
  });
});

describe("a confusion matrix", () => {
  const matrices: readonly (readonly [string, Confusion])[] = [
    [
      "with a swapped index",
      (...of) => countConfusion(...of).map((row, i, all) => row.map((_, j) => all[j][i])),
    ],
    [
      "in shares of its rows",
      (...of) => countConfusion(...of).map((row) => row.map((count) => ratio(count, sum(row)))),
    ],
    [
      "without rows that are right",
      (...of) => countConfusion(...of).map((row, i) => row.map((c, j) => (i === j ? 0 : c))),
    ],
    ["with classes off by one", (...of) => countConfusion(...of).map((row) => [...row.slice(1), row[0]])],
  ];
  it.each(matrices)("%s is caught", (_, confusion) => {
    expect(() => checkConfusion(confusion, 100)).toThrow('breaks the law "counts truths by rows');
  });
});

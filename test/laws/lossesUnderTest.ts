/**
 * The built-in losses with their closed forms in float64: their optimal predictions, and the divergence of
 * others.
 */

import fc from "fast-check";
import { sigmoid, softmax } from "../../src/graph/functions.js";
import type { Value } from "../../src/graph/graph.js";
import { binaryCrossentropy, categoricalCrossentropy, quantile } from "../../src/nn/losses/index.js";
import { getLoss } from "../../src/nn/losses/registry.js";
import type { LossUnderTest } from "./losses.js";

type Rows = readonly (readonly number[])[];

const average = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
/** Multiples of 1/1024. */
const grid = (low: number, high: number): fc.Arbitrary<number> =>
  fc.integer({ min: Math.ceil(low * 1024), max: Math.floor(high * 1024) }).map((n) => n / 1024);
const rowOf =
  (number: fc.Arbitrary<number>) =>
  (units: number): fc.Arbitrary<number[]> =>
    fc.array(number, { minLength: units, maxLength: units });
const column = (rows: Rows, j: number): number[] => rows.map((row) => row[j]);
/** A number of each unit, averaged, as losses over units are. */
const overUnits = (rows: Rows, of: (values: number[], j: number) => number): number =>
  average(rows[0].map((_, j) => of(column(rows, j), j)));

const variance = (values: readonly number[]): number =>
  average(values.map((v) => (v - average(values)) ** 2));

/** An odd number of rows, of one or two units. */
function oddRows(number: fc.Arbitrary<number>): fc.Arbitrary<number[][]> {
  return fc
    .tuple(fc.integer({ min: 1, max: 2 }), fc.integer({ min: 0, max: 5 }))
    .chain(([units, half]) =>
      fc.array(rowOf(number)(units), { minLength: 2 * half + 1, maxLength: 2 * half + 1 }),
    );
}

/** The least of the values that a share of them is at or below. */
const quantileOf = (values: readonly number[], share: number): number =>
  [...values].sort((a, b) => a - b)[Math.ceil(share * values.length) - 1];

/**
 * E ρ(Y − q) − E ρ(Y − m) = ∫ₘ^q (F(t) − share) dt, ρ the pinball loss, F the distribution of the values, m
 * their quantile.
 */
function areaToQuantile(values: readonly number[], share: number, q: number): number {
  const m = quantileOf(values, share);
  const [low, high] = [Math.min(m, q), Math.max(m, q)];
  const places = [...new Set([low, ...values.filter((v) => v > low && v < high), high])].sort(
    (a, b) => a - b,
  );
  let area = 0;
  for (let k = 1; k < places.length; k++) {
    const below = values.filter((v) => v <= places[k - 1]).length / values.length;
    area += (below - share) * (places[k] - places[k - 1]);
  }
  return q < m ? -area : area;
}

/** −p log q, 0 where p is. */
const surprise = (p: number, q: number): number => (p === 0 ? 0 : -p * Math.log(q));
const squash = (z: number): number => 1 / (1 + Math.exp(-z));
const shares = (z: readonly number[]): number[] => {
  const powers = z.map((x) => Math.exp(x));
  return powers.map((x) => x / powers.reduce((a, b) => a + b, 0));
};

/** Of 0, 1 and what lies between, so that their mean is neither 0 nor 1: a best logit would be infinite. */
const mixedRows = oddRows(fc.oneof(fc.constantFrom(0, 1), grid(0, 1))).map((rows) => [
  ...rows,
  rows[0].map(() => 0.25),
  rows[0].map(() => 0.5),
]);

type Given = Pick<LossUnderTest, "loss" | "from" | "predictions" | "convexAt" | "size">;

/**
 * Of probabilities q and 1 − q = `chances`(prediction), with the prediction that has the chance p being
 * `asks`(p). Both are given, since 1 − q keeps few digits of what is left beside a q near 1.
 */
function binary(
  from: Given,
  chances: (x: number) => readonly [number, number],
  asks: (p: number) => number,
): LossUnderTest {
  return {
    ...from,
    truths: mixedRows,
    best: (y) => y[0].map((_, j) => asks(average(column(y, j)))),
    uncertainty: (y) =>
      overUnits(
        y,
        (values) =>
          surprise(average(values), average(values)) + surprise(1 - average(values), 1 - average(values)),
      ),
    divergence: (y, x) =>
      overUnits(y, (values, j) => {
        const [p, [q, rest]] = [average(values), chances(x[j])];
        return surprise(p, q / p) + surprise(1 - p, rest / (1 - p));
      }),
  };
}

/** One-hot rows in which each of 2 or 3 classes occurs. */
const oneHotRows = fc.integer({ min: 2, max: 3 }).chain((classes) =>
  fc.array(fc.nat({ max: classes - 1 }), { maxLength: 8 }).map((ids) => {
    const all = [...Array.from({ length: classes }, (_, j) => j), ...ids];
    return all.map((id) => Array.from({ length: classes }, (_, j) => Number(j === id)));
  }),
);

function categorical(
  from: Given,
  chances: (x: readonly number[]) => readonly number[],
  asks: (p: number) => number,
): LossUnderTest {
  const frequencies = (y: Rows): number[] => y[0].map((_, j) => average(column(y, j)));
  const total = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
  return {
    ...from,
    truths: oneHotRows,
    best: (y) => frequencies(y).map(asks),
    uncertainty: (y) => total(frequencies(y).map((p) => surprise(p, p))),
    divergence: (y, x) => {
      const q = chances(x);
      return total(frequencies(y).map((p, j) => surprise(p, q[j] / p)));
    },
  };
}

const identity = (x: Value): Value => x;
const EPSILON = 1e-7;
const pinball = (above: number): number => (above > 0 ? 0.75 * above : -0.25 * above);
const means = (y: Rows): number[] => y[0].map((_, j) => average(column(y, j)));
/** Σ y log(y / p) */
const divergenceOf = (y: readonly number[], p: readonly number[]): number =>
  y.map((v, j) => surprise(v, p[j] / v)).reduce((a, b) => a + b, 0);
/** Rows of three probabilities above 0, multiples of 1/16 that sum to 1. */
const chanceTruths = fc.array(
  fc
    .tuple(fc.integer({ min: 1, max: 8 }), fc.integer({ min: 1, max: 7 }))
    .map(([a, b]) => [a / 16, b / 16, (16 - a - b) / 16]),
  { minLength: 1, maxLength: 8 },
);
const logitRows = rowOf(grid(-8, 8));
const chanceRows = rowOf(grid(1 / 16, 15 / 16));
const normalised = (x: readonly number[]): number[] => x.map((v) => v / x.reduce((a, b) => a + b, 0));

/** By name; those of probabilities and of logits are apart, since they are other formulas. */
export const lossesUnderTest: Readonly<Record<string, LossUnderTest>> = {
  meanSquaredError: {
    loss: getLoss("meanSquaredError"),
    from: identity,
    truths: oddRows(grid(-8, 8)),
    predictions: logitRows,
    best: (y) => y[0].map((_, j) => average(column(y, j))),
    // König and Huygens: E(q − Y)² = Var Y + (q − EY)²
    uncertainty: (y) => overUnits(y, (values) => average(values.map((v) => (v - average(values)) ** 2))),
    divergence: (y, x) => overUnits(y, (values, j) => (x[j] - average(values)) ** 2),
    size: 256,
  },
  // of a mean and a variance; −log of a normal density, of which ½ log 2π is left out
  gaussianNll: {
    loss: getLoss("gaussianNll"),
    from: identity,
    // values apart, so that they have a variance
    truths: fc
      .integer({ min: 1, max: 5 })
      .chain((half) => fc.uniqueArray(grid(-8, 8), { minLength: 2 * half + 1, maxLength: 2 * half + 1 }))
      .filter((values) => Math.max(...values) - Math.min(...values) > 1)
      .map((values) => values.map((v) => [v])),
    predictions: () => fc.tuple(grid(-8, 8), grid(0.125, 8)),
    // in the mean; in both it is not
    convexAt: ([mean]) => [mean, 2],
    best: (y) => [average(column(y, 0)), variance(column(y, 0))],
    uncertainty: (y) => (Math.log(variance(column(y, 0))) + 1) / 2,
    // Kullback and Leibler's divergence of two normal distributions
    divergence: (y, [m, v]) => {
      const [mean, own] = [average(column(y, 0)), variance(column(y, 0))];
      return (Math.log(v / own) + (own + (mean - m) ** 2) / v - 1) / 2;
    },
    // 16² / (2 · ⅛²), the gradient of the variance
    size: 8192,
  },
  meanAbsoluteError: {
    loss: getLoss("meanAbsoluteError"),
    from: identity,
    // all values apart, so that the median has as many above as below
    truths: fc
      .integer({ min: 0, max: 5 })
      .chain((half) => fc.uniqueArray(grid(-8, 8), { minLength: 2 * half + 1, maxLength: 2 * half + 1 }))
      .map((values) => values.map((v) => [v])),
    predictions: logitRows,
    best: (y) => y[0].map((_, j) => quantileOf(column(y, j), 0.5)),
    uncertainty: (y) =>
      overUnits(y, (values) => average(values.map((v) => Math.abs(v - quantileOf(values, 0.5))))),
    divergence: (y, x) => overUnits(y, (values, j) => 2 * areaToQuantile(values, 0.5, x[j])),
    size: 16,
  },
  quantile: {
    loss: quantile({ quantile: 0.75 }),
    from: identity,
    // values apart, one more than a multiple of 4, so that 3 of 4 others are below the quantile
    truths: fc
      .integer({ min: 0, max: 2 })
      .chain((n) => fc.uniqueArray(grid(-8, 8), { minLength: 4 * n + 1, maxLength: 4 * n + 1 }))
      .map((values) => values.map((v) => [v])),
    predictions: logitRows,
    best: (y) => y[0].map((_, j) => quantileOf(column(y, j), 0.75)),
    uncertainty: (y) =>
      overUnits(y, (values) => average(values.map((v) => pinball(v - quantileOf(values, 0.75))))),
    divergence: (y, x) => overUnits(y, (values, j) => areaToQuantile(values, 0.75, x[j])),
    size: 16,
  },
  meanSquaredLogarithmicError: {
    loss: getLoss("meanSquaredLogarithmicError"),
    from: identity,
    truths: oddRows(grid(0.125, 8)),
    predictions: rowOf(grid(0.125, 8)),
    // (log(1 + p) − log(1 + y))² is convex where 1 + p ≤ e (1 + y)
    convexAt: (row) => row.map((p) => Math.min(p, 1.7)),
    best: (y) => y[0].map((_, j) => Math.expm1(average(column(y, j).map(Math.log1p)))),
    // the squared error of logarithms
    uncertainty: (y) =>
      overUnits(y, (values) => {
        const logs = values.map(Math.log1p);
        return average(logs.map((v) => (v - average(logs)) ** 2));
      }),
    divergence: (y, x) =>
      overUnits(y, (values, j) => (Math.log1p(x[j]) - average(values.map(Math.log1p))) ** 2),
    size: 16,
  },
  poisson: {
    loss: getLoss("poisson"),
    from: identity,
    truths: oddRows(fc.integer({ min: 0, max: 6 })).map((rows) => [
      ...rows,
      rows[0].map(() => 1),
      rows[0].map(() => 2),
    ]),
    predictions: rowOf(grid(0.125, 8)),
    // of q = p + 1e-7, which p − y log q asks to be the mean
    best: (y) => y[0].map((_, j) => average(column(y, j)) - EPSILON),
    uncertainty: (y) =>
      overUnits(y, (values) => average(values) - EPSILON + surprise(average(values), average(values))),
    divergence: (y, x) =>
      overUnits(y, (values, j) => {
        const [mean, q] = [average(values), x[j] + EPSILON];
        return q - mean + surprise(mean, q / mean);
      }),
    size: 64,
  },
  klDivergence: {
    loss: getLoss("klDivergence"),
    from: softmax,
    truths: chanceTruths,
    predictions: logitRows,
    best: (y) => y[0].map((_, j) => Math.log(average(column(y, j)))),
    // how far truths are from their mean, and their mean from the prediction
    uncertainty: (y) => average(y.map((row) => divergenceOf(row, means(y)))),
    divergence: (y, x) => divergenceOf(means(y), shares(x)),
    size: 16,
  },
  "binaryCrossentropy of logits": binary(
    { loss: binaryCrossentropy({ fromLogits: true }), from: identity, predictions: logitRows, size: 16 },
    (z) => [squash(z), squash(-z)],
    (p) => Math.log(p / (1 - p)),
  ),
  "binaryCrossentropy behind a sigmoid": binary(
    { loss: getLoss("binaryCrossentropy"), from: sigmoid, predictions: logitRows, size: 16 },
    (z) => [squash(z), squash(-z)],
    (p) => Math.log(p / (1 - p)),
  ),
  // gradients of up to 1/q = 16, with 1 − q rounded
  "binaryCrossentropy of probabilities": binary(
    { loss: getLoss("binaryCrossentropy"), from: identity, predictions: chanceRows, size: 256 },
    (q) => [q, 1 - q],
    (p) => p,
  ),
  "categoricalCrossentropy of logits": categorical(
    { loss: categoricalCrossentropy({ fromLogits: true }), from: identity, predictions: logitRows, size: 16 },
    shares,
    Math.log,
  ),
  "categoricalCrossentropy behind a softmax": categorical(
    { loss: getLoss("categoricalCrossentropy"), from: softmax, predictions: logitRows, size: 16 },
    shares,
    Math.log,
  ),
  // it scales rows to sum to 1, and is convex among those that do
  "categoricalCrossentropy of probabilities": categorical(
    {
      loss: getLoss("categoricalCrossentropy"),
      from: identity,
      predictions: chanceRows,
      convexAt: normalised,
      size: 256,
    },
    normalised,
    (p) => p,
  ),
};

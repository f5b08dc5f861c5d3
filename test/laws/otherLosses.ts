/**
 * Losses that are no proper scores, or have no closed form of the best prediction: what they take, and where
 * they are 0.
 */
import fc from "fast-check";
import { sigmoid, softmax } from "../../src/graph/functions.js";
import type { Value } from "../../src/graph/graph.js";
import type { losses } from "../../src/nn/losses/registry.js";

type Row = readonly number[];

/** What a law varies of a loss with default options. */
export interface OtherLoss {
  /** From the numbers that a law varies to predictions. */
  readonly from: (x: Value) => Value;
  /** A row of truths, of three units or one class id. */
  readonly truth: fc.Arbitrary<Row>;
  readonly prediction: fc.Arbitrary<Row>;
  /** The row that truths ask for, where the loss is `least`. */
  readonly perfect: (truth: Row) => Row;
  readonly least: number;
  readonly convex: boolean;
  /** Whether it is a mean over rows. */
  readonly rows: boolean;
}

export const UNITS = 3;
const rowOf = (number: fc.Arbitrary<number>): fc.Arbitrary<Row> =>
  fc.array(number, { minLength: UNITS, maxLength: UNITS });
/** Multiples of 1/1024. */
export const grid = (low: number, high: number): fc.Arbitrary<number> =>
  fc.integer({ min: Math.ceil(low * 1024), max: Math.floor(high * 1024) }).map((n) => n / 1024);
const id = fc.nat({ max: UNITS - 1 });
export const hot = (k: number): number[] => [0, 1, 2].map((j) => Number(j === k));

const identity = (x: Value): Value => x;
const same = (row: Row): Row => row;
const bits = rowOf(fc.constantFrom(0, 1));
const scores = rowOf(grid(-4, 4));
/** Logits at which the other probabilities are below 1e-300. */
const sure = (row: Row): Row => row.map((y) => (2 * y - 1) * 700);

const quantities: OtherLoss = {
  from: identity,
  truth: rowOf(grid(0.125, 8)),
  prediction: scores,
  perfect: same,
  least: 0,
  convex: true,
  rows: true,
};
const classes: OtherLoss = {
  from: softmax,
  truth: id.map(hot),
  prediction: scores,
  perfect: sure,
  least: 0,
  convex: false,
  rows: true,
};
const classIds: OtherLoss = { ...classes, truth: id.map((k) => [k]), perfect: ([k]) => sure(hot(k)) };
const binary: OtherLoss = { ...classes, from: sigmoid, truth: bits };
const margins: OtherLoss = { ...binary, from: identity, convex: true };
const counts: OtherLoss = { ...binary, rows: false };

export const otherLosses: Partial<Record<keyof typeof losses, OtherLoss>> = {
  meanAbsolutePercentageError: quantities,
  huber: quantities,
  logCosh: quantities,
  // any length of a vector will do
  cosineSimilarity: { ...quantities, perfect: (y) => y.map((v) => 4 * v), least: -1, convex: false },
  sparseCategoricalCrossentropy: classIds,
  categoricalGeneralizedCrossEntropy: classIds,
  binaryFocalCrossentropy: binary,
  categoricalFocalCrossentropy: classes,
  hinge: margins,
  squaredHinge: margins,
  categoricalHinge: { ...margins, truth: id.map(hot) },
  // levels: how many of the three a class is above
  ordinalCrossentropy: {
    ...binary,
    truth: fc.nat({ max: UNITS }).map((k) => [0, 1, 2].map((j) => Number(j < k))),
  },
  softF1: counts,
  dice: counts,
  tversky: counts,
};

/**
 * The laws of losses. A loss is a proper score: for truths that are drawn from some distribution, its mean is
 * smallest at the prediction it asks for (the mean, the median, the probabilities), and there its gradient is
 * 0 (T. Gneiting and A. Raftery, "Strictly proper scoring rules, prediction, and estimation", 2007, section
 * 2; L. Savage, "Elicitation of personal probabilities and expectations", 1971). `losses.test.ts` holds the
 * built-in ones to these laws, `test/faults` wrong ones. In float64.
 */

import fc from "fast-check";
import { constant } from "../../src/graph/functions.js";
import type { Value } from "../../src/graph/graph.js";
import type { LossFunction } from "../../src/nn/losses/loss.js";
import { fail, hold } from "../../src/testing/laws.js";
import { evaluateWithGradient, reference } from "../nn/support.js";

type Row = readonly number[];
type Rows = readonly Row[];

/** A loss, and the closed form of what it must be. */
export interface LossUnderTest {
  readonly loss: LossFunction;
  /** From the numbers that a law varies to predictions, such as a sigmoid. */
  readonly from: (x: Value) => Value;
  /** Truths, each row a draw from one distribution; the number of rows is odd. */
  readonly truths: fc.Arbitrary<Rows>;
  /** One row of predictions. */
  readonly predictions: (units: number) => fc.Arbitrary<Row>;
  /** Maps a row into the set on which the loss is convex. Default: it is convex everywhere. */
  readonly convexAt?: (row: Row) => Row;
  /** The row of predictions that truths ask for. */
  readonly best: (truths: Rows) => Row;
  /** The mean loss there: how much truths differ from each other. */
  readonly uncertainty: (truths: Rows) => number;
  /** How much more it is elsewhere: 0 at the best alone, and above 0 elsewhere. */
  readonly divergence: (truths: Rows, prediction: Row) => number;
  /** Of the numbers that are rounded, losses and gradients of a row. */
  readonly size: number;
}

/**
 * 64 roundings of numbers up to the loss's size: sums of at most 11 rows, and functions at up to 4 units
 * each.
 */
const ROUNDING = 64 * 2 ** -53;

/** The loss of each row of truths beside one row of predictions, and its gradient by each row. */
function evaluated({ loss, from }: LossUnderTest, y: Rows, x: Rows): { value: number; gradient: number[] } {
  const write = (v: Value): Value => loss(constant(v.graph, y.flat(), [y.length, y[0].length]), from(v));
  const { value, gradient } = evaluateWithGradient(reference, write, x);
  return { value: value[0], gradient };
}

function checkNear(what: string, actual: number, expected: number, { size }: LossUnderTest): void {
  if (Math.abs(actual - expected) <= ROUNDING * size) return;
  fail(`${what} is ${actual}, and should be ${expected}`);
}

/** Truths and a row of predictions beside all of them. */
function anyCase(of: LossUnderTest): fc.Arbitrary<readonly [Rows, Row]> {
  return of.truths.chain((y) => fc.tuple(fc.constant(y), of.predictions(y[0].length)));
}

const repeated = (row: Row, { length }: Rows): Rows => Array.from({ length }, () => row);

/** The laws of losses by name: each gives a property for fast-check's `assert`. */
export const lossLaws: Readonly<Record<string, (of: LossUnderTest) => fc.IRawProperty<unknown>>> = {
  // Savage's representation: the expected score is the entropy and a divergence
  "equals the uncertainty of the truths plus the divergence of the prediction": (of) =>
    fc.property(anyCase(of), ([y, prediction]) => {
      const divergence = of.divergence(y, prediction);
      const { value } = evaluated(of, y, repeated(prediction, y));
      checkNear(`the loss at ${prediction}`, value, of.uncertainty(y) + divergence, of);
    }),

  "is smallest at the best prediction": (of) =>
    fc.property(anyCase(of), ([y, prediction]) => {
      const [least, other] = [of.best(y), prediction].map((row) => evaluated(of, y, repeated(row, y)).value);
      if (!(least <= other + ROUNDING * of.size))
        fail(`the loss is ${least} at ${of.best(y)}, and ${other} at ${prediction}`);
    }),

  "has a gradient of 0 at the best prediction": (of) =>
    fc.property(of.truths, (y) => {
      const row = of.best(y);
      const { gradient } = evaluated(of, y, repeated(row, y));
      row.forEach((_, j) => {
        const slope = gradient.filter((_, i) => i % row.length === j).reduce((sum, g) => sum + g, 0);
        checkNear(`the gradient's sum over rows, of unit ${j},`, slope, 0, of);
      });
    }),

  "is the mean of the losses of its rows": (of) =>
    fc.property(
      of.truths.chain((y) =>
        fc.tuple(
          fc.constant(y),
          fc.array(of.predictions(y[0].length), { minLength: y.length, maxLength: y.length }),
        ),
      ),
      ([y, x]) => {
        const all = evaluated(of, y, x);
        const rows = y.map((row, i) => evaluated(of, [row], [x[i]]));
        const mean = rows.reduce((sum, { value }) => sum + value, 0) / rows.length;
        checkNear("the loss of all rows", all.value, mean, of);
        rows
          .flatMap(({ gradient }) => gradient)
          .forEach((g, k) => {
            checkNear(`entry ${k} of the gradient`, all.gradient[k], g / rows.length, of);
          });
      },
    ),

  // f(b) ≥ f(a) + ⟨∇f(a), b − a⟩, which no multiple of the gradient would keep
  "is convex: it is nowhere below a tangent by its gradient": (of) =>
    fc.property(
      of.truths.chain((y) =>
        fc.tuple(fc.constant(y), of.predictions(y[0].length), of.predictions(y[0].length)),
      ),
      ([y, ...pair]) => {
        const [a, b] = pair.map(of.convexAt ?? ((row) => row));
        const [at, other] = [a, b].map((row) => evaluated(of, y, repeated(row, y)));
        const moves = at.gradient.map((_, k) => b[k % a.length] - a[k % a.length]);
        const tangent = at.value + at.gradient.reduce((sum, g, k) => sum + g * moves[k], 0);
        const room = ROUNDING * of.size * (1 + moves.reduce((sum, move) => sum + Math.abs(move), 0));
        if (!(other.value >= tangent - room))
          fail(`it is ${other.value} at ${b}, and the tangent from ${a} is ${tangent}`);
      },
    ),
};

/** @throws Error where the loss breaks one of the laws */
export function checkLoss(name: string, of: LossUnderTest, numRuns: number): void {
  for (const [law, property] of Object.entries(lossLaws))
    hold(`loss "${name}"`, law, property(of), { numRuns });
}

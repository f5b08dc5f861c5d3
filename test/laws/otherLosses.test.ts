/** The losses of `otherLosses.ts` keep laws of losses, and identities with each other. In float64. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { constant, softmax } from "../../src/graph/functions.js";
import type { Value } from "../../src/graph/graph.js";
import * as losses from "../../src/nn/losses/index.js";
import type { LossFunction } from "../../src/nn/losses/loss.js";
import { getLoss } from "../../src/nn/losses/registry.js";
import { cases } from "../cases.js";
import { evaluateWithGradient, reference } from "../nn/support.js";
import { grid, hot, type OtherLoss, otherLosses, UNITS } from "./otherLosses.js";

type Rows = readonly (readonly number[])[];

function evaluated(loss: LossFunction, from: (x: Value) => Value, y: Rows, x: Rows) {
  const write = (v: Value): Value => loss(constant(v.graph, y.flat(), [y.length, y[0].length]), from(v));
  const { value, gradient } = evaluateWithGradient(reference, write, x);
  return { value: value[0], gradient };
}
/** Sums of at most 12 numbers below 100, and functions of them. */
const ROUNDING = 1200 * 2 ** -52;
const close = (received: number, expected: number, room = 1): void =>
  expect(Math.abs(received - expected)).toBeLessThanOrEqual(
    room * ROUNDING * Math.max(1, Math.abs(expected)),
  );

/** Truths and predictions of 1 to 4 rows. */
const tables = ({ truth, prediction }: Pick<OtherLoss, "truth" | "prediction">): fc.Arbitrary<[Rows, Rows]> =>
  fc
    .array(fc.tuple(truth, prediction), { minLength: 1, maxLength: 4 })
    .map((rows) => [rows.map(([y]) => y), rows.map(([, x]) => x)]);

describe.each(Object.entries(otherLosses))("%s", (name, of) => {
  const loss = getLoss(name as keyof typeof otherLosses);

  it("is least where predictions are what truths ask for", () => {
    fc.assert(
      fc.property(tables(of), ([y, x]) => {
        // dice and tversky keep 1e-7, and have nothing to compare without truths
        fc.pre(of.rows || y.flat().some((v) => v === 1));
        const least = evaluated(loss, of.from, y, y.map(of.perfect)).value;
        close(least, of.least, ["dice", "tversky"].includes(name) ? 1e-7 / ROUNDING : 1);
        expect(evaluated(loss, of.from, y, x).value).toBeGreaterThanOrEqual(of.least - ROUNDING);
      }),
      { numRuns: cases(12) },
    );
  });

  if (of.rows)
    it("is the mean of the losses of its rows", () => {
      fc.assert(
        fc.property(tables(of), ([y, x]) => {
          const all = evaluated(loss, of.from, y, x);
          const rows = y.map((row, i) => evaluated(loss, of.from, [row], [x[i]]));
          close(all.value, rows.reduce((sum, { value }) => sum + value, 0) / rows.length);
          rows
            .flatMap(({ gradient }) => gradient)
            .forEach((g, k) => {
              close(all.gradient[k], g / rows.length);
            });
        }),
        { numRuns: cases(12) },
      );
    });

  it("does not change with the order of rows", () => {
    fc.assert(
      fc.property(tables(of), ([y, x]) => {
        const turned = evaluated(loss, of.from, [...y].reverse(), [...x].reverse()).value;
        close(turned, evaluated(loss, of.from, y, x).value);
      }),
      { numRuns: cases(12) },
    );
  });

  if (of.convex)
    it("is convex: it is nowhere below a tangent by its gradient", () => {
      fc.assert(
        fc.property(of.truth, of.prediction, of.prediction, (y, a, b) => {
          const at = evaluated(loss, of.from, [y], [a]);
          const tangent = at.value + at.gradient.reduce((sum, g, j) => sum + g * (b[j] - a[j]), 0);
          const other = evaluated(loss, of.from, [y], [b]).value;
          expect(other).toBeGreaterThanOrEqual(tangent - 100 * ROUNDING * Math.max(1, Math.abs(tangent)));
        }),
        { numRuns: cases(20) },
      );
    });

  it("has its gradient: that of differences", () => {
    const step = 2 ** -17;
    fc.assert(
      fc.property(of.truth, of.prediction, fc.nat({ max: UNITS - 1 }), (y, x, j) => {
        const moved = (by: number) => [x.map((v, k) => (k === j ? v + by : v))];
        const at = (by: number): number => evaluated(loss, of.from, [y], moved(by)).value;
        const [before, here, after] = [-step, 0, step].map(at);
        // kinks apart: there, one side is steeper than the other
        const [left, right] = [(here - before) / step, (after - here) / step];
        fc.pre(Math.abs(left - right) < 2 ** -8 * Math.max(1, Math.abs(left)));
        const gradient = evaluated(loss, of.from, [y], [x]).gradient[j];
        const slope = (after - before) / (2 * step);
        expect(Math.abs(gradient - slope)).toBeLessThanOrEqual(2 ** -8 * Math.max(1, Math.abs(slope)));
      }),
      { numRuns: cases(20) },
    );
  });
});

describe("identities", () => {
  const identity = (x: Value): Value => x;
  const row = fc.array(grid(-4, 4), { minLength: UNITS, maxLength: UNITS });
  const positive = fc.array(grid(0.125, 8), { minLength: UNITS, maxLength: UNITS });
  const bits = fc.array(fc.constantFrom(0, 1), { minLength: UNITS, maxLength: UNITS });
  const id = fc.nat({ max: UNITS - 1 });
  const real = (loss: LossFunction, y: readonly number[], x: readonly number[]): number =>
    evaluated(loss, identity, [y], [x]).value;
  const times = (x: readonly number[], by: number): number[] => x.map((v) => v * by);
  const holds = (property: fc.IRawProperty<unknown>): void =>
    fc.assert(property as fc.IProperty<unknown>, { numRuns: cases(20) });

  it("huber is half the squared error for small errors, and its unit is delta", () => {
    holds(
      fc.property(row, row, (y, x) => {
        close(real(losses.huber({ delta: 8 }), y, x), real(losses.meanSquaredError(), y, x) / 2);
        close(real(losses.huber({ delta: 4 }), times(y, 4), times(x, 4)), 16 * real(losses.huber(), y, x));
      }),
    );
  });

  it("logCosh and huber do not depend on the sign of an error, and logCosh is between them", () => {
    holds(
      fc.property(row, row, (y, x) => {
        for (const loss of [losses.logCosh(), losses.huber()]) close(real(loss, y, x), real(loss, x, y));
        const [squared, absolute] = [losses.meanSquaredError(), losses.meanAbsoluteError()];
        const value = real(losses.logCosh(), y, x);
        expect(value).toBeLessThanOrEqual(real(squared, y, x) / 2 + ROUNDING);
        expect(value).toBeGreaterThanOrEqual(real(absolute, y, x) - Math.LN2 - ROUNDING);
      }),
    );
  });

  it("the median's loss is half the absolute error, and truth and prediction exchange a quantile with its rest", () => {
    holds(
      fc.property(row, row, (y, x) => {
        close(real(losses.quantile(), y, x), real(losses.meanAbsoluteError(), y, x) / 2);
        const [low, high] = [losses.quantile({ quantile: 0.25 }), losses.quantile({ quantile: 0.75 })];
        close(real(low, y, x), real(high, x, y));
      }),
    );
  });

  it("the percentage error does not depend on the unit, cosineSimilarity on no length", () => {
    holds(
      fc.property(positive, row, fc.constantFrom(0.25, 3, 1000), (y, x, by) => {
        close(
          real(losses.meanAbsolutePercentageError(), times(y, by), times(x, by)),
          real(losses.meanAbsolutePercentageError(), y, x),
        );
        fc.pre(x.some((v) => v !== 0));
        close(real(losses.cosineSimilarity(), y, times(x, by)), real(losses.cosineSimilarity(), y, x));
        close(real(losses.cosineSimilarity(), y, times(x, -1)), -real(losses.cosineSimilarity(), y, x));
      }),
    );
  });

  it("truths of 0 and 1 are −1 and 1 to hinge losses, and of one unit the square is of the hinge", () => {
    holds(
      fc.property(bits, row, (y, x) => {
        const signs = y.map((v) => 2 * v - 1);
        for (const loss of [losses.hinge(), losses.squaredHinge()])
          expect(real(loss, y, x)).toBe(real(loss, signs, x));
        close(real(losses.squaredHinge(), [y[0]], [x[0]]), real(losses.hinge(), [y[0]], [x[0]]) ** 2);
      }),
    );
  });

  it("the sparse cross-entropy is the categorical one of one-hot rows, whatever its options", () => {
    holds(
      fc.property(id, row, fc.boolean(), grid(0, 1), (k, z, fromLogits, labelSmoothing) => {
        const options = { fromLogits, labelSmoothing };
        const from = fromLogits ? identity : softmax;
        const sparse = evaluated(losses.sparseCategoricalCrossentropy(options), from, [[k]], [z]);
        expect(sparse).toEqual(evaluated(losses.categoricalCrossentropy(options), from, [hot(k)], [z]));
      }),
    );
  });

  it("focal losses of gamma 0 are the cross-entropies, and count less of what is predicted well", () => {
    const options = { fromLogits: true };
    holds(
      fc.property(bits, id, row, (y, k, z) => {
        const binary = (gamma: number) => real(losses.binaryFocalCrossentropy({ ...options, gamma }), y, z);
        const classes = (gamma: number) =>
          real(losses.categoricalFocalCrossentropy({ ...options, gamma, alpha: 1 }), hot(k), z);
        close(binary(0), real(losses.binaryCrossentropy(options), y, z));
        close(classes(0), real(losses.categoricalCrossentropy(options), hot(k), z));
        for (const of of [binary, classes]) {
          expect(of(1)).toBeLessThan(of(0));
          expect(of(2)).toBeLessThan(of(1));
        }
      }),
    );
  });

  it("a share of the generalized cross-entropy is that of the cross-entropy at q near 0, and of 1 − p at q near 1", () => {
    holds(
      fc.property(id, row, (k, z) => {
        const of = (loss: LossFunction): number => evaluated(loss, softmax, [hot(k)], [z]).value;
        const crossentropy = of(losses.categoricalCrossentropy());
        // −expm1(−q l)/q = l − q l²/2 + …, and for q = 1 − r, 1 − e^−l plus at most r (l + 1)
        const [low, high] = [1e-6, 1 - 1e-6].map((q) => of(losses.categoricalGeneralizedCrossEntropy({ q })));
        expect(Math.abs(low - crossentropy)).toBeLessThanOrEqual(1e-6 * crossentropy ** 2);
        expect(Math.abs(high + Math.expm1(-crossentropy))).toBeLessThanOrEqual(1e-6 * (crossentropy + 1));
      }),
    );
  });

  it("two classes of a softmax are one probability, and entirely smoothed truths do not matter", () => {
    holds(
      fc.property(fc.constantFrom(0, 1), row, (y, [a, b]) => {
        const options = { fromLogits: true };
        const classes = real(losses.categoricalCrossentropy(options), [1 - y, y], [a, b]);
        close(classes, real(losses.binaryCrossentropy(options), [y], [b - a]));
        const smoothed = { fromLogits: true, labelSmoothing: 1 };
        for (const loss of [losses.binaryCrossentropy(smoothed), losses.categoricalCrossentropy(smoothed)])
          close(real(loss, [1 - y, y], [a, b]), real(loss, [y, 1 - y], [a, b]));
      }),
    );
  });

  it("klDivergence is the cross-entropy less the entropy of the truths", () => {
    holds(
      fc.property(fc.integer({ min: 1, max: 14 }), fc.integer({ min: 1, max: 15 }), row, (a, b, z) => {
        fc.pre(a + b < 16);
        const y = [a / 16, b / 16, (16 - a - b) / 16];
        const entropy = -y.reduce((sum, p) => sum + p * Math.log(p), 0);
        const [kl, crossentropy] = [losses.klDivergence(), losses.categoricalCrossentropy()].map(
          (loss) => evaluated(loss, softmax, [y], [z]).value,
        );
        close(kl, crossentropy - entropy);
        close(evaluated(losses.klDivergence(), identity, [y], [y]).value, 0);
      }),
    );
  });

  it("softF1 of one unit is that of all, dice, and tversky with halves, up to the 1e-7 they keep", () => {
    const chances = fc.array(grid(0, 1), { minLength: 4, maxLength: 4 });
    const truths = fc.array(fc.constantFrom(0, 1), { minLength: 4, maxLength: 4 });
    holds(
      fc.property(truths, chances, (y, p) => {
        fc.pre(y.includes(1));
        const columns = [y.map((v) => [v]), p.map((v) => [v])] as const;
        const [macro, ...others] = [
          losses.softF1(),
          losses.softF1({ average: "micro" }),
          losses.dice(),
          losses.tversky(),
        ].map((loss) => evaluated(loss, identity, ...columns).value);
        for (const other of others) expect(Math.abs(other - macro)).toBeLessThanOrEqual(2e-7);
        // of predictions that are 0 or 1 it is 1 − F1
        const sure = p.map((v) => Math.round(v));
        const hits = y.filter((v, i) => v === 1 && sure[i] === 1).length;
        const all = y.filter((v) => v === 1).length + sure.filter((v) => v === 1).length;
        const value = evaluated(
          losses.softF1(),
          identity,
          columns[0],
          sure.map((v) => [v]),
        ).value;
        expect(Math.abs(value - (1 - (2 * hits) / all))).toBeLessThanOrEqual(2e-7);
      }),
    );
  });
});

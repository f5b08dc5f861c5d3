/** The choice of networks: against sums over rows, and against every other choice. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  crossFitted,
  errorProducts,
  meanOf,
  pick,
  type Validated,
  withoutPart,
} from "../../../src/tune/ensemble/select.js";
import { cases } from "../../cases.js";

/** Multiples of ⅛, so that sums are exact in any order. */
const eighth = fc.integer({ min: -16, max: 16 }).map((n) => n / 8);

interface Case extends Validated {
  readonly candidates: Float32Array[];
  readonly weights: Float64Array;
}

const anyCase: fc.Arbitrary<Case> = fc
  .record({
    rows: fc.integer({ min: 1, max: 12 }),
    outputs: fc.integer({ min: 1, max: 3 }),
    count: fc.integer({ min: 1, max: 5 }),
    parts: fc.integer({ min: 2, max: 4 }),
  })
  .chain(({ rows, outputs, count, parts }) => {
    const numbers = fc.array(eighth, { minLength: rows * outputs, maxLength: rows * outputs });
    const each = <T>(of: fc.Arbitrary<T>) => fc.array(of, { minLength: rows, maxLength: rows });
    return fc.record({
      outputs: fc.constant(outputs),
      targets: numbers.map((all) => Float32Array.from(all)),
      weights: each(fc.integer({ min: 1, max: 3 })).map((all) => Float64Array.from(all)),
      parts: each(fc.nat({ max: parts - 1 })).map((all) =>
        // every part has a row, as folds do
        Int32Array.from(all, (part, row) => (row < parts ? Math.min(row, parts - 1) : part)),
      ),
      candidates: fc.array(
        numbers.map((all) => Float32Array.from(all)),
        { minLength: count, maxLength: count },
      ),
    });
  })
  .filter(({ parts }) => new Set(parts).size > 1);

/** The squared error of a mean of candidates over some rows, from the rows themselves. */
function errorOf(
  { candidates, outputs, targets, weights, parts }: Case,
  picks: readonly number[],
  left?: number,
): number {
  let sum = 0;
  for (const [k, target] of targets.entries()) {
    const row = Math.floor(k / outputs);
    if (parts[row] === left) continue;
    const mean = picks.reduce((total, i) => total + candidates[i][k], 0) / picks.length;
    sum += weights[row] * (mean - target) ** 2;
  }
  return sum;
}

describe("errorProducts", () => {
  it("give the squared error of any mean, over all rows and without those of a part", () => {
    const picks = fc.array(fc.nat(), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(
        anyCase,
        picks,
        fc.option(fc.nat({ max: 3 }), { nil: undefined }),
        (given, chosen, part) => {
          const count = given.candidates.length;
          const own = chosen.map((i) => i % count);
          const products = errorProducts(given.candidates, given);
          const left = part === undefined ? undefined : part % products.length;
          const all = withoutPart(products, left);
          const sum = own.reduce((total, i) => total + own.reduce((inner, j) => inner + all[i][j], 0), 0);
          expect(sum / own.length ** 2).toBeCloseTo(errorOf(given, own, left), 9);
        },
      ),
      { numRuns: cases(200) },
    );
  });
});

it("products without the only part are those of all rows, since there are no others", () => {
  const rows = { outputs: 1, targets: Float32Array.of(1, 2), parts: Int32Array.of(0, 0) };
  const products = errorProducts([Float32Array.of(2, 4), Float32Array.of(0, 0)], rows);
  expect(withoutPart(products, 0)).toEqual([Float64Array.of(5, -5), Float64Array.of(-5, 5)]);
});

describe("pick", () => {
  it("takes each time one with which no other leaves less error", () => {
    fc.assert(
      fc.property(anyCase, fc.integer({ min: 1, max: 7 }), (given, networks) => {
        const picks = pick(withoutPart(errorProducts(given.candidates, given)), {
          networks,
          selection: "greedy",
        });
        expect(picks.length).toBe(networks);
        for (let m = 0; m < networks; m++) {
          const before = picks.slice(0, m);
          const errors = given.candidates.map((_, i) => errorOf(given, [...before, i]) * (m + 1) ** 2);
          expect(errors[picks[m]]).toBeCloseTo(Math.min(...errors), 6);
        }
      }),
      { numRuns: cases(200) },
    );
  });

  it("takes the best by their own errors where it is told to, and all of them at most once", () => {
    fc.assert(
      fc.property(anyCase, fc.integer({ min: 1, max: 7 }), (given, networks) => {
        const products = withoutPart(errorProducts(given.candidates, given));
        const picks = pick(products, { networks, selection: "best" });
        const errors = given.candidates.map((_, i) => errorOf(given, [i]));
        const order = [...errors.keys()].sort((i, j) => errors[i] - errors[j] || i - j);
        expect(picks.slice(0, order.length)).toEqual(order.slice(0, networks));
        expect(picks.length).toBe(networks);
      }),
      { numRuns: cases(100) },
    );
  });

  it("finds the best pair of all, once the best is chosen", () => {
    fc.assert(
      fc.property(anyCase, (given) => {
        const [first, second] = pick(withoutPart(errorProducts(given.candidates, given)), {
          networks: 2,
          selection: "greedy",
        });
        const pairs = given.candidates.map((_, i) => errorOf(given, [first, i]));
        expect(errorOf(given, [first, second])).toBeCloseTo(Math.min(...pairs), 9);
      }),
      { numRuns: cases(100) },
    );
  });

  it("prefers the first of equals", () => {
    const rows = { outputs: 1, targets: Float32Array.of(0, 0), parts: Int32Array.of(0, 1) };
    const [up, down] = [Float32Array.of(1, 1), Float32Array.of(-1, -1)];
    const products = withoutPart(errorProducts([up, down, up, down], rows));
    expect(pick(products, { networks: 4, selection: "greedy" })).toEqual([0, 1, 0, 1]);
    expect(pick(products, { networks: 4, selection: "best" })).toEqual([0, 1, 2, 3]);
  });
});

describe("crossFitted", () => {
  it("predicts the rows of a part by what the others choose, whatever that part says", () => {
    fc.assert(
      fc.property(anyCase, fc.integer({ min: 1, max: 4 }), fc.nat({ max: 3 }), (given, networks, part) => {
        const { candidates, outputs, parts, targets } = given;
        const settings = { networks, selection: "greedy" as const };
        const predicted = crossFitted(candidates, errorProducts(candidates, given), given, settings);
        const left = part % (Math.max(...parts) + 1);
        const picks = pick(withoutPart(errorProducts(candidates, given), left), settings);
        const mean = meanOf(picks.map((i) => candidates[i]));
        // other targets in the part, which must not matter for its own rows
        const other = targets.map((target, k) =>
          parts[Math.floor(k / outputs)] === left ? target + 5 : target,
        );
        const changed = { ...given, targets: other };
        const again = crossFitted(candidates, errorProducts(candidates, changed), changed, settings);
        for (const k of targets.keys())
          if (parts[Math.floor(k / outputs)] === left) {
            expect(predicted[k]).toBe(mean[k]);
            expect(again[k]).toBe(mean[k]);
          }
      }),
      { numRuns: cases(200) },
    );
  });
});

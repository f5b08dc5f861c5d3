import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cases } from "../cases.js";
import { bits, builds, type Kernels, layout } from "./load.js";

const u = 2 ** -24;
/** What the bounds of kernels/softmax.ts allow for higher orders. */
const HIGHER = 1 + 2 ** -10;

function softmax(
  kernels: Kernels,
  rows: number,
  columns: number,
  values: ArrayLike<number>,
  log: boolean,
  inPlace = false,
) {
  const memory = layout(kernels);
  const src = memory.put(values);
  const dst = inPlace ? src : memory.room(values.length);
  memory.untouched();
  kernels.softmax_f32(src, dst, rows, columns, log);
  expect(memory.untouched([dst, values.length])).toBe(true);
  return memory.read(dst, values.length);
}

/** Softmax and its logarithm in float64, with the bounds that kernels/softmax.ts states. */
function reference(row: number[]) {
  const top = Math.max(...row);
  const d = row.map((x) => x - top);
  const e = d.map(Math.exp);
  // Without the first maximum, whose exponential is 1, so that log1p sees every digit.
  const first = row.indexOf(top);
  const excess = e.reduce((sum, x, i) => (i === first ? sum : sum + x), 0);
  const mean = e.reduce((sum, x, i) => (x === 0 ? sum : sum + x * -d[i]), 0) / (1 + excess);
  const logarithm = Math.log1p(excess);
  return row.map((_, i) => {
    const y = e[i] / (1 + excess);
    const logY = d[i] - logarithm;
    const size = -d[i] - logY + 2 * logarithm + mean + 4 * (excess / (1 + excess));
    return {
      ...{ y, bound: y === 0 ? 2 ** -148 : (mean - d[i] + 8) * u * y * HIGHER + 2 ** -148 },
      ...{ logY, logBound: size * u * HIGHER + 2 ** -126 },
    };
  });
}

const value = fc.oneof(
  { weight: 6, arbitrary: fc.float({ noNaN: true, min: -8, max: 8 }) },
  { weight: 3, arbitrary: fc.float({ noNaN: true, min: -120, max: 120 }) },
  { weight: 1, arbitrary: fc.constantFrom(0, Number.NEGATIVE_INFINITY, 100) },
);
const table = fc
  .tuple(
    fc.integer({ min: 1, max: 5 }),
    fc.oneof(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 60 })),
  )
  .chain(([rows, columns]) =>
    fc.tuple(
      fc.constant(columns),
      fc.array(
        fc
          .array(value, { minLength: columns, maxLength: columns })
          .filter((row) => row.some(Number.isFinite)),
        { minLength: rows, maxLength: rows },
      ),
    ),
  );

describe.each(builds)("softmax, %s build", (_, kernels) => {
  it("is within its bound of float64, and so is its logarithm", () => {
    fc.assert(
      fc.property(table, fc.boolean(), ([columns, rows], inPlace) => {
        const y = softmax(kernels, rows.length, columns, rows.flat(), false, inPlace);
        const logY = softmax(kernels, rows.length, columns, rows.flat(), true, inPlace);
        rows.flatMap(reference).forEach((expected, at) => {
          expect(Math.abs(y[at] - expected.y)).toBeLessThanOrEqual(expected.bound);
          if (expected.logY === Number.NEGATIVE_INFINITY) expect(logY[at]).toBe(expected.logY);
          else expect(Math.abs(logY[at] - expected.logY)).toBeLessThanOrEqual(expected.logBound);
        });
      }),
      { numRuns: cases(500) },
    );
  });

  it("keeps the digits of a logarithm near 0", () => {
    for (const gap of [15, 20, 30, 60, 85]) {
      // also behind other numbers, and of more columns than one vector has
      for (const row of [
        [0, -gap],
        [-gap, 0],
        [...new Array<number>(6).fill(-200), -gap, 0],
      ]) {
        const got = softmax(kernels, 1, row.length, row, true)[row.indexOf(0)];
        const expected = -Math.log1p(Math.exp(-gap));
        expect(Math.abs(got / expected - 1)).toBeLessThan((gap + 7) * u * HIGHER);
      }
    }
    expect(softmax(kernels, 1, 3, [0, -60, 0], true)[0]).toBeCloseTo(-Math.LN2, 7);
  });

  it("shares equally between equal values, however large", () => {
    for (const x of [0, 3e38, -3e38, 1e-40]) {
      for (const columns of [1, 2, 3, 8, 33]) {
        const row = new Float32Array(columns).fill(x);
        expect(softmax(kernels, 1, columns, row, false)).toEqual(new Float32Array(columns).fill(1 / columns));
        const logY = softmax(kernels, 1, columns, row, true);
        for (const got of logY)
          expect(Math.abs(got + Math.log(columns))).toBeLessThanOrEqual(3 * u * Math.log(columns));
      }
    }
  });

  it("gives -infinity nothing, and everything to what stands far above the rest", () => {
    const { NEGATIVE_INFINITY: low } = Number;
    expect([...softmax(kernels, 1, 5, [low, 2, low, low, 2], false)]).toEqual([0, 0.5, 0, 0, 0.5]);
    expect([...softmax(kernels, 1, 3, [3e38, -3e38, low], false)]).toEqual([1, 0, 0]);
    expect([...softmax(kernels, 1, 3, [3e38, -3e38, low], true)]).toEqual([0, low, low]);
  });

  it("makes a row all NaN where it has NaN or infinity or only -infinity, and no other row", () => {
    const { NaN: nan, POSITIVE_INFINITY: inf } = Number;
    for (const columns of [2, 3, 9]) {
      for (const log of [false, true]) {
        const good = Array.from({ length: columns }, (_, i) => i / 2);
        const expected = softmax(kernels, 1, columns, good, log);
        const bad = [[nan], [inf], new Array<number>(columns).fill(-inf)].map((row) =>
          [...row, ...good].slice(0, columns),
        );
        for (const row of bad) {
          const got = softmax(kernels, 3, columns, [...good, ...row, ...good], log);
          expect(bits(got.slice(0, columns))).toEqual(bits(expected));
          expect(got.slice(columns, 2 * columns).every(Number.isNaN)).toBe(true);
          expect(bits(got.slice(2 * columns))).toEqual(bits(expected));
        }
      }
    }
  });

  it("gives a row the same bits alone as in a table", () => {
    fc.assert(
      fc.property(table, fc.boolean(), ([columns, rows], log) => {
        const all = softmax(kernels, rows.length, columns, rows.flat(), log);
        const each = rows.flatMap((row) => [...softmax(kernels, 1, columns, row, log)]);
        expect(bits(all)).toEqual(bits(Float32Array.from(each)));
      }),
    );
  });
});

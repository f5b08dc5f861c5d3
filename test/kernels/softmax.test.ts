import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Exp, Expm1 } from "../../src/graph/opcodes/elementwise.js";
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
      y,
      bound: y === 0 ? 2 ** -148 : (mean - d[i] + 8) * u * y * HIGHER + 2 ** -148,
      logY,
      logBound: size * u * HIGHER + 2 ** -126,
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
      { numRuns: cases(250) },
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

/** Rows of logarithms and as many of gradients. */
const slopes = fc
  .tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 21 }))
  .chain(([rows, columns]) => {
    const length = { minLength: rows * columns, maxLength: rows * columns };
    return fc.record({
      columns: fc.constant(columns),
      y: fc.array(fc.oneof(value, fc.constantFrom(-0, 1e-8, -1e-8, 1e-42, -87, -104)), length),
      g: fc.array(
        fc.oneof(fc.float({ noNaN: true, min: -8, max: 8 }), fc.constantFrom(0, -1, 1e-30)),
        length,
      ),
    });
  });

describe.each(builds)("the slope of log-softmax, %s build", (_, kernels) => {
  const slope = (y: readonly number[], g: readonly number[], columns: number, into?: "y" | "g") => {
    const memory = layout(kernels);
    const at = { y: memory.put(y), g: memory.put(g) };
    const dst = into ? at[into] : memory.room(y.length);
    memory.untouched();
    kernels.log_softmax_slope_f32(at.y, at.g, dst, y.length / columns, columns);
    expect(memory.untouched([dst, y.length])).toBe(true);
    return memory.read(dst, y.length);
  };
  const unary = (op: number, x: readonly number[]) => {
    const memory = layout(kernels);
    const [src, dst] = [memory.put(x), memory.room(x.length)];
    kernels.unary_f32(op, src, dst, x.length);
    return memory.read(dst, x.length);
  };
  const sums = (x: readonly number[], columns: number) => {
    const memory = layout(kernels);
    const [src, dst] = [memory.put(x), memory.room(x.length / columns)];
    kernels.sum_f32(src, dst, x.length / columns, columns, 1);
    return memory.read(dst, x.length / columns);
  };
  const rounded = Math.fround;

  it("has the bits of its operations one after another, wherever it is written", () => {
    fc.assert(
      fc.property(slopes, fc.constantFrom(undefined, "y", "g"), ({ y, g, columns }, into) => {
        const [e, less, total] = [unary(Exp, y), unary(Expm1, y), sums(g, columns)];
        const expected = Float32Array.from(g, (a, i) => {
          const rest = rounded(total[Math.floor(i / columns)] - rounded(a));
          return -rounded(rounded(rounded(a) * less[i]) + rounded(e[i] * rest));
        });
        expect(bits(slope(y, g, columns, into))).toEqual(bits(expected));
      }),
      { numRuns: cases(250) },
    );
  });

  it("is within its bound of float64", () => {
    fc.assert(
      fc.property(slopes, ({ y, g, columns }) => {
        const total = sums(g, columns);
        slope(y, g, columns).forEach((got, i) => {
          const [a, power, less] = [rounded(g[i]), Math.exp(rounded(y[i])), Math.expm1(rounded(y[i]))];
          const rest = total[Math.floor(i / columns)] - a;
          const size = Math.abs(a * less) + power * (Math.abs(rest) + Math.abs(rest + a));
          const bound = 6 * u * size * HIGHER + 2 ** -149 * (Math.abs(rest) + 2);
          if (Math.max(size, power) < 3e38)
            expect(Math.abs(got + a * less + power * rest)).toBeLessThanOrEqual(bound);
        });
      }),
      { numRuns: cases(250) },
    );
  });

  it("keeps the digits of a gradient that is at one class, however sure that is, and passes NaN on", () => {
    for (const gap of [15, 40, 80]) {
      const [near, far] = [-Math.exp(-gap), -gap].map(rounded);
      const [first, second] = slope([near, far], [-1, 0], 2);
      expect(Math.abs(first / Math.expm1(near) - 1)).toBeLessThan(6 * u);
      expect(Math.abs(second / Math.exp(far) - 1)).toBeLessThan(6 * u);
    }
    const { NEGATIVE_INFINITY: low } = Number;
    expect([...slope([0, low, low], [0, 2, 0], 3)].map((x) => x + 0)).toEqual([-2, 2, 0]);
    expect(
      [...slope([0, Number.NaN, -1, -1, -1, -1], [0, 1, 0, 1, 1, Number.NaN], 3)].map(Number.isNaN),
    ).toEqual([...[false, true, false], ...[true, true, true]]);
  });
});

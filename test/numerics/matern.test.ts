/** Matérn covariances against the formula in plain float64. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { matern } from "../../src/numerics/matern.js";
import { cases } from "../cases.js";
import { errorF64 } from "./ulp.js";

/**
 * The stated bound, of which both round r alike, and 4 ulp for the formula below: its exponential, and
 * roundings.
 */
const BOUND = 6 + 4;

test("covariances and slopes are the formula's, within the stated bound", () => {
  const squared = fc.oneof(
    fc.constant(0),
    fc.double({ min: 0, max: 30, noNaN: true }),
    // r up to 700, where e^−r is still normal with a signal from 1e-2 on
    fc.double({ min: -40, max: 11.4, noNaN: true }).map(Math.exp),
  );
  const property = fc.property(
    fc.array(squared, { maxLength: 9 }),
    fc.double({ min: 0.01, max: 100, noNaN: true }),
    fc.nat({ max: 3 }),
    (squares, signal, from) => {
      const n = squares.length;
      const out = new Float64Array(from + n + 2).fill(-7);
      const slopes = out.slice();
      out.set(squares, from);
      matern(out, slopes, from, n, signal);
      squares.forEach((square, i) => {
        const r = Math.sqrt(5 * square);
        const decayed = signal * Math.exp(-r);
        expect(errorF64(out[from + i], decayed * (1 + r + (r * r) / 3))).toBeLessThanOrEqual(BOUND);
        expect(errorF64(slopes[from + i], (5 / 6) * decayed * (1 + r))).toBeLessThanOrEqual(BOUND);
      });
      // and nothing beside them is touched
      for (const array of [out, slopes]) {
        for (let i = 0; i < array.length; i++) if (i < from || i >= from + n) expect(array[i]).toBe(-7);
      }
    },
  );
  fc.assert(property, { numRuns: cases(500) });
});

test("far apart is next to nothing, and no distance gives the signal", () => {
  const squares = Float64Array.of(0, 1e300, Number.POSITIVE_INFINITY);
  const slopes = new Float64Array(3);
  matern(squares, slopes, 0, 3, 2);
  expect(squares[0]).toBe(2);
  expect(Math.abs(slopes[0] - 5 / 3)).toBeLessThanOrEqual(2 ** -51);
  for (const k of [1, 2]) {
    expect(squares[k]).toBeGreaterThan(0);
    expect(squares[k]).toBeLessThan(1e-300);
  }
});

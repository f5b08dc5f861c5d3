/**
 * Linear algebra against textbook versions of the same, written here over rows of numbers. The bound of each
 * comparison is relative to the size of what is compared; matrices have eigenvalues of at least 1, so that
 * rounding is amplified by no more than their largest, which is below 100.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { kernels } from "../../src/numerics/kernels.js";
import {
  cholesky,
  logDeterminant,
  packedSize,
  solveLower,
  solveUpper,
  Triangle,
  triangleSize,
} from "../../src/numerics/linalg.js";
import { scratch } from "../../src/numerics/scratch.js";
import { determinant, solve } from "./dense.js";

/** M·Mᵀ + I, packed and as rows. */
const anyPositiveDefinite = fc
  .integer({ min: 1, max: 20 })
  .chain((n) =>
    fc.array(fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: n, maxLength: n }), {
      minLength: n,
      maxLength: n,
    }),
  )
  .map((m) => {
    const rows = m.map((a, i) => m.map((b, j) => a.reduce((sum, x, k) => sum + x * b[k], i === j ? 1 : 0)));
    return { n: m.length, rows, packed: pack(rows) };
  });

function pack(rows: number[][]): Float64Array {
  return Float64Array.from(rows.flatMap((row, i) => row.slice(0, i + 1)));
}

function factorOf({ packed, n }: { packed: Float64Array; n: number }): Float64Array {
  const factor = packed.slice();
  expect(cholesky(factor, n)).toBe(0);
  return factor;
}

const BOUND = 1e-12;

function expectClose(actual: ArrayLike<number>, expected: ArrayLike<number>): void {
  expect(actual.length).toBe(expected.length);
  for (let i = 0; i < expected.length; i++) {
    expect(Math.abs(actual[i] - expected[i])).toBeLessThanOrEqual(BOUND * Math.max(1, Math.abs(expected[i])));
  }
}

describe("on random positive definite matrices", () => {
  test("the factor times its transpose is the matrix", () => {
    fc.assert(
      fc.property(anyPositiveDefinite, (matrix) => {
        const l = factorOf(matrix);
        const at = (i: number, j: number) => (j <= i ? l[packedSize(i) + j] : 0);
        const product = matrix.rows.map((row, i) =>
          row.map((_, j) => row.reduce((sum, _, k) => sum + at(i, k) * at(j, k), 0)),
        );
        expectClose(pack(product), matrix.packed);
      }),
    );
  });

  test("rows appended give the bits of the whole factorisation", () => {
    fc.assert(
      fc.property(anyPositiveDefinite, fc.nat(), (matrix, cut) => {
        const whole = factorOf(matrix);
        const first = cut % matrix.n;
        const grown = matrix.packed.slice();
        cholesky(grown.subarray(0, packedSize(first)), first);
        for (let n = first; n < matrix.n; n++) cholesky(grown, n + 1, n);
        expect(grown).toEqual(whole);
      }),
    );
  });

  test("both triangles solved give the solution of Gauss", () => {
    fc.assert(
      fc.property(anyPositiveDefinite, (matrix) => {
        const b = matrix.rows.map((_, i) => i - 2.5);
        const x = Float64Array.from(b);
        const l = factorOf(matrix);
        solveLower(l, matrix.n, x);
        solveUpper(l, matrix.n, x);
        expectClose(x, solve(matrix.rows, b));
      }),
    );
  });

  test("the inverse has the columns that Gauss finds", () => {
    fc.assert(
      fc.property(anyPositiveDefinite, (matrix) => {
        const [own, size] = [triangleSize(matrix.n), packedSize(matrix.n)];
        const factor = factorOf(matrix); // before `scratch`, which it uses too
        const { address, numbers } = scratch(own + 2 * size);
        numbers.fill(Number.NaN, 0, own + 2 * size);
        numbers.set(factor);
        new Triangle(kernels(), matrix.n, address).invert(address + 8 * own, address + 8 * (own + size));
        const out = numbers.slice(own, own + size);
        const columns = matrix.rows.map((row, j) =>
          solve(
            matrix.rows,
            row.map((_, i) => (i === j ? 1 : 0)),
          ),
        );
        expectClose(out, pack(columns));
      }),
    );
  });

  test("the logarithm of the determinant is that of Gauss' pivots", () => {
    fc.assert(
      fc.property(anyPositiveDefinite, (matrix) => {
        expectClose([logDeterminant(factorOf(matrix), matrix.n)], [Math.log(determinant(matrix.rows))]);
      }),
    );
  });
});

describe("cholesky", () => {
  test("raises a pivot that is too small to 1e-12 of its diagonal element, and says by how much", () => {
    const singular = Float64Array.of(4, 4, 4); // [[4, 4], [4, 4]]: the second pivot is 0
    expect(cholesky(singular, 2)).toBe(4e-12);
    expect(singular).toEqual(Float64Array.of(2, 2, Math.sqrt(4e-12)));
  });

  test.each([
    ["a diagonal element of 0", [1, 0, 0]],
    ["a negative one", [1, 0, -1]],
    ["infinity", [1, 0, Number.POSITIVE_INFINITY]],
    ["NaN beside the diagonal", [1, Number.NaN, 1]],
  ])("refuses %s", (_, numbers) => {
    expect(() => cholesky(Float64Array.from(numbers), 2)).toThrow(/to be factored must be finite/);
  });
});

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { eigenSymmetric } from "../../src/numerics/eigen.js";
import { cases } from "../cases.js";

/** Symmetric matrices of 1 to 12 rows, with equal elements, zeros and widely different sizes among them. */
const anySymmetric = fc.integer({ min: 1, max: 12 }).chain((n) => {
  const element = fc.oneof(
    fc.integer({ min: -1e6, max: 1e6 }).map((i) => i / 1e6),
    fc.constantFrom(0, 1, -1, 1e-9, 1e6),
  );
  return fc.array(element, { minLength: n * n, maxLength: n * n }).map((raw) => {
    const matrix = raw.map((_, at) => raw[Math.min(at, (at % n) * n + Math.floor(at / n))]);
    return { n, matrix };
  });
});

const frobenius = (matrix: readonly number[]) => Math.hypot(...matrix);

describe("eigendecomposition of a symmetric matrix", () => {
  test("is a decomposition: A = V diag(values) Vᵀ, V orthonormal, values ascending", () => {
    fc.assert(
      fc.property(anySymmetric, ({ n, matrix }) => {
        const { values, vectors } = eigenSymmetric(matrix, n);
        const [scale, eps] = [frobenius(matrix), 2 ** -52];
        // at most 10 sweeps turn each row 10(n - 1) times, with a relative error of a few eps a turn
        const bound = 60 * n * eps;
        for (let i = 0; i < n; i++) {
          if (i > 0) expect(values[i]).toBeGreaterThanOrEqual(values[i - 1]);
          for (let j = 0; j < n; j++) {
            let product = 0;
            let dot = 0;
            for (let k = 0; k < n; k++) {
              product += vectors[i * n + k] * values[k] * vectors[j * n + k];
              dot += vectors[k * n + i] * vectors[k * n + j];
            }
            expect(Math.abs(product - matrix[i * n + j])).toBeLessThanOrEqual(bound * scale);
            expect(Math.abs(dot - (i === j ? 1 : 0))).toBeLessThanOrEqual(bound);
          }
        }
      }),
      { numRuns: cases(300) },
    );
  });

  test("knows the spectrum of second differences, 2 - 2 cos(kπ / (n + 1))", () => {
    const n = 20;
    const matrix = Array.from({ length: n * n }, (_, at) => {
      const apart = Math.abs(Math.floor(at / n) - (at % n));
      return apart === 0 ? 2 : apart === 1 ? -1 : 0;
    });
    const { values } = eigenSymmetric(matrix, n);
    for (let k = 1; k <= n; k++) {
      expect(Math.abs(values[k - 1] - (2 - 2 * Math.cos((k * Math.PI) / (n + 1))))).toBeLessThan(
        n * 2 ** -50,
      );
    }
  });

  test("finds a small eigenvalue of a graded matrix to its last digits", () => {
    // det = 0.75e-40, trace = 1 + 1e-40: the small value is det / trace to a relative 1e-40
    const { values } = eigenSymmetric([1, 0.5e-20, 0.5e-20, 1e-40], 2);
    expect(Math.abs(values[0] / 0.75e-40 - 1)).toBeLessThan(4 * 2 ** -52);
  });

  test("takes zero, one row, and a matrix of rank one", () => {
    expect(eigenSymmetric(new Float64Array(9), 3).values).toEqual(new Float64Array(3));
    expect(eigenSymmetric([-7], 1)).toEqual({ values: Float64Array.of(-7), vectors: Float64Array.of(1) });
    const v = [3, -1, 0.1, 2];
    const { values } = eigenSymmetric(
      v.flatMap((x) => v.map((y) => x * y)),
      4,
    );
    expect(values[3]).toBeCloseTo(14.01, 12);
    for (const value of values.subarray(0, 3)) expect(Math.abs(value)).toBeLessThan(1e-14);
  });

  test("reads only the upper part", () => {
    expect(eigenSymmetric([1, 2, 999, 3], 2)).toEqual(eigenSymmetric([1, 2, 2, 3], 2));
  });

  test.each([
    ["a size that does not fit", [1, 2, 3], 2, /n rows must have n² elements; received 3 for n = 2/],
    ["elements that are not finite", [Number.NaN], 1, /finite numbers/],
  ])("refuses %s", (_, matrix, n, message) => {
    expect(() => eigenSymmetric(matrix, n)).toThrow(message);
  });
});

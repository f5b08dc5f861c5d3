/** L-BFGS on functions whose minima are known, with and without bounds in the way. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type LbfgsOptions, minimize } from "../../src/numerics/lbfgs.js";
import { solve } from "./dense.js";

const free = (n: number, more: Partial<LbfgsOptions> = {}): LbfgsOptions => ({
  lower: new Array(n).fill(Number.NEGATIVE_INFINITY),
  upper: new Array(n).fill(Number.POSITIVE_INFINITY),
  maxEvaluations: 500,
  gradientTolerance: 1e-9,
  ...more,
});

/** Σ 100·(x_{i+1} − x_i²)² + (1 − x_i)² */
function rosenbrock(x: Float64Array, gradient: Float64Array): number {
  let value = 0;
  gradient.fill(0);
  for (let i = 0; i + 1 < x.length; i++) {
    const a = x[i + 1] - x[i] * x[i];
    const b = 1 - x[i];
    value += 100 * a * a + b * b;
    gradient[i] += -400 * a * x[i] - 2 * b;
    gradient[i + 1] += 200 * a;
  }
  return value;
}

const anyQuadratic = fc
  .integer({ min: 1, max: 6 })
  .chain((n) =>
    fc.tuple(
      fc.array(fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: n, maxLength: n }), {
        minLength: n,
        maxLength: n,
      }),
      fc.array(fc.double({ min: -2, max: 2, noNaN: true }), { minLength: n, maxLength: n }),
    ),
  )
  .map(([m, b]) => ({
    b,
    // eigenvalues from 1 to at most 1 + n²
    a: m.map((r, i) => m.map((s, j) => r.reduce((sum, x, k) => sum + x * s[k], i === j ? 1 : 0))),
  }));

const quadratic =
  ({ a, b }: { a: number[][]; b: number[] }) =>
  (x: Float64Array, gradient: Float64Array): number => {
    let value = 0;
    for (let i = 0; i < b.length; i++) {
      const row = a[i].reduce((sum, coefficient, k) => sum + coefficient * x[k], 0);
      gradient[i] = row - b[i];
      value += x[i] * (row / 2 - b[i]);
    }
    return value;
  };

test("finds the minimum of quadratics, which a linear system gives", () => {
  fc.assert(
    fc.property(anyQuadratic, (problem) => {
      const n = problem.b.length;
      const { x, converged } = minimize(quadratic(problem), new Float64Array(n).fill(3), free(n));
      // the least eigenvalue is 1, so the distance is at most the norm of the gradient; where the search
      // ended because no lower value was to be seen, it is √ε
      const bound = converged ? 3e-9 : 1e-6;
      for (const [i, xi] of solve(problem.a, problem.b).entries()) {
        expect(Math.abs(x[i] - xi)).toBeLessThan(bound);
      }
    }),
  );
});

test("ends in a box where the projected gradient vanishes", () => {
  fc.assert(
    fc.property(anyQuadratic, (problem) => {
      const n = problem.b.length;
      const box = { lower: new Array(n).fill(-0.3), upper: new Array(n).fill(0.2) };
      const { x } = minimize(quadratic(problem), new Float64Array(n).fill(3), free(n, box));
      const gradient = new Float64Array(n);
      quadratic(problem)(x, gradient);
      for (let i = 0; i < n; i++) {
        expect(x[i]).toBeGreaterThanOrEqual(-0.3);
        expect(x[i]).toBeLessThanOrEqual(0.2);
        if (x[i] > -0.3) expect(gradient[i]).toBeLessThan(1e-6);
        if (x[i] < 0.2) expect(gradient[i]).toBeGreaterThan(-1e-6);
      }
    }),
  );
});

describe("Rosenbrock's function", () => {
  test.each([
    [2, 80],
    [10, 160],
  ])("in %i dimensions is at its minimum within %i evaluations", (n, maxEvaluations) => {
    const start = Float64Array.from({ length: n }, (_, i) => (i % 2 === 0 ? -1.2 : 1));
    const { x, value, evaluations } = minimize(rosenbrock, start, free(n, { maxEvaluations }));
    expect(evaluations).toBeLessThanOrEqual(maxEvaluations);
    expect(value).toBeLessThan(1e-12);
    for (const xi of x) expect(Math.abs(xi - 1)).toBeLessThan(1e-5);
  });

  test("with x₀ ≤ 0.5 has its minimum at (0.5, 0.25)", () => {
    const { x } = minimize(rosenbrock, Float64Array.of(-1.2, 1), free(2, { upper: [0.5, 9] }));
    expect(Math.abs(x[0] - 0.5)).toBe(0);
    expect(Math.abs(x[1] - 0.25)).toBeLessThan(1e-8);
  });
});

test("stops at the evaluations allowed, no worse than it began", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 30 }), (maxEvaluations) => {
      let calls = 0;
      const counted = (x: Float64Array, gradient: Float64Array) => {
        calls++;
        return rosenbrock(x, gradient);
      };
      const start = Float64Array.of(-1.2, 1);
      const { value, evaluations } = minimize(counted, start, free(2, { maxEvaluations }));
      expect(calls).toBe(evaluations);
      expect(evaluations).toBeLessThanOrEqual(maxEvaluations);
      expect(value).toBeLessThanOrEqual(rosenbrock(start, new Float64Array(2)));
    }),
  );
});

test("steps back from where the function is NaN", () => {
  // x − ln x, undefined from 0 down; its minimum is 1 at x = 1
  const barrier = (x: Float64Array, gradient: Float64Array) => {
    gradient[0] = 1 - 1 / x[0];
    return x[0] - Math.log(x[0]);
  };
  const { x } = minimize(barrier, Float64Array.of(9), free(1, { firstStep: 100 }));
  expect(Math.abs(x[0] - 1)).toBeLessThan(1e-8);
});

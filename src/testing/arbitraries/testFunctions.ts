/**
 * Test functions of optimization, whose minimum is known: quadratics of a given condition number, and
 * classical convex and non-convex functions. Each is written twice, in operations on values and in float64
 * numbers, so that optimizers can be compared with theory. Data for models are in `models.ts`.
 *
 * @example
 * ```ts
 * // gradient descent with rate 1/L never goes up on a convex function with an L-Lipschitz gradient
 * fc.assert(
 *   fc.property(anyQuadratic({ condition: 100 }), ({ start, smoothness, value, gradient }) => {
 *     const next = start.map((w, i) => w - gradient(start)[i] / smoothness);
 *     return value(next) <= value(start);
 *   }),
 * );
 * ```
 */

import fc from "fast-check";
import { checkOptions, must } from "../../errors.js";
import * as f from "../../graph/functions.js";
import type { Value } from "../../graph/graph.js";
import * as special from "../../numerics/special.js";
import { integer, number, type OptionRules, readOptions } from "../../rules.js";

/** A function of n numbers with a known minimum. */
export interface TestFunction {
  readonly name: string;
  readonly convex: boolean;
  /** The usual starting point. */
  readonly start: readonly number[];
  /** A point with the least value; there may be others. */
  readonly minimizer: readonly number[];
  readonly minimum: number;
  /** In operations: from [n] to a scalar. */
  readonly loss: (w: Value) => Value;
  /** In float64. */
  readonly value: (w: readonly number[]) => number;
  readonly gradient: (w: readonly number[]) => number[];
}

/** ½ (w − c)ᵀA(w − c) with A symmetric and positive definite. */
export interface Quadratic extends TestFunction {
  /** Of A, in ascending order. */
  readonly eigenvalues: readonly number[];
  /** L, the largest eigenvalue: the gradient's Lipschitz constant. */
  readonly smoothness: number;
  /** μ, the smallest eigenvalue. */
  readonly strongConvexity: number;
  /** A, by rows. */
  readonly matrix: readonly (readonly number[])[];
}

/** Which quadratics. */
export interface QuadraticConstraints {
  /** L/μ, at least 1. Default 10. */
  readonly condition?: number;
  /** The largest eigenvalue L, above 0. Default 1. */
  readonly smoothness?: number;
  /** The most dimensions, at least 2. Default 5. */
  readonly maxDimension?: number;
}

/** Symmetric and positive definite matrices of a given condition number, by rows. */
export function anyMatrix(constraints: QuadraticConstraints = {}): fc.Arbitrary<readonly number[][]> {
  return anySpectrum("anyMatrix", constraints).map(({ eigenvalues, axis }) => reflected(eigenvalues, axis));
}

/** Quadratics of exactly this condition number, whose principal axes are not the coordinate axes. */
export function anyQuadratic(constraints: QuadraticConstraints = {}): fc.Arbitrary<Quadratic> {
  return anySpectrum("anyQuadratic", constraints).chain(({ eigenvalues, axis }) => {
    const point = fc.array(coordinate, { minLength: axis.length, maxLength: axis.length });
    return fc
      .record({ start: point, center: point })
      .filter(({ start, center }) => start.some((x, i) => x !== center[i]))
      .map(({ start, center }) => shown(quadratic(eigenvalues, axis, center, start)));
  });
}

const coordinate = fc.integer({ min: -16, max: 16 }).map((n) => n / 8);

interface Spectrum {
  readonly eigenvalues: readonly number[];
  readonly axis: readonly number[];
}

const RULES = {
  condition: [number("[1, ∞]", "a number of at least 1"), 10],
  smoothness: [number("(0, ∞]", "a positive number"), 1],
  maxDimension: [integer(2), 5],
} satisfies OptionRules<QuadraticConstraints>;

function anySpectrum(what: string, constraints: QuadraticConstraints): fc.Arbitrary<Spectrum> {
  const { condition, smoothness, maxDimension } = readOptions(constraints, what, RULES);
  return fc.integer({ min: 2, max: maxDimension }).chain((n) =>
    fc.record({
      eigenvalues: fc
        .array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: n - 2, maxLength: n - 2 })
        .map((shares) =>
          [0, ...shares.map((s) => s * s), 1]
            .map((s) => smoothness / condition + s * (smoothness - smoothness / condition))
            .sort((a, b) => a - b),
        ),
      axis: fc
        .array(fc.integer({ min: -8, max: 8 }), { minLength: n, maxLength: n })
        .filter((axis) => axis.some((x) => x !== 0)),
    }),
  );
}

/** H diag(λ) H with the reflection H = I − 2uuᵀ/uᵀu, so that the eigenvalues are known. */
function reflected(eigenvalues: readonly number[], axis: readonly number[]): number[][] {
  const square = axis.reduce((sum, u) => sum + u * u, 0);
  const h = axis.map((u, i) => axis.map((v, j) => (i === j ? 1 : 0) - (2 * u * v) / square));
  const product = h.map((row) =>
    h.map((_, j) => row.reduce((sum, x, k) => sum + x * eigenvalues[k] * h[k][j], 0)),
  );
  // exactly symmetric
  return product.map((row, i) => row.map((x, j) => (x + product[j][i]) / 2));
}

/** Shows a quadratic as its numbers in messages. */
function shown(quadratic: Quadratic): Quadratic {
  const { start, minimizer, matrix } = quadratic;
  const text = JSON.stringify({ start, minimizer, matrix });
  return Object.defineProperty(quadratic, fc.toStringMethod, { value: () => text });
}

function quadratic(
  eigenvalues: readonly number[],
  axis: readonly number[],
  center: readonly number[],
  start: readonly number[],
): Quadratic {
  const matrix = reflected(eigenvalues, axis);
  const n = axis.length;
  const gradient = (w: readonly number[]): number[] =>
    matrix.map((row) => row.reduce((sum, a, j) => sum + a * (w[j] - center[j]), 0));
  return {
    name: `quadratic of condition ${eigenvalues[n - 1] / eigenvalues[0]}`,
    convex: true,
    start,
    minimizer: center,
    minimum: 0,
    eigenvalues,
    smoothness: eigenvalues[n - 1],
    strongConvexity: eigenvalues[0],
    matrix,
    loss(w) {
      const d = f.reshape(f.sub(w, f.constant(w.graph, center)), [1, n]);
      return f.mul(0.5, f.dot(f.matmul(d, f.constant(w.graph, matrix.flat(), [n, n])), d));
    },
    gradient,
    value: (w) => gradient(w).reduce((sum, g, i) => sum + 0.5 * g * (w[i] - center[i]), 0),
  };
}

/** Element i of a vector, as a scalar. */
const at = (w: Value, i: number): Value => f.reshape(f.slice(w, [i], [1]), []);

/** The classical functions by name, each with its usual start. */
export const testFunctions = {
  /** (x + 2y − 7)² + (2x + y − 5)². */
  booth: {
    name: "booth",
    convex: true,
    start: [-2, -2],
    minimizer: [1, 3],
    minimum: 0,
    loss(w) {
      const [x, y] = [at(w, 0), at(w, 1)];
      const [a, b] = [f.sub(f.add(x, f.mul(2, y)), 7), f.sub(f.add(f.mul(2, x), y), 5)];
      return f.add(f.square(a), f.square(b));
    },
    value: ([x, y]) => (x + 2 * y - 7) ** 2 + (2 * x + y - 5) ** 2,
    gradient([x, y]) {
      const [a, b] = [x + 2 * y - 7, 2 * x + y - 5];
      return [2 * a + 4 * b, 4 * a + 2 * b];
    },
  },
  /** Σ log cosh(wᵢ − i): smooth, and linear far away. */
  logCosh: {
    name: "logCosh",
    convex: true,
    start: [3, -2, 5],
    minimizer: [0, 1, 2],
    minimum: 0,
    loss(w) {
      const d = f.sub(w, f.constant(w.graph, [0, 1, 2]));
      // log cosh d = d + log(1 + e^(−2d)) − log 2
      return f.sum(f.sub(f.add(d, f.softplus(f.mul(-2, d))), Math.LN2));
    },
    value: (w) => w.reduce((sum, x, i) => sum + (x - i) + special.softplus(-2 * (x - i)) - Math.LN2, 0),
    gradient: (w) => w.map((x, i) => special.tanh(x - i)),
  },
  /** (1 − x)² + 100(y − x²)² (H. Rosenbrock, 1960): a curved valley. */
  rosenbrock: {
    name: "rosenbrock",
    convex: false,
    start: [-1.25, 1],
    minimizer: [1, 1],
    minimum: 0,
    loss(w) {
      const [x, y] = [at(w, 0), at(w, 1)];
      return f.add(f.square(f.sub(1, x)), f.mul(100, f.square(f.sub(y, f.square(x)))));
    },
    value: ([x, y]) => (1 - x) ** 2 + 100 * (y - x * x) ** 2,
    gradient: ([x, y]) => [-2 * (1 - x) - 400 * x * (y - x * x), 200 * (y - x * x)],
  },
  /** (x² + y − 11)² + (x + y² − 7)² (D. Himmelblau, 1972): four equal minima. */
  himmelblau: {
    name: "himmelblau",
    convex: false,
    start: [1, 1],
    minimizer: [3, 2],
    minimum: 0,
    loss(w) {
      const [x, y] = [at(w, 0), at(w, 1)];
      const [a, b] = [f.sub(f.add(f.square(x), y), 11), f.sub(f.add(x, f.square(y)), 7)];
      return f.add(f.square(a), f.square(b));
    },
    value: ([x, y]) => (x * x + y - 11) ** 2 + (x + y * y - 7) ** 2,
    gradient([x, y]) {
      const [a, b] = [x * x + y - 11, x + y * y - 7];
      return [4 * x * a + 2 * b, 2 * a + 4 * y * b];
    },
  },
  /** 10n + Σ (wᵢ² − 10 cos 2πwᵢ) (L. Rastrigin, 1974): many local minima. */
  rastrigin: {
    name: "rastrigin",
    convex: false,
    start: [0.25, -0.25],
    minimizer: [0, 0],
    minimum: 0,
    loss(w) {
      const waves = f.mul(10, f.cos(f.mul(2 * Math.PI, w)));
      return f.add(10 * w.shape[0], f.sum(f.sub(f.square(w), waves)));
    },
    value: (w) => w.reduce((sum, x) => sum + x * x - 10 * special.cos(2 * Math.PI * x), 10 * w.length),
    gradient: (w) => w.map((x) => 2 * x + 20 * Math.PI * special.sin(2 * Math.PI * x)),
  },
  /** (x² + y² − 1)²: a local maximum at the origin, and a circle of minima. */
  ring: {
    name: "ring",
    convex: false,
    start: [0.5, 0.25],
    minimizer: [1, 0],
    minimum: 0,
    loss: (w) => f.square(f.sub(f.dot(w, w), 1)),
    value: ([x, y]) => (x * x + y * y - 1) ** 2,
    gradient: ([x, y]) => [4 * x * (x * x + y * y - 1), 4 * y * (x * x + y * y - 1)],
  },
} as const satisfies Record<string, TestFunction>;

/** One of `testFunctions`, or a quadratic unless `convex` is false. */
export function anyTestFunction(constraints: { readonly convex?: boolean } = {}): fc.Arbitrary<TestFunction> {
  checkOptions(constraints, "anyTestFunction", { convex: true });
  const { convex } = constraints;
  must(convex === undefined || typeof convex === "boolean", "convex", "a boolean", convex);
  const classical = Object.values<TestFunction>(testFunctions).filter(
    (fn) => convex === undefined || fn.convex === convex,
  );
  const one = fc.constantFrom(...classical);
  return convex === false ? one : fc.oneof(one, anyQuadratic());
}

/** Functions to minimise, each twice: in operations on values, and its gradient by hand in float64. */

import { add, constant, matmul, mul, reshape, slice, square, sub, sum } from "../../src/graph/functions.js";
import type { Value } from "../../src/graph/graph.js";

export interface Problem {
  readonly name: string;
  readonly start: readonly number[];
  readonly loss: (w: Value) => Value;
  readonly gradient: (w: readonly number[]) => number[];
}

const EIGENVALUES = [1, 3, 10, 30, 100];
const CENTER = [1, -2, 0.5, 1.5, -1];
/** A = HDH with H = I − 2uuᵀ, a reflection: condition 100, axes not those of the coordinates. */
const U = [1, 2, 3, 4, 5].map((x) => x / Math.sqrt(55));
const H = U.map((ui, i) => U.map((uj, j) => (i === j ? 1 : 0) - 2 * ui * uj));
const A = H.map((row) => H[0].map((_, j) => row.reduce((s, h, k) => s + h * EIGENVALUES[k] * H[k][j], 0)));

/** ½ (w − c)ᵀA(w − c), of condition 100 in 5 dimensions. */
export const quadratic: Problem = {
  name: "quadratic",
  start: [0, 0, 0, 0, 0],
  loss(w) {
    const d = reshape(sub(w, constant(w.graph, CENTER)), [1, 5]);
    const Ad = matmul(d, constant(w.graph, A.flat(), [5, 5]));
    return mul(0.5, sum(mul(Ad, d)));
  },
  gradient: (w) => A.map((row) => row.reduce((s, a, j) => s + a * (w[j] - CENTER[j]), 0)),
};

/** (1 − x)² + 100(y − x²)² (H. Rosenbrock, 1960) from its usual start. */
export const rosenbrock: Problem = {
  name: "Rosenbrock",
  start: [-1.2, 1],
  loss(w) {
    const [x, y] = [slice(w, [0], [1]), slice(w, [1], [1])];
    return sum(add(square(sub(1, x)), mul(100, square(sub(y, square(x))))));
  },
  gradient: ([x, y]) => [-2 * (1 - x) - 400 * x * (y - x * x), 200 * (y - x * x)],
};

/**
 * Newton–Schulz iterations: applies an odd polynomial to the singular values of a matrix, with only products.
 */
import { add, matmul, mul, transpose } from "../graph/functions.js";
import type { Value } from "../graph/graph.js";

/** The coefficients of σ ← aσ + bσ³ + cσ⁵. */
export type OddPolynomial = readonly [a: number, b: number, c: number];

/**
 * Applies a polynomial repeatedly to the singular values of a matrix: x = USVᵀ becomes U p(S) Vᵀ.
 *
 * @param x - [rows, columns]
 */
export function newtonSchulz(x: Value, [a, b, c]: OddPolynomial, times: number): Value {
  const [rows, columns] = x.shape as readonly number[];
  let y = x;
  for (let i = 0; i < times; i++) {
    // on the side where it is smaller
    const gram = rows > columns ? matmul(transpose(y), y) : matmul(y, transpose(y));
    const first = mul(b, gram);
    const p = c === 0 ? first : add(first, mul(c, matmul(gram, gram)));
    y = add(mul(a, y), rows > columns ? matmul(y, p) : matmul(p, y));
  }
  return y;
}

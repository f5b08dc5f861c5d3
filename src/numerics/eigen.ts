/**
 * Eigenvalues and eigenvectors of small symmetric matrices, in float64 and the same bits everywhere: only
 * `+ - * /` and square roots. Not for matrices of hundreds of rows (a sweep costs about 6n³ operations), and
 * not for matrices that are not symmetric.
 */
import { check } from "../errors.js";

/** A = V diag(values) Vᵀ. */
export interface Eigen {
  /** [n], ascending. */
  readonly values: Float64Array;
  /** [n, n] by rows; column j belongs to `values[j]`. Columns are orthonormal. */
  readonly vectors: Float64Array;
}

/** Sweeps after which a matrix that has not converged contains NaN or infinity; 6 to 10 are usual. */
const MAX_SWEEPS = 60;

/**
 * The eigendecomposition of a symmetric matrix by the cyclic method of Jacobi: rotations in the plane of two
 * coordinates, each making one pair of elements zero, until every off-diagonal element is negligible compared
 * with its two diagonal elements. For positive definite matrices that criterion finds small eigenvalues to a
 * relative accuracy that tridiagonal methods do not reach.
 *
 * @param matrix - [n, n] by rows, symmetric (only the part on and above the diagonal is read) and finite
 * @param n - rows, a positive integer
 * @returns values within about n·2⁻⁵² of the largest, in absolute terms, for any symmetric matrix
 * @throws FettleError `invalid_argument` for a size that does not fit, or elements that are not finite
 * @example
 * ```ts
 * eigenSymmetric([2, 1, 1, 2], 2).values; // Float64Array [1, 3]
 * ```
 * @see G. Golub and C. Van Loan, "Matrix Computations", 4th ed., 2013, section 8.5
 * @see J. Demmel and K. Veselić, "Jacobi's method is more accurate than QR", SIAM J. Matrix Anal. Appl. 13,
 * 1992
 */
export function eigenSymmetric(matrix: ArrayLike<number>, n: number): Eigen {
  check(
    Number.isSafeInteger(n) && n > 0 && matrix.length === n * n,
    () => `a matrix of n rows must have n² elements; received ${matrix.length} for n = ${n}`,
  );
  const a = Float64Array.from(matrix);
  check(a.every(Number.isFinite), "the elements of a matrix must be finite numbers; received others");
  const v = new Float64Array(n * n);
  for (let i = 0; i < n; i++) v[i * n + i] = 1;
  for (let sweep = 0; sweep < MAX_SWEEPS; sweep++) if (!rotateAll(a, v, n)) break;
  const order = Array.from({ length: n }, (_, i) => i).sort((i, j) => a[i * n + i] - a[j * n + j] || i - j);
  const vectors = new Float64Array(n * n);
  for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) vectors[i * n + j] = v[order[j] * n + i];
  return { values: Float64Array.from(order, (i) => a[i * n + i]), vectors };
}

/** One sweep over all pairs p < q; `v` holds eigenvectors as rows. Returns whether anything was rotated. */
function rotateAll(a: Float64Array, v: Float64Array, n: number): boolean {
  let rotated = false;
  for (let p = 0; p < n - 1; p++) {
    for (let q = p + 1; q < n; q++) {
      const apq = a[p * n + q];
      const app = a[p * n + p];
      const aqq = a[q * n + q];
      if (Math.abs(apq) <= Number.EPSILON * Math.sqrt(Math.abs(app)) * Math.sqrt(Math.abs(aqq))) {
        a[p * n + q] = 0;
        continue;
      }
      rotated = true;
      // tan of the smaller angle that makes a[p, q] zero
      const tau = (aqq - app) / (2 * apq);
      const t = (tau < 0 ? -1 : 1) / (Math.abs(tau) + Math.sqrt(1 + tau * tau));
      const c = 1 / Math.sqrt(1 + t * t);
      const s = t * c;
      a[p * n + p] = app - t * apq;
      a[q * n + q] = aqq + t * apq;
      a[p * n + q] = 0;
      // the elements of rows and columns p and q, each where it is above the diagonal
      for (let k = 0; k < p; k++) turn(a, k * n + p, k * n + q, c, s);
      for (let k = p + 1; k < q; k++) turn(a, p * n + k, k * n + q, c, s);
      for (let k = q + 1; k < n; k++) turn(a, p * n + k, q * n + k, c, s);
      for (let k = 0; k < n; k++) turn(v, p * n + k, q * n + k, c, s);
    }
  }
  return rotated;
}

function turn(a: Float64Array, i: number, j: number, c: number, s: number): void {
  const x = a[i];
  const y = a[j];
  a[i] = c * x - s * y;
  a[j] = s * x + c * y;
}

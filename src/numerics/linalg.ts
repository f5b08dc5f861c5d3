/**
 * Dense linear algebra in float64 for symmetric positive definite matrices: the needs of Gaussian processes.
 * Plain loops over typed arrays, whose order of operations is fixed, so that results are the same bits on
 * every runtime. Not for tensors of models: those are float32 and go through the engine. Callers guarantee
 * shapes.
 *
 * A lower triangle is packed by rows: element (i, j), j ≤ i, is at i·(i + 1)/2 + j. So a matrix grows by a
 * row without being moved, and both halves of a dot product are contiguous.
 */
import { check, show } from "../errors.js";
import { log } from "./special.js";

/** A pivot is at least this share of its diagonal element; see {@link cholesky}. */
const PIVOT_FLOOR = 1e-12;

/** How many numbers a packed triangle of `n` rows holds. */
export function packedSize(n: number): number {
  return (n * (n + 1)) / 2;
}

/**
 * Cholesky's factorisation A = L·Lᵀ, in place: rows `from` to `n − 1` of the packed lower triangle `a` turn
 * from rows of A into rows of L; rows before `from` are rows of L already. One more row costs n²/2
 * multiplications, an entire matrix n³/6, and both ways give the same bits.
 *
 * A pivot below 1e-12 of its diagonal element, or negative by rounding, is raised to that: the factor is then
 * that of A with a little added to that diagonal element.
 *
 * @param a - packed lower triangle, at least `packedSize(n)` numbers
 * @param n - rows of the entire matrix
 * @param from - rows that are already factored
 * @returns the largest amount added to a diagonal element; usually 0
 * @throws FettleError `invalid_argument` if a diagonal element is not positive, or numbers are not finite
 * @example
 * ```ts
 * const a = Float64Array.of(4, 2, 5); // [[4, 2], [2, 5]]
 * cholesky(a, 2);
 * a; // [2, 1, 2]
 * ```
 */
export function cholesky(a: Float64Array, n: number, from = 0): number {
  let added = 0;
  let i = from;
  for (; i < n; i++) {
    const row = (i * (i + 1)) / 2;
    const diagonal = a[row + i];
    check(
      diagonal > 0 && diagonal < Number.POSITIVE_INFINITY,
      () =>
        `a matrix to be factored must be finite and positive definite; received ${show(diagonal)} at (${i}, ${i})`,
    );
    solveRow(a, i, a, row);
    let pivot = diagonal;
    for (let k = 0; k < i; k++) pivot -= a[row + k] * a[row + k];
    const floor = PIVOT_FLOOR * diagonal;
    if (!(pivot >= floor)) {
      check(
        !Number.isNaN(pivot),
        () => `a matrix to be factored must be finite; received other numbers in row ${i}`,
      );
      added = Math.max(added, floor - pivot);
      pivot = floor;
    }
    a[row + i] = Math.sqrt(pivot);
  }
  return added;
}

/**
 * Solves L·x = b in place.
 *
 * @param l - packed factor
 * @param n - rows
 * @param b - [n], overwritten by x
 */
export function solveLower(l: Float64Array, n: number, b: Float64Array): void {
  solveRow(l, n, b, 0);
}

/** Solves L·x = b for the first `n` rows of `l`, where b begins at `at` of `b`; four rows of L per pass. */
function solveRow(l: Float64Array, n: number, b: Float64Array, at: number): void {
  let j = 0;
  for (; j + 3 < n; j += 4) {
    const r0 = (j * (j + 1)) / 2;
    const r1 = r0 + j + 1;
    const r2 = r1 + j + 2;
    const r3 = r2 + j + 3;
    let [s0, s1, s2, s3] = [0, 0, 0, 0];
    for (let k = 0; k < j; k++) {
      const x = b[at + k];
      s0 += l[r0 + k] * x;
      s1 += l[r1 + k] * x;
      s2 += l[r2 + k] * x;
      s3 += l[r3 + k] * x;
    }
    const x0 = (b[at + j] - s0) / l[r0 + j];
    const x1 = (b[at + j + 1] - (s1 + l[r1 + j] * x0)) / l[r1 + j + 1];
    const x2 = (b[at + j + 2] - (s2 + l[r2 + j] * x0 + l[r2 + j + 1] * x1)) / l[r2 + j + 2];
    const s = s3 + l[r3 + j] * x0 + l[r3 + j + 1] * x1 + l[r3 + j + 2] * x2;
    b[at + j] = x0;
    b[at + j + 1] = x1;
    b[at + j + 2] = x2;
    b[at + j + 3] = (b[at + j + 3] - s) / l[r3 + j + 3];
  }
  for (; j < n; j++) {
    const row = (j * (j + 1)) / 2;
    let sum = 0;
    for (let k = 0; k < j; k++) sum += l[row + k] * b[at + k];
    b[at + j] = (b[at + j] - sum) / l[row + j];
  }
}

/**
 * Solves Lᵀ·x = b in place.
 *
 * @param l - packed factor
 * @param n - rows
 * @param b - [n], overwritten by x
 */
export function solveUpper(l: Float64Array, n: number, b: Float64Array): void {
  let i = n - 1;
  for (; i >= 3; i -= 4) {
    // the last four unknowns, then their subtraction from all others; four rows of L per pass
    const r3 = (i * (i + 1)) / 2;
    const r2 = r3 - i;
    const r1 = r2 - i + 1;
    const r0 = r1 - i + 2;
    const x3 = b[i] / l[r3 + i];
    const x2 = (b[i - 1] - l[r3 + i - 1] * x3) / l[r2 + i - 1];
    const x1 = (b[i - 2] - (l[r3 + i - 2] * x3 + l[r2 + i - 2] * x2)) / l[r1 + i - 2];
    const s = l[r3 + i - 3] * x3 + l[r2 + i - 3] * x2 + l[r1 + i - 3] * x1;
    const x0 = (b[i - 3] - s) / l[r0 + i - 3];
    for (let k = 0; k < i - 3; k++) {
      b[k] -= l[r3 + k] * x3 + l[r2 + k] * x2 + (l[r1 + k] * x1 + l[r0 + k] * x0);
    }
    b[i] = x3;
    b[i - 1] = x2;
    b[i - 2] = x1;
    b[i - 3] = x0;
  }
  for (; i >= 0; i--) {
    const row = (i * (i + 1)) / 2;
    const x = b[i] / l[row + i];
    b[i] = x;
    for (let k = 0; k < i; k++) b[k] -= l[row + k] * x;
  }
}

/**
 * The inverse of A = L·Lᵀ, as W'·W with W = L⁻¹: n³/3 multiplications.
 *
 * @param l - packed factor
 * @param n - rows
 * @param out - the packed lower triangle of A⁻¹ is written here
 * @param work - as large as `out`; holds L⁻¹ afterwards
 */
export function invert(l: Float64Array, n: number, out: Float64Array, work: Float64Array): void {
  const size = packedSize(n);
  out.fill(0, 0, size);
  work.fill(0, 0, size);
  for (let i = 0; i < n; i++) {
    const row = (i * (i + 1)) / 2;
    // row i of W is (e_i − Σ L_ik W_k) / L_ii; four rows k per pass, the longest part of each in the inner
    // loop
    let k = 0;
    for (; k + 3 < i; k += 4) {
      const r0 = (k * (k + 1)) / 2;
      const r1 = r0 + k + 1;
      const r2 = r1 + k + 2;
      const r3 = r2 + k + 3;
      const [l0, l1, l2, l3] = [l[row + k], l[row + k + 1], l[row + k + 2], l[row + k + 3]];
      for (let j = 0; j <= k; j++) {
        work[row + j] -= l0 * work[r0 + j] + l1 * work[r1 + j] + (l2 * work[r2 + j] + l3 * work[r3 + j]);
      }
      work[row + k + 1] -= l1 * work[r1 + k + 1] + l2 * work[r2 + k + 1] + l3 * work[r3 + k + 1];
      work[row + k + 2] -= l2 * work[r2 + k + 2] + l3 * work[r3 + k + 2];
      work[row + k + 3] -= l3 * work[r3 + k + 3];
    }
    for (; k < i; k++) {
      const r = (k * (k + 1)) / 2;
      for (let j = 0; j <= k; j++) work[row + j] -= l[row + k] * work[r + j];
    }
    const pivot = l[row + i];
    for (let j = 0; j < i; j++) work[row + j] /= pivot;
    work[row + i] = 1 / pivot;
  }
  addProducts(work, n, out);
}

/** Adds Wᵀ·W to `out`, both packed: the outer product of each row of W with itself, four rows per pass. */
function addProducts(w: Float64Array, n: number, out: Float64Array): void {
  const tail = n % 4;
  for (let k = 0; k < tail; k++) {
    const r = (k * (k + 1)) / 2;
    for (let i = 0, at = 0; i <= k; i++) for (let j = 0; j <= i; j++, at++) out[at] += w[r + i] * w[r + j];
  }
  for (let k = tail; k < n; k += 4) {
    const r0 = (k * (k + 1)) / 2;
    const r1 = r0 + k + 1;
    const r2 = r1 + k + 2;
    const r3 = r2 + k + 3;
    for (let i = 0, at = 0; i <= k; i++) {
      const [w0, w1, w2, w3] = [w[r0 + i], w[r1 + i], w[r2 + i], w[r3 + i]];
      for (let j = 0; j <= i; j++, at++) {
        out[at] += w0 * w[r0 + j] + w1 * w[r1 + j] + (w2 * w[r2 + j] + w3 * w[r3 + j]);
      }
    }
    for (let m = 1; m < 4; m++) {
      // rows k + m of W reach beyond the square that all four share
      const r = ((k + m) * (k + m + 1)) / 2;
      for (let i = k + 1; i <= k + m; i++) {
        const at = (i * (i + 1)) / 2;
        for (let j = 0; j <= i; j++) out[at + j] += w[r + i] * w[r + j];
      }
    }
  }
}

/**
 * ln det A of A = L·Lᵀ: twice the sum of the logarithms of the pivots.
 *
 * @param l - packed factor
 * @param n - rows
 * @example
 * ```ts
 * logDeterminant(Float64Array.of(2, 1, 2), 2); // 2.772588722239781, that is ln 16
 * ```
 */
export function logDeterminant(l: Float64Array, n: number): number {
  let sum = 0;
  for (let i = 0, at = 0; i < n; i++, at += i + 1) sum += log(l[at]);
  return 2 * sum;
}

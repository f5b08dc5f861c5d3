/**
 * The matrix C of CMA-ES, with the square roots that draws and updates need. Up to 100 numbers it is full,
 * and its time grows with the cube of their number; for more it is diagonal ("separable"), and its time is
 * proportional. `update.ts` has the learning of C.
 */

import { eigenSymmetric } from "../../../numerics/eigen.js";

/**
 * Up to this many numbers C is full. The eigenvectors of more would take seconds, and its n²/2 elements more
 * trials to learn than a search has: the learning rates fall with n².
 */
const MOST_FULL = 100;

/**
 * Whether C is diagonal for `n` numbers (R. Ros and N. Hansen, "A simple modification in CMA-ES…", PPSN
 * 2008).
 */
export function isSeparable(n: number): boolean {
  return n > MOST_FULL;
}

/** A vector v and its share of the sum of v vᵀ by which C changes. */
export interface Outer {
  readonly share: number;
  readonly vector: Float64Array;
}

/** C = B D² Bᵀ, with B orthogonal and D diagonal. */
export interface Covariance {
  /** C_ii, [n]. */
  readonly variances: Float64Array;
  /** The longest of the axes D relative to the shortest. */
  readonly ratio: number;
  /** s t B D z. */
  stretch(z: Float64Array, s: number, t: number): Float64Array;
  /** D⁻¹ Bᵀ y. */
  whiten(y: Float64Array): Float64Array;
  /** B y. */
  turn(y: Float64Array): Float64Array;
  /** kept · C + Σ share · v vᵀ, as far as this form of C can hold it. */
  plus(kept: number, outers: readonly Outer[]): Covariance;
}

/** The identity of `n` numbers. */
export function identity(n: number): Covariance {
  if (isSeparable(n)) return new DiagonalCovariance(new Float64Array(n).fill(1));
  const matrix = new Float64Array(n * n);
  for (let i = 0; i < n; i++) matrix[i * n + i] = 1;
  return new FullCovariance(matrix, n);
}

/**
 * Eigenvalues below this fraction of the largest are raised to it, so that rounding never makes one negative.
 */
const FLOOR = 1e-20;

/** The square roots of eigenvalues, all above 0. */
function lengthsOf(values: Float64Array): Float64Array {
  const least = values.reduce((a, b) => Math.max(a, b), 0) * FLOOR;
  return values.map((value) => Math.sqrt(Math.max(value, least)));
}

/** See `Covariance`. */
export class FullCovariance implements Covariance {
  readonly variances: Float64Array;
  /** Eigenvectors as columns, [n, n] by rows. */
  private readonly axes: Float64Array;
  /** Ascending, [n]. */
  private readonly lengths: Float64Array;

  /** @param matrix - C, [n, n] by rows */
  constructor(
    readonly matrix: Float64Array,
    private readonly n: number,
  ) {
    this.variances = Float64Array.from({ length: n }, (_, i) => matrix[i * n + i]);
    const { values, vectors } = n === 0 ? { values: matrix, vectors: matrix } : eigenSymmetric(matrix, n);
    this.axes = vectors;
    this.lengths = lengthsOf(values);
  }

  get ratio(): number {
    return this.lengths[this.n - 1] / this.lengths[0];
  }

  stretch(z: Float64Array, s: number, t: number): Float64Array {
    return this.turn(z.map((zj, j) => zj * this.lengths[j] * s * t));
  }

  whiten(y: Float64Array): Float64Array {
    const { axes, lengths, n } = this;
    return lengths.map((length, j) => {
      let sum = 0;
      for (let i = 0; i < n; i++) sum += axes[i * n + j] * y[i];
      return sum / length;
    });
  }

  turn(y: Float64Array): Float64Array {
    const { axes, n } = this;
    return y.map((_, i) => {
      let sum = 0;
      for (let j = 0; j < n; j++) sum += axes[i * n + j] * y[j];
      return sum;
    });
  }

  plus(kept: number, outers: readonly Outer[]): FullCovariance {
    const { n } = this;
    const next = this.matrix.map((c) => kept * c);
    for (const { share, vector: v } of outers) {
      for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) next[i * n + j] += share * (v[i] * v[j]);
    }
    return new FullCovariance(next, n);
  }
}

/** See `Covariance`: B is the identity. */
export class DiagonalCovariance implements Covariance {
  private readonly lengths: Float64Array;

  constructor(readonly variances: Float64Array) {
    this.lengths = lengthsOf(variances);
  }

  get ratio(): number {
    const sorted = this.lengths.toSorted();
    return sorted[sorted.length - 1] / sorted[0];
  }

  stretch(z: Float64Array, s: number, t: number): Float64Array {
    return z.map((zj, j) => zj * this.lengths[j] * s * t);
  }

  whiten(y: Float64Array): Float64Array {
    return y.map((yj, j) => yj / this.lengths[j]);
  }

  turn(y: Float64Array): Float64Array {
    return y;
  }

  plus(kept: number, outers: readonly Outer[]): DiagonalCovariance {
    const next = this.variances.map((c) => kept * c);
    for (const { share, vector } of outers) {
      for (let i = 0; i < next.length; i++) next[i] += share * (vector[i] * vector[i]);
    }
    return new DiagonalCovariance(next);
  }
}

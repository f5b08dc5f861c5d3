/**
 * The covariance k(x, x') over points of a space: that of all parameters together, and of each alone; for the
 * notation see the header of `gp.ts`. Points are stretched so that the kernel sees plain distances.
 *
 * δ_p is the squared difference of a number's coordinates, and for a choice half the squared distance of its
 * coordinates, which is 1 between any two of its values (the Hamming distance) and less than that to "does
 * not apply".
 */
import { matern } from "../../../numerics/matern.js";
import type { Vectors } from "../../space/vectors.js";

/** θ: the hyperparameters of the kernel and the noise, for values of variance 1. */
export interface Hyperparameters {
  /** w_p, one for each parameter of the space, in its order. */
  readonly weights: Float64Array;
  /** s, the variance of f. */
  readonly signal: number;
  /** a, the share of s of parameters on their own; 0 if `hasShares` is false. */
  readonly alone: number;
  /** σ_n², the variance of ε. */
  readonly noise: number;
}

/** Up to this many, parameters are also modelled separately: the time for it grows with their number. */
const MOST_ALONE = 64;

/** Whether parameters are also modelled separately. */
export function hasShares({ axes }: Vectors): boolean {
  return axes.length > 1 && axes.length <= MOST_ALONE;
}

/** The factor that stretches each coordinate: √w_p for a number, √(w_p / 2) for a choice. [d] */
export function stretchOf(vectors: Vectors, weights: Float64Array): Float64Array {
  const stretch = new Float64Array(vectors.size);
  vectors.axes.forEach(({ parameter, offset, width }, p) => {
    const share = parameter.type === "choice" ? 0.5 : 1;
    stretch.fill(Math.sqrt(share * weights[p]), offset, offset + width);
  });
  return stretch;
}

/** Points one after another, each coordinate stretched. [n · d] */
export function stretched(points: readonly Float64Array[], stretch: Float64Array): Float64Array {
  const size = stretch.length;
  const out = new Float64Array(points.length * size);
  points.forEach((point, i) => {
    for (let c = 0; c < size; c++) out[i * size + c] = point[c] * stretch[c];
  });
  return out;
}

/** The covariances of one point with others; overwritten by the next `measure`. */
export class Covariances {
  /** k, [n]. */
  readonly values: Float64Array;
  /** The part of k of parameters on their own, [n]. */
  readonly alone: Float64Array;
  /** The squared distances along each parameter, stretched, [axes, count]. */
  readonly squares: Float64Array;
  /** −∂k/∂(those distances), [axes, count]. */
  readonly slopes: Float64Array;
  /** M of all parameters together, then of each, [1 + axes, count], and its slopes likewise. */
  private readonly terms: Float64Array;
  private readonly termSlopes: Float64Array;

  /** @param n - the largest number of other points */
  constructor(
    private readonly vectors: Vectors,
    n: number,
  ) {
    const { length } = vectors.axes;
    [this.values, this.alone] = Array.from({ length: 2 }, () => new Float64Array(n));
    [this.squares, this.slopes] = Array.from({ length: 2 }, () => new Float64Array(length * n));
    [this.terms, this.termSlopes] = Array.from({ length: 2 }, () => new Float64Array((1 + length) * n));
  }

  /** Measures the stretched point at `a[from]` and the first `count` stretched points of `b`. */
  measure(
    { signal, alone }: Pick<Hyperparameters, "signal" | "alone">,
    a: Float64Array,
    from: number,
    b: Float64Array,
    count: number,
    withSlopes = true,
  ): void {
    const { values, squares, slopes, terms, termSlopes } = this;
    const axes = this.vectors.axes.length;
    this.measureSquares(a, from, b, count);
    terms.fill(0, 0, count);
    for (let p = 0, at = 0; p < axes; p++) {
      for (let i = 0; i < count; i++, at++) terms[i] += squares[at];
    }
    if (alone > 0) terms.set(squares.subarray(0, axes * count), count);
    matern(terms, termSlopes, 0, alone > 0 ? (1 + axes) * count : count, 1);
    const joint = signal * (1 - alone);
    const own = (signal * alone) / axes;
    this.alone.fill(0);
    if (alone > 0) {
      for (let p = 0, at = count; p < axes; p++) {
        for (let i = 0; i < count; i++, at++) this.alone[i] += own * terms[at];
      }
    }
    for (let i = 0; i < count; i++) values[i] = joint * terms[i] + this.alone[i];
    if (!withSlopes) return;
    for (let p = 0, at = 0; p < axes; p++) {
      for (let i = 0; i < count; i++, at++) {
        slopes[at] = joint * termSlopes[i] + (alone > 0 ? own * termSlopes[count + at] : 0);
      }
    }
  }

  private measureSquares(a: Float64Array, from: number, b: Float64Array, count: number): void {
    const { squares } = this;
    const { axes, size } = this.vectors;
    for (let p = 0, at = 0; p < axes.length; p++) {
      const { offset, width } = axes[p];
      const end = from + offset + width;
      for (let i = 0; i < count; i++, at++) {
        let sum = 0;
        for (let c = from + offset, other = i * size + offset; c < end; c++, other++) {
          const difference = a[c] - b[other];
          sum += difference * difference;
        }
        squares[at] = sum;
      }
    }
  }
}

/**
 * The covariance of a Gaussian process over points of a space: Matérn 5/2 with a length scale for each parameter.
 * Points are the vectors of `vectors.ts`; here they are stretched so that the kernel sees plain distances. It
 * fits and predicts nothing.
 *
 *     k(x, x') = s · (1 + r + r²/3) · e⁻ʳ,   r² = 5 · Σ_p w_p · δ_p(x, x')
 *
 * δ_p is the squared difference of a number's coordinate, and for a choice half the squared distance of its
 * coordinates, which is 1 between any two of its values (Hamming's distance) and less than that to "does not apply".
 * w_p is the inverse of the squared length scale.
 */
import { matern } from "../../../numerics/matern.js";
import type { Vectors } from "../../space/vectors.js";

/** What a kernel is made of, and the noise of what is observed. For values of variance 1. */
export interface Hyperparameters {
  /** w_p, one for each parameter of the space, in its order. */
  readonly weights: Float64Array;
  /** s, the variance of the function. */
  readonly signal: number;
  /** The variance of the noise on its values. */
  readonly noise: number;
}

/** By how much each coordinate is stretched: √w_p for a number, √(w_p / 2) for a choice. [vectors.size] */
export function stretchOf(vectors: Vectors, weights: Float64Array): Float64Array {
  const stretch = new Float64Array(vectors.size);
  vectors.axes.forEach(({ parameter, offset, width }, p) => {
    const share = parameter.type === "choice" ? 0.5 : 1;
    stretch.fill(Math.sqrt(share * weights[p]), offset, offset + width);
  });
  return stretch;
}

/** Points, end to end, each coordinate stretched. [points.length · stretch.length] */
export function stretched(points: readonly Float64Array[], stretch: Float64Array): Float64Array {
  const size = stretch.length;
  const out = new Float64Array(points.length * size);
  points.forEach((point, i) => {
    for (let c = 0; c < size; c++) out[i * size + c] = point[c] * stretch[c];
  });
  return out;
}

/**
 * The covariances of the stretched point at `from` of `a` with the first `n` stretched points of `b`.
 *
 * @param out - k(a, b_i) is written to `out[at + i]`
 * @param slopes - −∂k/∂(r²/5), likewise: the derivative by the squared distance, turned positive
 */
export function covariances(
  size: number,
  signal: number,
  a: Float64Array,
  from: number,
  b: Float64Array,
  n: number,
  out: Float64Array,
  slopes: Float64Array,
  at: number,
): void {
  for (let i = 0, start = 0; i < n; i++, start += size) {
    let squares = 0;
    for (let c = 0; c < size; c++) {
      const difference = a[from + c] - b[start + c];
      squares += difference * difference;
    }
    out[at + i] = squares;
  }
  matern(out, slopes, at, n, signal);
}

/**
 * The covariance k(x, x') over points of a space: Matérn 5/2 with a length scale for each parameter; the notation is at
 * the head of `gp.ts`. Points are stretched so that the kernel sees plain distances.
 *
 * δ_p is the squared difference of a number's coordinates, and for a choice half the squared distance of its coordinates,
 * which is 1 between any two of its values (the Hamming distance) and less than that to "does not apply".
 */
import { matern } from "../../../numerics/matern.js";
import type { Vectors } from "../../space/vectors.js";

/** θ: the hyperparameters of the kernel and the noise, for values of variance 1. */
export interface Hyperparameters {
  /** w_p, one for each parameter of the space, in its order. */
  readonly weights: Float64Array;
  /** s, the variance of f. */
  readonly signal: number;
  /** σ_n², the variance of ε. */
  readonly noise: number;
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

/**
 * The covariances of the stretched point at `a[from]` with the first `n` stretched points of `b`.
 *
 * @param size - d
 * @param signal - s
 * @param out - receives k(a, b_i) at `out[at + i]`
 * @param slopes - receives −∂k/∂(r²/5) likewise: minus the derivative by the squared distance of stretched points
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

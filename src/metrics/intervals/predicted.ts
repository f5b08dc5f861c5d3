/** The data of intervals. */
import type { Floats } from "../../ndarray.js";

/** Predictions with the truth. */
export interface Predicted {
  /** [rows, outputs] */
  readonly yTrue: Floats;
  readonly yPred: Floats;
  readonly outputs: number;
  /** [rows] */
  readonly weights?: Floats;
}

export const rowsOf = ({ yTrue, outputs }: Predicted): number => yTrue.length / outputs;

/** Statistics of the weights of rows. */
export interface Weighed {
  readonly sum: number;
  /** The weighted mean weight: Σ w² / Σ w. */
  readonly typical: number;
  /** How many equally weighted rows determine a variance equally well: (Σ w²)² / Σ w⁴. */
  readonly rows: number;
}

export function weighed(rows: number, weights: Floats | undefined): Weighed {
  if (!weights) return { sum: rows, typical: 1, rows };
  let [sum, squares, fourths] = [0, 0, 0];
  for (const weight of weights) {
    sum += weight;
    squares += weight * weight;
    fourths += weight * weight * (weight * weight);
  }
  return { sum, typical: squares / sum, rows: (squares * squares) / fourths };
}

/** The weighted mean weight of the rows with a `part` of 1; that of all rows if there are none. */
export function typicalWeight(part: ArrayLike<number>, weights: Floats | undefined): number {
  let [sum, squares] = [0, 0];
  for (let i = 0; i < part.length; i++) {
    const weight = weights?.[i] ?? 1;
    sum += weight * part[i];
    squares += weight * weight * part[i];
  }
  return sum > 0 ? squares / sum : weighed(part.length, weights).typical;
}

/**
 * [groups] The mean weight of each group relative to all rows; 1 without weights. Rows with a negative group
 * belong to no group.
 */
export function heftOf(
  groupOf: ArrayLike<number>,
  groups: number,
  weights: Floats | undefined,
): Float64Array {
  if (!weights) return new Float64Array(groups).fill(1);
  const [sums, squares] = [new Float64Array(groups), new Float64Array(groups)];
  for (let i = 0; i < weights.length; i++) {
    if (groupOf[i] < 0) continue;
    sums[groupOf[i]] += weights[i];
    squares[groupOf[i]] += weights[i] * weights[i];
  }
  const { typical } = weighed(weights.length, weights);
  return sums.map((sum, group) => (sum > 0 ? squares[group] / sum / typical : 1));
}

export function weightedMean(values: Float64Array, weights: Floats | undefined): number {
  let [sum, all] = [0, 0];
  for (let i = 0; i < values.length; i++) {
    const weight = weights?.[i] ?? 1;
    sum += weight * values[i];
    all += weight;
  }
  return sum / all;
}

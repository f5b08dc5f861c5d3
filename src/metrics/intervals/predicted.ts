/** What intervals are made from. */
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

/** What weights say of so many rows. */
export interface Weighed {
  readonly sum: number;
  /** The mean weight, by weight: Σ w² / Σ w. */
  readonly typical: number;
  /** How many rows of one weight know a variance as well: (Σ w²)² / Σ w⁴. */
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

export function weightedMean(values: Float64Array, weights: Floats | undefined): number {
  let [sum, all] = [0, 0];
  for (let i = 0; i < values.length; i++) {
    const weight = weights?.[i] ?? 1;
    sum += weight * values[i];
    all += weight;
  }
  return sum / all;
}

/** Predicted classes as probabilities, for metrics of predicted classes. */
import type { Floats } from "../ndarray.js";

/** The default threshold of class 1. */
export const HALF = 0.5;

/** Class 1 above the threshold, as metrics of classes read it. */
export function decided(yPred: Floats, threshold: number): Float64Array {
  return Float64Array.from(yPred, (probability) =>
    Number.isNaN(probability) ? probability : Number(probability > threshold),
  );
}

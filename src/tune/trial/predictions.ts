/** The predictions by which a decision threshold is chosen. A type only. */
import type { Floats } from "../../ndarray.js";

/** Predictions of two classes, and the targets that score them. */
export interface Predictions {
  readonly yTrue: Floats;
  /** The probability of class 1. */
  readonly yPred: Floats;
  readonly weights?: Floats;
}

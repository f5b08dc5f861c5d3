/** What a decision threshold is chosen by. A type only. */
import type { Floats } from "../../ndarray.js";

/** Predictions of two classes, and what they are scored against. */
export interface Predictions {
  readonly yTrue: Floats;
  /** The probability of class 1. */
  readonly yPred: Floats;
  readonly weights?: Floats;
}

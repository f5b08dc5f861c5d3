/** The class of a prediction: one rule for metrics, models, predictors and commands. */
import { check } from "../errors.js";
import type { Floats } from "../ndarray.js";

/** The default threshold of class 1. */
export const HALF = 0.5;

/** Class 1 above the threshold (at it, class 0); of several classes, the first of the most probable. */
export function classAt(values: Floats, start: number, outputs: number, threshold = HALF): number {
  if (outputs === 1) return values[start] > threshold ? 1 : 0;
  let best = 0;
  for (let j = 1; j < outputs; j++) if (values[start + j] > values[start + best]) best = j;
  return best;
}

/**
 * Refuses a prediction with a NaN, which has no class.
 *
 * @param where - what it is the prediction for, such as a row, for the message
 * @throws FettleError `invalid_data`
 */
export function mustHaveClass(values: Floats, start: number, outputs: number, where: () => string): void {
  for (let at = start; at < start + outputs; at++)
    check(
      !Number.isNaN(values[at]),
      () => `predictions of classes must be numbers; received NaN for ${where()}`,
      "invalid_data",
    );
}

/** Class 1 above the threshold, as metrics of classes read it. */
export function decided(yPred: Floats, threshold: number): Float64Array {
  return Float64Array.from(yPred, (probability) =>
    Number.isNaN(probability) ? probability : Number(probability > threshold),
  );
}

/**
 * The contract of a metric, and what its inputs look like. A metric scores
 * finished predictions; it is not a loss and has no gradient.
 */
import type { Task } from "../data/dataset.js";
import type { Floats } from "../ndarray.js";

/** Whether more or less is better. */
export type Direction = "maximize" | "minimize";

/** A score of predictions against the truth. */
export interface Metric {
  /** What logs and results call it. */
  readonly name: string;
  /** Whether more or less is better. */
  readonly direction: Direction;
  /** The tasks it is defined for. */
  readonly tasks: readonly Task[];
  /**
   * The score of finished predictions.
   *
   * @param truth - `[rows, outputs]`, finite: quantities; 0 or 1 where there are two classes and one output; one-hot otherwise
   * @param prediction - `[rows, outputs]`: quantities, or the probability of class 1, or of each class
   * @param outputs - columns of both
   * @returns the score; NaN if a prediction is NaN
   */
  compute(truth: Floats, prediction: Floats, outputs: number): number;
}

/**
 * A metric of one's own, accepted wherever a metric's name is; without `tasks` it is taken as defined for all.
 *
 * @example
 * ```ts
 * const largestError: CustomMetric = {
 *   name: "largestError",
 *   direction: "minimize",
 *   compute(truth, prediction) {
 *     let most = 0;
 *     for (let k = 0; k < truth.length; k++) most = Math.max(most, Math.abs(truth[k] - prediction[k]));
 *     return most;
 *   },
 * };
 * getMetric(largestError).compute(Float64Array.of(1, 2), Float64Array.of(1, 4), 1); // 2
 * ```
 */
export type CustomMetric = Omit<Metric, "tasks"> & Partial<Pick<Metric, "tasks">>;

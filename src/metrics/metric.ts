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
  readonly name: string;
  readonly direction: Direction;
  /** The tasks it is defined for. */
  readonly tasks: readonly Task[];
  /**
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
 *   compute: (truth, prediction) =>
 *     truth.reduce((most, value, k) => Math.max(most, Math.abs(value - prediction[k])), 0),
 * };
 * ```
 */
export type CustomMetric = Omit<Metric, "tasks"> & Partial<Pick<Metric, "tasks">>;

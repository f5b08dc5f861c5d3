/**
 * The contract of a metric, and the form of its inputs. A metric scores finished predictions; it is not a
 * loss and has no gradient.
 */
import type { Task } from "../data/dataset.js";
import type { MatrixLike } from "../data/matrix.js";
import type { TruthKind } from "../data/truths.js";
import type { Direction } from "../direction.js";
import type { Floats } from "../ndarray.js";

/**
 * What a metric reads in predictions: quantities; the order of scores; probabilities; predicted classes: with
 * one column class 1 above ½, with several the largest; or normal distributions, which models of
 * `gaussianNll` and `gaussianCrps` predict in `tune`: the means of all outputs, then as many variances.
 */
export type PredictionKind = "quantities" | "scores" | "probabilities" | "decisions" | "moments";

/** A score of predictions against the truth. */
export interface Metric {
  /** The key of its scores in logs and results. */
  readonly name: string;
  /** Whether larger or smaller scores are better. */
  readonly direction: Direction;
  /** The tasks it is defined for. */
  readonly tasks: readonly Task[];
  /** Whether it scores predicted classes, so that it depends on a threshold. Default false. */
  readonly decides?: boolean;
  /** @internal The threshold of a model without a chosen one. Default ½. */
  readonly threshold?: number;
  /**
   * The kind of truths that it accepts; `fit`, `evaluate` and `tune` refuse others before training. Default
   * any.
   */
  readonly truths?: TruthKind;
  /**
   * What it reads in predictions; a metric of probabilities is refused for a model of logits. Default
   * anything.
   */
  readonly predictions?: PredictionKind;
  /**
   * The score of finished predictions.
   *
   * @param yTrue - `[rows, outputs]`, row-major and finite: quantities; 0 or 1 for two classes in one output;
   * one-hot otherwise
   * @param yPred - `[rows, outputs]`, row-major: quantities, or the probability of class 1, or of each class;
   * for a metric of `moments` `[rows, 2 · outputs]`
   * @param outputs - the number of columns of both; half as many as `yPred` has for a metric of `moments`
   * @param weights - `[rows]`: how much each row counts, at least 0 and not all 0; a row of weight 2 counts
   * as two rows. Left out, every row counts 1
   * @returns the score; NaN if a prediction is NaN
   */
  compute(yTrue: Floats, yPred: Floats, outputs: number, weights?: Floats): number;
}

/**
 * A custom metric, accepted wherever a metric's name is. Without `tasks` it applies to all tasks.
 *
 * @example
 * ```ts
 * const largestError: CustomMetric = {
 *   name: "largestError",
 *   direction: "minimize",
 *   compute(yTrue, yPred) {
 *     let largest = 0;
 *     for (let k = 0; k < yTrue.length; k++) largest = Math.max(largest, Math.abs(yTrue[k] - yPred[k]));
 *     return largest;
 *   },
 * };
 * getMetric(largestError).compute(Float64Array.of(1, 2), Float64Array.of(1, 4), 1); // 2
 * ```
 */
export type CustomMetric = Omit<Metric, "tasks"> & Partial<Pick<Metric, "tasks">>;

/**
 * A built-in metric: a function that checks and scores two arrays, with the properties of a {@link Metric}.
 * Its third argument weights the rows, like `sample_weight` in scikit-learn.
 */
export interface MetricFunction<Alias extends string = string> extends Metric {
  (yTrue: MatrixLike, yPred: MatrixLike, sampleWeight?: ArrayLike<number>): number;
  /** Aliases. All names may also be written as in Keras and scikit-learn: `MeanSquaredError`, `r2_score`. */
  readonly aliases: readonly Alias[];
}

/**
 * A built-in metric with options. It is a {@link MetricFunction} with default options; called with options,
 * it returns the `MetricFunction` with those. That function's name includes its options, so the name is
 * enough to recreate it.
 *
 * @example
 * ```ts
 * metrics.f1({ average: "micro" }).name; // "f1Micro"
 * metrics.f1({ average: "micro" })([0, 2, 1], [0, 2, 2]); // 2 / 3
 * getMetric("f1Micro").name; // "f1Micro"
 * ```
 */
export interface ConfigurableMetric<Options extends object, Alias extends string = string>
  extends MetricFunction<Alias> {
  (yTrue: MatrixLike, yPred: MatrixLike, sampleWeight?: ArrayLike<number>): number;
  (options?: Partial<Options>): MetricFunction;
}

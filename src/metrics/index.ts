/**
 * The namespace `metrics`: scores of finished predictions, as functions of two arrays, and their curves and
 * tables as data. Options such as `metric` of `tune` accept the function instead of its name, and also what
 * it returns for options. `losses` has the training losses.
 *
 * @example
 * ```ts
 * metrics.accuracy([0, 1, 1], [0.2, 0.9, 0.4]); // 2 / 3
 * metrics.accuracy.direction; // "maximize"
 * getMetric(metrics.accuracy) === getMetric("acc"); // true
 * metrics.fBeta({ beta: 2, average: "macro" }).name; // "fBeta2Macro"
 * ```
 */
export * from "./classification.js";
export { confusionMatrix } from "./confusion.js";
export type { AverageOptions } from "./counts.js";
export { type PrecisionRecallCurve, precisionRecallCurve, type RocCurve, rocCurve } from "./curve.js";
export type { LabelOptions } from "./define.js";
export { type PerClassOptions, type PerClassScores, precisionRecallFScore } from "./perClass.js";
export * from "./probability.js";
export * from "./regression.js";

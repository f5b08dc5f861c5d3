/**
 * The namespace `metrics`: scores of finished predictions, as functions of two arrays, and curves and tables of them as data. Wherever a
 * metric is given, such as `metric` of `tune`, the function itself may stand in place of its name, and so may what it returns for
 * options. `losses` has what a model is trained by.
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

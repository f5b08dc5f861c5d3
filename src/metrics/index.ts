/**
 * The namespace `metrics`: scores of finished predictions, as functions of two arrays. Wherever a metric is given, such as
 * `metric` of `tune`, the function itself may stand in place of its name. `losses` has what a model is trained by.
 *
 * @example
 * ```ts
 * metrics.accuracy([0, 1, 1], [0.2, 0.9, 0.4]); // 2 / 3
 * metrics.accuracy.direction; // "maximize"
 * getMetric(metrics.accuracy) === getMetric("acc"); // true
 * ```
 */
export * from "./classification.js";
export { confusionMatrix } from "./confusion.js";
export * from "./regression.js";

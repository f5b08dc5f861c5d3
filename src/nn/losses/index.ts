/**
 * The namespace `losses`: what a model is trained to minimise, as functions of two values of a graph, the
 * truth and the prediction. `compile` accepts the function itself, the function with options, or its name.
 * `metrics` has the scores of finished predictions.
 *
 * @example
 * ```ts
 * const model = sequential([dense(8, { activation: "relu" }), dense(1)]);
 * model.compile({ optimizer: "adam", loss: "binaryCrossentropy" });
 * model.compile({ optimizer: "adam", loss: losses.binaryCrossentropy });
 * model.compile({ optimizer: "adam", loss: losses.binaryCrossentropy({ fromLogits: true }) });
 * ```
 */
export * from "./alignments.js";
export * from "./crossentropy.js";
export * from "./distributions.js";
export * from "./margin.js";
export * from "./overlap.js";
export * from "./regression.js";
export * from "./survival.js";

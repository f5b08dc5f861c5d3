/**
 * `fettle/predict`: predictions of a saved model, wherever JavaScript runs. It contains no training code.
 *
 * @packageDocumentation
 */
export type { RecordValue, UnknownRule } from "../data/read.js";
export type { ColumnKind, ColumnRole, ColumnSchema, InputKind, Schema } from "../data/schema.js";
export { type ErrorCode, FettleError } from "../errors.js";
export { type Nested, toNested } from "../ndarray.js";
export { type ReadyOptions, ready } from "../numerics/kernels.js";
export type { Answer, Distribution } from "./answers.js";
export type { Intervals } from "./conformal.js";
export { loadPredictor, Predictor, type PredictorOptions } from "./predictor.js";
export { RowError, type RowRecord, type Rows } from "./rows.js";

/** Reductions and rows for JavaScript. `predict.ts` has the product and softmax. Nothing is computed here. */
export { all_finite_f32, all_finite_f64 } from "./finite";
export { max_f32, sum_f32 } from "./reduce";
export { scatter_rows_f32, take_rows, take_rows_f32 } from "./rows";
export { log_softmax_slope_f32 } from "./softmax";

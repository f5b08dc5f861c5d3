/** The matrix product, reductions, softmax and rows as JavaScript calls them. Nothing is computed here. */
export { gemm } from "./gemm/gemm";
export { max_f32, sum_f32 } from "./reduce";
export { scatter_rows_f32, take_rows, take_rows_f32 } from "./rows";
export { softmax_f32 } from "./softmax";

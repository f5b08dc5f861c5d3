/**
 * The kernels of predictors: `predict.wasm` has only these, so that a page downloads no more. The other
 * builds include them too, from the same source, with the same bits. Nothing is computed here.
 */
export { unary_f32 } from "./elementwise/machine";
export { gemm } from "./gemm/gemm";
export { f64_cos, f64_exp, f64_expm1, f64_log, f64_log1p, f64_normQuantile, f64_sin } from "./math/f64";
export { softmax_f32 } from "./softmax";

/** The first address that the kernels do not use themselves. */
export function heap_base(): usize {
  return __heap_base;
}

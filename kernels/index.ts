// Everything that the kernels export. `__heap_base` tells the engine where its arena may begin.
export * from "./exports-math";
export * from "./exports-linear";
export * from "./exports-search";
export { unary_f32 } from "./elementwise/machine";
export { begin_epoch, run } from "./machine";

/** The first address that the kernels do not use themselves. */
export function heap_base(): usize {
  return __heap_base;
}

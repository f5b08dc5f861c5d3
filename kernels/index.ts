// Everything that the kernels export.
export * from "./exports-math";
export * from "./exports-linear";
export * from "./exports-search";
export * from "./predict";
export { begin_epoch, run } from "./machine";

/**
 * The public entry `fettle/engine`: gradients of functions, compiled programs, and the engine that runs them,
 * for training loops without a model. Custom layers, losses and optimizers need none of it.
 */
export { type GradientOf, grad, gradients, valueAndGrad } from "./autograd/index.js";
export { type CompiledFunction, compile, compileStep } from "./compile/compile.js";
export type { Program, Slot, StepGraph, Stream } from "./compile/program.js";
export type { Signature, StepResults, StepValues } from "./compile/trace.js";
export { createEngine, type EngineOptions } from "./engine/engine.js";
export type {
  Executor,
  LoadedFunction,
  Matrix,
  Progress,
  Run,
  RunOptions,
  SavedRun,
} from "./engine/executor.js";
export {
  type AttributesOf,
  type ElementwiseName,
  Graph,
  type NoAttributes,
  type Node as GraphNode,
  type OperationName,
  type PoolAttributes,
  type ScanAttributes,
  Value,
  type WindowAttributes,
} from "./graph/graph.js";
export { applyOptimizer, initialSlots } from "./optim/apply.js";

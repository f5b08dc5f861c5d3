/**
 * `fettle/testing`: laws of operations, optimizers, layers, strategies, schedulers and executors, built-in or
 * custom, and arbitraries to write more laws. It needs fast-check but no test runner: a broken law throws an
 * error that shows how to replay the case.
 */

export type { Environment } from "../graph/operations/operation.js";
export * from "./arbitraries/history.js";
export {
  anyLearningCase,
  anyPauses,
  type LearningCase,
  type LearningCurve,
  type LearningRun,
  type LearningRunOptions,
  runLearning,
} from "./arbitraries/learning.js";
export * from "./arbitraries/models.js";
export * from "./arbitraries/runs.js";
export * from "./arbitraries/space.js";
export * from "./arbitraries/tensors.js";
export * from "./arbitraries/testFunctions.js";
export * from "./bounds.js";
export type { DifferenceOptions } from "./differences.js";
export * from "./executor.js";
export { checkGradients, type GradientCheckOptions, type TensorFunction } from "./gradients.js";
export * from "./graphs.js";
export type { Instruction } from "./instructions.js";
export { BrokenLaw, type CheckOptions } from "./laws.js";
export * from "./layer.js";
export * from "./operation.js";
export type { OperationCase } from "./operations/case.js";
export { operationCases } from "./operations/index.js";
export { FLOAT32, FLOAT64, type Precision } from "./operations/rounding.js";
export * from "./optimizer.js";
export type { VerifyParts } from "./parts.js";
export * from "./queue.js";
export * from "./reproducibility.js";
export { checkRun, type RunCase } from "./run.js";
export * from "./scheduler.js";
export * from "./storage.js";
export * from "./strategy.js";
export * from "./verify.js";

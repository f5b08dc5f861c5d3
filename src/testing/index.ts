/**
 * `fettle/testing`: laws of operations, optimizers, layers, strategies, schedulers and executors, built-in or
 * custom, and arbitraries to write more laws. It needs fast-check but no test runner: a broken law throws an
 * error that shows how to replay the case.
 */

export type { Environment } from "../graph/operations/operation.js";
export { anyHistory, anyOutcome, anyStudy } from "./arbitraries/history.js";
export {
  anyLearningCase,
  anyPauses,
  type LearningCase,
  type LearningCurve,
  type LearningRun,
  type LearningRunOptions,
  runLearning,
} from "./arbitraries/learning.js";
export { anyModel, type ModelCase, type ModelConstraints, modelOf } from "./arbitraries/models.js";
export { anyRunChoices, type RunChoices, runCaseOf } from "./arbitraries/runs.js";
export { anyConstraint, anySpace, type SpaceConstraints } from "./arbitraries/space.js";
export {
  anyBroadcast,
  anyDistinct,
  anyShape,
  anyTensor,
  numbers,
  type ShapeConstraints,
} from "./arbitraries/tensors.js";
export {
  anyMatrix,
  anyQuadratic,
  anyTestFunction,
  type Quadratic,
  type QuadraticConstraints,
  type TestFunction,
  testFunctions,
} from "./arbitraries/testFunctions.js";
export { type Bounded, errorBounds } from "./bounds.js";
export type { DifferenceOptions } from "./differences.js";
export {
  checkExecutor,
  checkExecutorLaw,
  type ExecutorCheckOptions,
  type ExecutorLaw,
  executorLaws,
} from "./executor.js";
export { checkGradients, type GradientCheckOptions, type TensorFunction } from "./gradients.js";
export { anyRecipe, type RandomStep, type StepRecipe, stepOf } from "./graphs.js";
export type { Instruction } from "./instructions.js";
export { BrokenLaw, type CheckOptions } from "./laws.js";
export { checkLayer, checkLayerLaw, type LayerCheckOptions, type LayerLaw, layerLaws } from "./layer.js";
export {
  checkOperation,
  checkOperationLaw,
  type OperationCheckOptions,
  type OperationLaw,
  type OperationUnderTest,
  operationLaws,
} from "./operation.js";
export type { OperationCase } from "./operations/case.js";
export { operationCases } from "./operations/index.js";
export { FLOAT32, FLOAT64, type Precision } from "./operations/rounding.js";
export {
  checkOptimizer,
  checkOptimizerLaw,
  type Equations,
  type OptimizerCheckOptions,
  type OptimizerLaw,
  optimizerLaws,
} from "./optimizer.js";
export type { VerifyParts } from "./parts.js";
export {
  checkQueue,
  checkQueueLaw,
  type QueueCheckOptions,
  type QueueFactory,
  type QueueLaw,
  type QueueUnderTest,
  queueLaws,
} from "./queue.js";
export {
  checkReproducibility,
  checkReproducibilityLaw,
  digestOf,
  type ReproducibilityLaw,
  type Reproducible,
  type RunVariant,
  reproducibilityLaws,
} from "./reproducibility.js";
export { checkRun, type RunCase } from "./run.js";
export {
  checkScheduler,
  checkSchedulerLaw,
  rankLaws,
  type SchedulerCheckOptions,
  type SchedulerFactory,
  type SchedulerLaw,
  schedulerLaws,
} from "./scheduler.js";
export {
  checkStorage,
  checkStorageLaw,
  type StorageCheckOptions,
  type StorageFactory,
  type StorageLaw,
  storageLaws,
} from "./storage.js";
export {
  checkStrategy,
  checkStrategyLaw,
  type StrategyCheckOptions,
  type StrategyLaw,
  strategyLaws,
} from "./strategy.js";
export {
  type BrokenCheck,
  type Verification,
  type VerifiedGroup,
  type VerifyEvent,
  type VerifyGroup,
  type VerifyOptions,
  verify,
  verifyGroups,
} from "./verify.js";

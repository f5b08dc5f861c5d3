/**
 * `fettle/testing`: laws for operations, optimizers, strategies, schedulers and executors, the library's own and
 * yours, and arbitraries to write more of them. It needs fast-check, and no test runner: a law that is broken throws
 * an error that says how to replay it.
 */
export { anyHistory, anyOutcome, anyStudy } from "./arbitraries/history.js";
export {
  anyLearningTask,
  anyPauses,
  type LearningCurve,
  type LearningRun,
  type LearningRunOptions,
  type LearningTask,
  runLearning,
} from "./arbitraries/learning.js";
export { anyModel, type ModelCase, type ModelConstraints, modelOf } from "./arbitraries/models.js";
export {
  anyMatrix,
  anyProblem,
  anyQuadratic,
  type Problem,
  problems,
  type Quadratic,
  type QuadraticConstraints,
} from "./arbitraries/problems.js";
export { anyConstraint, anySpace, type SpaceConstraints } from "./arbitraries/space.js";
export { anyTask, type TaskChoices, taskOf } from "./arbitraries/tasks.js";
export {
  anyBroadcast,
  anyDistinct,
  anyShape,
  anyTensor,
  numbers,
  type ShapeConstraints,
} from "./arbitraries/tensors.js";
export { type Bounded, errorBounds } from "./bounds.js";
export { checkExecutor, checkExecutorLaw, type ExecutorCheckOptions, executorLaws } from "./executor.js";
export { checkGradients, type GradientCheckOptions, type TensorFunction } from "./gradients.js";
export { anyRecipe, type RandomStep, type StepRecipe, stepOf } from "./graphs.js";
export { BrokenLaw, type CheckOptions } from "./laws.js";
export {
  checkOperation,
  checkOperationLaw,
  type OperationCheckOptions,
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
  optimizerLaws,
} from "./optimizer.js";
export type { VerifyParts } from "./parts.js";
export {
  checkReproducible,
  checkReproducibleLaw,
  digestOf,
  type Reproducible,
  type RunManner,
  reproducibilityLaws,
} from "./reproducibility.js";
export { checkRun, type RunTask } from "./run.js";
export {
  checkScheduler,
  checkSchedulerLaw,
  rankLaws,
  type SchedulerCheckOptions,
  type SchedulerMaker,
  schedulerLaws,
} from "./scheduler.js";
export { checkStrategy, checkStrategyLaw, type StrategyCheckOptions, strategyLaws } from "./strategy.js";
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

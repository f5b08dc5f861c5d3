/**
 * The public entry `fettle`. Nothing runs at import, and nothing here pulls in the command line. Operations on values
 * are an entry of their own, `fettle/ops`.
 */
export { grad, gradients, valueAndGrad } from "./autograd/index.js";
export { type CompiledFunction, compile, compileStep } from "./compile/compile.js";
export type { Program } from "./compile/program.js";
export type { Signature, StepResults, StepValues } from "./compile/trace.js";
export { oneHot } from "./data/classes.js";
export { type CsvOptions, parseCsv } from "./data/csv.js";
export {
  type Dataset,
  type EncodeOptions,
  encodeTable,
  type Feature,
  type Task,
} from "./data/dataset.js";
export { fromMatrix, type MatrixLike, toMatrix } from "./data/matrix.js";
export {
  applyPreprocessor,
  fitPreprocessor,
  fitTargetScaler,
  type Preprocessor,
  restoreTarget,
} from "./data/preprocess.js";
export {
  type FoldOptions,
  kFold,
  type SplitOptions,
  stratifiedKFold,
  trainTestSplit,
  trainValidationTestSplit,
} from "./data/split.js";
export { type ReadTableOptions, readTable, type Table } from "./data/table.js";
export type { Direction } from "./direction.js";
export type { ArrayInput } from "./engine/arrays.js";
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
export { type ErrorCode, FettleError } from "./errors.js";
export { Graph, Value } from "./graph/graph.js";
export { ROWS, type Shape } from "./graph/shape.js";
export * as metrics from "./metrics/index.js";
export type { CustomMetric, Metric, MetricFunction } from "./metrics/metric.js";
export { getMetric, type MetricLike, type MetricName } from "./metrics/registry.js";
export type { Activation, ActivationFunction } from "./nn/activations.js";
export {
  type Callback,
  type EarlyStopping,
  type EarlyStoppingOptions,
  earlyStopping,
  type Logs,
  type Monitor,
  type TrainingControl,
} from "./nn/callbacks.js";
export type { History } from "./nn/history.js";
export type { Initializer, InitializerFunction } from "./nn/initializers.js";
export {
  activation,
  type DenseOptions,
  dense,
  dropout,
  type Layer,
  type LayerContext,
  type ParameterSpec,
} from "./nn/layers.js";
export * as losses from "./nn/losses/index.js";
export type { BuiltInLoss, LossFunction } from "./nn/losses/loss.js";
export type { Loss, LossName } from "./nn/losses/registry.js";
export { l1, l1l2, l2, type Regularizer } from "./nn/regularizers.js";
export {
  type CompileOptions,
  type FitOptions,
  Sequential,
  sequential,
} from "./nn/sequential.js";
export { type ReadyOptions, ready } from "./numerics/kernels.js";
export { adadelta } from "./optim/adadelta.js";
export { adagrad } from "./optim/adagrad.js";
export { adam } from "./optim/adam.js";
export { adamax } from "./optim/adamax.js";
export { adamw } from "./optim/adamw.js";
export type { Convention } from "./optim/convention.js";
export { defineOptimizer, type OptimizerConfig, type OptimizerDefinition } from "./optim/define.js";
export { lion } from "./optim/lion.js";
export { nadam } from "./optim/nadam.js";
export { applyOptimizer, type Optimizer } from "./optim/optimizer.js";
export { rmsprop } from "./optim/rmsprop.js";
export {
  defineSchedule,
  type Rate,
  type Schedule,
  type ScheduleConfig,
  type ScheduleContext,
  type ScheduleDefinition,
} from "./optim/schedule.js";
export {
  cosineDecay,
  cosineDecayRestarts,
  exponentialDecay,
  oneCycle,
  piecewiseConstantDecay,
  warmup,
} from "./optim/schedules.js";
export { sgd } from "./optim/sgd.js";
export { type HypervolumeTrial, hypervolume } from "./search/analysis/hypervolume.js";
export {
  type BestSoFar,
  bestSoFar,
  type ForestOptions,
  type ImportanceOptions,
  type Importances,
  importances,
  type Marginal,
  marginals,
} from "./search/analysis/importance.js";
export { asha } from "./search/schedulers/asha.js";
export { type HalvingOptions, halving } from "./search/schedulers/halving.js";
export { hyperband } from "./search/schedulers/hyperband.js";
export { createScheduler, schedulerNames } from "./search/schedulers/index.js";
export { type MedianOptions, medianStopping } from "./search/schedulers/median.js";
export type { Cohort, RungContext, Scheduler } from "./search/schedulers/scheduler.js";
export { choice, float, int } from "./search/space/builders.js";
export {
  type Constraint,
  type Params,
  type ParamsOf,
  type SearchSpace,
  type Space,
  spaceFromJson,
} from "./search/space/space.js";
export { type CmaesOptions, cmaes } from "./search/strategies/cmaes/cmaes.js";
export { type GeneticOptions, genetic } from "./search/strategies/genetic/genetic.js";
export { type GpOptions, gp } from "./search/strategies/gp/gp.js";
export { type RegretInput, type RemainingRegret, remainingRegret } from "./search/strategies/gp/regret.js";
export { type GridOptions, grid } from "./search/strategies/grid/grid.js";
export { createStrategy, strategyNames } from "./search/strategies/index.js";
export { type Nsga2Options, nsga2 } from "./search/strategies/nsga2/nsga2.js";
export { type PbtOptions, pbt } from "./search/strategies/pbt/pbt.js";
export { random } from "./search/strategies/random/random.js";
export { type SobolOptions, sobol } from "./search/strategies/sobol/sobol.js";
export type { ResumedTrial, Strategy, SuggestContext } from "./search/strategies/strategy.js";
export { type TpeOptions, tpe } from "./search/strategies/tpe/tpe.js";
export { type RestoreOptions, restoreStudy } from "./search/study/checkpoint.js";
export type {
  Objective,
  OptimizeOptions,
  RunningTrial,
  StopReason,
  StopRules,
  Study,
  StudyEvent,
  StudyJson,
  StudyOptions,
} from "./search/study/contract.js";
export { createStudy } from "./search/study/study.js";
export { ancestry } from "./search/trial/ancestry.js";
export type { Trial, TrialOutcome, TrialRecord, TrialStatus } from "./search/trial/trial.js";
export type { CvRow, CvScores } from "./tune/cvRows.js";
export { denseModel, denseParams, denseSpace } from "./tune/dense.js";
export {
  gridSearch,
  randomSearch,
  type SearchCvOptions,
  type SearchCvResult,
} from "./tune/gridSearch.js";
export { type NestedResult, nestedCrossValidation } from "./tune/nestedCv.js";
export {
  findLearningRate,
  type RateFinderOptions,
  type RateFinderReason,
  type RateFinderResult,
} from "./tune/rateFinder.js";
export { createTuner, restoreTuner, type SliceOptions, type Tuner } from "./tune/resume/slices.js";
export { type SweepOptions, sweep } from "./tune/sweep.js";
export type { FinalModel } from "./tune/trial/final.js";
export type { Validation } from "./tune/trial/folds.js";
export type { Scores } from "./tune/trial/setup.js";
export type { FitSettings } from "./tune/trial/training.js";
export { tune } from "./tune/tune.js";
export type {
  SearchResult,
  TuneObjectiveOptions,
  TuneOptions,
  TuneResult,
  TunerOptions,
} from "./tune/tuner/options.js";

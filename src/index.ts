/**
 * The public entry `fettle`: models, studies, and custom pieces of both. Nothing runs at import, and nothing
 * here loads the command line. Operations on values are in `fettle/ops`, programs and runs in
 * `fettle/engine`.
 */
export type { NestedNumbers, ShapedData, TensorLike } from "./arrays.js";
export { type EncodedLabels, encodeLabels, type Labels, oneHot } from "./data/classes.js";
export { type Csv, type CsvOptions, parseCsv, type TextPieces, type TextSource } from "./data/csv.js";
export {
  type Dataset,
  type EncodedRows,
  type EncodeOptions,
  encodeRows,
  encodeTable,
  type Input,
  type MissingRule,
  type Task,
} from "./data/dataset.js";
export type { DateOrder } from "./data/days.js";
export { diagnose } from "./data/diagnosis/diagnose.js";
export { type Drift, drift } from "./data/diagnosis/drift.js";
export type { Warning } from "./data/diagnosis/warning.js";
export type { Groups, Times } from "./data/groups.js";
export type { TableLimits } from "./data/limits.js";
export {
  fromMatrix,
  type HostMatrix,
  type MatrixLike,
  type MatrixOptions,
  toMatrix,
} from "./data/matrix.js";
export type { Decimal, NumberFormat } from "./data/numbers.js";
export type { RowOrigin } from "./data/origin.js";
export type { FeatureSource, PipelineColumn, PipelineFeature } from "./data/pipeline/column.js";
export type { Moments } from "./data/pipeline/moments.js";
export type {
  ColumnOptions,
  Encoding,
  Imputation,
  PipelineOptions,
  ScalingName,
  TargetTransformName,
} from "./data/pipeline/options.js";
export type { PaddedSteps } from "./data/pipeline/padding.js";
export {
  applyPipeline,
  type FitPipelineOptions,
  type FittedPipeline,
  fitPipeline,
  type Pipeline,
  type PipelineData,
  restoreTarget,
} from "./data/pipeline/pipeline.js";
export type { Scaling } from "./data/pipeline/scaling.js";
export type { TargetTransform } from "./data/pipeline/target.js";
export type { RareClasses } from "./data/rare.js";
export type { RecordValue, UnknownRule } from "./data/read.js";
export { type Finding, type Receipt, receiptOf } from "./data/receipt.js";
export type {
  ColumnKind,
  ColumnRole,
  ColumnSchema,
  InputKind,
  Schema,
  SchemaOptions,
  Settlement,
} from "./data/schema.js";
export {
  type GroupShuffleSplitOptions,
  groupKFold,
  groupShuffleSplit,
  type StratifiedGroupFoldOptions,
  stratifiedGroupKFold,
} from "./data/split/groups.js";
export {
  type KFoldOptions,
  kFold,
  type RepeatedFoldOptions,
  repeatedKFold,
  repeatedStratifiedKFold,
  type StratifiedFoldOptions,
  stratifiedKFold,
} from "./data/split/kFold.js";
export * from "./data/split/leaveOut.js";
export { createSplitter, splitterNames } from "./data/split/names.js";
export { predefinedSplit } from "./data/split/own.js";
export {
  type SplitOptions,
  type ThreeWaySplitOptions,
  trainTestSplit,
  trainValidationTestSplit,
} from "./data/split/parts.js";
export { type ShuffleSplitOptions, shuffleSplit, stratifiedShuffleSplit } from "./data/split/shuffle.js";
export type {
  FoldIds,
  FoldOptions,
  FoldRows,
  RowsToSplit,
  Splitter,
  SplitterMaker,
} from "./data/split/splitter.js";
export { type TimeSeriesOptions, timeSeriesSplit } from "./data/split/time.js";
export {
  type Column,
  type ReadRecordsOptions,
  type ReadTableOptions,
  readRecords,
  readTable,
  type Table,
} from "./data/table.js";
export type { TargetData } from "./data/targets.js";
export type { TruthKind } from "./data/truths.js";
export type { ClassWeight } from "./data/weights.js";
export { type WindowData, type Windows, type WindowsOptions, windows } from "./data/windows.js";
export type { Direction } from "./direction.js";
export type { AnyArray, ArrayInput } from "./engine/arrays.js";
export { type ErrorCode, FettleError } from "./errors.js";
export type { Graph, Value } from "./graph/graph.js";
export type { Shape } from "./graph/shape.js";
export type { Interval } from "./interval.js";
export * as metrics from "./metrics/index.js";
export type { ScoreInterval } from "./metrics/intervals/index.js";
export * from "./metrics/metric.js";
export type {
  BuiltInMetric,
  ConfiguredMetric,
  MetricAlias,
  MetricLike,
  MetricName,
  ScoredMetric,
  ScoreName,
  Spelled,
  TestScore,
} from "./metrics/names.js";
export { getMetric } from "./metrics/registry.js";
export { type CheckpointWriter, type ModelCheckpointOptions, modelCheckpoint } from "./model/checkpoint.js";
export { type EvaluateOptions, Model, type ModelNotes, type SaveOptions } from "./model/model.js";
export type { CustomObjects } from "./model/pieces.js";
export { type LoadModelOptions, loadModel, saveModel } from "./model/save.js";
export { createTraining, restoreTraining, type Training } from "./model/training.js";
export type { AliasOf, SnakeCase } from "./names.js";
export { type Floats, type Nested, toNested } from "./ndarray.js";
export type { Activation, ActivationFunction, ActivationName } from "./nn/activations.js";
export { type Augmentation, mixup } from "./nn/arguments/mixup.js";
export type { ModelData } from "./nn/arguments/modelData.js";
export type {
  Batch,
  Batches,
  BuildOptions,
  ClassifyOptions,
  CompileOptions,
  FitDatasetOptions,
  FitOptions,
  PartOptions,
  PerOutput,
  TrainOnBatchOptions,
  WeightOptions,
} from "./nn/arguments/options.js";
export type { Callback, Logs, TrainingControl } from "./nn/callbacks/callback.js";
export { type CsvLoggerOptions, csvLogger } from "./nn/callbacks/csvLogger.js";
export * from "./nn/callbacks/earlyStopping.js";
export type { History } from "./nn/callbacks/history.js";
export { learningRateScheduler } from "./nn/callbacks/learningRateScheduler.js";
export type { Monitor, MonitorOptions } from "./nn/callbacks/monitor.js";
export { type ReduceLROnPlateauOptions, reduceLROnPlateau } from "./nn/callbacks/reduceLROnPlateau.js";
export { terminateOnNaN } from "./nn/callbacks/terminateOnNaN.js";
export * from "./nn/layers/index.js";
export type { Loss, LossName } from "./nn/losses/given.js";
export * as losses from "./nn/losses/index.js";
export type { BuiltInLoss, LossFunction, NoOptions } from "./nn/losses/loss.js";
export type { BuiltInLossName, LossAlias } from "./nn/losses/names.js";
export { averageModels } from "./nn/models/averageModels.js";
export {
  type FunctionalOptions,
  functional,
  input,
  type OutputName,
  type Symbols,
} from "./nn/models/functional.js";
export { LayersModel } from "./nn/models/layersModel.js";
export { Sequential, sequential } from "./nn/models/sequential.js";
export {
  type ConstraintFunction,
  type ConstraintLike,
  type ConstraintName,
  type MaxNormOptions,
  type MinMaxNormOptions,
  maxNorm,
  minMaxNorm,
  type NormOptions,
  nonNeg,
  unitNorm,
  type WeightConstraint,
} from "./nn/weights/constraints.js";
export type { VarianceScalingOptions } from "./nn/weights/initializerFactories.js";
export * as initializers from "./nn/weights/initializerFactories.js";
export type { Initializer, InitializerFunction, InitializerName } from "./nn/weights/initializers.js";
export { l1, l1l2, l2, type Regularizer, type RegularizerName } from "./nn/weights/regularizers.js";
export { type ReadyOptions, ready } from "./numerics/kernels.js";
export { RandomStream } from "./numerics/random.js";
export { adadelta } from "./optim/adadelta.js";
export { adafactor } from "./optim/adafactor.js";
export { adagrad } from "./optim/adagrad.js";
export { adam } from "./optim/adam.js";
export { adamax } from "./optim/adamax.js";
export { adamw } from "./optim/adamw.js";
export type { Clipping } from "./optim/clip.js";
export type { Convention } from "./optim/convention.js";
export {
  type CommonOptimizerOptions,
  defineOptimizer,
  type FixedHyperparameters,
  type OptimizerConfig,
  type OptimizerDefaults,
  type OptimizerDefinition,
  type OptimizerFactory,
  type OptimizerOptions,
} from "./optim/define.js";
export { lamb } from "./optim/lamb.js";
export { lion } from "./optim/lion.js";
export { type MuonOptions, muon } from "./optim/muon.js";
export { nadam } from "./optim/nadam.js";
export type { BuiltInOptimizer, OptimizerName } from "./optim/names.js";
export * from "./optim/optimizer.js";
export { rmsprop } from "./optim/rmsprop.js";
export {
  defineSchedule,
  type Rate,
  type Schedule,
  type ScheduleConfig,
  type ScheduleContext,
  type ScheduleDefinition,
} from "./optim/schedule.js";
export { scheduleFreeAdamW } from "./optim/scheduleFree.js";
export * from "./optim/schedules.js";
export { sgd } from "./optim/sgd.js";
export type { KernelsModule } from "./platform/platform.js";
export type { SliceOptions } from "./platform/slices.js";
export type { Answer, Distribution } from "./predict/answers.js";
export type { Intervals } from "./predict/conformal.js";
export { RowError, type RowRecord, type Rows } from "./predict/rows.js";
export { type HypervolumeTrial, hypervolume } from "./search/analysis/hypervolume.js";
export {
  type BestSoFar,
  bestSoFar,
  type ForestOptions,
  type ImportanceOptions,
  type Importances,
  importances,
  type Marginal,
  type MarginalOptions,
  marginals,
  type ScoredTrial,
} from "./search/analysis/importance.js";
export { asha } from "./search/schedulers/asha.js";
export { type HalvingOptions, halving } from "./search/schedulers/halving.js";
export { hyperband } from "./search/schedulers/hyperband.js";
export { createScheduler, schedulerNames } from "./search/schedulers/index.js";
export { type MedianOptions, medianStopping } from "./search/schedulers/median.js";
export type { Cohort, RungContext, Scheduler } from "./search/schedulers/scheduler.js";
export { choice, float, int } from "./search/space/builders.js";
export type {
  ChoiceOptions,
  ChoiceParameter,
  Condition,
  Conditional,
  ConditionInterval,
  FloatParameter,
  IntParameter,
  NumericOptions,
  NumericParameter,
  Parameter,
} from "./search/space/parameter.js";
export {
  type Constraint,
  type Params,
  type ParamsOf,
  type SearchSpace,
  type Space,
  spaceFromJson,
} from "./search/space/space.js";
export type { ParamValue } from "./search/space/value.js";
export { type CmaesOptions, cmaes } from "./search/strategies/cmaes/cmaes.js";
export type { BreedingOptions } from "./search/strategies/genetic/breeding.js";
export type { CrossoverOptions } from "./search/strategies/genetic/crossover.js";
export * from "./search/strategies/genetic/genetic.js";
export type { MutationOptions } from "./search/strategies/genetic/mutation.js";
export type { SelectionOptions } from "./search/strategies/genetic/selection.js";
export type { AcquisitionName } from "./search/strategies/gp/acquisition.js";
export { type GpOptions, gp } from "./search/strategies/gp/gp.js";
export { type RegretInput, type RemainingRegret, remainingRegret } from "./search/strategies/gp/regret.js";
export { type GridOptions, grid } from "./search/strategies/grid/grid.js";
export { createStrategy, strategyNames } from "./search/strategies/index.js";
export { type Nsga2Options, nsga2 } from "./search/strategies/nsga2/nsga2.js";
export { type PbtOptions, pbt } from "./search/strategies/pbt/pbt.js";
export { random } from "./search/strategies/random/random.js";
export { type SobolOptions, sobol } from "./search/strategies/sobol/sobol.js";
export { startWith } from "./search/strategies/startWith.js";
export type { ResumedTrial, Strategy, SuggestContext } from "./search/strategies/strategy.js";
export { type TpeOptions, tpe } from "./search/strategies/tpe/tpe.js";
export type { RestoreOptions } from "./search/study/checkpoint.js";
export type {
  HostSignal,
  Objective,
  ObjectiveResult,
  OptimizeOptions,
  RunningTrial,
  StopReason,
  StopRules,
  Study,
  StudyEvent,
  StudyJson,
  StudyOptions,
} from "./search/study/contract.js";
export { createStudy, restoreStudy } from "./search/study/create.js";
export { ancestry } from "./search/trial/ancestry.js";
export { Curves, type CurvesJson, type CurveValues } from "./search/trial/curves.js";
export { readCurves } from "./search/trial/savedCurves.js";
export type { BestTrial, Trial, TrialOutcome, TrialRecord, TrialStatus } from "./search/trial/trial.js";
export {
  type BaselineOptions,
  type BaselineReport,
  type BaselineScores,
  compareBaselines,
  type Lead,
  type Verdict,
} from "./tune/baselines/compare.js";
export type { CvRow, CvScores } from "./tune/cvRows.js";
export {
  type DenseParams,
  denseFit,
  denseModel,
  denseParams,
  densePipeline,
  densePoints,
  denseSpace,
  denseValidation,
} from "./tune/dense.js";
export { gridSearch, randomSearch, type SearchCvOptions, type SearchCvResult } from "./tune/gridSearch.js";
export type { PlateauOptions } from "./tune/jobs/job.js";
export { type NestedResult, nestedCrossValidation } from "./tune/nestedCv.js";
export * from "./tune/rateFinder.js";
export { type Replay, replay } from "./tune/replay.js";
export { type TuneWorker, tuneWorker } from "./tune/resume/queued.js";
export { createTuner, restoreTuner, type Tuner } from "./tune/resume/slices.js";
export { type SweepOptions, sweep } from "./tune/sweep.js";
export type { BeforeAndAfter, Calibration } from "./tune/trial/calibration.js";
export type { CallbackMaker, TrialTraining } from "./tune/trial/callbacks.js";
export type { ErrorCosts } from "./tune/trial/cost.js";
export type { MissingCells } from "./tune/trial/data.js";
export type { Ensemble } from "./tune/trial/ensemble.js";
export type { EnsembleOptions } from "./tune/trial/ensembleOptions.js";
export type { Shortened } from "./tune/trial/finalLimits.js";
export type { Validation } from "./tune/trial/folds.js";
export type { DefaultMetric } from "./tune/trial/forms.js";
export type { FitSettings } from "./tune/trial/settings.js";
export type { Scores } from "./tune/trial/setup.js";
export type { ValidationData } from "./tune/trial/validationData.js";
export { tune } from "./tune/tune.js";
export type {
  SearchOptions,
  SearchResult,
  TuneObjectiveOptions,
  TuneOptions,
  TuneResult,
  TunerOptions,
} from "./tune/tuner/options.js";

/** How a trial is trained: its parameters become a model, the model a job, and the job runs on every fold. */
import { checksumOf } from "../../crc32.js";
import type { Dataset, Task } from "../../data/dataset.js";
import { checkPipelineOptions, type PipelineOptions, unmarkedGaps } from "../../data/pipeline/options.js";
import { type ClassWeight, checkClassWeight } from "../../data/weights.js";
import type { SavedRun } from "../../engine/executor.js";
import { check, isPlainObject, must, show } from "../../errors.js";
import { showShape, sizeOf } from "../../graph/shape.js";
import type { Metric } from "../../metrics/metric.js";
import {
  type Architecture,
  architectureFrom,
  hyperparametersOf,
  LEARNING_RATE,
  type ScoredArchitecture,
} from "../../nn/architecture.js";
import type { EarlyStoppingOptions } from "../../nn/callbacks/earlyStopping.js";
import { checkEpochs } from "../../nn/epochs.js";
import { LayersModel } from "../../nn/layersModel.js";
import { rowOfLoss } from "../../nn/losses/truths.js";
import { checkBatch } from "../../nn/options.js";
import { masksSteps, programOf, traceOf } from "../../nn/programs.js";
import { EVALUATION_BATCH } from "../../nn/scores.js";
import { startingWeights } from "../../nn/sharedWeights.js";
import { cos } from "../../numerics/elementary.js";
import { copyPlain, defined } from "../../options.js";
import { either, type OptionRules, readOptions } from "../../rules.js";
import type { ParamsOf, Space } from "../../search/space/space.js";
import type { WorkTime } from "../../search/study/contract.js";
import type { JobBackend } from "../jobs/backend.js";
import {
  checkEarlyStopping,
  checkPlateau,
  type Job,
  type JobResult,
  measuredBy,
  type PlateauOptions,
} from "../jobs/job.js";
import { type CallbackMaker, withCallbacks } from "./callbacks.js";
import type { Course } from "./course.js";
import type { EnsembleSettings } from "./ensembleOptions.js";
import { type Folds, foldsOfDivision, type PipelineFolds } from "./folds.js";
import { checkSame, type Identity } from "./identity.js";
import { judgeTrial } from "./judge.js";
import { checkLogits } from "./logits.js";
import { followRoles } from "./roles.js";
import type { ThresholdRule } from "./threshold.js";

/** How one trial is trained. */
export interface FitSettings {
  /** Default 20. With `pbt()`, of one interval. */
  readonly epochs?: number;
  /** Default 32, or all rows of the smallest fold if there are fewer. */
  readonly batchSize?: number;
  /**
   * Stops the training on a fold early, by the validation rows of the fold; a metric uses the units of the
   * target.
   */
  readonly earlyStopping?: EarlyStoppingOptions;
  /**
   * Multiplies the learning rate by `factor` when the training loss has stopped improving, on each fold and
   * in the final fit. Not with a scheduler, nor with a schedule of the optimizer.
   */
  readonly reduceLROnPlateau?: PlateauOptions;
  /**
   * Lowers the learning rate η from epoch to epoch along half a cosine: of E epochs, epoch e = 0, 1, … has
   * η·½(1 + cos(πe/E)), on each fold and in the final fit. With a scheduler, E counts all epochs of a trial.
   * Not with `reduceLROnPlateau`, nor with a schedule of the optimizer. Default `"none"`.
   *
   * @see I. Loshchilov and F. Hutter, "SGDR: stochastic gradient descent with warm restarts", ICLR 2017
   */
  readonly learningRateDecay?: "cosine" | "none";
  /**
   * How much each class counts in the training loss: by class, `{ no: 1, yes: 10 }`, or `"balanced"`, so that
   * all classes count equally. It changes neither metrics nor the validation loss. Default: all rows count
   * equally.
   */
  readonly classWeight?: ClassWeight;
}

/** The epochs of a trial if `fit` does not set them. */
export const DEFAULT_EPOCHS = 20;

const FIT_RULES = {
  epochs: [true, DEFAULT_EPOCHS],
  batchSize: true,
  earlyStopping: true,
  reduceLROnPlateau: true,
  learningRateDecay: [either("cosine", "none"), "none"],
  classWeight: true,
} satisfies OptionRules<FitSettings>;

/** What trainings need. */
export interface TrainingSetup<S extends Space> {
  readonly model: (params: ParamsOf<S>) => LayersModel;
  readonly fit?: FitSettings | ((params: ParamsOf<S>) => FitSettings);
  readonly pipeline?: PipelineOptions | ((params: ParamsOf<S>) => PipelineOptions);
  readonly rows: Folds;
  /** Makes the callbacks of each training. */
  readonly callbacks?: CallbackMaker<S>;
  /** The folds under a pipeline. */
  readonly foldsFor: (options: PipelineOptions) => PipelineFolds;
  readonly backend: JobBackend;
  /** What the user's functions returned for each trial, by its number. */
  readonly identities: Map<number, Identity>;
  /** Whether the probabilities of the final model are calibrated. */
  readonly calibrate?: true;
  /** How the decision threshold of the final model is chosen; without it, the threshold is ½. */
  readonly threshold?: ThresholdRule;
  /** How the networks of the final model are chosen; without it, there is one network. */
  readonly selection?: EnsembleSettings;
  /** The tuned metrics. */
  readonly metrics: readonly Metric[];
  /** What the curves include of the validation rows after every epoch, such as `valAccuracy`. */
  readonly measured?: readonly string[];
}

/** A trial before it is trained: its architecture, its folds, and what its jobs have in common. */
export interface JobTemplate extends Pick<PipelineFolds, "folds" | "finalFold" | "ofDivision"> {
  readonly built: LayersModel;
  readonly architecture: ScoredArchitecture;
  readonly identity: Identity;
  readonly job: Omit<Job, "fold">;
}

/**
 * Builds the model of some parameters.
 *
 * @param final - whether it trains on all development rows, not on the folds
 */
export function jobTemplate<S extends Space>(
  {
    model,
    fit: given = {},
    pipeline: chosen = {},
    rows,
    foldsFor,
    metrics,
    measured,
    calibrate,
    threshold,
    selection,
  }: Omit<TrainingSetup<S>, "backend" | "identities">,
  params: ParamsOf<S>,
  seed: number,
  final = false,
): JobTemplate {
  const settings = copyPlain(typeof given === "function" ? given(params) : given);
  const { epochs, batchSize, earlyStopping, reduceLROnPlateau, learningRateDecay, classWeight } = settingsFor(
    settings,
    fewestRows(rows, final),
  );
  const { data } = rows;
  const weighted = classWeight !== undefined || data.sampleWeight !== undefined;
  const pipeline = copyPlain(typeof chosen === "function" ? chosen(params) : chosen);
  checkPipelineOptions("pipeline", pipeline, data.inputs);
  const returned = model(params);
  mustBeModel(returned);
  // its layers may be those of other trials
  const built = returned.separate();
  const { notes, ...ofRoles } = followRoles(built, data, pipeline);
  const followed = { ...ofRoles, notes: [...notes, ...unmarkedGaps(data.inputs, pipeline)] };
  const { features, ...foldsOfPipeline } = foldsFor(followed.pipeline);
  const architecture = architectureFor(built, { ...data, features });
  judgeTrial(built, architecture.network, { data, pipeline, metrics });
  if (calibrate) checkLogits(built, data.outputs);
  checkMasks(architecture, {
    task: data.task,
    target: pipeline.target,
    several: threshold ?? calibrate ?? selection,
  });
  const hyperparameters = hyperparametersOf(architecture);
  const parameters = startingWeights(architecture.network).map(({ offset, values }) => ({
    offset,
    values: values.slice(), // a message takes the entire block behind it
  }));
  const decays = learningRateDecay === "cosine";
  check(
    LEARNING_RATE in hyperparameters || !(reduceLROnPlateau || decays),
    () =>
      `${decays ? "learningRateDecay" : "reduceLROnPlateau"} and a schedule of the optimizer both change the learning rate; use one of them`,
  );
  const train = weighted ? "trainWeighted" : "train";
  const evaluate = data.sampleWeight ? "evaluateWeighted" : "evaluate";
  const job = {
    pipeline: followed.pipeline,
    programs: {
      initialize: programOf(architecture, "initialize", 1),
      train: programOf(architecture, train, batchSize),
      evaluate: programOf(architecture, evaluate, EVALUATION_BATCH),
    },
    hyperparameters,
    epochs,
    batchSize,
    seed,
    keepState: false,
    ...(parameters.length > 0 && { parameters }),
    ...defined({ earlyStopping, reduceLROnPlateau }),
    ...(decays ? { learningRates: decayed(hyperparameters[LEARNING_RATE], epochs) } : {}),
    measured: measuredBy(earlyStopping, measured),
    ...(classWeight === undefined ? {} : { classWeight: checkClassWeight(classWeight, data.classes) }),
  };
  const trace = [
    ...traceOf(architecture, ["initialize", train, evaluate]),
    ...parameters.map(({ values }) => checksumOf([values])),
  ];
  const identity = { trace, hyperparameters, fit: settings, pipeline, followed };
  return { built, architecture, identity, ...foldsOfPipeline, job };
}

/**
 * Refuses a network whose output leaves out steps, if those steps would count elsewhere: in the scale of
 * targets, or in a choice by predictions.
 */
function checkMasks(
  architecture: Architecture,
  { task, target, several }: { readonly task: Task; readonly target: unknown; readonly several: unknown },
): void {
  if (!masksSteps(architecture)) return;
  const { outputs } = architecture.network;
  const [{ shape }] = outputs;
  check(
    outputs.length === 1 && shape.length === 2,
    () =>
      `a tuned network must have one output [steps, units] to leave out steps; received ${outputs.map((each) => showShape(each.shape)).join(" and ")}`,
    "unsupported",
  );
  check(
    task !== "regression" || target === "none",
    () =>
      `pipeline must have target: "none" for a network whose output leaves out steps, since targets at those steps would affect the scale; received ${show(target ?? "standard")}`,
  );
  check(
    several === undefined,
    "a network whose output leaves out steps must be tuned without ensemble, calibrate, threshold and cost, which support only rows",
    "unsupported",
  );
}

/** The rate of each epoch, from the first along half a cosine. */
export function decayed(rate: number, epochs: number): number[] {
  return Array.from({ length: epochs }, (_, epoch) => (rate * (1 + cos((Math.PI * epoch) / epochs))) / 2);
}

/**
 * The template of a trial that has ended, to train it again.
 *
 * @throws FettleError `invalid_state` if the functions return something else than in the trial; or, for a
 * trial that ran elsewhere, than when they are called again
 */
export function templateAgain<S extends Space>(
  setup: Omit<TrainingSetup<S>, "backend">,
  { number, params }: { readonly number: number; readonly params: ParamsOf<S> },
  seed: number,
  final = false,
): JobTemplate {
  const template = withCallbacks(setup, number, params, jobTemplate(setup, params, seed, final));
  const before = setup.identities.get(number) ?? jobTemplate(setup, params, seed, final).identity;
  checkSame(number, before, template.identity);
  return template;
}

/** The fewest rows of a training part: of the folds, or of the final fold. */
export function fewestRows({ folds, scored }: Folds, final: boolean): number {
  const used = final ? [folds[scored]] : folds.slice(0, scored);
  return Math.min(...used.map(({ train }) => train.length));
}

/**
 * The architecture of a model over what a pipeline returns.
 *
 * @throws FettleError `invalid_argument` for a loss whose predictions are no estimates of the target;
 * `invalid_shape` if its last layer does not fit the target
 */
export function architectureFor(
  built: LayersModel,
  {
    features,
    outputs,
    shape = [features],
  }: Pick<Dataset, "outputs" | "shape"> & { readonly features: number },
): ScoredArchitecture {
  check(
    sizeOf(shape) === features,
    () =>
      `a pipeline must keep rows of shape ${showShape(shape)}, ${sizeOf(shape)} numbers; received ${features} features`,
    "invalid_shape",
  );
  const described = built.described();
  const formed = described.compiled.losses.map(rowOfLoss).find((loss) => loss?.form);
  check(
    formed === undefined,
    () =>
      `the loss of a model to tune must be one whose predictions estimate the target; received ${formed?.name}; ` +
      "fit the model in the objective of createStudy, and return its loss",
  );
  const architecture = architectureFrom(described, shape);
  const { units } = architecture.network;
  check(
    units === outputs,
    () =>
      `units of the model's last layer must be ${outputs}: as many as classes if there are more than two, otherwise as many as ` +
      `columns of y; received ${units}${outputs === 1 ? '; integers are classes with task: "classification"' : ""}`,
    "invalid_shape",
  );
  return architecture;
}

/** @throws FettleError `invalid_argument` unless it is a compiled model */
export function mustBeModel(built: unknown): asserts built is LayersModel {
  check(
    typeof (built as { then?: unknown } | undefined)?.then !== "function",
    "model must return a compiled model, not a promise; await what it needs before tuning",
  );
  must(
    built instanceof LayersModel,
    "what model returns",
    "a compiled model, made by sequential() or functional()",
    built,
  );
}

/**
 * Trains on every fold, from the given states or from new parameters.
 *
 * @param course - receives the result of each fold, and before that its curves from time to time
 * @param time - notified when trainings start and end, if the trial's time is limited
 * @param division - the division of the rows, from 0, whose folds score trials
 * @throws the error of the first fold that failed, once all have ended: the same whichever ended first
 */
export async function trainOnFolds<S extends Space>(
  { rows, backend }: Pick<TrainingSetup<S>, "rows" | "backend">,
  job: Omit<Job, "fold">,
  states: readonly (SavedRun | undefined)[] = [],
  course?: Pick<Course, "add" | "grow">,
  time?: WorkTime,
  division = 0,
): Promise<JobResult[]> {
  const jobs = foldsOfDivision(rows, division).map(async (number, fold) => {
    let began = false;
    const onBegin = (): void => {
      if (!began) time?.resume();
      began = true;
    };
    try {
      const whole = { ...job, fold: number, ...(states[fold] && { from: states[fold] }) };
      const result = await backend.run(
        whole,
        time && { group: time, onBegin },
        course && ((curves) => course.grow(fold, curves)),
      );
      course?.add(fold, result);
      return result;
    } finally {
      if (began) time?.pause();
    }
  });
  await Promise.allSettled(jobs);
  return Promise.all(jobs);
}

/** Settings with defaults, checked against the rows of the smallest fold. */
export function settingsFor(
  settings: FitSettings,
  fewest: number,
): FitSettings & Required<Pick<FitSettings, "epochs" | "batchSize">> {
  check(
    !isPlainObject(settings) || !("callbacks" in settings),
    "fit of a tuner accepts no callbacks; give tune callbacks: () => [earlyStopping()], a function that makes those of one training",
  );
  const read = readOptions(settings, "fit", FIT_RULES);
  const { epochs, earlyStopping, reduceLROnPlateau, learningRateDecay } = read;
  if (earlyStopping) checkEarlyStopping(earlyStopping);
  if (reduceLROnPlateau) checkPlateau(reduceLROnPlateau);
  check(
    !reduceLROnPlateau || learningRateDecay === "none",
    "reduceLROnPlateau and learningRateDecay both change the learning rate; use one of them",
  );
  checkEpochs("epochs", epochs);
  const batchSize = checkBatch(settings.batchSize ?? Math.min(32, fewest), fewest);
  return { ...settings, epochs, batchSize };
}

/** How a trial is trained: its parameters become a model, the model a job, and the job runs on every fold. */
import { checksumOf } from "../../crc32.js";
import type { Dataset, Task } from "../../data/dataset.js";
import { checkPipelineOptions, type PipelineOptions, unmarkedGaps } from "../../data/pipeline/options.js";
import { checkClassWeight } from "../../data/weights.js";
import type { SavedRun } from "../../engine/executor.js";
import { check, must, show } from "../../errors.js";
import { showShape, sizeOf } from "../../graph/shape.js";
import type { Metric } from "../../metrics/metric.js";
import { recipeOfModel } from "../../nn/arguments/compiled.js";
import { weightsOfLayer } from "../../nn/layers/layerWeights.js";
import { LayersModel } from "../../nn/models/layersModel.js";
import {
  type Architecture,
  architectureFrom,
  hyperparametersOf,
  LEARNING_RATE,
  type ScoredArchitecture,
} from "../../nn/programs/architecture.js";
import { masksSteps, programOf, traceOf } from "../../nn/programs/programs.js";
import { EVALUATION_BATCH } from "../../nn/training/scores.js";
import { startingWeights } from "../../nn/training/sharedWeights.js";
import { cos } from "../../numerics/elementary.js";
import { getOptimizer } from "../../optim/registry.js";
import { copyPlain, defined } from "../../options.js";
import { textOf } from "../../recipe.js";
import type { ParamsOf, Space } from "../../search/space/space.js";
import type { WorkTime } from "../../search/study/contract.js";
import type { JobBackend } from "../jobs/backend.js";
import { type Job, type JobResult, measuredBy } from "../jobs/job.js";
import { type CallbackMaker, withCallbacks } from "./callbacks.js";
import type { Course } from "./course.js";
import type { EnsembleSettings } from "./ensembleOptions.js";
import { type Folds, foldsOfDivision, type PipelineFolds } from "./folds.js";
import { checkUnits, followForm } from "./forms.js";
import { checkSame, type Identity } from "./identity.js";
import { judgeTrial } from "./judge.js";
import { checkLogits } from "./logits.js";
import { type FollowedPipeline, followRoles } from "./roles.js";
import { type FitSettings, fewestRows, settingsFor } from "./settings.js";
import type { ThresholdRule } from "./threshold.js";

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
  /** The kinds of the latest trials, by what determines them. */
  readonly kinds: (key: string, make: () => TrialKind) => TrialKind;
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

/** What trials have in common whose models differ in numbers alone. */
export interface TrialKind extends Pick<PipelineFolds, "folds" | "finalFold" | "ofDivision"> {
  readonly followed: FollowedPipeline;
  /** Columns of the inputs of the network. */
  readonly features: number;
  readonly programs: Job["programs"];
  /** The identities of the programs. */
  readonly trace: readonly number[];
}

/** A trial before it is trained: its model, its folds, and what its jobs have in common. */
export interface JobTemplate extends Pick<TrialKind, "folds" | "finalFold" | "ofDivision"> {
  readonly built: LayersModel;
  readonly architecture: () => ScoredArchitecture;
  readonly identity: Identity;
  readonly job: Omit<Job, "fold">;
}

/**
 * Builds the model of some parameters.
 *
 * @param final - whether it trains on all development rows, not on the folds
 */
export function jobTemplate<S extends Space>(
  setup: Omit<TrainingSetup<S>, "backend" | "identities">,
  params: ParamsOf<S>,
  seed: number,
  final = false,
): JobTemplate {
  const { model, fit: given = {}, pipeline: chosen = {}, rows, measured } = setup;
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
  const described = built.described();
  const make = (): TrialKind => kindOf(setup, built, { pipeline, batchSize, weighted });
  const recipe = recipeOfModel(described);
  const kind = recipe ? setup.kinds(textOf([recipe, pipeline, batchSize, weighted]), make) : make();
  const { followed, features, programs, trace: steps, ...folds } = kind;
  const architecture = (): ScoredArchitecture => architectureFor(built, { ...data, features });
  const { wiring, compiled } = described;
  const { optimizer, augmentation } = compiled;
  const network = { layers: wiring.calls };
  const hyperparameters = hyperparametersOf({ network, optimizer: getOptimizer(optimizer), augmentation });
  const brought = wiring.calls.some(({ layer }) => weightsOfLayer(layer) !== undefined);
  const parameters = (brought ? startingWeights(architecture().network) : []).map(({ offset, values }) => ({
    offset,
    values: values.slice(), // a message takes the entire block behind it
  }));
  const decays = learningRateDecay === "cosine";
  check(
    LEARNING_RATE in hyperparameters || !(reduceLROnPlateau || decays),
    () =>
      `${decays ? "learningRateDecay" : "reduceLROnPlateau"} and a schedule of the optimizer both change the learning rate; use one of them`,
  );
  const job = {
    pipeline: followed.pipeline,
    programs,
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
  const trace = [...steps, ...parameters.map(({ values }) => checksumOf([values]))];
  const identity = { trace, hyperparameters, fit: settings, pipeline, followed };
  return { built, architecture, identity, ...folds, job };
}

/** What follows from the pieces of a model, its pipeline and its batches, whatever its numbers. */
function kindOf<S extends Space>(
  {
    rows: { data },
    foldsFor,
    metrics,
    calibrate,
    threshold,
    selection,
  }: Omit<TrainingSetup<S>, "backend" | "identities">,
  built: LayersModel,
  {
    pipeline,
    batchSize,
    weighted,
  }: { readonly pipeline: PipelineOptions; readonly batchSize: number; readonly weighted: boolean },
): TrialKind {
  const { notes, ...ofRoles } = followRoles(built, data, followForm(built, pipeline));
  const followed = { ...ofRoles, notes: [...notes, ...unmarkedGaps(data.inputs, pipeline)] };
  const { features, ...folds } = foldsFor(followed.pipeline);
  const architecture = architectureFor(built, { ...data, features });
  judgeTrial(built, architecture.network, { data, pipeline: followed.pipeline, metrics, selection });
  if (calibrate) checkLogits(built, data.outputs);
  checkMasks(architecture, {
    task: data.task,
    target: pipeline.target,
    several: threshold ?? calibrate ?? selection,
  });
  const train = weighted ? "trainWeighted" : "train";
  const evaluate = data.sampleWeight ? "evaluateWeighted" : "evaluate";
  const programs = {
    initialize: programOf(architecture, "initialize", 1),
    train: programOf(architecture, train, batchSize),
    evaluate: programOf(architecture, evaluate, EVALUATION_BATCH),
  };
  return {
    followed,
    features,
    programs,
    trace: traceOf(architecture, ["initialize", train, evaluate]),
    ...folds,
  };
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

/**
 * The architecture of a model over what a pipeline returns.
 *
 * @throws FettleError `unsupported` for a loss whose predictions cannot be scored out of fold;
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
  const architecture = architectureFrom(built.described(), shape);
  checkUnits(built, architecture.network, outputs);
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

/** What `fit` of a model does. It knows no `LayersModel`, which keeps what it returns. */
import { platform } from "#platform";
import type { LentTensor } from "../data/tensor.js";
import type { SavedRun } from "../engine/executor.js";
import { defaultEngine } from "../engine/wasmEngine.js";
import { check, must, mustBeInteger } from "../errors.js";
import type { Shape } from "../graph/shape.js";
import type { Floats } from "../ndarray.js";
import { kernelsAreLoaded, ready } from "../numerics/kernels.js";
import { type Architecture, hyperparametersOf, LEARNING_RATE } from "./architecture.js";
import { checkCallbacks, type Logs } from "./callbacks/callback.js";
import { trainWith } from "./callbacks/loop.js";
import type { Progress } from "./callbacks/progress.js";
import { examplesOfFit } from "./examples.js";
import { type History, toHistory, validationNames } from "./history.js";
import { withMatrices } from "./matrices.js";
import type { ModelData } from "./modelData.js";
import { checkBatch, type FitOptions } from "./options.js";
import type { OutputMetric } from "./perOutput.js";
import { programOf } from "./programs.js";
import { EVALUATION_BATCH, scoresOf } from "./scores.js";
import { weightsOf } from "./trainedWeights.js";
import { type Examples, runEvaluation, type TrainingOptions, TrainingRun } from "./trainer.js";
import { evaluationOf, trainingWeights } from "./weights.js";

/** A trained state and what it is for. */
export interface State {
  /** The shape of a row of the inputs. */
  readonly row: Shape;
  readonly saved: SavedRun;
  /** Whether the model was compiled again since, so that only the parameters still count. */
  readonly recompiled?: boolean;
}

/** A model that is to be fitted. */
export interface Fitted {
  /** Given to callbacks. */
  readonly model: object;
  readonly metrics: readonly OutputMetric[];
  readonly state: State | undefined;
  readonly x: LentTensor;
  readonly y: LentTensor;
  architecture(): Architecture;
  /** Inputs that fit the first layers. */
  inputs(x: ModelData, what: string): LentTensor;
  /** Targets that fit inputs, the outputs and the losses. */
  targets(y: ModelData, x: LentTensor, what: string): LentTensor;
  /** Told the training when it has begun, and undefined when it has ended. */
  onTraining(run: TrainingRun | undefined): void;
}

/** @throws FettleError as `fit` does */
export async function fitModel(
  { model, metrics, state, x, y, architecture: build, inputs, targets, onTraining }: Fitted,
  options: FitOptions,
): Promise<{ readonly state: State; readonly history: History }> {
  const { trainRows, callbacks, verbose, ...settings } = checkFit(options, x.rows);
  const given = options.validationData;
  const validX = given && inputs(given[0], "validation x");
  const loaded = kernelsAreLoaded();
  // what goes on the engine later must not change until then
  const take = (tensor: LentTensor): LentTensor => (loaded ? tensor : (tensor.kept?.() ?? tensor));
  const data = {
    ...{ x: take(x), y: take(y), trainRows, sampleWeight: options.sampleWeight },
    weights: trainingWeights(options, y, trainRows),
    validation: given &&
      validX && {
        x: take(validX),
        y: take(targets(given[1], validX, "validation y")),
        sampleWeight: given[2],
      },
  };
  if (!loaded) await ready();
  const engine = defaultEngine();
  const architecture = build();
  const hyperparameters = hyperparametersOf(architecture);
  const programs = {
    initialize: programOf(architecture, "initialize", 1),
    train: programOf(architecture, data.weights ? "trainWeighted" : "train", settings.batchSize),
  };
  return withMatrices(engine, async (hold) => {
    const { training, measured, heldOut } = examplesOfFit(hold, data);
    const score = (examples: Examples, parameters: Floats): Logs => {
      const program = programOf(architecture, evaluationOf(examples), EVALUATION_BATCH);
      const result = runEvaluation(engine, program, examples, parameters, hyperparameters);
      return scoresOf(metrics, result, examples);
    };
    const measure = (parameters: () => Floats): Logs => {
      const { loss: _, ...onTraining } = metrics.length > 0 ? score(measured, parameters()) : { loss: 0 };
      return { ...onTraining, ...(heldOut ? validationNames(score(heldOut, parameters())) : {}) };
    };
    const start = startOf(state, hyperparameters);
    const run = new TrainingRun(engine, programs, training, { ...settings, ...start }, measure);
    try {
      const progress =
        verbose === 0 ? undefined : await progressOf(verbose, settings.epochs, run.stepsPerEpoch);
      onTraining(run);
      await trainWith(run, { ...run.control, model }, callbacks, progress);
      return { state: { row: x.shape, saved: run.save() }, history: toHistory(run.logs) };
    } finally {
      onTraining(undefined);
      run.free();
    }
  });
}

/** What prints is loaded by those who want to read it. */
async function progressOf(verbose: 1 | 2, epochs: number, stepsPerEpoch: number): Promise<Progress> {
  const { Progress } = await import("./callbacks/progress.js");
  return new Progress(platform, verbose, epochs, stepsPerEpoch);
}

/**
 * Where training begins: where it stopped, with the learning rate that it had there; or from the parameters of before
 * `compile`; or from the start.
 */
function startOf(
  state: State | undefined,
  hyperparameters: TrainingOptions["hyperparameters"],
): Pick<TrainingOptions, "hyperparameters" | "from" | "parameters"> {
  if (!state) return { hyperparameters };
  const { saved, recompiled } = state;
  if (recompiled) return { hyperparameters, parameters: weightsOf(saved) };
  const rate = saved.arrays[LEARNING_RATE]?.[0];
  const known = LEARNING_RATE in hyperparameters && Number.isFinite(rate) && rate >= 0;
  return { from: saved, hyperparameters: { ...hyperparameters, ...(known && { [LEARNING_RATE]: rate }) } };
}

/**
 * The options of `fit` with defaults, and how many rows are to train on.
 *
 * @param rows - of the data
 * @throws FettleError `invalid_argument`, `unknown_name`; `invalid_data` if validation leaves no row
 */
function checkFit(options: FitOptions, rows: number) {
  const { epochs = 1, validationSplit = 0, callbacks = [], shuffle = true, seed = 0, verbose = 0 } = options;
  checkCallbacks(callbacks);
  mustBeInteger("epochs", epochs, 0);
  must(
    typeof validationSplit === "number" && validationSplit >= 0 && validationSplit < 1,
    "validationSplit",
    "a number in [0, 1)",
    validationSplit,
  );
  must(typeof shuffle === "boolean", "shuffle", "true or false", shuffle);
  must([0, 1, 2].includes(verbose), "verbose", "0, 1 or 2", verbose);
  must(
    options.validationData === undefined ||
      (Array.isArray(options.validationData) && [2, 3].includes(options.validationData.length)),
    "validationData",
    "an array [x, y] or [x, y, sampleWeight]",
    options.validationData,
  );
  const trainRows = options.validationData ? rows : Math.floor(rows * (1 - validationSplit));
  check(
    trainRows > 0,
    () =>
      `validationSplit must leave at least one row to train on; received ${validationSplit} for ${rows} rows`,
    "invalid_data",
  );
  const batchSize = checkBatch(options.batchSize ?? Math.min(32, trainRows), trainRows);
  return { epochs, callbacks, shuffle, seed, verbose, trainRows, batchSize };
}

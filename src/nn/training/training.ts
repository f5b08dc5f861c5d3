/**
 * Runs models: the training of `fit`, `evaluate` and `predict`, on the shared engine. `../models/loading.ts`
 * loads it; it does not know `LayersModel`, which keeps its results.
 */
import type { NdArray } from "ndarray";
import { checkSampleWeight } from "../../data/weights.js";
import { toNdArray } from "../../engine/arrays.js";
import { defaultEngine } from "../../engine/wasmEngine.js";
import { stridesOf } from "../../graph/operations/strided.js";
import type { Shape } from "../../graph/shape.js";
import type { MaskedPrediction } from "../../metrics/lines.js";
import { type Floats, view } from "../../ndarray.js";
import { classReader } from "../arguments/classes.js";
import type { Described } from "../arguments/compiled.js";
import type { ModelData } from "../arguments/modelData.js";
import type { FitOptions } from "../arguments/options.js";
import type { Logs } from "../callbacks/callback.js";
import { type History, toHistory, validationNames } from "../callbacks/history.js";
import type { Network } from "../network/network.js";
import { checkIds } from "../network/roles.js";
import { architectureFrom, hyperparametersOf, type ProgramKind } from "../programs/architecture.js";
import { programOf } from "../programs/programs.js";
import { PARAMETERS, weightsOf } from "../weights/trainedWeights.js";
import type { LastBatch } from "./anyTraining.js";
import { examplesOfFit } from "./examples.js";
import { checkFit, dataOf } from "./fitting.js";
import type { Gate } from "./gate.js";
import { progressOf, trainWith, Yielding } from "./loop.js";
import { withMatrices } from "./matrices.js";
import { scoreWith } from "./measuring.js";
import { evaluationOf, withSampleWeight } from "./rowWeights.js";
import { EVALUATION_BATCH, scoresOf } from "./scores.js";
import { type Fit, type State, startOf } from "./starting.js";
import { runEvaluation, runPrediction, TrainingRun } from "./trainer.js";

export { arraysOf, vectorOf } from "../network/parameters.js";
export { fitDataset, trainOnBatch } from "./batchTraining.js";
export { during, giveWeights, mustBeFree, newParts, ownersIn, seenIn } from "./sharedWeights.js";

/**
 * @param gate - of a training in slices
 * @throws FettleError as `fit` does
 */
export async function fit(
  { model, row: known, state, onTraining, onTrained, ...described }: Fit,
  x: ModelData,
  y: ModelData,
  options: FitOptions,
  gate?: Gate,
): Promise<History> {
  const { data, settings: all } = checkFit(described, known, x, y, options);
  const { callbacks, verbose, signal, ...settings } = all;
  const row = data.x.shape;
  const engine = defaultEngine();
  const architecture = architectureFrom(described, row);
  const { metrics, network } = architecture;
  checkIds(network, data.x, "x");
  if (data.validation) checkIds(network, data.validation.x, "validation x");
  const resumed = gate?.enter({ architecture, data, settings: all });
  const hyperparameters = hyperparametersOf(architecture);
  const programs = {
    initialize: programOf(architecture, "initialize", 1),
    train: programOf(architecture, data.weights ? "trainWeighted" : "train", settings.batchSize),
  };
  return withMatrices(engine, async (hold) => {
    const { training, measured, heldOut } = examplesOfFit(hold, data);
    const yielding = new Yielding(signal);
    const score = scoreWith(engine, architecture, yielding);
    const own = state();
    const start = startOf(resumed ? { row, saved: resumed.run } : own, network, hyperparameters);
    const logs = resumed?.logs ?? [];
    const run = new TrainingRun(engine, programs, training, { ...settings, ...start, logs });
    const advance = (steps: number): void => {
      run.step(steps);
      gate?.ran(steps);
    };
    async function* epoch(watched: boolean): AsyncGenerator<LastBatch> {
      do {
        const most = gate && (await gate.wait(run));
        await yielding.piece(run, advance, watched ? 1 : most);
        yield run.lastBatch;
      } while (!run.epochEnded);
    }
    const measure = async (): Promise<Logs> => {
      if (metrics.length === 0 && !heldOut) return {};
      const parameters = run.control.getParameters();
      const { loss: _, ...onTraining } = metrics.length > 0 ? await score(measured, parameters) : { loss: 0 };
      return { ...onTraining, ...(heldOut ? validationNames(await score(heldOut, parameters)) : {}) };
    };
    try {
      onTraining({ network, row, run });
      if (!resumed?.ended) {
        await gate?.wait(run);
        const progress = await progressOf(verbose, settings.epochs, run.stepsPerEpoch);
        const control = { ...run.control, model };
        await trainWith({ training: run, control, callbacks, gate, epoch, measure, progress });
      }
      onTrained({ row, saved: run.save() });
      return toHistory(run.logs);
    } finally {
      onTraining(undefined);
      run.free();
    }
  });
}

/**
 * The parameters that a training with this seed starts from, in one vector.
 *
 * @throws FettleError as `build` of a model does
 */
export function initialWeights(described: Described, row: Shape, seed: number): Floats {
  const run = defaultEngine().start(programOf(architectureFrom(described, row), "weights", 1), { seed });
  try {
    run.advance(1);
    return run.read(PARAMETERS);
  } finally {
    run.free();
  }
}

/**
 * The loss, with penalties, and each metric over examples.
 *
 * @throws FettleError as `evaluate` of a model does
 */
export function evaluate(
  described: Described,
  { row, saved }: State,
  x: ModelData,
  y: ModelData,
  sampleWeight: ArrayLike<number> | undefined,
): Logs {
  const data = dataOf(described, row);
  const inputs = data.inputs(x, "x");
  const weights =
    sampleWeight === undefined ? undefined : checkSampleWeight("sampleWeight", sampleWeight, inputs.rows);
  const targets = data.targets(y, inputs, "y", weights);
  const architecture = architectureFrom(described, row);
  checkIds(architecture.network, inputs, "x");
  const engine = defaultEngine();
  return withMatrices(engine, (hold) => {
    const examples = withSampleWeight(hold, { x: hold(inputs), y: hold(targets) }, weights);
    const program = programOf(architecture, evaluationOf(examples), EVALUATION_BATCH);
    return scoresOf(
      architecture.metrics,
      runEvaluation(engine, program, examples, weightsOf(saved), hyperparametersOf(architecture)),
      examples,
    );
  });
}

/**
 * Predictions, [rows, units]; rows of the shape of the output, if there is one.
 *
 * @throws FettleError as
 * `predict` of a model does
 */
export function predict(described: Described, state: State, x: ModelData): NdArray<Floats> {
  const { rows, network, prediction } = predictedBy("predict", described, state, x);
  const { units, outputs } = network;
  return toNdArray(prediction, [rows, ...(outputs.length === 1 ? outputs[0].shape : [units])]);
}

/**
 * Predictions of each output by its name, [rows, ...shape of the output], views of one block.
 *
 * @throws FettleError as `predict` of a model does
 */
export function predictOutputs(
  described: Described,
  state: State,
  x: ModelData,
): Record<string, NdArray<Floats>> {
  const { rows, network, prediction } = predictedBy("predict", described, state, x);
  const { units, outputs } = network;
  return Object.fromEntries(
    outputs.map(({ name, shape, offset }) => [
      name,
      view(prediction, [rows, ...shape], [units, ...stridesOf(shape)], offset),
    ]),
  );
}

/**
 * Class ids of an output, [rows], or [rows, ...positions].
 *
 * @throws FettleError as `classify` of a model does
 */
export function classify(
  described: Described,
  state: State,
  x: ModelData,
  output: string | undefined,
): NdArray<Int32Array> {
  const reader = classReader(described, architectureFrom(described, state.row).network, output);
  const predicted = predictedBy("predictMasked", described, state, x);
  const shape = [predicted.rows, ...reader.shape];
  return view(reader.ids(predicted), shape, stridesOf(shape), 0);
}

/**
 * Predictions with the mask of their steps: what a score needs.
 *
 * @throws FettleError as `predict` of a model does
 */
export function predictMasked(described: Described, state: State, x: ModelData): MaskedPrediction {
  const { prediction, mask } = predictedBy("predictMasked", described, state, x);
  return { prediction, mask };
}

function predictedBy(
  kind: Extract<ProgramKind, "predict" | "predictMasked">,
  described: Described,
  { row, saved }: State,
  x: ModelData,
): MaskedPrediction & { readonly rows: number; readonly network: Network } {
  const inputs = dataOf(described, row).inputs(x, "x");
  const architecture = architectureFrom(described, row);
  const { network } = architecture;
  checkIds(network, inputs, "x");
  const predicted = runPrediction(
    defaultEngine(),
    programOf(architecture, kind, EVALUATION_BATCH),
    inputs,
    network.units,
    weightsOf(saved),
    hyperparametersOf(architecture),
  );
  return { ...predicted, rows: inputs.rows, network };
}

/** Trains models on one batch after another: `trainOnBatch` and `fitDataset`, on the shared engine. */
import { defaultEngine } from "../../engine/wasmEngine.js";
import { check, checkOptions, mustBeInteger, type OptionNames } from "../../errors.js";
import type { ModelData } from "../arguments/modelData.js";
import type { FitDatasetOptions, TrainOnBatchOptions } from "../arguments/options.js";
import type { Logs } from "../callbacks/callback.js";
import { type History, toHistory, validationNames } from "../callbacks/history.js";
import { checkIds } from "../network/roles.js";
import { architectureFrom, hyperparametersOf, type ScoredArchitecture } from "../programs/architecture.js";
import type { LastBatch, StartOptions } from "./anyTraining.js";
import { BatchReader, hostBatchOf, type ReadBatch } from "./batches.js";
import { BatchRun, type HostBatch, rowsCounted, sizeOf } from "./batchRun.js";
import { validationExamples } from "./examples.js";
import { dataOf, type EpochSettings, epochSettingsOf, validationOf } from "./fitting.js";
import { progressOf, trainWith, Yielding } from "./loop.js";
import { withMatrices } from "./matrices.js";
import { MeanLogs, type Score, scoreWith } from "./measuring.js";
import { type Fit, startOf } from "./starting.js";

const TRAIN_ON_BATCH_OPTIONS: OptionNames<TrainOnBatchOptions> = { sampleWeight: true, seed: true };
const FIT_DATASET_OPTIONS: OptionNames<FitDatasetOptions> = {
  epochs: true,
  batchesPerEpoch: true,
  validationData: true,
  callbacks: true,
  seed: true,
  verbose: true,
  signal: true,
};

/** The turns of the host between calls of `trainOnBatch`. */
let betweenCalls: Yielding | undefined;

/** @throws FettleError as `trainOnBatch` of a model does */
export async function trainOnBatch(
  { row: known, state, onTraining, onTrained, ...described }: Fit,
  x: ModelData,
  y: ModelData,
  options: TrainOnBatchOptions,
): Promise<Logs> {
  checkOptions(options, "trainOnBatch", TRAIN_ON_BATCH_OPTIONS);
  const { sampleWeight, seed = 0 } = options;
  mustBeInteger("seed", seed, 0);
  const batch = hostBatchOf(described, known, { x, y, ...(sampleWeight && { sampleWeight }) });
  const row = batch.x.shape;
  const architecture = architectureFrom(described, row);
  const { metrics, network } = architecture;
  checkIds(network, batch.x, "x");
  betweenCalls ??= new Yielding();
  const start = startOf(state(), network, hyperparametersOf(architecture));
  const run = new BatchRun(defaultEngine(), architecture, { ...start, epochs: 1, seed }, sizeOf(batch));
  try {
    onTraining({ network, row, run });
    const score = scoreWith(defaultEngine(), architecture, betweenCalls);
    const scores = await stepOn(run, batch, architecture, score, betweenCalls);
    const unknown = metrics.map(({ name }) => [name, Number.NaN]);
    onTrained({ row, saved: run.save() });
    return { loss: run.loss, ...Object.fromEntries(unknown), ...scores };
  } finally {
    onTraining(undefined);
    run.free();
  }
}

/** Trains a step on a batch. @returns its metrics before the step; none if no row of it counts */
async function stepOn(
  run: BatchRun,
  batch: HostBatch,
  { metrics }: ScoredArchitecture,
  score: Score,
  yielding: Yielding,
): Promise<Logs> {
  run.put(batch);
  const isScored = metrics.length > 0 && rowsCounted(batch) > 0;
  const { loss: _, ...scores } = isScored
    ? await score(run.examples, run.control.getParameters())
    : { loss: 0 };
  await yielding.piece({ stepsLeft: 1 }, () => run.step());
  return scores;
}

/** @throws FettleError as `fitDataset` of a model does */
export async function fitDataset(fit: Fit, dataset: unknown, options: FitDatasetOptions): Promise<History> {
  checkOptions(options, "fitDataset", FIT_DATASET_OPTIONS);
  const { batchesPerEpoch } = options;
  if (batchesPerEpoch !== undefined) mustBeInteger("batchesPerEpoch", batchesPerEpoch);
  const settings = epochSettingsOf(options);
  const reader = new BatchReader(dataset, { epochs: settings.epochs, batchesPerEpoch });
  try {
    return await fitBatches(fit, reader, settings, options);
  } catch (error) {
    await reader.close().catch(() => {}); // the first error is the one to report
    throw error;
  }
}

async function fitBatches(
  { model, row: known, state, onTraining, onTrained, ...described }: Fit,
  reader: BatchReader,
  { callbacks, epochs, seed, verbose, signal }: EpochSettings,
  { validationData, batchesPerEpoch }: FitDatasetOptions,
): Promise<History> {
  const engine = defaultEngine();
  // the first batch decides the shape of rows, before any callback
  let pending = await reader.next();
  const { batch, name } = pending as ReadBatch;
  const first = hostBatchOf(described, known, batch, `${name}.`);
  const [row, size] = [first.x.shape, sizeOf(first)];
  const validation = validationOf(dataOf(described, row), validationData);
  const architecture = architectureFrom(described, row);
  const { network } = architecture;
  if (validation) checkIds(network, validation.x, "validation x");
  const hyperparameters = hyperparametersOf(architecture);
  return withMatrices(engine, async (hold) => {
    const heldOut = validation && validationExamples(hold, validation);
    const yielding = new Yielding(signal);
    const score = scoreWith(engine, architecture, yielding);
    const options: StartOptions = { ...startOf(state(), network, hyperparameters), epochs, seed };
    const run = new BatchRun(engine, architecture, options, size);
    const means = new MeanLogs();
    /** Refers to no batch once it has returned, so that there is only one. */
    const next = async (): Promise<LastBatch | undefined> => {
      const read = pending ?? (await reader.next());
      pending = undefined;
      if (read === undefined) return undefined;
      const batch = hostBatchOf(described, row, read.batch, `${read.name}.`);
      checkIds(network, batch.x, `${read.name}.x`);
      check(
        (batch.weights !== undefined) === size.isWeighted,
        () =>
          `${read.name}.sampleWeight must be ${size.isWeighted ? "given, as the first batch has it" : "left out, as in the first batch"}`,
        "invalid_data",
      );
      means.add(await stepOn(run, batch, architecture, score, yielding), rowsCounted(batch));
      return { number: read.number, size: batch.x.rows };
    };
    async function* epoch(): AsyncGenerator<LastBatch> {
      for (let last = await next(); last; last = await next()) yield last;
    }
    const measure = async (): Promise<Logs> => ({
      ...means.take(),
      ...(heldOut && validationNames(await score(heldOut, run.control.getParameters()))),
    });
    try {
      onTraining({ network, row, run });
      const progress = await progressOf(verbose, epochs, batchesPerEpoch);
      const control = { ...run.control, model };
      await trainWith({ training: run, control, callbacks, epoch, measure, progress });
      await reader.close();
      onTrained({ row, saved: run.save() });
      return toHistory(run.logs);
    } finally {
      onTraining(undefined);
      run.free();
    }
  });
}

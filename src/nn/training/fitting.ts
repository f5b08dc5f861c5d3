/** The arrays and options of `fit`: checks and defaults. Nothing runs here. */
import type { LentTensor } from "../../data/tensor.js";
import { check, checkSignal, must, mustBeInteger } from "../../errors.js";
import type { Shape } from "../../graph/shape.js";
import { getMetric } from "../../metrics/registry.js";
import type { Described } from "../arguments/compiled.js";
import { judgeModel, judgeTargets } from "../arguments/judge.js";
import { inputsOf, type ModelData, outputTargets } from "../arguments/modelData.js";
import { checkBatch, type FitDatasetOptions, type FitOptions } from "../arguments/options.js";
import { type Callback, checkCallbacks } from "../callbacks/callback.js";
import { networkOf, rowOf } from "../network/network.js";
import type { FitData } from "./examples.js";
import { trainingWeights } from "./rowWeights.js";
import type { TrainingOptions } from "./trainer.js";

/** How the arrays of a model are read. */
export interface DataOf {
  /** Inputs that fit the first layers. @throws FettleError as `inputsOf` */
  inputs(x: ModelData, what: string): LentTensor;
  /**
   * Targets that fit inputs, the outputs, the losses and the metrics.
   *
   * @param weights - how much rows count; rows of weight 0 may hold anything
   * @throws FettleError as `outputTargets`, `judgeModel` and `judgeTargets`
   */
  targets(y: ModelData, x: LentTensor, what: string, weights: ArrayLike<number> | undefined): LentTensor;
}

/** @param trained - the shape of a row that the model was trained on, if it was */
export function dataOf({ wiring, compiled }: Described, trained: Shape | undefined): DataOf {
  const row = rowOf(wiring) ?? trained;
  return {
    inputs: (x, what) => inputsOf(x, { what, inputs: wiring.inputs, row }),
    targets(y, { rows, shape }, what, weights) {
      const network = networkOf(wiring, shape);
      const { outputs } = network;
      const { losses } = compiled;
      const metrics = compiled.metrics.map((list) => list.map(getMetric));
      const judged = { wiring, network, losses, metrics };
      judgeModel(judged);
      const targets = outputTargets(y, { what, rows, outputs, losses, weights });
      judgeTargets(judged, { what, y: targets.data, weights });
      return targets;
    },
  };
}

/** The options of every training by epochs, with their defaults. */
export interface EpochSettings extends Pick<TrainingOptions, "epochs" | "seed"> {
  readonly callbacks: readonly Callback[];
  readonly verbose: 0 | 1 | 2;
  readonly signal: FitOptions["signal"];
}

/** The options of `fit` with their defaults, except those for data. */
export interface FitSettings extends EpochSettings, Pick<TrainingOptions, "batchSize" | "shuffle"> {}

/** @param trained - as in `dataOf` @throws FettleError as `fit` does */
export function checkFit(
  described: Described,
  trained: Shape | undefined,
  givenX: ModelData,
  givenY: ModelData,
  options: FitOptions,
): { readonly data: FitData; readonly settings: FitSettings } {
  const x = dataOf(described, trained).inputs(givenX, "x");
  const reading = dataOf(described, x.shape);
  const { sampleWeight } = options;
  const y = reading.targets(givenY, x, "y", sampleWeight);
  const { trainRows, ...settings } = settingsOf(options, x.rows);
  const data = {
    x,
    y,
    trainRows,
    sampleWeight,
    weights: trainingWeights(options, y, trainRows, described.wiring.outputs.length),
    validation: validationOf(reading, options.validationData),
  };
  return { data, settings };
}

/** The examples of `validationData`, if there are any. */
export function validationOf(
  { inputs, targets }: DataOf,
  given: FitOptions["validationData"],
): FitData["validation"] {
  if (given === undefined) return undefined;
  const [, y, sampleWeight] = given;
  const x = inputs(given[0], "validation x");
  return { x, y: targets(y, x, "validation y", sampleWeight), sampleWeight };
}

/** @throws FettleError `invalid_argument`, `unknown_name` for options that `fit` and `fitDataset` share */
export function epochSettingsOf({
  epochs = 1,
  callbacks = [],
  seed = 0,
  verbose = 0,
  signal,
  validationData,
}: Omit<FitDatasetOptions, "batchesPerEpoch">): EpochSettings {
  checkCallbacks(callbacks);
  mustBeInteger("epochs", epochs, 0);
  checkSignal(signal);
  must([0, 1, 2].includes(verbose), "verbose", "0, 1 or 2", verbose);
  must(
    validationData === undefined || (Array.isArray(validationData) && [2, 3].includes(validationData.length)),
    "validationData",
    "an array [x, y] or [x, y, sampleWeight]",
    validationData,
  );
  return { epochs, callbacks, seed, verbose, signal };
}

/**
 * The options of `fit` with defaults, and how many rows train.
 *
 * @param rows - of the data
 * @throws FettleError `invalid_argument`, `unknown_name`; `invalid_data` if validation leaves no row
 */
function settingsOf(options: FitOptions, rows: number): FitSettings & { readonly trainRows: number } {
  const { validationSplit = 0, shuffle = true } = options;
  const settings = epochSettingsOf(options);
  must(
    typeof validationSplit === "number" && validationSplit >= 0 && validationSplit < 1,
    "validationSplit",
    "a number in [0, 1)",
    validationSplit,
  );
  must(typeof shuffle === "boolean", "shuffle", "true or false", shuffle);
  const trainRows = options.validationData ? rows : Math.floor(rows * (1 - validationSplit));
  check(
    trainRows > 0,
    () =>
      `validationSplit must leave at least one row to train on; received ${validationSplit} for ${rows} rows`,
    "invalid_data",
  );
  const batchSize = checkBatch(options.batchSize ?? Math.min(32, trainRows), trainRows);
  return { ...settings, shuffle, trainRows, batchSize };
}

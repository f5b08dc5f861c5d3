/**
 * How a trial is trained: its parameters become a model, the model a job, and the job runs on every round. What comes of
 * it is scored in `trials.ts`.
 */

import type { SavedRun } from "../../engine/executor.js";
import { check, checkOptions, show } from "../../errors.js";
import { type Architecture, hyperparametersOf, programOf } from "../../nn/architecture.js";
import type { EarlyStoppingOptions } from "../../nn/callbacks.js";
import { checkBatch, EVALUATION_BATCH, Sequential } from "../../nn/sequential.js";
import type { ParamsOf, Space } from "../../search/space/space.js";
import { checkEarlyStopping, type Job, type JobResult } from "../jobs/job.js";
import type { JobRunner } from "../jobs/runner.js";
import type { Fold, Folds } from "./folds.js";

/** How one trial is trained. */
export interface FitSettings {
  /** Default 20. With `pbt()`, of one interval. */
  readonly epochs?: number;
  /** Default 32, or all rows of the smallest fold if they are fewer. */
  readonly batchSize?: number;
  /** Stops a training early by its fold's validation part. */
  readonly earlyStopping?: EarlyStoppingOptions;
}

/** Epochs of a trial that says nothing of them. */
export const DEFAULT_EPOCHS = 20;

/** What trainings need. */
export interface Trainer<S extends Space> {
  readonly model: (params: ParamsOf<S>) => Sequential;
  readonly fit?: FitSettings | ((params: ParamsOf<S>) => FitSettings);
  readonly folds: Folds;
  readonly runner: JobRunner;
}

/** A trial before it is trained. */
export interface Training {
  readonly architecture: Architecture;
  /** What all rounds have in common. */
  readonly job: Omit<Job, "fold">;
}

/** What parameters come to, for training on `folds`. */
export function trainingOf<S extends Space>(
  { model, fit: given = {} }: Pick<Trainer<S>, "model" | "fit">,
  params: ParamsOf<S>,
  seed: number,
  folds: readonly Fold[],
): Training {
  const settings = typeof given === "function" ? given(params) : given;
  const { epochs, batchSize, earlyStopping } = settingsFor(settings, folds);
  const built = model(params);
  check(
    built instanceof Sequential,
    () => `model returns a compiled model, made by sequential(); got ${show(built)}`,
  );
  const architecture = built.architecture(folds[0].features);
  const job = {
    programs: {
      initialize: programOf(architecture, "initialize", 1),
      train: programOf(architecture, "train", batchSize),
      evaluate: programOf(architecture, "evaluate", EVALUATION_BATCH),
    },
    hyperparameters: hyperparametersOf(architecture),
    epochs,
    batchSize,
    seed,
    keepState: false,
    ...(earlyStopping ? { earlyStopping } : {}),
  };
  return { architecture, job };
}

/** Trains on every round, from states or anew. */
export function trainRounds<S extends Space>(
  { folds, runner }: Trainer<S>,
  job: Omit<Job, "fold">,
  states: readonly (SavedRun | undefined)[] = [],
): Promise<JobResult[]> {
  return Promise.all(
    folds.rounds.map((_, fold) => runner.run({ ...job, fold, ...(states[fold] && { from: states[fold] }) })),
  );
}

/** Settings with defaults for those left out, checked against the smallest fold. */
export function settingsFor(
  settings: FitSettings,
  folds: readonly Fold[],
): FitSettings & Required<Pick<FitSettings, "epochs" | "batchSize">> {
  checkOptions(settings, "fit", ["epochs", "batchSize", "earlyStopping"]);
  const { epochs = DEFAULT_EPOCHS, earlyStopping } = settings;
  if (earlyStopping) checkEarlyStopping(earlyStopping);
  check(Number.isSafeInteger(epochs) && epochs > 0, () => `epochs is a positive number, got ${show(epochs)}`);
  const fewest = Math.min(...folds.map(({ train }) => train.rows));
  const batchSize = checkBatch(settings.batchSize ?? Math.min(32, fewest), fewest);
  return { ...settings, epochs, batchSize };
}

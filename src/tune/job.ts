/**
 * A job is one training on one fold, as plain data; any thread that holds the folds can do
 * it, to the same bits. It knows neither the study nor the model that it came from.
 */

import { platform } from "#platform";
import type { Executor, Matrix, SavedRun } from "../engine/executor.js";
import { check, show } from "../errors.js";
import type { Metric } from "../metrics/metric.js";
import { getMetric } from "../metrics/registry.js";
import type { Floats } from "../ndarray.js";
import { type Callback, type EarlyStoppingOptions, earlyStopping, type Logs } from "../nn/callbacks.js";
import { evaluate, type TrainingPrograms, train } from "../nn/trainer.js";
import type { FoldPart } from "./folds.js";

export interface Job {
  /** The position of the fold among those the runner was given. */
  readonly fold: number;
  readonly programs: TrainingPrograms;
  readonly hyperparameters: Readonly<Record<string, number>>;
  readonly epochs: number;
  readonly batchSize: number;
  readonly seed: number;
  readonly earlyStopping?: EarlyStoppingOptions;
  /** Whether the trained state is wanted. */
  readonly keepState: boolean;
  /** Where an earlier job of the same training stopped. */
  readonly from?: SavedRun;
}

export interface JobResult {
  /** Predictions of the fold's validation part; empty if it has none. */
  readonly prediction: Floats;
  /** The loss of each epoch, over the training part while training. */
  readonly losses: readonly number[];
  /** The epochs that the predictions are of: fewer than were run if the best were put back. */
  readonly epochs: number;
  /** False if the loss was not finite at the end of an epoch; training stopped there. */
  readonly finite: boolean;
  /** How long training took, and predicting the validation part. */
  readonly fitSeconds: number;
  readonly scoreSeconds: number;
  readonly state?: SavedRun;
}

/** What a job needs of a fold. */
export interface FoldExamples {
  readonly train: FoldPart;
  readonly validation: FoldPart | undefined;
  readonly features: number;
  readonly outputs: number;
}

/** A fold on an executor. */
export interface LoadedFold {
  readonly train: { readonly x: Matrix; readonly y: Matrix };
  readonly validation: { readonly x: Matrix; readonly y: Matrix } | undefined;
  free(): void;
}

export function loadFold(
  executor: Executor,
  { train, validation, features, outputs }: FoldExamples,
): LoadedFold {
  const load = ({ rows, x, y }: FoldPart) => ({
    x: executor.matrix(rows, features, x),
    y: executor.matrix(rows, outputs, y),
  });
  const parts = { train: load(train), validation: validation && load(validation) };
  return {
    ...parts,
    free() {
      for (const part of [parts.train, parts.validation]) {
        part?.x.free();
        part?.y.free();
      }
    },
  };
}

/** @param pause - awaited after each epoch, where a thread has other things to do as well */
export async function runJob(
  executor: Executor,
  fold: LoadedFold,
  job: Job,
  pause: () => Promise<void> | void = () => {},
): Promise<JobResult> {
  const { programs, hyperparameters, epochs, batchSize, seed } = job;
  const began = platform.now();
  let finite = true;
  const watch: Callback = {
    onEpochEnd(_, { loss }, control) {
      if (!Number.isFinite(loss)) {
        finite = false;
        control.stop();
      }
      return pause();
    },
  };
  const stopping = job.earlyStopping && earlyStopping(job.earlyStopping);
  const trained = await train(
    executor,
    programs,
    fold.train,
    { hyperparameters, epochs, batchSize, shuffle: true, seed, ...(job.from && { from: job.from }) },
    stopping ? [watch, stopping] : [watch],
    measureFor(executor, fold, job),
  );
  const fitted = platform.now();
  const prediction = fold.validation
    ? evaluate(executor, programs.evaluate, fold.validation, trained.state.arrays.parameters, hyperparameters)
        .prediction
    : new Float32Array(0);
  const putsBack = job.earlyStopping?.restoreBestWeights ?? true;
  return {
    prediction,
    losses: trained.logs.map(({ loss }) => loss),
    epochs: putsBack && stopping?.bestEpoch !== undefined ? stopping.bestEpoch + 1 : trained.logs.length,
    finite,
    fitSeconds: (fitted - began) / 1000,
    scoreSeconds: (platform.now() - fitted) / 1000,
    ...(job.keepState ? { state: trained.state } : {}),
  };
}

/** @throws FettleError `invalid_argument`, `unknown_name` for options that are none, and for what a fold cannot measure */
export function checkEarlyStopping(options: EarlyStoppingOptions): void {
  earlyStopping(options);
  const { monitor = "valLoss" } = options;
  if (monitor !== "loss" && monitor !== "valLoss") monitoredMetric(monitor);
}

/** `valAccuracy` → the metric `accuracy` */
function monitoredMetric(monitor: string): Metric {
  check(
    /^val[A-Z]/.test(monitor),
    () =>
      `early stopping of a trial monitors "loss", "valLoss" or a metric as "valAccuracy", got ${show(monitor)}`,
  );
  return getMetric(monitor[3].toLowerCase() + monitor.slice(4));
}

/** What early stopping watches is measured after each epoch; without it, nothing is. */
function measureFor(executor: Executor, { validation }: LoadedFold, job: Job) {
  const monitor = job.earlyStopping && (job.earlyStopping.monitor ?? "valLoss");
  if (monitor === undefined || monitor === "loss" || validation === undefined) return () => ({});
  const metric = monitor === "valLoss" ? undefined : monitoredMetric(monitor);
  return (parameters: () => Floats): Logs => {
    const { loss, prediction } = evaluate(
      executor,
      job.programs.evaluate,
      validation,
      parameters(),
      job.hyperparameters,
    );
    if (!metric) return { valLoss: loss };
    return {
      [monitor]: metric.compute(Float64Array.from(validation.y.read()), prediction, validation.y.columns),
    };
  };
}

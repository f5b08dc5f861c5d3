/**
 * A job is one training of one trial on one fold, as plain data. Any worker that holds the folds can run it,
 * with the same bits, and it can stop after any step. It knows neither the study nor the model it came from.
 */

import { platform } from "#platform";
import type { Executor, SavedRun } from "../../engine/executor.js";
import { must } from "../../errors.js";
import type { Metric } from "../../metrics/metric.js";
import { metricNamed } from "../../metrics/registry.js";
import { camelCase } from "../../names.js";
import type { Floats } from "../../ndarray.js";
import type { Callback, Logs, TrainingControl } from "../../nn/callbacks/callback.js";
import {
  type EarlyStopping,
  type EarlyStoppingOptions,
  earlyStopping,
} from "../../nn/callbacks/earlyStopping.js";
import { validationNames } from "../../nn/callbacks/history.js";
import { type ReduceLROnPlateauOptions, reduceLROnPlateau } from "../../nn/callbacks/reduceLROnPlateau.js";
import { terminateOnNaN } from "../../nn/callbacks/terminateOnNaN.js";
import { trainWith } from "../../nn/training/loop.js";
import {
  type Examples,
  runEvaluation,
  type TrainingPrograms,
  TrainingRun,
} from "../../nn/training/trainer.js";
import { type WeightsPart, weightsOf } from "../../nn/weights/trainedWeights.js";
import { defined } from "../../options.js";
import { Pieces } from "../../platform/turns.js";
import type { FoldChoice, LoadedFold } from "./fold.js";
import { scoreOn } from "./score.js";
import { controlOf, epochInPieces, scoresBy, type Watch } from "./watch.js";

export interface Job extends FoldChoice {
  /** The number of its trial; undefined for the final fit. */
  readonly trial?: number;
  readonly programs: TrainingPrograms;
  readonly hyperparameters: Readonly<Record<string, number>>;
  readonly epochs: number;
  readonly batchSize: number;
  readonly seed: number;
  readonly earlyStopping?: EarlyStoppingOptions;
  readonly reduceLROnPlateau?: PlateauOptions;
  /**
   * The learning rate of each epoch; after the last epoch, training continues at that rate. Default: that of
   * the hyperparameters.
   */
  readonly learningRates?: readonly number[];
  /** What is measured on the validation rows after each epoch, see `measuredBy`; nothing by default. */
  readonly measured?: readonly string[];
  /** Whether the result includes predictions of the training part. */
  readonly predictsTraining?: true;
  /** Whether the result includes the trained state. */
  readonly keepState: boolean;
  /** The weights that layers of the model bring, from which training starts; without `from`. */
  readonly parameters?: readonly WeightsPart[];
  /** The final state of the job before it, of the same training or of the parent's. */
  readonly from?: SavedRun;
  /** The state in which this job was saved. */
  readonly resume?: SavedJob;
  /**
   * When training is cut at a step, in milliseconds since 1970: a time limit is the only clock that affects a
   * result.
   */
  readonly until?: number;
  /** Callbacks of the user for a fold: code, so that such a job is no plain data, and stays in its thread. */
  readonly watch?: (fold: number) => Watch;
}

/**
 * When the learning rate is reduced, by the training loss: the final fit, which has no validation rows,
 * reduces it by the same rule.
 */
export type PlateauOptions = Omit<ReduceLROnPlateauOptions, "monitor" | "mode">;

/** A job that was saved before its end. */
export interface SavedJob {
  readonly state: SavedRun;
  /** The logs of its epochs so far. */
  readonly logs: readonly Logs[];
  /** The parameters that early stopping restores. */
  readonly best?: Floats;
  /** How long it has trained. */
  readonly fitSeconds: number;
}

export interface JobResult {
  /** Predictions of the fold's validation part; empty if it has none. */
  readonly prediction: Floats;
  /** For a network whose output leaves out steps: which of them count, [rows, steps]. */
  readonly mask?: Floats;
  /** The same for the training part, if asked for. */
  readonly trained?: Pick<JobResult, "prediction" | "mask">;
  /** By name, one number per epoch: `loss` over the training part while training, and what is measured. */
  readonly curves: FoldCurves;
  /** The epochs behind the predictions: fewer than were run, if the best parameters were restored. */
  readonly epochs: number;
  /** False if the loss was NaN or infinite at the end of an epoch; training stopped there. */
  readonly finite: boolean;
  /** Whether time ran out before training ended. */
  readonly cut?: true;
  /** How long training took. */
  readonly fitSeconds: number;
  /** How long it took to predict the validation part. */
  readonly scoreSeconds: number;
  readonly state?: SavedRun;
}

/** Curves of one fold: by name, one number per epoch; always with `loss`. */
export type FoldCurves = Readonly<Record<string, Float32Array>>;

/** A running job. */
export class OpenJob {
  private readonly training: TrainingRun;
  private readonly watch: Watch | undefined;
  private readonly measure: () => Logs;
  private readonly stopping: EarlyStopping | undefined;
  private readonly callbacks: readonly Callback[];
  private readonly control: TrainingControl;
  private fitSeconds: number;
  private isCut = false;

  constructor(
    private readonly executor: Executor,
    private readonly fold: LoadedFold,
    private readonly job: Job,
    private readonly onFree: () => void = () => {},
  ) {
    const { programs, hyperparameters, epochs, batchSize, seed, parameters, resume } = job;
    const from = resume?.state ?? job.from;
    this.watch = job.watch?.(job.fold);
    const measure = measureFor(executor, fold, job, this.watch);
    this.training = new TrainingRun(
      executor,
      programs,
      fold.train,
      {
        hyperparameters,
        epochs,
        batchSize,
        shuffle: true,
        seed,
        ...defined({ parameters, from, logs: resume?.logs }),
      },
      measure,
    );
    this.measure = () => measure(this.training.control.getParameters);
    this.stopping = job.earlyStopping && earlyStopping(job.earlyStopping);
    this.callbacks = [
      terminateOnNaN(),
      ...(this.stopping ? [this.stopping] : []),
      ...(job.reduceLROnPlateau ? [plateau(job.reduceLROnPlateau)] : []),
    ];
    this.fitSeconds = resume?.fitSeconds ?? 0;
    // Replays the saved epochs to the callbacks: their state follows from the logs.
    const { control } = this.training;
    let replaying = true;
    this.control = {
      ...control,
      getParameters: () => (replaying && resume?.best) || control.getParameters(),
    };
    for (const callback of this.callbacks) callback.onTrainBegin?.(this.control);
    for (const [epoch, log] of (resume?.logs ?? []).entries()) this.endEpoch(epoch, log);
    replaying = false;
    this.setRate();
  }

  /** Whether training has ended; then there is a result. */
  get done(): boolean {
    return this.training.done;
  }

  /** The curves so far. */
  get curves(): FoldCurves {
    const { logs } = this.training;
    const names = ["loss", ...(this.job.measured ?? [])];
    return Object.fromEntries(names.map((name) => [name, Float32Array.from(logs, (log) => log[name])]));
  }

  /** Trains at most `steps` steps. @returns how many */
  advance(steps: number): number {
    const { training } = this;
    const began = platform.now();
    let taken = 0;
    while (!training.done && taken < steps) {
      const next = Math.min(steps - taken, training.stepsLeft);
      const log = training.advance(next);
      taken += next;
      if (!log) continue;
      this.endEpoch(training.logs.length - 1, log);
      this.setRate();
    }
    this.fitSeconds += (platform.now() - began) / 1000;
    return taken;
  }

  /**
   * Trains to the end, or until time runs out, by the loop of `fit`: if the user has callbacks.
   *
   * @param pause - awaited from time to time
   * @returns whether there are callbacks
   */
  async trainWatched(pause: () => Promise<void> | void): Promise<boolean> {
    const { training, watch, job } = this;
    if (watch === undefined) return false;
    const { epochs, until = Number.POSITIVE_INFINITY } = job;
    const began = platform.now();
    const pieces = new Pieces();
    let late = false;
    const isLate = (): boolean => {
      late = !training.done && platform.time() >= until;
      return late;
    };
    // after those of the user, whose places errors name
    const last: Callback = {
      onEpochEnd: (epoch, log) => {
        this.endEpoch(epoch, log);
        this.setRate();
      },
    };
    await trainWith({
      training,
      control: controlOf(training, watch),
      callbacks: [...watch.callbacks, last],
      epoch: (watched) => epochInPieces(training, pieces, watched, pause, isLate),
      measure: async () => this.measure(),
    });
    this.isCut = late && !(training.epochEnded && training.logs.length === epochs);
    this.fitSeconds += (platform.now() - began) / 1000;
    return true;
  }

  /** Ends training now: a started epoch counts as one. */
  cut(): void {
    const { training } = this;
    if (training.done) return;
    this.isCut = true;
    if (training.epochEnded) return;
    training.endEpoch();
    this.endEpoch(training.logs.length - 1, training.logs[training.logs.length - 1]);
  }

  save(): SavedJob {
    const best = this.stopping?.bestParameters;
    const { logs } = this.training;
    return {
      state: this.training.save(),
      logs: [...logs],
      ...(best && { best }),
      fitSeconds: this.fitSeconds,
    };
  }

  /** The result, once it is done. */
  result(): JobResult {
    const { executor, fold, job, training, fitSeconds } = this;
    const { programs, hyperparameters, keepState } = job;
    const { logs } = training;
    for (const callback of this.callbacks) callback.onTrainEnd?.(this.control);
    const state = training.save();
    const predicted = (examples: Examples): Pick<JobResult, "prediction" | "mask"> => {
      const weights = weightsOf(state);
      const { prediction, mask } = runEvaluation(
        executor,
        programs.evaluate,
        examples,
        weights,
        hyperparameters,
      );
      return { prediction, ...(mask && { mask }) };
    };
    const began = platform.now();
    const held = fold.validation ? predicted(fold.validation) : { prediction: new Float32Array(0) };
    const scoreSeconds = (platform.now() - began) / 1000;
    return {
      ...held,
      ...(job.predictsTraining && { trained: predicted(measuredRows(fold.train, programs)) }),
      curves: this.curves,
      epochs: this.keptEpochs,
      finite: logs.every(({ loss }) => Number.isFinite(loss)),
      ...(this.isCut && { cut: true }),
      fitSeconds,
      scoreSeconds,
      ...(keepState ? { state } : {}),
    };
  }

  /** Frees its memory. */
  free(): void {
    this.training.free();
    this.onFree();
  }

  /** The epochs behind the weights: up to the best one, if its weights were restored. */
  private get keptEpochs(): number {
    const { watch, stopping, training } = this;
    const all = [...(watch?.callbacks ?? []), ...(stopping ? [stopping] : [])];
    const restored = all.filter(isStopping).filter(({ bestParameters }) => bestParameters !== undefined);
    const { bestEpoch = training.logs.length - 1 } = restored[restored.length - 1] ?? {};
    return bestEpoch + 1;
  }

  private endEpoch(epoch: number, log: Logs): void {
    for (const callback of this.callbacks) callback.onEpochEnd?.(epoch, log, this.control);
  }

  /** Sets the learning rate of the next epoch, or of the current one. */
  private setRate(): void {
    const { job, training, control } = this;
    if (job.learningRates && !training.done) control.setLearningRate(job.learningRates[training.logs.length]);
  }
}

const isStopping = (callback: Callback): callback is EarlyStopping => "bestParameters" in callback;

const plateau = (options: PlateauOptions): Callback => reduceLROnPlateau({ ...options, monitor: "loss" });

/** @throws FettleError `invalid_argument`, `unknown_name` for invalid options */
export function checkPlateau(options: PlateauOptions): void {
  plateau(options);
  const { monitor = "loss" } = options as ReduceLROnPlateauOptions;
  const rule = '"loss" in a tuner, whose final fit has no validation rows';
  must(monitor === "loss", "monitor of reduceLROnPlateau", rule, monitor);
}

/**
 * @throws FettleError `invalid_argument`, `unknown_name` for invalid options, and for a `monitor` that a fold
 * does not measure
 */
export function checkEarlyStopping(options: EarlyStoppingOptions): void {
  earlyStopping(options);
  const monitor = monitorOf(options);
  if (monitor !== "loss" && monitor !== "valLoss") monitoredMetric(monitor);
}

/** The name of the number as curves have it; anything but a name is refused elsewhere. */
function monitorOf({ monitor = "valLoss" }: EarlyStoppingOptions): string {
  return typeof monitor === "string" ? camelCase(monitor) : monitor;
}

/** `valAccuracy` → the metric `accuracy` */
function monitoredMetric(monitor: string): Metric {
  must(
    typeof monitor === "string" && /^val[A-Z]/.test(monitor),
    "monitor of earlyStopping",
    '"loss", "valLoss" or a metric such as "valAccuracy"',
    monitor,
  );
  return metricNamed(monitor[3].toLowerCase() + monitor.slice(4));
}

/**
 * What a job measures on the validation rows after each epoch: `valLoss`, then metrics such as `valAccuracy`.
 * Nothing, unless early stopping monitors it or the curves include it.
 *
 * @param wanted - the names of metrics that the curves include after every epoch, such as `valAccuracy`
 */
export function measuredBy(
  stopping: EarlyStoppingOptions | undefined,
  wanted: readonly string[] = [],
): readonly string[] {
  const monitor = stopping ? monitorOf(stopping) : "loss";
  const names = monitor === "loss" ? wanted : [...wanted, monitor];
  // the evaluation that measures them also gives the loss
  return names.length === 0 ? [] : [...new Set(["valLoss", ...names])];
}

/**
 * Measures after each epoch what the job asks for, and what `fit` would for callbacks. Metrics are in the
 * units of the target, as the scores of trials are.
 */
function measureFor(
  executor: Executor,
  { train, validation, scored, trained }: LoadedFold,
  job: Job,
  watch?: Watch,
): (parameters: () => Floats) => Logs {
  const { measured = [], programs, hyperparameters } = job;
  const metrics = watch?.metrics ?? [];
  const isValidated = validation !== undefined && (watch ? !watch.isFinal : measured.length > 0);
  const rows = measuredRows(train, programs);
  const [, ...names] = measured; // after valLoss
  return (parameters) => {
    const evaluated = (examples: Examples) =>
      runEvaluation(executor, programs.evaluate, examples, parameters(), hyperparameters);
    const own = metrics.length > 0 ? scoresBy(metrics, trained(), evaluated(rows)) : {};
    if (!isValidated) return own;
    const { loss, ...held } = evaluated(validation);
    const scores = names.map((name) => [name, scoreOn(scored, monitoredMetric(name), held)]);
    return {
      ...own,
      valLoss: loss,
      ...validationNames(scoresBy(metrics, scored, held)),
      ...Object.fromEntries(scores),
    };
  };
}

/** Training rows without weights that only training counts: those of classes. */
function measuredRows(train: Examples, { evaluate }: TrainingPrograms): Examples {
  const { weights, ...unweighted } = train;
  return evaluate.streams.some(({ name }) => name === "weights") ? train : unweighted;
}

/**
 * What becomes of one trial: a model is built from parameters, trained on every round as jobs, and scored; and the
 * last fit, of the best parameters to everything but the test part. It asks no strategy and keeps no trials.
 */

import type { NdArray } from "ndarray";
import type { Task } from "../data/dataset.js";
import { fromMatrix, type MatrixLike, toMatrix64 } from "../data/matrix.js";
import { applyPreprocessor, restoreTarget } from "../data/preprocess.js";
import { check, checkOptions, show } from "../errors.js";
import type { Metric } from "../metrics/metric.js";
import { metrics as builtIn } from "../metrics/registry.js";
import type { Floats } from "../ndarray.js";
import { hyperparametersOf, programOf } from "../nn/architecture.js";
import type { EarlyStoppingOptions } from "../nn/callbacks.js";
import { checkBatch, EVALUATION_BATCH, Sequential } from "../nn/sequential.js";
import type { RunningTrial } from "../search/optimize.js";
import type { Scheduler } from "../search/schedulers/scheduler.js";
import type { ParamsOf, Space } from "../search/space.js";
import type { TrialOutcome, TrialRecord } from "../search/trial.js";
import type { Fold, Folds } from "./folds.js";
import { checkEarlyStopping, type Job, type JobResult } from "./job.js";
import type { JobRunner } from "./runner.js";

/** How one trial is trained. */
export interface FitSettings {
  /** Default 20. */
  readonly epochs?: number;
  /** Default 32, or all rows of the smallest fold if they are fewer. */
  readonly batchSize?: number;
  /** Stops a training early by its fold's validation part. */
  readonly earlyStopping?: EarlyStoppingOptions;
}

/** The model at the end. */
export interface Final {
  /** Trained; it takes inputs as they were standardised, where `predict` below takes them as they were given. */
  readonly model: Sequential;
  /** Scores on the test part, by metric; empty without one. */
  readonly test: Scores;
  /** Predictions for inputs as they were given, in the units of the target: [rows, outputs]. */
  predict(x: MatrixLike): NdArray<Floats>;
}

/** Epochs of a trial that says nothing of them. */
export const DEFAULT_EPOCHS = 20;

/** Everything that trials need. */
export interface Work<S extends Space> {
  readonly model: (params: ParamsOf<S>) => Sequential;
  readonly fit?: FitSettings | ((params: ParamsOf<S>) => FitSettings);
  readonly task: Task;
  /** What is tuned for, and in a detailed search what else is reported. */
  readonly metrics: readonly [Metric, ...Metric[]];
  /** How many of the metrics are tuned for, each an objective. */
  readonly objectives: number;
  /** Soft constraints, of mean scores by metric. */
  readonly constraints?: (scores: Scores, params: ParamsOf<S>) => readonly number[];
  /** Whether trials keep the scores by every metric and the times of each round. */
  readonly detailed: boolean;
  /** What ends trials early, and the epochs that those have which it does not. */
  readonly schedule?: { readonly scheduler: Scheduler; readonly epochs: number };
  /** Whether missing cells are filled: the data had some. */
  readonly imputes: boolean;
  readonly folds: Folds;
  readonly runner: JobRunner;
}

/** Mean scores over the rounds by metric: the task's own metrics, and those that were given. */
export type Scores = Readonly<Record<string, number>>;

/** What a detailed trial keeps of each of its rounds, as attributes. */
export interface RoundDetails {
  /** By metric; null where the score is no number. */
  readonly scores: Readonly<Record<string, number | null>>;
  readonly fitSeconds: number;
  readonly scoreSeconds: number;
}

/** Trains one trial on every round and scores it; with a scheduler in stages, each from where the last one stopped. */
export async function evaluateTrial<S extends Space>(
  work: Work<S>,
  params: ParamsOf<S>,
  trial: Pick<RunningTrial, "number" | "seed" | "report">,
): Promise<TrialOutcome> {
  const { folds, runner, schedule } = work;
  const job = jobOf(work, params, trial.seed, folds.rounds);
  if (schedule) checkSchedule(job, schedule.epochs);
  const ends = [...(schedule?.scheduler.rungs(trial.number, job.epochs) ?? []), job.epochs];
  let results: JobResult[] = [];
  let done = 0;
  for (const end of ends) {
    const stage = { ...job, epochs: end - done, keepState: end < job.epochs };
    const before = results;
    results = await Promise.all(
      folds.rounds.map(async (_, fold) => {
        const from = before[fold]?.state;
        const result = await runner.run({ ...stage, fold, ...(from && { from }) });
        return before[fold] ? after(before[fold], result) : result;
      }),
    );
    done = end;
    const finite = results.every((result) => result.finite);
    if (end === job.epochs || !finite) break;
    const { value = Number.NaN, values = value } = scoresOf(work, results);
    if (!(await trial.report(end, values))) break;
  }
  const attributes = {
    ...(job.earlyStopping && { epochs: results.map(({ epochs }) => epochs) }),
    ...(work.detailed && { rounds: results.map((result, i) => detailsOf(work, folds.rounds[i], result)) }),
  };
  return {
    ...scoresOf(work, results),
    ...(work.constraints && { constraints: work.constraints(usualScores(work, results), params) }),
    steps: Math.max(...results.map(({ losses }) => losses.length)),
    ...(Object.keys(attributes).length > 0 && { attributes }),
  };
}

/** The last stage of a training, with what it took in all. */
function after(before: JobResult, last: JobResult): JobResult {
  return {
    ...last,
    losses: [...before.losses, ...last.losses],
    fitSeconds: before.fitSeconds + last.fitSeconds,
    scoreSeconds: before.scoreSeconds + last.scoreSeconds,
  };
}

/** The objective with its spread; or the objectives. */
function scoresOf<S extends Space>(
  { metrics, objectives, folds }: Work<S>,
  results: readonly JobResult[],
): Pick<TrialOutcome, "value" | "std" | "scores" | "values"> {
  const scores = metrics
    .slice(0, objectives)
    .map((metric) => results.map((result, i) => scoreOf(metric, folds.rounds[i], result)));
  if (objectives > 1) return { values: scores.map((each) => meanAndStd(each).value) };
  return { ...meanAndStd(scores[0]), scores: scores[0] };
}

function usualScores<S extends Space>(work: Work<S>, results: readonly JobResult[]): Scores {
  const means = usualMetrics(work).map((metric) => {
    const scores = results.map((result, i) => scoreOf(metric, work.folds.rounds[i], result));
    return [metric.name, meanAndStd(scores).value] as const;
  });
  return Object.fromEntries(means);
}

/** The metrics of the task, and those that were given. */
function usualMetrics<S extends Space>({ task, metrics }: Work<S>): Metric[] {
  const ofTask = Object.values(builtIn as Record<string, Metric>).filter(({ tasks }) => tasks.includes(task));
  return [...ofTask, ...metrics];
}

function checkSchedule(
  { epochs, earlyStopping }: Pick<Job, "epochs" | "earlyStopping">,
  steps: number,
): void {
  check(
    epochs === steps,
    () =>
      `with a scheduler all trials have the same budget, here ${steps} epochs, got ${epochs}; give steps to tune`,
  );
  check(!earlyStopping, "early stopping and a scheduler both end trials; use one of them");
}

function detailsOf<S extends Space>({ metrics }: Work<S>, fold: Fold, result: JobResult) {
  const scores = metrics.map((metric) => {
    const score = scoreOf(metric, fold, result);
    return [metric.name, Number.isFinite(score) ? score : null] as const;
  });
  const { fitSeconds, scoreSeconds } = result;
  return { scores: Object.fromEntries(scores), fitSeconds, scoreSeconds } satisfies RoundDetails;
}

/** What all rounds of a trial have in common. */
function jobOf<S extends Space>(
  { model, fit: given = {} }: Pick<Work<S>, "model" | "fit">,
  params: ParamsOf<S>,
  seed: number,
  folds: readonly Fold[],
): Omit<Job, "fold"> {
  const settings = typeof given === "function" ? given(params) : given;
  const { epochs, batchSize, earlyStopping } = settingsFor(settings, folds);
  const built = model(params);
  check(
    built instanceof Sequential,
    () => `model returns a compiled model, made by sequential(); got ${show(built)}`,
  );
  const architecture = built.architecture(folds[0].features);
  return {
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

/** The metric of a round's predictions in the target's own units; NaN if training diverged. */
function scoreOf(metric: Metric, fold: Fold, { prediction, finite }: JobResult): number {
  return finite ? metric.compute(fold.truth, inUnits(fold, prediction), fold.outputs) : Number.NaN;
}

function inUnits({ target }: Fold, prediction: Floats): Floats {
  return target ? restoreTarget(prediction, target) : prediction;
}

/** Mean and population standard deviation, as scikit-learn reports them. */
export function meanAndStd(scores: readonly number[]): { value: number; std: number } {
  const value = scores.reduce((sum, score) => sum + score, 0) / scores.length;
  const variance = scores.reduce((sum, score) => sum + (score - value) * (score - value), 0) / scores.length;
  return { value, std: Math.sqrt(variance) };
}

/** Fits the best parameters to everything but the test part, and scores them there. */
export async function fitBest<S extends Space>(
  work: Work<S>,
  best: TrialRecord<ParamsOf<S>>,
  seed: number,
): Promise<Final> {
  const { folds, runner } = work;
  const { last, rounds } = folds;
  const job = jobOf(work, best.params, seed, [last]);
  // Without held-out rows of its own, the last training cannot stop early: it runs as many epochs as the rounds did.
  const { earlyStopping: _, ...whole } = job;
  const kept = best.attributes?.epochs as readonly number[] | undefined;
  const epochs = kept ? Math.max(1, Math.round(meanAndStd(kept).value)) : job.epochs;
  const result = await runner.run({ ...whole, epochs, fold: rounds.length, keepState: true });
  const model = work.model(best.params);
  if (result.state) model.restore(last.features, result.state);
  const test = last.validation
    ? usualMetrics(work).map((metric) => [metric.name, scoreOf(metric, last, result)] as const)
    : [];
  return {
    model,
    test: Object.fromEntries(test),
    predict(x) {
      // Missing cells are filled as in training, if there were any.
      const { data, rows } = toMatrix64(x, {
        what: "x",
        columns: last.features,
        allowNonFinite: work.imputes,
      });
      const ids = Int32Array.from({ length: rows }, (_, i) => i);
      const inputs = last.inputs ? applyPreprocessor(data, ids, last.inputs) : data;
      const prediction = model.predict({ data: inputs, shape: [rows, last.features] }).data;
      return fromMatrix(inUnits(last, prediction), rows, last.outputs);
    },
  };
}

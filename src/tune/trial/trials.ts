/**
 * What becomes of one trial: it is trained on every round (`training.ts`) and scored; and the last fit, of the best
 * parameters to everything but the test part. It asks no strategy and keeps no trials.
 */

import type { NdArray } from "ndarray";
import type { Task } from "../../data/dataset.js";
import { fromMatrix, type MatrixLike, toMatrix64 } from "../../data/matrix.js";
import { applyPreprocessor, restoreTarget } from "../../data/preprocess.js";
import type { SavedRun } from "../../engine/executor.js";
import { check, show } from "../../errors.js";
import type { Metric } from "../../metrics/metric.js";
import { metrics as builtIn } from "../../metrics/registry.js";
import type { Floats } from "../../ndarray.js";
import type { Sequential } from "../../nn/sequential.js";
import type { Scheduler } from "../../search/schedulers/scheduler.js";
import type { ParamsOf, Space } from "../../search/space/space.js";
import type { ParamValue } from "../../search/space/value.js";
import type { RunningTrial } from "../../search/study/optimize.js";
import type { TrialOutcome, TrialRecord } from "../../search/trial/trial.js";
import type { Job, JobResult } from "../jobs/job.js";
import type { Fold } from "./folds.js";
import { checkSameTraining, endOf, type Lineage } from "./lineage.js";
import { type Trainer, trainingOf, trainRounds } from "./training.js";

/** The model at the end. */
export interface Final {
  /** Trained; it takes inputs as they were standardised, where `predict` below takes them as they were given. */
  readonly model: Sequential;
  /** Scores on the test part, by metric; empty without one. */
  readonly test: Scores;
  /** Predictions for inputs as they were given, in the units of the target: [rows, outputs]. */
  predict(x: MatrixLike): NdArray<Floats>;
}

/** Everything that trials need. */
export interface Work<S extends Space> extends Trainer<S> {
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
  /** Where trials ended, if others go on from there. */
  readonly lineage?: Lineage;
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

/**
 * Trains one trial on every round, from where its parent ended if it has one, and scores it; with a scheduler in stages,
 * each from where the last one stopped.
 */
export async function evaluateTrial<S extends Space>(
  work: Work<S>,
  params: ParamsOf<S>,
  trial: Pick<RunningTrial, "number" | "parent" | "seed" | "report">,
): Promise<TrialOutcome> {
  const { folds, schedule, lineage } = work;
  const { architecture, job } = trainingOf(work, params, trial.seed, folds.rounds);
  if (schedule) checkSchedule(job, schedule.epochs);
  const parent = trial.parent === undefined ? undefined : await lineage?.endOf(trial.parent);
  if (parent) checkSameTraining(parent, { params, architecture });
  const ends = [...(schedule?.scheduler.rungs(trial.number, job.epochs) ?? []), job.epochs];
  let results: JobResult[] = [];
  let done = 0;
  for (const end of ends) {
    const stage = {
      ...job,
      trial: trial.number,
      epochs: end - done,
      keepState: end < job.epochs || lineage !== undefined,
    };
    const before = results;
    const states = done === 0 ? parent?.states : before.map(({ state }) => state);
    const last = await trainRounds(work, stage, states);
    results = last.map((result, round) => (before[round] ? after(before[round], result) : result));
    done = end;
    const finite = results.every((result) => result.finite);
    if (end === job.epochs || !finite) break;
    const { value = Number.NaN, values = value } = scoresOf(work, results);
    if (!(await trial.report(end, values))) break;
  }
  lineage?.keep(trial.number, endOf(params, architecture, results));
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

/**
 * Fits the best parameters to everything but the test part, and scores them there.
 *
 * @param line - the best trial, after those that it went on from
 */
export async function fitBest<S extends Space>(
  work: Work<S>,
  line: readonly TrialRecord<ParamsOf<S>>[],
  seed: number,
): Promise<Final> {
  const { last } = work.folds;
  let result = await fitLast(work, line[0], seed);
  for (const trial of line.slice(1)) result = await fitLast(work, trial, seed, result.state);
  const model = work.model(line[line.length - 1].params);
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

/** One trial's part of the last training, from where the part before it ended. */
function fitLast<S extends Space>(
  work: Work<S>,
  { params, attributes }: TrialRecord<ParamsOf<S>>,
  seed: number,
  from?: SavedRun,
): Promise<JobResult> {
  const { rounds, last } = work.folds;
  const { job } = trainingOf(work, params, seed, [last]);
  // Without held-out rows of its own, the last training cannot stop early: it runs as many epochs as the rounds did.
  const { earlyStopping: _, ...whole } = job;
  const epochs = attributes?.epochs === undefined ? job.epochs : epochsKept(attributes.epochs, job.epochs);
  return work.runner.run({ ...whole, epochs, fold: rounds.length, keepState: true, ...(from && { from }) });
}

/** The mean of the epochs that rounds kept, at least 1; they may be a saved study's. */
function epochsKept(kept: ParamValue, most: number): number {
  const isEpochs = (each: unknown) =>
    Number.isSafeInteger(each) && (each as number) >= 0 && (each as number) <= most;
  check(
    Array.isArray(kept) && kept.length > 0 && kept.every(isEpochs),
    () => `a trial kept ${show(kept)} as the epochs of its rounds, which are from 0 to ${most}`,
    "invalid_checkpoint",
  );
  return Math.max(1, Math.round(meanAndStd(kept as readonly number[]).value));
}

/**
 * Sets a tuner up: checks its options, divides its data and starts its study. `run.ts` then runs its jobs.
 */

import type { Dataset } from "../../data/dataset.js";
import { namesIn } from "../../data/diagnosis/suggestions.js";
import { checkPipelineOptions } from "../../data/pipeline/options.js";
import { checkUnknownRule, type UnknownRule } from "../../data/read.js";
import { checkClassWeight } from "../../data/weights.js";
import { check, must } from "../../errors.js";
import { recent } from "../../memo.js";
import type { Metric } from "../../metrics/metric.js";
import { oneOrSeveralMetrics } from "../../metrics/registry.js";
import { checkMetricTruths } from "../../metrics/truths.js";
import { validationName } from "../../nn/callbacks/history.js";
import { RandomStream } from "../../numerics/random.js";
import { defined } from "../../options.js";
import type { Space } from "../../search/space/space.js";
import type { Strategy } from "../../search/strategies/strategy.js";
import type { OptimizeOptions, Study } from "../../search/study/contract.js";
import type { Direction } from "../../search/trial/trial.js";
import { checkCalibrate } from "../trial/calibration.js";
import { checkCallbackMaker } from "../trial/callbacks.js";
import { inColumns, toDataset } from "../trial/data.js";
import { divisionsFor, selectionFor } from "../trial/ensembleOptions.js";
import { createFoldsFor, divideRows, type FoldSettings, type Folds } from "../trial/folds.js";
import { defaultMetrics } from "../trial/forms.js";
import { KeptPredictions } from "../trial/kept.js";
import { candidateCount } from "../trial/library.js";
import type { PlainModel } from "../trial/plainModels.js";
import { checkDefinedOn } from "../trial/scoring.js";
import { DEFAULT_EPOCHS, fewestRows, settingsFor } from "../trial/settings.js";
import type { TrialSetup } from "../trial/setup.js";
import { thresholdRule } from "../trial/threshold.js";
import type { JobTemplate } from "../trial/training.js";
import type { TuneOptions } from "./options.js";
import { Probe } from "./probe.js";
import { budgetFor, studyOfModel, withStrategy } from "./study.js";

/** What a tuner scores, and what it reports. */
export interface ScoringOptions {
  /** The tuned metrics, and the others that are scored. Default {@link defaultMetrics}. */
  readonly metrics: readonly Metric[];
  /** How many of the metrics are tuned. */
  readonly objectives: number;
  /** Whether trials keep the scores by every metric and the times of each fold. */
  readonly detailed: boolean;
  /** Whether they keep the same scores of the training rows. Default false. */
  readonly trainScores?: boolean;
  /** Whether the best parameters are refitted to all development rows. */
  readonly refit: boolean;
}

/** What `tune` scores. @throws FettleError `unknown_name`, `invalid_argument` for `metric` */
export function scoringOf<S extends Space>({ metric }: Pick<TuneOptions<S>, "metric">): ScoringOptions {
  const metrics = oneOrSeveralMetrics("metric", metric);
  return { metrics, objectives: Math.max(1, metrics.length), detailed: false, refit: true };
}

/** A tuner that has not started: its study, and what its trials need. */
export interface TunerSetup<S extends Space> {
  readonly study: Study<S>;
  readonly trialSetup: Omit<TrialSetup<S>, "backend">;
  readonly budget: Omit<OptimizeOptions<S>, "concurrency">;
  /** Whether the best parameters are refitted to all development rows. */
  readonly refit: boolean;
  /** How the folds were made. */
  readonly foldSettings: FoldSettings;
  /** How many trials of an earlier study it learned from: those of `warmStart`. */
  readonly warm: number;
}

/** Makes the study of a tuner: a new one, or a saved one. */
export type StudyFactory = <S extends Space>(
  options: TuneOptions<S> & { readonly strategy: Strategy },
  directions: readonly Direction[],
) => Study<S>;

/**
 * @param given - options of `tune`, whose names were checked
 * @throws FettleError for options, spaces and data that do not fit
 */
export async function setUpTuner<S extends Space>(
  given: TuneOptions<S>,
  { metrics: chosen, objectives, detailed, trainScores, refit }: ScoringOptions,
  makeStudy: StudyFactory = studyOfModel,
  savedFolds?: unknown,
): Promise<TunerSetup<S>> {
  checkModelOptions(given);
  const options = {
    ...(await withStrategy(given, objectives)),
    ...(given.scheduler && { steps: given.steps ?? epochsOf(given.fit) }),
  };
  const probe = new Probe(options);
  const data = toDataset(options, () => probe.units);
  const [first, ...others] = chosen.length > 0 ? chosen : defaultMetrics(data.task, () => probe.formed);
  const metrics = [first, ...others] as const;
  for (const metric of metrics) checkMetricFor(metric, data);
  const study = makeStudy(
    options,
    metrics.slice(0, objectives).map(({ direction }) => direction),
  );
  must(
    options.validation === undefined || options.validationData === undefined,
    "validation",
    "left out with validationData, on which every trial is scored",
    options.validation,
  );
  const validation =
    data.trainRows === undefined
      ? (options.validation ?? { folds: 5 })
      : { validationData: data.rows - data.trainRows };
  const selection = selectionFor(options.ensemble, objectives);
  const foldSettings = {
    validation,
    testSize: options.testSize ?? 0,
    seed: splitSeed(study.seed),
    ...(options.searchRows !== undefined && { searchRows: options.searchRows }),
    ...(selection && refit && { divisions: divisionsFor(selection, data, validation) }),
  };
  const divided = divideRows(data, foldSettings, savedFolds);
  for (const metric of metrics.slice(0, objectives)) checkDefinedOn(divided, metric);
  const { scheduler, steps, model, fit = {}, pipeline = {}, constraints, callbacks } = options;
  if (callbacks !== undefined) checkCallbackMaker(callbacks, probe.point, refit);
  checkCalibrate(options.calibrate, data.task, objectives);
  // Settings that fit no trial are refused now; settings that depend on parameters are checked trial by
  // trial.
  if (typeof fit !== "function") {
    const { classWeight } = settingsFor(fit, fewestRows(divided, false));
    if (classWeight !== undefined) checkClassWeight(classWeight, data.classes);
  }
  if (typeof pipeline !== "function") checkPipelineOptions("pipeline", pipeline, data.inputs);
  const rows = { ...divided, data: options.data ? data : inColumns(data, () => probe.units) };
  const threshold = thresholdRule(options, rows.data);
  if (options.positive !== undefined)
    must(
      rows.data.outputs === 1,
      "units of the last layer with positive",
      "1, with a sigmoid",
      rows.data.outputs,
    );
  const foldsFor = createFoldsFor(rows);
  if (typeof pipeline !== "function") foldsFor(pipeline); // refuses a target without a logarithm
  const { curves } = options;
  const trialSetup: Omit<TrialSetup<S>, "backend"> = {
    curves: curves !== false,
    ...(curves === "validation" && { measured: measurable(metrics) }),
    model,
    rows,
    foldsFor,
    metrics,
    objectives,
    detailed,
    ...(trainScores && { trainScores }),
    task: data.task,
    fit,
    pipeline,
    unknown: unknownRule(options.unknown, data),
    ...defined({ threshold, selection, constraints, callbacks }),
    ...(selection && selection.untuned !== false && refit && { plain: plainOf(rows) }),
    ...(options.calibrate && { calibrate: true }),
    ...(refit &&
      (selection || threshold || options.calibrate) && {
        kept: new KeptPredictions(selection ? candidateCount(rows) : 1, study.directions[0]),
      }),
    ...(scheduler && { schedule: { scheduler, epochs: steps as number } }),
    ...(options.trialTimeout !== undefined && { timed: true }),
    kinds: recent(KINDS),
    identities: new Map(),
  };
  probe.refuseMistakes(trialSetup);
  const warm = options.warmStart?.length ?? 0;
  return { study, trialSetup, budget: budgetFor(options), refit, foldSettings, warm };
}

/** How many kinds of trials are remembered. */
const KINDS = 32;

/** Loads the code for untuned models when it is needed. */
function plainOf(rows: Folds): NonNullable<TrialSetup<Space>["plain"]> {
  let loaded: Promise<(template: JobTemplate) => readonly PlainModel[]> | undefined;
  return async (template) => {
    loaded ??= import("../trial/plainModels.js").then(({ createPlain }) => createPlain(rows));
    return (await loaded)(template);
  };
}

function checkModelOptions<S extends Space>(options: TuneOptions<S>): void {
  const { model, constraints, curves, callbacks, jobs, queue, scheduler } = options;
  must(typeof model === "function", "model", "a function of parameters", model);
  must(
    [undefined, true, false, "validation"].includes(curves),
    "curves",
    'true, false or "validation"',
    curves,
  );
  const isFunction = constraints === undefined || typeof constraints === "function";
  must(isFunction, "constraints", "a function of scores and parameters", constraints);
  if (callbacks === undefined) return;
  must([undefined, 1].includes(jobs), "jobs with callbacks", "1, or left out: they run in this thread", jobs);
  must(queue === undefined, "queue with callbacks", "left out: they run in this thread", queue);
  check(
    scheduler === undefined,
    "callbacks cannot follow a training across the rungs of a scheduler; use one of them",
  );
}

/**
 * Metrics that workers know, by their names there: the built-in ones. A custom one is code of this thread.
 */
function measurable(metrics: readonly Metric[]): string[] {
  for (const metric of metrics)
    must(typeof metric === "function", 'metric with curves: "validation"', "built-in", metric.name);
  return metrics.map(({ name }) => validationName(name));
}

/** The epochs of trials, if they do not depend on parameters. */
function epochsOf<S extends Space>(fit: TuneOptions<S>["fit"]): number {
  return (typeof fit === "function" ? undefined : fit?.epochs) ?? DEFAULT_EPOCHS;
}

function checkMetricFor(metric: Metric, { task, y, outputs, sampleWeight, origin }: Dataset): void {
  const { name, tasks } = metric;
  check(
    tasks.includes(task),
    () => `metric must be defined for ${task}; received ${name}, which is for ${tasks.join(" and ")}`,
  );
  checkMetricTruths(metric, y, { what: "y", columns: outputs, weights: sampleWeight, origin });
}

/** The seed by which the rows of a study are divided. */
export function splitSeed(seed: number): number {
  return new RandomStream(seed, SPLIT_STREAM).integer(2 ** 31);
}

/** Separate from the random streams of the study. */
const SPLIT_STREAM = 0x7370;

/**
 * How the final model treats unknown categories: if many new rows will have some, refusing them all does not
 * help.
 */
function unknownRule(given: UnknownRule | undefined, data: Dataset): UnknownRule {
  if (given === undefined) return namesIn(data).length > 0 ? "ignore" : "refuse";
  checkUnknownRule(given);
  return given;
}

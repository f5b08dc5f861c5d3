/**
 * A search over models: what is checked and prepared before it, and how it runs from its first trial to the last fit.
 * Who does the jobs, and how many at a time, is its runner's business.
 */

import { platform } from "#platform";
import type { Task } from "../../data/dataset.js";
import { check, show } from "../../errors.js";
import type { Metric } from "../../metrics/metric.js";
import { metricNamed } from "../../metrics/registry.js";
import { RandomStream } from "../../numerics/random.js";
import type { Space } from "../../search/space/space.js";
import type { Strategy } from "../../search/strategies/strategy.js";
import type { Objective, OptimizeOptions } from "../../search/study/optimize.js";
import type { Study } from "../../search/study/study.js";
import { ancestry } from "../../search/trial/ancestry.js";
import type { Direction } from "../../search/trial/trial.js";
import { createRunner, type JobRunner } from "../jobs/runner.js";
import { toDataset } from "../trial/data.js";
import { type Fold, type FoldPlan, type Folds, prepareFolds } from "../trial/folds.js";
import { type Lineage, lineageOf } from "../trial/lineage.js";
import { DEFAULT_EPOCHS, settingsFor } from "../trial/training.js";
import { evaluateTrial, fitBest, type Work } from "../trial/trials.js";
import { budgetOf, studyOf, withStrategy } from "./begin.js";
import type { TuneOptions, TuneResult } from "./options.js";

/** How a search over models reports, beside what it searches. */
export interface SearchDetails {
  /** What is tuned for, and what else is scored. Default the task's own metric. */
  readonly metrics: readonly Metric[];
  /** How many of the metrics are tuned for. */
  readonly objectives: number;
  /** Whether trials keep the scores by every metric and the times of each round. */
  readonly detailed: boolean;
  /** Whether the best parameters are fitted again to everything. */
  readonly refit: boolean;
}

/** A search that was checked and prepared, and has not begun. */
export interface ModelSearch<S extends Space> {
  readonly study: Study<S>;
  readonly work: Omit<Work<S>, "runner">;
  readonly budget: Omit<OptimizeOptions<S>, "concurrency">;
  /** Whether the best parameters are fitted again to everything. */
  readonly refit: boolean;
  /** What the folds were made by. */
  readonly plan: FoldPlan;
}

/**
 * @param options - of `tune`, after their names were checked
 * @param open - makes the study
 */
export async function prepareSearch<S extends Space>(
  given: TuneOptions<S>,
  { metrics: chosen, objectives, detailed, refit }: SearchDetails,
  open: OpenStudy = studyOf,
): Promise<ModelSearch<S>> {
  check(
    typeof given.model === "function",
    () => `model is a function of parameters, got ${show(given.model)}`,
  );
  const options = {
    ...(await withStrategy(given, objectives)),
    ...(given.scheduler && { steps: given.steps ?? epochsOf(given.fit) }),
  };
  const data = toDataset(options);
  const [first = metricNamed(defaultMetric(data.task)), ...others] = chosen;
  const metrics = [first, ...others] as const;
  for (const metric of metrics) checkMetricFor(metric, data.task);
  const study = open(
    options,
    metrics.slice(0, objectives).map(({ direction }) => direction),
  );
  const plan = {
    validation: options.validation ?? { folds: 5 },
    testSize: options.testSize ?? 0,
    standardize: options.standardize ?? true,
    seed: new RandomStream(study.seed, SPLIT_STREAM).integer(2 ** 31),
  };
  const folds = prepareFolds(data, plan);
  // Settings that no trial could be trained with are refused now; those that depend on parameters, trial by trial.
  if (typeof options.fit !== "function") settingsFor(options.fit ?? {}, folds.rounds);
  const work: Omit<Work<S>, "runner"> = {
    model: options.model,
    ...(options.fit && { fit: options.fit }),
    task: data.task,
    metrics,
    objectives,
    ...(options.constraints && { constraints: options.constraints }),
    detailed,
    ...(options.scheduler && { schedule: { scheduler: options.scheduler, epochs: options.steps as number } }),
    imputes: data.x.some(Number.isNaN),
    folds,
  };
  return { study, work, budget: budgetOf(options), refit, plan };
}

/** Makes the study of a search. */
export type OpenStudy = <S extends Space>(
  options: TuneOptions<S> & { readonly strategy: Strategy },
  directions: readonly Direction[],
) => Study<S>;

/**
 * Runs a search to its end.
 *
 * @param begin - awaited before each trial
 */
export async function runSearch<S extends Space>(
  { study, work, budget, refit }: ModelSearch<S>,
  runner: JobRunner,
  lineage: Lineage | undefined,
  begin: (trial: number) => Promise<void> | void = () => {},
): Promise<TuneResult<S>> {
  const whole: Work<S> = { ...work, runner, ...(lineage && { lineage }) };
  // More trials than threads, so that none waits while a trial is being built, and short jobs come in batches.
  const concurrency = runner.jobs === 1 ? 1 : 4 * runner.jobs;
  const objective: Objective<S> = async (params, trial) => {
    await begin(trial.number);
    return evaluateTrial(whole, params, trial);
  };
  await study.optimize(objective, { ...budget, concurrency });
  const { best, bestTrials, trials } = study;
  const final = best && refit ? await fitBest(whole, ancestry(trials, best.number), study.seed) : undefined;
  const metrics = work.metrics.slice(0, work.objectives).map(({ name }) => name);
  return { best, bestTrials, trials, study, metric: metrics[0], metrics, final };
}

/** `tune` for models, after its options were checked. */
export async function searchModel<S extends Space>(
  options: TuneOptions<S>,
  details: SearchDetails,
): Promise<TuneResult<S>> {
  const search = await prepareSearch(options, details);
  const { study, work } = search;
  const runner = createRunner(foldsOf(work.folds), options.jobs ?? platform.parallelism());
  try {
    return await runSearch(search, runner, study.strategy.proceed && lineageOf({ ...work, runner }, study));
  } finally {
    await runner.close();
  }
}

/** All folds, in the order that jobs number them. */
export function foldsOf({ rounds, last }: Folds): readonly Fold[] {
  return [...rounds, last];
}

/** The epochs of trials, where they do not depend on parameters. */
function epochsOf<S extends Space>(fit: TuneOptions<S>["fit"]): number {
  return (typeof fit === "function" ? undefined : fit?.epochs) ?? DEFAULT_EPOCHS;
}

/** The metric that is tuned for if none is given. */
export function defaultMetric(task: Task): "accuracy" | "r2" {
  return task === "classification" ? "accuracy" : "r2";
}

function checkMetricFor({ name, tasks }: Metric, task: Task): void {
  check(
    tasks.includes(task),
    () => `metric must be defined for ${task}; received ${name}, which is for ${tasks.join(" and ")}`,
  );
}

/** Apart from the streams of the study itself. */
const SPLIT_STREAM = 0x7370;

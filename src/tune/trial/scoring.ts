/** Scores of results: by every metric, on every fold, and their means. */

import { takeRows } from "../../data/matrix.js";
import { check } from "../../errors.js";
import type { Metric } from "../../metrics/metric.js";
import { isBuiltIn } from "../../metrics/names.js";
import { reportedMetrics } from "../../metrics/registry.js";
import type { Space } from "../../search/space/space.js";
import type { TrialOutcome } from "../../search/trial/trial.js";
import type { JobResult } from "../jobs/job.js";
import { type Fold, foldOf, scoreOn } from "../jobs/score.js";
import type { Folds, PipelineFolds } from "./folds.js";
import type { Scores, TrialSetup } from "./setup.js";

/**
 * Refuses a built-in metric that is undefined on a fold whatever is predicted, such as `rocAuc` if all rows
 * have one class, or `r2` of one row.
 *
 * @throws FettleError `invalid_argument`
 */
export function checkDefinedOn({ data, folds, scored }: Folds, metric: Metric): void {
  if (!isBuiltIn(metric)) return;
  const { y, outputs, sampleWeight, task } = data;
  const instead = task === "regression" ? "meanAbsoluteError" : "accuracy or logLoss";
  for (const [i, { validation: rows }] of folds.slice(0, scored).entries()) {
    const yTrue = takeRows(y, outputs, rows);
    const score = metric.compute(yTrue, yTrue, outputs, sampleWeight && takeRows(sampleWeight, 1, rows));
    check(
      // as in scikit-learn, r2 of one row is undefined
      !Number.isNaN(score) && (metric.name !== "r2" || rows.length > 1),
      () =>
        `metric must be defined on every fold; received ${metric.name}, which is undefined on fold ${i + 1} ` +
        `(validation rows: ${rows.length}); choose ${instead}, or larger folds`,
    );
  }
}

/** What a detailed trial records for each fold, as attributes. */
export interface FoldDetails {
  /** By metric; null if the score is not finite. */
  readonly scores: Readonly<Record<string, number | null>>;
  /** The same on the training rows, if asked for. */
  readonly trainScores?: Readonly<Record<string, number | null>>;
  readonly fitSeconds: number;
  readonly scoreSeconds: number;
}

type ScoredTrial<S extends Space> = Pick<TrialSetup<S>, "task" | "metrics" | "objectives"> &
  Pick<PipelineFolds, "folds">;

/** The scores by each objective on each fold, [objectives][folds]. */
export function objectiveScores<S extends Space>(
  { metrics, objectives, folds }: Omit<ScoredTrial<S>, "task">,
  results: readonly JobResult[],
): number[][] {
  return metrics
    .slice(0, objectives)
    .map((metric) => results.map((result, i) => scoreOf(metric, folds[i], result)));
}

/** The objective with its standard deviation over the folds; or the objectives. */
export function objectivesOf(
  scores: readonly (readonly number[])[],
): Pick<TrialOutcome, "value" | "std" | "scores" | "values"> {
  if (scores.length > 1) return { values: scores.map((each) => meanAndStd(each).value) };
  return { ...meanAndStd(scores[0]), scores: scores[0] };
}

/** The means over the folds of the most common metrics, and of the given ones. */
export function meanScores<S extends Space>(
  setup: Omit<ScoredTrial<S>, "objectives">,
  results: readonly JobResult[],
): Scores {
  const means = allMetrics(setup).map((metric) => {
    const scores = results.map((result, i) => scoreOf(metric, setup.folds[i], result));
    return [metric.name, meanAndStd(scores).value] as const;
  });
  return Object.fromEntries(means);
}

/** The most common metrics of the task, and the given ones. */
export function allMetrics<S extends Space>({
  task,
  metrics,
}: Pick<TrialSetup<S>, "task" | "metrics">): Metric[] {
  return [...reportedMetrics(task), ...metrics];
}

/** Mean and standard deviation over the folds, for metrics that are reported but not tuned. */
export type BesideScores = Readonly<Record<string, { readonly mean: number; readonly std: number }>>;

/** The attribute `scores` of a trial; absent without such metrics. */
export function reportedBeside<S extends Space>(
  { metrics, objectives, folds }: Omit<ScoredTrial<S>, "task">,
  results: readonly JobResult[],
): { readonly scores?: BesideScores } {
  const others = metrics.slice(objectives);
  if (others.length === 0 || !results.every(({ finite }) => finite)) return {};
  const scores = others.map((metric) => {
    const { value: mean, std } = meanAndStd(results.map((result, i) => scoreOf(metric, folds[i], result)));
    return [metric.name, { mean, std }] as const;
  });
  return { scores: Object.fromEntries(scores) };
}

/** @param number - of the fold */
export function detailsOf<S extends Space>(
  { metrics, rows }: Pick<TrialSetup<S>, "metrics" | "rows">,
  fold: Fold,
  result: JobResult,
  number: number,
) {
  const scoresOn = (own: Fold, scored: Scored): FoldDetails["scores"] => {
    const scores = metrics.map((metric) => {
      const score = scoreOf(metric, own, scored);
      return [metric.name, Number.isFinite(score) ? score : null] as const;
    });
    return Object.fromEntries(scores);
  };
  const { fitSeconds, scoreSeconds, trained, finite } = result;
  const training = () => foldOf(rows.data, rows.folds[number].train, fold.target);
  return {
    scores: scoresOn(fold, result),
    ...(trained && { trainScores: scoresOn(training(), { ...trained, finite }) }),
    fitSeconds,
    scoreSeconds,
  } satisfies FoldDetails;
}

/** The fields of a result that a score needs. */
export type Scored = Pick<JobResult, "prediction" | "mask" | "finite">;

/** The score of a fold's predictions, in the units of the target; NaN if training diverged. */
export function scoreOf(metric: Metric, fold: Fold, { prediction, mask, finite }: Scored): number {
  return finite ? scoreOn(fold, metric, { prediction, mask }) : Number.NaN;
}

/** Mean and population standard deviation, as in scikit-learn. */
export function meanAndStd(scores: readonly number[]): { value: number; std: number } {
  const value = scores.reduce((sum, score) => sum + score, 0) / scores.length;
  const variance = scores.reduce((sum, score) => sum + (score - value) * (score - value), 0) / scores.length;
  return { value, std: Math.sqrt(variance) };
}

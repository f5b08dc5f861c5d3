/** Runs the study that the flags of `fettle tune` describe. */
import { FettleError } from "../errors.js";
import type { MetricName } from "../metrics/names.js";
import { metricNamed } from "../metrics/registry.js";
import { ready } from "../numerics/kernels.js";
import { defined } from "../options.js";
import type { Space } from "../search/space/space.js";
import type { StudyEvent } from "../search/study/contract.js";
import {
  type BaselineReport,
  type Baselines,
  besideFinal,
  fitBaselines,
  MOST_NUMBERS,
} from "../tune/baselines/compare.js";
import { denseModel } from "../tune/dense.js";
import { costMetric } from "../tune/trial/cost.js";
import { tune } from "../tune/tune.js";
import type { TuneOptions, TuneResult } from "../tune/tuner/options.js";
import { finalOrNone } from "../tune/tuner/result.js";
import type { JobQueue } from "../workers/queue/queue.js";
import { pipelineOf } from "./dataset.js";
import { CURVES, type TuneFlags } from "./tuneFlags.js";
import { type TuneSetup, timeLeft } from "./tuneSetup.js";

/** What a study and its workers share. */
export function optionsOf(
  { data, space, strategy, scheduler, steps, fit, metrics, validation, searchRows }: TuneSetup,
  flags: TuneFlags,
): TuneOptions<Space> {
  const { testSize, seed, metric, jobs, threshold, cost, unknown, curves } = flags;
  const { ensemble, confirm, calibrate = false, indicator } = flags;
  const isSingle = metrics.length === 1;
  return {
    data,
    space,
    strategy,
    fit,
    testSize,
    seed,
    ...(metric && { metric: metrics }),
    pipeline: pipelineOf(data, { indicator }),
    model: (params) => denseModel(data, params),
    validation,
    ...(scheduler && { scheduler, steps }),
    ...(ensemble !== undefined && isSingle && { ensemble: defined({ networks: ensemble, confirm }) }),
    ...(data.task === "classification" && isSingle && { calibrate }),
    ...defined({ searchRows, threshold, cost, unknown, jobs, curves: curves && CURVES[curves] }),
  };
}

/** A lead within this many standard errors may be chance: 95 % confidence. */
const STANDARD_ERRORS = 2;

/**
 * @param queue - from which workers take trainings, if other processes have workers too
 * @returns undefined if every trial failed
 */
export async function search(
  setup: TuneSetup,
  flags: TuneFlags,
  onEvent: (event: StudyEvent) => void,
  queue?: JobQueue,
): Promise<TuneResult<Space> | undefined> {
  const { trials, seconds, allSeconds } = flags;
  const { study, strategy, scheduler, metrics } = setup;
  // a resumed study, or a number of trials, sets the end
  const mayEnd = seconds !== undefined && !allSeconds && trials === undefined && !study;
  const isOpen = strategy.adaptive && !strategy.resume && !scheduler && metrics.length === 1;
  try {
    return await tune({
      ...optionsOf(setup, flags),
      onEvent,
      ...defined({ trials, study, queue }),
      ...(seconds !== undefined && {
        timeout: Math.max(1, timeLeft(flags, { rows: setup.data.rows, reading: setup.reading })),
      }),
      ...(mayEnd && isOpen && { stop: { standardErrors: STANDARD_ERRORS } }),
    });
  } catch (error) {
    if (error instanceof FettleError && error.code === "trial_failed") return undefined;
    throw error;
  }
}

/**
 * Numbers that a linear model may read per second of `--seconds`: it takes at most about a third of the time.
 */
const NUMBERS_A_SECOND = 2 ** 17;

/**
 * Models that need no tuning, for comparison with the final one; undefined without enough held-out rows. They
 * are fitted before the search, which gets the rest of `--seconds`.
 */
export async function baselinesFor(
  { data, rows, metrics }: TuneSetup,
  { classWeight, seconds, indicator }: TuneFlags,
): Promise<Baselines | undefined> {
  const folds = rows.folds.slice(0, rows.scored);
  const { validation: testRows } = rows.folds[folds.length];
  // several metrics give a front of trials and no final model
  if (testRows.length < 2 || metrics.length > 1) return undefined;
  await ready();
  return fitBaselines({
    data,
    folds,
    testRows,
    tuned: metricNamed(metrics[0]),
    pipeline: { indicator },
    ...(classWeight && { classWeight }),
    ...(seconds !== undefined && { mostNumbers: Math.min(MOST_NUMBERS, NUMBERS_A_SECOND * seconds) }),
  });
}

/** Compares the final model with them, by the metrics of its scores. */
export function compared(
  baselines: Baselines | undefined,
  result: Pick<TuneResult<Space>, "final" | "finalError">,
  { cost }: Pick<TuneFlags, "cost">,
): BaselineReport | undefined {
  const final = finalOrNone(result);
  if (!baselines || !final) return undefined;
  const costs = cost && costMetric(cost);
  return besideFinal(
    baselines,
    final,
    Object.keys(final.test).map((name) => (name === costs?.name ? costs : metricNamed(name as MetricName))),
  );
}

/** Runs the study that the flags of `fettle tune` describe. */
import { FettleError } from "../errors.js";
import type { Space } from "../search/space/space.js";
import type { StudyEvent } from "../search/study/contract.js";
import { type BaselineReport, compareBaselines } from "../tune/baselines/compare.js";
import { denseModel } from "../tune/dense.js";
import { tune } from "../tune/tune.js";
import type { TuneResult } from "../tune/tuner/options.js";
import { CURVES, type TuneFlags, type TuneSetup } from "./tuneSetup.js";

/** @returns undefined if every trial failed */
export async function search(
  { data, space, strategy, scheduler, steps, fit, metrics, study, validation, enqueue }: TuneSetup,
  flags: TuneFlags,
  onEvent: (event: StudyEvent) => void,
): Promise<TuneResult<Space> | undefined> {
  const { testSize, seed, trials, seconds, jobs, threshold, curves, ensemble, calibrate = false } = flags;
  try {
    return await tune({
      ...{ data, space, strategy, fit, testSize, seed, onEvent },
      ...(flags.metric && { metric: metrics }),
      model: (params) => denseModel(data, params),
      validation,
      ...(scheduler ? { scheduler, steps } : {}),
      ...(trials === undefined ? {} : { trials }),
      // the clock of the process began with the command
      ...(seconds === undefined ? {} : { timeout: Math.max(1, 1000 * seconds - performance.now()) }),
      ...(ensemble === undefined || metrics.length > 1 ? {} : { ensemble }),
      ...(metrics.length > 1 || data.task !== "classification" ? {} : { calibrate }),
      ...(threshold === undefined ? {} : { threshold }),
      ...(jobs === undefined ? {} : { jobs }),
      ...(curves === undefined ? {} : { curves: CURVES[curves] }),
      ...(study && { study }),
      ...(enqueue && { enqueue }),
    });
  } catch (error) {
    if (error instanceof FettleError && error.code === "trial_failed") return undefined;
    throw error;
  }
}

/** The final model beside others; undefined without enough held-out rows. */
export async function baselinesOf(
  { data, fit }: TuneSetup,
  result: TuneResult<Space>,
): Promise<BaselineReport | undefined> {
  const isComparable = result.final && result.testRows.length > 1;
  return isComparable ? compareBaselines(result, { data, fit }) : undefined;
}

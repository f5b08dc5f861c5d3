/** Runs the study that the flags of `fettle tune` describe. */
import { FettleError } from "../errors.js";
import type { Space } from "../search/space/space.js";
import type { StudyEvent } from "../search/study/contract.js";
import { denseModel } from "../tune/dense.js";
import { tune } from "../tune/tune.js";
import type { TuneResult } from "../tune/tuner/options.js";
import { CURVES, type TuneFlags, type TuneSetup } from "./tuneSetup.js";

/** @returns undefined if every trial failed */
export async function search(
  { data, space, strategy, scheduler, fit, metrics: metric, study, validation }: TuneSetup,
  flags: TuneFlags,
  onEvent: (event: StudyEvent) => void,
): Promise<TuneResult<Space> | undefined> {
  const { testSize, seed, epochs, trials, jobs, threshold, curves, ensemble } = flags;
  try {
    return await tune({
      ...{ data, space, strategy, fit, metric, testSize, seed, onEvent },
      model: (params) => denseModel(data, params),
      validation,
      ...(scheduler ? { scheduler, steps: epochs } : {}),
      ...(trials === undefined ? {} : { trials }),
      ...(ensemble === undefined || metric.length > 1 ? {} : { ensemble }),
      ...(threshold === undefined ? {} : { threshold }),
      ...(jobs === undefined ? {} : { jobs }),
      ...(curves === undefined ? {} : { curves: CURVES[curves] }),
      ...(study && { study }),
    });
  } catch (error) {
    if (error instanceof FettleError && error.code === "trial_failed") return undefined;
    throw error;
  }
}

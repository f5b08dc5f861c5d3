/** Runs a tuner on a backend, from its first trial to the final fit. */
import { platform } from "#platform";
import { clockOf, FettleError, isA, messageOf } from "../../errors.js";
import { IdError } from "../../nn/network/idError.js";
import { jobsOf } from "../../platform/jobs.js";
import type { Space } from "../../search/space/space.js";
import { bestOrNone, noBest } from "../../search/study/best.js";
import type { Objective, OptimizeOptions, Study } from "../../search/study/contract.js";
import { LoopControl } from "../../search/study/control.js";
import { createBackend, type JobBackend } from "../jobs/backend.js";
import { fitFinal } from "../trial/final.js";
import { FitTimes } from "../trial/fitTimes.js";
import { type Lineage, lineageOf } from "../trial/lineage.js";
import { withReceipt } from "../trial/receipt.js";
import type { TrialSetup } from "../trial/setup.js";
import { jobTemplate } from "../trial/training.js";
import { evaluateTrial } from "../trial/trials.js";
import { optimizeStudy } from "./failures.js";
import type { TuneOptions, TuneResult } from "./options.js";
import { finalLimits, firstUntil, reserveOf } from "./reserve.js";
import { withResults } from "./result.js";
import { type ScoringOptions, scoringOf, setUpTuner, type TunerSetup } from "./setup.js";

/**
 * @param beginTrial - awaited before each trial
 * @throws FettleError `trial_failed` if no trial gave a value
 */
export async function runTuner<S extends Space>(
  { study, trialSetup, budget, refit, warm }: TunerSetup<S>,
  backend: JobBackend,
  lineage: Lineage | undefined,
  beginTrial: (trial: number) => Promise<void> | void = () => {},
): Promise<TuneResult<S>> {
  const setup: TrialSetup<S> = { ...trialSetup, backend, ...(lineage && { lineage }) };
  // More trials than workers, so that no worker waits while a trial is built, and short jobs come in batches.
  const concurrency = backend.concurrency === 1 ? 1 : 4 * backend.concurrency;
  let refused: IdError | undefined;
  const { signal, timeout = Number.POSITIVE_INFINITY } = budget;
  const objective: Objective<S> = async (params, trial) => {
    await beginTrial(trial.number);
    try {
      // before the search, which gets the remaining time
      if (trial.number === warm && setup.fitTimes) await setup.plain?.(jobTemplate(setup, params, 0));
      return await evaluateTrial(
        setup,
        params,
        trial,
        trial.number === warm ? firstUntil(setup, timeout) : undefined,
      );
    } catch (error) {
      // data that the first trial refuses end the search; later trials fail on their own
      if (trial.number === warm && isA(error, IdError)) {
        refused = error;
        study.stop();
      }
      throw error;
    }
  };
  // a backend that can run no more jobs ends the search like a signal: its trials did not fail
  const either = {
    get aborted() {
      return signal?.aborted === true || backend.lost !== undefined;
    },
  };
  const watched = signal || "lost" in backend;
  const reserve = () => reserveOf(setup, study, warm, timeout);
  const reason = await optimizeStudy(study, objective, {
    ...budget,
    ...(watched && { signal: either }),
    ...(refit && { ending: { reserve } }),
    concurrency,
  });
  if (refused) throw refused;
  const { bestTrials, trials } = study;
  const best = bestOrNone(study);
  if (backend.lost && trials.length === 0) throw backend.lost;
  const metrics = setup.metrics.slice(0, setup.objectives).map(({ name }) => name);
  const folds = setup.rows.folds.slice(0, setup.rows.scored);
  const { validation: testRows } = setup.rows.folds[folds.length];
  const { final, ...ended } = !best
    ? { final: undefined, finalError: noBest(study) }
    : refit
      ? await finalOf(setup, study, best.number, signal)
      : { final: undefined, finalError: new FettleError("invalid_state", NOT_FITTED) };
  const { notes = setup.identities.get(best?.number ?? -1)?.followed.notes ?? [] } = ended;
  const late = reason === "timeout" && { endedAfter: trials.length - warm };
  const by = !UNREMARKED.includes(reason) && { endedBy: reason as NonNullable<TuneResult<S>["endedBy"]> };
  const result = {
    bestTrials,
    trials,
    study,
    metric: metrics[0],
    metrics,
    folds,
    testRows,
    ...ended,
    notes,
    ...late,
    ...by,
  };
  return withResults(withResults(result, { best }, noBest(study)), { final }, ended.finalError);
}

/** How a search ends if it has all its trials, or if it was stopped. */
const UNREMARKED: readonly string[] = ["budget", "exhausted", "aborted", "stopped"];

const NOT_FITTED = "refit must not be false for a final model; received false";

type Final<S extends Space> = Pick<
  TuneResult<S>,
  "finalError" | "ensemble" | "networks" | "shortened" | "calibration"
> & {
  readonly notes?: TuneResult<S>["notes"];
  readonly final: TuneResult<S>["final"] | undefined;
};

/** The final model, or why there is none: the study is still returned. */
async function finalOf<S extends Space>(
  setup: TrialSetup<S>,
  study: Study<S>,
  best: number,
  signal: OptimizeOptions["signal"],
): Promise<Final<S>> {
  const control = new LoopControl<S>(signal ? { signal } : {});
  let ended: Final<S> = { final: undefined };
  const refit = async (): Promise<void> => {
    if (setup.backend.lost) throw setup.backend.lost;
    const limits = finalLimits(setup, study.trials);
    const { model, ...others } = await fitFinal(setup, study, best, limits);
    ended = { final: await withReceipt(model, setup.rows, study.trials, study.seed), ...others };
  };
  const stop = (error: unknown): never => {
    throw error;
  };
  try {
    if (control.isAborted) stop(new FettleError("aborted", "the study was stopped"));
    await control.begin().orEnd(refit(), stop);
    return ended;
  } catch (error) {
    const code = isA(error, FettleError) ? error.code : "trial_failed";
    if (code === "invalid_checkpoint") throw error;
    const message = `the final model could not be fitted: ${messageOf(error)}`;
    return { final: undefined, finalError: new FettleError(code, message, { cause: error }) };
  } finally {
    control.close();
  }
}

/** Sets a tuner up and runs it on threads. */
export async function tuneOnThreads<S extends Space>(
  options: TuneOptions<S>,
  scoring = scoringOf(options),
): Promise<TuneResult<S>> {
  return tuneOn(options, scoring, ({ trialSetup: { rows }, budget }) => {
    // Few trials have no work for many threads.
    const most = budget.trials * rows.scored;
    return createBackend(rows, options.callbacks ? 1 : Math.min(jobsOf(options.jobs), most));
  });
}

/** Sets a tuner up and runs it. @param open - the backend of the tuner */
export async function tuneOn<S extends Space>(
  options: TuneOptions<S>,
  scoring: ScoringOptions,
  open: (setup: TunerSetup<S>) => JobBackend,
): Promise<TuneResult<S>> {
  const { timeout } = options;
  const clock = clockOf(options.clock, () => platform.now());
  const began = clock();
  const whole = await setUpTuner(options, scoring);
  const setup =
    timeout === undefined
      ? whole
      : limited(whole, timeout - (clock() - began), clock, options.clock === undefined);
  const { study, trialSetup } = setup;
  const backend = open(setup);
  try {
    const lineage = study.strategy.resume && lineageOf({ ...trialSetup, backend }, study);
    return await runTuner(setup, backend, lineage);
  } finally {
    await backend.close();
  }
}

/** A tuner with so many milliseconds left, and the measure of its trainings. */
function limited<S extends Space>(
  setup: TunerSetup<S>,
  left: number,
  clock: () => number,
  isReal: boolean,
): TunerSetup<S> {
  return {
    ...setup,
    trialSetup: { ...setup.trialSetup, fitTimes: new FitTimes(clock, clock() + left, isReal) },
    budget: { ...setup.budget, timeout: Math.max(1, left) },
  };
}

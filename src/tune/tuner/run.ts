/** Runs a tuner on a backend, from its first trial to the final fit. */

import { platform } from "#platform";
import type { Space } from "../../search/space/space.js";
import type { Objective } from "../../search/study/contract.js";
import { ancestry } from "../../search/trial/ancestry.js";
import { createBackend, type JobBackend } from "../jobs/backend.js";
import { fitFinal } from "../trial/final.js";
import { type Lineage, lineageOf } from "../trial/lineage.js";
import { withReceipt } from "../trial/receipt.js";
import type { TrialSetup } from "../trial/setup.js";
import { evaluateTrial } from "../trial/trials.js";
import { optimizeStudy } from "./failures.js";
import type { TuneOptions, TuneResult } from "./options.js";
import { type ScoringOptions, setUpTuner, type TunerSetup } from "./setup.js";

/**
 * @param beginTrial - awaited before each trial
 * @throws FettleError `trial_failed` if no trial gave a value
 */
export async function runTuner<S extends Space>(
  { study, trialSetup, budget, refit }: TunerSetup<S>,
  backend: JobBackend,
  lineage: Lineage | undefined,
  beginTrial: (trial: number) => Promise<void> | void = () => {},
): Promise<TuneResult<S>> {
  const setup: TrialSetup<S> = { ...trialSetup, backend, ...(lineage && { lineage }) };
  // More trials than workers, so that no worker waits while a trial is being built, and short jobs come in batches.
  const concurrency = backend.concurrency === 1 ? 1 : 4 * backend.concurrency;
  const objective: Objective<S> = async (params, trial) => {
    await beginTrial(trial.number);
    return evaluateTrial(setup, params, trial);
  };
  await optimizeStudy(study, objective, { ...budget, concurrency });
  const { best, bestTrials, trials } = study;
  const final =
    best && refit
      ? await withReceipt(
          await fitFinal(setup, ancestry(trials, best.number), study.seed),
          setup.rows,
          trials,
          study.seed,
        )
      : undefined;
  const metrics = setup.metrics.slice(0, setup.objectives).map(({ name }) => name);
  const folds = setup.rows.folds.slice(0, -1);
  return { best, bestTrials, trials, study, metric: metrics[0], metrics, folds, final };
}

/** Sets a tuner up and runs it on threads. */
export async function tuneOnThreads<S extends Space>(
  options: TuneOptions<S>,
  scoring: ScoringOptions,
): Promise<TuneResult<S>> {
  const setup = await setUpTuner(options, scoring);
  const { study, trialSetup, budget } = setup;
  const { rows } = trialSetup;
  // A tuner of few trials has no work for many threads.
  const workers = Math.min(options.jobs ?? platform.parallelism(), budget.trials * (rows.folds.length - 1));
  const backend = createBackend(rows, workers);
  try {
    const lineage = study.strategy.resume && lineageOf({ ...trialSetup, backend }, study);
    return await runTuner(setup, backend, lineage);
  } finally {
    await backend.close();
  }
}

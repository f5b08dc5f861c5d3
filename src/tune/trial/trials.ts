/** Evaluates one trial: trains it on every fold (`training.ts`) and scores it. It asks no strategy and keeps no trials. */

import { check, must } from "../../errors.js";
import type { ParamsOf, Space } from "../../search/space/space.js";
import type { RunningTrial } from "../../search/study/contract.js";
import type { TrialOutcome } from "../../search/trial/trial.js";
import type { Job, JobResult } from "../jobs/job.js";
import { checkSameTraining, type TrainingEnd, trainingEnd } from "./lineage.js";
import { detailsOf, meanScores, objectivesOf } from "./scoring.js";
import type { TrialSetup } from "./setup.js";
import { type JobTemplate, jobTemplate, trainOnFolds } from "./training.js";

/** Trains one trial on every fold, from where its parent ended if it has one, and scores it. */
export async function evaluateTrial<S extends Space>(
  setup: TrialSetup<S>,
  params: ParamsOf<S>,
  trial: Pick<RunningTrial, "number" | "parent" | "seed" | "report">,
): Promise<TrialOutcome> {
  const { schedule, lineage } = setup;
  const template = jobTemplate(setup, params, trial.seed);
  const { architecture, job, folds } = template;
  const scored = { ...setup, folds };
  if (schedule) checkSchedule(job, schedule.epochs);
  const parent = trial.parent === undefined ? undefined : await lineage?.endOfTrial(trial.parent);
  if (parent) checkSameTraining(parent, { params, architecture, pipeline: job.pipeline });
  const results = await trainInStages(setup, template, trial, parent);
  lineage?.add(trial.number, trainingEnd(params, template, results));
  const attributes = {
    ...(job.earlyStopping && { epochs: results.map(({ epochs }) => epochs) }),
    ...(setup.detailed && { folds: results.map((result, i) => detailsOf(setup, folds[i], result)) }),
  };
  return {
    ...objectivesOf(scored, results),
    ...(setup.constraints && { constraints: setup.constraints(meanScores(scored, results), params) }),
    steps: Math.max(...results.map(({ losses }) => losses.length)),
    ...(Object.keys(attributes).length > 0 && { attributes }),
  };
}

/** Trains to the next rung of the scheduler, reports, and continues until the end or a verdict; without one, at once. */
async function trainInStages<S extends Space>(
  setup: TrialSetup<S>,
  { job, folds }: JobTemplate,
  trial: Pick<RunningTrial, "number" | "report">,
  parent: TrainingEnd | undefined,
): Promise<JobResult[]> {
  const { schedule, lineage } = setup;
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
    const last = await trainOnFolds(setup, stage, states);
    results = last.map((result, fold) => (before[fold] ? joinStages(before[fold], result) : result));
    done = end;
    const finite = results.every((result) => result.finite);
    if (end === job.epochs || !finite) break;
    const { value = Number.NaN, values = value } = objectivesOf({ ...setup, folds }, results);
    if (!(await trial.report(values, end))) break;
  }
  return results;
}

/** The result of the last stage, with the losses and times of all stages. */
function joinStages(before: JobResult, last: JobResult): JobResult {
  return {
    ...last,
    losses: [...before.losses, ...last.losses],
    fitSeconds: before.fitSeconds + last.fitSeconds,
    scoreSeconds: before.scoreSeconds + last.scoreSeconds,
  };
}

function checkSchedule(
  { epochs, earlyStopping, reduceLROnPlateau }: Pick<Job, "epochs" | "earlyStopping" | "reduceLROnPlateau">,
  steps: number,
): void {
  const rule = `the ${steps} epochs of every trial with a scheduler; set them by steps of tune`;
  must(epochs === steps, "epochs of fit", rule, epochs);
  check(
    !reduceLROnPlateau,
    "reduceLROnPlateau cannot follow a loss across the rungs of a scheduler; use one of them",
  );
  check(!earlyStopping, "early stopping and a scheduler both end trials; use one of them");
}

/**
 * Evaluates one trial: trains it on every fold (`training.ts`) and scores it. It calls no strategy and keeps
 * no trials.
 */
import { check, must } from "../../errors.js";
import { validationName } from "../../nn/callbacks/history.js";
import { rungsOf } from "../../search/schedulers/scheduler.js";
import type { ParamsOf, Space } from "../../search/space/space.js";
import type { RunningTrial, WorkTime } from "../../search/study/contract.js";
import { BrokenTrial } from "../../search/trial/curves.js";
import type { TrialOutcome } from "../../search/trial/trial.js";
import type { Job, JobResult } from "../jobs/job.js";
import { withCallbacks } from "./callbacks.js";
import { Course } from "./course.js";
import { checkSameTraining, type TrainingEnd, trainingEnd } from "./lineage.js";
import { detailsOf, meanScores, objectiveScores, objectivesOf, reportedBeside } from "./scoring.js";
import type { TrialSetup } from "./setup.js";
import { type JobTemplate, jobTemplate, trainOnFolds } from "./training.js";

/** A running trial, whatever its parameters. */
type AnyTrial = Pick<RunningTrial, "number" | "parent" | "seed" | "report" | "signal" | "live" | "trained">;

/**
 * Trains one trial on every fold, from where its parent ended if it has one, and scores it.
 *
 * @param until - when its trainings are cut, in milliseconds since 1970; the trial then counts as it is
 * @throws BrokenTrial for a trial that fails after its jobs were submitted
 */
export async function evaluateTrial<S extends Space>(
  setup: TrialSetup<S>,
  params: ParamsOf<S>,
  trial: AnyTrial,
  until?: number,
): Promise<TrialOutcome> {
  const { schedule, lineage, metrics, constraints } = setup;
  const time = timeOf(setup, trial);
  const made = withCallbacks(setup, trial.number, params, jobTemplate(setup, params, trial.seed));
  const template = until === undefined ? made : { ...made, job: { ...made.job, until } };
  const { architecture, job, folds } = template;
  setup.identities.set(trial.number, template.identity);
  if (schedule) checkSchedule(job, schedule.epochs);
  const parent = trial.parent === undefined ? undefined : await lineage?.endOfTrial(trial.parent);
  if (parent) checkSameTraining(parent, { params, architecture: architecture(), pipeline: job.pipeline });
  // the scores at rungs; without a scheduler there is one, at the end, already in the record
  const scored = schedule ? metrics.slice(0, setup.objectives).map(({ name }) => validationName(name)) : [];
  const course = new Course(folds.length, scored, setup.curves ? trial.trained : undefined);
  const kept = () => (setup.curves ? course.curves() : {});
  try {
    await trainInStages(setup, template, trial, parent, course, time);
    const { results, scores } = course;
    const sumOf = (count: (result: JobResult) => number): number =>
      results.reduce((sum, result) => sum + count(result), 0);
    const run = ({ curves }: JobResult): number => curves.loss.length;
    const share = sumOf(run) / sumOf((result) => (result.cut ? job.epochs : run(result)));
    setup.fitTimes?.ended(
      trial.number,
      sumOf(({ fitSeconds }) => fitSeconds),
      share,
    );
    lineage?.add(trial.number, trainingEnd(params, template, results));
    setup.kept?.add(
      trial.number,
      objectivesOf(scores).value,
      results.map(({ prediction }) => prediction),
    );
    const attributes = {
      ...(results.some(({ cut }) => cut) && { cut: true }),
      ...((job.earlyStopping || job.watch) && { epochs: results.map(({ epochs }) => epochs) }),
      ...(setup.detailed
        ? { folds: results.map((result, i) => detailsOf(setup, folds[i], result, i)) }
        : reportedBeside({ ...setup, folds }, results)),
    };
    return {
      ...objectivesOf(scores),
      ...(constraints && { constraints: constraints(meanScores({ ...setup, folds }, results), params) }),
      steps: Math.max(...results.map(({ curves }) => curves.loss.length)),
      ...kept(),
      ...(Object.keys(attributes).length > 0 && { attributes }),
    };
  } catch (error) {
    throw new BrokenTrial(error, kept());
  }
}

/**
 * If time is limited: notified when trainings start and end, because waiting for a worker does not count.
 * They are cancelled when the trial's time runs out.
 */
function timeOf<S extends Space>(
  { backend, timed, fitTimes }: TrialSetup<S>,
  trial: AnyTrial,
): WorkTime | undefined {
  if (timed) trial.live.pause();
  const own = timed ? trial.live : undefined;
  const time = fitTimes ? fitTimes.count(trial.number, own) : own;
  if (!time) return undefined;
  const { signal } = trial;
  signal.addEventListener("abort", () => backend.cancel?.(time, signal.reason as Error));
  return time;
}

/**
 * Trains to the next rung of the scheduler, reports, and continues until the end or a verdict; without one,
 * in one go.
 */
async function trainInStages<S extends Space>(
  setup: TrialSetup<S>,
  { job, folds }: JobTemplate,
  trial: AnyTrial,
  parent: TrainingEnd | undefined,
  course: Course,
  time: WorkTime | undefined,
): Promise<void> {
  const { schedule, lineage } = setup;
  const ends = [...(schedule ? rungsOf(schedule.scheduler, trial.number, job.epochs) : []), job.epochs];
  let done = 0;
  for (const end of ends) {
    const stage = {
      ...job,
      trial: trial.number,
      epochs: end - done,
      ...(job.learningRates && { learningRates: job.learningRates.slice(done) }),
      keepState: end < job.epochs || lineage !== undefined,
      ...(setup.trainScores && { predictsTraining: setup.trainScores }),
    };
    const states = done === 0 ? parent?.states : course.results.map(({ state }) => state);
    await trainOnFolds(setup, stage, states, course, time);
    done = end;
    course.score(end, objectiveScores({ ...setup, folds }, course.results));
    const finite = course.results.every((result) => result.finite);
    if (end === job.epochs || !finite) break;
    const { value = Number.NaN, values = value } = objectivesOf(course.scores);
    if (!(await trial.report(values, end))) break;
  }
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

/**
 * Reads the trainings of a saved tuner, which are untrusted. First it checks their form, and that the study
 * has such trials; then, when a trial requests a job again, that the saved result or state fits that job. It
 * reads no bytes and trains nothing.
 */
import { unitsFor } from "../../data/pipeline/target.js";
import { checkSaved } from "../../engine/executor.js";
import { check, isRecord, show } from "../../errors.js";
import { sameValue } from "../../search/space/value.js";
import type { Study } from "../../search/study/contract.js";
import { areLogs, hasFields, isCount, isSavedRun } from "../../workers/saved.js";
import type { JobData } from "../jobs/fold.js";
import type { FoldCurves, Job, JobResult, SavedJob } from "../jobs/job.js";
import type { Folds } from "../trial/folds.js";
import type { SavedPredictions } from "../trial/kept.js";
import type { SavedEnds } from "../trial/lineage.js";

/** The finished work of an unfinished trial. */
export interface SavedTrial {
  /** Its number; null for the final fit. */
  readonly trial: number | null;
  /** The results of its first jobs; null for a job that was unfinished while a later one had ended. */
  readonly results: readonly (JobResult | null)[];
  /** The job after those, if it had started. */
  readonly open?: SavedJob;
}

/**
 * @param study - whose trials they are
 * @throws FettleError `invalid_checkpoint`
 */
export function readTrials(value: unknown, { asked, trials }: Pick<Study, "asked" | "trials">): SavedTrial[] {
  refuseUnless(Array.isArray(value), () => `its unfinished trials must be a list; received ${show(value)}`);
  const ended = new Set(trials.map(({ number }) => number));
  const seen = new Set<unknown>();
  for (const entry of value) {
    const number = isRecord(entry) ? entry.trial : undefined;
    const runs = isCount(number) && number < asked && !ended.has(number);
    refuseUnless(
      (runs || number === null) && !seen.has(number),
      () => `it has no unfinished trial ${show(number)}`,
    );
    seen.add(number);
    refuseUnless(isTrial(entry), () => `unfinished trial ${show(number)} is corrupted`);
  }
  return value;
}

/**
 * @param folds - how many a trial is trained on
 * @throws FettleError `invalid_checkpoint`
 */
export function readEnds(value: unknown, { trials }: Pick<Study, "trials">, folds: number): SavedEnds {
  const fits = (states: unknown): boolean =>
    Array.isArray(states) && states.length === folds && states.every(isSavedRun);
  const corrupted = (trial: unknown): string => `the end of the training of trial ${trial} is corrupted`;
  checkFinished(value, "ends of trainings", trials, fits, corrupted);
  return value as SavedEnds;
}

/**
 * @param setup - of the tuner that is resumed
 * @throws FettleError `invalid_checkpoint`
 */
export function readKept(
  value: unknown,
  {
    study: { trials },
    trialSetup: { rows },
  }: { readonly study: Pick<Study, "trials">; readonly trialSetup: { readonly rows: Folds } },
): SavedPredictions {
  const sizes = rows.folds
    .slice(0, rows.scored)
    .map(({ validation }) => validation.length * rows.data.outputs);
  const fits = (score: unknown, folds: unknown): boolean =>
    Number.isFinite(score) &&
    Array.isArray(folds) &&
    folds.length === sizes.length &&
    folds.every((each, i) => each instanceof Float32Array && each.length === sizes[i]);
  const corrupted = (trial: unknown): string => `the predictions of trial ${trial} are corrupted`;
  checkFinished(value, "predictions", trials, fits, corrupted);
  return value as SavedPredictions;
}

/** Refuses all but a list of a finished trial's number and what `fits`, for different trials. */
function checkFinished(
  value: unknown,
  what: string,
  trials: Study["trials"],
  fits: (...saved: unknown[]) => boolean,
  corrupted: (trial: unknown) => string,
): void {
  refuseUnless(Array.isArray(value), () => `its ${what} must be a list; received ${show(value)}`);
  const seen = new Set<unknown>();
  for (const entry of value) {
    const [number, ...saved] = Array.isArray(entry) && entry.length === 1 + fits.length ? entry : [];
    refuseUnless(
      trials.some((trial) => trial.number === number) && !seen.has(number),
      () => `it has no finished trial ${show(number)}`,
    );
    seen.add(number);
    refuseUnless(fits(...saved), () => corrupted(number));
  }
}

/**
 * @param saved - the result of a job, or a job that was saved before its end
 * @throws FettleError `invalid_checkpoint` if it does not fit this job
 */
export function checkIsOf(job: Job, { data, folds }: JobData, saved: JobResult | SavedJob): void {
  const [what, epochs, names] =
    "curves" in saved
      ? ["result", saved.curves.loss.length, [Object.keys(saved.curves)]]
      : ["training", saved.logs.length, saved.logs.map(Object.keys)];
  const { train, validation } = folds[job.fold];
  const refuse = (reason: string) =>
    `the saved ${what} does not fit the data and model of this tuner: ${reason}`;
  check(
    epochs <= job.epochs,
    () => refuse(`it has ${epochs} epochs, the job has ${job.epochs}`),
    "invalid_checkpoint",
  );
  const measured = ["loss", ...(job.measured ?? [])].sort();
  // of a training whose learning rate was set
  const rate =
    (job.reduceLROnPlateau || job.learningRates) && !("curves" in saved) ? "learningRate" : undefined;
  for (const own of names) {
    check(
      sameValue(own.filter((name) => name !== rate).sort(), measured),
      () => refuse(`its epochs must have ${measured.join(", ")}; they have ${own.join(", ")}`),
      "invalid_checkpoint",
    );
  }
  if (saved.state) checkSaved(job.programs.train, saved.state, train.length);
  if (!("curves" in saved)) return;
  check(!job.keepState || saved.state, () => refuse("its state is missing"), "invalid_checkpoint");
  const numbers = validation.length * unitsFor(data.outputs, job.pipeline);
  check(
    saved.prediction.length === numbers,
    () => refuse(`it has ${saved.prediction.length} predictions, the fold has ${numbers}`),
    "invalid_checkpoint",
  );
}

function isTrial(value: unknown): value is SavedTrial {
  return (
    hasFields(value, ["trial", "results"], ["open"]) &&
    Array.isArray(value.results) &&
    value.results.every((result) => result === null || isResult(result)) &&
    (value.open === undefined || isOpen(value.open))
  );
}

export function isResult(value: unknown): value is JobResult {
  const fields = ["prediction", "curves", "epochs", "finite", "fitSeconds", "scoreSeconds"];
  return (
    hasFields(value, fields, ["state", "mask", "cut"]) &&
    value.prediction instanceof Float32Array &&
    isMaskOf(value.mask, value.prediction) &&
    isFoldCurves(value.curves) &&
    isCount(value.epochs) &&
    value.epochs <= value.curves.loss.length &&
    typeof value.finite === "boolean" &&
    (value.cut === undefined || value.cut === true) &&
    isDuration(value.fitSeconds) &&
    isDuration(value.scoreSeconds) &&
    (value.state === undefined || isSavedRun(value.state))
  );
}

/** Absent, or 1 and 0 for steps of as many numbers each. */
function isMaskOf(mask: unknown, { length }: Float32Array): boolean {
  if (mask === undefined) return true;
  const isMask = mask instanceof Float32Array && mask.every((counts) => counts === 0 || counts === 1);
  return isMask && (length === 0 ? mask.length === 0 : mask.length > 0 && length % mask.length === 0);
}

function isFoldCurves(value: unknown): value is FoldCurves {
  if (!isRecord(value) || !(value.loss instanceof Float32Array)) return false;
  const { length } = value.loss;
  return Object.values(value).every((each) => each instanceof Float32Array && each.length === length);
}

function isOpen(value: unknown): value is SavedJob {
  return (
    hasFields(value, ["state", "logs", "fitSeconds"], ["best"]) &&
    isSavedRun(value.state) &&
    areLogs(value.logs) &&
    isDuration(value.fitSeconds) &&
    (value.best === undefined ||
      (value.best instanceof Float32Array && value.best.length === value.state.arrays.parameters?.length))
  );
}

function isDuration(value: unknown): boolean {
  return Number.isFinite(value) && (value as number) >= 0;
}

function refuseUnless(condition: unknown, reason: () => string): asserts condition {
  check(condition, () => `this is not a saved tuner: ${reason()}`, "invalid_checkpoint");
}

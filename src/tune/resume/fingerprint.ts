/** The fingerprint of a tuner: what must be equal when it resumes, and on each machine that runs its jobs. */
import { checksumOf } from "../../crc32.js";
import type { Space } from "../../search/space/space.js";
import { checkFingerprint, fingerprintOf } from "../../workers/saved.js";
import type { Division } from "../trial/folds.js";
import type { TunerSetup } from "../tuner/setup.js";

export type TunerFingerprint = ReturnType<typeof tunerFingerprint>;

/** As plain data. Code, such as the model, has no fingerprint. */
export function tunerFingerprint<S extends Space>({ foldSettings, trialSetup }: TunerSetup<S>) {
  const {
    fit = {},
    pipeline = {},
    schedule,
    task,
    metrics,
    constraints,
    rows,
    threshold,
    selection,
    calibrate = false,
    curves,
    measured,
  } = trialSetup;
  const {
    columns,
    y,
    sampleWeight = new Float64Array(0),
    groups = new Int32Array(0),
    time = new Float64Array(0),
    shape = [],
    schema,
  } = rows.data;
  // arrays count by their numbers, whatever their type
  const cells = schema ? columns : columns.map((column) => Float64Array.from(column));
  return fingerprintOf({
    validation: describeValidation(foldSettings.validation),
    testSize: foldSettings.testSize,
    pipeline: typeof pipeline === "function" ? "a function" : pipeline,
    task,
    metric: metrics.map(({ name }) => name),
    constraints: constraints !== undefined,
    threshold: threshold?.name ?? null,
    ensemble: selection ? { ...selection } : null,
    calibrate,
    fit: typeof fit === "function" ? "a function" : fit,
    curves: measured ? "validation" : curves,
    scheduler: schedule
      ? { name: schedule.scheduler.name, options: schedule.scheduler.options, steps: schedule.epochs }
      : null,
    data: checksumOf([...cells, y, sampleWeight, groups, time, Int32Array.from(shape)]),
    folds: checksumOf(
      rows.folds
        .slice(0, rows.scored + 1)
        .flatMap(({ train, validation }) => [Int32Array.of(train.length), train, validation]),
    ),
  });
}

/**
 * As plain data: a splitter by its name and options; folds, also those that a function returned, by their
 * checksum.
 */
function describeValidation(validation: Division) {
  if (Array.isArray(validation)) return "folds";
  if (typeof validation !== "function") return validation;
  return validation.options ? { name: validation.name, options: validation.options } : "a function";
}

/** @throws FettleError as `checkFingerprint` */
export function checkTuner(own: TunerFingerprint, saved: unknown): void {
  checkFingerprint("tuner", own, saved, {
    folds: "other folds; pass a validation that divides the rows in the same way",
  });
}

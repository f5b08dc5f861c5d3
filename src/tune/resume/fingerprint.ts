/** The fingerprint of a tuner: what must be equal when it resumes, and on each machine that runs its jobs. */
import { checksumOf } from "../../crc32.js";
import { check, isRecord, show } from "../../errors.js";
import { kernelsName } from "../../numerics/kernels.js";
import type { Space } from "../../search/space/space.js";
import { sameValue } from "../../search/space/value.js";
import type { Division } from "../trial/folds.js";
import type { TunerSetup } from "../tuner/setup.js";

export type Fingerprint = ReturnType<typeof fingerprintOf>;

/** As plain data. Code, such as the model, has no fingerprint. */
export function fingerprintOf<S extends Space>({ foldSettings, trialSetup }: TunerSetup<S>) {
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
  return inJson({
    kernels: kernelsName(),
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

/** As it returns from an archive: an option given as undefined is one that was left out. */
function inJson<T>(plain: T): T {
  return JSON.parse(JSON.stringify(plain)) as T;
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

/** @throws FettleError if `saved` is not a fingerprint, or a different one */
export function checkFingerprint(own: Fingerprint, saved: unknown): void {
  check(
    isRecord(saved) && sameValue(Object.keys(saved), Object.keys(own)),
    "this is not a saved tuner: its settings are corrupted",
    "invalid_checkpoint",
  );
  const build = (kernels: string) => kernels.split(" ")[1];
  check(
    typeof saved.kernels === "string" && build(saved.kernels) === build(own.kernels),
    () =>
      `the tuner was saved with the kernels ${show(saved.kernels)}; received ${show(own.kernels)}, which compute different ` +
      "bits; resume with the release and the kernels of the saved tuner",
    "invalid_checkpoint",
  );
  const { kernels: _, ...settings } = own;
  for (const [name, value] of Object.entries(settings)) {
    check(sameValue(saved[name], value), () =>
      name === "data"
        ? "the tuner was saved with other data; pass the same data"
        : name === "folds"
          ? "the tuner was saved with other folds; pass a validation that divides the rows in the same way"
          : `the tuner was saved with ${name} ${show(saved[name])}; received ${show(value)}; pass the same ${name}`,
    );
  }
}

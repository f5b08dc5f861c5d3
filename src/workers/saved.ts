/** What saved work must look like when it returns from bytes: forms that readers check, and fingerprints. */
import type { SavedRun } from "../engine/executor.js";
import { check, isRecord, show } from "../errors.js";
import { kernelsName } from "../numerics/kernels.js";
import { sameValue } from "../search/space/value.js";

/** Whether it is an object with these fields and no others. */
export function hasFields(
  value: unknown,
  required: readonly string[],
  optional: readonly string[] = [],
): value is Readonly<Record<string, unknown>> {
  return (
    isRecord(value) &&
    required.every((name) => Object.hasOwn(value, name)) &&
    Object.keys(value).every((name) => required.includes(name) || optional.includes(name))
  );
}

export function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** Whether it has the form of the state of a run. Whether it fits a program is checked by the run. */
export function isSavedRun(value: unknown): value is SavedRun {
  return (
    hasFields(value, ["progress", "seed", "arrays"]) &&
    hasFields(value.progress, ["step", "epoch", "cursor"]) &&
    Object.values(value.progress).every(isCount) &&
    isCount(value.seed) &&
    isRecord(value.arrays) &&
    Object.values(value.arrays).every((array) => array instanceof Float32Array)
  );
}

/** Whether they have the form of the logs of epochs. */
export function areLogs(value: unknown): value is readonly Readonly<Record<string, number>>[] {
  return Array.isArray(value) && value.every((log) => isRecord(log) && "loss" in log && areNumbers(log));
}

function areNumbers(value: Readonly<Record<string, unknown>>): boolean {
  return Object.values(value).every((each) => typeof each === "number");
}

/** What must be equal when work resumes: the kernels, and settings as plain data. */
export interface SavedFingerprint {
  readonly kernels: string;
  /** A checksum. */
  readonly data: number;
}

/** As it returns from an archive: an option given as undefined is one that was left out. */
export function fingerprintOf<Settings extends { readonly data: number }>(
  settings: Settings,
): Settings & SavedFingerprint {
  return JSON.parse(JSON.stringify({ kernels: kernelsName(), ...settings }));
}

/**
 * @param what - was saved, such as "tuner"
 * @param ways - the message for a setting that a person cannot read
 * @throws FettleError `invalid_checkpoint` if `saved` is not a fingerprint, or one of other kernels;
 * `invalid_argument` for a different one
 */
export function checkFingerprint(
  what: string,
  own: SavedFingerprint,
  saved: unknown,
  ways: Readonly<Record<string, string>>,
): void {
  check(
    isRecord(saved) && sameValue(Object.keys(saved), Object.keys(own)),
    `this is not a saved ${what}: its settings are corrupted`,
    "invalid_checkpoint",
  );
  const build = (kernels: string) => kernels.split(" ")[1];
  check(
    typeof saved.kernels === "string" && build(saved.kernels) === build(own.kernels),
    () =>
      `the ${what} was saved with the kernels ${show(saved.kernels)}; received ${show(own.kernels)}, which compute different ` +
      `bits; resume with the release and the kernels of the saved ${what}`,
    "invalid_checkpoint",
  );
  const { kernels: _, ...settings } = own;
  const known: Readonly<Record<string, string>> = { data: "other data; pass the same data", ...ways };
  for (const [name, value] of Object.entries(settings)) {
    check(
      sameValue(saved[name], value),
      () =>
        `the ${what} was saved with ${known[name] ?? `${name} ${show(saved[name])}; received ${show(value)}; pass the same ${name}`}`,
    );
  }
}

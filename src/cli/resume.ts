/** How to resume a study, and what is printed at its end, for every command that runs one. */
import type { Command } from "commander";
import { check, show } from "../errors.js";
import { count } from "../report/format.js";
import { countStatuses, firstFailure } from "../report/study.js";
import type { Params } from "../search/space/space.js";
import { sameValue } from "../search/space/value.js";
import type { TrialRecord } from "../search/trial/trial.js";
import { flagOf } from "./flags.js";
import type { Places } from "./keeper.js";
import { quoted } from "./messages.js";
import { shownStorage } from "./storageFile.js";
import { coloursFor, note } from "./streams.js";

/**
 * The names of flags that were typed, except those that may differ from the flags that a study began with.
 */
export function flagsGiven(command: Command, changeable: readonly string[]): string[] {
  return command.options
    .map((option) => option.attributeName())
    .filter((name) => command.getOptionValueSource(name) === "cli" && !changeable.includes(name));
}

/** The flags that may differ from those that a study began with. */
export function flagsChanged<Flags extends object>(
  flags: Flags,
  changeable: readonly string[],
): Partial<Flags> {
  return Object.fromEntries(
    Object.entries(flags).filter(([name]) => changeable.includes(name)),
  ) as Partial<Flags>;
}

/**
 * Checks the flags that say where a study is kept, and those that were typed with `--resume`.
 *
 * @param changeable - the flags that a resumed study may change
 */
export function checkPlaces(
  command: Command,
  { out, overwrite, resume, storage, study }: Places,
  changeable: readonly string[],
): void {
  check(
    storage === undefined || study !== undefined,
    "--storage needs --study, the name of the study in the storage",
  );
  check(
    study === undefined || storage !== undefined,
    "--study needs --storage, the place that the study is in",
  );
  if (resume === undefined) {
    check(!overwrite || out !== undefined, "--overwrite needs --out, the folder of the study to replace");
    return;
  }
  check(storage === undefined, "--resume must be left out with --storage, which keeps the study");
  const allowed = changeable.filter((flag) => flag !== "out" && flag !== "overwrite");
  mustBeLeftOut(command, allowed, "--resume, which uses the flags that the study began with");
}

/**
 * Refuses the flags that were given.
 *
 * @param allowed - but these
 * @param what - does not go with them
 */
export function mustBeLeftOut(command: Command, allowed: readonly string[], what: string): void {
  const given = flagsGiven(command, allowed).map(flagOf);
  check(given.length === 0, () => `${given.join(" and ")} must be left out with ${what}`);
}

/** What remains of a study that ended early. @param name - of the command */
export function howToResume(name: string, { out, storage, study = "" }: Places, trials: number): string {
  const kept = `${count(trials, "trial")} of the study ${trials === 1 ? "is" : "are"}`;
  if (storage !== undefined) {
    const shown = shownStorage(storage);
    const where = `--storage ${quoted(shown)} --study ${quoted(study)}`;
    return `${kept} in ${shown}; to resume: npx fettle ${name} ${where}`;
  }
  return out === undefined
    ? "Nothing was saved; with --out, a study can be resumed."
    : `${kept} in ${out}; to resume: npx fettle ${name} --resume ${quoted(out)}`;
}

/** Reports that no trial has a value, and why. */
export function complainOfNone(trials: readonly TrialRecord<Params>[]): void {
  const { red } = coloursFor(process.stderr);
  const diverged = trials.find(({ status }) => status === "diverged");
  const reason = firstFailure(trials);
  if (reason.length === 0 && diverged)
    reason.push(`Trial ${diverged.number} diverged: its value is NaN or infinite`);
  note(red([`error: no trial has a value (${countStatuses(trials)})`, ...reason].join("\n")));
}

/** Refuses flags that differ from those that a study began with. */
export function mustBeUnchanged(
  name: string,
  flags: Readonly<Record<string, unknown>>,
  saved: Readonly<Record<string, unknown>>,
  given: readonly string[],
): void {
  for (const flag of given) {
    check(
      sameValue(flags[flag], saved[flag]),
      () =>
        `${flagOf(flag)} must be ${saved[flag] === undefined ? "left out" : show(saved[flag])}, as study ${show(name)} began; received ${show(flags[flag])}; ` +
        "leave it out, or choose another name",
    );
  }
}

/** What `fettle optimize` runs: a new study, or one that it resumes from a folder or a storage. */
import type { Command } from "commander";
import { check, FettleError, isRecord, show } from "../../errors.js";
import { sameValue } from "../../search/space/value.js";
import type { StudyJson } from "../../search/study/contract.js";
import { recordStudy } from "../../store/recorder.js";
import type { StoredStudy } from "../../store/storage.js";
import { checkPlaces, flagsChanged, flagsGiven, mustBeUnchanged } from "../resume.js";
import { openStorage, orClosed, RecordedStudy } from "../storageFile.js";
import { readProgramStudy, type SavedProgram } from "../studyFolder.js";
import { CHANGEABLE, heldFlags, type OptimizeFlags } from "./flags.js";

/** A study to run: a new one, or one that is resumed. */
export interface OpenStudy {
  readonly words: readonly string[];
  readonly flags: OptimizeFlags;
  readonly study?: StudyJson;
  /** Records it, if it is in a storage. */
  readonly record?: RecordedStudy;
}

export async function openStudy(
  command: Command,
  words: readonly string[],
  flags: OptimizeFlags,
): Promise<OpenStudy> {
  const { resume, storage, study: name } = flags;
  checkPlaces(command, flags, CHANGEABLE);
  if (storage !== undefined && name !== undefined) return inStorage(command, words, flags, storage, name);
  if (resume === undefined) return { words, flags };
  check(
    words.length === 0,
    "the program must be left out with --resume, which runs the one that the study began with",
  );
  const { study, ...saved } = readProgramStudy(resume);
  return { ...resumed(saved, { ...flags, out: resume }), ...(study && { study }) };
}

async function inStorage(
  command: Command,
  words: readonly string[],
  flags: OptimizeFlags,
  path: string,
  name: string,
): Promise<OpenStudy> {
  const storage = await openStorage(path, words.length > 0 ? "create" : "use"); // without a program there is nothing to start
  return orClosed(storage, async () => {
    const kept = await storage.open(name);
    const saved = kept && commandIn(kept);
    const own = saved ?? { program: words, flags: heldFlags(flags) };
    if (kept && saved) {
      mustBeUnchanged(name, heldFlags(flags), saved.flags, flagsGiven(command, CHANGEABLE));
      check(
        words.length === 0 || sameValue(words, saved.program),
        () =>
          `the program must be ${show(saved.program)}, as study ${show(name)} began; received ${show(words)}; leave it out`,
      );
    }
    const recorder = await recordStudy(storage, name, { command: own });
    const record = new RecordedStudy(storage, recorder, own);
    const { study } = recorder;
    if (!study) return { words, flags, record };
    if (saved) return { ...resumed(saved, flags), study, record };
    // another program made it, such as an import: the study decides how to search, the command line what to
    // run
    const { seed, direction, strategy } = study;
    const its = { seed, direction: [direction].flat(), strategy: strategy.name };
    const given = flagsGiven(command, CHANGEABLE).filter((flag) => Object.hasOwn(its, flag));
    mustBeUnchanged(name, { ...flags }, its, given);
    return { words, flags: { ...flags, ...its }, study, record };
  });
}

/**
 * How a study of `fettle optimize` began; undefined if another program made it.
 *
 * @throws FettleError for a study of `fettle tune`
 */
function commandIn({ name, settings }: StoredStudy): SavedProgram | undefined {
  const { command } = settings;
  if (command === undefined) return undefined;
  const { program, flags } = isRecord(command) ? command : {};
  const isProgram = Array.isArray(program) && program.every((word) => typeof word === "string");
  if (isProgram && isRecord(flags)) return { program: program as string[], flags };
  throw new FettleError(
    "invalid_argument",
    `study ${show(name)} must be one that runs a program; another command began it, such as fettle tune; choose another name`,
  );
}

const resumed = ({ program, flags: saved }: SavedProgram, flags: OptimizeFlags) => ({
  words: program,
  flags: { ...(saved as unknown as OptimizeFlags), ...flagsChanged(flags, CHANGEABLE) },
});

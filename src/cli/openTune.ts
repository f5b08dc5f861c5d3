/** What `fettle tune` runs: a new study, or one that it resumes from a folder or a storage. */
import type { Command } from "commander";
import { check, show } from "../errors.js";
import type { StudyJson } from "../search/study/contract.js";
import { recordStudy } from "../store/recorder.js";
import type { StudyStorage } from "../store/storage.js";
import { IN_STORAGE, NO_QUEUE } from "./queue.js";
import { checkPlaces, flagsChanged, flagsGiven, mustBeUnchanged } from "./resume.js";
import {
  commandOf,
  isInFolder,
  namesIn,
  noStudy,
  openIfThere,
  orClosed,
  RecordedStudy,
} from "./storageFile.js";
import { readStudy, type SavedTable } from "./studyFolder.js";
import { CHANGEABLE, heldFlags, type TuneFlags } from "./tuneFlags.js";

/** A study to run: a new one, or one that is resumed. */
export interface OpenStudy {
  readonly file: string;
  readonly flags: TuneFlags;
  readonly study?: StudyJson;
  /** The digest of the table that it began with. */
  readonly data?: string;
  /** Records it, if it is in a storage. */
  readonly record?: RecordedStudy;
}

export async function openStudy(
  command: Command,
  file: string | undefined,
  flags: TuneFlags,
): Promise<OpenStudy> {
  const { resume, storage, study: name } = flags;
  const needed = (value: string | undefined): string => {
    check(value !== undefined, "missing required argument 'data.csv'\nRun fettle tune --help for usage.");
    return value;
  };
  const resumed = (saved: SavedTable): Pick<OpenStudy, "file" | "flags" | "data"> => {
    const all = { ...(saved.flags as unknown as TuneFlags), ...flagsChanged(flags, CHANGEABLE) };
    return { file: file ?? saved.file, flags: all, data: saved.data };
  };
  const inStorage = async (opened: StudyStorage, name: string): Promise<OpenStudy | undefined> => {
    const kept = await opened.open(name);
    if (!kept) return undefined;
    const saved = commandOf(kept);
    mustBeUnchanged(name, heldFlags(flags), saved.flags, flagsGiven(command, CHANGEABLE));
    const recorder = await recordStudy(opened, name);
    const record = new RecordedStudy(opened, recorder, saved);
    return { ...resumed(saved), ...(recorder.study && { study: recorder.study }), record };
  };
  checkPlaces(command, flags, CHANGEABLE);
  check(
    flags.queue === undefined || storage !== undefined,
    "--queue needs --storage and --study, from which workers read the study",
  );
  check(
    flags.queue !== IN_STORAGE || !isInFolder(flags.storage ?? ""),
    () => `${NO_QUEUE}; received --storage ${show(flags.storage)}, a folder`,
  );
  check(
    flags.jobs !== 0 || flags.queue !== undefined,
    "--jobs must be at least 1 without --queue; received 0",
  );
  if (storage !== undefined && name !== undefined) {
    const opened = await openIfThere(storage);
    const old = opened && (await orClosed(opened, () => inStorage(opened, name)));
    if (old) return old;
    const known = opened ? await namesIn(opened).finally(() => opened.close()) : "none";
    check(file !== undefined, () => `${noStudy(storage, name, known)}; a new one needs a table, <data.csv>`);
    return { file, flags };
  }
  if (resume === undefined) return { file: needed(file), flags };
  const { study, ...saved } = readStudy(resume);
  const { flags: all, ...rest } = resumed(saved);
  return { ...rest, flags: { ...all, out: resume }, ...(study && { study }) };
}

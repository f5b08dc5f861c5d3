/** Where `fettle tune` keeps its study: nowhere, in a folder of files, in a storage, or in both. */
import { resolve } from "node:path";
import { check, show } from "../errors.js";
import type { Params } from "../search/space/space.js";
import type { StudyEvent } from "../search/study/contract.js";
import type { TrialRecord } from "../search/trial/trial.js";
import { recordStudy } from "../store/recorder.js";
import type { StoredStudy } from "../store/storage.js";
import type { JobQueue } from "../workers/queue/queue.js";
import { quoted } from "./explain.js";
import type { OpenStudy } from "./openTune.js";
import { openQueue } from "./queue.js";
import { claimStudy, openStorage, StudyRecord, shownStorage } from "./storageFile.js";
import { hasStudyOf, type Made, MODEL_FILE, type SavedTable, StudyFolder } from "./studyFolder.js";
import { heldFlags, type TuneFlags } from "./tuneFlags.js";
import type { TuneSetup } from "./tuneSetup.js";

/** Where a study is kept, during the run and after it. */
export interface Keeper {
  onEvent(event: StudyEvent): void;
  /** The study in the storage, once it exists; missing for a folder. */
  stored?(): Promise<StoredStudy | undefined>;
  /** The queue that `--queue` names; undefined without it. */
  openQueue?(): Promise<JobQueue | undefined>;
  /** Saves the progress so far, in case the process is killed. */
  keep(): void;
  /** @returns lines about the saved results */
  finish(
    trials: readonly TrialRecord<Params>[],
    summary: Readonly<Record<string, unknown>>,
    result: Made | undefined,
  ): Promise<readonly string[]>;
  release(): Promise<void>;
}

/** The folder and the storage of a new study, or of the one that is resumed; undefined if nothing is kept. */
export async function openKeeper(
  { flags, file, record }: OpenStudy,
  data: string,
  { data: { target }, labels }: Pick<TuneSetup, "data" | "labels">,
): Promise<Keeper | undefined> {
  const { out, storage, study } = flags;
  const command: SavedTable = {
    file: file === "-" ? file : resolve(file),
    data,
    flags: heldFlags(flags),
    ...(study !== undefined && { stored: study }),
  };
  let folder: StudyFolder | undefined;
  if (out !== undefined) {
    const mayReplace =
      flags.overwrite === true ||
      flags.resume !== undefined ||
      (record !== undefined && hasStudyOf(out, command));
    folder = await StudyFolder.open(out, command, mayReplace);
  }
  const files = folder && folderKeeper(folder, target);
  if (storage === undefined || study === undefined) return files;
  try {
    const kept = storageKeeper(record ?? (await newRecord(storage, study, command, labels)), flags);
    return files ? bothKeepers(kept, files) : kept;
  } catch (error) {
    folder?.release();
    throw error;
  }
}

/** A study in a storage, from which it resumes, and its files in a folder. */
const bothKeepers = (storage: Keeper, folder: Keeper): Keeper => ({
  ...storage,
  onEvent(event) {
    storage.onEvent(event);
    folder.onEvent(event);
  },
  keep: () => folder.keep(),
  async finish(trials, summary, result) {
    const [, ...kept] = await storage.finish(trials, summary, result);
    return [...(await folder.finish(trials, summary, result)), ...kept];
  },
  async release() {
    await folder.release();
    await storage.release();
  },
});

async function newRecord(
  path: string,
  name: string,
  command: SavedTable,
  metrics: readonly string[],
): Promise<StudyRecord> {
  const storage = await openStorage(path, "create");
  // without a flag, the task determines the metrics
  const recorder = await recordStudy(storage, name, { command, metrics: [...metrics] });
  check(
    !recorder.study,
    () => `study ${show(name)} has just been created by another process; run the command again to join it`,
    "conflict",
  );
  return new StudyRecord(storage, recorder, command);
}

function storageKeeper(record: StudyRecord, { storage = "", study = "", queue }: TuneFlags): Keeper {
  let giveUp: (() => Promise<void>) | undefined;
  return {
    onEvent: (event) => record.onEvent(event),
    stored: () => record.stored(),
    async openQueue() {
      if (queue === undefined) return undefined;
      const join = `npx fettle worker --storage ${quoted(shownStorage(storage))} --study ${quoted(study)}`;
      giveUp = await claimStudy(storage, study, `wait for it to end, or help it: ${join}`);
      return await openQueue(queue, study, () => record.firstStored);
    },
    keep() {}, // each trial is kept once it has ended
    async finish(trials, summary, result) {
      await record.finish(trials.length, summary, result);
      const shown = shownStorage(storage);
      const where = `--storage ${quoted(shown)} --study ${quoted(study)}`;
      return ["", `Kept in ${shown}; its files: npx fettle studies export ${where} --out <folder>`];
    },
    async release() {
      await record.release();
      await giveUp?.();
    },
  };
}

function folderKeeper(folder: StudyFolder, target: string): Keeper {
  return {
    onEvent(event) {
      if (event.type === "studyStarted") folder.begin(event.study);
      if (event.type === "trialEnded") folder.save();
    },
    keep: () => folder.save(true),
    async finish(trials, summary, result) {
      return filesWritten(folder.finish(trials, summary, result), target);
    },
    async release() {
      folder.release();
    },
  };
}

/** The written files, and the command that predicts with them. */
function filesWritten(files: readonly string[], target: string): string[] {
  const model = files.find((path) => path.endsWith(MODEL_FILE));
  const use =
    model === undefined
      ? []
      : [`Predict ${target} of other rows: npx fettle predict ${quoted(model)} <data.csv>`];
  return ["", `Written: ${files.join(", ")}`, ...use];
}

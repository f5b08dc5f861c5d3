/** Where a command keeps its study: nowhere, in a folder of files, in a storage, or in both. */
import { check, show } from "../errors.js";
import type { Params } from "../search/space/space.js";
import type { StudyEvent, StudyJson } from "../search/study/contract.js";
import type { TrialRecord } from "../search/trial/trial.js";
import { recordStudy } from "../store/recorder.js";
import type { StoredStudy } from "../store/storage.js";
import type { JobQueue } from "../workers/queue/queue.js";
import { quoted } from "./messages.js";
import { openQueue } from "./queue.js";
import { claimStudy, openStorage, orClosed, RecordedStudy, shownStorage } from "./storageFile.js";
import { hasStudyOf, type Made, type SavedProgram, type SavedTable, StudyFolder } from "./studyFolder.js";

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
    made: Made | undefined,
  ): Promise<readonly string[]>;
  release(): Promise<void>;
}

/** The flags that say where a study is kept. */
export interface Places {
  readonly out?: string;
  readonly overwrite?: true;
  readonly resume?: string;
  readonly storage?: string;
  readonly study?: string;
  readonly queue?: string;
}

/** A study to keep. */
export interface Keepable {
  readonly flags: Places;
  readonly command: SavedTable | SavedProgram;
  /** The study that is resumed. */
  readonly study?: StudyJson;
  /** Records it, if it is already in a storage. */
  readonly record?: RecordedStudy;
  /** The names of the objectives, where no flag gives them. */
  readonly metrics?: readonly string[];
  /** Lines about the files in the folder. */
  written(files: readonly string[]): readonly string[];
}

/** Whether the folder of `--out` has the study that is resumed. */
export const resumesFolder = ({
  flags: { out, resume },
  study,
  record,
  command,
}: Omit<Keepable, "written">) =>
  resume !== undefined ||
  (out !== undefined && study !== undefined && record !== undefined && hasStudyOf(out, command));

/** The folder and the storage of a new study, or of the one that is resumed; undefined if nothing is kept. */
export async function openKeeper(kept: Keepable): Promise<Keeper | undefined> {
  const { flags, command, record } = kept;
  const { out, overwrite, storage, study } = flags;
  const folder =
    out === undefined
      ? undefined
      : await StudyFolder.open(out, command, overwrite === true || resumesFolder(kept));
  const files = folder && folderKeeper(folder, kept);
  if (storage === undefined || study === undefined) return files;
  try {
    const stored = storageKeeper(record ?? (await newRecord(storage, study, kept)), flags);
    return files ? bothKeepers(stored, files) : stored;
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
  async finish(trials, summary, made) {
    const [, ...kept] = await storage.finish(trials, summary, made);
    return [...(await folder.finish(trials, summary, made)), ...kept];
  },
  async release() {
    await folder.release();
    await storage.release();
  },
});

async function newRecord(
  path: string,
  name: string,
  { command, metrics = [] }: Keepable,
): Promise<RecordedStudy> {
  const storage = await openStorage(path, "create");
  return orClosed(storage, async () => {
    const recorder = await recordStudy(storage, name, { command, metrics: [...metrics] });
    check(
      !recorder.study,
      () => `study ${show(name)} has just been created by another process; run the command again to join it`,
      "conflict",
    );
    return new RecordedStudy(storage, recorder, command);
  });
}

function storageKeeper(record: RecordedStudy, { storage = "", study = "", queue }: Places): Keeper {
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
    async finish(trials, summary, made) {
      await record.finish(trials.length, summary, made);
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

function folderKeeper(folder: StudyFolder, { command, written }: Keepable): Keeper {
  const isExpensive = "program" in command; // then each trial is saved at once
  return {
    onEvent(event) {
      if (event.type === "studyStarted") folder.begin(event.study);
      if (event.type === "trialEnded") folder.save(isExpensive);
    },
    keep: () => folder.save(true),
    async finish(trials, summary, made) {
      return ["", ...written(folder.finish(trials, summary, made))];
    },
    async release() {
      folder.release();
    },
  };
}

/** Opens a storage by its file, its folder or its URL; wrong paths are explained before SQLite sees them. */
import { createHash } from "node:crypto";
import { basename, dirname, resolve, sep } from "node:path";
import { check, FettleError, isA, isRecord, show } from "../errors.js";
import type { StudyEvent } from "../search/study/contract.js";
import type { StudyRecorder } from "../store/recorder.js";
import type { StoredStudy, StudyStorage } from "../store/storage.js";
import { isFolder, isThere } from "./files.js";
import { lockFile } from "./lock.js";
import { checkWritable } from "./output.js";
import { note } from "./streams.js";
import {
  type Made,
  MODEL_FILE,
  modelBytes,
  type SavedProgram,
  type SavedTable,
  SUMMARY_FILE,
} from "./studyFolder.js";

const isUrl = (storage: string): boolean => /^postgres(ql)?:/.test(storage);
/** Whether studies are files of a folder: its path ends as that of a folder does. */
export const isInFolder = (storage: string): boolean => storage.endsWith("/") || storage.endsWith(sep);

/** Whether a storage may exist; a server is contacted later. */
export const mayBeThere = (storage: string): boolean => isUrl(storage) || isThere(storage);

/** A file, a folder or a URL for output, without a password, which PGPASSWORD or ~/.pgpass can provide. */
export const shownStorage = (storage: string): string =>
  isUrl(storage)
    ? storage.replace(/^(\w+:\/\/[^:@/]*):.*@/, "$1@").replace(/([?&]password=)[^&]*/g, "$1***")
    : storage;

/**
 * How a command uses a storage: it only reads; it writes to existing studies, but creates no file and no
 * tables; or it may create the first study.
 */
export type Access = "look" | "use" | "create";

/**
 * Opens a storage: a file of SQLite, a folder if the path ends with a slash, or a URL of PostgreSQL. Each
 * write waits for the disk, which is short compared with a trial.
 *
 * @param synchronous - `"normal"`, for a file with many writes that can be repeated
 * @throws FettleError as `sqliteStorage` and `postgresStorage`; `not_found` if it does not exist and may not
 * be created
 */
export async function openStorage(
  path: string,
  access: Access,
  synchronous: "normal" | "full" = "full",
): Promise<StudyStorage> {
  const inFolder = !isUrl(path) && isInFolder(path);
  const place = resolve(path);
  check(isUrl(path) || (inFolder ? !isThere(place) || isFolder(place) : !isFolder(place)), () =>
    inFolder
      ? `a path that ends with ${sep} must be a folder for studies; received ${show(path)}, which is a file`
      : `a storage must be a file, a URL of PostgreSQL, or a folder whose path ends with ${sep}; received ` +
        `${show(path)}, which is a folder`,
  );
  check(
    access === "create" || mayBeThere(path),
    () =>
      `there is no ${inFolder ? "folder" : "file"} ${show(path)}; start a study to create it, as with fettle tune --storage`,
    "not_found",
  );
  if (inFolder) {
    const { folderStorage } = await import("../store/folder/folderStorage.js");
    return folderStorage(place);
  }
  if (access === "use") await (await openStorage(path, "look")).close();
  // if there is no file, SQLite reports why it creates none
  if (access !== "look" && !isUrl(path) && isThere(path)) checkWritable(dirname(path), [basename(path)]);
  const readOnly = access === "look";
  if (isUrl(path)) {
    const { postgresStorage } = await import("../store/postgres/postgres.js");
    return await postgresStorage(path, { readOnly });
  }
  const { sqliteStorage } = await import("../store/sqlite/sqlite.js");
  return withoutWarnings(() => sqliteStorage(path, { synchronous, readOnly }));
}

/** Runs `work` with a storage, and closes it. @throws FettleError as {@link openStorage} */
export async function withStorage<R>(
  path: string,
  access: Access,
  work: (storage: StudyStorage) => Promise<R>,
): Promise<R> {
  const storage = await openStorage(path, access);
  try {
    return await work(storage);
  } finally {
    await storage.close();
  }
}

/**
 * A storage that may contain a study; undefined if it does not exist yet, and it is not created.
 *
 * @throws
 * FettleError as {@link openStorage}
 */
export async function openIfThere(path: string): Promise<StudyStorage | undefined> {
  try {
    return await openStorage(path, "use");
  } catch (error) {
    // an error with a cause came from the database, such as for a file that this process may not read
    const isNothing = isA(error, FettleError) && error.code === "not_found" && error.cause === undefined;
    if (isNothing) return undefined;
    throw error;
  }
}

/** Closes a storage if what opens a study in it fails: its connection would keep the process alive. */
export async function orClosed<R>(storage: StudyStorage, open: () => Promise<R>): Promise<R> {
  try {
    return await open();
  } catch (error) {
    await storage.close();
    throw error;
  }
}

/**
 * Claims the right to hand out the work of a study, until the process ends or releases it.
 *
 * @param instead - what to do if another process has the claim
 * @returns a function that releases the claim
 * @throws FettleError `invalid_state` if another process has it
 */
export async function claimStudy(path: string, name: string, instead: string): Promise<() => Promise<void>> {
  const claim = isUrl(path) ? await claimOnServer(path, name) : await claimBesideFile(path, name);
  if (claim) return claim;
  throw new FettleError("invalid_state", `another process runs study ${show(name)}: ${instead}`);
}

async function claimOnServer(url: string, name: string) {
  const { claimStudy } = await import("../store/postgres/claim.js");
  const lost = (): void =>
    note(
      `warning: while the database was unreachable, another process started to run study ${show(name)}; end one of them`,
    );
  return await claimStudy(url, name, lost);
}

async function claimBesideFile(path: string, name: string) {
  try {
    // names may contain any characters
    const lock = await lockFile(
      `${resolve(path)}.${createHash("sha256").update(name).digest("hex").slice(0, 16)}`,
    );
    return async () => lock.release();
  } catch (error) {
    if (isA(error, FettleError) && error.code === "invalid_state") return undefined;
    throw error;
  }
}

/** Node 22 and 24 warn that their SQLite is experimental, which the user of a command cannot change. */
export async function withoutWarnings<R>(work: () => Promise<R>): Promise<R> {
  const { emitWarning } = process;
  process.emitWarning = () => {};
  try {
    return await work();
  } finally {
    process.emitWarning = emitWarning;
  }
}

/** A study of a storage that must exist. */
export async function existingStudy(storage: StudyStorage, path: string, name: string): Promise<StoredStudy> {
  const study = await storage.open(name);
  if (study) return study;
  throw new FettleError("not_found", noStudy(path, name, await namesIn(storage)));
}

/** The names of the studies of a storage, for messages. */
export async function namesIn(storage: StudyStorage): Promise<string> {
  const names = (await storage.names()).map(show);
  return names.length > 0 ? names.slice(0, 20).join(", ") : "none";
}

export const noStudy = (path: string, name: string, known: string): string =>
  `there is no study ${show(name)} in ${show(shownStorage(path))}. Known: ${known}`;

/**
 * How a study of the command line began.
 *
 * @throws FettleError `invalid_argument` for the study of a program
 */
export function commandOf(study: StoredStudy): SavedTable {
  const { command } = study.settings;
  const { file, data, flags } = isRecord(command) ? command : {};
  check(
    typeof file === "string" && typeof data === "string" && isRecord(flags),
    () =>
      `study ${show(study.name)} was not created by fettle tune, so it has no table and no flags; resume it with the program that created it, or choose another name`,
  );
  return { file, data, flags };
}

/** A study that is recorded in a storage while the command runs. */
export class RecordedStudy {
  private isReleased = false;
  private started: Promise<StoredStudy | undefined> = Promise.resolve(undefined);
  private tellFirst: (study: Promise<StoredStudy>) => void = () => {};
  /** The study in the storage, once it has started. */
  readonly firstStored = new Promise<StoredStudy>((resolve) => {
    this.tellFirst = resolve;
  });

  constructor(
    private readonly storage: StudyStorage,
    private readonly recorder: StudyRecorder,
    private readonly command: SavedTable | SavedProgram,
  ) {
    this.firstStored.catch(() => {}); // `finish` reports failures
  }

  /** For `tune`. */
  onEvent(event: StudyEvent): void {
    this.recorder.onEvent(event);
    if (event.type !== "studyStarted") return;
    const started = this.start();
    this.started = started;
    this.tellFirst(started);
  }

  /** The results of an earlier end are not valid while the study continues. */
  private async start(): Promise<StoredStudy> {
    const study = (await this.recorder.saved()) as StoredStudy;
    if (await study.artifact(SUMMARY_FILE)) await this.summarize(study, { status: "running" });
    return study;
  }

  private summarize(study: StoredStudy, summary: Readonly<Record<string, unknown>>): Promise<string> {
    const text = JSON.stringify({ ...summary, command: this.command }, null, 2);
    return study.keep(SUMMARY_FILE, new TextEncoder().encode(`${text}\n`));
  }

  /** The stored study; undefined before its first trial. */
  stored(): Promise<StoredStudy | undefined> {
    return this.recorder.saved();
  }

  /** Waits for pending writes, and saves the final model. */
  async finish(
    trials: number,
    summary: Readonly<Record<string, unknown>>,
    result: Made | undefined,
  ): Promise<void> {
    const study = await this.started;
    if (!study) return;
    const model = "file" in this.command ? modelBytes(result, this.command, trials) : undefined;
    if (model) await study.keep(MODEL_FILE, model);
    await this.summarize(study, summary);
  }

  /** Closes the connection; a second call does nothing. */
  async release(): Promise<void> {
    if (this.isReleased) return;
    this.isReleased = true;
    await this.recorder.saved().catch(() => {}); // failures have been reported
    await this.storage.close();
  }
}

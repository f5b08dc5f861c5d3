/** A storage as the command line opens it, by its file or its URL: what a person may have meant by a path is told before SQLite sees it. */
import { createHash } from "node:crypto";
import { basename, dirname } from "node:path";
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

/** Whether a storage may be there: a server is asked later. */
export const mayBeThere = (storage: string): boolean => isUrl(storage) || isThere(storage);

/** A file or a URL as output shows it: a URL without its password, which PGPASSWORD or ~/.pgpass can give. */
export const shownStorage = (storage: string): string =>
  isUrl(storage)
    ? storage.replace(/^(\w+:\/\/[^:@/]*):.*@/, "$1@").replace(/([?&]password=)[^&]*/g, "$1***")
    : storage;

/**
 * What a command does with a storage: it looks, and writes nothing; it writes to studies that are there, and makes no file and no tables; or
 * it may begin the first study.
 */
export type Access = "look" | "use" | "create";

/**
 * Opens a storage, a file or a URL of PostgreSQL; each write waits for the disk, since a trial of a model takes longer than that.
 *
 * @param synchronous - `"normal"`, of a file, for many writes that can be made again
 * @throws FettleError as `sqliteStorage` and `postgresStorage`; `not_found` if there is nothing, unless it may be created
 */
export async function openStorage(
  path: string,
  access: Access,
  synchronous: "normal" | "full" = "full",
): Promise<StudyStorage> {
  check(
    access === "create" || mayBeThere(path),
    () => `there is no file ${show(path)}; begin a study to make it, as by fettle tune --storage`,
    "not_found",
  );
  if (access === "use") await (await openStorage(path, "look")).close();
  // where there is no file, SQLite says why it makes none
  if (access !== "look" && !isUrl(path) && isThere(path)) checkWritable(dirname(path), [basename(path)]);
  const readOnly = access === "look";
  if (isUrl(path)) {
    const { postgresStorage } = await import("../store/postgres/postgres.js");
    return await postgresStorage(path, { readOnly });
  }
  check(
    !isFolder(path),
    () => `--storage must be a file or a URL of PostgreSQL; received ${show(path)}, which is a folder`,
  );
  const { sqliteStorage } = await import("../store/sqlite/sqlite.js");
  return withoutWarnings(() => sqliteStorage(path, { synchronous, readOnly }));
}

/** A storage in which a study may be; undefined where there is none yet, and none is made. @throws FettleError as {@link openStorage} */
export async function openIfThere(path: string): Promise<StudyStorage | undefined> {
  try {
    return await openStorage(path, "use");
  } catch (error) {
    // what has a cause was said by the database, such as of a file that this process may not read
    const isNothing = isA(error, FettleError) && error.code === "not_found" && error.cause === undefined;
    if (isNothing) return undefined;
    throw error;
  }
}

/**
 * Claims to hand out the work of a study, until the process ends or gives it up.
 *
 * @param instead - what a person may do where another process has the claim
 * @returns what gives the claim up
 * @throws FettleError `invalid_state` where another process has it
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
      `warning: while the database was away, another process began to run study ${show(name)}; end one of them`,
    );
  return await claimStudy(url, name, lost);
}

async function claimBesideFile(path: string, name: string) {
  try {
    // names may have any characters
    const lock = await lockFile(`${path}.${createHash("sha256").update(name).digest("hex").slice(0, 16)}`);
    return async () => lock.release();
  } catch (error) {
    if (isA(error, FettleError) && error.code === "invalid_state") return undefined;
    throw error;
  }
}

/** Node 22 and 24 warn that their SQLite is experimental, about which who types a command can do nothing. */
export async function withoutWarnings<R>(work: () => Promise<R>): Promise<R> {
  const { emitWarning } = process;
  process.emitWarning = () => {};
  try {
    return await work();
  } finally {
    process.emitWarning = emitWarning;
  }
}

/** A study of a storage that must be there. */
export async function existingStudy(storage: StudyStorage, path: string, name: string): Promise<StoredStudy> {
  const study = await storage.open(name);
  if (study) return study;
  throw new FettleError("not_found", noStudy(path, name, await namesIn(storage)));
}

/** The names of the studies of a storage, as messages list them. */
export async function namesIn(storage: StudyStorage): Promise<string> {
  const names = (await storage.studies()).map((each) => show(each.name));
  return names.length > 0 ? names.slice(0, 20).join(", ") : "none";
}

export const noStudy = (path: string, name: string, known: string): string =>
  `there is no study ${show(name)} in ${show(shownStorage(path))}. Known: ${known}`;

/** How a study of the command line began. @throws FettleError `invalid_argument` for the study of a program */
export function commandOf(study: StoredStudy): SavedTable {
  const { command } = study.settings;
  const { file, data, flags } = isRecord(command) ? command : {};
  check(
    typeof file === "string" && typeof data === "string" && isRecord(flags),
    () =>
      `study ${show(study.name)} was not begun by fettle tune, and so has no table and flags; resume it by the program that made it, or choose another name`,
  );
  return { file, data, flags };
}

/** A study that is recorded in a storage while the command runs. */
export class StudyRecord {
  private isReleased = false;
  private started: Promise<StoredStudy | undefined> = Promise.resolve(undefined);
  private tellBegun: (study: Promise<StoredStudy>) => void = () => {};
  /** The study in the storage, once it has begun. */
  readonly begun = new Promise<StoredStudy>((resolve) => {
    this.tellBegun = resolve;
  });

  constructor(
    private readonly storage: StudyStorage,
    private readonly recorder: StudyRecorder,
    private readonly command: SavedTable | SavedProgram,
  ) {
    this.begun.catch(() => {}); // what failed is told by `finish`
  }

  /** For `tune`. */
  onEvent(event: StudyEvent): void {
    this.recorder.onEvent(event);
    if (event.type !== "studyStarted") return;
    const started = this.start();
    this.started = started;
    this.tellBegun(started);
  }

  /** What was said at an earlier end is not true while the study goes on. */
  private async start(): Promise<StoredStudy> {
    const study = (await this.recorder.saved()) as StoredStudy;
    if (await study.artifact(SUMMARY_FILE)) await this.summarize(study, { status: "running" });
    return study;
  }

  private summarize(study: StoredStudy, summary: Readonly<Record<string, unknown>>): Promise<void> {
    const text = JSON.stringify({ ...summary, command: this.command }, null, 2);
    return study.keep(SUMMARY_FILE, new TextEncoder().encode(`${text}\n`));
  }

  /** The study as it is there; undefined before its first trial. */
  stored(): Promise<StoredStudy | undefined> {
    return this.recorder.saved();
  }

  /** Waits for what has happened, and keeps the final model. */
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

  /** Ends the connection; a second call does nothing. */
  async release(): Promise<void> {
    if (this.isReleased) return;
    this.isReleased = true;
    await this.recorder.saved().catch(() => {}); // what failed has been told
    await this.storage.close();
  }
}

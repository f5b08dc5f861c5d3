/**
 * Files that a command writes: places are checked before anything runs, and files are written completely or
 * not at all.
 */
import {
  accessSync,
  closeSync,
  constants,
  fsyncSync,
  mkdirSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join, relative, sep } from "node:path";
import { FettleError, show } from "../errors.js";
import { reasonOf, WriteError } from "./fileErrors.js";
import { atEnd } from "./interrupt.js";

/**
 * Creates a folder and its parents, unless they exist.
 *
 * @throws FettleError `not_found` if that is impossible, or a file is in the way
 */
export function makeFolder(folder: string): void {
  try {
    makeFolders(folder);
  } catch (error) {
    throw refused((error as NodeJS.ErrnoException).path ?? folder, error);
  }
}

/** One by one: for a path under /proc, Node's recursive form never returns. @throws the system's error */
function makeFolders(folder: string): void {
  if (kindOf(folder) === "folder") return;
  const parent = dirname(folder);
  if (parent !== folder) makeFolders(parent);
  try {
    mkdirSync(folder);
  } catch (error) {
    // unless another process created it first
    if (kindOf(folder) !== "folder") throw error;
  }
}

/**
 * Refuses a folder in which one of the files could not be written.
 *
 * @param files - below the folder; those in folders of their own need not exist, nor their folders
 * @throws FettleError `not_found`
 */
export function checkWritable(folder: string, files: readonly string[]): void {
  for (const file of files) {
    // a folder may be written as "x/", which joins to another text than the parent of "x/file"
    for (
      let path = join(folder, file), last = true;
      relative(folder, path) !== "";
      path = dirname(path), last = false
    ) {
      const kind = place(path);
      if (kind === undefined) continue;
      if (last && kind !== "file") throw refused(path, "it is not a regular file");
      if (!last && kind !== "folder") throw refused(path, "it is not a folder");
      checkAccess(path);
    }
  }
  checkAccess(folder);
}

/**
 * Creates the folder of a file, and refuses a path at which no file could be written.
 *
 * @throws FettleError `not_found`
 */
export function checkFile(path: string): void {
  if (namesFolder(path)) throw refused(path, "it names a folder; add the name of a file");
  makeFolder(dirname(path));
  checkWritable(dirname(path), [basename(path)]);
}

/** Whether a path can only be that of a folder, as it is written: `out/`, `.` or `..`. */
export function namesFolder(path: string): boolean {
  const name = path.split(sep === "/" ? "/" : /[\\/]/).at(-1) as string;
  return ["", ".", ".."].includes(name);
}

/**
 * Runs `write`, which writes to a file.
 *
 * @throws WriteError
 */
export function writing<T>(path: string, write: (path: string) => T): T {
  try {
    return write(path);
  } catch (error) {
    throw new WriteError(path, error);
  }
}

/**
 * Writes a file, and creates its folder. The file has either its former contents or all of the new ones.
 *
 * @param contents - bytes, a text, or its pieces in order
 * @throws WriteError
 */
export function writeWhole(path: string, contents: string | Uint8Array | Iterable<string>): void {
  writing(path, () => {
    makeFolders(dirname(path));
    const isWhole = typeof contents === "string" || contents instanceof Uint8Array;
    const file = new PartFile(path);
    try {
      for (const piece of isWhole ? [contents] : contents) file.write(piece);
      file.finish();
    } finally {
      file.discard();
    }
  });
}

/**
 * A file that is being written, next to its final place. The next writer overwrites what a killed process
 * left, so only the holder of the lock may write. Methods throw the system's errors.
 */
export class PartFile {
  private readonly path: string;
  private readonly part: string;
  private readonly file: number;
  private readonly forget: () => void;
  private state: "open" | "closed" | "finished" = "open";

  constructor(path: string) {
    // a link stays, and its target is replaced
    this.path = kindOf(path) === undefined ? path : realpathSync(path);
    this.part = `${this.path}.part`;
    this.file = openSync(this.part, "w");
    this.forget = atEnd(() => this.discard());
  }

  write(piece: string | Uint8Array): void {
    writeFileSync(this.file, piece); // unlike writeSync, it writes everything
  }

  /**
   * Puts the file in its place, once it is on the disk: a power loss leaves either this file or the former
   * one.
   */
  finish(): void {
    fsyncSync(this.file);
    this.close();
    renameSync(this.part, this.path);
    this.state = "finished";
  }

  /**
   * Removes the file, unless it is finished; so does the end of the process. It never throws: leftovers are
   * overwritten later.
   */
  discard(): void {
    this.forget();
    if (this.state === "finished") return;
    try {
      if (this.state === "open") this.close();
      rmSync(this.part, { force: true });
    } catch {}
  }

  private close(): void {
    this.state = "closed";
    closeSync(this.file);
  }
}

/** @throws the system's error */
function kindOf(path: string): "file" | "folder" | "other" | undefined {
  try {
    const stats = statSync(path);
    return stats.isDirectory() ? "folder" : stats.isFile() ? "file" : "other";
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // ENOTDIR: a file is in the way, which the check of the parent folder finds
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw error;
  }
}

/** What is at a path. @throws FettleError `not_found` if that cannot be determined */
function place(path: string): ReturnType<typeof kindOf> {
  try {
    return kindOf(path);
  } catch (error) {
    throw refused(path, error);
  }
}

function checkAccess(path: string): void {
  try {
    accessSync(path, constants.W_OK);
  } catch (error) {
    throw refused(path, error);
  }
}

/**
 * The error for a place where nothing can be written, found before anything runs.
 *
 * @param why - the system's error, or a reason
 */
export function refused(path: string, why: unknown): FettleError {
  const reason = typeof why === "string" ? why : reasonOf(why, "write");
  return new FettleError("not_found", `cannot write ${show(path)}: ${reason}`, { cause: why });
}

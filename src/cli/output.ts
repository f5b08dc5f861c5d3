/** Files that a command writes: places are checked before anything runs, and a file is there whole or not at all. */
import {
  accessSync,
  closeSync,
  constants,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { FettleError, show } from "../errors.js";
import { reasonOf } from "./files.js";

/** A file could not be written while the command ran. */
export class WriteError extends FettleError {
  constructor(path: string, cause: unknown) {
    super("not_found", `cannot write ${show(path)}: ${reasonOf(cause)}`, { cause });
  }
}

/**
 * Makes a folder and those above it, unless they exist.
 *
 * @throws FettleError `not_found` if that is impossible, or something else is in the way
 */
export function makeFolder(folder: string): void {
  const kind = kindOf(folder);
  if (kind === "folder") return;
  if (kind !== undefined) throw refused(folder, "a file is in the way");
  // one by one: for a place under /proc, Node's own recursive form never returns
  const parent = dirname(folder);
  if (parent !== folder) makeFolder(parent);
  try {
    mkdirSync(folder);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EEXIST" && kindOf(folder) === "folder") return; // another process was faster
    throw refused(folder, code === "ENOENT" ? "nothing can be made there" : reasonOf(error), error);
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
    for (
      let path = join(folder, file), last = true;
      path !== join(folder);
      path = dirname(path), last = false
    ) {
      const kind = kindOf(path);
      if (kind === undefined) continue;
      if (last && kind !== "file") throw refused(path, "it is not a regular file");
      if (!last && kind !== "folder") throw refused(path, "it is not a folder");
      checkAccess(path);
    }
  }
  checkAccess(folder);
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
 * Writes a file whole, its folder too: it has either its former contents or all of the new.
 *
 * @param contents - bytes, a text, or its pieces in order
 * @throws WriteError
 */
export function writeWhole(path: string, contents: string | Uint8Array | Iterable<string>): void {
  const part = `${path}.part`;
  writing(path, () => {
    try {
      mkdirSync(dirname(path), { recursive: true });
      const isWhole = typeof contents === "string" || contents instanceof Uint8Array;
      const file = openSync(part, "w");
      try {
        for (const piece of isWhole ? [contents] : contents) writeFileSync(file, piece);
      } finally {
        closeSync(file);
      }
      renameSync(part, path);
    } catch (error) {
      rmSync(part, { force: true });
      throw error;
    }
  });
}

function kindOf(path: string): "file" | "folder" | "other" | undefined {
  try {
    const stats = statSync(path);
    return stats.isDirectory() ? "folder" : stats.isFile() ? "file" : "other";
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // ENOTDIR: a file is in the way, which is found at the folder above
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw refused(path, reasonOf(error), error);
  }
}

function checkAccess(path: string): void {
  try {
    accessSync(path, constants.W_OK);
  } catch (error) {
    throw refused(path, reasonOf(error), error);
  }
}

/** The refusal of a place where nothing can be written, before anything has run. */
export function refused(path: string, reason: string, cause?: unknown): FettleError {
  return new FettleError("not_found", `cannot write ${show(path)}: ${reason}`, { cause });
}

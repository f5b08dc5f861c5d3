/** Files named on the command line, read as text or JSON, or written, with errors that name them. It gives their contents no meaning. */
import { readFileSync } from "node:fs";
import { FettleError, show } from "../errors.js";

/**
 * The text of a file.
 *
 * @throws FettleError `not_found` if there is none that can be read; `invalid_data` if it is not UTF-8
 */
export function readText(path: string): string {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    throw new FettleError("not_found", `cannot read ${show(path)}: ${reasonOf(error)}`, { cause: error });
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    throw new FettleError("invalid_data", `${show(path)} is not text in UTF-8; save it in that encoding`, {
      cause: error,
    });
  }
}

/**
 * What a file of JSON holds.
 *
 * @throws FettleError as `readText`; `invalid_data` for text that is not JSON
 */
export function readJson(path: string): unknown {
  const text = readText(path);
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new FettleError("invalid_data", `${show(path)} is not JSON: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

/**
 * Has a file written.
 *
 * @throws FettleError `not_found` if it cannot be
 */
export function writing<T>(path: string, work: (path: string) => T): T {
  try {
    return work(path);
  } catch (error) {
    throw new FettleError("not_found", `cannot write ${show(path)}: ${reasonOf(error)}`, { cause: error });
  }
}

/** Runs `work` on what came from a file; a FettleError that it throws names the file. */
export function inFile<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof FettleError)) throw error;
    throw new FettleError(error.code, `${show(path)}: ${error.message}`, { cause: error });
  }
}

function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === "ENOENT" || code === "ENOTDIR") return "there is no such file";
  if (code === "EEXIST") return "a file is in the way of its folder";
  if (code === "ENOSPC") return "the disk is full";
  if (code === "EISDIR") return "it is a directory";
  if (code === "EACCES" || code === "EPERM") return "permission is denied";
  return message;
}

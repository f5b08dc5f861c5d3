/** Files named on the command line, read as text or JSON, with errors that name them. It gives their contents no meaning. */
import { readFileSync } from "node:fs";
import { FettleError, show } from "../errors.js";

/** In place of a file: standard input. */
const STDIN = "-";

/**
 * The text of a file, or of standard input.
 *
 * @throws FettleError `not_found` if it cannot be read; `invalid_data` if it is not UTF-8
 */
export function readText(path: string): string {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(path === STDIN ? 0 : path);
  } catch (error) {
    throw new FettleError("not_found", `cannot read ${nameOf(path)}: ${reasonOf(error)}`, { cause: error });
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    throw new FettleError("invalid_data", `${nameOf(path)} is not text in UTF-8; save it in that encoding`, {
      cause: error,
    });
  }
}

/**
 * The contents of a JSON file.
 *
 * @throws FettleError as `readText`; `invalid_data` for text that is not JSON, with the place
 */
export function readJson(path: string): unknown {
  const text = readText(path);
  try {
    return JSON.parse(text);
  } catch (error) {
    const { message } = error as Error;
    throw new FettleError("invalid_data", `${nameOf(path)} is not JSON: ${placed(message, text)}`, {
      cause: error,
    });
  }
}

/** A message of `JSON.parse` that names line and column, as some engines do, and others only the position. */
function placed(message: string, text: string): string {
  const position = message.match(/ in JSON at position (\d+)/);
  const end = /end of JSON input/.test(message) ? text.length : undefined;
  const at = position ? Number(position[1]) : end;
  if (at === undefined) return message;
  const lines = text.slice(0, at).split("\n");
  const what = message.replace(/ in JSON at position .*/, "");
  return `line ${lines.length}, column ${lines[lines.length - 1].length + 1}: ${what}`;
}

/** Runs `work` on the contents of a file; a FettleError that it throws names the file. */
export function inFile<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof FettleError)) throw error;
    throw new FettleError(error.code, `${nameOf(path)}: ${error.message}`, { cause: error });
  }
}

/** A file as messages name it. */
export function nameOf(path: string): string {
  return path === STDIN ? "standard input" : show(path);
}

/** Why a file could not be read or written. */
export function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === "ENOENT" || code === "ENOTDIR") return "there is no such file";
  if (code === "ENOSPC" || code === "EDQUOT") return "the disk is full";
  if (code === "EISDIR") return "it is a directory";
  if (code === "EACCES" || code === "EPERM") return "permission is denied";
  if (code === "EROFS") return "the file system is read-only";
  return message;
}

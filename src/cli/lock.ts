/**
 * A lock on a folder, so that two processes do not write into it at once: a file that names its holder. If the holder was a
 * process of this machine and has ended without releasing it, the lock is taken over; nothing else ever removes it.
 */
import { readFileSync, unlinkSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { FettleError, show } from "../errors.js";
import { reasonOf } from "./files.js";
import { makeFolder, refused } from "./output.js";

export interface Lock {
  /** Releases the folder; a second call does nothing. The end of the process releases it too, unless it is killed. */
  release(): void;
}

interface Holder {
  readonly pid: number;
  readonly host: string;
}

/**
 * Locks a folder, which is made unless it exists.
 *
 * @throws FettleError `invalid_state` if another process holds it; `not_found` if nothing can be written there
 */
export function lockFolder(folder: string): Lock {
  const path = join(folder, "lock");
  makeFolder(folder);
  if (!create(path)) takeOver(path, folder);
  let held = true;
  const release = (): void => {
    if (held) unlinkSync(path);
    held = false;
    process.off("exit", release);
  };
  process.on("exit", release);
  return { release };
}

/** Writes a file that names this process, unless there is one. */
function create(path: string): boolean {
  const holder: Holder = { pid: process.pid, host: hostname() };
  try {
    writeFileSync(path, JSON.stringify(holder), { flag: "wx" });
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EEXIST") return false;
    throw refused(path, code === "ENOENT" ? "nothing can be made there" : reasonOf(error), error);
  }
}

/** Of several processes that find an abandoned lock, the one that makes the second file removes it, if it is still there. */
function takeOver(path: string, folder: string): void {
  const claim = `${path}.taking`;
  if (!isAbandoned(path)) throw inUse(path, folder);
  if (!create(claim)) throw inUse(claim, folder);
  try {
    if (!isAbandoned(path)) throw inUse(path, folder);
    unlinkSync(path);
    if (!create(path)) throw inUse(path, folder);
  } finally {
    unlinkSync(claim);
  }
}

/** The holder of a lock; undefined if it cannot be read, as while it is being written or released. */
function holderOf(path: string): Holder | undefined {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as Holder;
  } catch {
    return undefined;
  }
}

/** Whether the holder of a lock was a process of this machine and has ended. */
function isAbandoned(path: string): boolean {
  const holder = holderOf(path);
  if (holder?.host !== hostname()) return false;
  try {
    process.kill(holder.pid, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ESRCH";
  }
}

function inUse(path: string, folder: string): FettleError {
  const holder = holderOf(path);
  const who = holder ? `process ${holder.pid} on ${holder.host}` : "another process";
  return new FettleError(
    "invalid_state",
    `${who} is writing into ${show(folder)}; wait for it, or choose another folder. If it has ended, delete ${show(path)}`,
  );
}

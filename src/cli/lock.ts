/**
 * A lock on a folder, so that two processes do not write into it at once: a file that names its holder. One whose holder
 * has ended without giving it back, on this machine, is taken over; nothing else ever removes it.
 */
import { mkdirSync, readFileSync, unlinkSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { FettleError, show } from "../errors.js";
import { writing } from "./files.js";

export interface Lock {
  /** Gives the folder back; a second time does nothing. The end of the process does so too, unless it is killed. */
  release(): void;
}

interface Holder {
  readonly pid: number;
  readonly host: string;
}

/**
 * Takes a folder, which is made if there is none.
 *
 * @throws FettleError `invalid_state` if another process has it; `not_found` if nothing can be written there
 */
export function lockFolder(folder: string): Lock {
  const path = join(folder, "lock");
  writing(path, () => mkdirSync(folder, { recursive: true }));
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
  return writing(path, () => {
    try {
      writeFileSync(path, JSON.stringify(holder), { flag: "wx" });
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
      throw error;
    }
  });
}

/** Of several processes that find a lock left behind, the one that makes the second file removes it, if it still is. */
function takeOver(path: string, folder: string): void {
  const claim = `${path}.taking`;
  if (!isLeft(path)) throw inUse(path, folder);
  if (!create(claim)) throw inUse(claim, folder);
  try {
    if (!isLeft(path)) throw inUse(path, folder);
    unlinkSync(path);
    if (!create(path)) throw inUse(path, folder);
  } finally {
    unlinkSync(claim);
  }
}

/** Who holds a lock; undefined if it cannot be read, as while it is being written or given back. */
function holderOf(path: string): Holder | undefined {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as Holder;
  } catch {
    return undefined;
  }
}

/** Whether the holder of a lock was a process of this machine and has ended. */
function isLeft(path: string): boolean {
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
    `${who} is writing into ${show(folder)}; wait for it, or give another folder. If it has ended, delete ${show(path)}`,
  );
}

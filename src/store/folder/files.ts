/** The file operations of the file store. */
import type { FileHandle } from "node:fs/promises";
import { link, mkdir, open, readdir, readFile, rmdir, unlink } from "node:fs/promises";
import { dirname } from "node:path";

/** An error of `node:fs`. */
export interface FileError extends Error {
  readonly code?: string;
}

/** Whether an error means that a file or folder does not exist. */
export const isMissing = (error: unknown): boolean => (error as FileError).code === "ENOENT";

/** The names in a folder; empty if it does not exist. */
export async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

/** The bytes of a file; undefined if it does not exist. */
export async function readWhole(path: string): Promise<Uint8Array | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** Creates a folder and its parents. With `sync`, their names are on the disk when it resolves. */
export async function makeFolder(path: string, sync: boolean): Promise<void> {
  try {
    await mkdir(path);
  } catch (error) {
    // not with the option `recursive`, which reports a read-only file system as a missing folder
    if ((error as FileError).code === "EEXIST") return;
    if (!isMissing(error) || dirname(path) === path) throw error;
    await makeFolder(dirname(path), sync);
    await mkdir(path).catch((again: FileError) => {
      if (again.code !== "EEXIST") throw again;
    });
  }
  if (sync) await syncFolder(dirname(path));
}

/**
 * Adds a file to a folder, completely or not at all.
 *
 * @returns false if the name exists; then nothing changed
 */
export async function addFile(
  folder: string,
  name: string,
  bytes: Uint8Array,
  sync: boolean,
): Promise<boolean> {
  const temporary = `${folder}/${crypto.randomUUID()}.tmp`;
  try {
    const file = await open(temporary, "wx");
    await closing(file, async () => {
      await file.writeFile(bytes);
      if (sync) await file.sync();
    });
    await link(temporary, `${folder}/${name}`);
    return true;
  } catch (error) {
    if ((error as FileError).code === "EEXIST") return false;
    throw error;
  } finally {
    await unlink(temporary).catch(() => {});
  }
}

/** Removes a file, if it exists. */
export async function removeFile(folder: string, name: string): Promise<void> {
  try {
    await unlink(`${folder}/${name}`);
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}

/** Removes a folder, if it exists and is empty. */
export async function removeFolder(path: string): Promise<void> {
  try {
    await rmdir(path);
  } catch (error) {
    const { code = "" } = error as FileError;
    if (!["ENOENT", "ENOTEMPTY", "EEXIST"].includes(code)) throw error;
  }
}

/** Writes the names in a folder to the disk. Windows neither has nor needs this operation. */
export async function syncFolder(path: string): Promise<void> {
  let folder: FileHandle;
  try {
    folder = await open(path, "r");
  } catch (error) {
    const { code = "" } = error as FileError;
    if (["EISDIR", "EPERM", "EACCES"].includes(code)) return;
    throw error;
  }
  await closing(folder, () => folder.sync());
}

/** Closes a file, and ignores errors. */
async function closing(file: FileHandle, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } finally {
    await file.close();
  }
}

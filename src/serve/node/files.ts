/** The operations on files that the file store is made of. */
import type { FileHandle } from "node:fs/promises";
import { link, mkdir, open, readdir, readFile, rmdir, unlink } from "node:fs/promises";
import { dirname } from "node:path";

/** What the functions of `node:fs` throw. */
export interface FileError extends Error {
  readonly code?: string;
}

/** Whether an error says that there is no file or folder of a name. */
export const isMissing = (error: unknown): boolean => (error as FileError).code === "ENOENT";

/** The names of what is in a folder; none where it does not exist. */
export async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

/** The bytes of a file; undefined where it does not exist. */
export async function readWhole(path: string): Promise<Uint8Array | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** Makes a folder and those above it. With `sync`, their names are on the disk when it resolves. */
export async function makeFolder(path: string, sync: boolean): Promise<void> {
  try {
    await mkdir(path);
  } catch (error) {
    // not by the option `recursive`, which calls a read-only file system a missing folder
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
 * Adds a file to a folder, whole or not at all.
 *
 * @returns false where the name exists; then nothing changed
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

/** Removes a file; there may be none. */
export async function removeFile(folder: string, name: string): Promise<void> {
  try {
    await unlink(`${folder}/${name}`);
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}

/** Removes a folder, if it is empty; there may be none. */
export async function removeFolder(path: string): Promise<void> {
  try {
    await rmdir(path);
  } catch (error) {
    const { code = "" } = error as FileError;
    if (!["ENOENT", "ENOTEMPTY", "EEXIST"].includes(code)) throw error;
  }
}

/** Writes the names in a folder to the disk. Windows has no such operation, and no need of it. */
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

/** Closes a file, whatever happens. */
async function closing(file: FileHandle, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } finally {
    await file.close();
  }
}

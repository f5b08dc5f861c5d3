/** A storage in files of a folder, for Node, Deno and Bun, without a database. */
import { byteStorage } from "../bytes/byteStorage.js";
import type { StudyStorage } from "../storage.js";
import { type FolderStorageOptions, fileStore } from "./fileStore.js";

/**
 * A storage in a folder, which is created if it does not exist. Several processes may use it: if two write
 * the same entry, one is refused and reads what the other has written. The file system must have hard links,
 * like the defaults of Linux, macOS and Windows; network folders may not. Each trial is a file of its own or
 * part of one of at most 64 KiB; for many trials a second, `sqliteStorage` is faster.
 *
 * @param folder - its path
 * @throws FettleError `invalid_argument`, `unknown_name`
 * @example
 * ```ts
 * const [{ mkdtemp }, { tmpdir }] = [await import("node:fs/promises"), await import("node:os")];
 * const storage = folderStorage(await mkdtemp(`${tmpdir()}/studies-`));
 * const study = createStudy({ space: { x: float(-5, 5) }, strategy: random(), direction: "minimize" });
 * await storage.create("parabola", study.toJSON());
 * await storage.names(); // ["parabola"]
 * ```
 */
export function folderStorage(folder: string, options: FolderStorageOptions = {}): StudyStorage {
  return byteStorage(fileStore(folder, options));
}

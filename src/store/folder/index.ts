/**
 * Storages in files of a folder, exported as `fettle/store/folder`, for Node, Deno and Bun. The library does
 * not import it.
 */
export type { FolderStorageOptions } from "./fileStore.js";
export { folderStorage } from "./folderStorage.js";

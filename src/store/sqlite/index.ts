/**
 * Storages in files of SQLite, exported as `fettle/store/sqlite`, for Node, Deno and Bun; and Optuna's files.
 * The library does not import it.
 */
export type { OptunaImport } from "../optuna/study.js";
export {
  exportToOptuna,
  type ImportedStudy,
  importFromOptuna,
  type OptunaExportOptions,
  type OptunaImportOptions,
} from "./optuna.js";
export { type SqliteOptions, sqliteStorage } from "./sqlite.js";

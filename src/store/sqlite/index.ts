/** Storages in files of SQLite, exported as `fettle/store/sqlite`, for Node, Deno and Bun. Nothing of the library imports it. */
export { type SqliteOptions, sqliteStorage } from "./sqlite.js";

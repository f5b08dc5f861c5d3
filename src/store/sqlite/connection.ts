/** The common interface of the SQLite of every host. */
import type { SqlValue } from "../sql/database.js";

/** An open database: the common part of `node:sqlite`, `bun:sqlite`, `libsql` and `better-sqlite3`. */
export interface SqliteConnection {
  exec(sql: string): unknown;
  prepare(sql: string): SqliteStatement;
  close(): unknown;
}

/** A prepared statement. */
export interface SqliteStatement {
  all(...values: SqlValue[]): unknown[];
  run(...values: SqlValue[]): { readonly changes: number | bigint };
}

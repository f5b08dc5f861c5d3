/** What the SQLite of every host has in common. */
import type { SqlValue } from "../sql/database.js";

/** An open database: as much as `node:sqlite`, `bun:sqlite`, `libsql` and `better-sqlite3` have in common. */
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

/** The SQL dialects of SQLite, D1 and PostgreSQL. */
import type { Dialect } from "./database.js";

const SQLITE_WORDS = {
  // without AUTOINCREMENT, the id of the last deleted study would be reused
  id: "INTEGER PRIMARY KEY AUTOINCREMENT",
  integer: "INTEGER",
  real: "REAL",
  bytes: "BLOB",
  keyed: " WITHOUT ROWID",
  begin: [],
} as const;

/** A file belongs to its storage, which must know every table in it. */
export const SQLITE: Dialect = {
  ...SQLITE_WORDS,
  tables: ["SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"],
};

/** Programs share a database of D1: tables of others are not touched. */
export const D1: Dialect = {
  ...SQLITE_WORDS,
  tables: ["SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE 'fettle\\_%' ESCAPE '\\'"],
};

/** @param schema - the schema of the tables: letters, digits and underscores */
export function postgresDialect(schema: string): Dialect {
  return {
    id: "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY",
    integer: "BIGINT",
    real: "DOUBLE PRECISION",
    bytes: "BYTEA",
    keyed: "",
    tables: [
      "SELECT tablename AS name FROM pg_catalog.pg_tables WHERE schemaname = ? AND tablename LIKE 'fettle\\_%'",
      schema,
    ],
    begin: [
      // one process at a time; the others find that it is done
      `SELECT pg_advisory_xact_lock(hashtext('fettle'), hashtext('${schema}'))`,
      // not IF NOT EXISTS, which requires the right to create a schema even if it exists
      `DO $$ BEGIN
        IF to_regnamespace('${schema}') IS NULL THEN CREATE SCHEMA "${schema}"; END IF;
      END $$`,
    ],
  };
}

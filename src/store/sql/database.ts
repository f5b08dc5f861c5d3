/**
 * The interface of an SQL database for a storage: queries, and several statements as one transaction. Queries
 * are not part of transactions, so databases without interactive ones (D1) fit too. It knows no table.
 */
/** A value, at once or later. */
type Awaitable<T> = T | Promise<T>;

export type SqlValue = string | number | null | Uint8Array;

export type Row = Readonly<Record<string, SqlValue>>;

/** A statement with `?` for each of its values. */
export type Statement = readonly [sql: string, ...values: SqlValue[]];

/** Differences between SQL dialects. All other SQL is common. */
export interface Dialect {
  /** A key that counts up and never reuses a number. */
  readonly id: string;
  /** A 64-bit integer. */
  readonly integer: string;
  /** A float64. */
  readonly real: string;
  readonly bytes: string;
  /** The suffix of a table with short rows, which may be stored in its key. */
  readonly keyed: string;
  /** A query for the `name` of each table that a storage must know. */
  readonly tables: Statement;
  /** The first statements of a migration. */
  readonly begin: readonly string[];
}

export interface SqlDatabase {
  /** Its name in messages, such as the path of its file. */
  readonly name: string;
  readonly dialect: Dialect;
  /** The rows of a query. */
  all(statement: Statement): Awaitable<readonly Row[]>;
  /**
   * Runs statements in one transaction: all of them or none.
   *
   * @param again - whether they are idempotent, so that they may be sent again if a connection was lost
   * before its answer. Default false
   * @returns the number of rows that each has changed
   */
  run(statements: readonly Statement[], again?: boolean): Awaitable<readonly number[]>;
  close(): Awaitable<void>;
}

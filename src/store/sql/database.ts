/**
 * What a storage needs of a database that speaks SQL: queries, and several statements as one transaction. No query is part of a
 * transaction, so that databases without interactive ones (D1) fit too. It knows no table.
 */
/** A value, at once or later. */
type Awaitable<T> = T | Promise<T>;

export type SqlValue = string | number | null | Uint8Array;

export type Row = Readonly<Record<string, SqlValue>>;

/** A statement with `?` for each of its values. */
export type Statement = readonly [sql: string, ...values: SqlValue[]];

export interface SqlDatabase {
  /** As messages name it, such as the path of its file. */
  readonly name: string;
  /** The rows of a query. */
  all(statement: Statement): Awaitable<readonly Row[]>;
  /** Runs statements in one transaction: all of them or none. @returns how many rows each has changed */
  run(statements: readonly Statement[]): Awaitable<readonly number[]>;
  close(): Awaitable<void>;
}

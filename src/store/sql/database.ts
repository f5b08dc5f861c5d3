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

/** What databases spell differently. All other SQL is one text for all of them. */
export interface Dialect {
  /** A key that counts up, and does not give a number again. */
  readonly id: string;
  /** A whole number of 64 bits. */
  readonly integer: string;
  /** A float64. */
  readonly real: string;
  readonly bytes: string;
  /** After a table with short rows, which its key may hold. */
  readonly keyed: string;
  /** The `name` of each table that a storage must know. */
  readonly tables: Statement;
  /** What a migration begins with. */
  readonly begin: readonly string[];
}

export interface SqlDatabase {
  /** As messages name it, such as the path of its file. */
  readonly name: string;
  readonly dialect: Dialect;
  /** The rows of a query. */
  all(statement: Statement): Awaitable<readonly Row[]>;
  /**
   * Runs statements in one transaction: all of them or none.
   *
   * @param again - whether two runs leave what one does, so that they may be sent again where a connection was lost before its
   * answer. Default false
   * @returns how many rows each has changed
   */
  run(statements: readonly Statement[], again?: boolean): Awaitable<readonly number[]>;
  close(): Awaitable<void>;
}

/**
 * The package `libsql`, made safe. It ends the process if it reads a text that is not UTF-8, as in a damaged
 * file. So each query first returns all its texts in one, as bytes; only if these are UTF-8, its rows are
 * read directly.
 */
import { isUtf8 } from "node:buffer";
import { check, show } from "../../errors.js";
import type { SqlValue } from "../sql/database.js";
import type { SqliteConnection, SqliteStatement } from "./connection.js";

/** A connection of `libsql`. */
interface LibsqlConnection extends SqliteConnection {
  prepare(sql: string): LibsqlStatement;
}

interface LibsqlStatement extends SqliteStatement {
  /** The columns of a query; empty for other statements. */
  columns(): readonly Column[];
}

interface Column {
  readonly name: string;
  /** The type that its table declares; null for an expression. */
  readonly type: string | null;
}

/** The class of `libsql`, made safe against any text. */
export const guarded = (
  Connection: new (path: string) => LibsqlConnection,
): (new (
  path: string,
) => SqliteConnection) =>
  class implements SqliteConnection {
    private readonly connection: LibsqlConnection;
    private areNamesChecked = false;

    constructor(private readonly path: string) {
      this.connection = new Connection(path);
    }

    exec(sql: string): unknown {
      return this.connection.exec(sql);
    }

    prepare(sql: string): SqliteStatement {
      this.checkNames();
      const statement = this.connection.prepare(sql);
      const columns = statement.columns();
      return columns.length === 0 ? statement : new GuardedQuery(this.connection, sql, statement, columns);
    }

    close(): unknown {
      return this.connection.close();
    }

    /**
     * Names of tables and columns, and types of columns, are texts too, and are read with the columns of a
     * query.
     */
    private checkNames(): void {
      if (this.areNamesChecked) return;
      const columns = ["name", "sql"].map((name) => ({ name, type: "TEXT" }));
      const texts = textsOf(this.connection, "SELECT name, sql FROM sqlite_master", columns);
      check(
        areUtf8(texts, []),
        () =>
          `the names of tables and columns in ${show(this.path)} must be UTF-8; restore a copy of the file`,
        "damaged_record",
      );
      this.areNamesChecked = true;
    }
  };

/** A query whose texts are checked before they are read. As elsewhere, invalid UTF-8 becomes U+FFFD. */
class GuardedQuery implements SqliteStatement {
  private readonly texts: SqliteStatement;

  constructor(
    private readonly connection: LibsqlConnection,
    private readonly sql: string,
    private readonly query: LibsqlStatement,
    private readonly columns: readonly Column[],
  ) {
    this.texts = textsOf(connection, sql, columns);
  }

  all(...values: SqlValue[]): unknown[] {
    return areUtf8(this.texts, values) ? this.query.all(...values) : this.repaired(values);
  }

  run(...values: SqlValue[]): { readonly changes: number | bigint } {
    return this.query.run(...values);
  }

  /** The rows, with each text read as bytes and decoded here. */
  private repaired(values: readonly SqlValue[]): unknown[] {
    const { connection, sql, columns } = this;
    const pairs = columns
      .map(quoted)
      .flatMap((name, k) => [
        `typeof(${name}) = 'text' AS is${k}`,
        `CASE WHEN typeof(${name}) = 'text' THEN CAST(${name} AS BLOB) ELSE ${name} END AS value${k}`,
      ]);
    const rows = connection.prepare(`SELECT ${pairs.join(", ")} FROM (${sql})`).all(...values);
    const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
    return (rows as Record<string, SqlValue>[]).map((row) =>
      Object.fromEntries(
        columns.map(({ name }, k) => {
          const value = row[`value${k}`];
          return [name, row[`is${k}`] ? decoder.decode(value as Uint8Array) : value];
        }),
      ),
    );
  }
}

/**
 * A query for all texts of another, as bytes: `,` between them, so that no two halves of a character join.
 */
function textsOf(connection: LibsqlConnection, sql: string, columns: readonly Column[]): SqliteStatement {
  // in a damaged file, any column may contain texts
  const texts = columns.map((column) => {
    const name = quoted(column);
    return `group_concat(${column.type === "TEXT" ? name : `CASE typeof(${name}) WHEN 'text' THEN ${name} END`})`;
  });
  return connection.prepare(
    `SELECT CAST(concat_ws(',', ${texts.join(", ")}) AS BLOB) AS texts FROM (${sql})`,
  );
}

function areUtf8(texts: SqliteStatement, values: readonly SqlValue[]): boolean {
  const [{ texts: bytes }] = texts.all(...values) as { readonly texts: ArrayBuffer }[];
  return isUtf8(new Uint8Array(bytes));
}

const quoted = ({ name }: Column): string => `"${name.replaceAll('"', '""')}"`;

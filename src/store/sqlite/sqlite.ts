/** A storage in one file of SQLite, which several processes may use at once. */
import { check, FettleError, messageOf, must, show } from "../../errors.js";
import { either, flag, integer, type OptionRules, readOptions } from "../../rules.js";
import type { Row, SqlDatabase, Statement } from "../sql/database.js";
import { SQLITE } from "../sql/dialect.js";
import { versionOf } from "../sql/schema.js";
import { sqlStorage } from "../sql/sqlStorage.js";
import type { StudyStorage } from "../storage.js";
import type { SqliteConnection, SqliteStatement } from "./connection.js";
import { connect, connectToRead, isThere, resultCodeOf, rowOf } from "./drivers.js";

/** Options of a storage in a file. */
export interface SqliteOptions {
  /**
   * What a power loss may undo. `"full"`: nothing, since each write waits for the disk. `"normal"`: the last
   * writes; the lost trials run again with the same results, and the file stays intact. The end of the
   * process undoes nothing in either case. Default `"normal"`.
   */
  readonly synchronous?: "normal" | "full";
  /** Milliseconds that a write waits for other processes. Default 10,000. */
  readonly timeout?: number;
  /**
   * Read only: no file is created, and this one is neither written nor upgraded. SQLite keeps two further
   * files for simultaneous users. If it cannot create them, as on a read-only disk, the file is read in its
   * state at opening. Default false.
   */
  readonly readOnly?: boolean;
}

const RULES = {
  synchronous: [either("normal", "full"), "normal"],
  timeout: [integer(0), 10_000],
  readOnly: [flag, false],
} satisfies OptionRules<SqliteOptions>;

/**
 * A storage in a file of SQLite, which is created if it does not exist. Needs Node 22.13 or later, Deno 2.2
 * or Bun, or on Node 20 the package `libsql`. Several processes of one machine may use the file at once; it
 * must not be on a network folder.
 *
 * @param path - of the file; `:memory:` for one that ends with its connection
 * @throws FettleError `unsupported` without a SQLite; `not_found` for a path where no file can be created;
 * `damaged_record` for a file that is damaged or not a database; `invalid_checkpoint` for one of a later
 * release; `invalid_argument` for the database of another program; `not_found` if `readOnly` finds no studies
 * @example
 * ```ts
 * const storage = await sqliteStorage(":memory:");
 * const study = createStudy({ space: { x: float(-5, 5) }, strategy: random(), direction: "minimize" });
 * await storage.create("parabola", study.toJSON());
 * await storage.studies(); // [{ name: "parabola", trials: 0, finished: 0 }]
 * await storage.close();
 * ```
 */
export async function sqliteStorage(path: string, options: SqliteOptions = {}): Promise<StudyStorage> {
  const { synchronous, timeout, readOnly } = readOptions(options, "sqliteStorage", RULES);
  must(typeof path === "string" && path !== "", "path", "the path of a file", path);
  must(!readOnly || path !== ":memory:", "path", "that of a file with readOnly", path);
  const database = await openDatabase(path, { synchronous, timeout, readOnly });
  try {
    if (!readOnly) await useWal(database);
    return await sqlStorage(database, readOnly);
  } catch (error) {
    database.close();
    throw error;
  }
}

/** Changes the mode of a file, which writes to it: so only once it is known to belong to this program. */
async function useWal(database: SqliteDatabase): Promise<void> {
  await versionOf(database);
  database.execute("PRAGMA journal_mode = WAL");
}

/**
 * Opens a file as a database of any program.
 *
 * @throws FettleError as `sqliteStorage`
 */
export const openDatabase = (path: string, options: Required<SqliteOptions>): Promise<SqliteDatabase> =>
  SqliteDatabase.open(path, options);

/** SQLite's codes if it cannot create its further files: without permission, or on a read-only disk. */
const CANNOT_MAKE = [8, 14];

class SqliteDatabase implements SqlDatabase {
  readonly dialect = SQLITE;
  private readonly prepared = new Map<string, SqliteStatement>();

  private constructor(
    readonly name: string,
    private readonly connection: SqliteConnection,
    private readonly readOnly: boolean,
  ) {}

  static async open(path: string, options: Required<SqliteOptions>): Promise<SqliteDatabase> {
    const { readOnly } = options;
    const isMissing = readOnly && !(await isThere(path));
    check(!isMissing, () => `there is no file ${show(path)}`, "not_found");
    try {
      return await SqliteDatabase.connected(path, options, () =>
        readOnly ? connectToRead(path, false) : connect(path),
      );
    } catch (error) {
      // its further files cannot be created, so nothing else uses it, or nothing can see that
      const isFrozen =
        readOnly && CANNOT_MAKE.includes(resultCodeOf(error) ?? -1) && !(await isThere(`${path}-wal`));
      if (!isFrozen) throw refusal(path, error);
    }
    try {
      return await SqliteDatabase.connected(path, options, () => connectToRead(path, true));
    } catch (error) {
      throw refusal(path, error);
    }
  }

  private static async connected(
    path: string,
    { synchronous, timeout, readOnly }: Required<SqliteOptions>,
    open: () => Promise<SqliteConnection>,
  ): Promise<SqliteDatabase> {
    const connection = await open();
    try {
      connection.exec(`PRAGMA busy_timeout = ${timeout}`);
      // reading first: a file that is not a database is reported before anything is written to it
      connection.prepare("SELECT COUNT(*) FROM sqlite_master").all();
      connection.exec(`PRAGMA synchronous = ${synchronous}; PRAGMA foreign_keys = ON`);
      return new SqliteDatabase(path, connection, readOnly);
    } catch (error) {
      connection.close();
      throw error;
    }
  }

  execute(sql: string): void {
    this.guarded(() => this.connection.exec(sql));
  }

  all([sql, ...values]: Statement): Row[] {
    return this.guarded(() =>
      this.prepare(sql)
        .all(...values)
        .map(rowOf),
    );
  }

  run(statements: readonly Statement[]): number[] {
    const each = () => statements.map(([sql, ...values]) => Number(this.prepare(sql).run(...values).changes));
    return this.guarded(() => {
      if (statements.length === 1) return each();
      // IMMEDIATE, so that it waits for others at the start, where waiting is allowed
      this.connection.exec("BEGIN IMMEDIATE");
      try {
        const changed = each();
        this.connection.exec("COMMIT");
        return changed;
      } catch (error) {
        this.rollBack();
        throw error;
      }
    });
  }

  close(): void {
    this.prepared.clear();
    try {
      // so that the file alone contains everything; if others use it, the last of them does this
      if (!this.readOnly) this.connection.exec("PRAGMA busy_timeout = 0; PRAGMA wal_checkpoint(TRUNCATE)");
    } catch {}
    this.connection.close();
  }

  private prepare(sql: string): SqliteStatement {
    const known = this.prepared.get(sql);
    if (known) return known;
    const statement = this.connection.prepare(sql);
    this.prepared.set(sql, statement);
    return statement;
  }

  private guarded<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw refusal(this.name, error);
    }
  }

  /** SQLite rolls back by itself after some errors, such as a full disk. */
  private rollBack(): void {
    try {
      this.connection.exec("ROLLBACK");
    } catch {}
  }
}

/** The primary result codes of SQLite that people can act on. */
const CODES: Readonly<Record<number, readonly [code: FettleError["code"], reason: string]>> = {
  3: ["store_failed", "permission is denied"],
  5: ["store_failed", "another process has been writing to it for too long; try again once it has ended"],
  6: ["store_failed", "another process has been writing to it for too long; try again once it has ended"],
  8: ["store_failed", "the file is read-only"],
  10: ["store_failed", "the device failed, or the disk is full; free some space"],
  11: ["damaged_record", "the file is damaged; restore a copy"],
  13: ["store_failed", "the disk is full; free some space"],
  14: ["not_found", "the file cannot be opened; check its folder and its permissions"],
  26: ["damaged_record", "it is not an SQLite file"],
};

/** The message for an error of SQLite. */
function refusal(path: string, error: unknown): unknown {
  if (error instanceof FettleError) return error;
  const known = CODES[resultCodeOf(error) ?? -1];
  if (!known) return error;
  const [code, reason] = known;
  const message = `cannot use ${show(path)}: ${reason} (SQLite says ${show(messageOf(error))})`;
  return new FettleError(code, message, { cause: error });
}

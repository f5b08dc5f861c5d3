/** A storage in PostgreSQL, for any number of processes and machines. */

import { flag, integer, type OptionRules, readOptions, rule } from "../../rules.js";
import type { Row, SqlDatabase, SqlValue, Statement } from "../sql/database.js";
import { postgresDialect } from "../sql/dialect.js";
import { repeated } from "../sql/repeated.js";
import { sqlStorage } from "../sql/sqlStorage.js";
import type { StudyStorage } from "../storage.js";
import {
  type Driver,
  driverOf,
  type PostgresInProcess,
  type PostgresPool,
  type PostgresResult,
} from "./drivers.js";
import { isCurable, refusal } from "./failures.js";

/** Options of a storage in PostgreSQL. */
export interface PostgresOptions {
  /**
   * The schema of the tables, which is created if it does not exist: lower-case letters, digits and
   * underscores. Default `"fettle"`.
   */
  readonly schema?: string;
  /**
   * Milliseconds for which a statement is retried while the server is unreachable, such as during a restart.
   * Default 30,000.
   */
  readonly timeout?: number;
  /**
   * Read only: no table is created or upgraded. The user needs only the right to select. Default false.
   */
  readonly readOnly?: boolean;
}

const isSchema = (name: unknown): boolean =>
  typeof name === "string" && /^(?!pg_)[a-z_][a-z0-9_]{0,62}$/.test(name);
const RULES = {
  schema: [
    rule<string>('at most 63 lower-case letters, digits and underscores, and not begin with "pg_"', isSchema),
    "fettle",
  ],
  timeout: [integer(0), 30_000],
  readOnly: [flag, false],
} satisfies OptionRules<PostgresOptions>;

/**
 * A storage in PostgreSQL, for processes on any number of machines; versions 15 and 18 are tested. With a URL
 * it needs the package `pg`.
 *
 * If a connection is lost, statements are sent again until `timeout`: reads change nothing, and writes of
 * trials, results, reports and artifacts are idempotent, since a key decides. If the server had already done
 * the work, `add` and `tell` return false although this call added or told. Creating and deleting a study is
 * not repeated.
 *
 * @param database - its URL, as `postgres://user:password@host:5432/name`; or a `Pool` of the package `pg`,
 * or a `PGlite`, which `close` leaves open
 * @throws FettleError `store_failed` if the server cannot be used; `unsupported` without the package `pg`;
 * `invalid_checkpoint` for the schema of a later release;
 * `not_found` if `readOnly` finds no studies
 * @example
 * ```ts
 * const address = "postgres://fettle:secret@localhost:5432/studies";
 * const best = async () => {
 *   const storage = await postgresStorage(address);
 *   const study = await storage.open("parabola");
 *   const trials = (await study?.trials()) ?? [];
 *   await storage.close();
 *   return trials.length;
 * };
 * ```
 */
export async function postgresStorage(
  database: string | PostgresPool | PostgresInProcess,
  options: PostgresOptions = {},
): Promise<StudyStorage> {
  const { schema, timeout, readOnly } = readOptions(options, "postgresStorage", RULES);
  const driver = await driverOf(database);
  const opened = new PostgresDatabase(driver, schema, timeout);
  try {
    return await sqlStorage(opened, readOnly);
  } catch (error) {
    await opened.close();
    throw error;
  }
}

class PostgresDatabase implements SqlDatabase {
  readonly name: string;
  readonly dialect: SqlDatabase["dialect"];
  private readonly texts = new Map<string, string>();
  /** A server that was never reached is reported at once: its address may be wrong. */
  private wasReached = false;

  constructor(
    private readonly driver: Driver,
    private readonly schema: string,
    private readonly timeout: number,
  ) {
    this.name = driver.name;
    this.dialect = postgresDialect(schema);
  }

  async all([sql, ...values]: Statement): Promise<readonly Row[]> {
    return rowsOf(await this.tried(true, () => this.driver.query(this.text(sql), values)));
  }

  async run(statements: readonly Statement[], again = false): Promise<readonly number[]> {
    return await this.tried(again, async () => {
      if (statements.length === 1) {
        const [[sql, ...values]] = statements;
        return [changedBy(await this.driver.query(this.text(sql), values))];
      }
      return await this.driver.transaction(async (query) => {
        const changed: number[] = [];
        for (const [sql, ...values] of statements)
          changed.push(changedBy(await query(this.text(sql), values)));
        return changed;
      });
    });
  }

  async close(): Promise<void> {
    await this.driver.close();
  }

  private async tried<T>(again: boolean, work: () => Promise<T>): Promise<T> {
    try {
      const result = await repeated(
        work,
        (error) => isCurable(error, again),
        this.wasReached ? this.timeout : 0,
      );
      this.wasReached = true;
      return result;
    } catch (error) {
      throw refusal(this.name, error);
    }
  }

  /** A statement in the form of PostgreSQL: values by number, and tables in their schema. */
  private text(sql: string): string {
    const known = this.texts.get(sql);
    if (known !== undefined) return known;
    let values = 0;
    const text = sql
      .replace(/\?/g, () => `$${++values}`)
      .replace(/(?<=[ (])fettle_(?=[a-z]+\b)/g, `"${this.schema}".fettle_`);
    this.texts.set(sql, text);
    return text;
  }
}

const changedBy = ({ affectedRows, rowCount }: PostgresResult): number => affectedRows ?? rowCount ?? 0;

/** The types of 64-bit integers, which `pg` returns as text, and of bytes, which it returns as a `Buffer`. */
const [INT8, BYTEA] = [20, 17];

/** Rows with integers as numbers, and bytes as `Uint8Array`. */
function rowsOf({ rows, fields }: PostgresResult): readonly Row[] {
  const named = (type: number) => fields.flatMap(({ name, dataTypeID }) => (dataTypeID === type ? name : []));
  const [whole, bytes] = [named(INT8), named(BYTEA)];
  for (const row of rows as Record<string, SqlValue>[]) {
    for (const name of whole) if (row[name] !== null) row[name] = Number(row[name]);
    for (const name of bytes) if (row[name] !== null) row[name] = new Uint8Array(row[name] as Uint8Array);
  }
  return rows as readonly Row[];
}

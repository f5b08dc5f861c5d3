/** A storage in a database of Cloudflare D1. */
import { FettleError, messageOf, must } from "../../errors.js";
import { flag, integer, type OptionRules, readOptions } from "../../rules.js";
import type { Row, SqlDatabase, SqlValue, Statement } from "../sql/database.js";
import { D1 } from "../sql/dialect.js";
import { repeated } from "../sql/repeated.js";
import { sqlStorage } from "../sql/sqlStorage.js";
import type { StudyStorage } from "../storage.js";

/** The used part of a binding to a database of D1. `D1Database` of Cloudflare's types is assignable to it. */
export interface D1Binding {
  /** A statement with `?` for each of its values. */
  prepare(sql: string): D1Prepared;
  /** Runs statements as one transaction. */
  batch(statements: D1Prepared[]): Promise<D1Answer[]>;
}

/** The used part of a statement of D1. */
export interface D1Prepared {
  /** The statement with its values. */
  bind(...values: unknown[]): D1Prepared;
  /** Runs the statement by itself. */
  all(): Promise<D1Answer>;
}

/** The used part of the result of a statement of D1. */
export interface D1Answer {
  readonly results: readonly unknown[];
  readonly meta: { readonly changes?: number };
}

/** Options of a storage in D1. */
export interface D1Options {
  /** Milliseconds for which a statement is retried while D1 is overloaded or moves. Default 5,000. */
  readonly timeout?: number;
  /** Read only: no table is created or upgraded. Default false. */
  readonly readOnly?: boolean;
}

const RULES = { timeout: [integer(0), 5000], readOnly: [flag, false] } satisfies OptionRules<D1Options>;

/**
 * A storage in a database of Cloudflare D1. Its tables begin with `fettle_`; tables of other programs are not
 * touched. D1 limits a row to 2 MB, so the curves of a trial must have at most 500,000 numbers, and an
 * invocation of a Worker to 1,000 statements (50 on the free plan).
 *
 * @param database - the binding, such as `env.DB`; `close` leaves it open
 * @throws FettleError `store_failed` if D1 cannot be used; `invalid_checkpoint` for the schema of a later
 * release; `not_found` if `readOnly` finds no studies
 * @example
 * ```ts
 * const worker = {
 *   async fetch(_: Request, env: { DB: D1Binding }): Promise<Response> {
 *     const storage = await d1Storage(env.DB);
 *     return Response.json(await storage.studies());
 *   },
 * };
 * ```
 */
export async function d1Storage(database: D1Binding, options: D1Options = {}): Promise<StudyStorage> {
  const { timeout, readOnly } = readOptions(options, "d1Storage", RULES);
  must(typeof database?.prepare === "function", "database", "a binding to a database of D1", database);
  return await sqlStorage(new D1Database(database, timeout), readOnly);
}

class D1Database implements SqlDatabase {
  readonly name = "D1";
  readonly dialect = D1;

  constructor(
    private readonly binding: D1Binding,
    private readonly timeout: number,
  ) {}

  async all(statement: Statement): Promise<readonly Row[]> {
    const { results } = await this.tried(true, () => this.bound(statement).all());
    return results.map(rowOf);
  }

  async run(statements: readonly Statement[], again = false): Promise<readonly number[]> {
    const bound = statements.map((each) => this.bound(each));
    const answers = await this.tried(again, () => this.binding.batch(bound));
    return answers.map(({ meta }) => meta.changes ?? 0);
  }

  async close(): Promise<void> {}

  private bound([sql, ...values]: Statement): D1Prepared {
    return this.binding.prepare(sql).bind(...values);
  }

  private async tried<T>(again: boolean, work: () => Promise<T>): Promise<T> {
    try {
      return await repeated(work, (error) => again && isPassing(error), this.timeout);
    } catch (error) {
      throw refusal(error);
    }
  }
}

/** Whether D1 has lost a connection or has moved, so that it is unknown whether it did the work. */
const isPassing = (error: unknown): boolean =>
  /network connection lost|overloaded|was reset|object to be reset|timed? ?out/i.test(messageOf(error));

/** The message for an error of D1. */
function refusal(error: unknown): FettleError {
  const said = messageOf(error);
  const reason = /too ?big/i.test(said)
    ? "a row has more than its 2 MB"
    : /maximum (DB|database) size|database or disk is full/i.test(said)
      ? "the database is full; delete studies, or use another database"
      : isPassing(error)
        ? "it could not be reached; try again"
        : "a statement failed";
  return new FettleError(
    "store_failed",
    `cannot use the database: ${reason} (D1 says ${JSON.stringify(said)})`,
    {
      cause: error,
    },
  );
}

/** The row, changed in place: D1 returns bytes as a list of numbers. */
function rowOf(row: unknown): Row {
  const fields = row as Record<string, SqlValue | readonly number[]>;
  for (const name in fields) {
    const value = fields[name];
    if (Array.isArray(value)) fields[name] = Uint8Array.from(value as readonly number[]);
  }
  return fields as Row;
}

/**
 * Access to PostgreSQL: a pool of connections of the package `pg`, or a PGlite in the process, behind one
 * interface. Its only own statements begin and end transactions.
 */
import { FettleError, messageOf, must } from "../../errors.js";

/** The result of a statement: the common part of `pg` and PGlite. */
export interface PostgresResult {
  readonly rows: readonly unknown[];
  readonly fields: readonly { readonly name: string; readonly dataTypeID: number }[];
  readonly rowCount?: number | null;
  readonly affectedRows?: number;
}

/** A pool of connections: the used part of `Pool` of the package `pg`. */
export interface PostgresPool {
  /** Checks out a connection. */
  connect(): Promise<PostgresClient>;
}

/** A connection: the used part of `PoolClient` of the package `pg`. */
export interface PostgresClient {
  /** Runs a statement with `$1` for its first value. */
  query(sql: string, values?: unknown[]): Promise<PostgresResult>;
  /** Returns the connection; with an error, the pool closes it. */
  release(error?: Error): void;
  /** Adds a listener for the loss of the connection. */
  on(event: "error", listener: (error: Error) => void): unknown;
  /** Removes the listener. */
  off(event: "error", listener: (error: Error) => void): unknown;
}

/** A PostgreSQL in the process: the used part of `PGlite`. */
export interface PostgresInProcess {
  /** Runs a statement with `$1` for its first value. */
  query(sql: string, values?: unknown[]): Promise<PostgresResult>;
  /** Runs the statements of `work` as one transaction. */
  transaction<T>(work: (transaction: { query: PostgresInProcess["query"] }) => Promise<T>): Promise<T>;
}

/** Runs one statement. */
export type Query = (sql: string, values: unknown[]) => Promise<PostgresResult>;

export interface Driver {
  /** The name of the database in messages. */
  readonly name: string;
  readonly query: Query;
  transaction<T>(work: (query: Query) => Promise<T>): Promise<T>;
  /** Closes what the driver opened. */
  close(): Promise<void>;
}

/** Milliseconds that a server may take to accept a connection. */
const CONNECTING = 10_000;

/** No connection was made, so nothing was sent. */
export class NotConnected extends Error {}

/** The driver for a given database. @throws FettleError `invalid_argument`, `unsupported` without `pg` */
export async function driverOf(database: unknown): Promise<Driver> {
  if (typeof database === "string") return await urlDriver(database);
  const given = Object(database) as PostgresPool | PostgresInProcess;
  if ("transaction" in given && typeof given.transaction === "function") return inProcessDriver(given);
  const isPool = "connect" in given && typeof given.connect === "function";
  must(isPool, "database", "a URL, a Pool of the package pg, or a PGlite", database);
  return poolDriver(given, "PostgreSQL");
}

async function urlDriver(url: string): Promise<Driver> {
  const name = hostOf(url);
  const { Pool } = await importPg();
  const pool = new Pool({ ...connectionOf(url), allowExitOnIdle: true });
  // an idle connection was lost: the next statement gets another
  pool.on("error", () => {});
  return { ...poolDriver(pool, name), close: () => pool.end() };
}

/** A connection outside a pool: the used part of `Client` of the package `pg`. */
export interface OwnClient extends Pick<PostgresClient, "query"> {
  on(event: "error" | "end", listener: () => void): unknown;
  connect(): Promise<unknown>;
  end(): Promise<void>;
}

/** An unopened connection, and the name of its database. @throws FettleError as {@link driverOf} */
export async function urlClient(url: string): Promise<{ readonly name: string; readonly client: OwnClient }> {
  const name = hostOf(url);
  const { Client } = await importPg();
  return { name, client: new Client(connectionOf(url)) };
}

const connectionOf = (url: string) => ({
  connectionString: url,
  application_name: "fettle",
  connectionTimeoutMillis: CONNECTING,
  keepAlive: true,
});

async function importPg() {
  return await import("pg").catch((error: unknown) => {
    const reason = `a storage in PostgreSQL needs the package pg; run npm install pg: ${messageOf(error)}`;
    throw new FettleError("unsupported", reason, { cause: error });
  });
}

/** The host and the name of the database. The URL is not shown, since it may contain a password. */
function hostOf(url: string): string {
  try {
    const { protocol, host, pathname, searchParams } = new URL(url);
    if (/^postgres(ql)?:$/.test(protocol))
      return decodeURIComponent(`${host || searchParams.get("host") || "localhost"}${pathname}`);
  } catch {}
  throw new FettleError(
    "invalid_argument",
    "the URL of a PostgreSQL must be as postgres://user:password@host:5432/name, with characters such as @ " +
      "or / in the password as %40 or %2F; received another text, which is not shown since it may contain " +
      "a password",
  );
}

function poolDriver(pool: PostgresPool, name: string): Driver {
  const lend = async <T>(work: (query: Query) => Promise<T>): Promise<T> => {
    const client = await pool.connect().catch((error: unknown) => {
      throw new NotConnected(messageOf(error), { cause: error });
    });
    let lost: Error | undefined;
    const lose = (error: Error): void => {
      lost = error;
    };
    client.on("error", lose);
    try {
      return await work((sql, values) => client.query(sql, values));
    } finally {
      client.off("error", lose);
      client.release(lost);
    }
  };
  return {
    name,
    query: (sql, values) => lend((query) => query(sql, values)),
    transaction: (work) =>
      lend(async (query) => {
        // all statements see one state; if another writer changes the same rows, the transaction fails and
        // runs again
        await query("BEGIN ISOLATION LEVEL REPEATABLE READ", []);
        try {
          const result = await work(query);
          await query("COMMIT", []);
          return result;
        } catch (error) {
          await query("ROLLBACK", []).catch(() => {}); // the connection may be gone, and with it the transaction
          throw error;
        }
      }),
    async close() {},
  };
}

/** It has one connection, so transactions run one after another. */
function inProcessDriver(database: PostgresInProcess): Driver {
  return {
    name: "PGlite",
    query: (sql, values) => database.query(sql, values),
    transaction: (work) =>
      database.transaction((transaction) => work((sql, values) => transaction.query(sql, values))),
    async close() {},
  };
}

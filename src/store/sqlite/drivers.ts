/**
 * The SQLite of each host, behind one interface: built into Node, Deno and Bun, or the package `libsql`,
 * whose binaries come from the registry. It has no statements of its own.
 */
import { FettleError, messageOf } from "../../errors.js";
import type { Row, SqlValue } from "../sql/database.js";
import type { SqliteConnection } from "./connection.js";

type Open = new (path: string, options?: { readonly readonly: true }) => SqliteConnection;

const isBun = (): boolean => globalThis.process?.versions?.bun !== undefined;

/** Opens a file with the host's SQLite. */
export async function connect(path: string): Promise<SqliteConnection> {
  const Connection = await hostsSqlite();
  return new Connection(path);
}

/**
 * Opens a file to read only.
 *
 * @param isFrozen - whether nothing can write to it meanwhile: then no additional file is created
 */
export async function connectToRead(path: string, isFrozen: boolean): Promise<SqliteConnection> {
  const Connection = await hostsSqlite();
  if (isBun()) return new Connection(path, { readonly: true });
  const { pathToFileURL } = await import("node:url");
  return new Connection(`${pathToFileURL(path)}?mode=ro${isFrozen ? "&immutable=1" : ""}`);
}

/** Whether there is a file. */
export async function isThere(path: string): Promise<boolean> {
  const { existsSync } = await import("node:fs");
  return existsSync(path);
}

async function hostsSqlite(): Promise<Open> {
  const { process } = globalThis;
  if (isBun()) {
    const bun = "bun:sqlite"; // apart from the call, since only Bun has its types
    return ((await import(bun)) as { Database: Open }).Database;
  }
  // Node 22.5 and later, Deno 2.2; undefined elsewhere
  const builtin = process?.getBuiltinModule?.("node:sqlite") as unknown as
    | { DatabaseSync?: Open }
    | undefined;
  if (builtin?.DatabaseSync) return builtin.DatabaseSync;
  try {
    const { default: Connection } = await import("libsql");
    const { guarded } = await import("./libsql.js");
    return guarded(Connection as unknown as Parameters<typeof guarded>[0]);
  } catch (error) {
    const isAbsent = (error as NodeJS.ErrnoException).code === "ERR_MODULE_NOT_FOUND";
    throw new FettleError(
      "unsupported",
      `a storage in a file needs a SQLite, and this runtime has none; run npm install libsql, or use Node 22.13 or later${isAbsent ? "" : `: ${messageOf(error)}`}`,
      { cause: error },
    );
  }
}

/** The result code of SQLite in an error of any of them; undefined without one. */
export function resultCodeOf(error: unknown): number | undefined {
  const { errcode, errno, rawCode, message } = error as Readonly<Record<string, unknown>>;
  const code = [errcode, errno, rawCode].find((each) => typeof each === "number");
  // libsql names the code of a file that it cannot open only in the message
  const text = String(message);
  const told = text.includes("Unable to open connection") ? /: (\d{1,5})"?\)?$/.exec(text)?.[1] : undefined;
  const whole = code ?? (told === undefined ? undefined : Number(told));
  return whole === undefined ? undefined : (whole as number) & 0xff;
}

/** The row in a common form, changed in place: `libsql` returns bytes as an `ArrayBuffer`. */
export function rowOf(row: unknown): Row {
  const fields = row as Record<string, SqlValue | ArrayBuffer>;
  for (const name in fields) {
    const value = fields[name];
    if (value instanceof ArrayBuffer) fields[name] = new Uint8Array(value);
  }
  return fields as Row;
}

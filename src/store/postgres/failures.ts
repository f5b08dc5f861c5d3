/** The errors of PostgreSQL: which are worth a retry, and messages for people. */
import { FettleError, messageOf, show } from "../../errors.js";
import { NotConnected } from "./drivers.js";

/** The SQLSTATE of the server or the code of the system in an error or its cause; undefined without one. */
export function codeOf(error: unknown): string | undefined {
  const own = error instanceof NotConnected ? error.cause : error;
  const { code } = (own ?? {}) as { readonly code?: unknown };
  return typeof code === "string" ? code : undefined;
}

/**
 * Whether the transaction was undone, so that it may run again: it conflicted with another
 * (serialization_failure, deadlock_detected), or the study was deleted meanwhile (foreign_key_violation),
 * which the next run finds.
 */
const UNDONE = new Set(["40001", "40P01", "23503"]);

/** The server is stopping, has just started, or has no connection left. */
const UNAVAILABLE = new Set(["57P01", "57P02", "57P03", "53300"]);

/** Codes of the system with which a connection ends. */
const LOST = new Set(["ECONNRESET", "ECONNREFUSED", "EPIPE", "ETIMEDOUT", "ENOENT"]);

/** Whether the connection was lost, so that it is unknown whether the server did the work. */
function isLost(error: unknown): boolean {
  const code = codeOf(error);
  if (code === undefined) return /connection (terminated|error)|timeout/i.test(messageOf(error));
  return UNAVAILABLE.has(code) || LOST.has(code) || code.startsWith("08");
}

/**
 * Whether work may be sent again after an error.
 *
 * @param again - whether it is idempotent: then it may be sent again even if the connection was lost before
 * its answer, or another writer had the same key (unique_violation)
 */
export function isCurable(error: unknown, again: boolean): boolean {
  if (UNDONE.has(codeOf(error) ?? "")) return true;
  if (error instanceof NotConnected) return isLost(error);
  return again && (codeOf(error) === "23505" || isLost(error));
}

/** Errors that people can act on, by SQLSTATE or code of the system. */
const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: "no server answers there; check the host and the port, and whether the server runs",
  ENOENT: "no server answers there; check the folder of its socket, and whether the server runs",
  ENOTFOUND: "no host has that name; check its spelling",
  EAI_AGAIN: "the name of the host cannot be looked up; check the network",
  "28P01": "the server refuses the user or the password",
  "28000": "the server refuses the user; check its name, and the server's pg_hba.conf",
  "3D000": "the server has no database with that name; create it first",
  "42501":
    "the user lacks a right; grant it CREATE on the database, or USAGE on the schema and rights on its tables: SELECT to read, all to write",
  "25006": "the server is read-only, such as a standby; use the primary",
  "53100": "the disk of the server is full; free some space",
  "53300": "the server has no connection left; close some, or raise its max_connections",
  "57014": "a statement took longer than the server's statement_timeout allows",
  "57P03": "the server is starting or stopping; try again",
  "22P05": "the encoding of the database must be UTF8; create another database",
};

/** The message for an error of PostgreSQL. It names the host, never the URL, which may contain a password. */
export function refusal(name: string, error: unknown): unknown {
  if (error instanceof FettleError) return error;
  const said = messageOf(error) || codeOf(error);
  const reason = REASONS[codeOf(error) ?? ""] ?? unnamed(error);
  return new FettleError(
    "store_failed",
    `cannot use ${show(name)}: ${reason} (PostgreSQL says ${show(said)})`,
    {
      cause: error,
    },
  );
}

function unnamed(error: unknown): string {
  // a pool without a password to send
  if (/client password/.test(messageOf(error))) return "the server asks for a password, and the URL has none";
  return isLost(error) ? "the connection was lost; try again once the server runs" : "a statement failed";
}

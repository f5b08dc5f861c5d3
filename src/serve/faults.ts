/**
 * Errors, and what clients see of them: complete messages if the client can correct them; otherwise only a
 * code, while the host receives the rest.
 */
import { type ErrorCode, FettleError, isA, messageOf } from "../errors.js";
import type { Tell } from "../listener.js";
import type { Reply } from "./exchange.js";
import { json, Refusal } from "./responses.js";

/** Errors that the client can correct are 4xx. */
const STATUS: Readonly<Record<ErrorCode, number>> = {
  invalid_argument: 400,
  invalid_shape: 400,
  invalid_data: 400,
  invalid_space: 400,
  unknown_name: 400,
  not_found: 404,
  invalid_state: 409,
  memory_limit: 413,
  limit_exceeded: 429,
  damaged_record: 409,
  conflict: 409,
  store_failed: 507,
  time_limit: 500,
  aborted: 500,
  invalid_checkpoint: 500,
  trial_failed: 500,
  callback_failed: 500,
  unsupported: 500,
  internal: 500,
};

/** The message for an error that is not the client's, since its own may reveal internals. */
export const UNEXPECTED = "the server met an unexpected error";

/**
 * The refusal for an error.
 *
 * @param tell - receives an error that the client cannot correct, of which the response shows only the code
 */
export function refusalOf(error: unknown, tell: Tell): Reply {
  const code = isA(error, FettleError) ? error.code : "internal";
  const refused = isA(error, Refusal) ? error : { status: STATUS[code], headers: {} };
  if (refused.status >= 500 && refused !== error) tell(error);
  return json({ error: { code, message: clientMessageOf(error) } }, refused.status, refused.headers);
}

/** Codes whose messages may contain text of the host. */
const HIDDEN: readonly ErrorCode[] = ["trial_failed", "callback_failed", "unsupported", "internal"];

/** The part of an error for a client: nothing of the host. */
export function clientMessageOf(error: unknown): string {
  return isA(error, FettleError) && !HIDDEN.includes(error.code) ? error.message : UNEXPECTED;
}

/** Codes of a store or a limit that concern the client. */
const ANSWERS: readonly ErrorCode[] = [
  ...(["conflict", "damaged_record", "store_failed", "limit_exceeded", "memory_limit"] as const),
];

/**
 * The result of a call of the host's code, such as a store. Its errors are not the client's fault, except
 * `ANSWERS`.
 *
 * @param what - the name of the called code, for the host
 * @param also - further codes of errors that are thrown as they are
 * @throws FettleError `internal` with the error as its cause
 */
export async function ofHost<R>(
  what: string,
  call: () => R | Promise<R>,
  also: readonly ErrorCode[] = [],
): Promise<R> {
  try {
    return await call();
  } catch (cause) {
    if (isA(cause, FettleError) && [...ANSWERS, ...also].includes(cause.code)) throw cause;
    throw new FettleError("internal", `${what} failed: ${messageOf(cause)}`, { cause });
  }
}

/**
 * Errors, and what clients see of them: all of those that a client can correct; of the others a code, while the host is told the rest.
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

/** What is said of an error that is not the client's, whose message may show internals. */
export const UNEXPECTED = "the server met an unexpected error";

/**
 * The refusal that an error means.
 *
 * @param tell - is told of an error that the client cannot correct, of which the response shows the code and no more
 */
export function refusalOf(error: unknown, tell: Tell): Reply {
  const code = isA(error, FettleError) ? error.code : "internal";
  const refused = isA(error, Refusal) ? error : { status: STATUS[code], headers: {} };
  if (refused.status >= 500 && refused !== error) tell(error);
  return json({ error: { code, message: clientMessageOf(error) } }, refused.status, refused.headers);
}

/** Codes whose messages may hold text of the host's. */
const HIDDEN: readonly ErrorCode[] = ["trial_failed", "callback_failed", "unsupported", "internal"];

/** What a client is told of an error: nothing of the host's. */
export function clientMessageOf(error: unknown): string {
  return isA(error, FettleError) && !HIDDEN.includes(error.code) ? error.message : UNEXPECTED;
}

/** Codes that say to a client what a store or a limit found. */
const ANSWERS: readonly ErrorCode[] = [
  ...(["conflict", "damaged_record", "store_failed", "limit_exceeded", "memory_limit"] as const),
];

/**
 * The result of a call of the host's own code, such as a store. What it throws is no fault of a client, but for `ANSWERS`.
 *
 * @param what - what is called, for the host's people
 * @throws FettleError `internal` with the error as its cause
 */
export async function ofHost<R>(what: string, call: () => R | Promise<R>): Promise<R> {
  try {
    return await call();
  } catch (cause) {
    if (isA(cause, FettleError) && ANSWERS.includes(cause.code)) throw cause;
    throw new FettleError("internal", `${what} failed: ${messageOf(cause)}`, { cause });
  }
}

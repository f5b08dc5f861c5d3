/** Responses: JSON, events, nothing, and refusals, which are thrown. */
import { type ErrorCode, FettleError, show } from "../errors.js";
import type { Asked, Reply } from "./exchange.js";

/** A response with typed arrays as lists. */
export function json(value: unknown, status = 200, headers: Reply["headers"] = {}): Reply {
  const body = JSON.stringify(value, (_, each) =>
    ArrayBuffer.isView(each) ? [...(each as Float32Array)] : each,
  );
  return {
    status,
    headers: { "content-type": "application/json", "cache-control": "no-store", ...headers },
    body,
  };
}

/** A response without a body. */
export const NOTHING: Reply = { status: 204, headers: {}, body: null };

/** Server-sent events, see events.ts. */
export const eventReply = (body: ReadableStream<Uint8Array>): Reply => ({
  status: 200,
  headers: { "content-type": "text/event-stream", "cache-control": "no-store" },
  body,
});

/** An error that knows its response: `{ "error": { "code", "message" } }`. */
export class Refusal extends FettleError {
  constructor(
    readonly status: number,
    code: ErrorCode,
    message: string,
    readonly headers: Reply["headers"] = {},
  ) {
    super(code, message);
  }
}

/** Refuses a method that a path does not have. @throws Refusal */
export function checkMethod({ method }: Asked, allowed: readonly string[]): void {
  if (allowed.includes(method)) return;
  const allow = allowed.join(", ");
  const message = `the method must be ${allow.replace(/, (?=\w+$)/, " or ")}; received ${show(method)}`;
  throw new Refusal(405, "invalid_argument", message, { allow });
}

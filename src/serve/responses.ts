/** The bodies of responses: JSON, and refusals as JSON. */
import { type ErrorCode, show } from "../errors.js";
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

/** `{ "error": { "code", "message" } }` */
export function refusal(
  status: number,
  code: ErrorCode,
  message: string,
  headers: Reply["headers"] = {},
): Reply {
  return json({ error: { code, message } }, status, headers);
}

/** The refusal of a method that a path does not have. */
export function wrongMethod({ method }: Asked, allowed: readonly string[]): Reply {
  const allow = allowed.join(", ");
  const message = `the method must be ${allow.replace(/, (?=\w+$)/, " or ")}; received ${show(method)}`;
  return refusal(405, "invalid_argument", message, { allow });
}

/** A response that has nothing to say. */
export const NOTHING: Reply = { status: 204, headers: {}, body: null };

/** Server-sent events, see events.ts. */
export const eventReply = (body: ReadableStream<Uint8Array>): Reply => ({
  status: 200,
  headers: { "content-type": "text/event-stream", "cache-control": "no-store" },
  body,
});

/** The bodies of responses: JSON, and refusals as JSON. */
import { type ErrorCode, FettleError, isA, messageOf } from "../errors.js";

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
  time_limit: 500,
  aborted: 500,
  invalid_checkpoint: 500,
  trial_failed: 500,
  callback_failed: 500,
  unsupported: 500,
  internal: 500,
};

/** A response with typed arrays as lists. */
export function json(value: unknown, status = 200, headers: Readonly<Record<string, string>> = {}): Response {
  const text = JSON.stringify(value, (_, each) =>
    ArrayBuffer.isView(each) ? [...(each as Float32Array)] : each,
  );
  return new Response(text, {
    status,
    headers: { "content-type": "application/json", "cache-control": "no-store", ...headers },
  });
}

/** `{ "error": { "code", "message" } }` */
export function refusal(
  status: number,
  code: ErrorCode,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): Response {
  return json({ error: { code, message } }, status, headers);
}

/** The refusal that an error means. */
export function refusalOf(error: unknown): Response {
  const code = isA(error, FettleError) ? error.code : "internal";
  return refusal(STATUS[code], code, messageOf(error));
}

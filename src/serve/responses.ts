/** The bodies of responses: JSON, and refusals as JSON. */
import type { ErrorCode } from "../errors.js";

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

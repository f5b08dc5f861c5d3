/** The secret that requests carry: a client with it may do everything, one without it nothing. */
import { refusal } from "./responses.js";

/** The shortest token. */
const LEAST = 16;

/** Why `token` is invalid, as a message that does not repeat it; undefined if it is valid. */
export function whyInvalidToken(token: unknown): string | undefined {
  const isText = typeof token === "string";
  if (isText && token.length >= LEAST) return undefined;
  return (
    `token must be a secret of at least ${LEAST} characters, such as openssl rand -hex 32 prints; ` +
    `received ${isText ? `one of ${token.length} characters` : token === undefined ? "undefined" : `a value of type ${typeof token}`}`
  );
}

/** Refuses a request without the token, and every request where the server's own token is invalid. */
export async function refuseUnauthorized(request: Request, token: unknown): Promise<Response | undefined> {
  const invalid = whyInvalidToken(token);
  if (invalid !== undefined) return refusal(503, "invalid_state", invalid);
  const received = request.headers.get("authorization");
  if (await isEqual(received ?? "", `Bearer ${token}`)) return undefined;
  return refusal(
    401,
    "invalid_argument",
    `the header authorization must be Bearer <token>; received ${received === null ? "none" : "another"}`,
    { "www-authenticate": "Bearer" },
  );
}

/** Compares hashes, so that the time it takes says nothing about the token. */
async function isEqual(a: string, b: string): Promise<boolean> {
  const text = new TextEncoder();
  const hash = async (each: string) =>
    new Uint8Array(await crypto.subtle.digest("SHA-256", text.encode(each)));
  const [left, right] = await Promise.all([hash(a), hash(b)]);
  return left.reduce((differences, byte, i) => differences | (byte ^ right[i]), 0) === 0;
}

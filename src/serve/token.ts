/** The secret that requests carry: a client with it may do everything, a client without it nothing. */
import { check, kindOf } from "../errors.js";
import type { Rule } from "../rules.js";
import type { Asked } from "./exchange.js";
import { Refusal } from "./responses.js";

/** The shortest token. */
const LEAST = 16;

/** The characters that a header can carry: visible ASCII, and inner spaces. */
const TEXT = /^[!-~](?:[ -~]*[!-~])?$/;

/** Why `token` is invalid, as a message that does not repeat it; undefined if it is valid. */
export function whyInvalidToken(token: unknown): string | undefined {
  const isText = typeof token === "string";
  if (isText && token.length >= LEAST && TEXT.test(token)) return undefined;
  return (
    `token must be a secret of at least ${LEAST} characters, such as openssl rand -hex 32 prints; ` +
    `received ${isText ? shapeOf(token) : token === undefined ? "undefined" : (kindOf(token) ?? `a value of type ${typeof token}`)}`
  );
}

/** A row of a table of options. */
export const secret: Rule<string> = (_, token) => {
  const invalid = whyInvalidToken(token);
  check(invalid === undefined, () => invalid as string);
};

const shapeOf = (token: string): string =>
  token.length < LEAST
    ? `one of ${token.length} characters`
    : "one that no header can carry: with characters outside ASCII, or with a space or line break at either end";

/**
 * Refuses a request without the token, and every request if the server's own token is invalid.
 *
 * @throws
 * Refusal
 */
export function checkToken(request: Asked, token: unknown): void {
  const invalid = whyInvalidToken(token);
  if (invalid !== undefined) throw new Refusal(503, "invalid_state", invalid);
  const received = request.headers.get("authorization") ?? undefined;
  // the scheme in any case, and spaces (RFC 9110, 11.1 and 11.4)
  const given = /^bearer /i.test(received ?? "")
    ? (received as string).slice("bearer ".length).trimStart()
    : "";
  if (isToken(given, token as string)) return;
  throw new Refusal(
    401,
    "invalid_argument",
    `the header authorization must be Bearer <token>; received ${received === undefined ? "none" : "another"}`,
    { "www-authenticate": "Bearer" },
  );
}

/** Compares in a time that reveals nothing about the token: every given character takes the same time. */
function isToken(given: string, token: string): boolean {
  let differences = given.length ^ token.length;
  for (let i = 0; i < given.length; i++)
    differences |= given.charCodeAt(i) ^ token.charCodeAt(i % token.length);
  return differences === 0;
}

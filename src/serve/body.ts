/**
 * The bodies of requests, with limits: their type, their length, and JSON, which the caller interprets. A
 * refused body is not read to its end, and not cancelled either: on Node that would close the connection
 * before the response is sent.
 */
import { FettleError } from "../errors.js";
import { DEEPEST, isShallow } from "../json.js";
import type { Asked, PieceReader } from "./exchange.js";
import { Refusal } from "./responses.js";

/** The types of bodies: one JSON value, or one per line. */
export const JSON_TYPE = "application/json";
export const LINES_TYPE = "application/x-ndjson";

/** The type of a request's body. @throws Refusal for another than those two */
export function bodyType({ headers }: Asked): string {
  const header = headers.get("content-type");
  const [type, ...parameters] = (header ?? "").split(";").map((part) => part.trim().toLowerCase());
  const isUtf8 = parameters.every((part) => !part.startsWith("charset=") || /^charset="?utf-8"?$/.test(part));
  const encoding = headers.get("content-encoding") ?? "identity";
  const refused =
    !isUtf8 || (type !== JSON_TYPE && type !== LINES_TYPE)
      ? `content-type must be ${JSON_TYPE} or ${LINES_TYPE}, in UTF-8; received ${inShort(header ?? undefined)}`
      : encoding.toLowerCase() !== "identity" &&
        `content-encoding must be identity, or absent; received ${inShort(encoding)}`;
  if (refused) throw new Refusal(415, "invalid_argument", `the header ${refused}`);
  return type;
}

/** Bytes that grow up to a limit: even many small pieces take little more memory than their bytes. */
export class Bytes {
  private bytes = new Uint8Array(256);
  private length = 0;

  /**
   * @param what - the name of the bytes, for people
   * @param most - the limit
   */
  constructor(
    private readonly what: string,
    private readonly most: number,
  ) {}

  /** @throws FettleError `memory_limit` */
  append(piece: Uint8Array): void {
    const length = this.length + piece.length;
    if (length > this.most) throw tooLong(this.what, this.most);
    if (length > this.bytes.length) {
      const larger = new Uint8Array(Math.max(length, Math.min(this.most, 2 * this.bytes.length)));
      larger.set(this.bytes.subarray(0, this.length));
      this.bytes = larger;
    }
    this.bytes.set(piece, this.length);
    this.length = length;
  }

  /** The bytes so far, which are valid until more are appended; the next ones start a new buffer. */
  take(): Uint8Array {
    const { length } = this;
    this.length = 0;
    return this.bytes.subarray(0, length);
  }
}

export const tooLong = (what: string, most: number): Refusal =>
  new Refusal(413, "memory_limit", `${what} must be at most ${most} bytes; received more than that`);

/**
 * The JSON of a body. It does not read a body whose header exceeds the limit, and at most `most` bytes of any
 * other.
 *
 * @param ofNothing - the value of an empty body; without it, an empty body is refused
 * @throws FettleError `memory_limit` for a body that is too long; `invalid_argument` for a truncated body, or
 * one that is not JSON
 */
export async function jsonBody(request: Asked, most: number, ofNothing?: object): Promise<unknown> {
  const bytes = await bodyBytes(request, most);
  if (ofNothing && bytes.length === 0) return ofNothing;
  const text = decoded(bytes);
  const value = text === undefined ? undefined : parsed(text);
  refuseDeep(value);
  if (value !== undefined) return value;
  const received = text === undefined ? "bytes that are not UTF-8" : inShort(text);
  throw new FettleError(
    "invalid_argument",
    `the body must be ${ofNothing ? "empty, or " : ""}JSON in UTF-8; received ${received}`,
  );
}

/** A complete body. @throws FettleError as {@link jsonBody} */
async function bodyBytes({ headers, body }: Asked, most: number): Promise<Uint8Array> {
  const declared = headers.get("content-length") ?? "";
  if (/^\d+$/.test(declared) && Number(declared) > most) throw tooLong("the body", most);
  const bytes = new Bytes("the body", most);
  const reader = body?.getReader();
  for (;;) {
    const piece = reader && (await nextPiece(reader));
    if (!piece) break;
    bytes.append(piece);
  }
  return bytes.take();
}

/**
 * What arrives next; undefined at the end.
 *
 * @throws FettleError `invalid_argument` for a truncated body, such as when its client disconnects
 */
export async function nextPiece(reader: PieceReader): Promise<Uint8Array | undefined> {
  try {
    return (await reader.read()).value;
  } catch (cause) {
    throw new FettleError("invalid_argument", "the body must be complete; received only a part", { cause });
  }
}

/** Text in UTF-8; undefined for other bytes. */
export function decoded(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** @throws FettleError `invalid_argument` for JSON that is nested too deeply */
function refuseDeep(value: unknown): void {
  if (isShallow(value)) return;
  throw new FettleError(
    "invalid_argument",
    `the body must be JSON that is nested at most ${DEEPEST} deep; received more than that`,
  );
}

/** Undefined for text that is not JSON. */
export function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Characters of a received text that a refusal repeats. */
const SHOWN = 100;

/** A received value in refusals: a few words, whatever its size and depth. */
export function inShort(value: unknown): string {
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (typeof value === "object" && value !== null) return "an object";
  const text = value === undefined ? "none" : JSON.stringify(value);
  return text.length > SHOWN ? `${text.slice(0, SHOWN)}...` : text;
}

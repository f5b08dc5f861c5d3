/**
 * Values as bytes: JSON in named sections, followed by typed arrays in binary, and the numbers that JSON
 * lacks. Bytes that are corrupted, truncated, or of another format are refused. It does not interpret the
 * values.
 *
 * Layout, little-endian: magic (8 bytes), version, length of all bytes, checksum of all bytes after it,
 * number of sections; for each section its name (8 bytes) and three words: its start and the lengths of its
 * JSON and of its arrays; then the sections, which begin at multiples of 8.
 */
import { crc32 } from "../crc32.js";
import { check, FettleError, isRecord, show } from "../errors.js";

/** The format of an archive. */
export interface ArchiveFormat {
  /** Eight ASCII characters at the start of the bytes. */
  readonly magic: string;
  /** The version that is written, and the newest that is read. */
  readonly version: number;
  /** The oldest version that is read. Default 1. */
  readonly oldest?: number;
  /** Its name in messages, such as "a saved tuner". */
  readonly what: string;
}

const HEAD = 24;
const ENTRY = 20;
const NAME = 8;

/** @param sections - by names of at most eight ASCII characters */
export function packArchive(
  { magic, version }: ArchiveFormat,
  sections: Readonly<Record<string, unknown>>,
): Uint8Array {
  const packed = Object.entries(sections).map(([name, value]) => {
    const arrays: Arrays = { list: [], size: 0 };
    const json = new TextEncoder().encode(JSON.stringify(encode(value, arrays)));
    return { name, json, arrays };
  });
  let end = aligned(HEAD + ENTRY * packed.length);
  const placed = packed.map(({ name, json, arrays }) => {
    const start = end;
    end = start + aligned(json.length) + arrays.size;
    return { name, json, arrays, start };
  });
  const bytes = new Uint8Array(end);
  const view = new DataView(bytes.buffer);
  writeAscii(bytes, 0, magic);
  view.setUint32(8, version, true);
  view.setUint32(12, end, true);
  view.setUint32(20, placed.length, true);
  for (const [i, { name, json, arrays, start }] of placed.entries()) {
    const entry = HEAD + ENTRY * i;
    writeAscii(bytes, entry, name);
    for (const [word, figure] of [start, json.length, arrays.size].entries()) {
      view.setUint32(entry + NAME + 4 * word, figure, true);
    }
    bytes.set(json, start);
    let at = start + aligned(json.length);
    for (const { buffer, byteOffset, byteLength } of arrays.list) {
      bytes.set(new Uint8Array(buffer, byteOffset, byteLength), at);
      at += aligned(byteLength);
    }
  }
  view.setUint32(16, crc32(bytes.subarray(20)), true);
  return bytes;
}

/**
 * @throws FettleError `invalid_checkpoint` for bytes of another format, or of a release that is newer or too
 * old
 */
export function unpackArchive(format: ArchiveFormat, bytes: Uint8Array): Record<string, unknown> {
  const { magic, version, oldest = 1, what } = format;
  const refuseUnless = (condition: unknown, message: string | (() => string)): void =>
    check(
      condition,
      () => `this is not ${what}: ${typeof message === "string" ? message : message()}`,
      "invalid_checkpoint",
    );
  refuseUnless(bytes instanceof Uint8Array, () => `it must be a Uint8Array; received ${show(bytes)}`);
  refuseUnless(
    bytes.length >= HEAD && readAscii(bytes, 0) === magic,
    () => `it must begin with ${show(magic)}; received ${bytes.length} other bytes`,
  );
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const word = (at: number) => view.getUint32(at, true);
  refuseUnless(word(8) > 0, "its version is 0");
  check(
    word(8) <= version,
    () =>
      `${what} was made by a newer release (version ${word(8)}; this one reads up to ${version}); upgrade to open it`,
    "invalid_checkpoint",
  );
  check(
    word(8) >= oldest,
    () =>
      `${what} was made by an older release (version ${word(8)}; this one reads from ${oldest}); open it with that release`,
    "invalid_checkpoint",
  );
  refuseUnless(
    word(12) === bytes.length,
    () =>
      `it must have ${word(12)} bytes; received ${bytes.length}: it was truncated, or other bytes were appended`,
  );
  refuseUnless(
    word(16) === crc32(bytes.subarray(20)),
    "its checksum does not match its contents; it is corrupted",
  );
  try {
    const sections = new Map<string, unknown>();
    let end = aligned(HEAD + ENTRY * word(20));
    for (let i = 0; i < word(20); i++) {
      const entry = HEAD + ENTRY * i;
      const [start, json, size] = [0, 4, 8].map((offset) => word(entry + NAME + offset));
      const from = start + aligned(json);
      check(start === end && from + size <= bytes.length, "its sections do not follow one another");
      end = from + size;
      const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(start, start + json));
      // A copy, since arrays must begin at multiples of their element size; `slice` of Node's Buffer does not
      // copy.
      const arrays = { buffer: new Uint8Array(bytes.subarray(from, end)).buffer, at: 0 };
      sections.set(readAscii(bytes, entry), decode(JSON.parse(text), arrays));
      check(arrays.at === size, "some of its bytes belong to no array");
    }
    check(end === bytes.length && sections.size === word(20), "some of its bytes belong to no section");
    return Object.fromEntries(sections);
  } catch (cause) {
    const reason = cause instanceof FettleError ? cause.message : "its sections cannot be read";
    throw new FettleError("invalid_checkpoint", `this is not ${what}: ${reason}`, { cause });
  }
}

/**
 * The sections of an archive that was stored.
 *
 * @param isComplete - whether it has all sections
 * @throws FettleError `invalid_checkpoint` for one of a later release, `damaged_record` for bytes that are
 * not a complete archive
 */
export function unpackStored(
  format: ArchiveFormat,
  bytes: Uint8Array,
  isComplete: (sections: Readonly<Record<string, unknown>>) => boolean,
): Record<string, unknown> {
  try {
    const sections = unpackArchive(format, bytes);
    check(isComplete(sections), `this is not ${format.what}: it lacks a section`);
    return sections;
  } catch (error) {
    if ((wholeVersion(format, bytes) ?? 0) > format.version) throw error;
    throw new FettleError("damaged_record", (error as Error).message, { cause: error });
  }
}

/** The version of an intact archive; undefined for other bytes. */
function wholeVersion({ magic }: ArchiveFormat, bytes: Uint8Array): number | undefined {
  if (bytes.length < HEAD || readAscii(bytes, 0) !== magic) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const isWhole =
    view.getUint32(12, true) === bytes.length && view.getUint32(16, true) === crc32(bytes.subarray(20));
  return isWhole ? view.getUint32(8, true) : undefined;
}

const KINDS = { Float32Array, Float64Array, Int32Array, Uint8Array };

/** By its class, not by the name of the class, which a minifier may change. */
function kindOf(array: ArrayBufferView): string {
  for (const [name, Kind] of Object.entries(KINDS)) if (array instanceof Kind) return name;
  throw new FettleError("internal", `an archive cannot hold ${show(array)}`);
}

/** The key of an object that encodes a value that JSON lacks. */
const MARK = "$";

/** The typed arrays of a section, each at the next multiple of 8, and their size so far. */
interface Arrays {
  readonly list: ArrayBufferView[];
  size: number;
}

/** A value as JSON; its typed arrays are added to `arrays`. */
function encode(value: unknown, arrays: Arrays): unknown {
  if (typeof value === "number") {
    const plain = Number.isFinite(value) && !Object.is(value, -0);
    return plain ? value : { [MARK]: Object.is(value, -0) ? "-0" : String(value) };
  }
  if (typeof value !== "object" || value === null) return value;
  if (ArrayBuffer.isView(value)) {
    const start = arrays.size;
    arrays.list.push(value);
    arrays.size += aligned(value.byteLength);
    return { [MARK]: [kindOf(value), start, (value as Uint8Array).length] };
  }
  if (Array.isArray(value)) return value.map((each) => encode(each, arrays));
  const fields = Object.entries(value).map(([key, each]) => [key, encode(each, arrays)]);
  const object: Record<string, unknown> = Object.fromEntries(fields);
  return MARK in object ? { [MARK]: object } : object;
}

/** @param arrays - those of the section, in the order of the JSON, and the position of the next */
function decode(value: unknown, arrays: { readonly buffer: ArrayBuffer; at: number }): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((each) => decode(each, arrays));
  const fields = (object: object) =>
    Object.fromEntries(Object.entries(object).map(([key, each]) => [key, decode(each, arrays)]));
  if (!(MARK in value)) return fields(value);
  const marked = value[MARK];
  if (isRecord(marked) && MARK in marked) return fields(marked);
  if (["NaN", "Infinity", "-Infinity", "-0"].includes(marked as string)) return Number(marked);
  const [kind, start, length] = marked as [keyof typeof KINDS, number, number];
  check(Object.hasOwn(KINDS, kind) && start === arrays.at, "an array is not at its position");
  const array = new KINDS[kind](arrays.buffer, start, length);
  arrays.at += aligned(array.byteLength);
  return array;
}

function aligned(bytes: number): number {
  return Math.ceil(bytes / 8) * 8;
}

function writeAscii(bytes: Uint8Array, at: number, text: string): void {
  for (let i = 0; i < text.length; i++) bytes[at + i] = text.charCodeAt(i);
}

function readAscii(bytes: Uint8Array, at: number): string {
  let length = NAME;
  while (length > 0 && bytes[at + length - 1] === 0) length--;
  return String.fromCharCode(...bytes.subarray(at, at + length));
}

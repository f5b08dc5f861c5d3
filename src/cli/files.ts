/**
 * Files named on the command line, read as text or JSON, with errors that name them. It does not interpret
 * their contents.
 */
import { constants, kMaxLength } from "node:buffer";
import { closeSync, openSync, readFileSync, readSync, statSync } from "node:fs";
import { Socket } from "node:net";
import { basename } from "node:path";
import { TextDecoder } from "node:util";
import { gunzipSync } from "node:zlib";
import type { TextPieces } from "../data/csv.js";
import { limitsOf, mustFit } from "../data/limits.js";
import { check, FettleError, messageOf, show } from "../errors.js";
import { reasonOf, WriteError } from "./fileErrors.js";

/** The name that stands for standard input. */
const STDIN = "-";

/** The most characters in a string of JavaScript; each takes at least a byte. */
const { MAX_STRING_LENGTH } = constants;

/** Bytes read at a time. */
const PIECE = 2 ** 18;

/**
 * The complete text of a file or of standard input.
 *
 * @throws FettleError as {@link textOf}; `invalid_data` if it is too long for a string
 */
export function readText(path: string, encoding?: string): string {
  return wholeText(path, textOf(path, encoding));
}

/** All pieces of a text. @throws FettleError as {@link readText}; `memory_limit` */
export function wholeText(path: string, source: Iterable<string>, limits = limitsOf()): string {
  const pieces: string[] = [];
  let length = 0;
  for (const piece of source) {
    pieces.push(piece);
    length += piece.length;
    inFile(path, () => mustFit(limits, "length", length));
    if (length > MAX_STRING_LENGTH) break;
  }
  check(
    length <= MAX_STRING_LENGTH,
    () => `${nameOf(path)} must be at most ${Math.floor(MAX_STRING_LENGTH / 1e6)} MB of text; it is longer`,
    "invalid_data",
  );
  return pieces.join("");
}

/**
 * A text in pieces, which can be iterated again; also with a pause before each, in which signals are handled.
 */
export type FileText = TextPieces & AsyncIterable<string>;

/**
 * The text of a file, or of standard input, in pieces that are read during iteration. Gzip is
 * unpacked.
 *
 * @param encoding - a label of the Encoding Standard, such as `windows-1252`; by default UTF-8, or UTF-16 if
 * the first bytes show it
 * @throws FettleError `not_found` if it cannot be read; `invalid_data` if it is not text in that encoding;
 * `invalid_argument` for an unknown encoding; `memory_limit` for gzip that unpacks to more than
 * `limits.length` bytes
 */
export function textOf(path: string, encoding?: string, limits = limitsOf()): FileText {
  const { open, openLater, bytes } = sourceOf(path, limits.length);
  const textReader = () => {
    let decoder: TextDecoder | undefined;
    return (bytes?: Uint8Array): string => {
      if (bytes && !decoder) {
        refuseOthers(path, bytes);
        decoder = decoderOf(encoding ?? encodingOf(bytes));
      }
      return decoder ? decoded(path, decoder, encoding, bytes) : "";
    };
  };
  return {
    about: bytes,
    *[Symbol.iterator]() {
      const read = textReader();
      for (const bytes of open()) yield read(bytes);
      yield read();
    },
    async *[Symbol.asyncIterator]() {
      const read = textReader();
      for await (const bytes of openLater()) yield read(bytes);
      yield read();
    },
  };
}

/**
 * The first bytes of a file as Latin-1, which show its kind; empty for a pipe, which can be read only once,
 * and for an unreadable file, whose reader reports why.
 */
export function firstBytes(path: string, count: number): string {
  try {
    if (!statSync(path).isFile()) return "";
    const file = openSync(path, "r");
    try {
      const bytes = Buffer.alloc(count);
      return bytes.toString("latin1", 0, readSync(file, bytes));
    } finally {
      closeSync(file);
    }
  } catch {
    return "";
  }
}

/**
 * The bytes of a file or a pipe.
 *
 * @param begins - decides by the first bytes whether to read the rest: a device may be endless
 * @returns all of them, or the first ones
 * @throws FettleError `not_found` if it cannot be read
 */
export function bytesOf(path: string, begins: (first: Uint8Array) => boolean): Uint8Array {
  const pieces: Uint8Array[] = [];
  for (const piece of readPieces(path)) {
    pieces.push(piece.slice());
    if (pieces.length === 1 && !begins(piece)) break;
  }
  return Buffer.concat(pieces);
}

/** The bytes of a file, which can be iterated again. */
interface Source {
  /** Their number, if known before they are read. */
  readonly bytes: number;
  open(): Iterable<Uint8Array>;
  /** With a pause before each piece. */
  openLater(): AsyncIterable<Uint8Array>;
}

/** @param most - bytes that gzip may unpack to */
function sourceOf(path: string, most: number): Source {
  if (path === STDIN) return streamed(path, 0, most, () => process.stdin);
  const stats = reading(path, () => statSync(path));
  if (!stats.isFile()) {
    const file = reading(path, () => openSync(path, "r"));
    return streamed(path, file, most, stats.isFIFO() ? () => new Socket({ fd: file }) : undefined);
  }
  const [first] = readPieces(path, 2);
  if (!first || !isGzip(first)) return pausing(stats.size, () => readPieces(path));
  const bytes = unpacked(
    path,
    reading(path, () => readFileSync(path)),
    most,
  );
  return pausing(bytes.length, () => piecesOf(bytes));
}

/** The bytes that can be read without waiting. */
function pausing(bytes: number, open: () => Iterable<Uint8Array>): Source {
  return {
    bytes,
    open,
    async *openLater() {
      for (const piece of open()) {
        await turn();
        yield piece;
      }
      await turn();
    },
  };
}

/**
 * A pipe or a device, read during iteration, and kept for later iterations.
 *
 * @param stream - waits for more without blocking the process; missing for a device
 */
function streamed(
  path: string,
  file: number,
  most: number,
  stream?: () => AsyncIterable<Uint8Array>,
): Source {
  const rest = readDescriptor(path, file, PIECE)[Symbol.iterator]();
  const kept: Uint8Array[] = [];
  const next = (): Uint8Array | undefined => {
    const { value, done } = rest.next();
    if (done) return undefined;
    kept.push(value.slice());
    return kept[kept.length - 1];
  };
  const first = next();
  if (first && isGzip(first)) {
    while (next() !== undefined);
    const bytes = unpacked(path, Buffer.concat(kept), most);
    return pausing(bytes.length, () => piecesOf(bytes));
  }
  function* open() {
    for (let i = 0; i < kept.length || next() !== undefined; i++) yield kept[i];
  }
  if (!stream || !first) return pausing(0, open);
  return {
    bytes: 0,
    open,
    async *openLater() {
      yield* kept;
      yield* stream();
    },
  };
}

const isGzip = (bytes: Uint8Array): boolean => bytes[0] === 0x1f && bytes[1] === 0x8b;

function* readPieces(path: string, size = PIECE): Iterable<Uint8Array> {
  const file = reading(path, () => openSync(path, "r"));
  try {
    yield* readDescriptor(path, file, size);
  } finally {
    closeSync(file);
  }
}

/** The available bytes, at most `size` at a time; a piece is valid until the next one. */
function* readDescriptor(path: string, file: number, size: number): Iterable<Uint8Array> {
  const buffer = new Uint8Array(size);
  for (;;) {
    const count = reading(path, () => readSome(file, buffer));
    if (count === 0) return;
    yield buffer.subarray(0, count);
  }
}

/** Waits for bytes if an empty pipe does not wait by itself; 0 at the end. */
function readSome(file: number, buffer: Uint8Array): number {
  for (;;) {
    try {
      return readSync(file, buffer, 0, buffer.length, null);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === "EOF") return 0; // of a pipe on Windows
      if (code !== "EAGAIN") throw error;
      pause();
    }
  }
}

/** Lets the process handle signals. */
export const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Blocks for ten milliseconds, for a pipe that is not ready. */
export function pause(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
}

/**
 * Whether there is a file or a folder at a path.
 *
 * @throws FettleError `not_found` if that cannot be determined
 */
export function isThere(path: string): boolean {
  return reading(path, () => statSync(path, { throwIfNoEntry: false })) !== undefined;
}

/** Whether a path is a file that can be read again, other than a pipe. */
export const isFile = (path: string): boolean =>
  reading(path, () => statSync(path, { throwIfNoEntry: false }))?.isFile() ?? false;

/** @throws FettleError as {@link isThere} */
export function isFolder(path: string): boolean {
  return reading(path, () => statSync(path, { throwIfNoEntry: false }))?.isDirectory() ?? false;
}

function piecesOf(bytes: Uint8Array): Uint8Array[] {
  const count = Math.ceil(bytes.length / PIECE);
  return Array.from({ length: count }, (_, i) => bytes.subarray(i * PIECE, (i + 1) * PIECE));
}

/** Runs a function that reads a file; an error that it throws becomes "cannot read …". */
function reading<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw new FettleError("not_found", `cannot read ${nameOf(path)}: ${reasonOf(error)}`, { cause: error });
  }
}

function decoded(
  path: string,
  decoder: TextDecoder,
  encoding: string | undefined,
  bytes?: Uint8Array,
): string {
  try {
    return bytes ? decoder.decode(bytes, { stream: true }) : decoder.decode();
  } catch (error) {
    const way =
      encoding === undefined
        ? "choose its encoding, such as --encoding windows-1252, or save it in UTF-8"
        : "choose another --encoding";
    const message = `${nameOf(path)} is not text in ${decoder.encoding.toUpperCase()}; ${way}`;
    throw new FettleError("invalid_data", message, { cause: error });
  }
}

function unpacked(path: string, bytes: Uint8Array, most: number): Uint8Array {
  if (!isGzip(bytes)) return bytes;
  try {
    return gunzipSync(bytes, { maxOutputLength: Math.min(most, kMaxLength) });
  } catch (error) {
    const isTooLong = (error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE";
    if (isTooLong) inFile(path, () => mustFit(limitsOf({ length: most }), "length", most + 1));
    const message = `${nameOf(path)} is damaged: it begins as gzip, but cannot be unpacked`;
    throw new FettleError("invalid_data", message, { cause: error });
  }
}

/** Files that people mistake for a table, by their first bytes. */
const OTHER_FILES: readonly (readonly [bytes: string, what: string])[] = [
  ["PK\x03\x04", "a ZIP file, such as a spreadsheet (.xlsx, .ods)"],
  ["\xd0\xcf\x11\xe0", "a file of an old version of Excel or Word"],
  ["SQLite format 3\0", "a database"],
  ["%PDF-", "a PDF"],
  ["\x89PNG", "a picture"],
];

function refuseOthers(path: string, bytes: Uint8Array): void {
  const first = Buffer.from(bytes.subarray(0, 16)).toString("latin1");
  const other = OTHER_FILES.find(([begin]) => first.startsWith(begin));
  check(
    !other,
    () => `${nameOf(path)} must be text; it is ${other?.[1]}; save the table as CSV`,
    "invalid_data",
  );
}

/**
 * UTF-16 has a byte order mark, or a zero byte next to each letter, digit and mark; the decoders skip the
 * byte order mark.
 */
function encodingOf([first, second]: Uint8Array): string {
  if ((first === 0xff && second === 0xfe) || (first > 0 && second === 0)) return "utf-16le";
  if ((first === 0xfe && second === 0xff) || (first === 0 && second > 0)) return "utf-16be";
  return "utf-8";
}

function decoderOf(encoding: string): TextDecoder {
  try {
    return new TextDecoder(encoding, { fatal: true });
  } catch {
    throw new FettleError(
      "invalid_argument",
      `--encoding must be an encoding such as utf-8, utf-16le or windows-1252; received ${show(encoding)}`,
    );
  }
}

/**
 * The contents of a JSON file.
 *
 * @throws FettleError as `readText`; `invalid_data` for text that is not JSON, with the place
 */
export function readJson(path: string): unknown {
  return parseJson(path, readText(path));
}

/**
 * The value of JSON text in a file.
 *
 * @param before - lines of the file before the text
 * @throws FettleError `invalid_data` with the place
 */
export function parseJson(path: string, text: string, before = 0): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new FettleError(
      "invalid_data",
      `${nameOf(path)} is not JSON: ${placed(messageOf(error), text, before)}`,
      {
        cause: error,
      },
    );
  }
}

/** A message of `JSON.parse` with line and column; some engines give only the position. */
function placed(message: string, text: string, before: number): string {
  const position = message.match(/ in JSON at position (\d+)/);
  const end = /end of JSON input/.test(message) ? text.length : undefined;
  const at = position ? Number(position[1]) : end;
  if (at === undefined) return before > 0 ? `line ${before + 1}: ${message}` : message;
  const lines = text.slice(0, at).split("\n");
  const what = message.replace(/ in JSON at position .*/, "");
  return `line ${before + lines.length}, column ${lines[lines.length - 1].length + 1}: ${what}`;
}

/**
 * Runs `work` on the contents of a file; a FettleError that it throws names the file once, unless it concerns
 * a written file.
 */
export function inFile<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    const name = nameOf(path);
    const isOfIt = error instanceof FettleError && !(error instanceof WriteError);
    if (!isOfIt || [name, `cannot read ${name}`].some((start) => error.message.startsWith(start)))
      throw error;
    throw new FettleError(error.code, `${name}: ${error.message}`, { cause: error });
  }
}

/** A table's name in headings. */
export const titleOf = (path: string): string => (path === STDIN ? "standard input" : basename(path));

/** A file's name in messages. */
export function nameOf(path: string): string {
  return path === STDIN ? "standard input" : show(path);
}

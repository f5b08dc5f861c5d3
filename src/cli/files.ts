/** Files named on the command line, read as text or JSON, with errors that name them. It gives their contents no meaning. */
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

/** In place of a file: standard input. */
const STDIN = "-";

/** A string of JavaScript has no more characters, and each takes a byte or more. */
const { MAX_STRING_LENGTH } = constants;

/** Bytes that are read at a time. */
const PIECE = 2 ** 18;

/**
 * The text of a file, or of standard input, whole.
 *
 * @throws FettleError as {@link textOf}; `invalid_data` if it is too long for a string
 */
export function readText(path: string, encoding?: string): string {
  return wholeText(path, textOf(path, encoding));
}

/** The pieces of a text, whole. @throws FettleError as {@link readText}; `memory_limit` */
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

/** A text in pieces, which can be gone through again; also with a pause before each, in which signals are heard. */
export type FileText = TextPieces & AsyncIterable<string>;

/**
 * The text of a file, or of standard input, in pieces that are read while one goes through them. Gzip is unpacked.
 *
 * @param encoding - a label of the Encoding Standard, such as `windows-1252`; by default UTF-8, or UTF-16 where the first bytes
 * show it
 * @throws FettleError `not_found` if it cannot be read; `invalid_data` if it is not text in that encoding; `invalid_argument` for
 * an unknown encoding; `memory_limit` for gzip that unpacks to more than `limits.length` bytes
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
 * The first bytes of a file as Latin-1, by which its kind is known; empty for a pipe, which has them once, and for one that cannot be read, whose
 * reader says why.
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
 * @param begins - whether it may be read on, by its first bytes: a device may have no end
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

/** The bytes of a file, which can be gone through again. */
interface Source {
  /** How many there are, as far as that is known before they are read. */
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

/** What can be read without waiting. */
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
 * A pipe or a device, read as one goes through it, and kept for those who do so again.
 *
 * @param stream - what waits for more without holding up the process; missing for a device
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

/** What can be read, at most `size` bytes at a time; a piece lasts until the next. */
function* readDescriptor(path: string, file: number, size: number): Iterable<Uint8Array> {
  const buffer = new Uint8Array(size);
  for (;;) {
    const count = reading(path, () => readSome(file, buffer));
    if (count === 0) return;
    yield buffer.subarray(0, count);
  }
}

/** Waits for bytes where a pipe that has none yet does not wait itself; 0 at the end. */
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

/** Lets the process hear signals. */
export const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Waits for ten milliseconds where nothing else can be done, until a pipe is ready. */
export function pause(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
}

/**
 * Whether there is a file or a folder at a path.
 *
 * @throws FettleError `not_found` if that cannot be known
 */
export function isThere(path: string): boolean {
  return reading(path, () => statSync(path, { throwIfNoEntry: false })) !== undefined;
}

/** @throws FettleError as {@link isThere} */
export function isFolder(path: string): boolean {
  return reading(path, () => statSync(path, { throwIfNoEntry: false }))?.isDirectory() ?? false;
}

function piecesOf(bytes: Uint8Array): Uint8Array[] {
  const count = Math.ceil(bytes.length / PIECE);
  return Array.from({ length: count }, (_, i) => bytes.subarray(i * PIECE, (i + 1) * PIECE));
}

/** Runs what reads a file; an error that it throws says that the file cannot be read. */
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

/** What people take for a table, by the first bytes. */
const OTHER_FILES: readonly (readonly [bytes: string, what: string])[] = [
  ["PK\x03\x04", "a ZIP file, as spreadsheets are (.xlsx, .ods)"],
  ["\xd0\xcf\x11\xe0", "a file of an old Excel or Word"],
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

/** UTF-16 has a byte order mark, or a zero byte beside each letter, digit and mark; the decoders skip the mark. */
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

/** A message of `JSON.parse` that names line and column, as some engines do, and others only the position. */
function placed(message: string, text: string, before: number): string {
  const position = message.match(/ in JSON at position (\d+)/);
  const end = /end of JSON input/.test(message) ? text.length : undefined;
  const at = position ? Number(position[1]) : end;
  if (at === undefined) return before > 0 ? `line ${before + 1}: ${message}` : message;
  const lines = text.slice(0, at).split("\n");
  const what = message.replace(/ in JSON at position .*/, "");
  return `line ${before + lines.length}, column ${lines[lines.length - 1].length + 1}: ${what}`;
}

/** Runs `work` on the contents of a file; a FettleError that it throws names the file, once, unless it is about one that is written. */
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

/** A table as headings name it. */
export const titleOf = (path: string): string => (path === STDIN ? "standard input" : basename(path));

/** A file as messages name it. */
export function nameOf(path: string): string {
  return path === STDIN ? "standard input" : show(path);
}

/** The used part of IndexedDB, as types: the package's sources do not include those of pages. */

export type Key = number | string | readonly Key[];

export interface Request<T> {
  readonly result: T;
  readonly error: Error | null;
  onsuccess: (() => void) | null;
  onerror: (() => void) | null;
}

export interface OpenRequest extends Request<Connection> {
  readonly transaction: Transaction | null;
  onblocked: (() => void) | null;
  onupgradeneeded: ((event: { readonly oldVersion: number }) => void) | null;
}

export interface Connection {
  readonly version: number;
  readonly objectStoreNames: Iterable<string>;
  createObjectStore(name: string, options: { keyPath: string | string[]; autoIncrement?: boolean }): Table;
  transaction(names: readonly string[], mode: Mode, options: { durability: Durability }): Transaction;
  close(): void;
  onversionchange: (() => void) | null;
  onclose: (() => void) | null;
}

export type Mode = "readonly" | "readwrite";
export type Durability = "relaxed" | "strict";

export interface Transaction {
  readonly error: Error | null;
  objectStore(name: string): Table;
  abort(): void;
  oncomplete: (() => void) | null;
  onabort: (() => void) | null;
}

/** The reading methods of a table or an index. */
interface Readable {
  get(key: Key): Request<unknown>;
  getKey(key: Key): Request<unknown>;
  getAll(range?: KeyRange): Request<unknown[]>;
  count(range?: KeyRange): Request<number>;
  openKeyCursor(range?: KeyRange): Request<{ readonly key: Key; continue(): void } | null>;
}

/** An object store. */
export interface Table extends Readable {
  add(row: unknown): Request<unknown>;
  put(row: unknown): Request<unknown>;
  delete(key: Key | KeyRange): Request<undefined>;
  createIndex(name: string, keyPath: string | string[], options?: { unique: boolean }): unknown;
  index(name: string): Readable;
}

export type KeyRange = { readonly lower: Key };

/** The globals of a page or its workers. */
export interface Host {
  readonly indexedDB?: { open(name: string, version?: number): OpenRequest };
  readonly IDBKeyRange: { bound(lower: Key, upper: Key): KeyRange };
}

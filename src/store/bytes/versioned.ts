/** The host's side of a storage over bytes: a store, and its entries with versions. */
import { crc32 } from "../../crc32.js";
import { isRecord, must } from "../../errors.js";
import { artifactDiffers, type VersionedBytes } from "../storage.js";

/** A value, at once or later. */
export type Awaitable<T> = T | Promise<T>;

/**
 * Keeps bytes by key. A `put` replaces the earlier bytes completely or not at all, and they are durable once
 * it resolves, so that a runtime may be killed at any moment. Methods may return values or promises of them.
 *
 * A store without versions returns the bytes alone, and nothing from `put`; then only one process at a time
 * may use a study. A store with versions returns them from `get` and `put`, and refuses a `put` that does not
 * replace what its caller had read, so that two processes do not undo each other's work. `docs/storage.md`
 * has one of each.
 */
export interface ByteStore {
  /** The last entry, with its version if the store has versions; undefined or null without an entry. */
  get(key: string): Awaitable<VersionedBytes | Uint8Array | undefined | null>;
  /**
   * Replaces the bytes of a key.
   *
   * @param version - of the entry that they replace, from `get` or the last `put`; undefined if there must be
   * no entry. A store without versions ignores it.
   * @returns the new version; nothing in a store without versions
   * @throws FettleError `conflict` if the key has another version; then nothing was written
   */
  put(key: string, bytes: Uint8Array, version?: string): Promise<string> | Promise<void> | string | undefined;
  /** Removes a key, whatever its version; also resolves if it does not exist. */
  delete(key: string): Promise<void> | undefined;
  /** All keys, in any order. */
  keys(): Awaitable<Iterable<string>>;
}

/** The entries of a store, each with a version. */
export interface VersionedStore {
  /** Whether the store itself compares versions; until the first `put`, this is not known. */
  readonly compares: boolean;
  get(key: string): Promise<VersionedBytes | undefined>;
  /** @throws FettleError `conflict` */
  put(key: string, bytes: Uint8Array, version?: string): Promise<string>;
  keys(): Promise<readonly string[]>;
}

/** In a store without versions, the version of an entry is the checksum of its bytes. */
export function versioned(store: ByteStore): VersionedStore {
  let compares = false;
  const checksum = (bytes: Uint8Array): string => `${crc32(bytes)}/${bytes.length}`;
  const get = async (key: string): Promise<VersionedBytes | undefined> => {
    const entry = (await store.get(key)) ?? undefined;
    if (entry === undefined) return undefined;
    if (entry instanceof Uint8Array) return { bytes: entry, version: checksum(entry) };
    must(
      isRecord(entry) && entry.bytes instanceof Uint8Array && typeof entry.version === "string",
      "the result of get of a store",
      "bytes, or { bytes, version } with the version as a string",
      entry,
    );
    return entry;
  };
  return {
    get compares() {
      return compares;
    },
    get,
    async put(key, bytes, version) {
      if (!compares && (await get(key))?.version !== version) throw artifactDiffers(key);
      const next = (await store.put(key, bytes, version)) ?? undefined;
      compares = next !== undefined;
      must(
        next === undefined || typeof next === "string",
        "the result of put of a store",
        "the new version, a string, or nothing",
        next,
      );
      return next ?? checksum(bytes);
    },
    keys: async () => [...(await store.keys())],
  };
}

/** Runs work on a key once earlier work on it has ended. */
export type Turns = <R>(key: string, work: () => Promise<R>) => Promise<R>;

export function inTurns(): Turns {
  const last = new Map<string, Promise<unknown>>();
  return (key, work) => {
    const result = (last.get(key) ?? Promise.resolve()).then(work);
    const ended = result.catch(() => {}).then(() => void (last.get(key) === ended && last.delete(key)));
    last.set(key, ended);
    return result;
  };
}

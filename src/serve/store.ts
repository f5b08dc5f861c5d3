/** Where studies are kept: bytes by key, which a store does not interpret. */

/** A value, at once or later. */
export type Awaitable<T> = T | Promise<T>;

/** An entry of a store with versions. */
export interface StoredEntry {
  /** The stored bytes. */
  readonly bytes: Uint8Array;
  /** A text unique among all entries that the key ever had, such as a count of writes or an ETag. */
  readonly version: string;
}

/**
 * Keeps bytes by key. A `put` replaces the earlier bytes completely or not at all, and they are durable once
 * it resolves, so that a runtime may be killed at any moment. Methods may return values or promises of them.
 *
 * A store without versions needs only `get`, `put` and `delete` of bytes; then only one process at a time may
 * use a study. A store with versions returns them from `get` and `put`, and refuses a `put` that does not
 * replace what its caller had read, so that two processes do not undo each other's work. `docs/serving.md`
 * has one of each.
 */
export interface Store {
  /** The last entry, with its version if the store has versions; undefined without one. */
  get(key: string): Awaitable<StoredEntry | Uint8Array | undefined>;
  /**
   * Replaces the bytes of a key.
   *
   * @param version - of the entry that they replace, from `get` or the last `put`; undefined if there must be
   * no entry. A store without versions ignores it.
   * @returns the new version; nothing in a store without versions
   * @throws FettleError `conflict` if the key has another version; then nothing was written
   */
  put(key: string, bytes: Uint8Array, version?: string): Promise<string> | Promise<void> | string | undefined;
  /** Removes a key, whatever its version; resolves even if it does not exist. */
  delete(key: string): Promise<void> | undefined;
  /**
   * The keys. With it, running studies resume by themselves when their server starts, and the number of
   * studies has a limit; without it, a study resumes at the first request for it.
   */
  keys?(): Awaitable<Iterable<string>>;
}

/**
 * A store in memory, for experiments and tests, without versions. It lasts as long as its process.
 *
 * @example
 * ```ts
 * const store = memoryStore();
 * await store.put("a", Uint8Array.of(1, 2));
 * await store.get("a"); // [1, 2]
 * await store.get("b"); // undefined
 * ```
 */
export function memoryStore(): Store {
  const kept = new Map<string, Uint8Array>();
  return {
    async get(key) {
      const bytes = kept.get(key);
      return bytes && new Uint8Array(bytes);
    },
    async put(key, bytes) {
      kept.set(key, new Uint8Array(bytes));
    },
    async delete(key) {
      kept.delete(key);
    },
    keys: async () => [...kept.keys()],
  };
}

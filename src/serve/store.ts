/** Where studies are kept: bytes by key. A store does not know what they mean. */

/**
 * Keeps bytes by key. A `put` replaces the earlier bytes as a whole or not at all, and they are durable once it resolves,
 * so that a runtime may be killed at any moment.
 */
export interface Store {
  /** The bytes that were put last, or undefined. */
  get(key: string): Promise<Uint8Array | undefined>;
  /** Replaces the bytes of a key. */
  put(key: string, bytes: Uint8Array): Promise<void>;
  /** Removes a key; resolves also where there is none. */
  delete(key: string): Promise<void>;
}

/**
 * A store in memory, for experiments and tests. It lasts as long as its process.
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
    get: async (key) => kept.get(key)?.slice(),
    async put(key, bytes) {
      kept.set(key, bytes.slice());
    },
    async delete(key) {
      kept.delete(key);
    },
  };
}

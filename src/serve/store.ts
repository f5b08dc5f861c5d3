/** Where studies are kept: bytes under a name. It knows nothing of what they mean. */

/**
 * Keeps bytes by key. A `put` replaces what was there whole or not at all, and is there for good when it resolves; so a
 * runtime may be killed at any moment.
 */
export interface Store {
  /** What was put last, or undefined. */
  get(key: string): Promise<Uint8Array | undefined>;
  /** Replaces what is under a key. */
  put(key: string, bytes: Uint8Array): Promise<void>;
  /** Leaves nothing under a key. */
  delete(key: string): Promise<void>;
}

/**
 * A store that lasts as long as its process: for trying things, and for tests.
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

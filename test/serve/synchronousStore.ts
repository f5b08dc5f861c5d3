/** A store as an embedded database would be wrapped: every method returns its value at once. */
import { FettleError } from "../../src/errors.js";
import type { Store, StoredEntry } from "../../src/serve/store.js";

export function synchronousStore(): Store {
  const rows = new Map<string, StoredEntry>();
  let writes = 0;
  return {
    get: (key) => {
      const row = rows.get(key);
      return row && { ...row, bytes: row.bytes.slice() };
    },
    put(key, bytes, version) {
      if (rows.get(key)?.version !== version)
        throw new FettleError("conflict", `the row of ${key} has another version`);
      const next = String(++writes);
      rows.set(key, { bytes: bytes.slice(), version: next });
      return next;
    },
    delete(key) {
      rows.delete(key);
      return undefined;
    },
    keys: () => rows.keys(),
  };
}

/** The SQLite storage of a Durable Object, as a store of one study. */
import type { Store } from "../serve/store.js";
import type { ObjectStorage } from "./host.js";

/** Bytes of a row; the runtime allows 2 MB. */
const PART = 1_000_000;

/** A store with one key: the last one put. */
export interface ObjectStore extends Store {
  /** Its key; undefined while it is empty. */
  key(): string | undefined;
}

export function objectStore(storage: ObjectStorage): ObjectStore {
  const { sql } = storage;
  /** Creates no table, so that an object that was only read stays empty and the runtime can remove it. */
  const rows = (columns: string) => {
    const [table] = sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'fettle'");
    return table ? [...sql.exec(`SELECT ${columns} FROM fettle ORDER BY part`)] : [];
  };
  return {
    key: () => rows("key")[0]?.key as string | undefined,
    async get(key) {
      const parts = rows("key, bytes").filter((row) => row.key === key);
      if (parts.length === 0) return undefined;
      return new Uint8Array(await new Blob(parts.map(({ bytes }) => bytes as ArrayBuffer)).arrayBuffer());
    },
    async put(key, bytes) {
      storage.transactionSync(() => {
        sql.exec("CREATE TABLE IF NOT EXISTS fettle (part INTEGER PRIMARY KEY, key TEXT, bytes BLOB)");
        sql.exec("DELETE FROM fettle");
        for (let at = 0; at < bytes.length; at += PART) {
          const part = new Uint8Array(bytes.subarray(at, at + PART)).buffer;
          sql.exec("INSERT INTO fettle VALUES (?, ?, ?)", at, key, part);
        }
      });
      await storage.sync();
    },
    async delete() {
      await storage.deleteAlarm();
      await storage.deleteAll();
    },
  };
}

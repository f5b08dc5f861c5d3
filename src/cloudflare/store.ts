/** The SQLite storage of a Durable Object as a store of one study. */
import type { Store } from "../serve/store.js";
import type { ObjectStorage } from "./host.js";

/** Bytes of a row; it may have 2 MB. */
const PART = 1_000_000;

/** A store of whatever was put last, under one key. */
export interface ObjectStore extends Store {
  /** Its key. */
  key(): string | undefined;
}

export function objectStore(storage: ObjectStorage): ObjectStore {
  const { sql } = storage;
  /** Rows, without making a table where there is none: an object that was only asked for stays empty, and vanishes. */
  const rows = (what: string) => {
    const [table] = sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'fettle'");
    return table ? [...sql.exec(`SELECT ${what} FROM fettle ORDER BY part`)] : [];
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

/** The SQLite storage of a Durable Object, as a storage of studies. */
import { byteStorage } from "../store/bytes/byteStorage.js";
import type { StudyStorage } from "../store/storage.js";
import type { ObjectStorage } from "./host.js";

/** Bytes of a row; the runtime allows 2 MB. */
const PART = 1_000_000;

/** A storage that is empty again without studies, so that the runtime can remove its object. */
export function objectStorage(storage: ObjectStorage): StudyStorage {
  const { sql } = storage;
  /** Creates no table, so that an object that was only read stays empty. */
  const rows = (query: string, ...values: string[]) => {
    const [table] = sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'fettle'");
    return table ? [...sql.exec(query, ...values)] : [];
  };
  const keys = (): string[] => rows("SELECT DISTINCT key FROM fettle").map(({ key }) => key as string);
  return byteStorage({
    keys,
    async get(key) {
      const parts = rows("SELECT bytes FROM fettle WHERE key = ? ORDER BY part", key);
      if (parts.length === 0) return undefined;
      return new Uint8Array(await new Blob(parts.map(({ bytes }) => bytes as ArrayBuffer)).arrayBuffer());
    },
    async put(key, bytes) {
      storage.transactionSync(() => {
        sql.exec(
          "CREATE TABLE IF NOT EXISTS fettle (key TEXT, part INTEGER, bytes BLOB, PRIMARY KEY (key, part))",
        );
        sql.exec("DELETE FROM fettle WHERE key = ?", key);
        for (let at = 0; at < bytes.length; at += PART) {
          const part = new Uint8Array(bytes.subarray(at, at + PART)).buffer;
          sql.exec("INSERT INTO fettle VALUES (?, ?, ?)", key, at, part);
        }
      });
      await storage.sync();
    },
    async delete(key) {
      rows("DELETE FROM fettle WHERE key = ?", key);
      if (keys().length > 0) return;
      await storage.deleteAlarm();
      await storage.deleteAll();
    },
  });
}

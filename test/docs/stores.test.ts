/**
 * The store of a table in docs/storage.md, on a table that knows its five statements; SQLite was given them
 * by hand.
 */
import { describe } from "vitest";
import { FettleError } from "../../src/errors.js";
import type { ByteStore } from "../../src/store/bytes/byteStorage.js";
import { conformsAsStore, conformsAsStoreWithVersions } from "../store/byteStores.js";
import { blockWith } from "./blocks.js";

type Row = { key: string; bytes: Uint8Array; version: string };
type Query = (statement: string, ...values: never[]) => Promise<unknown[]>;

const { code } = blockWith("docs/storage.md", "const tableStore");
const source = code.replace(/^import .*$/gm, "").replace("const tableStore =", "return");
const tableStore = new Function("FettleError", source)(FettleError) as (query: Query) => ByteStore;

function table(): Query {
  const rows = new Map<string, Row>();
  const statements: Readonly<Record<string, (...values: never[]) => unknown[]>> = {
    "SELECT bytes, version FROM studies WHERE key = ?": (key: string) => [rows.get(key)].filter(Boolean),
    "INSERT INTO studies (bytes, version, key) VALUES (?, ?, ?) ON CONFLICT DO NOTHING RETURNING key": (
      bytes: Uint8Array,
      version: string,
      key: string,
    ) => {
      if (rows.has(key)) return [];
      rows.set(key, { key, bytes: bytes.slice(), version });
      return [{ key }];
    },
    "UPDATE studies SET bytes = ?, version = ? WHERE key = ? AND version = ? RETURNING key": (
      bytes: Uint8Array,
      next: string,
      key: string,
      version: string,
    ) => {
      if (rows.get(key)?.version !== version) return [];
      rows.set(key, { key, bytes: bytes.slice(), version: next });
      return [{ key }];
    },
    "DELETE FROM studies WHERE key = ?": (key: string) => {
      rows.delete(key);
      return [];
    },
    "SELECT key FROM studies": () => [...rows.values()],
  };
  return async (statement, ...values) => statements[statement](...values);
}

describe("the store of a table", () => {
  conformsAsStore(() => tableStore(table()));
  conformsAsStoreWithVersions(() => {
    const query = table();
    return [tableStore(query), tableStore(query)];
  });
});

/**
 * Stores: the built-in ones, and one whose methods return values and no promises, as of an embedded database.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe } from "vitest";
import { fileStore } from "../../src/serve/node/fileStore.js";
import { memoryStore } from "../../src/serve/store.js";
import { conformsAsStore, conformsAsStoreWithVersions } from "./stores.js";
import { synchronousStore } from "./synchronousStore.js";

const folder = mkdtempSync(join(tmpdir(), "fettle-stores-"));
afterAll(() => rmSync(folder, { recursive: true }));
let folders = 0;
const newFolder = () => join(folder, String(folders++));

describe("a store in memory", () => conformsAsStore(memoryStore));

describe("a store whose methods return no promises", () => {
  conformsAsStore(synchronousStore);
  conformsAsStoreWithVersions(() => {
    const store = synchronousStore();
    return [store, store];
  });
});

describe.each([{ sync: true }, { sync: false }])("a store in a folder, with %j", (options) => {
  conformsAsStore(() => fileStore(newFolder(), options));
  conformsAsStoreWithVersions(() => {
    const path = newFolder();
    return [fileStore(path, options), fileStore(path, options)];
  });
});

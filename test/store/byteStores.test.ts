/** Stores of bytes: files of a folder, and the two of the tests, which bring their own laws. */
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { fileStore } from "../../src/store/folder/fileStore.js";
import { makeFolder } from "../../src/store/folder/files.js";
import { sealed, unsealed } from "../../src/store/folder/seal.js";
import {
  bytesInMemory,
  conformsAsStore,
  conformsAsStoreWithVersions,
  synchronousBytes,
} from "./byteStores.js";

const folder = mkdtempSync(join(tmpdir(), "fettle-stores-"));
afterAll(() => rmSync(folder, { recursive: true }));
let folders = 0;
const newFolder = () => join(folder, String(folders++));

describe("a store in memory", () => conformsAsStore(bytesInMemory));

describe("a store whose methods return no promises", () => {
  conformsAsStore(synchronousBytes);
  conformsAsStoreWithVersions(() => {
    const store = synchronousBytes();
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

it("a folder that many create at once is created", async () => {
  const path = join(newFolder(), "a", "b");
  await Promise.all(Array.from({ length: 20 }, () => makeFolder(path, true)));
  expect(readdirSync(join(path, ".."))).toEqual(["b"]);
});

it.each([
  ["whole", (file: Uint8Array) => file, undefined],
  ["of another program", () => new TextEncoder().encode("another program's"), "does not begin with fettle/f"],
  ["empty", () => new Uint8Array(), "does not begin with fettle/f"],
  ["cut short", (file: Uint8Array) => file.subarray(0, -1), "has 2 of 3 bytes"],
  ["changed", (file: Uint8Array) => file.fill(7, -1), "does not match its checksum"],
])("the file of an entry that is %s is known, also as a part of a buffer", (_, change, damage) => {
  const bytes = Uint8Array.of(1, 2, 3);
  const file = change(sealed(bytes));
  const buffer = new Uint8Array(8 + file.length + 8).fill(5);
  buffer.set(file, 8);
  expect(unsealed(buffer.subarray(8, 8 + file.length))).toEqual(
    damage === undefined ? { bytes } : { damage },
  );
});

/** The laws of storages, on each of them; and that the laws can fail. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { memoryStorage, type StudyStorage } from "fettle/store";
import { sqliteStorage } from "fettle/store/sqlite";
import { checkStorageLaw, type StorageFactory, storageLaws } from "fettle/testing";
import { afterAll, describe, expect, it } from "vitest";
import { cases } from "../cases.js";

const folder = mkdtempSync(join(tmpdir(), "fettle-store-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let files = 0;
const inMemory: StorageFactory = async () => {
  const storage = memoryStorage();
  return [storage, storage];
};
const inFile: StorageFactory = async () => {
  const path = join(folder, `${files++}.db`);
  return [await sqliteStorage(path), await sqliteStorage(path)];
};

describe.each([
  ["memory", inMemory, 30],
  ["SQLite", inFile, 8],
] as const)("a storage in %s", (_, open, runs) => {
  it.each(Object.keys(storageLaws))("%s", async (law) => {
    await checkStorageLaw(open, law, { numRuns: cases(law.includes("large") ? 2 : runs) });
  });
});

/** A storage with something wrong, and a law that finds it. */
const BROKEN: readonly (readonly [
  what: string,
  law: string,
  change: (storage: StudyStorage) => StudyStorage,
])[] = [
  [
    "takes a result twice",
    "takes the result of a trial once, and adds a trial once",
    (storage) => ({
      ...storage,
      async open(name) {
        const study = await storage.open(name);
        return study && Object.assign(Object.create(study) as typeof study, { tell: async () => true });
      },
    }),
  ],
  [
    "loses artifacts",
    "holds artifacts by name, as bytes of its own",
    (storage) => ({
      ...storage,
      async open(name) {
        const study = await storage.open(name);
        return (
          study && Object.assign(Object.create(study) as typeof study, { artifact: async () => undefined })
        );
      },
    }),
  ],
  [
    "loses notes",
    "holds the note of a trial that was written last, and the curves of each trial",
    (storage) => ({
      ...storage,
      async open(name) {
        const study = await storage.open(name);
        return study && Object.assign(Object.create(study) as typeof study, { notes: async () => [] });
      },
    }),
  ],
  [
    "takes any name",
    "tells names apart, and lists studies in the order of their creation",
    (storage) => ({
      ...storage,
      create: (name, ...rest) => storage.create(String(name).trim() || "x", ...rest),
    }),
  ],
];

it.each(BROKEN)("is found out where it %s", async (_, law, change) => {
  const broken: StorageFactory = async () => {
    const storage = change(memoryStorage());
    return [storage, storage];
  };
  await expect(checkStorageLaw(broken, law, { seed: 1, numRuns: cases(100) })).rejects.toThrow(
    `breaks the law "${law}"`,
  );
});

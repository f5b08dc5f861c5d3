/** The laws of storages, on each of them; and that the laws can fail. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PGlite } from "@electric-sql/pglite";
import { byteStorage, memoryStorage, type StudyStorage } from "fettle/store";
import { d1Storage } from "fettle/store/d1";
import { folderStorage } from "fettle/store/folder";
import { postgresStorage } from "fettle/store/postgres";
import { sqliteStorage } from "fettle/store/sqlite";
import { checkStorageLaw, type StorageFactory, storageLaws } from "fettle/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cases } from "../cases.js";
import { bytesInMemory, synchronousBytes } from "./byteStores.js";
import { startD1 } from "./d1Runtime.js";
import { hasPostgres, PostgresServer } from "./postgresServer.js";

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

/** Without versions only one process may use it, whose studies are opened more than once. */
const inBytes: StorageFactory = async () => {
  const storage = byteStorage(bytesInMemory());
  return [storage, storage];
};
const inVersionedBytes: StorageFactory = async () => {
  const store = synchronousBytes();
  return [byteStorage(store), byteStorage(store)];
};
const inFolder: StorageFactory = async () => {
  const path = join(folder, String(files++));
  return [folderStorage(path, { sync: false }), folderStorage(path, { sync: false })];
};

/** Each case has a schema of its own. */
const inPostgres =
  (database: () => Parameters<typeof postgresStorage>[0]): StorageFactory =>
  async () => {
    const schema = `case_${files++}`;
    return [await postgresStorage(database(), { schema }), await postgresStorage(database(), { schema })];
  };

describe.each([
  ["memory", inMemory, 30],
  ["bytes without versions", inBytes, 20],
  ["bytes with versions", inVersionedBytes, 20],
  ["a folder", inFolder, 5],
  ["SQLite", inFile, 8],
] as const)("a storage in %s", (_, open, runs) => {
  keepsTheLaws(open, runs);
});

describe("a storage in PGlite", () => {
  let database: PGlite;
  beforeAll(async () => {
    database = await PGlite.create();
  });
  afterAll(() => database.close());
  keepsTheLaws(
    inPostgres(() => database),
    2,
  );
});

describe.runIf(hasPostgres)("a storage in PostgreSQL", () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await PostgresServer.start();
  });
  afterAll(() => server.remove());
  keepsTheLaws(
    inPostgres(() => server.url),
    5,
  );
});

describe("a storage in D1", () => {
  const { binding, dispose } = startD1();
  afterAll(dispose);
  const inD1: StorageFactory = async () => {
    // as the last case has left it
    const { results } = await binding
      .prepare("SELECT name FROM sqlite_master WHERE name = 'fettle_studies'")
      .all();
    if (results.length > 0) await binding.prepare("DELETE FROM fettle_studies").bind().all();
    return [await d1Storage(binding), await d1Storage(binding)];
  };
  keepsTheLaws(inD1, 2);
});

function keepsTheLaws(open: StorageFactory, runs: number): void {
  it.each(Object.keys(storageLaws))("%s", async (law) => {
    await checkStorageLaw(open, law, { numRuns: cases(law.includes("large") ? Math.ceil(runs / 8) : runs) });
  });
}

/** A storage with something wrong, and a law that finds it. */
const BROKEN: readonly (readonly [
  what: string,
  law: string,
  change: (storage: StudyStorage) => StudyStorage,
])[] = [
  [
    "takes a result twice",
    "accepts the result of a trial once, and adds a trial once",
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
    "holds artifacts by name, as its own copies of the bytes",
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
    "distinguishes names, and lists studies in the order of their creation",
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

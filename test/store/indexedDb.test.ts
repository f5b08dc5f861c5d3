/**
 * The laws of storages on a database of a page, as fake-indexeddb has it, and what becomes of it between tabs
 * and releases.
 */
import { IDBFactory, IDBKeyRange } from "fake-indexeddb";
import { createStudy, float, random, type StudyJson } from "fettle";
import { indexedDbStorage } from "fettle/store/indexeddb";
import { checkStorageLaw, storageLaws } from "fettle/testing";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { type Migration, PageDatabase, resultOf } from "../../src/store/indexedDb/database.js";
import type { Host } from "../../src/store/indexedDb/host.js";
import { cases } from "../cases.js";
import { refusal } from "../tune/support.js";

const host = globalThis as unknown as { indexedDB?: Host["indexedDB"] };
beforeAll(() => {
  vi.stubGlobal("indexedDB", new IDBFactory());
  vi.stubGlobal("IDBKeyRange", IDBKeyRange);
});
afterAll(() => void vi.unstubAllGlobals());

let names = 0;
const newName = (): string => `database ${names++}`;

describe("a storage in a page", () => {
  it.each(Object.keys(storageLaws))("%s", async (law) => {
    const open = async () => {
      const name = newName();
      return [await indexedDbStorage(name), await indexedDbStorage(name, { durability: "strict" })] as const;
    };
    await checkStorageLaw(open, law, { numRuns: cases(law.includes("large") ? 2 : 8) });
  });

  it("refuses trials of no number", async () => {
    const storage = await indexedDbStorage(newName());
    const study = await storage.create("study", emptyStudy());
    for (const number of [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(await refusal(() => study.add({ number, params: {} }))).toContain("invalid_state");
      expect(await refusal(() => study.report(number, { step: 1, value: 1 }))).toContain("invalid_state");
    }
    expect(await study.trials()).toEqual([]);
    await storage.close();
  });
});

it("a storage in a page keeps an artifact without the rest of its buffer, as it is when it is given", async () => {
  const storage = await indexedDbStorage(newName());
  const study = await storage.create("study", emptyStudy());
  const bytes = new Uint8Array(1000).subarray(10, 12);
  const kept = study.keep("a", bytes);
  bytes.fill(9);
  await kept;
  const found = (await study.artifact("a"))?.bytes;
  expect([found, found?.buffer.byteLength]).toEqual([new Uint8Array(2), 2]);
  await storage.close();
});

describe("a database of a page", () => {
  it("of another program is refused, and stays as it is", async () => {
    const name = newName();
    const other = await PageDatabase.open(name, [tableOf("songs")], ["songs"], "relaxed");
    other.close();
    expect(await refusal(() => indexedDbStorage(name))).toContain('it has other tables: ["songs"]');
    // nothing holds it open
    const again = await PageDatabase.open(name, [refuse, tableOf("b")], ["songs", "b"], "relaxed");
    again.close();
  });

  it("of a later release is refused with both versions", async () => {
    const name = newName();
    await (await indexedDbStorage(name)).close();
    const later = await PageDatabase.open(
      name,
      new Array(3).fill(() => {}),
      STORED,
      "relaxed",
    );
    later.close();
    expect(await refusal(() => indexedDbStorage(name))).toContain(
      "has schema version 3; this release reads at most 1; upgrade Fettle to open it",
    );
  });

  it("is upgraded by the migrations that it lacks, and lets go of it where another tab upgrades it", async () => {
    const name = newName();
    const one = await PageDatabase.open(name, [tableOf("a")], ["a"], "relaxed");
    await one.transact(["a"], "readwrite", async (t) => resultOf(t.objectStore("a").add({ id: 1 })));
    const two = await PageDatabase.open(name, [refuse, tableOf("b")], ["a", "b"], "relaxed");
    expect(await two.transact(["a"], "readonly", (t) => resultOf(t.objectStore("a").getAll()))).toEqual([
      { id: 1 },
    ]);
    expect(await refusal(() => one.transact(["a"], "readonly", async () => 1))).toContain(
      "another tab opened it with a later release, or is deleting it; reload this page",
    );
    two.close();
  });

  it("that another tab does not let go of is said to be in use, and is opened later", async () => {
    const name = newName();
    const earlier = await resultOf((host.indexedDB as NonNullable<Host["indexedDB"]>).open(name, 1));
    const both = [() => {}, tableOf("a")];
    expect(await refusal(() => PageDatabase.open(name, both, ["a"], "relaxed"))).toContain(
      "another tab has it open with an earlier release; close that tab, then reload this one",
    );
    earlier.close();
    (await PageDatabase.open(name, [refuse, refuse], ["a"], "relaxed")).close();
  });

  it("undoes all of a transaction whose work fails", async () => {
    const database = await PageDatabase.open(newName(), [tableOf("a")], ["a"], "relaxed");
    const work = database.transact(["a"], "readwrite", async (t) => {
      await resultOf(t.objectStore("a").add({ id: 1 }));
      throw new RangeError("no");
    });
    await expect(work).rejects.toThrow(new RangeError("no"));
    expect(await database.transact(["a"], "readonly", (t) => resultOf(t.objectStore("a").count()))).toBe(0);
    database.close();
  });

  it.each([
    ["QuotaExceededError", "the browser gives this page no more space; delete studies or models"],
    ["SecurityError", "the browser does not allow this page to store data; allow site data"],
    ["InvalidStateError", "the browser closed it, or forbids storage"],
    ["UnknownError", "the browser could not read or write it"],
    ["AbortError", "the browser ended the transaction"],
  ])("tells of a %s with a way out", async (name, words) => {
    const database = await PageDatabase.open(newName(), [tableOf("a")], ["a"], "relaxed");
    const failed = () =>
      database.transact(["a"], "readwrite", async () => {
        throw new DOMException("of the browser", name);
      });
    const found = await refusal(failed);
    expect(found).toContain("store_failed");
    expect(found).toContain(words);
    database.close();
  });

  it("cannot be used once it is closed, or where there is none", async () => {
    const storage = await indexedDbStorage(newName());
    await storage.close();
    expect(await refusal(() => storage.studies())).toContain("it was closed by its storage's close()");
    const database = await PageDatabase.open(newName(), [tableOf("a")], ["a"], "relaxed");
    const during = database.transact(["a"], "readonly", async () => {
      database.close();
      throw new DOMException("of the browser", "InvalidStateError");
    });
    expect(await refusal(() => during)).toContain("it was closed by its storage's close()");
    const { indexedDB } = host;
    vi.stubGlobal("indexedDB", undefined);
    expect(await refusal(() => indexedDbStorage("x"))).toContain("this runtime has none");
    vi.stubGlobal("indexedDB", indexedDB);
  });
});

const STORED = ["studies", "trials", "results", "curves", "reports", "notes", "artifacts"];

const tableOf =
  (name: string): Migration =>
  (connection) =>
    void connection.createObjectStore(name, { keyPath: "id" });

const refuse: Migration = () => {
  throw new Error("this version was reached before");
};

function emptyStudy(): StudyJson {
  return createStudy({ space: { x: float(0, 1) }, strategy: random(), direction: "minimize" }).toJSON();
}

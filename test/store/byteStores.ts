/**
 * Stores of bytes: two in memory, and a conformance suite: what every store must do, and what one with
 * versions must do besides.
 */
import fc from "fast-check";
import { expect, it } from "vitest";
import { FettleError } from "../../src/errors.js";
import type { ByteStore } from "../../src/store/bytes/byteStorage.js";
import type { VersionedBytes } from "../../src/store/storage.js";
import { cases } from "../cases.js";
import { refusal } from "../tune/support.js";

/** A store without versions. */
export function bytesInMemory(): ByteStore {
  const kept = new Map<string, Uint8Array>();
  return {
    get: async (key) => kept.get(key)?.slice(),
    put: async (key, bytes) => void kept.set(key, new Uint8Array(bytes)),
    delete: async (key) => void kept.delete(key),
    keys: async () => [...kept.keys()],
  };
}

/** A store as an embedded database would be wrapped: every method returns its value at once. */
export function synchronousBytes(): ByteStore {
  const rows = new Map<string, VersionedBytes>();
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

/** What a key holds, whichever kind of store it is. */
export async function held(store: ByteStore, key: string): Promise<number[] | undefined> {
  const entry = (await store.get(key)) ?? undefined;
  return entry && [...(entry instanceof Uint8Array ? entry : entry.bytes)];
}

async function versionOf(store: ByteStore, key: string): Promise<string | undefined> {
  const entry = await store.get(key);
  return entry instanceof Uint8Array ? undefined : entry?.version;
}

/** Names of studies that some file systems take for the same, or for something else. */
const KEYS = ["a", "A", "b", "aux", "CON", "-", "_", "~61", "a".repeat(64), "A".repeat(64), "z9-Z_"];
const key = fc.constantFrom(...KEYS);
const bytes = fc.uint8Array({ maxLength: 300 });

type Step =
  | { readonly do: "put"; readonly key: string; readonly bytes: Uint8Array }
  | { readonly do: "delete"; readonly key: string };
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ do: fc.constant("put" as const), key, bytes }) },
  fc.record({ do: fc.constant("delete" as const), key }),
);

/** @param open - a new and empty store */
export function conformsAsStore(open: () => ByteStore): void {
  it("holds what was put last, by key, like a map", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 20 }), async (steps) => {
        const store = open();
        const model = new Map<string, number[]>();
        for (const each of steps) {
          if (each.do === "put") {
            await store.put(each.key, each.bytes, await versionOf(store, each.key));
            model.set(each.key, [...each.bytes]);
          } else {
            await store.delete(each.key);
            model.delete(each.key);
          }
          expect(await held(store, each.key)).toEqual(model.get(each.key));
        }
        for (const name of KEYS) expect(await held(store, name)).toEqual(model.get(name));
        expect([...(await store.keys())].sort()).toEqual([...model.keys()].sort());
      }),
      { numRuns: cases(15) },
    );
  });

  it("keeps bytes of its own", async () => {
    const store = open();
    const given = Uint8Array.of(1, 2, 3);
    await store.put("a", given);
    given.fill(9);
    expect(await held(store, "a")).toEqual([1, 2, 3]);
    const got = await store.get("a");
    (got instanceof Uint8Array ? got : got?.bytes)?.fill(8);
    expect(await held(store, "a")).toEqual([1, 2, 3]);
  });

  it("resolves where there is nothing", async () => {
    const store = open();
    await store.delete("a");
    expect([await held(store, "a"), [...(await store.keys())]]).toEqual([undefined, []]);
  });
}

/** @param open - a new and empty store, as two processes see it */
export function conformsAsStoreWithVersions(open: () => readonly [ByteStore, ByteStore]): void {
  it("refuses what does not replace what its caller had read, and then changes nothing", async () => {
    const [one, other] = open();
    const first = (await one.put("a", Uint8Array.of(1))) as string;
    expect(await refusal(() => other.put("a", Uint8Array.of(7)))).toContain("conflict");
    const second = (await one.put("a", Uint8Array.of(2), first)) as string;
    for (const stale of [first, undefined, "", "x", `${second}0`, `0${second}`])
      expect(await refusal(() => other.put("a", Uint8Array.of(7), stale))).toContain("conflict");
    expect(await held(other, "a")).toEqual([2]);
    expect(await versionOf(other, "a")).toBe(second);
    await other.put("a", Uint8Array.of(3), second);
    expect(await held(one, "a")).toEqual([3]);
  });

  it("lets one of several first writers at the same time through, also after a key was deleted", async () => {
    const stores = open();
    for (let life = 0; life < cases(20); life++) {
      const writers = 2 + (life % 4);
      const outcomes = await Promise.allSettled(
        Array.from({ length: writers }, async (_, i) => {
          for (let turn = 0; turn < (life * i) % 7; turn++) await held(stores[i % 2], "b");
          return stores[i % 2].put("a", Uint8Array.of(life, i));
        }),
      );
      const through = outcomes.flatMap((outcome, i) => (outcome.status === "fulfilled" ? [i] : []));
      expect([life, through.length]).toEqual([life, 1]);
      expect(await held(stores[0], "a")).toEqual([life, through[0]]);
      expect([...(await stores[1].keys())]).toEqual(["a"]);
      await stores[life % 2].delete("a");
    }
  });

  it("gives no version twice, also after a key was deleted", async () => {
    const [one, other] = open();
    const seen = new Set<string>();
    for (let life = 0; life < 5; life++) {
      let version: string | undefined;
      for (let write = 0; write < 5; write++) {
        version = (await one.put("a", Uint8Array.of(write), version)) as string;
        expect(seen.has(version)).toBe(false);
        seen.add(version);
      }
      await other.delete("a");
      for (const stale of seen)
        expect(await refusal(() => one.put("a", Uint8Array.of(7), stale))).toContain("conflict");
      expect(await held(one, "a")).toBe(undefined);
    }
  });

  it("lets one of several writers at the same time through, and each that was let through is replaced by the next", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 2, max: 6 }),
        fc.integer({ min: 1, max: 8 }),
        async (writers, rounds) => {
          const stores = open();
          let version = (await stores[0].put("a", Uint8Array.of(0))) as string;
          for (let round = 1; round <= rounds; round++) {
            const outcomes = await Promise.allSettled(
              Array.from({ length: writers }, async (_, i) =>
                stores[i % 2].put("a", Uint8Array.of(round, i), version),
              ),
            );
            const through = outcomes.flatMap((outcome, i) => (outcome.status === "fulfilled" ? [i] : []));
            expect(through.length).toBe(1);
            expect(await held(stores[1], "a")).toEqual([round, through[0]]);
            version = (await versionOf(stores[0], "a")) as string;
          }
        },
      ),
      { numRuns: cases(10) },
    );
  });
}

/** Studies that were running when their process ended go on by themselves, without a request. */
import { expect, it } from "vitest";
import { float } from "../../src/search/space/builders.js";
import { random } from "../../src/search/strategies/random/random.js";
import { createStudy } from "../../src/search/study/create.js";
import { type StudyRecord, unpackRecord } from "../../src/serve/record.js";
import { type ByteStore, byteStorage } from "../../src/store/bytes/byteStorage.js";
import { bytesInMemory } from "../store/byteStores.js";
import { ask, read, served } from "./support.js";

const body = { trials: 3, strategy: "random" };

async function recordOf(store: ByteStore, name: string): Promise<StudyRecord> {
  const kept = await (await byteStorage(store).open(name))?.artifact("served");
  return unpackRecord(kept?.bytes as Uint8Array);
}

it("all that were running, and no others, whatever else is in the storage", async () => {
  const store = bytesInMemory();
  const before = served({ storage: byteStorage(store) });
  for (const id of ["a", "paused", "cancelled", "b"])
    await read(ask(before.fetch, `POST /studies/${id}`, { body }));
  await read(ask(before.fetch, "POST /studies/paused/pause"));
  await read(ask(before.fetch, "POST /studies/cancelled/cancel"));
  await store.put("a-damaged", Uint8Array.of(1, 2, 3));
  await store.put("not a name of a study", Uint8Array.of(1, 2, 3));
  await byteStorage(store).create(
    "foreign",
    createStudy({ space: { x: float(0, 1) }, strategy: random(), direction: "minimize" }).toJSON(),
  );
  let failures = 0;
  const failing: ByteStore = {
    ...store,
    async get(key) {
      if (key === "a" && failures++ === 0) throw new Error("not yet");
      return store.get(key);
    },
  };
  served({ storage: byteStorage(failing), background: true });
  for (const id of ["a", "b"]) {
    while ((await recordOf(store, id)).status.phase === "running")
      await new Promise((resolve) => setTimeout(resolve, 5));
    expect((await recordOf(store, id)).status).toMatchObject({ phase: "done", finished: 3 });
  }
  expect(failures).toBeGreaterThan(1);
  expect((await recordOf(store, "paused")).status).toMatchObject({ phase: "paused", steps: 0 });
  expect((await recordOf(store, "cancelled")).status).toMatchObject({ phase: "cancelled", steps: 0 });
});

it("none where studies do not run in the background", async () => {
  const store = bytesInMemory();
  await read(ask(served({ storage: byteStorage(store) }).fetch, "POST /studies/a", { body }));
  served({ storage: byteStorage(store) });
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect((await recordOf(store, "a")).status).toMatchObject({ phase: "running", steps: 0 });
});

/** Studies that were running when their process ended go on by themselves, without a request. */
import { expect, it } from "vitest";
import { type StudyRecord, unpackRecord } from "../../src/serve/record.js";
import { memoryStore, type Store } from "../../src/serve/store.js";
import { ask, read, served } from "./support.js";

const body = { trials: 3, strategy: "random" };

async function recordOf(store: Store, key: string): Promise<StudyRecord> {
  return unpackRecord((await store.get(key)) as Uint8Array);
}

it("all that were running, and no others, whatever else is in the store", async () => {
  const store = memoryStore();
  const before = served({ store });
  for (const id of ["a", "paused", "cancelled", "b"])
    await read(ask(before.fetch, `POST /studies/${id}`, { body }));
  await read(ask(before.fetch, "POST /studies/paused/pause"));
  await read(ask(before.fetch, "POST /studies/cancelled/cancel"));
  await store.put("a-damaged", Uint8Array.of(1, 2, 3));
  await store.put("not a name of a study", Uint8Array.of(1, 2, 3));
  let failures = 0;
  const failing: Store = {
    ...store,
    async get(key) {
      if (key === "a" && failures++ === 0) throw new Error("not yet");
      return store.get(key);
    },
  };
  served({ store: failing, background: true });
  for (const id of ["a", "b"]) {
    while ((await recordOf(store, id)).status.phase === "running")
      await new Promise((resolve) => setTimeout(resolve, 5));
    expect((await recordOf(store, id)).status).toMatchObject({ phase: "done", finished: 3 });
  }
  expect(failures).toBeGreaterThan(1);
  expect((await recordOf(store, "paused")).status).toMatchObject({ phase: "paused", steps: 0 });
  expect((await recordOf(store, "cancelled")).status).toMatchObject({ phase: "cancelled", steps: 0 });
});

it("none where studies do not run in the background, or the store cannot list them", async () => {
  const store = memoryStore();
  await read(ask(served({ store }).fetch, "POST /studies/a", { body }));
  const { keys: _, ...unlisted } = store;
  served({ store });
  served({ store: unlisted, background: true });
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect((await recordOf(store, "a")).status).toMatchObject({ phase: "running", steps: 0 });
});

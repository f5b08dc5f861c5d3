/** What a worker's `onError` itself does wrong is nobody's: the worker goes on. */
import { expect, it } from "vitest";
import { memoryQueue } from "../../../src/workers/queue/memory.js";
import { runWorker } from "../../../src/workers/queue/worker.js";

it.each([
  [
    "throws",
    () => {
      throw new Error("no log");
    },
  ],
  ["rejects", () => Promise.reject(new Error("no log"))],
])("a worker goes on where its onError %s", async (_, onError) => {
  const queue = memoryQueue();
  await queue.put([{ name: "0/0", payload: new Uint8Array([3]) }]);
  let takes = 0;
  let tells = 0;
  const take = queue.take.bind(queue);
  queue.take = async (room) => {
    if (takes++ === 0) throw new Error("away");
    return (await take(room))?.map((lease) => ({
      name: lease.name,
      payload: lease.payload,
      attempt: lease.attempt,
      extend: () => lease.extend(),
      fail: (why) => lease.fail(why),
      release: () => lease.release(),
      async complete(outcome) {
        if (tells++ === 0) throw new Error("away");
        await lease.complete(outcome);
      },
    }));
  };
  const worker = runWorker(queue, async (payload) => payload.map((byte) => byte * byte), {
    poll: 1,
    onError,
  });
  let ended = await queue.ended();
  while (ended.length === 0) {
    await new Promise((resolve) => setTimeout(resolve, 5));
    ended = await queue.ended();
  }
  await queue.end();
  expect(await worker).toEqual({ done: 1, failed: 0 });
  expect([takes > 1, tells]).toEqual([true, 2]);
});

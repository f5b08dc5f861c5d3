/** The events of a study, as its listeners receive them. */
import { expect, it } from "vitest";
import type { StudyStatus } from "../../src/serve/record.js";
import { unpackRecord } from "../../src/serve/record.js";
import { sleep } from "../../src/serve/timer.js";
import { type ByteStore, byteStorage } from "../../src/store/bytes/byteStorage.js";
import { savedStudy } from "../../src/tune/resume/tunerCore.js";
import { bytesInMemory } from "../store/byteStores.js";
import { ask, read, served } from "./support.js";

const body = { trials: 5, strategy: "random" };

interface Told {
  readonly event: string;
  readonly data: StudyStatus & { readonly number?: number };
}

/** Reads a stream to its end. */
async function* events(response: Response): AsyncGenerator<Told> {
  const text = new TextDecoder();
  let rest = "";
  for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
    const parts = (rest + text.decode(chunk, { stream: true })).split("\n\n");
    rest = parts.pop() as string;
    for (const part of parts) {
      const [, event, data] = /^event: (\w+)\ndata: (.*)$/.exec(part) as RegExpExecArray;
      yield { event, data: JSON.parse(data) };
    }
  }
  expect(rest).toBe("");
}

it("sends the status first and after each slice, each trial once, and ends with the study", async () => {
  const { fetch } = served({ sliceSteps: 8, background: true });
  await read(ask(fetch, "POST /studies/a", { body }));
  await read(ask(fetch, "POST /studies/a/pause"));
  const response = await ask(fetch, "GET /studies/a/events");
  expect(response.headers.get("content-type")).toBe("text/event-stream");
  expect(response.headers.get("cache-control")).toBe("no-store");
  await read(ask(fetch, "POST /studies/a/resume"));
  const told: Told[] = [];
  for await (const each of events(response)) told.push(each);
  const statuses = told.filter(({ event }) => event === "status").map(({ data }) => data);
  expect(told[0].event).toBe("status");
  expect(statuses.map(({ phase }) => phase)).toEqual([
    "paused",
    ...statuses.slice(2).map(() => "running"),
    "done",
  ]);
  const steps = statuses.map((status) => status.steps);
  expect(steps.length - 1).toBeGreaterThanOrEqual((steps[steps.length - 1] - steps[0]) / 8);
  expect(steps).toEqual([...steps].sort((a, b) => a - b));
  // a busy machine may end the first before the pause, which the first status then counts
  const before = statuses[0].finished;
  expect(before).toBeLessThan(5);
  expect(told.filter(({ event }) => event === "trial").map(({ data }) => data.number)).toEqual(
    [0, 1, 2, 3, 4].slice(before),
  );
  const answered = await read<StudyStatus>(ask(fetch, "GET /studies/a"));
  expect(statuses.at(-1)).toEqual(answered);
});

it("sends a trial only once it is in the store", async () => {
  const memory = bytesInMemory();
  const storage = byteStorage(memory);
  let finished = 0;
  const store: ByteStore = {
    ...memory,
    async put(key, bytes) {
      await new Promise((resolve) => setTimeout(resolve, 1));
      await memory.put(key, bytes);
      const study = await storage.open("a");
      const record = await study?.artifact("served");
      if (study && record)
        finished = savedStudy(unpackRecord(record.bytes).tuner, await study.trials()).trials.filter(
          ({ status }) => status !== "running",
        ).length;
    },
  };
  const { fetch } = served({ sliceSteps: 8, background: true, storage: byteStorage(store) });
  await read(ask(fetch, "POST /studies/a", { body }));
  let trials: number | undefined;
  for await (const { event, data } of events(await ask(fetch, "GET /studies/a/events"))) {
    trials ??= data.finished as number; // the status comes first; some trials may have ended before it
    if (event === "trial") expect(finished).toBeGreaterThanOrEqual(++trials);
    else expect(finished).toBeGreaterThanOrEqual(data.finished);
  }
  expect(trials).toBe(5);
});

it("waits neither for a reader that went away nor for one that does not read", async () => {
  const { fetch } = served({ sliceSteps: 1, background: true });
  await read(ask(fetch, "POST /studies/a", { body: { ...body, trials: 30 } }));
  const gone = await ask(fetch, "GET /studies/a/events");
  const slow = await ask(fetch, "GET /studies/a/events");
  await gone.body?.cancel();
  let status: StudyStatus;
  do {
    await sleep(1);
    status = await read(ask(fetch, "GET /studies/a"));
  } while (status.phase === "running");
  // every slice is an event; this stream ended when 256 waited
  let waited = 0;
  for await (const _ of events(slow)) waited++;
  expect(status.steps).toBeGreaterThan(256);
  expect(waited).toBe(256);
});

it("ends when the study is cancelled or deleted, and is refused for a study that does not exist", async () => {
  const { fetch } = served();
  for (const [id, words] of Object.entries({ a: "POST /studies/a/cancel", b: "DELETE /studies/b" })) {
    await read(ask(fetch, `POST /studies/${id}`, { body }));
    const response = await ask(fetch, `GET /studies/${id}/events`);
    expect((await ask(fetch, words)).ok).toBe(true);
    const phases: string[] = [];
    for await (const { data } of events(response)) phases.push(data.phase);
    expect(phases).toEqual(id === "a" ? ["running", "cancelled"] : ["running"]);
  }
  expect((await ask(fetch, "GET /studies/c/events")).status).toBe(404);
});

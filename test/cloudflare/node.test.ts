/**
 * The objects and the Worker with a storage and a queue in memory, and a clock that the test moves: when
 * alarms are due, when messages are sent again, and what becomes of each message.
 */

import { createStudy, random } from "fettle";
import Database from "libsql";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { JobMessage, ObjectState } from "../../src/cloudflare/host.js";
import { objectStorage } from "../../src/cloudflare/storage.js";
import { type CloudflareOptions, studyWorker } from "../../src/cloudflare/worker.js";
import type { StudyStatus } from "../../src/serve/record.js";
import { ask, read, refusalOf, settings, space, TOKEN, tunerFor } from "../serve/support.js";

/** When a test begins, in milliseconds since 1970. */
const BEGIN = 1_000_000;
beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"], now: BEGIN }));
afterEach(() => void vi.useRealTimers());

/** The storage of one object. */
function objectState() {
  const database = new Database(":memory:");
  const hasTable = () => database.prepare("SELECT 1 FROM sqlite_master WHERE name = 'fettle'").get();
  const sizes = "SELECT key, length(bytes) AS size FROM fettle";
  const seen = {
    alarm: null as number | null,
    rows: () =>
      hasTable()
        ? (database.prepare(sizes).all() as { readonly key: string; readonly size: number }[])
        : undefined,
  };
  const sql = {
    exec(query: string, ...values: (string | number | ArrayBuffer)[]): Iterable<Record<string, unknown>> {
      const given = values.map((value) => (value instanceof ArrayBuffer ? Buffer.from(value) : value));
      const statement = database.prepare(query);
      if (!query.startsWith("SELECT")) {
        statement.run(...given);
        return [];
      }
      const rows = statement.all(...given) as Record<string, unknown>[];
      // the runtime gives bytes as an ArrayBuffer of their own
      return rows.map((row) =>
        row.bytes instanceof Uint8Array ? { ...row, bytes: Uint8Array.from(row.bytes).buffer } : row,
      );
    },
  };
  const state: ObjectState = {
    storage: {
      sql,
      transactionSync: (work) => work(),
      sync: async () => {},
      async deleteAll() {
        if (hasTable()) database.exec("DROP TABLE fettle");
      },
      getAlarm: async () => seen.alarm,
      async setAlarm(time) {
        seen.alarm = time;
      },
      async deleteAlarm() {
        seen.alarm = null;
      },
    },
  };
  return { state, seen };
}

const emptyStudy = createStudy({ space, strategy: random(), direction: "minimize" }).toJSON();

type Options = CloudflareOptions<typeof settings, typeof space, Env>;
interface Env {
  readonly secret: string;
}
const env: Env = { secret: TOKEN };

/** One object and its Worker, and all that was sent to the queue: a list for each batch. */
function host(more: Partial<Options> = {}, isQueued = true) {
  const { state, seen } = objectState();
  const batches: JobMessage[][] = [];
  const names: unknown[] = [];
  const options: Options = {
    settings,
    token: ({ secret }) => secret,
    objects: () => ({
      idFromName: (name) => name,
      get: (id) => {
        names.push(id);
        return { fetch: (request) => object.fetch(request) };
      },
    }),
    tuner: (given) => ({ ...tunerFor({ ...given, strategy: "random" }), lag: 2 }),
    ...(isQueued && {
      queue: () => ({
        async sendBatch(messages: readonly { readonly body: JobMessage }[]) {
          batches.push(messages.map(({ body }) => body));
        },
      }),
    }),
    ...more,
  };
  const { StudyObject, worker } = studyWorker(options);
  let object = new StudyObject(state, env);
  /** Delivers messages to the consumer, and returns what became of each. */
  const deliver = async (bodies: readonly unknown[], own = env): Promise<string[]> => {
    const ends: string[] = [];
    const messages = bodies.map((body) => ({
      body,
      ack: () => void ends.push("ack"),
      retry: () => void ends.push("retry"),
    }));
    await worker.queue({ messages }, own);
    return ends;
  };
  const fetch = (request: Request) => worker.fetch(request, env);
  /** The object of the same storage after a kill. */
  const again = () => {
    object = new StudyObject(state, env);
  };
  return { object, seen, batches, names, deliver, fetch, again };
}

const body = { trials: 3, strategy: "random" };

describe("an object with a queue", () => {
  it.each([
    [{ resendSeconds: 2 }, 2_000],
    [{ resendSeconds: 0.5 }, 500],
    [{}, 120_000],
  ])("with %j sends the messages of waiting jobs again after as many milliseconds", async (more, wait) => {
    const { object, seen, batches, fetch } = host(more);
    await read(ask(fetch, "POST /studies/a", { body }));
    expect([seen.alarm, batches]).toEqual([BEGIN, []]);
    await object.alarm();
    // 3 trials wait with a lag of 2, each with 2 folds
    const [first] = batches;
    expect(first.slice(0, 2)).toEqual([
      { study: "a", trial: 0, index: 0 },
      { study: "a", trial: 0, index: 1 },
    ]);
    expect([batches.length, seen.alarm]).toEqual([1, BEGIN + wait]);
    vi.setSystemTime(BEGIN + wait - 1);
    await object.alarm();
    expect([batches.length, seen.alarm]).toEqual([1, BEGIN + 2 * wait - 1]);
    vi.setSystemTime(BEGIN + wait);
    await object.alarm();
    expect(batches).toEqual([first, first]);
  });

  it("runs the jobs of messages, and sends those that follow at once and once", async () => {
    const { object, seen, batches, names, deliver, fetch } = host();
    await read(ask(fetch, "POST /studies/a", { body: { ...body, trials: 6 } }));
    await object.alarm();
    const sent = new Set<string>();
    for (let i = 0; i < batches.length; i++) {
      for (const message of batches[i]) sent.add(JSON.stringify(message));
      expect(await deliver(batches[i])).toEqual(batches[i].map(() => "ack"));
    }
    expect(sent.size).toBe(batches.flat().length);
    expect(await read<StudyStatus>(ask(fetch, "GET /studies/a"))).toMatchObject({
      phase: "done",
      finished: 6,
    });
    expect(batches.at(-1)).toEqual([{ study: "a", trial: null, index: 0 }]);
    expect(new Set(names)).toEqual(new Set(["a"]));
    // a message that comes twice changes nothing, and no alarm runs a study that is done
    const [before, alarm] = [batches.length, seen.alarm];
    expect(await deliver(batches[0])).toEqual(batches[0].map(() => "ack"));
    await object.alarm();
    expect([batches.length, seen.alarm]).toEqual([before, alarm]);
  });

  it.each([
    ["a token that the object refuses", { secret: "another secret of 16" }, undefined, "retry"],
    ["a tuner that fails", env, "no data", "retry"],
    ["a message of another kind", env, undefined, "ack"],
  ])("%s: what becomes of the message", async (case_, own, failure, end) => {
    const errors: unknown[] = [];
    let fails = false;
    const { object, batches, deliver, fetch } = host({
      onError: (error) => errors.push(error),
      tuner: (given) => {
        if (fails) throw new Error(failure);
        return tunerFor({ ...given, strategy: "random" });
      },
    });
    await read(ask(fetch, "POST /studies/a", { body }));
    await object.alarm();
    fails = failure !== undefined;
    const bodies = case_.startsWith("a message")
      ? [{ study: "a" }, null, { study: 1, trial: 0, index: 0 }]
      : batches[0];
    expect(await deliver(bodies, own)).toEqual(bodies.map(() => end));
    expect(errors.length).toBe(end === "retry" ? bodies.length : 0);
    fails = false;
    // what failed once is tried again
    expect(await deliver(batches[0])).toEqual(batches[0].map(() => "ack"));
    expect((await read<StudyStatus>(ask(fetch, "GET /studies/a"))).steps).toBeGreaterThan(0);
  });
});

describe("an object that runs its jobs itself", () => {
  it("has an alarm at once while it runs, and none afterwards", async () => {
    const { object, seen, batches, fetch } = host({ sliceSteps: 5 }, false);
    await read(ask(fetch, "POST /studies/a", { body }));
    let slices = 0;
    for (; seen.alarm !== null; slices++) {
      expect(seen.alarm).toBe(Date.now());
      vi.setSystemTime(Date.now() + 7);
      seen.alarm = null; // the runtime removes it, and calls
      await object.alarm();
    }
    expect(slices).toBeGreaterThan(3);
    expect(batches).toEqual([]);
    expect(await read<StudyStatus>(ask(fetch, "GET /studies/a"))).toMatchObject({
      phase: "done",
      finished: 3,
    });
    expect(seen.alarm).toBeNull();
  });

  it("sets the alarm again at a request after a kill, and only then", async () => {
    const { seen, again, fetch } = host({ sliceSteps: 5 }, false);
    await read(ask(fetch, "POST /studies/a", { body }));
    vi.setSystemTime(BEGIN + 10);
    await read(ask(fetch, "GET /studies/a"));
    expect(seen.alarm).toBe(BEGIN);
    seen.alarm = null; // lost by the runtime
    await read(ask(fetch, "GET /studies/a"));
    expect(seen.alarm).toBe(BEGIN + 10);
    again(); // with an alarm that the runtime reports and never calls
    vi.setSystemTime(BEGIN + 20);
    await read(ask(fetch, "GET /studies/a"));
    expect(seen.alarm).toBe(BEGIN + 20);
    await read(ask(fetch, "POST /studies/a/pause"));
    seen.alarm = null;
    await read(ask(fetch, "GET /studies/a"));
    expect(seen.alarm).toBeNull();
    await ask(fetch, "DELETE /studies/a");
    expect(seen.rows()).toBeUndefined();
    expect(await refusalOf(ask(fetch, "GET /studies/a"))).toEqual([404, "not_found", expect.any(String)]);
  });
});

it("the storage holds artifacts in parts below 2 MB, gives them back, and leaves nothing", async () => {
  const { state, seen } = objectState();
  const storage = objectStorage(state.storage);
  expect([await storage.names(), await storage.open("a"), seen.rows()]).toEqual([[], undefined, undefined]);
  const study = await storage.create("a", emptyStudy);
  for (const length of [2_500_000, 1_000_000, 3]) {
    const bytes = Uint8Array.from({ length }, (_, i) => i % 251);
    await study.keep("large", bytes);
    expect((await study.artifact("large"))?.bytes).toEqual(bytes);
    expect(seen.rows()?.every(({ size }) => size <= 1_000_000)).toBe(true);
  }
  expect(await storage.names()).toEqual(["a"]);
  await storage.delete("a");
  expect([await storage.names(), seen.rows()]).toEqual([[], undefined]);
});

it("every change of the storage ends only once the runtime has kept it", async () => {
  const { state } = objectState();
  const steps: string[] = [];
  const kept = (step: string, call: () => Promise<void>) => async (): Promise<void> => {
    await new Promise((resolve) => setImmediate(resolve));
    await call();
    steps.push(step);
  };
  const { storage } = state;
  const studies = objectStorage({
    ...storage,
    sync: kept("sync", storage.sync),
    deleteAll: kept("deleteAll", storage.deleteAll),
    deleteAlarm: kept("deleteAlarm", storage.deleteAlarm),
  });
  const study = await studies.create("a", emptyStudy);
  expect(steps.splice(0)).toEqual(["sync"]);
  await study.add({ number: 0, params: { x: 0.5 } });
  expect(steps.splice(0)).toEqual(["sync"]);
  await study.keep("model", Uint8Array.of(1));
  expect(steps.splice(0)).toEqual(["sync"]);
  await studies.delete("a");
  expect(steps).toEqual(["deleteAlarm", "deleteAll"]);
});

/**
 * The objects and the Worker with a storage and a queue in memory, and a clock that the test moves: when
 * alarms are due, when messages are sent again, and what becomes of each message.
 */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { JobMessage, ObjectState } from "../../src/cloudflare/host.js";
import { objectStore } from "../../src/cloudflare/store.js";
import { type CloudflareOptions, studyWorker } from "../../src/cloudflare/worker.js";
import type { StudyStatus } from "../../src/serve/record.js";
import { ask, read, refusalOf, settings, type space, TOKEN, tunerFor } from "../serve/support.js";

/** When a test begins, in milliseconds since 1970. */
const BEGIN = 1_000_000;
beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"], now: BEGIN }));
afterEach(() => void vi.useRealTimers());

/** The storage of one object. */
function objectState() {
  let table: { part: number; key: string; bytes: ArrayBuffer }[] | undefined;
  const seen = {
    alarm: null as number | null,
    rows: () => table?.map(({ part, bytes }) => [part, bytes.byteLength]),
  };
  const sql = {
    exec(query: string, ...values: (string | number | ArrayBuffer)[]): Iterable<Record<string, unknown>> {
      if (query.startsWith("SELECT 1 FROM sqlite_master")) return table ? [{ 1: 1 }] : [];
      if (query.startsWith("SELECT")) return [...(table ?? [])];
      if (query.startsWith("CREATE")) table ??= [];
      else if (!table) throw new Error("no such table: fettle");
      else if (query.startsWith("DELETE")) table = [];
      else {
        const [part, key, bytes] = values as [number, string, ArrayBuffer];
        table.push({ part, key, bytes });
      }
      return [];
    },
  };
  const state: ObjectState = {
    storage: {
      sql,
      transactionSync: (work) => work(),
      sync: async () => {},
      async deleteAll() {
        table = undefined;
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

it("the storage holds bytes in parts below 2 MB, and gives them back", async () => {
  const { state, seen } = objectState();
  const store = objectStore(state.storage);
  expect([store.key(), await store.get("a"), seen.rows()]).toEqual([undefined, undefined, undefined]);
  for (const length of [2_500_000, 1_000_000, 3]) {
    const bytes = Uint8Array.from({ length }, (_, i) => i % 251);
    await store.put("a", bytes);
    expect(await store.get("a")).toEqual(bytes);
    expect([store.key(), await store.get("b")]).toEqual(["a", undefined]);
    expect(seen.rows()?.every(([, size]) => size <= 1_000_000)).toBe(true);
  }
});

it.each(["put", "delete"] as const)(
  "%s of the storage ends only once the runtime has kept the change",
  async (method) => {
    const { state } = objectState();
    const steps: string[] = [];
    const kept = (step: string) => async (): Promise<void> => {
      await new Promise((resolve) => setImmediate(resolve));
      steps.push(step);
    };
    const { sql, transactionSync } = state.storage;
    const store = objectStore({
      ...state.storage,
      sql,
      transactionSync,
      sync: kept("sync"),
      deleteAll: kept("deleteAll"),
      deleteAlarm: kept("deleteAlarm"),
    });
    await (method === "put" ? store.put("a", Uint8Array.of(1)) : store.delete("a"));
    expect(steps).toEqual(method === "put" ? ["sync"] : ["deleteAlarm", "deleteAll"]);
  },
);

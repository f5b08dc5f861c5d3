/** The driver alone, with studies that only count. */
import { expect, it, vi } from "vitest";
import { FettleError } from "../../src/errors.js";
import { type Driven, Driver, type SliceHost } from "../../src/serve/driver.js";
import type { StudyStatus } from "../../src/serve/record.js";
import { ServedStudy } from "../../src/serve/study.js";
import { sleep } from "../../src/serve/timer.js";
import { type ByteStore, byteStorage } from "../../src/store/bytes/byteStorage.js";
import { memoryStorage } from "../../src/store/memory.js";
import { openBoundedTuner } from "../../src/tune/resume/slices.js";
import { bytesInMemory } from "../store/byteStores.js";
import { x } from "../tune/support.js";
import { ask, options, read, served } from "./support.js";

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));
const until = async (holds: () => boolean) => {
  while (!holds()) await turn();
};

/** A study of some slices that notes when each is computed. */
function study(id: string, slices: number, log: string[], more: Partial<Driven> = {}): Driven {
  let left = slices;
  return {
    id,
    isFree: true,
    prepare: async () => left > 0,
    async runSlice({ computed }: SliceHost) {
      log.push(id);
      left--;
      computed();
      await turn(); // the store
      return { phase: left > 0 ? "running" : "done" };
    },
    stall() {},
    ...more,
  };
}

it("takes studies in turn, gives way before each slice, and lets each go at its end", async () => {
  const log: string[] = [];
  let ways = 0;
  const driver = new Driver(async () => {
    ways++;
    // what a store wrote has arrived
    for (let i = 0; i < 3; i++) await turn();
  });
  const left: string[] = [];
  for (const [id, slices] of [
    ["a", 3],
    ["b", 1],
    ["c", 3],
    ["none", 0],
  ] as const)
    await driver.drive(study(id, slices, log), () => left.push(id));
  await until(() => left.length === 4);
  expect(log).toEqual(["a", "b", "c", "a", "c", "a", "c"]);
  expect(left).toEqual(["none", "b", "a", "c"]);
  expect(ways).toBeGreaterThanOrEqual(log.length);
  expect(driver.has("a")).toBe(false);
});

it("computes the next slice while a store writes the last one, and waits for no study that is busy", async () => {
  const log: string[] = [];
  const driver = new Driver(turn);
  const never = new Promise<never>(() => {});
  await driver.drive(
    study("slow", 1, log, {
      async runSlice({ computed }) {
        log.push("slow");
        computed();
        return never;
      },
    }),
    () => {},
  );
  void driver.drive(study("unread", 1, log, { prepare: () => never }), () => {});
  let asked = 0;
  const busy = study("busy", 1, log);
  await driver.drive(
    {
      id: "busy",
      get isFree() {
        return ++asked > 2;
      },
      prepare: busy.prepare,
      runSlice: busy.runSlice,
      stall() {},
    },
    () => {},
  );
  let ended = false;
  await driver.drive(study("a", 2, log), () => {
    ended = true;
  });
  await until(() => ended && log.includes("busy"));
  expect(log.filter((id) => id === "slow").length).toBe(1);
  expect(log.filter((id) => id === "a").length).toBe(2);
});

it("tries a slice again after its store failed, says why meanwhile, and leaves what is damaged", async () => {
  const log: string[] = [];
  const reasons: unknown[] = [];
  const driver = new Driver(turn);
  let puts = 0;
  const failing = study("a", 2, log);
  const left: string[] = [];
  await driver.drive(
    {
      ...failing,
      async runSlice(host) {
        if (puts++ === 0) throw new Error("disk full");
        return failing.runSlice(host);
      },
      stall: (reason) => reasons.push((reason as Error)?.message),
    },
    () => left.push("a"),
  );
  const damaged = async () => {
    throw new FettleError("damaged_record", "its checksum does not match");
  };
  await driver.drive(study("b", 1, log, { prepare: damaged }), () => left.push("b"));
  await until(() => left.length === 2);
  expect(left).toEqual(["b", "a"]);
  expect(log).toEqual(["a", "a"]);
  expect(reasons).toEqual(["disk full", undefined, undefined]);
});

it("waits twice as long after each failure in a row, up to half a minute, and briefly again after a success", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout"] });
  try {
    const driver = new Driver(turn);
    const waits: number[] = [];
    const scheduled = vi.spyOn(globalThis, "setTimeout");
    let slices = 0;
    const succeeds = [3, 12, 14];
    const flaky = study("a", 3, [], {
      async runSlice({ computed }: SliceHost) {
        computed();
        if (!succeeds.includes(slices++)) throw new Error("disk full");
        return { phase: "running" };
      },
      prepare: async () => slices < 15,
    });
    let left = false;
    await driver.drive(flaky, () => {
      left = true;
    });
    while (!left) {
      await turn();
      for (const [, wait] of scheduled.mock.calls.splice(0)) waits.push(wait as number);
      vi.runAllTimers();
    }
    expect(waits).toEqual([
      ...[500, 1000, 2000],
      ...[500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000],
      500,
    ]);
  } finally {
    vi.restoreAllMocks();
    vi.useRealTimers();
  }
});

it("does not shorten slices because the store is slow", async () => {
  const memory = bytesInMemory();
  let puts = 0;
  const store: ByteStore = {
    ...memory,
    async put(key, bytes) {
      puts++;
      await new Promise((resolve) => setTimeout(resolve, 30));
      await memory.put(key, bytes);
    },
  };
  const { fetch } = served({ storage: byteStorage(store), background: true, sliceMilliseconds: 20 });
  await read(ask(fetch, "POST /studies/a", { body: { trials: 50, strategy: "random" } }));
  let status: StudyStatus;
  do {
    await sleep(1);
    status = await read(ask(fetch, "GET /studies/a"));
  } while (status.phase === "running" && puts < 200);
  // of 862 steps in all; a slice of one step at a time would not have come far
  expect(status.steps).toBeGreaterThan(800);
});

it.each([
  ["is running", undefined, [true, 1], ["running", 1]],
  ["is running, if its options cannot be had", new Error("no table"), [true, 1], ["failed", 1]],
  ["is paused", "pause", [false, 0], ["paused", 0]],
] as const)("a study that %s is prepared for its slice", async (_, change, prepared, after) => {
  const storage = memoryStorage();
  const { fetch } = served({ storage });
  await ask(fetch, "POST /studies/a", { body: { trials: 3, strategy: "random" } });
  if (change === "pause") await ask(fetch, "POST /studies/a/pause");
  let asked = 0;
  const limits = { sliceMilliseconds: 100, sliceSteps: 1, maxTrials: 100, maxStudyMemory: 2 ** 29 };
  const tuner: typeof options.tuner = (given) => {
    asked++;
    if (change instanceof Error) throw change;
    return options.tuner(given);
  };
  const study = new ServedStudy("a", storage, { ...options, ...limits, tuner }, openBoundedTuner);
  expect([await study.prepare(), asked]).toEqual(prepared);
  expect([(await study.runSlice())?.phase, asked]).toEqual(after);
});

it("a slice has its steps and no more, however often its host has a turn", async () => {
  const asked: (number | undefined)[] = [];
  // as a computation that reaches its time limit after 3 steps
  const open: typeof openBoundedTuner = async (...given) => {
    const tuner = await openBoundedTuner(...given);
    const advance: typeof tuner.advance = ({ steps = 3 } = {}) => {
      asked.push(steps);
      return tuner.advance({ steps: Math.min(3, steps) });
    };
    return Object.assign(Object.create(tuner) as typeof tuner, { advance });
  };
  const limits = { sliceMilliseconds: 100, sliceSteps: 10, maxTrials: 100, maxStudyMemory: 2 ** 29 };
  const storage = memoryStorage();
  await ask(served({ storage }).fetch, "POST /studies/a", { body: { trials: 50, strategy: "random" } });
  const study = new ServedStudy("a", storage, { ...options, ...limits }, open);
  let turns = 0;
  const host = { giveWay: async () => void turns++, computed() {} };
  expect((await study.runSlice(undefined, host))?.steps).toBe(10);
  expect([asked, turns]).toEqual([[10, 7, 4, 1], 3]);
});

// a Durable Object keeps it; a server drops one that nobody uses
it("a study in memory that is deleted leaves nothing to the next of its name", async () => {
  const limits = { sliceMilliseconds: 100, sliceSteps: 1000, maxTrials: 100, maxStudyMemory: 2 ** 29 };
  const kept = new ServedStudy("a", memoryStorage(), { ...options, ...limits }, openBoundedTuner);
  const done = async (study: typeof kept, trials: number) => {
    const { created } = await study.start({ trials, strategy: "random" });
    while ((await study.runSlice())?.phase === "running");
    const { finished } = await study.status();
    const seen = [
      await study.result(),
      await study.model(),
      (await study.trials()).length,
      await study.runningTrials(),
    ];
    return { created, finished, seen, answers: (await study.answerer()).results(x.slice(0, 3)) };
  };
  const ended = [];
  for (const trials of [4, 1, 4]) {
    const fresh = new ServedStudy("a", memoryStorage(), { ...options, ...limits }, openBoundedTuner);
    const own = await done(kept, trials);
    expect(own).toEqual({ ...(await done(fresh, trials)), created: true });
    ended.push(own.answers);
    await kept.delete();
    await expect(kept.answerer()).rejects.toThrow('study "a" does not exist');
  }
  expect(ended[1]).not.toEqual(ended[0]);
});

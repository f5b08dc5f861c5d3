/**
 * Every flag of the commands that call the library once reaches the option that it names. The library's part
 * is replaced by one that records its options. A flag without a row fails.
 */
import { rmSync } from "node:fs";
import { Command } from "commander";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { DATA } from "../../src/cli/dataset.js";
import { createProgram } from "../../src/cli/main.js";
import { openStorage } from "../../src/cli/storageFile.js";
import { define } from "../../src/cli/tune.js";
import { heldFlags, type TuneFlags } from "../../src/cli/tuneFlags.js";
import { readSetup } from "../../src/cli/tuneSetup.js";
import { createScheduler } from "../../src/search/schedulers/index.js";
import { int } from "../../src/search/space/builders.js";
import { createStrategy } from "../../src/search/strategies/index.js";
import { createStudy } from "../../src/search/study/create.js";
import { digestOfData } from "../../src/tune/trial/receipt.js";
import { folder, smallTable } from "./fettle.js";
import { flags, nameOf, namesOf, type Options } from "./reachedOptions.js";

/** The options of the last call of each recorded function. */
const calls = vi.hoisted(() => ({ last: {} as Record<string, unknown> }));
const recorded = vi.hoisted(() => (name: string) => (options: unknown) => {
  calls.last[name] = options;
  throw new Error("recorded");
});
vi.mock("../../src/tune/tune.js", () => ({ tune: recorded("tune") }));
vi.mock("../../src/tune/rateFinder.js", () => ({ findLearningRate: recorded("findLearningRate") }));
vi.mock("../../src/benchmark/runBenchmark.js", async (original) => ({
  ...(await original<object>()),
  runBenchmark: recorded("runBenchmark"),
}));
vi.mock("../../src/serve/trials/server.js", () => ({
  serveTrials(options: unknown) {
    calls.last.serveTrials = options;
    return { fetch: "fetch" };
  },
}));
vi.mock("../../src/serve/node/server.js", () => ({
  serveNode: (fetch: unknown, options: object) => recorded("serveNode")({ fetch, ...options }),
}));
vi.mock("../../src/tune/resume/queued.js", async (original) => ({
  ...(await original<object>()),
  async tuneWorker(options: { readonly jobs?: number }) {
    calls.last.tuneWorker = { trainings: options };
    return { jobs: options.jobs ?? 5, close: async () => {} };
  },
}));
vi.mock("../../src/cli/queue.js", async (original) => ({
  ...(await original<object>()),
  async openQueue(where: string, name: string) {
    calls.last.openQueue = { queue: [where, name] };
    return { close: async () => {} };
  },
}));
vi.mock("../../src/workers/queue/worker.js", async (original) => ({
  ...(await original<object>()),
  runWorker: (_queue: unknown, _worker: unknown, options: unknown) => recorded("runWorker")(options),
}));
vi.mock("../../src/dashboard/hostSource.js", () => ({
  hostSource: (options: unknown) => {
    calls.last.hostSource = options;
  },
}));
vi.mock("../../src/dashboard/storageSource.js", () => ({
  storageSource: (_storage: unknown, path: string, mayWrite: boolean) => {
    calls.last.storageSource = { path, mayWrite };
  },
}));
vi.mock("../../src/cli/optimize/programs.js", () => ({
  Programs: class {
    objective = () => 0;
    kill() {}
    constructor(settings: unknown) {
      calls.last.programs = settings;
    }
  },
}));

const before = { cwd: process.cwd(), token: process.env.FETTLE_TOKEN };
const TOKEN = "a secret of 16 characters or more";
/** Studies of `fettle tune` in a database, by the seeds of their trainings. */
async function tuned(path: string, studies: Readonly<Record<string, number>>): Promise<void> {
  const storage = await openStorage(path, "create");
  for (const [name, seed] of Object.entries(studies)) {
    const parsed: { flags?: TuneFlags } = {};
    const command = new Command();
    define(command, () => {});
    command.action((_file: string, flags: TuneFlags) => {
      parsed.flags = flags;
    });
    await command.parseAsync(["data.csv", "--target", "y", "--seed", String(seed)], { from: "user" });
    const flags = parsed.flags as TuneFlags;
    const { data } = await digestOfData((await readSetup("data.csv", flags)).data);
    const study = createStudy({
      space: { units: int(1, 8) },
      strategy: createStrategy("random"),
      direction: "minimize",
      seed,
    });
    await storage.create(name, study.toJSON(), {
      command: { file: "data.csv", data, flags: heldFlags(flags) },
    });
  }
  await storage.close();
}
beforeAll(async () => {
  process.chdir(
    folder({
      "data.csv": smallTable(),
      "gaps.csv": smallTable().replace("2,0,", "2,,"),
      token: "in a file\n",
      "space.json": JSON.stringify({ units: { type: "int", low: 1, high: 8 } }),
    }),
  );
  await tuned("tuned.db", { one: 5, two: 7 });
  await tuned("other.db", { one: 6 });
  process.env.FETTLE_TOKEN = TOKEN;
  // a command has run for half a second when it calls the library
  vi.spyOn(performance, "now").mockReturnValue(500);
  vi.spyOn(process.stdout, "write").mockReturnValue(true);
  vi.spyOn(process.stderr, "write").mockReturnValue(true);
});
afterAll(() => {
  vi.restoreAllMocks();
  process.chdir(before.cwd);
  if (before.token === undefined) delete process.env.FETTLE_TOKEN;
  else process.env.FETTLE_TOKEN = before.token;
});

/** All options that a command gives to the library, in one object. */
async function optionsOf(words: readonly string[]): Promise<Record<string, unknown>> {
  calls.last = {};
  rmSync("bench", { recursive: true, force: true }); // which would be resumed
  const program = await createProgram(() => {});
  for (const command of program.commands) command.exitOverride();
  const end = await program.parseAsync(words, { from: "user" }).catch((error: Error) => error);
  if (!(end instanceof Error) || end.message !== "recorded") throw end;
  return Object.assign({}, ...Object.values(calls.last)) as Record<string, unknown>;
}

/** What follows all flags. */
const last = (name: string): string[] => (name === "optimize" ? ["--", "echo", "{units}"] : []);
const split = (words: string): string[] => words.split(" ").filter(Boolean);
const tableFlags = Object.keys(DATA);

describe.each(Object.entries(flags))("fettle %s", (name, [base, rows]) => {
  const taken = (words: string) => optionsOf([name, ...split(base), ...split(words), ...last(name)]);

  it("has a row for each flag", async () => {
    const command = (await createProgram(() => {})).commands.find((each) => each.name() === name);
    const all = new Set(command?.options.map((option) => option.attributeName()));
    const others = Object.keys(rows);
    const isTable = all.has("target");
    expect(new Set([...others, ...(isTable ? tableFlags : [])])).toEqual(all);
  });

  it.each(
    Object.entries(rows).flatMap(([flag, row]) => (typeof row === "string" ? [] : [[flag, ...row] as const])),
  )("%s", async (_, words, seen, expected, both = "") => {
    expect(seen((await taken(`${both} ${words}`)) as Options)).toEqual(expected);
    const without = await taken(both).then(
      (options) => seen(options as Options),
      () => "refused",
    );
    expect(without).not.toEqual(expected);
  });
});

/** All flags of a table go to `readDataset` in one object. */
describe.each(["fit", "lr-find"])("fettle %s", (name) => {
  it.each([
    ["--drop a --missing drop", 39, ["b"]],
    ["--drop b", 40, ["a"]],
    ["--as b=category --missing impute", 40, ["a", "b"]],
  ])("reads its table with %s", async (words, rows, inputs) => {
    const { data } = (await optionsOf([name, "gaps.csv", "--target", "y", ...split(words)])) as {
      data: { rows: number; target: string; inputs: { name: string; kind: string }[] };
    };
    expect([data.rows, data.target, namesOf(data.inputs)]).toEqual([rows, "y", inputs]);
    if (words.startsWith("--as")) expect(data.inputs[1].kind).toBe("category");
  });
});

describe("fettle serve", () => {
  it("gives its secret, and the handler of the study to the server", async () => {
    const given = await optionsOf(split("serve --space space.json --storage s.db --study one"));
    expect(given).toMatchObject({
      token: TOKEN,
      fetch: "fetch",
      space: { units: { type: "int", low: 1, high: 8 } },
      direction: "minimize",
      trials: 30,
      lag: 7,
      seed: 0,
      leaseSeconds: 60,
      port: 8080,
      hostname: "127.0.0.1",
    });
    expect(nameOf(given.strategy)).toBe("gp");
    const two = await optionsOf(
      split("serve --space space.json --storage s.db --study one --direction maximize,minimize"),
    );
    expect([two.direction, nameOf(two.strategy)]).toEqual([["maximize", "minimize"], "nsga2"]);
  });

  it("resumes a study with the options that it began with", async () => {
    const { serveTrials } = await vi.importActual<typeof import("../../src/serve/trials/server.js")>(
      "../../src/serve/trials/server.js",
    );
    const storage = await openStorage("begun.db", "create");
    const began = {
      space: { units: { type: "int", low: 2, high: 9 } },
      direction: "maximize",
      seed: 3,
      lag: 1,
      steps: 9,
    } as const;
    const pruning = createScheduler("asha", { reduction: 4 });
    await serveTrials({
      ...began,
      storage,
      study: "one",
      token: TOKEN,
      trials: 5,
      strategy: createStrategy("tpe", { startupTrials: 4 }),
      scheduler: pruning,
    });
    await storage.close();
    const given = await optionsOf(split("serve --storage begun.db --study one --trials 7"));
    expect(given).toMatchObject({ ...began, trials: 7 });
    const { strategy, scheduler } = given as Record<string, { name: string; options: object }>;
    expect([strategy.name, strategy.options]).toEqual(["tpe", expect.objectContaining({ startupTrials: 4 })]);
    expect([scheduler.name, scheduler.options]).toEqual(["asha", pruning.options]);
    const other = await optionsOf(
      split(
        "serve --storage begun.db --study one --direction minimize --seed 8 --lag 0 --steps 4 --strategy random",
      ),
    );
    expect(other).toMatchObject({ direction: "minimize", seed: 8, lag: 0, steps: 4 });
    expect(nameOf(other.strategy)).toBe("random");
  });
});

describe("fettle tune", () => {
  const chance = { standardErrors: 2 };
  it.each([
    ["", {}],
    ["--trials 9", { trials: 9 }],
    // of which half a second has passed, and 50 ms are for printing
    ["--seconds 60", { timeout: 59_450, stop: chance }],
    ["--seconds 60 --all-seconds", { timeout: 59_450 }],
    ["--seconds 60 --trials 9", { trials: 9, timeout: 59_450 }],
    ["--seconds 60 --strategy random", { timeout: 59_450 }],
    ["--seconds 60 --scheduler asha", { timeout: 59_450 }],
    ["--seconds 60 --metric logLoss,accuracy", { timeout: 59_450 }],
    ["--seconds 0.1", { timeout: 1, stop: chance }],
  ])("with %j limits the search by %j", async (words, limits) => {
    const given = await optionsOf(["tune", "data.csv", "--target", "y", ...split(words)]);
    const own = Object.entries(given).filter(([name]) => ["trials", "timeout", "stop"].includes(name));
    expect(Object.fromEntries(own)).toEqual(limits);
  });
});

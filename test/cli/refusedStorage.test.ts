/** A command that refuses what it finds in a storage closes it: a connection would keep the process alive. */
import { writeFileSync } from "node:fs";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { createProgram } from "../../src/cli/main.js";
import type { StudyStorage } from "../../src/store/storage.js";
import { folder } from "./fettle.js";

const open = vi.hoisted(() => new Set<object>());
vi.mock("../../src/store/sqlite/sqlite.js", async (original) => {
  const module = await original<typeof import("../../src/store/sqlite/sqlite.js")>();
  return {
    ...module,
    async sqliteStorage(...given: Parameters<typeof module.sqliteStorage>): Promise<StudyStorage> {
      const storage = await module.sqliteStorage(...given);
      const close = storage.close.bind(storage);
      open.add(storage);
      storage.close = async () => {
        open.delete(storage);
        await close();
      };
      return storage;
    },
  };
});

const before = process.cwd();
afterAll(() => process.chdir(before));

const run = async (words: string): Promise<unknown> => {
  const spies = (["stdout", "stderr"] as const).map((name) =>
    vi.spyOn(process[name], "write").mockReturnValue(true),
  );
  try {
    await (await createProgram(() => {})).parseAsync(words.split(" "), { from: "user" });
    return undefined;
  } catch (error) {
    return error;
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
};

const TABLE = "--target y --trials 1 --epochs 1 --ensemble 1 --jobs 1 --test-size 0 --storage s.db";
const PROGRAM = "optimize --space space.json --trials 1 --storage s.db";

beforeAll(async () => {
  process.chdir(folder({ "space.json": JSON.stringify({ units: { type: "int", low: 1, high: 9 } }) }));
  const rows = Array.from({ length: 40 }, (_, i) => `${i},${i % 7},${i % 2 ? "a" : "b"}`);
  writeFileSync("t.csv", `${["u,v,y", ...rows].join("\n")}\n`);
  expect(await run(`tune t.csv ${TABLE} --study table`)).toBeUndefined();
  expect(await run(`${PROGRAM} --study program -- echo {units}`)).toBeUndefined();
  expect(open.size).toBe(0);
});

it.each([
  [`tune t.csv ${TABLE} --study table --seed 9`, /--seed must be 0, as study "table" began; received 9/],
  [`tune t.csv ${TABLE} --study program`, /was not created by fettle tune/],
  [`tune --storage s.db --study none`, /there is no study "none"/],
  [`${PROGRAM} --study program --seed 9 -- echo {units}`, /--seed must be 0, as study "program" began/],
  [`${PROGRAM} --study program -- echo other`, /the program must be/],
  [`${PROGRAM} --study table -- echo {units}`, /must be one that runs a program/],
])("%s", async (words, message) => {
  expect(String(await run(words))).toMatch(message);
  expect(open.size).toBe(0);
});

/** How a study of `fettle optimize` ends, by a signal or by itself: its lines, exit code and files. */
import { existsSync, readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { createProgram } from "../../../src/cli/main.js";
import type { JsonReport } from "../../../src/report/json.js";
import { folder } from "../fettle.js";

/** What trial 2 does instead of a program. */
const script = vi.hoisted(() => ({
  third: (): void => {},
  value: (units: number): number => units,
  ended: 0,
}));
vi.mock("../../../src/cli/optimize/programs.js", () => ({
  Programs: class {
    objective = ({ units }: { units: number }, { number }: { number: number }) => {
      if (number === 2) script.third();
      return script.value(units);
    };
    async ended() {
      script.ended++;
    }
    kill() {}
  },
}));

const before = process.cwd();
afterAll(() => process.chdir(before));

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function optimize(words: string): Promise<Ended> {
  const out = { stdout: "", stderr: "" };
  const spies = (["stdout", "stderr"] as const).map((name) =>
    vi.spyOn(process[name], "write").mockImplementation((text) => {
      out[name] += String(text);
      return true;
    }),
  );
  let code = -1;
  try {
    const program = await createProgram((given) => {
      code = given;
    });
    const all = `optimize --trials 4 ${words}`.split(" ");
    const own = ["--space", "space.json", "--strategy", "random", "--", "echo", "{units}"];
    await program.parseAsync([...all, ...(words.includes("--resume") ? [] : own)], { from: "user" });
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
  return { code, ...out };
}

beforeAll(() => {
  process.chdir(folder({ "space.json": JSON.stringify({ units: { type: "int", low: 1, high: 99 } }) }));
});

describe.each([
  ["SIGINT", 130, "press Ctrl-C again"],
  ["SIGTERM", 143, "send a signal again"],
  ["SIGHUP", 129, "send a signal again"],
] as const)("%s", (signal, code, again) => {
  const stopping = `Stopping after ending the running programs; ${again} to stop at once.\n`;
  it.each([
    ["--seed 1", "Nothing was saved; with --out, a study can be resumed.", "Best value"],
    [
      `--out ${signal}`,
      `3 trials of the study are in ${signal}; to resume: npx fettle optimize --resume ${signal}`,
      `Written: ${signal}/study.json`,
    ],
    [
      `--storage s.db --study ${signal}`,
      `3 trials of the study are in s.db; to resume: npx fettle optimize --storage s.db --study ${signal}`,
      `Kept in s.db; its files: npx fettle studies export --storage s.db --study ${signal} --out <folder>\n`,
    ],
  ])("with %s says what is kept", async (words, kept, printed) => {
    script.third = () => process.emit(signal, signal);
    script.ended = 0;
    const handlers = process.listenerCount(signal);
    const ended = await optimize(words);
    expect([ended.code, ended.stderr]).toEqual([code, `${stopping}${kept}\n`]);
    expect(ended.stdout).toContain(printed);
    expect(ended.stdout).toContain("Best parameters (trial ");
    expect(script.ended).toBe(1); // nothing is written before the programs have ended
    await new Promise((go) => setImmediate(go));
    expect(process.listenerCount(signal)).toBe(handlers);
  });
});

describe("a study that ends", () => {
  const summaryOf = (out: string) =>
    JSON.parse(readFileSync(`${out}/summary.json`, "utf8")) as Record<string, unknown>;

  it.each([
    ["finished", () => {}, (units: number) => units, 0, ""],
    ["interrupted", () => process.emit("SIGINT", "SIGINT"), (units: number) => units, 130, "resume"],
    [
      "no result",
      () => {},
      () => Number.NaN,
      1,
      "error: no trial has a value (4 trials: 4 diverged)\nTrial 0 diverged",
    ],
  ])(
    "%s says so in its summary, in one JSON object, and in its exit code",
    async (status, third, value, code, line) => {
      script.third = third as () => void;
      script.value = value;
      const ended = await optimize(`--json --seed 3 --out ${status.replace(" ", "-")}`);
      expect(ended.code).toBe(code);
      expect(ended.stderr).toContain(line);
      const report = JSON.parse(ended.stdout) as JsonReport;
      const trials = status === "interrupted" ? 3 : 4;
      expect([report.trials.length, report.seed]).toEqual([trials, 3]);
      expect(report.best === null || report.best === undefined).toBe(status === "no result");
      expect(summaryOf(status.replace(" ", "-"))).toMatchObject({ status, trials, seed: 3 });
    },
  );

  it("is resumed with the flags that it began with, and replaced only if asked", async () => {
    script.third = () => {};
    script.value = (units) => units;
    const direct = JSON.parse((await optimize("--json --seed 3")).stdout) as JsonReport;
    const resumed = JSON.parse((await optimize("--json --resume interrupted")).stdout) as JsonReport;
    const values = ({ trials }: JsonReport) => trials.map(({ value }) => value);
    expect(values(resumed)).toEqual(values(direct));
    await expect(optimize("--seed 5 --out interrupted")).rejects.toThrow(/--overwrite/);
    expect(summaryOf("interrupted").seed).toBe(3);
    expect((await optimize("--seed 5 --out interrupted --overwrite")).code).toBe(0);
    expect(summaryOf("interrupted").seed).toBe(5);
    expect(existsSync("interrupted/report.html")).toBe(true);
  });
});

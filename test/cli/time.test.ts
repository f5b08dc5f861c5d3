/** `fettle tune --seconds`: the command that it prints repeats it. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { timeLeft } from "../../src/cli/tuneSetup.js";
import type { JsonReport } from "../../src/report/json.js";
import { fettle, folder, ownProcess, root, smallTable } from "./fettle.js";

const table = folder({ "data.csv": smallTable() });
const small = ["tune", "data.csv", "--target", "y", "--epochs", "2", "--folds", "3"];

describe("fettle tune --seconds", () => {
  it("ends in time, says after how many trials, and prints what repeats it", async () => {
    const words = [...small, "--strategy", "random"];
    const { code, stdout } = await fettle([...words, "--seconds", "0.8", "--jobs", "1"], table);
    expect(code).toBe(0);
    expect(stdout).toMatch(/random search: trials for 0\.8 s in all, each by 3-fold/);
    const [, count] = stdout.match(/Time ran out after (\d+) trials?\./)!;
    const [, line] = stdout.match(/Reproduces exactly \(bit for bit\): npx fettle (.*)/)!;
    const [, networks] = stdout.match(/Time allowed (\d+) networks? for the final model\./) ?? [];
    const single = networks === "1" ? " --confirm 0" : "";
    const ensemble = networks === undefined ? "" : ` --ensemble ${networks}${single}`;
    expect(line).toBe(`${words.join(" ")} --jobs 1 --trials ${count}${ensemble}`);
  });

  it("is said beside a number of trials, where both are given", async () => {
    const { stdout } = await fettle([...small, "--trials", "1", "--ensemble", "1", "--seconds", "60"], table);
    expect(stdout.replace(/\s+/g, " ")).toContain(
      " search: 1 trial, or trials for 1 min 00 s in all, each by",
    );
  });

  it("is in the JSON report too, and gives the trials that as many give", async () => {
    const read = async (more: readonly string[]) =>
      JSON.parse((await fettle([...small, "--json", ...more], table)).stdout) as JsonReport;
    const { endedAfter, endedBy, networks, ...limited } = await read(["--seconds", "0.8"]);
    expect(endedBy).toBe("timeout");
    // with time for one network alone, none is confirmed
    const single = networks === 1 ? ["--confirm", "0"] : [];
    const ensemble = networks === undefined ? [] : ["--ensemble", `${networks}`, ...single];
    const again = await read(["--trials", `${endedAfter}`, ...ensemble]);
    const untimed = (report: JsonReport) => ({
      ...report,
      trials: report.trials.map((trial) => ({ ...trial, seconds: null })),
    });
    expect(untimed(limited)).toEqual(untimed(again));
  });

  it("ends a search whose gains are within chance, confirms its networks in the time left, and prints what repeats it", {
    timeout: 120_000,
  }, async () => {
    // of its own, since the clock of a process begins with the command
    const words = [...small.slice(0, -2), "--jobs", "2", "--ensemble", "2"];
    const read = async (more: readonly string[]) => {
      const { endedAfter, endedBy, trials, ...report } = JSON.parse(
        (await ownProcess([...words, "--json", ...more], table)).stdout,
      ) as JsonReport;
      return { ended: [endedAfter, endedBy], count: trials.length, report };
    };
    const limited = await read(["--seconds", "90"]);
    const { confirm } = limited.report.ensemble!;
    expect([limited.ended, confirm]).toEqual([[limited.count, "standardErrors"], 3]);
    expect(limited.count).toBeGreaterThanOrEqual(60);
    const again = await read(["--trials", `${limited.count}`, "--confirm", "3"]);
    expect(again).toEqual({ ...limited, ended: [undefined, undefined] });
    const { stdout } = await ownProcess([...words, "--seconds", "90"], table);
    expect(stdout.replace(/\s+/g, " ")).toContain(
      `The search ended after ${limited.count} trials: its second half gained no more than chance would. --all-seconds keeps searching.`,
    );
    const [, line] = stdout.match(/Reproduces exactly \(bit for bit\): npx fettle (.*)/)!;
    expect(line).toBe(`${words.join(" ")} --trials ${limited.count} --confirm 3`);
    const all = await read(["--seconds", "3", "--all-seconds"]);
    expect(all.ended[1]).toBe("timeout");
  });

  it("counts the linear model, which is fitted before the search and left out where it would take too much of the time", async () => {
    // 455 development rows of 30 features are 13,650 numbers, of 131,072 a second
    const data = join(root, "examples/data/breast-cancer.csv");
    const words = ["tune", data, "--target", "diagnosis", "--epochs", "1", "--folds", "2", "--json"];
    const report = async (seconds: string) =>
      JSON.parse((await fettle([...words, "--seconds", seconds], table)).stdout) as JsonReport;
    expect((await report("0.1")).baselines?.ahead.linear).toBeUndefined();
    expect((await report("0.2")).baselines?.ahead.linear).toBeDefined();
  });

  it("leaves a model that is recomputed to the bit", { timeout: 120_000 }, async () => {
    // the final fit of 400 epochs has time for few networks
    const words = [...small.slice(0, 4), "--folds", "2", "--epochs", "400"];
    const cwd = folder({ "data.csv": smallTable() });
    // a machine that does other work needs longer for what is not cut
    for (const seconds of ["1", "4", "16", "64"]) {
      const { code } = await fettle([...words, "--seconds", seconds, "--out", "study", "--overwrite"], cwd);
      expect(code).toBe(0);
      const summary = JSON.parse(readFileSync(join(cwd, "study", "summary.json"), "utf8"));
      if (summary.repeat) break; // no training was cut
    }
    const verified = await fettle(["verify", "study/model.fettle", "data.csv"], cwd);
    expect([verified.code, verified.stdout]).toEqual([0, expect.stringContaining("every bit is the same")]);
  });

  it("is refused unless it is a positive number", async () => {
    const { code, stderr } = await fettle([...small, "--seconds", "0"], table);
    expect([code, stderr]).toEqual([2, expect.stringContaining("--seconds must be a positive number")]);
  });
});

// a second after the process started; what follows the search has a least time, a longer one with a report
it.each([
  [{ seconds: 60 }, { rows: 100, reading: 20 }, 60_000 - 1_000 - 50 - 10],
  [{ seconds: 60, out: "study" }, { rows: 100, reading: 20 }, 60_000 - 1_000 - 500 - 60 - 2_500],
  [{ seconds: 10, out: "study" }, { rows: 100, reading: 0 }, 10_000 - 1_000 - 500 - 1_000],
  [{ seconds: 10, out: "study" }, { rows: 1_000, reading: 0 }, 10_000 - 1_000 - 500 - 400],
])("of %j, a table of %j leaves %i ms for the search", (flags, read, left) => {
  const now = vi.spyOn(performance, "now").mockReturnValue(1_000);
  expect(timeLeft(flags, read)).toBe(left);
  now.mockRestore();
});

import { spawn } from "node:child_process";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { JsonReport } from "../../src/report/json.js";
import { type Ended, folder, root, smallTable, start } from "./fettle.js";

const digits = ["tune", join(root, "examples/data/digits.csv"), "--target", "digit", "--folds", "2"];
const STOPPING = "Stopping after the running trials";

describe("Ctrl-C", () => {
  it.each(["1", "2"])("ends the study with the results so far, on %s threads", async (jobs) => {
    const words = ["tune", join(root, "examples/data/wine.csv"), "--target", "cultivar", "--folds", "2"];
    const run = start([...words, "--trials", "100000", "--epochs", "1", "--jobs", jobs], root);
    await run.until("gp search: 100000 trials");
    run.interrupt();
    const { code, stdout, stderr } = await run.ended;
    expect(code).toBe(130);
    expect(stderr).toContain(STOPPING);
    expect(stdout).toContain("Best parameters");
    expect(stdout).toContain("Scores on 36 held-out rows");
  });

  it("prints one whole JSON object", async () => {
    const words = ["tune", "data.csv", "--target", "y", "--trials", "100000", "--epochs", "20", "--json"];
    const cwd = folder({ "data.csv": smallTable() });
    // Nothing printed tells that the study has begun; a process whose study had not is started again.
    let ended: Ended | undefined;
    for (let wait = 500; !ended?.stdout; wait *= 2) {
      const run = start(words, cwd);
      await new Promise((resolve) => setTimeout(resolve, wait));
      run.interrupt();
      ended = await run.ended;
    }
    expect(ended.code).toBe(130);
    const { best, trials } = JSON.parse(ended.stdout) as JsonReport;
    expect(trials.length).toBeLessThan(100000);
    expect(best?.value).toBe(Math.min(...trials.map(({ value }) => value ?? Number.POSITIVE_INFINITY)));
  });

  it("ends at once at the second time", async () => {
    const run = start([...digits, "--trials", "2", "--epochs", "1000000", "--jobs", "1"], root);
    await run.until("gp search");
    run.interrupt();
    await run.until(STOPPING);
    run.interrupt();
    const { code, stdout } = await run.ended;
    expect(code).toBe(130);
    expect(stdout).not.toContain("Best");
  });
});

describe("a reader that closes", () => {
  it("ends the command silently", async () => {
    const cwd = folder({ "data.csv": smallTable() });
    const words = [
      join(root, "bin/fettle.js"),
      "tune",
      "data.csv",
      "--target",
      "y",
      "--trials",
      "2",
      "--epochs",
      "2",
    ];
    const child = spawn(process.execPath, words, { cwd, stdio: ["ignore", "pipe", "pipe"] });
    child.stdout.destroy();
    let stderr = "";
    child.stderr.on("data", (chunk: Buffer) => {
      stderr += chunk.toString();
    });
    const code = await new Promise((resolve) => child.on("close", resolve));
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  });
});

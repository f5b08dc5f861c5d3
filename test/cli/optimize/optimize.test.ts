/**
 * `fettle optimize` as a user runs it: scripts, results, Ctrl-C, and going on. Needs `dist/`, and one test
 * python3.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { JsonReport } from "../../../src/report/json.js";
import { fettle, folder, start } from "../fettle.js";

const SPACE = JSON.stringify({
  lr: { type: "float", low: 1e-4, high: 0.1, log: true },
  units: { type: "int", low: 8, high: 64 },
});
const PYTHON = `
import argparse
parser = argparse.ArgumentParser()
parser.add_argument("--lr", type=float)
parser.add_argument("--units", type=int)
args = parser.parse_args()
print("training")
print((args.lr - 0.01) ** 2 + (args.units - 20) ** 2)
`;
/** A value without a process of its own for each figure. */
const SHELL = ["sh", "-c", "echo $(( ($1 - 20) * ($1 - 20) ))", "sh", "{units}", "{lr}"];

const parse = (stdout: string): JsonReport => {
  const report = JSON.parse(stdout) as JsonReport;
  return { ...report, trials: report.trials.map((trial) => ({ ...trial, seconds: null })) };
};

it("tunes a Python script, and prints the command that runs the best again", async () => {
  const cwd = folder({ "space.json": SPACE, "train.py": PYTHON });
  const words = ["--space", "space.json", "--trials", "5", "--seed", "1", "--", "python3", "train.py"];
  const { code, stdout, stderr } = await fettle(
    ["optimize", ...words, "--lr", "{lr}", "--units={units}"],
    cwd,
  );
  expect([code, stderr]).toEqual([0, ""]);
  expect(stdout).toContain("gp search: 5 trials, each a run of python3 train.py --lr");
  const [, trial] = stdout.match(/Best parameters \(trial (\d)\)/)!;
  expect(stdout).toMatch(/Best value\n {2}[\d.e+-]+\n/);
  expect(stdout).toMatch(/5 trials: 5 complete/);
  expect(stdout).toMatch(/Runs the best trial again: python3 train\.py --lr [\d.e-]+ --units=\d+\n/);
  expect(Number(trial)).toBeLessThan(5);
  expect(readdirSync(cwd).sort()).toEqual(["space.json", "train.py"]);
});

describe("a study of programs", () => {
  it.each([
    [["--trials", "1"], "1 trial"],
    [["--trials", "1", "--seconds", "60"], "1 trial, or trials for 1 min 00 s in all"],
  ])("of %j says that it is %s", async (limits, budget) => {
    const words = ["optimize", "--space", "space.json", ...limits, "--", ...SHELL];
    const { stdout } = await fettle(words, folder({ "space.json": SPACE }));
    expect(stdout.replace(/\s+/g, " ")).toContain(`gp search: ${budget}, each a run of sh -c`);
  });

  it("is the same at any number of jobs with one lag, and goes on to what it would have been", async () => {
    const cwd = folder({ "space.json": SPACE });
    const study = ["optimize", "--space", "space.json", "--lag", "3", "--json"];
    const report = async (...words: readonly string[]) => parse((await fettle(words, cwd)).stdout);
    const one = await report(...study, "--trials", "12", "--", ...SHELL);
    const four = await report(...study, "--trials", "12", "--jobs", "4", "--out", "study", "--", ...SHELL);
    expect(four).toEqual(one);
    expect(one.best?.value).toBe(Math.min(...one.trials.map(({ value }) => value!)));
    expect(one.bestCommand).toEqual([
      ...SHELL.slice(0, 4),
      ...[`${one.best?.params.units}`, `${one.best?.params.lr}`],
    ]);
    const longer = await report(...study, "--trials", "16", "--", ...SHELL);
    expect(await report("optimize", "--resume", "study", "--trials", "16", "--json")).toEqual(longer);
    const trial = (file: string) => readFileSync(join(cwd, "study/trials/15", file), "utf8");
    expect(readdirSync(join(cwd, "study/trials/15")).sort()).toEqual(
      ["params.json", "result.json", "stderr.txt", "stdout.txt"], // and not the mark of a process
    );
    expect(JSON.parse(trial("result.json"))).toMatchObject({
      ...longer.trials[15],
      seconds: expect.any(Number),
    });
    expect(Number(trial("stdout.txt"))).toBe(longer.trials[15].value);
    const { code, stderr } = await fettle(["optimize", "--resume", "study", "--seed", "2"], cwd);
    expect([code, stderr]).toEqual([2, expect.stringContaining("--seed must be left out with --resume")]);
  });

  /** Trial 1 of both never ends by itself. */
  const endless = [
    "sh",
    "-c",
    'echo $$ > "$FETTLE_FOLDER/own"; [ $1 != 1 ] || while :; do sleep 0.05; done; echo $2',
    "sh",
  ];
  const begin = (cwd: string) => {
    const words = [
      "optimize",
      "--space",
      "space.json",
      "--out",
      "study",
      "--trials",
      "3",
      "--strategy",
      "random",
    ];
    return start([...words, "--", ...endless, "{trial}", "{units}", "{lr}"], cwd);
  };
  const until = async (path: string): Promise<string> => {
    while (!existsSync(path) || readFileSync(path, "utf8") === "")
      await new Promise((go) => setTimeout(go, 20));
    return readFileSync(path, "utf8").trim();
  };
  const isLeft = (pid: string): boolean =>
    existsSync(`/proc/${pid}/stat`) && !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, "utf8"));

  it("ends its programs at Ctrl-C, and keeps the trials that have ended", async () => {
    const cwd = folder({ "space.json": SPACE });
    const run = begin(cwd);
    const pid = await until(join(cwd, "study/trials/1/own"));
    run.interrupt();
    const { code, stdout, stderr } = await run.ended;
    expect(code).toBe(130);
    expect(stderr).toContain("Stopping after ending the running programs; press Ctrl-C again");
    expect(stderr).toContain(
      "1 trial of the study is in study; to resume: npx fettle optimize --resume study",
    );
    expect(stdout).toContain("Best parameters (trial 0)");
    expect(isLeft(pid)).toBe(false);
  });

  it("goes on after SIGKILL: nothing that ended runs again, and what was left behind is ended", async () => {
    const cwd = folder({ "space.json": SPACE });
    const run = begin(cwd);
    const pid = await until(join(cwd, "study/trials/1/own"));
    // the program may write before the command has noted which process it is
    await until(join(cwd, "study/trials/1/process.json"));
    const first = readFileSync(join(cwd, "study/trials/0/own"), "utf8");
    run.kill("SIGKILL");
    await run.ended;
    expect(isLeft(pid)).toBe(true);
    const again = start(["optimize", "--resume", "study"], cwd);
    while ((await until(join(cwd, "study/trials/1/own"))) === pid)
      await new Promise((go) => setTimeout(go, 20));
    // it was told to end before the new one began; a busy machine may let it end later
    await expect.poll(() => isLeft(pid)).toBe(false);
    expect(readFileSync(join(cwd, "study/trials/0/own"), "utf8")).toBe(first);
    again.interrupt();
    expect((await again.ended).code).toBe(130);
  });
});

it.each([
  ["--units {units}", /the program .* must be|unknown option '--units'/],
  ["-- no-such-program {params}", /the program "no-such-program" must be executable: it is not in PATH/],
  ["-- echo {units}", /each parameter must reach the program, and "lr" does not/],
  ["-- echo {unit} {lr}", /received "\{unit\}"/],
  ["--scheduler asha -- echo {params}", /--scheduler needs --steps/],
  ["--value file:../x -- echo {params}", /the file of --value must be below the folder of a trial/],
  ["--direction up -- echo {params}", /--direction must be "minimize" or "maximize"; received "up"/],
])("optimize %s is refused", async (line, message) => {
  const cwd = folder({ "space.json": SPACE });
  const { code, stdout, stderr } = await fettle(
    ["optimize", "--space", "space.json", ...line.split(" ")],
    cwd,
  );
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  expect(stderr).toMatch(message);
});

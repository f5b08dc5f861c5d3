import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { JsonReport } from "../../src/report/json.js";
import { fettle, folder, ownProcess, root, smallTable } from "./fettle.js";

const mainJob = ["tune", "examples/data/breast-cancer.csv", "--target", "diagnosis"];
const QUICK = ["--trials", "4", "--epochs", "3", "--folds", "3"];

/** Standard output as one JSON object, without times, which alone differ between runs. */
function parse(stdout: string): JsonReport {
  const report = JSON.parse(stdout) as JsonReport;
  return { ...report, trials: report.trials.map((trial) => ({ ...trial, seconds: null })) };
}

describe("fettle tune --json", () => {
  it("prints one object with the documented fields, and nothing else", async () => {
    const { code, stdout, stderr } = await fettle([...mainJob, ...QUICK, "--seed", "3", "--json"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout.endsWith("}\n")).toBe(true);
    const report = JSON.parse(stdout) as JsonReport;
    expect(Object.keys(report)).toEqual([
      "best",
      "positive",
      "ensemble",
      "calibration",
      "test",
      "baselines",
      "trials",
      "seed",
    ]);
    const { members = [], untuned: { linear = 0, constant = 0 } = {} } = report.ensemble ?? {};
    expect(members.reduce((sum, { networks }) => sum + networks, linear + constant)).toBe(8);
    expect(report.seed).toBe(3);
    expect(report.trials.map(({ number }) => number)).toEqual([0, 1, 2, 3]);
    for (const trial of report.trials) {
      expect(Object.keys(trial)).toEqual(["number", "params", "value", "std", "status", "seconds"]);
      expect(trial).toMatchObject({ status: "complete" });
      expect(trial.seconds).toBeGreaterThanOrEqual(0);
    }
    // The best is the first trial with the lowest log loss.
    const lowest = Math.min(...report.trials.map(({ value }) => value!));
    const { params, value, std } = report.trials.find((trial) => trial.value === lowest)!;
    expect(report.best).toEqual({ params, value, std });
    const names = ["accuracy", "precision", "recall", "f1", "rocAuc", "logLoss"];
    const { test = {} } = report;
    expect(Object.keys(test)).toEqual(names);
    // 114 of 569 rows are held out, so that accuracy is a multiple of 1/114.
    const right = test.accuracy! * 114;
    expect(Math.abs(right - Math.round(right))).toBeLessThan(1e-9);
    expect(test.accuracy).toBeGreaterThan(0.8);
    const { scores, rows, metric, ahead } = report.baselines!;
    expect({ rows, metric }).toEqual({ rows: 114, metric: "logLoss" });
    expect(Object.entries(scores).map(([name, { final }]) => [name, final])).toEqual(Object.entries(test));
    expect(scores.logLoss.linear).toBeLessThan(0.5 * scores.logLoss.constant);
    expect(ahead.linear!.difference).toBeCloseTo(scores.logLoss.linear! - scores.logLoss.final, 12);
  });

  it("has a single network where it is asked for, and for several metrics", async () => {
    for (const flags of [
      ["--ensemble", "1"],
      ["--metric", "recall,precision"],
    ]) {
      const { stdout } = await fettle([...mainJob, ...QUICK, ...flags, "--json"]);
      expect(Object.keys(JSON.parse(stdout))).not.toContain("ensemble");
    }
  });

  it("leaves probabilities as they were trained where it is told to, and for several metrics", async () => {
    for (const flags of [["--no-calibrate"], ["--metric", "recall,precision"]]) {
      const { code, stdout } = await fettle([...mainJob, ...QUICK, ...flags, "--json"]);
      expect(code).toBe(0);
      expect(Object.keys(JSON.parse(stdout))).not.toContain("calibration");
    }
  });

  it("gives the same with one thread and with two", async () => {
    const words = [...mainJob, ...QUICK, "--json", "--jobs"];
    const [one, two] = await Promise.all([fettle([...words, "1"]), fettle([...words, "2"])]);
    expect(parse(two.stdout)).toEqual(parse(one.stdout));
  });

  it("gives other trials with another seed", async () => {
    const words = ["tune", "data.csv", "--target", "y", "--strategy", "random", ...QUICK, "--json", "--seed"];
    const cwd = folder({ "data.csv": smallTable() });
    const [one, two] = await Promise.all([fettle([...words, "1"], cwd), fettle([...words, "2"], cwd)]);
    expect(parse(one.stdout).trials[0].params).not.toEqual(parse(two.stdout).trials[0].params);
  });

  it("reports trials that diverge with null values, and code 1 if all do", async () => {
    const space = {
      optimizer: { type: "choice", values: ["sgd"] },
      learningRate: { type: "float", low: 1e30, high: 1e31 },
    };
    const rows = Array.from({ length: 40 }, (_, i) => `${2 * i},${i * i * 0.5}`).join("\n");
    const cwd = folder({ "data.csv": `x,y\n${rows}\n`, "space.json": JSON.stringify(space) });
    const words = ["tune", "data.csv", "--target", "y", "--space", "space.json", ...QUICK];
    const [json, text] = await Promise.all([fettle([...words, "--json"], cwd), fettle(words, cwd)]);
    expect(json.code).toBe(1);
    expect(JSON.parse(json.stdout)).toMatchObject({ best: null, test: {}, seed: 0 });
    for (const trial of parse(json.stdout).trials) {
      expect(trial).toMatchObject({ value: null, std: null, status: "diverged" });
    }
    expect(text.code).toBe(1);
    expect(text.stderr).toContain(
      "error: no trial has a value (4 trials: 4 diverged)\nTrial 0 diverged: its value is NaN or infinite\n",
    );
    expect(text.stdout).not.toContain("Best");
  });
});

describe("fettle tune without a value", () => {
  it("reports why trials failed, with code 1, as text and as JSON", async () => {
    // a network that needs 360 GB
    const space = { units: { type: "choice", values: [100000] }, layers: { type: "choice", values: [3] } };
    const cwd = folder({ "data.csv": smallTable(), "space.json": JSON.stringify(space) });
    const words = ["tune", "data.csv", "--target", "y", "--space", "space.json", ...QUICK];
    const [json, text] = await Promise.all([fettle([...words, "--json"], cwd), fettle(words, cwd)]);
    const why =
      /^error: no trial has a value \(1 trial: 1 failed\)\nTrial 0 failed: memory limit reached: .*\n$/;
    expect([json.code, text.code]).toEqual([1, 1]);
    expect(json.stderr).toMatch(why);
    expect(text.stderr).toMatch(why);
    expect(text.stdout).not.toContain("Best");
    const { best, test, trials } = JSON.parse(json.stdout) as JsonReport;
    expect({ best, test }).toEqual({ best: null, test: {} });
    expect(trials).toMatchObject([{ number: 0, value: null, status: "failed" }]);
    expect(trials[0].error).toMatch(/^memory limit reached/);
  });
});

describe("fettle tune", () => {
  it("reports the table, the best, its scores and the trials, in lines that fit 80 columns", async () => {
    const { code, stdout, stderr } = await fettle([...mainJob, ...QUICK]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" }); // no bar, since it is no terminal
    for (const text of [
      "breast-cancer.csv: 569 rows, 30 inputs, classification of diagnosis",
      "gp search: 4 trials, each by 3-fold cross-validation on 455 rows, 114 rows held",
      "Best parameters",
      "learningRate",
      "Cross-validated logLoss (mean ± std of 3 folds)",
      "; accuracy 0.9",
      "Calibration of probabilities\n  temperature ",
      "; expected calibration error 0.",
      "Scores on 114 held-out rows",
      "             this model     95 % interval  linear  constant",
      "95 % interval of the lead: ",
      "Best trials",
      "4 trials: 4 complete, in ",
    ]) {
      expect(stdout).toContain(text);
    }
    expect(Math.max(...stdout.split("\n").map((line) => line.length))).toBeLessThanOrEqual(80);
    expect(stdout).not.toContain("\u001b");
  });

  it("follows a space, a grid, a metric and a batch", async () => {
    const space = {
      units: { type: "int", low: 4, high: 8 },
      optimizer: { type: "choice", values: ["sgd", "adam"] },
      momentum: { type: "float", low: 0, high: 0.9, when: { optimizer: ["sgd"] } },
    };
    const cwd = folder({ "data.csv": smallTable(), "space.json": JSON.stringify(space) });
    const words =
      "tune data.csv --target y --space space.json --strategy grid --points 2 --batch-size 8 --metric logLoss";
    const { code, stdout } = await fettle(
      [...words.split(" "), "--epochs", "2", "--folds", "2", "--test-size", "0", "--json"],
      cwd,
    );
    expect(code).toBe(0);
    const { trials, test, best } = parse(stdout);
    const [sgd, adam] = ["sgd", "adam"];
    expect(trials.map(({ params }) => params)).toEqual(
      [4, 8].flatMap((units) => [
        { units, optimizer: sgd, momentum: 0 },
        { units, optimizer: sgd, momentum: 0.9 },
        { units, optimizer: adam },
      ]),
    );
    expect(test).toEqual({});
    expect(stdout).not.toContain("baselines");
    expect(best?.value).toBe(Math.min(...trials.map(({ value }) => value!))); // log loss is minimised
  });

  it("accepts strategies and schedulers by name", async () => {
    const cwd = folder({ "data.csv": smallTable() });
    const words =
      "tune data.csv --target y --trials 9 --epochs 9 --folds 2 --test-size 0 --batch-size 8 --json".split(
        " ",
      );
    const [whole, halved] = await Promise.all([
      fettle([...words, "--strategy", "cmaes"], cwd),
      fettle([...words, "--strategy", "tpe", "--scheduler", "halving"], cwd),
    ]);
    expect([whole.code, halved.code]).toEqual([0, 0]);
    const statuses = (stdout: string) => parse(stdout).trials.map(({ status }) => status);
    expect(statuses(whole.stdout)).toEqual(new Array(9).fill("complete"));
    // of 9 trials, 3 and then 1 continue
    expect(statuses(halved.stdout).filter((status) => status === "pruned")).toHaveLength(8);
  });

  it("tunes the epochs, unless they are given or a scheduler counts them", async () => {
    const cwd = folder({ "data.csv": smallTable() });
    const words = "tune data.csv --target y --trials 2 --folds 2 --test-size 0 --batch-size 8 --json".split(
      " ",
    );
    const flags = [[], ["--epochs", "3"], ["--scheduler", "median"]];
    const runs = await Promise.all(flags.map((more) => fettle([...words, ...more], cwd)));
    const epochs = runs.map(({ stdout }) => parse(stdout).trials.map(({ params }) => params.epochs));
    expect(
      epochs[0].every((each) => Number.isInteger(each) && (each as number) >= 10 && (each as number) <= 60),
    ).toBe(true);
    expect(epochs.slice(1)).toEqual([
      [undefined, undefined],
      [undefined, undefined],
    ]);
  });

  it("shows the Pareto front of several metrics", async () => {
    const cwd = folder({ "data.csv": smallTable() });
    const words = "tune data.csv --target y --trials 6 --epochs 2 --folds 2 --metric accuracy,logLoss".split(
      " ",
    );
    const [text, json, named, wrong] = await Promise.all([
      fettle(words, cwd),
      fettle([...words, "--json"], cwd),
      fettle([...words, "--json", "--strategy", "nsga2"], cwd),
      fettle([...words, "--strategy", "cmaes"], cwd),
    ]);
    expect(text.code).toBe(0);
    expect(text.stdout).toContain("nsga2 search: 6 trials");
    expect(named.stdout.replaceAll(/"seconds":[\d.]+/g, "")).toBe(
      json.stdout.replaceAll(/"seconds":[\d.]+/g, ""),
    );
    const { best, bestTrials = [], trials } = parse(json.stdout);
    expect(best).toBeNull();
    const pairs = trials.map(({ values = [] }) => values);
    const beaten = ([accuracy, loss]: readonly number[]) =>
      pairs.some(([a, l]) => a >= accuracy && l <= loss && (a > accuracy || l < loss));
    expect(bestTrials.map(({ number }) => number)).toEqual(
      trials.flatMap(({ number, values = [] }) => (beaten(values) ? [] : [number])),
    );
    expect(text.stdout.replace(/\s+/g, " ")).toContain(
      `Pareto front of accuracy and logLoss (means of 2 folds): ${bestTrials.length} of 6 trials`,
    );
    expect([wrong.code, wrong.stderr]).toEqual([
      2,
      expect.stringContaining("supports one objective; received 2 directions"),
    ]);
  });

  it("trains a population as a scheduler, with first points from the strategy", async () => {
    const cwd = folder({ "data.csv": smallTable() });
    const words =
      "tune data.csv --target y --trials 16 --epochs 2 --folds 2 --test-size 0 --batch-size 8 --json".split(
        " ",
      );
    const [population, alone, strategy] = await Promise.all([
      fettle([...words, "--strategy", "sobol", "--scheduler", "pbt"], cwd),
      fettle([...words, "--strategy", "sobol"], cwd),
      fettle([...words, "--strategy", "pbt"], cwd),
    ]);
    expect([population.code, alone.code, strategy.code]).toEqual([0, 0, 2]);
    expect(strategy.stderr).toContain("population-based training is --scheduler pbt");
    const { trials } = parse(population.stdout);
    const points = (report: string) => parse(report).trials.map(({ params }) => params);
    expect(points(population.stdout).slice(0, 8)).toEqual(points(alone.stdout).slice(0, 8));
    // two of eight are replaced by two others
    const parents = trials.slice(8).map(({ parent = -1 }) => parent);
    expect(parents.filter((parent, i) => parent === i)).toHaveLength(6);
    expect(new Set(parents).size).toBe(6);
  });

  it("drops columns, imputes missing cells and regresses on integers if asked", async () => {
    const rows = Array.from({ length: 30 }, (_, i) => `id${i},${i % 4 === 0 ? "" : i},${i % 5}`).join("\n");
    const cwd = folder({ "data.csv": `id,x,y\n${rows}\n` });
    const words = ["tune", "data.csv", "--target", "y", ...QUICK, "--drop", "id"];
    const [imputed, dropped] = await Promise.all([
      fettle([...words, "--task", "regression", "--missing", "impute"], cwd),
      fettle([...words, "--missing", "drop", "--folds", "2"], cwd),
    ]);
    expect(imputed.stdout).toContain("data.csv: 30 rows, 1 input, regression of y");
    expect(imputed.stdout).toContain("Cross-validated r2");
    expect(dropped.stdout).toContain("data.csv: 22 rows, 1 input, classification of y (0, 1, 2, 3, 4)");
  });
});

describe("fettle tune in its surroundings", () => {
  const QUICKEST = "--target y --trials 1 --epochs 1".split(" ");

  it("reads the table from standard input", async () => {
    const words = ["tune", "-", ...QUICKEST, "--json"];
    const cwd = folder({ "data.csv": smallTable() });
    const [piped, file, empty] = await Promise.all([
      ownProcess(words, cwd, { stdin: smallTable() }),
      fettle(words.with(1, "data.csv"), cwd),
      fettle(words, cwd),
    ]);
    expect(piped.code).toBe(0);
    expect(parse(piped.stdout)).toEqual(parse(file.stdout));
    expect(empty).toMatchObject({ code: 2, stdout: "" });
    expect(empty.stderr).toMatch(/^error: standard input: .*empty/);
    const inspected = await ownProcess(["inspect", "-"], cwd, { stdin: smallTable() });
    expect(inspected.stdout).toMatch(/^standard input: 40 rows, 3 columns\n/);
  });

  it("says that a study whose table came from standard input is resumed from there, and checks the table", async () => {
    const cwd = folder();
    await ownProcess(["tune", "-", ...QUICKEST, "--out", "study"], cwd, { stdin: smallTable() });
    const on = ["tune", "--resume", "study", "--trials", "2"];
    const same = await ownProcess(on, cwd, { stdin: smallTable() });
    expect(same.stderr).toContain(
      "The table of this study came from standard input, and is read from there again.",
    );
    expect(same.code).toBe(0);
    const lines = smallTable().split("\n");
    const other = await ownProcess(on, cwd, { stdin: [lines[0], ...lines.slice(2)].join("\n") });
    expect([other.code, other.stderr]).toEqual([2, expect.stringContaining("its cells have changed")]);
  });

  it("uses at most one thread per core, and says so once", async () => {
    const cwd = folder({ "data.csv": smallTable() });
    const { code, stderr } = await fettle(["tune", "data.csv", ...QUICKEST, "--jobs", "3000", "--json"], cwd);
    const cores = availableParallelism();
    expect(code).toBe(0);
    expect(stderr).toBe(
      `--jobs 3000: this machine has ${cores} core${cores > 1 ? "s" : ""}; using ${cores}\n`,
    );
  });

  it("fits the width that COLUMNS asks for", async () => {
    const cwd = folder({ "data.csv": smallTable() });
    const ended = await Promise.all([
      fettle(["tune", "data.csv", ...QUICKEST], cwd, { COLUMNS: "40" }),
      fettle(["tune", "--help"], cwd, { COLUMNS: "50" }),
    ]);
    const widths = ended.map(({ stdout }) =>
      Math.max(
        ...stdout
          .split("\nExamples:")[0]
          .split("\n")
          .map((line) => line.length),
      ),
    );
    expect(widths[0]).toBeLessThanOrEqual(40);
    expect(widths[1]).toBeLessThanOrEqual(50);
  });

  it("drops a column whose name has a comma", async () => {
    const rows = Array.from(
      { length: 40 },
      (_, i) => `${i},${i % 7},${i % 3},${i % 2 ? "odd" : "even"}`,
    ).join("\n");
    const cwd = folder({ "data.csv": `"a,b",c,d,y\n${rows}\n` });
    const { stdout } = await fettle(["tune", "data.csv", ...QUICKEST, "--drop", "a,b", "--drop", "d"], cwd);
    expect(stdout).toContain("data.csv: 40 rows, 1 input,");
  });

  it.runIf(existsSync("/dev/full"))("fails if the results cannot be written", async () => {
    const cwd = folder({ "data.csv": smallTable() });
    const line = `"$0" "$1" tune data.csv ${QUICKEST.join(" ")} > /dev/full`;
    const ended = spawnSync("sh", ["-c", line, process.execPath, join(root, "bin/fettle.js")], {
      cwd,
      encoding: "utf8",
    });
    expect(ended.status).toBe(1);
    expect(ended.stderr).toBe("error: cannot write the results: the disk is full\n");
  });
});

describe("fettle", () => {
  it("prints the version of the package", async () => {
    const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string };
    expect(await fettle(["--version"])).toEqual({ code: 0, stdout: `${version}\n`, stderr: "" });
  });

  it("prints help in lines that fit 80 columns", async () => {
    const [whole, tune] = await Promise.all([fettle(["--help"]), fettle(["tune", "--help"])]);
    expect(whole).toMatchObject({ code: 0, stderr: "" });
    for (const text of ["tune", "Exit codes:", "130", "Examples:"]) expect(whole.stdout).toContain(text);
    expect(tune).toMatchObject({ code: 0, stderr: "" });
    const options =
      "target task strategy scheduler points trials metric folds test-size epochs batch-size space missing drop seed jobs json".split(
        " ",
      );
    for (const name of options) expect(tune.stdout).toMatch(new RegExp(`^  --${name}\\b`, "m"));
    expect(tune.stdout).toContain("Examples:");
    for (const { stdout } of [whole, tune]) {
      expect(Math.max(...stdout.split("\n").map((line) => line.length))).toBeLessThanOrEqual(80);
    }
  });
});

/**
 * What commands show of a study: `--plot`, `--markdown`, rows for pandas, files for TensorBoard. Needs
 * `dist/`.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { columnsOf } from "../../src/report/columns.js";
import { fettle, folder, smallTable } from "./fettle.js";

const TUNE = [
  "tune",
  "data.csv",
  "--target",
  "y",
  "--folds",
  "2",
  "--epochs",
  "2",
  "--trials",
  "3",
  "--jobs",
  "1",
];

describe("--plot", { timeout: 120_000 }, () => {
  it("draws below the results of fettle tune, and is no part of the study", async () => {
    const cwd = folder({ "data.csv": smallTable() });
    const { code, stdout, stderr } = await fettle([...TUNE, "--plot", "--out", "s"], cwd, {
      LC_ALL: "C.UTF-8",
      COLUMNS: "60",
    });
    expect([code, stderr]).toEqual([0, ""]);
    const [results, pictures] = stdout.split("\nlogLoss by trial\n");
    expect(results).toContain("Best parameters");
    expect(pictures).toMatch(/[\u2801-\u28ff]/);
    expect(pictures).toMatch(/└─+\n +0 +trial +2\n/);
    expect(pictures).toContain("\nImportance for logLoss\n");
    expect(pictures).toMatch(/^learningRate +\d+ %/m);
    const pictured = pictures.split("\n\nWritten:")[0].split("\n");
    for (const line of pictured) expect(columnsOf(line)).toBeLessThanOrEqual(60);
    expect(stdout).not.toContain("\u001b"); // no colours without a terminal
    expect(JSON.parse(readFileSync(join(cwd, "s/summary.json"), "utf8")).command.flags).not.toHaveProperty(
      "plot",
    );
    const more = await fettle(["tune", "--resume", "s", "--trials", "4", "--plot"], cwd);
    expect(more.stdout).toContain("logLoss by trial");
  });

  it("draws a study of a database, in ASCII where the language has no more", async () => {
    const cwd = folder({ "data.csv": smallTable() });
    const kept = ["--storage", "s.db", "--study", "first"];
    await fettle([...TUNE, ...kept, "--metric", "accuracy"], cwd);
    for (const columns of ["20", "40", "200"]) {
      const { code, stdout } = await fettle(["studies", "show", ...kept, "--plot"], cwd, {
        LC_ALL: "C",
        COLUMNS: columns,
      });
      expect(code).toBe(0);
      expect(stdout).toContain("accuracy by trial");
      expect(stdout).toMatch(/^[ -~\n]*$/);
      for (const line of stdout.split("\n")) expect(line.length).toBeLessThanOrEqual(Number(columns));
    }
    const both = await fettle(["studies", "show", ...kept, "--plot", "--json"], cwd);
    expect([both.code, both.stdout]).toEqual([2, ""]);
    expect(both.stderr).toContain("'--plot' cannot be used with option '--json'");
  });

  it("draws the front of several objectives of fettle optimize", async () => {
    const space = JSON.stringify({ x: { type: "float", low: 0, high: 1 } });
    const program =
      "const x = Number(process.argv[2]); console.log(JSON.stringify({ loss: x, time: 1 - x }));";
    const cwd = folder({ "space.json": space, "run.mjs": program });
    const words = ["--space", "space.json", "--metric", "loss,time", "--trials", "6", "--plot"];
    const { code, stdout } = await fettle(
      ["optimize", ...words, "--", process.execPath, "run.mjs", "{x}"],
      cwd,
    );
    expect(code).toBe(0);
    const [, picture] = stdout.split("\ntime against loss\n");
    expect(picture.split("Importance")[0].match(/#/g)?.length).toBeGreaterThan(2); // each trial is on the front
    expect(picture).toContain("\nImportance for loss\nx  100 %  ");
    expect(picture).toContain("\nImportance for time\nx  100 %  ");
  });
});

it("one direction is that of every metric of fettle optimize", async () => {
  const space = JSON.stringify({ x: { type: "float", low: 0, high: 1 } });
  const program = "const x = Number(process.argv[2]); console.log(JSON.stringify({ a: x, b: x }));";
  const cwd = folder({ "space.json": space, "run.mjs": program });
  const words = [
    "--space",
    "space.json",
    "--metric",
    "a,b",
    "--trials",
    "4",
    "--direction",
    "maximize",
    "--json",
  ];
  const { stdout } = await fettle(["optimize", ...words, "--", process.execPath, "run.mjs", "{x}"], cwd);
  const { trials, bestTrials } = JSON.parse(stdout) as Record<string, { params: { x: number } }[]>;
  expect(trials).toHaveLength(4);
  expect(bestTrials.map(({ params }) => params.x)).toEqual([
    Math.max(...trials.map(({ params }) => params.x)),
  ]);
});

describe("a study elsewhere", { timeout: 120_000 }, () => {
  it("is Markdown, flat rows, and files of TensorBoard", async () => {
    const cwd = folder({ "data.csv": smallTable() });
    const kept = ["--storage", "s.db", "--study", "a|b"];
    const tuned = await fettle([...TUNE, ...kept, "--metric", "accuracy", "--markdown"], cwd);
    expect([tuned.code, tuned.stderr]).toEqual([0, ""]);
    expect(tuned.stdout).toMatch(
      /^## data\.csv\n\ngp search to maximize accuracy\. 3 trials: 3 complete\.\n/,
    );
    expect(tuned.stdout).toContain("### Best 3 of 3 complete trials\n\n| trial | accuracy | layers |");
    const shown = await fettle(["studies", "show", ...kept, "--markdown"], cwd);
    const [study, scores] = tuned.stdout.split("\n### Scores on 8 held-out rows\n");
    expect(shown.stdout.replace("## a\\|b", "## data.csv")).toBe(study);
    expect(scores).toMatch(
      /^\n\| metric \| this model \| 95 % interval \| linear \| constant \|\n(\|( ---:? \|)+|.*)\n\| accuracy \| [01]\.\d{4} \| [01]\.\d{4} to 1\.0000 \|/,
    );
    expect(scores).toMatch(/\n\n(A linear|This) model is .*\n(\nA few rows decide these intervals, .*\n)?$/);
    const rows = JSON.parse((await fettle(["studies", "trials", ...kept, "--rows"], cwd)).stdout);
    expect(rows.map((row: { number: number; status: string }) => [row.number, row.status])).toEqual(
      [0, 1, 2].map((i) => [i, "complete"]),
    );
    expect(Object.keys(rows[0]).slice(0, 6)).toEqual([
      "number",
      "status",
      "value",
      "std",
      "seconds",
      "params.layers",
    ]);
    const exported = await fettle(["studies", "export", ...kept, "--out", "files", "--tensorboard"], cwd);
    expect([exported.code, exported.stdout]).toEqual([0, expect.stringContaining("files/tensorboard\n")]);
    for (const run of ["", "trial-0", "trial-1", "trial-2"])
      expect(existsSync(join(cwd, "files/tensorboard", run, "events.out.tfevents.0.fettle"))).toBe(true);
    const first = readFileSync(join(cwd, "files/tensorboard/trial-0/events.out.tfevents.0.fettle")).toString(
      "latin1",
    );
    for (const tag of ["loss/fold-1", "loss/fold-0", "objective/accuracy", "learningRate"])
      expect([tag, first.includes(tag)]).toEqual([tag, true]);
  });
});

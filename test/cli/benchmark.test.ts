import { existsSync, mkdirSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { BenchmarkAnalysis } from "../../src/benchmark/analysis.js";
import { parseLines } from "../../src/benchmark/record.js";
import { untimed } from "../benchmark/support.js";
import { fettle, folder, listing, root, start } from "./fettle.js";

const SMALL = "benchmark --problems beale,linear-iris --optimizers sgd,adam --seeds 2 --trials 2".split(" ");
/** Two problems, two optimizers: 2 seeds twice, 2 trials, 19 rates. */
const TOTAL = 2 * 2 * (2 + 2 + 2 + 19);

describe.concurrent("fettle benchmark", () => {
  it("writes runs and tables, prints how optimizers compare, and resumes from a file that was cut short", async () => {
    const cwd = folder();
    const text = (name: string): string => readFileSync(join(cwd, "out", name), "utf8");
    const first = await fettle([...SMALL, "--out", "out", "--jobs", "2"], cwd);
    expect({ code: first.code, stderr: first.stderr }).toEqual({ code: 0, stderr: "" });
    const pictures = [
      ...["loss-beale", "loss-linear-iris", "paths-beale", "profiles", "ranks"],
      ...["rates-beale", "rates-linear-iris", "rates"],
    ];
    expect(listing(join(cwd, "out"))).toEqual([
      ...["analysis.json", "pictures", ...pictures.map((name) => join("pictures", `${name}.svg`))],
      ...["runs.jsonl", "tables.csv", "times.csv"],
    ]);
    expect(first.stdout.replaceAll("\n", " ")).toContain("analysis.json and 8 pictures are in out");
    for (const name of pictures) expect(text(`pictures/${name}.svg`)).toMatch(/^<svg .*<\/svg>\n$/s);
    expect(first.stdout).toContain(
      "2 optimizers on 2 problems: 2 seeds, 2 tuning trials, 19 rates; 100 runs\n",
    );
    for (const words of ["With defaults", "Tuned", "Friedman's test"]) expect(first.stdout).toContain(words);

    const { runs } = parseLines(text("runs.jsonl"));
    expect(runs).toHaveLength(TOTAL);
    const table = text("tables.csv").trimEnd().split("\n");
    expect(table).toHaveLength(1 + 2 * 2 * 2);
    expect(text("times.csv").trimEnd().split("\n")).toHaveLength(1 + 2 * 2 * 2);
    const analysis = JSON.parse(text("analysis.json")) as BenchmarkAnalysis;
    const { final, reached } = analysis.tuned.cells[3];
    const finals = runs.filter(
      (run) => run.phase === "tuned" && run.problem === "linear-iris" && run.optimizer === "adam",
    );
    expect(final.median).toBe(((finals[0].final as number) + (finals[1].final as number)) / 2);
    const row = table[8].split(",");
    expect(row.slice(0, 3)).toEqual(["tuned", "linear-iris", "adam"]);
    expect([Number(row[4]), Number(row[9])]).toEqual([Number(final.median?.toPrecision(6)), reached]);

    const [csv, before, drawn] = [text("tables.csv"), text("runs.jsonl"), text("pictures/paths-beale.svg")];
    const path = join(cwd, "out", "runs.jsonl");
    truncateSync(path, Math.floor(before.length / 2));
    const kept = parseLines(text("runs.jsonl")).runs.length;
    const second = await fettle([...SMALL, "--out", "out", "--jobs", "1"], cwd);
    expect(second.stdout.replaceAll("\n", " ")).toContain(`, ${kept} of them done`);
    const again = parseLines(text("runs.jsonl"));
    expect(again.whole).toBe(text("runs.jsonl").length);
    const byName = (all: typeof runs) =>
      untimed(all)
        .map((run) => JSON.stringify(run))
        .sort();
    expect(byName(again.runs)).toEqual(byName(runs));
    expect(text("tables.csv")).toBe(csv);
    expect(text("pictures/paths-beale.svg")).toBe(drawn);

    const other = await fettle([...SMALL, "--out", "out", "--seeds", "3"], cwd);
    expect(other.code).toBe(2);
    expect(other.stderr).toContain("belong to a benchmark with other seeds");
  });

  it("runs problems and optimizers of a user's module, without pictures if asked", async () => {
    const cwd = folder();
    const words = ["--with", join(root, "examples/own-benchmark.js"), "--problems", "camel,quadratic-1"];
    const { code, stdout, stderr } = await fettle(
      ["benchmark", ...words, ..."--optimizers signum,sgd --seeds 2 --trials 2 --no-pictures".split(" ")],
      cwd,
    );
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toContain("2 optimizers on 2 problems");
    expect(listing(join(cwd, "fettle-benchmark"))).toEqual([
      "analysis.json",
      "runs.jsonl",
      "tables.csv",
      "times.csv",
    ]);
    const { setup } = parseLines(readFileSync(join(cwd, "fettle-benchmark", "runs.jsonl"), "utf8"));
    expect(setup?.optimizers[0]).toMatchObject({
      name: "signum",
      space: { learningRate: { low: 1e-4 }, momentum: { complement: true } },
    });
    expect(setup?.problems[0]).toMatchObject({ name: "camel", size: 2, floor: 1e-10 });
  });

  it("leaves whole lines at Ctrl-C, without waiting for all runs of a problem", async () => {
    const cwd = folder();
    // a problem whose runs are so long that no phase can be over
    const words =
      "benchmark --problems deep-digits --optimizers sgd,adam,lion --seeds 40 --out out --jobs 2".split(" ");
    const run = start(words, cwd);
    await run.until("3 optimizers on 1 problem");
    const second = await fettle(words, cwd);
    expect(second).toMatchObject({ code: 2, stdout: "" });
    expect(second.stderr).toMatch(/^error: process \d+ on .* is writing to "out"; wait for it/);
    run.interrupt();
    const { code, stdout, stderr } = await run.ended;
    expect(code).toBe(130);
    expect(stderr).toContain("Stopping after the current runs");
    expect(stderr).toContain("of 357 runs are in out; the same command resumes from there.");
    expect(stdout).not.toContain("Tuned");
    const text = readFileSync(join(cwd, "out", "runs.jsonl"), "utf8");
    const { setup, runs, whole } = parseLines(text);
    expect(setup?.optimizers.map(({ name }) => name)).toEqual(["sgd", "adam", "lion"]);
    expect(whole).toBe(Buffer.byteLength(text));
    expect(runs.length).toBeLessThan(300);
    expect(listing(join(cwd, "out"))).toEqual(["runs.jsonl"]);
  });

  it.runIf(existsSync("/proc/self"))("refuses a place where nothing can be made, at once", async () => {
    for (const out of ["/proc/fettle", "/proc/fettle/out"]) {
      const ended = await fettle(["benchmark", "--problems", "beale", "--seeds", "1", "--out", out]);
      expect(ended).toMatchObject({ code: 2, stdout: "" });
      expect(ended.stderr).toBe('error: cannot write "/proc/fettle": nothing can be created there\n');
    }
  });

  it.each([
    ["--problems beal", 'Did you mean "beale"?'],
    ["--optimizers sgd,adm", 'Did you mean "adam"?'],
    ["--seeds 0", "--seeds must be a positive integer; received 0"],
    ["--optimizers sgd,sgd", '--optimizers must have different names; received "sgd" twice'],
    ["--problems ,", "--problems must be one or more names"],
    ["--out taken", 'cannot write "taken": a file is in the way'],
    ["--out taken/out", 'cannot write "taken": a file is in the way'],
    ["--out blocked", 'cannot write "blocked/tables.csv": it is not a regular file'],
    ["--out unfit", 'cannot write "unfit/pictures": it is not a folder'],
    ["--out broken", "line 1 of the runs is not JSON"],
    ["--with missing.js", "there is no such file"],
    [
      "--with wrong.js",
      'optimizers of "wrong.js" must be an array of optimizers made by contestant; received',
    ],
    ["--with throws.js", 'cannot load "throws.js": no luck'],
    ["--with empty.js", '"empty.js" must export problems, optimizers or both; received []'],
    ["--with twice.js", 'optimizers must have different names; received "sgd" twice'],
  ])("refuses %s", async (words, message) => {
    const cwd = folder({
      taken: "a file",
      "package.json": '{ "type": "module" }',
      "wrong.js": "export const optimizers = [{ name: 1 }];",
      "throws.js": 'throw new Error("no luck");',
      "empty.js": "",
      "twice.js": 'export const optimizers = [{ name: "sgd", create() {} }];',
    });
    if (words.endsWith("broken")) {
      mkdirSync(join(cwd, "broken"));
      writeFileSync(join(cwd, "broken", "runs.jsonl"), "no\n");
    }
    mkdirSync(join(cwd, "blocked", "tables.csv"), { recursive: true });
    mkdirSync(join(cwd, "unfit"));
    writeFileSync(join(cwd, "unfit", "pictures"), "a file");
    const { code, stdout, stderr } = await fettle(["benchmark", ...words.split(" ")], cwd);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain(message);
    expect(listing(cwd)).not.toContain("fettle-benchmark");
    expect(listing(cwd).filter((name) => name.endsWith("lock"))).toEqual([]);
  });
});

/**
 * From `tune` to an exported module, the positive class is named beside what is about it; and the threshold
 * of `--cost` and the rule of `--unknown` that a study was run with hold wherever its model goes. Needs
 * `dist/`.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sqliteStorage } from "fettle/store/sqlite";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { storageSource } from "../../src/dashboard/storageSource.js";
import type { DashboardEvent } from "../../src/dashboard/wire.js";
import { parseCsv } from "../../src/data/csv.js";
import { readContents } from "../../src/predict/description.js";
import { loadPredictor } from "../../src/predict/predictor.js";
import { fettle } from "./fettle.js";

const folder = mkdtempSync(join(tmpdir(), "fettle-positive-"));
afterAll(() => rmSync(folder, { recursive: true }));
const at = (...names: string[]) => join(folder, ...names);

/** One in ten is bad, with noise; a third of the names come once. */
const rows = Array.from({ length: 240 }, (_, i) => {
  const [a, b] = [Math.sin(3 * i), Math.cos(5 * i)];
  const name = i % 3 === 0 ? `only ${i}` : `often ${i % 4}`;
  return { a: a.toFixed(4), b: b.toFixed(4), name, state: a + b > 1.7 || i % 40 === 0 ? "bad" : "good" };
});
const csv = (some: readonly Readonly<Record<string, string>>[]) =>
  [Object.keys(some[0]), ...some.map((row) => Object.values(row))].map((cells) => cells.join(",")).join("\n");
const table = at("table.csv");
writeFileSync(table, csv(rows));
const common = [
  table,
  "--target",
  "state",
  "--trials",
  "2",
  "--ensemble",
  "1",
  "--folds",
  "3",
  "--epochs",
  "4",
];

describe("--positive", () => {
  const [study, flags] = [at("study"), ["--metric", "f1", "--positive", "good", "--threshold", "f1"]];
  const model = at("study", "model.fettle");
  let printed = "";
  beforeAll(async () => {
    const { stdout, stderr, code } = await fettle(["tune", ...common, ...flags, "--out", study]);
    expect([code, stderr.includes("rror")]).toEqual([0, false]);
    printed = stdout;
  }, 60_000);

  it("is beside scores and the threshold on the terminal", () => {
    expect(printed).toContain("classification of state (bad, good)");
    expect(printed).toContain("Cross-validated f1 of good (mean");
    expect(printed).toContain("Decision threshold of good");
    for (const metric of ["precision", "recall", "f1", "rocAuc"])
      expect(printed).toMatch(new RegExp(`^  ${metric} of good +\\d`, "m"));
    expect(printed).toMatch(/^ {2}accuracy +\d/m);
    expect(printed).not.toContain("is the positive class of"); // it was chosen
  });

  it("is in the results, the report and the model file", async () => {
    const summary = JSON.parse(readFileSync(at("study", "summary.json"), "utf8"));
    expect([summary.positive, summary.baselines.positive]).toEqual(["good", "good"]);
    expect(summary.command.flags.positive).toBe("good");
    const report = readFileSync(at("study", "report.html"), "utf8");
    expect(report).toContain("recall of good");
    expect(report).toContain("decision threshold of good");
    expect(report).toContain("Best f1 of good");
    expect(readContents(readFileSync(model)).table?.classes).toEqual(["bad", "good"]);
    expect(JSON.parse((await fettle(["inspect", model, "--json"])).stdout).positive).toBe("good");
    expect((await fettle(["inspect", model])).stdout).toMatch(
      /^good, the positive class, from a probability above 0\.\d+$/m,
    );
  });

  it("is beside the metric that a dashboard and fettle studies have of a storage", async () => {
    const where = ["--storage", at("studies.db"), "--study", "first"];
    expect((await fettle(["tune", ...common, ...flags, ...where])).code).toBe(0);
    expect((await fettle(["studies", "show", ...where, "--markdown"])).stdout).toContain(
      "maximize f1 of good",
    );
    const storage = await sqliteStorage(at("studies.db"));
    const study = await storageSource(storage, "studies.db", false).open("first");
    const events: DashboardEvent[] = [];
    const stop = study?.follow(
      (event) => events.push(event),
      () => {},
    );
    await vi.waitFor(() => expect(events.some(({ type }) => type === "ready")).toBe(true));
    stop?.();
    expect(events.flatMap((event) => (event.type === "about" ? event.about.metrics : []))).toContain(
      "f1 of good",
    );
    await storage.close();
  });

  it("is what evaluate scores, which another class may be", async () => {
    const of = async (...more: string[]) =>
      JSON.parse((await fettle(["evaluate", model, table, "--json", ...more])).stdout);
    const [own, other] = [await of(), await of("--positive", "bad")];
    expect([own.positive, other.positive]).toEqual(["good", "bad"]);
    // by hand, from what is predicted
    const { stdout } = await fettle(["predict", model, table]);
    const predicted = parseCsv(stdout).rows.map(([word]) => word);
    const recall = (word: string) => {
      const all = rows.flatMap(({ state }, i) => (state === word ? [predicted[i] === word] : []));
      return all.filter(Boolean).length / all.length;
    };
    expect([own.scores.recall, other.scores.recall]).toEqual([recall("good"), recall("bad")]);
    expect(own.scores.accuracy).toBe(other.scores.accuracy);
    expect(other.scores.rocAuc).toBeCloseTo(own.scores.rocAuc, 6);
    expect((await fettle(["evaluate", model, table])).stdout).toMatch(/^ {2}precision of good +\d/m);
    expect((await fettle(["evaluate", model, table, "--positive", "Bad"])).stderr).toContain(
      'must be one of "bad", "good"; received "Bad"',
    );
  });

  it("is in exports, with the threshold", async () => {
    const predictor = await loadPredictor(readFileSync(model));
    const { code } = await fettle(["export", model, "--to", "js", "--out", at("js")]);
    expect(code).toBe(0);
    const text = readFileSync(at("js", "model.mjs"), "utf8");
    const module = await import(`data:text/javascript,${encodeURIComponent(text)}`);
    expect([module.positive, module.threshold]).toEqual(["good", predictor.threshold]);
    const { state: _, ...row } = rows[1];
    expect(module.predict({ ...row, a: Number(row.a), b: Number(row.b) }).class).toBe(
      predictor.classify([row])[0],
    );
  });

  it("is the rarer unless it is chosen, and that is said with the flag for the other", async () => {
    const { stdout } = await fettle(["tune", ...common]);
    expect(stdout.replace(/\s+/g, " ")).toContain(
      '"bad" is the positive class of "state", the rarer of the two; choose --positive good for the other',
    );
    expect(stdout).toMatch(/^ {2}recall of bad +\d/m);
    expect(stdout.replace(/\s+/g, " ")).toContain(
      "choose --threshold f1, or --cost missed=100,false=5 with the costs of errors",
    );
  });

  it.each([
    [["--positive", "Bad"], 'must be one of "bad", "good"; received "Bad"'],
    [["--cost", "missed=100"], "false of cost must be a finite number above 0; received undefined"],
    [["--cost", "missed=100,false=-5"], "false of cost must be a finite number above 0; received -5"],
    [["--cost", "missed=many,false=5"], 'missed of cost must be a finite number above 0; received "many"'],
    [
      ["--cost", "missed=100", "--cost", "false=0"],
      "false of cost must be a finite number above 0; received 0",
    ],
    [["--cost", "5"], "--cost must be a name and a value"],
    [["--cost", "missed=1,false=5", "--threshold", "f1"], "must be left out with cost"],
  ])("refuses %j", async (flags, message) => {
    const { code, stderr } = await fettle(["tune", ...common, ...flags]);
    expect([code, stderr.includes(message) || stderr]).toEqual([2, true]);
  });
});

describe("--cost and --unknown", () => {
  it("hold in the model file, in predict and in an export", async () => {
    const flags = ["--cost", "missed=100,false=5", "--unknown", "ignore", "--out", at("cost")];
    const { stdout } = await fettle(["tune", ...common, ...flags]);
    expect(stdout).toMatch(/^ {2}0\.\d+, by cost missed=100,false=5 on out-of-fold predictions$/m);
    const model = at("cost", "model.fettle");
    const again = readFileSync(at("cost", "report.html"), "utf8");
    expect(again).toMatch(/npx fettle tune table\.csv [^<]*--cost missed=100 --cost false=5/);
    const { table: described, notes } = readContents(readFileSync(model));
    expect([described?.unknown, notes.thresholdBy]).toEqual(["ignore", "cost missed=100,false=5"]);
    expect(described?.threshold).toBeLessThan(0.5);
    // the report counts the right rows by the threshold too
    const { test } = JSON.parse(readFileSync(at("cost", "summary.json"), "utf8"));
    const [, right, all] = /([\d,]+) of ([\d,]+) rows are right/.exec(again) ?? [];
    expect(Number(right) / Number(all)).toBeCloseTo(test.accuracy, 6);
    const others = rows.slice(0, 5).map(({ state: _, ...row }) => ({ ...row, name: "never seen" }));
    writeFileSync(at("others.csv"), csv(others));
    const predicted = parseCsv((await fettle(["predict", model, at("others.csv")])).stdout).rows.flat();
    expect(predicted.length).toBe(5);
    await fettle(["export", model, "--to", "js", "--out", at("cost-js")]);
    const text = readFileSync(at("cost-js", "model.mjs"), "utf8");
    const { predict } = await import(`data:text/javascript,${encodeURIComponent(text)}`);
    expect(others.map((row) => predict({ ...row, a: Number(row.a), b: Number(row.b) }).class)).toEqual(
      predicted,
    );
    expect((await fettle(["predict", model, at("others.csv"), "--unknown", "refuse"])).stderr).toContain(
      'received "never seen"',
    );
  });

  it("a column of names is warned of, and its model takes new ones unless it is told to refuse them", async () => {
    const { stdout } = await fettle(["tune", ...common, "--out", at("names")]);
    expect(stdout.replace(/\s+/g, " ")).toMatch(
      /warning: column "name" has 84 different words in 240 rows, so about 33 % of new rows .* leave the column out with --drop name, or refuse such rows with --unknown refuse/,
    );
    const unknownOf = (name: string) => readContents(readFileSync(at(name, "model.fettle"))).table?.unknown;
    expect(unknownOf("names")).toBe("ignore");
    await fettle(["tune", ...common, "--unknown", "refuse", "--out", at("refusing")]);
    expect(unknownOf("refusing")).toBeUndefined();
  });
});

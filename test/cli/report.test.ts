/** `fettle report`, and the reports that other commands write. What is in a report: test/report/html. */
import { execFile } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { sqliteStorage } from "fettle/store/sqlite";
import { describe, expect, it } from "vitest";
import { formatScore, formatValue } from "../../src/report/format.js";
import { fettle, folder, ownProcess, root, smallTable } from "./fettle.js";
import { without } from "./without.js";

const good = { "data.csv": smallTable() };
const TUNE = "tune data.csv --target y --trials 3 --epochs 2 --seed 4".split(" ");
const headings = (page: string): string[] =>
  [...page.matchAll(/<h2 id="([a-z]+)-title">/g)].map(([, id]) => id);
const read = (...parts: string[]): string => readFileSync(join(...parts), "utf8");
/** What the program that a report suggests prints, run as it is written. */
async function ranProgram(page: string, cwd: string): Promise<string> {
  const [program] = page.match(/import \{ readFile[^<]*/) as RegExpMatchArray;
  mkdirSync(join(cwd, "node_modules"));
  symlinkSync(root, join(cwd, "node_modules/fettle"), "dir");
  writeFileSync(join(cwd, "predict.mjs"), program.replace(/&quot;/g, '"'));
  const { stdout } = await promisify(execFile)(process.execPath, ["predict.mjs"], { cwd });
  rmSync(join(cwd, "node_modules"), { recursive: true });
  return stdout;
}

describe.concurrent("fettle report", () => {
  it("of a folder of fettle tune is what the command wrote at its end, with its data and model", async () => {
    const cwd = folder(good);
    const tuned = await fettle([...TUNE, "--out", "study"], cwd);
    expect(tuned.code).toBe(0);
    expect(tuned.stdout).toContain("Report: study/report.html");
    const written = read(cwd, "study/report.html");
    expect(headings(written)).toEqual(
      "answer use columns search matters training quality data repeat".split(" "),
    );
    // as fettle explain has them, on the same rows
    const explained = await fettle(["explain", "study/model.fettle", "data.csv", "--json"], cwd);
    const { importance } = JSON.parse(explained.stdout);
    const { columns, importance: worse, interval } = importance.columns[0];
    const figures = [worse, ...interval].map(formatScore);
    expect(written).toContain(`without ${columns[0]} by ${figures[0]}, ${figures[1]} to ${figures[2]}`);
    expect(await ranProgram(written, cwd)).toMatch(/class: '(low|high)'/);
    const again = await fettle(["report", "study"], cwd);
    expect(again).toEqual({ code: 0, stdout: "Written: study/report.html\n", stderr: "" });
    expect(read(cwd, "study/report.html")).toBe(written);
    // without its table, a note says what is left out
    rmSync(join(cwd, "data.csv"));
    const bare = await fettle(["report", "study", "--out", "new/bare.html"], cwd);
    expect(bare.code).toBe(0);
    expect(bare.stderr).toContain("no longer exists, so the report does not include the data");
    expect(headings(read(cwd, "new/bare.html"))).toEqual(
      "answer use search matters training repeat".split(" "),
    );
    expect(await ranProgram(read(cwd, "new/bare.html"), cwd)).toMatch(/class: '(low|high)'/);
    // nor without a model that can be read
    writeFileSync(join(cwd, "study/model.fettle"), "no model");
    const damaged = await fettle(["report", "study", "--out", "new/damaged.html"], cwd);
    expect([damaged.code, damaged.stderr]).toEqual([
      0,
      expect.stringContaining("the report does not include the model"),
    ]);
    expect(headings(read(cwd, "new/damaged.html"))).not.toContain("use");
  });

  it("says that a table has too many columns to be measured", async () => {
    const names = Array.from({ length: 800 }, (_, j) => `x${j}`);
    const lines = Array.from({ length: 60 }, (_, i) =>
      [...names.map((_, j) => (i * j) % 7), i % 2].join(","),
    );
    const cwd = folder({ "wide.csv": [[...names, "y"].join(","), ...lines].join("\n") });
    const fitted = await fettle("fit wide.csv --target y --epochs 1 --report wide.html".split(" "), cwd);
    expect(fitted.code).toBe(0);
    const page = read(cwd, "wide.html");
    expect(page).toContain(
      "<p>The table has 800 columns, too many to be measured for a report; the command explain measures them.</p>",
    );
  });

  it("shows cells as the table has them: days, and its own words for true and false", async () => {
    const rows = Array.from({ length: 40 }, (_, i) => {
      const day = new Date(Date.UTC(2009, 9, 16 + i)).toISOString().slice(0, 10);
      return `${day},${i % 2 ? "Yes" : "No"},${i < 20 ? "low" : "high"}`;
    });
    const cwd = folder({ "data.csv": `day,paid,y\n${rows.join("\n")}\n` });
    expect((await fettle([...TUNE, "--out", "study"], cwd)).code).toBe(0);
    const page = read(cwd, "study/report.html");
    expect(page).toContain("<td>2009-10-16, 2009-10-17, 2009-10-18</td>");
    expect(page).toContain("<td>No, Yes, No</td>");
    expect(page).not.toMatch(/12[56]\d{10}/);
    expect(page).toContain("new Date(&quot;2009-10-16&quot;), &quot;paid&quot;: &quot;No&quot;");
    expect(await ranProgram(page, cwd)).toMatch(/class: '(low|high)'/);
    const inspected = await fettle(["inspect", "data.csv"], cwd);
    expect(inspected.stdout).toContain("2009-10-16, 2009-10-17, 2009-10-18");
  });

  it("has the range test that lr-find wrote into the folder, and no other file", async () => {
    const cwd = folder(good);
    const found = await fettle(
      "lr-find data.csv --target y --steps 20 --out study/rates.json --json".split(" "),
      cwd,
    );
    expect(JSON.parse(read(cwd, "study/rates.json"))).toEqual(JSON.parse(found.stdout));
    expect((await fettle([...TUNE, "--out", "study"], cwd)).code).toBe(0);
    const suggested = JSON.parse(found.stdout).suggested as number;
    const said = `falls fastest at a rate of ${formatValue(suggested)}`;
    expect(read(cwd, "study/report.html")).toContain(said);
    writeFileSync(join(cwd, "study/rates.json"), '{ "rates": [1], "losses": [] }');
    const { code, stderr } = await fettle(["report", "study"], cwd);
    expect(code).toBe(0);
    expect(stderr).toContain('study/rates.json" is not a range test of fettle lr-find --out');
    expect(read(cwd, "study/report.html")).not.toContain('id="p-rates"');
  });

  it("of a study in a storage needs its name", async () => {
    const cwd = folder(good);
    const words = [...TUNE, "--storage", "studies.db", "--study", "first"];
    expect((await fettle(words, cwd)).code).toBe(0);
    const unnamed = await fettle(["report", "--storage", "studies.db"], cwd);
    expect(unnamed.code).toBe(2);
    expect(unnamed.stderr).toMatch(/--study must name a study of "\S+"\. Known: "\w+"/);
    const unknown = await fettle(["report", "--storage", "studies.db", "--study", "second"], cwd);
    expect(unknown.code).toBe(2);
    expect(existsSync(join(cwd, "report.html"))).toBe(false);
    const { code, stdout } = await fettle(["report", "--storage", "studies.db", "--study", "first"], cwd);
    expect({ code, stdout }).toEqual({ code: 0, stdout: "Written: report.html\n" });
    expect(headings(read(cwd, "report.html"))).toContain("quality");
    expect(read(cwd, "report.html")).not.toContain('id="p-rates"');
    // a range test among its artifacts
    const rates = {
      rates: [0.001, 0.0371, 1],
      losses: [2, 1.5, 3],
      smoothed: [2, 1.6, 2.5],
      reason: "found",
    };
    const said = async (bytes: string) => {
      const storage = await sqliteStorage(join(cwd, "studies.db"));
      await (await storage.open("first"))!.keep("rates.json", new TextEncoder().encode(bytes));
      await storage.close();
      const { code, stderr } = await fettle(["report", "--storage", "studies.db", "--study", "first"], cwd);
      expect(code).toBe(0);
      return { stderr, page: read(cwd, "report.html") };
    };
    const both = await said(JSON.stringify({ ...rates, suggested: 0.0371, belowMinimum: 0.0123 }));
    expect(both.page).toContain(
      "falls fastest at a rate of 0.0371; a tenth of the rate of the lowest loss is 0.0123.",
    );
    const none = await said(JSON.stringify({ ...rates, suggested: null, belowMinimum: null }));
    expect([none.stderr, none.page.includes('id="p-rates"'), none.page.includes("falls fastest at")]).toEqual(
      ["", true, false],
    );
    for (const wrong of [
      "{",
      "[]",
      JSON.stringify({ ...rates, losses: [2, "x", 3], suggested: 1, belowMinimum: 1 }),
    ]) {
      const { stderr, page } = await said(wrong);
      expect(stderr).toContain('note: "rates.json" is not a range test of fettle lr-find --out');
      expect(page).not.toContain('id="p-rates"');
    }
  });

  it("of a folder of fettle optimize has the command of the best, and each of several values", async () => {
    const space = JSON.stringify({ x: { type: "float", low: 0, high: 1 } });
    const cwd = folder({ "space.json": space });
    const words = "optimize --space space.json --trials 4 --metric height,width --out study".split(" ");
    // an opening brace of the program itself is written twice
    const program = ["--", "node", "-p", "JSON.stringify({{ height: {x} * {x}, width: 1 - {x} })"];
    const { code, stdout } = await fettle([...words, ...program], cwd);
    expect(code).toBe(0);
    expect(stdout).toContain("Report: study/report.html");
    const page = read(cwd, "study/report.html");
    expect(page).toContain("on the Pareto front of height and width");
    expect(page).toContain("npx fettle optimize");
    expect((await fettle(["report", "study"], cwd)).code).toBe(0);
    expect(headings(read(cwd, "study/report.html"))).toEqual(headings(page));
  });

  it("refuses what has no study, or none yet", async () => {
    const cwd = folder();
    mkdirSync(join(cwd, "empty"));
    writeFileSync(join(cwd, "empty/summary.json"), "{}");
    const missing = await fettle(["report", "nothing"], cwd);
    expect(missing.code).toBe(2);
    expect(missing.stderr).toContain('"nothing" must be a folder that fettle tune --out wrote');
    writeFileSync(join(cwd, "s.db"), "");
    expect((await fettle(["report", "s.db"], cwd)).stderr).toContain(
      '"s.db" must be a folder that fettle tune --out wrote; for a database: npx fettle report --storage s.db --study <name>',
    );
    for (const words of [["report"], ["report", "empty", "--storage", "s.db"]])
      expect((await fettle(words, cwd)).stderr).toContain("a folder must be given, or --storage and --study");
    expect((await fettle(["report", "empty", "--study", "a"], cwd)).stderr).toContain(
      "--study needs --storage",
    );
    const empty = await fettle(["report", "empty"], cwd);
    expect(empty.code).toBe(2);
    expect(empty.stderr).toContain('"empty" has no study.json: it is not a folder of --out, or its study');
  });

  it("says what to install where echarts is missing, and a study ends well without a report", async () => {
    const cwd = folder(good);
    const tuned = await ownProcess([...TUNE, "--out", "study"], cwd, without("echarts", cwd));
    expect(tuned.code).toBe(0);
    expect(tuned.stdout).toContain("No report: it needs the package echarts.");
    expect(existsSync(join(cwd, "study/report.html"))).toBe(false);
    const { code, stderr } = await ownProcess(["report", "study"], cwd, without("echarts", cwd));
    expect(code).not.toBe(0);
    expect(stderr).toContain("pictures need the package echarts; run npm install echarts");
  });
});

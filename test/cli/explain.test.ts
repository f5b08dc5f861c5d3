/** `fettle explain`, on the model of a study whose rows are known. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { fettle, folder, ownProcess, root } from "./fettle.js";

const iris = readFileSync(join(root, "examples/data/iris.csv"), "utf8");
const lines = iris.trim().split("\n");
const cwd = folder({
  "iris.csv": iris,
  // other rows, of which two have no species
  "other.csv": [
    lines[0],
    ...lines.slice(1, 140).reverse(),
    lines[141].replace(/[^,]*$/, ""),
    lines[142].replace(/[^,]*$/, ""),
  ].join("\n"),
});

const ran = async (...words: string[]) => fettle(["explain", "study/model.fettle", ...words], cwd);
const json = async (...words: string[]) => JSON.parse((await ran(...words, "--json")).stdout);

beforeAll(async () => {
  const tune = "tune iris.csv --target species --trials 2 --ensemble 1 --out study";
  expect((await fettle(tune.split(" "), cwd)).code).toBe(0);
}, 60_000);

describe("fettle explain", () => {
  it("uses the test rows of the table that the model was tuned on, and says so", async () => {
    const { stdout, stderr, code } = await ran("iris.csv");
    expect([code, stderr]).toEqual([
      0,
      "This is the table that the model was tuned on: only its 30 test rows, which no trial saw, are used.\n",
    ]);
    expect(stdout).toMatch(
      /^What decides species, on 30 rows of iris.csv\nIf a column is shuffled, the logLoss of /,
    );
    expect(stdout).toMatch(/\n {2}petal_(length|width)_cm +\d/);
    // the score on these rows is that of the study, on its test rows
    const summary = JSON.parse(readFileSync(join(cwd, "study/summary.json"), "utf8"));
    const { importance } = await json("iris.csv");
    expect([importance.rows, importance.score]).toEqual([30, summary.test.logLoss]);
  });

  it("uses all rows of another table that have the target", async () => {
    const { stdout, stderr } = await ran("other.csv", "--json");
    expect(stderr).toBe('2 of 141 rows lack target "species" and are left out.\n');
    const { importance, leftOut, dependence, pairs } = JSON.parse(stdout);
    expect([importance.of, leftOut, dependence.length, pairs.length]).toEqual([139, 2, 4, 2]);
  });

  it("asks for the file where the same table comes through a pipe", async () => {
    const { code, stderr } = await ownProcess(["explain", "study/model.fettle", "-"], cwd, { stdin: iris });
    expect([code, stderr]).toEqual([
      0,
      "If the model was tuned on this table, name its file, so that only the test rows are used.\n",
    ]);
  });

  it("says if the model was trained on all rows", { timeout: 60_000 }, async () => {
    const tune = "tune iris.csv --target species --trials 1 --ensemble 1 --test-size 0 --out all";
    await fettle(tune.split(" "), cwd);
    const { code, stderr } = await fettle(["explain", "all/model.fettle", "iris.csv"], cwd);
    expect([code, stderr]).toEqual([
      0,
      "The model was trained on these rows: importances show what it memorized. Use other rows.\n",
    ]);
  });

  it("explains a row, which needs no target", async () => {
    const first = await ran("iris.csv", "--row", "71");
    expect(first).toMatchObject({ code: 0, stderr: "" });
    expect(first.stdout).toMatch(/^Row 71 of iris.csv: species \w+\nThe probability of /);
    writeFileSync(join(cwd, "inputs.csv"), lines.map((line) => line.replace(/,[^,]*$/, "")).join("\n"));
    const [known, bare] = [await json("iris.csv", "--row", "71"), await json("inputs.csv", "--row", "71")];
    expect(bare).toEqual(known);
    expect(known.row).toBe(71);
    expect(known.contributions.map((each: { values: number[] }) => each.values[0]).sort()).toEqual(
      lines[71].split(",").slice(0, 4).map(Number).sort(),
    );
    for (const [k, prediction] of known.prediction.entries()) {
      const parts = known.contributions.map((each: { contribution: number[] }) => each.contribution[k]);
      expect(parts.reduce((a: number, b: number) => a + b, known.base[k])).toBeCloseTo(prediction, 10);
    }
  });

  it("keeps fixed columns, and turns to the class that is asked for", async () => {
    const { changes } = await json(
      "iris.csv",
      "--row",
      "1",
      "--to",
      "virginica",
      "--fixed",
      "sepal_width_cm,sepal_length_cm",
    );
    expect(changes.length).toBeGreaterThan(0);
    for (const { changes: its, class: turned } of changes) {
      expect(turned).toBe("virginica");
      for (const { column } of its) expect(column).toMatch(/^petal/);
    }
  });

  it("shuffles the groups that are named, by the metric that is named", async () => {
    const { importance } = await json(
      ..."other.csv --metric accuracy --group petal_length_cm,petal_width_cm --group sepal_width_cm".split(
        " ",
      ),
    );
    expect(importance.metric).toBe("accuracy");
    expect(importance.groups.map((each: { columns: string[] }) => each.columns)).toEqual([
      ["petal_length_cm", "petal_width_cm"],
      ["sepal_width_cm"],
    ]);
  });

  it("has the same bits for the same seed, and others for another", async () => {
    const [one, same, other] = [
      await ran("other.csv"),
      await ran("other.csv"),
      await ran("other.csv", "--seed", "1"),
    ];
    expect(same.stdout).toBe(one.stdout);
    expect(other.stdout).not.toBe(one.stdout);
  });

  it.each([
    ["--to virginica", "--to needs --row"],
    ["--fixed petal_width_cm", "--fixed needs --row"],
    ["--row 1 --metric f1", "--metric must be left out with --row"],
    ["--row 1 --group a", "--group must be left out with --row"],
    ["--row 151", "--row must be at most 150, the rows of the table; received 151"],
    ["--row 0", "--row must be a positive integer; received 0"],
    ["--row 1 --to blue", 'unknown class "blue"'],
    ["--row 1 --to setosa", "--to must be another class than the answer"],
    ["--row 1 --least 3", "--least must be left out for classes, one of which is the goal; received 3"],
    ["--row 1 --fixed width", 'unknown input "width"'],
    ["--metric r2", '--metric must be a metric of classes; received "r2"'],
    ["--group width", 'unknown input "width"'],
    ["--least x", "--least"],
  ])("refuses %s", async (words, message) => {
    const { code, stdout, stderr } = await ran("iris.csv", ...words.split(" "));
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toContain(message);
  });

  it("refuses a table without the target, and what is no model", async () => {
    writeFileSync(join(cwd, "bare.csv"), lines.map((line) => line.replace(/,[^,]*$/, "")).join("\n"));
    expect(await ran("bare.csv")).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('the column "species" must be present, to score against'),
    });
    expect(await fettle(["explain", "iris.csv", "iris.csv"], cwd)).toMatchObject({ code: 2 });
  });
});

/** Missing cells that only the rows to predict have, on the command line. Needs `dist/`. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseCsv } from "../../src/data/csv.js";
import { fettle as command, type Ended } from "./fettle.js";

const folder = mkdtempSync(join(tmpdir(), "fettle-missing-"));
afterAll(() => rmSync(folder, { recursive: true }));

const fettle = (...words: readonly string[]): Promise<Ended> => command(words, folder);

/** Whole rows to train on: a port of Q, an age of 44 on average, and not often fresh. */
const train = Array.from({ length: 48 }, (_, i) => {
  const port = i % 2 ? "Q" : "CS"[(i / 2) % 2];
  return `${20 + i + (i >= 24 ? 1 : 0)},${port},${i % 3 ? "no" : "yes"},${i % 2 || i > 30 ? "good" : "bad"}`;
});
writeFileSync(join(folder, "train.csv"), ["age,port,fresh,state", ...train].join("\n"));
const test = ["44,Q,no,good", "44,Q,,bad", ",Q,no,good", "44,NA,no,bad", ",,,good", "60,Q,no,good"];
writeFileSync(join(folder, "test.csv"), ["age,port,fresh,state", ...test].join("\n"));

const TUNE = ["tune", "train.csv", "--target", "state", "--trials", "2", "--epochs", "3", "--folds", "2"];
const ALL = ["--test-size", "0"]; // so that the final fit fills by every row

describe("--missing impute", () => {
  beforeAll(async () => {
    const { code, stderr } = await fettle(...TUNE, ...ALL, "--missing", "impute", "--out", "study");
    expect([code, stderr]).toEqual([0, ""]);
  });

  it("predicts rows that lack cells which every training row had, as filled by hand", async () => {
    const { code, stdout, stderr } = await fettle("predict", "study/model.fettle", "test.csv", "--proba");
    expect([code, stderr]).toEqual([0, ""]);
    const [first, ...others] = parseCsv(stdout).rows;
    const [whole] = others.splice(-1);
    for (const row of others) expect(row).toEqual(first);
    expect(whole).not.toEqual(first);
  });

  it("scores them too, and says which cells may be missing", async () => {
    const evaluated = await fettle("evaluate", "study/model.fettle", "test.csv", "--json");
    expect([evaluated.code, evaluated.stderr]).toEqual([0, ""]);
    expect(JSON.parse(evaluated.stdout).rows).toBe(6);
    const { stdout } = await fettle("inspect", "study/model.fettle");
    expect(stdout.match(/may be missing/g)).toHaveLength(3);
  });
});

it("rows without a target are left out of scores, and counted", async () => {
  await fettle("fit", "train.csv", "--target", "state", "--epochs", "3", "--out", "whole.fettle");
  const [head, ...lines] = ["age,port,fresh,state", ...train.slice(0, 9)];
  const blank = lines.map((line, i) => (i % 3 === 0 ? line.replace(/[^,]+$/, "") : line));
  writeFileSync(join(folder, "blank.csv"), [head, ...blank].join("\n"));
  writeFileSync(join(folder, "told.csv"), [head, ...lines.filter((_, i) => i % 3 !== 0)].join("\n"));
  const [some, all] = [
    await fettle("evaluate", "whole.fettle", "blank.csv", "--json"),
    await fettle("evaluate", "whole.fettle", "told.csv", "--json"),
  ];
  expect(some.stderr).toBe('3 of 9 rows lack target "state" and are left out.\n');
  expect(JSON.parse(some.stdout)).toEqual({ ...JSON.parse(all.stdout), leftOut: 3 });
});

it("a row of weight k counts as k rows, where rows are left out too, and a wrong weight is named by its row", async () => {
  await fettle("fit", "train.csv", "--target", "state", "--epochs", "3", "--out", "whole.fettle");
  const lines = train.slice(0, 9).map((line, i) => (i === 2 ? line.replace(/[^,]+$/, "") : line));
  const table = (name: string, head: string, rows: readonly string[]) =>
    writeFileSync(join(folder, name), [head, ...rows].join("\n"));
  table(
    "weighted.csv",
    "w,age,port,fresh,state",
    lines.map((line, i) => `${i % 4},${line}`),
  );
  table(
    "repeated.csv",
    "age,port,fresh,state",
    lines.flatMap((line, i) => Array<string>(i % 4).fill(line)),
  );
  const weighted = await fettle("evaluate", "whole.fettle", "weighted.csv", "--weight", "w", "--json");
  const repeated = await fettle("evaluate", "whole.fettle", "repeated.csv", "--json");
  const { scores, ...told } = JSON.parse(weighted.stdout);
  expect(told).toEqual({ rows: 8, leftOut: 1, positive: "bad", weight: "w" });
  const expected = JSON.parse(repeated.stdout).scores as Record<string, number>;
  expect(Object.keys(scores)).toEqual(Object.keys(expected));
  for (const [name, score] of Object.entries(expected)) expect(scores[name]).toBeCloseTo(score, 12);
  expect((await fettle("evaluate", "whole.fettle", "weighted.csv", "--weight", "w")).stdout).toContain(
    "Scores on 8 rows of weighted.csv, weighted by w",
  );
  table(
    "wrong.csv",
    "w,age,port,fresh,state",
    lines.map((line, i) => `${i === 4 ? -1 : 1},${line}`),
  );
  const wrong = await fettle("evaluate", "whole.fettle", "wrong.csv", "--weight", "w");
  expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringContaining("row 5 below the header")]);
});

it("rows without one of several targets are left out of scores, and counted", async () => {
  const lines = Array.from({ length: 24 }, (_, i) => `${i % 5},${i % 7},${(3 * i) % 8}`);
  const fileOf = (name: string, rows: readonly string[]) =>
    writeFileSync(join(folder, name), ["a,b,c", ...rows].join("\n"));
  fileOf("two.csv", lines);
  await fettle("fit", "two.csv", "--target", "b,c", "--epochs", "3", "--out", "two.fettle");
  fileOf("blank.csv", ["1,2,", ...lines.slice(0, 8), "1,,2"]);
  fileOf("told.csv", lines.slice(0, 8));
  const [some, all] = [
    await fettle("evaluate", "two.fettle", "blank.csv", "--json"),
    await fettle("evaluate", "two.fettle", "told.csv", "--json"),
  ];
  expect(some.stderr).toBe('2 of 10 rows lack target "b, c" and are left out.\n');
  expect(JSON.parse(some.stdout)).toEqual({ ...JSON.parse(all.stdout), leftOut: 2 });
});

describe("what a missing cell tells", () => {
  const lines = Array.from({ length: 60 }, (_, i) => (i % 2 ? "x,yes" : ",no"));
  writeFileSync(join(folder, "telling.csv"), ["a,b", ...lines].join("\n"));
  const scored = ["tune", "telling.csv", "--target", "b", "--trials", "2", "--epochs", "30", "--folds", "2"];
  const test = async (...flags: readonly string[]) => {
    const { code, stdout } = await fettle(...scored, "--missing", "impute", "--json", ...flags);
    expect(code).toBe(0);
    return JSON.parse(stdout).test as Record<string, number>;
  };

  it("is learnt: an empty category is one of its own", async () => {
    expect((await test()).accuracy).toBe(1);
  });

  it("is lost with --no-indicator", async () => {
    expect((await test("--no-indicator")).accuracy).toBeLessThan(0.8);
  });

  it("is said before the study, and so are rows that are left out", async () => {
    writeFileSync(
      join(folder, "holes.csv"),
      ["a,c,b", ...lines.map((line, i) => `${line.replace(",", `,${i < 9 ? "" : i},`)}`), "x,4,"].join("\n"),
    );
    const words = ["tune", "holes.csv", "--target", "b", "--trials", "1", "--epochs", "2", "--folds", "2"];
    const oneLine = (text: string) => text.replace(/\s+/g, " ");
    const imputed = oneLine((await fettle(...words, "--missing", "impute")).stdout);
    expect(imputed).toContain('1 of 61 rows (1.6 %) lack target "b" and are left out');
    expect(imputed).toContain(
      'whether "a" has a cell reveals "b"; if it is not known when predicting, leave it out with --drop a',
    );
    const dropped = oneLine((await fettle(...words, "--missing", "drop", "--drop", "a")).stdout);
    expect(dropped).toContain(
      '--missing drop leaves out 9 of 61 rows (14.8 %), most for gaps in "c" (9); --missing impute keeps them',
    );
  });
});

it("is named where a model without it refuses a row", async () => {
  const { code, stderr } = await fettle("fit", "train.csv", "--target", "state", "--epochs", "3");
  expect([code, stderr]).toEqual([0, ""]);
  const why =
    "a cell must be there, as in every training row; received none; train with --missing impute to fill it in";
  const predicted = await fettle("predict", "model.fettle", "test.csv");
  expect([predicted.code, predicted.stderr]).toEqual([
    2,
    `error: "test.csv": line 4, column "age": ${why}\n`,
  ]);
  // with rows that are left out in front
  writeFileSync(
    join(folder, "late.csv"),
    ["age,port,fresh,state", "40,Q,no,", "41,Q,no,", ...test].join("\n"),
  );
  for (const [file, row] of [
    ["test.csv", 3],
    ["late.csv", 5],
  ] as const) {
    const evaluated = await fettle("evaluate", "model.fettle", file);
    expect([evaluated.code, evaluated.stderr.split("\n").at(-2)]).toEqual([
      2,
      `error: "${file}": row ${row} below the header, column "age": ${why}`,
    ]);
  }
});

it("of rows left out in front, the report of a model counts them in the number of a row", async () => {
  // the rows held out are the last in time, and one of them is far off
  const lines = Array.from(
    { length: 40 },
    (_, i) => `${i},${i % 7},${i < 3 ? "" : i === 38 ? 90 : (i % 7) / 2 + i / 99}`,
  );
  writeFileSync(join(folder, "late.csv"), ["t,a,y", ...lines].join("\n"));
  const words = ["tune", "late.csv", "--target", "y", "--time", "t", "--drop", "t", "--test-size", "0.2"];
  const { code } = await fettle(...words, "--trials", "1", "--epochs", "1", "--folds", "2", "--out", "late");
  expect(code).toBe(0);
  const page = readFileSync(join(folder, "late", "report.html"), "utf8");
  expect(page).toContain("in row 39 below the header.");
});

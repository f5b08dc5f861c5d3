/** Missing cells that only the rows to predict have, on the command line. Needs `dist/`. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
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
  const evaluated = await fettle("evaluate", "model.fettle", "test.csv");
  expect([evaluated.code, evaluated.stderr]).toEqual([2, `error: "test.csv": row 2, column "age": ${why}\n`]);
});

/** `fettle predict --intervals` and `--sets`: columns, and refusals before anything is written. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, it } from "vitest";
import { loadPredictor } from "../../src/predict/predictor.js";
import { fettle, folder, root } from "./fettle.js";

const lines = readFileSync(join(root, "examples/data/iris.csv"), "utf8").trim().split("\n");
const cwd = folder({
  "iris.csv": lines.join("\n"),
  "few.csv": [lines[0], ...lines.slice(1).filter((_, i) => i % 10 === 0)].join("\n"),
});
const ran = async (words: string) => fettle(words.split(" "), cwd);

beforeAll(async () => {
  for (const [target, out] of [
    ["species", "classes"],
    ["petal_width_cm", "width"],
  ])
    expect((await ran(`tune iris.csv --target ${target} --trials 2 --ensemble 2 --out ${out}`)).code).toBe(0);
}, 60_000);

it("writes the ends of intervals after the prediction, as the predictor has them", async () => {
  const { stdout, code } = await ran("predict width/model.fettle few.csv --intervals --coverage 0.8");
  expect(code).toBe(0);
  const [head, ...rows] = stdout.trim().split("\n");
  expect(head).toBe("petal_width_cm,petal_width_cm_low,petal_width_cm_high");
  const predictor = await loadPredictor(readFileSync(join(cwd, "width/model.fettle")));
  const names = lines[0].split(",");
  const records = readFileSync(join(cwd, "few.csv"), "utf8")
    .trim()
    .split("\n")
    .slice(1)
    .map((line) => Object.fromEntries(line.split(",").map((cell, j) => [names[j], cell])));
  const { low, high } = predictor.predictIntervals(records, 0.8);
  for (const [i, row] of rows.entries())
    expect(row.split(",").map(Number)).toEqual([
      predictor.predict(records).get(i, 0),
      low.get(i, 0),
      high.get(i, 0),
    ]);
});

it("writes sets as words, of which one is the prediction", async () => {
  const { stdout } = await ran("predict classes/model.fettle few.csv --sets --coverage 0.99");
  const [head, ...rows] = stdout.trim().split("\n");
  expect(head).toBe("species,species_set");
  expect(rows).toHaveLength(15);
  const sets = rows.map((row) => row.split(","));
  for (const [name, words] of sets) expect(words.split(";")).toContain(name);
  expect(sets.some(([, words]) => words.includes(";"))).toBe(true);
});

it.each([
  ["classes", "--intervals", "intervals need a model of quantities; sets are for classes"],
  ["width", "--sets", "sets need a model of classes; intervals are for quantities"],
  ["width", "--intervals --coverage 0.999", "--coverage must be at most 0.99"],
  ["width", "--intervals --coverage 1", "--coverage must be a number of at least 0 and below 1; received"],
  ["width", "--intervals --coverage 0", "--coverage must be a probability between 0 and 1; received 0"],
])("of %s refuses %s before it writes a file", async (model, flags, message) => {
  const { code, stderr } = await ran(`predict ${model}/model.fettle few.csv ${flags} --out none.csv`);
  expect([code, existsSync(join(cwd, "none.csv"))]).toEqual([2, false]);
  expect(stderr).toContain(message);
});

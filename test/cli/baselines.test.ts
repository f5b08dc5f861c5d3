/** The models without tuning that `fettle tune` compares with: a linear one only as far as time allows. */
import { describe, expect, it } from "vitest";
import { baselinesFor } from "../../src/cli/tuneSearch.js";
import { toDataset } from "../../src/tune/trial/data.js";
import { divideRows } from "../../src/tune/trial/folds.js";

const [ROWS, COLUMNS] = [2700, 60];
const data = toDataset({
  x: Array.from({ length: ROWS }, (_, i) => Array.from({ length: COLUMNS }, (__, j) => (i * (j + 3)) % 17)),
  y: Array.from({ length: ROWS }, (_, i) => i % 2),
  task: "classification",
});
const rows = divideRows(data, { validation: { folds: 2 }, testSize: 0.1, seed: 0 });

// 2,430 rows of 60 numbers are 145,800: more than the 131,072 of a second
it.each([
  [1, false],
  [1.2, true],
  [undefined, true],
])("in %s seconds has a linear model: %s", async (seconds, has) => {
  const found = await baselinesFor(
    { data, rows, metrics: ["logLoss"] } as never,
    { indicator: undefined, ...(seconds !== undefined && { seconds }) } as never,
  );
  expect(found?.linear !== undefined).toBe(has);
});

describe("the linear model follows the flags of the training", () => {
  const x = Array.from({ length: 80 }, (_, i) => [i % 9, i % 5 === 0 ? Number.NaN : (i * 7) % 11]);
  // a missing cell tells the class
  const y = x.map(([a, b]) => Number(Number.isNaN(b) || a > 6));
  const small = toDataset({ x, y, task: "classification", missing: "impute" });
  const setup = {
    data: small,
    rows: divideRows(small, { validation: { folds: 2 }, testSize: 0.2, seed: 3 }),
    metrics: ["logLoss"],
  };
  const fitted = (flags: object, more = {}) =>
    baselinesFor({ ...setup, ...more } as never, { indicator: true, ...flags } as never);

  it.each<[string, object]>([
    ["weights of classes", { classWeight: { 0: 1, 1: 9 } }],
    ["no feature of missing cells", { indicator: false }],
  ])("%s", async (_, flags) => {
    const [usual, other] = [await fitted({}), await fitted(flags)];
    expect(other?.linear?.yPred).not.toEqual(usual?.linear?.yPred);
    expect(other?.constant).toEqual(usual?.constant);
  });

  it("and the metric that was tuned for", async () => {
    for (const name of ["accuracy", "logLoss"])
      expect((await fitted({}, { metrics: [name] }))?.metric.name).toBe(name);
  });
});

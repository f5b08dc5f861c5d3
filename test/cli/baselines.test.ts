/** The models without tuning that `fettle tune` compares with: a linear one only as far as time allows. */
import { expect, it } from "vitest";
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

/** Where a refused cell is in a file of more rows than are predicted at once. Needs `dist/`. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { fettle } from "./fettle.js";

const folder = mkdtempSync(join(tmpdir(), "fettle-places-"));
afterAll(() => rmSync(folder, { recursive: true }));

// numbers so close to each other that a scaled 1e38 is beyond float32
const line = (i: number): string => `${1 + (i % 64) / 2 ** 12},${i % 5}`;
beforeAll(async () => {
  writeFileSync(
    join(folder, "train.csv"),
    ["a,y", ...Array.from({ length: 60 }, (_, i) => line(i))].join("\n"),
  );
  const { code } = await fettle(
    ["fit", "train.csv", "--target", "y", "--task", "regression", "--epochs", "1"],
    folder,
  );
  expect(code).toBe(0);
});

const FAULT = 1500;
const rows = Array.from({ length: FAULT + 1 }, (_, i) => i);
const far = "values must be near enough to the training rows to be scaled";

it.each([
  [
    "a.csv",
    ["a", ...rows.map((i) => (i === FAULT ? "1e38" : "1"))].join("\n"),
    `line ${FAULT + 2}, column "a": ${far}`,
  ],
  [
    "far.json",
    JSON.stringify(rows.map((i) => ({ a: i === FAULT ? 1e38 : 1 }))),
    `records[${FAULT}], column "a": ${far}`,
  ],
  [
    "a.json",
    JSON.stringify(rows.map((i) => ({ a: i === FAULT ? { b: 1 } : 1 }))),
    `records[${FAULT}], column "a": a value must be a word, a number, a boolean, a date or null; received {"b":1}`,
  ],
  ["null.json", '[{"a":1},null]', "records[1] must be a plain object, such as { age: 31 }; received null"],
  ["number.json", '{"a":1}\n5', "records[1] must be a plain object, such as { age: 31 }; received 5"],
])("%s", async (file, text, place) => {
  writeFileSync(join(folder, file), text);
  const { code, stderr } = await fettle(["predict", "model.fettle", file], folder);
  expect(code).toBe(2);
  expect(stderr).toContain(`error: "${file}": ${place}`);
});

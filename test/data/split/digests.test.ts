/**
 * The divisions of earlier releases keep their bits, so that their studies can be replayed: checksums of row
 * ids, made by the code before splitters were a contract of their own.
 */
import { describe, expect, it } from "vitest";
import { crc32 } from "../../../src/crc32.js";
import type { Dataset } from "../../../src/data/dataset.js";
import { groupKFold } from "../../../src/data/split/groups.js";
import { kFold, stratifiedKFold } from "../../../src/data/split/kFold.js";
import { trainTestSplit, trainValidationTestSplit } from "../../../src/data/split/parts.js";
import { divideRows } from "../../../src/tune/trial/folds.js";

const ROWS = 90;
const labels = Array.from({ length: ROWS }, (_, i) => ((i * 7) % 11 < 4 ? 1 : 0));
const groups = Array.from({ length: ROWS }, (_, i) => (i * i) % 13);

/** The checksum of lists of row ids, with their lengths. */
function digest(divisions: readonly object[]): string {
  const parts: ArrayLike<number>[] = divisions.flatMap((division) => Object.values(division));
  const all = Int32Array.from(parts.flatMap((part) => [part.length, ...Array.from(part)]));
  return crc32(new Uint8Array(all.buffer)).toString(16);
}

function table(task: Dataset["task"], grouped: boolean): Dataset {
  const y = Float64Array.from(labels);
  return {
    task,
    target: "y",
    rows: ROWS,
    outputs: 1,
    y,
    columns: [y],
    inputs: [{ name: "x", kind: "number", categories: [], gaps: false }],
    labels: task === "classification" ? Int32Array.from(labels) : new Int32Array(0),
    classes: task === "classification" ? ["no", "yes"] : [],
    ...(grouped && { groups: Int32Array.from(groups) }),
  };
}

describe("row ids", () => {
  it.each([
    ["kFold", () => kFold(ROWS, { folds: 7, seed: 3 }), "acfc275f"],
    ["kFold without shuffling", () => kFold(ROWS, { folds: 7, shuffle: false }), "9e47e943"],
    ["stratifiedKFold", () => stratifiedKFold(labels, { folds: 4, seed: 5 }), "ed08da6c"],
    ["groupKFold", () => groupKFold(groups, { folds: 3, seed: 9 }), "6eaf4583"],
    ["trainTestSplit", () => [trainTestSplit(ROWS, { testSize: 0.3, seed: 2 })], "64325c77"],
    ["a stratified trainTestSplit", () => [trainTestSplit(ROWS, { seed: 2, stratify: labels })], "8c0c0fdd"],
    [
      "a stratified trainValidationTestSplit",
      () => [trainValidationTestSplit(ROWS, { seed: 4, stratify: labels, validationSize: 0.1 })],
      "9816169c",
    ],
  ] as const)("of %s", (_, divide, expected) => {
    expect(digest(divide())).toBe(expected);
  });

  it.each([
    ["regression", false, 0, { folds: 5 }, "4dfe1846"],
    ["regression", false, 0.2, { folds: 5 }, "44b530d6"],
    ["regression", false, 0.2, { split: 0.3 }, "6a525852"],
    ["classification", false, 0, { folds: 3 }, "620b13be"],
    ["classification", false, 0.25, { folds: 3 }, "642fe9aa"],
    ["classification", false, 0, { split: 0.3 }, "6577f74e"],
    ["classification", true, 0, { folds: 3 }, "6e60efd3"],
    ["classification", true, 0.2, { folds: 3 }, "c1d6d34c"],
    ["regression", true, 0.2, { split: 0.3 }, "3b1407a7"],
  ] as const)(
    "of a study: %s, groups: %s, testSize: %s, %j",
    (task, grouped, testSize, validation, expected) => {
      const { folds } = divideRows(table(task, grouped), { validation, testSize, seed: 11 });
      expect(digest(folds)).toBe(expected);
    },
  );
});

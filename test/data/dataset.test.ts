import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { encodeTable, oneHot } from "../../src/data/dataset.js";
import { readTable } from "../../src/data/table.js";
import { refusal } from "./refusal.js";

const table = readTable(
  ["id,size,color,fresh,grade,price", "7,4,red,yes,1,2.5", "8,1,blue,no,3,1", "9,2,red,no,2,0.5"].join("\n"),
);
const gaps = readTable(
  ["size,color,fresh,good", "4,red,yes,1", ",blue,no,0", "2,,no,0", "3,red,,1", "5,green,yes,0"].join("\n"),
);

describe("encodeTable: inputs", () => {
  it("keeps numbers and booleans and makes categories one-hot", () => {
    const { features, x, rows } = encodeTable(table, { target: "price", drop: ["id", "grade"] });
    expect(features).toEqual([
      { name: "size", column: "size", kind: "number" },
      { name: "color=blue", column: "color", kind: "category" },
      { name: "color=red", column: "color", kind: "category" },
      { name: "fresh", column: "fresh", kind: "boolean" },
    ]);
    expect(rows).toBe(3);
    expect(x).toEqual(Float64Array.of(4, 0, 1, 1, 1, 1, 0, 0, 2, 0, 1, 0));
  });

  it("drops rows with a missing cell in a column in use, and values left without a row", () => {
    const all = encodeTable(gaps, { target: "good", missing: "drop" });
    expect([all.rows, [...all.x], all.features.map(({ name }) => name)]).toEqual([
      2,
      [4, 0, 1, 1, 5, 1, 0, 1],
      ["size", "color=green", "color=red", "fresh"],
    ]);
  });

  it("leaves NaN in every feature of a missing cell when it is to be imputed", () => {
    const { x, rows, features } = encodeTable(gaps, { target: "good", missing: "impute" });
    expect([rows, features.length]).toEqual([5, 5]);
    const missing = [...x]
      .map((value, k) => (Number.isNaN(value) ? [Math.floor(k / 5), k % 5] : []))
      .filter((place) => place.length > 0);
    expect(missing).toEqual([
      [1, 0],
      [2, 1],
      [2, 2],
      [2, 3],
      [3, 4],
    ]);
  });

  it("gives a category one 1 a row, in the feature named after its cell", () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom("a", "b", "c", "d"), { minLength: 2 }), (cells) => {
        const text = ["word,y", ...cells.map((cell, i) => `${cell},${i + 0.5}`)].join("\n");
        const { x, features, rows } = encodeTable(readTable(text), { target: "y" });
        expect(features.map(({ name }) => name)).toEqual(
          [...new Set(cells)].sort().map((cell) => `word=${cell}`),
        );
        for (let i = 0; i < rows; i++) {
          const hot = features.filter((_, j) => x[i * features.length + j] === 1);
          expect(hot.map(({ name }) => name)).toEqual([`word=${cells[i]}`]);
        }
      }),
    );
  });
});

describe("encodeTable: target", () => {
  const target = (cells: readonly (string | number)[], task?: "classification" | "regression") =>
    encodeTable(readTable(["x,y", ...cells.map((cell, i) => `${i},${cell}`)].join("\n")), {
      target: "y",
      ...(task && { task }),
    });

  it("takes a quantity as it is", () => {
    expect(target([2.5, 1, 1e9 + 0.5])).toMatchObject({
      task: "regression",
      outputs: 1,
      y: Float64Array.of(2.5, 1, 1e9 + 0.5),
      classes: [],
    });
  });

  it("codes two classes as 0 and 1 in one column", () => {
    const expected = {
      task: "classification",
      outputs: 1,
      y: Float64Array.of(1, 0, 1),
      labels: Int32Array.of(1, 0, 1),
    };
    expect(target(["m", "b", "m"])).toMatchObject({ ...expected, classes: ["b", "m"] });
    expect(target(["yes", "No", "yes"])).toMatchObject({ ...expected, classes: ["no", "yes"] });
    expect(target([2, -1, 2])).toMatchObject({ ...expected, classes: ["-1", "2"] });
  });

  it("codes several classes one-hot, numbers in order of value", () => {
    const { y, ...rest } = target([10, 9, 100]);
    expect(rest).toMatchObject({
      task: "classification",
      outputs: 3,
      labels: Int32Array.of(1, 0, 2),
      classes: ["9", "10", "100"],
    });
    expect(y).toEqual(Float64Array.of(0, 1, 0, 1, 0, 0, 0, 0, 1));
  });

  it("takes up to 20 distinct integers as classes, unless told", () => {
    const integers = (n: number) => Array.from({ length: n }, (_, i) => i);
    expect(target(integers(20)).task).toBe("classification");
    expect(target(integers(21)).task).toBe("regression");
    expect(target([0, 1, 0.5]).task).toBe("regression");
    expect(target(integers(3), "regression").task).toBe("regression");
    expect(target([0.5, 1.5], "classification").classes).toEqual(["0.5", "1.5"]);
  });

  it("names classes among the rows kept only", () => {
    const some = readTable("x,y\n1,a\n,b\n2,c\n3,a\n");
    expect(encodeTable(some, { target: "y", missing: "drop" }).classes).toEqual(["a", "c"]);
  });
});

describe("encodeTable: refusals", () => {
  const words = readTable(["id,y", ...Array.from({ length: 1001 }, (_, i) => `w${i},${i % 2}`)].join("\n"));
  const hollow = readTable("a,b,y\n,1,0\n,2,1\n");
  const noTarget = readTable("x,y\n1,0\n2,\n3,1\n");

  it.each<[string, () => unknown, RegExp]>([
    [
      "an unknown target",
      () => encodeTable(table, { target: "sizes" }),
      /^unknown_name: unknown column "sizes". Did you mean "size"\? Known: id, size, color, fresh, grade, price/,
    ],
    [
      "an unknown column to drop",
      () => encodeTable(table, { target: "price", drop: ["colour"] }),
      /^unknown_name: .*"colour"/,
    ],
    [
      "a dropped target",
      () => encodeTable(table, { target: "price", drop: ["price"] }),
      /^invalid_argument: .*"price"/,
    ],
    [
      "no input left",
      () => encodeTable(noTarget, { target: "y", drop: ["x"] }),
      /^invalid_argument: no input is left/,
    ],
    [
      "an unknown task",
      () => encodeTable(table, { target: "price", task: "ranking" as "auto" }),
      /^unknown_name: unknown task "ranking"/,
    ],
    [
      "an unknown rule",
      () => encodeTable(table, { target: "price", missing: "mean" as "drop" }),
      /^unknown_name: .*"mean".*refuse, drop, impute/,
    ],
    [
      "a missing cell by default",
      () => encodeTable(gaps, { target: "good" }),
      /^invalid_data: column "size" .* 1 of 5 are missing, the first in row 2/,
    ],
    [
      "a missing target when imputing",
      () => encodeTable(noTarget, { target: "y", missing: "impute" }),
      /^invalid_data: column "y" .* 1 of 3 are missing/,
    ],
    [
      "rows that all have a gap",
      () => encodeTable(hollow, { target: "y", missing: "drop" }),
      /^invalid_data: every row has a missing cell/,
    ],
    [
      "a column without a cell",
      () => encodeTable(hollow, { target: "y", missing: "impute" }),
      /^invalid_data: column "a" has no cell/,
    ],
    [
      "words for a quantity",
      () => encodeTable(table, { target: "color", task: "regression" }),
      /^invalid_data: regression needs .*"color" holds \["blue","red"\]/,
    ],
    [
      "a single class",
      () => encodeTable(readTable("x,y\n1,a\n2,a\n"), { target: "y" }),
      /^invalid_data: .*"y" must differ between rows, but is "a" in all 2/,
    ],
    [
      "a constant quantity",
      () => encodeTable(readTable("x,y\n1,2.5\n2,2.5\n"), { target: "y" }),
      /^invalid_data: .*is "2.5" in all 2/,
    ],
    [
      "ids as a category",
      () => encodeTable(words, { target: "y" }),
      /^invalid_data: column "id" has 1001 distinct values/,
    ],
    [
      "ids as classes",
      () => encodeTable(words, { target: "id" }),
      /^invalid_data: column "id" has 1001 distinct values/,
    ],
  ])("refuses %s", (_, run, message) => {
    expect(refusal(run)).toMatch(message);
  });
});

describe("oneHot", () => {
  it("refuses a label that is no class", () => {
    for (const label of [3, -1, 0.5, NaN])
      expect(refusal(() => oneHot([0, label], 3))).toMatch(/^invalid_data: labels .*label 1 is/);
  });
});

describe("the tables in examples/data", () => {
  // Counts as the tables' sources state them.
  it.each([
    ["breast-cancer", "diagnosis", 569, 30, 1, [357, 212]],
    ["iris", "species", 150, 4, 3, [50, 50, 50]],
    ["wine", "cultivar", 178, 13, 3, [59, 71, 48]],
    ["digits", "digit", 1797, 64, 10, [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]],
    ["diabetes", "progression", 442, 10, 1, []],
  ])("%s", (name, target, rows, features, outputs, classes) => {
    const text = readFileSync(new URL(`../../examples/data/${name}.csv`, import.meta.url), "utf8");
    const dataset = encodeTable(readTable(text), { target });
    expect([dataset.rows, dataset.features.length, dataset.outputs]).toEqual([rows, features, outputs]);
    expect(
      dataset.classes.map((_, label) => dataset.labels.filter((other) => other === label).length),
    ).toEqual(classes);
    expect(dataset.x.length).toBe(rows * features);
    expect(dataset.x.every(Number.isFinite)).toBe(true);
  });
});

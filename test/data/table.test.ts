import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseCsv } from "../../src/data/csv.js";
import { columnNamed, readTable } from "../../src/data/table.js";
import { cases } from "../cases.js";
import { refusal } from "./refusal.js";

const only = (cells: readonly string[]) =>
  readTable(["c", ...cells.map((cell) => `"${cell}"`), '"end"'].join("\n"), { na: ["end"], defaultNa: false })
    .columns[0];

describe("columns of numbers", () => {
  it("are in float32 exactly where it holds each of them, and the same numbers either way", () => {
    const narrow = fc
      .double({ noNaN: true, noDefaultInfinity: true, max: 3e38, min: -3e38 })
      .map((value) => Math.fround(value) + 0);
    const wide = fc
      .double({ noNaN: true, noDefaultInfinity: true, max: 3e38, min: -3e38 })
      .map((value) => value + 0);
    fc.assert(
      fc.property(
        fc.array(fc.oneof({ weight: 20, arbitrary: narrow }, wide), { minLength: 1, maxLength: 60 }),
        (cells) => {
          for (const text of [cells.map(String), cells.map((cell) => `${cell} %`)]) {
            const { values } = readTable(["c,d", ...text.map((cell) => `${cell},w`)].join("\n"), {
              decimal: ".",
            }).columns[0];
            expect(values).toEqual(
              (cells.every((cell) => Math.fround(cell) === cell) ? Float32Array : Float64Array).from(cells),
            );
          }
        },
      ),
      { numRuns: cases(200) },
    );
  });
});

describe("readTable", () => {
  it("infers numbers, booleans and categories", () => {
    const { columns, rows } = readTable("n,b,w,c\n1,true,Yes,red\n-2.5e1,FALSE,no,Blue\n .5 ,true,NO,red\n");
    expect(rows).toBe(3);
    expect(columns).toEqual([
      { name: "n", kind: "number", values: Float32Array.of(1, -25, 0.5), categories: [] },
      { name: "b", kind: "boolean", values: Float32Array.of(1, 0, 1), categories: ["FALSE", "true"] },
      { name: "w", kind: "boolean", values: Float32Array.of(1, 0, 0), categories: ["no", "Yes"] },
      { name: "c", kind: "category", values: Float32Array.of(1, 0, 1), categories: ["Blue", "red"] },
    ]);
  });

  it("reads missing cells of every kind as NaN, in any case, or the words given", () => {
    const { columns } = readTable("n,b,c\n1,yes,x\n?,na,\nN/A,,NULL\n");
    expect(columns.map(({ kind }) => kind)).toEqual(["number", "boolean", "category"]);
    for (const { values } of columns) expect([...values].map(Number.isNaN)).toEqual([false, true, true]);
    const chosen = readTable("n,c\n-,?\n2,NA\n", { na: ["-"], defaultNa: false }).columns;
    expect(chosen[0].values).toEqual(Float32Array.of(NaN, 2));
    expect(chosen[1].categories).toEqual(["?", "NA"]);
  });

  it("gives a column without cells a kind of its own, or the one that is given", () => {
    const empty = { name: "a", values: Float32Array.of(NaN, NaN), categories: [] };
    const read = (options = {}) => readTable("a,b\n,1\n,2\n", options).columns[0];
    expect(read()).toEqual({ ...empty, kind: "empty", reason: "has no cells" });
    expect(read({ as: { a: "number" } })).toEqual({ ...empty, kind: "number" });
  });

  it("treats only decimal numbers as numbers, and only one pair of words as booleans", () => {
    for (const word of ["0x10", "1e", "--1", ".", "12a", "+", "1,00,0", "0,123.5", "1_00"])
      expect(only(["1", word]).kind).toBe("category");
    for (const number of ["+1", "1.", ".5", "1E5", "-0", "007"]) expect(only([number]).kind).toBe("number");
    expect(only(["yes", "true"]).kind).toBe("category");
    expect(only(["inf", "red"]).kind).toBe("category");
  });

  it("reads every number as JavaScript writes it", () => {
    const number = fc.double({ noNaN: true, noDefaultInfinity: true, min: -3e38, max: 3e38 });
    fc.assert(
      fc.property(fc.array(number, { minLength: 1 }), (numbers) => {
        const { values } = only(numbers.map(String));
        expect([...values.subarray(0, -1)]).toEqual(numbers.map((x) => x + 0)); // −0 is written "0"
      }),
    );
  });

  it.each(["inf", "-Infinity", "1e999", "4e38"])("refuses %s among numbers, with column and line", (word) => {
    expect(refusal(() => readTable(`a,b\n1,2\n3,${word}\n`))).toBe(
      `invalid_data: line 3, column "b": numbers must be finite and fit float32; received ${word}; correct it, or leave ` +
        "it empty if it is missing",
    );
  });

  it("names every column with a number that it cannot hold, with its first line", () => {
    expect(refusal(() => readTable("a,b,c\n1,2,inf\n3,1e39,4\nx,4e39,1\n"))).toMatch(
      /^invalid_data: line 3, column "b": .* received 1e39; .*\nline 2, column "c": .* received inf; /,
    );
  });

  it.each<[string, () => unknown, string]>([
    [
      "a number",
      () => readTable(5 as never),
      "invalid_argument: the text of a table must be a string, or strings; received 5",
    ],
    [
      "no text",
      () => readTable(undefined as never),
      "invalid_argument: the text of a table must be a string, or strings; received undefined",
    ],
    [
      "an unknown option",
      () => readTable("a\n1", { separator: ";" } as never),
      'unknown_name: unknown option of readTable "separator". Known: delimiter, header, limits, na, defaultNa, decimal, dateOrder, as, ignoreCase, schema, unknown.',
    ],
    [
      "a word that is not in a list",
      () => readTable("a\n1", { na: "-" as never }),
      'invalid_argument: na must be an array of words, such as ["NA", "-"]; received "-"',
    ],
    [
      "options that are not an object",
      () => parseCsv("a\n1", ";" as never),
      'invalid_argument: the options of parseCsv must be an object; received ";"',
    ],
    [
      "a delimiter that is not a string",
      () => parseCsv("a\n1", { delimiter: 5 as never }),
      "invalid_argument: delimiter must be one character other than a quote or a line end; received 5",
    ],
  ])("refuses %s", (_, run, message) => {
    expect(refusal(run)).toBe(message);
  });

  it("refuses what parseCsv refuses", () => {
    expect(refusal(() => readTable("a,b\n1\n"))).toMatch(/^invalid_data: line 2/);
  });
});

describe("columnNamed", () => {
  it("finds a column, or names those that exist", () => {
    const table = readTable("size,color\n1,red\n");
    expect(columnNamed(table, "color")).toBe(table.columns[1]);
    expect(refusal(() => columnNamed(table, "colour"))).toBe(
      'unknown_name: unknown column "colour". Did you mean "color"? Known: size, color.',
    );
  });
});

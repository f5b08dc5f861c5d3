import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { columnNamed, readTable } from "../../src/data/table.js";
import { refusal } from "./refusal.js";

const only = (cells: readonly string[]) =>
  readTable(["c", ...cells.map((cell) => `"${cell}"`), '"end"'].join("\n"), { missing: ["", "end"] })
    .columns[0];

describe("readTable", () => {
  it("infers numbers, booleans and categories", () => {
    const { columns, rows } = readTable("n,b,w,c\n1,true,Yes,red\n-2.5e1,FALSE,no,Blue\n .5 ,true,NO,red\n");
    expect(rows).toBe(3);
    expect(columns).toEqual([
      { name: "n", kind: "number", values: Float64Array.of(1, -25, 0.5), categories: [] },
      { name: "b", kind: "boolean", values: Float64Array.of(1, 0, 1), categories: ["false", "true"] },
      { name: "w", kind: "boolean", values: Float64Array.of(1, 0, 0), categories: ["no", "yes"] },
      { name: "c", kind: "category", values: Float64Array.of(1, 0, 1), categories: ["Blue", "red"] },
    ]);
  });

  it("reads missing cells of every kind as NaN, in any case, and lets the words be chosen", () => {
    const { columns } = readTable("n,b,c\n1,yes,x\n?,na,\nN/A,,NULL\n");
    expect(columns.map(({ kind }) => kind)).toEqual(["number", "boolean", "category"]);
    for (const { values } of columns) expect([...values].map(Number.isNaN)).toEqual([false, true, true]);
    const chosen = readTable("n,c\n-,?\n2,NA\n", { missing: ["-"] }).columns;
    expect(chosen[0].values).toEqual(Float64Array.of(NaN, 2));
    expect(chosen[1].categories).toEqual(["?", "NA"]);
  });

  it("takes a column without any cell as numbers", () => {
    expect(readTable("a,b\n,1\n,2\n").columns[0]).toEqual({
      name: "a",
      kind: "number",
      values: Float64Array.of(NaN, NaN),
      categories: [],
    });
  });

  it("takes only decimal numbers as numbers, and only one pair of words as booleans", () => {
    for (const word of ["0x10", "1,000", "1e", "--1", ".", "1_000", "12a", "+"])
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

  it.each(["NaN", "inf", "-Infinity", "1e999", "4e38"])(
    "refuses %s among numbers, with column and line",
    (word) => {
      expect(refusal(() => readTable(`a,b\n1,2\n3,${word}\n`))).toMatch(
        /^invalid_data: line 3, column "b": .*finite/,
      );
    },
  );

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

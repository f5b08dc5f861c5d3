import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseCsv } from "../../src/data/csv.js";
import { refusal } from "./refusal.js";

/** RFC 4180 quoting, written apart from the parser under test. */
const quote = (cell: string): string => `"${cell.replaceAll('"', '""')}"`;
const plain = (cell: string): boolean => /^[^",;|\t\r\n]*$/.test(cell);
const cell = fc.string({
  unit: fc.constantFrom("a", "B", "7", " ", ",", ";", '"', "\n", "|", "\t", "é", "𝄞"),
  maxLength: 6,
});

describe("parseCsv", () => {
  it("reads quoted cells with delimiters, line ends and doubled quotes", () => {
    const csv = parseCsv('name,note\n"Smith, J.","said ""no""\nand left"\nLee,\n');
    expect(csv).toEqual({
      columns: ["name", "note"],
      notes: [],
      rows: [
        ["Smith, J.", 'said "no"\nand left'],
        ["Lee", ""],
      ],
      lines: [2, 4],
    });
  });

  it("skips a byte order mark and blank lines at the end, and accepts any line end", () => {
    const expected = parseCsv("a,b\n1,2\n3,4");
    for (const text of [
      "\ufeffa,b\n1,2\n3,4\n",
      "a,b\r\n1,2\r\n3,4\r\n\r\n",
      "a,b\r1,2\r3,4",
      "a,b\n1,2\r\n3,4\n \n\n",
    ]) {
      expect(parseCsv(text)).toEqual(expected);
    }
  });

  it("guesses the delimiter from the header, unless it is given", () => {
    expect(parseCsv("a;b;c\n1,5;2;3").rows).toEqual([["1,5", "2", "3"]]);
    expect(parseCsv("a\tb\n1\t2").columns).toEqual(["a", "b"]);
    expect(parseCsv('"x;y;z",b\n1,2').columns).toEqual(["x;y;z", "b"]);
    expect(parseCsv("a,b;c\n1,2;3").columns).toEqual(["a", "b;c"]); // the comma on a tie
    expect(parseCsv("only\n1").rows).toEqual([["1"]]);
    expect(parseCsv("a,b;c\n1,2;3", { delimiter: ";" }).columns).toEqual(["a,b", "c"]);
  });

  it("keeps a blank line in the middle of a table of one column as an empty cell", () => {
    expect(parseCsv("a\n1\n\n2\n\n").rows).toEqual([["1"], [""], ["2"]]);
  });

  it("returns the cells that were quoted, whatever they hold", () => {
    const table = fc.integer({ min: 1, max: 4 }).chain((width) =>
      fc.array(fc.array(fc.tuple(cell, fc.boolean()), { minLength: width, maxLength: width }), {
        minLength: 1,
        maxLength: 6,
      }),
    );
    fc.assert(
      fc.property(table, fc.constantFrom("\n", "\r\n"), (rows, lineEnd) => {
        const header = rows[0].map((_, j) => `c${j}`);
        const text = [
          header.join(","),
          ...rows.map((row) =>
            row
              .map(([value, bare]) => (bare && plain(value) && value !== "" ? value : quote(value)))
              .join(","),
          ),
        ].join(lineEnd);
        const values = rows.map((row) => row.map(([value]) => value));
        // Blank rows at the end are skipped by rule, so they are no part of the promise.
        while (
          values.length > 0 &&
          values[values.length - 1].length === 1 &&
          values[values.length - 1][0].trim() === ""
        )
          values.pop();
        fc.pre(values.length > 0);
        const csv = parseCsv(text, { delimiter: "," });
        expect(csv.columns).toEqual(header);
        expect(csv.rows).toEqual(values);
        const lines = values.map((_, i) => 2 + i + values.slice(0, i).flat().join("").split("\n").length - 1);
        expect(csv.lines).toEqual(lines);
      }),
    );
  });

  it.each([
    ["an empty text", "", /^invalid_data: .*empty/],
    ["blank lines alone", " \n\r\n", /^invalid_data: .*empty/],
    ["a header alone", "a,b\n\n", /^invalid_data: .*only a header line$/],
    [
      "a path",
      "data/wine.csv",
      /only a header line, "data\/wine\.csv"; if that is the path of a file, read its text first$/,
    ],
    ["a short row", "a,b\n1,2\n3\n4,5", /^invalid_data: line 3: .*2 cells.* received 1/],
    [
      "a long row after a quoted line end",
      'a,b\n"x\ny",2\n3,4,5',
      /^invalid_data: line 4: .*2 cells.* received 3/,
    ],
    ["a blank line in the middle", "a,b\n1,2\n\n3,4", /^invalid_data: line 3: .* received 1/],
    ["an unterminated quote", 'a,b\n1,2\n3,"4\n5,6\n', /^invalid_data: line 3: .*never closed/],
    ["text after a closing quote", 'a,b\n1,2\n"3"x,4\n', /^invalid_data: line 3: .*followed by more text/],
    [
      "a first line of numbers",
      "1,-2.5\n3,4",
      /^invalid_data: line 1: a header line must name the columns; received \["1","-2.5"\]; choose header: false if there is none, or header: true if these are names$/,
    ],
  ])("refuses %s", (_, text, message) => {
    expect(refusal(() => parseCsv(text))).toMatch(message);
  });

  it("gives other names to columns whose name is empty or repeated, and says so", () => {
    const { columns, notes } = parseCsv("a,,a, a ,a (2)\n1,2,3,4,5");
    expect(columns).toEqual(["a", "column 2", "a (3)", "a (4)", "a (2)"]);
    expect(notes).toEqual([
      'column 2 has no name; it is read as "column 2"',
      'column 3 repeats the name "a"; it is read as "a (3)"',
      'column 4 repeats the name "a"; it is read as "a (4)"',
    ]);
  });

  it("skips a byte order mark before a quote, and takes a first line with a word for names", () => {
    expect(parseCsv('\ufeff"a,b",2023\n1,2').columns).toEqual(["a,b", "2023"]);
  });

  it("reads a first line as it is told to", () => {
    expect(parseCsv("2023,2024\n1,2", { header: true })).toMatchObject({
      columns: ["2023", "2024"],
      rows: [["1", "2"]],
      lines: [2],
    });
    expect(parseCsv("1,a\n2,b", { header: false })).toEqual({
      columns: ["column 1", "column 2"],
      notes: [],
      rows: [
        ["1", "a"],
        ["2", "b"],
      ],
      lines: [1, 2],
    });
    expect(refusal(() => parseCsv("a\n1", { header: "no" as never }))).toBe(
      'invalid_argument: header must be true or false; received "no"',
    );
  });

  it("refuses an impossible delimiter", () => {
    for (const delimiter of ["", "::", '"', "\n"]) {
      expect(refusal(() => parseCsv("a\n1", { delimiter }))).toMatch(/^invalid_argument: delimiter/);
    }
  });
});

it("reads 10,000 random tables as Python's csv module does", () => {
  const stored = gunzipSync(readFileSync(new URL("python-csv.json.gz", import.meta.url)));
  const { tables } = JSON.parse(stored.toString()) as {
    tables: [delimiter: string, text: string, rows: string[][]][];
  };
  expect(tables.length).toBe(10_000);
  for (const [delimiter, text, rows] of tables)
    expect(parseCsv(text, { delimiter, header: false }).rows).toEqual(rows);
});

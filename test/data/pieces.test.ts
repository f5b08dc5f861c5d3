/**
 * Text in pieces is the text; numbers among digits that are read in place are JavaScript's own; columns that
 * turn out to be words.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readRecords, readTable } from "../../src/data/table.js";
import { cases } from "../cases.js";
import { refusal } from "./refusal.js";

/** More rows than those whose text is kept. */
const MANY = 70;
const plain = Array.from({ length: MANY }, (_, i) => String(i % 7));
const tableOf = (cells: readonly string[], options = {}) =>
  readTable(`a\n${cells.map((cell) => (cell === "" ? '""' : cell)).join("\n")}\n`, options);

describe("a text in pieces", () => {
  const cell = fc.oneof(
    fc.constantFrom("", "1", "-2.5", '"a ""b"""', '"x\ny"', '"u\r\nv"', "é", "𝄞", "1,5", "NA", "yes"),
    fc.string({ maxLength: 4 }),
  );
  const texts = fc
    .tuple(
      fc.array(fc.array(cell, { minLength: 2, maxLength: 2 }), { minLength: 1, maxLength: 8 }),
      fc.constantFrom("\n", "\r\n", "\r"),
    )
    .map(([rows, end]) => `\ufeffone;two${end}${rows.map((row) => row.join(";")).join(end)}${end}`);
  const outcome = (read: () => unknown): unknown => {
    try {
      return read();
    } catch (error) {
      return String(error);
    }
  };

  it("is the table of the whole text, or the same refusal, wherever it is cut", () => {
    fc.assert(
      fc.property(texts, fc.array(fc.nat(60), { maxLength: 6 }), (text, cuts) => {
        const places = [0, ...cuts.map((cut) => cut % (text.length + 1)).sort((a, b) => a - b), text.length];
        const pieces = places.slice(1).map((place, i) => text.slice(places[i], place));
        expect(outcome(() => readTable(pieces))).toEqual(outcome(() => readTable(text)));
      }),
      { numRuns: cases(300) },
    );
  });

  it("may begin with empty pieces, and loses its byte order mark all the same", () => {
    const text = '"a,b",c\n1,2\n3,4\n'; // a mark before the quote would make it a part of the name
    for (const pieces of [[`\ufeff${text}`], ["", `\ufeff${text}`], ["", "", "\ufeff", text]])
      expect(readTable(pieces)).toEqual(readTable(text));
  });

  it.each([0, 1, 5_000, 1e6])("may be longer or shorter than was said: %d characters", (about) => {
    // numbers, numbers that float32 does not hold, and words
    const text = `a,b,c\n${Array.from({ length: 5_000 }, (_, i) => `${i % 7},${i / 10},w${i % 9}`).join("\n")}\n`;
    const pieces = Object.assign([text], { about });
    expect(readTable(pieces)).toEqual(readTable(text));
  });

  it("must be strings, and its rows not endless", () => {
    expect(refusal(() => readTable([5] as never))).toBe(
      "invalid_argument: the text of a table must be a string, or strings; received 5",
    );
    expect(refusal(() => readTable(new Uint8Array(3) as never))).toMatch(
      /must be a string, or strings; received Uint8Array/,
    );
    const endless = function* () {
      yield 'a,b\n1,"';
      const piece = "x".repeat(2 ** 22);
      for (let i = 0; i < 40; i++) yield piece;
    };
    expect(refusal(() => readTable(endless()))).toBe(
      "invalid_data: line 2: a row must have at most 67108864 characters; is a quote never closed?",
    );
  });
});

describe("numbers", () => {
  it("after many rows are JavaScript's own, to the bit, however they are written", () => {
    const digits = fc.stringMatching(/^[+-]?(\d{1,17}\.?\d{0,17}|\.\d{1,17})([eE][+-]?\d{1,2})?$/);
    const doubles = fc.double({ noNaN: true, noDefaultInfinity: true }).map(String);
    const fitting = fc.oneof(digits, doubles).filter((text) => Number.isFinite(Math.fround(Number(text))));
    fc.assert(
      fc.property(fc.array(fitting, { minLength: 1, maxLength: 50 }), (cells) => {
        const { values } = tableOf([...plain, ...cells], { as: { a: "number" } }).columns[0];
        expect([...values.subarray(MANY)]).toEqual(cells.map(Number));
      }),
      { numRuns: cases(300) },
    );
  });

  it("that float32 cannot hold are refused with their line, as they were written", () => {
    expect(refusal(() => tableOf([...plain, "1e39"]))).toBe(
      `invalid_data: line ${MANY + 2}, column "a": numbers must be finite and fit float32; received 1e39; correct it, or leave it empty if it is missing`,
    );
    const records = [...plain.map((cell) => ({ a: Number(cell) })), { a: 1e39 }];
    expect(refusal(() => readRecords(records))).toContain(
      `records[${MANY}], column "a": numbers must be finite`,
    );
  });
});

describe("a column that turns out to be words after many rows", () => {
  it("keeps the text of its numbers", () => {
    const cells = [...plain.map((cell) => `${cell}.50`), ...plain.map((cell) => `w${cell}`)];
    const { columns } = tableOf(cells);
    expect(columns[0].kind).toBe("category");
    expect(Array.from(columns[0].values, (code) => columns[0].categories[code])).toEqual(cells);
  });

  it("reads points as marks between thousands where another column has a decimal comma", () => {
    const rows = Array.from({ length: MANY }, (_, i) => `${1 + (i % 9)}.${100 + i};${i},5`);
    const { columns } = readTable(`a;b\n${rows.join("\n")}\n900;1,5\n`);
    expect(columns[0].values[3]).toBe(4103);
    expect(columns[0].values[MANY]).toBe(900);
    const alone = readTable(`a;b\n${rows.join("\n").replaceAll(",", ".")}\n`);
    expect(alone.columns[0].values[3]).toBe(4.103);
  });

  it("is numbers with a unit, or missing words of its own", () => {
    expect(tableOf([...plain, "45 %"]).columns[0].values[MANY]).toBe(45);
    const { columns } = tableOf([...plain, "n/k", "", "8"], { na: ["n/k"] });
    expect([...columns[0].values.subarray(MANY)]).toEqual([Number.NaN, Number.NaN, 8]);
    expect(tableOf(["", "NA", ...new Array(MANY).fill(""), "red"]).columns[0]).toMatchObject({
      kind: "category",
      categories: ["red"],
    });
  });

  it("keeps the numbers of records apart from words that look like them", () => {
    const records = [...plain.map((cell) => ({ a: Number(cell) })), { a: "1,5" }, { a: 1.5 }];
    const { columns } = readRecords(records, { decimal: "," });
    expect([...columns[0].values.subarray(MANY)]).toEqual([1.5, 1.5]);
  });
});

describe("a long column", () => {
  const MORE = 5000; // than room is made for at first
  const cells = Array.from({ length: MORE }, (_, i) => [
    `w${i % 7}`,
    String(i / 8),
    i % 500 === 499 ? '"1""2"' : "x",
  ]);
  const lines = cells.map((row) => row.join(","));

  it("of words or numbers is whole, whether its length is known or not", () => {
    const text = `a,b,c\n${lines.join("\n")}\n`;
    const pieces = Array.from({ length: 40 }, (_, i) => text.slice(i * 2000, (i + 1) * 2000)).concat(
      text.slice(80_000),
    );
    for (const source of [text, pieces]) {
      const { columns, rows } = readTable(source);
      expect(rows).toBe(MORE);
      expect(Array.from(columns[0].values, (code) => columns[0].categories[code])).toEqual(
        cells.map(([word]) => word),
      );
      expect([...columns[1].values]).toEqual(cells.map((_, i) => i / 8));
      expect(columns[2].categories).toEqual(['1"2', "x"]);
    }
  });

  it("has no names, if it is told so", () => {
    const { columns } = readTable(`${lines.join("\n")}\n`, { header: false });
    expect(columns.map(({ name, values }) => [name, values.length])).toEqual([
      ["column 1", MORE],
      ["column 2", MORE],
      ["column 3", MORE],
    ]);
  });

  it("keeps its points where a late number has them otherwise", () => {
    const rows = Array.from({ length: MANY }, (_, i) => `1.${100 + i};${i},5`);
    const read = (late: string) => readTable(`a;b\n${rows.join("\n")}\n${late};1,5\n`).columns[0].values[0];
    expect([read("1.25"), read("0.125"), read("1000.125"), read("7"), read("1.125")]).toEqual([
      1.1, 1.1, 1.1, 1100, 1100,
    ]);
  });

  it("of integers that end in a fraction identifies no rows", () => {
    const rows = Array.from({ length: MANY }, (_, i) => `${7 * i},${i % 3}`);
    const kindOf = (late: string) =>
      readTable(`id,y\n${rows.join("\n")}\n${late},1\n`).schema.columns[0].kind;
    expect([kindOf("9999"), kindOf("9999.5"), kindOf("-9999"), kindOf("7")]).toEqual([
      "identifier",
      "number",
      "number",
      "number",
    ]);
  });
});

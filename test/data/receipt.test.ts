/** The receipt of a table: each decision once, with its count and the option that decides otherwise. */
import { describe, expect, it } from "vitest";
import { encodeTable } from "../../src/data/dataset.js";
import { receiptOf, settlementOf } from "../../src/data/receipt.js";
import { readTable } from "../../src/data/table.js";
import { receiptLines } from "../../src/report/receipt.js";

const ROWS = 60;
/** A table of columns by name, each a function of the row. */
const tableOf = (columns: Readonly<Record<string, (i: number) => string | number>>, options = {}) => {
  const cells = Array.from({ length: ROWS }, (_, i) =>
    Object.values(columns)
      .map((cell) => `"${cell(i)}"`)
      .join(","),
  );
  return readTable([Object.keys(columns).join(","), ...cells].join("\n"), options);
};
const messages = (...args: Parameters<typeof tableOf>) =>
  receiptOf(tableOf(...args)).findings.map(({ type, message }) => `${type}: ${message}`);

const x = (i: number) => (i * 7) % 11;

describe("a receipt has", () => {
  it.each<[string, (i: number) => string | number, string[]]>([
    ["nothing to say of numbers", x, []],
    [
      "the words that are read as missing, in any case",
      (i) => (i % 3 ? ["yes", "later"][i % 2] : i % 2 ? "none" : "None"),
      ['missing: "none" is read as missing in 20 cells of "a"; choose defaultNa: false to read it as a word'],
    ],
    [
      "words that are missing among numbers",
      (i) => (i % 20 ? i % 5 : "unknown"),
      [
        'missing: "unknown" is read as missing in 3 cells of "a", whose other cells are numbers; choose as: {"a":"category"} to read it as a word',
      ],
    ],
    [
      "spellings",
      (i) => ["Ja", "ja", "JA", "Nein", "nein"][i % 5],
      [
        'spellings: "a" has 5 words, 2 without case and spaces, such as "JA", "Ja", "ja"; choose ignoreCase: ["a"] to read them as one',
      ],
    ],
    [
      "numbers among words",
      (i) => (i % 4 ? i % 10 : i % 8 ? "ground" : "roof"),
      [
        'words: "a" is read as words: 10 of its 12 different cells are numbers, but not "ground", "roof"; if those mean missing cells, choose na: ["ground","roof"]',
      ],
    ],
    [
      "identifiers",
      (i) => `u${i * 7919}`,
      ['leftOut: left out: "a" has 60 different cells in 60 rows; choose as: {"a":"category"} to keep it'],
    ],
    [
      "row numbers",
      (i) => i,
      ['leftOut: left out: "a" counts the rows, from 0 to 59; choose as: {"a":"number"} to keep it'],
    ],
    [
      "units and signs",
      (i) => (i % 2 ? `$${i}.5` : `($${i}.5)`),
      ['units: read as numbers: "a" in $, negative in brackets; choose as: {"a":"category"} to read words'],
    ],
    [
      "doubts",
      (i) => `${(i % 9) + 1},${100 + i}`,
      [
        'doubt: column "a" can be read in two ways, "1,100" as 1100 or 1.1; choose decimal: "." or decimal: ","',
      ],
    ],
    [
      "points that may stand between thousands",
      (i) => `${(i % 9) + 1}.${100 + i}`,
      [
        'guess: column "a" has three digits after every point, as in "1.100", which is read as a decimal point; choose decimal: {"a":","} if it separates thousands',
      ],
    ],
  ])("%s", (_, cell, expected) => {
    expect(messages({ a: cell, x: (i) => x(i) })).toEqual(expected);
  });

  it("no guess where another column shows the decimal mark", () => {
    expect(messages({ a: (i) => `${(i % 9) + 1}.${100 + i}`, b: (i) => `0.${i % 7}5` })).toEqual([]);
  });
});

describe("a long receipt", () => {
  it("counts columns that are left out for one reason, and lines beyond three", () => {
    const empty = Object.fromEntries(Array.from({ length: 96 }, (_, j) => [`e${j}`, () => ""]));
    const spelt = Object.fromEntries(
      Array.from({ length: 9 }, (_, j) => [`s${j}`, (i: number) => ["Won", "won"][i % 2]]),
    );
    const lines = receiptLines(receiptOf(tableOf({ x, ...empty, ...spelt })));
    expect(lines).toHaveLength(5);
    expect(lines[0]).toBe('left out: 96 columns, each of which has no cells: "e0", "e1", "e2" and 93 more');
    expect(lines.at(-1)).toBe(
      "and 6 more columns with words that differ only in case or spaces; fettle inspect --json prints all",
    );
  });
});

describe("the receipt of a data set", () => {
  const table = tableOf({
    x,
    gap: (i) => (i % 4 ? x(i) : "none"),
    unused: (i) => (i % 2 ? "a" : "A"),
    y: (i) => (i % 10 ? ["yes", "no"][i % 2] : ""),
  });

  it("counts rows that are read and used, and is of the columns in use", () => {
    const { receipt } = encodeTable(table, { target: "y", missing: "drop", drop: ["unused"] });
    expect([receipt?.rows, receipt?.used]).toEqual([60, 42]);
    expect(receipt?.findings.map(({ type, columns }) => `${type} ${columns}`)).toEqual([
      "rows ",
      "rows ",
      "missing gap",
    ]);
    expect(receiptLines(receipt!)[0]).toBe("60 rows read, 42 used");
  });
});

it("settlements of all doubts give a schema without any", () => {
  const columns = {
    amount: (i: number) => `${(i % 9) + 1},${100 + i}`,
    zip: (i: number) => `0${2100 + (i % 5)}`,
    level: (i: number) => (i % 20 ? i % 5 : i % 40 ? "<1" : ">9"),
    day: (i: number) => `${(i % 11) + 1}/${(i % 5) + 2}/2024`,
    mark: (i: number) => ["Won", "won", "Lost"][i % 3],
  };
  const settle = settlementOf(receiptOf(tableOf(columns)));
  expect(settle).toEqual({
    na: [">9", "<1"],
    decimal: { amount: "." },
    dateOrder: "mdy",
    as: { zip: "category" },
    ignoreCase: ["mark"],
  });
  const { schema } = tableOf(columns, settle);
  expect(schema.columns.map(({ kind, doubt }) => [kind, doubt])).toEqual(
    ["number", "category", "number", "date", "category"].map((kind) => [kind, undefined]),
  );
});

/** The ways in which people write cells: each is read exactly, or refused with the option that settles it. */
import { describe, expect, it } from "vitest";
import { readTable } from "../../src/data/table.js";

/**
 * One column named `a` in a table of semicolons, beside columns that show other marks where a case needs
 * them.
 */
function read(
  cells: readonly string[],
  beside: Readonly<Record<string, readonly string[]>> = {},
  options = {},
) {
  const others = Object.values(beside);
  const rows = cells.map((cell, i) => [cell, ...others.map((column) => column[i % column.length])]);
  const text = [["a", ...Object.keys(beside)], ...rows].map((row) => row.join(";")).join("\n");
  const table = readTable(`${text}\n`, { delimiter: ";", ...options });
  const [column] = table.schema.columns;
  return { column, values: [...table.columns[0].values], table };
}

const NBSP = "\u00a0";
const THIN = "\u2009";
const NARROW = "\u202f";

describe("numbers are read as they are written", () => {
  it.each<[string, string[], number[], object | undefined]>([
    ["plain", ["1.5", "-2", "+3", "1e3"], [1.5, -2, 3, 1000], undefined],
    ["a decimal comma", ["1,5", "20", "0,25"], [1.5, 20, 0.25], { decimal: "," }],
    ["points between thousands", ["1.234,5", "12"], [1234.5, 12], { decimal: ",", group: "." }],
    ["commas between thousands", ["1,234.5", "12"], [1234.5, 12], { group: "," }],
    ["commas between lakhs", ["12,34,567.5", "1,234"], [1234567.5, 1234], { group: "," }],
    ["spaces between thousands", ["1 234,5", "12"], [1234.5, 12], { decimal: ",", group: " " }],
    ["no-break spaces", [`1${NBSP}234,5`, "12"], [1234.5, 12], { decimal: ",", group: " " }],
    ["thin spaces", [`1${THIN}234.5`, `9${NARROW}876`], [1234.5, 9876], { group: " " }],
    ["apostrophes", ["1'234.5", "1’000’000"], [1234.5, 1e6], { group: "'" }],
    ["underscores", ["1_234", "5"], [1234, 5], { group: "_" }],
    ["a minus sign", ["−5.5", "5"], [-5.5, 5], { decimal: "." }],
    ["a dollar sign", ["$925.73", "$1,002.10"], [925.73, 1002.1], { group: ",", unit: "$" }],
    ["dollars below zero", ["-$5.25", "$-1", "$7"], [-5.25, -1, 7], { unit: "$" }],
    ["accounts", ["($120.00)", "$80.50"], [-120, 80.5], { unit: "$", negative: "brackets" }],
    ["a sign before brackets", ["$(120.00)", "$80.50"], [-120, 80.5], { unit: "$", negative: "brackets" }],
    ["brackets without a unit", ["(1,200)", "80.5"], [-1200, 80.5], { group: ",", negative: "brackets" }],
    ["euros in front", ["€ 3,50", "€4"], [3.5, 4], { decimal: ",", unit: "€" }],
    ["euros after", ["3,50 €", "1.204,00 €"], [3.5, 1204], { decimal: ",", group: ".", unit: "€" }],
    ["pounds", ["£3.50", "£1,204"], [3.5, 1204], { group: ",", unit: "£" }],
    ["yen", ["¥350", "¥1,204,000"], [350, 1204000], { group: ",", unit: "¥" }],
    ["rupees", ["₹1,23,456.50", "₹5"], [123456.5, 5], { group: ",", unit: "₹" }],
    ["reais", ["R$ 1.234,56", "R$ 2,00"], [1234.56, 2], { decimal: ",", group: ".", unit: "R$" }],
    ["francs", ["CHF 1'234.50", "CHF 2.00"], [1234.5, 2], { group: "'", unit: "CHF" }],
    ["a code after", ["12.5 USD", "7 USD"], [12.5, 7], { unit: "USD" }],
    ["kronor", ["1 234,50 kr", "2,00 kr"], [1234.5, 2], { decimal: ",", group: " ", unit: "kr" }],
    ["zloty", ["1 234,50 zł", "2,00 zł"], [1234.5, 2], { decimal: ",", group: " ", unit: "zł" }],
    ["kilograms", ["125.7 kg", "9 kg"], [125.7, 9], { unit: "kg" }],
    ["kilograms without a space", ["125.7kg", "9kg"], [125.7, 9], { unit: "kg" }],
    ["speeds", ["50 km/h", "120 km/h"], [50, 120], { unit: "km/h" }],
    ["square metres", ["50 m²", "120.5 m²"], [50, 120.5], { unit: "m²" }],
    ["degrees", ["-5.5 °C", "12 °C"], [-5.5, 12], { unit: "°C" }],
    ["one day and several", ["1 day", "3 days"], [1, 3], { unit: "day" }],
    ["stars", ["4 stars", "5 stars"], [4, 5], { unit: "stars" }],
    ["per cent", ["12 %", "7.5%", "3"], [12, 7.5, 3], { unit: "%" }],
    ["thousands and millions", ["1.3k", "980", "2M", "1.1B"], [1300, 980, 2e6, 1.1e9], { scaled: true }],
    ["millions of dollars", ["$1.3M", "$980k"], [1.3e6, 980e3], { unit: "$", scaled: true }],
    ["a minus after", ["105.15-", "12.00"], [-105.15, 12], { negative: "after" }],
    [
      "SAP in German",
      ["1.105,15-", "12,00"],
      [-1105.15, 12],
      { decimal: ",", group: ".", negative: "after" },
    ],
    ["minutes and seconds", ["2:05", "59:59"], [125, 3599], { clock: true }],
    ["hours too", ["1:02:05", "2:05", "12:00:00"], [3725, 125, 43200], { clock: true }],
    ["parts of a second", ["1:02.5", "59:59.25"], [62.5, 3599.25], { clock: true }],
    ["times below zero", ["-0:30", "1:00"], [-30, 60], { clock: true }],
    [
      "times of day",
      ["10:30 PM", "12:05 am", "12 p.m.", "9:00:01.5AM"],
      [81000, 300, 43200, 32401.5],
      { clock: "am/pm" },
    ],
    ["whole amounts", ["5,-", "12,50", "1.200,--"], [5, 12.5, 1200], { decimal: ",", group: "." }],
    ["whole amounts of euros", ["5,– €", "12,50 €"], [5, 12.5], { decimal: ",", unit: "€" }],
    ["whole amounts with a point", ["5.-", "12.50"], [5, 12.5], { decimal: "." }],
    ["whole amounts below zero", ["-5,-", "12,50"], [-5, 12.5], { decimal: "," }],
  ])("%s: %j", (_, cells, values, format) => {
    const { column, values: found } = read(cells);
    expect({ values: found, kind: column.kind, doubt: column.doubt }).toEqual({ values, kind: "number" });
    expect(column.format).toEqual(format);
    // and the same cells of another table
    const again = readTable(`a\n${cells.map((cell) => `"${cell}"`).join("\n")}\n`, {
      schema: { na: [], columns: [column] },
      delimiter: ";",
    });
    expect([...again.columns[0].values]).toEqual(values);
  });

  it("column by column", () => {
    const beside = { b: ["1.234", "2.5"], c: ["(1'000.5)", "7"], d: ["3,5 kg", "4 kg"] };
    const { table, values } = read(["1 234,5", "2,5"], beside);
    expect(values).toEqual([1234.5, 2.5]);
    expect(table.columns.map((column) => [...column.values])).toEqual([
      [1234.5, 2.5],
      [1.234, 2.5],
      [-1000.5, 7],
      [3.5, 4],
    ]);
  });
});

describe("a word among numbers or dates", () => {
  const many = (cells: readonly string[], word: string) => [
    ...Array.from({ length: 95 }, (_, i) => cells[i % cells.length]),
    ...Array.from({ length: 5 }, () => word),
  ];
  it.each<[string, string[], string, object]>([
    ["ratings", ["1", "2", "3", "4", "5"], "unknown", { kind: "number", na: ["unknown"] }],
    ["prices", ["$1.50", "$2"], "on request", { kind: "number", na: ["on request"], format: { unit: "$" } }],
    ["dates", ["2024-01-05", "2024-02-07"], "unknown", { kind: "date", na: ["unknown"] }],
  ])("in a twentieth of the rows is missing: %s", (_, cells, word, expected) => {
    const { column, values } = read(many(cells, word));
    expect(column).toMatchObject(expected);
    expect(values.map(Number.isNaN)).toEqual(Array.from({ length: 100 }, (_, i) => i >= 95));
  });

  it.each<[string, string[], string, RegExp]>([
    [
      "a bound",
      ["1", "2", "3", "4", "5"],
      ">5",
      /holds numbers except for ">5"; .* na: \[">5"\]; or choose as/,
    ],
    ["a range", ["1", "2", "3", "4", "5"], "2-3", /holds numbers except for "2-3"; .* na: \["2-3"\]/],
    [
      "two units",
      ["1.5 kg", "2 kg"],
      "300 g",
      /numbers in more than one format, such as "1.5 kg", "300 g"; correct/,
    ],
    [
      "two currencies",
      ["$1.50", "$2"],
      "€3",
      /numbers in more than one format, such as "\$1.50", "€3"; correct/,
    ],
    ["two decimal marks", ["1.5", "2"], "2,5", /numbers in more than one format, such as "1.5", "2,5"/],
    [
      "two ways below zero",
      ["(1.5)", "2"],
      "2.5-",
      /numbers in more than one format, such as "\(1.5\)", "2.5-"/,
    ],
  ])("may mean something else, and is refused: %s", (_, cells, word, doubt) => {
    expect(read(many(cells, word)).column).toMatchObject({
      kind: "category",
      doubt: expect.stringMatching(doubt),
    });
  });

  it("counts rows, not different cells", () => {
    // five of six words are numbers; so are 40 of 41, but in half of the rows
    expect(read(many(["1", "2", "3", "4", "5"], "none given")).column.kind).toBe("number");
    const half = [
      ...Array.from({ length: 40 }, (_, i) => String(2 * i)),
      ...Array.from({ length: 40 }, () => "low"),
    ];
    expect(read(half).column).toMatchObject({
      kind: "category",
      doubt: expect.stringContaining('except for "low"'),
    });
  });
});

describe("what can be read in two ways is refused with the option that decides", () => {
  const OPEN = /^can be read in two ways, "1,234" as 1234 or 1.234; choose decimal: "." or decimal: ","$/;
  it.each<[string, string[], Record<string, string[]>, RegExp, object, number]>([
    ["a comma", ["1,234", "5,678"], {}, OPEN, { decimal: "," }, 1.234],
    ["a comma with a unit", ["$1,234", "$5,678"], {}, /"\$1,234" as 1234 or 1.234/, { decimal: "." }, 1234],
    [
      "a point beside spaces between thousands and decimal commas",
      ["1.234", "5.678"],
      { b: ["1 234,5", "2,5"] },
      /^can be read in two ways, "1.234" as 1234 or 1.234; choose decimal: {"a":"."} or decimal: {"a":","}$/,
      { decimal: { a: "." } },
      1.234,
    ],
    [
      "brackets around every number",
      ["(1)", "(2)", "(3)"],
      {},
      /^has brackets around every number, as in "\(1\)", .* as: {"a":"category"} or as: {"a":"number"}$/,
      { as: { a: "number" } },
      -1,
    ],
    ["zeros in front", ["00123", "04567"], {}, /^has leading zeros/, { as: { a: "number" } }, 123],
    [
      "days that could be months",
      ["1/2/2024", "3/4/2024"],
      {},
      /choose dateOrder: "dmy" or dateOrder: "mdy"$/,
      { dateOrder: "dmy" },
      Date.UTC(2024, 1, 1),
    ],
  ])("%s", (_, cells, beside, doubt, options, first) => {
    expect(read(cells, beside).column.doubt).toMatch(doubt);
    const settled = read(cells, beside, options);
    expect([settled.column.doubt, settled.values[0]]).toEqual([undefined, first]);
  });

  it("a point is one between thousands where other columns have it so, and a decimal point where they do not", () => {
    expect(read(["1.234", "5.678"], { b: ["1.234,5", "2,5"] }).values).toEqual([1234, 5678]);
    expect(read(["1.234", "5.678"], { b: ["1,234.5", "2.5"] }).values).toEqual([1.234, 5.678]);
    expect(read(["1.234", "5.678"], { b: ["x", "y"] }).values).toEqual([1.234, 5.678]);
  });
});

describe("what is no number stays a word", () => {
  it.each([
    ["house numbers", ["12", "12a", "14"]],
    ["clocks among numbers", ["12:30", "45"]],
    ["clocks of 12 and of 24 hours", ["10:30 PM", "22:30"]],
    ["an hour 13 of a half day", ["13:00 PM", "1:00 PM"]],
    ["minutes beyond 59", ["12:75", "13:20"]],
    ["rooms", ["Room 12", "Room 13"]],
    ["ordinal numbers", ["1st", "2nd", "3rd"]],
    ["ages in words", ["5-year", "6-year"]],
    ["versions", ["1.2.3", "1.2.4"]],
  ])("%s", (_, cells) => {
    expect(read(cells).column).toMatchObject({ kind: "category", categories: [...cells].sort() });
  });
});

describe("dates whose order is a guess say so", () => {
  const guess = /^is read as dmy: .*; choose dateOrder: "dmy" or dateOrder: "mdy" to be sure$/;
  it("where day and month are the same", () => {
    expect(read(["1/1/2024", "2/2/2024"]).column).toMatchObject({
      kind: "date",
      dateOrder: "dmy",
      guess: expect.stringMatching(guess),
    });
    expect(read(["1/1/2024", "2/2/2024"], {}, { dateOrder: "mdy" }).column).toEqual(
      expect.not.objectContaining({ guess: expect.anything() }),
    );
  });

  it("where other dates of the table decide, and not where they decide themselves", () => {
    const { table } = read(["1/2/2024", "2/3/2024"], { b: ["1/2/2024", "31/3/2024"] });
    expect(table.schema.columns.map((column) => column.guess)).toEqual([
      expect.stringMatching(guess),
      undefined,
    ]);
  });
});

it("words that differ in case or spaces are one where that is asked for", () => {
  const cells = ["Won", "won", "WON", "New  York", "new york"];
  expect(read(cells).column.categories).toHaveLength(5);
  const { column, values } = read(cells, {}, { ignoreCase: ["a"] });
  expect([column.categories, column.ignoreCase, values]).toEqual([
    ["New  York", "Won"],
    true,
    [1, 1, 1, 0, 0],
  ]);
  const other = readTable("a\nwOn\n", { schema: { na: [], columns: [column] } });
  expect([...other.columns[0].values]).toEqual([1]);
});

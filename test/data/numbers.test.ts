import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatsOf } from "../../src/data/formats.js";
import { type NumberFormat, parseNumber } from "../../src/data/numbers.js";
import { plainNumber } from "../../src/data/plainNumbers.js";
import { cases } from "../cases.js";

/** `x` as a person would write it; JavaScript's own digits otherwise. */
function write(
  x: number,
  { decimal = ".", group = "", unit = "" }: NumberFormat,
  unitFirst: boolean,
): string {
  const [, sign, whole, fraction = "", exponent] = /^(-?)(\d+)(?:\.(\d+))?(e.*)?$/.exec(String(x))!;
  const groups = whole.replace(/(?<=\d)(?=(\d{3})+$)/g, group);
  const digits = `${sign}${groups}${fraction && decimal + fraction}${exponent ?? ""}`;
  return unitFirst ? `${unit} ${digits}`.trim() : `${digits} ${unit}`.trim();
}

const format = fc
  .record({
    decimal: fc.constantFrom(".", ","),
    group: fc.constantFrom("", ",", ".", " ", "'", "_"),
    unit: fc.constantFrom("", "%", "€", "USD"),
  })
  .filter(({ decimal, group }) => decimal !== group) as fc.Arbitrary<NumberFormat>;
const number = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.double({ min: -1e7, max: 1e7, noNaN: true }),
  fc.integer(),
);

it("a number in any format is the one that JavaScript reads, to the bit", () => {
  fc.assert(
    fc.property(number, format, fc.boolean(), (x, written, unitFirst) => {
      // −0 is written "0"
      expect(parseNumber(write(x, written, unitFirst), written)).toBe(x + 0);
    }),
    { numRuns: cases(2000) },
  );
});

it("the format of a column is among those found, and each of them reads every cell", () => {
  fc.assert(
    fc.property(fc.array(number, { minLength: 1 }), format, (numbers, written) => {
      const cells = numbers.map((x) => write(x, written, false));
      const found = formatsOf(cells);
      const values = found.map((each) => cells.map((cell) => parseNumber(cell, each)));
      expect(values).toContainEqual(numbers.map((x) => x + 0));
      for (const each of values) expect(each).not.toContain(undefined);
    }),
    { numRuns: cases(500) },
  );
});

it("what is plain is what the plain format reads", () => {
  const marks = fc.constantFrom(..."0123456789.,+-eE '_%$", "inf", "Infinity", "\u00a0");
  const cell = fc.oneof(
    fc.array(marks, { maxLength: 8 }).map((all) => all.join("")),
    number.map(String),
  );
  fc.assert(
    fc.property(cell, (text) => {
      expect(plainNumber(text.trim())).toBe(parseNumber(text.trim(), {}));
    }),
    { numRuns: cases(2000) },
  );
});

describe("formatsOf", () => {
  const dot = { decimal: "." };
  const comma = { decimal: "," };
  it.each<[string[], object[]]>([
    [
      ["1", "20"],
      [dot, comma],
    ],
    [["1.5", "20"], [dot]],
    [["1,5", "20"], [comma]],
    [
      ["1,234", "20"],
      [{ ...dot, group: "," }, comma],
    ],
    [["1,234", "0.5"], [{ ...dot, group: "," }]],
    [["1,234", "0,5"], [comma]],
    [
      ["1.234", "20"],
      [dot, { ...comma, group: "." }],
    ],
    [["1.234,5"], [{ ...comma, group: "." }]],
    [["0,123"], [comma]],
    [["1 234,5"], [{ ...comma, group: " " }]],
    [["1\u00a0234,5", "1\u202f234"], [{ ...comma, group: " " }]],
    [["1'000.5"], [{ ...dot, group: "'" }]],
    [["45.5 %", "3%", "7"], [{ ...dot, unit: "%" }]],
    [["€ 3.5", "€4"], [{ ...dot, unit: "€" }]],
    [["€ 3,25", "4,75", "1"], [{ ...comma, unit: "€" }]],
    [["3.5 USD", "USD 4"], [{ ...dot, unit: "USD" }]],
    [["1.5e3", "-2E-4", "+.5", "6."], [dot]],
    [["$3", "€4"], []],
    [["$3 €"], []],
    [["1,5", "1.5"], []],
    [["1,23,4"], []],
    [["1,2345"], [comma]],
    [["12,34,567", "1,23,456.5"], [{ ...dot, group: "," }]],
    [["12,34,56"], []],
    [["1.2.3"], []],
    [["SKU 12"], []],
    [["2020-01-02"], []],
    [
      ["12:30", "1:02:05"],
      [
        { ...dot, clock: true },
        { ...comma, clock: true },
      ],
    ],
    [["12:30", "45"], []],
    [["12:60"], []],
    [["12:30:15.5"], [{ ...dot, clock: true }]],
    [["$925.73", "($1,120.00)"], [{ ...dot, group: ",", unit: "$", negative: "brackets" }]],
    [["105.15-", "7.5"], [{ ...dot, negative: "after" }]],
    [["105.15-", "(7.5)"], []],
    [["5,-", "6,50"], [{ ...comma }]],
    [["12-month", "6-month"], []],
    [["125.7 kg", "9.5 kg"], [{ ...dot, unit: "kg" }]],
    [["125.7 kg", "9.5"], []],
    [["125.7 kg", "300.5 g"], []],
    [["1.5 day", "3 days"], [{ ...dot, unit: "day" }]],
    [["1.3k", "980.5", "2M"], [{ ...dot, scaled: true }]],
    [["12a", "13"], []],
    [["0x10"], []],
    [["--1"], []],
    [["."], []],
    [[","], []],
    [["%"], []],
    [["1_00"], []],
  ])("%j → %j", (cells, formats) => {
    expect(formatsOf(cells)).toEqual(formats);
  });
});

it("a cell that is not written in the format is not a number", () => {
  for (const [cell, written] of [
    ["1,5", {}],
    ["1.5", { decimal: "," }],
    ["1,234", {}],
    ["12,34", { group: "," }],
    ["3 €", {}],
    ["3 €", { unit: "$" }],
    ["red", { decimal: "," }],
  ] as const)
    expect(parseNumber(cell, written), cell).toBeUndefined();
  for (const cell of ["(5)", "5-", "-(5)", "1.3k", "2:05"])
    expect(parseNumber(cell, {}), cell).toBeUndefined();
  expect(parseNumber("5-", { negative: "brackets" })).toBeUndefined();
  expect(parseNumber("2:61", { clock: true })).toBeUndefined();
  expect(parseNumber("3", { unit: "$" })).toBe(3);
  expect(parseNumber("4,75", { decimal: ",", unit: "€" })).toBe(4.75);
});

it.each<[string, NumberFormat, number]>([
  ["($120.00)", { unit: "$", negative: "brackets" }, -120],
  ["$(1,120.25)", { unit: "$", negative: "brackets", group: "," }, -1120.25],
  ["(0)", { negative: "brackets" }, 0],
  ["-$5", { unit: "$" }, -5],
  ["$ -5", { unit: "$" }, -5],
  ["\u22125,5", { decimal: "," }, -5.5],
  ["105.15-", { negative: "after" }, -105.15],
  ["105,15 EUR-", { negative: "after", decimal: ",", unit: "EUR" }, -105.15],
  ["105,15- EUR", { negative: "after", decimal: ",", unit: "EUR" }, -105.15],
  ["1\u2019234.5", { group: "'" }, 1234.5],
  ["1,23,456.5", { group: "," }, 123456.5],
  ["1.1k", { scaled: true }, 1100],
  ["(2,5M €)", { scaled: true, decimal: ",", unit: "€", negative: "brackets" }, -2_500_000],
  ["$4.7bn", { scaled: true, unit: "$" }, 4_700_000_000],
  ["2:05", { clock: true }, 125],
  ["1:02:05.5", { clock: true }, 3725.5],
  ["-0:30", { clock: true }, -30],
  ["3 days", { unit: "day" }, 3],
  ["40 m2", { unit: "m2" }, 40],
])("reads %s", (cell, written, value) => {
  expect(parseNumber(cell, written)).toBe(value);
});

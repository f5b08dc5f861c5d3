/**
 * Whatever the text is, it is a table or is refused with a FettleError; a table is whole and reads itself
 * again alike.
 */
import fc from "fast-check";
import { expect, it } from "vitest";
import { encodeTable } from "../../src/data/dataset.js";
import { readRecords, readTable, type Table } from "../../src/data/table.js";
import { FettleError } from "../../src/errors.js";
import { cases } from "../cases.js";

const cell = fc.oneof(
  fc.constantFrom(
    "",
    "NA",
    "-",
    "1",
    "-2.5",
    "1,5",
    "1.234",
    "1,234",
    "1.234,5",
    "12 %",
    "€ 3",
    "yes",
    "true",
    "no",
    "NaN",
  ),
  fc.constantFrom(
    "1e400",
    "inf",
    "__proto__",
    "constructor",
    "ſ",
    "\u0130",
    '"',
    '""',
    "=1+1",
    "0x1",
    "\u00a01",
    "１",
  ),
  fc.string({ maxLength: 5, unit: "grapheme" }),
  fc.double().map(String),
);
const grid = fc
  .record({
    rows: fc
      .integer({ min: 1, max: 4 })
      .chain((width) =>
        fc.array(fc.array(cell, { minLength: width, maxLength: width }), { minLength: 2, maxLength: 6 }),
      ),
    delimiter: fc.constantFrom(",", ";", "\t", "|"),
    end: fc.constantFrom("\n", "\r\n", "\r"),
  })
  .map(({ rows, delimiter, end }) => rows.map((row) => row.join(delimiter)).join(end));
const noise = fc.string({ unit: fc.constantFrom(...',;\t|"\n\r .0123456789%€-+eNa\ufeff\0'), maxLength: 60 });

function attempt(read: () => Table): Table | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof FettleError) return undefined;
    throw error;
  }
}

function checkTable(table: Table, again: () => Table): void {
  for (const { values, kind, categories, doubt } of table.columns) {
    expect(values).toHaveLength(table.rows);
    for (const value of values) {
      if (Number.isNaN(value)) continue;
      if (kind === "number") expect(Number.isFinite(Math.fround(value))).toBe(true);
      else expect(categories[value]).toBeTypeOf("string");
    }
    if (doubt !== undefined && kind === "number") expect(values.every(Number.isNaN)).toBe(true);
  }
  expect(again()).toEqual(table);
}

it("text", () => {
  let tables = 0;
  fc.assert(
    fc.property(fc.oneof(grid, noise), (text) => {
      const table = attempt(() => readTable(text));
      if (table === undefined) return;
      tables++;
      const schema = JSON.parse(JSON.stringify(table.schema)) as Table["schema"];
      checkTable(table, () => readTable(text, { schema }));
      const target = table.columns[0].name;
      for (const missing of ["refuse", "drop", "impute"] as const) {
        try {
          encodeTable(table, { target, missing });
        } catch (error) {
          expect(error).toBeInstanceOf(FettleError);
        }
      }
    }),
    { numRuns: cases(3000) },
  );
  expect(tables).toBeGreaterThan(cases(3000) / 5); // or nothing was shown
});

it("records", () => {
  const value = fc.oneof(
    cell,
    fc.double(),
    fc.boolean(),
    fc.constant(null),
    fc.constant(undefined),
    fc.anything(),
  );
  const records = fc.array(fc.oneof(fc.dictionary(fc.string({ maxLength: 3 }), value), fc.anything()), {
    maxLength: 4,
  });
  fc.assert(
    fc.property(records, (given) => {
      const read = () => readRecords(given as never);
      const table = attempt(read);
      if (table) checkTable(table, () => readRecords(given as never, { schema: table.schema }));
    }),
    { numRuns: cases(2000) },
  );
});

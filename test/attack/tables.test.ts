/**
 * Hostile tables: each is refused with a FettleError, or read as a second reader reads it; and tables of
 * known cells read back.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseCsv } from "../../src/data/csv.js";
import { readRecords, readTable, type Table } from "../../src/data/table.js";
import { FettleError } from "../../src/errors.js";
import { cases } from "../cases.js";
import { codePoint } from "../codePoints.js";
import { rowsOf, written } from "./support/csv.js";

/** Undefined where it is refused; anything but a FettleError is thrown on. */
function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof FettleError) return undefined;
    throw error;
  }
}

const marks = fc.constantFrom(",", ";", "\t", "|");
const ends = fc.constantFrom("\n", "\r\n", "\r");
const share = fc.noBias(fc.nat(9999)).map((count) => count / 10_000);

/** Texts that break readers. */
const fragment = fc.oneof(
  fc.constantFrom(
    '"',
    '""',
    "\0",
    "\ufeff",
    "\r",
    "\n",
    "\r\n",
    "\n\n",
    ",",
    ";",
    "\t",
    "|",
    " ",
    "\u2028",
    "\u0085",
    "\v",
  ),
  fc.constantFrom(
    "\ud800",
    "\udc00",
    "𝄞",
    "e\u0301",
    "\u202e",
    "１２",
    "İ",
    "ß",
    "__proto__",
    "constructor",
    "NaN",
    "-0",
  ),
  fc.constantFrom(
    "1e999",
    "-1e999",
    "9".repeat(400),
    `0.${"0".repeat(400)}1`,
    "1e-400",
    "0x10",
    "1_000",
    "1,234.5",
    "+1",
  ),
  fc.constantFrom("=1+1", "1/2/2024", "2024-02-30", "12 %", "€ 3", "true", "yes", " a ", "'", "\\", "#"),
  fc.string({ unit: codePoint, maxLength: 6 }),
);
const cell = fc.array(fragment, { maxLength: 2 }).map((parts) => parts.join(""));

/** Cells, how they are separated, and which are in quotes that they do not need. */
const grids = fc
  .tuple(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 2, max: 8 }))
  .chain(([width, height]) => {
    const row = fc.array(fc.tuple(cell, fc.boolean()), { minLength: width, maxLength: width });
    return fc.record({
      rows: fc.array(row, { minLength: height, maxLength: height }),
      mark: marks,
      end: ends,
    });
  });
const textOf = ({ rows, mark, end }: { rows: [string, boolean][][]; mark: string; end: string }): string =>
  rows.map((row) => row.map(([each, isQuoted]) => written(each, mark, isQuoted)).join(mark)).join(end);

type Change = (text: string) => string;
const changes: fc.Arbitrary<Change> = fc.oneof(
  fc.tuple(share, fragment).map(
    ([at, more]): Change =>
      (text) => {
        const place = Math.floor(at * (text.length + 1));
        return text.slice(0, place) + more + text.slice(place);
      },
  ),
  fc.tuple(share, share).map(
    ([a, b]): Change =>
      (text) => {
        const [from, to] = [a, b].map((at) => Math.floor(at * text.length)).sort((x, y) => x - y);
        return text.slice(0, from) + text.slice(to);
      },
  ),
  fc.constantFrom<Change>(
    (text) => `\ufeff${text}`,
    (text) => text + text,
    (text) => text.replaceAll("\n", "\r"),
    (text) => `\n \n${text}\n\n`,
    (text) => text.replaceAll('"', ""),
  ),
);
const texts = fc
  .record({ grid: grids, changes: fc.array(changes, { maxLength: 3 }) })
  .map(({ grid, changes }) => ({
    mark: grid.mark,
    text: changes.reduce((text, change) => change(text), textOf(grid)),
  }));

const outcomeOf = (read: () => unknown): unknown => attempt(read) ?? "refused";

describe("any text", () => {
  it("is refused where a second reader refuses it, and has the same cells where that reads it", () => {
    let accepted = 0;
    fc.assert(
      fc.property(texts, share, ({ text, mark }, cut) => {
        const csv = attempt(() => parseCsv(text, { delimiter: mark, header: true }));
        expect(csv?.rows).toEqual(rowsOf(text, mark)?.slice(1));
        const names = csv?.columns ?? ["one"];
        expect(new Set(names).size).toBe(names.length);
        expect(names.every((name) => name !== "" && name === name.trim())).toBe(true);
        if (csv) accepted++;

        // as a table: refused, or whole, the same in pieces, and by its own schema
        const options = { delimiter: mark, header: true };
        const table = attempt(() => readTable(text, options));
        const place = Math.floor(cut * text.length);
        const pieces = [text.slice(0, place), text.slice(place)];
        expect(outcomeOf(() => readTable(pieces, options))).toEqual(table ?? "refused");
        if (!table) return;
        expect(csv).toBeDefined();
        expect(table.rows).toBe(csv?.rows.length);
        const schema = JSON.parse(JSON.stringify(table.schema)) as Table["schema"];
        expect(readTable(text, { ...options, schema })).toEqual(table);
        checkCells(table, csv?.rows ?? []);
      }),
      { numRuns: cases(500) },
    );
    expect(accepted).toBeGreaterThan(cases(500) / 10); // or nothing was shown
  });
});

/** What cells of words and of plain numbers mean. */
function checkCells(table: Table, rows: readonly (readonly string[])[]): void {
  const missing = new Set(["", ...table.schema.na].map((word) => word.toLowerCase()));
  for (const [j, { kind, values, categories, doubt }] of table.columns.entries()) {
    for (const [i, row] of rows.entries()) {
      const word = row[j].trim();
      const isNone = missing.has(word.toLowerCase());
      if (isNone) expect(values[i]).toBeNaN();
      else if (kind === "category") expect(categories[values[i]]).toBe(word);
      else if (
        kind === "number" &&
        doubt === undefined &&
        /^-?\d+(\.\d+)?(e-?\d+)?$/.test(word) &&
        !/\.\d{3}$/.test(word)
      )
        expect(values[i]).toBe(Number(word));
    }
  }
}

describe("a table of known cells", () => {
  const number = fc.oneof(
    fc.double({ noNaN: true, min: -3e38, max: 3e38 }).map(String),
    fc.maxSafeInteger().map(String),
    fc.constantFrom(
      "0",
      "-0",
      "007",
      "1e-400",
      "5e-324",
      "",
      "NA",
      "?",
      "1e39",
      "-1e999",
      "9".repeat(60),
      `.${"5".repeat(90)}`,
    ),
  );
  const word = cell.map((text) => text.trim().replaceAll("\r\n", "\n").replaceAll("\r", "\n"));
  const tables = fc.integer({ min: 1, max: 40 }).chain((height) =>
    fc.record({
      numbers: fc.array(number, { minLength: height, maxLength: height }),
      words: fc.array(word, { minLength: height, maxLength: height }),
      flags: fc.array(fc.constantFrom("yes", "No", "YES", ""), { minLength: height, maxLength: height }),
      mark: marks,
      end: ends,
      bom: fc.boolean(),
      quoted: fc.infiniteStream(fc.boolean()),
    }),
  );
  const as = { n: "number", w: "category", f: "boolean" } as const;
  const missing = new Set(["", "na", "n/a", "#n/a", "nan", "null", "none", "?", "-"]);

  it("reads back, from text and from records; or has a number that float32 cannot hold, and is refused", () => {
    let read = 0;
    fc.assert(
      fc.property(tables, ({ numbers, words, flags, mark, end, bom, quoted }) => {
        const line = (cells: readonly string[]): string =>
          cells.map((each) => written(each, mark, quoted.next().value as boolean)).join(mark);
        const lines = numbers.map((each, i) => line([each, words[i], flags[i]]));
        const text = `${bom ? "\ufeff" : ""}${["n", "w", "f"].join(mark)}${end}${lines.join(end)}${end}`;
        const isNone = (each: string): boolean => missing.has(each.trim().toLowerCase());
        const fits = numbers.every((each) => isNone(each) || Number.isFinite(Math.fround(Number(each))));
        const hasFlags = flags.some((flag) => flag !== "");
        const records = numbers.map((n, i) => ({ n, w: words[i], f: flags[i] }));
        const ways = [() => readTable(text, { as, delimiter: mark }), () => readRecords(records, { as })];
        for (const way of ways) {
          const table = attempt(way);
          if (!fits) expect(table).toBeUndefined();
          if (!table || !fits) {
            expect(fits && hasFlags).toBe(false);
            continue;
          }
          read++;
          const [n, w, f] = table.columns;
          expect([...n.values]).toEqual(numbers.map((each) => (isNone(each) ? Number.NaN : Number(each))));
          for (const [i, each] of words.entries())
            expect(w.categories[w.values[i]]).toBe(isNone(each) ? undefined : each.trim());
          expect([...f.values]).toEqual(
            flags.map((flag) => (flag === "" ? Number.NaN : Number(flag.toLowerCase() === "yes"))),
          );
          // as each is spelled first
          for (const [i, word] of hasFlags ? ["no", "yes"].entries() : [])
            expect(f.categories[i]).toBe(flags.find((flag) => flag.toLowerCase() === word) ?? word);
        }
      }),
      { numRuns: cases(500) },
    );
    expect(read).toBeGreaterThan(cases(500) / 10);
  });
});

it("100,000 columns read back", () => {
  const columns = Array.from({ length: 100_000 }, (_, i) => i);
  const table = readTable(
    `${columns.map((i) => `c${i}`).join()}\n${columns.join()}\n${columns.map((i) => -i / 8).join()}\n`,
  );
  expect(table.columns).toHaveLength(100_000);
  expect(table.columns.every(({ values }, i) => values[0] === i && values[1] === -i / 8)).toBe(true);
});

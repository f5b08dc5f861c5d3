/**
 * Limits of tables: what is over one is refused with both figures; and what is not takes time in proportion
 * to its text.
 */
import { describe, expect, it } from "vitest";
import { limitsOf } from "../../src/data/limits.js";
import { readRecords, readTable } from "../../src/data/table.js";
import { cases } from "../cases.js";
import { refusal } from "./refusal.js";

const text = "a,b\n1,x\n2,y\n3,z\n";

describe("a limit", () => {
  it.each([
    [{ rows: 2 }, '3 of 2 {"rows":4} a table must have at most 2 rows; received 3'],
    [{ columns: 1 }, '2 of 1 {"columns":2} a table must have at most 1 columns; received 2'],
    [{ cells: 5 }, '6 of 5 {"cells":10} a table must have at most 5 cells; received 6'],
    [{ length: 10 }, '16 of 10 {"length":20} a table must have at most 10 characters or bytes; received 16'],
  ])("of a text: %j", (limits, expected) => {
    const way = expected.match(/\{.*\}/)?.[0];
    const message = expected.slice(expected.indexOf("}") + 2);
    expect(refusal(() => readTable(text, { limits }))).toBe(
      `memory_limit: ${message}; if that is right, choose limits: ${way}`,
    );
    expect(readTable(text, { limits: JSON.parse(way as string) }).rows).toBe(3);
  });

  it("of a cell, with its place; a name is a cell too", () => {
    const limits = { cellLength: 3 };
    const way = 'choose limits: {"cellLength":6}';
    const received = "a cell must have at most 3 characters; received 4; if that is right";
    expect(refusal(() => readTable('a,b\n1,"2\n3"\n1,abcd\n', { limits }))).toBe(
      `memory_limit: line 4, column 2: ${received}, ${way}`,
    );
    expect(refusal(() => readTable("abcd,b\n1,2\n", { limits }))).toBe(
      `memory_limit: line 1, column 1: ${received}, ${way}`,
    );
    // three cells of three characters are none of nine
    expect(readTable("abc,bcd\n123,456\n", { limits }).rows).toBe(1);
    expect(refusal(() => readRecords([{ a: "abcd" }], { limits }))).toBe(
      `memory_limit: records[0], column "a": ${received}, ${way}`,
    );
  });

  it("of records", () => {
    const records = [{ a: 1 }, { b: 2 }, { c: 3 }];
    const received = (limits: object): string => refusal(() => readRecords(records, { limits }));
    expect(received({ rows: 2 })).toMatch(/^memory_limit: a table must have at most 2 rows; received 3;/);
    expect(received({ columns: 2 })).toMatch(/at most 2 columns; received 3;/);
    expect(received({ cells: 8 })).toMatch(/at most 8 cells; received 9;/);
    expect(readRecords(records, { limits: { cells: 9, columns: 3, rows: 3 } }).rows).toBe(3);
  });

  it("holds beside a schema, and is no part of it", () => {
    const { schema } = readTable(text);
    expect(refusal(() => readTable(text, { schema, limits: { rows: 2 } }))).toMatch(/at most 2 rows/);
    expect(readTable(text, { schema, limits: { rows: 3 } }).schema).toEqual(schema);
  });

  it("must be a positive integer or Infinity, and one that there is", () => {
    expect(limitsOf({ rows: Number.POSITIVE_INFINITY }).rows).toBe(Number.POSITIVE_INFINITY);
    expect(refusal(() => readTable(text, { limits: { rows: 0 } }))).toBe(
      "invalid_argument: rows of limits must be a positive integer, or Infinity; received 0",
    );
    expect(refusal(() => readTable(text, { limits: { row: 5 } as never }))).toMatch(
      /unknown option of limits "row"\. Did you mean "rows"\?/,
    );
    expect(refusal(() => readTable(text, { limits: 5 as never }))).toMatch(/limits must be an object/);
  });
});

/** Fails if it takes more than three seconds of the processor, whatever else the machine does. */
function soon<T>(work: () => T): T {
  const start = process.cpuUsage();
  const result = work();
  const { user, system } = process.cpuUsage(start);
  expect((user + system) / 1000).toBeLessThan(3000);
  return result;
}

/** A text in pieces of some length. */
function* pieces(whole: string, length: number): Iterable<string> {
  for (let at = 0; at < whole.length; at += length) yield whole.slice(at, at + length);
}

describe("a long cell ends soon", () => {
  // what takes time by the square of a length takes minutes for either
  const length = cases(1) > 1 ? 1e7 : 2e6;
  const limits = { cellLength: 2 * length };
  it.each([
    ["digits and a letter", `${"1".repeat(length)}x`, "category"],
    ["letters", "x".repeat(length), "category"],
    ["spaces between", `1${" ".repeat(length)}x`, "category"],
    ["words", "x ".repeat(length / 2), "category"],
    ["thousands", `1${",000".repeat(length / 4)}x`, "category"],
    ["lines", `"${"x\n".repeat(length / 2)}"`, "category"],
    ["quotes, of 4 MB", `"${'""'.repeat(2e6)}"`, "category"],
  ])("%s", (_, cell, kind) => {
    const whole = `a;b\n${cell};1\n`;
    expect(soon(() => readTable(whole, { limits })).columns[0].kind).toBe(kind);
    expect(soon(() => readTable(pieces(whole, 2 ** 18), { limits })).columns[0].kind).toBe(kind);
    expect(soon(() => refusal(() => readTable(whole)))).toMatch(
      /^memory_limit: line 2, column 1: a cell must/,
    );
  });

  it("in a header, and in small pieces", () => {
    const name = `${"1".repeat(1e6)}x`;
    expect(soon(() => readTable(`${name},b\n1,2\n`, { limits })).columns[0].name).toBe(name);
    const whole = `a\n${"x".repeat(1e6)}\n`;
    expect(soon(() => readTable(pieces(whole, 16), { limits })).rows).toBe(1);
  });

  it("and no message repeats one", () => {
    const digits = `a\n${"1".repeat(1e6)}\n`;
    expect(refusal(() => readTable(digits)).length).toBeLessThan(600);
    const { schema } = readTable("a\n1\n2\n");
    expect(refusal(() => readTable(`a\n${"x".repeat(1e6)}\n`, { schema })).length).toBeLessThan(600);
    expect(refusal(() => readTable("a\n1\n", { as: { ["b".repeat(1e6)]: "number" } })).length).toBeLessThan(
      600,
    );
  });
});

describe("many of a kind end soon", () => {
  it.each([
    ["columns of one name", `${Array(1e4).fill("a").join()}\n${Array(1e4).fill("1").join()}\n`],
    [
      "numbers that may be grouped",
      `${Array.from({ length: 1e4 }, (_, i) => `a${i}`).join()}\n${Array(1e4).fill("1.234").join()}\n`,
    ],
    ["blank lines", `a\n${"\n".repeat(1e5)}1\n`],
    [
      "numbers in two ways",
      `a;b\n${Array.from({ length: 1e4 }, (_, i) => `1,${100 + i};x`).join("\n")}\n1.5;x\n`,
    ],
    [
      "dates in two ways",
      `a\n${Array.from({ length: 1e4 }, (_, i) => `${13 + (i % 15)}.1.${1000 + i}`).join("\n")}\n1.13.1999\n`,
    ],
  ])("%s", (_, whole) => {
    expect(soon(() => readTable(whole)).rows).toBeGreaterThan(0);
  });
});

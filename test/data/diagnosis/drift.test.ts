/** What has drifted between two tables, against distances computed here, and nothing where nothing has. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseDate } from "../../../src/data/dates.js";
import { isoDay } from "../../../src/data/days.js";
import { drift } from "../../../src/data/diagnosis/drift.js";
import { readTable } from "../../../src/data/table.js";
import { RandomStream } from "../../../src/numerics/random.js";
import { cases } from "../../cases.js";
import { refusal } from "../refusal.js";

const lines = (cells: readonly unknown[]) =>
  `a,other\n${cells.map((cell, i) => `${cell},${i % 3}`).join("\n")}\n`;
const between = (before: readonly unknown[], after: readonly unknown[]) => {
  const table = readTable(lines(before));
  return drift(table, readTable(lines(after), { schema: table.schema, unknown: "ignore" }));
};

describe("drift", () => {
  it("of numbers is the distance of Kolmogorov and Smirnov", () => {
    const random = new RandomStream(8, 1);
    const before = Array.from({ length: 300 }, () => random.integer(40));
    const after = Array.from({ length: 200 }, () => 10 + random.integer(40));
    const [{ column, distance, message }] = between(before, after);
    const share = (values: readonly number[], at: number) =>
      values.filter((value) => value <= at).length / values.length;
    const expected = Math.max(
      ...Array.from({ length: 60 }, (_, at) => Math.abs(share(before, at) - share(after, at))),
    );
    expect(column).toBe("a");
    expect(Math.abs(distance - expected)).toBeLessThan(1e-12);
    expect(message).toMatch(/^column "a" has another distribution: its median is \d+ and was \d+$/);
  });

  it("is listed by distance, whatever the order of the columns", () => {
    const csv = (rows: (i: number) => readonly number[]) =>
      ["a,b,c", ...Array.from({ length: 400 }, (_, i) => rows(i).join(","))].join("\n");
    const of = (i: number, steps: number) => ((7 * i) % 50) + steps;
    const table = readTable(csv((i) => [of(i, 0), of(i + 1, 0), of(i + 2, 0)]));
    const after = readTable(
      csv((i) => [of(i, 10), of(i, 30), of(i, 20)]),
      { schema: table.schema },
    );
    // shifted by so many of 50 steps
    expect(drift(table, after).map(({ column, distance }) => [column, distance])).toEqual([
      ["b", expect.closeTo(0.6, 12)],
      ["c", expect.closeTo(0.4, 12)],
      ["a", expect.closeTo(0.2, 12)],
    ]);
  });

  it("of categories is the share of rows that would have to change, and names new words", () => {
    const before = Array.from({ length: 100 }, (_, i) => (i < 50 ? "red" : "blue"));
    const after = Array.from({ length: 100 }, (_, i) => (i < 20 ? "red" : i < 90 ? "blue" : "pink"));
    expect(between(before, after)).toEqual([
      {
        column: "a",
        distance: expect.closeTo(0.3, 12),
        message: 'column "a": 10.0 % are new words; "red" 20.0 %, was 50.0 %; "blue" 70.0 %, was 50.0 %',
      },
    ]);
    expect(between(before, before)).toEqual([]);
  });

  it("names a new word however rare, and cells that are there again", () => {
    const before = Array.from({ length: 1000 }, (_, i) => (i % 2 ? "red" : "blue"));
    const after = before.map((cell, i) => (i === 500 ? "pink" : cell));
    expect(between(before, after).map(({ message }) => message)).toEqual([
      expect.stringMatching(/^column "a": 0\.1 % are new words/),
    ]);
    const gaps = before.map((cell, i) => (i < 300 ? "" : cell));
    expect(between(gaps, before)[0]).toEqual({
      column: "a",
      distance: 0.3,
      message: 'column "a" is missing in 0.0 % of the rows; it was in 30.0 %',
    });
  });

  it("of missing cells, of dates and of absent columns is named", () => {
    const cells = Array.from({ length: 100 }, (_, i) => i % 10);
    expect(
      between(
        cells,
        cells.map((cell, i) => (i < 40 ? "" : cell)),
      )[0].message,
    ).toBe('column "a" is missing in 40.0 % of the rows; it was in 0.0 %');
    const days = (month: string) => Array.from({ length: 56 }, (_, i) => `2024-${month}-${10 + (i % 14)}`);
    expect(between(days("03"), days("09"))[0].message).toBe(
      'column "a" has another distribution: its median is 2024-09-17 and was 2024-03-17',
    );
    const table = readTable(lines(cells));
    expect(drift(table, readTable("other\n1\n", { schema: table.schema }))).toEqual([
      { column: "a", distance: 1, message: 'column "a" is absent' },
    ]);
  });

  it("is found in less than one of a hundred pairs that have the same distribution", () => {
    const random = new RandomStream(9, 1);
    const draw = (n: number) => Array.from({ length: n }, () => random.integer(50));
    const found = Array.from({ length: 300 }, () => between(draw(60), draw(80))).flat();
    expect(found.filter(({ column }) => column === "a").length).toBeLessThanOrEqual(3);
  });

  // a quarter of 40 cells differ: less than chance of 40, and more than chance of 400
  it.each([
    ["numbers", [1.5, 2.5]],
    ["dates", ["2024-03-01", "2024-04-01"]],
    ["words", ["red", "blue"]],
  ])("of %s is chance by the rows that have a cell, not by those that lack it", (_, [one, other]) => {
    const columnOf = (ones: number, cells: number) =>
      Array.from({ length: 400 }, (_, i) => (i >= cells ? "" : i % 40 < ones ? one : other));
    expect(between(columnOf(15, 40), columnOf(25, 40))).toEqual([]);
    expect(between(columnOf(15, 400), columnOf(25, 400))).toMatchObject([{ column: "a", distance: 0.25 }]);
  });

  it("is refused between tables of other schemas", () => {
    const words = readTable(lines(["x", "y"]));
    expect(refusal(() => drift(words, readTable(lines([1, 2]))))).toBe(
      'invalid_argument: column "a" must be a category in both tables; received a number; read both with one schema',
    );
  });
});

it("a day is written as ISO 8601 has it, and read again", () => {
  fc.assert(
    fc.property(
      fc.date({ min: new Date("0001-01-01"), max: new Date("9999-12-31"), noInvalidDate: true }),
      (date) => {
        const day = isoDay(date.getTime());
        expect(day).toBe(date.toISOString().slice(0, 10));
        expect(parseDate(day, "ymd")).toBe(Math.floor(date.getTime() / 86_400_000) * 86_400_000);
      },
    ),
    { numRuns: cases(200) },
  );
  for (const day of ["2000-02-29", "1600-02-29", "1999-12-31", "2000-03-01", "1969-12-31", "2100-02-28"])
    expect(isoDay(Date.parse(day) + 1)).toBe(day);
});

/** Dates against JavaScript's own, and how a column of them is read. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { encodeTable } from "../../src/data/dataset.js";
import { parseDate } from "../../src/data/dates.js";
import { DAY, isoDay } from "../../src/data/days.js";
import { fitPipeline } from "../../src/data/pipeline/pipeline.js";
import { readRecords, readTable } from "../../src/data/table.js";
import { cases } from "../cases.js";
import { refusal } from "./refusal.js";

const at = (...parts: [number, number, number, ...number[]]) =>
  Date.UTC(parts[0], parts[1] - 1, ...parts.slice(2));

describe("parseDate", () => {
  it.each([
    ["2024-05-31", "ymd", at(2024, 5, 31)],
    ["2024/5/1", "ymd", at(2024, 5, 1)],
    ["31.12.1969", "dmy", at(1969, 12, 31)],
    ["1/2/2024", "dmy", at(2024, 2, 1)],
    ["1/2/2024", "mdy", at(2024, 1, 2)],
    ["1/2/68", "mdy", at(2068, 1, 2)],
    ["1/2/69", "mdy", at(1969, 1, 2)],
    ["29-02-2024", "dmy", at(2024, 2, 29)],
    ["2024-05-31T12:30", "ymd", at(2024, 5, 31, 12, 30)],
    ["2024-05-31 12:30:15.25", "ymd", at(2024, 5, 31, 12, 30, 15, 250)],
    ["2024-05-31T23:30:00+02:00", "ymd", at(2024, 5, 31, 21, 30)],
    ["2024-05-31T00:30:00-0130", "ymd", at(2024, 5, 31, 2)],
    ["2024-05-31T12:30:00Z", "ymd", at(2024, 5, 31, 12, 30)],
    ["3/4/2024 10:30 PM", "mdy", at(2024, 3, 4, 22, 30)],
    ["3/4/2024, 12:05:09 a.m.", "mdy", at(2024, 3, 4, 0, 5, 9)],
    ["5 May 2024", "ymd", at(2024, 5, 5)],
    ["05-Jan-2024 07:00", "mdy", at(2024, 1, 5, 7)],
    ["September 7, 2024", "dmy", at(2024, 9, 7)],
    ["Sept. 7, 2024", "dmy", at(2024, 9, 7)],
    ["3 mar 2024", "mdy", at(2024, 3, 3)],
  ] as const)("%s, %s", (cell, order, moment) => {
    expect(parseDate(cell, order)).toBe(moment);
  });

  it.each([
    "2023-02-29",
    "2024-13-01",
    "2024-00-01",
    "2024-05-31 24:00",
    "2024-05-31 13:00 PM",
    "2024-05-31 0:30 AM",
    "2024-05/31",
    "20240531",
    "12:30",
    "May",
    "1.5",
    "2024-05-31x",
    "Marble 5, 2024",
    "5 Decent 2024",
  ])("is no date: %s", (cell) => {
    for (const order of ["ymd", "dmy", "mdy"] as const) expect(parseDate(cell, order)).toBeUndefined();
  });

  it("is what JavaScript reads from ISO 8601, over all years of four digits", () => {
    const moments = fc.date({
      min: new Date("0100-01-01T00:00:00Z"),
      max: new Date("9999-12-31T23:59:59Z"),
      noInvalidDate: true,
    });
    fc.assert(
      fc.property(moments, (moment) => {
        const iso = moment.toISOString();
        expect(parseDate(iso, "ymd")).toBe(moment.getTime());
        expect(parseDate(iso.slice(0, 10), "ymd")).toBe(Date.parse(iso.slice(0, 10)));
        const [year, month, day] = iso.slice(0, 10).split("-");
        expect(parseDate(`${day}.${month}.${year}`, "dmy")).toBe(Date.parse(iso.slice(0, 10)));
        expect(parseDate(`${month}/${day}/${year}`, "mdy")).toBe(Date.parse(iso.slice(0, 10)));
      }),
      { numRuns: cases(300) },
    );
  });
});

describe("a column of dates", () => {
  const read = (cells: readonly string[], options = {}) =>
    readTable(["when,y", ...cells.map((cell, i) => `"${cell}",${i}`)].join("\n"), options);

  it("is of kind date, in the one order that fits all", () => {
    const { columns, schema } = read(["1.2.2024", "", "13.2.2024"]);
    expect(columns[0]).toMatchObject({
      kind: "date",
      values: Float64Array.of(at(2024, 2, 1), NaN, at(2024, 2, 13)),
    });
    expect(schema.columns[0].dateOrder).toBe("dmy");
    const other = readTable("when\n2.1.2024\n", { schema: JSON.parse(JSON.stringify(schema)) });
    expect(other.columns[0].values).toEqual(Float64Array.of(at(2024, 1, 2)));
    expect(refusal(() => readTable("when\n2.13.2024\n", { schema }))).toBe(
      'invalid_data: line 2, column "when": every cell must be a date; received "2.13.2024"',
    );
  });

  it("that can be read in two ways is in doubt, unless another column or an option decides", () => {
    const cells = ["1/2/2024", "3/4/2024"];
    expect(refusal(() => encodeTable(read(cells), { target: "y" }))).toBe(
      'invalid_data: column "when" can be read in two ways, "1/2/2024" as day 1 of month 2 or day 2 of month 1; choose ' +
        'dateOrder: "dmy" or dateOrder: "mdy"',
    );
    expect(read(cells, { dateOrder: "mdy" }).columns[0].values[0]).toBe(at(2024, 1, 2));
    // the order is that of dates in digits; ISO 8601 is not asked
    expect(read(["2024-01-02", "2024-03-04"], { dateOrder: "dmy" }).columns[0].values[0]).toBe(
      at(2024, 1, 2),
    );
    const two = readTable("a,b\n1/2/2024,13/1/2024\n3/4/2024,1/1/2024\n");
    expect(two.columns[0].values[0]).toBe(at(2024, 2, 1));
    expect(read(["1/1/2024", "2/2/2024"]).columns[0].values).toEqual(
      Float64Array.of(at(2024, 1, 1), at(2024, 2, 2)),
    );
  });

  it("with words among them is in doubt, and with one word in a tenth of the rows lacks those cells", () => {
    const days = Array.from({ length: 19 }, (_, i) => `2024-05-${10 + i}`);
    const { kind, na, values } = {
      ...read([...days, "unknown"]).schema.columns[0],
      ...read([...days, "unknown"]).columns[0],
    };
    expect([kind, na, values.findIndex(Number.isNaN)]).toEqual(["date", ["unknown"], 19]);
    const cells = [...days, ...days, "unknown", "later"];
    expect(refusal(() => encodeTable(read(cells), { target: "y" }))).toContain(
      'column "when" holds dates except for "unknown", "later"; if that means a missing cell, choose na: ["unknown","later"]; or choose as: {"when":"category"}',
    );
    expect(read(cells, { na: ["unknown", "later"] }).columns[0].kind).toBe("date");
  });

  it("of records may be dates of JavaScript", () => {
    const { columns } = readRecords([{ when: new Date(at(2024, 5, 1, 6)) }, { when: null }]);
    expect(columns[0]).toMatchObject({ kind: "date", values: Float64Array.of(at(2024, 5, 1, 6), NaN) });
  });

  it("becomes elapsed days and cycles of the year, the week and, with times, the day", () => {
    const features = (cells: readonly string[]) => {
      const { pipeline, x } = fitPipeline(encodeTable(read(cells), { target: "y" }), { scale: "none" });
      return [pipeline.features, x] as const;
    };
    const [names, x] = features(["1970-01-01", "1970-01-08", "1970-01-04"]);
    const own = ["when (days)", "when (year sin)", "when (year cos)", "when (week sin)", "when (week cos)"];
    expect(names).toEqual(own);
    const row = (i: number) => [...x].slice(5 * i, 5 * i + 5);
    const angle = (days: number, period: number) => (2 * Math.PI * (days % period)) / period;
    for (const [i, days] of [0, 7, 3].entries()) {
      const expected = [
        days,
        ...[365.2425, 7].flatMap((period) => [Math.sin(angle(days, period)), Math.cos(angle(days, period))]),
      ];
      row(i).forEach((value, j) => void expect(Math.abs(value - expected[j])).toBeLessThanOrEqual(2 ** -24));
    }
    expect(row(1).slice(3)).toEqual(row(0).slice(3)); // the same day of the week
    const [timed] = features(["1970-01-01 06:00", "1970-01-02", "1970-01-03"]);
    expect(timed).toEqual([...own, "when (day sin)", "when (day cos)"]);
  });
});

it("write every day of leap years and others as ISO 8601, like Date", () => {
  const wrong: string[] = [];
  for (const year of [1600, 1899, 1900, 1969, 1970, 2000, 2023, 2024, 2100, 9998])
    for (let day = 0; day < 366; day++) {
      const moment = Date.UTC(year, 0, 1 + day);
      const [iso] = new Date(moment).toISOString().split("T");
      if (isoDay(moment) !== iso || isoDay(moment + DAY - 1) !== iso) wrong.push(iso);
    }
  expect(wrong).toEqual([]);
});

/** What of a table suggests an option, and what does not. */
import { describe, expect, it } from "vitest";
import { type EncodeOptions, encodeTable } from "../../../src/data/dataset.js";
import { diagnose } from "../../../src/data/diagnosis/diagnose.js";
import { readTable } from "../../../src/data/table.js";
import { RandomStream } from "../../../src/numerics/random.js";

const random = new RandomStream(5, 1);
const ROWS = 300;
const noise = Array.from({ length: ROWS }, () => random.uniform());

/** Warnings of those types, of a table with a column of noise, that column and a target. */
function found(
  type: string,
  name: string,
  column: (i: number) => unknown,
  target: (i: number) => unknown = (i) => noise[(7 * i) % ROWS] + 0.001,
  options: Partial<EncodeOptions> = {},
) {
  const rows = noise.map((a, i) => `${a},${column(i)},${target(i)}`);
  const data = encodeTable(readTable([`a,${name},y`, ...rows].join("\n")), { target: "y", ...options });
  return diagnose(data).filter((each) => each.type === type);
}

describe("a rare class", () => {
  const messageOf = (target: (i: number) => string) =>
    found("rareClass", "b", (i) => noise[(3 * i) % ROWS], target).map(({ message }) => message);

  it("has a threshold or costs as the next step", () => {
    expect(messageOf((i) => (i % 20 === 0 ? "yes" : "no"))).toEqual([
      '95.0 % of rows have class "no", so always predicting it has an accuracy of 0.950; to find "yes", choose threshold: "f1", ' +
        'or cost: {"missed":100,"false":5} with the costs of errors',
    ]);
  });

  it("that is not the positive one has that as the first step", () => {
    expect(messageOf((i) => (i % 20 === 0 ? "no" : "yes"))[0]).toContain(
      'to find "no", choose positive: "no" with threshold: "f1", or cost: ',
    );
  });

  it("of several has a metric in which it counts", () => {
    expect(messageOf((i) => (i % 30 === 0 ? "p" : i % 31 === 0 ? "q" : "r"))[0]).toContain(
      'choose metric: "f1Macro"',
    );
    expect(messageOf((i) => (i % 9 === 0 ? "p" : "r"))).toEqual([]);
  });
});

describe("a time column", () => {
  const day = (i: number) => new Date(Date.UTC(2023, 0, 1 + i)).toISOString().slice(0, 10);
  const of = (name: string, column: (i: number) => unknown, options = {}) =>
    found("timeColumn", name, column, undefined, options);

  it.each<[string, string, (i: number) => unknown]>([
    ["dates that rise", "day", day],
    ["dates that fall", "day", (i) => day(ROWS - i)],
    ["dates of which a few are out of order", "day", (i) => day(i % 60 === 0 ? i + 3 : i)],
    ["years", "Year", (i) => 1900 + Math.floor(i / 4)],
    ["years from 1800 on", "year", (i) => 1800 + Math.floor(i / 4)],
    ["years to 2200", "year", (i) => 2200 - Math.floor(i / 4)],
    ["seconds since 1970", "created_time", (i) => 1_600_000_000 + 3600 * i],
  ])("is suggested: %s", (_, name, column) => {
    const [warning] = of(name, column);
    expect(warning.columns).toEqual([name]);
    expect(warning.message).toBe(
      `rows are in the order of column "${name}", and folds mix earlier and later ones; if the model must predict later rows, choose time: "${name}"`,
    );
  });

  it.each<[string, string, (i: number) => unknown, object]>([
    ["dates in any order", "day", (i) => day((37 * i) % ROWS), {}],
    ["dates of several series, one after another", "day", (i) => day(i % 50), {}],
    ["numbers that rise by another name", "dose", (i) => 1_600_000_000 + i, {}],
    ["numbers before all years", "year", (i) => 1799 + Math.floor(i / 4), {}],
    ["numbers after all years", "year", (i) => 2201 - Math.floor(i / 4), {}],
    ["small numbers by a name of time", "time", (i) => i + (i % 2), {}],
    ["the time column that is chosen", "day", day, { time: "day" }],
    ["dates of rows in groups", "day", day, { group: "a" }],
  ])("is not suggested: %s", (_, name, column, options) => {
    expect(of(name, column, options)).toEqual([]);
  });
});

describe("a column of names", () => {
  it("is warned of, with the share of rows that will have another", () => {
    // 150 names once, and 50 of three rows each
    const [warning, ...others] = found("newWords", "car", (i) => `car ${i < 150 ? i : 150 + (i % 50)}`);
    expect(others).toEqual([]);
    expect(warning).toEqual({
      type: "newWords",
      columns: ["car"],
      message:
        'column "car" has 200 different words in 300 rows, so about 50 % of new rows have an unknown one, ' +
        'which the model treats as outside all categories; leave the column out with drop: ["car"], or refuse such rows with unknown: "refuse"',
    });
  });

  it("is not what has a few rare words, or many that repeat", () => {
    expect(found("newWords", "b", (i) => `w${i % 140}`)).toEqual([]);
    expect(found("newWords", "b", (i) => (i < 10 ? `rare ${i}` : "pqr"[i % 3]))).toEqual([]);
  });
});

/** Curves against the formula that they draw. */
import { describe, expect, it } from "vitest";
import { partialDependence, strongestPairs } from "../../src/explain/dependence.js";
import { formulaModel, numbers, rowsOf } from "./formula.js";

/** Milliseconds. */
const DAY = 86_400_000;

describe("partial dependence", () => {
  it("is the mean of the formula over rows, with a curve for each", async () => {
    const model = formulaModel(numbers("x", "y"), ([x, y]) => x * y);
    const [x, y] = await partialDependence(
      model,
      rowsOf([
        [1, 2],
        [2, 4],
        [3, 12],
      ]),
    );
    expect(x).toEqual({
      column: "x",
      values: [1, 2, 3],
      counts: [1, 1, 1],
      mean: [[6], [12], [18]],
      curves: [
        [[2], [4], [6]],
        [[4], [8], [12]],
        [[12], [24], [36]],
      ],
      gaps: [],
      others: 0,
    });
    expect(y.mean).toEqual([[4], [8], [24]]);
  });

  it("draws the curves of rows that are spread evenly", async () => {
    const model = formulaModel(numbers("x", "y"), ([, y]) => y);
    const rows = rowsOf(Array.from({ length: 100 }, (_, i) => [i % 2, i]));
    const [{ curves }] = await partialDependence(model, rows, { columns: ["x"], curves: 4 });
    expect(curves.map(([[first]]) => first)).toEqual([0, 25, 50, 75]);
  });

  it("takes quantiles of many numbers, both ends among them, and counts the rows near each", async () => {
    const model = formulaModel(numbers("x"), ([x]) => x);
    const rows = rowsOf(Array.from({ length: 101 }, (_, i) => [i]));
    const [{ values, counts, gaps }] = await partialDependence(model, rows, { values: 5 });
    expect(values).toEqual([0, 25, 50, 75, 100]);
    // a number halfway counts for the one before
    expect(counts).toEqual([13, 25, 25, 25, 13]);
    expect(gaps).toEqual([]);
  });

  it("names wide ranges without rows, among many values", async () => {
    const model = formulaModel([{ name: "x" }, { name: "day", kind: "date" }], ([x]) => x);
    const values = [...Array.from({ length: 20 }, (_, i) => i), 30, 32];
    const [x, day] = await partialDependence(model, rowsOf(values.map((value) => [value, value * DAY])));
    expect(x.gaps).toEqual([[19, 30]]);
    expect(day.gaps).toEqual([["1970-01-20", "1970-01-31"]]);
  });

  it("takes the most common words, and says how many rows have others", async () => {
    const words = ["u", "v", "w"];
    const model = formulaModel([{ name: "port", words }], ([code]) => 10 * code);
    const rows = rowsOf([[2], [2], [1], [2], [0], [1]]);
    const [found] = await partialDependence(model, rows, { values: 2 });
    expect(found).toEqual({
      column: "port",
      values: ["w", "v"],
      counts: [3, 2],
      mean: [[20], [10]],
      curves: [],
      gaps: [],
      others: 1,
    });
  });

  it("has a value for missing cells where there are some, and dates in ISO form", async () => {
    const columns = [{ name: "x" }, { name: "day", kind: "date" as const }];
    const model = formulaModel(columns, ([x]) => (Number.isNaN(x) ? -1 : x));
    const [x, day] = await partialDependence(
      model,
      rowsOf([
        [1, DAY / 4],
        [Number.NaN, 366 * DAY],
        [3, 366 * DAY],
      ]),
    );
    expect([x.values, x.counts, x.mean]).toEqual([
      [1, 3, null],
      [1, 1, 1],
      [[1], [3], [-1]],
    ]);
    expect(day.values).toEqual(["1970-01-01T06:00:00.000Z", "1971-01-02"]);
  });

  it("draws the columns that are named, and refuses others", async () => {
    const model = formulaModel(numbers("x", "y"), ([x]) => x);
    const rows = rowsOf([[1, 2]]);
    const found = await partialDependence(model, rows, { columns: ["y"] });
    expect(found.map(({ column }) => column)).toEqual(["y"]);
    await expect(partialDependence(model, rows, { columns: ["z"] })).rejects.toThrow(/unknown input "z"/);
    await expect(partialDependence(model, rows, { columns: "y" as never })).rejects.toThrow(
      /columns must be/,
    );
  });

  it("of a column without a cell has one value", async () => {
    const model = formulaModel(numbers("x"), () => 7);
    const [found] = await partialDependence(model, rowsOf([[Number.NaN], [Number.NaN]]));
    expect(found).toMatchObject({ values: [null], counts: [2], mean: [[7]], gaps: [] });
  });
});

describe("the strongest pairs", () => {
  it("are those whose effects are no sum", async () => {
    const model = formulaModel(numbers("x", "y", "z", "w"), ([x, y, z, w]) => 3 * x * y + z * w + 100 * x);
    const corners = Array.from({ length: 16 }, (_, i) => [0, 1, 2, 3].map((k) => ((i >> k) & 1 ? 1 : -1)));
    const [first, second, ...others] = await strongestPairs(model, rowsOf(corners), { pairs: 6 });
    // the deviation of 3xy over four corners is 3, that of zw is 1, others are 0
    expect([first.columns, first.strength]).toEqual([["x", "y"], 3]);
    expect([second.columns, second.strength]).toEqual([["z", "w"], 1]);
    expect(others.map(({ strength }) => strength)).toEqual([0, 0, 0, 0]);
    expect(first.mean).toEqual([
      [[-97], [-103]],
      [[97], [103]],
    ]);
    expect(first.values).toEqual([
      [-1, 1],
      [-1, 1],
    ]);
  });
});

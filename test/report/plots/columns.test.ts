/** Pictures of what a model does, against the figures that they are given. */
import { expect, it } from "vitest";
import type { Dependence } from "../../../src/explain/dependence.js";
import type { PermutationImportances } from "../../../src/explain/importance.js";
import { plotColumns, plotDependence } from "../../../src/report/plots/columns.js";
import { loadCharts } from "../../../src/report/plots/render.js";
import { themeOf } from "../../../src/report/plots/theme.js";

interface Drawn {
  readonly series: readonly {
    readonly type: string;
    readonly name?: string;
    readonly data: readonly unknown[];
    readonly markArea?: { readonly data: unknown };
  }[];
  readonly xAxis: { readonly min: number; readonly max: number; readonly name: string };
  readonly yAxis: { readonly data: readonly string[] };
}

const importance: PermutationImportances = {
  metric: "logLoss",
  direction: "minimize",
  score: 0.25,
  rows: 100,
  of: 100,
  columns: [
    { columns: ["size"], importance: 0.5, interval: [0.25, 0.75] },
    { columns: ["port"], importance: -0.05, interval: [-0.2, 0.1] },
  ],
  groups: [],
};

it("importances have their intervals, below 0 too, and the words of the first three", () => {
  const { option, description } = plotColumns(importance);
  const { series, xAxis, yAxis } = option as unknown as Drawn;
  expect(yAxis.data).toEqual(["port", "size"]);
  expect(series[0].data).toEqual([-0.05, 0.5]);
  expect(series.slice(1, 3).map(({ data }) => data)).toEqual([
    [
      [-0.2, 0],
      [0.1, 0],
    ],
    [
      [0.25, 1],
      [0.75, 1],
    ],
  ]);
  expect([xAxis.min, xAxis.name]).toEqual([expect.closeTo(-0.21, 12), "logLoss becomes worse by"]);
  expect(description).toBe(
    "logLoss becomes worse: without size by 0.5000, 0.2500 to 0.7500; without port by -0.0500, -0.2000 to 0.1000.",
  );
});

it("importances draw ten columns, and say of how many", () => {
  const columns = Array.from({ length: 12 }, (_, k) => ({ columns: [`x${k}`], importance: 12 - k }));
  const { option, description } = plotColumns({ ...importance, columns });
  expect((option as unknown as Drawn).yAxis.data).toHaveLength(10);
  expect(description).toMatch(/ 10 of 12 columns are drawn\.$/);
});

const size: Dependence = {
  column: "size",
  values: [1, 2, 9, null],
  counts: [3, 3, 3, 1],
  mean: [[0.1], [0.3], [0.5], [0.9]],
  curves: [[[0.2], [0.4], [0.6], [0.8]]],
  gaps: [[2, 9]],
  others: 0,
};

it("a column of numbers is a line, with single rows in grey, and ranges without rows", async () => {
  const plot = plotDependence(size, { task: "classification", outputs: ["yes"] });
  const { series } = plot.option as unknown as Drawn;
  expect(series.map(({ data }) => data)).toEqual([
    [
      [1, 0.2],
      [2, 0.4],
      [9, 0.6],
    ],
    [
      [1, 0.1],
      [2, 0.3],
      [9, 0.5],
    ],
  ]);
  expect(series[1].markArea?.data).toEqual([[{ xAxis: 2 }, { xAxis: 9 }]]);
  expect(plot.description).toBe(
    "The mean probability of yes is 0.1 at 1 and 0.5 at 9 and 0.9 where size is missing. Grey lines are single rows. There are no rows in grey ranges.",
  );
  const draw = await loadCharts();
  expect(draw(plot, themeOf({ background: "#fff", text: "#000", faint: "#888", grid: "#ccc" }))).toMatch(
    /^<svg/,
  );
});

it("several classes are lines of their own, of which the one that moves most is described", () => {
  const mean = [
    [0.8, 0.1, 0.1],
    [0.5, 0.4, 0.1],
    [0.1, 0.8, 0.1],
    [0, 0, 1],
  ];
  const plot = plotDependence({ ...size, mean }, { task: "classification", outputs: ["a", "b", "c"] });
  const { series } = plot.option as unknown as Drawn;
  expect(series.map(({ name, data }) => [name, data.length])).toEqual([
    ["a", 3],
    ["b", 3],
    ["c", 3],
  ]);
  expect(plot.description).toMatch(
    /^The mean probability of (a is 0.8 at 1 and 0.1|b is 0.1 at 1 and 0.8) at 9/,
  );
});

it("words and dates are rows", () => {
  const port = plotDependence(
    {
      column: "port",
      values: ["C", "Q", null],
      counts: [1, 1, 1],
      mean: [[4], [6], [5]],
      curves: [],
      gaps: [],
      others: 0,
    },
    { task: "regression", outputs: ["price"] },
  );
  expect((port.option as unknown as Drawn).yAxis.data).toEqual(["missing", "Q", "C"]);
  expect(port.description).toBe("The mean of price: C 4, Q 6 and missing 5.");
  const day = plotDependence(
    { ...size, values: ["2009-10-16", "2009-10-17", "2010-01-01", null] },
    { task: "regression", outputs: ["price"] },
  );
  expect((day.option as unknown as Drawn).yAxis.data).toEqual([
    "missing",
    "2010-01-01",
    "2009-10-17",
    "2009-10-16",
  ]);
});

it("a column without a known value is a row", () => {
  const none = { ...size, values: [null], mean: [[2]], curves: [[[2]]], gaps: [] };
  expect(plotDependence(none, { task: "regression", outputs: ["price"] }).description).toBe(
    "The mean of price: missing 2.",
  );
});

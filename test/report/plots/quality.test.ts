/** How well classes and numbers are predicted: pictures against the numbers that they show. */
import { beforeAll, describe, expect, it } from "vitest";
import * as metrics from "../../../src/metrics/index.js";
import { ready } from "../../../src/numerics/kernels.js";
import { plotCalibration } from "../../../src/report/plots/calibration.js";
import {
  type Predictions,
  plotConfusion,
  plotPrecisionRecall,
  plotRoc,
} from "../../../src/report/plots/quality.js";
import { loadCharts } from "../../../src/report/plots/render.js";
import {
  plotResiduals,
  plotSegments,
  type SegmentColumn,
  segmentsOf,
} from "../../../src/report/plots/residuals.js";
import { named, seriesOf } from "./support.js";

beforeAll(async () => {
  await loadCharts();
  await ready();
}, 60_000);

describe("the quality of classes", () => {
  const p = [0.1, 0.4, 0.35, 0.8, 0.65, 0.05];
  const truth = [0, 0, 1, 1, 1, 0];
  const predictions: Predictions = {
    target: "kind",
    classes: ["no", "yes"],
    truth,
    predicted: p.map((each) => Number(each >= 0.5)),
    probabilities: p.map((each) => [1 - each, each]),
  };

  it("has the confusion matrix", () => {
    const cells = (seriesOf(plotConfusion(predictions))[0].data as unknown as { value: number[] }[]).map(
      ({ value }) => value,
    );
    const matrix = metrics.confusionMatrix(truth, predictions.predicted);
    for (const [j, i, rows] of cells) expect(rows).toBe(matrix[i][j]);
    expect(cells).toHaveLength(4);
  });

  it("colours a cell by its share of the rows that are of that class", () => {
    const matrix = [
      [6, 2],
      [1, 3],
    ];
    const of = (pick: (i: number, j: number) => number) =>
      matrix.flatMap((row, i) => row.flatMap((n, j) => Array.from({ length: n }, () => pick(i, j))));
    const plot = plotConfusion({
      target: "kind",
      classes: ["no", "yes"],
      truth: of((i) => i),
      predicted: of((_, j) => j),
    });
    const cells = seriesOf(plot)[0].data as unknown as { value: number[]; label: { formatter: string } }[];
    expect(cells.map(({ value: [, , , share] }) => share)).toEqual([0.75, 0.25, 0.25, 0.75]);
    expect(cells.map(({ label }) => label.formatter)).toEqual(["6\n75 %", "2\n25 %", "1\n25 %", "3\n75 %"]);
  });

  it("draws of many classes the curves of those that are told apart worst", () => {
    const classes = [..."abcdefgh"];
    const truth = Array.from({ length: 80 }, (_, row) => row % 8);
    // class k has the largest share in its own rows but for its first k
    const probabilities = truth.map((label, row) =>
      classes.map((_, k) => (label === k && row >= 8 * k ? 0.9 : row / 1000)),
    );
    const plot = plotRoc({ target: "kind", classes, truth, predicted: truth, probabilities });
    const drawn = seriesOf(plot).flatMap(({ name }) => (classes.includes(String(name)) ? [name] : []));
    expect(drawn).toEqual(["c", "d", "e", "f", "g", "h"]);
  });

  it("has both curves, and the area of scikit-learn's rule", () => {
    const { precision, recall } = metrics.precisionRecallCurve(truth, p);
    expect(named(plotPrecisionRecall(predictions), "yes")).toEqual(
      Array.from(recall, (at, i) => [at, precision[i]]),
    );
    expect(named(plotPrecisionRecall(predictions), "threshold 0.5")).toEqual([[2 / 3, 1]]);
    expect(plotRoc(predictions).description).toContain(
      `yes is ${metrics.rocAuc.compute(Float64Array.from(truth), Float64Array.from(p), 1).toFixed(4)}`,
    );
    expect(named(plotRoc(predictions), "threshold 0.5")).toEqual([[0, 2 / 3]]);
  });

  it("has the share of each bin of probability", () => {
    const series = seriesOf(plotCalibration(predictions));
    const points = series[series.length - 1].data as unknown as readonly { value: readonly number[] }[];
    expect(points.map(({ value: [, share] }) => share)).toEqual([0, 0, 1, 0, 1, 1]);
    // by Wilson, of 1 row: from 0, or to 1
    const off = 1.959963984540054 ** 2 / (1 + 1.959963984540054 ** 2);
    const intervals = series.slice(1, -1).map(({ data }) => data.map(([, share]) => share as number));
    for (const [i, { value }] of points.entries()) {
      expect(intervals[i][0]).toBeCloseTo(value[1] * (1 - off), 9);
      expect(intervals[i][1]).toBeCloseTo(value[1] + (1 - value[1]) * off, 9);
    }
  });

  it("has the mean difference of rows, not of bins", () => {
    // nine rows at 0.25 of which none is a yes, and one at 0.95 that is: (9 · 0.25 + 0.05) / 10
    const said = [...Array.from({ length: 9 }, () => 0.25), 0.95];
    const uneven: Predictions = {
      ...predictions,
      truth: said.map((share) => Number(share > 0.5)),
      predicted: said.map((share) => Number(share > 0.5)),
      probabilities: said.map((share) => [1 - share, share]),
    };
    expect(plotCalibration(uneven).description).toContain("The mean difference is 0.2300.");
  });

  it("says so where all rows are of one class", () => {
    const one = { ...predictions, truth: [0, 0, 0, 0, 0, 0] };
    expect(plotRoc(one).description).toContain("have the same class");
    expect(seriesOf(plotPrecisionRecall(one))).toEqual([]);
  });

  it("refuses classes that do not exist, and lists of other lengths", () => {
    expect(() => plotConfusion({ ...predictions, truth: [0, 0, 1, 1, 1, 2] })).toThrow(
      /class of row 5 must be an index below 2; received 2/,
    );
    expect(() => plotConfusion({ ...predictions, truth: [0] })).toThrow(
      /received 1 of truth and 6 predicted/,
    );
    for (const own of [[0.5], [Number.NaN, Number.NaN]]) {
      const probabilities = [[0.5, 0.5], own];
      const two = { target: "y", classes: ["a", "b"], truth: [0, 1], predicted: [0, 1], probabilities };
      expect(() => plotCalibration(two)).toThrow(/probabilities of row 1 must be 2 finite numbers; received/);
    }
  });

  it("is known by parts of the rows, with Wilson's interval", () => {
    const [first, second] = segmentsOf(predictions, { name: "city", values: ["A", "A", "A", "B", "B", "B"] });
    // statsmodels' proportion_confint(1, 3, method="wilson")
    expect(first).toMatchObject({ label: "A", rows: 3, error: 1 / 3 });
    expect(first.interval[0]).toBeCloseTo(0.0614919, 6);
    expect(first.interval[1]).toBeCloseTo(0.7923404, 6);
    expect(second.error).toBe(0);
    // absolute errors 11, 12 and 13 are not skewed: Student's quantile of at least 3 degrees of freedom,
    // 3.182, and a variance of 1 / 3 that is enlarged by 2 / 2², its own
    const quantities = { target: "y", truth: [11, 12, 13], predicted: [0, 0, 0] };
    const [{ interval }] = segmentsOf(quantities, { name: "city", values: ["A", "A", "A"] });
    const reach = 3.18245 * Math.sqrt((1 / 3) * (1 + 2 / 4));
    expect(Math.abs(interval[0] - (12 - reach))).toBeLessThan(0.003);
    expect(Math.abs(interval[1] - (12 + reach))).toBeLessThan(0.003);
    expect(plotSegments(predictions, { name: "n", values: [1, 2, 3, 4, 5, 6] }).description).toContain(
      "where n is 3",
    );
  });

  it("counts each row in one part, whatever the parts are called", () => {
    const rows = (values: SegmentColumn["values"], isDate = false) => {
      const off = { target: "y", truth: values.map(() => 0), predicted: values.map((_, i) => i) };
      const all = segmentsOf(off, { name: "c", values, isDate });
      // the mean of 0 … n − 1
      const overall = all.reduce((sum, each) => sum + each.rows * each.error, 0) / values.length;
      expect(overall).toBeCloseTo((values.length - 1) / 2, 12);
      return all.map(({ label, rows, error }) => [label, rows, error]);
    };
    // alike in four digits
    expect(rows([100000.25, 100000.5, 100000.25])).toEqual([
      ["100000.25", 2, 1],
      ["100000.5", 1, 1],
    ]);
    expect(rows(Array.from({ length: 9 }, (_, i) => 2000 + i / 8))).toEqual([
      ["≤ 2000.25", 3, 1],
      ["2000.25 – 2000.5", 2, 3.5],
      ["2000.5 – 2000.75", 2, 5.5],
      ["> 2000.75", 2, 7.5],
    ]);
    // within one minute
    expect(rows([1000, 2000, 2000], true)).toEqual([
      ["1970-01-01 00:00:01.000", 1, 0],
      ["1970-01-01 00:00:02.000", 2, 1.5],
    ]);
    // words that are the labels of other parts
    expect(rows(["missing", null, "missing"])).toEqual([
      ['"missing"', 2, 1],
      ["missing", 1, 1],
    ]);
    const words = [..."abcdef", "others", ..."ghi"];
    expect(rows([...words, ...words.slice(0, 7)]).slice(-2)).toEqual([
      ['"others"', 2, 11],
      ["others", 3, 8],
    ]);
  });

  it("needs classes for a picture of a classifier", () => {
    const quantities = { target: "y", truth: [1, 2], predicted: [1, 2], probabilities: [[1], [1]] };
    for (const plot of [plotConfusion, plotRoc, plotPrecisionRecall, plotCalibration])
      expect(() => plot(quantities)).toThrow(
        /classes must be the names of the classes, for a picture of a classifier; received \[\]/,
      );
  });

  it("is known by the days of a column of dates, in their order", () => {
    const day = (number: number): number => Date.UTC(2024, 1, 27 + number);
    const values = [3, 2, 1, 3, 2, 1].map(day);
    const labels = segmentsOf(predictions, { name: "day", values, isDate: true }).map(({ label }) => label);
    expect(labels).toEqual(["2024-02-28", "2024-02-29", "2024-03-01"]);
  });
});

it("residuals are truth less prediction, by prediction", () => {
  const plot = plotResiduals({ target: "y", truth: [1, 5, 2], predicted: [2, 3, 1] });
  expect(seriesOf(plot)[1].data).toEqual([
    [1, 1],
    [2, -1],
    [3, 2],
  ]);
  // of the residuals 0, −1, 3 and −4, half are within ±1
  const words = plotResiduals({ target: "y", truth: [0, -1, 3, -4], predicted: [0, 0, 0, 0] }).description;
  expect(words).toContain(
    "Half of the residuals of y are within ±1.0000 of 0; the largest is −4.0000, in row 3.",
  );
  expect(words).toContain("Their mean is −0.5000.");
  const named = { target: "y", truth: [0, 3], predicted: [0, 0], rows: [4, "9 below the header"] };
  expect(plotResiduals(named).description).toContain("the largest is 3.0000, in row 9 below the header.");
});

/**
 * Rows that hardly count change intervals hardly: by less than 10⁻⁴, a thousandth of their widths here, in
 * the score, its spread and its curvature.
 */
import { beforeAll, describe, expect, it } from "vitest";
import {
  differenceInterval,
  hasLead,
  intervalOf,
  whyNoInterval,
} from "../../../src/metrics/intervals/index.js";
import type { MetricName } from "../../../src/metrics/names.js";
import { metricNamed, metrics } from "../../../src/metrics/registry.js";
import { ready } from "../../../src/numerics/kernels.js";

beforeAll(() => ready());

const [ROWS, KEPT] = [60, 50];
const rowsOf = (of: (i: number) => number): Float64Array =>
  Float64Array.from({ length: ROWS }, (_, i) => of(i));
const quantities = rowsOf((i) => 4 + (i % 5) + ((i * 13) % 7) / 2);
const TABLES = {
  regression: [quantities, quantities.map((y, i) => y + (((i * 37) % 11) - 5) / 6)],
  classification: [
    rowsOf((i) => Number(i % 3 === 0)),
    rowsOf((i) => ((i % 3 === 0 ? 5 : 2) + ((i * 7) % 5)) / 11),
  ],
} as const;
/** Of a median, whose neighbours are rows. */
const STEPPED = ["medianAbsoluteError"];

describe.each(["regression", "classification"] as const)("scores of %s", (task) => {
  const names = Object.keys(metrics).filter((name) => {
    const metric = metricNamed(name as MetricName);
    return metric.tasks.includes(task) && !STEPPED.includes(name) && whyNoInterval(metric, 1) === undefined;
  });
  it.each(names)("%s", (name) => {
    const metric = metricNamed(name as MetricName);
    const [yTrue, given] = TABLES[task];
    const yPred = metric.decides ? given.map((p) => Number(p > 0.5)) : given;
    const of = (rows: number, weight: number) =>
      intervalOf(metric, {
        yTrue: yTrue.slice(0, rows),
        yPred: yPred.slice(0, rows),
        outputs: 1,
        weights: Float64Array.from({ length: rows }, (_, i) => (i < KEPT ? 1 : weight)),
      })?.interval as readonly [number, number];
    const without = of(KEPT, 1);
    expect(without[1]).toBeGreaterThan(without[0]);
    const hardly = of(ROWS, 1e-12);
    for (const [end, value] of hardly.entries()) expect(Math.abs(value - without[end])).toBeLessThan(1e-4);
    expect(of(ROWS, 0)).toEqual(without);
    if (!hasLead(metric, 1)) return;
    // another model, wrong in other rows
    const others = metric.decides
      ? yTrue.map((y, i) => (i % 4 === 0 ? 1 - y : y))
      : yPred.map((p, i) => p * (1 - ((i * 5) % 7) / 50));
    const lead = (rows: number, weight: number) => {
      const model = (guesses: Float64Array) => ({
        yTrue: yTrue.slice(0, rows),
        yPred: guesses.slice(0, rows),
        outputs: 1,
        weights: Float64Array.from({ length: rows }, (_, i) => (i < KEPT ? 1 + (i % 3) : weight)),
      });
      return differenceInterval(metric, model(Float64Array.from(yPred)), model(others));
    };
    const { interval } = lead(KEPT, 1);
    expect(interval[1]).toBeGreaterThan(interval[0]);
    expect(lead(ROWS, 0)).toEqual(lead(KEPT, 1));
  });
});

it("a median is between the errors of rows that count", () => {
  const yTrue = new Float64Array(40);
  const yPred = yTrue.map((_, i) => (i < 20 ? i + 1 : 100 + i));
  const weights = yTrue.map((_, i) => (i < 20 ? 1 : 1e-9));
  const metric = metricNamed("medianAbsoluteError");
  const of = (rows: number) =>
    intervalOf(metric, {
      yTrue: yTrue.slice(0, rows),
      yPred: yPred.slice(0, rows),
      outputs: 1,
      weights: weights.slice(0, rows),
    })?.interval;
  expect(of(40)).toEqual(of(20));
});

it.each(["precision", "recall", "f1", "fBeta2", "jaccard"] as const)(
  "equal weights are none, for rows of one class: %s",
  (name) => {
    for (const truth of [0, 1]) {
      const rows = {
        yTrue: new Float64Array(6).fill(truth),
        yPred: Float64Array.of(1, 0, 1, 1, 0, 1),
        outputs: 1,
      };
      const of = (weights?: Float64Array) =>
        intervalOf(metricNamed(name), { ...rows, ...(weights && { weights }) });
      const [own, plain] = [of(new Float64Array(6).fill(3)), of()].map(
        (each) => each?.interval as readonly number[],
      );
      for (const [end, value] of own.entries()) expect(value).toBeCloseTo(plain[end], 12);
    }
  },
);

it.each(["d2AbsoluteError", "d2Pinball0.25", "r2"] as const)(
  "an even number of rows has an interval like that of one row fewer: %s",
  (name) => {
    const metric = metricNamed(name);
    const [yTrue, yPred] = TABLES.regression;
    const of = (rows: number) => ({ yTrue: yTrue.slice(0, rows), yPred: yPred.slice(0, rows), outputs: 1 });
    const ends = [40, 39].map((rows) => intervalOf(metric, of(rows))?.interval as readonly [number, number]);
    const leads = [40, 39].map((rows) => {
      const other = { ...of(rows), yPred: of(rows).yPred.map((guess, i) => guess + (i % 3) / 4) };
      return differenceInterval(metric, of(rows), other).interval;
    });
    for (const [[low, high], near] of [ends, leads])
      for (const [end, value] of near.entries())
        expect(Math.abs([low, high][end] - value)).toBeLessThan((high - low) / 10);
  },
);

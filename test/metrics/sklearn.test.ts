/**
 * Every metric against scikit-learn's values, see make_sklearn_values.py: ties, absent classes, one class,
 * weights and labels included.
 */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { MatrixLike } from "../../src/data/matrix.js";
import { precisionRecallCurve, precisionRecallFScore, rocCurve } from "../../src/metrics/index.js";
import type { MetricFunction } from "../../src/metrics/metric.js";
import type { MetricName } from "../../src/metrics/names.js";
import { getMetric, metrics } from "../../src/metrics/registry.js";

type Numbers = readonly (number | "Infinity" | null)[];

interface Row {
  readonly title: string;
  readonly yTrue: MatrixLike;
  readonly yPred: MatrixLike;
  readonly sampleWeight?: readonly number[];
  readonly scores: Readonly<Record<string, number | null>>;
  readonly curves?: { readonly roc: readonly Numbers[]; readonly precisionRecall: readonly Numbers[] };
  readonly perClass?: readonly Numbers[];
}

const { sets } = JSON.parse(readFileSync(new URL("sklearn.json", import.meta.url), "utf8")) as {
  sets: readonly Row[];
};

/**
 * Relative from 1 on: 40 rows, each a few operations on numbers near 1, make an error below 40 · 10 · 2⁻⁵³ of
 * the largest.
 */
function checkNear(actual: number, expected: number | "Infinity" | null): void {
  if (expected === null) expect(actual).toBeNaN();
  else if (expected === "Infinity") expect(actual).toBe(Number.POSITIVE_INFINITY);
  else expect(Math.abs(actual - expected)).toBeLessThanOrEqual(1e-12 * Math.max(1, Math.abs(expected)));
}

function checkAllNear(actual: readonly Float64Array[], expected: readonly Numbers[]): void {
  expect(actual.map(({ length }) => length)).toEqual(expected.map(({ length }) => length));
  for (const [i, values] of actual.entries())
    for (const [k, value] of values.entries()) checkNear(value, expected[i][k]);
}

describe.each(sets)("$title", ({ yTrue, yPred, sampleWeight, scores }) => {
  it.each(Object.entries(scores))("%s is scikit-learn's", (name, expected) => {
    checkNear((getMetric(name as MetricName) as MetricFunction)(yTrue, yPred, sampleWeight), expected);
  });
});

const withCurves = sets.flatMap(({ curves, ...set }) => (curves ? [{ ...set, ...curves }] : []));

it.each(withCurves)("curves of $title are scikit-learn's", ({ yTrue, yPred, sampleWeight, ...expected }) => {
  const { falsePositiveRate, truePositiveRate, thresholds } = rocCurve(yTrue, yPred, sampleWeight);
  checkAllNear([falsePositiveRate, truePositiveRate, thresholds], expected.roc);
  const curve = precisionRecallCurve(yTrue, yPred, sampleWeight);
  checkAllNear([curve.precision, curve.recall, curve.thresholds], expected.precisionRecall);
});

const ofClasses = sets.flatMap(({ perClass, ...set }) => (perClass ? [{ ...set, perClass }] : []));

it.each(ofClasses)(
  "each class of $title has scikit-learn's scores",
  ({ yTrue, yPred, sampleWeight, perClass }) => {
    const options = { beta: 2, ...(sampleWeight && { sampleWeight }) };
    const { precision, recall, fScore, support } = precisionRecallFScore(yTrue, yPred, options);
    checkAllNear([precision, recall, fScore, support], perClass);
  },
);

it("no metric is left out", () => {
  const scored = new Set(sets.flatMap(({ scores }) => Object.keys(scores)));
  const left = Object.keys(metrics).filter((name) => ![...scored].some((each) => each.startsWith(name)));
  // which scikit-learn does not have; see calibration.test.ts
  expect(left, "add its values to make_sklearn_values.py").toEqual(["expectedCalibrationError"]);
});

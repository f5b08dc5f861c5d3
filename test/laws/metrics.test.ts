/** The built-in metrics keep the laws of `metrics.ts`. */
import { describe, expect, it } from "vitest";
import { countConfusion } from "../../src/metrics/confusion.js";
import { metrics } from "../../src/metrics/registry.js";
import { cases } from "../cases.js";
import { checkConfusion, checkMetric, lawsOfMetric, metricLaws } from "./metrics.js";

describe.each(Object.values(metrics))("$name", (metric) => {
  it.each(lawsOfMetric(metric.name))("%s", (law) => {
    checkMetric(metric, law, cases(100));
  });
});

it("every law is kept by some metric", () => {
  const kept = Object.keys(metrics).flatMap(lawsOfMetric);
  expect(Object.keys(metricLaws).filter((law) => !kept.includes(law))).toEqual([]);
});

it("a confusion matrix counts truths by rows and predictions by columns", () => {
  checkConfusion(countConfusion, cases(100));
});

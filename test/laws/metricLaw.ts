/** What a law of metrics is, and what the laws are written with. */
import type fc from "fast-check";
import type { Metric } from "../../src/metrics/metric.js";
import { fail } from "../../src/testing/laws.js";
import { anyClasses, anyQuantities, map, type Scored } from "./metricCases.js";

export function scoreOf(metric: Metric, { truth, prediction }: Scored): number {
  return metric.compute(
    Float64Array.from(truth.flat()),
    Float64Array.from(prediction.flat()),
    truth[0].length,
  );
}

/** 64 roundings of numbers up to `size`: sums of at most 24 rows of some operations each. */
export function checkNear(what: string, actual: number, expected: number, size = 1): void {
  const near = Object.is(actual, expected) || Math.abs(actual - expected) <= 64 * 2 ** -53 * size;
  if (!near) fail(`${what} is ${actual}, and should be ${expected}`);
}

export const anyCase = (metric: Metric): fc.Arbitrary<Scored> => {
  if (metric.tasks.includes("classification")) return anyClasses;
  // logarithms and shares are of quantities above 0
  const positive = (v: number): number => Math.abs(v) + 1 / 16;
  return /Log|Percentage/.test(metric.name) ? anyQuantities.map((of) => map(of, positive)) : anyQuantities;
};
/** Of squared numbers up to 8, where there are any. */
export const sizeOf = (metric: Metric): number => (metric.tasks.includes("classification") ? 16 : 64);

export interface Law {
  /** The metrics that keep it; all by default. */
  readonly of?: readonly string[];
  readonly property: (metric: Metric) => fc.IRawProperty<unknown>;
}

/** Laws by name. */
export type Laws = Readonly<Record<string, Law>>;

/**
 * The laws of metrics: what a score ignores, its value at predictions that are known to be good, and its
 * decompositions. Those of one task are in `metricsOfClasses.ts` and `metricsOfQuantities.ts`.
 * `metrics.test.ts` holds the built-in ones to these laws, `test/faults` wrong ones.
 */
import fc from "fast-check";
import type { Metric } from "../../src/metrics/metric.js";
import { fail, hold } from "../../src/testing/laws.js";
import { anyClasses, certain, exchanged, type Rows, type Scored } from "./metricCases.js";
import { anyCase, checkNear, type Laws, scoreOf, sizeOf } from "./metricLaw.js";
import { lawsOfClasses } from "./metricsOfClasses.js";
import { lawsOfQuantities } from "./metricsOfQuantities.js";

const lawsOfAll: Laws = {
  "does not depend on the order of rows": {
    property: (metric) =>
      fc.property(anyCase(metric), fc.infiniteStream(fc.nat()), (of, keys) => {
        const order = of.truth.map((_, i) => [keys.next().value, i]).sort(([a], [b]) => a - b);
        const moved = {
          truth: order.map(([, i]) => of.truth[i]),
          prediction: order.map(([, i]) => of.prediction[i]),
        };
        checkNear("in another order it", scoreOf(metric, moved), scoreOf(metric, of), sizeOf(metric));
      }),
  },

  "is the same of all rows twice": {
    property: (metric) =>
      fc.property(anyCase(metric), (of) => {
        const twice = {
          truth: [...of.truth, ...of.truth],
          prediction: [...of.prediction, ...of.prediction],
        };
        checkNear("of all rows twice it", scoreOf(metric, twice), scoreOf(metric, of), sizeOf(metric));
      }),
  },

  "is best where predictions are the truth": {
    property: (metric) =>
      fc.property(anyCase(metric), (of) => {
        const most = scoreOf(metric, { ...of, prediction: of.truth });
        const other = scoreOf(metric, of);
        const worse = metric.direction === "maximize" ? other <= most : other >= most;
        if (!worse && !Number.isNaN(most))
          fail(`it is ${most} of the truth, and ${other} of other predictions`);
        // a class that does not occur has no score to be perfect in, and no area where only one does
        const occurs = of.truth[0].length === 1 ? of.truth.some(([y]) => y === 1) : true;
        // and a correlation needs two classes
        const all = occurs && (metric.name !== "matthewsCorrcoef" || new Set(of.truth.map(String)).size > 1);
        const perfect = metric.direction === "maximize" ? 1 : 0;
        if (all && !Number.isNaN(most))
          checkNear("of the truth it", most, perfect, metric.name === "logLoss" ? 2 ** 31 : 1);
      }),
  },

  "is the same with truth and predictions exchanged": {
    of: [
      ...[
        "accuracy",
        "f1",
        "jaccard",
        "matthewsCorrcoef",
        "cohenKappa",
        "meanSquaredError",
        "rootMeanSquaredError",
      ],
      ...[
        "meanAbsoluteError",
        "medianAbsoluteError",
        "maxError",
        "meanSquaredLogError",
        "rootMeanSquaredLogError",
      ],
    ],
    property: (metric) =>
      fc.property(anyCase(metric), (given) => {
        const of = metric.tasks.includes("classification") ? certain(given) : given;
        checkNear("exchanged, it", scoreOf(metric, exchanged(of)), scoreOf(metric, of), sizeOf(metric));
      }),
  },
};

/** The laws of metrics by name. */
export const metricLaws: Laws = { ...lawsOfAll, ...lawsOfClasses, ...lawsOfQuantities };

/** The laws that a metric of this name keeps. */
export function lawsOfMetric(name: string): string[] {
  return Object.keys(metricLaws).filter((law) => metricLaws[law].of?.includes(name) ?? true);
}

/** @throws Error where the metric breaks a law that one of its name keeps */
export function checkMetric(metric: Metric, law: string, numRuns: number): void {
  hold(`metric "${metric.name}"`, law, metricLaws[law].property(metric), { numRuns });
}

/** Counts of true and predicted classes, as `countConfusion` makes them. */
export type Confusion = (truth: Float64Array, prediction: Float64Array, outputs: number) => number[][];

/** Rows of the matrix are what the truth is, columns what it is taken for. */
export function checkConfusion(confusion: Confusion, numRuns: number): void {
  const property = fc.property(anyClasses, (given) => {
    const of = certain(given);
    const outputs = of.truth[0].length;
    const counted = ({ truth, prediction }: Scored): number[][] =>
      confusion(Float64Array.from(truth.flat()), Float64Array.from(prediction.flat()), outputs);
    const counts = counted(of);
    const classes = counts.map((_, j) => j);
    const idsOf = (rows: Rows): number[] => rows.map((row) => (outputs === 1 ? row[0] : row.indexOf(1)));
    const occurrences = (rows: Rows): number[] =>
      classes.map((j) => idsOf(rows).filter((id) => id === j).length);
    const sums = counts.map((row) => row.reduce((a, b) => a + b, 0));
    const columnSums = classes.map((j) => counts.reduce((sum, row) => sum + row[j], 0));
    checkSame("sums of rows", sums, occurrences(of.truth));
    checkSame("sums of columns", columnSums, occurrences(of.prediction));
    const transposed = classes.map((j) => counts.map((row) => row[j]));
    checkSame("counts with both exchanged", counted(exchanged(of)), transposed);
  });
  hold("confusion", "counts truths by rows and predictions by columns", property, { numRuns });
}

function checkSame(what: string, actual: unknown, expected: unknown): void {
  const [a, b] = [actual, expected].map((value) => JSON.stringify(value));
  if (a !== b) fail(`${what} are ${a}, and should be ${b}`);
}

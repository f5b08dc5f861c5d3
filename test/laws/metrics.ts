/**
 * The laws of metrics: what a score ignores, its value at predictions that are known to be good, and its decompositions. `metrics.test.ts` holds the built-in ones to these laws, `test/faults` wrong ones.
 */
import fc from "fast-check";
import type { Metric } from "../../src/metrics/metric.js";
import * as regression from "../../src/metrics/regression.js";
import { fail, hold } from "../../src/testing/laws.js";
import {
  anyBinary,
  anyClasses,
  anyQuantities,
  anyQuantity,
  anySeveral,
  average,
  certain,
  column,
  exchanged,
  map,
  number,
  type Rows,
  type Scored,
} from "./metricCases.js";

function scoreOf(metric: Metric, { truth, prediction }: Scored): number {
  return metric.compute(
    Float64Array.from(truth.flat()),
    Float64Array.from(prediction.flat()),
    truth[0].length,
  );
}

/** 64 roundings of numbers up to `size`: sums of at most 24 rows of some operations each. */
function checkNear(what: string, actual: number, expected: number, size = 1): void {
  const near = Object.is(actual, expected) || Math.abs(actual - expected) <= 64 * 2 ** -53 * size;
  if (!near) fail(`${what} is ${actual}, and should be ${expected}`);
}

const anyCase = (metric: Metric): fc.Arbitrary<Scored> => {
  if (metric.tasks.includes("classification")) return anyClasses;
  // logarithms and shares are of quantities above 0
  const positive = (v: number): number => Math.abs(v) + 1 / 16;
  return /Log|Percentage/.test(metric.name) ? anyQuantities.map((of) => map(of, positive)) : anyQuantities;
};
/** Of squared numbers up to 8, where there are any. */
const sizeOf = (metric: Metric): number => (metric.tasks.includes("classification") ? 16 : 64);

interface Law {
  /** The metrics that keep it; all by default. */
  readonly of?: readonly string[];
  readonly property: (metric: Metric) => fc.IRawProperty<unknown>;
}

/** The laws of metrics by name. */
export const metricLaws: Readonly<Record<string, Law>> = {
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

  "does not depend on the order of classes": {
    of: [
      ...[
        "accuracy",
        "balancedAccuracy",
        "precision",
        "recall",
        "f1",
        "fBeta",
        "jaccard",
        "matthewsCorrcoef",
      ],
      ...["cohenKappa", "rocAuc", "averagePrecision", "logLoss", "brierScore", "topKAccuracy"],
    ],
    property: (metric) =>
      fc.property(
        anySeveral,
        fc.shuffledSubarray([0, 1, 2], { minLength: 3 }),
        ({ truth, prediction }, order) => {
          const moved = (rows: Rows): Rows => rows.map((row) => order.map((j) => row[j]));
          const renamed = { truth: moved(truth), prediction: moved(prediction) };
          checkNear(
            "of other names it",
            scoreOf(metric, renamed),
            scoreOf(metric, { truth, prediction }),
            16,
          );
        },
      ),
  },

  "is the share of correct rows, and one minus that for the opposite predictions": {
    of: ["accuracy"],
    property: (metric) =>
      fc.property(anyBinary, (of) => {
        const opposite = map(
          of,
          (y) => y,
          (p) => 1 - p,
        );
        checkNear("of the opposite it", scoreOf(metric, opposite), 1 - scoreOf(metric, of));
        const right = of.truth.filter(([y], i) => of.prediction[i][0] > 0.5 === (y === 1)).length;
        checkNear("it", scoreOf(metric, of), right / of.truth.length);
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

  "ignores the predictions for rows of class 0": {
    of: ["recall"],
    property: (metric) =>
      fc.property(anyBinary, fc.infiniteStream(fc.boolean()), (of, taken) => {
        const prediction = of.prediction.map((row, i) =>
          of.truth[i][0] === 0 ? [Number(taken.next().value)] : row,
        );
        checkNear("with others it", scoreOf(metric, { ...of, prediction }), scoreOf(metric, of));
      }),
  },

  "ignores the true class of rows predicted as class 0": {
    of: ["precision"],
    property: (metric) =>
      fc.property(anyBinary, fc.infiniteStream(fc.boolean()), (of, are) => {
        const truth = of.truth.map((row, i) =>
          of.prediction[i][0] < 0.5 ? [Number(are.next().value)] : row,
        );
        checkNear("with others it", scoreOf(metric, { ...of, truth }), scoreOf(metric, of));
      }),
  },

  "falls with each further wrong row, in proportion": {
    of: ["precision", "recall", "f1"],
    property: (metric) =>
      fc.property(fc.integer({ min: 1, max: 6 }), fc.nat({ max: 6 }), (hits, misses) => {
        const of = (truth: number, prediction: number, count: number): [number, number][] =>
          Array.from({ length: count }, () => [truth, prediction]);
        // those taken for class 1 that are not, for precision; those of class 1 that are not taken for it, for recall
        const wrong = metric.name === "precision" ? of(0, 1, misses) : of(1, 0, misses);
        const rows = [...of(1, 1, hits), ...wrong];
        const share = metric.name === "f1" ? (2 * hits) / (2 * hits + misses) : hits / (hits + misses);
        const scored = { truth: rows.map(([y]) => [y]), prediction: rows.map(([, p]) => [p]) };
        checkNear(`with ${hits} hits and ${misses} misses it`, scoreOf(metric, scored), share);
      }),
  },

  "is the mean over the classes that occur of the score of each against the rest": {
    of: ["precision", "recall", "f1", "fBeta", "jaccard", "rocAuc"],
    property: (metric) =>
      fc.property(anySeveral, (given) => {
        const of = metric.name === "rocAuc" ? given : certain(given);
        const scores = [0, 1, 2].flatMap((j) => {
          const [truth, prediction] = [of.truth, of.prediction].map((rows) =>
            column(rows, j).map((v) => [v]),
          );
          const occurs = metric.name === "rocAuc" || [...truth, ...prediction].some(([v]) => v === 1);
          const score = scoreOf(metric, { truth, prediction });
          return occurs && !Number.isNaN(score) ? [score] : [];
        });
        checkNear("it", scoreOf(metric, of), average(scores));
      }),
  },

  // Mann and Whitney, 1947: of pairs of a row of each class, the share in the right order, ties as halves
  "is the share of pairs in the right order": {
    of: ["rocAuc"],
    property: (metric) =>
      fc.property(anyBinary, (of) => {
        const [ones, zeros] = [1, 0].map((y) => of.prediction.filter((_, i) => of.truth[i][0] === y).flat());
        const orders = ones.flatMap((p) => zeros.map((q) => (p > q ? 1 : p === q ? 0.5 : 0)));
        checkNear("it", scoreOf(metric, of), average(orders));
      }),
  },

  "depends only on the order of predictions, and is one minus the score of the reverse order": {
    of: ["rocAuc"],
    property: (metric) =>
      fc.property(anyBinary, (of) => {
        const score = scoreOf(metric, of);
        checkNear(
          "of p³ it",
          scoreOf(
            metric,
            map(
              of,
              (y) => y,
              (p) => p ** 3,
            ),
          ),
          score,
        );
        checkNear(
          "of 1 − p it",
          scoreOf(
            metric,
            map(
              of,
              (y) => y,
              (p) => 1 - p,
            ),
          ),
          1 - score,
        );
        checkNear(
          "of the other class it",
          scoreOf(
            metric,
            map(
              of,
              (y) => 1 - y,
              (p) => p,
            ),
          ),
          1 - score,
        );
      }),
  },

  // as of losses: the entropy of truths and the divergence of the prediction from their frequencies
  "is smallest at the frequencies of the classes, if all rows have one prediction": {
    of: ["logLoss"],
    property: (metric) =>
      fc.property(anyClasses, ({ truth, prediction: [row] }) => {
        const shares = truth[0].map((_, j) => average(column(truth, j)));
        const full = (p: readonly number[]): number[] => (p.length === 1 ? [p[0], 1 - p[0]] : [...p]);
        const expected = full(shares).reduce(
          (sum, p, j) => (p === 0 ? sum : sum - p * Math.log(full(row)[j])),
          0,
        );
        checkNear("it", scoreOf(metric, { truth, prediction: truth.map(() => row) }), expected, 16);
      }),
  },

  "does not depend on the origin": {
    of: [
      ...["meanSquaredError", "rootMeanSquaredError", "meanAbsoluteError", "medianAbsoluteError", "maxError"],
      ...["meanPinballLoss", "meanTweedieDeviance"],
    ],
    property: (metric) =>
      fc.property(anyQuantities, number, (of, shift) => {
        checkNear(
          "shifted, it",
          scoreOf(
            metric,
            map(of, (v) => v + shift),
          ),
          scoreOf(metric, of),
          256,
        );
      }),
  },

  "scales with the unit of the target, or its square": {
    of: [
      ...["meanSquaredError", "rootMeanSquaredError", "meanAbsoluteError", "medianAbsoluteError", "maxError"],
      ...["meanPinballLoss", "meanTweedieDeviance"],
    ],
    property: (metric) =>
      fc.property(anyQuantities, fc.integer({ min: -8, max: 8 }), (of, k) => {
        const times = ["meanSquaredError", "meanTweedieDeviance"].includes(metric.name) ? 4 ** k : 2 ** k;
        const scaled = scoreOf(
          metric,
          map(of, (v) => v * -(2 ** k)),
        );
        checkNear("in another unit, it", scaled / times, scoreOf(metric, of), 64);
      }),
  },

  // König and Huygens; an error e for all rows is e² or |e|
  "is the variance of the truths plus the squared distance of one prediction from their mean": {
    of: ["meanSquaredError", "rootMeanSquaredError"],
    property: (metric) =>
      fc.property(anyQuantity, number, ({ truth }, guess) => {
        const mean = average(column(truth));
        const squares = average(column(truth).map((y) => (y - mean) ** 2)) + (mean - guess) ** 2;
        const score = scoreOf(metric, { truth, prediction: truth.map(() => [guess]) });
        checkNear("it", metric.name === "meanSquaredError" ? score : score * score, squares, 64);
      }),
  },

  "is the mean of the absolute errors": {
    of: ["meanAbsoluteError"],
    property: (metric) =>
      fc.property(anyQuantity, fc.array(number, { minLength: 12, maxLength: 12 }), ({ truth }, errors) => {
        const prediction = truth.map(([y], i) => [y + errors[i]]);
        const sizes = truth.map((_, i) => Math.max(errors[i], -errors[i]));
        checkNear("it", scoreOf(metric, { truth, prediction }), average(sizes), 64);
      }),
  },

  "is the mean of the scores of its outputs": {
    of: Object.keys(regression),
    property: (metric) =>
      fc.property(anyCase(metric), (of) => {
        const scores = of.truth[0].map((_, j) => {
          const [truth, prediction] = [of.truth, of.prediction].map((rows) =>
            column(rows, j).map((v) => [v]),
          );
          return scoreOf(metric, { truth, prediction });
        });
        checkNear("it", scoreOf(metric, of), average(scores), 64 * Math.max(1, ...scores.map(Math.abs)));
      }),
  },

  "is 0 for the mean, and otherwise 1 minus the share of errors in the variance": {
    of: ["r2"],
    property: (metric) =>
      fc.property(anyQuantity, (of) => {
        const truths = column(of.truth);
        const mean = average(truths);
        const variance = average(truths.map((y) => (y - mean) ** 2));
        if (variance === 0) return;
        const errors = average(truths.map((y, i) => (y - of.prediction[i][0]) ** 2));
        checkNear("it, of the variance,", (1 - scoreOf(metric, of)) * variance, errors, 256);
        const score = scoreOf(metric, { ...of, prediction: truths.map(() => [mean]) });
        checkNear("of the mean it, of the variance,", score * variance, 0, 256);
      }),
  },
};

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

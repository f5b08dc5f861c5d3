/**
 * The laws of metrics of classes: what of the truth and the predictions they see, and what they are made of.
 */
import fc from "fast-check";
import {
  anyBinary,
  anyClasses,
  anySeveral,
  average,
  certain,
  column,
  map,
  type Rows,
} from "./metricCases.js";
import { checkNear, type Laws, scoreOf } from "./metricLaw.js";

export const lawsOfClasses: Laws = {
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
      "expectedCalibrationError",
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
        // those taken for class 1 that are not, for precision; those of class 1 that are not taken for it,
        // for recall
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
};

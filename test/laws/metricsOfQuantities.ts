/** The laws of metrics of quantities: their units, and their decompositions. */
import fc from "fast-check";
import * as regression from "../../src/metrics/regression.js";
import { fail } from "../../src/testing/laws.js";
import { anyQuantities, anyQuantity, average, column, map, number } from "./metricCases.js";
import { anyCase, checkNear, type Laws, scoreOf } from "./metricLaw.js";

export const lawsOfQuantities: Laws = {
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

  "is at most 0 for one prediction for all rows, and 0 for the best": {
    of: ["r2", "d2AbsoluteError", "d2Pinball", "d2Tweedie"],
    property: (metric) =>
      fc.property(anyQuantity, number, ({ truth }, guess) => {
        const truths = column(truth);
        // where the truth is constant, a wrong prediction scores 0 too, and the right one 1
        if (truths.every((y) => y === truths[0])) return;
        const scoreOfAll = (value: number): number =>
          scoreOf(metric, { truth, prediction: truth.map(() => [value]) });
        const score = scoreOfAll(guess);
        if (!(score <= 64 * 2 ** -53)) fail(`it is ${score} for ${guess}`);
        // the best are the mean, one of the truths, or all between two
        const best = Math.max(...[...truths, average(truths)].map(scoreOfAll));
        checkNear("for the best prediction it", best, 0, 64);
      }),
  },
};

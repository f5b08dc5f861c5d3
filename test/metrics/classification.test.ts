import fc from "fast-check";
import ndarray from "ndarray";
import { describe, expect, it } from "vitest";
import * as classification from "../../src/metrics/classification.js";
import {
  accuracy,
  confusionMatrix,
  f1,
  logLoss,
  precision,
  recall,
  rocAuc,
} from "../../src/metrics/index.js";
import * as probability from "../../src/metrics/probability.js";
import { metrics } from "../../src/metrics/registry.js";
import { cases } from "../cases.js";
import { refusal } from "../data/refusal.js";

// Made by NumPy's RandomState(7); the expected scores are scikit-learn 1.4.2's.
const binaryTruth = [1, 0, 1, 0, 1, 1, 1, 1, 0, 1, 0, 1];
const binaryScores = [0.6, 0.1, 0.3, 0.6, 0.7, 0.8, 0.4, 0.1, 0.3, 0.9, 0.2, 0.6];
const classTruth = [0, 1, 0, 1, 0, 2, 0, 1, 2, 2, 0, 2];
const classScores = [
  [0.5, 0.25, 0.25],
  [0.643, 0.286, 0.071],
  [0.5, 0.25, 0.25],
  [0.304, 0.348, 0.348],
  [0.308, 0.077, 0.615],
  [0.471, 0.471, 0.058],
  [0.4, 0.333, 0.267],
  [0.25, 0.5, 0.25],
  [0.308, 0.385, 0.307],
  [0.2, 0.6, 0.2],
  [0.3, 0.4, 0.3],
  [0.176, 0.353, 0.471],
];
const DIGITS = 14; // a few float64 operations on numbers near 1

/** Rows of two classes, both present, with scores on a grid so that ties occur. */
const scored = fc
  .array(
    fc.tuple(
      fc.constantFrom(0, 1),
      fc.integer({ min: 0, max: 10 }).map((x) => x / 10),
    ),
    { minLength: 2, maxLength: 40 },
  )
  .filter((rows) => new Set(rows.map(([label]) => label)).size === 2)
  .map((rows) => ({ truth: rows.map(([label]) => label), scores: rows.map(([, score]) => score) }));

describe("two classes", () => {
  it("equal scikit-learn", () => {
    expect(accuracy(binaryTruth, binaryScores)).toBeCloseTo(0.6666666666666666, DIGITS);
    expect(precision(binaryTruth, binaryScores)).toBeCloseTo(0.8333333333333334, DIGITS);
    expect(recall(binaryTruth, binaryScores)).toBeCloseTo(0.625, DIGITS);
    expect(f1(binaryTruth, binaryScores)).toBeCloseTo(0.7142857142857143, DIGITS);
    expect(rocAuc(binaryTruth, binaryScores)).toBeCloseTo(0.78125, DIGITS);
    expect(logLoss(binaryTruth, binaryScores)).toBeCloseTo(0.644262385868484, DIGITS);
  });

  it("equal the examples in scikit-learn's documentation", () => {
    expect(rocAuc([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8])).toBe(0.75);
    expect(logLoss([1, 0, 0, 1], [0.9, 0.1, 0.2, 0.65])).toBeCloseTo(0.21616, 5);
    expect(confusionMatrix([0, 1, 0, 1], [1, 1, 1, 0])).toEqual([
      [0, 2],
      [1, 1],
    ]);
  });

  it("predict class 1 above one half, not at it", () => {
    expect(confusionMatrix([1, 1], [0.5, 0.5 + Number.EPSILON])).toEqual([
      [0, 0],
      [1, 1],
    ]);
  });

  it("give 0 where nothing can be divided", () => {
    expect([precision([1, 0], [0, 0]), recall([0, 0], [1, 0]), f1([0, 0], [0, 0])]).toEqual([0, 0, 0]);
  });

  it("have an area equal to the share of pairs ranked rightly, ties counting half", () => {
    fc.assert(
      fc.property(scored, ({ truth, scores }) => {
        let right = 0;
        let pairs = 0;
        truth.forEach((label, i) => {
          truth.forEach((other, j) => {
            if (label !== 1 || other !== 0) return;
            pairs++;
            right += scores[i] > scores[j] ? 1 : scores[i] === scores[j] ? 0.5 : 0;
          });
        });
        expect(rocAuc(truth, scores)).toBeCloseTo(right / pairs, DIGITS);
      }),
    );
  });

  it("have no area with one class", () => {
    expect(rocAuc([1, 1], [0.2, 0.3])).toBeNaN();
    expect(rocAuc([0, 0], [0.2, 0.3])).toBeNaN();
  });

  it("keep the loss of an error made with certainty finite, by the precision of predictions", () => {
    // -log of NumPy's finfo(dtype).eps, as scikit-learn clips
    for (const rows of [[0], Float64Array.of(0), [[0]], { data: [0], shape: [1] }, ndarray([0])])
      expect(logLoss([1], rows)).toBeCloseTo(52 * Math.LN2, 13);
    const single = Float32Array.of(0);
    for (const rows of [single, [single], { data: single, shape: [1] }, ndarray(single)])
      expect(logLoss([1], rows)).toBeCloseTo(23 * Math.LN2, 13);
    expect(logLoss([0], [1])).toBeCloseTo(52 * Math.LN2, 13);
    expect(logLoss([0], Float32Array.of(1))).toBeCloseTo(23 * Math.LN2, 13);
    expect(logLoss([1], [1])).toBeLessThan(2 ** -51);
    // log_loss([1, 0, 1, 1], [0, 0.25, 0.5, 0.5]) of scikit-learn 1.4.2, in float64 and float32
    expect(logLoss([1, 0, 1, 1], [0, 0.25, 0.5, 0.5])).toBeCloseTo(9.429407455672207, 13);
    expect(logLoss([1, 0, 1, 1], Float32Array.of(0, 0.25, 0.5, 0.5))).toBeCloseTo(4.404090396612602, 6);
  });
});

describe("several classes", () => {
  it("equal scikit-learn, macro averages", () => {
    expect(confusionMatrix(classTruth, classScores)).toEqual([
      [3, 1, 1],
      [1, 2, 0],
      [1, 2, 1],
    ]);
    expect(accuracy(classTruth, classScores)).toBe(0.5);
    expect(precision(classTruth, classScores)).toBeCloseTo(0.5, DIGITS);
    expect(recall(classTruth, classScores)).toBeCloseTo(0.5055555555555555, DIGITS);
    expect(f1(classTruth, classScores)).toBeCloseTo(0.4777777777777778, DIGITS);
    expect(rocAuc(classTruth, classScores)).toBeCloseTo(0.5643518518518519, DIGITS);
    expect(logLoss(classTruth, classScores)).toBeCloseTo(1.1729359782074096, DIGITS);
  });

  it("read one-hot rows and class ids alike", () => {
    const oneHot = classTruth.map((label) => [0, 1, 2].map((j) => (j === label ? 1 : 0)));
    const predicted = [0, 0, 0, 1, 2, 0, 0, 1, 1, 1, 1, 2]; // NumPy's argmax of classScores
    for (const score of [accuracy, precision, recall, f1]) {
      expect(score(oneHot, classScores)).toBe(score(classTruth, classScores));
      expect(score(classTruth, predicted)).toBe(score(classTruth, classScores));
    }
    expect(rocAuc(oneHot, classScores)).toBe(rocAuc(classTruth, classScores));
    expect(confusionMatrix([2, 0, 2, 2, 0, 1], [0, 0, 2, 2, 0, 2])).toEqual([
      [2, 0, 0],
      [0, 0, 1],
      [1, 0, 2],
    ]);
    expect(confusionMatrix([0, 1], [2, 0])).toEqual([
      [0, 0, 1],
      [1, 0, 0],
      [0, 0, 0],
    ]);
  });

  it("treat integers in rows as scores, not as ids", () => {
    // votes for each class: the second row's most are for the wrong one
    const votes = [
      [0, 1, 3],
      [4, 2, 0],
      [3, 0, 1],
    ];
    expect(accuracy([2, 1, 0], votes)).toBeCloseTo(2 / 3, DIGITS);
    const oneHot = [
      [0, 0, 1],
      [0, 1, 0],
      [1, 0, 0],
    ];
    expect(accuracy(oneHot, votes)).toBeCloseTo(2 / 3, DIGITS);
  });

  it("have ids from 0 to 999", () => {
    expect(accuracy([999, 0], [999, 1])).toBe(0.5);
    for (const id of [1000, -1, 2.5]) {
      expect(refusal(() => accuracy([2, id], [2, 2]))).toMatch(/^invalid_data: yTrue must hold 0 or 1/);
    }
  });

  it("average over the classes that occur, as scikit-learn does", () => {
    const rows = (ids: number[]) => ids.map((id) => [0, 1, 2].map((j) => (j === id ? 1 : 0)));
    expect(f1(rows([0, 0, 1, 1]), rows([0, 1, 1, 1]))).toBeCloseTo(0.7333333333333334, DIGITS);
    expect(precision(rows([0, 0, 1, 1]), rows([0, 2, 1, 1]))).toBeCloseTo(0.6666666666666666, DIGITS);
    expect(
      rocAuc(rows([0, 0, 1]), [
        [0.6, 0.3, 0.1],
        [0.2, 0.7, 0.1],
        [0.3, 0.6, 0.1],
      ]),
    ).toBe(0.5);
  });

  it("take the first of equal scores", () => {
    expect(confusionMatrix([2], [[0.2, 0.4, 0.4]])).toEqual([
      [0, 0, 0],
      [0, 0, 0],
      [0, 1, 0],
    ]);
  });
});

describe("every metric of classes", () => {
  const names = Object.keys({ ...classification, ...probability }) as (keyof typeof classification)[];

  it("does not depend on the order of rows", () => {
    const ordered = scored.chain(({ truth, scores }) => {
      const ids = truth.map((_, i) => i);
      return fc.record({
        truth: fc.constant(truth),
        scores: fc.constant(scores),
        order: fc.shuffledSubarray(ids, { minLength: ids.length }),
      });
    });
    fc.assert(
      fc.property(ordered, fc.constantFrom(...names), ({ truth, scores, order }, name) => {
        const before = metrics[name].compute(Float64Array.from(truth), Float64Array.from(scores), 1);
        const after = metrics[name].compute(
          Float64Array.from(order, (i) => truth[i]),
          Float64Array.from(order, (i) => scores[i]),
          1,
        );
        // Counts and rank sums are exact; the loss is a sum of 40 terms below 16: 40 · 640 · 2⁻⁵³ / 2.
        if (["logLoss", "brierScore"].includes(name)) expect(Math.abs(after - before)).toBeLessThan(2e-12);
        else expect(after).toBe(before);
      }),
    );
  });

  // the others are of class 1 for one column, and the mean of both classes for two
  const ofRows = names.filter(
    (name) => !["precision", "recall", "f1", "fBeta", "jaccard", "averagePrecision"].includes(name),
  );

  it.each(ofRows)("gives two columns of probabilities the score of the second alone: %s", (name) => {
    fc.assert(
      fc.property(scored, ({ truth, scores }) => {
        const [yTrue, yPred] = [truth, scores].map((list) => Float64Array.from(list));
        const inTwo = (list: Float64Array) => Float64Array.from([...list].flatMap((p) => [1 - p, p]));
        const one = metrics[name].compute(yTrue, yPred, 1);
        const two = metrics[name].compute(inTwo(yTrue), inTwo(yPred), 2);
        expect(two).toBeCloseTo(one, 12);
      }),
      { numRuns: cases(100) },
    );
  });

  it("is NaN if a prediction is", () => {
    for (const name of names) {
      expect(metrics[name].compute(Float64Array.of(0, 1, 1), Float32Array.of(0.1, NaN, 0.9), 1)).toBeNaN();
      expect(
        metrics[name].compute(Float64Array.of(0, 1, 1, 0), Float32Array.of(0.1, 0.9, NaN, 0.9), 2),
      ).toBeNaN();
    }
    expect(accuracy([0, 1], [NaN, 1])).toBeNaN();
    expect(refusal(() => confusionMatrix([0, 1], [NaN, 1]))).toMatch(
      /^invalid_data: yPred of a confusion matrix .*; received NaN$/,
    );
  });

  it.each<[string, () => unknown, RegExp]>([
    [
      "different numbers of rows",
      () => accuracy([0, 1], [0.5]),
      /^invalid_shape: .*the same number of rows; received 2 and 1/,
    ],
    [
      "different numbers of columns",
      () => f1([[1, 0]], [[0.2, 0.5, 0.3]]),
      /^invalid_shape: .*the same number of columns; received 2 and 3/,
    ],
    [
      "a truth that is not a class",
      () => accuracy([0.5, 1], [0, 1]),
      /^invalid_data: yTrue must hold 0 or 1.* received 0.5 in row 0; for quantities, choose meanSquaredError/,
    ],
    [
      "a truth with two classes in a row",
      () => accuracy([[1, 1]], [[0.5, 0.5]]),
      /^invalid_data: yTrue .*\[1,1\] in row 0/,
    ],
    [
      "a truth without a class in a later row",
      () =>
        accuracy(
          [
            [1, 0],
            [0, 0],
          ],
          [
            [0.5, 0.5],
            [0.5, 0.5],
          ],
        ),
      /^invalid_data: yTrue .*\[0,0\] in row 1/,
    ],
    [
      "predictions that are not numbers",
      () => accuracy([1], ["yes"] as unknown as number[]),
      /^invalid_data: yPred must hold numbers; received "yes" at yPred\[0\]/,
    ],
    [
      "an id without a column",
      () => logLoss([3], [[0.2, 0.5, 0.3]]),
      /^invalid_data: yTrue must be integers from 0 to 2/,
    ],
    [
      "ids where probabilities belong",
      () => rocAuc([0, 1, 2], [0, 1, 2]),
      /^invalid_data: yTrue .* 2 in row 2; for class ids, give predictions a column for each class/,
    ],
    ["a NaN in the truth", () => accuracy([NaN], [1]), /^invalid_data: yTrue must hold finite numbers/],
  ])("refuses %s", (_, run, message) => {
    expect(refusal(run)).toMatch(message);
  });
});

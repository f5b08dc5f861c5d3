/** How rows move scores: each formula beside the derivative of the weighted score by the weight of a row. */
import { describe, expect, it } from "vitest";
import { effectOf, hasLead, type Predicted } from "../../../src/metrics/intervals/index.js";
import { metricNamed } from "../../../src/metrics/registry.js";
import { RandomStream } from "../../../src/numerics/random.js";

const ROWS = 14;

/** Rows of so many outputs, some of them wrong, some tied, with weights of all sizes. */
function rowsFor(
  kind: "quantities" | "counts" | "two" | "three" | "absent" | "labels",
  seed: number,
): Predicted {
  const random = new RandomStream(seed);
  const outputs = { quantities: 2, counts: 1, two: 1, three: 3, absent: 3, labels: 3 }[kind];
  const yTrue = new Float64Array(ROWS * outputs);
  const yPred = new Float64Array(ROWS * outputs);
  for (let i = 0; i < ROWS; i++) {
    const of = i % (kind === "absent" ? 2 : 3); // class 2 of `absent` is predicted only
    for (let k = 0; k < outputs; k++) {
      const at = i * outputs + k;
      if (kind === "quantities") yTrue[at] = random.normal();
      else if (kind === "counts") yTrue[at] = 1 + random.integer(5);
      else if (kind === "two") yTrue[at] = i % 2;
      else if (kind === "three" || kind === "absent") yTrue[at] = Number(of === k);
      else yTrue[at] = Number(random.uniform() < 0.5);
      const guess = random.uniform();
      if (kind === "quantities") yPred[at] = yTrue[at] + random.normal();
      else if (kind === "counts") yPred[at] = 0.5 + 4 * guess;
      // of one digit, so that scores are tied
      else
        yPred[at] =
          Math.round(10 * (0.4 + 0.2 * yTrue[at] + 0.7 * (guess - 0.5))) / 10 +
          (kind === "three" || kind === "absent" ? 0.01 * k : 0);
    }
  }
  return {
    yTrue,
    yPred,
    outputs,
    weights: Float64Array.from({ length: ROWS }, () => 0.5 + 2 * random.uniform()),
  };
}

/** The derivative of a score by the logarithm of each row's weight, times Σ w / w. */
function slopes(name: string, { yTrue, yPred, outputs, weights = [] as never }: Predicted): number[] {
  let total = 0;
  for (const weight of weights) total += weight;
  return Array.from(weights, (_, i) => {
    const moved = (by: number): number =>
      metricNamed(name).compute(
        yTrue,
        yPred,
        outputs,
        weights.map((w, j) => (i === j ? w + by : w)),
      );
    return (total * (moved(1e-5) - moved(-1e-5))) / 2e-5;
  });
}

const AVERAGES = ["precision", "f1", "jaccard", "balancedAccuracy", "f1Weighted", "cohenKappaQuadratic"];

describe("the influence of rows", () => {
  it.each(
    [
      ...["meanSquaredError", "rootMeanSquaredError", "meanAbsoluteError", "meanAbsolutePercentageError"],
      ...["meanPinballLoss0.2", "explainedVariance", "r2", "d2AbsoluteError", "d2Pinball0.3"],
    ]
      .map((name) => [name, "quantities"] as const)
      .concat(
        [
          "meanSquaredLogError",
          "rootMeanSquaredLogError",
          "meanTweedieDeviance1",
          "d2Tweedie1",
          "d2Tweedie2",
        ].map((name) => [name, "counts"] as never),
        [
          "accuracy",
          "precision",
          "recall",
          "f1",
          "fBeta2",
          "jaccard",
          "balancedAccuracy",
          "matthewsCorrcoef",
          "cohenKappa",
          "rocAuc",
          "logLoss",
          "brierScore",
          "f1Macro",
          "recallWeighted",
          "precisionMicro",
        ].map((name) => [name, "two"] as never),
        [
          "accuracy",
          "precision",
          "recall",
          "f1",
          "fBeta0.5",
          "jaccard",
          "precisionMicro",
          "recallWeighted",
          "f1Weighted",
          "fBeta2Micro",
          "jaccardMicro",
          "balancedAccuracy",
          "matthewsCorrcoef",
          "cohenKappa",
          "cohenKappaLinear",
          "cohenKappaQuadratic",
          "topKAccuracy2",
          "logLoss",
          "brierScore",
          "rocAuc",
          "rocAucWeighted",
          "rocAucMicro",
          "rocAucOvo",
          "rocAucOvoWeighted",
        ].map((name) => [name, "three"] as never),
        [...AVERAGES, "recall", "matthewsCorrcoef"].map((name) => [name, "absent"] as never),
        [
          "accuracyMultiLabel",
          "f1SamplesMultiLabel",
          "f1MicroMultiLabel",
          "fBeta2MicroMultiLabel",
          "f1MacroMultiLabel",
          "recallWeightedMultiLabel",
          "rocAucMultiLabel",
          "rocAucWeightedMultiLabel",
        ].map((name) => [name, "labels"] as never),
      ),
  )("on %s is its derivative: %s", (name, kind) => {
    let moves = false;
    for (const seed of [1, 2, 3]) {
      const predicted = rowsFor(kind, seed);
      const metric = metricNamed(name);
      expect(hasLead(metric, predicted.outputs)).toBe(true);
      const { influence } = effectOf(metric, predicted);
      const expected = slopes(name, predicted);
      moves ||= expected.some((slope) => Math.abs(slope) > 1e-3);
      expected.forEach((slope, i) => {
        expect(Math.abs(influence[i] - slope)).toBeLessThan(1e-6 * (1 + Math.abs(slope)));
      });
    }
    expect(moves).toBe(true);
  });
});

describe("the influence of rows that were not seen", () => {
  // 6, 6 and 12 rows, so that a third of the places among each class, and among all others, has a middle
  const classes = Array.from({ length: 24 }, (_, i) => (i < 12 ? i % 2 : 2));
  const random = new RandomStream(9);
  const yPred = Float64Array.from({ length: 72 }, (_, at) =>
    classes[Math.floor(at / 3)] === at % 3 ? 0.3 + random.uniform() : random.uniform(),
  );
  const yTrue = Float64Array.from({ length: 72 }, (_, at) => Number(classes[Math.floor(at / 3)] === at % 3));
  const scores = (k: number): number[] => classes.map((_, i) => yPred[3 * i + k]);
  /** What the area of class `k` against others gains by a row of `own` that wins against a share of them. */
  const gain = (k: number, among: readonly number[], isOwn: 0 | 1, place: number): number => {
    const truth = among.map((i) => Number(classes[i] === k));
    const beside = among.map((i) => scores(k)[i]);
    const ranked = beside.filter((_, i) => truth[i] !== isOwn).sort((x, y) => (isOwn ? x - y : y - x));
    const beaten = place * ranked.length;
    const area = (weight: number): number =>
      metricNamed("rocAuc").compute(
        Float64Array.of(...truth, isOwn),
        Float64Array.of(...beside, (ranked[beaten - 1] + ranked[beaten]) / 2),
        1,
        Float64Array.of(...truth.map(() => 1), weight),
      );
    return (24 * (area(1e-6) - area(0))) / 1e-6;
  };
  const places = [1 / 6, 1 / 2, 5 / 6];
  const everyRow = [...classes.keys()];
  const sides = [0, 1] as const;
  const againstRest = [0, 1, 2].map((k) =>
    sides.flatMap((isOwn) => places.map((place) => gain(k, everyRow, isOwn, place))),
  );
  const pairs = [
    [0, 1],
    [0, 2],
    [1, 2],
  ].map(([b, a]) => {
    const among = everyRow.filter((i) => classes[i] === a || classes[i] === b);
    return sides.flatMap((isA) =>
      places.map((place) => (gain(a, among, isA, place) + gain(b, among, isA ? 0 : 1, place)) / 2),
    );
  });

  it.each([
    ["rocAuc", againstRest, [1 / 3, 1 / 3, 1 / 3]],
    ["rocAucWeighted", againstRest, [1 / 4, 1 / 4, 1 / 2]],
    ["rocAucOvo", pairs, [1 / 3, 1 / 3, 1 / 3]],
    ["rocAucOvoWeighted", pairs, [12 / 48, 18 / 48, 18 / 48]],
  ])("on %s is that of one more row at each third of the places", (name, areas, shares) => {
    const { unseen } = effectOf(metricNamed(name), { yTrue, yPred, outputs: 3 });
    const expected = areas.flatMap((gains, part) => gains.map((each) => shares[part] * each));
    expect(unseen?.influence).toHaveLength(18);
    expected.forEach((each, i) => {
      expect(Math.abs((unseen?.influence[i] as number) - each)).toBeLessThan(1e-5);
    });
    // a tenth of a row of each class; how it ranks in one model does not tell how it ranks in another
    expect(unseen?.mass).toEqual(new Float64Array(18).fill(0.1 / 3));
    expect(unseen?.group).toBe(3);
  });
});

describe("a share", () => {
  const meanWeightOf = (weights: readonly number[]): number => {
    const [sum, squares] = [1, 2].map((power) => weights.reduce((all, weight) => all + weight ** power, 0));
    return squares / sum;
  };

  // The classes whose rows have the weight of a right and of a wrong row; undefined for those of all rows.
  it.each([
    ["accuracy", undefined, undefined],
    ["precision", 1, 0],
    ["recall", 1, 1],
    ["f1", 1, undefined],
    ["jaccard", 1, undefined],
  ] as const)(
    "is moved by a row that was not seen as by one more, of its class's weight: %s",
    (name, ...classes) => {
      const metric = metricNamed(name);
      for (const seed of [1, 2, 3]) {
        const { yTrue, yPred, outputs, weights: given = [] as never } = rowsFor("two", seed);
        // rows of class 1 count about three times as much
        const weights = given.map((weight, i) => weight * (1 + 2 * yTrue[i]));
        const { unseen } = effectOf(metric, { yTrue, yPred, outputs, weights });
        const more = (truth: number, guess: number): number => {
          const by = (weight: number): number =>
            metric.compute(
              Float64Array.of(...yTrue, truth),
              Float64Array.of(...yPred, guess),
              outputs,
              Float64Array.of(...weights, weight),
            );
          return (
            (Array.from(weights).reduce((sum, weight) => sum + weight, 0) * (by(1e-6) - by(-1e-6))) / 2e-6
          );
        };
        const moved = [more(1, 1), name === "recall" ? more(1, 0) : more(0, 1)];
        for (const [i, of] of classes.entries()) {
          const ofClass = [...weights].filter((_, row) => of === undefined || yTrue[row] === of);
          const expected = (moved[i] * meanWeightOf(ofClass)) / meanWeightOf([...weights]);
          expect(Math.abs(expected)).toBeGreaterThan(1e-2);
          expect(Math.abs((unseen?.influence[i] as number) - expected)).toBeLessThan(1e-6);
        }
      }
    },
  );
});

it.each(AVERAGES)("rows that were not seen are of the classes that occur: %s", (name) => {
  const predicted = rowsFor("absent", 1);
  const guesses = Array.from({ length: ROWS }, (_, i) => {
    const row = predicted.yPred.subarray(3 * i, 3 * i + 3);
    return row.indexOf(Math.max(...row));
  });
  expect(guesses).toContain(2);
  // a right and a wrong one of each
  expect(effectOf(metricNamed(name), predicted).unseen?.influence).toHaveLength(2 * 2);
});

describe("the bias of a share of the error of the best constant", () => {
  it.each(["r2", "explainedVariance"])(
    "of %s is half the sum of its curvatures by the weights of rows",
    (name) => {
      const rows = rowsFor("quantities", 5);
      const { yTrue, yPred, outputs, weights = [] as never } = rows;
      const metric = metricNamed(name);
      const at = (row: number, by: number): number =>
        metric.compute(
          yTrue,
          yPred,
          outputs,
          weights.map((w, i) => (i === row ? w * (1 + by) : w)),
        );
      let curvatures = 0;
      for (let i = 0; i < ROWS; i++) curvatures += (at(i, 1e-3) - 2 * at(i, 0) + at(i, -1e-3)) / 1e-6;
      // second differences err by 1e-6 of the fourth derivative
      expect(Math.abs((effectOf(metric, rows).bias as number) - curvatures / 2)).toBeLessThan(1e-5);
    },
  );
});

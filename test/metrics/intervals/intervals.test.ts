/**
 * Intervals of scores: published values, what weights and perfect models do to them, and how often they hold
 * the truth.
 */
import { beforeAll, describe, expect, it } from "vitest";
import { POPULATIONS, sample } from "../../../bench/intervals/cases.js";
import { coverage, truths } from "../../../bench/intervals/coverage.js";
import {
  differenceInterval,
  effectOf,
  hasLead,
  intervalOf,
  type Predicted,
  whyNoInterval,
} from "../../../src/metrics/intervals/index.js";
import {
  type ScoreInterval,
  shareInterval,
  skewedInterval,
  studentQuantile,
  wilson,
} from "../../../src/metrics/intervals/interval.js";
import { metricNamed, metrics } from "../../../src/metrics/registry.js";
import { ready } from "../../../src/numerics/kernels.js";
import { RandomStream } from "../../../src/numerics/random.js";
import { cases } from "../../cases.js";

beforeAll(() => ready());

describe("wilson", () => {
  // R. Newcombe, "Two-sided confidence intervals for the single proportion", Statistics in Medicine 17, 1998,
  // table I, method 3
  it.each([
    [81, 263, 0.2553, 0.3662],
    [15, 148, 0.0624, 0.1605],
    [0, 20, 0, 0.1611],
    [1, 29, 0.0061, 0.1718],
  ])("is as published for %i of %i", (right, rows, low, high) => {
    const interval = wilson(right / rows, rows);
    expect(Math.abs(interval[0] - low)).toBeLessThan(5.1e-5);
    expect(Math.abs(interval[1] - high)).toBeLessThan(5.1e-5);
    const part = Float64Array.from({ length: rows }, (_, i) => Number(i < right));
    const share = shareInterval({ part, whole: new Float64Array(rows).fill(1) }).interval;
    expect(Math.abs(share[0] - interval[0])).toBeLessThan(1e-12);
    expect(Math.abs(share[1] - interval[1])).toBeLessThan(1e-12);
  });

  it("of F1 is that of Jaccard's index J, of which it is 2J / (1 + J)", () => {
    // hits, missed, wrong, neither
    const yTrue = Float64Array.of(1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0);
    const yPred = Float64Array.of(1, 1, 1, 1, 1, 1, 1, 0, 0, 1, 0, 0, 0);
    const of = (name: string) => intervalOf(metricNamed(name), { yTrue, yPred, outputs: 1 })?.interval ?? [];
    const jaccard = wilson(7 / 10, 10);
    of("jaccard").forEach((end, i) => {
      expect(end).toBeCloseTo(jaccard[i], 12);
    });
    of("f1").forEach((end, i) => {
      expect(end).toBeCloseTo((2 * jaccard[i]) / (1 + jaccard[i]), 12);
    });
  });
});

describe("the interval of a mean", () => {
  it("is Student's where rows are not skewed, 2.776 errors for 5 rows, of a variance enlarged by its own", () => {
    const influence = Float64Array.of(-2, -1, 0, 1, 2); // standard deviation √2.5
    const { interval } = skewedInterval(7, { influence }, undefined, () => 0, [0, 100]);
    const reach = 2.776 * Math.sqrt((2.5 / 5) * (1 + 34 / 10 ** 2));
    expect(Math.abs(interval[0] - (7 - reach))).toBeLessThan(1e-3);
    expect(Math.abs(interval[1] - (7 + reach))).toBeLessThan(1e-3);
  });

  it("is moved by what the bias of a score is beyond that of a function of one mean, its curvature times σ", () => {
    const influence = Float64Array.of(-2, -1, 0, 1, 2);
    const of = (bias: number | undefined, curvature: number): ScoreInterval => {
      const effect = { influence, ...(bias !== undefined && { bias }) };
      return skewedInterval(7, effect, undefined, () => curvature, [-100, 100]).interval;
    };
    const [plain, moved] = [of(undefined, 0), of(0.5, 0)];
    // the variance is enlarged by 34 / 10²
    for (const i of [0, 1]) expect(plain[i] - moved[i]).toBeCloseTo(0.5 * Math.sqrt(1.34), 12);
    const curved = of(undefined, 0.1);
    of(0.1 * Math.sqrt(2.5 / 5), 0.1).forEach((end, i) => {
      expect(end).toBeCloseTo(curved[i], 12);
    });
  });

  it.each([true, false])(
    "counts rows that were not seen in the spread, and in the skewness unless they are even: %s",
    (isEven) => {
      const influence = Float64Array.of(-2, -1, -1, 0, 0, 4);
      const rows = influence.length;
      const added = { influence: Float64Array.of(3, -2), mass: Float64Array.of(0.5, 0.25) };
      const { interval } = skewedInterval(
        7,
        { influence, unseen: { ...added, isEven } },
        undefined,
        () => 0,
        [-99, 99],
      );
      // in float64 by the formula of the docs
      const sum = (power: number): number =>
        influence.reduce((total, each) => total + (each / rows) ** power, 0);
      const more = (power: number): number =>
        added.influence.reduce((total, each, i) => total + added.mass[i] * (each / rows) ** power, 0);
      const sigma = Math.sqrt((sum(2) * rows) / (rows - 1) + more(2));
      const a = (sum(3) + (isEven ? 0 : more(3))) / (6 * sigma ** 3);
      const t = studentQuantile(rows - 1);
      [t, -t].forEach((quantile, i) => {
        const T = (Math.cbrt(1 + 6 * a * (quantile - a)) - 1) / (2 * a);
        expect(interval[i]).toBeCloseTo(7 - sigma * T, 10);
      });
    },
  );

  // printed tables of Student's t, two-sided 5 %
  it.each([
    [3, 3.182],
    [4, 2.776],
    [9, 2.262],
    [49, 2.01],
    [1e6, 1.96],
  ])("has the quantile of %i degrees of freedom, %d", (freedom, quantile) => {
    expect(Math.abs(studentQuantile(freedom) - quantile)).toBeLessThan(5e-3);
  });

  it("is Hall's for skewed rows: the inverse of T + kT² + k²T³/3 + a at ∓t", () => {
    const losses = [0.1, 0.2, 0.2, 0.4, 0.5, 0.9, 1.5, 4.2];
    const n = losses.length;
    const mean = losses.reduce((sum, loss) => sum + loss, 0) / n;
    const moment = (power: number) => losses.reduce((sum, loss) => sum + (loss - mean) ** power, 0);
    const error = Math.sqrt(moment(2) / (n - 1) / n);
    const spread = error * Math.sqrt(1 + moment(4) / moment(2) ** 2);
    const a = ((1 + 0.8 / n ** 0.25) * moment(3)) / n ** 3 / (6 * error ** 3);
    const influence = Float64Array.from(losses, (loss) => loss - mean);
    const { interval, decidedBy } = skewedInterval(mean, { influence }, undefined, () => 0, [-9, 1e9]);
    for (const [end, t] of [
      [interval[0], studentQuantile(n - 1)],
      [interval[1], -studentQuantile(n - 1)],
    ]) {
      const T = (mean - end) / spread;
      expect(T + 2 * a * T * T + (4 * a * a * T ** 3) / 3 + a).toBeCloseTo(t, 9);
    }
    expect(decidedBy).toBe(1); // (4.2 − 1)² of 13.2 is most of it
  });

  it("is decided by the rows that carry most of a part, as their weights have it", () => {
    const rows = 400;
    const sign = (i: number): number => (i % 2 === 0 ? 1 : -1);
    const influence = Float64Array.from({ length: rows }, (_, i) => sign(i));
    // what is 0 in a part moves it not at all; by weights of 1, a hundred rows carry it
    const part = Float64Array.from({ length: rows }, (_, i) => (i < 100 ? sign(i) : 0));
    const weights = Float64Array.from({ length: rows }, (_, i) => (i < 100 && i % 50 > 0 ? 1e-3 : 1));
    const decidedBy = (given?: Float64Array) =>
      skewedInterval(0, { influence, parts: [part] }, given, () => 0, [-9, 9]).decidedBy;
    expect(decidedBy()).toBeUndefined();
    expect(decidedBy(weights)).toBe(2); // rows 0 and 50
  });
});

/** Metrics of each kind of rows, with and without options. */
const KINDS = [
  ["normal errors", ["meanSquaredError", "rootMeanSquaredError", "meanAbsoluteError", "medianAbsoluteError"]],
  ["normal errors", ["r2", "explainedVariance", "d2AbsoluteError", "meanPinballLoss0.9", "d2Tweedie"]],
  ["two classes, half", ["accuracy", "precision", "recall", "f1", "fBeta2", "jaccard", "balancedAccuracy"]],
  ["two classes, half", ["matthewsCorrcoef", "cohenKappa", "rocAuc", "logLoss", "brierScore", "f1Macro"]],
  ["three classes", ["f1", "f1Weighted", "precisionMicro", "topKAccuracy2", "rocAucOvo", "logLoss"]],
] as const;
const SUBJECTS = KINDS.flatMap(([population, names]) => names.map((name) => [name, population] as const));

function rowsOf(population: string, rows: number, seed: number): Predicted {
  const found = POPULATIONS.find(({ name }) => name === population);
  if (!found) throw new Error(population);
  return sample(found.draw, rows, new RandomStream(seed));
}

describe("weights", () => {
  it.each(SUBJECTS)("of 0 change nothing of %s, and only ratios matter", (name, population) => {
    const metric = metricNamed(name);
    const { yTrue, yPred, outputs } = rowsOf(population, 60, 4);
    const random = new RandomStream(5);
    const weights = Float64Array.from({ length: 60 }, (_, i) => (i % 4 === 0 ? 0 : 0.5 + random.uniform()));
    const kept = Array.from(weights.keys()).filter((row) => weights[row] > 0);
    const taken = (values: Predicted["yTrue"]): Float64Array =>
      Float64Array.from(kept.flatMap((row) => [...values.subarray(row * outputs, (row + 1) * outputs)]));
    const whole = intervalOf(metric, { yTrue, yPred, outputs, weights });
    const part = intervalOf(metric, {
      yTrue: taken(yTrue),
      outputs,
      weights: Float64Array.from(kept, (row) => weights[row]),
      yPred: yPred instanceof Float32Array ? Float32Array.from(taken(yPred)) : taken(yPred),
    });
    expect(whole).toEqual(part);
    const scaled = intervalOf(metric, { yTrue, yPred, outputs, weights: weights.map((w) => 1024 * w) });
    expect(scaled?.decidedBy).toBe(whole?.decidedBy);
    scaled?.interval.forEach((end, i) => {
      expect(Math.abs(end - (whole?.interval[i] as number))).toBeLessThan(1e-6 * (1 + Math.abs(end)));
    });
    const ones = intervalOf(metric, { yTrue, yPred, outputs, weights: new Float64Array(60).fill(1) });
    ones?.interval.forEach((end, i) => {
      const plain = intervalOf(metric, { yTrue, yPred, outputs })?.interval[i] as number;
      expect(Math.abs(end - plain)).toBeLessThan(1e-6 * (1 + Math.abs(end)));
    });
  });
});

describe("weights that go with the class", () => {
  const { yTrue, yPred, outputs } = rowsOf("two classes, 10 %", 100, 3);
  const weights = Float64Array.from(yTrue, (y) => (y === 1 ? 0.2 : 1.8));

  it("do not move the interval of recall, whose rows all have one weight", () => {
    const [recall] = ["recall"].map(metricNamed);
    const plain = intervalOf(recall, { yTrue, yPred, outputs });
    const found = intervalOf(recall, { yTrue, yPred, outputs, weights });
    expect(found?.decidedBy).toBe(plain?.decidedBy);
    found?.interval.forEach((end, i) => {
      expect(end).toBeCloseTo(plain?.interval[i] as number, 12);
    });
  });

  it.each(["balancedAccuracy", "rocAuc"])("do not move what rows that were not seen do to %s", (name) => {
    const metric = metricNamed(name);
    const plain = effectOf(metric, { yTrue, yPred, outputs }).unseen?.influence ?? [];
    const found = effectOf(metric, { yTrue, yPred, outputs, weights }).unseen?.influence ?? [];
    // the variance has them by Σ w² / (Σ w)²
    const sum = weights.reduce((all, weight) => all + weight, 0);
    const squares = weights.reduce((all, weight) => all + weight * weight, 0);
    expect(plain).toHaveLength(name === "rocAuc" ? 6 : 4);
    found.forEach((moved, i) => {
      expect((moved * squares) / sum ** 2).toBeCloseTo(plain[i] / 100, 12);
    });
  });

  it("let a row of precision that is wrong but was not seen weigh as the rows of its class", () => {
    // 40 rows of 0.2, all right; two right ones of 0.2 and two wrong ones of 1.8 are added: a share of 8.4 /
    // 12, with a variance of (42 · 0.2² · 0.3² + 2 · 1.8² · 0.7²) / 12², which 0.7 · 0.3 · 12² / 3.3264 rows
    // have, four of which were added
    const ones = Float64Array.from({ length: 80 }, (_, i) => Number(i < 40));
    const all = { yTrue: ones, yPred: ones, outputs: 1, weights: ones.map((y) => (y === 1 ? 0.2 : 1.8)) };
    const low = intervalOf(metricNamed("precision"), all)?.interval[0];
    expect(low).toBeCloseTo(wilson(1, 30.24 / 3.3264 - 4)[0], 12);
  });
});

describe("every metric", () => {
  it("has an interval, or a reason for none", () => {
    const reasons = Object.values(metrics).flatMap((metric) => {
      const why = whyNoInterval(metric, 1);
      return why === undefined ? [] : [[metric.name, why]];
    });
    expect(Object.fromEntries(reasons)).toEqual({
      averagePrecision: "it is biased if few rows have class 1",
      expectedCalibrationError: "chance in the rows raises it",
      maxError: "it grows with the number of rows",
    });
    expect(whyNoInterval({ ...metrics.f1, name: "own" }, 1)).toBe("it is a custom metric");
    expect(whyNoInterval(metrics.medianAbsoluteError, 2)).toBe("it is a mean of medians over outputs");
    expect(hasLead(metrics.medianAbsoluteError, 1)).toBe(false);
  });

  it.each(SUBJECTS)("%s is in its interval", (name, population) => {
    const predicted = rowsOf(population, 200, 6);
    const metric = metricNamed(name);
    const score = metric.compute(predicted.yTrue, predicted.yPred, predicted.outputs);
    const [low, high] = intervalOf(metric, predicted)?.interval ?? [1, 0];
    expect(low).toBeLessThan(score);
    expect(high).toBeGreaterThan(score);
    expect(high - low).toBeLessThan(0.6);
  });
});

describe("rows that do not tell", () => {
  const yTrue = Float64Array.from({ length: 50 }, (_, i) => i % 2);

  it.each(["rootMeanSquaredError", "meanSquaredError", "meanAbsoluteError", "medianAbsoluteError"])(
    "%s of a perfect model is between 0 and 0, and no row decides it",
    (name) => {
      const perfect = { yTrue, yPred: yTrue, outputs: 1 };
      const found = intervalOf(metricNamed(name), perfect);
      expect(found?.interval).toEqual([0, 0]);
      if (name !== "medianAbsoluteError") expect(found?.decidedBy).toBe(0);
    },
  );

  it("of a classifier without an error leave room for some", () => {
    const yPred = Float32Array.from(yTrue, (y) => 0.02 + 0.96 * y);
    const of = (name: string) => intervalOf(metricNamed(name), { yTrue, yPred, outputs: 1 });
    // between 1 and 6 of 50 rows, of a loss of 3.9 each, where the rule of three says 3
    expect(of("logLoss")?.interval[1]).toBeGreaterThan(3.9 / 50);
    expect(of("logLoss")?.interval[1]).toBeLessThan((6 * 3.9) / 50);
    expect(of("accuracy")?.interval[0]).toBeCloseTo(wilson(1, 50)[0], 12);
    expect(of("accuracy")?.decidedBy).toBe(0);
    for (const name of ["matthewsCorrcoef", "balancedAccuracy", "rocAuc"]) {
      expect(of(name)?.interval[0]).toBeLessThan(0.99);
      expect(of(name)?.interval[0]).toBeGreaterThan(0.7);
      expect(of(name)?.decidedBy).toBe(0);
    }
  });

  it("of one class say nothing of scores of two", () => {
    const one = { yTrue: new Float64Array(50), yPred: new Float32Array(50).fill(0.2), outputs: 1 };
    for (const [name, range] of [
      ["matthewsCorrcoef", [-1, 1]],
      ["balancedAccuracy", [0, 1]],
      ["recall", [0, 1]],
    ] as const)
      expect(intervalOf(metricNamed(name), one)).toEqual({ interval: range, decidedBy: 0 });
    expect(intervalOf(metricNamed("rocAuc"), one)?.interval).toEqual([Number.NaN, Number.NaN]);
  });

  // of 200 rows 1.25 · 200^¼ = 4.7 are few; the first two of four make half of the variance
  it.each([
    [4, 2],
    [5, undefined],
  ])("are few where %i make the variance", (many, few) => {
    const influence = Float64Array.from({ length: 200 }, (_, i) => (i < many ? 1 - 2 * (i % 2) : 0));
    const of = skewedInterval(0, { influence }, undefined, () => 0, [-1, 1]);
    const inParts = { influence: influence.slice().fill(1), parts: [influence] };
    expect(of.decidedBy).toBe(few);
    expect(skewedInterval(0, inParts, undefined, () => 0, [-1, 1]).decidedBy).toBe(few);
  });

  it("are counted where a few of them make a score", () => {
    const yPred = yTrue.map((y, i) => y + (i === 7 ? 100 : i === 8 ? 90 : 0.1));
    const found = intervalOf(metricNamed("rootMeanSquaredError"), { yTrue, yPred, outputs: 1 });
    expect(found?.decidedBy).toBe(1);
    const rare = yTrue.map((_, i) => Number(i < 3));
    const area = { yTrue: rare, yPred: yTrue.map((_, i) => 1 / (1 + i)), outputs: 1 };
    expect(intervalOf(metricNamed("rocAuc"), area)?.decidedBy).toBe(3);
    expect(intervalOf(metricNamed("recall"), { ...area, yPred: rare })?.decidedBy).toBe(0);
    const medianOf = (rows: number) =>
      intervalOf(metricNamed("medianAbsoluteError"), {
        yTrue: yTrue.slice(0, rows),
        yPred: yPred.slice(0, rows),
        outputs: 1,
      });
    expect(medianOf(9)?.decidedBy).toBe(9);
    expect(medianOf(10)?.decidedBy).toBeUndefined();
  });
});

describe("the interval of a difference", () => {
  it.each(SUBJECTS.filter(([name]) => name !== "medianAbsoluteError"))(
    "of %s has both signs, and is narrower than both scores where models agree",
    (name, population) => {
      const metric = metricNamed(name);
      const own = rowsOf(population, 200, 8);
      const other = { ...own, yPred: own.yPred.map((guess, i) => (i % 9 === 0 ? guess * 0.8 : guess)) };
      const [low, high] = differenceInterval(metric, own, other).interval;
      const [back, forth] = differenceInterval(metric, other, own).interval;
      expect(back).toBeCloseTo(-high, 9);
      expect(forth).toBeCloseTo(-low, 9);
      const [least, most] = intervalOf(metric, own)?.interval ?? [0, 0];
      expect(high - low).toBeLessThan(most - least);
      expect(low).toBeLessThan(high);
    },
  );

  it.each(["meanSquaredError", "meanAbsoluteError", ...KINDS[1][1]])(
    "of %s from a perfect model is that of the score, with its bias",
    (name) => {
      const metric = metricNamed(name);
      const own = rowsOf("normal errors", 20, 3);
      const { interval } = differenceInterval(metric, own, { ...own, yPred: own.yTrue });
      const perfect = metric.compute(own.yTrue, own.yTrue, 1);
      const expected = intervalOf(metric, own)?.interval.map((end) => end - perfect) ?? [];
      expect(interval[0]).toBeCloseTo(expected[0], 9);
      expect(interval[1]).toBeCloseTo(expected[1], 9);
    },
  );

  it.each([
    ...["accuracy", "balancedAccuracy", "matthewsCorrcoef", "f1", "rocAuc"].map((name) => [name, 1] as const),
    ...["f1Macro", "balancedAccuracy", "rocAuc", "rocAucOvo"].map((name) => [name, 3] as const),
  ])("of %s of two classifiers without an error, of %i outputs, leaves room for both", (name, outputs) => {
    const yTrue = Float64Array.from({ length: 60 * outputs }, (_, at) => {
      const row = Math.floor(at / outputs);
      return outputs === 1 ? row % 2 : Number(row % outputs === at % outputs);
    });
    const model = { yTrue, yPred: yTrue.map((y) => 0.02 + 0.96 * y), outputs };
    const [low, high] = differenceInterval(metricNamed(name), model, model).interval;
    expect(low).toBeLessThan(-0.005);
    expect(high).toBeCloseTo(-low, 9);
  });
});

describe("intervals hold the truth", () => {
  const isLong = cases(1) > 1;
  const CHEAP = [
    ["errors of Student's t, 5 degrees", "rootMeanSquaredError", 50],
    ["errors of Student's t, 5 degrees", "r2", 200],
    ["2 % of rows wrong", "logLoss", 100],
    ["two classes, half", "recall", 50],
    ["two classes, half", "rocAuc", 50],
    ["10 %, drawn as half and weighted back", "precision", 200],
  ] as const;
  const ALL = POPULATIONS.flatMap(({ name, metrics: own }) =>
    own.flatMap((metric) => [50, 200, 1000].map((rows) => [name, metric, rows] as const)),
  );

  // Claimed are 93 %, where the truth is the score of 10⁵ rows; an interval may hold it less often by 3
  // standard errors of the draws. Where a few rows decide more than half of the intervals, they may be too
  // narrow, and say so.
  it.each(isLong ? ALL : CHEAP)("of %s, %s, %i rows", (name, metric, rows) => {
    const found = POPULATIONS.find((each) => each.name === name);
    if (!found) throw new Error(name);
    const population = { ...found, metrics: [metric] };
    const draws = isLong ? 1000 : 200;
    const [{ above, below, flagged, draws: defined }] = coverage(
      population,
      truths(population, 11, isLong ? 1e6 : 1e5),
      { rows, draws, seed: 11 },
    );
    const held = (defined - above - below) / defined;
    const least = 0.93 - 3 * Math.sqrt((0.93 * 0.07) / defined);
    expect(held >= least || flagged > defined / 2).toBe(true);
    if (!isLong) expect(held).toBeGreaterThan(least);
  });
});

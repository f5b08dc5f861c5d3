/** A final model beside a constant and a linear one: which is said to be better, and by what. */
import { describe, expect, it } from "vitest";
import { decided } from "../../../src/metrics/decided.js";
import type { CustomMetric } from "../../../src/metrics/metric.js";
import { metricNamed } from "../../../src/metrics/registry.js";
import { dense } from "../../../src/nn/layers/index.js";
import { sequential } from "../../../src/nn/models/sequential.js";
import { adam } from "../../../src/optim/adam.js";
import { grid } from "../../../src/search/strategies/grid/grid.js";
import {
  compareBaselines,
  fitBaselines,
  type Lead,
  reportOf,
  verdictOf,
} from "../../../src/tune/baselines/compare.js";
import { toDataset } from "../../../src/tune/trial/data.js";
import { tune } from "../../../src/tune/tune.js";
import { linear, logistic, quantity, randomRows, rates, refusal, x, y } from "../support.js";

const lead = (low: number, high: number) => ({
  difference: (low + high) / 2,
  interval: [low, high] as const,
});

describe("the verdict", () => {
  it.each([
    ["final", lead(0.1, 0.3), lead(0.5, 0.7)],
    ["level", lead(-0.1, 0.3), lead(0.5, 0.7)],
    ["level", lead(0, 0), lead(0.5, 0.7)],
    ["linear", lead(-0.3, -0.1), lead(0.5, 0.7)],
    ["linear", lead(-0.3, -0.1), lead(-0.5, 0.7)],
    ["constant", lead(-0.1, 0.3), lead(-0.1, 0.7)],
    ["constant", lead(0.1, 0.3), lead(-0.1, 0.7)],
    ["constant", undefined, lead(0, 0.7)],
    ["final", undefined, lead(0.1, 0.7)],
    ["linear", lead(Number.NaN, Number.NaN), lead(Number.NaN, Number.NaN)],
  ])("is %s", (verdict, linear, constant) => {
    expect(verdictOf({ ...(linear && { linear }), constant })).toBe(verdict);
  });
});

describe("the report", () => {
  const yTrue = Float64Array.of(0, 1, 2, 3, 4, 5);
  const model = (...yPred: number[]) => ({ yTrue, yPred: Float64Array.from(yPred), outputs: 1 });
  const contest = {
    task: "regression" as const,
    threshold: 0.5,
    final: model(0, 1, 2, 3, 4, 6),
    linear: model(1, 2, 3, 4, 5, 6),
    constant: model(2, 2, 2, 2, 2, 2),
  } as const;

  it("has the lead on the same rows, above 0 where the final model is better, whatever the direction", () => {
    const [mse, r2] = ["meanSquaredError", "r2"].map(metricNamed);
    const byError = reportOf(mse, [mse, r2], contest);
    // squared errors 0 0 0 0 0 1 and 1 1 1 1 1 1: five rows differ by 1, one by 0
    expect(byError.ahead.linear?.difference).toBeCloseTo(5 / 6, 14);
    // Hall's interval of six numbers: T + kT² + k²T³/3 + a = ±t of 5 degrees of freedom, a and k enlarged by
    // 1 + 0.8 / 6^¼, σ² by 1 + Σ η⁴ / (Σ η²)²
    const error = Math.sqrt(5 / 36 / 5);
    const third = (5 * (1 / 6) ** 3 - (5 / 6) ** 3) / 6 ** 3;
    const spread = error * Math.sqrt(1 + (5 * (1 / 6) ** 4 + (5 / 6) ** 4) / (5 / 6) ** 2);
    const a = ((1 + 0.8 / 6 ** 0.25) * third) / (6 * error ** 3);
    for (const [i, t] of [2.5706, -2.5706].entries()) {
      const T = (5 / 6 - (byError.ahead.linear?.interval[i] as number)) / spread;
      expect(Math.abs(T + 2 * a * T * T + (4 * a * a * T ** 3) / 3 + a - t)).toBeLessThan(1e-3);
    }
    expect(byError).toMatchObject({ rows: 6, metric: "meanSquaredError", verdict: "level" });
    expect(byError.ahead.linear?.decidedBy).toBe(1);
    expect(byError.scores.meanSquaredError).toMatchObject({ final: 1 / 6, linear: 1, constant: 19 / 6 });
    const byShare = reportOf(r2, [r2], contest);
    // of a variance of 35 / 12
    expect(byShare.ahead.linear?.difference).toBeCloseTo(5 / 6 / (35 / 12), 14);
    const low = byShare.ahead.linear?.interval[0];
    expect(low).toBeLessThan(byShare.ahead.linear?.difference as number);
  });

  // the lead is the difference of the scores that the report shows, whatever decides the classes
  it.each(
    [0.2, 0.5, 0.8].flatMap((threshold) =>
      (["accuracy", "f1", "recall", "logLoss"] as const).map((name) => [name, threshold] as const),
    ),
  )("has leads by %s that are those of its scores, with a threshold of %d", (name, threshold) => {
    const metric = metricNamed(name);
    const truth = Float64Array.from({ length: 40 }, (_, i) => Number(i % 3 === 0));
    const guess = (step: number) => ({
      yTrue: truth,
      yPred: Float64Array.from(truth, (_, i) => (((i + 1) * step) % 41) / 41),
      outputs: 1,
    });
    const models = { final: guess(7), linear: guess(16), constant: guess(12) };
    const { scores, ahead } = reportOf(metric, [metric], { task: "classification", threshold, ...models });
    const sign = metric.direction === "maximize" ? 1 : -1;
    const { final, linear: other, constant } = scores[metric.name];
    expect(ahead.linear?.difference).toBeCloseTo(sign * (final - (other as number)), 14);
    expect(ahead.constant.difference).toBeCloseTo(sign * (final - constant), 14);
    for (const { difference, interval } of [ahead.linear as Lead, ahead.constant]) {
      expect(interval[0]).toBeLessThanOrEqual(difference);
      expect(interval[1]).toBeGreaterThanOrEqual(difference);
    }
    // models that need no tuning decide by ½
    const { yPred } = models.linear;
    expect(other).toBe(metric.compute(truth, metric.decides ? decided(yPred, 0.5) : yPred, 1));
  });

  it("counts a row of weight 2 as two rows", () => {
    const mse = metricNamed("meanSquaredError");
    const weights = Float64Array.of(1, 1, 1, 1, 1, 2);
    const weighted = <M extends object>(each: M) => ({ ...each, weights });
    const { scores, ahead } = reportOf(mse, [mse], {
      ...contest,
      final: weighted(contest.final),
      linear: weighted(contest.linear),
      constant: weighted(contest.constant),
    });
    expect(scores.meanSquaredError.final).toBeCloseTo(2 / 7, 14);
    expect(ahead.linear?.difference).toBeCloseTo(5 / 7, 14);
  });
});

const many = randomRows(160, 2, 8);
const circle = many.map(([a, b]) => Number(a * a + b * b < 1));
const noise = randomRows(160, 1, 9).map(([a]) => Number(a > 0));
const wide = ({ learningRate }: { readonly learningRate: number }) => {
  const model = sequential([dense(16, { activation: "relu" }), dense(1, { activation: "sigmoid" })]);
  model.compile({ optimizer: adam({ learningRate }), loss: "binaryCrossentropy" });
  return model;
};
const common = { strategy: grid(), testSize: 0.25, seed: 1, validation: { folds: 2 }, jobs: 1 } as const;

describe("compareBaselines", () => {
  it("finds a network that learns a circle better than both, on the scores of the final model", async () => {
    const options = { ...common, x: many, y: circle, model: wide, space: rates(0.03), fit: { epochs: 40 } };
    const result = await tune(options);
    const report = await compareBaselines(result, options);
    expect(report).toMatchObject({ rows: 40, metric: "logLoss", verdict: "final" });
    const finals = Object.entries(report.scores).map(([name, { final }]) => [name, final]);
    expect(Object.fromEntries(finals)).toEqual(result.final.test);
    // always the share of the class among the development rows
    const isTest = new Set(result.testRows);
    const shareOf = (rows: readonly number[]) =>
      rows.reduce((sum, row) => sum + circle[row], 0) / rows.length;
    const development = circle.map((_, row) => row).filter((row) => !isTest.has(row));
    const [share, tested] = [shareOf(development), shareOf([...result.testRows])];
    const entropy = -tested * Math.log(share) - (1 - tested) * Math.log(1 - share);
    expect(Math.abs(report.scores.logLoss.constant - entropy)).toBeLessThan(1e-6);
    expect(report.scores.accuracy.constant).toBeCloseTo(share > 0.5 ? tested : 1 - tested, 12);
  });

  it("finds a linear model better than a network that was hardly trained, of several targets too", async () => {
    const targets = quantity.map((value, i) => [value, 3 * x[i][0] - x[i][2]]);
    const model = ({ learningRate }: { readonly learningRate: number }) => {
      const two = sequential([dense(2)]);
      two.compile({ optimizer: adam({ learningRate }), loss: "meanSquaredError" });
      return two;
    };
    const options = { ...common, x, y: targets, model, space: rates(0.001), fit: { epochs: 1 } };
    const { verdict, scores, penalty, metric } = await compareBaselines(await tune(options), options);
    expect({ verdict, metric }).toEqual({ verdict: "linear", metric: "r2" });
    expect(penalty).toBeLessThan(1e-4);
    expect(scores.r2.linear).toBeGreaterThan(0.999); // the targets are linear in x
    expect(scores.r2.constant).toBeLessThanOrEqual(0);
  });

  it("says that nothing was learnt of labels that are noise", async () => {
    const options = { ...common, x: many, y: noise, model: wide, space: rates(0.01), fit: { epochs: 2 } };
    expect((await compareBaselines(await tune(options), options)).verdict).toBe("constant");
  });

  it("is the same for any number of jobs, and for an x and y alone", async () => {
    const options = { ...common, x, y, model: logistic, space: rates(0.1, 0.3), fit: { epochs: 2 } };
    const reports = [];
    for (const jobs of [1, 2])
      reports.push(await compareBaselines(await tune({ ...options, jobs }), { x, y }));
    expect(reports[1]).toEqual(reports[0]);
  });

  it("honours weights of rows and of classes, own metrics, thresholds and the transform of a target", async () => {
    const bias: CustomMetric = {
      name: "bias",
      direction: "minimize",
      compute: (yTrue, yPred) =>
        Math.abs(Array.from(yPred).reduce((sum, each, i) => sum + each - yTrue[i], 0)),
    };
    const sampleWeight = x.map((_, i) => (i % 3) + 1);
    const options = {
      ...common,
      x,
      y,
      sampleWeight,
      model: logistic,
      space: rates(0.3),
      threshold: "f1" as const,
      metric: bias,
      fit: { epochs: 2, classWeight: { 1: 5 } },
    } as const;
    const result = await tune(options);
    const { scores, metric } = await compareBaselines(result, options);
    expect(metric).toBe("logLoss"); // bias has no interval
    expect(scores.bias.noInterval).toBe("it is a custom metric");
    expect(scores.bias).not.toHaveProperty("interval");
    for (const [name, { final }] of Object.entries(scores)) expect(final).toBe(result.final.test[name]);
    const plain = await compareBaselines(result, { ...options, fit: {} });
    expect(scores.recall.linear).toBeGreaterThanOrEqual(plain.scores.recall.linear as number);
    expect(scores.logLoss.linear).not.toBe(plain.scores.logLoss.linear);
    const even = await compareBaselines(result, { ...options, sampleWeight: x.map(() => 1) });
    expect(scores.logLoss.constant).not.toBe(even.scores.logLoss.constant);

    const grown = many.map(([a, b]) => Math.exp(2 * a - b));
    const logged = { ...common, x: many, y: grown, space: rates(0.01), fit: { epochs: 1 } };
    const target = { ...logged, model: linear, pipeline: { target: "log" } } as const;
    const found = await compareBaselines(await tune(target), target);
    expect(found.scores.r2.linear).toBeGreaterThan(0.99); // not linear but for the logarithm
  });

  it("fits no linear model of more than 4,194,304 numbers", async () => {
    const columns = 40_000;
    const data = Float32Array.from({ length: 160 * columns }, (_, i) =>
      i % columns < 2 ? many[Math.floor(i / columns)][i % columns] : 0,
    );
    const given = { x: { data, shape: [160, columns] }, y: noise };
    const narrow = await tune({
      ...common,
      x: many,
      y: noise,
      model: wide,
      space: rates(0.01),
      fit: { epochs: 1 },
    });
    const final = {
      ...narrow.final,
      test: narrow.final.test,
      predict: () => ({ data: Float32Array.from({ length: 40 }, () => 0.5) }),
    };
    const report = await compareBaselines({ ...narrow, final } as never, given);
    expect(report.ahead).not.toHaveProperty("linear");
    expect(report).not.toHaveProperty("penalty");
    expect(report.scores.logLoss).not.toHaveProperty("linear");
    expect(report.verdict).toBe("constant");
  });

  it("chooses the penalty on folds from all over the list where not all may be used", () => {
    const [rows, held] = [60, 20];
    const x = randomRows(rows + held, 8, 3);
    // a line, but in the rows of the second fold noise
    const y = x.map(([first], i) => (i >= 15 && i < 30 ? 9 * Math.sin(1e4 * i) : first));
    const data = toDataset({ x, y, task: "regression" });
    const ids = (from: number, to: number) => Int32Array.from({ length: to - from }, (_, i) => from + i);
    const testRows = ids(rows, rows + held);
    const folds = [0, 15, 30, 45].map((from) => ({
      train: ids(from, from + 10),
      validation: ids(from + 10, from + 15),
    }));
    const penalty = (used: typeof folds, most: number) =>
      fitBaselines({ data, folds: used, testRows, tuned: undefined, mostNumbers: most * rows * 8 }).penalty;
    const [first, , third] = folds;
    expect(penalty(folds, 2)).toBe(penalty([first, third], 2));
    expect(penalty(folds, 2)).not.toBe(penalty(folds.slice(0, 2), 2));
  });

  it("counts the numbers of a linear model by its targets too", () => {
    const rows = Int32Array.from({ length: 30 }, (_, i) => i);
    const folds = [{ train: rows.slice(0, 15), validation: rows.slice(15, 20) }];
    const of = (outputs: number, mostNumbers: number) => {
      const y = randomRows(30, outputs, 2);
      const data = toDataset({ x: randomRows(30, 2, 1), y, task: "regression" });
      return fitBaselines({ data, folds, testRows: rows.slice(20), tuned: undefined, mostNumbers });
    };
    // 20 rows of 2 features
    expect(of(1, 40)).toHaveProperty("linear");
    expect(of(1, 39)).not.toHaveProperty("linear");
    expect(of(3, 120)).toHaveProperty("linear");
    expect(of(3, 119)).not.toHaveProperty("linear");
  });

  it("refuses a result without test rows or a final model, other data, and unknown options", async () => {
    const options = { ...common, x, y, model: logistic, space: rates(0.1), fit: { epochs: 1 } };
    const result = await tune(options);
    const refused = (given: object, how: object = { x, y }) =>
      refusal(() => compareBaselines({ ...result, ...given }, how));
    expect(await refused({ testRows: new Int32Array(0) })).toMatch(
      "result must have at least 2 test rows; received 0; call tune with a testSize such as 0.2",
    );
    expect(await refused({ final: undefined })).toMatch("result must be what tune returns");
    expect(await refused({}, { x: x.slice(0, 9), y: y.slice(0, 9) })).toMatch(
      "x and y must be those of the tuning; received 9 rows",
    );
    expect(await refused({}, { x, y, sampleweight: [] })).toMatch("sampleweight");
    expect(await refused({}, {})).toMatch("a model needs x and y");
  });
});

/**
 * Losses whose predictions are no estimates of the targets, in models: which targets, last layers and metrics
 * they take, what metrics score, and what is refused. `losses/` has their values.
 */
import { describe, expect, it } from "vitest";
import * as metrics from "../../src/metrics/index.js";
import type { CustomMetric } from "../../src/metrics/metric.js";
import type { MetricLike } from "../../src/metrics/names.js";
import { mixup } from "../../src/nn/arguments/mixup.js";
import { dense, type Layer, reshape } from "../../src/nn/layers/index.js";
import { metricOf } from "../../src/nn/losses/forms.js";
import type { Loss } from "../../src/nn/losses/given.js";
import { gaussianCrps, gaussianNll, ordinalCrossentropy } from "../../src/nn/losses/index.js";
import { rowOfLoss } from "../../src/nn/losses/truths.js";
import { functional, input } from "../../src/nn/models/functional.js";
import type { Sequential } from "../../src/nn/models/sequential.js";
import { adam } from "../../src/optim/adam.js";
import { compiled, randomRows, refusal } from "./support.js";

const x = randomRows(30, 2, 4);
const sigmoids = (units: number): Layer => dense(units, { activation: "sigmoid" });
const of = (loss: Loss, last: Layer | Layer[], ...scored: MetricLike[]): Sequential =>
  compiled([last].flat(), { optimizer: "adam", loss, metrics: scored });
const options = { epochs: 3, batchSize: 10 };
const columnOf = (rows: ArrayLike<number>, width: number, j: number): number[] =>
  Array.from(rows).filter((_, at) => at % width === j);

describe("means and variances", () => {
  const normal = gaussianNll({ fromLogVariance: true });
  const y = x.map(([a, b]) => 2 * a - b);

  it("take one target for each mean, and metrics score the means", async () => {
    const model = of(normal, dense(4), "meanAbsoluteError", "r2");
    const two = x.map(([a, b]) => [a - b, a * b]);
    const { history } = await model.fit(x, two, { ...options, validationSplit: 0.2 });
    expect(Object.keys(history)).toEqual(
      ["loss", "meanAbsoluteError", "r2"]
        .flatMap((name) => [name, `val${name[0].toUpperCase()}${name.slice(1)}`])
        .sort((a, b) => Number(a.startsWith("val")) - Number(b.startsWith("val"))),
    );
    const { data } = model.predict(x);
    const means = x.map((_, i) => [data[4 * i], data[4 * i + 1]]);
    const { loss, ...scores } = model.evaluate(x, two);
    expect(scores).toEqual({
      meanAbsoluteError: metrics.meanAbsoluteError(two, means),
      r2: metrics.r2(two, means),
    });
    // the loss by hand, in float64
    const terms = two.flatMap((row, i) =>
      row.map((truth, j) => {
        const [mean, logVariance] = [data[4 * i + j], data[4 * i + 2 + j]];
        return (logVariance + (truth - mean) ** 2 * Math.exp(-logVariance)) / 2;
      }),
    );
    // sums of 60 numbers below 8 in float32
    expect(Math.abs(loss - terms.reduce((a, b) => a + b) / 60)).toBeLessThan(60 * 8 * 2 ** -24);
  });

  it("learn how noisy a place is", async () => {
    const many = randomRows(600, 2, 8);
    // noise with a deviation of 0.1 on the left and 1 on the right
    const noisy = many.map(([a], i) => (a > 0 ? 1 : 0.1) * Math.SQRT2 * Math.sin(12.9898 * i * i));
    const model = of(gaussianCrps({ fromLogVariance: true }), [dense(16, { activation: "tanh" }), dense(2)]);
    await model.fit(many, noisy, { epochs: 150, batchSize: 50 });
    const [left, right] = [-0.5, 0.5].map((at) => Math.exp(model.predict([[at, 0]]).data[1] / 2));
    expect(left).toBeLessThan(0.25);
    expect(right).toBeGreaterThan(0.7);
  });

  it("are given by the step for a sequence, by name for several outputs, and in batches", async () => {
    const steps = x.map(([a, b]) => [a, b, a]);
    const model = of(normal, [dense(6), reshape([3, 2])], "meanSquaredError");
    await model.fit(x, steps, options);
    const means = columnOf(model.predict(x).data, 2, 0);
    const expected = metrics.meanSquaredError(steps.flat(), means);
    expect(model.evaluate(x, steps).meanSquaredError).toBeCloseTo(expected, 12);
    expect(
      model.evaluate(
        x,
        steps.map((row) => row.map((v) => [v])),
      ).meanSquaredError,
    ).toBeCloseTo(expected, 12);

    const at = input(2);
    const both = functional({ inputs: at, outputs: { price: dense(2).apply(at), size: dense(1).apply(at) } });
    both.compile({
      optimizer: "adam",
      loss: { price: normal, size: "mse" },
      metrics: { price: ["meanAbsoluteError"] },
    });
    await both.fit(x, { price: y, size: y }, options);
    const price = columnOf(both.predict(x).data, 3, 0);
    expect(both.evaluate(x, { price: y, size: y }).priceMeanAbsoluteError).toBe(
      metrics.meanAbsoluteError(y, price),
    );
    expect(
      await refusal(() =>
        both.fit(
          x,
          x.map(([a]) => [a, a, a]),
          options,
        ),
      ),
    ).toBe(
      "invalid_argument: y must have an array for each output by its name for gaussianNll; received one array",
    );

    const [whole, batches] = [of(normal, dense(2)), of(normal, dense(2))];
    await whole.fit(x, y, { ...options, shuffle: false, epochs: 1 });
    for (const at of [0, 10, 20]) await batches.trainOnBatch(x.slice(at, at + 10), y.slice(at, at + 10));
    expect(batches.predict(x)).toEqual(whole.predict(x));
  });

  it.each<[string, Sequential, unknown, string]>([
    [
      "an odd number of units",
      of(normal, dense(3)),
      y,
      "invalid_shape: units of the last layer for gaussianNll must be even, for a mean and a variance of each target; received 3",
    ],
    [
      "variances of any sign",
      of("gaussianNll", dense(2)),
      y,
      'invalid_argument: the activation of the last layer must be "softplus", "exponential" or "relu" for gaussianNll; received "linear"; or give the loss fromLogVariance: true',
    ],
    [
      "targets as wide as predictions",
      of(normal, dense(2)),
      x,
      "invalid_shape: y must have 1 column; received shape [30,2]",
    ],
    [
      "metrics of classes",
      of(normal, dense(2), "accuracy"),
      y,
      'invalid_argument: metrics for gaussianNll must be metrics of quantities, which score the means; received "accuracy"',
    ],
    [
      "weights of classes",
      of(normal, dense(2)),
      y,
      "invalid_argument: classWeight needs a classification target; received a regression target",
    ],
  ])("refuse %s", async (what, model, targets, message) => {
    const weights = what === "weights of classes" ? ({ classWeight: "balanced" } as const) : {};
    expect(await refusal(() => model.fit(x, targets as number[], { ...options, ...weights }))).toBe(message);
  });
});

describe("levels of ordered classes", () => {
  const ids: number[] = x.map(([a]) => (a > 0.4 ? 3 : a > 0 ? 2 : a > -0.5 ? 1 : 0));
  const distance = (a: readonly number[], b: readonly number[]): number =>
    a.reduce((sum, v, i) => sum + Math.abs(v - b[i]), 0) / a.length;

  it.each<[string, Loss, Layer, number]>([
    ["probabilities", "coral", sigmoids(3), 0.5],
    ["logits", ordinalCrossentropy({ fromLogits: true }), dense(3), 0],
  ])("of %s take class ids, and metrics score how many levels are exceeded", async (_, loss, last, half) => {
    const quadratic = metrics.cohenKappa({ weights: "quadratic" });
    const model = of(loss, last, "meanAbsoluteError", "accuracy", quadratic);
    await model.fit(x, ids, { epochs: 100, batchSize: 10 });
    const { data } = model.predict(x);
    const ranks = x.map((_, i) => [0, 1, 2].filter((j) => data[3 * i + j] > half).length);
    expect(new Set(ranks).size).toBeGreaterThan(1);
    const { loss: value, ...scores } = model.evaluate(x, ids);
    const hot = (of: readonly number[]) => of.map((id) => [0, 1, 2, 3].map((k) => Number(k === id)));
    expect(scores).toEqual({
      meanAbsoluteError: distance(ids, ranks),
      accuracy: ids.filter((id, i) => id === ranks[i]).length / 30,
      [quadratic.name]: quadratic(hot(ids), hot(ranks)),
    });
    const chances = half === 0 ? Array.from(data, (z) => 1 / (1 + Math.exp(-z))) : data;
    const bits = ids.flatMap((id) => [0, 1, 2].map((k) => Number(id > k)));
    const sum = bits.reduce((all, bit, k) => all - Math.log(bit ? chances[k] : 1 - chances[k]), 0);
    // sums of 90 numbers below 8 in float32, of probabilities rounded to 2⁻²⁴ at 2⁻⁸
    expect(Math.abs(value - sum / 30)).toBeLessThan(90 * 8 * 2 ** -24);
  });

  it("are 0 and 1 for two classes, leave out rows of weight 0, and keep NaN", async () => {
    const bits = ids.map((id) => Number(id > 1));
    const [ordinal, binary] = [
      of("coral", sigmoids(1), "accuracy", "f1"),
      of("bce", sigmoids(1), "accuracy", "f1"),
    ];
    for (const model of [ordinal, binary]) await model.fit(x, bits, options);
    expect(ordinal.evaluate(x, bits)).toEqual(binary.evaluate(x, bits));

    const model = of("coral", sigmoids(3), "meanAbsoluteError");
    const sampleWeight = ids.map((_, i) => Number(i > 0));
    await model.fit(x, [-1, ...ids.slice(1)], { ...options, sampleWeight });
    expect(model.evaluate(x, [-1, ...ids.slice(1)], sampleWeight)).toEqual(
      model.evaluate(x, ids, sampleWeight),
    );
    const own = metricOf(rowOfLoss("ordinalCrossentropy"), metrics.meanAbsoluteError);
    expect(own.compute(Float64Array.of(1, 0), Float64Array.of(0.8, Number.NaN), 2)).toBeNaN();
  });

  it.each<[string, Sequential, number[], string]>([
    [
      "other numbers than ids",
      of("coral", sigmoids(3)),
      ids.with(5, 4),
      "invalid_data: y must be integers from 0 to 3; received 4 at index 5; ids start at 0, and the last layer has one unit fewer than there are classes",
    ],
    [
      "logits without fromLogits",
      of("coral", dense(3)),
      ids,
      'invalid_argument: the activation of the last layer must be "sigmoid" for ordinalCrossentropy; received "linear"; or give the loss fromLogits: true',
    ],
    [
      "metrics of probabilities",
      of("coral", sigmoids(3), "logLoss"),
      ids,
      'invalid_argument: metrics for ordinalCrossentropy must be metrics of quantities, which score class ids, or of one class for each row; received "logLoss"',
    ],
    [
      "metrics of several labels",
      of("coral", sigmoids(3), metrics.f1({ multiLabel: true })),
      ids,
      'invalid_argument: metrics for ordinalCrossentropy must be metrics of quantities, which score class ids, or of one class for each row; received "f1MultiLabel"',
    ],
  ])("refuse %s", async (_, model, y, message) => {
    expect(await refusal(() => model.fit(x, y, options))).toBe(message);
  });
});

describe("times", () => {
  const times = x.map(([a, b]) => (b > 0.5 ? -1 : 1) * (2 + a));
  const concordance: CustomMetric = {
    name: "concordance",
    direction: "maximize",
    truths: "times",
    predictions: "scores",
    compute(y, score) {
      let [right, all] = [0, 0];
      for (let i = 0; i < y.length; i++)
        for (let j = 0; j < y.length; j++)
          if (y[i] > 0 && Math.abs(y[j]) > y[i]) {
            all++;
            right += score[i] > score[j] ? 1 : score[i] === score[j] ? 0.5 : 0;
          }
      return right / all;
    },
  };

  it("teach an order, which a custom metric may score", async () => {
    const model = compiled([dense(1)], {
      optimizer: adam({ learningRate: 0.05 }),
      loss: "cox",
      metrics: [concordance],
    });
    const { history } = await model.fit(x, times, { epochs: 300, batchSize: 30 });
    expect(history.loss[299]).toBeLessThan(history.loss[0]);
    expect(history.concordance[299]).toBeGreaterThan(0.95);
    expect(model.predict([[-1, 0]]).data[0]).toBeGreaterThan(model.predict([[1, 0]]).data[0]);
  });

  it.each<[string, Sequential, number[], string]>([
    [
      "a time of 0",
      of("cox", dense(1)),
      times.with(3, 0),
      "invalid_data: y must hold times other than 0, negative ones of rows without an event for coxPartialLikelihood; received 0 in row 3; leave rows of time 0 out, or give them a time above 0",
    ],
    [
      "several units",
      of("cox", dense(2)),
      times,
      "invalid_shape: units of the last layer for coxPartialLikelihood must be 1; received 2",
    ],
    [
      "sequences",
      of("cox", [dense(3), reshape([3, 1])]),
      times,
      "invalid_shape: rows of the output for coxPartialLikelihood must be of shape [1]; received [3,1]",
    ],
    [
      "built-in metrics",
      of("cox", dense(1), "r2"),
      times,
      'invalid_argument: metrics for coxPartialLikelihood must be custom metrics of times and scores; received "r2"',
    ],
  ])("refuse %s", async (_, model, y, message) => {
    expect(await refusal(() => model.fit(x, y, options))).toBe(message);
  });

  it("refuse mixed rows", async () => {
    const model = compiled([dense(1)], { optimizer: "sgd", loss: "cox", augmentation: mixup(0.2) });
    expect(await refusal(() => model.fit(x, times))).toBe(
      "invalid_argument: augmentation of compile must be left out for coxPartialLikelihood, whose targets cannot be mixed",
    );
  });
});

/**
 * Losses in models: class ids in `fit`, `evaluate` and `tune`, weights, every loss in training and in a file.
 */
import { describe, expect, it } from "vitest";
import { oneHot } from "../../../src/data/classes.js";
import { loadModel, saveModel } from "../../../src/model/save.js";
import type { ActivationName } from "../../../src/nn/activations.js";
import { dense, type Layer, reshape } from "../../../src/nn/layers/index.js";
import type { Loss } from "../../../src/nn/losses/given.js";
import * as namespace from "../../../src/nn/losses/index.js";
import type { LossFunction } from "../../../src/nn/losses/loss.js";
import { losses } from "../../../src/nn/losses/registry.js";
import { adam } from "../../../src/optim/adam.js";
import { madeOf, recipeOf } from "../../../src/recipe.js";
import { float } from "../../../src/search/space/builders.js";
import { findLearningRate } from "../../../src/tune/rateFinder.js";
import { tune } from "../../../src/tune/tune.js";
import { compiled, randomRows, refusal, weightsOf } from "../support.js";

const x = randomRows(60, 3, 5);
const ids: number[] = x.map(([a, b]) => (a > 0.3 ? 2 : a > b ? 1 : 0));
const hot = { data: oneHot(ids, 3), shape: [60, 3] };
/** Sequences for a loss of sequences. */
const shaped = (loss: Loss, units: number): Layer[] => (loss === "ctc" ? [reshape([units / 3, 3])] : []);
const network = (loss: Loss, activation: ActivationName = "softmax", units = 3) =>
  compiled([dense(4, { activation: "tanh" }), dense(units, { activation }), ...shaped(loss, units)], {
    optimizer: adam({ learningRate: 0.05 }),
    loss,
    metrics: activation === "softmax" ? ["accuracy", "f1"] : [],
  });
const sparse = "sparseCategoricalCrossentropy";
const categorical = "categoricalCrossentropy";
const options = { epochs: 3, batchSize: 16, seed: 2 };

describe("class ids", () => {
  it.each([
    ["alone", {}],
    ["with rows held out", { validationSplit: 0.25 }],
    [
      "with weights of classes and rows",
      { classWeight: { 1: 4 }, sampleWeight: x.map((_, i) => 1 + (i % 3)) },
    ],
    ["with balanced classes", { classWeight: "balanced" }],
  ] as const)("train as their one-hot rows do, to the bit, %s", async (_, more) => {
    const [a, b] = [network(sparse), network(categorical)];
    const { history } = await a.fit(x, ids, { ...options, ...more });
    expect(history).toEqual((await b.fit(x, hot, { ...options, ...more })).history);
    expect(history.loss[2]).toBeLessThan(history.loss[0]);
    expect(a.evaluate(x, ids)).toEqual(b.evaluate(x, hot));
    const weights = x.map((_, i) => i % 2);
    expect(a.evaluate(x, ids, weights)).toEqual(b.evaluate(x, hot, weights));
    expect(weightsOf(a)).toEqual(weightsOf(b));
  });

  it("may be one-hot rows, a column or validation data", async () => {
    const { history } = await network(sparse).fit(x, hot, options);
    const column = ids.map((id) => [id]);
    const given = { ...options, validationData: [x, Uint8Array.from(ids)] as const };
    const { valLoss, valAccuracy, valF1, ...rest } = (await network(sparse).fit(x, column, given)).history;
    expect(rest).toEqual(history);
    expect(valAccuracy).toEqual(history.accuracy);
    expect(valF1).toEqual(history.f1);
  });

  it("train with the generalized cross-entropy, and with options", async () => {
    for (const loss of [
      losses.categoricalGeneralizedCrossEntropy,
      losses.sparseCategoricalCrossentropy({ labelSmoothing: 0.1 }),
    ]) {
      const { history } = await network(loss).fit(x, ids, { ...options, epochs: 10 });
      expect(history.loss[9]).toBeLessThan(history.loss[0]);
      expect(history.accuracy[9]).toBeGreaterThan(0.5);
    }
  });

  it("are refused if they are no classes, and by other losses", async () => {
    const wrong = async (loss: Loss, y: number[]) => refusal(() => network(loss).fit(x, y, options));
    expect(await wrong(sparse, ids.with(7, 3))).toBe(
      "invalid_data: y must be integers from 0 to 2; received 3 at index 7; " +
        "ids start at 0, and the last layer has a unit for each class",
    );
    expect(await wrong(sparse, ids.with(0, 0.5))).toBe(
      "invalid_data: y must be integers from 0 to 2; received 0.5 at index 0; " +
        "ids start at 0, and the last layer has a unit for each class",
    );
    expect(await wrong(categorical, ids)).toBe(
      "invalid_shape: y must hold one-hot rows for categoricalCrossentropy; received shape [60]; " +
        "for class ids, use sparseCategoricalCrossentropy, or oneHot",
    );
    expect(await wrong(sparse, [0, 1])).toBe(
      "invalid_shape: y must have as many rows as its inputs, 60; received 2",
    );
    const one = network(sparse, "sigmoid", 1);
    expect(
      await refusal(() =>
        one.fit(
          x,
          ids.map((id) => Number(id > 0)),
          options,
        ),
      ),
    ).toBe(
      "invalid_shape: units of the last layer must be at least 2 for sparseCategoricalCrossentropy; received 1; " +
        'use binaryCrossentropy and "sigmoid"',
    );
  });

  it("are tuned as with one-hot rows, to the bit", async () => {
    const tuned = async (loss: Loss, y: typeof hot | number[]) => {
      const model = ({ learningRate }: { learningRate: number }) =>
        compiled([dense(3, { activation: "softmax" })], { optimizer: adam({ learningRate }), loss });
      const space = { learningRate: float(0.01, 0.1) };
      const given = { x, y, space, model, task: "classification", trials: 2, testSize: 0.2 } as const;
      const { trials, final } = await tune({ ...given, fit: { epochs: 3, classWeight: "balanced" } });
      return [...trials.map(({ value }) => value), ...final.predict(x).data];
    };
    const expected = await tuned(categorical, hot);
    expect(await tuned(sparse, hot)).toEqual(expected);
    expect(await tuned(sparse, ids)).toEqual(expected);
    const rates = async (loss: Loss) =>
      findLearningRate({ x, y: ids, task: "classification", steps: 20, model: () => network(loss) });
    expect(await rates(sparse)).toEqual(await rates(categorical));
  });
});

/** Of each loss: what its network ends with, and the truths that it takes. */
const kinds: Record<keyof typeof losses, [activation: ActivationName, y: number[][], units?: number]> =
  (() => {
    const quantities = x.map(([a, b, c]) => [2 + a, 3 + b * c, 4 - a]);
    const bits = x.map((row) => row.map((v) => Number(v > 0)));
    const classes = ids.map((id) => [0, 1, 2].map((k) => Number(k === id)));
    const ofErrors = ["linear", quantities] as [ActivationName, number[][]];
    const ofClasses = ["softmax", classes] as [ActivationName, number[][]];
    const ofIds = ["softmax", ids.map((id) => [id])] as [ActivationName, number[][]];
    const ofBits = ["sigmoid", bits] as [ActivationName, number[][]];
    const ofMoments = ["softplus", quantities, 6] as [ActivationName, number[][], number];
    const times = x.map(([a, b]) => [(b > 0.5 ? -1 : 1) * (2 + a)]);
    return {
      meanSquaredError: ofErrors,
      meanAbsoluteError: ofErrors,
      meanAbsolutePercentageError: ofErrors,
      meanSquaredLogarithmicError: ["softplus", quantities],
      huber: ofErrors,
      logCosh: ofErrors,
      quantile: ofErrors,
      poisson: ["softplus", quantities],
      gaussianNll: ofMoments,
      gaussianCrps: ofMoments,
      coxPartialLikelihood: ["linear", times, 1],
      cosineSimilarity: ofErrors,
      binaryCrossentropy: ofBits,
      categoricalCrossentropy: ofClasses,
      sparseCategoricalCrossentropy: ofIds,
      categoricalGeneralizedCrossEntropy: ofIds,
      binaryFocalCrossentropy: ofBits,
      categoricalFocalCrossentropy: ofClasses,
      ordinalCrossentropy: ["sigmoid", ids.map((id) => [id]), 2],
      klDivergence: ofClasses,
      hinge: ["linear", bits],
      squaredHinge: ["linear", bits],
      categoricalHinge: ["linear", classes],
      softF1: ofClasses,
      dice: ofBits,
      tversky: ofBits,
      ctc: ["linear", ids.map((id) => [id]), 9],
    };
  })();
const each = Object.entries(kinds) as [keyof typeof losses, (typeof kinds)["huber"]][];

describe.each(each)("a network with %s", (name, [activation, rows, units]) => {
  it("learns, with and without weights, and learns on from a file", async () => {
    for (const weights of [{}, { sampleWeight: x.map((_, i) => 1 + (i % 2)) }]) {
      const model = network(name, activation, units);
      const given = { ...options, epochs: 12, ...weights };
      const { history } = await model.fit(x, rows, given);
      expect(history.loss[11]).toBeLessThan(history.loss[0] - 0.01 * Math.abs(history.loss[0]));
      const { model: loaded } = await loadModel(saveModel(model, { optimizer: true }));
      const again = await loaded.fit(x, rows, { ...given, epochs: 2 });
      expect(again.history).toEqual((await model.fit(x, rows, { ...given, epochs: 2 })).history);
    }
  });

  it("does not learn from rows that weigh nothing", async () => {
    const half = x.map((_, i) => Number(i % 2 === 0));
    // every other row has the truth of the row before it
    const changed = rows.map((row, i) => (i % 2 === 0 ? row : rows[i - 1]));
    expect(changed).not.toEqual(rows);
    const trained = async (truths: number[][]) => {
      const model = network(name, activation, units);
      await model.fit(x, truths, { ...options, batchSize: 60, sampleWeight: half });
      return weightsOf(model);
    };
    expect(await trained(changed)).toEqual(await trained(rows));
  });
});

it.each(["meanSquaredError", "meanSquaredLogarithmicError", "logCosh", "huber", "poisson"] as const)(
  "%s of a row of weight 0 changes nothing, even where it is infinite",
  async (name) => {
    const [usual, huge] = await Promise.all(
      [2, 1e30].map(async (odd) => {
        const model = network(name, "softplus", 1);
        const [three, y, sampleWeight] = [x.slice(0, 3), [1, 2, odd], [1, 1, 0]];
        const { history } = await model.fit(three, y, { ...options, batchSize: 3, sampleWeight });
        return [history.loss, model.evaluate(three, y, sampleWeight).loss, weightsOf(model)];
      }),
    );
    expect(usual[1]).toBeGreaterThan(0);
    expect(huge).toEqual(usual);
  },
);

it("losses with options are made again from their names and options, as JSON has them", () => {
  const made: LossFunction[] = [
    namespace.huber({ delta: 2 }),
    namespace.quantile({ quantile: 0.9 }),
    namespace.binaryCrossentropy({ fromLogits: true, labelSmoothing: 0.1 }),
    namespace.binaryCrossentropy({ posWeight: [3, 0.5] }),
    namespace.binaryFocalCrossentropy({ gamma: 1.5, applyClassBalancing: true, alpha: 0.75 }),
    namespace.categoricalFocalCrossentropy({ alpha: [0.5, 1] }),
    namespace.categoricalGeneralizedCrossEntropy({ q: 0.25 }),
    namespace.gaussianNll({ fromLogVariance: true, epsilon: 1e-3, full: true }),
    namespace.gaussianCrps({ fromLogVariance: true, epsilon: 1e-3 }),
    namespace.ordinalCrossentropy({ fromLogits: true }),
    namespace.softF1({ average: "micro" }),
    namespace.tversky({ alpha: 0.25, beta: 0.75 }),
  ];
  for (const loss of made) {
    const { name, options: given } = JSON.parse(JSON.stringify(madeOf(loss)));
    const again = (losses[name as keyof typeof losses] as (options: object) => LossFunction)(given);
    expect(recipeOf(again)).toBe(recipeOf(loss));
  }
  const alpha = [0.5, 1];
  const loss = namespace.categoricalFocalCrossentropy({ alpha });
  alpha[0] = 9;
  expect(madeOf(loss)?.options).toEqual({ alpha: [0.5, 1] });
});

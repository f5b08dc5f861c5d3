/**
 * What tuners take as targets for a model: mistakes end a search before its first trial, and integers are
 * classes where models say so.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { metrics } from "../../src/metrics/registry.js";
import type { Activation } from "../../src/nn/activations.js";
import { dense } from "../../src/nn/layers/index.js";
import type { Loss } from "../../src/nn/losses/given.js";
import * as losses from "../../src/nn/losses/index.js";
import { type Sequential, sequential } from "../../src/nn/models/sequential.js";
import { choice, float } from "../../src/search/space/builders.js";
import { grid } from "../../src/search/strategies/grid/grid.js";
import { random } from "../../src/search/strategies/random/random.js";
import { gridSearch, randomSearch } from "../../src/tune/gridSearch.js";
import { nestedCrossValidation } from "../../src/tune/nestedCv.js";
import { findLearningRate } from "../../src/tune/rateFinder.js";
import { createTuner } from "../../src/tune/resume/slices.js";
import { sweep } from "../../src/tune/sweep.js";
import { tune } from "../../src/tune/tune.js";
import { cases } from "../cases.js";
import { logistic, quantity, rates, refusal, x, y } from "./support.js";

const net = (units: number, activation: Activation, loss: Loss) => (): Sequential => {
  const model = sequential([dense(units, { activation })]);
  model.compile({ optimizer: "sgd", loss });
  return model;
};
const space = rates(0.1);
const base = { x, space, fit: { epochs: 1 }, validation: { split: 0.25 }, jobs: 1, trials: 1 } as const;
const ids = x.map(([a, b]) => (a > 0.3 ? 2 : b > 0 ? 1 : 0));
const softmaxes = (units: number): (() => Sequential) =>
  net(units, "softmax", "sparseCategoricalCrossentropy");

describe("a model that cannot fit the data ends a search before it begins", () => {
  const given = { ...base, y: y.map((label) => 255 * label), model: logistic };
  const message =
    'invalid_argument: pipeline.target for binaryCrossentropy, which needs unscaled targets, must be "none"; received "standard"';
  const unscaled = { ...given, pipeline: { target: "none" } as const };
  const labels =
    "invalid_data: y must hold numbers from 0 to 1 for binaryCrossentropy; received 255 in row 0; " +
    'labels 0 and 255: divide by 255, or give 0 and 1; integers are classes with task: "classification"';

  it("but what a row of weight 0 holds is no truth, for losses and metrics alike", async () => {
    const counts = x.map(([a], row) => (row === 3 ? -1 : Math.round(4 + a)));
    const rows = {
      ...base,
      x,
      y: counts,
      model: net(1, "softplus", "poisson"),
      task: "regression" as const,
      pipeline: { target: "none" } as const,
      metric: "meanSquaredLogError" as const,
      testSize: 0.2,
    };
    const weighted = (out: number) => ({ ...rows, sampleWeight: x.map((_, row) => Number(row !== out)) });
    expect((await tune(weighted(3))).trials.map(({ status }) => status)).toEqual(["complete"]);
    expect(await refusal(() => tune(weighted(4)))).toMatch(
      /^invalid_data: y must hold numbers of at least 0/,
    );
    expect(await refusal(() => tune({ ...weighted(4), metric: "r2" }))).toMatch(
      /^invalid_data: y must hold numbers of at least 0 for poisson; received -1 in row 3/,
    );
  });

  it("whichever search it is, and no trial starts", async () => {
    const events: string[] = [];
    const onEvent = ({ type }: { readonly type: string }) => void events.push(type);
    const { trials: _, jobs: __, ...common } = { ...unscaled, y: unscaled.y.with(0, 255) };
    const searches: (() => Promise<unknown>)[] = [
      () => tune({ ...common, onEvent }),
      () => gridSearch({ ...common, onEvent }),
      () => randomSearch({ ...common, onEvent }),
      () => sweep({ ...common, onEvent, parameter: "learningRate", values: [0.1] }),
      () => createTuner({ ...common, onEvent }),
    ];
    for (const search of searches) expect(await refusal(search)).toBe(labels);
    expect(events).toEqual([]);
    expect(await refusal(() => nestedCrossValidation(randomSearch, common))).toContain("labels 0 and 255");
    const { space: ___, fit: ____, validation: _____, ...ofRates } = common;
    expect(await refusal(() => findLearningRate(ofRates))).toBe(labels);
  });

  it.each<[string, object, string]>([
    ["a pipeline that scales labels", given, message],
    [
      "one that takes logarithms of them",
      { ...given, pipeline: { target: "log1p" } },
      message.replace('"standard"', '"log1p"'),
    ],
    [
      "scaled counts",
      { y: quantity, model: net(1, "softplus", "poisson") },
      'invalid_argument: pipeline.target for poisson, which needs unscaled targets, must be "none"; received "standard"',
    ],
    [
      "logits of classes",
      { y, model: net(1, "linear", losses.binaryCrossentropy({ fromLogits: true })) },
      "invalid_argument: logLoss must be given probabilities; received the logits of binaryCrossentropy with fromLogits",
    ],
    [
      "scores of classes, which the final model would decide at ½",
      { y, model: net(1, "linear", "hinge"), metric: "rocAuc" },
      "invalid_argument: a final model of classes must be given probabilities; received the scores of hinge; use a cross-entropy",
    ],
    [
      "no softmax",
      { y: ids.map(String), model: net(3, "sigmoid", "categoricalCrossentropy") },
      'invalid_argument: the activation of the last layer must be "softmax" for categoricalCrossentropy; received "sigmoid"',
    ],
    [
      "a softmax of one unit",
      { y, model: net(1, "softmax", "binaryCrossentropy") },
      'invalid_argument: the activation of the last layer must be "sigmoid" for one unit; received "softmax"',
    ],
    [
      "other units",
      { y: ids.map(String), model: softmaxes(2) },
      "invalid_shape: units of the model's last layer must be 3",
    ],
    [
      "a metric of what is not below 0",
      { y: x.map(([a]) => a), model: net(1, "linear", "mse"), metric: "msle" },
      "invalid_data: y must hold numbers of at least 0 for meanSquaredLogError; received -",
    ],
    [
      "ids of more classes than units",
      { y: ids.map((id) => 2 * id), model: softmaxes(2) },
      'invalid_data: y must hold class ids from 0 to 1, or 2 different integers, for a softmax of 2 units; received 3 from 0 to 4; for quantities, choose task: "regression"',
    ],
    [
      "a threshold of a softmax",
      { y, model: softmaxes(2), threshold: "f1" },
      "invalid_argument: units of the last layer with threshold must be 1, with a sigmoid; received 2",
    ],
  ])("%s", async (_, options, expected) => {
    const said = await refusal(() => tune({ ...base, ...options } as never));
    expect(said.slice(0, expected.length)).toBe(expected);
  });

  it("but fails trial by trial where it depends on parameters, wherever in the space", async () => {
    for (const order of [
      ["binaryCrossentropy", "meanSquaredError"],
      ["meanSquaredError", "binaryCrossentropy"],
    ] as const) {
      const { trials, best } = await tune({
        ...base,
        y: quantity,
        space: { loss: choice(order) },
        model: ({ loss }) => net(1, "linear", loss)(),
        strategy: grid(),
        trials: 2,
      });
      expect(best.params.loss).toBe("meanSquaredError");
      const failed = trials.find(({ params }) => params.loss === "binaryCrossentropy");
      expect([failed?.status, failed?.error]).toEqual([
        "failed",
        'the activation of the last layer must be "sigmoid" for binaryCrossentropy; received "linear"; or give the loss fromLogits: true',
      ]);
    }
  });

  it("but begins where a model fits at one point, which was given, or none can be built in the middle", async () => {
    const wide = { learningRate: float(0, 1) };
    const fits = ({ learningRate }: { readonly learningRate: number }) =>
      learningRate === 0.3 ? net(1, "linear", "meanSquaredError")() : logistic({ learningRate });
    const search = { ...base, y: quantity, space: wide, strategy: random() };
    const { trials } = await tune({ ...search, model: fits, enqueue: [{ learningRate: 0.3 }], trials: 2 });
    expect(trials.map(({ status }) => status)).toEqual(["complete", "failed"]);
    const broken = (params: { readonly learningRate: number }) => {
      if (params.learningRate === 0.5) throw new Error("no model");
      return logistic(params);
    };
    expect(await refusal(() => tune({ ...search, model: broken }))).toContain("trial_failed: no trial gave");
  });

  it("and takes targets as they are where the pipeline leaves them", async () => {
    const soft = x.map(([a]) => (a + 1) / 2);
    const counts = x.map(([a]) => Math.round(5 * (a + 1)));
    const pipeline = { target: "none" } as const;
    for (const [truths, model] of [
      [soft, logistic],
      [counts, net(1, "softplus", "poisson")],
      [soft.map((p) => [p, 1 - p]), net(2, "softmax", "categoricalCrossentropy")],
    ] as const) {
      const { trials } = await tune({ ...base, y: truths as number[], model, pipeline });
      expect(trials[0].status).toBe("complete");
    }
  });
});

describe("integers are classes where models have a softmax of as many units for a cross-entropy", () => {
  const folds = { ...base, validation: { folds: 3 } } as const;

  it("as with the task, to the bit: metrics, folds by class and the final model", async () => {
    const plain = await tune({ ...folds, y: ids, model: softmaxes(3) });
    const said = await tune({ ...folds, y: ids, model: softmaxes(3), task: "classification" });
    expect([plain.metric, plain.final.classes]).toEqual(["logLoss", ["0", "1", "2"]]);
    expect(plain.trials[0].value).toBe(said.trials[0].value);
    expect(plain.final.predict(x).data).toEqual(said.final.predict(x).data);
    // each class has a third of its rows in each fold, but for a remainder
    for (const { validation } of plain.folds)
      for (const id of [0, 1, 2]) {
        const all = ids.filter((each) => each === id).length;
        const own = [...validation].filter((row) => ids[row] === id).length;
        expect(Math.abs(own - all / 3)).toBeLessThan(1);
      }
    expect(
      (await gridSearch({ ...folds, y: ids, model: softmaxes(3) })).rows[0].scores.accuracy.folds.length,
    ).toBe(3);
    const nested = await nestedCrossValidation(randomSearch, {
      ...base,
      y: ids,
      model: softmaxes(3),
      outer: { folds: 2 },
    });
    expect(nested.scores.every((score) => score > 0)).toBe(true);
    const steps = await findLearningRate({ x, y: ids, model: softmaxes(3), steps: 3 });
    const asWords = await findLearningRate({ x, y: ids.map(String), model: softmaxes(3), steps: 3 });
    expect(steps.losses).toEqual(asWords.losses);
  });

  it("from any number on, of logits too, and with a class that has no row", async () => {
    const named = await tune({ ...folds, y: ids.map((id) => [-5, 2, 10][id]), model: softmaxes(3) });
    expect(named.final.classes).toEqual(["-5", "2", "10"]);
    const rare = await tune({ ...folds, y: ids.map((id) => [0, 1, 3][id]), model: softmaxes(4) });
    expect([rare.final.classes.length, rare.trials[0].status]).toEqual([4, "complete"]);
    const model = net(3, "linear", losses.sparseCategoricalCrossentropy({ fromLogits: true }));
    expect(await refusal(() => tune({ ...folds, y: ids, model }))).toContain("leave fromLogits out");
  });

  it("of two classes too, 0 and 1, words and booleans", async () => {
    const binary = await tune({ ...folds, y, model: softmaxes(2) });
    expect([binary.metric, binary.final.classes, binary.trials[0].status]).toEqual([
      "logLoss",
      ["0", "1"],
      "complete",
    ]);
    const oneHot = y.map((label) => [1 - label, label]);
    const byHand = await tune({ ...folds, y: oneHot, model: softmaxes(2) });
    expect(binary.trials[0].value).toBe(byHand.trials[0].value);
    for (const labels of [y.map(String), y.map((label) => label === 1)])
      expect((await tune({ ...folds, y: labels, model: softmaxes(2) })).trials[0].value).toBe(
        byHand.trials[0].value,
      );
  });

  it("and quantities for other models, or where the task says so", async () => {
    const { metric } = await tune({ ...base, y: ids, model: net(1, "linear", "meanSquaredError") });
    expect(metric).toBe("r2");
    const said = await refusal(() => tune({ ...base, y: ids, model: softmaxes(3), task: "regression" }));
    expect(said).toContain("units of the model's last layer must be 1");
  });
});

it("tune, fit and the metric of a loss refuse the same truths in the same words", async () => {
  const pairs = [
    ["meanSquaredLogarithmicError", "linear", "meanSquaredLogError"],
    ["poisson", "softplus", "meanTweedieDeviance1"],
    ["meanSquaredError", "linear", "meanSquaredError"],
    ["binaryCrossentropy", "sigmoid", undefined],
  ] as const;
  const number = fc.oneof(
    fc.constantFrom(0, 1, 2, 255),
    fc.integer({ min: -8, max: 64 }).map((n) => n / 8),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...pairs),
      fc.array(number, { minLength: 8, maxLength: 8 }),
      async ([loss, activation, metric], truths) => {
        const rows = x.slice(0, 8);
        const model = net(1, activation, loss);
        const told = async (run: () => unknown) =>
          (await refusal(run).catch(() => ""))
            .replace(/ for .*? received/, " received")
            .replace(/; integers are classes.*/, "");
        const own = await told(() => model().fit(rows, truths));
        const given = {
          ...base,
          x: rows,
          y: truths,
          task: "regression",
          pipeline: { target: "none" },
        } as const;
        expect(await told(() => tune({ ...given, model, metric: "meanAbsoluteError" }))).toBe(own);
        if (metric === undefined) return;
        const scored =
          metric === "meanTweedieDeviance1" ? metrics.meanTweedieDeviance({ power: 1 }) : metrics[metric];
        const alone = await told(() =>
          scored(
            truths,
            truths.map(() => 1),
          ),
        );
        expect(alone.replace("yTrue", "y")).toBe(own);
      },
    ),
    { numRuns: cases(10) },
  );
});

import { describe, expect, it } from "vitest";
import { mean, softmax, square, sub } from "../../src/graph/functions.js";
import { dense, gru, type Layer, masking } from "../../src/nn/layers/index.js";
import type { Loss } from "../../src/nn/losses/given.js";
import * as losses from "../../src/nn/losses/index.js";
import type { LossFunction } from "../../src/nn/losses/loss.js";
import { functional, input } from "../../src/nn/models/functional.js";
import type { Sequential } from "../../src/nn/models/sequential.js";
import { compiled, refusal } from "./support.js";
import { of, type Rows, saysOf, sigmoids, softmaxes, x4 } from "./truths.js";

describe("fit refuses truths that a loss does not take", () => {
  const bce = "y must hold numbers from 0 to 1 for binaryCrossentropy; received";
  const cce = "y must hold rows of probabilities that sum to 1 for categoricalCrossentropy; received";
  const several = [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ];
  it.each<[string, Loss, Layer, Rows, string]>([
    [
      "0 and 255",
      "binaryCrossentropy",
      sigmoids(1),
      [0, 255, 0, 255],
      `${bce} 255 in row 1; labels 0 and 255: divide by 255, or give 0 and 1`,
    ],
    [
      "-1 and 1",
      "bce",
      sigmoids(1),
      [1, -1, 1, 1],
      `${bce} -1 in row 1; labels -1 and 1: give 0 and 1, that is (y + 1) / 2, or use hinge`,
    ],
    ["1 and 2", "bce", sigmoids(1), [1, 2, 1, 2], `${bce} 2 in row 1; labels 1 and 2: give 0 and 1`],
    [
      "0, 1 and 2",
      "bce",
      sigmoids(1),
      [0, 1, 2, 2],
      `${bce} 2 in row 2; integers of classes: use sparseCategoricalCrossentropy and softmax of 3 units`,
    ],
    [
      "prices",
      "bce",
      sigmoids(1),
      [0.5, 3.5, 2, 1],
      `${bce} 3.5 in row 1; divide by the largest, 3.5, or use meanSquaredError for quantities`,
    ],
    [
      "prices, some of them 0",
      "bce",
      sigmoids(1),
      [0, 3.5, 2, 1],
      `${bce} 3.5 in row 1; divide by the largest, 3.5, or use meanSquaredError for quantities`,
    ],
    [
      "temperatures",
      "bce",
      sigmoids(1),
      [-0.5, 3.5, 2, 1],
      `${bce} -0.5 in row 0; use meanSquaredError for quantities`,
    ],
    [
      "pixels",
      "bce",
      sigmoids(2),
      [
        [0, 128],
        [1, 3],
        [255, 2],
        [0, 0],
      ],
      `${bce} [0,128] in row 0; divide by the largest, 255, or use meanSquaredError for quantities`,
    ],
    [
      "counts",
      "categoricalCrossentropy",
      softmaxes(3),
      [[5, 2, 9], ...several],
      `${cce} [5,2,9] in row 0; divide each row by its sum, or use meanSquaredError for quantities`,
    ],
    [
      "two labels",
      "categoricalCrossentropy",
      softmaxes(3),
      [...several, [1, 1, 0]],
      `${cce} [1,1,0] in row 3; for rows of several labels, use binaryCrossentropy and sigmoid`,
    ],
    [
      "no label",
      "categoricalCrossentropy",
      softmaxes(3),
      [...several, [0, 0, 0]],
      `${cce} [0,0,0] in row 3; give rows without a class a sampleWeight of 0`,
    ],
    [
      "a negative probability",
      "cce",
      softmaxes(3),
      [[1.5, -0.5, 0], ...several],
      `${cce} [1.5,-0.5,0] in row 0; use meanSquaredError for quantities`,
    ],
    [
      "quantities",
      "klDivergence",
      softmaxes(3),
      [[3, 4, 5], ...several],
      "y must hold rows of probabilities that sum to 1 for klDivergence; received [3,4,5] in row 0; divide each row by its sum, or use meanSquaredError for quantities",
    ],
    [
      "below 0",
      "msle",
      dense(1),
      [1, -3, 2, 0],
      "y must hold numbers of at least 0 for meanSquaredLogarithmicError; received -3 in row 1; use meanSquaredError for quantities",
    ],
    [
      "counts below 0",
      "poisson",
      dense(1, { activation: "softplus" }),
      [1, 2, 3, -1],
      "y must hold numbers of at least 0 for poisson; received -1 in row 3; use meanSquaredError for quantities",
    ],
    [
      "three signs",
      "hinge",
      dense(1),
      [-1, 0, 1, 1],
      "y must hold -1 and 1, or 0 and 1 for hinge; received 0 in row 1; give rows without a class a sampleWeight of 0",
    ],
    [
      "other signs",
      "squaredHinge",
      dense(1),
      [1, 2, 1, 2],
      "y must hold -1 and 1, or 0 and 1 for squaredHinge; received 2 in row 1; labels 1 and 2: give -1 and 1",
    ],
    [
      "soft rows",
      "categoricalHinge",
      dense(3),
      [[0.5, 0.5, 0], ...several],
      "y must hold rows of one 1, and otherwise only 0 or only -1 for categoricalHinge; received [0.5,0.5,0] in row 0; use oneHot for class ids, or categoricalCrossentropy for probabilities",
    ],
    [
      "labels of 2",
      "dice",
      sigmoids(1),
      [0, 2, 0, 2],
      "y must hold numbers from 0 to 1 for dice; received 2 in row 1; labels 0 and 2: divide by 2, or give 0 and 1",
    ],
    [
      "an id beyond the units",
      "sparseCategoricalCrossentropy",
      softmaxes(3),
      [1, 2, 3, 1],
      "y must be integers from 0 to 2; received 3 at index 2; ids start at 0, and the last layer has a unit for each class",
    ],
  ])("%s for %s", async (_, loss, last, y, message) => {
    expect(await saysOf(of(loss, last), y)).toBe(`invalid_data: ${message}`);
    // evaluate, and validation data, of a model that was trained on others
    const model = of(loss, last);
    const [units] = last.outputShape([2]);
    const good =
      units === 1
        ? [0, 1, 1, 0]
        : [0, 1, 1, 0].map((k) => [0, 1, 2].slice(0, units).map((j) => Number(j === k)));
    await model.fit(x4, good as never);
    expect(await refusal(() => model.evaluate(x4, y as never))).toBe(`invalid_data: ${message}`);
    const given = () => model.fit(x4, good as never, { validationData: [x4, y as never] });
    expect(await refusal(given)).toBe(`invalid_data: validation ${message}`);
    // what rows of weight 0 hold does not matter
    const fits = await refusal(() => model.evaluate(x4, y as never, [0, 0, 0, 1])).catch(() => "");
    const own = await refusal(() => model.evaluate(x4.slice(3), y.slice(3) as never)).catch(() => "");
    expect(fits.slice(0, 60)).toBe(own.slice(0, 60));
  });

  it("integers for a loss of one-hot rows, with the loss that takes them", async () => {
    const ids = [0, 1, 2, 1];
    expect(await saysOf(of("categoricalCrossentropy", softmaxes(3)), ids)).toBe(
      "invalid_shape: y must hold one-hot rows for categoricalCrossentropy; received shape [4]; " +
        "for class ids, use sparseCategoricalCrossentropy, or oneHot",
    );
    expect(await saysOf(of("kld", softmaxes(3)), ids)).toBe(
      "invalid_shape: y must hold one-hot rows for klDivergence; received shape [4]; for class ids, use oneHot",
    );
  });

  it("ids of a step that are no class, but for rows of weight 0, whatever their steps hold", async () => {
    const model = compiled([gru(4, { returnSequences: true }), dense(3, { activation: "softmax" })], {
      optimizer: "sgd",
      loss: "sparseCategoricalCrossentropy",
    });
    const x = [0, 1, 2].map((row) => [0, 1].map((step) => [row, step]));
    const [none, ids] = [7, [0, 2]];
    const train = (y: number[][], sampleWeight: number[]) => refusal(() => model.fit(x, y, { sampleWeight }));
    expect(await train([ids, [none, none], ids], [1, 1, 0])).toBe(
      "invalid_data: y must be integers from 0 to 2; received 7 at index 2; ids start at 0, and the last layer has a unit for each class",
    );
    const { history } = await model.fit(x, [ids, [none, none], ids], { sampleWeight: [1, 0, 1] });
    expect(history.loss[0]).toBeGreaterThan(0);
  });

  it.each<[string, (model: Sequential, y: number[], weights: number[]) => unknown]>([
    ["fit", (model, y, sampleWeight) => model.fit(x4, y, { sampleWeight })],
    [
      "fit, beside validation rows with weights of their own",
      (model, y, sampleWeight) =>
        model.fit(x4, y, { sampleWeight, validationData: [x4, [1, 1, 1, 2], [1, 1, 1, 0]] }),
    ],
    [
      "fit, of validation rows",
      (model, y, weights) =>
        model.fit(x4, [0, 1, 0, 1], { sampleWeight: [0, 1, 1, 1], validationData: [x4, y, weights] }),
    ],
    [
      "fit, of validation rows beside rows without weights",
      (model, y, weights) => model.fit(x4, [0, 1, 0, 1], { validationData: [x4, y, weights] }),
    ],
    ["evaluate", (model, y, weights) => model.evaluate(x4, y, weights)],
  ])("in %s, but for rows whose own weight is 0", async (_, give) => {
    const model = of("binaryCrossentropy", sigmoids(1), "accuracy");
    await model.fit(x4, [0, 1, 0, 1]);
    const said = await refusal(() => give(model, [0, 1, 7, 1], [1, 0, 1, 0]));
    expect(said).toMatch(
      /^invalid_data: (validation )?y must hold numbers from 0 to 1 .* received 7 in row 2/,
    );
    await give(model, [0, 7, 1, 8], [1, 0, 1, 0]);
  });

  it("of one of several outputs, by its name", async () => {
    const start = input(2);
    const outputs = { good: sigmoids(1).apply(start), price: dense(1).apply(start) };
    const model = functional({ inputs: start, outputs });
    model.compile({ optimizer: "sgd", loss: { good: "bce", price: "mse" } });
    const message =
      "invalid_data: y.good must hold numbers from 0 to 1 for binaryCrossentropy; received 2 in row 1";
    expect(await refusal(() => model.fit(x4, { good: [0, 2, 0, 2], price: [5, 7, 9, 1] }))).toContain(
      message,
    );
    const beside = [
      [0, 5],
      [2, 7],
      [0, 9],
      [2, 1],
    ];
    expect(await refusal(() => model.fit(x4, beside))).toContain(message);
    await model.fit(x4, { good: [0, 1, 0, 1], price: [5, 7, 9, 1] });
  });

  it.each(["good", "cheap", "new"])("of each output, also of equal ones: of %s", async (wrong) => {
    const start = input(2);
    const names = ["good", "cheap", "new"];
    const outputs = Object.fromEntries(names.map((name) => [name, sigmoids(1).apply(start)]));
    const model = functional({ inputs: start, outputs });
    model.compile({ optimizer: "sgd", loss: "bce", metrics: ["accuracy"] });
    const y = Object.fromEntries(names.map((name) => [name, [0, name === wrong ? 2 : 1, 0, 1]]));
    expect(await refusal(() => model.fit(x4, y))).toContain(
      `y.${wrong} must hold numbers from 0 to 1 for binaryCrossentropy; received 2 in row 1`,
    );
  });
});

describe("what users of Keras do passes", () => {
  const soft = [0.1, 0.9, 0.05, 1];
  const teacher = [
    [0.33, 0.33, 0.33],
    [0.2, 0.3, 0.5],
    [1, 0, 0],
    [0, 0.004, 0.996],
  ];
  const hot2 = [
    [1, 0],
    [0, 1],
    [1, 0],
    [0, 1],
  ];
  const nonNegative = dense(1, { kernelConstraint: "nonNeg", useBias: false });
  const half: LossFunction = (yTrue, yPred) => mean(square(sub(yTrue, yPred)));
  it.each<[string, Loss, Layer, Rows]>([
    ["soft labels", "bce", sigmoids(1), soft],
    ["soft labels and smoothing", losses.binaryCrossentropy({ labelSmoothing: 0.1 }), sigmoids(1), soft],
    [
      "several labels a row",
      "bce",
      sigmoids(2),
      [
        [1, 1],
        [0, 0],
        [1, 0],
        [0, 1],
      ],
    ],
    ["two columns of a softmax", "bce", softmaxes(2), hot2],
    ["probabilities of a teacher, rounded", "cce", softmaxes(3), teacher],
    ["the same for a divergence", "kld", softmaxes(3), teacher],
    ["one-hot rows for ids", "scce", softmaxes(2), hot2],
    ["logits", losses.sparseCategoricalCrossentropy({ fromLogits: true }), dense(2), [0, 1, 1, 0]],
    [
      "logarithms as logits",
      losses.categoricalCrossentropy({ fromLogits: true }),
      dense(2, { activation: "logSoftmax" }),
      hot2,
    ],
    ["a function as activation", "cce", dense(2, { activation: softmax }), hot2],
    ["a custom activation", "bce", dense(1, { activation: (v) => square(v) }), soft],
    ["counts of a constrained layer", "poisson", nonNegative, [0, 2, 1, 7]],
    [
      "one-hot rows of -1 and 1",
      "categoricalHinge",
      dense(2),
      [
        [1, -1],
        [-1, 1],
        [1, -1],
        [1, -1],
      ],
    ],
    ["scores between -1 and 1", "hinge", dense(1, { activation: "tanh" }), [-1, 1, 1, -1]],
    ["one sign", "hinge", dense(1), [1, 1, 1, 1]],
    ["anything for a custom loss", half, dense(1), [255, -3, 0.5, 7]],
  ])("%s", async (_, loss, last, y) => {
    const given: readonly (readonly number[])[] = x4.map((row) => row.map(Math.abs));
    expect(await saysOf(of(loss, last), y, given)).toBe("");
  });

  it("steps that do not count may have rows of zeros, where a layer masks", async () => {
    const steps = [
      [[1], [2], [0]],
      [[3], [0], [0]],
    ];
    const y = [
      [
        [1, 0],
        [0, 1],
        [0, 0],
      ],
      [
        [0, 1],
        [0, 0],
        [0, 0],
      ],
    ];
    const layers = [gru(3, { returnSequences: true }), softmaxes(2)];
    const trained = (stack: readonly Layer[]) =>
      compiled(stack, { optimizer: "sgd", loss: "cce", metrics: ["accuracy"] }).fit(steps, y);
    const { history } = await trained([masking(), ...layers]);
    expect([history.loss, history.accuracy].flat().every(Number.isFinite)).toBe(true);
    // a row of the whole sequence counts
    const whole = compiled([masking(), gru(3), softmaxes(2)], { optimizer: "sgd", loss: "cce" });
    expect(
      await refusal(() =>
        whole.fit(steps, [
          [1, 0],
          [0, 0],
        ]),
      ),
    ).toContain("received [0,0] in row 1");
    expect(await refusal(() => trained(layers))).toContain(
      "received [0,0] in row 0; give rows without a class",
    );
  });
});

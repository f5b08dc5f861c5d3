/** `trainOnBatch`: one step on one batch. */
import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { platform } from "#platform";
import { mixup } from "../../src/nn/arguments/mixup.js";
import type { CompileOptions, TrainOnBatchOptions } from "../../src/nn/arguments/options.js";
import { dense, dropout, embedding } from "../../src/nn/layers/index.js";
import type { LayersModel } from "../../src/nn/models/layersModel.js";
import { adam } from "../../src/optim/adam.js";
import { sgd } from "../../src/optim/sgd.js";
import { cases } from "../cases.js";
import { data, targets, twoInTwoOut } from "./networks.js";
import { compiled, randomRows, refusal, weightsOf } from "./support.js";

const x = randomRows(30, 3, 1);
const y = x.map(([a, b]) => Number(a > b));

const classifier = (options: Partial<CompileOptions> = {}) =>
  compiled([dense(5, { activation: "relu" }), dropout(0.25), dense(1, { activation: "sigmoid" })], {
    optimizer: adam({ learningRate: 0.05 }),
    loss: "binaryCrossentropy",
    ...options,
  });

/** Weights whose mean is exactly 1, so that `fit` keeps them as they are. */
const weights = x.map((_, i) => [0, 0.5, 2, 1.5][i % 4] + (i >= 28 ? [1, 0.5][i - 28] : 0));

/** Trains on the batches of `fit` in order. */
async function inBatches(model: LayersModel, batchSize: number, seed: number, sampleWeight?: number[]) {
  const losses: number[] = [];
  for (let first = 0; first < x.length; first += batchSize) {
    const [rows, truths, counts] = [x, y, sampleWeight].map((all) => all?.slice(first, first + batchSize));
    const options = { seed, ...(counts && { sampleWeight: counts as number[] }) };
    const { loss } = await model.trainOnBatch(rows as number[][], truths as number[], options);
    losses.push(loss * (rows as number[][]).length);
  }
  return losses;
}

describe("trainOnBatch", () => {
  it("has, call after call, the bits of fit without shuffling, and of what follows", () =>
    fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 30 }),
        fc.nat(2 ** 40),
        fc.boolean(),
        fc.constantFrom<Partial<CompileOptions>>(
          {},
          { optimizer: adam({ useEma: true }) },
          { optimizer: sgd({ momentum: 0.5 }), augmentation: mixup(0.3) },
        ),
        async (batchSize, seed, isWeighted, options) => {
          const [one, other] = [classifier(options), classifier(options)];
          const sampleWeight = isWeighted ? weights : undefined;
          const losses = await inBatches(one, batchSize, seed, sampleWeight);
          const counts = sampleWeight && { sampleWeight };
          const { history } = await other.fit(x, y, { batchSize, seed, shuffle: false, ...counts });
          expect(weightsOf(one)).toEqual(weightsOf(other));
          // the bound of running sums in float32, see optim/terms.ts
          const mean = losses.reduce((sum, loss) => sum + loss, 0) / x.length;
          expect(Math.abs(mean / history.loss[0] - 1)).toBeLessThan(2 ** -23);
          // slots and place in random streams
          await one.fit(x, y, { epochs: 2, shuffle: false, batchSize: 7 });
          await other.fit(x, y, { epochs: 2, shuffle: false, batchSize: 7 });
          expect(weightsOf(one)).toEqual(weightsOf(other));
        },
      ),
      { numRuns: cases(25) },
    ));

  it("returns the loss that fit has of a batch alone", async () => {
    const [one, other] = [classifier(), classifier()];
    for (const first of [0, 11, 22]) {
      const batch = [x.slice(first, first + 11), y.slice(first, first + 11)] as const;
      const { history } = await other.fit(...batch, { batchSize: batch[1].length, shuffle: false });
      expect(await one.trainOnBatch(...batch)).toEqual({ loss: history.loss[0] });
    }
  });

  it("returns the loss and the metrics before the step, as evaluate does", async () => {
    const model = compiled([dense(1, { kernelInitializer: "ones" })], {
      optimizer: sgd({ learningRate: 0.25 }),
      loss: "meanSquaredError",
      metrics: ["meanAbsoluteError"],
    });
    // errors 1 and 3; gradients of the kernel 2·(1·1 + 2·3)/2 = 7, of the bias 2·(1 + 3)/2 = 4
    expect(await model.trainOnBatch([[1], [2]], [0, -1])).toEqual({ loss: 5, meanAbsoluteError: 2 });
    expect(weightsOf(model)).toEqual({ "dense_1.kernel": [-0.75], "dense_1.bias": [-1] });
    const before = model.evaluate([[4]], [1]);
    expect(await model.trainOnBatch([[4]], [1])).toEqual(before);
    expect(before).toEqual({ loss: 25, meanAbsoluteError: 5 });
  });

  it("counts rows by their weights as they are", async () => {
    const model = compiled([dense(1, { kernelInitializer: "ones" })], {
      optimizer: sgd({ learningRate: 0.25 }),
      loss: "meanSquaredError",
      metrics: ["meanAbsoluteError"],
    });
    // errors 1 and 3: (4·1 + 2·9) / 2 rows, and (4·1 + 2·3) / 6
    const scores = await model.trainOnBatch([[1], [2]], [0, -1], { sampleWeight: [4, 2] });
    expect(scores).toEqual({ loss: 11, meanAbsoluteError: 10 / 6 });
    // the kernel 2·(4·1·1 + 2·2·3)/2 = 16, the bias 2·(4·1 + 2·3)/2 = 10
    expect(weightsOf(model)).toEqual({ "dense_1.kernel": [1 - 4], "dense_1.bias": [-2.5] });
    const kept = weightsOf(model);
    const none = await model.trainOnBatch([[1], [2]], [Number.MAX_VALUE / 2 ** 900, 7], {
      sampleWeight: [0, 0],
    });
    expect(none).toEqual({ loss: 0, meanAbsoluteError: Number.NaN });
    expect(weightsOf(model)).toEqual(kept);
  });

  it("takes inputs and outputs by name", async () => {
    const [one, other] = [twoInTwoOut(), twoInTwoOut()];
    const loss = { price: "meanSquaredError", kind: "sparseCategoricalCrossentropy" } as const;
    for (const model of [one, other])
      model.compile({ optimizer: "adam", loss, metrics: { kind: ["accuracy"] } });
    const scores = await one.trainOnBatch(data, targets);
    await other.fit(data, targets, { batchSize: 24, shuffle: false });
    expect(weightsOf(one)).toEqual(weightsOf(other));
    expect(Object.keys(scores)).toEqual(["loss", "kindAccuracy"]);
  });

  it("keeps a learning rate that a callback set, and starts again after compile", async () => {
    const model = classifier();
    await model.fit(x, y, { callbacks: [{ onTrainBegin: (control) => control.setLearningRate(0) }] });
    const kept = weightsOf(model);
    await model.trainOnBatch(x, y);
    expect(weightsOf(model)).toEqual(kept);
    model.compile({ optimizer: "sgd", loss: "binaryCrossentropy" });
    await model.trainOnBatch(x, y);
    expect(weightsOf(model)).not.toEqual(kept);
  });

  it("gives the host its turn between short calls", async () => {
    const model = classifier();
    await model.trainOnBatch(x, y);
    // a clock that stands still, as in a Worker: a turn after 1000 looks at it
    const clock = vi.spyOn(platform, "now").mockReturnValue(0);
    let turned = false;
    setImmediate(() => {
      turned = true;
    });
    for (let i = 0; i < 1000 && !turned; i++) await model.trainOnBatch(x, y);
    clock.mockRestore();
    expect(turned).toBe(true);
  });

  const refusals: [string, (model: LayersModel) => unknown, string][] = [
    [
      "an empty batch",
      (model) => model.trainOnBatch([], []),
      "invalid_shape: x must not be empty; received shape [0]",
    ],
    [
      "other columns than before",
      (model) => model.trainOnBatch([[1, 2]], [1]),
      "invalid_shape: x must have 3 columns; received shape [1,2]",
    ],
    [
      "numbers that are not finite",
      (model) => model.trainOnBatch(Float32Array.of(1, Number.NaN, 3), [1]),
      "invalid_shape: x must have 3 columns; received shape [3,1]",
    ],
    [
      "fewer targets",
      (model) => model.trainOnBatch(x, [1]),
      "invalid_shape: y must have as many rows as its inputs, 30; received 1",
    ],
    [
      "fewer weights",
      (model) => model.trainOnBatch(x, y, { sampleWeight: [1] }),
      "invalid_shape: sampleWeight must have one weight for each of the 30 rows; received 1",
    ],
    [
      "weights beyond float32",
      (model) => model.trainOnBatch(x, y, { sampleWeight: y.map(() => 1e39) }),
      "invalid_data: sampleWeight must hold numbers that fit float32; received a larger one",
    ],
    [
      "a seed that is none",
      (model) => model.trainOnBatch(x, y, { seed: 0.5 }),
      "invalid_argument: seed must be an integer of at least 0; received 0.5",
    ],
    [
      "options of fit",
      (model) => model.trainOnBatch(x, y, { epochs: 2 } as TrainOnBatchOptions),
      'unknown_name: unknown option of trainOnBatch "epochs". Known: sampleWeight, seed.',
    ],
    [
      "numbers that are not finite",
      (model) => model.trainOnBatch({ data: Float32Array.of(1, Number.NaN, 3), shape: [1, 3] }, [1]),
      "invalid_data: x must hold finite numbers; received NaN at x[0][1]",
    ],
    [
      "a call before the last one has ended",
      (model) => {
        model.trainOnBatch(x, y).catch(() => {});
        return model.trainOnBatch(x, y);
      },
      "invalid_state: the model must not be changed while it trains; await the training first",
    ],
  ];
  it.each(refusals)("refuses %s, and leaves the model as it was", async (_, run, message) => {
    const model = classifier();
    await model.trainOnBatch(x, y);
    const before = weightsOf(model);
    expect(await refusal(() => run(model))).toBe(message);
    if (!message.startsWith("invalid_state")) expect(weightsOf(model)).toEqual(before);
  });

  it("refuses a model that is not compiled, and ids out of range", async () => {
    const model = compiled([embedding(4, 2), dense(1)], { optimizer: "sgd", loss: "meanSquaredError" });
    expect(await refusal(() => model.trainOnBatch([[4]], [[[1]]]))).toContain(
      "row 0, column 0 of x must be an id of embedding_1, an integer from 0 to 3",
    );
  });
});

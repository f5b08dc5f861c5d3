/** Layers that are frozen, some or all: against the network without them, and through a file and back. */

import { expect, it } from "vitest";
import { loadModel, saveModel } from "../../src/model/save.js";
import { dense, flatten, freeze, type Layer, reshape, timeDistributed } from "../../src/nn/layers/index.js";
import { sequential } from "../../src/nn/models/sequential.js";
import * as training from "../../src/nn/training/training.js";
import { l1, l2 } from "../../src/nn/weights/regularizers.js";
import { fit, x, y } from "./networks.js";
import { randomRows, refusal, weightsOf } from "./support.js";

it("evaluates and predicts where all layers are frozen, and does not train", async () => {
  const stack = (wrap: (layer: Layer) => Layer) => {
    const model = sequential([wrap(dense(4, { activation: "tanh" })), wrap(dense(2))]);
    model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
    return model;
  };
  const model = stack((layer) => layer);
  await model.fit(x, y, fit);
  const frozen = stack(freeze);
  frozen.restore({ training, row: 3, saved: model.trained().saved, recompiled: true });
  expect(frozen.predict(x).data).toEqual(model.predict(x).data);
  expect(frozen.evaluate(x, y)).toEqual(model.evaluate(x, y));
  const { model: loaded } = await loadModel(saveModel(frozen));
  expect(loaded.predict(x).data).toEqual(model.predict(x).data);
  expect(await refusal(() => frozen.fit(x, y, fit))).toBe(
    "invalid_argument: a model must have parameters to train; received none. Add a dense layer, or freeze fewer layers",
  );
});

it("keeps frozen layers as they are, and says so in its file and summary", async () => {
  const model = sequential([freeze(dense(4, { activation: "tanh" })), dense(2)]);
  model.compile({ optimizer: "adam", loss: "meanSquaredError" });
  await model.fit(x, y, { ...fit, epochs: 0 });
  const before = weightsOf(model);
  await model.fit(x, y, fit);
  const after = weightsOf(model);
  expect(after["dense_1.kernel"]).toEqual(before["dense_1.kernel"]);
  expect(after["dense_1.bias"]).toEqual(before["dense_1.bias"]);
  expect(after["dense_2.kernel"]).not.toEqual(before["dense_2.kernel"]);
  const lines: string[] = [];
  model.summary((line) => lines.push(line));
  expect(lines.at(-1)).toBe("Total parameters: 26, 16 of them not trained");
  const { model: loaded } = await loadModel(saveModel(model));
  await loaded.fit(x, y, fit);
  expect(weightsOf(loaded)["dense_1.kernel"]).toEqual(before["dense_1.kernel"]);
  // the rest is the network without it, fed with what it gives
  const features = sequential([dense(4, { activation: "tanh" })]);
  features.compile({ optimizer: "sgd", loss: "meanSquaredError" });
  await features.fit(x, randomRows(24, 4, 9), { epochs: 0 });
  features.setWeights({
    "dense_1.kernel": nested(before["dense_1.kernel"], 4),
    "dense_1.bias": before["dense_1.bias"],
  });
  const head = sequential([dense(2)]);
  head.compile({ optimizer: "adam", loss: "meanSquaredError" });
  await head.fit(features.predict(x), y, { ...fit, epochs: 0 });
  head.setWeights({
    "dense_1.kernel": nested(before["dense_2.kernel"], 2),
    "dense_1.bias": before["dense_2.bias"],
  });
  await head.fit(features.predict(x), y, fit);
  expect(weightsOf(head)["dense_1.kernel"]).toEqual(after["dense_2.kernel"]);
});

function nested(values: readonly number[], columns: number): number[][] {
  return Array.from({ length: values.length / columns }, (_, i) =>
    values.slice(i * columns, (i + 1) * columns),
  );
}

it("adds the penalties of trained layers to the loss, and none of frozen ones, as in Keras", async () => {
  const penalized = () =>
    dense(2, { kernelRegularizer: l2(1), biasRegularizer: l1(1), biasInitializer: "ones" });
  const losses = await Promise.all(
    [
      penalized(),
      freeze(penalized()),
      timeDistributed(freeze(penalized())),
      timeDistributed(penalized()),
    ].map(async (layer) => {
      const model = sequential([reshape([1, 3]), layer, flatten(), dense(2)]);
      model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
      await model.fit(x, y, { epochs: 0, seed: 4 });
      const { data } = model.predict(x);
      const error = y.flat().reduce((sum, target, i) => sum + (target - data[i]) ** 2, 0) / data.length;
      const penalty = weightsOf(model)[`${layer.type}_1.kernel`].reduce((sum, w) => sum + w * w, 2);
      return { loss: model.evaluate(x, y).loss, error, penalty };
    }),
  );
  const isTrained = [true, false, false, true];
  // of some 50 numbers, in float32
  for (const [i, { loss, error, penalty }] of losses.entries())
    expect(Math.abs(loss - error - (isTrained[i] ? penalty : 0))).toBeLessThan(
      50 * 2 ** -24 * (error + penalty),
    );
});

/** A network that is no stack, and what it trains on. Not a test itself. */

import type { CompileOptions } from "../../src/nn/arguments/options.js";
import { dense, merge } from "../../src/nn/layers/index.js";
import { functional, input } from "../../src/nn/models/functional.js";
import type { LayersModel } from "../../src/nn/models/layersModel.js";
import { adam } from "../../src/optim/adam.js";
import { sgd } from "../../src/optim/sgd.js";
import { randomRows } from "./support.js";

export const x = randomRows(24, 3, 1);
export const y = randomRows(24, 2, 2);
export const fit = { epochs: 3, batchSize: 8, seed: 4 };

/** Two inputs, a layer that is applied twice, a way around a layer, and two outputs. */
export function twoInTwoOut(): LayersModel {
  const [a, b] = [input(2), input(1)];
  const shared = dense(3, { activation: "tanh" });
  const left = shared.apply(a);
  const both = merge("concatenate").apply(left, b);
  const right = shared.apply(dense(2).apply(both));
  const sum = merge("add").apply(left, right);
  return functional({
    inputs: { a, b },
    outputs: { price: dense(1).apply(sum), kind: dense(3, { activation: "softmax" }).apply(right) },
  });
}
export const kinds = Array.from({ length: 24 }, (_, i) => (i * 7) % 3);
export const data = { a: x.map((row) => row.slice(0, 2)), b: x.map((row) => row[2]) };
export const targets = { price: y.map(([first]) => first), kind: kinds };
export const compiledAs = (model: LayersModel, loss: CompileOptions["loss"]): LayersModel => {
  model.compile({ optimizer: sgd({ learningRate: 0.125 }), loss });
  return model;
};
export const compiledTwo = (): LayersModel => {
  const model = twoInTwoOut();
  model.compile({
    optimizer: adam({ learningRate: 0.05 }),
    loss: { price: "meanSquaredError", kind: "sparseCategoricalCrossentropy" },
    lossWeights: { kind: 0.5 },
    metrics: { price: ["r2"], kind: ["accuracy"] },
  });
  return model;
};

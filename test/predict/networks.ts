/** Networks of every layer, as if they were trained: what the predictor and the exports are held to. */

import fc from "fast-check";
import {
  batchNormalization,
  flatten,
  gaussianNoise,
  type Layer,
  layerNormalization,
  type MergeName,
} from "../../src/nn/layers/index.js";
import type { LayersModel } from "../../src/nn/models/layersModel.js";
import * as training from "../../src/nn/training/training.js";
import { RandomStream } from "../../src/numerics/random.js";

/**
 * A model with random parameters.
 *
 * @param parameter - what a normal number becomes as a parameter of that name and shape
 */
export function trained<Model extends LayersModel>(
  model: Model,
  columns: number,
  seed: number,
  parameter: (normal: number, name: string, shape: readonly number[]) => number,
): Model {
  model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
  const { parameters: places, size } = model.network(columns);
  const random = new RandomStream(seed, 3);
  const parameters = new Float32Array(size);
  for (const { name, shape, offset, size } of places)
    for (let i = 0; i < size; i++) parameters[offset + i] = parameter(random.normal(), name, shape);
  model.restore({
    training,
    row: columns,
    saved: { progress: { step: 0, epoch: 0, cursor: 0 }, seed: 0, arrays: { parameters } },
  });
  return model;
}

/** Layers beside dense ones, dropout and activations, with an ε of `epsilon`. */
export const otherLayer = (epsilon: fc.Arbitrary<number>): fc.Arbitrary<Layer> => {
  const options = fc.record({ epsilon, center: fc.boolean(), scale: fc.boolean() });
  return fc.oneof(
    { weight: 3, arbitrary: options.map((each) => batchNormalization(each)) },
    { weight: 3, arbitrary: options.map((each) => layerNormalization(each)) },
    fc.constant(gaussianNoise(1)),
    fc.constant(flatten()),
  );
};

export const anyWay = fc.constantFrom<MergeName>(
  ...(["add", "subtract", "multiply", "average", "maximum", "minimum", "concatenate"] as const),
);

/** Options of layers for one of their arrays: each reaches that array, and no other. */
import { expect, it } from "vitest";
import * as layers from "../../../src/nn/layers/index.js";
import { maxNorm } from "../../../src/nn/weights/constraints.js";
import { constant } from "../../../src/nn/weights/initializerFactories.js";
import { l2 } from "../../../src/nn/weights/regularizers.js";

type Make = (options: never) => layers.Layer;
const image = [8, 8, 3];
const kernel = { kernel: "kernel", bias: "bias" };
const recurrent = { kernel: "kernel", recurrent: "recurrentKernel", bias: "bias" };

/** The shape of a row, and arrays by the names that options have for them. */
const ARRAYS: Readonly<
  Record<string, [make: Make, row: readonly number[], arrays: Readonly<Record<string, string>>]>
> = {
  conv1d: [(options) => layers.conv1d(2, 3, options), [8, 3], kernel],
  conv2d: [(options) => layers.conv2d(2, 3, options), image, kernel],
  conv2dTranspose: [(options) => layers.conv2dTranspose(2, 3, options), image, kernel],
  dense: [(options) => layers.dense(2, options), [3], kernel],
  depthwiseConv2d: [
    (options) => layers.depthwiseConv2d(3, options),
    image,
    { depthwise: "kernel", bias: "bias" },
  ],
  embedding: [(options) => layers.embedding(3, 2, options), [4], { embeddings: "embeddings" }],
  gru: [(options) => layers.gru(2, options), [4, 3], recurrent],
  lstm: [(options) => layers.lstm(2, { unitForgetBias: false, ...(options as object) }), [4, 3], recurrent],
  separableConv2d: [
    (options) => layers.separableConv2d(2, 3, options),
    image,
    { depthwise: "depthwiseKernel", pointwise: "pointwiseKernel", bias: "bias" },
  ],
  simpleRNN: [(options) => layers.simpleRNN(2, options), [4, 3], recurrent],
};

it.each(Object.entries(ARRAYS))("%s", (_, [make, row, arrays]) => {
  for (const [option, array] of Object.entries(arrays)) {
    const initializer = constant(0.5);
    const layer = make({
      [`${option}Initializer`]: initializer,
      [`${option}Regularizer`]: l2(0.25),
      [`${option}Constraint`]: maxNorm({ maxValue: 3 }),
    } as never);
    expect(layer.hyperparameters).toEqual({ [`${array}.l2`]: 0.25, [`${array}.maxValue`]: 3 });
    const specs = layer.parameters(row);
    expect(specs.map(({ name }) => name)).toEqual(Object.values(arrays));
    for (const spec of specs) {
      expect([spec.name, spec.initializer === initializer]).toEqual([spec.name, spec.name === array]);
      expect([spec.name, spec.constraint !== undefined]).toEqual([spec.name, spec.name === array]);
    }
  }
});

it("of prelu, which takes no constraint", () => {
  const layer = layers.prelu({ alphaInitializer: "ones", alphaRegularizer: l2(0.25) });
  expect(layer.hyperparameters).toEqual({ "alpha.l2": 0.25 });
  expect(layer.parameters([3]).map(({ name, shape }) => [name, shape])).toEqual([["alpha", [3]]]);
});

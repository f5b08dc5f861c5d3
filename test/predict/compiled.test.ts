/**
 * Networks that are no stack of dense layers, in the predictor: the bits of compiled programs, for any layers
 * and any number of rows.
 */
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { contentsOf } from "../../src/model/contents.js";
import { saveModel } from "../../src/model/save.js";
import { type ActivationName, activations } from "../../src/nn/activations.js";
import {
  activation,
  batchNormalization,
  dense,
  dropout,
  embedding,
  flatten,
  freeze,
  gaussianNoise,
  type Layer,
  layerNormalization,
  merge,
} from "../../src/nn/layers/index.js";
import type { SymbolicTensor } from "../../src/nn/layers/layer.js";
import { functional, input } from "../../src/nn/models/functional.js";
import type { LayersModel } from "../../src/nn/models/layersModel.js";
import { sequential } from "../../src/nn/models/sequential.js";
import { ready } from "../../src/numerics/kernels.js";
import { RandomStream } from "../../src/numerics/random.js";
import { CompiledResults } from "../../src/predict/compiled.js";
import type { NetworkDescription } from "../../src/predict/description.js";
import { checkSizes } from "../../src/predict/network.js";
import { loadPredictor } from "../../src/predict/predictor.js";
import { RowError } from "../../src/predict/rows.js";
import { cases } from "../cases.js";
import { refusal } from "../nn/support.js";
import { anyWay, otherLayer, trained } from "./networks.js";

beforeAll(() => ready());

/** Variances are not negative. */
const anyTrained = (model: LayersModel, columns: number, seed: number): LayersModel =>
  trained(model, columns, seed, (value, name) => (name === "movingVariance" ? Math.abs(value) : value));

async function agrees(model: LayersModel, columns: number, rows: number, seed: number): Promise<void> {
  const random = new RandomStream(seed, 4);
  const x = Float32Array.from({ length: rows * columns }, () => 2 * random.normal());
  const data = { data: x, shape: [rows, columns] };
  const predictor = await loadPredictor(saveModel(model));
  expect(predictor.predict(data).data).toEqual(Float32Array.from(model.predict(data).data));
}

type Mean = (...values: SymbolicTensor[]) => SymbolicTensor;

const name = fc.constantFrom(...(Object.keys(activations) as ActivationName[]));
const denseLayer = fc
  .tuple(fc.integer({ min: 1, max: 40 }), name, fc.boolean())
  .map(([units, activation, useBias]) => dense(units, { activation, useBias }));
const layer: fc.Arbitrary<Layer> = fc.oneof(
  denseLayer,
  otherLayer(fc.double({ min: 1e-5, max: 1, noNaN: true })),
  fc.oneof(
    name.map((each) => activation(each)),
    fc.constant(dropout(0.5)),
  ),
);

describe("has the bits of the compiled program", () => {
  it("for any stack of layers", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(layer, { minLength: 1, maxLength: 4 }),
        denseLayer,
        fc.integer({ min: 1, max: 300 }),
        fc.integer({ min: 1, max: 20 }),
        fc.nat(),
        async (layers, last, rows, columns, seed) => {
          await agrees(anyTrained(sequential([...layers, last]), columns, seed), columns, rows, seed);
        },
      ),
      { numRuns: cases(60) },
    );
  });

  it("for any way to merge branches, shared layers, several inputs and outputs", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(anyWay, { minLength: 1, maxLength: 3 }),
        layer,
        fc.integer({ min: 1, max: 12 }),
        fc.integer({ min: 1, max: 300 }),
        fc.nat(),
        async (ways, between, units, rows, seed) => {
          const inputs = { a: input(2), b: input(3) };
          const shared = dense(units, { activation: "tanh" });
          let value = shared.apply(inputs.a);
          const other = dense(2).apply(inputs.b);
          for (const each of ways) {
            const branch = shared.apply(dense(2).apply(value));
            value = merge(each).apply(
              value,
              dense(value.shape[0]).apply(branch),
              dense(value.shape[0]).apply(other),
            );
          }
          const outputs = { first: dense(2).apply(between.apply(value)), second: value, third: inputs.b };
          await agrees(anyTrained(functional({ inputs, outputs }), 5, seed), 5, rows, seed);
        },
      ),
      { numRuns: cases(40) },
    );
  });

  // a mean of separate stacks of dense layers needs no compiler; these are nearly that
  it.each<[string, (x: SymbolicTensor, mean: Mean) => Readonly<Record<string, SymbolicTensor>>]>([
    [
      "branches that share their first layers",
      (x, mean) => {
        const trunk = dense(4, { activation: "relu" }).apply(x);
        return { y: mean(dense(2).apply(trunk), dense(2).apply(trunk)) };
      },
    ],
    [
      "branches that part later and later",
      (x, mean) => {
        const [first, second] = [dense(4).apply(x), dense(2).apply(x)];
        const trunk = dense(3, { activation: "tanh" }).apply(first);
        return { y: mean(dense(2).apply(trunk), second, dense(2).apply(first), dense(2).apply(trunk)) };
      },
    ],
    [
      "a layer and the one that takes it",
      (x, mean) => {
        const first = dense(2).apply(x);
        return { y: mean(first, dense(2).apply(first)) };
      },
    ],
    ["a branch and the input", (x, mean) => ({ y: mean(x, dense(3).apply(x)) })],
    [
      "one layer, applied twice",
      (x, mean) => {
        const shared = dense(3);
        return { y: mean(shared.apply(x), shared.apply(shared.apply(x))) };
      },
    ],
    [
      "one branch, counted twice",
      (x, mean) => {
        const twice = dense(2).apply(x);
        return { y: mean(twice, dense(2).apply(x), twice) };
      },
    ],
    [
      "branches, one of which is also a result",
      (x, mean) => {
        const own = dense(2).apply(x);
        return { y: mean(own, dense(2).apply(x)), own };
      },
    ],
    [
      "branches, before the last layer",
      (x, mean) => ({ y: dense(1).apply(mean(dense(2).apply(x), dense(2).apply(x))) }),
    ],
    [
      "branches, one of which is a sum of two",
      (x, mean) => {
        const sum = merge("add").apply(dense(2).apply(x), dense(2).apply(x));
        return { y: mean(dense(2).apply(x), sum) };
      },
    ],
  ])("for a mean of %s", async (_, build) => {
    const x = input(3);
    const outputs = build(x, (...values) => merge("average").apply(...values));
    await agrees(anyTrained(functional({ inputs: x, outputs }), 3, 1), 3, 5, 2);
  });

  it("of embeddings, and refuses what is no id of theirs", async () => {
    const stack = [
      embedding(5, 3),
      batchNormalization(),
      layerNormalization(),
      activation("softmax"),
      flatten(),
      dense(2),
    ];
    const model = anyTrained(sequential(stack), 4, 1);
    const ids = Array.from({ length: 600 }, (_, i) => [i % 5, (3 * i) % 5, 4, 0]);
    const predictor = await loadPredictor(saveModel(model));
    expect(predictor.predict(ids).data).toEqual(Float32Array.from(model.predict(ids).data));
    for (const [id, received] of [
      [4.5, "4.5; number ids from 0"],
      [5, "5; give embedding_1 an inputDim of at least 6, or number ids from 0"],
      [-1, "-1; number ids from 0"],
    ] as const) {
      // in the third block of rows
      const wrong = ids.map((row, i) => (i === 570 ? [0, 0, id, 0] : row));
      const refused = `row 570, column "x2": must be an id of embedding_1, an integer from 0 to 4 (its inputDim is 5); received ${received}`;
      expect(() => predictor.predict(wrong)).toThrow(refused);
      expect(() => predictor.answers(wrong)).toThrow(RowError);
      // the next rows are not blamed for them, however few they are
      for (const rows of [1, 20, 100, 600])
        expect(predictor.predict(ids.slice(0, rows)).data).toEqual(
          Float32Array.from(model.predict(ids.slice(0, rows)).data),
        );
    }
  });

  it("of frozen layers, which predict as others do", async () => {
    await agrees(anyTrained(sequential([freeze(batchNormalization()), dense(2)]), 3, 1), 3, 5, 1);
  });
});

describe("refuses", () => {
  const contents = contentsOf(
    anyTrained(sequential([dense(3), batchNormalization(), merge2(), dense(1)]), 2, 1),
    false,
  );
  const changed = (i: number, part: object): NetworkDescription => ({
    columns: 2,
    layers: contents.network.layers.map((each, k) => (k === i ? { ...each, ...part } : each)),
  });
  /** A layer that the predictor has and that does nothing. */
  function merge2(): Layer {
    return gaussianNoise(0);
  }
  it.each<[string, NetworkDescription, string]>([
    [
      "an unknown layer",
      changed(1, { name: "normalize" }),
      'invalid_checkpoint: this release has no layer "normalize", which the model has; update Fettle',
    ],
    [
      "a custom layer",
      changed(1, { custom: true }),
      'unsupported: layer "batchNormalization_1" must be built-in to be exported, or loaded by loadPredictor; received {"custom":"batchNormalization"}',
    ],
    [
      "a custom activation",
      changed(0, { options: { units: 3, activation: { function: "own" } } }),
      'unsupported: the activation of layer "dense_1" must be built-in',
    ],
    [
      "other units",
      changed(0, { options: { units: 4 } }),
      "invalid_checkpoint: the model file must have an array of shape [2,4] for dense_1.kernel; received [2,3]",
    ],
    [
      "a missing array",
      changed(1, { weights: {} }),
      "invalid_checkpoint: the model file must have an array of shape [3] for batchNormalization_1.gamma; received undefined",
    ],
    [
      "a way to merge",
      changed(2, { name: "merge", options: { way: "mix" } }),
      'invalid_checkpoint: the network of the model file is refused: unknown way to merge "mix".',
    ],
    [
      "one value to merge",
      changed(2, { name: "merge", options: { way: "add" } }),
      "invalid_checkpoint: the network of the model file is refused: add must take several values of one shape; received [3]",
    ],
    [
      "inputs of other columns",
      { ...changed(0, { inputs: ["input.a"] }), inputs: [{ name: "a", shape: [3] }], outputs: [] },
      'invalid_checkpoint: the network of the model file is refused: x must have 3 columns, those of "a" (3); received 2',
    ],
    [
      "no parameters",
      { columns: 2, layers: [{ ...contents.network.layers[2], inputs: ["input"] }] },
      "invalid_checkpoint: a network must be of layers with parameters; received",
    ],
    [
      "more axes than values have",
      {
        columns: 2,
        layers: [{ ...contents.network.layers[2], inputs: ["input.a"] }],
        inputs: [{ name: "a", shape: [2, 1, 1, 1, 1, 1, 1, 1, 1] }],
        outputs: [{ name: "b", value: "gaussianNoise_1" }],
      },
      "invalid_checkpoint: a row of the result of gaussianNoise_1 must have at most 8 axes and 536870912 numbers; received shape [2,1,1,1,1,1,1,1,1]",
    ],
    [
      "more numbers than memory has",
      changed(2, { name: "repeatVector", options: { n: 2 ** 28 } }),
      "invalid_checkpoint: a row of the result of repeatVector_1 must have at most 8 axes and 536870912 numbers; received shape [268435456,3]",
    ],
  ])("%s", async (_, network, message) => {
    expect(
      (await refusal(() => new CompiledResults(network, contents.tensors))).slice(0, message.length),
    ).toBe(message);
  });
});

it("takes as many rows at a time as the results of layers leave room for", () => {
  const rowsOf = (units: number): number => {
    const { network, tensors } = contentsOf(
      anyTrained(sequential([dense(units), layerNormalization(), dense(3)]), 2, 1),
      false,
    );
    return new CompiledResults(network, tensors).rows;
  };
  expect(rowsOf(4)).toBe(256);
  // 2¹⁸ numbers: of a row its 2 columns, 3 results, and two values of the widest
  expect(rowsOf(1024)).toBe(Math.floor(2 ** 18 / (2 + 3 + 2 * 1024)));
});

it("takes values of 8 axes and 2²⁹ numbers, and none of more", async () => {
  const code = async (shape: readonly number[]): Promise<string | undefined> =>
    (await refusal(() => checkSizes("it", shape)))?.split(":")[0];
  for (const shape of [Array(8).fill(1), [2 ** 29], [2 ** 14, 2 ** 15]])
    expect(() => checkSizes("it", shape)).not.toThrow();
  for (const shape of [Array(9).fill(1), [2 ** 29 + 1], [2 ** 15, 2 ** 15]])
    expect(await code(shape)).toBe("invalid_checkpoint");
});

it("asks for nothing of the user's own that only training reads", async () => {
  const { network, tensors } = contentsOf(
    anyTrained(sequential([dense(3), batchNormalization(), dense(1)]), 2, 1),
    false,
  );
  const own = { function: "own" };
  const options = { units: 3, kernelInitializer: own, biasInitializer: own, kernelRegularizer: own };
  const layers = network.layers.map((each, i) => (i === 0 ? { ...each, options } : each));
  expect(new CompiledResults({ ...network, layers }, tensors).units).toBe(1);
  const activated = layers.map((each, i) =>
    i === 0 ? { ...each, options: { ...options, activation: own } } : each,
  );
  expect(await refusal(() => new CompiledResults({ ...network, layers: activated }, tensors))).toMatch(
    /^unsupported: the activation of layer "dense_1" must be built-in/,
  );
});

describe("bounds what a file can make it do", () => {
  /** A network of these layers over two columns, and a dense one at the end. */
  const described = (layers: readonly Layer[]): ReturnType<typeof contentsOf> =>
    contentsOf(anyTrained(sequential([...layers, dense(1)]), 2, 1), false);

  it("operations", async () => {
    const { network, tensors } = described(Array.from({ length: 600 }, () => layerNormalization()));
    expect(await refusal(() => new CompiledResults(network, tensors))).toBe(
      "limit_exceeded: a graph of untrusted code must have at most 10000 operations; received more",
    );
  });

  it("numbers of a value that is doubled again and again", async () => {
    const double = (value: string, i: number) => ({
      id: `concatenate_${i}`,
      name: "merge",
      options: { way: "concatenate" },
      weights: {},
      inputs: [value, value],
    });
    const { network, tensors } = described([]);
    const doubled = (times: number): NetworkDescription => {
      const layers = Array.from({ length: times }, (_, i) =>
        double(i ? `concatenate_${i}` : "input.a", i + 1),
      );
      const dense = { ...network.layers[0], inputs: ["input.a"] };
      return {
        columns: 2,
        inputs: [{ name: "a", shape: [2] }],
        layers: [...layers, dense],
        outputs: [{ name: "b", value: `concatenate_${times}` }],
      };
    };
    expect(new CompiledResults(doubled(10), tensors).units).toBe(2048);
    expect(await refusal(() => new CompiledResults(doubled(25), tensors))).toBe(
      "memory_limit: a value of the network needs 268435456 bytes, the limit is 67108888; raise memoryLimit",
    );
    expect(await refusal(() => new CompiledResults(doubled(900), tensors))).toMatch(/^invalid_checkpoint: /);
  });
});

/** Every layer, and graphs of layers, as ONNX files in ONNX Runtime. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { exportOnnx } from "../../../src/model/export/onnx.js";
import {
  batchNormalization,
  dense,
  elu,
  embedding,
  flatten,
  type Layer,
  layerNormalization,
  leakyReLU,
  merge,
  prelu,
} from "../../../src/nn/layers/index.js";
import { functional, input } from "../../../src/nn/models/functional.js";
import type { LayersModel } from "../../../src/nn/models/layersModel.js";
import { sequential } from "../../../src/nn/models/sequential.js";
import { RandomStream } from "../../../src/numerics/random.js";
import { cases } from "../../cases.js";
import { anyWay, otherLayer, trained } from "../../predict/networks.js";
import { anyLayer, CLOSE, difference, floats, run } from "./onnxRuntime.js";

/** Such that results are near 1; variances are from 0.5. */
const anyTrained = (model: LayersModel, columns: number, seed: number): LayersModel =>
  trained(model, columns, seed, (normal, name, shape) => {
    const value = normal / Math.sqrt(shape.length === 2 ? shape[0] : 4);
    return name === "movingVariance" ? 0.5 + Math.abs(value) : value;
  });

async function agrees(model: LayersModel, columns: number, x: Float32Array): Promise<void> {
  const { y } = await run(exportOnnx(model), { features: floats(x, columns) });
  const expected = model.predict({ data: x, shape: [x.length / columns, columns] });
  expect(y.dims).toEqual(expected.shape);
  expect(difference(y.data, expected.data)).toBeLessThan(CLOSE);
}

const layer: fc.Arbitrary<Layer> = fc.oneof(anyLayer, otherLayer(fc.constantFrom(0.1, 0.5)));

describe("ONNX Runtime predicts what Fettle does", () => {
  it("for any layers", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(layer, { maxLength: 4 }),
        fc.integer({ min: 1, max: 9 }),
        fc.nat(),
        async (layers, rows, seed) => {
          const random = new RandomStream(seed, 4);
          const x = Float32Array.from({ length: rows * 5 }, () => random.normal());
          await agrees(anyTrained(sequential([...layers, dense(2)]), 5, seed), 5, x);
        },
      ),
      { numRuns: cases(30) },
    );
  });

  it("for rectifiers with options, and slopes that are shared or not", async () => {
    const stack = [dense(6), leakyReLU({ negativeSlope: 0.1 }), elu({ alpha: 0.5 }), prelu(), dense(2)];
    const x = Float32Array.from({ length: 9 * 4 }, (_, i) => ((i * 37) % 23) / 7 - 1.5);
    await agrees(anyTrained(sequential(stack), 4, 2), 4, x);
    const images = input([2, 3, 2]);
    const shared = prelu({ sharedAxes: [1, 2] }).apply(prelu().apply(images));
    const model = functional({ inputs: images, outputs: dense(2).apply(flatten().apply(shared)) });
    await agrees(
      anyTrained(model, 12, 3),
      12,
      Float32Array.from({ length: 36 }, (_, i) => ((i * 37) % 23) / 7 - 1.5),
    );
  });

  it.each([true, false])("for dense layers over steps, with a bias: %s", async (useBias) => {
    const steps = input([3, 4]);
    const first = dense(5, { activation: "softmax", useBias }).apply(steps);
    const model = functional({ inputs: steps, outputs: dense(2).apply(flatten().apply(first)) });
    const x = Float32Array.from({ length: 7 * 12 }, (_, i) => ((i * 37) % 23) / 11 - 1);
    await agrees(anyTrained(model, 12, 3), 12, x);
  });

  it("for any way to merge, several inputs and outputs", async () => {
    await fc.assert(
      fc.asyncProperty(anyWay, layer, fc.nat(), async (each, between, seed) => {
        const inputs = { a: input(2), b: input([3, 1]) };
        const shared = dense(4, { activation: "tanh" });
        const left = shared.apply(inputs.a);
        const right = shared.apply(dense(2).apply(flatten().apply(inputs.b)));
        const value = between.apply(merge(each).apply(left, right, left));
        const model = functional({ inputs, outputs: { first: dense(2).apply(value), second: inputs.b } });
        const random = new RandomStream(seed, 4);
        await agrees(
          anyTrained(model, 5, seed),
          5,
          Float32Array.from({ length: 35 }, () => random.normal()),
        );
      }),
      { numRuns: cases(20) },
    );
  });

  it("for embeddings", async () => {
    const stack = [embedding(4, 3), layerNormalization(), batchNormalization(), flatten(), dense(2)];
    await agrees(anyTrained(sequential(stack), 2, 1), 2, Float32Array.of(0, 1, 2, 3, 3, 0, 1, 1));
  });
});

it.each([1.5, -1, -0.5, 3, Number.NaN])(
  "ONNX Runtime refuses %s, which is no id of an embedding",
  async (id) => {
    const model = anyTrained(sequential([embedding(3, 2), flatten(), dense(1)]), 2, 1);
    const bytes = exportOnnx(model);
    await run(bytes, { features: floats(Float32Array.of(2, 0), 2) });
    await expect(run(bytes, { features: floats(Float32Array.of(2, id), 2) })).rejects.toThrow(
      /indices element out of data bounds|idx=3/,
    );
  },
);

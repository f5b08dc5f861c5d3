/**
 * The mean of networks in the formats of others: ONNX, TensorFlow.js and JavaScript predict what Fettle does.
 */
import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-backend-cpu";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { contentsOf } from "../../../src/model/contents.js";
import { exportJs } from "../../../src/model/export/js.js";
import { exportOnnx } from "../../../src/model/export/onnx.js";
import { activation, dense, dropout } from "../../../src/nn/layers/index.js";
import { averageModels } from "../../../src/nn/models/averageModels.js";
import type { LayersModel } from "../../../src/nn/models/layersModel.js";
import { ready } from "../../../src/numerics/kernels.js";
import { cases } from "../../cases.js";
import { numbersFor } from "./anyStack.js";
import { imported, moduleOf } from "./modules.js";
import { CLOSE, difference, floats, randomNetwork, run } from "./onnxRuntime.js";
import { agrees } from "./tfjsAgrees.js";

beforeAll(async () => {
  await ready();
  await tf.setBackend("cpu");
});

/** Activations that all formats have. */
const name = fc.constantFrom("linear", "relu", "tanh", "sigmoid", "softmax", "gelu", "silu");
const anyLayer = fc.oneof(
  fc.tuple(fc.integer({ min: 1, max: 20 }), name).map(([units, each]) => dense(units, { activation: each })),
  fc.constant(dropout(0.5)),
  name.map((each) => activation(each)),
);

/** Several networks over three columns, some of which count twice. */
const means: fc.Arbitrary<LayersModel> = fc
  .record({
    stacks: fc.array(fc.array(anyLayer, { maxLength: 3 }), { minLength: 2, maxLength: 3 }),
    again: fc.array(fc.nat(), { maxLength: 2 }),
    units: fc.integer({ min: 1, max: 3 }),
    seed: fc.nat({ max: 1000 }),
  })
  .map(({ stacks, again, units, seed }) => {
    const models = stacks.map((layers, i) =>
      randomNetwork([...layers, dense(units, { activation: "sigmoid" })], 3, seed + i),
    );
    return averageModels([...models, ...again.map((i) => models[i % models.length])]);
  });
const rows = fc.integer({ min: 1, max: 4 });
const holds = (reads: (model: LayersModel, count: number) => Promise<void>): Promise<void> =>
  fc.assert(fc.asyncProperty(means, rows, reads), { numRuns: cases(30) });

describe("the mean of networks", () => {
  it("is the same in ONNX Runtime", async () => {
    await holds(async (model, count) => {
      const x = numbersFor(3, count, (normal) => normal);
      const { y } = await run(exportOnnx(model), { features: floats(x, 3) });
      expect(difference(y.data, model.predict({ data: x, shape: [count, 3] }).data)).toBeLessThan(CLOSE);
    });
  });

  it("is the same in TensorFlow.js, and comes back from there as it was", async () => {
    await holds((model, count) => agrees(model, 3, count));
  });

  it("is the same in a module of JavaScript", async () => {
    await holds(async (model, count) => {
      const x = numbersFor(3, count, (normal) => normal);
      const { data } = model.predict({ data: x, shape: [count, 3] });
      const module = await moduleOf(contentsOf(model, false));
      const units = data.length / count;
      for (let row = 0; row < count; row++) {
        const answer = module.predict(
          Array.from(x.subarray(3 * row, 3 * row + 3)) as never,
        ) as unknown as number[];
        expect(difference(answer, data.subarray(row * units, (row + 1) * units))).toBeLessThan(1e-5);
      }
    });
  });

  it("computes a network once in a module, however often it counts", async () => {
    const [a, b] = [1, 2].map((seed) => randomNetwork([dense(1)], 2, seed));
    const model = averageModels([a, b, a]);
    const text = exportJs(model);
    expect(text.match(/^ {2}product/gm)?.length).toBe(2);
    const { predict } = await imported(text);
    const { data } = model.predict([[1, 2]]);
    expect(difference(predict([1, 2]) as number[], data)).toBeLessThan(1e-6);
  });
});

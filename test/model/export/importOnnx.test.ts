/** ONNX files as networks: Fettle's own, trained further, and refused. */
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { importOnnx } from "../../../src/model/export/importOnnx.js";
import { exportOnnx } from "../../../src/model/export/onnx.js";
import { OnnxGraph } from "../../../src/model/export/onnxGraph.js";
import { networkFrom } from "../../../src/model/network.js";
import {
  activation,
  averagePooling1d,
  averagePooling2d,
  batchNormalization,
  conv1d,
  conv2d,
  dense,
  dropout,
  flatten,
  globalAveragePooling2d,
  globalMaxPooling1d,
  type Layer,
  leakyReLU,
  maxPooling2d,
  permute,
  reshape,
} from "../../../src/nn/layers/index.js";
import type { LayersModel } from "../../../src/nn/models/layersModel.js";
import { ready } from "../../../src/numerics/kernels.js";
import { RandomStream } from "../../../src/numerics/random.js";
import { cases } from "../../cases.js";
import torch from "./data/torchOnnx.json" with { type: "json" };
import { anyLayer, CLOSE, difference, networkOf, randomNetwork } from "./onnxRuntime.js";

beforeAll(() => ready());

const imported = (...given: Parameters<typeof importOnnx>): LayersModel =>
  networkFrom(importOnnx(...given), {}, false);

const random = (columns: number, rows: number, seed: number): number[][] => {
  const stream = new RandomStream(seed, 5);
  return Array.from({ length: rows }, () => Array.from({ length: columns }, () => stream.normal()));
};

/** An exported network of PyTorch. */
const fileOf = (name: string, exporter: "script" | "dynamo" = "script"): Uint8Array =>
  Buffer.from(torch.cases.find((each) => each.name === name)?.files[exporter] as string, "base64");

describe("importOnnx", () => {
  it("predicts as the model that exportOnnx wrote: stacks over columns", async () => {
    await fc.assert(
      fc.property(
        fc.array(anyLayer, { minLength: 1, maxLength: 5 }),
        fc.integer({ min: 1, max: 6 }),
        fc.nat(),
        (layers, columns, seed) => {
          const model = randomNetwork([...layers, dense(2)], columns, seed);
          const x = random(columns, 4, seed);
          const again = imported(exportOnnx(model));
          expect(difference(again.predict(x).data, model.predict(x).data as Float32Array)).toBeLessThan(
            CLOSE,
          );
        },
      ),
      { numRuns: cases(40) },
    );
  });

  const images: Readonly<Record<string, readonly Layer[]>> = {
    "conv2d, pooling": [
      conv2d(3, 3, { padding: "same" }),
      activation("relu"),
      maxPooling2d(2),
      flatten(),
      dense(2),
    ],
    strides: [
      conv2d(3, [3, 2], { strides: 2 }),
      averagePooling2d([1, 2], { strides: 1 }),
      flatten(),
      dense(2),
    ],
    batchNormalization: [
      conv2d(3, 3),
      batchNormalization(),
      activation("gelu"),
      globalAveragePooling2d(),
      dense(2),
    ],
    "leakyReLU, dropout": [
      conv2d(3, 1),
      leakyReLU({ negativeSlope: 0.1 }),
      dropout(0.5),
      flatten(),
      dense(2),
    ],
    sequences: [
      reshape([12, 4]),
      conv1d(3, 3),
      averagePooling1d(2),
      activation("tanh"),
      globalMaxPooling1d(),
      dense(2),
    ],
    permute: [permute([3, 1, 2]), flatten(), dense(2)],
    "dense of steps": [reshape([12, 4]), dense(3, { activation: "relu" }), flatten(), dense(2)],
  };
  it.each(Object.entries(images))("predicts as the model that exportOnnx wrote: %s", (_, layers) => {
    const stream = new RandomStream(3, 3);
    // above 0, as variances are
    const model = networkOf([reshape([4, 6, 2]), ...layers], 48, () => 0.05 + 0.2 * stream.uniform());
    const x = random(48, 4, 1);
    const again = imported(exportOnnx(model));
    expect(difference(again.predict(x).data, model.predict(x).data as Float32Array)).toBeLessThan(CLOSE);
  });

  it("takes and answers images with channels first, or last", () => {
    const bytes = fileOf("segmentation"); // [2, 4, 5] → [4, 4, 5]
    const [x] = random(40, 1, 2);
    const first = imported(bytes).predict([x]).data;
    const last = imported(bytes, { channelsLast: true });
    const turned = Array.from({ length: 40 }, (_, i) => x[(i % 2) * 20 + Math.floor(i / 2)]);
    const answer = last.predict([turned]).data;
    expect(Array.from(answer)).toEqual(
      Array.from({ length: 80 }, (_, i) => first[(i % 4) * 20 + Math.floor(i / 4)]),
    );
    // images need no other order on the way
    expect(importOnnx(bytes, { channelsLast: true }).network.layers.map(({ name }) => name)).not.toContain(
      "permute",
    );
  });

  it("shares weights that the file uses twice, and keeps apart what it has twice", () => {
    const { layers } = importOnnx(fileOf("shared")).network;
    expect(layers.map(({ id, shares }) => [id, shares])).toEqual([
      ["dense_1", undefined],
      ["activation_1", undefined],
      ["dense_1.2", "dense_1"],
      ["activation_2", undefined],
      ["dense_2", undefined],
    ]);
  });

  it.each([
    ["x", "r", "x+", "r+"],
    ["x", "r", "r+", "x+"],
    ["x", "x+", "r", "r+"],
    ["x", "r", "x+"],
    ["x", "r", "r+"],
    ["x", "x+", "r"],
    ["r", "r+", "x"],
  ])("adds biases to the products that have them, of two by the same weights: %s %s %s %s", (...nodes) => {
    const kernel = [2, -1, 0, 3, 1, -2, 1, 0, 2];
    const biases: Readonly<Record<string, readonly number[]>> = { x: [8, 16, 32], r: [64, 128, 256] };
    for (const operator of ["MatMul", "Gemm"]) {
      const graph = new OnnxGraph("model");
      const x = graph.input("x", "float", 3, "");
      const values: Record<string, string> = { x, r: graph.node("Relu", [x]) };
      const weights = graph.constant(Float32Array.from(kernel), [3, 3]);
      for (const [of, plus] of nodes.map((node) => [...node])) {
        const other = plus ? graph.constant(Float32Array.from(biases[of]), [3]) : weights;
        values[of] = graph.node(plus ? "Add" : operator, [values[of], other]);
      }
      graph.output("y", graph.node("Concat", [values.x, values.r], { axis: 1 }), "float", 6);
      const row = [3, -2, 1];
      const expected = ["x", "r"].flatMap((of) =>
        [0, 1, 2].map((j) => {
          const before = row.map((value) => (of === "r" ? Math.max(0, value) : value));
          const bias = nodes.includes(`${of}+`) ? biases[of][j] : 0;
          return before.reduce((sum, value, i) => sum + value * kernel[3 * i + j], bias);
        }),
      );
      expect(Array.from(imported(graph.bytes("0", {})).predict([row]).data)).toEqual(expected);
    }
  });

  /** Losses and weights of a few steps. */
  async function trained(model: LayersModel, columns: number): Promise<readonly (readonly number[])[]> {
    model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
    const x = random(columns, 8, 4);
    const y = x.map(([first]) => [first, 1, 0].slice(0, Number(model.predict(x).shape[1])));
    const { history } = await model.fit(x, y, { epochs: 3, batchSize: 4, seed: 1 });
    return [history.loss as number[], Array.from(model.predict(x).data)];
  }

  it("trains as the same network made by hand", async () => {
    const model = imported(fileOf("relu"));
    const byHand = networkOf([dense(6, { activation: "relu" }), dense(2)], 4, () => 0);
    byHand.setWeights(model.getWeights());
    const [[loss, , last], predictions] = await trained(model, 4);
    expect(last).toBeLessThan(loss);
    expect(await trained(byHand, 4)).toEqual([[loss, expect.anything(), last], predictions]);
  });

  it("trains a convolutional network as the one made by hand", async () => {
    const model = imported(fileOf("lenet"), { channelsLast: true });
    const layers = [
      reshape([7, 8, 1]),
      conv2d(3, 3, { activation: "relu" }),
      maxPooling2d(2),
      conv2d(4, 3, { padding: "same", activation: "tanh" }),
      averagePooling2d(2),
      flatten(),
      dense(5, { activation: "relu" }),
      dense(3),
    ];
    const byHand = networkOf(layers, 56, () => 0);
    byHand.setWeights(model.getWeights());
    const [losses, predictions] = await trained(model, 56);
    expect(losses[2]).toBeLessThan(losses[0]);
    expect(await trained(byHand, 56)).toEqual([losses, predictions]);
  });
});

/** Networks in the Layers format: TensorFlow.js loads them, and predicts the same. */
import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-backend-cpu";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { contentsOf } from "../../../src/model/contents.js";
import { importTfjs } from "../../../src/model/export/exportModel.js";
import { exportTfjs } from "../../../src/model/export/tfjs.js";
import type { ActivationName } from "../../../src/nn/activations.js";
import { activation, dense, dropout, elu, prelu } from "../../../src/nn/layers/index.js";
import { l1 } from "../../../src/nn/weights/regularizers.js";
import { ready } from "../../../src/numerics/kernels.js";
import type { LayerDescription, ModelContents } from "../../../src/predict/description.js";
import { VERSION } from "../../../src/version.js";
import { cases } from "../../cases.js";
import { refusal } from "../../data/refusal.js";

import {
  architecture,
  expectClose,
  fetched,
  network,
  notShared,
  type Parsed,
  predicted,
  ROWS,
  rows,
  tableOf,
  units,
} from "./tfjsSupport.js";

beforeAll(async () => {
  await ready();
  await tf.setBackend("cpu");
});

describe("exportTfjs", () => {
  it("writes what TensorFlow.js loads, and predicts the same with", async () => {
    await fc.assert(
      fc.asyncProperty(architecture, units, fc.nat(), async (layers, columns, seed) => {
        const model = network(layers, columns, seed);
        const x = rows(columns, seed);
        const loaded = await fetched(exportTfjs(contentsOf(model, false)));
        expectClose(predicted(loaded, x, columns), model.predict({ data: x, shape: [ROWS, columns] }).data);
        loaded.dispose();
      }),
      { numRuns: cases(150) },
    );
  });

  it.each<[ActivationName, string[]]>([
    ["leakyRelu", ["linear"]],
    ["celu", ["elu"]],
    ["logSoftmax", ["log_softmax"]],
    ["silu", ["swish"]],
  ])("writes %s as TensorFlow.js has it", async (name, keras) => {
    const model = network(
      [dense(5, { activation: name }), activation(name), prelu({ sharedAxes: [1] })],
      3,
      4,
    );
    const files = exportTfjs(contentsOf(model, false));
    const { layers } = JSON.parse(files["model.json"]).modelTopology.config;
    const given = layers.flatMap(({ config }: Parsed) => config.activation ?? []);
    expect(given).toEqual([...keras, ...keras]);
    const x = rows(3, 5);
    const loaded = await fetched(files);
    const expected = model.predict({ data: x, shape: [ROWS, 3] }).data;
    expectClose(predicted(loaded, x, 3), expected);
    loaded.dispose();
    const imported = await importTfjs(files["model.json"], files["weights.bin"]);
    expect(imported.model.predict({ data: x, shape: [ROWS, 3] }).data).toEqual(expected);
  });

  // leakyRelu is exported as a layer
  it.each(notShared.filter((name) => name !== "leakyRelu"))(
    "refuses %s by name, which TensorFlow.js does not have",
    (name) => {
      const contents = contentsOf(network([dense(1, { activation: name })], 1, 1), false);
      expect(refusal(() => exportTfjs(contents))).toBe(
        'unsupported: the activation of layer "dense_1" must be one of linear, relu, tanh, sigmoid, softmax, softplus, gelu, elu, ' +
          `celu, hardSigmoid, logSoftmax, mish, relu6, selu, silu, softsign to be exported to TensorFlow.js; received "${name}"`,
      );
    },
  );

  it("refuses an elu layer that TensorFlow.js refuses to load", () => {
    const contents = contentsOf(network([dense(1), elu({ alpha: 0.5 })], 1, 1), false);
    expect(refusal(() => exportTfjs(contents))).toBe(
      'unsupported: layer "elu_1" must be one that TensorFlow.js has, to be exported to it; it has no ELU with an alpha other than 1',
    );
  });

  it("writes a topology of Keras 2, and the weights end to end", () => {
    const model = network(
      [dense(2, { activation: "gelu", kernelRegularizer: "l2", biasRegularizer: l1(0.5) }), dropout(0.25)],
      1,
      1,
    );
    const contents = contentsOf(model, true);
    const { "model.json": json, "weights.bin": bytes } = exportTfjs(contents);
    const common = { trainable: true, dtype: "float32" };
    expect(JSON.parse(json)).toEqual({
      format: "layers-model",
      generatedBy: `Fettle ${VERSION}`,
      convertedBy: null,
      modelTopology: {
        class_name: "Sequential",
        config: {
          name: "sequential",
          layers: [
            {
              class_name: "Dense",
              config: {
                name: "dense_1",
                ...common,
                batch_input_shape: [null, 1],
                units: 2,
                activation: "gelu",
                use_bias: true,
                kernel_regularizer: { class_name: "L1L2", config: { l1: 0, l2: 0.01 } },
                bias_regularizer: { class_name: "L1L2", config: { l1: 0.5, l2: 0 } },
              },
            },
            {
              class_name: "Dropout",
              config: { name: "dropout_1", ...common, rate: 0.25, noise_shape: null },
            },
          ],
        },
        keras_version: "2.15.0",
        backend: "tensor_flow.js",
      },
      weightsManifest: [
        {
          paths: ["weights.bin"],
          weights: [
            { name: "dense_1/kernel", shape: [1, 2], dtype: "float32" },
            { name: "dense_1/bias", shape: [2], dtype: "float32" },
          ],
        },
      ],
    });
    const { "dense_1.kernel": kernel, "dense_1.bias": bias } = contents.tensors;
    expect([...new Float32Array(bytes.buffer)]).toEqual([...kernel.data, ...bias.data]);
  });

  it("writes the table as metadata, which TensorFlow.js keeps", async () => {
    const table = tableOf();
    const columns = table.pipeline.features.length;
    const contents = contentsOf(network([dense(1, { activation: "sigmoid" })], columns, 2), false);
    const loaded = await fetched(exportTfjs({ ...contents, table }));
    expect(loaded.getUserDefinedMetadata()).toEqual({
      fettle: { format: 1, release: VERSION, table: JSON.parse(JSON.stringify(table)) },
    });
    loaded.dispose();
  });

  const small = () => contentsOf(network([dense(3, { activation: "relu" }), dense(1)], 2, 5), false);
  const withFirst = (changed: Partial<LayerDescription>): ModelContents => {
    const { network, tensors } = small();
    const layers = network.layers.map((layer, i) => (i === 0 ? { ...layer, ...changed } : layer));
    return { network: { ...network, layers }, tensors, notes: {} };
  };
  it.each<[string, ModelContents, string]>([
    [
      "a custom layer",
      withFirst({ name: "scale", custom: true }),
      'unsupported: layer "dense_1" must be built-in to be exported, or loaded by loadPredictor; received {"custom":"scale"}',
    ],
    [
      "a custom layer with the name of a built-in one",
      withFirst({ custom: true }),
      'unsupported: layer "dense_1" must be built-in to be exported, or loaded by loadPredictor; received {"custom":"dense"}',
    ],
    [
      "a layer of a newer release",
      withFirst({ name: "toString" }),
      'invalid_checkpoint: this release has no layer "toString", which the model has; update Fettle',
    ],
    [
      "a custom activation",
      withFirst({ options: { units: 3, activation: { function: "leakyRelu" } } }),
      'unsupported: the activation of layer "dense_1" must be built-in to be exported, or loaded by loadPredictor; ' +
        'received {"function":"leakyRelu"}',
    ],
    [
      "a layer that takes another than the one before it",
      withFirst({ inputs: ["dense_2"] }),
      'invalid_checkpoint: layer "dense_1" must be "dense_1", and take ["input"]; received inputs ["dense_2"]',
    ],
    [
      "a layer without its arrays",
      withFirst({ weights: {} }),
      "invalid_checkpoint: the model file must have an array of shape [2,3] for dense_1.kernel; received undefined",
    ],
    [
      "arrays that do not fit",
      withFirst({ weights: { kernel: "dense_1.bias", bias: "dense_1.kernel" } }),
      "invalid_checkpoint: the model file must have an array of shape [2,3] for dense_1.kernel; received [3]",
    ],
  ])("refuses %s", (_, contents, message) => {
    expect(refusal(() => exportTfjs(contents))).toBe(message);
  });
});

/**
 * Graphs of layers as layers models and from there: masks, shared and frozen layers, models that
 * TensorFlow.js made, and damaged ones.
 */
import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import "@tensorflow/tfjs-backend-cpu";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { FettleError } from "../../../src/errors.js";
import { contentsOf } from "../../../src/model/contents.js";
import { exportModel } from "../../../src/model/export/exportModel.js";
import { importTfjs } from "../../../src/model/export/importTfjs.js";
import { exportTfjs } from "../../../src/model/export/tfjs.js";
import { loadModel } from "../../../src/model/save.js";
import * as layers from "../../../src/nn/layers/index.js";
import { functional, input } from "../../../src/nn/models/functional.js";
import type { LayersModel } from "../../../src/nn/models/layersModel.js";
import { sequential } from "../../../src/nn/models/sequential.js";
import { ready } from "../../../src/numerics/kernels.js";
import { type ModelContents, readContents, writeContents } from "../../../src/predict/description.js";
import { VERSION } from "../../../src/version.js";
import { cases } from "../../cases.js";
import { damaged } from "../../damage.js";
import { refusal } from "../../data/refusal.js";
import { trained } from "../../predict/networks.js";
import { modest, sizeOf } from "./anyStack.js";
import { agrees, predictedBeside } from "./tfjsAgrees.js";
import { expectClose, saved, setRandomWeights } from "./tfjsSupport.js";

beforeAll(async () => {
  await ready();
  await tf.setBackend("cpu");
});

const isMasked = (normal: number): number => Math.min(normal, 0);
/** Layers one after the other, over sequences of four steps with two features. */
function stack(...all: readonly layers.Layer[]): LayersModel {
  const x = input([4, 2]);
  const outputs = all.reduce((value, layer) => layer.apply(value), x);
  return trained(functional({ inputs: x, outputs }), 8, 3, modest);
}

describe("masks", () => {
  const all = { returnSequences: true };
  it.each<[string, readonly layers.Layer[]]>([
    ["simpleRNN", [layers.simpleRNN(3, all)]],
    ["lstm", [layers.lstm(3)]],
    ["gru backwards", [layers.gru(3, { resetAfter: false, goBackwards: true })]],
    ["bidirectional", [layers.bidirectional(layers.lstm(2, all))]],
    ["two recurrences", [layers.lstm(3, all), layers.gru(2, { resetAfter: false })]],
    [
      "layers that keep it",
      [layers.dense(3), layers.dropout(0.5), layers.layerNormalization(), layers.lstm(2)],
    ],
    ["layers that read none, where padding is 0", [layers.flatten(), layers.dense(2)]],
    ["windows in the places of steps, where padding is 0", [layers.conv1d(2, 3, { padding: "same" })]],
  ])("go through %s", async (_, after) => {
    await agrees(stack(layers.masking(0), ...after), 8, 6, isMasked);
  });

  it("of ids", async () => {
    const model = sequential([layers.embedding(4, 3, { maskZero: true }), layers.lstm(2)]);
    await agrees(trained(model, 5, 1, modest), 5, 6, (normal) => Math.abs(Math.trunc(2 * normal)) % 4);
  });

  it("that TensorFlow.js ends are refused", () => {
    const after = [layers.conv1d(2, 3, { padding: "same" }), layers.lstm(2)];
    expect(refusal(() => exportTfjs(contentsOf(stack(layers.masking(0), ...after), false)))).toBe(
      'unsupported: layer "lstm_1" must take a sequence that is masked by TensorFlow.js as by Fettle; received one whose mask went ' +
        "through layers that change it there",
    );
  });

  it.each([
    [[layers.flatten(), layers.repeatVector(3), layers.lstm(2)], "lstm_1"],
    [[layers.reshape([2, 2, 2]), layers.timeDistributed(layers.lstm(2))], "timeDistributed_1"],
  ])("that TensorFlow.js hands on to others are refused", (after, name) => {
    expect(refusal(() => exportTfjs(contentsOf(stack(layers.masking(0), ...after), false)))).toBe(
      `unsupported: layer "${name}" must take a masked sequence to be exported to TensorFlow.js, which would give it the mask of ` +
        "another layer; received one without a mask",
    );
  });

  it("go into a sum with steps that all count, and are refused after it", () => {
    const x = input([4, 2]);
    const sum = layers.merge("add").apply(layers.masking(0).apply(x), x);
    const model = trained(functional({ inputs: x, outputs: layers.lstm(2).apply(sum) }), 8, 1, modest);
    expect(refusal(() => exportTfjs(contentsOf(model, false)))).toContain(
      'layer "lstm_1" must take a sequence that is masked by TensorFlow.js as by Fettle',
    );
  });

  it("that merge are refused", () => {
    const x = input([4, 2]);
    const sum = layers.merge("add").apply(layers.masking(0).apply(x), layers.masking(1).apply(x));
    const model = trained(functional({ inputs: x, outputs: layers.lstm(2).apply(sum) }), 8, 1, modest);
    expect(refusal(() => exportTfjs(contentsOf(model, false)))).toContain(
      'layer "add_1" must take sequences without a mask',
    );
  });

  it.each<[string, layers.Layer, readonly layers.Layer[]]>([
    ["globalAveragePooling1d_1", layers.masking(0), [layers.globalAveragePooling1d()]],
    ["globalMaxPooling1d_1", layers.masking(0), [layers.globalMaxPooling1d()]],
    ["maxPooling1d_1", layers.masking(0), [layers.maxPooling1d(1)]],
    ["conv1d_1", layers.masking(0), [layers.conv1d(2, 2)]],
    ["flatten_1", layers.masking(0), [layers.dense(2), layers.flatten()]],
  ])("before layers that see padding are refused: %s", (name, first, after) => {
    const message =
      `unsupported: layer "${name}" must take sequences without a mask to be exported to TensorFlow.js, where it sees padding; ` +
      "received one of masking or maskZero";
    expect(refusal(() => exportTfjs(contentsOf(stack(first, ...after, layers.dense(1)), false)))).toBe(
      message,
    );
  });

  it("of ids before flatten are refused, in both directions", async () => {
    const model = sequential([layers.embedding(4, 3, { maskZero: true }), layers.flatten(), layers.dense(1)]);
    const message = 'unsupported: layer "flatten_1" must take sequences without a mask';
    expect(
      refusal(() =>
        exportTfjs(
          contentsOf(
            trained(model, 5, 1, () => 1),
            false,
          ),
        ),
      ),
    ).toContain(message);
    const ids = tfl.input({ shape: [5] });
    const vectors = tfl.layers.embedding({ inputDim: 4, outputDim: 3, maskZero: true }).apply(ids);
    const flat = tfl.layers.flatten({ name: "flatten_1" }).apply(vectors) as tfl.SymbolicTensor;
    const { json, weights } = await saved(tfl.model({ inputs: ids, outputs: flat }));
    expect(refusal(() => importTfjs(json, weights))).toContain(message);
  });
});

describe("graphs", () => {
  /** Two inputs, a shared layer, a residual and two outputs. */
  function graph(): LayersModel {
    const [image, word] = [input([4, 4, 2]), input(3)];
    const shared = layers.conv2d(2, 3, { padding: "same", activation: "relu" });
    const once = shared.apply(image);
    const sum = layers.merge("add").apply(shared.apply(once), layers.batchNormalization().apply(once));
    const pooled = layers.globalAveragePooling2d().apply(layers.spatialDropout2d(0.2).apply(sum));
    const both = layers.merge("concatenate").apply(pooled, layers.dense(2).apply(word));
    const outputs = { answer: layers.dense(2).apply(both), image: once };
    return trained(functional({ inputs: { image, word }, outputs }), 35, 1, modest);
  }

  it("with shared layers, residuals, several inputs and outputs", async () => {
    await agrees(graph(), 35, 4);
  });

  it("say which layers are left out", () => {
    expect(exportModel(graph(), "tfjs").notes).toEqual([
      "without spatialDropout2d_1: TensorFlow.js has no such layers; they have no effect in prediction",
    ]);
  });

  it("keep what is frozen, and what they begin with", async () => {
    const model = sequential([
      layers.reshape([4, 2]),
      layers.freeze(layers.conv1d(3, 2)),
      layers.timeDistributed(layers.batchNormalization()),
      layers.timeDistributed(layers.dense(2, { activation: "softmax" })),
      layers.flatten(),
      layers.flatten(),
      layers.dense(1),
    ]);
    await agrees(trained(model, 8, 2, modest), 8, 3);
    const { "model.json": json, "weights.bin": weights } = exportTfjs(contentsOf(model, false));
    const { network } = importTfjs(json, weights);
    expect(network.layers.map(({ id, trainable }) => [id, trainable])).toEqual([
      ["reshape_1", undefined],
      ["conv1d_1", false],
      ["timeDistributed_1", undefined],
      ["timeDistributed_2", undefined],
      ["flatten_1", undefined],
      ["dense_1", undefined],
    ]);
    expect(network.inputs).toBeUndefined();
  });

  it("that TensorFlow.js made and saved", async () => {
    const image = tfl.input({ shape: [6, 5, 2] });
    const conv = tfl.layers.conv2d({ filters: 3, kernelSize: [2, 3], strides: [2, 1], padding: "same" });
    const first = conv.apply(image) as tfl.SymbolicTensor;
    const parts = [
      tfl.layers.maxPooling2d({ poolSize: 2 }),
      tfl.layers.depthwiseConv2d({ kernelSize: 3, padding: "same", depthMultiplier: 2, activation: "relu" }),
      tfl.layers.batchNormalization(),
      tfl.layers.separableConv2d({ filters: 3, kernelSize: 3, padding: "same" }),
      tfl.layers.upSampling2d({ size: [2, 2] }),
    ];
    const last = parts.reduce((x, layer) => layer.apply(x) as tfl.SymbolicTensor, first);
    const steps = tfl.layers.reshape({ targetShape: [4, 6] }).apply(last) as tfl.SymbolicTensor;
    const rnn = tfl.layers.bidirectional({
      layer: tfl.layers.lstm({
        units: 2,
        recurrentActivation: "sigmoid",
        recurrentInitializer: "zeros",
      }) as tfl.RNN,
      mergeMode: "sum",
    });
    const model = tfl.model({ inputs: image, outputs: [rnn.apply(steps) as tfl.SymbolicTensor, last] });
    setRandomWeights(model, 3);
    // variances are not negative
    tf.tidy(() => model.setWeights(model.getWeights().map((weight) => tf.abs(weight))));
    const { json, weights } = await saved(model);
    const { model: imported } = await loadModel(writeContents(importTfjs(json, weights), VERSION));
    const x = Float32Array.from({ length: 3 * 60 }, (_, i) => ((i * 37) % 23) / 11 - 1);
    expectClose(imported.predict({ data: x, shape: [3, 60] }).data, predictedBeside(model, x, 3));
  });
});

describe("a damaged model of all kinds of layers", () => {
  const files = () => {
    const x = input([6, 4]);
    const last = [
      layers.masking(0),
      layers.bidirectional(layers.lstm(2, { returnSequences: true })),
      layers.timeDistributed(layers.dense(3)),
      layers.gru(3, { resetAfter: false }),
      layers.repeatVector(6),
      layers.conv1d(3, 2, { padding: "same" }),
      layers.batchNormalization(),
      layers.reshape([3, 2, 3]),
      layers.conv2d(2, 2, { padding: "same", strides: 2 }),
      layers.upSampling2d([2, 1]),
      layers.zeroPadding2d(1),
      layers.averagePooling2d([2, 1], { padding: "same" }),
      layers.flatten(),
      layers.repeatVector(2),
      layers.dense(2),
    ].reduce((value, layer) => layer.apply(value), x);
    return exportTfjs(contentsOf(trained(functional({ inputs: x, outputs: last }), 24, 1, modest), false));
  };
  const odd = fc.constantFrom<unknown>(
    ...[2 ** 20, 2 ** 31, 2 ** 53, 1e308, -1, 0, 0.5, "channels_first", "same", "causal", "__proto__"],
    ...[[2, 2], [1e308, 1e308], [[1, 2]], { name: "dense", options: {} }, { function: "x" }, null, true],
    ...["Dense", "LSTM", "Bidirectional", "TimeDistributed", "Flatten", "RepeatVector", "UpSampling2D"],
  );
  const outcomes = { read: 0, refused: 0 };

  it("is read or refused, and predicts if it is read", async () => {
    const { "model.json": text, "weights.bin": weights } = files();
    await fc.assert(
      fc.asyncProperty(damaged(JSON.parse(text).modelTopology, odd), async (modelTopology) => {
        const json = { ...JSON.parse(text), modelTopology };
        let contents: ModelContents;
        try {
          contents = importTfjs(json, weights);
        } catch (error) {
          if (!(error instanceof FettleError)) throw error;
          expect(["unsupported", "invalid_checkpoint"]).toContain(error.code);
          outcomes.refused++;
          return;
        }
        outcomes.read++;
        expect(readContents(writeContents(contents, VERSION))).toEqual(contents);
        const { model } = await loadModel(writeContents(contents, VERSION));
        const { columns } = contents.network;
        if (model.network(columns).layers.some(({ shape }) => sizeOf(shape) > 1e5)) return;
        const x = { data: new Float32Array(2 * columns).fill(0.5), shape: [2, columns] };
        expect(model.predict(x).shape[0]).toBe(2);
      }),
      { numRuns: cases(750) },
    );
    expect(Math.min(outcomes.read, outcomes.refused)).toBeGreaterThan(20);
  });

  it.each<[string, (layer: Record<string, unknown>) => void, string]>([
    [
      "blocks that no memory holds",
      (config) => {
        config.size = [2 ** 20, 2 ** 20];
      },
      'invalid_checkpoint: a row of the result of layer "upSampling2d_1" must have at most 8 axes and 536870912 numbers; ' +
        "received shape [2097152,1048576,2]",
    ],
    [
      "sizes that are no numbers",
      (config) => {
        config.size = ["2", 1];
      },
      'invalid_checkpoint: size of layer "upSampling2d_1" must be a positive integer, or two of them; received ["2",1]',
    ],
    [
      "another order of axes",
      (config) => {
        config.data_format = "channels_first";
      },
      'unsupported: data_format of layer "upSampling2d_1" must be "channels_last"; received "channels_first"',
    ],
    [
      "other ways between pixels",
      (config) => {
        config.interpolation = "bilinear";
      },
      'unsupported: interpolation of layer "upSampling2d_1" must be "nearest"; received "bilinear"',
    ],
  ])("is refused by name: %s", (_, change, message) => {
    const { "model.json": text, "weights.bin": weights } = files();
    const json = JSON.parse(text);
    const { config } = json.modelTopology.config.layers.find(
      ({ class_name }: { class_name: string }) => class_name === "UpSampling2D",
    );
    change(config);
    expect(refusal(() => importTfjs(json, weights))).toBe(message);
  });
});

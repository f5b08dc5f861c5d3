/**
 * `model.json` as Keras 3 spells it: configurations as `keras.saving.serialize_keras_object` writes them
 * (keras.io/api/models/model_saving_apis/serialization_utils), and weights under their paths. No Keras runs
 * here, so files of TensorFlow.js are spelled again by hand, and must be read as before.
 */
import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import "@tensorflow/tfjs-backend-cpu";
import "@tensorflow/tfjs-core/dist/public/chained_ops/register_all_chained_ops.js"; // for orthogonal
import { beforeAll, describe, expect, it } from "vitest";
import { importTfjs } from "../../../src/model/export/importTfjs.js";
import { ready } from "../../../src/numerics/kernels.js";
import { refusal } from "../../data/refusal.js";
import { type Parsed, type Saved, saved, setRandomWeights } from "./tfjsSupport.js";

beforeAll(async () => {
  await ready();
  await tf.setBackend("cpu");
});

const { layers } = tfl;
const object = (module: string, class_name: string, config: unknown) => ({
  module,
  class_name,
  config,
  registered_name: null,
});
const POLICY = object("keras", "DTypePolicy", { name: "float32" });

const tensor = ([name, call, result]: Parsed) => ({
  class_name: "__keras_tensor__",
  config: { shape: [null, 4], dtype: "float32", keras_history: [name, call, result] },
});

/** Layers with a layer within them, and the names of their weights' cells or layers. */
const CELLS: Readonly<Record<string, string>> = {
  LSTM: "lstm_cell",
  GRU: "gru_cell",
  SimpleRNN: "simple_rnn_cell",
};

function layerInKeras3({ class_name, config, inbound_nodes }: Parsed): Parsed {
  const { batch_input_shape, alpha, layer, ...others } = config;
  const own =
    class_name === "InputLayer"
      ? { batch_shape: batch_input_shape, sparse: false, ragged: false, name: config.name, dtype: "float32" }
      : { ...others, dtype: POLICY, ...(alpha !== undefined && { negative_slope: alpha }) };
  const within = layer && layerInKeras3(layer);
  if (class_name === "Bidirectional") within.config.name = `forward_${layer.config.name}`;
  return {
    ...object("keras.layers", class_name, { ...own, ...(within && { layer: within }) }),
    name: config.name,
    build_config: { input_shape: [null, 4] },
    ...(inbound_nodes && {
      inbound_nodes: inbound_nodes.map((links: Parsed) => ({
        args: links.length === 1 ? [tensor(links[0])] : [links.map(tensor)],
        kwargs: class_name === "LSTM" ? { training: null, mask: null } : {},
      })),
    }),
  };
}

/** The path of a weight. */
function pathOf(name: string, all: readonly Parsed[]): string {
  const [layer, ...parts] = name.split("/");
  const { class_name, config } = all.find((each) => each.config.name === layer);
  const inner =
    CELLS[class_name] ?? (config.layer && (CELLS[config.layer.class_name] ?? config.layer.config.name));
  const last = parts.pop() as string;
  const own = class_name === "DepthwiseConv2D" ? last.replace("depthwise_", "") : last;
  return ["functional", layer, ...parts, ...(inner ? [inner] : []), own].join("/");
}

function inKeras3({ json, weights }: Saved): { readonly json: Parsed; readonly weights: Uint8Array } {
  const { class_name, config } = json.modelTopology as Parsed;
  const [[input], [output]] = [config.input_layers, config.output_layers];
  const again = {
    ...config,
    trainable: true,
    layers: config.layers.map(layerInKeras3),
    // of one input or output, its link alone
    input_layers: config.input_layers.length > 1 ? config.input_layers : input,
    output_layers: output,
  };
  const modelTopology = {
    ...object("keras", class_name.replace("Model", "Functional"), again),
    keras_version: "3.9.2",
  };
  const weightsManifest = json.weightsManifest.map(({ paths, weights: all }) => ({
    paths,
    weights: all.map((each: Parsed) => ({ ...each, name: pathOf(each.name, config.layers) })),
  }));
  return { json: { ...json, modelTopology, weightsManifest }, weights };
}

/** A model of the layers, and a dense one. */
function modelOf(row: number[], ...all: readonly tfl.layers.Layer[]): tfl.LayersModel {
  const inputs = tfl.input({ shape: row });
  const last = all.reduce((x, layer) => layer.apply(x) as tfl.SymbolicTensor, inputs);
  const line = last.shape.length > 2 ? (layers.flatten().apply(last) as tfl.SymbolicTensor) : last;
  const model = tfl.model({ inputs, outputs: layers.dense({ units: 2 }).apply(line) as tfl.SymbolicTensor });
  setRandomWeights(model, 4);
  return model;
}

const sigmoid = { recurrentActivation: "sigmoid" } as const;
const MODELS: Readonly<Record<string, () => tfl.LayersModel>> = {
  dense: () =>
    modelOf(
      [4, 2],
      layers.dense({ units: 3, kernelRegularizer: tfl.regularizers.l2({ l2: 0.5 }) }),
      layers.leakyReLU(),
    ),
  normalizations: () => modelOf([4, 3], layers.batchNormalization(), layers.layerNormalization()),
  convolutions: () =>
    modelOf(
      [6, 6, 2],
      layers.depthwiseConv2d({ kernelSize: 2 }),
      layers.separableConv2d({ filters: 2, kernelSize: 2 }),
      layers.conv2d({ filters: 2, kernelSize: 2 }),
    ),
  recurrent: () =>
    modelOf(
      [5, 2],
      layers.lstm({ units: 2, returnSequences: true, ...sigmoid }),
      layers.gru({ units: 2, returnSequences: true, ...sigmoid }),
      layers.simpleRNN({ units: 2 }),
    ),
  "layers within layers": () =>
    modelOf(
      [5, 2],
      layers.bidirectional({ layer: layers.lstm({ units: 2, returnSequences: true, ...sigmoid }) } as never),
      layers.timeDistributed({ layer: layers.dense({ units: 2 }) }),
    ),
  "several inputs": () => {
    const inputs = [tfl.input({ shape: [3] }), tfl.input({ shape: [3] })];
    const both = layers.add().apply(inputs) as tfl.SymbolicTensor;
    const model = tfl.model({
      inputs,
      outputs: layers.dense({ units: 2 }).apply(both) as tfl.SymbolicTensor,
    });
    setRandomWeights(model, 4);
    return model;
  },
};

describe("importTfjs reads what Keras 3 writes", () => {
  it.each(Object.entries(MODELS))("%s", async (_, make) => {
    const files = await saved(make());
    const { json, weights } = inKeras3(files);
    expect(importTfjs(json, weights)).toEqual(importTfjs(files.json, files.weights));
  });

  it("a stack, whose input is a layer", async () => {
    const model = tfl.sequential({ layers: [layers.dense({ units: 2, inputShape: [3] })] });
    setRandomWeights(model, 1);
    const { json, weights } = await saved(model);
    const expected = importTfjs(json, weights);
    const { modelTopology } = json as Parsed;
    const [{ config }] = modelTopology.config.layers;
    const { batch_input_shape, ...own } = config;
    const input = { class_name: "InputLayer", config: { name: "input", batch_input_shape } };
    modelTopology.config.layers = [input, { class_name: "Dense", config: own }].map(layerInKeras3);
    expect(importTfjs(json, weights)).toEqual(expected);
  });

  it("hard_sigmoid, which is Fettle's there: with the weights as they are", async () => {
    const files = await saved(
      modelOf(
        [5, 2],
        layers.lstm({ units: 2 }),
        layers.dense({ units: 2, activation: "hardSigmoid" }),
        layers.activation({ activation: "hardSigmoid" }),
      ),
    );
    const { json, weights } = inKeras3(files);
    const { network, tensors } = importTfjs(json, weights);
    expect(
      network.layers.slice(0, 3).map(({ options }) => options.recurrentActivation ?? options.activation),
    ).toEqual(Array(3).fill("hardSigmoid"));
    const found = Object.values(tensors).flatMap(({ data }) => [...data]);
    expect(found).toEqual([...new Float32Array(weights.slice().buffer)]);
  });
});

describe("importTfjs refuses of Keras 3", () => {
  const changed = async (change: (json: Parsed) => void): Promise<string> => {
    const { json, weights } = inKeras3(await saved(MODELS.recurrent()));
    change(json);
    return refusal(() => importTfjs(json, weights));
  };
  const first = (json: Parsed): Parsed => json.modelTopology.config.layers[1];

  it("other dtypes", async () => {
    expect(
      await changed((json) => {
        first(json).config.dtype = object("keras", "DTypePolicy", { name: "mixed_float16" });
      }),
    ).toMatch(/^unsupported: dtype of layer "\w+" must be "float32"; received "mixed_float16"$/);
  });

  it("a mask that no layer has made", async () => {
    expect(
      await changed((json) => {
        first(json).inbound_nodes[0].kwargs.mask = tensor(["x", 0, 0]);
      }),
    ).toMatch(
      /^unsupported: the mask of layer "\w+" must be that of Masking or of mask_zero before it; received another$/,
    );
  });

  it("calls with arguments", async () => {
    expect(
      await changed((json) => {
        first(json).inbound_nodes[0].kwargs.training = true;
      }),
    ).toMatch(
      /^unsupported: the inputs of layer "\w+" must be results of layers, and its call without arguments; received \[/,
    );
  });

  it("calls that are damaged", async () => {
    expect(
      await changed((json) => {
        first(json).inbound_nodes[0].args = [{ class_name: "__keras_tensor__" }];
      }),
    ).toMatch(/^unsupported: the inputs of layer "\w+" must be results of layers/);
  });

  it("weights of two layers under one name", async () => {
    expect(
      await changed((json) => {
        const [{ weights }] = json.weightsManifest;
        const parts = weights[0].name.split("/");
        weights[1].name = ["other", ...parts.slice(1)].join("/");
      }),
    ).toMatch(
      /^unsupported: the layers of the model must have different names; received \["functional\/.*","other\/.*"\] as weights of one$/,
    );
  });
});

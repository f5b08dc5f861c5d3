/**
 * Every layer of `tf.layers` with default arguments: TensorFlow.js and its import predict the same, and so
 * does its export, or it is refused in words.
 */
import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import "@tensorflow/tfjs-backend-cpu";
import "@tensorflow/tfjs-core/dist/public/chained_ops/register_all_chained_ops.js"; // for orthogonal
import { beforeAll, describe, expect, it } from "vitest";
import { importTfjs } from "../../../src/model/export/importTfjs.js";
import { ready } from "../../../src/numerics/kernels.js";
import { refusal } from "../../data/refusal.js";
import { importAgrees } from "./tfjsAgrees.js";
import { saved, setRandomWeights } from "./tfjsSupport.js";

beforeAll(async () => {
  await ready();
  await tf.setBackend("cpu");
});

const { layers } = tfl;
/** Rows of a few shapes. */
const [LINE, STEPS, IMAGE, VOLUME] = [[4], [6, 3], [6, 5, 2], [4, 4, 4, 2]];
type Shapes = readonly (readonly number[])[];
type Made = readonly [layer: () => tfl.layers.Layer, ...shapes: Shapes];

/** By their names in `tf.layers`, with the arguments that TensorFlow.js requires. */
const TAKEN: Readonly<Record<string, readonly Made[]>> = {
  activation: [[() => layers.activation({ activation: "relu" }), LINE]],
  add: [[() => layers.add(), STEPS, STEPS]],
  alphaDropout: [[() => layers.alphaDropout({ rate: 0.2 }), LINE]],
  average: [[() => layers.average(), STEPS, STEPS]],
  averagePooling1d: [[() => layers.averagePooling1d({}), STEPS]],
  averagePooling2d: [[() => layers.averagePooling2d({}), IMAGE]],
  batchNormalization: [LINE, STEPS, IMAGE].map((row): Made => [() => layers.batchNormalization(), row]),
  bidirectional: [
    [() => layers.bidirectional({ layer: layers.lstm({ units: 2 }) } as never), STEPS],
    [() => layers.bidirectional({ layer: layers.gru({ units: 2 }) } as never), STEPS],
  ],
  concatenate: [
    [() => layers.concatenate(), LINE, [2]],
    [() => layers.concatenate(), STEPS, [6, 1]],
    [() => layers.concatenate({ axis: 1 }), STEPS, [2, 3]],
    [() => layers.concatenate({ axis: 2 }), IMAGE, [6, 2, 2]],
    [() => layers.concatenate({ axis: 3 }), IMAGE, [6, 5, 1]],
  ],
  conv1d: [[() => layers.conv1d({ filters: 2, kernelSize: 2 }), STEPS]],
  conv2d: [[() => layers.conv2d({ filters: 2, kernelSize: 2 }), IMAGE]],
  conv3d: [[() => layers.conv3d({ filters: 2, kernelSize: 2 }), VOLUME]],
  conv2dTranspose: [[() => layers.conv2dTranspose({ filters: 2, kernelSize: 2 }), IMAGE]],
  convLstm2d: [[() => layers.convLstm2d({ filters: 2, kernelSize: 2 }) as tfl.layers.Layer, VOLUME]],
  cropping2D: [[() => layers.cropping2D({ cropping: 1 } as never), IMAGE]],
  dense: [LINE, STEPS].map((row): Made => [() => layers.dense({ units: 3 }), row]),
  depthwiseConv2d: [[() => layers.depthwiseConv2d({ kernelSize: 2 }), IMAGE]],
  dot: [[() => layers.dot({ axes: 1 }), LINE, LINE]],
  dropout: [[() => layers.dropout({ rate: 0.2 }), LINE]],
  elu: [[() => layers.elu(), LINE]],
  embedding: [[() => layers.embedding({ inputDim: 4, outputDim: 3 }), LINE]],
  flatten: [[() => layers.flatten(), IMAGE]],
  gaussianDropout: [[() => layers.gaussianDropout({ rate: 0.2 }), LINE]],
  gaussianNoise: [[() => layers.gaussianNoise({ stddev: 0.2 }), LINE]],
  globalAveragePooling1d: [[() => layers.globalAveragePooling1d({}), STEPS]],
  globalAveragePooling2d: [[() => layers.globalAveragePooling2d({}), IMAGE]],
  globalMaxPooling1d: [[() => layers.globalMaxPooling1d({}), STEPS]],
  globalMaxPooling2d: [[() => layers.globalMaxPooling2d({}), IMAGE]],
  gru: [[() => layers.gru({ units: 3 }), STEPS]],
  layerNormalization: [LINE, STEPS].map((row): Made => [() => layers.layerNormalization(), row]),
  leakyReLU: [[() => layers.leakyReLU(), LINE]],
  lstm: [[() => layers.lstm({ units: 3 }), STEPS]],
  masking: [[() => layers.masking(), STEPS]],
  maxPooling1d: [[() => layers.maxPooling1d({}), STEPS]],
  maxPooling2d: [[() => layers.maxPooling2d({}), IMAGE]],
  averagePooling3d: [[() => layers.averagePooling3d({} as never), VOLUME]],
  maxPooling3d: [[() => layers.maxPooling3d({} as never), VOLUME]],
  maximum: [[() => layers.maximum(), STEPS, STEPS]],
  minimum: [[() => layers.minimum(), STEPS, STEPS]],
  multiply: [[() => layers.multiply(), STEPS, STEPS]],
  permute: [[() => layers.permute({ dims: [2, 1] }), STEPS]],
  prelu: [LINE, STEPS].map((row): Made => [() => layers.prelu(), row]),
  reLU: [[() => layers.reLU(), LINE]],
  repeatVector: [[() => layers.repeatVector({ n: 3 }), LINE]],
  rescaling: [[() => layers.rescaling({ scale: 0.5 }), LINE]],
  reshape: [[() => layers.reshape({ targetShape: [2, 2] }), LINE]],
  rnn: [
    [() => layers.rnn({ cell: layers.simpleRNNCell({ units: 3 }) }) as tfl.layers.Layer, STEPS],
    [() => layers.rnn({ cell: layers.gruCell({ units: 3 }) }) as tfl.layers.Layer, STEPS],
    [() => layers.rnn({ cell: layers.lstmCell({ units: 3 }) }) as tfl.layers.Layer, STEPS],
  ],
  separableConv2d: [[() => layers.separableConv2d({ filters: 3, kernelSize: 2 }), IMAGE]],
  simpleRNN: [[() => layers.simpleRNN({ units: 3 }), STEPS]],
  softmax: [[() => layers.softmax(), LINE]],
  spatialDropout1d: [[() => layers.spatialDropout1d({ rate: 0.2 }), STEPS]],
  timeDistributed: [[() => layers.timeDistributed({ layer: layers.dense({ units: 3 }) }), STEPS]],
  upSampling2d: [[() => layers.upSampling2d({}), IMAGE]],
  zeroPadding2d: [[() => layers.zeroPadding2d(), IMAGE]],
};

/** Each layer that is refused, by its class, and by its arguments if others are taken. */
const REFUSED: Readonly<Record<string, readonly [why: string, ...made: Made][]>> = {
  activation: [
    [
      "hard_sigmoid has another slope in Keras 2, and no weights of Activation make up for it",
      () => layers.activation({ activation: "hardSigmoid" }),
      LINE,
    ],
  ],
  categoryEncoding: [
    ["CategoryEncoding", () => layers.categoryEncoding({ numTokens: 4, outputMode: "multiHot" }), LINE],
  ],
  centerCrop: [["CenterCrop", () => layers.centerCrop({ height: 2, width: 2 }), IMAGE]],
  conv3dTranspose: [["Conv3DTranspose", () => layers.conv3dTranspose({ filters: 2, kernelSize: 2 }), VOLUME]],
  lstm: [
    [
      "hard_sigmoid has another slope in Keras 2, and no weights of LSTM make up for it",
      () => layers.lstm({ units: 2, activation: "hardSigmoid" }),
      STEPS,
    ],
  ],
  randomWidth: [["RandomWidth", () => layers.randomWidth({ factor: [0, 0] } as never), IMAGE]],
  resizing: [
    ["TensorFlow.js aligns the corners of images", () => layers.resizing({ height: 3, width: 3 }), IMAGE],
  ],
  rnn: [
    [
      "RNN",
      () =>
        layers.rnn({
          cell: [layers.lstmCell({ units: 3 }), layers.gruCell({ units: 2 })],
        }) as tfl.layers.Layer,
      STEPS,
    ],
  ],
  softmax: [["2 or -1; received 1", () => layers.softmax(), STEPS]],
  thresholdedReLU: [["ThresholdedReLU", () => layers.thresholdedReLU(), LINE]],
};

/** Other names of layers in the two tables, and what is not a layer of a model. */
const ALIASES = [
  ...["1d", "2d", "3d"].flatMap((rank) => [`avgPool${rank}`, `avgPooling${rank}`]),
  ...["maxPool1d", "maxPool2d", "globalMaxPool1d", "globalMaxPool2d"],
];
const NO_LAYERS = ["Layer", "RNN", "RNNCell", "input", "inputLayer"];
const CELLS = ["simpleRNNCell", "gruCell", "lstmCell", "stackedRNNCells", "convLstm2dCell"];

it("the tables have every layer of tf.layers", () => {
  const known = [...Object.keys(TAKEN), ...Object.keys(REFUSED), ...ALIASES, ...NO_LAYERS, ...CELLS];
  expect([...new Set(known)].sort()).toEqual(Object.keys(layers).sort());
});

/** A model of the layer, and a dense one, since a network must have weights. */
function modelOf([make, ...shapes]: Made): tfl.LayersModel {
  const inputs = shapes.map((shape) => tfl.input({ shape: [...shape] }));
  const first = make().apply(inputs.length === 1 ? inputs[0] : inputs) as tfl.SymbolicTensor;
  // the width of RandomWidth is unknown, -1
  const isKnown = first.shape.slice(1).every((length) => Number(length) > 0);
  const line =
    isKnown && first.shape.length > 2 ? (layers.flatten().apply(first) as tfl.SymbolicTensor) : first;
  const model = tfl.model({
    inputs,
    outputs: [first, layers.dense({ units: 2 }).apply(line) as tfl.SymbolicTensor],
  });
  setRandomWeights(model, 5);
  return model;
}

const ids = (normal: number): number => Math.abs(Math.trunc(normal)) % 4;

describe("importTfjs takes with default arguments", () => {
  const all = Object.entries(TAKEN).flatMap(([name, made]) =>
    made.map((each, i) => [`${name} (${i + 1})`, each, name === "embedding" ? ids : undefined] as const),
  );
  it.each(all)("%s", async (_, made, number) => {
    const model = modelOf(made);
    for (const rows of [1, 5]) await importAgrees(model, rows, number);
    model.dispose();
  });
});

describe("importTfjs refuses in words", () => {
  const all = Object.entries(REFUSED).flatMap(([name, refused]) =>
    refused.map(([why, ...made]) => [name, why, made] as const),
  );
  it.each(all)("%s: %s", async (_, why, made) => {
    const model = modelOf(made);
    const { json, weights } = await saved(model);
    const received = `; received "${why}"`;
    const found = refusal(() => importTfjs(json, weights));
    expect(found).toMatch(/^unsupported: (axis of )?layer "\w+" must be /);
    expect(found.endsWith(/^[A-Z]\w+$/.test(why) ? received : why)).toBe(true);
    model.dispose();
  });
});

describe("importTfjs takes hard_sigmoid of weights", () => {
  const activation = "hardSigmoid";
  const all: Readonly<Record<string, Made>> = {
    conv1d: [() => layers.conv1d({ filters: 2, kernelSize: 2, activation }), STEPS],
    conv2d: [() => layers.conv2d({ filters: 2, kernelSize: 2, activation }), IMAGE],
    conv2dTranspose: [() => layers.conv2dTranspose({ filters: 2, kernelSize: 2, activation }), IMAGE],
    dense: [() => layers.dense({ units: 3, activation }), LINE],
    "dense without a bias": [() => layers.dense({ units: 3, activation, useBias: false }), LINE],
    depthwiseConv2d: [() => layers.depthwiseConv2d({ kernelSize: 2, depthMultiplier: 2, activation }), IMAGE],
    gru: [() => layers.gru({ units: 3, activation }), STEPS],
    "gru with other gates": [
      () => layers.gru({ units: 3, activation, recurrentActivation: "sigmoid" }),
      STEPS,
    ],
    separableConv2d: [() => layers.separableConv2d({ filters: 3, kernelSize: 2, activation }), IMAGE],
    simpleRNN: [() => layers.simpleRNN({ units: 3, activation }), STEPS],
    timeDistributed: [() => layers.timeDistributed({ layer: layers.dense({ units: 3, activation }) }), STEPS],
  };
  it.each(Object.entries(all))("%s", async (_, made) => {
    const model = modelOf(made);
    await importAgrees(model, 5);
    model.dispose();
  });
});

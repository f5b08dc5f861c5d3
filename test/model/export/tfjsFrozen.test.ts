/** Layers whose cell, or the layer within them, is frozen: TensorFlow.js and their import train the same. */
import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import "@tensorflow/tfjs-backend-cpu";
import { beforeAll, describe, expect, it } from "vitest";
import { contentsOf } from "../../../src/model/contents.js";
import { importTfjs } from "../../../src/model/export/importTfjs.js";
import { exportTfjs } from "../../../src/model/export/tfjs.js";
import {
  bidirectional,
  dense,
  flatten,
  freeze,
  lstm,
  reshape,
  timeDistributed,
} from "../../../src/nn/layers/index.js";
import { ready } from "../../../src/numerics/kernels.js";
import { refusal } from "../../data/refusal.js";
import { fetched, loaded, network, type Parsed, saved, setRandomWeights } from "./tfjsSupport.js";

beforeAll(async () => {
  await ready();
  await tf.setBackend("cpu");
});

const { layers: L } = tfl;
const STEPS = [3, 2];
const IMAGES = [3, 2, 2, 1];
const SEQUENCES = [2, 3, 2];
const own = { units: 2, recurrentInitializer: "zeros" as const };
const frozen = { ...own, trainable: false };
const frozenDense = () => L.dense({ units: 2, trainable: false });

/** A layer, and the shape of its rows. */
const LAYERS: Readonly<Record<string, [() => unknown, number[]]>> = {
  "no part": [() => L.lstm(own), STEPS],
  "a layer": [() => L.lstm(frozen), STEPS],
  "the cell of simpleRNN": [() => L.rnn({ cell: L.simpleRNNCell(frozen) }), STEPS],
  "the cell of gru": [() => L.rnn({ cell: L.gruCell(frozen) }), STEPS],
  "the cell of lstm": [() => L.rnn({ cell: L.lstmCell(frozen) }), STEPS],
  "a layer of images": [
    () => L.convLstm2d({ filters: 2, kernelSize: 1, recurrentInitializer: "zeros", trainable: false }),
    IMAGES,
  ],
  "the layer in both directions": [() => L.bidirectional({ layer: L.lstm(frozen) as tfl.RNN }), STEPS],
  "the layer of every step": [() => L.timeDistributed({ layer: frozenDense() }), STEPS],
  "the layer of every step of every step": [
    () => L.timeDistributed({ layer: L.timeDistributed({ layer: frozenDense() }) }),
    SEQUENCES,
  ],
  "the cell of every step": [
    () => L.timeDistributed({ layer: L.rnn({ cell: L.lstmCell(frozen) }) as tfl.layers.Layer }),
    SEQUENCES,
  ],
};

const moved = (before: ArrayLike<number>, after: ArrayLike<number>): boolean =>
  Array.from(before).some((value, i) => value !== after[i]);

/** Whether TensorFlow.js changes a weight of each layer that has some, in one step. */
async function theirsMoved(model: tfl.LayersModel): Promise<boolean[]> {
  const numbers = () =>
    model.layers.map((each) => each.getWeights().map((weight) => weight.dataSync().slice()));
  const before = numbers();
  model.compile({ optimizer: tf.train.sgd(0.1), loss: "meanSquaredError" });
  const shape = model.inputs[0].shape.slice(1) as number[];
  await model.trainOnBatch(tf.ones([1, ...shape]), tf.ones([1, 1]));
  const after = numbers();
  return before
    .map((weights, i) => weights.map((weight, k) => moved(weight, after[i][k])))
    .filter(({ length }) => length > 0)
    .map((all) => all.includes(true));
}

describe("importTfjs trains what TensorFlow.js trains of a file with frozen", () => {
  it.each(Object.entries(LAYERS))("%s", async (part, [make, inputShape]) => {
    const inputs = tfl.input({ shape: inputShape });
    const y = (make() as tfl.layers.Layer).apply(inputs) as tfl.SymbolicTensor;
    const line = (y.shape.length > 2 ? L.flatten().apply(y) : y) as tfl.SymbolicTensor;
    const model = tfl.model({ inputs, outputs: L.dense({ units: 1 }).apply(line) as tfl.SymbolicTensor });
    setRandomWeights(model, 5);
    const { json, weights } = await saved(model);
    for (const { config } of (json.modelTopology as Parsed).config.layers)
      if (config.cell || config.layer) config.trainable = true; // the file may say both
    json.weightsManifest[0].paths = ["weights.bin"];
    const ours = await loaded(importTfjs(json, weights));
    ours.compile({ optimizer: "sgd", loss: "meanSquaredError" });
    const { network, tensors } = contentsOf(ours, false);
    await ours.fit([Array(network.columns).fill(1)], [1]);
    const { tensors: after } = contentsOf(ours, false);
    const oursMoved = network.layers
      .map((layer) => Object.values(layer.weights))
      .filter(({ length }) => length > 0)
      .map((paths) => paths.some((path) => moved(tensors[path].data, after[path].data)));
    const theirs = await fetched({ "model.json": JSON.stringify(json), "weights.bin": weights.slice() });
    expect(oursMoved).toEqual(await theirsMoved(theirs));
    expect(oursMoved).toEqual([part === "no part", true]);
    for (const each of [model, theirs]) each.dispose();
  });
});

it("exportTfjs freezes what a frozen layer contains", async () => {
  const layers = [
    reshape([3, 2]),
    freeze(bidirectional(lstm(2, { returnSequences: true }))),
    freeze(timeDistributed(dense(2))),
    freeze(timeDistributed(dense(2))),
    flatten(),
    dense(1),
  ];
  const files = exportTfjs(contentsOf(network(layers, 6, 3), false));
  const theirs = await fetched(files);
  expect(await theirsMoved(theirs)).toEqual([false, false, false, true]);
  theirs.dispose();
});

describe("of the two layers that Keras 3 writes of both directions,", () => {
  const files = async (change: (config: Parsed) => void) => {
    const model = tfl.sequential({
      layers: [
        L.bidirectional({ layer: L.lstm(own) as tfl.RNN, inputShape: STEPS, name: "both" }),
        L.dense({ units: 1 }),
      ],
    });
    const { json, weights } = await saved(model);
    const { layers } = (json.modelTopology as Parsed).config;
    const { config } = layers.find(({ class_name }: Parsed) => class_name === "Bidirectional");
    config.backward_layer = structuredClone(config.layer);
    config.backward_layer.config.go_backwards = true;
    change(config);
    return [json, weights] as const;
  };
  const frozenOf = async (change: (config: Parsed) => void) =>
    importTfjs(...(await files(change))).network.layers[0].trainable;

  it("both frozen are a frozen layer", async () => {
    expect(await frozenOf(() => {})).toBe(undefined);
    const both = (config: Parsed) => {
      config.layer.config.trainable = config.backward_layer.config.trainable = false;
    };
    expect(await frozenOf(both)).toBe(false);
  });

  it.each([
    ["layer", "false", "true"],
    ["backward_layer", "true", "false"],
  ])("a frozen %s alone is refused, unless the wrapper is frozen", async (key, forward, backward) => {
    const one = (config: Parsed) => {
      config[key].config.trainable = false;
    };
    const given = await files(one);
    expect(refusal(() => importTfjs(...given))).toBe(
      `unsupported: layer "both" must train both of its directions or neither; received a forward layer with trainable: ${forward}, and a backward layer with ${backward}: set that of the layer itself, and save it again`,
    );
    const all = (config: Parsed) => {
      one(config);
      config.trainable = false;
    };
    expect(await frozenOf(all)).toBe(false);
  });
});

it("importTfjs refuses a part that is neither frozen nor trained", async () => {
  const model = tfl.sequential({
    layers: [
      L.timeDistributed({ layer: L.dense({ units: 1, name: "part" }), inputShape: STEPS, name: "steps" }),
    ],
  });
  const { json, weights } = await saved(model);
  const text = JSON.stringify(json).replaceAll('"trainable":true', '"trainable":"no"');
  const { modelTopology } = JSON.parse(text);
  modelTopology.config.layers[0].config.trainable = true;
  expect(refusal(() => importTfjs({ ...json, modelTopology }, weights))).toBe(
    'invalid_checkpoint: trainable of layer "steps" must be true or false; received "no"',
  );
});

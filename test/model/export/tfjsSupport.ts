/**
 * What the tests of layers models share: networks, the files that each side writes, and TensorFlow.js itself.
 */

import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import { architectureFrom } from "../../../src/nn/programs/architecture.js";
import * as training from "../../../src/nn/training/training.js";
import "@tensorflow/tfjs-backend-cpu";
import fc from "fast-check";
import { expect } from "vitest";
import { encodeTable } from "../../../src/data/dataset.js";
import { fitPipeline } from "../../../src/data/pipeline/pipeline.js";
import { readTable } from "../../../src/data/table.js";
import { contentsOf } from "../../../src/model/contents.js";
import { exportTfjs, type TfjsFiles } from "../../../src/model/export/tfjs.js";
import { loadModel } from "../../../src/model/save.js";
import { type ActivationName, activations } from "../../../src/nn/activations.js";
import {
  activation,
  dense,
  dropout,
  elu,
  type Layer,
  leakyReLU,
  prelu,
} from "../../../src/nn/layers/index.js";
import type { Sequential } from "../../../src/nn/models/sequential.js";
import { l1l2, l2 } from "../../../src/nn/weights/regularizers.js";
import { RandomStream } from "../../../src/numerics/random.js";
import {
  type ModelContents,
  type TableDescription,
  writeContents,
} from "../../../src/predict/description.js";
import { VERSION } from "../../../src/version.js";
import { copied } from "../../nn/support.js";

export const ROWS = 8;

/** A network with random parameters of Glorot's size, as if it were trained. */
export function network(layers: readonly Layer[], columns: number, seed: number): Sequential {
  const model = copied(layers);
  model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
  const { network } = architectureFrom(model.described(), columns);
  const random = new RandomStream(seed, 3);
  const parameters = new Float32Array(network.size);
  for (const { offset, size, shape } of network.parameters)
    for (let i = 0; i < size; i++)
      parameters[offset + i] = random.normal() * Math.sqrt(2 / (shape[0] + shape[shape.length - 1]));
  model.restore({
    training,
    row: columns,
    saved: { progress: { step: 0, epoch: 0, cursor: 0 }, seed: 0, arrays: { parameters } },
  });
  return model;
}

export function rows(columns: number, seed: number): Float32Array {
  const random = new RandomStream(seed, 4);
  return Float32Array.from({ length: ROWS * columns }, () => random.normal());
}

/** The model as TensorFlow.js fetches it from a server that has the two files. */
export function fetched(files: TfjsFiles): Promise<tfl.LayersModel> {
  const fetchFunc = async (address: string) => new Response(files[address.split("/").pop() as "weights.bin"]);
  return tfl.loadLayersModel(
    tf.io.http("https://example.com/models/model.json", { fetchFunc: fetchFunc as typeof fetch }),
  );
}

/** What TensorFlow.js predicts, [rows, units]. */
export function predicted(model: tfl.LayersModel, x: Float32Array, columns: number): Float32Array {
  return tf.tidy(() =>
    (model.predict(tf.tensor2d(x, [x.length / columns, columns])) as tf.Tensor).dataSync(),
  ) as Float32Array;
}

/** Differences as a part of what is expected, or as they are below 1. */
export function expectClose(found: ArrayLike<number>, expected: ArrayLike<number>): void {
  expect(found.length).toBe(expected.length);
  for (let i = 0; i < found.length; i++)
    expect(Math.abs(found[i] - expected[i])).toBeLessThanOrEqual(1e-6 * Math.max(1, Math.abs(expected[i])));
}

export const units = fc.integer({ min: 1, max: 24 });
/** Activations that TensorFlow.js has, and its names for them. */
export const shared = {
  linear: "linear",
  relu: "relu",
  tanh: "tanh",
  sigmoid: "sigmoid",
  softmax: "softmax",
  softplus: "softplus",
  gelu: "gelu",
  elu: "elu",
  logSoftmax: "logSoftmax",
  mish: "mish",
  relu6: "relu6",
  selu: "selu",
  silu: "swish",
  softsign: "softsign",
} satisfies Partial<Record<ActivationName, string>>;
/** Those that it lacks. `celu` is its `elu`, and weights make up for the slope of its `hardSigmoid`. */
export const notShared = (Object.keys(activations) as (keyof typeof activations)[]).filter(
  (name) => !Object.hasOwn(shared, name) && name !== "celu" && name !== "hardSigmoid",
);
const name = fc.constantFrom(...(Object.keys(shared) as (keyof typeof shared)[]));
/** Their names in TensorFlow.js, of which its types have some alone. */
const ownName = fc.constantFrom(...Object.values(shared)) as fc.Arbitrary<"relu">;
const slope = fc.double({ min: 0, max: 2, noNaN: true });
export const rate = fc.double({ min: 0, max: 0.9, noNaN: true });
export const denseLayer = fc
  .tuple(units, name, fc.boolean(), fc.constantFrom({}, { kernelRegularizer: l1l2({ l1: 0.5, l2: 1e-3 }) }))
  .map(([units, activation, useBias, penalty]) => dense(units, { activation, useBias, ...penalty }));
export const layer = fc.oneof(
  { weight: 4, arbitrary: denseLayer },
  rate.map((rate) => dropout(rate)),
  name.map((each) => activation(each)),
  slope.map((negativeSlope) => leakyReLU({ negativeSlope })),
  fc.constant(elu()),
  fc.constant(prelu()),
);
export const architecture = fc
  .tuple(fc.array(layer, { maxLength: 4 }), denseLayer)
  .map((parts) => parts.flat());

/** A model file's table, of a boolean, a date and words with a target of words. */
export function tableOf(): TableDescription {
  const data = encodeTable(
    readTable("on,day,kind,y\ntrue,2024-02-29,a,no\nfalse,2024-03-01,b,yes\ntrue,2025-01-01,a,no\n"),
    { target: "y" },
  );
  const { inputs, schema, task, outputs, classes } = data;
  if (schema === undefined) throw new Error("a table that is read has a schema");
  const { pipeline } = fitPipeline(data);
  return { schema, inputs, pipeline, task, target: "y", outputs, classes, threshold: 0.25 };
}

/** A layer of TensorFlow.js, built anew for each model. */
export type Maker = (options: {
  inputShape?: number[];
  batchInputShape?: (number | null)[];
}) => tfl.layers.Layer;

export const makeDense = fc.tuple(units, ownName, fc.boolean()).map(
  ([units, activation, useBias]): Maker =>
    (o) =>
      tfl.layers.dense({ ...o, units, activation, useBias }),
);
export const maker: fc.Arbitrary<Maker> = fc.oneof(
  { weight: 4, arbitrary: makeDense },
  rate.map(
    (rate): Maker =>
      (o) =>
        tfl.layers.dropout({ ...o, rate }),
  ),
  ownName.map(
    (activation): Maker =>
      (o) =>
        tfl.layers.activation({ ...o, activation }),
  ),
  slope.map(
    (alpha): Maker =>
      (o) =>
        tfl.layers.leakyReLU({ ...o, alpha }),
  ),
  fc.constantFrom<Maker>(
    (o) => tfl.layers.reLU(o),
    (o) => tfl.layers.reLU({ ...o, maxValue: 6 }),
    (o) => tfl.layers.elu(o),
    (o) => tfl.layers.leakyReLU(o),
    (o) => tfl.layers.prelu(o),
    (o) => tfl.layers.prelu({ ...o, sharedAxes: [1] }),
    (o) => tfl.layers.softmax(o),
  ),
);

/** Ways to put layers together. */
export const forms: Readonly<Record<string, (makers: readonly Maker[], columns: number) => tfl.LayersModel>> =
  {
    sequential: ([first, ...others], columns) =>
      tfl.sequential({ layers: [first({ inputShape: [columns] }), ...others.map((make) => make({}))] }),
    "sequential with batches of one size": ([first, ...others], columns) =>
      tfl.sequential({
        layers: [first({ batchInputShape: [ROWS, columns] }), ...others.map((make) => make({}))],
      }),
    "sequential with an input layer": (makers, columns) =>
      tfl.sequential({
        layers: [tfl.layers.inputLayer({ inputShape: [columns] }), ...makers.map((make) => make({}))],
      }),
    functional: (makers, columns) => {
      const inputs = tfl.input({ shape: [columns] });
      const outputs = makers.reduce((x, make) => make({}).apply(x) as tfl.SymbolicTensor, inputs);
      return tfl.model({ inputs, outputs });
    },
  };

/** Weights of Glorot's size, and variances from 0.5. */
export function setRandomWeights(model: tfl.LayersModel, seed: number): void {
  const random = new RandomStream(seed, 3);
  tf.tidy(() =>
    model.setWeights(
      model.getWeights().map(({ shape, size }, i) => {
        const scale = Math.sqrt(2 / (shape[0] + shape[shape.length - 1]));
        const isVariance = model.weights[i].originalName.endsWith("moving_variance");
        const number = (): number => scale * random.normal();
        return tf.tensor(
          Float32Array.from({ length: size }, () => (isVariance ? 0.5 + Math.abs(number()) : number())),
          shape,
        );
      }),
    ),
  );
}

export interface Saved {
  readonly json: { modelTopology: unknown; weightsManifest: { paths: string[]; weights: object[] }[] };
  readonly weights: Uint8Array;
}

/** The files that TensorFlow.js saves. */
export async function saved(model: tfl.LayersModel, includeOptimizer = false): Promise<Saved> {
  let files: Saved | undefined;
  const handler = tf.io.withSaveHandler(async (artifacts) => {
    const { weightData, weightSpecs = [], modelTopology = {}, ...rest } = artifacts;
    const weightsManifest = [{ paths: ["./model.weights.bin"], weights: weightSpecs }];
    // as text, since what is undefined is not in a file
    files = {
      json: JSON.parse(JSON.stringify({ ...rest, modelTopology, weightsManifest })),
      weights: new Uint8Array(weightData as ArrayBuffer),
    };
    return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: "JSON" } };
  });
  await model.save(handler, { includeOptimizer });
  if (files === undefined) throw new Error("TensorFlow.js must call the handler");
  return files;
}

/** The network of contents, by way of a model file. */
export async function loaded(contents: ModelContents): Promise<Sequential> {
  return (await loadModel(writeContents(contents, VERSION))).model;
}

export type Parsed = ReturnType<typeof JSON.parse>;

/** The files of {@link exported} as a functional model. */
export function functional(): Parsed {
  const json = JSON.parse(exported()["model.json"]);
  const [first, ...others] = json.modelTopology.config.layers;
  const { batch_input_shape, ...config } = first.config;
  const all = [
    { class_name: "InputLayer", config: { name: "x", batch_input_shape } },
    { ...first, config },
    ...others,
  ];
  const layers = all.map((layer, i) => ({
    ...layer,
    name: layer.config.name,
    inbound_nodes: i === 0 ? [] : [[[all[i - 1].config.name, 0, 0, {}]]],
  }));
  const ends = { input_layers: [["x", 0, 0]], output_layers: [["dense_2", 0, 0]] };
  json.modelTopology = { class_name: "Functional", config: { name: "model", layers, ...ends } };
  return json;
}

/** Files with one layer of each kind. */
export function exported(): TfjsFiles {
  const layers = [
    dense(3, { activation: "relu", kernelRegularizer: l2(0.5) }),
    dropout(0.5),
    activation("softmax"),
    dense(1, { useBias: false }),
  ];
  const table = tableOf();
  const columns = table.pipeline.features.length;
  return exportTfjs({ ...contentsOf(network(layers, columns, 9), false), table });
}

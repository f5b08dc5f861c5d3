/**
 * TensorFlow.js' Layers format against TensorFlow.js itself: what is exported is loaded and predicts the same there, what is built and
 * saved there is imported and predicts the same here.
 */
import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import "@tensorflow/tfjs-backend-cpu";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { encodeTable } from "../../../src/data/dataset.js";
import { fitPipeline } from "../../../src/data/pipeline/pipeline.js";
import { readTable } from "../../../src/data/table.js";
import { FettleError } from "../../../src/errors.js";
import { contentsOf } from "../../../src/model/contents.js";
import { importTfjs } from "../../../src/model/export/importTfjs.js";
import { exportTfjs, type TfjsFiles } from "../../../src/model/export/tfjs.js";
import { loadModel } from "../../../src/model/save.js";
import { type ActivationName, activations } from "../../../src/nn/activations.js";
import { activation, dense, dropout, type Layer } from "../../../src/nn/layers.js";
import { l1, l1l2, l2 } from "../../../src/nn/regularizers.js";
import { type Sequential, sequential } from "../../../src/nn/sequential.js";
import { ready } from "../../../src/numerics/kernels.js";
import { RandomStream } from "../../../src/numerics/random.js";
import {
  type LayerDescription,
  type ModelContents,
  readContents,
  type TableDescription,
  writeContents,
} from "../../../src/predict/description.js";
import { VERSION } from "../../../src/version.js";
import { cases } from "../../cases.js";
import { damaged } from "../../damage.js";
import { refusal } from "../../data/refusal.js";

beforeAll(async () => {
  await ready();
  await tf.setBackend("cpu");
});

const ROWS = 8;

/** A network with random parameters of Glorot's size, as if it were trained. */
function network(layers: readonly Layer[], columns: number, seed: number): Sequential {
  const model = sequential(layers);
  model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
  const { network } = model.architecture(columns);
  const random = new RandomStream(seed, 3);
  const parameters = new Float32Array(network.size);
  for (const { offset, size, shape } of network.parameters)
    for (let i = 0; i < size; i++)
      parameters[offset + i] = random.normal() * Math.sqrt(2 / (shape[0] + shape[shape.length - 1]));
  model.restore(columns, { progress: { step: 0, epoch: 0, cursor: 0 }, seed: 0, arrays: { parameters } });
  return model;
}

function rows(columns: number, seed: number): Float32Array {
  const random = new RandomStream(seed, 4);
  return Float32Array.from({ length: ROWS * columns }, () => random.normal());
}

/** The model as TensorFlow.js fetches it from a server that has the two files. */
function fetched(files: TfjsFiles): Promise<tfl.LayersModel> {
  const fetchFunc = async (address: string) => new Response(files[address.split("/").pop() as "weights.bin"]);
  return tfl.loadLayersModel(
    tf.io.http("https://example.com/models/model.json", { fetchFunc: fetchFunc as typeof fetch }),
  );
}

/** What TensorFlow.js predicts, [rows, units]. */
function predicted(model: tfl.LayersModel, x: Float32Array, columns: number): Float32Array {
  return tf.tidy(() =>
    (model.predict(tf.tensor2d(x, [x.length / columns, columns])) as tf.Tensor).dataSync(),
  ) as Float32Array;
}

/** Differences as a part of what is expected, or as they are below 1. */
function expectClose(found: ArrayLike<number>, expected: ArrayLike<number>): void {
  expect(found.length).toBe(expected.length);
  for (let i = 0; i < found.length; i++)
    expect(Math.abs(found[i] - expected[i])).toBeLessThanOrEqual(1e-6 * Math.max(1, Math.abs(expected[i])));
}

const units = fc.integer({ min: 1, max: 24 });
const name = fc.constantFrom(...(Object.keys(activations) as ActivationName[]));
const rate = fc.double({ min: 0, max: 0.9, noNaN: true });
const denseLayer = fc
  .tuple(units, name, fc.boolean(), fc.constantFrom({}, { kernelRegularizer: l1l2({ l1: 0.5, l2: 1e-3 }) }))
  .map(([units, activation, useBias, penalty]) => dense(units, { activation, useBias, ...penalty }));
const layer = fc.oneof(
  { weight: 4, arbitrary: denseLayer },
  rate.map((rate) => dropout(rate)),
  name.map((each) => activation(each)),
);
const architecture = fc.tuple(fc.array(layer, { maxLength: 4 }), denseLayer).map((parts) => parts.flat());

/** A model file's table, of a boolean, a date and words with a target of words. */
function tableOf(): TableDescription {
  const data = encodeTable(
    readTable("on,day,kind,y\ntrue,2024-02-29,a,no\nfalse,2024-03-01,b,yes\ntrue,2025-01-01,a,no\n"),
    { target: "y" },
  );
  const { inputs, schema, task, outputs, classes } = data;
  if (schema === undefined) throw new Error("a table that is read has a schema");
  const { pipeline } = fitPipeline(data);
  return { schema, inputs, pipeline, task, target: "y", outputs, classes, threshold: 0.25 };
}

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
                ...{ name: "dense_1", ...common, batch_input_shape: [null, 1] },
                ...{ units: 2, activation: "gelu", use_bias: true },
                kernel_regularizer: { class_name: "L1L2", config: { l1: 0, l2: 0.01 } },
                bias_regularizer: { class_name: "L1L2", config: { l1: 0.5, l2: 0 } },
              },
            },
            {
              class_name: "Dropout",
              config: { name: "dropout_1", ...common, rate: 0.25, noise_shape: null, seed: null },
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
      'unsupported: layer "dense_1" must be a built-in layer to be exported to TensorFlow.js; received "scale"',
    ],
    [
      "a custom layer with the name of a built-in one",
      withFirst({ custom: true }),
      'unsupported: layer "dense_1" must be a built-in layer to be exported to TensorFlow.js; received "dense"',
    ],
    [
      "a layer of a newer release",
      withFirst({ name: "toString" }),
      'unsupported: layer "dense_1" must be a built-in layer to be exported to TensorFlow.js; received "toString"',
    ],
    [
      "a custom activation",
      withFirst({ options: { units: 3, activation: { function: "leakyRelu" } } }),
      'unsupported: the activation of layer "dense_1" must be built-in to be exported to TensorFlow.js; ' +
        'received {"function":"leakyRelu"}',
    ],
    [
      "a layer that takes another than the one before it",
      withFirst({ inputs: ["dense_2"] }),
      'invalid_checkpoint: layer "dense_1" must take the layer before it, "input"; received ["dense_2"]',
    ],
    [
      "a layer without its arrays",
      withFirst({ weights: {} }),
      'invalid_checkpoint: the arrays of layer "dense_1" must fit its 2 inputs; received shapes [null]',
    ],
    [
      "arrays that do not fit",
      withFirst({ weights: { kernel: "dense_1.bias", bias: "dense_1.kernel" } }),
      'invalid_checkpoint: the arrays of layer "dense_1" must fit its 2 inputs; received shapes [[3],[2,3]]',
    ],
  ])("refuses %s", (_, contents, message) => {
    expect(refusal(() => exportTfjs(contents))).toBe(message);
  });
});

/** A layer of TensorFlow.js, built anew for each model. */
type Maker = (options: { inputShape?: number[]; batchInputShape?: (number | null)[] }) => tfl.layers.Layer;

const makeDense = fc.tuple(units, name, fc.boolean()).map(
  ([units, activation, useBias]): Maker =>
    (o) =>
      tfl.layers.dense({ ...o, units, activation, useBias }),
);
const maker: fc.Arbitrary<Maker> = fc.oneof(
  { weight: 4, arbitrary: makeDense },
  rate.map(
    (rate): Maker =>
      (o) =>
        tfl.layers.dropout({ ...o, rate }),
  ),
  name.map(
    (activation): Maker =>
      (o) =>
        tfl.layers.activation({ ...o, activation }),
  ),
  fc.constantFrom<Maker>(
    (o) => tfl.layers.reLU(o),
    (o) => tfl.layers.softmax(o),
  ),
);

/** Ways to put layers together. */
const forms: Readonly<Record<string, (makers: readonly Maker[], columns: number) => tfl.LayersModel>> = {
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

function setRandomWeights(model: tfl.LayersModel, seed: number): void {
  const random = new RandomStream(seed, 3);
  tf.tidy(() =>
    model.setWeights(
      model.getWeights().map(({ shape, size }) => {
        const scale = Math.sqrt(2 / (shape[0] + shape[shape.length - 1]));
        return tf.tensor(
          Float32Array.from({ length: size }, () => scale * random.normal()),
          shape,
        );
      }),
    ),
  );
}

interface Saved {
  readonly json: { modelTopology: unknown; weightsManifest: { paths: string[]; weights: object[] }[] };
  readonly weights: Uint8Array;
}

/** The files that TensorFlow.js saves. */
async function saved(model: tfl.LayersModel, includeOptimizer = false): Promise<Saved> {
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
async function loaded(contents: ModelContents): Promise<Sequential> {
  return (await loadModel(writeContents(contents, VERSION))).model;
}

describe("importTfjs", () => {
  it.each(Object.entries(forms))(
    "reads what TensorFlow.js saves, and predicts the same: %s",
    async (_, build) => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(maker, { maxLength: 4 }),
          makeDense,
          units,
          fc.nat(),
          async (makers, last, columns, seed) => {
            const model = build([...makers, last], columns);
            setRandomWeights(model, seed);
            const { json, weights } = await saved(model);
            const x = rows(columns, seed);
            const imported = await loaded(importTfjs(json, weights));
            expectClose(
              imported.predict({ data: x, shape: [ROWS, columns] }).data,
              predicted(model, x, columns),
            );
            model.dispose();
          },
        ),
        { numRuns: cases(50) },
      );
    },
  );

  it("reads what exportTfjs writes: the same layers and arrays", async () => {
    await fc.assert(
      fc.asyncProperty(architecture, units, fc.nat(), async (layers, columns, seed) => {
        const { network: described, tensors } = contentsOf(network(layers, columns, seed), false);
        const files = exportTfjs({ network: described, tensors, notes: {} });
        const contents = importTfjs(files["model.json"], files["weights.bin"]);
        expect(contents).toEqual({ network: described, tensors, notes: {} });
        expect(exportTfjs(contentsOf(await loaded(contents), false))).toEqual(files);
      }),
      { numRuns: cases(100) },
    );
  });

  const trained = async (): Promise<Saved> => {
    const model = tfl.sequential({
      layers: [
        tfl.layers.dense({
          ...{ units: 3, inputShape: [2], name: "first", activation: "tanh" },
          kernelRegularizer: tfl.regularizers.l2({ l2: 0.5 }),
          biasRegularizer: tfl.regularizers.l1l2({ l1: 0.25, l2: 2 }),
        }),
        tfl.layers.dense({ units: 1, name: "second", useBias: false }),
      ],
    });
    setRandomWeights(model, 6);
    model.compile({ optimizer: tf.train.adam(0.1), loss: "meanSquaredError" });
    const [x, y] = [tf.tensor2d([[0, 1]]), tf.tensor2d([[1]])];
    await model.trainOnBatch(x, y);
    const files = await saved(model, true);
    for (const each of [model, x, y]) each.dispose();
    return files;
  };

  it("reads the network of a model that was saved with its optimizer", async () => {
    const { json, weights } = await trained();
    const { network, tensors, notes } = importTfjs(json, weights);
    const penalties = { kernelRegularizer: { l2: 0.5 }, biasRegularizer: { l1: 0.25, l2: 2 } };
    expect(network).toEqual({
      columns: 2,
      layers: [
        {
          ...{ id: "dense_1", name: "dense", inputs: ["input"] },
          options: { units: 3, activation: "tanh", useBias: true, ...penalties },
          weights: { kernel: "dense_1.kernel", bias: "dense_1.bias" },
        },
        {
          ...{ id: "dense_2", name: "dense", inputs: ["dense_1"] },
          options: { units: 1, activation: "linear", useBias: false },
          weights: { kernel: "dense_2.kernel" },
        },
      ],
    });
    expect(Object.entries(tensors).map(([name, { shape }]) => [name, shape])).toEqual([
      ["dense_1.kernel", [2, 3]],
      ["dense_1.bias", [3]],
      ["dense_2.kernel", [3, 1]],
    ]);
    expect(notes).toEqual({});
  });

  describe("the forms that a file may have", () => {
    const { "model.json": text, "weights.bin": weights } = exported();
    const whole = importTfjs(text, weights);
    const json = JSON.parse(text);
    const { class_name, config } = json.modelTopology;
    const [first, ...others] = config.layers;
    const { batch_input_shape, ...firstConfig } = first.config;
    const input = { class_name: "InputLayer", config: { name: "x", batch_input_shape, dtype: "float32" } };
    const inner = [{ ...first, config: firstConfig }, ...others];
    const topology = (modelTopology: unknown) => ({ ...json, modelTopology });
    const { weights: entries } = json.weightsManifest[0];
    /** All keys as TypeScript has them. */
    const camel = (value: unknown): unknown => {
      if (typeof value !== "object" || value === null) return value;
      if (Array.isArray(value)) return value.map(camel);
      const renamed = Object.entries(value).map(([key, each]) => [
        key.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase()),
        camel(each),
      ]);
      return Object.fromEntries(renamed);
    };
    const chain = [input, ...inner].map((layer, i, all) => ({
      ...layer,
      name: layer.config.name,
      inbound_nodes: i === 0 ? [] : [[[all[i - 1].config.name, 0, 0, {}]]],
    }));
    const functional = {
      layers: chain.toReversed(),
      input_layers: [["x", 0, 0]],
      output_layers: [[chain[chain.length - 1].name, 0, 0]],
    };
    it.each<[string, unknown]>([
      ["text", text],
      ["a value", json],
      ["a list of layers", topology({ class_name, config: config.layers })],
      ["an input layer", topology({ class_name, config: [input, ...inner] })],
      ["a file of Keras", topology({ model_config: { class_name, config } })],
      ["names as TypeScript has them", camel(json)],
      [
        "a functional model, its layers in any order",
        topology({ class_name: "Functional", config: functional }),
      ],
      ["its older name", topology({ class_name: "Model", config: functional })],
      [
        "groups of weights",
        {
          ...json,
          weightsManifest: [{ weights: entries.slice(0, 1) }, { weights: [] }, { weights: entries.slice(1) }],
        },
      ],
      ["no format", { ...json, format: undefined }],
    ])("%s", (_, given) => {
      expect(importTfjs(given, weights)).toEqual(whole);
    });

    it("and weights anywhere in memory, of which arrays are copies", () => {
      const memory = new Uint8Array(weights.length + 8);
      memory.set(weights, 3);
      const contents = importTfjs(text, Buffer.from(memory.buffer, 3, weights.length));
      memory.fill(0);
      expect(contents).toEqual(whole);
    });
  });
});

type Parsed = ReturnType<typeof JSON.parse>;

/** The files of {@link exported} as a functional model. */
function functional(): Parsed {
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

describe("importTfjs refuses", () => {
  const layers = (json: Parsed) => json.modelTopology.config.layers;
  const entries = (json: Parsed) => json.weightsManifest[0].weights;
  const foreign = "invalid_checkpoint: this is not a layers model of TensorFlow.js: ";
  const { "weights.bin": weights } = exported();

  it.each<[string, (json: Parsed) => unknown, string]>([
    ["what is not an object", () => [], `${foreign}model.json must be a JSON object`],
    ["text that is not JSON", () => "{", `${foreign}model.json must be a JSON object`],
    [
      "a value with a cycle",
      (json) => {
        json.itself = json;
      },
      `${foreign}model.json must be a JSON object`,
    ],
    [
      "a graph model",
      (json) => {
        json.format = "graph-model";
      },
      'unsupported: the format of model.json must be "layers-model"; received "graph-model"',
    ],
    [
      "a file without a topology",
      (json) => {
        json.modelTopology = null;
      },
      `${foreign}it has no topology`,
    ],
    [
      "a model of another class",
      (json) => {
        json.modelTopology.class_name = "Wide";
      },
      'unsupported: the class of the model must be Sequential or Functional; received "Wide"',
    ],
    [
      "a model without a class",
      (json) => {
        json.modelTopology.class_name = null;
      },
      "invalid_checkpoint: the class of the model must be Sequential or Functional; received undefined",
    ],
    [
      "a model without layers",
      (json) => {
        json.modelTopology.config.layers = [];
      },
      `${foreign}its topology has no layers`,
    ],
    [
      "a layer without a name",
      (json) => {
        layers(json)[1].config.name = 1;
      },
      `${foreign}each layer must have a class and a name`,
    ],
    [
      "two layers of one name",
      (json) => {
        layers(json)[1].config.name = "dense_1";
      },
      `${foreign}two layers have the name "dense_1"`,
    ],
    [
      "other layers",
      (json) => {
        layers(json)[1].class_name = "Conv2D";
      },
      'unsupported: layer "dropout_1" must be one of Dense, Dropout, Activation, ReLU, Softmax; received "Conv2D"',
    ],
    [
      "a second input",
      (json) => {
        layers(json)[1].class_name = "InputLayer";
      },
      'unsupported: layer "dropout_1" must be one of Dense, Dropout, Activation, ReLU, Softmax; received "InputLayer"',
    ],
    [
      "inputs that are not rows of numbers",
      (json) => {
        layers(json)[0].config.batch_input_shape = [null, 28, 28];
      },
      'unsupported: the input shape of the first layer, "dense_1", must be [null, columns]; received [null,28,28]',
    ],
    [
      "a model without the shape of its inputs",
      (json) => {
        layers(json)[0].config.batch_input_shape = null;
      },
      'invalid_checkpoint: the input shape of the first layer, "dense_1", must be [null, columns]; received undefined',
    ],
    [
      "half precision",
      (json) => {
        layers(json)[0].config.dtype = "float16";
      },
      'unsupported: dtype of layer "dense_1" must be "float32"; received "float16"',
    ],
    [
      "frozen layers",
      (json) => {
        layers(json)[0].config.trainable = false;
      },
      'unsupported: trainable of layer "dense_1" must be true; received false',
    ],
    [
      "constraints",
      (json) => {
        layers(json)[0].config.kernel_constraint = { class_name: "NonNeg", config: {} };
      },
      'unsupported: kernel_constraint of layer "dense_1" must be left out; received {"class_name":"NonNeg","config":{}}',
    ],
    [
      "other activations",
      (json) => {
        layers(json)[0].config.activation = "hard_sigmoid";
      },
      'unsupported: the activation of layer "dense_1" must be one of linear, relu, tanh, sigmoid, softmax, softplus, gelu; ' +
        'received "hard_sigmoid"',
    ],
    [
      "units that are not a number",
      (json) => {
        layers(json)[0].config.units = "3";
      },
      'invalid_checkpoint: units of layer "dense_1" must be a positive integer; received "3"',
    ],
    [
      "a bias that may be",
      (json) => {
        layers(json)[0].config.use_bias = 1;
      },
      'invalid_checkpoint: use_bias of layer "dense_1" must be true or false; received 1',
    ],
    [
      "other penalties",
      (json) => {
        layers(json)[0].config.kernel_regularizer = { class_name: "Orthogonal", config: {} };
      },
      'unsupported: kernel_regularizer of layer "dense_1" must be L1, L2 or L1L2; received "Orthogonal"',
    ],
    [
      "a penalty that is not an object",
      (json) => {
        layers(json)[0].config.bias_regularizer = "l2";
      },
      'unsupported: bias_regularizer of layer "dense_1" must be L1, L2 or L1L2; received "l2"',
    ],
    [
      "a penalty without its weight",
      (json) => {
        layers(json)[0].config.kernel_regularizer = { class_name: "L2", config: { l1: 0.5 } };
      },
      'invalid_checkpoint: l2 of kernel_regularizer of layer "dense_1" must be a number of at least 0; received undefined',
    ],
    [
      "a rate of 1",
      (json) => {
        layers(json)[1].config.rate = 1;
      },
      'invalid_checkpoint: rate of layer "dropout_1" must be a number in [0, 1); received 1',
    ],
    [
      "dropout of whole columns",
      (json) => {
        layers(json)[1].config.noise_shape = [1, 3];
      },
      'unsupported: noise_shape of layer "dropout_1" must be left out; received [1,3]',
    ],
    [
      "a leaky ReLU",
      (json) => {
        layers(json)[2] = { class_name: "ReLU", config: { name: "r", max_value: null, negative_slope: 0.1 } };
      },
      'unsupported: negative_slope of layer "r" must be 0; received 0.1',
    ],
    [
      "a ReLU with an upper bound",
      (json) => {
        layers(json)[2] = { className: "ReLU", config: { name: "r", maxValue: 6 } };
      },
      'unsupported: max_value of layer "r" must be left out; received 6',
    ],
    [
      "a softmax over rows",
      (json) => {
        layers(json)[2] = { class_name: "Softmax", config: { name: "s", axis: [0] } };
      },
      'unsupported: axis of layer "s" must be 1 or -1; received [0]',
    ],
    [
      "a model without a dense layer",
      (json) => {
        json.modelTopology.config.layers = [{ ...layers(json)[1] }];
        layers(json)[0].config.batch_input_shape = [null, 4];
      },
      "unsupported: the model must have a Dense layer; received none",
    ],
    [
      "a file without a manifest",
      (json) => {
        json.weightsManifest = null;
      },
      `${foreign}it has no manifest of weights`,
    ],
    [
      "a manifest without weights",
      (json) => {
        json.weightsManifest[0] = {};
      },
      `${foreign}its manifest must have a list of weights`,
    ],
    [
      "two weights of one name",
      (json) => {
        entries(json)[1].name = "dense_1/kernel";
      },
      `${foreign}weight "dense_1/kernel" must have a name of its own, and a shape`,
    ],
    [
      "weights of a negative size",
      (json) => {
        entries(json)[0].shape = [-1, -3];
      },
      `${foreign}weight "dense_1/kernel" must have a name of its own, and a shape`,
    ],
    [
      "quantized weights",
      (json) => {
        entries(json)[0].quantization = { dtype: "uint8", scale: 1, min: 0 };
      },
      'unsupported: weight "dense_1/kernel" must be unquantized; received {"dtype":"uint8","scale":1,"min":0}',
    ],
    [
      "weights of another type",
      (json) => {
        entries(json)[0].dtype = "int32";
      },
      'unsupported: the dtype of weight "dense_1/kernel" must be "float32"; received "int32"',
    ],
    [
      "weights larger than their file",
      (json) => {
        entries(json)[0].shape = [2 ** 50, 2 ** 50];
      },
      `${foreign}its weights are cut within "dense_1/kernel", at ${weights.length} bytes`,
    ],
    [
      "files that are longer than the manifest says",
      (json) => {
        entries(json).pop();
      },
      `${foreign}its weights must be ${weights.length - 12} bytes; received Uint8Array(${weights.length})`,
    ],
    [
      "weights of another shape",
      (json) => {
        entries(json)[2].shape = [1, 3];
      },
      'invalid_checkpoint: the shape of weight "dense_2/kernel" must be [3,1]; received [1,3]',
    ],
    [
      "weights of another name",
      (json) => {
        entries(json)[2].name = "dense_2/vars/0";
      },
      'invalid_checkpoint: the shape of weight "dense_2/kernel" must be [3,1]; received undefined',
    ],
    [
      "weights of no layer",
      (json) => {
        layers(json)[0].config.use_bias = false;
      },
      `${foreign}none of its layers has the weights ["dense_1/bias"]`,
    ],
  ])("%s", (_, change, message) => {
    const json = JSON.parse(exported()["model.json"]);
    const given = change(json) ?? json;
    expect(refusal(() => importTfjs(given, weights))).toBe(message);
  });

  const chain =
    "unsupported: the layers of the model must be a chain from one input to one output; received a model of another form";
  it.each<[string, (json: Parsed) => void, string]>([
    [
      "a functional model with two branches",
      (json) => {
        layers(json)[3].inbound_nodes = [[["dense_1", 0, 0, {}]]];
      },
      chain,
    ],
    [
      "two inputs",
      (json) => {
        layers(json)[2].inbound_nodes = [];
      },
      chain,
    ],
    [
      "no input",
      (json) => {
        layers(json)[0].inbound_nodes = [[["dense_2", 0, 0, {}]]];
      },
      chain,
    ],
    [
      "an output in the middle",
      (json) => {
        json.modelTopology.config.output_layers = [["dropout_1", 0, 0]];
      },
      chain,
    ],
    [
      "two outputs",
      (json) => {
        json.modelTopology.config.output_layers.push(["dense_1", 0, 0]);
      },
      chain,
    ],
    [
      "a layer that takes two",
      (json) => {
        layers(json)[2].inbound_nodes[0].push(["x", 0, 0, {}]);
      },
      'unsupported: the input of layer "dropout_1" must be one other layer, and its call without arguments; ' +
        'received [[["dense_1",0,0,{}],["x",0,0,{}]]]',
    ],
    [
      "a layer that is used twice",
      (json) => {
        layers(json)[2].inbound_nodes.push([["activation_1", 0, 0, {}]]);
      },
      'unsupported: the input of layer "dropout_1" must be one other layer, and its call without arguments; ' +
        'received [[["dense_1",0,0,{}]],[["activation_1",0,0,{}]]]',
    ],
    [
      "dropout that is always on",
      (json) => {
        layers(json)[2].inbound_nodes[0][0][3] = { training: true };
      },
      'unsupported: the input of layer "dropout_1" must be one other layer, and its call without arguments; ' +
        'received [[["dense_1",0,0,{"training":true}]]]',
    ],
  ])("%s", (_, change, message) => {
    const json = functional();
    change(json);
    expect(refusal(() => importTfjs(json, weights))).toBe(message);
  });

  it("weights that are not bytes", () => {
    const { "model.json": json } = exported();
    expect(refusal(() => importTfjs(json, new Float32Array(4) as unknown as Uint8Array))).toBe(
      `${foreign}its weights must be a Uint8Array; pass the bytes of the file`,
    );
  });

  it("JSON that is too deep to show", () => {
    const json = exported()["model.json"];
    const deep = `${"[".repeat(1e5)}${"]".repeat(1e5)}`;
    expect(refusal(() => importTfjs(json.replace('"layers-model"', deep), weights))).toMatch(
      /^(invalid_checkpoint|unsupported): /,
    );
  });
});

describe("damaged files", () => {
  const { "model.json": text, "weights.bin": weights } = exported();
  /** Adds up how often a file was still read, so that no test is of refusals alone. */
  const outcomes = { read: 0, refused: 0 };
  const expectContentsOrRefusal = async (json: unknown, bytes: Uint8Array): Promise<void> => {
    let contents: ModelContents;
    try {
      contents = importTfjs(json, bytes);
    } catch (error) {
      if (!(error instanceof FettleError)) throw error;
      expect(["unsupported", "invalid_checkpoint"]).toContain(error.code);
      outcomes.refused++;
      return;
    }
    outcomes.read++;
    const { network, tensors } = contents;
    expect(readContents(writeContents(contents, VERSION))).toEqual(contents);
    const size = Object.values(tensors).reduce((sum, { data }) => sum + data.byteLength, 0);
    expect(size).toBeLessThanOrEqual(bytes.length);
    const x = { data: rows(network.columns, 1), shape: [ROWS, network.columns] as [number, number] };
    expect((await loaded(contents)).predict(x).shape[0]).toBe(ROWS);
  };
  const odd = fc.constantFrom<unknown>(
    { toString: 1, valueOf: 1 },
    { length: 2 },
    "__proto__",
    "constructor",
    "InputLayer",
    "Dense",
    [["dense_1", 0, 0]],
    [1e308, 1e308],
  );

  it.each<[string, Parsed]>([
    ["a sequential model", JSON.parse(text)],
    ["a functional model", functional()],
  ])("are read or refused, whatever is wrong with %s", async (_, json) => {
    const { userDefinedMetadata: _metadata, ...rest } = json;
    await fc.assert(
      fc.asyncProperty(damaged(rest, odd), (changed) => expectContentsOrRefusal(changed, weights)),
      { numRuns: cases(400) },
    );
    expect(Math.min(outcomes.read, outcomes.refused)).toBeGreaterThan(20);
  });

  it("are read or refused where text or weights are cut or changed", async () => {
    const part = (length: number) => fc.tuple(fc.nat(length), fc.nat(length));
    await fc.assert(
      fc.asyncProperty(
        part(text.length),
        fc.constantFrom("", "0", "9", "-", '"', "[", "{", "null,", "\\u0000"),
        fc.oneof(fc.constant(weights.length), fc.nat(2 * weights.length)),
        async ([from, length], other, size) => {
          const changed = text.slice(0, from) + other + text.slice(from + (length % 4));
          const bytes = new Uint8Array(size);
          bytes.set(weights.subarray(0, size));
          await expectContentsOrRefusal(changed, bytes);
          await expectContentsOrRefusal(text, bytes);
        },
      ),
      { numRuns: cases(300) },
    );
  });
});

/** Files with one layer of each kind. */
function exported(): TfjsFiles {
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

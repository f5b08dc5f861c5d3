/**
 * Layers models of TensorFlow.js, whatever their form: imported, they predict the same; damaged, they are
 * refused.
 */
import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import "@tensorflow/tfjs-backend-cpu";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { FettleError } from "../../../src/errors.js";
import { contentsOf } from "../../../src/model/contents.js";
import { importTfjs } from "../../../src/model/export/importTfjs.js";
import { exportTfjs } from "../../../src/model/export/tfjs.js";
import { ready } from "../../../src/numerics/kernels.js";
import { type ModelContents, readContents, writeContents } from "../../../src/predict/description.js";
import { VERSION } from "../../../src/version.js";
import { cases } from "../../cases.js";
import { damaged } from "../../damage.js";

import {
  architecture,
  expectClose,
  exported,
  forms,
  functional,
  loaded,
  makeDense,
  maker,
  network,
  type Parsed,
  predicted,
  ROWS,
  rows,
  type Saved,
  saved,
  setRandomWeights,
  units,
} from "./tfjsSupport.js";

beforeAll(async () => {
  await ready();
  await tf.setBackend("cpu");
});

describe("importTfjs", () => {
  it("takes several inputs side by side in the order of the model, not of its layers", async () => {
    const [p, q] = [tfl.input({ shape: [2], name: "p" }), tfl.input({ shape: [3], name: "q" })];
    // q is further from the output, so its layer is the first of the topology
    const hidden = tfl.layers.dense({ units: 4 }).apply(q) as tfl.SymbolicTensor;
    const joined = tfl.layers.concatenate().apply([p, hidden]) as tfl.SymbolicTensor;
    const output = tfl.layers.dense({ units: 1 }).apply(joined) as tfl.SymbolicTensor;
    const model = tfl.model({ inputs: [p, q], outputs: output });
    setRandomWeights(model, 1);
    const { json, weights } = await saved(model);
    expect((json.modelTopology as Parsed).config.layers[0].name).toBe("q");
    const x = rows(5, 1);
    const [own, others] = [
      [0, 2],
      [2, 5],
    ].map(([from, to]) => Array.from({ length: ROWS }, (_, i) => [...x.subarray(5 * i + from, 5 * i + to)]));
    const expected = (model.predict([tf.tensor2d(own), tf.tensor2d(others)]) as tf.Tensor).dataSync();
    const imported = await loaded(importTfjs(json, weights));
    expectClose(imported.predict({ data: x, shape: [ROWS, 5] }).data, expected);
    expectClose(imported.predict({ p: own, q: others }).data, expected);
  });

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
        { numRuns: cases(25) },
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
          units: 3,
          inputShape: [2],
          name: "first",
          activation: "tanh",
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
          id: "dense_1",
          name: "dense",
          inputs: ["input"],
          options: { units: 3, activation: "tanh", useBias: true, ...penalties },
          weights: { kernel: "dense_1.kernel", bias: "dense_1.bias" },
        },
        {
          id: "dense_2",
          name: "dense",
          inputs: ["dense_1"],
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
      { numRuns: cases(500) },
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
      { numRuns: cases(150) },
    );
  });
});

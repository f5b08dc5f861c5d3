/** Models within models: TensorFlow.js and their import predict the same. */
import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import "@tensorflow/tfjs-backend-cpu";
import { beforeAll, describe, expect, it } from "vitest";
import { importTfjs } from "../../../src/model/export/importTfjs.js";
import { ready } from "../../../src/numerics/kernels.js";
import { refusal } from "../../data/refusal.js";
import { importAgrees } from "./tfjsAgrees.js";
import { type Parsed, saved, setRandomWeights } from "./tfjsSupport.js";

beforeAll(async () => {
  await ready();
  await tf.setBackend("cpu");
});

const { layers } = tfl;
const line = (): tfl.SymbolicTensor => tfl.input({ shape: [4] });
const applied = (
  to: tfl.SymbolicTensor | tfl.SymbolicTensor[],
  ...all: readonly tfl.layers.Layer[]
): tfl.SymbolicTensor =>
  all.reduce<tfl.SymbolicTensor | tfl.SymbolicTensor[]>(
    (x, layer) => layer.apply(x) as tfl.SymbolicTensor,
    to,
  ) as tfl.SymbolicTensor;

/** A stack of [4] to [3]. */
const stack = (): tfl.Sequential =>
  tfl.sequential({
    layers: [
      layers.dense({ units: 2, inputShape: [4], activation: "tanh" }),
      layers.dropout({ rate: 0.5 }),
      layers.dense({ units: 3 }),
    ],
  });
/** A graph of [4] to [3]. */
function graph(name = "graph"): tfl.LayersModel {
  const x = line();
  const outputs = applied(
    [applied(x, layers.dense({ units: 3 })), applied(x, layers.dense({ units: 3 }))],
    layers.add(),
  );
  return tfl.model({ inputs: x, outputs, name });
}
/** A graph of [4] and [3] to two of [3]. */
function pair(): tfl.LayersModel {
  const [a, b] = [line(), tfl.input({ shape: [3] })];
  const outputs = [applied(a, layers.dense({ units: 3 })), applied(b, layers.reLU())];
  return tfl.model({ inputs: [a, b], outputs });
}
const stackOf = (...all: readonly tfl.layers.Layer[]): tfl.Sequential => {
  const model = tfl.sequential();
  for (const each of all) model.add(each);
  return model;
};
/** A model that calls another twice. */
function twice(inner: tfl.LayersModel): tfl.LayersModel {
  const inputs = [line(), line()];
  const results = inputs.map((x) => applied(x, inner));
  const outputs = applied(results, layers.concatenate(), layers.dense({ units: 1 }));
  return tfl.model({ inputs, outputs });
}

const FORMS: Readonly<Record<string, () => tfl.LayersModel>> = {
  "a stack first in a stack": () => stackOf(stack(), layers.dense({ units: 2 })),
  "a graph first in a stack": () => stackOf(graph(), layers.dense({ units: 2 })),
  "a stack within a stack": () =>
    stackOf(layers.dense({ units: 4, inputShape: [2] }), stack(), layers.reLU()),
  "a stack in a stack in a stack": () =>
    stackOf(stackOf(stack(), layers.dense({ units: 4 })), graph(), layers.dense({ units: 2 })),
  "a stack called twice": () => twice(stack()),
  "a graph called twice": () => twice(graph()),
  "a graph of graphs called twice": () => {
    const x = line();
    return twice(
      tfl.model({
        inputs: x,
        outputs: applied([applied(x, graph("one")), applied(x, graph("two"))], layers.average()),
      }),
    );
  },
  "several inputs and outputs": () => {
    const inputs = [line(), tfl.input({ shape: [3] })];
    const [a, b] = pair().apply(inputs) as tfl.SymbolicTensor[];
    return tfl.model({ inputs, outputs: [applied([b, a], layers.concatenate()), b] });
  },
  // its topology has the layers in another order
  "inputs in another order than their layers": () => {
    const [a, b] = [line(), tfl.input({ shape: [3] })];
    const outputs = applied([applied(a, layers.dense({ units: 3 })), b], layers.multiply());
    return tfl.model({ inputs: [b, a], outputs });
  },
};

describe("importTfjs takes", () => {
  it.each(Object.entries(FORMS))("%s", async (_, make) => {
    const model = make();
    setRandomWeights(model, 2);
    await importAgrees(model, 5);
    model.dispose();
  });

  const files = async (model: tfl.LayersModel): Promise<{ json: Parsed; weights: Uint8Array }> => {
    setRandomWeights(model, 3);
    return await saved(model);
  };
  const inner = (json: Parsed): Parsed =>
    json.modelTopology.config.layers.find(({ class_name }: Parsed) => /Sequential|Model/.test(class_name));

  it("a model whose calls are counted from 0, as Keras 3 counts those of a stack", async () => {
    const { json, weights } = await files(twice(stack()));
    const { network } = importTfjs(json, weights);
    const { name } = inner(json).config;
    const text = JSON.stringify(json);
    const others = text
      .replaceAll(`["${name}",1,0`, `["${name}",0,0`)
      .replaceAll(`["${name}",2,0`, `["${name}",1,0`);
    expect(others).not.toBe(text);
    expect(importTfjs(others, weights).network).toEqual(network);
  });

  it("the layers of a frozen model, frozen", async () => {
    const { json, weights } = await files(
      stackOf(stackOf(stack(), layers.reLU()), layers.dense({ units: 2 })),
    );
    inner(json).config.trainable = false;
    expect(importTfjs(json, weights).network.layers.map(({ name, trainable }) => [name, trainable])).toEqual([
      ["dense", false],
      ["dropout", false],
      ["dense", false],
      ["activation", false],
      ["dense", undefined],
    ]);
  });

  it("a frozen layer, frozen, whatever its cell or the layer within says", async () => {
    const recurrentInitializer = "zeros" as const;
    const { json, weights } = await files(
      stackOf(
        layers.rnn({
          cell: layers.simpleRNNCell({ units: 3, recurrentInitializer }),
          returnSequences: true,
          inputShape: [5, 4],
        }) as tfl.layers.Layer,
        layers.rnn({
          cell: layers.gruCell({ units: 3, recurrentInitializer }),
          returnSequences: true,
        }) as tfl.layers.Layer,
        layers.bidirectional({
          layer: layers.lstm({ units: 2, returnSequences: true, recurrentInitializer }) as tfl.RNN,
        }),
        layers.timeDistributed({ layer: layers.dense({ units: 3 }) }),
        layers.rnn({ cell: layers.lstmCell({ units: 3, recurrentInitializer }) }) as tfl.layers.Layer,
        layers.dense({ units: 2 }),
      ),
    );
    const { layers: all } = json.modelTopology.config;
    const trained = all.filter(({ class_name }: Parsed) => class_name !== "InputLayer");
    expect(trained).toHaveLength(6);
    for (const [k, { config }] of trained.entries()) {
      for (const inner of [config.cell, config.layer]) if (inner) inner.config.trainable = true;
      config.trainable = false;
      const { network } = importTfjs(json, weights);
      expect(network.layers.map(({ trainable }) => trainable)).toEqual(
        trained.map((_: Parsed, i: number) => (i === k ? false : undefined)),
      );
      config.trainable = true;
    }
  });

  it("no model that is called with too few values", async () => {
    const { json, weights } = await files(FORMS["several inputs and outputs"]());
    inner(json).inbound_nodes[0].pop();
    expect(refusal(() => importTfjs(json, weights))).toBe(
      "invalid_checkpoint: the values that a model within the model takes must be as many as its inputs, 2; received 1",
    );
  });

  it("no result that a model does not have", async () => {
    const { json, weights } = await files(twice(graph()));
    const text = JSON.stringify(json).replace('["graph",2,0', '["graph",2,1');
    expect(refusal(() => importTfjs(text, weights))).toMatch(
      /^unsupported: each layer of the model must follow from its inputs, and its outputs must be of its layers; received \[/,
    );
  });

  it("no small file that calls models millions of times", async () => {
    const { json, weights } = await files(twice(graph()));
    const end = (name: string, call: number) => [[name, call, 0, {}]];
    // each level calls the one within it twice
    let level = inner(json);
    for (let i = 0; i < 12; i++) {
      const name = `level${i}`;
      const input = {
        name: "x",
        class_name: "InputLayer",
        config: { name: "x", batch_input_shape: [null, 4] },
        inbound_nodes: [],
      };
      const called = { ...level, inbound_nodes: [end("x", 0), end("x", 0)] };
      const config = {
        name,
        layers: [input, called],
        input_layers: [["x", 0, 0]],
        output_layers: [[level.config.name, 2, 0]],
      };
      level = { name, class_name: "Model", config, inbound_nodes: [] };
    }
    json.modelTopology = { ...json.modelTopology, class_name: "Model", config: level.config };
    expect(refusal(() => importTfjs(json, weights))).toMatch(
      /^unsupported: the model must have at most 1000 layers; received 100\d$/,
    );
  });
});

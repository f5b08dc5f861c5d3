/** Recurrent layers that return their states, or take their first: TensorFlow.js and their import agree. */
import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import "@tensorflow/tfjs-backend-cpu";
import { beforeAll, describe, expect, it } from "vitest";
import { importTfjs } from "../../../src/model/export/importTfjs.js";
import { ready } from "../../../src/numerics/kernels.js";
import type { NetworkDescription } from "../../../src/predict/description.js";
import { refusal } from "../../data/refusal.js";
import { numbersFor, sizeOf } from "./anyStack.js";
import { predictedBeside } from "./tfjsAgrees.js";
import { expectClose, loaded, type Parsed, saved, setRandomWeights } from "./tfjsSupport.js";

beforeAll(async () => {
  await ready();
  await tf.setBackend("cpu");
});

type Symbols = tfl.SymbolicTensor[];
const { layers: L } = tfl;
const own = { units: 4, recurrentInitializer: "zeros" as const };
const all = { ...own, returnState: true };
const steps = { ...own, returnSequences: true };
const both = { ...steps, returnState: true };
const many = (layer: tfl.layers.Layer, x: tfl.SymbolicTensor | Symbols): Symbols => layer.apply(x) as Symbols;
const one = (layer: tfl.layers.Layer, x: tfl.SymbolicTensor | Symbols): tfl.SymbolicTensor =>
  layer.apply(x) as tfl.SymbolicTensor;
/** From [5, 3] and [4, 2]. */
function modelOf(build: (x: tfl.SymbolicTensor, y: tfl.SymbolicTensor) => Symbols): tfl.LayersModel {
  const [x, y] = [tfl.input({ shape: [5, 3] }), tfl.input({ shape: [4, 2] })];
  const model = tfl.model({ inputs: [x, y], outputs: build(x, y) });
  setRandomWeights(model, 7);
  return model;
}
const first = (y: tfl.SymbolicTensor): tfl.SymbolicTensor => one(L.flatten() as tfl.layers.Layer, y);

const FORMS: Readonly<Record<string, (x: tfl.SymbolicTensor, y: tfl.SymbolicTensor) => Symbols>> = {
  "the states of lstm": (x, y) => [...many(L.lstm(all), x), first(y)],
  "the states and sequence of lstm": (x, y) => [...many(L.lstm(both), x), first(y)],
  "the states and sequence of a cell": (x, y) => [
    ...many(
      L.rnn({ cell: L.lstmCell(own), returnSequences: true, returnState: true }) as tfl.layers.Layer,
      x,
    ),
    first(y),
  ],
  "the state of gru": (x, y) => [...many(L.gru(all), x), first(y)],
  "the state and sequence of simpleRNN": (x, y) => [...many(L.simpleRNN(both), x), first(y)],
  "an encoder and a decoder": (x, y) => {
    const [, h, c] = many(L.lstm(all), x);
    const [sequence] = many(L.lstm(both), [y, h, c]);
    return [one(L.dense({ units: 2 }), sequence)];
  },
  "an encoder and a decoder of gru": (x, y) => {
    const [, h] = many(L.gru(both), x);
    return [one(L.gru(own), [y, h])];
  },
  "states beside another value": (x, y) => {
    const [last, h, c] = many(L.lstm(all), x);
    return [one(L.add() as tfl.layers.Layer, [last, h, c]), first(y)];
  },
  "a decoder of masked steps": (x, y) => {
    const [, h] = many(L.gru(all), x);
    const masked = one(L.masking({ maskValue: 0.5 }), y);
    return [one(L.gru(own), [masked, h])];
  },
  "states in the other order": (x, y) => {
    const [, h, c] = many(L.lstm(all), x);
    return [one(L.lstm(own), [y, c, h])];
  },
};

describe("importTfjs takes", () => {
  it.each(Object.entries(FORMS))("%s", async (_, build) => {
    const model = modelOf(build);
    const x = numbersFor(
      model.inputs.reduce((sum, { shape }) => sum + sizeOf(shape.slice(1) as number[]), 0),
      5,
      (normal) => normal,
    );
    x.fill(0.5, 19, 23); // masked steps, if there is a mask
    const expected = predictedBeside(model, x, 5);
    const { json, weights } = await saved(model);
    const imported = await loaded(importTfjs(json, weights));
    expectClose(imported.predict({ data: x, shape: [5, x.length / 5] }).data, expected);
    model.dispose();
  });
});

const networkOf = async (build: (typeof FORMS)[string]): Promise<NetworkDescription> => {
  const { json, weights } = await saved(modelOf(build));
  return importTfjs(json, weights).network;
};

it("the states of an encoder reach its decoder as one value, and a decoder returns none that are not read", async () => {
  const { layers } = await networkOf(FORMS["an encoder and a decoder"]);
  expect(layers.map(({ id, inputs }) => [id, inputs.slice(1)])).toEqual([
    ["lstm_1", []],
    ["lstm_2", ["lstm_1"]],
    ["dense_1", []],
  ]);
  expect(layers.slice(0, 2).map(({ options }) => options.returnState)).toEqual([true, undefined]);
});

it("a state of two layers is not taken for both states of one", async () => {
  const { layers } = await networkOf((x, y) => {
    const [[, h], [, , c]] = [many(L.lstm(all), x), many(L.lstm(all), x)];
    return [one(L.lstm(own), [y, h, c])];
  });
  expect(layers.at(-1)?.inputs).toHaveLength(3);
});

describe("importTfjs refuses", () => {
  const changed = async (build: (typeof FORMS)[string], change: (json: Parsed) => void): Promise<string> => {
    const { json, weights } = await saved(modelOf(build));
    change(json.modelTopology);
    return refusal(() => importTfjs(json, weights));
  };
  const named = (json: Parsed, kind: string): Parsed =>
    json.config.layers.find(({ class_name }: Parsed) => class_name === kind);

  it("a sequence and states of a layer that reads a mask", async () => {
    const message = await changed(
      (x, y) => [...many(L.gru({ ...both, name: "steps" }), one(L.masking(), x)), first(y)],
      () => {},
    );
    expect(message).toBe(
      'unsupported: layer "steps" must not return both its sequence and its states for a sequence with a mask; received return_sequences and return_state. Use two layers',
    );
  });

  it("states that a layer does not have", async () => {
    const message = await changed(FORMS["the state of gru"], (json) => {
      json.config.output_layers[1][2] = 2;
    });
    expect(message).toBe(
      "invalid_checkpoint: the model must read only results that its layers have; received another",
    );
  });

  it("a stack whose layer returns states", async () => {
    const model = tfl.sequential({ layers: [L.lstm({ ...own, inputShape: [5, 3], name: "states" })] });
    const { json, weights } = await saved(model);
    const { config } = (json.modelTopology as Parsed).config.layers.at(-1);
    config.return_state = true;
    expect(refusal(() => importTfjs(json, weights))).toBe(
      'unsupported: layer "states" of a stack must have one result; received one that returns more',
    );
  });

  it("states of a layer within a layer", async () => {
    const message = await changed(
      (x, y) => [one(L.bidirectional({ layer: L.lstm(own) as tfl.RNN, name: "both" }), x), first(y)],
      (json) => {
        Object.assign(named(json, "Bidirectional").config.layer.config, { return_state: true, name: "part" });
      },
    );
    expect(message).toBe(
      'unsupported: layer "part" of layer "both" must return one result; received return_state: true. Use a layer for each direction, and join their results',
    );
  });

  it("states that are neither returned nor left out", async () => {
    const message = await changed(
      (x, y) => [one(L.gru({ ...own, name: "unclear" }), x), first(y)],
      (json) => {
        named(json, "GRU").config.return_state = 1;
      },
    );
    expect(message).toBe(
      'invalid_checkpoint: return_state of layer "unclear" must be true or false; received 1',
    );
  });

  it("more layers than a file may have, of states that layers take apart", async () => {
    const message = await changed(
      (x, y) => [...many(L.lstm(both), x), first(y)],
      (json) => {
        const layer = named(json, "LSTM");
        const { inbound_nodes: nodes, config } = layer;
        const calls = 150;
        layer.inbound_nodes = Array(calls).fill(nodes[0]);
        json.config.output_layers = Array.from({ length: calls }, (_, i) => [config.name, i, 2]);
      },
    );
    expect(message).toMatch(/^unsupported: the model must have at most 1000 layers; received \d+$/);
  });
});

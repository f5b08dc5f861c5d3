/** Recurrent layers as ONNX's operators, in ONNX Runtime. */
import { expect, it } from "vitest";
import { contentsOf } from "../../../src/model/contents.js";
import { exportOnnx } from "../../../src/model/export/onnx.js";
import { Graph } from "../../../src/model/export/onnxGraph.js";
import { RECURRENT } from "../../../src/model/export/onnxRecurrent.js";
import { functional, input } from "../../../src/nn/functional.js";
import {
  bidirectional,
  dense,
  embedding,
  gru,
  type Layer,
  lstm,
  simpleRNN,
} from "../../../src/nn/layers/index.js";
import { sequential } from "../../../src/nn/sequential.js";
import { RandomStream } from "../../../src/numerics/random.js";
import { refusal } from "../../data/refusal.js";
import { randomRows } from "../../nn/support.js";
import { trained } from "../../predict/networks.js";
import { CLOSE, difference, floats, run } from "./onnxRuntime.js";

const [STEPS, FEATURES, UNITS] = [5, 3, 4];

/** A network of one layer with random weights, as an ONNX file. */
function exported(layer: Layer) {
  const steps = input([STEPS, FEATURES]);
  const model = functional({ inputs: steps, outputs: layer.apply(steps) });
  trained(model, STEPS * FEATURES, 7, (normal) => normal / 2);
  const { network, tensors } = contentsOf(model, false);
  const [description] = network.layers;
  const graph = new Graph("test");
  const flat = graph.input("features", "float", STEPS * FEATURES, "steps of features");
  const shape = graph.node("Constant", [], { value_ints: [0, STEPS, FEATURES] });
  const value = RECURRENT[description.name as keyof typeof RECURRENT]({
    graph,
    layer: description,
    inputs: [{ value: graph.node("Reshape", [flat, shape]), shape: [STEPS, FEATURES] }],
    numbers: (name) => tensors[description.weights[name]].data,
  });
  const units = layer.outputShape([STEPS, FEATURES]).reduce((a, b) => a * b, 1);
  graph.output("y", graph.node("Flatten", [value], { axis: 1 }), "float", units);
  return { model, bytes: graph.bytes("test", {}) };
}

const all = { returnSequences: true };
it.each<[string, Layer]>([
  ["simpleRNN", simpleRNN(UNITS)],
  ["simpleRNN of relu, each step", simpleRNN(UNITS, { activation: "relu", ...all })],
  ["lstm", lstm(UNITS)],
  ["lstm backwards, each step", lstm(UNITS, { goBackwards: true, ...all })],
  ["lstm of softplus without biases", lstm(UNITS, { activation: "softplus", useBias: false })],
  ["gru", gru(UNITS)],
  ["gru backwards", gru(UNITS, { goBackwards: true })],
  ["gru that resets before, each step", gru(UNITS, { resetAfter: false, ...all })],
  ["gru of elu", gru(UNITS, { activation: "elu" })],
  ["lstm of softsign", lstm(UNITS, { activation: "softsign" })],
  ["gru of other gates", gru(UNITS, { activation: "sigmoid", recurrentActivation: "tanh" })],
  ["lstm in both directions", bidirectional(lstm(UNITS))],
  ["lstm in both directions, each step", bidirectional(lstm(UNITS, all))],
  ["gru in both directions, each step", bidirectional(gru(UNITS, all), { mergeMode: "sum" })],
  ["gru in both directions, by product", bidirectional(gru(UNITS), { mergeMode: "mul" })],
  ["simpleRNN in both directions, by mean", bidirectional(simpleRNN(UNITS, all), { mergeMode: "ave" })],
])("ONNX Runtime predicts what Fettle does with %s", async (_, layer) => {
  const { model, bytes } = exported(layer);
  const random = new RandomStream(1, 4);
  const columns = STEPS * FEATURES;
  const x = Float32Array.from({ length: 6 * columns }, () => random.normal());
  const { y } = await run(bytes, { features: floats(x, columns) });
  expect(difference(y.data, model.predict({ data: x, shape: [6, columns] }).data)).toBeLessThan(CLOSE);
});

it("the whole model is exported", async () => {
  const model = sequential([gru(UNITS, all), bidirectional(lstm(UNITS)), dense(2)]);
  model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
  const x = Array.from({ length: 3 }, (_, row) => randomRows(STEPS, FEATURES, row));
  await model.fit(
    x,
    [
      [0, 1],
      [1, 0],
      [1, 1],
    ],
    { epochs: 2 },
  );
  const features = floats(Float32Array.from(x.flat(2)), STEPS * FEATURES);
  const { y } = await run(exportOnnx(contentsOf(model, false)).bytes, { features });
  expect(difference(y.data, model.predict(x).data)).toBeLessThan(CLOSE);
});

it("an embedding that masks is refused, since ONNX's recurrences know no masks but lengths", async () => {
  const model = trained(sequential([embedding(4, 2, { maskZero: true })]), 3, 1, (normal) => normal);
  expect(await refusal(() => exportOnnx(contentsOf(model, false)))).toBe(
    'unsupported: maskZero of layer "embedding_1" must be false to be exported; received true',
  );
});

it("an activation that ONNX's recurrences do not have is refused by name", async () => {
  expect(await refusal(() => exported(gru(UNITS, { activation: "gelu" })))).toBe(
    'unsupported: `activation` of layer "gru_1" must be tanh, sigmoid, elu, relu, softplus, softsign to be exported; received "gelu"',
  );
});

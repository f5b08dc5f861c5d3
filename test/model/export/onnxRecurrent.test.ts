/** Recurrent layers as loops of ONNX, in ONNX Runtime. */
import { expect, it } from "vitest";
import { exportOnnx } from "../../../src/model/export/onnx.js";
import { functional, input } from "../../../src/nn/functional.js";
import {
  bidirectional,
  dense,
  dropout,
  embedding,
  flatten,
  gru,
  type Layer,
  lstm,
  masking,
  reshape,
  simpleRNN,
} from "../../../src/nn/layers/index.js";
import { sequential } from "../../../src/nn/sequential.js";
import { RandomStream } from "../../../src/numerics/random.js";
import { randomRows } from "../../nn/support.js";
import { trained } from "../../predict/networks.js";
import { CLOSE, difference, floats, run } from "./onnxRuntime.js";

const [STEPS, FEATURES, UNITS] = [5, 3, 4];

/** A network of one layer with random weights, as an ONNX file. */
function exported(layer: Layer) {
  const steps = input([STEPS, FEATURES]);
  const model = functional({ inputs: steps, outputs: layer.apply(steps) });
  trained(model, STEPS * FEATURES, 7, (normal) => normal / 2);
  return { model, bytes: exportOnnx(model) };
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
  ["gru of gelu", gru(UNITS, { activation: "gelu" })],
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
  const { y } = await run(exportOnnx(model), { features });
  expect(difference(y.data, model.predict(x).data)).toBeLessThan(CLOSE);
});

it.each<[string, Layer[]]>([
  ["an embedding that masks", [embedding(4, 2, { maskZero: true }), dropout(0.5), gru(2)]],
  ["masking", [reshape([3, 1]), masking(1), bidirectional(lstm(2))]],
])("a recurrence reads the mask of %s", async (_, layers) => {
  const model = trained(sequential(layers), 3, 1, (normal) => normal);
  const x = Float32Array.of(0, 1, 2, 3, 1, 1, 1, 0, 1);
  const { y } = await run(exportOnnx(model), { features: floats(x, 3) });
  expect(difference(y.data, model.predict({ data: x, shape: [3, 3] }).data)).toBeLessThan(CLOSE);
});

it("a mask that no layer reads is nothing to refuse", async () => {
  const layers = [embedding(4, 2, { maskZero: true }), flatten(), reshape([3, 2]), gru(2)];
  const model = trained(sequential(layers), 3, 1, (normal) => normal);
  const x = Float32Array.of(0, 1, 2, 3, 0, 0);
  const { y } = await run(exportOnnx(model), { features: floats(x, 3) });
  expect(difference(y.data, model.predict({ data: x, shape: [2, 3] }).data)).toBeLessThan(CLOSE);
});

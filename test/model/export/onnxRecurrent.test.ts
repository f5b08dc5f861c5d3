/** Recurrent layers as loops of ONNX, in ONNX Runtime. */
import { expect, it } from "vitest";
import { exportOnnx } from "../../../src/model/export/onnx.js";
import {
  bidirectional,
  convLstm2d,
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
import { functional, input } from "../../../src/nn/models/functional.js";
import { sequential } from "../../../src/nn/models/sequential.js";
import { RandomStream } from "../../../src/numerics/random.js";
import { randomRows } from "../../nn/support.js";
import { trained } from "../../predict/networks.js";
import { sizeOf } from "./anyStack.js";
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

/** Steps that are images. */
const IMAGES = [3, 5, 4, 2];
it.each<[string, Layer, Layer?]>([
  ["small windows", convLstm2d(2, [2, 3])],
  ["windows of one pixel, each step", convLstm2d(3, 1, all)],
  ["windows that keep the size, backwards", convLstm2d(2, 3, { padding: "same", goBackwards: true })],
  ["strides, each step backwards", convLstm2d(2, [3, 2], { strides: [2, 1], goBackwards: true, ...all })],
  ["strides that keep the size", convLstm2d(2, 3, { strides: 2, padding: "same" })],
  ["dilation, each step", convLstm2d(2, 2, { dilationRate: 2, ...all })],
  [
    "other activations, without biases",
    convLstm2d(2, 2, { activation: "relu", recurrentActivation: "tanh", useBias: false }),
  ],
  ["both states", convLstm2d(2, 2, { returnState: true })],
  ["both states, each step", convLstm2d(2, 2, { returnState: true, ...all })],
  ["first states", convLstm2d(2, 2, all), convLstm2d(2, 2, { returnState: true })],
])("ONNX Runtime predicts what Fettle does with convLstm2d of %s", async (_, layer, encoder) => {
  const images = input(IMAGES);
  const outputs = layer.apply(images, ...(encoder ? [encoder.apply(images)] : []));
  const columns = sizeOf(IMAGES);
  const model = trained(functional({ inputs: images, outputs }), columns, 7, (normal) => normal / 2);
  const random = new RandomStream(2, 4);
  for (const rows of [1, 4]) {
    const x = Float32Array.from({ length: rows * columns }, () => random.normal());
    const { y } = await run(exportOnnx(model), { features: floats(x, columns) });
    const expected = model.predict({ data: x, shape: [rows, columns] });
    expect(difference(y.data, expected.data)).toBeLessThan(CLOSE);
  }
});

it("ONNX Runtime leaves out masked steps of convLstm2d", async () => {
  const layers = [
    reshape([4, 6]),
    masking(),
    reshape([4, 3, 2, 1]),
    convLstm2d(2, 2, all),
    convLstm2d(1, [2, 1]),
    flatten(),
    dense(2),
  ];
  const model = trained(sequential(layers), 24, 1, (normal) => normal / 2);
  const random = new RandomStream(3, 4);
  const x = Float32Array.from({ length: 72 }, () => random.normal());
  x.fill(0, 12, 24); // the end of a row
  x.fill(0, 30, 36); // within a row
  x.fill(0, 48, 72); // a row
  const { y } = await run(exportOnnx(model), { features: floats(x, 24) });
  expect(difference(y.data, model.predict({ data: x, shape: [3, 24] }).data)).toBeLessThan(CLOSE);
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

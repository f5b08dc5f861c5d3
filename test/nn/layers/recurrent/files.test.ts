/** Recurrent layers in files: trained on to the same bits, and predicted by what knows no training. */
import { describe, expect, it } from "vitest";
import { exportOnnx } from "../../../../src/model/export/onnx.js";
import { loadModel, saveModel } from "../../../../src/model/save.js";
import {
  bidirectional,
  dense,
  freeze,
  gru,
  type Layer,
  lstm,
  masking,
  simpleRNN,
  timeDistributed,
} from "../../../../src/nn/layers/index.js";
import { sequential } from "../../../../src/nn/models/sequential.js";
import { loadPredictor } from "../../../../src/predict/index.js";
import { CLOSE, difference, floats, run } from "../../../model/export/onnxRuntime.js";
import { randomRows, weightsOf } from "../../support.js";

const rows = 9;
const all = { returnSequences: true };
const sequences = (steps: number, features: number): number[][][] =>
  Array.from({ length: rows }, (_, row) => randomRows(steps, features, row));
const y = randomRows(rows, 1, 7);

describe.each<[string, () => Layer[]]>([
  ["simpleRNN", () => [simpleRNN(3, { activation: "relu", goBackwards: true })]],
  ["lstm, with dropout", () => [lstm(3, { dropout: 0.25, recurrentDropout: 0.5, unitForgetBias: false })]],
  ["gru, after masking", () => [masking(-1), gru(3, { resetAfter: false, useBias: false })]],
  [
    "both directions, and a layer at each step",
    () => [bidirectional(gru(3, all), { mergeMode: "ave" }), timeDistributed(dense(2)), lstm(2)],
  ],
  ["a frozen layer of both directions", () => [freeze(bidirectional(lstm(2)))]],
])("%s", (_, layers) => {
  const x = sequences(4, 2);
  x[3] = [...x[3].slice(0, 2), [-1, -1], [-1, -1]];

  it("is saved and loaded, predicts the same, and trains on to the same bits", async () => {
    const model = sequential([...layers(), dense(1)]);
    model.compile({ optimizer: "adam", loss: "meanSquaredError" });
    await model.fit(x, y, { epochs: 2, batchSize: 4, seed: 1 });
    const bytes = saveModel(model, { optimizer: true });
    const expected = Array.from(model.predict(x).data);
    const { model: loaded } = await loadModel(bytes);
    expect(Array.from(loaded.predict(x).data)).toEqual(expected);
    const predictor = await loadPredictor(bytes);
    expect(Array.from(predictor.predict(x.map((steps) => steps.flat())).data)).toEqual(expected);
    for (const each of [model, loaded]) await each.fit(x, y, { epochs: 2, batchSize: 4 });
    expect(weightsOf(loaded)).toEqual(weightsOf(model));
  });
});

it("exports of a whole model have its recurrences and masks", async () => {
  const model = sequential([masking(), gru(2), dense(1)]);
  model.compile({ optimizer: "adam", loss: "meanSquaredError" });
  const x = sequences(3, 2);
  await model.fit(x, y, { epochs: 1 });
  const features = Float32Array.from(x.flat(2));
  const { data } = model.predict(x);
  const found = await run(exportOnnx(model), { features: floats(features, features.length / x.length) });
  expect(difference(found.y.data, data)).toBeLessThan(CLOSE);
});

/** Networks with masks as ONNX files: the same results at the steps that count, by ONNX Runtime. */
import { describe, expect, it } from "vitest";
import { exportOnnx } from "../../../src/model/export/onnx.js";
import {
  activation,
  averagePooling1d,
  batchNormalization,
  bidirectional,
  conv1d,
  cropping1d,
  dense,
  dropout,
  embedding,
  flatten,
  globalAveragePooling1d,
  globalMaxPooling1d,
  gru,
  type Layer,
  layerNormalization,
  lstm,
  masking,
  maxPooling1d,
  merge,
  multiHeadAttention,
  permute,
  timeDistributed,
  upSampling1d,
} from "../../../src/nn/layers/index.js";
import { functional, input } from "../../../src/nn/models/functional.js";
import { copied } from "../../nn/support.js";
import { trained } from "../../predict/networks.js";
import { CLOSE, difference, floats, run } from "./onnxRuntime.js";

const WORDS = 5;
/** Rows with padding at the end, between words, and nowhere; and one of padding alone. */
const ROWS = [
  [3, 1, 0, 0, 0],
  [0, 2, 0, 1, 3],
  [1, 2, 3, 1, 2],
  [0, 0, 0, 0, 0],
];
const normal = (value: number): number => value / 2;
const words = (...after: readonly Layer[]) =>
  trained(copied([embedding(4, 3, { maskZero: true }), ...after]), WORDS, 3, normal);

describe.each<[string, readonly Layer[]]>([
  ["the mean", [globalAveragePooling1d()]],
  ["the largest", [globalMaxPooling1d()]],
  ["attention", [multiHeadAttention(2, 2), globalAveragePooling1d()]],
  ["attention to earlier steps", [multiHeadAttention(1, 2, { causal: true }), globalMaxPooling1d()]],
  ["flatten", [dense(2), flatten(), dense(1)]],
  ["masking of steps that were masked before", [masking(1), globalAveragePooling1d()]],
  ["another order of axes", [permute([2, 1]), dense(2)]],
  ["windows in the places of steps", [conv1d(2, 3, { padding: "same" }), globalAveragePooling1d()]],
  ["windows without padding", [conv1d(2, 2), globalMaxPooling1d()]],
  ["the largest of windows", [maxPooling1d(2), globalAveragePooling1d()]],
  ["means of windows", [averagePooling1d(3, { strides: 1, padding: "same" }), flatten()]],
  ["fewer steps", [cropping1d(1), globalAveragePooling1d()]],
  ["repeated steps", [upSampling1d(2), globalAveragePooling1d()]],
  ["recurrences", [gru(2, { returnSequences: true }), bidirectional(lstm(2))]],
  [
    "layers that keep steps apart",
    [
      dropout(0.5),
      layerNormalization(),
      activation("gelu"),
      batchNormalization(),
      timeDistributed(dense(2)),
      globalAveragePooling1d(),
    ],
  ],
])("%s", (_, after) => {
  it("of words", async () => {
    const model = words(...after);
    const { y } = await run(exportOnnx(model), {
      features: floats(Float32Array.from(ROWS.flat()), WORDS),
    });
    expect(difference(y.data, model.predict(ROWS).data)).toBeLessThan(CLOSE);
  });

  it("of steps", async () => {
    const x = input([4, 2]);
    const outputs = [masking(1), ...after, dense(2)].reduce((value, layer) => layer.apply(value), x);
    const model = trained(functional({ inputs: x, outputs }), 8, 5, normal);
    const rows = [
      [0.5, 1, 1, 1, -2, 1, 1, 1],
      [1, 1, 1, 1, 1, 1, 1, 1],
    ];
    const { y } = await run(exportOnnx(model), {
      features: floats(Float32Array.from(rows.flat()), 8),
    });
    expect(difference(y.data, model.predict(rows).data)).toBeLessThan(CLOSE);
  });
});

it("a sum of two paths of one mask", async () => {
  const x = input(WORDS);
  const vectors = embedding(4, 3, { maskZero: true }).apply(x);
  const attended = multiHeadAttention(1, 2).apply(vectors);
  const outputs = globalAveragePooling1d().apply(merge("add").apply(vectors, attended));
  const model = trained(functional({ inputs: x, outputs }), WORDS, 3, normal);
  const { y } = await run(exportOnnx(model), {
    features: floats(Float32Array.from(ROWS.flat()), WORDS),
  });
  expect(difference(y.data, model.predict(ROWS).data)).toBeLessThan(CLOSE);
});

it("attention of steps that all count to words, of which there may be none", async () => {
  const [query, x] = [input([2, 3]), input(WORDS)];
  const vectors = embedding(4, 3, { maskZero: true }).apply(x);
  const outputs = multiHeadAttention(2, 2).apply(query, vectors);
  const model = trained(functional({ inputs: { query, x }, outputs }), 6 + WORDS, 3, (value) =>
    Math.abs(value),
  );
  const rows = ROWS.map((words, i) => [0.5, -1, i, 0.25, 2, -i, ...words]);
  const { y } = await run(exportOnnx(model), {
    features: floats(Float32Array.from(rows.flat()), 6 + WORDS),
  });
  expect(difference(y.data, model.predict(rows).data)).toBeLessThan(CLOSE);
});

it("attention leaves out steps that the mask of the keys or of the values does", async () => {
  const [query, x, others] = [input([2, 3]), input(WORDS), input(WORDS)];
  const embedded = (ids: typeof x) => embedding(4, 3, { maskZero: true }).apply(ids);
  const outputs = multiHeadAttention(2, 2).apply(query, embedded(x), embedded(others));
  const model = trained(functional({ inputs: { query, x, others }, outputs }), 6 + 2 * WORDS, 3, (value) =>
    Math.abs(value),
  );
  const rows = ROWS.map((words, i) => [0.5, -1, i, 0.25, 2, -i, ...words, ...ROWS[(i + 1) % 3]]);
  const { y } = await run(exportOnnx(model), {
    features: floats(Float32Array.from(rows.flat()), 6 + 2 * WORDS),
  });
  expect(difference(y.data, model.predict(rows).data)).toBeLessThan(CLOSE);
});

/** Networks with masks as ONNX files: the same results at the steps that count, by ONNX Runtime, or a refusal. */
import { describe, expect, it } from "vitest";
import { contentsOf } from "../../../src/model/contents.js";
import { exportOnnx } from "../../../src/model/export/onnx.js";
import { functional, input } from "../../../src/nn/functional.js";
import {
  activation,
  averagePooling1d,
  batchNormalization,
  conv1d,
  cropping1d,
  dense,
  dropout,
  embedding,
  flatten,
  globalAveragePooling1d,
  globalMaxPooling1d,
  type Layer,
  layerNormalization,
  masking,
  maxPooling1d,
  merge,
  multiHeadAttention,
  permute,
  timeDistributed,
  upSampling1d,
} from "../../../src/nn/layers/index.js";
import { sequential } from "../../../src/nn/sequential.js";
import { refusal } from "../../data/refusal.js";
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
  trained(sequential([embedding(4, 3, { maskZero: true }), ...after]), WORDS, 3, normal);

describe.each<[string, readonly Layer[]]>([
  ["the mean", [globalAveragePooling1d()]],
  ["the largest", [globalMaxPooling1d()]],
  ["attention", [multiHeadAttention(2, 2), globalAveragePooling1d()]],
  ["attention to earlier steps", [multiHeadAttention(1, 2, { causal: true }), globalMaxPooling1d()]],
  ["flatten", [dense(2), flatten(), dense(1)]],
  ["masking of steps that were masked before", [masking(1), globalAveragePooling1d()]],
  ["another order of axes", [permute([2, 1]), dense(2)]],
  ["windows in the places of steps", [conv1d(2, 3, { padding: "same" }), globalAveragePooling1d()]],
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
    const { y } = await run(exportOnnx(contentsOf(model, false)), {
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
    const { y } = await run(exportOnnx(contentsOf(model, false)), {
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
  const { y } = await run(exportOnnx(contentsOf(model, false)), {
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
  const { y } = await run(exportOnnx(contentsOf(model, false)), {
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
  const { y } = await run(exportOnnx(contentsOf(model, false)), {
    features: floats(Float32Array.from(rows.flat()), 6 + 2 * WORDS),
  });
  expect(difference(y.data, model.predict(rows).data)).toBeLessThan(CLOSE);
});

it.each<[string, readonly Layer[]]>([
  ["conv1d_1", [conv1d(2, 2)]],
  ["maxPooling1d_1", [maxPooling1d(2)]],
  ["averagePooling1d_1", [averagePooling1d(3, { strides: 1, padding: "same" })]],
  ["cropping1d_1", [cropping1d(1)]],
  ["upSampling1d_1", [upSampling1d(2)]],
])("a mask that %s would change is refused", async (name, after) => {
  expect(await refusal(() => exportOnnx(contentsOf(words(...after), false)))).toBe(
    `unsupported: layer "${name}" must take sequences without a mask to be exported to ONNX; received one of masking or maskZero. ` +
      "Use fettle/predict, or global pooling in its place",
  );
});

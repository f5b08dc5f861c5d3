/** Every layer, and stacks of any, as modules of JavaScript: they predict what the model does. */
import { describe, expect, it } from "vitest";
import { exportJs } from "../../../src/model/export/js.js";
import * as layers from "../../../src/nn/layers/index.js";
import { functional, input } from "../../../src/nn/models/functional.js";
import type { LayersModel } from "../../../src/nn/models/layersModel.js";
import { sequential } from "../../../src/nn/models/sequential.js";
import { EXAMPLES } from "../../predict/everyLayer.js";
import { trained } from "../../predict/networks.js";
import { anyStackAgrees, networkOf, numbersFor, overImages, overSteps, sizeOf } from "./anyStack.js";
import { imported } from "./modules.js";

/** Of float32, 6e-8 is a rounding; sums are in another order. */
const CLOSE = 1e-6;

async function agrees(
  model: LayersModel,
  columns: number,
  rows: number,
  number = (normal: number): number => normal,
): Promise<void> {
  await agreesOn(model, columns, numbersFor(columns, rows, number));
}

async function agreesOn(model: LayersModel, columns: number, x: Float32Array): Promise<void> {
  const rows = x.length / columns;
  const { data } = model.predict({ data: x, shape: [rows, columns] });
  const { predict } = await imported(exportJs(model));
  const units = data.length / rows;
  // twice, since arrays are filled again
  for (const row of [...Array(rows).keys(), 0]) {
    const found = predict(x.subarray(row * columns, (row + 1) * columns)) as number[];
    const expected = data.subarray(row * units, (row + 1) * units);
    expect(found.length).toBe(units);
    for (const [j, value] of found.entries())
      if (value !== expected[j])
        expect(Math.abs(value - expected[j]) / Math.max(1, Math.abs(expected[j]))).toBeLessThan(CLOSE);
  }
}

describe("a module predicts what the model does with", () => {
  const all = Object.entries(EXAMPLES).flatMap(([name, examples]) =>
    examples.map((example, i) => [`${name} (${i + 1})`, example] as const),
  );
  it.each(all)("%s", async (_, example) => {
    const columns = example.shapes.map(sizeOf).reduce((sum, size) => sum + size);
    await agrees(networkOf(example), columns, 3, example.number);
  });

  it.each([
    ["any stack over images", [6, 5, 2], overImages],
    ["any stack over steps", [6, 3], overSteps],
  ] as const)("%s", async (_, row, layer) => {
    await anyStackAgrees(layer, row, agrees);
  });
});

describe("a module of words, of which some are padding", () => {
  const WORDS = 5;
  const rows = [
    [3, 1, 0, 0, 0],
    [0, 2, 0, 1, 3],
    [1, 2, 3, 1, 2],
    [0, 0, 0, 0, 0],
  ];
  it.each<[string, readonly layers.Layer[]]>([
    ["the mean", [layers.globalAveragePooling1d()]],
    ["attention", [layers.multiHeadAttention(2, 2, { causal: true }), layers.globalMaxPooling1d()]],
    ["recurrences", [layers.lstm(3, { returnSequences: true }), layers.bidirectional(layers.gru(2))]],
    ["windows", [layers.conv1d(2, 2), layers.maxPooling1d(2), layers.flatten()]],
    ["means of windows", [layers.averagePooling1d(3, { strides: 1, padding: "same" }), layers.flatten()]],
  ])("%s", async (_, after) => {
    const stack = [layers.embedding(4, 3, { maskZero: true }), ...after, layers.dense(2)];
    const model = trained(sequential(stack), WORDS, 3, (normal) => normal / 2);
    await agreesOn(model, WORDS, Float32Array.from(rows.flat()));
  });

  it("what is no id gives no number", async () => {
    const stack = [layers.embedding(3, 2), layers.flatten(), layers.dense(1)];
    const { predict } = await imported(exportJs(trained(sequential(stack), 2, 3, (normal) => normal)));
    for (const id of [1.5, -1, 3]) expect(predict([2, id])).toEqual([Number.NaN]);
    expect(predict([2, 0])).not.toEqual([Number.NaN]);
  });
});

it("recurrences within a recurrence of steps", async () => {
  const x = input([2, 3, 2]);
  const outputs = layers.lstm(2).apply(layers.timeDistributed(layers.gru(3)).apply(x));
  await agrees(
    trained(functional({ inputs: x, outputs }), 12, 3, (normal) => normal / 2),
    12,
    3,
  );
});

/** Every layer as a layers model: TensorFlow.js predicts the same, and what is read back predicts the same bits. Others are refused by name. */
import * as tf from "@tensorflow/tfjs-core";
import type * as tfl from "@tensorflow/tfjs-layers";
import "@tensorflow/tfjs-backend-cpu";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { contentsOf } from "../../../src/model/contents.js";
import { importTfjs } from "../../../src/model/export/importTfjs.js";
import { exportTfjs } from "../../../src/model/export/tfjs.js";
import { loadModel } from "../../../src/model/save.js";
import type * as layers from "../../../src/nn/layers/index.js";
import type { LayersModel } from "../../../src/nn/layersModel.js";
import { ready } from "../../../src/numerics/kernels.js";
import { RandomStream } from "../../../src/numerics/random.js";
import { writeContents } from "../../../src/predict/description.js";
import { madeOf } from "../../../src/recipe.js";
import { VERSION } from "../../../src/version.js";
import { cases } from "../../cases.js";
import { refusal } from "../../data/refusal.js";
import { EXAMPLES } from "../../predict/everyLayer.js";
import { networkOf, overImages, overSteps, sizeOf, stackOf } from "./anyStack.js";
import { expectClose, fetched } from "./tfjsSupport.js";

beforeAll(async () => {
  await ready();
  await tf.setBackend("cpu");
});

/** What TensorFlow.js predicts, its outputs beside each other, for inputs that are columns of a matrix. */
function predicted(model: tfl.LayersModel, x: Float32Array, rows: number): Float32Array {
  return tf.tidy(() => {
    const matrix = tf.tensor2d(x, [rows, x.length / rows]);
    let at = 0;
    const inputs = model.inputs.map(({ shape }) => {
      const row = shape.slice(1) as number[];
      at += sizeOf(row);
      return tf.reshape(tf.slice(matrix, [0, at - sizeOf(row)], [rows, sizeOf(row)]), [rows, ...row]);
    });
    const outputs = [model.predict(inputs.length === 1 ? inputs[0] : inputs)].flat() as tf.Tensor[];
    const columns = outputs.map((each) => tf.reshape(each, [rows, each.size / rows]) as tf.Tensor2D);
    return tf.concat2d(columns, 1).dataSync() as Float32Array;
  });
}

async function agrees(
  model: LayersModel,
  columns: number,
  rows: number,
  number = (normal: number): number => normal,
): Promise<void> {
  const random = new RandomStream(5, rows);
  const x = Float32Array.from({ length: rows * columns }, () => number(random.normal()));
  const files = exportTfjs(contentsOf(model, false));
  const theirs = await fetched(files);
  const data = { data: x, shape: [rows, columns] };
  const expected = model.predict(data).data;
  expectClose(predicted(theirs, x, rows), expected);
  theirs.dispose();
  const contents = importTfjs(files["model.json"], files["weights.bin"]);
  const { model: again } = await loadModel(writeContents(contents, VERSION));
  expect(Float32Array.from(again.predict(data).data)).toEqual(Float32Array.from(expected));
  expect(exportTfjs(contentsOf(again, false))).toEqual(files);
}

/** Of the examples that TensorFlow.js does not have: why. */
const REFUSED: Readonly<Record<string, string>> = {
  "bidirectional (1)": "it has no GRU with resetAfter: true",
  "conv1d (1)": 'it has no padding "causal"',
  "multiHeadAttention (1)": "it has no multiHeadAttention",
  "multiHeadAttention (2)": "it has no multiHeadAttention",
  "upSampling1d (1)": "it has no upSampling1d",
  "zeroPadding1d (1)": "it has no zeroPadding1d",
};

describe("TensorFlow.js predicts what Fettle does with", () => {
  const all = Object.entries(EXAMPLES).flatMap(([name, examples]) =>
    examples.map((example, i) => [`${name} (${i + 1})`, example] as const),
  );
  it.each(all.filter(([name]) => !(name in REFUSED)))("%s", async (_, example) => {
    const columns = example.shapes.map(sizeOf).reduce((sum, size) => sum + size);
    for (const rows of [1, 5]) await agrees(networkOf(example), columns, rows, example.number);
  });

  it.each(all.filter(([name]) => name in REFUSED))("or it is refused: %s", (name, example) => {
    const id = `${name.split(" ")[0]}_1`;
    expect(refusal(() => exportTfjs(contentsOf(networkOf(example), false)))).toBe(
      `unsupported: layer "${id}" must be one that TensorFlow.js has, to be exported to it; ${REFUSED[name]}`,
    );
  });
});

describe("TensorFlow.js predicts what Fettle does with any stack", () => {
  const isKnown = (layer: layers.Layer): boolean =>
    !JSON.stringify(madeOf(layer)?.options).includes("causal");
  it.each([
    ["over images", [6, 5, 2], overImages],
    ["over steps", [6, 3], overSteps.filter(isKnown)],
  ] as const)("%s", async (_, row, layer) => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(layer, { minLength: 1, maxLength: 5 }),
        fc.integer({ min: 1, max: 3 }),
        async (all, rows) => {
          await agrees(stackOf(all, row, rows), sizeOf(row), rows);
        },
      ),
      { numRuns: cases(40) },
    );
  });
});

/**
 * The five tables, tuned, in the formats of others: TensorFlow.js and ONNX Runtime answer the same to 1e-6,
 * the module to 1e-5.
 */
import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import "@tensorflow/tfjs-backend-cpu";
import { readFileSync } from "node:fs";
import { exportModel, importTfjs } from "fettle/export";
import { beforeAll, describe, expect, it } from "vitest";
import { encodeTable } from "../../../src/data/dataset.js";
import { applyPipeline } from "../../../src/data/pipeline/pipeline.js";
import { readTable } from "../../../src/data/table.js";
import { dense, type Layer } from "../../../src/nn/layers/index.js";
import { type Sequential, sequential } from "../../../src/nn/models/sequential.js";
import { random } from "../../../src/search/strategies/random/random.js";
import { denseModel, denseSpace } from "../../../src/tune/dense.js";
import { tune } from "../../../src/tune/tune.js";
import { CLOSE, difference, doubles, run } from "./onnxRuntime.js";

beforeAll(async () => {
  await tf.setBackend("cpu");
});

/**
 * The size of a row's last sum: of its terms, at least 1. float32 rounds in proportion to the terms, which
 * cancel in the answer.
 */
function sizesOf(model: Sequential, x: { data: Float32Array; shape: readonly number[] }): number[] {
  const hidden = model.part({ to: model.layers.at(-2) as Layer }).predict(x).data;
  const { kernel, bias } = (model.layers.at(-1) as Layer).getWeights();
  return Array.from({ length: x.shape[0] }, (_, row) => {
    let size = Math.abs(bias.get(0));
    for (let j = 0; j < kernel.size; j++) size += Math.abs(kernel.get(j, 0) * hidden[row * kernel.size + j]);
    return Math.max(1, size);
  });
}

describe("a tuned model", () => {
  it("says in ONNX that words are as they are spelled, of columns that ignore it elsewhere", async () => {
    const rows = Array.from({ length: 20 }, (_, i) => `${["Oslo", "OSLO", "Rome"][i % 3]},${i % 2},${i % 5}`);
    const table = readTable(["city,other,y", ...rows].join("\n"), { ignoreCase: ["city"] });
    const data = encodeTable(table, { target: "y", task: "regression" });
    const { final } = await tune({
      data,
      space: denseSpace(10),
      trials: 1,
      jobs: 1,
      validation: { folds: 2 },
      fit: { epochs: 1, batchSize: 4 },
      model: (params) => denseModel(data, params),
    });
    expect(exportModel(final, "onnx").notes).toEqual([
      'column "city" ignores case and spaces, which ONNX does not: it knows "Oslo", "Rome" as they are spelled here',
    ]);
  });

  it.each([
    ["iris", "species"],
    ["breast-cancer", "diagnosis"],
    ["wine", "cultivar"],
    ["digits", "digit"],
    ["diabetes", "progression"],
  ])("answers the same elsewhere: %s", async (name, target) => {
    const text = readFileSync(new URL(`../../../examples/data/${name}.csv`, import.meta.url), "utf8");
    const data = encodeTable(readTable(text), { target });
    const { final } = await tune({
      data,
      space: denseSpace(50),
      strategy: random(),
      trials: 1,
      jobs: 1,
      validation: { folds: 2 },
      model: (params) => denseModel(data, params),
      fit: { epochs: 3, batchSize: 16 },
    });
    if (!final) throw new Error("there is a best trial");
    const expected = final.predict(data).data;

    // the network alone, whose target is standardized
    const features = applyPipeline(final.pipeline, data.columns);
    const x = { data: features, shape: [data.rows, features.length / data.rows] };
    const z = final.model.predict(x).data;
    const { files } = exportModel(final, "tfjs");
    const fetchFunc = async (address: string) =>
      new Response(files[address.split("/").pop() as string] as string);
    const loaded = await tfl.loadLayersModel(
      tf.io.http("https://example.com/model.json", { fetchFunc: fetchFunc as typeof fetch }),
    );
    const theirs = loaded.predict(tf.tensor2d(features, x.shape as [number, number])) as tf.Tensor;
    const sizes = data.task === "regression" ? sizesOf(final.model, x) : undefined;
    const near = (values: ArrayLike<number>, unit = 1, first = 0) =>
      Array.from(values, (value, i) => value / unit / (sizes?.[first + i] ?? 1));
    expect(difference(near(theirs.dataSync()), near(z))).toBeLessThanOrEqual(CLOSE);
    const again = await importTfjs(files["model.json"], files["weights.bin"] as Uint8Array);
    expect(again.predict(x).data).toEqual(z);

    // the whole way, from cells
    const onnx = exportModel(final, "onnx");
    expect(onnx.notes).toEqual([]);
    const inputs = Object.fromEntries(data.inputs.map(({ name }, j) => [name, doubles(data.columns[j])]));
    const { y, probabilities, label } = await run(onnx.files["model.onnx"] as Uint8Array, inputs);
    // relative to the target's deviation, in which the network computes
    const { scale } = final.pipeline.target.outputs[0];
    if (data.task === "regression") {
      const found = y.data as Float64Array;
      expect(difference(near(found, scale), near(expected, scale))).toBeLessThanOrEqual(CLOSE);
    } else {
      const of = data.outputs === 1 ? Array.from(expected).flatMap((p) => [1 - p, p]) : Array.from(expected);
      expect(difference(probabilities.data as Float32Array, of)).toBeLessThanOrEqual(CLOSE);
      expect(label.data).toEqual(final.classify(data));
    }

    const module = exportModel(final, "js").files["model.mjs"] as string;
    const { predict } = await import(`data:text/javascript,${encodeURIComponent(module)}`);
    const answers = final.answers(data);
    for (let i = 0; i < data.rows; i += 29) {
      const record = Object.fromEntries(data.inputs.map(({ name }, j) => [name, data.columns[j][i]]));
      const answer = predict(record);
      const { probabilities: own } = answers[i] as { probabilities: Record<string, number> };
      if (data.task === "regression")
        expect(
          difference(near([answer[target]], scale, i), near([expected[i]], scale, i)),
        ).toBeLessThanOrEqual(1e-5);
      else
        expect(difference(Object.values(answer.probabilities), Object.values(own))).toBeLessThanOrEqual(1e-5);
    }
  });
});

describe("exportModel", () => {
  const model = sequential([dense(1)]);
  model.compile({ optimizer: "sgd", loss: "meanSquaredError" });

  it("writes the model file itself as safetensors", async () => {
    await model.fit([[0], [1]], [1, 3]);
    expect(Object.keys(exportModel(model, "safetensors").files)).toEqual(["model.safetensors"]);
  });

  it.each<[string, () => unknown, string]>([
    [
      "another format",
      () => exportModel(model, "keras" as never),
      'unknown format "keras". Known: tfjs, onnx, js, safetensors.',
    ],
    [
      "something else",
      () => exportModel({} as never, "js"),
      "model must be the final model of tune, what loadModel returns, or a trained network; received {}",
    ],
    [
      "a network that is not trained",
      () => exportModel(sequential([dense(1)]), "js"),
      "the model has no parameters yet; call model.fit(x, y), or model.build(columns), first",
    ],
  ])("refuses %s", (_, run, message) => {
    expect(run).toThrow(message);
  });
});

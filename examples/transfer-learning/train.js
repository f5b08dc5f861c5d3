/**
 * Trains the network that the page starts from, with TensorFlow.js: it reads the digits 0 to 4. Writes `model.json` and `weights.bin`.
 *
 *     node examples/transfer-learning/train.js
 */
import "@tensorflow/tfjs-backend-cpu";
import { readFileSync, writeFileSync } from "node:fs";
import { io, oneHot, setBackend, tensor4d, train } from "@tensorflow/tfjs-core";
import { initializers, layers, sequential } from "@tensorflow/tfjs-layers";
import { digitsFrom } from "./learning.js";

await setBackend("cpu");
const here = (file) => new URL(file, import.meta.url);
const { images, digits } = digitsFrom(readFileSync(here("../data/digits.csv"), "utf8"), (digit) => digit < 5);
let seed = 1;
const seeded = () => ({ kernelInitializer: initializers.glorotUniform({ seed: seed++ }) });
const model = sequential({
  layers: [
    layers.conv2d({
      inputShape: [8, 8, 1],
      filters: 8,
      kernelSize: 3,
      padding: "same",
      activation: "relu",
      ...seeded(),
    }),
    layers.maxPooling2d({ poolSize: 2 }),
    layers.conv2d({ filters: 16, kernelSize: 3, padding: "same", activation: "relu", ...seeded() }),
    layers.maxPooling2d({ poolSize: 2 }),
    layers.flatten(),
    layers.dense({ units: 32, activation: "relu", ...seeded() }),
    layers.dense({ units: 5, activation: "softmax", ...seeded() }),
  ],
});
model.compile({ optimizer: train.adam(0.01), loss: "categoricalCrossentropy", metrics: ["accuracy"] });
const x = tensor4d(images);
const y = oneHot(digits, 5);
const { history } = await model.fit(x, y, { epochs: 8, batchSize: 32, verbose: 0 });
console.log(`accuracy ${history.acc.at(-1)}`);
await model.save(
  io.withSaveHandler(async ({ modelTopology, weightSpecs, weightData }) => {
    const manifest = [{ paths: ["weights.bin"], weights: weightSpecs }];
    const json = {
      format: "layers-model",
      generatedBy: "TensorFlow.js",
      modelTopology,
      weightsManifest: manifest,
    };
    writeFileSync(here("model.json"), JSON.stringify(json));
    writeFileSync(here("weights.bin"), new Uint8Array(weightData));
    return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: "JSON" } };
  }),
);

/**
 * A TensorFlow.js model: tunes its width and its training, to tell three wines apart. Each epoch reports its loss, so that Hyperband ends bad
 * trials early. Rows that no trial sees score the answer.
 *
 *     npm run example examples/tune-tensorflow.ts [<trials> <seed>]
 */
import { readFileSync } from "node:fs";
import "@tensorflow/tfjs-backend-cpu";
import { memory, train as optimizers, type Tensor2D, tensor2d } from "@tensorflow/tfjs-core";
import { initializers, layers, sequential } from "@tensorflow/tfjs-layers";
import {
  applyPipeline,
  choice,
  encodeTable,
  fitPipeline,
  float,
  hyperband,
  int,
  type ParamsOf,
  readTable,
  trainValidationTestSplit,
  tune,
} from "fettle";
import { report } from "./report.js";

const [trials = 49, seed = 0] = process.argv.slice(2).map(Number);
const epochs = 27; // the brackets of Hyperband then have 27, 12, 6 and 4 trials, 49 in all

const table = readTable(readFileSync(new URL("data/wine.csv", import.meta.url), "utf8"));
const data = encodeTable(table, { target: "cultivar" });
const { train, validation, test } = trainValidationTestSplit(data.rows, { stratify: data.labels, seed });

const { pipeline } = fitPipeline(data, { rows: train }); // standardizes by the training rows only
const inputsOf = (rows: Int32Array) =>
  tensor2d(applyPipeline(pipeline, data.columns, rows), [rows.length, pipeline.features.length]);
const targetsOf = (rows: Int32Array) =>
  tensor2d(Array.from(rows, (row) => data.classes.map((_, k) => data.y[row * data.outputs + k])));

const space = {
  units: int(4, 64, { log: true }),
  activation: choice(["relu", "tanh"]),
  learningRate: float(1e-4, 0.3, { log: true }),
  batchSize: choice([8, 16, 32]),
};
type Settings = ParamsOf<typeof space>;
type Report = (loss: number, epochs: number) => Promise<boolean>;

/** The log loss on some rows, after all epochs or when `goesOn` resolves to false. */
async function lossOf(settings: Settings, rows: Int32Array, goesOn: Report = async () => true) {
  const { units, activation, learningRate, batchSize } = settings;
  const weights = (layer: number) => initializers.glorotUniform({ seed: 2 * seed + layer });
  const hidden = { units, activation, kernelInitializer: weights(0), inputShape: [pipeline.features.length] };
  const output = { units: data.outputs, activation: "softmax", kernelInitializer: weights(1) } as const;
  const model = sequential({ layers: [layers.dense(hidden), layers.dense(output)] });
  const optimizer = optimizers.adam(learningRate);
  model.compile({ optimizer, loss: "categoricalCrossentropy" });
  const validationData: [Tensor2D, Tensor2D] = [inputsOf(rows), targetsOf(rows)];
  const [x, y] = [inputsOf(train), targetsOf(train)];
  let loss = Number.NaN;
  const onEpochEnd = async (epoch: number, logs?: { val_loss?: number }) => {
    loss = logs?.val_loss ?? Number.NaN;
    if (!(await goesOn(loss, epoch + 1))) model.stopTraining = true;
  };
  try {
    const callbacks = { onEpochEnd };
    // its shuffling takes no seed; the rows of `train` are already in random order
    await model.fit(x, y, { epochs, batchSize, validationData, callbacks, shuffle: false, verbose: 0 });
    return loss;
  } finally {
    // no garbage collector frees tensors
    for (const each of [model, optimizer, x, y, ...validationData]) each.dispose();
  }
}

const { best, study } = await tune({
  space,
  objective: (settings, trial) => lossOf(settings, validation, trial.report),
  direction: "minimize",
  scheduler: hyperband(),
  steps: epochs,
  trials,
  seed,
});

console.log(report(study));
// 0.001 and 32 rows are the defaults of Adam and `fit`
const defaults: Settings = { units: 32, activation: "relu", learningRate: 0.001, batchSize: 32 };
const [tuned, byDefault] = [await lossOf(best.params, test), await lossOf(defaults, test)];
console.log(
  `Log loss on ${test.length} held-out rows: ${tuned.toFixed(4)}; by default ${byDefault.toFixed(4)}`,
);
console.log(`Tensors left: ${memory().numTensors}`);

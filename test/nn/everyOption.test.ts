/** Every option of `compile`, `fit` and the callbacks. */

import { mixup } from "../../src/nn/arguments/mixup.js";
import type {
  CompileOptions,
  FitDatasetOptions,
  FitOptions,
  TrainOnBatchOptions,
} from "../../src/nn/arguments/options.js";
import { type CsvLoggerOptions, csvLogger } from "../../src/nn/callbacks/csvLogger.js";
import { type EarlyStoppingOptions, earlyStopping } from "../../src/nn/callbacks/earlyStopping.js";
import {
  type ReduceLROnPlateauOptions,
  reduceLROnPlateau,
} from "../../src/nn/callbacks/reduceLROnPlateau.js";
import { dense } from "../../src/nn/layers/index.js";
import { functional, input } from "../../src/nn/models/functional.js";
import { sequential } from "../../src/nn/models/sequential.js";
import { sgd } from "../../src/optim/sgd.js";
import { everyOption } from "../everyOption.js";
import { randomRows } from "./support.js";

const x = randomRows(24, 3, 1);
// labels that no network of this size learns
const y = x.map((_, i) => Number((i * i) % 5 < 2));

/** What a network of two outputs becomes, so that what is given by output counts. */
async function compiled(options: CompileOptions) {
  const inputs = input([3]);
  const left = dense(1, { activation: "sigmoid" }).apply(inputs);
  const model = functional({ inputs, outputs: { left, right: dense(1).apply(inputs) } });
  model.compile(options);
  const targets = { left: y, right: x.map(([a]) => a) };
  const history = await model.fit(x, targets, { epochs: 2 });
  return {
    history,
    scores: model.evaluate(x, targets),
    predictions: Array.from(model.predict(x).data as Float32Array),
  };
}
everyOption<CompileOptions>("compile", { optimizer: "sgd", loss: "meanSquaredError" }, compiled, {
  optimizer: [{ optimizer: "adam" }],
  loss: [{ loss: { left: "binaryCrossentropy", right: "meanSquaredError" } }],
  lossWeights: [{ lossWeights: { left: 3 } }],
  augmentation: [{ augmentation: mixup(0.5) }],
  metrics: [{ metrics: { left: ["accuracy"] } }],
});

/** A training whose loss rises and falls. */
async function fitted(options: FitOptions) {
  const model = sequential([dense(1, { activation: "sigmoid" })]);
  model.compile({ optimizer: sgd({ learningRate: 9 }), loss: "binaryCrossentropy", metrics: ["accuracy"] });
  const history = await model.fit(x, y, options);
  return { history, predictions: Array.from(model.predict(x).data as Float32Array) };
}
const held = [x.slice(0, 9), y.slice(0, 9)] as const;
everyOption<FitOptions>("fit", { epochs: 3, batchSize: 7 }, fitted, {
  epochs: [{ epochs: 4 }],
  batchSize: [{ batchSize: 5 }],
  validationSplit: [{ validationSplit: 0.25 }],
  validationData: [{ validationData: [...held, held[1].map((_, i) => 1 + i)] }, { validationData: held }],
  callbacks: [{ callbacks: [reduceLROnPlateau({ monitor: "loss", patience: 1, minDelta: 9 })] }],
  shuffle: [{ shuffle: false }],
  seed: [{ seed: 5 }],
  verbose: "callbacks/progress.test.ts",
  signal: "yielding.test.ts",
  sampleWeight: [{ sampleWeight: y.map((_, i) => 1 + (i % 4)) }],
  classWeight: [{ classWeight: { 0: 1, 1: 9 } }],
});

/** As `fitted`, on batches. */
async function streamed(options: FitDatasetOptions) {
  const model = sequential([dense(1, { activation: "sigmoid" })]);
  model.compile({ optimizer: sgd({ learningRate: 9 }), loss: "binaryCrossentropy", metrics: ["accuracy"] });
  const batches = [0, 7, 14].map((first) => ({ x: x.slice(first, first + 7), y: y.slice(first, first + 7) }));
  const history = await model.fitDataset(() => batches, options);
  return { history, predictions: Array.from(model.predict(x).data as Float32Array) };
}
everyOption<FitDatasetOptions>("fitDataset", { epochs: 3 }, streamed, {
  epochs: [{ epochs: 4 }],
  batchesPerEpoch: [{ batchesPerEpoch: 2 }],
  validationData: [{ validationData: [...held, held[1].map((_, i) => 1 + i)] }, { validationData: held }],
  callbacks: [{ callbacks: [reduceLROnPlateau({ monitor: "loss", patience: 1, minDelta: 9 })] }],
  seed: [{ seed: 5 }],
  verbose: "callbacks/progress.test.ts",
  signal: "fitDataset.test.ts",
});

everyOption<TrainOnBatchOptions>(
  "trainOnBatch",
  {},
  async (options) => {
    const model = sequential([dense(1, { activation: "sigmoid" })]);
    model.compile({ optimizer: "sgd", loss: "binaryCrossentropy" });
    return [await model.trainOnBatch(x, y, options), model.getWeights()["dense_1.kernel"].data];
  },
  { sampleWeight: [{ sampleWeight: y.map((_, i) => 1 + (i % 4)) }], seed: [{ seed: 5 }] },
);

const long = { epochs: 20, batchSize: 7, validationSplit: 0.25 };
everyOption<EarlyStoppingOptions>(
  "earlyStopping",
  { patience: 2 },
  (options) => fitted({ ...long, callbacks: [earlyStopping(options)] }),
  {
    monitor: [{ monitor: "loss" }],
    mode: [{ mode: "max" }],
    patience: [{ patience: 9 }],
    minDelta: [{ minDelta: 0.5 }],
    restoreBestWeights: [{ restoreBestWeights: false }],
  },
);
everyOption<ReduceLROnPlateauOptions>(
  "reduceLROnPlateau",
  { patience: 2, factor: 0.5 },
  (options) => fitted({ ...long, callbacks: [reduceLROnPlateau(options)] }),
  {
    monitor: [{ monitor: "loss" }],
    mode: [{ mode: "max" }],
    patience: [{ patience: 4 }],
    factor: [{ factor: 0.25 }],
    minDelta: [{ minDelta: 0.5 }],
    cooldown: [{ cooldown: 4 }],
    minLearningRate: [{ minLearningRate: 4 }],
  },
);
everyOption<CsvLoggerOptions>(
  "csvLogger",
  {},
  async (options) => {
    const lines: string[] = [];
    await fitted({ callbacks: [csvLogger((line) => void lines.push(line), options)] });
    return lines;
  },
  { separator: [{ separator: ";" }] },
);

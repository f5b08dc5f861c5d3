/** Every option of writing and reading model files. */
import { beforeAll } from "vitest";
import { encodeRows, encodeTable } from "../../src/data/dataset.js";
import { readTable } from "../../src/data/table.js";
import { type ModelCheckpointOptions, modelCheckpoint } from "../../src/model/checkpoint.js";
import type { EvaluateOptions, SaveOptions } from "../../src/model/model.js";
import { type LoadModelOptions, loadModel, saveModel } from "../../src/model/save.js";
import { dense } from "../../src/nn/layers/index.js";
import { sequential } from "../../src/nn/models/sequential.js";
import { ready } from "../../src/numerics/kernels.js";
import { sgd } from "../../src/optim/sgd.js";
import { loadPredictor, type PredictorOptions } from "../../src/predict/predictor.js";
import { choice } from "../../src/search/space/builders.js";
import { tune } from "../../src/tune/tune.js";
import { everyOption } from "../everyOption.js";
import { randomRows } from "../nn/support.js";
import { type ModelFile, modelFiles } from "../predict/modelFiles.js";

let files: ReadonlyMap<string, ModelFile>;
beforeAll(async () => {
  await ready();
  files = new Map((await modelFiles()).map((file) => [file.name, file]));
});
const bytesOf = (name: string) => (files.get(name) as ModelFile).bytes;
const TABLE = "two classes";
const NETWORK = "a network with its optimizer";

const x = randomRows(12, 3, 1);
const y = x.map(([a]) => Number(a > 0));
const orError = <T>(made: Promise<T>) => made.catch(({ message }: Error) => message);

everyOption<SaveOptions>(
  "saveModel",
  {},
  async (options) => saveModel(await loadModel(bytesOf(NETWORK)), options).length,
  { optimizer: [{ optimizer: true }] },
);

const strange = { age: 31, sex: "male", port: "Z", day: "2004-02-29" };
everyOption<LoadModelOptions>(
  "loadModel",
  {},
  (options) =>
    orError(
      (async () => {
        const [table, network] = await Promise.all(
          [TABLE, NETWORK].map((name) => loadModel(bytesOf(name), options)),
        );
        const answers = await orError((async () => table.answers(strange))());
        const trained = await orError(network.model.fit(x, y, { epochs: 1 }));
        return { answers, trained };
      })(),
    ),
  {
    customObjects: "save.test.ts",
    compile: [{ compile: false }],
    unknown: [{ unknown: "ignore" }],
  },
);

everyOption<PredictorOptions>(
  "loadPredictor",
  {},
  (options) => orError((async () => (await loadPredictor(bytesOf(TABLE), options)).answers(strange))()),
  { unknown: [{ unknown: "ignore" }], memoryLimit: [{ memoryLimit: 1000 }] },
);

const table = readTable(
  ["a,b,c,y", ...x.map((row, i) => [...row, i % 4 ? "no" : "yes"].join(","))].join("\n"),
);
const data = encodeTable(table, { target: "y" });
const tuned = tune({
  data,
  space: { rate: choice([1]) },
  trials: 1,
  jobs: 1,
  validation: { split: 0.5 },
  model() {
    const model = sequential([dense(1, { activation: "sigmoid" })]);
    model.compile({ optimizer: "sgd", loss: "binaryCrossentropy" });
    return model;
  },
});
everyOption<EvaluateOptions>(
  "evaluate",
  {},
  async (options) => (await tuned).final.evaluate(encodeRows(table, data), options),
  { positive: [{ positive: "no" }] },
);

// a training whose loss rises and falls
everyOption<ModelCheckpointOptions>(
  "modelCheckpoint",
  {},
  async (options) => {
    const saved: number[][] = [];
    const model = sequential([dense(1, { activation: "sigmoid" })]);
    model.compile({ optimizer: sgd({ learningRate: 9 }), loss: "binaryCrossentropy" });
    const callback = modelCheckpoint((bytes, epoch) => void saved.push([epoch, bytes.length]), options);
    await model.fit(x, y, { epochs: 9, batchSize: 3, validationSplit: 0.25, callbacks: [callback] });
    return saved;
  },
  {
    monitor: [{ monitor: "loss" }, { saveBestOnly: true }],
    mode: [{ mode: "max" }, { saveBestOnly: true }],
    optimizer: [{ optimizer: true }],
    saveBestOnly: [{ saveBestOnly: true }],
    saveFreq: [{ saveFreq: 2 }],
  },
);

/**
 * The seed grid of `examples/seed-grid.ts` for each library: ours, TensorFlow.js's layers on one fold of one
 * combination, scikit-learn's in `seed_grid.py`.
 */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Tensor2D } from "@tensorflow/tfjs-core";
import {
  choice,
  dense,
  encodeTable,
  grid,
  type ParamsOf,
  readTable,
  sequential,
  sgd,
  type TuneResult,
  tune,
} from "fettle";
import { examplesOf } from "../src/tune/jobs/fold.js";
import { divideRows } from "../src/tune/trial/folds.js";
import type { Tf, TfLayers } from "./peers.js";

const settings = {
  units: 64,
  epochs: 10,
  batchSize: 32,
  folds: 3,
  space: {
    learningRate: [1e-4, 1e-3, 1e-2, 1e-1, 1],
    momentum: [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.99],
    weightDecay: [0, 1e-4, 1e-3, 1e-2, 1e-1],
  },
};
const { units, epochs, batchSize, folds } = settings;

/** Each list of values as a parameter. */
const space = {
  learningRate: choice(settings.space.learningRate),
  momentum: choice(settings.space.momentum),
  weightDecay: choice(settings.space.weightDecay),
};
type Space = typeof space;

const table = fileURLToPath(new URL("../examples/data/breast-cancer.csv", import.meta.url));

/** Breast-cancer, encoded. */
export const data = encodeTable(readTable(readFileSync(table, "utf8")), { target: "diagnosis" });

/** Trainings of the whole grid, without the last one that all but TensorFlow.js add for the best. */
export const fits =
  folds * Object.values(settings.space).reduce((product, { length }) => product * length, 1);

/** The whole grid on some threads. */
export function ourGrid(jobs: number): Promise<TuneResult<Space>> {
  return tune({
    data,
    space,
    strategy: grid(),
    model: (params) => {
      const model = sequential([dense(units, { activation: "relu" }), dense(1, { activation: "sigmoid" })]);
      model.compile({ optimizer: sgd(params), loss: "binaryCrossentropy" });
      return model;
    },
    fit: { epochs, batchSize },
    validation: { folds },
    jobs,
  });
}

/** Some combinations from all over the grid. */
export const sample: readonly ParamsOf<Space>[] = [
  { learningRate: 1e-3, momentum: 0, weightDecay: 0 },
  { learningRate: 1e-2, momentum: 0.5, weightDecay: 1e-3 },
  { learningRate: 1e-1, momentum: 0.9, weightDecay: 1e-2 },
];

/** The sample on one fold in TensorFlow.js's layers, whose data lies ready, standardised. */
export function tfSample(tf: Tf, { layers, regularizers, sequential }: TfLayers): () => Promise<void> {
  const plan = { validation: { folds }, testSize: 0, seed: 0 };
  const { train, validation } = examplesOf(divideRows(data, plan), { fold: 0, pipeline: {} });
  const inputs = (part: { rows: number; x: Float32Array }): Tensor2D =>
    tf.tensor2d(part.x, [part.rows, part.x.length / part.rows]);
  const [x, held] = [inputs(train), inputs(validation!)];
  const y = tf.tensor2d(train.y, [train.rows, 1]);
  return async () => {
    for (const { learningRate, momentum, weightDecay } of sample) {
      // The gradient of λ/2 · w² is λ w.
      const decay = weightDecay === 0 ? undefined : regularizers.l2({ l2: weightDecay / 2 });
      const layer = (units: number, activation: string, inputShape?: readonly number[]): unknown =>
        layers.dense({ units, activation, inputShape, kernelRegularizer: decay, biasRegularizer: decay });
      const model = sequential({ layers: [layer(units, "relu", [x.shape[1]]), layer(1, "sigmoid")] });
      const optimizer =
        momentum === 0 ? tf.train.sgd(learningRate) : tf.train.momentum(learningRate, momentum);
      model.compile({ optimizer, loss: "binaryCrossentropy" });
      await model.fit(x, y, { epochs, batchSize, verbose: 0, yieldEvery: "never" });
      const prediction = model.predict(held);
      prediction.dataSync();
      prediction.dispose();
      model.dispose();
      optimizer.dispose();
    }
  };
}

/** Debian's, which finds the scikit-learn of its package. */
const PYTHON = "/usr/bin/python3";

/** Whether scikit-learn is there. */
export function hasSklearn(): boolean {
  return spawnSync(PYTHON, ["-c", "import sklearn"]).status === 0;
}

/** Seconds of the whole grid in scikit-learn on all cores, in a new process that has warmed up. */
export function sklearnSeconds(): number {
  const program = fileURLToPath(new URL("seed_grid.py", import.meta.url));
  const { status, stdout, stderr } = spawnSync(PYTHON, [program, table, JSON.stringify(settings)], {
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`the grid in scikit-learn failed:\n${stderr}`);
  return Number(stdout);
}

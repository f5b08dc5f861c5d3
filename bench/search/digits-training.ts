/**
 * Networks on the digits table that are trained as far as they are asked to be: what a search over whole
 * trainings, and then one over parts of them, need not train twice. A training that goes on gives the bits of
 * one that was never interrupted, so nothing depends on who asked first.
 */
import { readFileSync } from "node:fs";
import {
  applyPipeline,
  choice,
  dense,
  encodeTable,
  fitPipeline,
  float,
  int,
  type Params,
  readTable,
  type Sequential,
  sequential,
  sgd,
  trainTestSplit,
} from "fettle";
import { takeRows } from "../../src/data/matrix.js";
import { activations, levels } from "./digits-space.js";

/** The ranges of `digits-space.ts` without their steps; weight decay on a log scale, and so not 0. */
export const trainingSpace = {
  learningRate: float(levels.learningRate[0], levels.learningRate.at(-1) as number, { log: true }),
  momentum: float(levels.momentum[0], levels.momentum.at(-1) as number),
  weightDecay: float(1e-5, levels.weightDecay.at(-1) as number, { log: true }),
  units: int(levels.units[0], levels.units.at(-1) as number, { log: true }),
  batchSize: choice(levels.batchSize),
  activation: choice(activations),
};

/** Scores on the validation rows. */
export interface Scores {
  readonly logLoss: number;
  readonly accuracy: number;
}

/** One configuration under training. */
export interface Training {
  /** The scores after so many epochs, at most the whole budget. */
  after(epochs: number): Promise<Scores>;
}

const csv = readFileSync(new URL("../../examples/data/digits.csv", import.meta.url), "utf8");
const table = encodeTable(readTable(csv), { target: "digit" });
const { train, test } = trainTestSplit(table.rows, {
  testSize: 0.2,
  seed: 0,
  ...(table.labels && { stratify: table.labels }),
});
const { pipeline } = fitPipeline(table, { rows: train });
const columns = pipeline.features.length;
const [training, validation] = [train, test].map((rows) => ({
  x: { data: applyPipeline(pipeline, table.columns, rows), shape: [rows.length, columns] },
  y: { data: takeRows(table.y, table.outputs, rows), shape: [rows.length, table.outputs] },
}));

/** @param most - the whole budget, in epochs: a network that has had it is not kept */
export function startTraining(params: Params, seed: number, most: number): Training {
  const scores: Scores[] = [];
  let model: Sequential | undefined;
  return {
    async after(epochs) {
      if (scores.length < epochs) {
        model ??= makeModel(params);
        const { history } = await model.fit(training.x, training.y, {
          epochs: epochs - scores.length,
          batchSize: params.batchSize as number,
          seed,
          validationData: [validation.x, validation.y],
        });
        const { valLogLoss, valAccuracy } = history;
        scores.push(...valLogLoss.map((logLoss, i) => ({ logLoss, accuracy: valAccuracy[i] })));
        if (scores.length === most) model = undefined;
      }
      return scores[epochs - 1];
    },
  };
}

function makeModel(params: Params): Sequential {
  const { learningRate, momentum, weightDecay, units } = params as Record<string, number>;
  const activation = params.activation as (typeof activations)[number];
  const model = sequential([dense(units, { activation }), dense(table.outputs, { activation: "softmax" })]);
  model.compile({
    optimizer: sgd({ learningRate, momentum, weightDecay }),
    loss: "categoricalCrossentropy",
    metrics: ["logLoss", "accuracy"],
  });
  return model;
}

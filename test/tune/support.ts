/** What the tests of tuning share: small data sets and models over them. */
import type { Dataset } from "../../src/data/dataset.js";
import type { PipelineOptions } from "../../src/data/pipeline/options.js";
import { dense } from "../../src/nn/layers/index.js";
import { type Sequential, sequential } from "../../src/nn/models/sequential.js";
import { adam } from "../../src/optim/adam.js";
import { sgd } from "../../src/optim/sgd.js";
import { choice, float } from "../../src/search/space/builders.js";
import type { TrialRecord } from "../../src/search/trial/trial.js";
import { examplesOf } from "../../src/tune/jobs/fold.js";
import { createFoldsFor, divideRows, type FoldSettings } from "../../src/tune/trial/folds.js";
import { randomRows } from "../nn/support.js";

export { randomRows, refusal } from "../nn/support.js";

/** Two classes that a line divides, with some noise: 60 rows of 3 columns. */
export const x = randomRows(60, 3, 1);
export const y = x.map(([a, b, c]) => Number(a - b + 0.5 * c > 0));

/** A quantity that is linear in x, far from mean 0 and deviation 1, and different in each row. */
export const quantity = x.map(([a, b, c]) => 1000 + 50 * a - 30 * b + 20 * c);

export const logistic = ({ learningRate }: { readonly learningRate: number }): Sequential => {
  const model = sequential([dense(1, { activation: "sigmoid" })]);
  model.compile({ optimizer: sgd({ learningRate }), loss: "binaryCrossentropy" });
  return model;
};

export const linear = ({ learningRate }: { readonly learningRate: number }): Sequential => {
  const model = sequential([dense(1)]);
  model.compile({ optimizer: sgd({ learningRate }), loss: "meanSquaredError" });
  return model;
};

/** A network of one hidden layer, and the space of its parameters. */
export const hidden = {
  space: { units: choice([2, 8]), learningRate: float(1e-3, 1e-1, { log: true }) },
  model: ({ units, learningRate }: { readonly units: number; readonly learningRate: number }): Sequential => {
    const model = sequential([dense(units, { activation: "tanh" }), dense(1)]);
    model.compile({ optimizer: adam({ learningRate }), loss: "meanSquaredError" });
    return model;
  },
};

/** Learning rates by list, for `grid()` to take in order. */
export const rates = <const R extends readonly number[]>(...values: R) => ({ learningRate: choice(values) });

/** A search for one in eight rows, with noise, by the names of the rare class and the other. */
export function rareSearch(rare: string, other: string) {
  const x = randomRows(240, 3, 5);
  const y = x.map(([a, b, c], i) => (a + b + 0.4 * c > 1.2 || i % 40 === 0 ? rare : other));
  return {
    x,
    y,
    model: logistic,
    space: rates(0.1),
    jobs: 1,
    testSize: 0.25,
    fit: { epochs: 10, batchSize: 16 },
    validation: { folds: 3 },
    trials: 1,
  };
}

/** Records without what a clock says. */
export const untimed = (trials: readonly TrialRecord<unknown>[]) =>
  trials.map(({ seconds, ...record }) => record);

/** Records as other processes receive them. */
export const asJson = <Records>(records: Records): Records => JSON.parse(JSON.stringify(records)) as Records;

/**
 * The folds of a study as networks take them under one pipeline, with what their predictions are scored
 * against.
 */
export function foldsOf(data: Dataset, settings: FoldSettings, pipeline: PipelineOptions = {}) {
  const rows = divideRows(data, settings);
  const { folds, finalFold } = createFoldsFor(rows)(pipeline);
  const all = [...folds, finalFold].map((scored, fold) => ({
    ...scored,
    ...examplesOf(rows, { fold, pipeline }),
  }));
  return { folds: all.slice(0, -1), finalFold: all[all.length - 1] };
}

/**
 * A metric to be minimized that keeps what it was called with, the targets and the predictions, in `seen`.
 */
export function watching(compute: (yTrue: number[], yPred: number[]) => number) {
  const seen: (readonly [targets: number[], predictions: number[]])[] = [];
  const watched = {
    name: "watched",
    direction: "minimize" as const,
    compute(yTrue: ArrayLike<number>, yPred: ArrayLike<number>) {
      const both = [Array.from(yTrue), Array.from(yPred)] as const;
      seen.push(both);
      return compute(...both);
    },
  };
  return { seen, watched };
}

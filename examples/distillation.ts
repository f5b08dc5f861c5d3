/**
 * Distillation: a small network learns from a larger one's predictions (G. Hinton and others, arXiv:1503.02531, 2015). The larger
 * network learns handwritten digits from 898 rows. The small one, a sixteenth of its size, sees 100 of these rows, and learns either their
 * labels or, by `klDivergence`, the larger network's predictions for them. Predictions carry more information than labels: they show which
 * other digits a row resembles. A temperature T amplifies that: p^(1/T), scaled to sum to 1.
 *
 * Learning rate, epochs and temperature have the best mean accuracy over three seeds; the accuracies shown come from eight other seeds, on
 * 899 rows that neither network has seen.
 *
 *     npm run example examples/distillation.ts
 */
import { readFileSync } from "node:fs";
import {
  adam,
  applyPipeline,
  dense,
  encodeTable,
  fitPipeline,
  type LossName,
  metrics,
  readTable,
  type Sequential,
  sequential,
  trainTestSplit,
} from "fettle";

const csv = readFileSync(new URL("data/digits.csv", import.meta.url), "utf8");
const data = encodeTable(readTable(csv), { target: "digit" });
const digits = Array.from({ length: data.y.length / 10 }, (_, row) =>
  data.y.subarray(10 * row, 10 * row + 10).indexOf(1),
);

type Rows = Parameters<Sequential["fit"]>[0];
interface Split {
  /** All training rows, the 100 among them, and the test rows. */
  readonly all: Rows;
  readonly few: Rows;
  readonly test: Rows;
  readonly labels: { readonly all: number[]; readonly few: number[]; readonly test: number[] };
  readonly teacher: Sequential;
}

const network = (units: number, loss: LossName, learningRate: number): Sequential => {
  const model = sequential([dense(units, { activation: "relu" }), dense(10, { activation: "softmax" })]);
  model.compile({ optimizer: adam({ learningRate }), loss });
  return model;
};

/** The rows of a seed, and the larger network trained on them. */
async function prepare(seed: number): Promise<Split> {
  const pick = (rows: Int32Array) => Array.from(rows, (row) => digits[row]);
  const { train, test } = trainTestSplit(digits.length, { testSize: 0.5, stratify: digits, seed });
  const chosen = trainTestSplit(train.length, {
    testSize: 100 / train.length,
    stratify: pick(train),
    seed,
  }).test;
  const few = chosen.map((place) => train[place]);
  const { pipeline } = fitPipeline(data, { rows: train, scale: "minMax" });
  const matrix = (rows: Int32Array): Rows => ({
    data: applyPipeline(pipeline, data.columns, rows),
    shape: [rows.length, pipeline.features.length],
  });
  const [all, labels] = [matrix(train), { all: pick(train), few: pick(few), test: pick(test) }];
  const teacher = network(128, "sparseCategoricalCrossentropy", 0.003);
  await teacher.fit(all, labels.all, { epochs: 40, seed });
  return { all, few: matrix(few), test: matrix(test), labels, teacher };
}

/** Predictions at a temperature: unchanged at 1, closer to each other above 1. */
function softened(model: Sequential, x: Rows, temperature: number): Rows {
  const { data: p, shape } = model.predict(x);
  const powers = Array.from(p, (v) => v ** (1 / temperature));
  const sumOfRow = (k: number) => powers.slice(k - (k % 10), k - (k % 10) + 10).reduce((a, b) => a + b, 0);
  return { data: powers.map((v, k) => v / sumOfRow(k)), shape };
}

interface Setting {
  readonly learningRate: number;
  readonly epochs: number;
  /** The temperature of the predictions to learn; if absent, the network learns labels. */
  readonly temperature?: number;
}

/** The accuracy of a small network. */
async function student({ learningRate, epochs, temperature }: Setting, split: Split, seed: number) {
  const { few, test, labels, teacher } = split;
  const model = network(8, temperature ? "klDivergence" : "sparseCategoricalCrossentropy", learningRate);
  const truths = temperature ? softened(teacher, few, temperature) : labels.few;
  await model.fit(few, truths, { epochs, batchSize: 25, seed });
  return metrics.accuracy(labels.test, model.predict(test));
}

const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
const splits = await Promise.all(Array.from({ length: 11 }, (_, seed) => prepare(seed)));
const overSeeds = async (setting: Setting, from: number, to: number): Promise<number[]> => {
  const scores: number[] = [];
  for (let seed = from; seed < to; seed++) scores.push(await student(setting, splits[seed], seed));
  return scores;
};
const show = (name: string, scores: readonly number[], setting = "") =>
  console.log(
    `${name}: ${mean(scores).toFixed(3)}, from ${Math.min(...scores).toFixed(3)} to ${Math.max(...scores).toFixed(3)}${setting}`,
  );

show(
  "larger network, 9610 parameters",
  splits.slice(3).map(({ teacher, labels, test }) => metrics.accuracy(labels.test, teacher.predict(test))),
);
const rates = [0.003, 0.01].flatMap((learningRate) => [100, 300].map((epochs) => ({ learningRate, epochs })));
for (const [name, settings] of [
  ["small network, 610 parameters, on labels", rates],
  [
    "small network, 610 parameters, on predictions",
    [1, 2, 4, 8].flatMap((temperature) => rates.map((rate) => ({ ...rate, temperature }))),
  ],
] satisfies [string, Setting[]][]) {
  const scored = [];
  for (const setting of settings) scored.push({ setting, score: mean(await overSeeds(setting, 0, 3)) });
  const { setting } = scored.reduce((best, each) => (each.score > best.score ? each : best));
  show(name, await overSeeds(setting, 3, 11), ` with ${JSON.stringify(setting)}`);
}

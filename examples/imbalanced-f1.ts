/**
 * Few rows of the class that matters: in which of 442 patients did diabetes progress fastest, one in ten? The prediction "nobody" would have
 * a high accuracy; F1 measures how many are found, and at what cost. A network trained on the cross-entropy is compared with the same
 * network trained on `softF1`, which is 1 − F1 with probabilities instead of decisions.
 *
 * Each loss gets the learning rate and the number of epochs with the best mean F1 over the splits of five seeds. The scores shown come from
 * twenty other seeds.
 *
 *     npm run example examples/imbalanced-f1.ts
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
  sequential,
  trainTestSplit,
} from "fettle";

const csv = readFileSync(new URL("data/diabetes.csv", import.meta.url), "utf8");
const data = encodeTable(readTable(csv), { target: "progression" });
const fast = [...data.y].sort((a, b) => b - a)[Math.floor(data.y.length / 10)];
const labels = Array.from(data.y, (progression) => Number(progression > fast));

interface Setting {
  readonly loss: LossName;
  readonly classWeight?: "balanced";
  readonly learningRate: number;
  readonly epochs: number;
}

/** F1 on the test rows of a seed's split. */
async function f1({ loss, learningRate, epochs, ...weights }: Setting, seed: number): Promise<number> {
  const { train, test } = trainTestSplit(labels.length, { testSize: 0.3, stratify: labels, seed });
  const { pipeline, x } = fitPipeline(data, { rows: train });
  const model = sequential([dense(8, { activation: "tanh" }), dense(1, { activation: "sigmoid" })]);
  model.compile({ optimizer: adam({ learningRate }), loss });
  const inputs = { data: x, shape: [train.length, pipeline.features.length] };
  const pick = (rows: ArrayLike<number>) => Array.from(rows, (row) => labels[row]);
  await model.fit(inputs, pick(train), { epochs, batchSize: train.length, seed, ...weights });
  const held = {
    data: applyPipeline(pipeline, data.columns, test),
    shape: [test.length, pipeline.features.length],
  };
  return metrics.f1(pick(test), model.predict(held));
}

const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
const overSeeds = async (setting: Setting, from: number, to: number): Promise<number[]> => {
  const scores: number[] = [];
  for (let seed = from; seed < to; seed++) scores.push(await f1(setting, seed));
  return scores;
};

for (const contestant of [
  { loss: "binaryCrossentropy" },
  { loss: "binaryCrossentropy", classWeight: "balanced" },
  { loss: "softF1" },
] as const) {
  let best: { setting: Setting; score: number } | undefined;
  for (const learningRate of [0.003, 0.01, 0.03])
    for (const epochs of [50, 100, 200]) {
      const setting = { ...contestant, learningRate, epochs };
      const score = mean(await overSeeds(setting, 0, 5));
      if (best === undefined || score > best.score) best = { setting, score };
    }
  const { setting } = best as { setting: Setting };
  const scores = await overSeeds(setting, 5, 25);
  const [least, most] = [Math.min(...scores), Math.max(...scores)];
  console.log(
    `F1 ${mean(scores).toFixed(3)}, from ${least.toFixed(3)} to ${most.toFixed(3)}, with ${JSON.stringify(setting)}`,
  );
}

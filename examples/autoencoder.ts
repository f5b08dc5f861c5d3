/**
 * An autoencoder compresses images of 8 × 8 pixels to a few numbers, and reconstructs them from these numbers. It is compared with as many
 * principal components, the best that any linear map can do. `tune` chooses the autoencoder's settings on validation images; both then
 * reconstruct images that neither has seen. The error is the root mean square over all pixels, whose ink goes from 0 to 1.
 *
 *     npm run example examples/autoencoder.ts [<trials>]
 */
import { readFileSync } from "node:fs";
import {
  adam,
  cosineDecay,
  dense,
  float,
  int,
  metrics,
  type ParamsOf,
  sequential,
  trainTestSplit,
  tune,
} from "fettle";

const [trials = 8] = process.argv.slice(2).map(Number);
const WIDTH = 8;
const [, ...lines] = readFileSync(new URL("data/digits.csv", import.meta.url), "utf8")
  .trim()
  .split("\n");
const images = lines.map((line) => line.split(",", 64).map((ink) => Number(ink) / 16));
const { train, test } = trainTestSplit(images.length);
const [learnt, unseen] = [train, test].map((rows) => Array.from(rows, (row) => images[row]));
const error = (drawn: readonly number[][]): number => Math.sqrt(metrics.meanSquaredError(unseen, drawn));

const dot = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((sum, v, i) => sum + v * b[i], 0);

/** Principal components by orthogonal iteration: directions are multiplied by the covariance and made orthonormal, again and again. */
function principalComponents(rows: readonly number[][], count: number): number[][] {
  let directions = Array.from({ length: count }, (_, k) => rows[k]);
  for (let round = 0; round < 100; round++) {
    const scores = directions.map((direction) => rows.map((row) => dot(row, direction)));
    directions = [];
    for (const score of scores) {
      let next = rows[0].map((_, j) => rows.reduce((sum, row, i) => sum + row[j] * score[i], 0));
      for (const other of directions) next = next.map((v, j) => v - dot(next, other) * other[j]);
      directions.push(next.map((v) => v / Math.sqrt(dot(next, next))));
    }
  }
  return directions;
}
const mean = images[0].map((_, j) => learnt.reduce((sum, image) => sum + image[j], 0) / learnt.length);
const centered = (rows: readonly number[][]): number[][] => rows.map((row) => row.map((v, j) => v - mean[j]));
const components = principalComponents(centered(learnt), WIDTH);
const projected = centered(unseen).map((row) =>
  components.reduce((sum, c) => sum.map((v, j) => v + dot(row, c) * c[j]), mean),
);
console.log(`${WIDTH} principal components: ${error(projected).toFixed(4)}`);

const EPOCHS = 60;
const space = { units: int(32, 256, { log: true }), learningRate: float(0.001, 0.01, { log: true }) };
function autoencoder({ units, learningRate }: ParamsOf<typeof space>) {
  const model = sequential([
    dense(units, { activation: "relu" }),
    dense(WIDTH),
    dense(units, { activation: "relu" }),
    dense(64, { activation: "sigmoid" }),
  ]);
  model.compile({
    optimizer: adam({
      learningRate: cosineDecay({ initialLearningRate: learningRate, decaySteps: EPOCHS * 45 }),
    }),
    loss: "meanSquaredError",
  });
  return model;
}
const { best, final } = await tune({
  x: learnt,
  y: learnt,
  space,
  model: autoencoder,
  trials,
  fit: { epochs: EPOCHS },
  pipeline: { scale: "none", target: "none" },
  validation: { split: 0.2 },
  metric: "meanSquaredError",
});
if (!final) throw new Error("no trial was trained");
const { data } = final.predict(unseen);
const drawn = unseen.map((_, row) => Array.from(data.subarray(64 * row, 64 * (row + 1))));
console.log(
  `autoencoder of ${WIDTH} numbers: ${error(drawn).toFixed(4)}, with ${JSON.stringify(best.params)}`,
);

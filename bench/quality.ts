/**
 * How good the tuned networks are: the best of 30 random trials of the default space, on a
 * fifth of the table that no trial saw; the median of seeds 0 to 4.
 *
 *     npm run bench:quality
 */
import { readFileSync } from "node:fs";
import { denseFit, denseModel, densePipeline, denseSpace, encodeTable, readTable, tune } from "fettle";
import { divideRows, sizesOf } from "../src/tune/trial/folds.js";

const SEEDS = [0, 1, 2, 3, 4];
const tables = [
  { name: "breast-cancer", target: "diagnosis", metric: "accuracy", goal: 0.96 },
  { name: "iris", target: "species", metric: "accuracy", goal: 0.93 },
  { name: "wine", target: "cultivar", metric: "accuracy", goal: 0.95 },
  { name: "digits", target: "digit", metric: "accuracy", goal: 0.95 },
  { name: "diabetes", target: "progression", metric: "r2", goal: 0.4 },
];

const median = (values: number[]): number => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];

for (const { name, target, metric, goal } of tables) {
  const csv = readFileSync(new URL(`../examples/data/${name}.csv`, import.meta.url), "utf8");
  const data = encodeTable(readTable(csv), { target });
  const { training } = sizesOf(divideRows(data, { validation: { folds: 5 }, testSize: 0.2, seed: 0 }));
  const scores: number[] = [];
  const seconds: number[] = [];
  for (const seed of SEEDS) {
    const start = performance.now();
    const { final } = await tune({
      data,
      space: denseSpace(training),
      pipeline: densePipeline(data),
      model: (params) => denseModel(data, params),
      fit: denseFit,
      trials: 30,
      testSize: 0.2,
      seed,
    });
    seconds.push((performance.now() - start) / 1000);
    const { [metric]: score = Number.NaN }: Readonly<Record<string, number>> = final.test;
    scores.push(score);
  }
  const verdict = median(scores) >= goal ? "reached" : "MISSED";
  const list = scores.map((score) => score.toFixed(4)).join(" ");
  console.log(
    `${name}: median ${metric} ${median(scores).toFixed(4)} (goal ${goal}: ${verdict}); seeds ${list}; ${median(seconds).toFixed(1)} s a study`,
  );
}

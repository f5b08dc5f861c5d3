/**
 * A random forest of the package ml-random-forest: tunes how many columns a tree sees and how far it grows, to predict the progression of
 * diabetes. Trials are cross-validated on three quarters of the table; the other rows score the answer.
 *
 *     npm run example examples/tune-random-forest.ts [<trials> <seed>]
 */
import { readFileSync } from "node:fs";
import {
  encodeTable,
  float,
  int,
  kFold,
  metrics,
  type ParamsOf,
  readTable,
  trainTestSplit,
  tune,
} from "fettle";
import { RandomForestRegression } from "ml-random-forest";
import { report } from "./report.js";

const [trials = 20, seed = 0] = process.argv.slice(2).map(Number);

const table = readTable(readFileSync(new URL("data/diabetes.csv", import.meta.url), "utf8"));
const data = encodeTable(table, { target: "progression" });
const { train, test } = trainTestSplit(data.rows, { testSize: 0.25, seed });

// rows as arrays of numbers, which most libraries accept
const inputsOf = (rows: Int32Array) => Array.from(rows, (row) => data.columns.map((column) => column[row]));
const targetsOf = (rows: Int32Array) => Array.from(rows, (row) => data.y[row]);

const space = {
  maxFeatures: float(0.1, 1), // the share of columns that a tree sees
  minNumSamples: int(2, 60, { log: true }),
  maxDepth: int(2, 12),
};
type Settings = ParamsOf<typeof space>;

/** R² on the rows `scored` of a forest trained on the rows `learns`. */
function score({ maxFeatures, ...treeOptions }: Settings, learns: Int32Array, scored: Int32Array): number {
  // a fixed seed, so that the same settings have the same value
  const forest = new RandomForestRegression({ maxFeatures, treeOptions, nEstimators: 15, seed, noOOB: true });
  forest.train(inputsOf(learns), targetsOf(learns));
  return metrics.r2(targetsOf(scored), forest.predict(inputsOf(scored)));
}

// folds are positions in `train`
const folds = kFold(train.length, { folds: 3, seed }).map((fold) => ({
  learns: fold.train.map((i) => train[i]),
  scored: fold.validation.map((i) => train[i]),
}));

const { best, study } = await tune({
  space,
  objective: (settings) => {
    const scores = folds.map(({ learns, scored }) => score(settings, learns, scored));
    return { value: scores.reduce((sum, each) => sum + each) / folds.length, scores };
  },
  direction: "maximize",
  trials,
  seed,
});

console.log(report(study));
const defaults: Settings = { maxFeatures: 1, minNumSamples: 3, maxDepth: Number.POSITIVE_INFINITY };
const [tuned, byDefault] = [best.params, defaults].map((settings) => score(settings, train, test));
console.log(`R² on ${test.length} held-out rows: ${tuned.toFixed(4)}; by default ${byDefault.toFixed(4)}`);

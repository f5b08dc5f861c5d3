/**
 * Gradient-boosted trees of the package ml-xgboost, XGBoost of 2018 in WebAssembly: tunes the learning rate, the depth and the share of the
 * table that each tree sees, to predict the progression of diabetes. Each fold of the cross-validation is a step, so that a scheduler ends a
 * bad trial after its first folds. Rows that no trial sees score the answer.
 *
 *     npm run example examples/tune-gradient-boosting.ts [<trials> <seed>]
 */
import { readFileSync } from "node:fs";
import { asha, encodeTable, float, int, kFold, metrics, readTable, trainTestSplit, tune } from "fettle";
import ready from "ml-xgboost";
import { report } from "./report.js";

const [trials = 30, seed = 0] = process.argv.slice(2).map(Number);
const XGBoost = await ready;

const table = readTable(readFileSync(new URL("data/diabetes.csv", import.meta.url), "utf8"));
const data = encodeTable(table, { target: "progression" });
const { train, test } = trainTestSplit(data.rows, { testSize: 0.25, seed });

// rows as arrays of numbers, which most libraries accept
const inputsOf = (rows: Int32Array) => Array.from(rows, (row) => data.columns.map((column) => column[row]));
const targetsOf = (rows: Int32Array) => Array.from(rows, (row) => data.y[row]);

/** R² on the rows `scored` of trees trained on the rows `learns`. */
function score(settings: Readonly<Record<string, number>>, learns: Int32Array, scored: Int32Array): number {
  const booster = new XGBoost({ objective: "reg:linear", seed, ...settings });
  try {
    booster.train(inputsOf(learns), targetsOf(learns));
    return metrics.r2(targetsOf(scored), booster.predict(inputsOf(scored)));
  } finally {
    booster.free(); // its memory is in WebAssembly, which no garbage collector reaches
  }
}

// folds are positions in `train`
const folds = kFold(train.length, { folds: 5, seed }).map((fold) => ({
  learns: fold.train.map((i) => train[i]),
  scored: fold.validation.map((i) => train[i]),
}));

const { best, study } = await tune({
  space: {
    iterations: int(20, 300, { log: true }),
    eta: float(0.01, 0.5, { log: true }),
    max_depth: int(1, 8),
    subsample: float(0.4, 1),
    colsample_bytree: float(0.2, 1),
  },
  objective: async (settings, trial) => {
    let sum = 0;
    for (const [k, { learns, scored }] of folds.entries()) {
      sum += score(settings, learns, scored);
      if (!(await trial.report(sum / (k + 1), k + 1))) return sum / (k + 1);
    }
    return sum / folds.length;
  },
  direction: "maximize",
  scheduler: asha(),
  steps: folds.length,
  trials,
  seed,
});

console.log(report(study));
const [tuned, byDefault] = [best.params, {}].map((settings) => score(settings, train, test));
console.log(`R² on ${test.length} held-out rows: ${tuned.toFixed(4)}; by default ${byDefault.toFixed(4)}`);

/**
 * The grid search with which Fettle began: the learning rate, momentum and weight decay of SGD on a small network, with cross-validation of
 * every combination.
 *
 *     npm run example examples/seed-grid.ts [-- --jobs 1]
 */
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { choice, dense, encodeTable, grid, readTable, sequential, sgd, tune } from "fettle";

const { values } = parseArgs({ options: { jobs: { type: "string" } } });

const table = readTable(readFileSync(new URL("data/breast-cancer.csv", import.meta.url), "utf8"));
const data = encodeTable(table, { target: "diagnosis" });

const { best, trials } = await tune({
  data,
  space: {
    learningRate: choice([1e-4, 1e-3, 1e-2, 1e-1, 1]),
    momentum: choice([0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.99]),
    weightDecay: choice([0, 1e-4, 1e-3, 1e-2, 1e-1]),
  },
  strategy: grid(),
  model: (params) => {
    const model = sequential([dense(64, { activation: "relu" }), dense(1, { activation: "sigmoid" })]);
    model.compile({ optimizer: sgd(params), loss: "binaryCrossentropy" });
    return model;
  },
  fit: { epochs: 10, batchSize: 32 },
  validation: { folds: 3 },
  metric: "accuracy",
  ...(values.jobs ? { jobs: Number(values.jobs) } : {}),
});

console.log(`Best: ${best.value.toFixed(4)} using ${JSON.stringify(best.params)}`);
for (const { value, std, params, status } of trials) {
  const score = value === null ? status : `${value.toFixed(4)} (${std?.toFixed(4)})`;
  console.log(`${score} with ${JSON.stringify(params)}`);
}

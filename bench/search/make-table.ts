/**
 * Makes `digits.json`: the cross-validated log loss of a network on the digits table at each configuration of
 * `digits-space.ts`. It takes some minutes a core and is run once; the benchmark looks the values up.
 *
 *     npx tsx bench/search/make-table.ts && npx biome format --write bench/search/digits.json
 */
import { readFileSync, writeFileSync } from "node:fs";
import { dense, encodeTable, grid, readTable, sequential, sgd, tune } from "fettle";
import { activations, configurations, digitsSpace, levels, placeOf } from "./digits-space.js";

const csv = readFileSync(new URL("../../examples/data/digits.csv", import.meta.url), "utf8");
const data = encodeTable(readTable(csv), { target: "digit" });

const { trials } = await tune({
  data,
  space: digitsSpace,
  strategy: grid(),
  model: ({ learningRate, momentum, weightDecay, units, activation }) => {
    const model = sequential([
      dense(levels.units[units], { activation }),
      dense(10, { activation: "softmax" }),
    ]);
    const optimizer = sgd({
      learningRate: levels.learningRate[learningRate],
      momentum: levels.momentum[momentum],
      weightDecay: levels.weightDecay[weightDecay],
    });
    model.compile({ optimizer, loss: "categoricalCrossentropy" });
    return model;
  },
  fit: ({ batchSize }) => ({ epochs: 10, batchSize: levels.batchSize[batchSize] }),
  metric: "logLoss",
  validation: { folds: 3 },
  seed: 0,
});

/** A tenth of a thousandth of a nat each; those that diverged are as bad as the worst of the others. */
const losses = new Array<number | null>(configurations).fill(null);
for (const { params, value } of trials)
  losses[placeOf(params)] = value === null ? null : Math.round(value * 1e4);
const worst = Math.max(...losses.map((loss) => loss ?? 0));
const table = {
  what: "mean log loss over 3 folds after 10 epochs of SGD, in 1e-4 nats; the order of placeOf in digits-space.ts",
  levels: { ...levels, activations },
  losses: losses.map((loss) => loss ?? worst),
};
writeFileSync(new URL("digits.json", import.meta.url), `${JSON.stringify(table)}\n`);
console.log(
  `${losses.length} configurations, ${losses.filter((loss) => loss === null).length} without a value`,
);

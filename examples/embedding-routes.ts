/**
 * Which airports are connected by direct flights? Each of 152 airports of the United States becomes a vector, learned from the known pairs;
 * the product of two vectors, number by number, predicts whether there is a flight. For comparison, the same pairs as one-hot columns go
 * into a dense network and into a logistic regression. `tune` chooses the settings of each on a part of the training pairs; the scores are
 * for pairs that none has seen: the area under the ROC curve (larger is better) and the cross-entropy (smaller is better).
 *
 *     npm run example examples/embedding-routes.ts [<trials>]
 */
import { readFileSync } from "node:fs";
import {
  adam,
  dense,
  dropout,
  embedding,
  flatten,
  float,
  functional,
  input,
  int,
  merge,
  metrics,
  type ParamsOf,
  sequential,
  trainTestSplit,
  tune,
} from "fettle";

const [trials = 12] = process.argv.slice(2).map(Number);

const csv = readFileSync(new URL("data/routes.csv", import.meta.url), "utf8");
const routes = new Set(csv.trim().split("\n").slice(1));
const airports = [...new Set([...routes].flatMap((route) => route.split(",")))].sort();
const pairs = airports.flatMap((_, from) => airports.slice(from + 1).map((__, i) => [from, from + 1 + i]));
const flown = pairs.map(([from, to]) => Number(routes.has(`${airports[from]},${airports[to]}`)));
const oneHot = pairs.map((pair) => airports.map((_, airport) => Number(pair.includes(airport))));
const { train, test } = trainTestSplit(pairs.length, { stratify: flown });
const take = <T>(values: readonly T[], rows: Int32Array): T[] => Array.from(rows, (row) => values[row]);
console.log(`${airports.length} airports, ${pairs.length} pairs, ${routes.size} with direct flights`);

const space = {
  width: int(8, 48, { log: true }),
  rate: float(0.1, 0.6),
  learningRate: float(0.001, 0.03, { log: true }),
  epochs: int(5, 25, { log: true }),
};
type Settings = ParamsOf<typeof space>;

const yes = () => dense(1, { activation: "sigmoid" });
const relu = (units: number) => dense(units, { activation: "relu" });
const networks = {
  "logistic regression": { x: oneHot, network: () => sequential([yes()]) },
  "dense network": {
    x: oneHot,
    network: ({ width, rate }: Settings) =>
      sequential([relu(width), dropout(rate), relu(width), dropout(rate), yes()]),
  },
  embeddings: {
    x: pairs,
    network({ width, rate }: Settings) {
      const [from, to] = [input(1), input(1)];
      const [vector, size] = [embedding(airports.length, width), embedding(airports.length, 1)]; // shared by both ends
      const alike = merge("multiply").apply(vector.apply(from), vector.apply(to));
      const large = merge("add").apply(size.apply(from), size.apply(to));
      const both = merge("concatenate").apply(alike, large);
      return functional({
        inputs: { from, to },
        outputs: yes().apply(dropout(rate).apply(flatten().apply(both))),
      });
    },
  },
};

for (const [name, { x, network }] of Object.entries(networks)) {
  const { final } = await tune({
    x: take(x, train),
    y: take(flown, train),
    space,
    trials,
    model(settings) {
      const model = network(settings);
      model.compile({ optimizer: adam({ learningRate: settings.learningRate }), loss: "binaryCrossentropy" });
      return model;
    },
    fit: ({ epochs }) => ({ epochs, batchSize: 128 }),
    pipeline: { scale: "none" },
    validation: { split: 0.25 },
    metric: "logLoss",
  });
  if (!final) throw new Error("no trial was trained");
  const [truth, chances] = [take(flown, test), final.predict(take(x, test)).data];
  const [area, loss] = [metrics.rocAuc(truth, chances), metrics.logLoss(truth, chances)];
  console.log(`${name}: area ${area.toFixed(3)}, cross-entropy ${loss.toFixed(3)}`);
}

/**
 * A custom layer, by `defineLayer`: a factorization machine (S. Rendle, 2010). A dense layer adds the effects of its inputs; this one also
 * gives each pair of inputs a weight, the product of two learned vectors. With one-hot columns these weights are interactions between
 * categories. The question is that of `embedding-routes.ts`, which airports are connected by direct flights, and so are the columns. `tune`
 * chooses the settings of a dense network and of the layer; the scores are for pairs of airports that neither has seen.
 *
 *     npm run example examples/factorization-layer.ts [<trials>]
 */
import { readFileSync } from "node:fs";
import {
  adam,
  defineLayer,
  dense,
  dropout,
  float,
  initializers,
  int,
  metrics,
  type ParamsOf,
  sequential,
  trainTestSplit,
  tune,
} from "fettle";
import { concat, matmul, mul, square, sub } from "fettle/ops";

/**
 * For inputs x, [rows, columns]: ½((xV)² − x²V²), which is Σ x_i x_j v_i v_j over all pairs i < j for each of the `width` factors, and
 * the linear part xw. [rows, width + 1]
 */
const factorization = (width: number) =>
  defineLayer({
    type: "factorization",
    options: { width },
    hyperparameters: {},
    outputShape: () => [width + 1],
    parameters: ([columns]) => [
      { name: "factors", shape: [columns, width], initializer: initializers.varianceScaling() },
      { name: "weights", shape: [columns, 1], initializer: initializers.varianceScaling() },
    ],
    call({ x, parameters: { factors, weights } }) {
      const pairs = sub(square(matmul(x, factors)), matmul(square(x), square(factors)));
      return concat([mul(0.5, pairs), matmul(x, weights)], 1);
    },
  });

const [trials = 12] = process.argv.slice(2).map(Number);

const csv = readFileSync(new URL("data/routes.csv", import.meta.url), "utf8");
const routes = new Set(csv.trim().split("\n").slice(1));
const airports = [...new Set([...routes].flatMap((route) => route.split(",")))].sort();
const pairs = airports.flatMap((from, i) => airports.slice(i + 1).map((to) => [from, to]));
const flown = pairs.map(([from, to]) => Number(routes.has(`${from},${to}`)));
const oneHot = pairs.map((pair) => airports.map((airport) => Number(pair.includes(airport))));
const { train, test } = trainTestSplit(pairs.length, { stratify: flown });
const take = <T>(values: readonly T[], rows: Int32Array): T[] => Array.from(rows, (row) => values[row]);

const space = {
  width: int(8, 48, { log: true }),
  rate: float(0.1, 0.6),
  learningRate: float(0.001, 0.03, { log: true }),
  epochs: int(5, 25, { log: true }),
};
const relu = (units: number) => dense(units, { activation: "relu" });
const layers = {
  "dense network": ({ width, rate }: ParamsOf<typeof space>) => [
    relu(width),
    dropout(rate),
    relu(width),
    dropout(rate),
  ],
  "factorization machine": ({ width, rate }: ParamsOf<typeof space>) => [factorization(width), dropout(rate)],
};
for (const [name, hidden] of Object.entries(layers)) {
  const { final } = await tune({
    x: take(oneHot, train),
    y: take(flown, train),
    space,
    trials,
    model(settings) {
      const model = sequential([...hidden(settings), dense(1, { activation: "sigmoid" })]);
      model.compile({ optimizer: adam({ learningRate: settings.learningRate }), loss: "binaryCrossentropy" });
      return model;
    },
    fit: ({ epochs }) => ({ epochs, batchSize: 128 }),
    pipeline: { scale: "none" },
    validation: { split: 0.25 },
    metric: "logLoss",
  });
  if (!final) throw new Error("no trial was trained");
  const loss = metrics.logLoss(take(flown, test), final.predict(take(oneHot, test)).data);
  console.log(`${name}: cross-entropy ${loss.toFixed(3)}`);
}

/**
 * Tunes a network on a table in Durable Objects: a request chooses the strategy and how much is done, and nothing else.
 * `docs/serving.md` has the routes.
 */
import { adam, choice, dense, encodeTable, float, gp, int, readTable, sequential, tpe } from "fettle";
import { type ObjectNamespace, studyWorker } from "fettle/cloudflare";
import csv from "fettle/data/wine.csv";
import { defineTuning } from "fettle/serve";

interface Env {
  readonly FETTLE_TOKEN: string;
  readonly STUDIES: ObjectNamespace;
}

const { StudyObject, worker } = studyWorker({
  token: (env: Env) => env.FETTLE_TOKEN,
  objects: (env) => env.STUDIES,
  settings: { trials: int(1, 200), epochs: int(1, 50), strategy: choice(["gp", "tpe"]) },
  tune: ({ trials, epochs, strategy }) =>
    defineTuning({
      data: encodeTable(readTable(csv), { target: "cultivar" }),
      space: { units: int(4, 32, { log: true }), learningRate: float(1e-3, 1e-1, { log: true }) },
      model: ({ units, learningRate }) => {
        const model = sequential([dense(units, { activation: "relu" }), dense(3, { activation: "softmax" })]);
        model.compile({ optimizer: adam({ learningRate }), loss: "categoricalCrossentropy" });
        return model;
      },
      strategy: strategy === "gp" ? gp() : tpe(),
      fit: { epochs },
      metric: "logLoss",
      testSize: 0.2,
      trials,
    }),
});

export { StudyObject };
export default worker;

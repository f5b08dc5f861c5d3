/** What is tuned: a network on a table. A request chooses the strategy, the trials and the epochs, and nothing else. */
import { adam, choice, dense, float, gp, int, oneHot, sequential, tpe } from "fettle";
import type { ObjectNamespace } from "fettle/cloudflare";
import csv from "fettle/data/wine.csv";
import { defineTuner } from "fettle/serve";

// 13 numbers and "cultivar_1", "cultivar_2" or "cultivar_3". `readTable` reads any table, but adds its parser to the bundle.
const [, ...rows] = csv.trim().split("\n");
const cells = rows.map((row) => row.split(","));
const x = cells.map((row) => row.slice(0, 13).map(Number));
const y = oneHot(
  cells.map((row) => Number(row[13].slice("cultivar_".length)) - 1),
  3,
);

export interface Env {
  readonly FETTLE_TOKEN: string;
  readonly STUDIES: ObjectNamespace;
}

export const token = (env: Env) => env.FETTLE_TOKEN;
export const objects = (env: Env) => env.STUDIES;

export const settings = { trials: int(1, 200), epochs: int(1, 50), strategy: choice(["gp", "tpe"]) };

interface Settings {
  readonly trials: number;
  readonly epochs: number;
  readonly strategy: unknown;
}

export const tuner = ({ trials, epochs, strategy }: Settings) =>
  defineTuner({
    x,
    y: { data: y, shape: [y.length / 3, 3] },
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
  });

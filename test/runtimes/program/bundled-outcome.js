/** A search as a page of a user's has it, by the outcome of which bundles are compared. */
import { dense, float, int, sequential, sgd, tune } from "fettle";

const x = Array.from({ length: 60 }, (_, i) => [(i % 7) / 7, (i % 11) / 11]);
const y = x.map(([a, b]) => Number(a > b));

/** A search by the default strategy, which is loaded while it runs. */
export async function outcome() {
  const { trials, final } = await tune({
    x,
    y,
    trials: 12,
    seed: 3,
    space: { units: int(2, 8), learningRate: float(0.01, 1, { log: true }) },
    model: ({ units, learningRate }) => {
      const model = sequential([dense(units, { activation: "tanh" }), dense(1, { activation: "sigmoid" })]);
      model.compile({ optimizer: sgd({ learningRate }), loss: "binaryCrossentropy" });
      return model;
    },
  });
  return JSON.stringify([trials.map(({ params, value }) => [params, value]), [...final.predict(x).data]]);
}

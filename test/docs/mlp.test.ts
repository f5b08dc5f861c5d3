/**
 * What docs/coming-from-scikit-learn.md says of the arguments of `MLPClassifier` and `MLPRegressor`, against
 * networks that scikit-learn trained from the same weights.
 */
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import {
  type Activation,
  adam,
  dense,
  l2,
  learningRateScheduler,
  type Optimizer,
  sequential,
  sgd,
} from "../../src/index.js";

interface Trained {
  readonly target: "regression" | "two" | "three";
  readonly solver: keyof typeof optimizers;
  readonly first: Readonly<Record<string, number[] | number[][]>>;
  readonly last: Readonly<Record<string, number[] | number[][]>>;
  readonly loss: readonly number[];
}
const { x, y, trained } = JSON.parse(
  readFileSync(new URL("./arguments/mlp.json", import.meta.url), "utf8"),
) as {
  readonly x: number[][];
  readonly y: Readonly<Record<Trained["target"], number[]>>;
  readonly trained: readonly Trained[];
};

const [ROWS, BATCH, ALPHA] = [x.length, 8, 0.8];

/** scikit-learn's rate of an epoch with `learning_rate="invscaling"`. */
const inverseScaling = (epoch: number): number => 0.1 / (1 + epoch * ROWS) ** 0.4;

/** The optimizers of the fixture; `scale` is 2 for a loss half as large as ours. */
const optimizers = {
  adam: (scale: number) => adam({ learningRate: 0.01, beta1: 0.8, beta2: 0.99, epsilon: 1e-3 * scale }),
  sgd: (scale: number) => sgd({ learningRate: 0.02 / scale, momentum: 0.8, nesterov: true }),
  momentum: (scale: number) => sgd({ learningRate: 0.02 / scale, momentum: 0.8 }),
  invscaling: (scale: number) => sgd({ learningRate: 0.1 / scale, momentum: 0.9, nesterov: true }),
} satisfies Record<string, (scale: number) => Optimizer>;

/** The last layer, the loss, and by how much it is larger than scikit-learn's. */
const outputs = {
  regression: { units: 1, activation: "linear", loss: "meanSquaredError", scale: 2 },
  two: { units: 1, activation: "sigmoid", loss: "binaryCrossentropy", scale: 1 },
  three: { units: 3, activation: "softmax", loss: "sparseCategoricalCrossentropy", scale: 1 },
} as const satisfies Record<string, { activation: Activation; loss: string; units: number; scale: number }>;

it.each(trained.map((one) => [`${one.solver} of ${one.target}`, one] as const))(
  "trains as scikit-learn: %s",
  async (_, { target, solver, first, last, loss }) => {
    const { units, activation, loss: own, scale } = outputs[target];
    const kernelRegularizer = l2((scale * ALPHA) / (2 * BATCH));
    const model = sequential([
      dense(4, { activation: "relu", kernelRegularizer }),
      dense(units, { activation, kernelRegularizer }),
    ]);
    model.compile({ optimizer: optimizers[solver](scale), loss: own });
    await model.fit(x, y[target], { epochs: 0 });
    model.setWeights(first);
    const { history } = await model.fit(x, y[target], {
      epochs: loss.length,
      batchSize: BATCH,
      shuffle: false,
      callbacks:
        solver === "invscaling" ? [learningRateScheduler((epoch) => inverseScaling(epoch) / scale)] : [],
    });
    const weights = model.getWeights();
    const worst = Math.max(
      ...Object.entries(last).flatMap(([name, values]) => {
        const ours = Array.from(weights[name].data);
        return values.flat().map((value, i) => Math.abs(value - ours[i]));
      }),
    );
    // 15 steps, each of which rounds numbers below 4 by at most 2^-23
    expect(worst).toBeLessThan(15 * 2 ** -23);
    for (const [epoch, value] of history.loss.entries()) expect(value / scale).toBeCloseTo(loss[epoch], 5);
  },
);

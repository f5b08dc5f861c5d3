/** Schedules in models: they go on where a training stopped, and are tuned as numbers of a program. */
import { describe, expect, it } from "vitest";
import { mean } from "../../src/graph/functions.js";
import { dense } from "../../src/nn/layers/index.js";
import { adam } from "../../src/optim/adam.js";
import { cosineDecay, exponentialDecay, warmup } from "../../src/optim/schedules.js";
import { sgd } from "../../src/optim/sgd.js";
import { float, int } from "../../src/search/space/builders.js";
import { random } from "../../src/search/strategies/random/random.js";
import { tune } from "../../src/tune/tune.js";
import { compiled, randomRows, weightsOf } from "./support.js";

const x = randomRows(20, 3, 1);
const y = randomRows(20, 1, 2);

describe("a model with a schedule", () => {
  const model = (decaySteps = 12) => {
    const decay = cosineDecay({ initialLearningRate: 0.1, decaySteps });
    const optimizer = adam({
      learningRate: warmup({ learningRate: decay, warmupSteps: 4 }),
      globalClipNorm: 1,
    });
    return compiled([dense(4, { activation: "tanh" }), dense(1)], { optimizer, loss: "meanSquaredError" });
  };

  it("comes to rest where its cosine ends", async () => {
    const [ended, later] = [model(), model()];
    await ended.fit(x, y, { epochs: 6, batchSize: 8 }); // 18 steps, after 16 the rate is 0
    await later.fit(x, y, { epochs: 9, batchSize: 8 });
    expect(weightsOf(later)).toEqual(weightsOf(ended));
    const moving = model(100);
    await moving.fit(x, y, { epochs: 6, batchSize: 8 });
    expect(weightsOf(moving)).not.toEqual(weightsOf(ended));
  });

  it("moves by the rate of each step", async () => {
    // a loss that is linear in one bias: Σ over steps of 2^-(t + 1) is how far it goes
    const optimizer = sgd({
      learningRate: exponentialDecay({ initialLearningRate: 0.5, decaySteps: 1, decayRate: 0.5 }),
    });
    const line = compiled([dense(1, { kernelInitializer: "zeros" })], {
      optimizer,
      loss: (_, prediction) => mean(prediction),
    });
    await line.fit([[0], [0]], [0, 0], { epochs: 3, batchSize: 1 });
    expect(weightsOf(line)["dense_1.bias"]).toEqual([-(1 - 2 ** -6)]);
  });

  it("is tuned, with its numbers and the bound of the gradient, to the same values each time", async () => {
    const search = () =>
      tune({
        x,
        y,
        trials: 4,
        jobs: 1,
        seed: 3,
        strategy: random(),
        validation: { folds: 2 },
        space: {
          rate: float(0.01, 0.3, { log: true }),
          steps: int(5, 40),
          norm: float(0.1, 2),
          decay: float(0, 0.1),
        },
        model: ({ rate, steps, norm, decay }) =>
          compiled([dense(1)], {
            optimizer: adam({
              learningRate: cosineDecay({ initialLearningRate: rate, decaySteps: steps }),
              globalClipNorm: norm,
              weightDecay: decay,
            }),
            loss: "meanSquaredError",
          }),
        fit: { epochs: 3, batchSize: 5 },
      });
    const [first, second] = [await search(), await search()];
    expect(first.trials.map(({ status }) => status)).toEqual(Array(4).fill("complete"));
    expect(new Set(first.trials.map(({ value }) => value)).size).toBe(4);
    expect(second.trials.map(({ value }) => value)).toEqual(first.trials.map(({ value }) => value));
  });
});

/** Tuning over layers with weights: every trial starts from them, and none changes them. Needs `dist/`. */
import { expect, it } from "vitest";
import { dense, freeze, type Layer } from "../../../src/nn/layers/index.js";
import { sequential } from "../../../src/nn/models/sequential.js";
import { sgd } from "../../../src/optim/sgd.js";
import { choice, float } from "../../../src/search/space/builders.js";
import { random } from "../../../src/search/strategies/random/random.js";
import { findLearningRate } from "../../../src/tune/rateFinder.js";
import { createTuner, restoreTuner } from "../../../src/tune/resume/slices.js";
import { tune } from "../../../src/tune/tune.js";
import type { TuneResult } from "../../../src/tune/tuner/options.js";
import { weightsOf } from "../../nn/support.js";
import { randomRows } from "../support.js";

const x = randomRows(60, 3, 5);
const y = x.map(([a, b, c]) => a * b - c);
const space = { learningRate: float(0.01, 0.1, { log: true }), units: choice([2, 3]) };

async function trainedLayer(): Promise<Layer> {
  const model = sequential([dense(4, { activation: "tanh" }), dense(1)]);
  model.compile({ optimizer: "adam", loss: "meanSquaredError" });
  await model.fit(x, y, { epochs: 3, seed: 1 });
  return model.layers[0];
}

const options = (base: Layer) => ({
  x,
  y,
  space,
  strategy: random(),
  trials: 4,
  seed: 2,
  validation: { folds: 2 },
  pipeline: { scale: "none", target: "none" } as const,
  fit: { epochs: 3, batchSize: 10 },
  model: ({ learningRate, units }: { learningRate: number; units: number }) => {
    const model = sequential([base, dense(units), dense(1)]);
    model.compile({ optimizer: sgd({ learningRate }), loss: "meanSquaredError" });
    return model;
  },
});
const outcome = ({ trials, final }: TuneResult<typeof space>) => ({
  trials: trials.map(({ seconds, ...trial }) => trial),
  weights: weightsOf(final.model),
});
const ofLayer = (layer: Layer) => Object.values(layer.getWeights()).map(({ data }) => Array.from(data));

it("has the same bits with any number of jobs, in slices and again, and leaves the layer as it was", async () => {
  const base = await trainedLayer();
  const before = ofLayer(base);
  const whole = outcome(await tune(options(base)));
  expect(ofLayer(base)).toEqual(before);
  const { "dense_1.kernel": kernel, "dense_1.bias": bias } = whole.weights;
  expect([kernel, bias]).not.toEqual(before);
  expect(outcome(await tune({ ...options(base), jobs: 2 }))).toEqual(whole);
  let tuner = await createTuner(options(base));
  while (!tuner.result) {
    tuner = await restoreTuner(tuner.save(), options(base));
    await tuner.advance({ steps: 40 });
  }
  expect(outcome(tuner.result)).toEqual(whole);
  // from other weights, another result
  const fresh = outcome(await tune(options(dense(4, { activation: "tanh" }))));
  expect(fresh.trials.map(({ value }) => value)).not.toEqual(whole.trials.map(({ value }) => value));
});

it("keeps a frozen layer exactly, and starts from one that is trained", async () => {
  const base = await trainedLayer();
  const frozen = outcome(await tune(options(freeze(base))));
  expect([frozen.weights["dense_1.kernel"], frozen.weights["dense_1.bias"]]).toEqual(ofLayer(base));
  const { model, ...others } = options(base);
  const still = await tune({ ...others, model: (params) => model({ ...params, learningRate: 0 }) });
  const { "dense_1.kernel": kernel, "dense_1.bias": bias } = weightsOf(still.final.model);
  expect([kernel, bias]).toEqual(ofLayer(base));
});

it("tests learning rates from the weights of layers", async () => {
  const base = await trainedLayer();
  const first = async (layer: Layer) => {
    const { model, ...own } = options(layer);
    const { losses } = await findLearningRate({
      x: own.x,
      y: own.y,
      pipeline: own.pipeline,
      batchSize: 60,
      model: ({ learningRate }) => {
        const built = sequential([layer, dense(1, { kernelInitializer: "ones" })]);
        built.compile({ optimizer: sgd({ learningRate }), loss: "meanSquaredError" });
        return built;
      },
    });
    return losses[0];
  };
  const model = sequential([base, dense(1, { kernelInitializer: "ones" })]);
  model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
  await model.build(3);
  expect(await first(base)).toBe(model.evaluate(x, y).loss);
  expect(await first(dense(4, { activation: "tanh" }))).not.toBe(model.evaluate(x, y).loss);
});

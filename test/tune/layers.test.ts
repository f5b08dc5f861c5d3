/**
 * Models with state, and graphs of layers, in a tuner: the same bits on threads and in slices, and a final
 * model that is saved. Needs `dist/`.
 */
import { describe, expect, it } from "vitest";
import { loadModel } from "../../src/model/save.js";
import { batchNormalization, dense, merge } from "../../src/nn/layers/index.js";
import { functional, input } from "../../src/nn/models/functional.js";
import type { LayersModel } from "../../src/nn/models/layersModel.js";
import { adam } from "../../src/optim/adam.js";
import { loadPredictor } from "../../src/predict/predictor.js";
import { choice, float } from "../../src/search/space/builders.js";
import { random } from "../../src/search/strategies/random/random.js";
import { createTuner } from "../../src/tune/resume/slices.js";
import { tune } from "../../src/tune/tune.js";
import { untimed, x, y } from "./support.js";

const space = {
  learningRate: float(1e-3, 1e-1, { log: true }),
  momentum: choice([0.5, 0.9]),
  around: choice([true, false]),
};
/** The graph depends on a parameter. */
function model(params: { learningRate: number; momentum: number; around: boolean }): LayersModel {
  const start = input(x[0].length);
  const first = batchNormalization({ momentum: params.momentum }).apply(
    dense(6, { activation: "relu" }).apply(start),
  );
  const next = dense(6, { activation: "relu" }).apply(first);
  const end = dense(1, { activation: "sigmoid" }).apply(
    params.around ? merge("add").apply(first, next) : next,
  );
  const built = functional({ inputs: start, outputs: end });
  built.compile({ optimizer: adam({ learningRate: params.learningRate }), loss: "binaryCrossentropy" });
  return built;
}
const options = {
  x,
  y: y.map(Number),
  space,
  model,
  strategy: random(),
  trials: 6,
  seed: 5,
  fit: { epochs: 3, batchSize: 8 },
  validation: { folds: 2 },
  testSize: 0.2,
};

describe("a graph with batch normalization", () => {
  it("is tuned to the same bits on threads and in slices", async () => {
    const one = await tune({ ...options, jobs: 1 });
    const two = await tune({ ...options, jobs: 2 });
    expect(new Set(one.trials.map(({ params }) => params.around)).size).toBe(2);
    expect(untimed(two.trials)).toEqual(untimed(one.trials));
    expect(two.final.test).toEqual(one.final.test);
    const tuner = await createTuner(options);
    while (!tuner.result) await tuner.advance({ steps: 7 });
    const sliced = tuner.result;
    expect(untimed(sliced.trials)).toEqual(untimed(one.trials));
    expect(sliced.final.predict(x).data).toEqual(one.final.predict(x).data);
  });

  it("leaves as a file, which loadModel and fettle/predict answer from alike", async () => {
    const { final } = await tune({ ...options, trials: 2, jobs: 1 });
    const bytes = final.bytes() as Uint8Array;
    const expected = Array.from(final.predict(x).data);
    expect(expected.length).toBe(x.length);
    expect(Array.from((await loadModel(bytes)).predict(x).data)).toEqual(expected);
    expect(Array.from((await loadPredictor(bytes)).predict(x).data)).toEqual(expected);
  });
});

/**
 * Models whose optimizer evaluates other weights than it trains: everything that a user sees is of those that
 * evaluate.
 */

import { describe, expect, it } from "vitest";
import type { SavedRun } from "../../src/engine/executor.js";
import { add, div, mul, neg } from "../../src/graph/functions.js";
import { loadModel, saveModel } from "../../src/model/save.js";
import type { Callback } from "../../src/nn/callbacks/callback.js";
import { earlyStopping } from "../../src/nn/callbacks/earlyStopping.js";
import { dense, dropout } from "../../src/nn/layers/index.js";
import { type Sequential, sequential } from "../../src/nn/models/sequential.js";
import { vectorOf } from "../../src/nn/network/parameters.js";
import { architectureFrom, hyperparametersOf } from "../../src/nn/programs/architecture.js";
import { programOf } from "../../src/nn/programs/programs.js";
import * as training from "../../src/nn/training/training.js";
import { adam } from "../../src/optim/adam.js";
import { defineOptimizer } from "../../src/optim/define.js";
import { muon } from "../../src/optim/muon.js";
import type { Optimizer } from "../../src/optim/optimizer.js";
import { scheduleFreeAdamW } from "../../src/optim/scheduleFree.js";
import { float } from "../../src/search/space/builders.js";
import { random } from "../../src/search/strategies/random/random.js";
import { loadFold } from "../../src/tune/jobs/fold.js";
import { OpenJob } from "../../src/tune/jobs/job.js";
import { createTuner, restoreTuner } from "../../src/tune/resume/slices.js";
import { tune } from "../../src/tune/tune.js";
import type { TuneResult, TunerOptions } from "../../src/tune/tuner/options.js";
import { randomRows, refusal, wasm, weightsOf } from "./support.js";

const x = randomRows(24, 3, 1);
const y = x.map(([a, b, c]) => a - 2 * b + c * c);

/**
 * Polyak's average of all weights (B. Polyak and A. Juditsky, 1992): a rule with evaluation weights of its
 * own.
 */
const averagedSgd = defineOptimizer({
  name: "averagedSgd",
  hyperparameters: { learningRate: 0.01 },
  init: ({ parameter }) => ({ evaluation: parameter }),
  update({ parameter, gradient, slots, hyperparameters: { learningRate }, step }) {
    const update = neg(mul(learningRate, gradient));
    const w = add(parameter, update);
    const share = div(1, step);
    return {
      update,
      slots: { evaluation: add(slots.evaluation, mul(share, add(w, neg(slots.evaluation)))) },
    };
  },
});

const kinds: [string, (learningRate?: number) => Optimizer][] = [
  ["adam with useEma", (learningRate = 0.05) => adam({ learningRate, useEma: true, emaMomentum: 0.9 })],
  [
    "muon with useEma and accumulation",
    (learningRate = 0.05) =>
      muon({ learningRate, useEma: true, emaMomentum: 0.8, gradientAccumulationSteps: 2 }),
  ],
  [
    "adam that is overwritten",
    (learningRate = 0.05) => adam({ learningRate, useEma: true, emaMomentum: 0.9, emaOverwriteFrequency: 5 }),
  ],
  ["scheduleFreeAdamW", (learningRate = 0.05) => scheduleFreeAdamW({ learningRate, warmupSteps: 5 })],
  ["a custom optimizer", (learningRate = 0.1) => averagedSgd({ learningRate })],
];

function build(optimizer: Optimizer, rate = 0.1): Sequential {
  const model = sequential([dense(6, { activation: "tanh" }), dropout(rate), dense(1)]);
  model.compile({ optimizer, loss: "meanSquaredError", metrics: ["meanAbsoluteError"] });
  return model;
}

const fit = { batchSize: 5, seed: 3 };
/** The vectors that a state holds: those that are trained, and those that evaluate. */
function vectors(model: Sequential): { trained: number[]; evaluated: number[] } {
  const { arrays } = model.trained().saved;
  return { trained: Array.from(arrays.parameters), evaluated: Array.from(arrays["slot.evaluation"]) };
}
const vector = (model: Sequential): number[] => Array.from(vectorOf(model.network(3), model.getWeights()));

describe.each(kinds)("%s", (_, make) => {
  it("has the evaluation weights in getWeights, and scores and predictions are those of a model with them", async () => {
    const model = build(make());
    const { history } = await model.fit(x, y, { ...fit, epochs: 3, validationSplit: 0.25 });
    const { trained, evaluated } = vectors(model);
    expect(evaluated).not.toEqual(trained);
    expect(vector(model)).toEqual(evaluated);
    const other = build(adam());
    await other.fit(x, y, { epochs: 0 });
    other.setWeights(model.getWeights());
    expect(model.predict(x).data).toEqual(other.predict(x).data);
    expect(model.evaluate(x, y)).toEqual(other.evaluate(x, y));
    const held = other.evaluate(x.slice(18), y.slice(18));
    expect(history.valLoss.at(-1)).toBe(held.loss);
    expect(history.valMeanAbsoluteError.at(-1)).toBe(held.meanAbsoluteError);
    const seen = other.evaluate(x.slice(0, 18), y.slice(0, 18));
    expect(history.meanAbsoluteError.at(-1)).toBe(seen.meanAbsoluteError);
  });

  it("resumes after `fit`, and from a file with the optimizer, as if it had never stopped", async () => {
    const [whole, parts] = [build(make()), build(make())];
    await whole.fit(x, y, { ...fit, epochs: 5 });
    await parts.fit(x, y, { ...fit, epochs: 2 });
    const bytes = saveModel(parts, { optimizer: true });
    await parts.fit(x, y, { ...fit, epochs: 3 });
    expect(vectors(parts)).toEqual(vectors(whole));
    const customObjects = { averagedSgd };
    const { model } = await loadModel(bytes, { customObjects });
    await (model as Sequential).fit(x, y, { ...fit, epochs: 3 });
    expect(vectors(model as Sequential)).toEqual(vectors(whole));
  });

  it("is saved with its evaluation weights, from which training begins anew without the optimizer", async () => {
    const first = build(make());
    await first.fit(x, y, { ...fit, epochs: 2 });
    const { model } = await loadModel(saveModel(first), { customObjects: { averagedSgd } });
    expect(weightsOf(model as Sequential)).toEqual(weightsOf(first));
    expect((model as Sequential).predict(x).data).toEqual(first.predict(x).data);
    const weights = weightsOf(first);
    first.compile({ optimizer: make(), loss: "meanSquaredError" });
    expect(weightsOf(first)).toEqual(weights);
    for (const each of [first, model as Sequential]) await each.fit(x, y, { ...fit, epochs: 0 });
    expect(vectors(first)).toEqual({ trained: vector(first), evaluated: vector(first) });
    for (const each of [first, model as Sequential]) await each.fit(x, y, { ...fit, epochs: 2 });
    expect(vectors(model as Sequential)).toEqual(vectors(first));
  });

  it("trains on from weights that are set", async () => {
    const model = build(make());
    await model.fit(x, y, { ...fit, epochs: 2 });
    const halves = vector(model).map((w) => w / 2);
    model.setWeights(
      Object.fromEntries(
        Object.entries(model.getWeights()).map(([path, array]) => {
          for (let i = 0; i < array.data.length; i++) array.data[i] /= 2;
          return [path, array];
        }),
      ),
    );
    expect(vectors(model)).toEqual({ trained: halves, evaluated: halves });
  });

  it("shows callbacks the evaluation weights, and early stopping restores the best of them", async () => {
    const seen: number[][] = [];
    const watch: Callback = {
      onEpochEnd: (_epoch, _logs, { getParameters }) => void seen.push([...getParameters()]),
    };
    const stopping = earlyStopping({ patience: 30 });
    const model = build(make());
    const { history } = await model.fit(x, y, {
      ...fit,
      epochs: 12,
      validationSplit: 0.25,
      callbacks: [watch, stopping],
    });
    const best = history.valLoss.indexOf(Math.min(...history.valLoss));
    expect(stopping.bestEpoch).toBe(best);
    expect(vectors(model)).toEqual({ trained: seen[best], evaluated: seen[best] });
    expect(model.evaluate(x.slice(18), y.slice(18)).loss).toBe(history.valLoss[best]);
  });

  it("is tuned to the same bits by threads, in slices and at once, and scored by the evaluation weights", async () => {
    const space = { learningRate: float(0.01, 0.1, { log: true }) };
    const options: TunerOptions<typeof space> = {
      x,
      y,
      space,
      strategy: random(),
      trials: 3,
      seed: 5,
      testSize: 0.25,
      validation: { folds: 2 },
      fit: { epochs: 3, batchSize: 5 },
      model: ({ learningRate }) => build(make(learningRate)),
    };
    const outcome = ({ trials, final }: TuneResult<typeof space>) => ({
      trials: trials.map(({ seconds, ...trial }) => trial),
      weights: weightsOf(final.model as Sequential),
      test: final.test,
    });
    const whole = outcome(await tune(options));
    expect(new Set(whole.trials.map(({ value }) => value)).size).toBe(3);
    expect(outcome(await tune({ ...options, jobs: 2 }))).toEqual(whole);
    let tuner = await createTuner(options);
    while (!tuner.result) {
      tuner = await restoreTuner(tuner.save(), options);
      await tuner.advance({ steps: 4 });
    }
    expect(outcome(tuner.result)).toEqual(whole);
  });
});

it("a job predicts its validation rows with the evaluation weights", () => {
  const architecture = architectureFrom(build(adam({ learningRate: 0.05, useEma: true })).described(), 3);
  const part = (from: number, to: number) => ({
    rows: to - from,
    x: Float32Array.from(x.slice(from, to).flat()),
    y: Float32Array.from(y.slice(from, to)),
  });
  const yTrue = Float64Array.from(y.slice(18, 24).flat());
  const scored = { outputs: 1, yTrue, target: { outputs: [{ center: 0, scale: 1 }] } };
  const examples = {
    train: part(0, 18),
    validation: part(18, 24),
    features: 3,
    outputs: 1,
    scored,
    trained: () => scored,
  };
  const fold = loadFold(wasm, examples);
  const job = new OpenJob(wasm, fold, {
    fold: 0,
    pipeline: {},
    epochs: 2,
    batchSize: 6,
    seed: 1,
    keepState: true,
    hyperparameters: hyperparametersOf(architecture),
    programs: {
      initialize: programOf(architecture, "initialize", 1),
      train: programOf(architecture, "train", 6),
      evaluate: programOf(architecture, "evaluate", 6),
    },
  });
  job.advance(100);
  const { prediction, state } = job.result();
  for (const held of [job, fold]) held.free();
  const model = build(adam());
  model.restore({
    training,
    row: 3,
    saved: {
      ...(state as SavedRun),
      arrays: { parameters: (state as SavedRun).arrays["slot.evaluation"] },
    },
  });
  expect(model.predict(x.slice(18)).data).toEqual(prediction);
  expect(state?.arrays.parameters).not.toEqual(state?.arrays["slot.evaluation"]);
});

it("the average of a model is that of the weights that it would have without", async () => {
  const options = { batchSize: 24, seed: 2, shuffle: false };
  const each: number[][] = [];
  const watch: Callback = {
    onEpochEnd: (_epoch, _logs, { getParameters }) => void each.push([...getParameters()]),
  };
  const plain = build(adam({ learningRate: 0.05 }), 0);
  await plain.fit(x, y, { ...options, epochs: 6, callbacks: [watch] });
  const model = build(adam({ learningRate: 0.05, useEma: true, emaMomentum: 0.75 }), 0);
  await model.fit(x, y, { ...options, epochs: 6 });
  let average = each[0];
  for (const w of each.slice(1)) average = average.map((a, i) => 0.75 * a + 0.25 * w[i]);
  expect(vectors(model).trained).toEqual(each[5]);
  vectors(model).evaluated.forEach((w, i) => {
    // a rounding of float32 at each of six steps
    expect(Math.abs(w - average[i])).toBeLessThan(12 * 2 ** -24 * Math.max(1, Math.abs(w)));
  });
});

it("a file in which the weights that are trained are missing is refused", async () => {
  const model = build(adam({ useEma: true }));
  await model.fit(x, y, { ...fit, epochs: 1 });
  const { row, saved } = model.trained();
  const { parameters: _, ...rest } = saved.arrays;
  expect(await refusal(() => model.restore({ training, row, saved: { ...saved, arrays: rest } }))).toBe(
    "invalid_checkpoint: the saved state must have 31 parameters, as this model has; received undefined",
  );
  const evaluation = { "slot.evaluation": Float32Array.of(1) };
  expect(
    await refusal(() =>
      model.restore({ training, row, saved: { ...saved, arrays: { ...saved.arrays, ...evaluation } } }),
    ),
  ).toBe("invalid_checkpoint: the saved state must have 31 parameters, as this model has; received 1");
});

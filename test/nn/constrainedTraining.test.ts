/**
 * Training with constraints: what is true after any number of steps, whatever the layer, the optimizer and
 * what is around it.
 */

import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { FettleError } from "../../src/errors.js";
import { minimum } from "../../src/graph/functions.js";
import { factoryNames, makeLayer } from "../../src/nn/layers/factories.js";
import * as layers from "../../src/nn/layers/index.js";
import { defineLayer, dense, flatten, freeze, type Layer } from "../../src/nn/layers/index.js";
import { functional, input } from "../../src/nn/models/functional.js";
import type { LayersModel } from "../../src/nn/models/layersModel.js";
import { arraysOf } from "../../src/nn/network/parameters.js";
import { architectureFrom } from "../../src/nn/programs/architecture.js";
import { programOf } from "../../src/nn/programs/programs.js";
import { maxNorm, minMaxNorm, nonNeg, unitNorm } from "../../src/nn/weights/constraints.js";
import { PARAMETERS } from "../../src/nn/weights/trainedWeights.js";
import { adam } from "../../src/optim/adam.js";
import type { Optimizer } from "../../src/optim/optimizer.js";
import { getOptimizer, optimizers } from "../../src/optim/registry.js";
import { exponentialDecay } from "../../src/optim/schedules.js";
import { sgd } from "../../src/optim/sgd.js";
import { type Made, madeOf, recipeOf } from "../../src/recipe.js";
import { mapValues } from "../../src/records.js";
import { choice, float } from "../../src/search/space/builders.js";
import { tune } from "../../src/tune/tune.js";
import { cases } from "../cases.js";
import { EXAMPLES } from "../predict/everyLayer.js";
import { rowOf } from "../rowOf.js";
import { compiled, randomRows, startFrom, weightsOf } from "./support.js";

const EVERY_LAYER = "test/predict/everyLayer.ts";

const file = JSON.parse(readFileSync(new URL("constraints.json", import.meta.url), "utf8"));
const BOUND = 2 ** -22;

const x = randomRows(10, 3, 1);
const y = x.map(([a, b, c]) => [4 * a - 2 * b + c * c, -3 * a]);

/**
 * The weights that are trained, and those that are evaluated: the same unless the optimizer keeps them apart.
 */
function bothWeights(model: LayersModel): Record<string, number[]>[] {
  const { row, saved } = model.trained();
  const trained = arraysOf(model.network(row), saved.arrays[PARAMETERS]);
  const plain = Object.fromEntries(
    Object.entries(trained).map(([path, { data }]) => [path, Array.from(data)]),
  );
  return [plain, weightsOf(model)];
}

/** Norms of the columns of a matrix. */
const columnNorms = (w: readonly number[], columns: number): number[] =>
  Array.from({ length: columns }, (_, j) =>
    Math.sqrt(w.reduce((sum, value, at) => (at % columns === j ? sum + value * value : sum), 0)),
  );

it("trains as Keras' equations do", async () => {
  const { learningRate, momentum, steps, maxValue, first, last, ...data } = file.training;
  const layer = dense(2, { kernelConstraint: maxNorm({ maxValue }), biasConstraint: "nonNeg" });
  const model = compiled([layer], { optimizer: sgd({ learningRate, momentum }), loss: "meanSquaredError" });
  const callbacks = [startFrom([...first.kernel, ...first.bias])];
  await model.fit(data.x, data.y, { epochs: steps, batchSize: data.x.length, callbacks });
  const { "dense_1.kernel": kernel, "dense_1.bias": bias } = weightsOf(model);
  kernel.forEach((w, i) => {
    expect(w).toBeCloseTo(last.kernel[i], 6);
  });
  expect(bias).toEqual(last.bias);
});

describe("holds after any number of steps", () => {
  const optimizer: fc.Arbitrary<Optimizer> = fc
    .record({
      name: fc.constantFrom(...(Object.keys(optimizers) as (keyof typeof optimizers)[])),
      learningRate: fc.constantFrom(
        0.5,
        exponentialDecay({ initialLearningRate: 0.5, decaySteps: 2, decayRate: 0.5 }),
      ),
      gradientAccumulationSteps: fc.constantFrom(1, 1, 3),
      average: fc.constantFrom(
        {},
        { useEma: true, emaMomentum: 0.5 },
        { useEma: true, emaOverwriteFrequency: 2 },
      ),
      clipping: fc.constantFrom({}, { globalClipNorm: 5 }, { clipNorm: 1 }),
      weightDecay: fc.constantFrom(0, 0.1),
    })
    .map(({ name, average, clipping, ...options }) =>
      getOptimizer(name, {
        ...options,
        ...clipping,
        // it has an average of its own
        ...(name === "scheduleFreeAdamW" ? {} : average),
      }),
    );

  it("with every optimizer, accumulation, averages, schedules and clipping, to weights that are trained and evaluated", async () => {
    const used = new Set<string>();
    await fc.assert(
      fc.asyncProperty(optimizer, fc.integer({ min: 1, max: 7 }), async (optimizer, epochs) => {
        used.add(optimizer.name);
        const model = compiled(
          [
            dense(3, {
              activation: "tanh",
              kernelConstraint: maxNorm({ maxValue: 0.25 }),
              biasConstraint: nonNeg(),
            }),
            dense(4, { activation: "tanh", useBias: false }),
            dense(2, {
              kernelConstraint: unitNorm(),
              biasConstraint: minMaxNorm({ minValue: 0.125, maxValue: 0.25 }),
              biasInitializer: "ones",
            }),
          ],
          { optimizer, loss: "meanSquaredError" },
        );
        // with 3 batches an epoch, each ends with an update, and with one that is smaller than the others
        await model.fit(x, y, { epochs, batchSize: 4, seed: 1 });
        for (const weights of bothWeights(model)) {
          const all = Object.values(weights).flat();
          expect(all.every(Number.isFinite)).toBe(true);
          const first = columnNorms(weights["dense_1.kernel"], 3);
          expect(Math.max(...first)).toBeLessThanOrEqual(0.25 * (1 + BOUND));
          expect(Math.min(...weights["dense_1.bias"])).toBeGreaterThanOrEqual(0);
          for (const norm of columnNorms(weights["dense_3.kernel"], 2))
            expect(Math.abs(norm - 1)).toBeLessThanOrEqual(BOUND);
          const [bias] = columnNorms(weights["dense_3.bias"], 1);
          expect(bias).toBeGreaterThanOrEqual(0.125 * (1 - BOUND));
          expect(bias).toBeLessThanOrEqual(0.25 * (1 + BOUND));
        }
      }),
      { numRuns: cases(300) },
    );
    expect(used.size).toBe(Object.keys(optimizers).length);
  });

  /** Every option for a constraint, by the array that it is for. */
  const ARRAYS: Readonly<Record<string, string>> = {
    biasConstraint: "bias",
    depthwiseConstraint: "depthwiseKernel",
    embeddingsConstraint: "embeddings",
    kernelConstraint: "kernel",
    pointwiseConstraint: "pointwiseKernel",
    recurrentConstraint: "recurrentKernel",
  };
  const made: Readonly<Record<string, (options: object) => Layer>> = {
    conv1d: (options) => layers.conv1d(2, 2, options),
    conv2d: (options) => layers.conv2d(2, 2, options),
    conv1dTranspose: (options) => layers.conv1dTranspose(2, 2, options),
    conv2dTranspose: (options) => layers.conv2dTranspose(2, 2, options),
    conv3d: (options) => layers.conv3d(2, 2, options),
    convLstm2d: (options) => layers.convLstm2d(2, 2, options),
    dense: (options) => layers.dense(2, options),
    depthwiseConv2d: (options) => layers.depthwiseConv2d(2, options),
    embedding: (options) => layers.embedding(4, 2, options),
    ensembleDense: (options) => layers.ensembleDense(2, options),
    gru: (options) => layers.gru(2, options),
    lstm: (options) => layers.lstm(2, options),
    separableConv2d: (options) => layers.separableConv2d(2, 2, options),
    simpleRNN: (options) => layers.simpleRNN(2, options),
  };
  const OPTIONS: Readonly<Record<string, string>> = {
    ...Object.fromEntries(Object.keys(made).map((name) => [name, "biasConstraint kernelConstraint"])),
    depthwiseConv2d: "biasConstraint depthwiseConstraint",
    embedding: "embeddingsConstraint",
    separableConv2d: "biasConstraint depthwiseConstraint pointwiseConstraint",
    ...Object.fromEntries(
      ["convLstm2d", "gru", "lstm", "simpleRNN"].map((name) => [
        name,
        "biasConstraint kernelConstraint recurrentConstraint",
      ]),
    ),
  };

  /** A small network of a layer, trained for three steps. */
  async function trainedWith(layer: Layer, name: string): Promise<LayersModel> {
    const [{ shapes, number = (normal: number) => normal }] = rowOf(EXAMPLES, name, EVERY_LAYER);
    const value = input(shapes[0]);
    const outputs = dense(1).apply(flatten().apply(layer.apply(value)));
    const model = functional({ inputs: value, outputs });
    model.compile({ optimizer: adam({ learningRate: 0.1 }), loss: "meanSquaredError" });
    const columns = shapes[0].reduce((size, n) => size * n, 1);
    const rows = randomRows(4, columns, 5).map((row) => row.map((normal) => number(4 * normal)));
    const data = { data: Float64Array.from(rows.flat()), shape: [4, columns] };
    await model.fit(data, [3, -2, 1, 4], { epochs: 3, batchSize: 4, seed: 2 });
    return model;
  }

  /** The largest norm along the first axis, by array. */
  function largest(model: LayersModel): Record<string, number> {
    return mapValues(model.getWeights(), ({ data, shape }) =>
      Math.max(...columnNorms(Array.from(data), data.length / shape[0])),
    );
  }

  it("every layer that has the option is tried here", () => {
    const takes = (name: string, option: string): boolean =>
      rowOf(EXAMPLES, name, EVERY_LAYER).some(({ layer }) => {
        const example = layer();
        const { useBias: _, ...options } = (madeOf(example) as Made).options;
        try {
          const [made, held] = [{}, { [option]: "nonNeg" }].map((more) =>
            makeLayer(name as never, { ...options, ...more }),
          );
          // layers without options do not read any
          return recipeOf(made) !== recipeOf(held);
        } catch (error) {
          expect((error as FettleError).code).toBe("unknown_name");
          return false;
        }
      });
    const found = factoryNames.flatMap((name) => {
      const options = Object.keys(ARRAYS).filter((option) => takes(name, option));
      return options.length > 0 ? [[name, options.join(" ")]] : [];
    });
    expect(Object.fromEntries(found)).toEqual(OPTIONS);
  });

  it.each(Object.entries(OPTIONS))("in %s: %s", async (name, options) => {
    const free = await trainedWith(made[name]({}), name);
    for (const option of options.split(" ")) {
      const array = `${name}_1.${ARRAYS[option]}`;
      const held = await trainedWith(made[name]({ [option]: maxNorm({ maxValue: 0.0625 }) }), name);
      // that array, and no other
      for (const [path, norm] of Object.entries(largest(held)))
        if (path === array) expect(norm, option).toBeLessThanOrEqual(0.0625 * (1 + BOUND));
        else if (path.startsWith(name)) expect(norm, path).toBeGreaterThan(0.0625);
      // a bound that no weights reach changes no bit
      const wide = await trainedWith(made[name]({ [option]: maxNorm({ maxValue: 1e6 }) }), name);
      expect(weightsOf(wide), option).toEqual(weightsOf(free));
    }
    for (const [path, norm] of Object.entries(largest(free)))
      if (path.startsWith(name)) expect(norm).toBeGreaterThan(0.0625);
  });

  it("in the layers within others", async () => {
    const inner = { kernelConstraint: maxNorm({ maxValue: 0.125 }), biasConstraint: "nonNeg" } as const;
    const both = await trainedWith(layers.bidirectional(layers.gru(2, inner)), "bidirectional");
    for (const direction of ["forward", "backward"]) {
      const { [`bidirectional_1.${direction}.kernel`]: kernel, [`bidirectional_1.${direction}.bias`]: bias } =
        weightsOf(both);
      expect(Math.max(...columnNorms(kernel, 6))).toBeLessThanOrEqual(0.125 * (1 + BOUND));
      expect(Math.min(...bias)).toBeGreaterThanOrEqual(0);
    }
    const each = weightsOf(await trainedWith(layers.timeDistributed(dense(2, inner)), "timeDistributed"));
    expect(Math.max(...columnNorms(each["timeDistributed_1.kernel"], 2))).toBeLessThanOrEqual(
      0.125 * (1 + BOUND),
    );
    expect(Math.min(...each["timeDistributed_1.bias"])).toBeGreaterThanOrEqual(0);
  });

  it("in a layer of one's own, whose numbers are inputs of the program", async () => {
    const bounded = (bound: number): Layer =>
      defineLayer({
        type: "bounded",
        hyperparameters: { bound },
        outputShape: () => [2],
        parameters: ([columns]) => [
          {
            ...dense(2).parameters([columns])[0],
            constraint: (weight, hyperparameters) => minimum(weight, hyperparameters.bound),
          },
        ],
        call: (context) => dense(2, { useBias: false }).call(context),
      });
    const build = (bound: number) =>
      compiled([bounded(bound)], { optimizer: sgd({ learningRate: 0.5 }), loss: "mse" });
    const model = build(0.25);
    await model.fit(x, y, { epochs: 5 });
    expect(Math.max(...weightsOf(model)["bounded_1.kernel"])).toBe(0.25);
    const [a, b] = [0.25, 0.5].map((bound) =>
      programOf(architectureFrom(build(bound).described(), 3), "train", 4),
    );
    expect(a).toBe(b);
  });
});

describe("is applied when an update is", () => {
  it("and not before: initial weights stay as they are, as in Keras", async () => {
    const build = () =>
      compiled([dense(2, { kernelConstraint: maxNorm({ maxValue: 0.01 }) })], {
        optimizer: "sgd",
        loss: "mse",
      });
    const model = build();
    await model.fit(x, y, { epochs: 0, seed: 3 });
    const free = compiled([dense(2)], { optimizer: "sgd", loss: "mse" });
    await free.fit(x, y, { epochs: 0, seed: 3 });
    expect(weightsOf(model)).toEqual(weightsOf(free));
    await model.fit(x, y, { epochs: 1, batchSize: 10 });
    expect(Math.max(...columnNorms(weightsOf(model)["dense_1.kernel"], 2))).toBeLessThanOrEqual(
      0.01 * (1 + BOUND),
    );
  });

  it("at the last of the batches that are accumulated", async () => {
    const optimizer = sgd({ learningRate: 0.1, gradientAccumulationSteps: 3 });
    const layer = dense(2, { kernelConstraint: maxNorm({ maxValue: 0.01 }) });
    const model = compiled([layer], { optimizer, loss: "mse" });
    await model.fit(x, y, { epochs: 0, seed: 3 });
    const before = weightsOf(model);
    const norms: number[] = [];
    // each epoch is one batch
    for (let epochs = 1; epochs <= 6; epochs++) {
      await model.fit(x, y, { epochs: 1, batchSize: 10 });
      const now = weightsOf(model);
      if (epochs < 3) expect(now).toEqual(before);
      norms.push(Math.max(...columnNorms(now["dense_1.kernel"], 2)));
    }
    expect(norms.map((norm) => norm <= 0.01 * (1 + BOUND))).toEqual([false, false, true, true, true, true]);
  });

  it("and never to a frozen layer", async () => {
    const layer = dense(2, { kernelConstraint: "nonNeg", biasInitializer: "ones" });
    const model = compiled([freeze(layer), dense(2)], { optimizer: "sgd", loss: "mse" });
    await model.fit(x, y, { epochs: 0, seed: 3 });
    const { "dense_1.kernel": before } = weightsOf(model);
    await model.fit(x, y, { epochs: 2 });
    expect(weightsOf(model)["dense_1.kernel"]).toEqual(before);
    expect(Math.min(...before)).toBeLessThan(0);
  });
});

it("a space may name constraints, and hold their numbers", async () => {
  const result = await tune({
    x,
    y,
    task: "regression",
    space: {
      constraint: choice(["nonNeg", "unitNorm", "maxNorm"]),
      maxValue: float(0.1, 0.2, { when: { constraint: ["maxNorm"] } }),
    },
    model: ({ constraint, maxValue }) =>
      compiled(
        [
          dense(2, {
            kernelConstraint:
              constraint === "maxNorm" ? maxNorm({ maxValue: maxValue as number }) : (constraint as "nonNeg"),
          }),
        ],
        { optimizer: sgd({ learningRate: 0.3 }), loss: "meanSquaredError" },
      ),
    fit: { epochs: 3 },
    trials: 6,
    seed: 1,
  });
  const { constraint, maxValue } = result.best.params;
  const kernel = weightsOf(result.final.model)["dense_1.kernel"];
  const norms = columnNorms(kernel, 2);
  if (constraint === "nonNeg") expect(Math.min(...kernel)).toBeGreaterThanOrEqual(0);
  else {
    const most = constraint === "maxNorm" ? (maxValue as number) : 1;
    expect(Math.max(...norms)).toBeLessThanOrEqual(most * (1 + BOUND));
  }
});

/**
 * Members of an ensemble in one network are trained on the mean of their losses: with separate kernels, as
 * networks that are trained alone.
 */
import { beforeAll, describe, expect, it } from "vitest";
import { broadcastTo, mean, reshape } from "../../src/graph/functions.js";
import type { Value } from "../../src/graph/graph.js";
import { classUnits } from "../../src/nn/arguments/judge.js";
import type { CompileOptions, FitOptions } from "../../src/nn/arguments/options.js";
import {
  activation,
  averageMembers,
  defineLayer,
  dense,
  ensembleDense,
  globalAveragePooling1d,
  type Layer,
  masking,
} from "../../src/nn/layers/index.js";
import { functional, input } from "../../src/nn/models/functional.js";
import type { LayersModel } from "../../src/nn/models/layersModel.js";
import { ready } from "../../src/numerics/kernels.js";
import { sgd } from "../../src/optim/sgd.js";
import { compiled, randomRows, refusal, weightsOf } from "./support.js";

beforeAll(() => ready());

const [ROW_COUNT, MEMBERS, COLUMNS, HIDDEN] = [12, 3, 4, 5];
const RATE = 0.125;
const x = randomRows(ROW_COUNT, COLUMNS, 1);
const quantities = randomRows(ROW_COUNT, 1, 2);
const ids = quantities.map((_, i) => i % 3);

describe("separate members are trained as networks alone", () => {
  /** Units and activation of the last layer, loss, targets, and options of `fit`. */
  const CASES: readonly (readonly [
    string,
    number,
    "linear" | "sigmoid" | "softmax",
    CompileOptions["loss"],
    number[] | number[][],
    FitOptions,
  ])[] = [
    ["of quantities", 1, "linear", "meanSquaredError", quantities, {}],
    ["of two classes", 1, "sigmoid", "binaryCrossentropy", ids.map((id) => id % 2), {}],
    ["of classes", 3, "softmax", "sparseCategoricalCrossentropy", ids, {}],
    [
      "with weights of rows",
      3,
      "softmax",
      "sparseCategoricalCrossentropy",
      ids,
      { sampleWeight: ids.map((id, i) => id + (i % 4)) },
    ],
    ["in batches that leave a rest", 1, "linear", "huber", quantities, { batchSize: 5 }],
  ];

  it.each(CASES)("%s", async (_, units, activation, loss, y, options) => {
    // the mean of losses has a share of each loss
    const network = (layers: Layer[], rate: number) =>
      compiled(layers, { optimizer: sgd({ learningRate: rate }), loss });
    const all = network(
      [
        ensembleDense(HIDDEN, { members: MEMBERS, shared: false, activation: "tanh" }),
        ensembleDense(units, { shared: false, activation }),
        averageMembers(),
      ],
      RATE * MEMBERS,
    );
    const given = { epochs: 3, seed: 4, batchSize: ROW_COUNT, ...options };
    await all.fit(x, y, { ...given, epochs: 0 });
    const start = weightsOf(all);
    await all.fit(x, y, given);
    const trained = weightsOf(all);
    const predictions: number[][] = [];
    for (let m = 0; m < MEMBERS; m++) {
      const own = (weights: Record<string, number[]>, name: string): number[] => {
        const array = weights[`ensembleDense_${name}`];
        return array.slice((m * array.length) / MEMBERS, ((m + 1) * array.length) / MEMBERS);
      };
      const matrix = (numbers: number[], columns: number): number[][] =>
        Array.from({ length: numbers.length / columns }, (_, i) =>
          numbers.slice(i * columns, (i + 1) * columns),
        );
      const alone = network([dense(HIDDEN, { activation: "tanh" }), dense(units, { activation })], RATE);
      await alone.fit(x, y, { ...given, epochs: 0 });
      alone.setWeights({
        "dense_1.kernel": matrix(own(start, "1.kernel"), HIDDEN),
        "dense_1.bias": own(start, "1.bias"),
        "dense_2.kernel": matrix(own(start, "2.kernel"), units),
        "dense_2.bias": own(start, "2.bias"),
      });
      await alone.fit(x, y, given);
      // weights are below 2; some roundings of gradients in each of 3 or 9 steps
      for (const [path, weights] of Object.entries(weightsOf(alone)))
        for (const [i, weight] of weights.entries())
          expect(Math.abs(own(trained, path.slice("dense_".length))[i] - weight)).toBeLessThan(2 ** -20);
      predictions.push(Array.from(alone.predict(x).data));
    }
    const means = predictions[0].map((_, i) => predictions.reduce((sum, own) => sum + own[i], 0) / MEMBERS);
    expect(all.predict(x).shape).toEqual([ROW_COUNT, units]);
    for (const [i, value] of Array.from(all.predict(x).data).entries())
      expect(Math.abs(value - means[i])).toBeLessThan(2 ** -20);
    expect(trained["ensembleDense_1.kernel"]).not.toEqual(start["ensembleDense_1.kernel"]);
  });
});

it("trains on the mean of losses, and evaluates the mean of members", async () => {
  const network = (last: Layer) =>
    compiled([ensembleDense(1, { members: MEMBERS }), last], {
      optimizer: sgd({ learningRate: 0 }),
      loss: "meanSquaredError",
    });
  const model = network(averageMembers());
  const { history } = await model.fit(x, quantities, { seed: 3, batchSize: ROW_COUNT });
  const all = model.part({ to: model.layers[0] }).predict(x);
  let [ofMembers, ofMean] = [0, 0];
  for (let n = 0; n < ROW_COUNT; n++) {
    const own = Array.from({ length: MEMBERS }, (_, m) => all.data[n * MEMBERS + m] - quantities[n][0]);
    ofMembers += own.reduce((sum, error) => sum + error ** 2, 0) / MEMBERS / ROW_COUNT;
    ofMean += (own.reduce((sum, error) => sum + error) / MEMBERS) ** 2 / ROW_COUNT;
  }
  expect(ofMembers).toBeGreaterThan(1.1 * ofMean);
  expect(history.loss[0]).toBeCloseTo(ofMembers, 6);
  expect(model.evaluate(x, quantities).loss).toBeCloseTo(ofMean, 6);
  // another mean over that axis is trained on the loss of the mean
  const other = network(globalAveragePooling1d());
  const { history: plain } = await other.fit(x, quantities, { seed: 3, batchSize: ROW_COUNT });
  expect(plain.loss[0]).toBeCloseTo(ofMean, 6);
});

it.each<["sigmoid" | "softmax", number, CompileOptions["loss"], number[]]>([
  ["sigmoid", 1, "binaryCrossentropy", [200]],
  ["softmax", 2, "sparseCategoricalCrossentropy", [200, 0]],
])("a member that is sure and wrong keeps its loss behind a %s", async (activation, units, loss, kernel) => {
  const last = ensembleDense(units, { members: 2, activation, inputScaleInitializer: "ones" });
  const model = compiled([last, averageMembers()], { optimizer: sgd({ learningRate: 0 }), loss });
  const [row, wrong] = [[[1]], [units - 1]];
  await model.fit(row, wrong, { epochs: 0 });
  const others = { inputScale: [[1], [1]], outputScale: [kernel, kernel].map((own) => own.map(() => 1)) };
  last.setWeights({ kernel: [kernel], bias: [kernel, kernel].map((own) => own.map(() => 0)), ...others });
  // probabilities of 1 in float32 have lost it: from them, it is at most 16
  expect((await model.fit(row, wrong)).history.loss[0]).toBeCloseTo(200, 4);
});

it("is one of several outputs", async () => {
  const network = (): LayersModel => {
    const rows = input(COLUMNS);
    const members = ensembleDense(2, { members: MEMBERS }).apply(rows);
    const outputs = { one: averageMembers().apply(members), two: dense(1).apply(rows) };
    const model = functional({ inputs: rows, outputs });
    model.compile({
      optimizer: sgd({ learningRate: 0 }),
      loss: "meanSquaredError",
      lossWeights: { one: 0.5, two: 2 },
    });
    return model;
  };
  const model = network();
  const y = { one: randomRows(ROW_COUNT, 2, 5), two: quantities };
  const { history } = await model.fit(x, y, { seed: 1, batchSize: ROW_COUNT });
  const all = model.part({ to: "ensembleDense_1" }).predict(x);
  const predictions = model.predict(x); // the columns of one, then that of two
  let loss = 0;
  for (let n = 0; n < ROW_COUNT; n++) {
    loss += (2 * (predictions.get(n, 2) - quantities[n][0]) ** 2) / ROW_COUNT;
    for (let m = 0; m < MEMBERS; m++)
      for (let u = 0; u < 2; u++)
        loss += (0.5 * (all.get(n, m, u) - y.one[n][u]) ** 2) / (ROW_COUNT * MEMBERS * 2);
  }
  expect(history.loss[0]).toBeCloseTo(loss, 6);
});

describe("of a custom layer", () => {
  /** A layer that returns its input, with or without members. */
  const same = (members?: (x: Value) => Value): Layer =>
    defineLayer({
      type: "same",
      hyperparameters: {},
      outputShape: (shape) => shape,
      parameters: () => [],
      call: ({ x }) => x,
      ...(members && { members: ({ x }: { readonly x: Value }) => members(x) }),
    });

  it("members that equal the result have its loss, with masked steps too", async () => {
    const lossWith = async (members?: (x: Value) => Value): Promise<number> => {
      const model = compiled([masking(0), dense(1), same(members)], { optimizer: "sgd", loss: "huber" });
      const steps = x.map((row, i) => row.map((value, step) => [step < 1 + (i % 4) ? value : 0, 0]));
      const y = x.map((row) => row.map((value) => [value * value]));
      return (await model.fit(steps, y, { seed: 1, epochs: 2 })).history.loss[1];
    };
    const repeated = (x: Value, times: number): Value => {
      const [rows, ...shape] = x.shape;
      return broadcastTo(reshape(x, [rows, 1, ...shape]), [rows, times, ...shape]);
    };
    const alone = await lossWith();
    for (const times of [1, 3]) expect(await lossWith((x) => repeated(x, times))).toBeCloseTo(alone, 6);
  });

  it("members of another shape are refused", async () => {
    const model = compiled([dense(2), same((x) => mean(x, 1))], { optimizer: "sgd", loss: "huber" });
    expect(await refusal(() => model.fit(x, randomRows(ROW_COUNT, 2, 1)))).toBe(
      "invalid_shape: `members` of same_1 must return a value of shape [rows, 1, 2]; received shape [rows]",
    );
  });
});

describe("judged before training", () => {
  const network = (last: Layer[], loss: CompileOptions["loss"]) =>
    compiled([ensembleDense(4), ...last, averageMembers()], { optimizer: "sgd", loss });

  it.each<[string, () => unknown, string]>([
    [
      "a last layer that does not fit the loss",
      () => network([ensembleDense(1)], "binaryCrossentropy").fit(x, ids),
      'invalid_argument: the activation of the last layer must be "sigmoid" for binaryCrossentropy',
    ],
    [
      "a loss that compares rows",
      () => network([ensembleDense(1)], "coxPartialLikelihood").fit(x, quantities),
      "unsupported: coxPartialLikelihood must not be the loss of averageMembers",
    ],
    [
      "rows without members",
      () => averageMembers().outputShape([3]),
      "invalid_shape: averageMembers must take rows of shape [members, ...]; received [3]",
    ],
  ])("%s is refused", async (_, run, message) => {
    expect(await refusal(run)).toContain(message);
  });

  it("classes are counted by the units of the last layer of members", () => {
    const count = (last: Layer[]) => classUnits(network(last, "sparseCategoricalCrossentropy").described());
    expect(count([ensembleDense(3, { activation: "softmax" })])).toBe(3);
    expect(count([ensembleDense(5), activation("softmax")])).toBe(5);
    expect(count([dense(6, { activation: "softmax" })])).toBe(6);
    expect(count([ensembleDense(3)])).toBeUndefined();
  });
});

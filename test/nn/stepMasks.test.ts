/** Masks reach losses and metrics: steps that do not count change neither, as in Keras 3. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { gradients } from "../../src/autograd/grad.js";
import { compile } from "../../src/compile/compile.js";
import { mean, square, sub } from "../../src/graph/functions.js";
import type { Value } from "../../src/graph/graph.js";
import {
  dense,
  embedding,
  flatten,
  gru,
  type Layer,
  lstm,
  masking,
  reshape,
  timeDistributed,
} from "../../src/nn/layers/index.js";
import type { LossFunction } from "../../src/nn/losses/loss.js";
import { getLoss, losses } from "../../src/nn/losses/registry.js";
import { functional, input } from "../../src/nn/models/functional.js";
import type { LayersModel } from "../../src/nn/models/layersModel.js";
import { lossOfOutput } from "../../src/nn/network/stepMasks.js";
import { adam } from "../../src/optim/adam.js";
import { sgd } from "../../src/optim/sgd.js";
import { cases } from "../cases.js";
import { compiled, reference, refusal, wasm, weightsOf } from "./support.js";

const STEPS = 4;
/**
 * Sequences of 1 to 4 steps of one feature that is not 0, with zeros after them, and a target for each step.
 */
const sequences = fc
  .array(
    fc.array(fc.tuple(fc.integer({ min: 1, max: 16 }), fc.integer({ min: -8, max: 8 })), {
      minLength: 1,
      maxLength: STEPS,
    }),
    { minLength: 2, maxLength: 9 },
  )
  .map((rows) => ({
    lengths: rows.map(({ length }) => length),
    x: rows.map((row) => Array.from({ length: STEPS }, (_, i) => [(row[i]?.[0] ?? 0) / 8])),
    y: rows.map((row) => Array.from({ length: STEPS }, (_, i) => [(row[i]?.[1] ?? 0) / 8])),
  }));

it("predictions come with the steps that count, in every batch, and are those of predict", async () => {
  const model = compiled([masking(0), gru(2, { returnSequences: true }), dense(1)], {
    optimizer: "sgd",
    loss: "mse",
  });
  // several visits of the engine, and a last one that is smaller
  const rows = 9000;
  const lengths = Array.from({ length: rows }, (_, row) => 1 + ((row * row) % STEPS));
  const x = lengths.map((length, row) =>
    Array.from({ length: STEPS }, (_, step) => [step < length ? 1 + (row % 7) : 0]),
  );
  await model.fit(x.slice(0, 8), x.slice(0, 8), { epochs: 1 });
  const { prediction, mask } = model.predictMasked(x);
  expect(Array.from(mask ?? [])).toEqual(
    lengths.flatMap((length) => Array.from({ length: STEPS }, (_, step) => Number(step < length))),
  );
  expect(prediction).toEqual(model.predict(x).data);
  const dense1 = compiled([dense(1)], { optimizer: "sgd", loss: "mse" });
  await dense1.fit([[0], [1]], [0, 1]);
  expect(dense1.predictMasked([[2]])).toEqual({ prediction: dense1.predict([[2]]).data, mask: undefined });
});

const net = (loss: "mse" | "mae" | LossFunction = "mse", last: Layer = dense(1)): LayersModel =>
  compiled([masking(0), gru(3, { returnSequences: true }), last], {
    optimizer: sgd({ learningRate: 0.1 }),
    loss,
    metrics: ["meanAbsoluteError"],
  });

/** Of the first rows of a batch, those steps that count. */
function counted(lengths: readonly number[], numbers: readonly (readonly (readonly number[])[])[]): number[] {
  return numbers.flatMap((row, i) => row.slice(0, lengths[i]).flat());
}

it("the loss of a batch is the mean over the steps that count, and so is a metric over all batches", async () => {
  await fc.assert(
    fc.asyncProperty(sequences, async ({ lengths, x, y }) => {
      const model = net();
      await model.fit(x, y, { epochs: 0, seed: 4 });
      const prediction = Array.from(model.predict(x).data);
      const rows = x.map((_, i) => prediction.slice(i * STEPS, (i + 1) * STEPS).map((value) => [value]));
      const [truth, predicted] = [y, rows].map((each) => counted(lengths, each));
      const errors = predicted.map((value, i) => value - truth[i]);
      const meanOf = (values: readonly number[]): number =>
        values.reduce((sum, v) => sum + v, 0) / values.length;
      const { loss, meanAbsoluteError } = model.evaluate(x, y);
      expect(loss).toBeCloseTo(meanOf(errors.map((e) => e * e)), 5);
      expect(meanAbsoluteError).toBeCloseTo(meanOf(errors.map(Math.abs)), 6);
      // weights of rows multiply, and the mean is still over steps that count
      const weights = x.map((_, i) => 1 + (i % 3));
      const share = weights.length / weights.reduce((sum, w) => sum + w, 0);
      const ofSteps = lengths.flatMap((length, i) => new Array<number>(length).fill(weights[i]));
      const weighted = model.evaluate(x, y, weights);
      expect(weighted.loss).toBeCloseTo(meanOf(errors.map((e, i) => e * e * ofSteps[i] * share)), 5);
      const total = ofSteps.reduce((sum, w) => sum + w, 0);
      expect(weighted.meanAbsoluteError).toBeCloseTo(
        errors.reduce((sum, e, i) => sum + Math.abs(e) * ofSteps[i], 0) / total,
        6,
      );
    }),
    { numRuns: cases(40) },
  );
});

it("the weight of a row counts for each step, of several numbers", async () => {
  const model = compiled([dense(2)], {
    optimizer: "sgd",
    loss: "meanSquaredError",
    metrics: ["meanAbsoluteError"],
  });
  const x = [1, -2].map((first) => [[first], [first + 1], [0]]);
  const y = x.map((row) => row.map(([value]) => [value, 3 - value]));
  await model.fit(x, y, { epochs: 0, seed: 2 });
  const prediction = model.predict(x).data;
  const errors = y.flat(2).map((value, i) => Math.abs(prediction[i] - value));
  const [first, second] = [errors.slice(0, 6), errors.slice(6)].map((row) => row.reduce((a, b) => a + b) / 6);
  expect(first).not.toBeCloseTo(second, 2);
  expect(model.evaluate(x, y, [1, 3]).meanAbsoluteError).toBeCloseTo((first + 3 * second) / 4, 6);
});

it("what targets are at masked steps changes no bit of a training", async () => {
  await fc.assert(
    fc.asyncProperty(sequences, fc.integer({ min: -100, max: 100 }), async ({ lengths, x, y }, other) => {
      const others = y.map((row, i) => row.map((target, step) => (step < lengths[i] ? target : [other])));
      const results = [];
      for (const targets of [y, others]) {
        const model = net();
        const options = { epochs: 2, batchSize: 2, seed: 1, validationData: [x, targets] as const };
        const { history } = await model.fit(x, targets, options as never);
        results.push([history, weightsOf(model)]);
      }
      expect(results[0]).toEqual(results[1]);
    }),
    { numRuns: cases(20) },
  );
});

it("a batch in which no step counts has loss 0 and moves nothing", async () => {
  const model = net();
  const x = [0, 1].map(() => Array.from({ length: STEPS }, () => [0]));
  const y = x.map((row) => row.map(() => [5]));
  await model.fit(x, y, { epochs: 0, seed: 4 });
  const before = weightsOf(model);
  const { history } = await model.fit(x, y, { epochs: 1 });
  expect(history.loss).toEqual([0]);
  expect(history.meanAbsoluteError[0]).toBeNaN();
  expect(weightsOf(model)).toEqual(before);
});

it("a batch in which one step counts has its loss", async () => {
  const model = net();
  const x = [0, 1].map((row) =>
    Array.from({ length: STEPS }, (_, step) => [row === 1 && step === 0 ? 1 : 0]),
  );
  const y = x.map((row) => row.map(() => [5]));
  await model.fit(x, y, { epochs: 0, seed: 4 });
  const error = model.predict(x).get(1, 0, 0) - 5;
  expect(model.evaluate(x, y).loss).toBeCloseTo(error * error, 5);
});

it("steps count alike wherever they are: rows without padding train as without a mask", async () => {
  const x = Array.from({ length: 6 }, (_, i) =>
    Array.from({ length: STEPS }, (__, j) => [1 + ((i * 5 + j * 3) % 7) / 8]),
  );
  const y = x.map((row) => row.map(([value]) => [value * value]));
  const masked = net();
  const plain = compiled([gru(3, { returnSequences: true }), dense(1)], {
    optimizer: sgd({ learningRate: 0.1 }),
    loss: "mse",
    metrics: ["meanAbsoluteError"],
  });
  const [a, b] = [
    await masked.fit(x, y, { epochs: 3, seed: 1 }),
    await plain.fit(x, y, { epochs: 3, seed: 1 }),
  ];
  a.history.loss.forEach((loss, i) => {
    expect(loss).toBeCloseTo(b.history.loss[i], 5);
  });
  expect(a.history.meanAbsoluteError[2]).toBeCloseTo(b.history.meanAbsoluteError[2], 5);
});

describe("classes of words, with padding of id 0", () => {
  const words = [
    [1, 2, 3, 1],
    [2, 3, 0, 0],
    [3, 0, 0, 0],
  ];
  const tags = words.map((row) => row.map((word) => word % 2));
  const build = (loss: "sparseCategoricalCrossentropy" | "binaryCrossentropy", units: number): LayersModel =>
    compiled(
      [
        embedding(4, 3, { maskZero: true }),
        lstm(4, { returnSequences: true }),
        timeDistributed(dense(units, { activation: units > 1 ? "softmax" : "sigmoid" })),
      ],
      { optimizer: adam({ learningRate: 0.05 }), loss, metrics: ["accuracy"] },
    );

  it("are learned where they count, and the accuracy is of those", async () => {
    const model = build("binaryCrossentropy", 1);
    const y = tags.map((row) => row.map((tag) => [tag]));
    await model.fit(words, y, { epochs: 100, seed: 1 });
    expect(model.evaluate(words, y).accuracy).toBe(1);
    // wrong everywhere else
    const wrong = words.map((row, i) => row.map((word, j) => [word === 0 ? 1 : tags[i][j]]));
    expect(model.evaluate(words, wrong)).toEqual(model.evaluate(words, y));
    const flipped = words.map((row, i) => row.map((word, j) => [word === 0 ? 0 : 1 - tags[i][j]]));
    expect(model.evaluate(words, flipped).accuracy).toBe(0);
  });

  it("as one-hot rows", async () => {
    const model = build("sparseCategoricalCrossentropy", 2);
    const oneHot = words.map((row, i) => row.map((_, j) => [0, 1].map((tag) => Number(tag === tags[i][j]))));
    await model.fit(words, oneHot, { epochs: 100, seed: 1 });
    expect(model.evaluate(words, oneHot).accuracy).toBe(1);
  });
});

it("of several outputs, each has its own mask", async () => {
  const words = input(3);
  const other = input([2, 1]);
  const masked = dense(1).apply(embedding(4, 2, { maskZero: true }).apply(words));
  const plain = dense(1).apply(other);
  const model = functional({ inputs: { words, other }, outputs: { masked, plain } });
  const options = { optimizer: "sgd", loss: "meanSquaredError", metrics: ["meanSquaredError"] } as const;
  model.compile({ ...options, lossWeights: { masked: 3, plain: 2 } });
  const x = {
    words: [
      [1, 0, 0],
      [2, 3, 0],
    ],
    other: [
      [[1], [2]],
      [[3], [4]],
    ],
  };
  const y = {
    masked: [
      [[1], [9], [9]],
      [[2], [3], [9]],
    ],
    plain: [
      [[1], [1]],
      [[1], [1]],
    ],
  };
  await model.fit(x, y, { epochs: 0, seed: 2 });
  const prediction = model.predict(x);
  const of = (row: number, column: number): number => prediction.get(row, column);
  const squares = [(of(0, 0) - 1) ** 2, (of(1, 0) - 2) ** 2, (of(1, 1) - 3) ** 2];
  const first = squares.reduce((sum, value) => sum + value, 0) / 3;
  const second =
    [of(0, 3), of(0, 4), of(1, 3), of(1, 4)].reduce((sum, value) => sum + (value - 1) ** 2, 0) / 4;
  const scores = model.evaluate(x, y);
  expect(scores.maskedMeanSquaredError).toBeCloseTo(first, 6);
  expect(scores.plainMeanSquaredError).toBeCloseTo(second, 6);
  expect(scores.loss).toBeCloseTo(3 * first + 2 * second, 5);
  // in the other order
  const turned = functional({ inputs: { words, other }, outputs: { plain, masked } });
  turned.compile({ ...options, lossWeights: { masked: 3, plain: 2 } });
  await turned.fit(x, y, { epochs: 0 });
  // by the names of layers, which follow the outputs
  const { "dense_1.kernel": kernel, "dense_1.bias": bias, ...rest } = model.getWeights();
  turned.setWeights({
    ...rest,
    "dense_1.kernel": rest["dense_2.kernel"],
    "dense_1.bias": rest["dense_2.bias"],
    "dense_2.kernel": kernel,
    "dense_2.bias": bias,
  });
  expect(turned.evaluate(x, y)).toEqual(scores);
});

it("of several outputs, one of rows has no mask", async () => {
  const words = input(3);
  const masked = dense(1).apply(embedding(4, 2, { maskZero: true }).apply(words));
  const whole = dense(1).apply(flatten().apply(masked));
  const model = functional({ inputs: { words }, outputs: { masked, whole } });
  model.compile({ optimizer: "sgd", loss: "meanSquaredError", metrics: ["meanSquaredError"] });
  const x = [
    [1, 0, 0],
    [2, 3, 0],
  ];
  const y = { masked: x.map((row) => row.map((word) => [word])), whole: [[1], [2]] };
  await model.fit(x, y, { epochs: 0, seed: 2 });
  const of = model.predict(x);
  const errors = (places: readonly (readonly [row: number, column: number, truth: number])[]): number =>
    places.reduce((sum, [row, column, truth]) => sum + (of.get(row, column) - truth) ** 2, 0) / places.length;
  const scores = model.evaluate(x, y);
  const [first, second] = [
    errors([
      [0, 0, 1],
      [1, 0, 2],
      [1, 1, 3],
    ]),
    errors([
      [0, 3, 1],
      [1, 3, 2],
    ]),
  ];
  expect(scores.maskedMeanSquaredError).toBeCloseTo(first, 5);
  expect(scores.wholeMeanSquaredError).toBeCloseTo(second, 5);
  expect(scores.loss).toBeCloseTo(first + second, 5);
});

it("a row of weight k counts as k rows in each of several outputs, with a mask or without", async () => {
  const words = input(3);
  const masked = dense(1).apply(embedding(4, 2, { maskZero: true }).apply(words));
  const plain = timeDistributed(dense(2)).apply(reshape([3, 1]).apply(flatten().apply(masked)));
  const whole = dense(1).apply(flatten().apply(masked));
  const model = functional({ inputs: { words }, outputs: { masked, plain, whole } });
  model.compile({
    optimizer: "sgd",
    loss: "meanSquaredError",
    metrics: ["meanSquaredError", "meanAbsoluteError"],
  });
  const rowsOf = (rows: readonly (readonly number[])[]) =>
    [
      rows,
      {
        masked: rows.map((row) => row.map((word) => [word])),
        plain: rows.map((row) => row.map((word) => [word - 2, 5 * word])),
        whole: rows.map(([first]) => [first]),
      },
    ] as const;
  const [x, y] = rowsOf([
    [1, 0, 0],
    [2, 3, 0],
  ]);
  await model.fit(x, y, { epochs: 0, seed: 2 });
  // a loss divides by the steps that count, whatever they weigh, as in Keras
  const { loss: _, ...repeated } = model.evaluate(...rowsOf([x[0], x[0], x[0], x[1]]));
  const weighted = model.evaluate(x, y, [3, 1]);
  expect(Object.keys(repeated)).toHaveLength(3 * 2);
  for (const [name, score] of Object.entries(repeated)) {
    expect(weighted[name], name).toBeCloseTo(score, 6);
    expect(model.evaluate(x, y)[name], name).not.toBeCloseTo(score, 3);
  }
});

/** The loss of hazards compares rows, and refuses sequences. */
const lossesOfSteps = Object.keys(losses).filter((name) => name !== "coxPartialLikelihood");

describe.each(lossesOfSteps)("%s", (name) => {
  it.each([wasm, reference])("looks at nothing in steps that do not count, on $name", (executor) => {
    const [rows, steps, units] = [2, 3, 2];
    const mask = [1, 0, 1, 0, 0, 1];
    const isOfSteps = name !== "ctc"; // whose labels belong to no step
    const lossOf = (prediction: number[], truth: number[]) => {
      const run = executor.load(
        compile(
          (yPred: Value, yTrue: Value, counts: Value) => {
            const loss = lossOfOutput(getLoss(name as keyof typeof losses), yTrue, yPred, undefined, counts);
            return [loss, gradients(loss, [yPred])[0]];
          },
          [rows, steps, units],
          [rows, steps, units],
          [rows, steps],
        ),
      ) as unknown as (...arrays: number[][]) => { data: ArrayLike<number> }[];
      return run(prediction, truth, mask).map(({ data }) => Array.from(data));
    };
    const at = (counted: number[], other: number) =>
      mask.flatMap((counts, i) => (counts ? counted.slice(2 * i, 2 * i + 2) : [other, other]));
    const [prediction, truth] = [
      [0.25, 0.75, 0.5, 0.5, 0.125, 0.875, 0.5, 0.5, 0.5, 0.5, 0.75, 0.25],
      [0, 1, 1, 0, 1, 0, 1, 0, 1, 0, 0, 1],
    ];
    const [loss, gradient] = lossOf(at(prediction, 0.5), at(truth, 0));
    for (const other of [Number.NaN, Number.POSITIVE_INFINITY, -3e38])
      expect(lossOf(at(prediction, other), at(truth, isOfSteps ? other : 0))).toEqual([loss, gradient]);
    expect([...loss, ...gradient].every(Number.isFinite)).toBe(true);
    expect(gradient.filter((value, i) => mask[i >> 1] === 0 && value !== 0)).toEqual([]);
    expect(gradient.some((value) => value !== 0)).toBe(true);
  });
});

it("a loss of one's own must take weights", async () => {
  const own: LossFunction = (yTrue: Value, yPred: Value) => mean(square(sub(yPred, yTrue)));
  const x = [[[1], [0], [0], [0]]];
  expect(await refusal(() => net(own).fit(x, x))).toBe(
    "invalid_argument: a custom loss must take weights, [rows, 1], as its third argument to be trained with steps that are masked",
  );
});

/**
 * What layers make of masks, by hand and by a float64 reference. Formulas follow Keras 3's layers where these
 * read masks.
 */
import { describe, expect, it } from "vitest";
import {
  averagePooling1d,
  batchNormalization,
  bidirectional,
  conv1d,
  cropping1d,
  dense,
  embedding,
  flatten,
  globalAveragePooling1d,
  globalAveragePooling2d,
  globalMaxPooling1d,
  gru,
  type Layer,
  type MergeName,
  masking,
  maxPooling1d,
  merge,
  multiHeadAttention,
  permute,
  reshape,
  timeDistributed,
  upSampling1d,
  zeroPadding1d,
} from "../../../src/nn/layers/index.js";
import type { SymbolicTensor } from "../../../src/nn/layers/layer.js";
import { functional, input } from "../../../src/nn/models/functional.js";
import { sgd } from "../../../src/optim/sgd.js";
import { marked, maskedModel, started, zeros } from "../masked.js";
import { compiled, refusal, weightsOf } from "../support.js";

/**
 * What a value of a network is for a batch, row by row; beside it are weights, since a model must have some.
 */
async function predicted(
  inputs: Readonly<Record<string, SymbolicTensor>>,
  y: SymbolicTensor,
  data: Readonly<Record<string, unknown[]>>,
): Promise<number[][]> {
  const [flags] = Object.values(inputs).slice(-1);
  const model = functional({ inputs, outputs: { y, z: dense(1).apply(flags) } });
  model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
  const [{ length: rows }] = Object.values(data);
  await model.fit(data as never, { y: zeros([rows, ...y.shape]), z: zeros([rows]) } as never, { epochs: 0 });
  const [begin, end] = model.outputs.y;
  const all = model.predict(data as never);
  return Array.from({ length: rows }, (_, i) =>
    Array.from({ length: end - begin }, (__, k) => all.get(i, begin + k)),
  );
}

/** What layers make of sequences of one feature. */
function made(x: number[][], counts: number[][], after: readonly Layer[]): Promise<number[][]> {
  const inputs = { x: input([x[0].length, 1]), counts: input(x[0].length) };
  const masked = marked().apply(inputs.x, inputs.counts);
  const y = after.reduce((value, layer) => layer.apply(value), masked);
  return predicted(inputs, y, { x: x.map((row) => row.map((value) => [value])), counts });
}

it("an embedding with padding has the mean of its words: 2, not 5.5", async () => {
  const model = compiled(
    [embedding(4, 1, { maskZero: true }), globalAveragePooling1d(), dense(1, { useBias: false })],
    { optimizer: "sgd", loss: "meanSquaredError" },
  );
  const words = [
    [2, 0],
    [1, 3],
    [0, 0],
  ];
  await model.fit(words, [1, 2, 3], { epochs: 0 });
  model.setWeights({ "embedding_1.embeddings": [[9], [1], [2], [3]], "dense_1.kernel": [[1]] });
  expect(Array.from(model.predict(words).data)).toEqual([2, 2, 0]);
});

it("moving moments are of the steps that count: a mean of 2, not 5.5; where none does they stay", async () => {
  const model = compiled(
    [embedding(4, 1, { maskZero: true }), batchNormalization({ momentum: 0 }), flatten(), dense(1)],
    { optimizer: sgd({ learningRate: 0 }), loss: "meanSquaredError" },
  );
  const words = [
    [1, 0, 0],
    [3, 0, 3],
    [0, 0, 1],
  ];
  await model.fit(words, [0, 0, 0], { epochs: 0 });
  model.setWeights({ ...model.getWeights(), "embedding_1.embeddings": [[9], [1], [5], [3]] });
  const moving = () =>
    ["movingMean", "movingVariance"].map((name) => model.getWeights()[`batchNormalization_1.${name}`].get(0));
  await model.fit(words, [0, 0, 0], { batchSize: 3 });
  expect(moving()).toEqual([2, 1]); // of 1, 3, 3, 1
  await model.fit([[0, 0, 0]], [0]);
  expect(moving()).toEqual([2, 1]);
});

it("batch normalisation trains on the mean and the variance of steps that count", async () => {
  const rows = {
    x: [
      [
        [1, 2],
        [7, -7],
        [3, 6],
      ],
      [
        [5, 1],
        [9, 9],
        [9, 9],
      ],
    ],
    counts: [
      [1, 0, 1],
      [1, 0, 0],
    ],
  };
  // of 1, 3, 5 and of 2, 6, 1: means 3 and 3, variances 8/3 and 14/3
  const seen: number[][] = [];
  const [steps, variances] = [
    [
      [1, 2],
      [3, 6],
      [5, 1],
    ],
    [8 / 3, 14 / 3],
  ];
  for (const step of steps) seen.push(step.map((value, i) => (value - 3) / Math.sqrt(variances[i] + 1e-3)));
  const model = await started(
    await maskedModel([3, 2], [batchNormalization()], { optimizer: sgd({ learningRate: 0 }) }),
    rows,
  );
  const { history } = await model.fit(rows as never, zeros([2, 3, 2]) as never, { batchSize: 2 });
  const squares = seen.flat().map((value) => value * value);
  expect(history.loss[0]).toBeCloseTo(squares.reduce((sum, value) => sum + value, 0) / squares.length, 5);
});

describe("pooling, windows and places", () => {
  const x = [
    [-3, -1, 50, 50],
    [-4, 50, -2, -6],
    [50, 50, 50, 50],
  ];
  const counts = [
    [1, 1, 0, 0],
    [1, 0, 1, 1],
    [0, 0, 0, 0],
  ];
  const ones = { kernelInitializer: "ones", useBias: false } as const;

  it.each<[string, readonly Layer[], number[][]]>([
    ["the mean", [globalAveragePooling1d()], [[-2], [-4], [0]]],
    ["the largest", [globalMaxPooling1d()], [[-1], [-2], [0]]],
    // 0 where a window does not count
    [
      "means of windows",
      [averagePooling1d(2)],
      [
        [-2, 0],
        [0, -4],
        [0, 0],
      ],
    ],
    [
      "the largest of windows",
      [maxPooling1d(2)],
      [
        [-1, 0],
        [0, -2],
        [0, 0],
      ],
    ],
    [
      "means of windows at all steps",
      [averagePooling1d(2, { strides: 1, padding: "same" }), globalMaxPooling1d()],
      [[-1], [-4], [0]],
    ],
    [
      "means of windows in two places",
      [averagePooling1d(2, { padding: "same" })],
      [
        [-2, 0],
        [-4, -4],
        [0, 0],
      ],
    ],
    [
      "the largest of windows in two places",
      [maxPooling1d(2, { padding: "same" })],
      [
        [-1, 0],
        [-4, -2],
        [0, 0],
      ],
    ],
    [
      "windows that see no padding",
      [conv1d(1, 2, ones)],
      [
        [-4, 0, 0],
        [0, 0, -8],
        [0, 0, 0],
      ],
    ],
    [
      "the mean of windows that see no padding",
      [conv1d(1, 2, ones), globalAveragePooling1d()],
      [[-4], [-8], [0]],
    ],
    [
      "windows in the places of steps",
      [conv1d(1, 3, { ...ones, padding: "same" }), globalAveragePooling1d()],
      [[-4], [-20 / 3], [0]],
    ],
    [
      "windows of earlier steps",
      [conv1d(1, 2, { ...ones, padding: "causal" }), globalMaxPooling1d()],
      [[-3], [-2], [0]],
    ],
    [
      "numbers of a row",
      [flatten()],
      [
        [-3, -1, 0, 0],
        [-4, 0, -2, -6],
        [0, 0, 0, 0],
      ],
    ],
    [
      "another order of axes",
      [permute([2, 1])],
      [
        [-3, -1, 0, 0],
        [-4, 0, -2, -6],
        [0, 0, 0, 0],
      ],
    ],
    [
      "another shape",
      [reshape([2, 2])],
      [
        [-3, -1, 0, 0],
        [-4, 0, -2, -6],
        [0, 0, 0, 0],
      ],
    ],
    ["fewer steps", [cropping1d([1, 1]), globalAveragePooling1d()], [[-1], [-2], [0]]],
    ["more steps", [zeroPadding1d(1), globalAveragePooling1d()], [[-2], [-4], [0]]],
    ["repeated steps", [upSampling1d(2), globalAveragePooling1d()], [[-2], [-4], [0]]],
    ["a layer at each step", [timeDistributed(dense(1, ones)), globalMaxPooling1d()], [[-1], [-2], [0]]],
  ])("%s", async (_, after, expected) => {
    const result = await made(x, counts, after);
    for (const [i, row] of expected.entries())
      for (const [j, value] of row.entries()) expect(result[i][j]).toBeCloseTo(value, 5);
    expect(result.map(({ length }) => length)).toEqual(expected.map(({ length }) => length));
  });
});

describe("merging", () => {
  const [a, b] = [
    [2, 30, 4, 50],
    [5, 6, 70, 80],
  ];
  const [ofA, ofB] = [
    [1, 0, 1, 0],
    [1, 1, 0, 0],
  ];

  /** The mean of the steps that count of a merged with b. */
  async function mean(way: MergeName, masked: boolean): Promise<number[]> {
    const inputs = { a: input([4, 1]), b: input([4, 1]), ofA: input(4), ...(masked && { ofB: input(4) }) };
    const second = inputs.ofB ? marked().apply(inputs.b, inputs.ofB) : inputs.b;
    const both = merge(way).apply(marked().apply(inputs.a, inputs.ofA), second);
    const [x, y] = [a, b].map((row) => [row.map((value) => [value])]);
    const data = { a: x, b: y, ofA: [ofA], ...(masked && { ofB: [ofB] }) };
    const [row] = await predicted(inputs, globalAveragePooling1d().apply(both), data);
    return row;
  }

  it.each<[MergeName, number[], number[]]>([
    ["add", [17 / 3], [40.5]], // 7, 6, 4; 7, 74
    ["subtract", [-5 / 3], [-34.5]], // −3, −6, 4; −3, −66
    ["multiply", [20 / 3], [145]], // 10, 6, 4; 10, 280
    ["average", [4.5], [20.25]], // 3.5, 6, 4; 3.5, 37
    ["maximum", [5], [37.5]], // 5, 6, 4; 5, 70
    ["minimum", [4], [3]], // 2, 6, 4; 2, 4
    ["concatenate", [2, 11 / 3], [3, 37.5]], // [2, 5], [0, 6], [4, 0]; [2, 5], [4, 70]
  ])("%s is of the values that count at a step", async (way, ofTwo, ofOne) => {
    const found = [await mean(way, true), await mean(way, false)];
    for (const [i, expected] of [ofTwo, ofOne].entries())
      for (const [j, value] of expected.entries()) expect(found[i][j]).toBeCloseTo(value, 4);
  });
});

it("an average of masked values and one without a mask is of those that count at a step", async () => {
  const inputs = { a: input([4, 1]), b: input([4, 1]), c: input([4, 1]), ofA: input(4), ofB: input(4) };
  const values = [marked().apply(inputs.a, inputs.ofA), marked().apply(inputs.b, inputs.ofB), inputs.c];
  const [a, b, c] = [
    [2, 30, 4, 50],
    [5, 6, 70, 80],
    [1, 2, 3, 4],
  ].map((row) => [row.map((value) => [value])]);
  const data = { a, b, c, ofA: [[1, 0, 1, 0]], ofB: [[1, 1, 0, 0]] };
  const merged = globalAveragePooling1d().apply(merge("average").apply(...values));
  const [[mean]] = await predicted(inputs, merged, data);
  // (2 + 5 + 1) / 3, (6 + 2) / 2, (4 + 3) / 2
  expect(mean).toBeCloseTo((8 / 3 + 4 + 3.5) / 3, 5);
});

it("a global average of images in steps divides by the pixels of the steps that count", async () => {
  const inputs = { x: input([4, 2, 1]), of: input(4) };
  const pooled = globalAveragePooling2d().apply(marked().apply(inputs.x, inputs.of));
  const pixels = [1, 3, 5, 7, 100, 100, 100, 100].map((value) => [value]);
  const x = [Array.from({ length: 4 }, (_, i) => pixels.slice(2 * i, 2 * i + 2))];
  const [[mean]] = await predicted(inputs, pooled, { x, of: [[1, 1, 0, 0]] });
  expect(mean).toBeCloseTo(4, 5);
});

describe("a mask before a mask", () => {
  it("masking leaves out what was left out before it, and what it marks", async () => {
    const after = [masking(2), globalAveragePooling1d()];
    expect(await made([[2, 4, 9, 6]], [[1, 1, 0, 1]], after)).toEqual([[5]]);
  });

  it("timeDistributed takes no layer that makes one", async () => {
    const model = compiled([reshape([2, 2, 1]), timeDistributed(masking(0)), flatten(), dense(1)], {
      optimizer: "sgd",
      loss: "meanSquaredError",
    });
    expect(await refusal(() => model.fit([[1, 2, 3, 4]], [1]))).toBe(
      "unsupported: what timeDistributed takes must be a layer that makes no mask, which would be lost; put it before " +
        'timeDistributed; received "masking"',
    );
  });
});

it("what is in padding may be too large to compute with: it goes no further", async () => {
  const rows = {
    x: [
      [[1], [2], [3e38]],
      [[-1], [-3e38], [2]],
    ],
    counts: [
      [1, 1, 0],
      [1, 0, 1],
    ],
  };
  const after = () => [
    dense(4, { activation: "exponential", kernelInitializer: "ones" }),
    dense(2),
    multiHeadAttention(1, 2),
    batchNormalization(),
    bidirectional(gru(2)),
    dense(1),
  ];
  const model = await maskedModel([3, 1], after());
  const { history } = await model.fit(rows as never, [1, 2], { epochs: 3, seed: 3 });
  const plain = {
    ...rows,
    x: rows.x.map((row, i) => row.map((step, j) => (rows.counts[i][j] ? step : [0]))),
  };
  const other = await maskedModel([3, 1], after());
  const same = await other.fit(plain as never, [1, 2], { epochs: 3, seed: 3 });
  expect(history).toEqual(same.history);
  expect(weightsOf(model)).toEqual(weightsOf(other));
  expect(Number.isFinite(history.loss[2])).toBe(true);
});

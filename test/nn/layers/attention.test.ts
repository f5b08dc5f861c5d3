/**
 * Attention against PyTorch's values and gradients in float64 (stored, with the script that made them), its
 * laws and refusals.
 */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { gradients } from "../../../src/autograd/grad.js";
import { compile } from "../../../src/compile/compile.js";
import type { Executor } from "../../../src/engine/executor.js";
import { constant, mul, reshape, sum } from "../../../src/graph/functions.js";
import type { Value } from "../../../src/graph/graph.js";
import { type Shape, sizeOf } from "../../../src/graph/shape.js";
import { dense, flatten, type Layer, multiHeadAttention } from "../../../src/nn/layers/index.js";
import { functional, input } from "../../../src/nn/models/functional.js";
import { sequential } from "../../../src/nn/models/sequential.js";
import { adam } from "../../../src/optim/adam.js";
import { recipeOf } from "../../../src/recipe.js";
import { randomRows, reference, refusal, wasm } from "../support.js";

interface Tensor {
  readonly shape: Shape;
  readonly data: readonly number[];
}

interface Case {
  readonly options: { readonly numHeads: number; readonly keyDim: number };
  readonly inputs: readonly Tensor[];
  readonly weights: Readonly<Record<string, Tensor>>;
  readonly probe: readonly number[];
  readonly value: readonly number[];
  /** By inputs and then by weights. */
  readonly gradients: readonly (readonly number[])[];
}

const { cases } = JSON.parse(readFileSync(new URL("attention.json", import.meta.url), "utf8")) as {
  cases: Case[];
};

/** The result, and gradients by inputs and weights of Σ probe · result. */
function attended(
  executor: Executor,
  layer: Layer,
  inputs: readonly Tensor[],
  weights: Readonly<Record<string, Tensor>>,
  probe: readonly number[],
  training = false,
): number[][] {
  const names = Object.keys(weights);
  const tensors = [...inputs, ...names.map((name) => weights[name])];
  const program = compile(
    (probes: Value, ...flat: Value[]): Value[] => {
      const values = flat.map((value, i) => reshape(value, tensors[i].shape));
      const given = values.slice(0, inputs.length);
      const parameters = Object.fromEntries(names.map((name, i) => [name, values[inputs.length + i]]));
      const hyperparameters = Object.fromEntries(
        Object.entries(layer.hyperparameters).map(([name, number]) => [name, constant(probes.graph, number)]),
      );
      const context = { inputs: given, x: given[0], parameters, hyperparameters, training };
      const y = layer.call({ ...context, trainable: true, stream: 0, update: () => {} });
      const result = reshape(y, [sizeOf(y.shape)]);
      return [result, ...gradients(sum(mul(result, probes)), flat)];
    },
    [probe.length],
    ...tensors.map(({ data }) => [data.length]),
  );
  const run = executor.load(program) as (...args: unknown[]) => { data: ArrayLike<number> }[];
  return run(probe, ...tensors.map(({ data }) => data)).map(({ data }) => Array.from(data));
}

describe.each([
  ["reference", reference, 1e-12],
  ["wasm", wasm, 64 * 2 ** -24],
] as const)("on %s", (_, executor, bound) => {
  it.each(cases.map((each, i) => [i, JSON.stringify(each.options), each] as const))(
    "case %i with %s is PyTorch's",
    (_i, _options, { options: { numHeads, keyDim, ...options }, inputs, weights, probe, ...theirs }) => {
      const layer = multiHeadAttention(numHeads, keyDim, options);
      const rows = inputs.map(({ shape }) => shape.slice(1));
      expect(Object.fromEntries(layer.parameters(...rows).map(({ name, shape }) => [name, shape]))).toEqual(
        Object.fromEntries(Object.entries(weights).map(([name, { shape }]) => [name, shape])),
      );
      const ours = attended(executor, layer, inputs, weights, probe);
      [theirs.value, ...theirs.gradients].forEach((expected, k) => {
        expect(ours[k].length).toBe(expected.length);
        // as a share of the largest number; the gradient by the key's bias is 0, of terms of the size of the
        // others
        const most = Math.max(...expected.map(Math.abs), 2);
        const worst = Math.max(...ours[k].map((number, i) => Math.abs(number - expected[i])));
        expect(worst / most, `result ${k}`).toBeLessThanOrEqual(bound);
      });
    },
  );
});

const numbersOf = (shape: Shape, seed: number): Tensor => ({
  shape,
  data: randomRows(1, sizeOf(shape), seed)[0],
});

/** Weights for rows of a shape. */
const weightsFor = (layer: Layer, ...rows: readonly Shape[]): Record<string, Tensor> =>
  Object.fromEntries(layer.parameters(...rows).map(({ name, shape }, i) => [name, numbersOf(shape, i)]));

describe("laws", () => {
  const [steps, features] = [5, 3];
  const x = numbersOf([1, steps, features], 9);
  const probe = Array<number>(steps * features).fill(1);
  const resultOf = (layer: Layer, given: Tensor): number[] =>
    attended(wasm, layer, [given], weightsFor(layer, [steps, features]), probe)[0];
  const stepsOf = (data: readonly number[]): (readonly number[])[] =>
    Array.from({ length: steps }, (_, i) => data.slice(i * features, (i + 1) * features));

  it("does not know the order of steps: what is turned around gives what is turned around", () => {
    const layer = multiHeadAttention(2, 4);
    const turned = { ...x, data: stepsOf(x.data).reverse().flat() };
    const result = stepsOf(resultOf(layer, x)).reverse().flat();
    resultOf(layer, turned).forEach((number, i) => {
      expect(number).toBeCloseTo(result[i], 5);
    });
  });

  it("that is causal does not see later steps, to the bit", () => {
    const layer = multiHeadAttention(2, 4, { causal: true });
    const before = stepsOf(resultOf(layer, x));
    for (let changed = 0; changed < steps; changed++) {
      const data = stepsOf(x.data).map((step, i) => (i < changed ? step : step.map((number) => number + 1)));
      const after = stepsOf(resultOf(layer, { ...x, data: data.flat() }));
      expect(after.slice(0, changed)).toEqual(before.slice(0, changed));
      expect(after[changed]).not.toEqual(before[changed]);
    }
  });

  it("drops shares in training alone", () => {
    const [dropping, plain] = [{ dropout: 0.5 }, {}].map((options) => multiHeadAttention(2, 4, options));
    const weights = weightsFor(plain, [steps, features]);
    const result = (layer: Layer, training: boolean) =>
      attended(wasm, layer, [x], weights, probe, training)[0];
    expect(result(dropping, false)).toEqual(result(plain, false));
    expect(result(dropping, true)).not.toEqual(result(plain, true));
    expect(result(plain, true)).toEqual(result(plain, false));
  });
});

it("trains: the step that a mark points to, with a last batch of another size", async () => {
  // rows of 4 steps [number, mark]; the target is the number of the marked step
  const rows = randomRows(70, 5, 3).map(([place, ...numbers]) => {
    const marked = Math.floor((place + 1) * 2) % 4;
    return { x: numbers.flatMap((number, i) => [number, Number(i === marked)]), y: numbers[marked] };
  });
  const values = input([4, 2]);
  const model = functional({
    inputs: values,
    outputs: dense(1).apply(flatten().apply(multiHeadAttention(2, 4).apply(values))),
  });
  model.compile({ optimizer: adam({ learningRate: 0.02 }), loss: "meanSquaredError" });
  const [x, y] = [rows.map((row) => row.x), rows.map((row) => row.y)];
  const { history } = await model.fit(x, y, { epochs: 150, batchSize: 16, seed: 1 });
  expect(history.loss[149]).toBeLessThan(0.1 * history.loss[0]);
  // a row alone has the bits that it has among others
  const all = model.predict(x);
  expect(model.predict([x[69]]).get(0, 0)).toBe(all.get(69, 0));
});

it("has kernels of each head, and biases unless it is told to have none", () => {
  const shapes = (useBias: boolean): unknown =>
    multiHeadAttention(2, 3, { useBias, valueDim: 4 })
      .parameters([5, 6])
      .map(({ name, shape }) => [name, shape]);
  const kernels = [
    ["queryKernel", [6, 2, 3]],
    ["keyKernel", [6, 2, 3]],
    ["valueKernel", [6, 2, 4]],
    ["outputKernel", [2, 4, 6]],
  ];
  const biases = [[2, 3], [2, 3], [2, 4], [6]];
  expect(shapes(false)).toEqual(kernels);
  expect(shapes(true)).toEqual(
    kernels.flatMap(([name, shape], i) => [
      [name, shape],
      [String(name).replace("Kernel", "Bias"), biases[i]],
    ]),
  );
});

it("takes one, two or three sequences, and returns the shape of the first", () => {
  const layer = multiHeadAttention(1, 1);
  for (const shapes of [
    [[4, 1]],
    [
      [4, 1],
      [3, 2],
    ],
    [
      [4, 1],
      [3, 2],
      [3, 5],
    ],
  ])
    expect(layer.outputShape(...shapes)).toEqual([4, 1]);
});

it("is self-attention in a stack, and shares its programs by what it was made of", () => {
  const stack = sequential([multiHeadAttention(2, 4), flatten(), dense(1)]);
  expect(stack.layers[0].outputShape([7, 3])).toEqual([7, 3]);
  const recipes = [0, 0, 0.2, 0.3].map((rate) => recipeOf(multiHeadAttention(2, 4, { dropout: rate })));
  expect(recipes[0]).toBe(recipes[1]);
  expect(recipes[2]).toBe(recipes[3]); // the rate is an input of the program
  expect(recipes[0]).not.toBe(recipes[2]);
});

it.each<[string, () => unknown, string]>([
  ["no heads", () => multiHeadAttention(0, 4), "numHeads must be a positive integer"],
  ["half a number", () => multiHeadAttention(1, 0.5), "keyDim must be a positive integer"],
  [
    "values of nothing",
    () => multiHeadAttention(1, 1, { valueDim: 0 }),
    "valueDim must be a positive integer",
  ],
  [
    "dropout of all",
    () => multiHeadAttention(1, 1, { dropout: 1 }),
    "dropout must be a number in [0, 1); received 1",
  ],
  ["dropout below 0", () => multiHeadAttention(1, 1, { dropout: -0.1 }), "received -0.1"],
  ["dropout in words", () => multiHeadAttention(1, 1, { dropout: "0.1" as never }), 'received "0.1"'],
  [
    "biases of another kind",
    () => multiHeadAttention(1, 1, { useBias: 0 as never }),
    "useBias must be true or false; received 0",
  ],
  [
    "causes of another kind",
    () => multiHeadAttention(1, 1, { causal: 1 as never }),
    "causal must be true or false",
  ],
  ["an unknown option", () => multiHeadAttention(1, 1, { heads: 2 } as never), "heads"],
  [
    "rows that are no sequences",
    () => multiHeadAttention(1, 1).outputShape([4]),
    "multiHeadAttention must take a query [steps, features], and optionally a value and a key of equal length; received [4]",
  ],
  [
    "a value that is no sequence",
    () => multiHeadAttention(1, 1).outputShape([4, 1], [4]),
    "and optionally a value and a key of equal length; received [4, 1], [4]",
  ],
  [
    "a key that is no sequence",
    () => multiHeadAttention(1, 1).outputShape([4, 1], [4, 1], [4]),
    "received [4, 1], [4, 1], [4]",
  ],
  [
    "a key that is longer",
    () => multiHeadAttention(1, 1).outputShape([4, 1], [3, 1], [4, 1]),
    "received [4, 1], [3, 1], [4, 1]",
  ],
  [
    "four inputs",
    () => multiHeadAttention(1, 1).outputShape([4, 1], [4, 1], [4, 1], [4, 1]),
    "invalid_shape",
  ],
])("refuses %s", async (_, make, message) => {
  expect(await refusal(make)).toContain(message);
});

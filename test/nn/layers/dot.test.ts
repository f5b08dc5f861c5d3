/**
 * Dot products of two values against sums over all indices in float64, written here by hand from the
 * documentation of Keras 3 (`Dot`).
 */
import { beforeAll, describe, expect, it } from "vitest";
import { Graph } from "../../../src/graph/graph.js";
import { input as leaf } from "../../../src/graph/operations/leaves.js";
import type { Shape } from "../../../src/graph/shape.js";
import { type DotAxes, dot, embedding, flatten, type LayerContext } from "../../../src/nn/layers/index.js";
import { functional, input } from "../../../src/nn/models/functional.js";
import { ready } from "../../../src/numerics/kernels.js";
import { recipeOf } from "../../../src/recipe.js";
import { reference, refusal, wasm } from "../support.js";
import { checkLayerGradients, type Numbers, randomNumbers, resultOf } from "./called.js";

beforeAll(() => ready());

/** All indices into a shape, row-major. */
const indicesOf = (shape: Shape): number[][] =>
  shape.reduce<number[][]>(
    (all, length) => all.flatMap((index) => Array.from({ length }, (_, i) => [...index, i])),
    [[]],
  );

const at = ({ data, shape }: Numbers, index: readonly number[]): number =>
  data[index.reduce((place, i, axis) => place * shape[axis] + i, 0)];

/** Σ over n of a[row, ...i, n, ...j] · b[row, ...k, n, ...l], for axes counted from 1. */
function products(
  a: Numbers,
  b: Numbers,
  [first, second]: readonly [number, number],
  normalize: boolean,
): number[] {
  const others = [
    a.shape.filter((_, i) => i > 0 && i !== first),
    b.shape.filter((_, i) => i > 0 && i !== second),
  ];
  const line = (of: Numbers, axis: number, row: number, rest: readonly number[]): number[] => {
    const numbers = Array.from({ length: of.shape[axis] }, (_, n) =>
      at(of, [row, ...rest.slice(0, axis - 1), n, ...rest.slice(axis - 1)]),
    );
    const norm = Math.sqrt(numbers.reduce((sum, value) => sum + value * value, 0));
    return normalize ? numbers.map((value) => value / Math.max(norm, 1e-7)) : numbers;
  };
  return Array.from({ length: a.shape[0] }, (_, row) =>
    indicesOf(others[0]).flatMap((i) =>
      indicesOf(others[1]).map((k) => {
        const [left, right] = [line(a, first, row, i), line(b, second, row, k)];
        return left.reduce((sum, value, n) => sum + value * right[n], 0);
      }),
    ),
  ).flat();
}

const CASES: readonly (readonly [Shape, Shape, DotAxes, readonly [number, number], Shape])[] = [
  [[3, 5], [3, 5], 1, [1, 1], [1]],
  [[2, 3, 4], [2, 4], [2, 1], [2, 1], [3]],
  [[2, 4], [2, 3, 4], [1, -1], [1, 2], [3]],
  [[2, 3, 4], [2, 5, 4], -1, [2, 2], [3, 5]],
  [[2, 3, 4], [2, 3, 5], 1, [1, 1], [4, 5]],
  [
    [2, 3, 4],
    [2, 4, 5],
    [-1, -2],
    [2, 1],
    [3, 5],
  ],
  [
    [2, 2, 3, 4],
    [2, 3, 2],
    [2, 1],
    [2, 1],
    [2, 4, 2],
  ],
];

// sums of at most five products below 1, or quotients of them by norms of at least 0.05
describe.each([
  ["reference", reference, 2 ** -45],
  ["wasm", wasm, 2 ** -19],
] as const)("on %s", (_, executor, bound) => {
  it.each(CASES)("dot of %j and %j along %j is Keras'", (first, second, axes, places, row) => {
    const inputs = [randomNumbers(first, 1), randomNumbers(second, 2)];
    for (const normalize of [false, true]) {
      const layer = dot(axes, { normalize });
      expect(layer.outputShape(first.slice(1), second.slice(1))).toEqual(row);
      const expected = products(inputs[0], inputs[1], places, normalize);
      const found = resultOf(layer, inputs, [], { executor });
      expect(found.length).toBe(expected.length);
      found.forEach((number, i) => {
        expect(Math.abs(number - expected[i])).toBeLessThanOrEqual(bound);
      });
    }
  });

  it("a vector of zeros is normalized to zeros, and a short one as in Keras", () => {
    const one = { data: [1, 0], shape: [1, 2] };
    const product = (data: readonly number[]): number =>
      resultOf(dot(1, { normalize: true }), [{ data, shape: [1, 2] }, one], [], { executor })[0];
    expect(product([0, 0])).toBe(0);
    // of length 2⁻²⁴, below Keras' 1e-7
    expect(product([2 ** -24, 0])).toBeCloseTo(2 ** -24 / 1e-7, 6);
    expect(product([2 ** -20, 0])).toBe(1);
  });
});

it.each(CASES)("dot of %j and %j along %j has the gradients of differences", (first, second, axes) => {
  for (const normalize of [false, true])
    checkLayerGradients(dot(axes, { normalize }), [randomNumbers(first, 1), randomNumbers(second, 2)]);
});

it.each<[DotAxes, Shape, Shape, 0 | 1 | undefined]>([
  [2, [4, 3], [5, 3], 0],
  [[2, 1], [4, 3, 2], [3], 0],
  [[1, 2], [3], [4, 3, 2], 1],
  // steps that are summed over are no axis of the result
  [1, [4, 3], [4, 2], undefined],
  [[1, 2], [4, 3], [5, 4], undefined],
  // a row of one axis has no steps
  [[2, 1], [4, 3], [3], undefined],
])("along %j, values of rows %j and %j have the mask of value %s", (axes, first, second, expected) => {
  const graph = new Graph();
  const inputs = [first, second].map((row, i) => leaf(graph, `x${i}`, [2, ...row]));
  const masks = [first, second].map(([steps], i) => leaf(graph, `mask${i}`, [2, steps]));
  const context = { inputs, x: inputs[0], masks } as unknown as LayerContext;
  expect(dot(axes).mask?.(context)).toBe(expected === undefined ? undefined : masks[expected]);
});

it("learns ratings of users and films: a factorization", async () => {
  const [user, film] = [input(1), input(1)];
  const vectorOf = (ids: typeof user, count: number) =>
    flatten().apply(embedding(count, 2, { embeddingsInitializer: "ones" }).apply(ids));
  const model = functional({
    inputs: { user, film },
    outputs: dot(1).apply(vectorOf(user, 4), vectorOf(film, 5)),
  });
  model.compile({ optimizer: "adam", loss: "meanSquaredError" });
  const pairs = Array.from({ length: 20 }, (_, i) => [i % 4, Math.floor(i / 4)]);
  // of rank 1
  const ratings = pairs.map(([u, f]) => (1 + u) * (0.5 + f) * 0.25);
  const data = { user: pairs.map(([u]) => [u]), film: pairs.map(([, f]) => [f]) };
  await model.fit(data, ratings, { epochs: 3000, batchSize: 20, seed: 1 });
  expect(model.evaluate(data, ratings).loss).toBeLessThan(1e-3);
});

it("has a recipe for its axes and option", () => {
  const layers = [dot(1), dot(2), dot([1, 2]), dot([2, 1]), dot(-1), dot(1, { normalize: true })];
  expect(new Set(layers.map(recipeOf)).size).toBe(layers.length);
  expect(recipeOf(dot([2, 2]))).toBe(recipeOf(dot(2)));
});

it.each<[() => unknown, string]>([
  [
    () => dot(0),
    "invalid_argument: axes must be an axis, counted from 1, or one for each of two values; received 0",
  ],
  [
    () => dot([1] as never),
    "invalid_argument: axes must be an axis, counted from 1, or one for each of two values",
  ],
  [() => dot([1, 0.5]), "invalid_argument: axes must be an axis, counted from 1"],
  [() => dot(1, { normalise: true } as never), "unknown_name: unknown option of dot"],
  [
    () => dot(1).outputShape([3], [4]),
    "invalid_shape: dot must take two values with axes of one length at 1 and 1; received [3] and [4]",
  ],
  [() => dot(2).outputShape([3], [3]), "invalid_shape: dot must take two values with axes of one length"],
  [() => dot(-2).outputShape([3], [3]), "invalid_shape: dot must take two values with axes of one length"],
  [() => dot(1).outputShape([3]), "invalid_shape: dot must take two values with axes of one length"],
  [
    () => dot(1).outputShape([3], [3], [3]),
    "invalid_shape: dot must take two values with axes of one length",
  ],
])("case %#: is refused with a reason", async (run, message) => {
  expect(await refusal(run)).toContain(message);
});

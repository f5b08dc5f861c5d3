/**
 * Normalisations within a row against their formulas in float64, written here by hand from the documentation
 * of Keras 3 (`RMSNormalization`, `GroupNormalization`).
 */
import { beforeAll, describe, expect, it } from "vitest";
import { groupNormalization, layerNormalization, rmsNormalization } from "../../../src/nn/layers/index.js";
import { ready } from "../../../src/numerics/kernels.js";
import { recipeOf } from "../../../src/recipe.js";
import { reference, refusal, wasm } from "../support.js";
import { checkLayerGradients, type Numbers, randomNumbers, randomParameters, resultOf } from "./called.js";

beforeAll(() => ready());

/** x · rsqrt(mean(x²) + ε) · scale, of each line of the last axis. */
function rootMeanSquare({ data, shape }: Numbers, epsilon: number, scale: readonly number[]): number[] {
  const units = shape[shape.length - 1];
  return data.map((x, i) => {
    const start = i - (i % units);
    const squares = data.slice(start, start + units).reduce((sum, value) => sum + value * value, 0);
    return (x / Math.sqrt(squares / units + epsilon)) * scale[i % units];
  });
}

/** (x − mean) · rsqrt(variance + ε) · γ + β, of each row and group of neighbouring channels. */
function inGroups(
  { data, shape }: Numbers,
  groups: number,
  epsilon: number,
  gamma: readonly number[],
  beta: readonly number[],
): number[] {
  const channels = shape[shape.length - 1];
  const size = data.length / shape[0];
  const groupOf = (i: number): string =>
    `${Math.floor(i / size)} ${Math.floor((i % channels) / (channels / groups))}`;
  const meanOf = (values: readonly number[]): number =>
    values.reduce((sum, value) => sum + value, 0) / values.length;
  return data.map((x, i) => {
    const own = data.filter((_, j) => groupOf(j) === groupOf(i));
    const mean = meanOf(own);
    const variance = meanOf(own.map((value) => (value - mean) ** 2));
    return ((x - mean) / Math.sqrt(variance + epsilon)) * gamma[i % channels] + beta[i % channels];
  });
}

function mustBeClose(found: readonly number[], expected: readonly number[], bound: number): void {
  expect(found.length).toBe(expected.length);
  found.forEach((number, i) => {
    expect(Math.abs(number - expected[i])).toBeLessThanOrEqual(bound);
  });
}

// results are below 16; some tens of roundings of sums, a square root and a quotient
const EXECUTORS = [
  ["reference", reference, 2 ** -44],
  ["wasm", wasm, 2 ** -16],
] as const;

describe.each(EXECUTORS)("on %s", (_, executor, bound) => {
  it.each([[[3, 5]], [[2, 3, 4]], [[2, 3, 2, 3]]])("rmsNormalization of %j is its formula", (shape) => {
    const x = randomNumbers(shape, 1);
    const [scale] = [randomNumbers(shape.slice(-1), 2)];
    mustBeClose(
      resultOf(rmsNormalization(), [x], [scale], { executor }),
      rootMeanSquare(x, 1e-6, scale.data),
      bound,
    );
    const ones = shape.slice(-1).flatMap((units) => Array<number>(units).fill(1));
    const plain = rmsNormalization({ scale: false, epsilon: 0.5 });
    mustBeClose(resultOf(plain, [x], [], { executor }), rootMeanSquare(x, 0.5, ones), bound);
  });

  it.each([
    [[3, 6], 2],
    [[2, 3, 4], 4],
    [[2, 3, 2, 6], 3],
    [[2, 5, 4], -1],
    [[2, 5, 4], 1],
  ])("groupNormalization of %j in %i groups is its formula", (shape, groups) => {
    const x = randomNumbers(shape, 1);
    const [gamma, beta] = [2, 3].map((seed) => randomNumbers(shape.slice(-1), seed));
    const count = groups === -1 ? shape[shape.length - 1] : groups;
    mustBeClose(
      resultOf(groupNormalization({ groups }), [x], [gamma, beta], { executor }),
      inGroups(x, count, 1e-3, gamma.data, beta.data),
      bound,
    );
    const plain = groupNormalization({ groups, epsilon: 0.5, center: false });
    mustBeClose(
      resultOf(plain, [x], [gamma], { executor }),
      inGroups(
        x,
        count,
        0.5,
        gamma.data,
        gamma.data.map(() => 0),
      ),
      bound,
    );
  });
});

it("groupNormalization in one group is layerNormalization where a row has one axis", () => {
  const x = randomNumbers([4, 6], 1);
  const parameters = [randomNumbers([6], 2), randomNumbers([6], 3)];
  mustBeClose(
    resultOf(groupNormalization({ groups: 1 }), [x], parameters),
    resultOf(layerNormalization(), [x], parameters),
    2 ** -48,
  );
});

it.each([
  ["rmsNormalization", rmsNormalization(), [2, 3, 4]],
  ["groupNormalization", groupNormalization({ groups: 2 }), [2, 3, 4]],
])("%s has the gradients of differences", (_, layer, shape) => {
  checkLayerGradients(layer, [randomNumbers(shape, 1)], randomParameters(layer, [shape.slice(1)], 2));
});

it("have Keras' defaults, numbers that a tuner changes, and recipes that tell the rest apart", () => {
  expect(rmsNormalization().hyperparameters).toEqual({ epsilon: 1e-6 });
  expect(groupNormalization().hyperparameters).toEqual({ epsilon: 1e-3 });
  expect(groupNormalization().outputShape([4, 64])).toEqual([4, 64]);
  expect(
    groupNormalization({ groups: -1 })
      .parameters([4, 3])
      .map(({ name, shape }) => [name, shape]),
  ).toEqual([
    ["gamma", [3]],
    ["beta", [3]],
  ]);
  expect(recipeOf(rmsNormalization({ epsilon: 1 }))).toBe(recipeOf(rmsNormalization()));
  const apart = [
    rmsNormalization(),
    rmsNormalization({ scale: false }),
    groupNormalization(),
    groupNormalization({ groups: 2 }),
    groupNormalization({ scale: false }),
    groupNormalization({ center: false }),
  ];
  expect(new Set(apart.map(recipeOf)).size).toBe(apart.length);
});

it.each<[() => unknown, string]>([
  [
    () => groupNormalization({ groups: 0 }),
    "invalid_argument: groups must be a positive integer or -1; received 0",
  ],
  [() => groupNormalization({ groups: 1.5 }), "invalid_argument: groups must be a positive integer or -1"],
  [() => groupNormalization({ group: 4 } as never), "unknown_name: unknown option of groupNormalization"],
  [
    () => groupNormalization().outputShape([5, 8]),
    "invalid_shape: groupNormalization must take rows whose channels are a multiple of its 32 groups; received [5, 8]",
  ],
  [
    () => rmsNormalization({ epsilon: 0 }),
    "invalid_argument: epsilon must be a finite number above 0; received 0",
  ],
  [() => rmsNormalization({ center: true } as never), "unknown_name: unknown option of rmsNormalization"],
])("case %#: is refused with a reason", async (run, message) => {
  expect(await refusal(run)).toContain(message);
});

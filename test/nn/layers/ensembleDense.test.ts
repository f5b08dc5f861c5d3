/**
 * ensembleDense against its formula in float64, written here by hand from BatchEnsemble (arXiv 2002.06715)
 * and TabM (arXiv 2410.24210), and against dense layers, one for each member.
 */
import { beforeAll, describe, expect, it } from "vitest";
import { Graph } from "../../../src/graph/graph.js";
import { input } from "../../../src/graph/operations/leaves.js";
import { ROWS, type Shape } from "../../../src/graph/shape.js";
import { dense, type EnsembleDenseOptions, ensembleDense } from "../../../src/nn/layers/index.js";
import type { LayerContext } from "../../../src/nn/layers/layer.js";
import { sequential } from "../../../src/nn/models/sequential.js";
import * as factories from "../../../src/nn/weights/initializerFactories.js";
import { ready } from "../../../src/numerics/kernels.js";
import { recipeOf } from "../../../src/recipe.js";
import { reference, refusal, wasm, weightsOf } from "../support.js";
import { checkLayerGradients, type Numbers, randomNumbers, randomParameters, resultOf } from "./called.js";

beforeAll(() => ready());

const [ROW_COUNT, MEMBERS, COLUMNS, UNITS] = [3, 4, 5, 2];
const PLAIN = [ROW_COUNT, COLUMNS];
const OF_MEMBERS = [ROW_COUNT, MEMBERS, COLUMNS];
const KINDS = [
  ["a row for all members, one kernel", PLAIN, { members: MEMBERS }],
  ["rows of members, one kernel", OF_MEMBERS, {}],
  ["a row for all members, separate kernels", PLAIN, { members: MEMBERS, shared: false }],
  ["rows of members, separate kernels", OF_MEMBERS, { shared: false }],
] as const satisfies [string, Shape, EnsembleDenseOptions][];

const ones = (shape: Shape): Numbers => ({
  data: Array<number>(shape.reduce((size, dim) => size * dim)).fill(1),
  shape,
});

/** Row by row, member by member: max(0, Σ x r W s + b). */
function formula(x: Numbers, shared: boolean, [kernel, ...others]: readonly Numbers[]): number[] {
  const [inputScale, outputScale] = shared ? others : [ones([MEMBERS, COLUMNS]), ones([MEMBERS, UNITS])];
  const bias = others[others.length - 1];
  const result: number[] = [];
  for (let n = 0; n < ROW_COUNT; n++)
    for (let m = 0; m < MEMBERS; m++)
      for (let u = 0; u < UNITS; u++) {
        let sum = 0;
        for (let d = 0; d < COLUMNS; d++) {
          const at = x.shape.length > 2 ? (n * MEMBERS + m) * COLUMNS + d : n * COLUMNS + d;
          const weight = kernel.data[((shared ? 0 : m) * COLUMNS + d) * UNITS + u];
          sum += x.data[at] * inputScale.data[m * COLUMNS + d] * weight;
        }
        result.push(Math.max(0, sum * outputScale.data[m * UNITS + u] + bias.data[m * UNITS + u]));
      }
  return result;
}

// results are below 6; some tens of roundings of products and sums
const EXECUTORS = [
  ["reference", reference, 2 ** -46],
  ["wasm", wasm, 2 ** -18],
] as const;

function mustBeClose(found: readonly number[], expected: readonly number[], bound: number): void {
  expect(found.length).toBe(expected.length);
  found.forEach((number, i) => {
    expect(Math.abs(number - expected[i])).toBeLessThanOrEqual(bound);
  });
}

describe.each<(typeof KINDS)[number]>(KINDS)("%s", (_, shape, options: EnsembleDenseOptions) => {
  const { shared = true } = options;
  const layer = ensembleDense(UNITS, { ...options, activation: "relu" });
  const x = randomNumbers(shape, 1);
  const parameters = randomParameters(layer, [shape.slice(1)], 2);

  it.each(EXECUTORS)("is its formula on %s", (_, executor, bound) => {
    const expected = formula(x, shared, parameters);
    expect(expected.filter((value) => value > 0).length).toBeGreaterThan(4);
    mustBeClose(resultOf(layer, [x], parameters, { executor }), expected, bound);
  });

  it("has the gradients of differences", () => {
    const smooth = ensembleDense(UNITS, { ...options, activation: "tanh" });
    checkLayerGradients(smooth, [x], parameters);
  });

  it("has members that are dense layers, with kernels of their own", () => {
    const all = resultOf(layer, [x], parameters);
    const [kernel, ...others] = parameters;
    for (let m = 0; m < MEMBERS; m++) {
      const of = (all: Numbers, length: number): number[] => all.data.slice(m * length, (m + 1) * length);
      const own = shared
        ? kernel.data.map((weight, i) => {
            const [d, u] = [Math.floor(i / UNITS), i % UNITS];
            return of(others[0], COLUMNS)[d] * weight * of(others[1], UNITS)[u];
          })
        : of(kernel, COLUMNS * UNITS);
      const rows =
        shape.length > 2 ? x.data.filter((_, i) => Math.floor(i / COLUMNS) % MEMBERS === m) : x.data;
      const alone = resultOf(
        dense(UNITS, { activation: "relu" }),
        [{ data: rows, shape: PLAIN }],
        [
          { data: own, shape: [COLUMNS, UNITS] },
          { data: of(others[others.length - 1], UNITS), shape: [UNITS] },
        ],
      );
      const member = all.filter((_, i) => Math.floor(i / UNITS) % MEMBERS === m);
      mustBeClose(member, alone, 2 ** -46);
    }
  });
});

it("is a dense layer for each member where all factors are 1 and biases are equal", () => {
  const x = randomNumbers(PLAIN, 1);
  const [kernel, bias] = [randomNumbers([COLUMNS, UNITS], 2), randomNumbers([UNITS], 3)];
  const biases = Array.from({ length: MEMBERS }, () => bias.data).flat();
  const all = resultOf(
    ensembleDense(UNITS, { members: MEMBERS, activation: "softmax" }),
    [x],
    [kernel, ones([MEMBERS, COLUMNS]), ones([MEMBERS, UNITS]), { data: biases, shape: [MEMBERS, UNITS] }],
  );
  const alone = resultOf(dense(UNITS, { activation: "softmax" }), [x], [kernel, bias]);
  for (let m = 0; m < MEMBERS; m++)
    expect(all.filter((_, i) => Math.floor(i / UNITS) % MEMBERS === m)).toEqual(alone);
});

describe("starts", () => {
  const built = async (options: EnsembleDenseOptions, seed = 0): Promise<Record<string, number[]>> => {
    const model = sequential([ensembleDense(30, options), ensembleDense(20, options)]);
    await model.build(50, { seed });
    return weightsOf(model);
  };

  it("members apart by random signs, and keeps factors of later layers at 1", async () => {
    const weights = await built({});
    const signs = weights["ensembleDense_1.inputScale"];
    expect(signs.length).toBe(8 * 50);
    expect(new Set(signs)).toEqual(new Set([-1, 1]));
    // 400 fair coins: a deviation is 10
    expect(Math.abs(signs.filter((sign) => sign > 0).length - 200)).toBeLessThan(40);
    const rows = Array.from({ length: 8 }, (_, m) => String(signs.slice(m * 50, (m + 1) * 50)));
    expect(new Set(rows).size).toBe(8);
    expect((await built({}, 1))["ensembleDense_1.inputScale"]).not.toEqual(signs);
    for (const name of ["1.outputScale", "2.inputScale", "2.outputScale"])
      expect(new Set(weights[`ensembleDense_${name}`]), name).toEqual(new Set([1]));
    expect(weights["ensembleDense_2.inputScale"].length).toBe(8 * 30);
    expect(new Set([...weights["ensembleDense_1.bias"], ...weights["ensembleDense_2.bias"]])).toEqual(
      new Set([0]),
    );
  });

  it("factors as its options say", async () => {
    const weights = await built({
      members: 3,
      inputScaleInitializer: "ones",
      outputScaleInitializer: factories.randomSigns(),
    });
    expect(weights["ensembleDense_1.inputScale"]).toEqual(Array(3 * 50).fill(1));
    expect(new Set(weights["ensembleDense_2.outputScale"])).toEqual(new Set([-1, 1]));
  });

  it("each separate kernel as that of a dense layer", async () => {
    const kernel = (await built({ shared: false }))["ensembleDense_1.kernel"];
    // Glorot's bound for 50 columns and 30 units, not for those of all members
    const bound = Math.sqrt(6 / (50 + 30));
    const kernels = Array.from({ length: 8 }, (_, m) => kernel.slice(m * 1500, (m + 1) * 1500));
    for (const own of kernels) {
      const largest = Math.max(...own.map(Math.abs));
      expect(largest).toBeLessThanOrEqual(Math.fround(bound));
      expect(largest).toBeGreaterThan(0.99 * bound);
    }
    expect(new Set(kernels.map(String)).size).toBe(8);
  });
});

it("has the arrays of its kinds", () => {
  const names = (options: EnsembleDenseOptions, shape: Shape) =>
    ensembleDense(2, options)
      .parameters(shape)
      .map(({ name, shape }) => [name, shape]);
  expect(names({}, [5])).toEqual([
    ["kernel", [5, 2]],
    ["inputScale", [8, 5]],
    ["outputScale", [8, 2]],
    ["bias", [8, 2]],
  ]);
  expect(names({ shared: false, useBias: false }, [3, 5])).toEqual([["kernel", [3, 5, 2]]]);
});

it("passes on the mask of rows of members alone", () => {
  const graph = new Graph();
  const mask = input(graph, "mask", [ROWS, 4]);
  const maskAfter = (shape: Shape) => {
    const x = input(graph, "x", [ROWS, ...shape]);
    return ensembleDense(2, { members: 4 }).mask?.({
      x,
      inputs: [x],
      masks: [mask],
    } as unknown as LayerContext);
  };
  expect(maskAfter([4, 3])).toBe(mask);
  expect(maskAfter([4])).toBeUndefined();
});

it("has recipes that tell apart what differs", () => {
  const apart = [
    ensembleDense(2),
    ensembleDense(3),
    ensembleDense(2, { members: 8 }),
    ensembleDense(2, { members: 4 }),
    ensembleDense(2, { shared: false }),
    ensembleDense(2, { inputScaleInitializer: "ones" }),
    ensembleDense(2, { inputScaleInitializer: factories.randomSigns() }),
    ensembleDense(2, { outputScaleInitializer: factories.randomSigns() }),
    ensembleDense(2, { useBias: false }),
    ensembleDense(2, { activation: "relu" }),
  ];
  expect(apart.map(recipeOf)).not.toContain(undefined);
  expect(new Set(apart.map(recipeOf)).size).toBe(apart.length);
  expect(recipeOf(ensembleDense(2, { kernelRegularizer: "l2" }))).toBe(
    recipeOf(ensembleDense(2, { kernelRegularizer: "l2" })),
  );
});

it.each<[() => unknown, string]>([
  [() => ensembleDense(0), "invalid_argument: `units` must be a positive integer; received 0"],
  [
    () => ensembleDense(1, { members: 0 }),
    "invalid_argument: members must be a positive integer; received 0",
  ],
  [
    () => ensembleDense(1, { shared: 1 as never }),
    "invalid_argument: shared must be true or false; received 1",
  ],
  [() => ensembleDense(1, { member: 4 } as never), 'unknown_name: unknown option of ensembleDense "member"'],
  [
    () => ensembleDense(1, { shared: false, inputScaleInitializer: "ones" }),
    'invalid_argument: inputScaleInitializer must be left out if `shared` is false; received "ones"',
  ],
  [
    () => ensembleDense(1, { members: 8 }).outputShape([5, 3]),
    "invalid_shape: ensembleDense must take rows of shape [columns] or [8, columns]; received [5, 3]",
  ],
  [
    () => ensembleDense(1).outputShape([2, 5, 3]),
    "invalid_shape: ensembleDense must take rows of shape [columns] or [members, columns]; received [2, 5, 3]",
  ],
])("case %#: is refused with a reason", async (run, message) => {
  expect(await refusal(run)).toContain(message);
});

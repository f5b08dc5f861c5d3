/**
 * Convolutions against PyTorch's values and gradients: stored, with the script that made them. All numbers
 * are small integers, so both executors must give them exactly.
 */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { gradients } from "../../../src/autograd/grad.js";
import { compile, compileStep } from "../../../src/compile/compile.js";
import type { Executor } from "../../../src/engine/executor.js";
import { constant, mul, reshape, square, sum } from "../../../src/graph/functions.js";
import { Graph, type Value } from "../../../src/graph/graph.js";
import * as Opcode from "../../../src/graph/opcodes/program.js";
import { input as leaf } from "../../../src/graph/operations/leaves.js";
import { ROWS, sizeOf } from "../../../src/graph/shape.js";
import {
  conv1d,
  conv2d,
  conv2dTranspose,
  dense,
  depthwiseConv2d,
  flatten,
  type Layer,
  separableConv2d,
} from "../../../src/nn/layers/index.js";
import { functional, input } from "../../../src/nn/models/functional.js";
import { l1, l2 } from "../../../src/nn/weights/regularizers.js";
import { madeOf, recipeOf } from "../../../src/recipe.js";
import { decode } from "../../compile/code.js";
import { compiled, randomRows, reference, refusal, wasm } from "../support.js";

interface Stored {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

interface Case {
  readonly name: keyof typeof factories;
  readonly args: readonly unknown[];
  readonly options: Readonly<Record<string, unknown>>;
  readonly x: Stored;
  readonly arrays: Readonly<Record<string, Stored>>;
  readonly shape: readonly number[];
  readonly probe: readonly number[];
  readonly value: readonly number[];
  readonly gradients: Readonly<Record<string, readonly number[]>>;
}

const factories = {
  conv1d,
  conv2d,
  conv2dTranspose,
  dense,
  depthwiseConv2d,
  separableConv2d,
} as unknown as Record<
  "conv1d" | "conv2d" | "conv2dTranspose" | "dense" | "depthwiseConv2d" | "separableConv2d",
  (...args: unknown[]) => Layer
>;
const { cases } = JSON.parse(readFileSync(new URL("convolutions.json", import.meta.url), "utf8")) as {
  cases: Case[];
};

const contextOf = (layer: Layer, x: Value, parameters: Readonly<Record<string, Value>>) => ({
  inputs: [x],
  x,
  parameters,
  training: true,
  trainable: true,
  stream: 0,
  hyperparameters: Object.fromEntries(
    Object.entries(layer.hyperparameters).map(([name, value]) => [name, constant(x.graph, value)]),
  ),
  update: (): never => {
    throw new Error("nothing is updated");
  },
});

/** Value and gradients of a layer; arrays travel flat. */
function evaluated(executor: Executor, of: Case): Pick<Case, "shape" | "value" | "gradients"> {
  const layer = factories[of.name](...of.args, of.options);
  const [rows, ...row] = of.x.shape;
  const specs = layer.parameters(row);
  expect(specs.map(({ name, shape }) => [name, shape])).toEqual(
    Object.entries(of.arrays).map(([name, { shape }]) => [name, shape]),
  );
  const stored = [of.x, ...specs.map(({ name }) => of.arrays[name])];
  const run = executor.load(
    compile(
      (probe: Value, ...flat: Value[]): Value[] => {
        const [x, ...arrays] = flat.map((value, i) => reshape(value, stored[i].shape));
        const parameters = Object.fromEntries(specs.map(({ name }, i) => [name, arrays[i]]));
        const y = layer.call(contextOf(layer, x, parameters));
        expect(y.shape).toEqual([rows, ...layer.outputShape(row)]);
        const result = reshape(y, [sizeOf(y.shape)]);
        return [result, ...gradients(sum(mul(result, probe)), flat)];
      },
      [of.probe.length],
      ...stored.map(({ data }) => [data.length]),
    ),
  ) as (...arrays: unknown[]) => { data: ArrayLike<number> }[];
  const [value, ...rest] = run(of.probe, ...stored.map(({ data }) => data)).map(({ data }) =>
    Array.from(data, (number) => number + 0),
  );
  return {
    shape: [rows, ...layer.outputShape(row)],
    value,
    gradients: Object.fromEntries(["x", ...specs.map(({ name }) => name)].map((name, i) => [name, rest[i]])),
  };
}

describe.each([reference, wasm])("on %o", (executor) => {
  it.each(
    cases.map((of, i) => [i, of.name, JSON.stringify([of.x.shape, ...of.args, of.options]), of] as const),
  )("case %i: %s %s is PyTorch's", (_, __, ___, of) => {
    const { shape, value, gradients } = of;
    expect(evaluated(executor, of)).toEqual({ shape, value, gradients });
  });
});

describe("convolutions", () => {
  it("learn in a network of all kinds, in batches of which the last is smaller", async () => {
    const x = input([4, 3, 2]);
    const layers: readonly Layer[] = [
      conv2d(3, 3, { padding: "same", activation: "relu", biasInitializer: "ones" }),
      conv2dTranspose(2, 2, { strides: 2, activation: "tanh" }),
      depthwiseConv2d(2, { depthMultiplier: 2 }),
      separableConv2d(2, 3, { strides: 2, activation: "tanh" }),
      flatten(),
      dense(2),
    ];
    const outputs = layers.reduce((value, layer) => layer.apply(value), x);
    const model = functional({ inputs: x, outputs });
    model.compile({ optimizer: "adam", loss: "meanSquaredError" });
    const rows = randomRows(11, 24, 1);
    const y = rows.map(([a, b]) => [a, b]);
    const { history } = await model.fit(rows, y, { epochs: 100, batchSize: 4, seed: 3 });
    expect(history.loss[99]).toBeLessThan(history.loss[0] / 3);
    expect([...model.predict(rows).data]).toEqual(rows.flatMap((row) => [...model.predict([row]).data]));
  });

  it("of a batch are those of its rows, to the bit", () => {
    const layer = conv2d(5, 3, { padding: "same", strides: 2 });
    const rows = randomRows(6, 7 * 5 * 2, 2);
    const kernel = randomRows(1, 3 * 3 * 2 * 5, 3)[0];
    const results = (given: readonly number[][]): number[][] => {
      const run = wasm.load(
        compile(
          (x: Value, flat: Value) => {
            const parameters = {
              kernel: reshape(flat, [3, 3, 2, 5]),
              bias: constant(x.graph, [0, 1, 2, 3, 4]),
            };
            const y = layer.call(contextOf(layer, reshape(x, [given.length, 7, 5, 2]), parameters));
            return reshape(y, [given.length, sizeOf(y.shape.slice(1))]);
          },
          [given.length, 70],
          [kernel.length],
        ),
      );
      const { data, shape } = run(given, kernel) as { data: Float32Array; shape: readonly number[] };
      return given.map((_, i) => [...data.slice(i * shape[1], (i + 1) * shape[1])]);
    };
    const each = rows.flatMap((row) => results([row]));
    expect(results(rows)).toEqual(each);
    expect(results(rows.slice(0, 2))).toEqual(each.slice(0, 2));
  });

  it("penalize each kernel and the bias by its own weight", () => {
    const layer = separableConv2d(1, 1, {
      depthwiseRegularizer: l2(0.5),
      pointwiseRegularizer: l1(2),
      biasRegularizer: l2(4),
    });
    expect(layer.hyperparameters).toEqual({
      "depthwiseKernel.l2": 0.5,
      "pointwiseKernel.l1": 2,
      "bias.l2": 4,
    });
    const penalty = compile(
      (depthwise: Value, pointwise: Value, bias: Value) => {
        const parameters = { depthwiseKernel: depthwise, pointwiseKernel: pointwise, bias };
        return layer.penalty?.(contextOf(layer, depthwise, parameters)) as Value;
      },
      [1],
      [1],
      [1],
    );
    expect(wasm.load(penalty)([3], [-5], [2]).get()).toBe(0.5 * 9 + 2 * 5 + 4 * 4);
    expect(conv1d(1, 1, { kernelRegularizer: "l2" }).hyperparameters).toEqual({ "kernel.l2": 0.01 });
    expect(conv2d(1, 1, { useBias: false, biasRegularizer: "l2" }).hyperparameters).toEqual({});
  });

  it("have recipes that tell all of their options apart, and are made again from their options", () => {
    const layers = [
      ...[conv1d(2, 3), conv1d(2, 2), conv1d(3, 3), conv1d(2, 3, { padding: "causal" })],
      ...[conv1d(2, 3, { strides: 2 }), conv1d(2, 3, { dilationRate: 2 }), conv1d(2, 3, { useBias: false })],
      ...[conv2d(2, 3), conv2d(2, [3, 2]), conv2d(2, [2, 3]), conv2d(2, 3, { padding: "same" })],
      ...[conv2d(2, 3, { strides: [1, 2] }), conv2d(2, 3, { strides: [2, 1] })],
      ...[conv2d(2, 3, { activation: "relu" }), conv2d(2, 3, { kernelInitializer: "zeros" })],
      ...[conv2d(2, 3, { kernelRegularizer: "l1" }), conv2d(2, 3, { biasRegularizer: "l1" })],
      ...[conv2dTranspose(2, 3), conv2dTranspose(2, 3, { padding: "same" })],
      ...[depthwiseConv2d(3), depthwiseConv2d(3, { depthMultiplier: 2 }), depthwiseConv2d(2)],
      ...[depthwiseConv2d(3, { depthwiseInitializer: "ones" }), separableConv2d(2, 3)],
      ...[separableConv2d(2, 3, { depthwiseInitializer: "ones" })],
      ...[separableConv2d(2, 3, { pointwiseInitializer: "ones" })],
    ];
    const recipes = layers.map(recipeOf);
    expect(recipes).not.toContain(undefined);
    expect(new Set(recipes).size).toBe(layers.length);
    expect(recipeOf(conv2d(2, [3, 3], { strides: 1 }))).toBe(recipeOf(conv2d(2, 3)));
    expect(madeOf(conv2d(2, 3, { strides: 2 }))?.options).toEqual({ filters: 2, kernelSize: 3, strides: 2 });
    expect(recipeOf(conv2d(2, 3, { activation: square }))).toBeUndefined();
  });

  it.each([
    ["of one element", conv2d(5, 1), [2, 4, 4, 3]],
    ["of the whole image", conv2d(5, [4, 2]), [2, 4, 2, 3]],
    ["of one step", conv1d(5, 1), [2, 4, 3]],
    ["of a whole sequence", conv1d(5, 4), [2, 4, 3]],
  ])("%s are products alone", (_name, layer, shape) => {
    const [, ...row] = shape;
    const specs = layer.parameters(row);
    const inputs = Object.fromEntries(
      [...specs, { name: "x", shape }].map((each) => [each.name, each.shape]),
    );
    const { code } = compileStep({ inputs }, 1, ({ inputs: { x, ...parameters } }) => ({
      outputs: { y: layer.call(contextOf(layer, x, parameters)) },
    }));
    // an output is copied from what is a view
    const expected = [Opcode.Gemm, Opcode.Elementwise, Opcode.End];
    expect(decode(code).map(({ opcode }) => opcode)).toEqual(expected);
  });

  it.each<[string, (x: Value) => Value, string]>([
    ["another shape", (x) => sum(x, 1), "received shape [4 × rows]"],
    ["as many numbers in another shape", (x) => reshape(x, [2 * ROWS, 4]), "received shape [2 × rows, 4]"],
    ["a number", () => 3 as never, "received 3"],
  ])("refuse an activation that returns %s", async (_, activation, received) => {
    const layers = [conv2d(2, 2, { activation }), flatten(), dense(1)];
    const model = compiled(layers, { optimizer: "sgd", loss: "meanSquaredError" });
    const x = { data: Array(18).fill(1), shape: [2, 3, 3, 1] };
    expect(await refusal(() => model.fit(x, [0, 1]))).toBe(
      `invalid_shape: \`call\` of conv2d_1 must return a value of shape [rows, 2, 2, 2]; ${received}`,
    );
  });

  it("keep the rows of the batch", () => {
    const x = leaf(new Graph(), "x", [3 * ROWS, 6, 2]);
    const kernel = leaf(x.graph, "kernel", [2, 2, 4]);
    const bias = leaf(x.graph, "bias", [4]);
    const layer = conv1d(4, 2);
    expect(layer.call(contextOf(layer, x, { kernel, bias })).shape).toEqual([3 * ROWS, 5, 4]);
  });

  it.each<[() => unknown, string]>([
    [() => conv2d(0, 3), "invalid_argument: filters must be a positive integer; received 0"],
    [
      () => conv2d(1, 0),
      "invalid_argument: kernelSize must be a positive integer or two of them; received 0",
    ],
    [() => conv2d(1, [3, 3, 3] as never), "invalid_argument: kernelSize must be a positive integer or two"],
    [
      () => conv2d(1, "3" as never),
      'invalid_argument: kernelSize must be a positive integer or two of them; received "3"',
    ],
    [
      () => conv1d(1, [3, 3] as never),
      "invalid_argument: kernelSize must be a positive integer; received [3,3]",
    ],
    [
      () => conv1d(1, 3, { strides: 1.5 }),
      "invalid_argument: strides must be a positive integer; received 1.5",
    ],
    [
      () => conv2d(1, 3, { dilationRate: [1, 0] }),
      "invalid_argument: dilationRate must be a positive integer or two of them; received [1,0]",
    ],
    [() => conv2d(1, 3, { padding: "causal" as never }), 'unknown_name: unknown padding "causal". '],
    [() => conv1d(1, 3, { padding: 1 as never }), "invalid_argument: padding must be a name; received 1"],
    [
      () => conv2d(1, 3, { stride: 2 } as never),
      'unknown_name: unknown option of conv2d "stride". Did you mean',
    ],
    [() => conv1d(1, 3, { activation: "rely" as never }), 'unknown_name: unknown activation "rely".'],
    [
      () => depthwiseConv2d(3, { depthMultiplier: 0 }),
      "invalid_argument: depthMultiplier must be a positive",
    ],
    [() => depthwiseConv2d(3, { filters: 2 } as never), "unknown_name: unknown option of depthwiseConv2d"],
    [
      () => conv2d(1, 3, { useBias: 1 as never }),
      "invalid_argument: useBias must be true or false; received 1",
    ],
    [() => conv1d(1, 3, { stride: 2 } as never), "unknown_name: unknown option of conv1d"],
    [() => conv2dTranspose(1, 3, { stride: 2 } as never), "unknown_name: unknown option of conv2dTranspose"],
    [() => separableConv2d(1, 3, { stride: 2 } as never), "unknown_name: unknown option of separableConv2d"],
    [() => separableConv2d(2.5, 3), "invalid_argument: filters must be a positive integer; received 2.5"],
    [() => conv2dTranspose(-1, 3), "invalid_argument: filters must be a positive integer; received -1"],
    [
      () => conv2d(1, 3).outputShape([64]),
      "invalid_shape: conv2d must take rows of shape [height, width, channels]; received [64]",
    ],
    [
      () => conv1d(1, 3).outputShape([8, 8, 1]),
      "invalid_shape: conv1d must take rows of shape [steps, channels]",
    ],
    [() => conv2dTranspose(1, 3).outputShape([8, 8]), "invalid_shape: conv2dTranspose must take rows"],
    [() => separableConv2d(1, 3).outputShape([8, 8]), "invalid_shape: separableConv2d must take rows"],
    [
      () => conv2d(1, [3, 2], { dilationRate: 4 }).outputShape([8, 8, 1]),
      'invalid_shape: conv2d with windows of [9, 5] must take rows of at least that; received [8, 8, 1]. Use padding "same"',
    ],
    [
      () => dense(1).outputShape([]),
      "invalid_shape: dense must take rows of shape [columns] or [..., columns]",
    ],
  ])("case %#: are refused with a reason", async (run, message) => {
    expect(await refusal(run)).toContain(message);
  });
});

/**
 * Custom layers and activations, in the formats that translate operations: each function of `fettle/ops`, or
 * a refusal by its name.
 */
import { describe, expect, it } from "vitest";
import * as ops from "../../../src/graph/functions.js";
import type { Value } from "../../../src/graph/graph.js";
import { type ScanStep, scan } from "../../../src/graph/scan.js";
import { ROWS } from "../../../src/graph/shape.js";
import { exportModel } from "../../../src/model/export/exportModel.js";
import { exportJs } from "../../../src/model/export/js.js";
import { exportOnnx } from "../../../src/model/export/onnx.js";
import { defineLayer, dense, flatten, type Layer, type LayerContext } from "../../../src/nn/layers/index.js";
import { functional, input } from "../../../src/nn/models/functional.js";
import type { LayersModel } from "../../../src/nn/models/layersModel.js";
import { sequential } from "../../../src/nn/models/sequential.js";
import { refusal } from "../../data/refusal.js";
import { trained } from "../../predict/networks.js";
import { modest, numbersFor } from "./anyStack.js";
import { imported } from "./modules.js";
import { CLOSE, difference, floats, run } from "./onnxRuntime.js";

/** What a custom layer with a weight [3, 3] makes of x, [rows, 4, 4, 3]. */
type Call = (context: LayerContext) => Value;

/** A network of one custom layer, whose result is of rows of `shape`. */
function networkOf(call: Call, shape: readonly number[] = [4, 4, 3]): LayersModel {
  const own = defineLayer({
    type: "own layer",
    hyperparameters: { half: 0.5 },
    outputShape: () => shape,
    parameters: () => [{ name: "the weight", shape: [3, 3], initializer: "ones" }],
    call,
  });
  const x = input([4, 4, 3]);
  const outputs = dense(2).apply(flatten().apply(own.apply(x)));
  return trained(functional({ inputs: x, outputs }), 48, 3, modest);
}

async function bothAgree(model: LayersModel, columns: number, rows = 3): Promise<void> {
  const x = numbersFor(columns, rows, (normal) => normal);
  const { data } = model.predict({ data: x, shape: [rows, columns] });
  const { predict } = await imported(exportJs(model));
  const units = data.length / rows;
  for (let row = 0; row < rows; row++) {
    const found = predict(x.subarray(row * columns, (row + 1) * columns)) as number[];
    expect(difference(found, data.subarray(row * units, (row + 1) * units))).toBeLessThan(CLOSE);
  }
  const { y } = await run(exportOnnx(model), { features: floats(x, columns) });
  expect(difference(y.data, data)).toBeLessThan(CLOSE);
}

const positive = ({ x }: LayerContext): Value => ops.add(ops.abs(x), 0.5);
const weight = ({ parameters }: LayerContext): Value => parameters["the weight"];
const lines = (x: Value): Value => ops.reshape(x, [16 * ROWS, 3]);

/** By name. */
const FUNCTIONS = ops as unknown as Readonly<Record<string, (...operands: ops.Operand[]) => Value>>;
const UNARY = [
  ...(["neg", "abs", "sign", "floor", "exp", "expm1", "sin", "cos", "tanh", "sigmoid", "softplus"] as const),
  ...([
    "erf",
    "relu",
    "flush",
    "flushRoot",
    "stopGradient",
    "flushGradient",
    "softmax",
    "logSoftmax",
  ] as const),
];
const BINARY = [
  ...([
    "add",
    "sub",
    "mul",
    "mulNoNan",
    "div",
    "maximum",
    "minimum",
    "greater",
    "greaterEqual",
    "equal",
  ] as const),
];

describe("a custom layer is the same in a module and in ONNX Runtime", () => {
  it.each(UNARY)("%s", async (name) => {
    await bothAgree(
      networkOf(({ x }) => FUNCTIONS[name](ops.mul(x, 2))),
      48,
    );
  });
  it.each(BINARY)("%s", async (name) => {
    await bothAgree(
      networkOf((context) => FUNCTIONS[name](context.x, positive(context))),
      48,
    );
    // of a row, a column and a number, that broadcast
    await bothAgree(
      networkOf((context) =>
        FUNCTIONS[name](
          ops.add(context.x, ops.slice(weight(context), [0, 0], [1, 3])),
          context.hyperparameters.half,
        ),
      ),
      48,
    );
    await bothAgree(
      networkOf((context) =>
        FUNCTIONS[name](ops.slice(context.x, [0, 0, 0, 0], [ROWS, 4, 1, 3]), positive(context)),
      ),
      48,
    );
  });
  it.each<[string, Call, (readonly number[])?]>([
    ["sqrt", (context) => ops.sqrt(positive(context))],
    ["log", (context) => ops.log(positive(context))],
    ["log1p", (context) => ops.log1p(positive(context))],
    ["pow", (context) => ops.pow(positive(context), context.x)],
    ["select", (context) => ops.select(ops.floor(context.x), context.x, positive(context))],
    ["conditions as numbers", ({ x }) => ops.mul(ops.greater(x, 0), ops.greaterEqual(1, x))],
    ["matmul", (context) => ops.reshape(ops.matmul(lines(context.x), weight(context)), [ROWS, 4, 4, 3])],
    ["matmul of many", ({ x }) => ops.matmul(x, ops.transpose(x, [0, 1, 3, 2])), [4, 4, 4]],
    ["sums", ({ x }) => ops.add(ops.sum(x, [1, 3], true), ops.sum(x, 2, true))],
    ["maxima", ({ x }) => ops.sub(ops.max(x, -1, true), ops.max(x, [1, 2], true))],
    ["means of numbers and of rows", ({ x }) => ops.sub(x, ops.mean(x, [1, 2, 3], true))],
    ["transpose", ({ x }) => ops.transpose(x, [0, 3, 1, 2]), [3, 4, 4]],
    ["slice", ({ x }) => ops.slice(x, [0, 1, 0, 1], [ROWS, 2, 4, 2]), [2, 4, 2]],
    [
      "pad, and what changes its zeros",
      ({ x }) => ops.exp(ops.pad(x, [0, 1, 0, 0], [0, 0, 2, 1])),
      [5, 6, 4],
    ],
    ["concat", (context) => ops.concat([context.x, positive(context), context.x], 2), [4, 12, 3]],
    ["broadcastTo", ({ x }) => ops.broadcastTo(ops.sum(x, -1, true), x.shape)],
    [
      "a constant of each row",
      ({ x }) => ops.add(x, ops.broadcastTo(ops.constant(x.graph, [1, 2, 3]), x.shape)),
    ],
    [
      "rows by number",
      (context) => {
        const ids = ops.reshape(ops.add(ops.greater(context.x, 0), ops.greater(context.x, 1)), [48 * ROWS]);
        return ops.reshape(ops.takeRows(weight(context), ids), [ROWS, 4, 36]);
      },
      [4, 36],
    ],
    [
      "patches",
      ({ x }) => ops.patches(x, [2, 3], { strides: [1, 2], dilation: [2, 1], before: [0, 1], after: [1, 1] }),
      [3, 2, 18],
    ],
    [
      "windows, summed and dilated",
      ({ x }) => {
        const windows = ops.patches(x, [2, 2], { dilation: [2, 2] });
        return ops.sum(ops.reshape(windows, [ROWS, 2, 2, 4, 3]), 3);
      },
      [2, 2, 3],
    ],
    [
      "a product of windows with a matrix of each row",
      ({ x }) => {
        const windows = ops.reshape(ops.patches(x, [2, 2]), [ROWS, 9, 12]);
        return ops.matmul(windows, ops.transpose(windows, [0, 2, 1]));
      },
      [9, 9],
    ],
    ["addPatches", ({ x }) => ops.addPatches(ops.patches(x, [2, 2]), [4, 4], [2, 2])],
    [
      "maxPool",
      ({ x }) => ops.maxPool(x, [2, 3], { strides: [1, 1], before: [1, 0], after: [0, 2] }),
      [4, 4, 3],
    ],
    [
      "a recurrence in the other direction, of which every step is read",
      (context) => {
        const first = ops.slice(context.x, [0, 0, 0, 0], [ROWS, 1, 4, 3]);
        const { stacks, carry } = scan(
          {
            carry: {
              sum: ops.reshape(first, [4 * ROWS, 3]),
              last: ops.zerosLike(ops.reshape(first, [4 * ROWS, 3])),
            },
            sequences: { x: ops.reshape(ops.transpose(context.x, [1, 0, 2, 3]), [4, 4 * ROWS, 3]) },
            shared: { weight: weight(context) },
            reverse: true,
          },
          ({ carry: { sum, last }, elements, shared }: ScanStep) => ({
            // what was carried moves on
            carry: { sum: ops.tanh(ops.add(ops.matmul(sum, shared.weight), elements.x)), last: sum },
            stacks: { last },
          }),
        );
        const all = ops.transpose(ops.reshape(stacks.last, [4, ROWS, 4, 3]), [1, 0, 2, 3]);
        return ops.add(all, ops.reshape(carry.sum, [ROWS, 1, 4, 3]));
      },
    ],
    [
      "a recurrence that reads no element",
      ({ x }) => {
        const sequences = { x: ops.transpose(x, [1, 0, 2, 3]) };
        const first = ops.sum(x, [1, 2, 3], true);
        return ops.add(
          x,
          scan({ carry: { first }, sequences }, ({ carry }) => ({ carry: { first: ops.tanh(carry.first) } }))
            .carry.first,
        );
      },
    ],
  ])("%s", async (_, call, shape) => {
    await bothAgree(networkOf(call, shape), 48);
  });

  it("with an activation of its own, after a convolution too", async () => {
    const squareplus = (x: Value): Value => ops.mul(0.5, ops.add(x, ops.sqrt(ops.add(ops.mul(x, x), 4))));
    await bothAgree(trained(sequential([dense(5, { activation: squareplus }), dense(2)]), 4, 3, modest), 4);
  });

  it("whatever its type and its parameters are called", async () => {
    const layer = (type: string): Layer =>
      defineLayer({
        type,
        hyperparameters: {},
        outputShape: (shape) => shape,
        parameters: (shape) => [{ name: "];alert(1)//", shape, initializer: "ones" }],
        call: ({ x, parameters }) => ops.mul(x, parameters["];alert(1)//"]),
      });
    const stack = ["1/*", "predict", "x", "f(x)", "</script>", "dense_1", "Ω"].map(layer);
    await bothAgree(trained(sequential([...stack, dense(2), dense(2)]), 3, 3, modest), 3);
  });
});

it.each<[string, Call]>([
  ["randomUniform", ({ x }) => ops.add(x, ops.randomUniform(x.graph, x.shape, 7))],
  ["step", ({ x }) => ops.add(x, ops.step(x.graph))],
  ["scatterRows", ({ x }) => ops.add(x, ops.sum(ops.scatterRows(lines(x), ops.sum(lines(x), 1), 4)))],
  ["scatterLargest", ({ x }) => ops.scatterLargest(x, ops.maxPool(x, [2, 2]), [2, 2])],
])("%s is refused by its name", async (name, call) => {
  const model = networkOf(call);
  for (const format of ["js", "onnx"] as const) {
    const message = await refusal(() => exportModel(model, format));
    expect(message).toContain("unsupported: ");
    expect(message).toContain(`operation ${name}`);
  }
});

it("elements by the largest of another value are in a module, and refused by ONNX", async () => {
  const model = networkOf(({ x }) => ops.takeLargest(ops.neg(x), x, [2, 2]), [2, 2, 3]);
  expect(await refusal(() => exportModel(model, "onnx"))).toContain("ONNX has no operation takeLargest");
  const x = numbersFor(48, 1, (normal) => normal);
  const { predict } = await imported(exportJs(model));
  const { data } = model.predict({ data: x, shape: [1, 48] });
  expect(difference(predict(x) as number[], data)).toBeLessThan(CLOSE);
});

/**
 * Custom activations, losses, layers, initializers and metrics, each against the built-in that it repeats.
 */
import { describe, expect, it } from "vitest";
import {
  abs,
  add,
  broadcastTo,
  constant,
  matmul,
  mean,
  mul,
  relu,
  sigmoid,
  square,
  sub,
  sum,
} from "../../src/graph/functions.js";
import type { Value } from "../../src/graph/graph.js";
import type { Shape } from "../../src/graph/shape.js";
import type { CustomMetric } from "../../src/metrics/metric.js";
import { activation, defineLayer, dense, type Layer } from "../../src/nn/layers/index.js";
import type { InitializerFunction } from "../../src/nn/weights/initializers.js";
import { l2 } from "../../src/nn/weights/regularizers.js";
import { sgd } from "../../src/optim/sgd.js";
import { compiled, randomRows, refusal, weightsOf } from "./support.js";

const x = randomRows(30, 3, 1);
const y = randomRows(30, 2, 2);
const optimizer = sgd({ learningRate: 0.1, momentum: 0.9 });

async function trained(layers: readonly Layer[], loss: Parameters<typeof compiled>[1]["loss"]) {
  const model = compiled(layers, { optimizer, loss });
  const { history } = await model.fit(x, y, { epochs: 5, batchSize: 8 });
  return { weights: Object.values(weightsOf(model)), loss: history.loss, prediction: model.predict(x).data };
}

/** A custom layer: a scale and a shift a unit, with a penalty on the scale. */
const affine = (weight: number): Layer =>
  defineLayer({
    type: "affine",
    hyperparameters: { weight },
    outputShape: (shape) => shape,
    parameters: (shape) => [
      {
        name: "scale",
        shape,
        initializer: (graph, shape) => broadcastTo(constant(graph, 1), shape),
      },
      {
        name: "shift",
        shape,
        initializer: (graph, shape) => broadcastTo(constant(graph, 0), shape),
      },
    ],
    call: ({ x, parameters: { scale, shift } }) => add(mul(x, scale), shift),
    penalty: ({ parameters: { scale }, hyperparameters }) => mul(hyperparameters.weight, sum(square(scale))),
  });

/** Dense, written again by a user. */
const ownDense = (units: number, weight: number): Layer =>
  defineLayer({
    type: "ownDense",
    hyperparameters: { weight },
    outputShape: () => [units],
    parameters: ([columns]) => [
      {
        name: "kernel",
        shape: [columns, units],
        initializer: (graph, shape) => ramp(constant(graph, 0.25), shape),
      },
    ],
    call: ({ x, parameters: { kernel } }) => matmul(x, kernel),
    penalty: ({ parameters: { kernel }, hyperparameters }) =>
      mul(hyperparameters.weight, sum(square(kernel))),
  });

/** A custom initializer: one value everywhere. */
function ramp(value: Value, shape: readonly number[]): Value {
  return broadcastTo(value, shape);
}

describe("a custom", () => {
  it("activation trains as the built-in of the same formula", async () => {
    // x σ(1.702 x), beside itself as a layer; and relu written by hand beside "relu"
    const byName = await trained([dense(8, { activation: "relu" }), dense(2)], "meanSquaredError");
    const own = await trained([dense(8, { activation: (v) => relu(v) }), dense(2)], "meanSquaredError");
    const asLayer = await trained([dense(8), activation("relu"), dense(2)], "meanSquaredError");
    const ownLayer = await trained([dense(8), activation((v) => relu(v)), dense(2)], "meanSquaredError");
    expect(own).toEqual(byName);
    expect(asLayer).toEqual(byName);
    expect(ownLayer).toEqual(byName);
    const swish = await trained(
      [dense(8, { activation: (v) => mul(v, sigmoid(v)) }), dense(2)],
      "meanSquaredError",
    );
    expect(swish.loss).not.toEqual(byName.loss);
    expect(swish.loss[4]).toBeLessThan(swish.loss[0]);
  });

  it("loss trains as the built-in of the same formula", async () => {
    const layers = () => [dense(4, { activation: "tanh" }), dense(2)];
    const own = await trained(layers(), (truth, prediction) => mean(square(sub(prediction, truth))));
    expect(own).toEqual(await trained(layers(), "meanSquaredError"));
    const absolute = await trained(layers(), (truth, prediction) => mean(abs(sub(prediction, truth))));
    expect(absolute).toEqual(await trained(layers(), "meanAbsoluteError"));
  });

  it("layer and initializer train as the built-ins of the same formula", async () => {
    const builtIn = dense(2, {
      useBias: false,
      kernelInitializer: (graph, shape) => ramp(constant(graph, 0.25), shape),
      kernelRegularizer: l2(0.125),
    });
    expect(await trained([ownDense(2, 0.125)], "meanSquaredError")).toEqual(
      await trained([builtIn], "meanSquaredError"),
    );
  });

  it("layer names initializers, of which the result is the built-in's", async () => {
    const byName = defineLayer({
      type: "named",
      hyperparameters: {},
      outputShape: () => [4],
      parameters: ([columns]) => [
        { name: "kernel", shape: [columns, 4], initializer: "he_normal" },
        { name: "bias", shape: [4], initializer: "ones" },
      ],
      call: ({ x, parameters: { kernel, bias } }) => add(matmul(x, kernel), bias),
    });
    const options = { kernelInitializer: "heNormal", biasInitializer: "ones" } as const;
    expect(await trained([byName, dense(2)], "meanSquaredError")).toEqual(
      await trained([dense(4, options), dense(2)], "meanSquaredError"),
    );
  });

  it("layer has parameters by path, a penalty, and a place in the summary", async () => {
    const model = compiled([affine(0.5), dense(2), affine(0)], { optimizer, loss: "meanSquaredError" });
    await model.fit(x, y, { epochs: 0 });
    expect(Object.keys(weightsOf(model))).toEqual([
      ...[
        "affine_1.scale",
        "affine_1.shift",
        "dense_1.kernel",
        "dense_1.bias",
        "affine_2.scale",
        "affine_2.shift",
      ],
    ]);
    expect(weightsOf(model)["affine_1.scale"]).toEqual([1, 1, 1]);
    const plain = compiled([affine(0), dense(2), affine(0)], { optimizer, loss: "meanSquaredError" });
    await plain.fit(x, y, { epochs: 0 });
    // 0.5 · Σ 1² over three units, in an otherwise equal loss
    expect(Math.abs(model.evaluate(x, y).loss - plain.evaluate(x, y).loss - 1.5)).toBeLessThanOrEqual(
      8 * 2 ** -24 * 4,
    );
    const lines: string[] = [];
    model.summary((line) => lines.push(line));
    expect(lines[1]).toBe("affine_1  [rows, 3]     6");
  });

  it("metric is computed on truth and prediction, in training and in validation", async () => {
    const largestError: CustomMetric = {
      name: "largestError",
      direction: "minimize",
      compute: (truth, prediction) =>
        Array.from(truth).reduce((most, value, k) => Math.max(most, Math.abs(value - prediction[k])), 0),
    };
    const model = compiled([dense(2)], { optimizer, loss: "meanSquaredError", metrics: [largestError] });
    const { history } = await model.fit(x, y, { validationSplit: 0.5 });
    const largest = (from: number, to: number) =>
      Math.max(
        ...Array.from(model.predict(x.slice(from, to)).data, (p, k) =>
          Math.abs(p - y.slice(from, to).flat()[k]),
        ),
      );
    expect(history.largestError).toEqual([largest(0, 15)]);
    expect(history.valLargestError).toEqual([largest(15, 30)]);
  });

  it("function that returns something else is refused by name", async () => {
    const tried = (
      layers: readonly Layer[],
      loss: Parameters<typeof compiled>[1]["loss"] = "meanSquaredError",
    ) => refusal(() => trained(layers, loss));
    expect(await tried([dense(2, { activation: () => 3 as never })])).toBe(
      "invalid_shape: `call` of dense_1 must return a value of shape [rows, 2]; received 3",
    );
    expect(await tried([dense(4), dense(2, { activation: (v) => sum(v, 1, true) })])).toBe(
      "invalid_shape: `call` of dense_2 must return a value of shape [rows, 2]; received shape [rows, 1]",
    );
    expect(await tried([dense(2)], () => 3 as never)).toBe(
      "invalid_shape: the loss must return a scalar value; received 3",
    );
    expect(await tried([dense(2)], (truth, prediction) => square(sub(truth, prediction)))).toBe(
      "invalid_shape: the loss must return a scalar value; received shape [rows, 2]",
    );
    expect(await tried([affine("much" as never), dense(2)])).toBe(
      'invalid_argument: the hyperparameter affine_1.weight must be a finite number; received "much"',
    );
  });

  it.each<[string, unknown, string]>([
    ["an array", () => [0.1, 0.2], "received [0.1,0.2]"],
    ["a number", () => 0.5, "received 0.5"],
    ["nothing", () => undefined, "received undefined"],
    ["another shape", (graph: Value["graph"]) => constant(graph, [1, 2, 3, 4, 5, 6]), "received shape [6]"],
  ])("initializer that returns %s is refused", async (_, initializer, received) => {
    expect(
      await refusal(() =>
        trained([dense(2, { kernelInitializer: initializer as InitializerFunction })], "meanSquaredError"),
      ),
    ).toBe(
      `invalid_shape: the initializer of dense_1.kernel must return a value of shape [3, 2]; ${received}`,
    );
  });

  it.each<[Partial<Record<keyof Layer, unknown>>, string]>([
    [{ type: 3 }, "`type` of layer 0 must be a name without dots; received 3"],
    [{ type: "my.layer" }, '`type` of layer 0 must be a name without dots; received "my.layer"'],
    [
      { hyperparameters: undefined },
      "`hyperparameters` of layer 0 (affine) must be an object; received undefined",
    ],
    [{ outputShape: 3 }, "`outputShape` of layer 0 (affine) must be a function; received 3"],
    [{ parameters: [] }, "`parameters` of layer 0 (affine) must be a function; received []"],
    [
      { outputShape: () => [0.5] },
      "`outputShape` of affine_1 must be an array of positive integers; received [0.5]",
    ],
    [
      { outputShape: () => [3, 0] },
      "`outputShape` of affine_1 must be an array of positive integers; received [3,0]",
    ],
    [{ outputShape: () => 4 }, "`outputShape` of affine_1 must be an array of positive integers; received 4"],
    [{ parameters: () => undefined }, "`parameters` of affine_1 must be an array; received undefined"],
    [
      { parameters: () => [undefined] },
      "the name of a parameter of affine_1 must be a string; received undefined",
    ],
    [
      { parameters: () => [{ name: "w", shape: [0], initializer: () => 0 }] },
      "the shape of affine_1.w must be an array of positive integers; received [0]",
    ],
    [
      { parameters: () => [{ name: "w", shape: [3], initializer: "ones", trainable: 1 }] },
      "`trainable` of affine_1.w must be true or false; received 1",
    ],
    [
      { parameters: () => [{ name: "w", shape: [3], initializer: "ones", constraint: "nonNeg" }] },
      'the constraint of affine_1.w must be a function; received "nonNeg"',
    ],
    [
      { parameters: () => [{ name: "w", shape: 3, initializer: () => 0 }] },
      "the shape of affine_1.w must be an array of positive integers; received 3",
    ],
    [
      { parameters: () => [{ name: "w", shape: [3], initializer: 0 }] },
      "the initializer of affine_1.w must be a function or a name; received 0",
    ],
    [
      { parameters: (shape: Shape) => [...affine(0).parameters(shape), ...affine(0).parameters(shape)] },
      'the names of the parameters of affine_1 must differ; received "scale" twice',
    ],
  ])("layer with %o is refused", async (part, message) => {
    const layer = { ...affine(0), ...part } as Layer;
    expect(await refusal(() => trained([layer, dense(2)], "meanSquaredError"))).toBe(
      `invalid_argument: ${message}`,
    );
  });

  it("layer that names no initializer is refused with the nearest name", async () => {
    const parameters = () => [{ name: "w", shape: [3], initializer: "zeross" as "zeros" }];
    expect(
      await refusal(() => trained([{ ...affine(0), parameters }, dense(2)], "meanSquaredError")),
    ).toMatch(/^unknown_name: unknown initializer "zeross"\. Did you mean "zeros"\?/);
  });

  it("penalty that is not a scalar is refused", async () => {
    const layer: Layer = { ...affine(0), penalty: ({ parameters }) => parameters.scale };
    expect(await refusal(() => trained([layer, dense(2)], "meanSquaredError"))).toBe(
      "invalid_shape: `penalty` of affine_1 must return a scalar value; received shape [3]",
    );
  });
});

/** What networks that are no stack refuse, when they are made, compiled, trained and loaded. */
import { describe, expect, it } from "vitest";
import { type Shape, sizeOf } from "../../src/graph/shape.js";
import type { CustomMetric } from "../../src/metrics/metric.js";
import { loadModel, saveModel } from "../../src/model/save.js";
import type { ModelData } from "../../src/nn/arguments/modelData.js";
import { dense, merge, reshape } from "../../src/nn/layers/index.js";
import { functional, input } from "../../src/nn/models/functional.js";
import { readContents, writeContents } from "../../src/predict/description.js";
import { compiledAs, compiledTwo, data, fit, kinds, targets, twoInTwoOut, x, y } from "./networks.js";
import { randomRows, refusal } from "./support.js";

describe("is refused", () => {
  const a = input(2);
  const d = dense(1);
  it.each<[string, () => unknown, string]>([
    [
      "a shape of 0",
      () => input(0),
      "invalid_argument: the shape of input must be a positive integer, or an array of them; received 0",
    ],
    [
      "no shape",
      () => input([]),
      "invalid_argument: the shape of input must be a positive integer, or an array of them; received []",
    ],
    [
      "a shape with half a number",
      () => input([2, 0.5]),
      "invalid_argument: the shape of input must be a positive integer, or an array of them; received [2,0.5]",
    ],
    [
      "an option",
      () => functional({ inputs: a, outputs: d.apply(a), name: "net" } as never),
      'unknown_name: unknown option of functional "name".',
    ],
    [
      "outputs of which one is a layer",
      () => functional({ inputs: a, outputs: { one: d.apply(a), other: d as never } }),
      "invalid_argument: outputs must be a value of a network, such as input(4), or several by name; received",
    ],
    [
      "no input",
      () => functional({ inputs: {}, outputs: d.apply(a) }),
      "invalid_argument: inputs must be a value of a network, such as input(4), or several by name; received {}",
    ],
    [
      "an output that is a layer",
      () => functional({ inputs: a, outputs: d as never }),
      "invalid_argument: outputs must be a value of a network",
    ],
    [
      "a result as an input",
      () => functional({ inputs: d.apply(a), outputs: d.apply(a) }),
      'invalid_argument: inputs.input must be made by input(); received "dense"',
    ],
    [
      "another input",
      () => functional({ inputs: a, outputs: d.apply(input(2)) }),
      "invalid_argument: every output must depend only on inputs; received one that needs another input()",
    ],
    [
      "an input that leads nowhere",
      () => functional({ inputs: { a, b: input(1) }, outputs: d.apply(a) }),
      'invalid_argument: every input must lead to an output; "b" does not',
    ],
    [
      "one input twice",
      () => functional({ inputs: { a, b: a }, outputs: d.apply(a) }),
      'invalid_argument: inputs must be different; received "b" twice',
    ],
    [
      "values of other shapes",
      () => merge("add").apply(input(2), input(3)),
      "invalid_shape: add must take several values of one shape; received [2] and [3]",
    ],
    [
      "nothing",
      () => d.apply(),
      "invalid_argument: what dense is applied to must be at least one value, such as input(4); received []",
    ],
    [
      "rows",
      () => d.apply([[1, 2]] as never),
      "invalid_argument: what dense is applied to must be a value, such as input(4); received [[1,2]]",
    ],
    [
      "a shared layer over other columns",
      () => {
        const c = input(3);
        return compiledAs(
          functional({ inputs: { a, c }, outputs: merge("add").apply(d.apply(a), d.apply(c)) }),
          "mse",
        ).fit(randomRows(2, 5, 1), [1, 2]);
      },
      "invalid_shape: dense_1 must be applied to values of one shape; received values that need kernel [2, 1],bias [1] and kernel [3, 1],bias [1]",
    ],
    [
      "a way to merge",
      () => merge("adds" as never),
      'unknown_name: unknown way to merge "adds". Did you mean "add"?',
    ],
    [
      "an unknown output of loss",
      () => twoInTwoOut().compile({ optimizer: "sgd", loss: { prices: "mse" } as never }),
      'unknown_name: unknown output of loss "prices". Did you mean "price"?',
    ],
    [
      "a missing loss",
      () => twoInTwoOut().compile({ optimizer: "sgd", loss: { price: "mse" } }),
      "invalid_argument: loss.kind must be a loss, since it is an output; received undefined",
    ],
    [
      "a missing input",
      () => compiledTwo().fit({ a: data.a } as never, targets),
      'invalid_argument: x must have an array for each of ["a","b"]; missing: "b"',
    ],
    [
      "an input of other columns",
      () => compiledTwo().fit({ ...data, a: x }, targets),
      "invalid_shape: x.a must have 2 columns; received shape [24,3]",
    ],
    [
      "ids for several outputs beside each other",
      () => compiledTwo().fit(data, kinds),
      "invalid_shape: y must have 4 columns; received shape [24,1]",
    ],
    [
      "columns that its inputs do not have",
      () => twoInTwoOut().summary(() => {}, 7),
      'invalid_shape: x must have 3 columns, those of "a" (2), "b" (1); received 7',
    ],
    [
      "inputs of other rows",
      () => compiledTwo().fit({ ...data, b: [1] }, targets),
      "invalid_shape: x.b must have as many rows as x.a, 24; received 1",
    ],
    [
      "a matrix of other columns",
      () => compiledTwo().fit(y, targets),
      "invalid_shape: x must have 3 columns; received shape [24,2]",
    ],
  ])("%s", async (_, run, message) => {
    expect((await refusal(run)).slice(0, message.length)).toBe(message);
  });

  it("a file whose outputs are no layers, or whose layer shares a later one", async () => {
    const model = compiledTwo();
    await model.fit(data, targets, fit);
    const contents = readContents(saveModel(model));
    const { network } = contents;
    const changed = (part: object): Uint8Array =>
      writeContents({ ...contents, network: { ...network, ...part } }, "0.1.0");
    const wrong = "invalid_checkpoint: this is not a model file of Fettle: ";
    const outputs = [{ name: "price", value: "dense_9" }];
    expect(await refusal(() => loadModel(changed({ outputs })))).toBe(
      `${wrong}its outputs must be layers of it`,
    );
    const inputs = undefined;
    expect(await refusal(() => loadModel(changed({ inputs })))).toContain(wrong);
    const layers = network.layers.map((layer, i) => (i === 0 ? { ...layer, shares: "dense_4" } : layer));
    expect(await refusal(() => loadModel(changed({ layers })))).toContain(
      `${wrong}layer "dense_1" must follow`,
    );
  });
});

describe("metrics whose numbers logs would lose", () => {
  const metric = (name: string): CustomMetric => ({ name, direction: "minimize", compute: () => 42 });
  it.each<[string, Record<string, readonly string[]>, string]>([
    ["the loss", { output: ["loss"] }, "loss"],
    ["the validation loss", { output: ["valLoss"] }, "valLoss"],
    ["the learning rate", { output: ["learningRate"] }, "learningRate"],
    ["validation by a metric", { output: ["error", "valError"] }, "valError"],
    ["a metric of another output", { a: ["meanError"], aMean: ["error"] }, "aMeanError"],
    ["validation of another output", { valA: ["error"], a: ["error"] }, "valAError"],
  ])("are refused: %s", async (_, metrics, name) => {
    const x = input(1);
    const names = Object.keys(metrics);
    const all = names.map((each) => [each, dense(1).apply(x)] as const);
    const outputs = names.length === 1 ? all[0][1] : Object.fromEntries(all);
    const model = functional({ inputs: x, outputs });
    model.compile({
      optimizer: "sgd",
      loss: "meanSquaredError",
      metrics: Object.fromEntries(names.map((each) => [each, metrics[each].map(metric)])),
    });
    const y = names.length === 1 ? [1, 2] : Object.fromEntries(names.map((each) => [each, [1, 2]]));
    expect(await refusal(() => model.fit([[0], [1]], y))).toBe(
      `invalid_argument: metrics must have names of their own in logs; received "${name}" twice; rename a metric or an output`,
    );
  });
});

describe("weights of classes", () => {
  const bits = [
    [0, 0],
    [0, 1],
    [1, 1],
  ];
  const y = [0, 1, 1];
  it.each<[string, Shape[], object, string]>([
    ["several outputs", [[1], [1]], { a: y, b: y }, "a model with one output; received one with 2"],
    ["several labels", [[2]], bits, "one class for each row; received 0 labels in row 0 of y"],
    [
      "steps",
      [[2, 1]],
      bits.map((row) => row.map((bit) => [bit])),
      "one class for each row; received rows of shape [2, 1]",
    ],
  ])("are refused for %s", async (_, shapes, targets, needed) => {
    const inputs = input(2);
    const sigmoid = (units: number) => dense(units, { activation: "sigmoid" }).apply(inputs);
    const outputs = shapes.map((shape, i) => ["ab"[i], reshape(shape).apply(sigmoid(sizeOf(shape)))]);
    const model = functional({ inputs, outputs: Object.fromEntries(outputs) });
    model.compile({ optimizer: "sgd", loss: "binaryCrossentropy" });
    for (const classWeight of ["balanced", { 1: 9 }] as const)
      expect(await refusal(() => model.fit(bits, targets as ModelData, { classWeight }))).toBe(
        `invalid_argument: classWeight needs ${needed}; use sampleWeight instead`,
      );
  });
});

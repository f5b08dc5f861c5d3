/** Bad input of models: each refused by code and message, with nothing half-done. */

import { describe, expect, it } from "vitest";
import { show } from "../../src/errors.js";
import type { MetricLike } from "../../src/metrics/names.js";
import type { FitOptions } from "../../src/nn/arguments/options.js";
import { activation, dense, dropout } from "../../src/nn/layers/index.js";
import { functional, input } from "../../src/nn/models/functional.js";
import type { LayersModel } from "../../src/nn/models/layersModel.js";
import { type Sequential, sequential } from "../../src/nn/models/sequential.js";
import * as training from "../../src/nn/training/training.js";
import { adam } from "../../src/optim/adam.js";
import { compiled, refusal } from "./support.js";

const x = [
  [0, 0],
  [0, 1],
  [1, 0],
  [1, 1],
];
const y = [0, 1, 1, 0];
const model = (): Sequential =>
  compiled([dense(2), dense(1)], { optimizer: "sgd", loss: "meanSquaredError" });
const fitWith = (options: FitOptions): Promise<string> => refusal(() => model().fit(x, y, options));
const compileWith = (options: object): Promise<string> =>
  refusal(() =>
    sequential([dense(1)]).compile({ optimizer: "sgd", loss: "meanSquaredError", ...options } as never),
  );

const fitted = (metrics: readonly string[]): Promise<string> =>
  refusal(() =>
    compiled([dense(1)], {
      optimizer: "sgd",
      loss: "meanSquaredError",
      metrics: metrics as readonly MetricLike[],
    }).fit(x, y),
  );

describe("sequential and compile", () => {
  it.each<[string, () => Promise<string>, string]>([
    [
      "no layers",
      () => refusal(() => sequential([])),
      "invalid_argument: layers must be an array of at least one layer; received []",
    ],
    [
      "no array",
      () => refusal(() => sequential(dense(1) as never)),
      "invalid_argument: layers must be an array of at least one layer; received ",
    ],
    [
      "no layer",
      () => refusal(() => sequential([dense(1), "relu" as never])),
      'invalid_argument: layer 1 must be a layer, such as dense(1); received "relu"',
    ],
    [
      "no parameters",
      () =>
        refusal(() =>
          compiled([activation("relu"), dropout(0.5)], { optimizer: "sgd", loss: "meanSquaredError" }).fit(
            [[1]],
            [1],
          ),
        ),
      "invalid_argument: a model must have parameters to train; received none. Add a dense layer, or freeze fewer layers",
    ],
    [
      "optimizer",
      () => compileWith({ optimizer: "adm" }),
      'unknown_name: unknown optimizer "adm". Did you mean "adam"?',
    ],
    [
      "no optimizer",
      () => compileWith({ optimizer: undefined }),
      "invalid_argument: optimizer must be a name or the result of a factory, such as adam(); received undefined",
    ],
    [
      "loss",
      () => compileWith({ loss: "binaryCrossEntropi" }),
      'unknown_name: unknown loss "binaryCrossEntropi". Did you mean "binaryCrossentropy"?',
    ],
    [
      "metric",
      () => compileWith({ metrics: ["acuracy"] }),
      'unknown_name: unknown metric "acuracy". Did you mean "accuracy"?',
    ],
    [
      "end of a metric",
      () => compileWith({ metrics: ["accuracyy"] }),
      'unknown_name: unknown metric "accuracyy". Did you mean "accuracy"?',
    ],
    [
      "option of a metric",
      () => fitted(["f1Marco"]),
      'unknown_name: unknown metric "f1Marco". Did you mean "f1Macro"?',
    ],
    [
      "second metric",
      () => fitted(["mse", "meanSquaredError"]),
      'invalid_argument: metrics must be different metrics; received "meanSquaredError" twice',
    ],
    [
      "metrics",
      () => compileWith({ metrics: "accuracy" }),
      'invalid_argument: metrics must be an array of metrics; received "accuracy"',
    ],
    [
      "option",
      () => compileWith({ metric: ["accuracy"] }),
      'unknown_name: unknown option of compile "metric". Did you mean "metrics"?',
    ],
    [
      "option of an optimizer",
      () => refusal(() => adam({ lr: 0.1 } as never)),
      'unknown_name: unknown option of adam "lr".',
    ],
  ])("refuse a wrong %s", async (_, run, message) => {
    expect((await run()).slice(0, message.length)).toBe(message);
  });

  it("a refused compile changes nothing", async () => {
    const m = model();
    await refusal(() => m.compile({ optimizer: "adam", loss: "none" as never }));
    await m.fit(x, y);
    expect(m.evaluate(x, y).loss).toBeGreaterThan(0);
  });
});

describe("fit", () => {
  it("refuses weights of other rows, by the name of the option", async () => {
    const rule = (rows: number): string => `must have one weight for each of the ${rows} rows; received 1`;
    expect(await fitWith({ sampleWeight: [1] })).toBe(`invalid_shape: sampleWeight ${rule(4)}`);
    expect(await fitWith({ validationData: [x.slice(2), y.slice(2), [1]] })).toBe(
      `invalid_shape: sampleWeight of validationData ${rule(2)}`,
    );
    const fitted = model();
    await fitted.fit(x, y);
    expect(await refusal(() => fitted.evaluate(x, y, [1]))).toBe(`invalid_shape: sampleWeight ${rule(4)}`);
  });

  it.each([null, 0, ""])("refuses %j in place of weights, instead of training on nothing", async (none) => {
    const weights = none as never;
    const rule = `must be an array of numbers, one for each row; received ${JSON.stringify(none)}`;
    expect(await fitWith({ sampleWeight: weights })).toBe(`invalid_argument: sampleWeight ${rule}`);
    expect(await fitWith({ validationData: [x, y, weights] })).toBe(
      `invalid_argument: sampleWeight of validationData ${rule}`,
    );
    expect(await fitWith({ classWeight: weights })).toContain(
      'invalid_argument: classWeight must be "balanced"',
    );
    const fitted = model();
    await fitted.fit(x, y);
    expect(await refusal(() => fitted.evaluate(x, y, weights))).toBe(
      `invalid_argument: sampleWeight ${rule}`,
    );
  });

  it("refuses weights of classes for targets that are numbers", async () => {
    expect(await refusal(() => model().fit([[0, 1]], [0.5], { classWeight: { 0: 2 } }))).toBe(
      "invalid_argument: classWeight needs a classification target; received a regression target",
    );
  });

  it.each<[string, FitOptions, string]>([
    [
      "negative epochs",
      { epochs: -1 },
      "invalid_argument: epochs must be an integer of at least 0; received -1",
    ],
    [
      "half epochs",
      { epochs: 1.5 },
      "invalid_argument: epochs must be an integer of at least 0; received 1.5",
    ],
    [
      "batch larger than the data",
      { batchSize: 5 },
      "invalid_argument: batchSize must be at most 4, the number of rows to train on; received 5",
    ],
    [
      "batch larger than what validation leaves",
      { batchSize: 3, validationSplit: 0.5 },
      "invalid_argument: batchSize must be at most 2, the number of rows to train on; received 3",
    ],
    ["batch of 0", { batchSize: 0 }, "invalid_argument: batchSize must be a positive integer; received 0"],
    [
      "validationSplit of 1",
      { validationSplit: 1 },
      "invalid_argument: validationSplit must be a number in [0, 1); received 1",
    ],
    [
      "negative validationSplit",
      { validationSplit: -0.1 },
      "invalid_argument: validationSplit must be a number in [0, 1); received -0.1",
    ],
    [
      "validationSplit that leaves nothing",
      { validationSplit: 0.9 },
      "invalid_data: validationSplit must leave at least one row to train on; received 0.9 for 4 rows",
    ],
    ["negative seed", { seed: -1 }, "invalid_argument: seed must be an integer of at least 0; received -1"],
    [
      "callbacks",
      { callbacks: {} as never },
      "invalid_argument: callbacks must be an array of callbacks; received {}",
    ],
    [
      "validationSplit in words",
      { validationSplit: "0.2" as never },
      'invalid_argument: validationSplit must be a number in [0, 1); received "0.2"',
    ],
    ["verbose", { verbose: 3 as never }, "invalid_argument: verbose must be 0, 1 or 2; received 3"],
    ["shuffle", { shuffle: 1 as never }, "invalid_argument: shuffle must be true or false; received 1"],
    [
      "validationData",
      { validationData: [[1]] as never },
      "invalid_argument: validationData must be an array [x, y] or [x, y, sampleWeight]; received [[1]]",
    ],
    ["option", { epoch: 3 } as never, 'unknown_name: unknown option of fit "epoch". Did you mean "epochs"?'],
    [
      "validation of other columns",
      {
        validationData: [
          [[1], [2]],
          [1, 2],
        ],
      },
      "invalid_shape: validation x must have 2 columns; received shape [2,1]",
    ],
    [
      "validation of other rows",
      { validationData: [x, [1]] },
      "invalid_shape: validation y must have as many rows as its inputs, 4; received 1",
    ],
  ])("refuses %s", async (_, options, message) => {
    expect((await fitWith(options)).slice(0, message.length)).toBe(message);
  });

  it.each<[string, unknown, unknown, string]>([
    [
      "NaN",
      [
        [0, Number.NaN],
        [0, 1],
      ],
      [0, 1],
      "invalid_data: x must hold finite numbers; received NaN at x[0][1]",
    ],
    [
      "infinity",
      [
        [0, 0],
        [0, 1],
      ],
      [0, Number.POSITIVE_INFINITY],
      "invalid_data: y must hold finite numbers; received Infinity at y[1]",
    ],
    [
      "ragged rows",
      [[0, 0], [1]],
      [0, 1],
      "invalid_data: every row of x must have 2 numbers, as the first has; received 1 in x[1]",
    ],
    ["words", [["a", "b"]], [0], 'invalid_data: x must hold finite numbers; received "a" at x[0][0]'],
    ["no rows", [], [], "invalid_shape: x must not be empty; received shape [0]"],
    [
      "nothing",
      undefined,
      undefined,
      "invalid_data: x must be an array, an ndarray or { data, shape }; received undefined",
    ],
    [
      "fewer targets than inputs",
      x,
      [0, 1],
      "invalid_shape: y must have as many rows as its inputs, 4; received 2",
    ],
    ["targets of other columns", x, x, "invalid_shape: y must have 1 column; received shape [4,2]"],
  ])("refuses %s in the data", async (_, inputs, targets, message) => {
    expect(await refusal(() => model().fit(inputs as never, targets as never))).toBe(message);
  });

  it("refuses other columns than it was trained on, and keeps what it has", async () => {
    const m = model();
    await m.fit(x, y);
    const message = "invalid_shape: x must have 2 columns; received shape [2,3]";
    const three = [
      [1, 2, 3],
      [4, 5, 6],
    ];
    const before = [...m.predict(x).data];
    expect(await refusal(() => m.fit(three, [1, 2]))).toBe(message);
    expect(await refusal(() => m.predict(three))).toBe(message);
    expect(await refusal(() => m.evaluate(three, [1, 2]))).toBe(message);
    expect([...m.predict(x).data]).toEqual(before);
  });
});

describe("the wrong order", () => {
  it("is refused with what to do first", async () => {
    const bare = sequential([dense(1)]);
    expect(await refusal(() => bare.fit(x, y))).toBe(
      "invalid_state: the model is not compiled; call model.compile({ optimizer, loss }) first",
    );
    for (const early of [
      () => model().predict(x),
      () => model().evaluate(x, y),
      () => model().getWeights(),
    ]) {
      expect(await refusal(early)).toBe(
        "invalid_state: the model has no parameters yet; call model.fit(x, y), or model.build(columns), first",
      );
    }
  });

  it("or another model's state, is refused", async () => {
    const saved = (parameters: number) => ({
      progress: { step: 0, epoch: 0, cursor: 0 },
      seed: 0,
      arrays: { parameters: new Float32Array(parameters) },
    });
    expect(await refusal(() => model().restore({ training, row: 2, saved: saved(8) }))).toBe(
      "invalid_checkpoint: the saved state must have 9 parameters, as this model has; received 8",
    );
    expect(await refusal(() => model().restore({ training, row: 2, saved: {} as never }))).toBe(
      "invalid_checkpoint: the saved state must have 9 parameters, as this model has; received undefined",
    );
    // parameters alone are enough to predict, but not for an optimizer with slots to go on
    const m = compiled([dense(2), dense(1)], { optimizer: "adam", loss: "meanSquaredError" });
    m.restore({ training, row: 2, saved: saved(9) });
    expect([...m.predict(x).data]).toEqual([0, 0, 0, 0]);
    expect(await refusal(() => m.fit(x, y))).toMatch(/^invalid_checkpoint: .*slot\.m/);
  });
});

describe("a model", () => {
  const two = (): LayersModel => {
    const x = input(2);
    return functional({ inputs: x, outputs: { kind: dense(1).apply(x), size: dense(1).apply(x) } });
  };
  it.each<[string, () => unknown, string]>([
    [
      "summary without a function",
      () => model().summary("x" as never),
      'invalid_argument: print must be a function of a line; received "x"',
    ],
    [
      "summary of a row that is none",
      () => model().summary(() => {}, "x" as never),
      'invalid_argument: row must be a number of columns, or the shape of a row; received "x"',
    ],
    ...[-1, Number.NaN, "1"].map((weight): [string, () => unknown, string] => [
      `a loss weight of ${JSON.stringify(weight)}`,
      () =>
        two().compile({
          optimizer: "sgd",
          loss: "meanSquaredError",
          lossWeights: { size: weight as never },
        }),
      `invalid_argument: lossWeights.size must be a finite number of at least 0; received ${show(weight)}`,
    ]),
  ])("refuses %s", async (_, act, message) => {
    expect(await refusal(act)).toBe(message);
  });
});

/** What `tune` refuses before anything runs: each by code and message, and no model is built. */
import { describe, expect, it } from "vitest";
import { encodeTable } from "../../src/data/dataset.js";
import { readTable } from "../../src/data/table.js";
import * as metrics from "../../src/metrics/index.js";
import { earlyStopping } from "../../src/nn/callbacks/earlyStopping.js";
import { dense } from "../../src/nn/layers/index.js";
import * as losses from "../../src/nn/losses/index.js";
import { sequential } from "../../src/nn/models/sequential.js";
import { float } from "../../src/search/space/builders.js";
import { gridSearch } from "../../src/tune/gridSearch.js";
import { tune } from "../../src/tune/tune.js";
import { logistic, quantity, rates, refusal, x, y } from "./support.js";

const table = encodeTable(readTable("a,good\n1,yes\n2,no\n,yes\n4,no\n5,yes\n6,no\n"), {
  target: "good",
  missing: "impute",
});

describe("tune refuses", () => {
  it.each<[string, object, string]>([
    [
      "a metric of the other task",
      { metric: "r2" },
      "invalid_argument: metric must be defined for classification; received r2, which is for regression",
    ],
    [
      "a metric of classes for a quantity",
      { y: quantity, metric: "accuracy" },
      "invalid_argument: metric must be defined for regression; received accuracy, which is for classification",
    ],
    [
      "an unknown metric",
      { metric: "acuracy" },
      'unknown_name: unknown metric "acuracy". Did you mean "accuracy"?',
    ],
    [
      "no metric of several",
      { metric: [] },
      "invalid_argument: metric must be a metric, or a list of at least one metric; received []",
    ],
    [
      "a metric twice",
      { metric: ["accuracy", "f1", "accuracy"] },
      'invalid_argument: metric must be different metrics; received "accuracy" twice',
    ],
    [
      "a metric by two names",
      { metric: ["acc", "accuracy"] },
      'invalid_argument: metric must be different metrics; received "accuracy" twice (as "acc" and "accuracy")',
    ],
    [
      "a loss for a metric",
      { metric: losses.meanAbsoluteError },
      "invalid_argument: metric must be a metric; received losses.meanAbsoluteError, which is a loss; use metrics.meanAbsoluteError",
    ],
    [
      "an unknown option",
      { trails: 3 },
      'unknown_name: unknown option of tune "trails". Did you mean "trials"?',
    ],
    ["an unknown task", { task: "classify" }, 'unknown_name: unknown task "classify".'],
    [
      "one class only",
      { y: y.map(() => 1) },
      "invalid_data: y holds one class only; classification needs at least two",
    ],
    [
      "more folds than rows",
      { validation: { folds: 61 } },
      "invalid_argument: folds must be an integer from 2 to the number of rows, 60; received 61",
    ],
    [
      "more folds than rows of a class",
      { y: y.map((_, i) => Number(i < 4)) },
      'invalid_argument: with 5 folds, each class must have at least 5 rows; received class "1" with 4;',
    ],
    [
      "one fold",
      { validation: { folds: 1 } },
      "invalid_argument: folds must be an integer from 2 to the number of rows, 60; received 1",
    ],
    [
      "an unknown validation",
      { validation: { fold: 3 } },
      'unknown_name: unknown option of validation "fold". Did you mean "folds"?',
    ],
    [
      "two validations",
      { validation: { folds: 3, split: 0.2 } },
      'invalid_argument: validation must be either { folds } or { split }; received {"folds":3,"split":0.2}',
    ],
    [
      "no validation",
      { validation: {} },
      "invalid_argument: validation must be either { folds } or { split }; received {}",
    ],
    [
      "a number of folds alone",
      { validation: 3 },
      "invalid_argument: validation must be { folds }, { split }, a splitter such as timeSeriesSplit(), a function of rows, or folds of row ids; received 3",
    ],
    [
      "a split of nothing",
      { validation: { split: 0 } },
      "invalid_argument: validation.split must be a number above 0 and below 1; received 0",
    ],
    [
      "test rows only",
      { testSize: 1 },
      "invalid_argument: testSize must be a number of at least 0 and below 1, the share of rows to test on; received 1",
    ],
    [
      "a batch larger than a fold",
      { fit: { batchSize: 49 } },
      "invalid_argument: batchSize must be at most 48, the number of rows to train on; received 49",
    ],
    [
      "more epochs than a curve keeps",
      { fit: { epochs: 50_000_000 } },
      "invalid_argument: epochs must be at most 1000000, since curves keep a number for each; received 50000000",
    ],
    ["no epochs", { fit: { epochs: 0 } }, "invalid_argument: epochs must be a positive integer; received 0"],
    [
      "an unknown setting",
      { fit: { epoch: 3 } },
      'unknown_name: unknown option of fit "epoch". Did you mean "epochs"?',
    ],
    [
      "a callback as early stopping",
      { fit: { earlyStopping: earlyStopping() } },
      'unknown_name: unknown option of earlyStopping "bestEpoch".',
    ],
    [
      "early stopping by what is not measured",
      { fit: { earlyStopping: { monitor: "accuracy" } } },
      'invalid_argument: monitor of earlyStopping must be "loss", "valLoss" or a metric such as "valAccuracy"; received "accuracy"',
    ],
    [
      "early stopping by no metric",
      { fit: { earlyStopping: { monitor: "valAcuracy" } } },
      'unknown_name: unknown metric "acuracy". Did you mean "accuracy"?',
    ],
    [
      "a model that is not a function",
      { model: 3 },
      "invalid_argument: model must be a function of parameters; received 3",
    ],
    ["no trials", { trials: 0 }, "invalid_argument: trials must be a positive integer; received 0"],
    [
      "a number of trials as text",
      { trials: "5" },
      'invalid_argument: trials must be a positive integer; received "5"',
    ],
    [
      "half a trial of lag",
      { lag: 0.5 },
      "invalid_argument: lag must be an integer of at least 0; received 0.5",
    ],
    [
      "a listener that is not a function",
      { onEvent: 5 },
      "invalid_argument: onEvent must be a function; received 5",
    ],
    [
      "a signal that is not an object",
      { signal: 5 },
      "invalid_argument: signal must be an AbortSignal, or an object with a boolean `aborted`; received 5",
    ],
    [
      "a constraint that is not a function",
      { constraint: 5 },
      "invalid_argument: constraint must be a function; received 5",
    ],
    [
      "constraints that are not a function",
      { constraints: [0] },
      "invalid_argument: constraints must be a function of scores and parameters; received [0]",
    ],
    [
      "a test share as text",
      { testSize: "0.2" },
      'invalid_argument: testSize must be a number of at least 0 and below 1, the share of rows to test on; received "0.2"',
    ],
    [
      "a pipeline as text",
      { pipeline: "none" },
      'invalid_argument: the options of pipeline must be an object; received "none"',
    ],
    [
      "no threads",
      { jobs: 0 },
      "invalid_argument: jobs must be a positive integer, or -1 for all processors; received 0",
    ],
    ["a negative seed", { seed: -1 }, "invalid_argument: seed must be an integer of at least 0; received -1"],
    [
      "a strategy's name in place of it",
      { strategy: "random" },
      'invalid_argument: strategy must be a strategy, such as tpe() or createStrategy("tpe"); received "random"',
    ],
    ["an invalid space", { space: { a: 3 } }, "invalid_space: "],
    [
      "inputs without targets",
      { y: undefined },
      "invalid_argument: a model needs x and y, or data from encodeTable",
    ],
    [
      "data that was not encoded",
      { x: undefined, y: undefined, data: { x: [[1]], y: [1] } },
      "invalid_argument: data must be the result of encodeTable (pass arrays as x and y); received {",
    ],
    ["both kinds of data", { data: table }, "invalid_argument: pass either data, or x and y; received both"],
    [
      "a task that the data was not encoded for",
      { x: undefined, y: undefined, data: table, task: "regression" },
      "invalid_argument: the data is encoded for classification, received the task regression",
    ],
    [
      "a pipeline for a column that does not exist",
      { pipeline: { columns: { x9: { scale: "none" } } } },
      'unknown_name: unknown column "x9". Did you mean "x0"?',
    ],
    [
      "other rows of targets",
      { y: y.slice(1) },
      "invalid_shape: x has 60 rows and y 59; they must have as many",
    ],
    [
      "a typed array without its shape",
      { x: new Float32Array(180) },
      "invalid_shape: x has 180 rows and y 60; they must have as many; give x as { data, shape }",
    ],
    [
      "NaN",
      { x: x.map((row, i) => (i === 7 ? [Number.NaN, 0, 0] : row)) },
      "invalid_data: x must hold finite numbers; received NaN at x[7][0]",
    ],
  ])("%s", async (_, change, message) => {
    let built = 0;
    const model = (params: { learningRate: number }) => {
      built++;
      return logistic(params);
    };
    const options = { x, y, space: rates(0.1), model, trials: 1, jobs: 1, fit: { epochs: 1 }, ...change };
    expect((await refusal(() => tune(options as never))).slice(0, message.length)).toBe(message);
    expect(built).toBe(0);
  });

  it("no options at all", async () => {
    expect(await refusal(() => tune(undefined as never))).toBe(
      "invalid_argument: the options of tune must be an object; received undefined",
    );
  });

  it("neither a model nor an objective, and both", async () => {
    const needs =
      "invalid_argument: tune needs either model and data (x and y, or data), or objective and direction; ";
    const space = rates(0.1);
    expect(await refusal(() => tune({ space, direction: "minimize" } as never))).toBe(
      `${needs}received neither model nor objective`,
    );
    const objective = () => 1;
    expect(await refusal(() => tune({ x, y, space, model: logistic, objective } as never))).toBe(
      `${needs}received both model and objective`,
    );
  });

  it("metrics of a model whose options no metric has", async () => {
    const model = () => {
      const built = sequential([dense(1, { activation: "sigmoid" })]);
      built.compile({ optimizer: "sgd", loss: "binaryCrossentropy", metrics: ["f1Marco" as never] });
      return built;
    };
    expect(await refusal(() => tune({ x, y, space: rates(0.1), model, jobs: 1 }))).toMatch(
      /^unknown_name: unknown metric "f1Marco". Did you mean "f1Macro"\?/,
    );
  });

  it("impossible spaces where they are written", async () => {
    expect(await refusal(() => float(2, 1))).toMatch(/^invalid_space: /);
    expect(await refusal(() => float(0, 1, { log: true }))).toMatch(/^invalid_space: /);
  });

  it("prediction of what the model was not made for", async () => {
    const { final } = await tune({
      x,
      y,
      space: rates(0.1),
      model: logistic,
      trials: 1,
      jobs: 1,
      fit: { epochs: 1 },
    });
    expect(await refusal(() => final.predict([[1, 2]]))).toBe(
      "invalid_shape: x must have 3 columns; received shape [1,2]",
    );
  });
});

describe("tune is typed", () => {
  it("by metrics and losses, so that a misspelling does not compile", async () => {
    const options = { x, y, model: logistic, space: rates(0.1), jobs: 1 };
    for (const wrong of [
      // @ts-expect-error a misspelt metric
      () => tune({ ...options, metric: "acuracy" }),
      // @ts-expect-error a misspelt metric among several
      () => tune({ ...options, metric: ["f1", "logloss"] }),
      // @ts-expect-error a loss
      () => tune({ ...options, metric: losses.meanSquaredError }),
      // @ts-expect-error a misspelt metric that early stopping monitors
      () => tune({ ...options, fit: { earlyStopping: { monitor: "valAcuracy" } } }),
      // @ts-expect-error a misspelt metric of a search with cross-validation
      () => gridSearch({ ...options, scoring: "acuracy" }),
      // @ts-expect-error a misspelt metric that decides
      () => gridSearch({ ...options, scoring: ["f1"], refit: "f2" }),
    ]) {
      await expect(wrong()).rejects.toThrow();
    }
    const { best, metric } = await tune({ ...options, metric: metrics.f1, trials: 1 });
    expect([typeof best.value, metric]).toEqual(["number", "f1"]);
  });
});

/**
 * Learning problems: a model of layers on a data set with one fixed split. `learningProblem` makes one from
 * any layers and data; the standard ones use the five tables of `examples/data`.
 */
import { type Dataset, encodeTable } from "../../data/dataset.js";
import { featureNames, featuresOf, fitPipeline } from "../../data/pipeline/pipeline.js";
import { transformed } from "../../data/pipeline/target.js";
import { trainValidationTestSplit } from "../../data/split/parts.js";
import { readTable } from "../../data/table.js";
import { check, must, mustBeRecord, show } from "../../errors.js";
import { constant, div, equal, greater, max, mean, mul, square, sub, sum } from "../../graph/functions.js";
import type { Value } from "../../graph/graph.js";
import { dense, type Layer } from "../../nn/layers/index.js";
import type { Loss } from "../../nn/losses/given.js";
import { chain, networkOf } from "../../nn/network/network.js";
import { initialValues, lossOf } from "../../nn/programs/architecture.js";
import { defineProblem, type Examples, type Problem, type ProblemData } from "../problem.js";

/** A model to train on a data set. */
export interface LearningProblemOptions {
  /** Letters, digits and hyphens. */
  readonly name: string;
  /** The title of pictures. Default: the name. */
  readonly title?: string;
  readonly data: Dataset;
  /** The last has as many units as the data has outputs; for `autoencode`, as inputs. */
  readonly layers: readonly Layer[];
  /** `autoencode` learns the inputs instead of the target. Default `predict`. */
  readonly task?: "predict" | "autoencode";
  /** Steps of a run. */
  readonly steps: number;
  /** Rows of a batch. Default 32. */
  readonly batchSize?: number;
  /** A test loss that a good run reaches. */
  readonly target: number;
}

const FLOOR = 0.01;
/** Shares of all rows that are held out for tuning and for reported scores. */
const HELD = { validationSize: 0.2, testSize: 0.2 };

/**
 * A learning problem. The rows are divided 60 : 20 : 20, stratified by class, always in the same way; inputs
 * and regression targets are standardised by the training part. The loss is the cross-entropy of a sigmoid
 * (one output) or softmax as the last activation, for regression the mean squared error. The score is that
 * loss without dropout on the rows held out, and the metric is accuracy or R². Cross-entropies below 0.01, at
 * which the model gives the true class 99 %, count as 0.01.
 *
 * @throws FettleError `invalid_argument`, `invalid_shape`, `invalid_data` for layers, numbers and data that
 * do not fit
 * @example
 * ```ts
 * const x = Array.from({ length: 60 }, (_, i) => [i / 60]);
 * const csv = `a,b\n${x.map(([a]) => `${a},${3 * a + 0.001}`).join("\n")}\n`;
 * const line = learningProblem({
 *   name: "line",
 *   data: encodeTable(readTable(csv), { target: "b", task: "regression" }),
 *   layers: [dense(1)],
 *   steps: 100,
 *   target: 0.01,
 * });
 * line.data?.train.rows; // 36
 * ```
 */
export function learningProblem(options: LearningProblemOptions): Problem {
  mustBeRecord("the options of learningProblem", options);
  const { data, layers, task = "predict", ...rest } = options;
  mustBeRecord("data", data, "a data set, as encodeTable returns");
  must(Array.isArray(data.inputs), "data", "a data set, as encodeTable returns", data);
  const columns = featureNames(data, {}).length;
  const outputs = task === "autoencode" ? columns : data.outputs;
  const network = networkOf(chain(layers), columns);
  check(
    network.fixed.length === 0,
    () =>
      `the layers of problem ${show(options.name)} must have parameters that are trained alone; received ${show(network.fixed.map(({ path }) => path))}`,
    "unsupported",
  );
  check(
    network.units === outputs,
    () =>
      `the last layer of problem ${show(options.name)} must have ${outputs} units; received ${network.units}`,
    "invalid_shape",
  );
  const classes = task === "predict" && data.task === "classification";
  const loss: Loss = !classes
    ? "meanSquaredError"
    : outputs === 1
      ? "binaryCrossentropy"
      : "categoricalCrossentropy";
  /** Loss and prediction of a batch. */
  const judge = (context: Parameters<Problem["loss"]>[0], training: boolean) => {
    const { graph, parameters, streams } = context;
    const numbers = network.layers.flatMap(({ layer, name }) =>
      Object.entries(layer.hyperparameters).map(([key, value]) => [`${name}.${key}`, constant(graph, value)]),
    );
    return lossOf({ network, loss }, streams, parameters, Object.fromEntries(numbers), training);
  };
  return defineProblem({
    ...rest,
    data: divide(data, task === "autoencode"),
    start: (graph) => initialValues(network, graph),
    loss: (context) => judge(context, true).total,
    score: (context) => judge(context, false).total,
    ...(classes ? { floor: FLOOR } : {}),
    metric: {
      name: classes ? "accuracy" : "r2",
      value: (context) => {
        const { prediction } = judge(context, false);
        return classes ? accuracy(context.streams.y, prediction) : r2(context.streams.y, prediction);
      },
    },
  });
}

/** The share of rows whose class is the most probable; the true one wins ties. */
function accuracy(yTrue: Value, yPred: Value): Value {
  if (yPred.shape[1] === 1) return mean(equal(greater(yPred, 0.5), yTrue));
  return mean(equal(sum(mul(yTrue, yPred), -1), max(yPred, -1)));
}

/** 1 − Σ(p − y)² / Σ(y − ȳ)², over all columns. */
function r2(yTrue: Value, yPred: Value): Value {
  const spread = sum(square(sub(yTrue, mean(yTrue, 0))));
  return sub(1, div(sum(square(sub(yPred, yTrue))), spread));
}

function divide(data: Dataset, reproduce: boolean): ProblemData {
  const stratify = data.task === "classification" ? { stratify: data.labels, classes: data.classes } : {};
  const { train, validation, test } = trainValidationTestSplit(data.rows, { ...HELD, ...stratify, seed: 0 });
  const { pipeline, x, y } = fitPipeline(data, { rows: train });
  const examples = (rows: number, x: Float32Array, y: Float32Array): Examples => ({
    rows,
    x,
    y: reproduce ? x : y,
  });
  const held = (rows: Int32Array): Examples =>
    examples(rows.length, featuresOf(pipeline, data, rows), transformed(pipeline.target, data, rows));
  return { train: examples(train.length, x, y), validation: held(validation), test: held(test) };
}

/** The CSV texts of the five tables, by name. */
export type Tables = Readonly<Record<string, string>>;

/** The five tables, the column to predict in each, and the steps of a run. */
export const TABLES = [
  { name: "breast-cancer", title: "Breast cancer", target: "diagnosis", steps: 1000, batchSize: 32 },
  { name: "iris", title: "Iris", target: "species", steps: 500, batchSize: 16 },
  { name: "wine", title: "Wine", target: "cultivar", steps: 500, batchSize: 16 },
  { name: "digits", title: "Digits", target: "digit", steps: 1000, batchSize: 32 },
  { name: "diabetes", title: "Diabetes", target: "progression", steps: 1000, batchSize: 32 },
] as const;

/** Test losses that good runs reach; see `docs/benchmark.md` for how they were chosen. */
const TARGETS: Readonly<Record<string, number>> = {
  "linear-breast-cancer": 0.09,
  "linear-iris": 0.1,
  "linear-wine": 0.06,
  "linear-digits": 0.19,
  "linear-diabetes": 0.55,
  "dense-breast-cancer": 0.065,
  "dense-iris": 0.05,
  "dense-wine": 0.05,
  "dense-digits": 0.14,
  "dense-diabetes": 0.57,
};

/**
 * On each table a linear model (for classes, logistic regression) and a dense network of one hidden layer; on
 * digits also a deep narrow network and an autoencoder.
 *
 * @throws FettleError `invalid_argument`, `invalid_data`, `unknown_name` for texts of other tables
 */
export function learningProblems(tables: Tables): Problem[] {
  mustBeRecord("tables", tables, "an object with the text of each table");
  const read = TABLES.map((table) => {
    const text = tables[table.name];
    must(typeof text === "string", `tables["${table.name}"]`, "the text of a CSV file", text);
    return { ...table, data: encodeTable(readTable(text), { target: table.target }) };
  });
  const last = ({ task, outputs }: Dataset): Layer =>
    dense(outputs, {
      activation: task === "regression" ? "linear" : outputs === 1 ? "sigmoid" : "softmax",
    });
  const onTable = (kind: string, words: string, hidden: readonly Layer[]) =>
    read.map(({ name, title, data, steps, batchSize }) =>
      learningProblem({
        name: `${kind}-${name}`,
        title: `${title}, ${words}`,
        data,
        steps,
        batchSize,
        layers: [...hidden, last(data)],
        target: TARGETS[`${kind}-${name}`],
      }),
    );
  const digits = read.find(({ name }) => name === "digits") as (typeof read)[number];
  const onDigits = { data: digits.data, batchSize: 32, steps: 1000 };
  const layer = (units: number, activation: "relu" | "tanh") => dense(units, { activation });
  return [
    ...onTable("linear", "linear", []),
    ...onTable("dense", "32 relu", [dense(32, { activation: "relu", kernelInitializer: "heUniform" })]),
    learningProblem({
      name: "deep-digits",
      title: "Digits, 10 layers of 16 tanh",
      ...onDigits,
      target: 0.36,
      layers: [...Array.from({ length: 10 }, () => layer(16, "tanh")), last(digits.data)],
    }),
    learningProblem({
      name: "autoencoder-digits",
      title: "Digits, autoencoder 64–32–8–32–64",
      ...onDigits,
      target: 0.29,
      task: "autoencode",
      layers: [
        layer(32, "relu"),
        layer(8, "tanh"),
        layer(32, "relu"),
        dense(featureNames(digits.data, {}).length),
      ],
    }),
  ];
}

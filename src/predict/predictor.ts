/** A saved model that predicts: from raw rows to predictions, classes and probabilities. It cannot train. */
import type { NdArray } from "ndarray";
import type { Input, Task } from "../data/dataset.js";
import { Applier } from "../data/pipeline/applier.js";
import { isUnchanged, meansOf, restored, unitsOf } from "../data/pipeline/target.js";
import { positiveOf } from "../data/positive.js";
import { checkUnknownRule, type Parsers, type UnknownRule } from "../data/read.js";
import type { Schema } from "../data/schema.js";
import { BY_ITSELF, BY_MODEL, check, must, mustBeRecord, mustEndWith } from "../errors.js";
import { type Floats, view } from "../ndarray.js";
import { loadKernels, loadPredictorKernels } from "../numerics/kernels.js";
import {
  type Answer,
  answersOf,
  classesOf,
  type Distribution,
  distributionOf,
  tableOfNumbers,
} from "./answers.js";
import { type Intervals, intervalsOf, setsOf } from "./conformal.js";
import { type NetworkDescription, readContents, type TableDescription } from "./description.js";
import { Forward, type Results } from "./forward.js";
import { plainStacks } from "./layers.js";
import { namedRow, RowReader, type Rows } from "./rows.js";
import type { Tensors } from "./safetensors.js";

/** How a predictor reads rows, and the memory that a file may request. */
export interface PredictorOptions {
  /**
   * How a word that the model was not trained on is treated.
   * @defaultValue the rule in the file, or `"refuse"`
   */
  readonly unknown?: UnknownRule;
  /** The most bytes of WebAssembly memory. @defaultValue 64 MiB plus twice the arrays of the file */
  readonly memoryLimit?: number;
}

/**
 * A model that predicts, from the bytes of a model file.
 *
 * @throws FettleError `invalid_checkpoint` for bytes that are not a model file, or are damaged; `unsupported`
 * for a model with custom layers or activations, which `loadModel` accepts; `memory_limit` for a network that
 * needs more memory; `limit_exceeded` for one of more than 10,000 operations; `not_found` in a page if the
 * kernels are not at their place in the package
 * @example
 * ```ts
 * const model = sequential([dense(1)]);
 * model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
 * await model.fit([[0], [1]], [1, 3]);
 * const predictor = await loadPredictor(saveModel(model));
 * predictor.predict([[0.5]]).shape; // [1, 1]
 * ```
 */
export async function loadPredictor(bytes: Uint8Array, options: PredictorOptions = {}): Promise<Predictor> {
  // without checkOptions, whose suggestions would be a twentieth of this bundle
  mustBeRecord("the options of loadPredictor", options);
  const { unknown: given, memoryLimit, ...others } = options;
  must(Object.keys(others).length === 0, "the options of loadPredictor", "{ unknown, memoryLimit }", options);
  if (given !== undefined) checkUnknownRule(given);
  must(
    memoryLimit === undefined || (Number.isSafeInteger(memoryLimit) && memoryLimit > 0),
    "memoryLimit",
    "a positive integer, a number of bytes",
    memoryLimit,
  );
  const { network, tensors, table: described } = readContents(bytes);
  const forward = await resultsOf(network, tensors, memoryLimit);
  const table = described ?? tableOfNumbers(forward.columns, forward.units);
  const unknown = given ?? table.unknown ?? "refuse";
  const units = unitsOf(table.pipeline.target);
  check(
    units === forward.units,
    `the network must have ${units} outputs; received ${forward.units}`,
    "invalid_checkpoint",
  );
  const reader = new RowReader(table.inputs, table.schema, unknown, await parsersOf(table.schema));
  const padded = table.pipeline.padding && (await import("../data/pipeline/steps.js"));
  const applier = new Applier(table.pipeline, forward.rows, padded?.writeStep);
  return new Predictor(flowOf(table, forward, reader, applier), table, unknown);
}

/**
 * Loads only what it needs: the kernels of predictors for stacks of dense layers, a compiler and all kernels
 * for any other network.
 */
async function resultsOf(
  network: NetworkDescription,
  tensors: Tensors,
  memoryLimit: number | undefined,
): Promise<Results> {
  const stacks = plainStacks(network);
  if (stacks) {
    await loadPredictorKernels();
    return new Forward(stacks, network.columns, tensors, memoryLimit);
  }
  const [{ CompiledResults }] = await Promise.all([import("./compiled.js"), loadKernels()]);
  return new CompiledResults(network, tensors, memoryLimit);
}

/** The parsers that the columns need, beyond plain numbers and words. */
async function parsersOf({ columns }: Schema): Promise<Parsers> {
  const dates = columns.some(({ kind }) => kind === "date") && (await import("../data/dates.js"));
  const numbers = columns.some(({ format }) => format) && (await import("../data/numbers.js"));
  return {
    ...(dates && { parseDate: dates.parseDate }),
    ...(numbers && { parseNumber: numbers.parseNumber }),
  };
}

/** Predictions of the rows, `[rows, units]`, in the units of the target. */
interface Predictions {
  readonly rows: number;
  readonly data: Floats;
}

type Flow = (rows: Rows) => Predictions;

/** A model that predicts, and cannot be trained. Made by `loadPredictor`. */
export class Predictor {
  /** @internal */
  constructor(
    private readonly flow: Flow,
    /** @internal */
    readonly table: TableDescription,
    /** How a word that the model was not trained on is treated. */
    readonly unknown: UnknownRule,
  ) {}

  /** The formats of cells. */
  get schema(): Schema {
    return this.table.schema;
  }

  /** The inputs of a row; for a network without a table, the numbers `x0`, `x1` and so on. */
  get inputs(): readonly Input[] {
    return this.table.inputs;
  }

  /** The names of the targets; for a network without a table, `y0`, `y1` and so on. */
  get targets(): readonly string[] {
    const { targets, target } = this.table;
    return targets ?? [target];
  }

  /** Whether classes or quantities are predicted. */
  get task(): Task {
    return this.table.task;
  }

  /** The names of the classes; empty for quantities. */
  get classes(): readonly string[] {
    return this.table.classes;
  }

  /** The positive class of two, the second; undefined otherwise. */
  get positive(): string | undefined {
    return positiveOf(this.table);
  }

  /** The probability above which the positive class is predicted. */
  get threshold(): number {
    return this.table.threshold;
  }

  /**
   * Predictions in the units of the target, `[rows, outputs]`: quantities, or means of distributions;
   * for two classes the probability of the positive one; for more the probability of each.
   *
   * @throws RowError `invalid_data` for a cell that does not fit the schema; FettleError `invalid_shape`,
   * `invalid_argument` for anything but {@link Rows}
   */
  predict(rows: Rows): NdArray<Floats>;
  predict(rows: Rows, ...surplus: unknown[]): NdArray<Floats> {
    mustEndWith("predict", `rows alone: ${BY_ITSELF}`, surplus);
    const { data, rows: count } = this.means(rows);
    const { outputs } = this.table;
    return view(data, [count, outputs], [outputs, 1], 0);
  }

  /**
   * The normal distribution of each target, by a model that was tuned with `gaussianNll` or `gaussianCrps`.
   *
   * @throws FettleError as `predict`; `invalid_state` for a model that predicts no distributions
   */
  predictDistribution(rows: Rows): Distribution;
  predictDistribution(rows: Rows, ...surplus: unknown[]): Distribution {
    mustEndWith("predictDistribution", `rows alone: ${BY_ITSELF}`, surplus);
    const { data, rows: count } = this.flow(rows);
    return distributionOf(data, count, this.table);
  }

  /**
   * The names of the predicted classes: for two, by the threshold; for more, the most probable.
   *
   * @throws FettleError as `predict`; `invalid_state` for a regression model
   */
  classify(rows: Rows): string[];
  classify(rows: Rows, ...surplus: unknown[]): string[] {
    mustEndWith("classify", `rows alone: ${BY_MODEL}`, surplus);
    const { data, rows: count } = this.means(rows);
    return classesOf(data, count, this.table);
  }

  /**
   * The answer for each row, with names, as JSON.
   *
   * @throws FettleError as `predict`
   */
  answers(rows: Rows): Answer[];
  answers(rows: Rows, ...surplus: unknown[]): Answer[] {
    mustEndWith("answers", `rows alone: ${BY_MODEL}`, surplus);
    const { data, rows: count } = this.means(rows);
    return answersOf(data, count, this.table.outputs, this.table);
  }

  /**
   * Intervals that hold each target with the probability `coverage`, for rows of the kind that the model was
   * tuned on. Several targets have each its own.
   *
   * @param coverage - between 0 and 1
   * @throws FettleError as `predict`; `invalid_argument` for a coverage out of range, or for which there were
   * too few rows; `invalid_state` for a model of classes, or without a record of its errors
   */
  predictIntervals(rows: Rows, coverage?: number): Intervals;
  predictIntervals(rows: Rows, coverage = 0.9, ...surplus: unknown[]): Intervals {
    mustEndWith("predictIntervals", `rows and coverage: ${BY_ITSELF}`, surplus);
    const { data, rows: count } = this.means(rows);
    return intervalsOf(data, count, this.table, coverage);
  }

  /**
   * For each row the classes that cannot be excluded: the true one is among them with the probability
   * `coverage`, for rows of the kind that the model was tuned on. The predicted class is always among them.
   *
   * @param coverage - between 0 and 1
   * @throws FettleError as `predictIntervals`; `invalid_state` for a regression model
   */
  predictSets(rows: Rows, coverage?: number): string[][];
  predictSets(rows: Rows, coverage = 0.9, ...surplus: unknown[]): string[][] {
    mustEndWith("predictSets", `rows and coverage: ${BY_MODEL}`, surplus);
    const { data, rows: count } = this.means(rows);
    return setsOf(data, count, this.table, coverage);
  }

  private means(rows: Rows): Predictions {
    const predicted = this.flow(rows);
    return { ...predicted, data: meansOf(this.table.pipeline.target, predicted.data) };
  }
}

/** Raw rows through the pipeline and the network. */
function flowOf(table: TableDescription, forward: Results, reader: RowReader, applier: Applier): Flow {
  return (rows) => {
    const source = reader.source(rows);
    const { units } = forward;
    const data = new Float32Array(source.rows * units);
    for (let from = 0; from < source.rows; from += forward.rows) {
      const count = Math.min(forward.rows, source.rows - from);
      applier.apply(source.block(from, count), count, forward.input);
      try {
        forward.run(count);
      } catch (error) {
        throw namedRow(error, table.pipeline, from);
      }
      data.set(forward.output.subarray(0, count * units), from * units);
    }
    const { target } = table.pipeline;
    return {
      rows: source.rows,
      data: isUnchanged(target) ? data : restored(target, data),
    };
  };
}

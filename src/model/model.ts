/**
 * A trained model: a network with the way from raw rows to its inputs, and from its outputs to an answer.
 * `tune` returns it, and it is saved and loaded.
 */

import type { NdArray } from "ndarray";
import { platform } from "#platform";
import type { TensorLike } from "../arrays.js";
import type { Dataset, EncodedRows } from "../data/dataset.js";
import { fromMatrix } from "../data/matrix.js";
import { type RowOrigin, rowIn } from "../data/origin.js";
import { PARSERS } from "../data/parsers.js";
import { Applier } from "../data/pipeline/applier.js";
import { type Pipeline, restoreTarget } from "../data/pipeline/pipeline.js";
import { writeStep } from "../data/pipeline/steps.js";
import { isUnchanged, meansOf } from "../data/pipeline/target.js";
import { checkPositive, positiveOf } from "../data/positive.js";
import type { UnknownRule } from "../data/read.js";
import type { Schema } from "../data/schema.js";
import { BY_ITSELF, BY_MODEL, checkOptions, FettleError, mustEndWith, type OptionNames } from "../errors.js";
import { sizeOf } from "../graph/shape.js";
import type { MaskedPrediction } from "../metrics/lines.js";
import { reportedMetrics } from "../metrics/registry.js";
import type { Floats } from "../ndarray.js";
import type { LayersModel } from "../nn/models/layersModel.js";
import {
  type Answer,
  answersOf,
  classesOf,
  type Distribution,
  distributionOf,
  tableOfNumbers,
} from "../predict/answers.js";
import { type Intervals, intervalsOf, setsOf } from "../predict/conformal.js";
import { type TableDescription, writeContents } from "../predict/description.js";
import { namedRow, RowError, RowReader, type Rows } from "../predict/rows.js";
import { flag, type OptionRules, readOptions } from "../rules.js";
import { VERSION } from "../version.js";
import { contentsOf } from "./contents.js";
import { scorerOf } from "./scorer.js";

/** The contents of a model file. */
export interface SaveOptions {
  /**
   * Whether to include the state of training, so that it continues with the same bits after loading; two or
   * three times the size.
   * @defaultValue false
   */
  readonly optimizer?: boolean;
}

const SAVE_RULES = { optimizer: [flag, false] } satisfies OptionRules<SaveOptions>;

/** Options of scores. */
export interface EvaluateOptions {
  /** The positive class of two for the scores. @defaultValue the positive class of the model */
  readonly positive?: string;
}

const EVALUATE_OPTIONS: OptionNames<EvaluateOptions> = { positive: true };

/** Facts about a model other than its predictions. */
export interface ModelNotes {
  /** Scores on rows that it was not trained on, by metric. */
  readonly test?: Readonly<Record<string, number>>;
  readonly [name: string]: unknown;
}

/** The error of a row, with the number that the row has where it comes from. */
function whereFrom(origin: RowOrigin | undefined, error: unknown): unknown {
  if (origin === undefined || !(error instanceof RowError)) return error;
  const { row, column, reason, remedy } = error;
  return new RowError(row, column, reason, remedy, rowIn(origin, row));
}

/**
 * A trained network, with or without the way from raw rows to answers. `tune` and `loadModel` return one.
 * `Test` names the scores of `test`, where the compiler knows them.
 */
export class Model<Test extends string = string> {
  /** The trained network. It takes the features that `pipeline` makes from rows. */
  readonly model: LayersModel;
  /** @internal */
  readonly table: TableDescription | undefined;
  /** @internal */
  readonly notes: ModelNotes;
  private reader: RowReader | undefined;

  /**
   * @param given - how words that the model was not trained on are treated, in place of the table's rule
   * @internal
   */
  constructor(
    model: LayersModel,
    table?: TableDescription,
    notes: ModelNotes = {},
    private readonly given?: UnknownRule,
  ) {
    this.model = model;
    this.table = table && given ? { ...table, unknown: given } : table;
    this.notes = notes;
  }

  /**
   * The pipeline fitted to the training rows.
   *
   * @throws FettleError `invalid_state` for a network without a table
   */
  get pipeline(): Pipeline {
    return this.tableOf("pipeline").pipeline;
  }

  /** The formats of cells. @throws FettleError `invalid_state` for a network without a table */
  get schema(): Schema {
    return this.tableOf("schema").schema;
  }

  /** The names of the classes; empty for quantities. */
  get classes(): readonly string[] {
    return this.table?.classes ?? [];
  }

  /**
   * The positive class of two, the second; undefined otherwise. Precision, recall, F1 and the threshold refer
   * to it.
   */
  get positive(): string | undefined {
    return this.table && positiveOf(this.table);
  }

  /**
   * The probability above which the positive class is predicted: ½, unless option `threshold` or `cost` of
   * `tune` chose another.
   */
  get threshold(): number {
    return this.table?.threshold ?? 0.5;
  }

  /** How words that the model was not trained on are treated. */
  get unknown(): UnknownRule {
    return this.given ?? this.table?.unknown ?? "refuse";
  }

  /** Scores on the test rows, by metric; empty without them. One that is not of the task is undefined. */
  get test(): Readonly<Record<Test, number>> {
    return (this.notes.test ?? {}) as Readonly<Record<Test, number>>;
  }

  /**
   * Predictions in the units of the target, [rows, outputs]: quantities, or means of distributions;
   * for two classes the probability of the positive one; for more the probability of each.
   * For a network without a table, the output for an array of inputs, in the shape of its output.
   *
   * @param rows - records, columns, an array as `x`, or what `encodeRows` returns
   * @throws RowError `invalid_data` for a cell that does not fit the schema; FettleError `invalid_shape`,
   * `invalid_argument`,
   * `invalid_data` for anything but {@link Rows}
   */
  predict(rows: Rows): NdArray<Floats>;
  predict(rows: Rows, ...surplus: unknown[]): NdArray<Floats> {
    mustEndWith("predict", `rows alone: ${BY_ITSELF}`, surplus);
    const { model, table } = this;
    if (table === undefined) return model.predict(rows as TensorLike);
    const predicted = this.predictedBy((x) => ({ prediction: model.predict(x).data }), rows, table);
    const means = meansOf(table.pipeline.target, predicted.prediction);
    return fromMatrix(means, predicted.rows, table.outputs);
  }

  /**
   * The normal distribution of each target, in its units, by a model that was tuned with `gaussianNll` or
   * `gaussianCrps`.
   *
   * @throws FettleError as `predict`; `invalid_state` for a model that predicts no distributions, and for a
   * network without a table
   */
  predictDistribution(rows: Rows): Distribution;
  predictDistribution(rows: Rows, ...surplus: unknown[]): Distribution {
    mustEndWith("predictDistribution", `rows alone: ${BY_ITSELF}`, surplus);
    const { model } = this;
    const table = this.tableOf("distribution of a target");
    const predicted = this.predictedBy((x) => ({ prediction: model.predict(x).data }), rows, table);
    return distributionOf(predicted.prediction, predicted.rows, table);
  }

  /**
   * Predictions as those of `predict`, with the mask of their steps, for scores; of distributions, means and
   * variances side by side.
   *
   * @internal
   */
  predictMasked(rows: Rows): MaskedPrediction {
    const { model, table } = this;
    if (table === undefined) return model.predictMasked(rows as TensorLike);
    return this.predictedBy((x) => model.predictMasked(x), rows, table);
  }

  /** What the network predicts for raw rows, in the units of the target. */
  private predictedBy<Predicted extends Pick<MaskedPrediction, "prediction">>(
    network: (features: TensorLike) => Predicted,
    given: Rows,
    { inputs, pipeline, schema }: TableDescription,
  ): Predicted & { readonly rows: number } {
    this.reader ??= new RowReader(inputs, schema, this.unknown, PARSERS);
    const source = this.reader.source(given);
    const { rows } = source;
    const applier = new Applier(pipeline, rows, writeStep);
    const features = new Float32Array(rows * applier.width);
    let predicted: Predicted;
    try {
      applier.apply(source.block(0, rows), rows, features);
      predicted = network({ data: features, shape: [rows, applier.width] });
    } catch (error) {
      throw whereFrom((given as Partial<Pick<Dataset, "origin">>).origin, namedRow(error, pipeline));
    }
    const { prediction } = predicted;
    return {
      ...predicted,
      rows,
      prediction: isUnchanged(pipeline.target) ? prediction : restoreTarget(pipeline, prediction),
    };
  }

  /**
   * The names of the predicted classes: for two, by `threshold`; for more, the most probable.
   *
   * @throws FettleError as `predict`; `invalid_state` for a regression model
   */
  classify(rows: Rows): string[];
  classify(rows: Rows, ...surplus: unknown[]): string[] {
    mustEndWith("classify", `rows alone: ${BY_MODEL}`, surplus);
    const { data, shape } = this.predict(rows);
    return classesOf(data, shape[0], this.tableFor(data.length / shape[0]));
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
    const { data, shape } = this.predict(rows);
    return intervalsOf(data, shape[0], this.tableOf("interval of a target"), coverage);
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
    const { data, shape } = this.predict(rows);
    return setsOf(data, shape[0], this.tableOf("set of classes"), coverage);
  }

  /**
   * The answer for each row, with names, as JSON.
   *
   * @throws FettleError as `predict`
   */
  answers(rows: Rows): Answer[];
  answers(rows: Rows, ...surplus: unknown[]): Answer[] {
    mustEndWith("answers", `rows alone: ${BY_MODEL}`, surplus);
    const { data, shape } = this.predict(rows);
    const outputs = data.length / shape[0];
    return answersOf(data, shape[0], outputs, this.tableFor(outputs));
  }

  /**
   * Scores on rows whose targets are known, by the most common metrics of the task; `threshold` decides
   * classes. Steps that the network leaves out, such as padding, do not count; rows of a data set with
   * `sampleWeight` count by it. For other metrics, score the result of `predict`.
   *
   * @param rows - what `encodeRows` returns for a table that has the target
   * @throws FettleError as `predict`; `invalid_argument` for rows without a target, and for a `positive` that
   * is not one of two classes; `invalid_state` for a network without a table
   */
  evaluate(rows: EncodedRows, options?: EvaluateOptions): Record<string, number>;
  evaluate(rows: EncodedRows, options: EvaluateOptions = {}, ...surplus: unknown[]): Record<string, number> {
    mustEndWith("evaluate", "rows, which have the targets, and options", surplus);
    checkOptions(options, "evaluate", EVALUATE_OPTIONS);
    const { positive = this.positive } = options;
    const table = this.tableOf("target");
    if (positive !== undefined) checkPositive(positive, table);
    const score = scorerOf(this, table, rows, positive !== this.positive);
    return Object.fromEntries(reportedMetrics(table.task).map((metric) => [metric.name, score(metric)]));
  }

  /**
   * Writes a model file, completely or not at all.
   *
   * @throws FettleError `not_found` if it cannot be written; `unsupported` on hosts without files, and for a
   * custom function without a name
   */
  save(path: string, options?: SaveOptions): Promise<void>;
  async save(path: string, options: SaveOptions = {}, ...surplus: unknown[]): Promise<void> {
    mustEndWith("save", "a path and options", surplus);
    if (!platform.files)
      throw new FettleError(
        "unsupported",
        `${platform.name} has no files; keep the bytes that saveModel returns`,
      );
    await platform.files.write(path, this.bytes(options));
  }

  /**
   * The bytes of a model file, see `saveModel`.
   *
   * @internal
   */
  bytes(options: SaveOptions = {}): Uint8Array<ArrayBuffer> {
    const { optimizer } = readOptions(options, "saveModel", SAVE_RULES);
    const { table, notes } = this;
    const { notes: training, ...network } = contentsOf(this.model, optimizer);
    return writeContents({ ...network, ...(table && { table }), notes: { ...notes, ...training } }, VERSION);
  }

  private tableFor(outputs: number): TableDescription {
    return this.table ?? tableOfNumbers(sizeOf(this.model.trained().row), outputs);
  }

  private tableOf(what: string): TableDescription {
    if (this.table) return this.table;
    throw new FettleError("invalid_state", `a network without a table has no ${what}`);
  }
}

/**
 * The description in a model file: the network as named layers, the way from a row of a table to its inputs,
 * and from its outputs to an answer. Plain data, which the reader does not trust. `training` describes how to
 * continue training; a predictor ignores it.
 */
import type { Input, Task } from "../data/dataset.js";
import { DATE_ORDERS } from "../data/days.js";
import type { PipelineColumn } from "../data/pipeline/column.js";
import type { Pipeline } from "../data/pipeline/pipeline.js";
import type { UnknownRule } from "../data/read.js";
import { isFormat, isInputKind, isWords, KINDS, type Schema } from "../data/schema.js";
import { check, type ErrorCode, isRecord, show } from "../errors.js";
import { isShallow } from "../json.js";
import { parsed, readSafetensors, refuseUnless, type Tensors, writeSafetensors } from "./safetensors.js";

/** The version of this description. New kinds of layers need no new version. */
export const MODEL_FORMAT = 1;

/**
 * A piece of a model, such as an optimizer, as arguments of its factory: Keras' class name and configuration.
 */
export interface PieceDescription {
  readonly name: string;
  readonly options: Readonly<Record<string, unknown>>;
  /** Whether it is custom: the user provides it again when the model is loaded. */
  readonly custom?: true;
}

/** A layer: a node of the network. */
export interface LayerDescription extends PieceDescription {
  /** Its own name, such as `dense_1`; `name` is its kind. */
  readonly id: string;
  /** The layers whose results it takes; `input` is the network's input. */
  readonly inputs: readonly string[];
  /** The names of its arrays in the file, by parameter. */
  readonly weights: Readonly<Record<string, string>>;
  /** Whether the user gave it its name. */
  readonly named?: true;
  /** False for a frozen layer. */
  readonly trainable?: false;
  /** The id of the layer whose arrays it shares, if it is the same layer, applied again. */
  readonly shares?: string;
}

/**
 * A network. A stack of layers over columns has neither `inputs` nor `outputs`: its result is that of its
 * last layer.
 */
export interface NetworkDescription {
  /** The size of a row. */
  readonly columns: number;
  readonly layers: readonly LayerDescription[];
  /**
   * The inputs, side by side in the columns, with the shape of a row of each. Layers refer to them as
   * `input.` and the name.
   */
  readonly inputs?: readonly { readonly name: string; readonly shape: readonly number[] }[];
  /** The outputs, by the ids of layers or inputs. */
  readonly outputs?: readonly { readonly name: string; readonly value: string }[];
}

/** From a row of a table to the network, and from there to an answer. */
export interface TableDescription {
  /** The formats of the cells of inputs and targets. */
  readonly schema: Schema;
  /** In the order of the columns of the pipeline. */
  readonly inputs: readonly Input[];
  readonly pipeline: Pipeline;
  readonly task: Task;
  readonly target: string;
  readonly targets?: readonly string[];
  readonly outputs: number;
  /** In the order of outputs; empty for quantities. */
  readonly classes: readonly string[];
  /** The probability above which the second of two classes is predicted. */
  readonly threshold: number;
  /** How a word that the model was not trained on is treated. @defaultValue `"refuse"` */
  readonly unknown?: UnknownRule;
  /** What the model knows of its errors, if it was tuned so. */
  readonly conformal?: Conformal;
}

/** How far predictions were from the truth, by their size. */
export interface Misses {
  /** Predictions up to each number, then all larger ones, ascending. */
  readonly edges: readonly number[];
  /** For each, distances from the truth at equal steps of probability, ascending. */
  readonly distances: readonly (readonly number[])[];
}

/** What a model knows of its errors: of each target, or one entry for classes. */
export interface Conformal {
  /** How many rows it is from. */
  readonly rows: number;
  readonly misses: readonly Misses[];
}

/** The most layers of a network in a file, so that a small file does not take minutes to compile. */
export const MOST_LAYERS = 1000;

/** The contents of a model file. */
export interface ModelContents {
  readonly network: NetworkDescription;
  readonly tensors: Tensors;
  /** Undefined for a network without a table. */
  readonly table?: TableDescription;
  /** Further facts about the model, each as JSON: how to continue training, its scores, its origin. */
  readonly notes: Readonly<Record<string, unknown>>;
}

/**
 * The bytes of a model file.
 *
 * @throws FettleError `unsupported` for a network of more than 1,000 layers; `limit_exceeded` for a
 * description of more than 64 MiB
 */
export function writeContents(
  { network, tensors, table, notes }: ModelContents,
  release: string,
): Uint8Array<ArrayBuffer> {
  checkLayers(network, "unsupported");
  const fettle = { format: MODEL_FORMAT, release, network, ...(table && { table: packed(table) }), ...notes };
  return writeSafetensors(tensors, { fettle: JSON.stringify(fettle) });
}

/**
 * Reads a model file. It runs nothing in it, and allocates no more than the size of the file.
 *
 * @throws FettleError `invalid_checkpoint` for bytes that are not a model file, are damaged, or have a newer
 * format
 */
export function readContents(bytes: Uint8Array): ModelContents {
  const { tensors, metadata } = readSafetensors(bytes);
  const described = parsed(metadata.fettle);
  refuseUnless(isRecord(described) && isShallow(described), "it describes no model");
  const { format, release, network, table, ...notes } = described as Record<string, unknown>;
  check(
    format === MODEL_FORMAT,
    () =>
      `the model file has format ${show(format)}, of Fettle ${show(release)}; this release reads format ${MODEL_FORMAT}; ` +
      "update Fettle, or save the model again",
    "invalid_checkpoint",
  );
  refuseUnless(isNetwork(network), "the description of its network is invalid");
  checkLayers(network as NetworkDescription, "invalid_checkpoint");
  const { columns, layers, inputs: ends, outputs } = network as NetworkDescription;
  const known = new Set(ends ? ends.map(({ name }) => `input.${name}`) : ["input"]);
  for (const { id, inputs, weights, shares = id } of layers) {
    refuseUnless(
      !known.has(id) &&
        inputs.every((input) => known.has(input)) &&
        (shares === id || known.has(shares)) &&
        Object.values(weights).every(isTensor),
      `layer "${id}" must follow the layers that it takes, and its arrays must be in the file`,
    );
    known.add(id);
  }
  refuseUnless(
    !ends === !outputs && (outputs ?? []).every(({ value }) => known.has(value)),
    "its outputs must be layers of it",
  );
  const read = { network: { columns, layers, ...(ends && { inputs: ends, outputs }) }, tensors, notes };
  if (table === undefined) return read;
  refuseUnless(isTable(table), "the description of its table is invalid");
  return { ...read, table: unpacked(table as PackedTable, columns) };

  function isTensor(name: string): boolean {
    return Object.hasOwn(tensors, name);
  }
}

/** A table in the form of the file: words of categories are only in the schema. */
type PackedTable = Omit<TableDescription, "inputs" | "pipeline"> & {
  readonly inputs: readonly { readonly name: string; readonly gaps: boolean; readonly times?: boolean }[];
  readonly pipeline: Omit<Pipeline, "columns"> & {
    readonly columns: readonly Omit<PipelineColumn, "name" | "kind" | "categories">[];
  };
};

function packed(table: TableDescription): PackedTable {
  const { inputs, pipeline } = table;
  return {
    ...table,
    inputs: inputs.map(({ name, gaps, times }) => ({ name, gaps, ...(times && { times }) })),
    pipeline: {
      ...pipeline,
      columns: pipeline.columns.map(({ fill, groups, features }) => ({
        fill,
        ...(groups && { groups }),
        features,
      })),
    },
  };
}

function unpacked(table: PackedTable, width: number): TableDescription {
  const { schema } = table;
  const named = new Map(schema.columns.map((column) => [column.name, column]));
  const inputs = table.inputs.map((input): Input => {
    const column = named.get(input.name);
    refuseUnless(column && isInputKind(column.kind), `its schema must have the input "${input.name}"`);
    const { kind, categories } = column as Input;
    return { ...input, kind, categories };
  });
  const { features, target } = table.pipeline;
  const columns = table.pipeline.columns.map((column, j): PipelineColumn => {
    const { name, kind, categories } = inputs[j] ?? {};
    return { ...column, name, kind, categories };
  });
  const { task, targets, classes, outputs } = table;
  let end = 0;
  for (const { first, steps, features } of table.pipeline.padding ?? []) {
    const isAfter = first >= end;
    end = first + steps * features;
    refuseUnless(
      isAfter && end <= columns.length && columns.slice(first, end).every(isOneNumber),
      "its padded steps must be columns of one number each",
    );
  }
  refuseUnless(
    columns.length === inputs.length &&
      features.length === width &&
      columns.reduce((sum, column) => sum + column.features.length, 0) === width &&
      target.outputs.length === outputs &&
      (!target.moments || (task === "regression" && !target.log && target.moments.least > 0)) &&
      (task === "regression"
        ? classes.length === 0 && (targets === undefined || targets.length === outputs)
        : classes.length > 1 && (outputs === classes.length || (outputs === 1 && classes.length === 2))) &&
      (!table.conformal || table.conformal.misses.length === (task === "regression" ? outputs : 1)),
    "its inputs, pipeline, network and target do not fit each other",
  );
  return { ...table, inputs, pipeline: { ...table.pipeline, columns } };
}

const isOneNumber = ({ features: [feature, ...others] }: PipelineColumn): boolean =>
  others.length === 0 && feature?.source.type === "value";

function checkLayers({ layers }: NetworkDescription, code: ErrorCode): void {
  const { length } = layers;
  check(
    length <= MOST_LAYERS,
    () => `a network in a file must have at most ${MOST_LAYERS} layers; received ${length}`,
    code,
  );
}

type Test = (value: unknown) => boolean;

const isText: Test = (value) => typeof value === "string";
const isNumber: Test = Number.isFinite;
const isCount: Test = (value) => Number.isSafeInteger(value) && (value as number) > 0;
const list =
  (of: Test): Test =>
  (value) =>
    Array.isArray(value) && value.every(of);
/** With at least one element. */
const some =
  (of: Test): Test =>
  (value) =>
    list(of)(value) && (value as unknown[]).length > 0;
const maybe =
  (of: Test): Test =>
  (value) =>
    value === undefined || of(value);
const fields =
  (of: Readonly<Record<string, Test>>): Test =>
  (value) =>
    isRecord(value) && Object.keys(of).every((name) => of[name](value[name]));
const either =
  (...of: readonly Test[]): Test =>
  (value) =>
    of.some((test) => test(value));
const is =
  (...of: readonly unknown[]): Test =>
  (value) =>
    of.includes(value);

const isNetwork = fields({
  columns: isCount,
  layers: some(
    fields({
      id: isText,
      name: isText,
      options: isRecord,
      custom: is(undefined, true),
      trainable: is(undefined, false),
      shares: maybe(isText),
      inputs: isWords,
      weights: (weights) => isRecord(weights) && isWords(Object.values(weights)),
    }),
  ),
  inputs: maybe(some(fields({ name: isText, shape: some(isCount) }))),
  outputs: maybe(some(fields({ name: isText, value: isText }))),
});
const isAffine = fields({ center: isNumber, scale: isNumber, knots: is(undefined) });
const isPair: Test = (value) => list(isNumber)(value) && (value as unknown[]).length === 2;
const isFeature = fields({
  name: isText,
  scaling: either(isAffine, fields({ knots: some(isPair) })),
  source: either(
    fields({ type: is("value", "missing", "days") }),
    fields({ type: is("level"), level: isNumber }),
    fields({ type: is("table"), numbers: list(isNumber), other: isNumber }),
    fields({ type: is("cycle"), days: isNumber, wave: is("sin", "cos") }),
  ),
});
const isSteps = fields({
  first: either(is(0), isCount),
  steps: isCount,
  features: isCount,
  maskValue: isNumber,
});
const isColumn = fields({
  name: isText,
  categories: isWords,
  role: maybe(isText),
  kind: is(...KINDS),
  dateOrder: is(undefined, ...DATE_ORDERS),
  format: maybe(isFormat),
  na: maybe(isWords),
  rest: maybe(isText),
  ignoreCase: is(undefined, true, false),
});
const isMisses: Test = (value) =>
  fields({ edges: list(isNumber), distances: list(some(isNumber)) })(value) &&
  (value as Misses).distances.length === (value as Misses).edges.length + 1;
const isTable = fields({
  schema: fields({ na: isWords, columns: list(isColumn) }),
  inputs: some(fields({ name: isText, gaps: is(true, false), times: is(undefined, true, false) })),
  pipeline: fields({
    columns: list(fields({ fill: isNumber, groups: maybe(list(isNumber)), features: list(isFeature) })),
    features: isWords,
    padding: maybe(list(isSteps)),
    target: fields({
      log: is(undefined, "log", "log1p"),
      outputs: list(isAffine),
      moments: maybe(fields({ log: is(true, false), least: isNumber })),
    }),
  }),
  task: is("classification", "regression"),
  target: isText,
  targets: maybe(isWords),
  outputs: isCount,
  classes: isWords,
  threshold: isNumber,
  unknown: is(undefined, "refuse", "missing", "ignore"),
  conformal: maybe(fields({ rows: isCount, misses: some(isMisses) })),
});

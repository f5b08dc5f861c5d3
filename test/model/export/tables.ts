/** Models of random tables, as if they were trained, and rows for them. */

import fc from "fast-check";
import type { Input } from "../../../src/data/dataset.js";
import { DAY, isoDay } from "../../../src/data/days.js";
import type {
  Encoding,
  Imputation,
  PipelineOptions,
  ScalingName,
  TargetTransformName,
} from "../../../src/data/pipeline/options.js";
import { fitPipeline } from "../../../src/data/pipeline/pipeline.js";
import type { RecordValue } from "../../../src/data/read.js";
import type { InputKind } from "../../../src/data/schema.js";
import { contentsOf } from "../../../src/model/contents.js";
import { type ActivationName, activations } from "../../../src/nn/activations.js";
import { activation, dense, dropout, type Layer } from "../../../src/nn/layers/index.js";
import type { Sequential } from "../../../src/nn/models/sequential.js";
import { architectureFrom } from "../../../src/nn/programs/architecture.js";
import * as training from "../../../src/nn/training/training.js";
import { RandomStream } from "../../../src/numerics/random.js";
import type { ModelContents, TableDescription } from "../../../src/predict/description.js";
import type { RowRecord } from "../../../src/predict/rows.js";
import { codePoint } from "../../codePoints.js";
import { copied } from "../../nn/support.js";

/** A network with random parameters of the size that training begins with, or `gain` times as large. */
export function network(layers: readonly Layer[], columns: number, seed: number, gain = 1): Sequential {
  const model = copied(layers);
  model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
  const { network } = architectureFrom(model.described(), columns);
  const random = new RandomStream(seed, 3);
  const parameters = new Float32Array(network.size);
  for (const { offset, size, shape } of network.parameters)
    for (let i = offset; i < offset + size; i++)
      parameters[i] = (gain * random.normal()) / Math.sqrt(shape.length > 1 ? shape[0] : 4);
  model.restore({
    training,
    row: columns,
    saved: { progress: { step: 0, epoch: 0, cursor: 0 }, seed: 0, arrays: { parameters } },
  });
  return model;
}

/** A column of a random table. */
export interface ColumnSpec {
  readonly name: string;
  readonly kind: InputKind;
  readonly categories: readonly string[];
  readonly gaps: boolean;
  readonly times: boolean;
}

/** What a random table and its model are made of. */
export interface TableSpec {
  readonly columns: readonly ColumnSpec[];
  readonly classes: readonly string[];
  readonly targets: readonly string[];
  readonly options: PipelineOptions;
  readonly layers: readonly Layer[];
  readonly threshold: number;
  readonly seed: number;
}

/** Names that are code in another place than a quoted text. */
export const HOSTILE = [
  ...['"];alert(1);//', `\${x}`, "*/", "__proto__", "constructor", "</script><script>", "<!--", "'", "`"],
  ...["\u2028\u2029", "\\", "\ud800", "toString", "hasOwnProperty", "\n"],
];
const word = fc.oneof(
  { weight: 3, arbitrary: fc.stringMatching(/^[a-z]{1,6}$/) },
  fc.constantFrom(...HOSTILE),
  fc.string({ unit: codePoint, minLength: 1, maxLength: 4 }),
);
/** Words as cells are read: trimmed, and different however they are written. */
const words = (minLength: number, maxLength: number) =>
  fc
    .uniqueArray(word, { minLength, maxLength: 2 * maxLength, selector: (each) => each.trim().toLowerCase() })
    .map((all) => all.map((each) => each.trim()).filter((each) => each !== "" && each.toLowerCase() !== "na"))
    .filter(({ length }) => length >= minLength)
    .map((all) => all.slice(0, maxLength).sort());

const columnSpec = (name: string): fc.Arbitrary<ColumnSpec> =>
  fc
    .tuple(fc.constantFrom<InputKind>("number", "boolean", "category", "date"), fc.boolean(), fc.boolean())
    .chain(([kind, gaps, times]) => {
      const all =
        kind === "boolean" ? fc.constantFrom(["no", "yes"], ["false", "true"], ["0", "1"]) : words(1, 7);
      return (kind === "number" || kind === "date" ? fc.constant([]) : all).map((categories) => ({
        name,
        kind,
        categories,
        gaps,
        times: times && kind === "date",
      }));
    });

const options: fc.Arbitrary<PipelineOptions> = fc.record({
  impute: fc.constantFrom<Imputation>("mean", "median", "mode", -1.5),
  indicator: fc.constantFrom(false, true, "auto" as const),
  encode: fc.constantFrom<Encoding>("oneHot", "ordinal", "hashed", "target"),
  buckets: fc.integer({ min: 1, max: 5 }),
  minFrequency: fc.integer({ min: 1, max: 4 }),
  scale: fc.constantFrom<ScalingName>("standard", "minMax", "robust", "quantile", "parts", "none"),
  scaleOneHot: fc.boolean(),
  target: fc.constantFrom<TargetTransformName>("standard", "log", "log1p", "none"),
});

/** Activations that make no error larger where they follow each other. */
const tame = (Object.keys(activations) as ActivationName[]).filter((name) => name !== "exponential");
const activationName = fc.constantFrom(...tame);
const hidden = fc.oneof(
  fc
    .tuple(fc.integer({ min: 1, max: 12 }), activationName, fc.boolean())
    .map(([units, activation, useBias]) => dense(units, { activation, useBias })),
  fc.constant(dropout(0.5)),
  activationName.map((name) => activation(name)),
);

/** The first date: 2001-09-09. */
const START = 11574 * DAY;

export const tableSpecs: fc.Arbitrary<TableSpec> = fc
  .tuple(words(1, 4), fc.constantFrom<"classes" | "quantities">("classes", "quantities"))
  .chain(([names, task]) =>
    fc.record({
      columns: fc.tuple(...names.map(columnSpec)),
      classes: task === "classes" ? words(2, 4) : fc.constant([]),
      targets: task === "quantities" ? words(1, 2) : fc.constant(["target"]),
      options,
      layers: fc.array(hidden, { maxLength: 3 }),
      threshold: fc.double({ min: 0.1, max: 0.9, noNaN: true }),
      seed: fc.nat(),
    }),
  );

/** A model of a table as the contents of a file. */
export function contentsFrom({
  columns,
  classes,
  targets,
  options,
  layers,
  threshold,
  seed,
}: TableSpec): ModelContents {
  const random = new RandomStream(seed, 5);
  const rows = 20;
  const inputs: Input[] = columns.map(({ times, ...input }) => ({ ...input, ...(times && { times }) }));
  const cells = columns.map((column) => Float64Array.from({ length: rows }, () => cellFor(column, random)));
  const isOfClasses = classes.length > 0;
  const outputs = isOfClasses ? (classes.length === 2 ? 1 : classes.length) : targets.length;
  const y = Float64Array.from({ length: rows * outputs }, () =>
    isOfClasses ? Math.round(random.uniform()) : 1 + 5 * random.uniform(),
  );
  const task = isOfClasses ? ("classification" as const) : ("regression" as const);
  const { pipeline } = fitPipeline({ inputs, columns: cells, task, outputs, y }, options);
  const last = isOfClasses ? (outputs === 1 ? "sigmoid" : "softmax") : "linear";
  const all = [...layers, dense(outputs, { activation: last })];
  const {
    network: described,
    tensors,
    notes,
  } = contentsOf(network(all, pipeline.features.length, seed), false);
  const table: TableDescription = {
    schema: { na: ["NA"], columns: inputs.map(({ name, kind, categories }) => ({ name, kind, categories })) },
    inputs,
    pipeline,
    task,
    outputs,
    classes,
    threshold,
    target: targets.join(", "),
    ...(targets.length > 1 && { targets }),
  };
  return { network: described, tensors, table, notes };
}

/** A cell as a pipeline learns it. */
export function cellFor({ kind, categories, gaps, times }: ColumnSpec, random: RandomStream): number {
  if (gaps && random.uniform() < 0.3) return Number.NaN;
  if (kind === "number") return 3 * random.normal() + 1;
  if (kind === "date") {
    const days = 3650 * random.uniform();
    return START + Math.floor(times ? days * DAY : Math.floor(days) * DAY);
  }
  return Math.floor(categories.length * random.uniform());
}

/** A row of cells as people have them, some of which are missing where that is allowed. */
export function recordFor(columns: readonly ColumnSpec[], random: RandomStream): RowRecord {
  const entries = columns.flatMap((column): [string, RecordValue][] => {
    const value = cellFor(column, random);
    const way = Math.floor(5 * random.uniform());
    if (Number.isNaN(value)) return way === 4 ? [] : [[column.name, [null, undefined, " ", "Na "][way]]];
    const { kind, categories, name } = column;
    if (kind === "number") return [[name, way === 0 ? String(value) : value]];
    if (kind === "date") return [[name, dateIn(way, value)]];
    if (kind === "boolean") return [[name, way === 0 ? value === 1 : categories[value].toUpperCase()]];
    return [[name, way === 0 ? ` ${categories[value]}` : categories[value]]];
  });
  // not as a literal, in which `__proto__` is no name
  return Object.fromEntries(entries);
}

const dateIn = (way: number, moment: number): RecordValue =>
  [
    new Date(moment),
    isoDay(moment),
    new Date(moment).toISOString(),
    `${isoDay(moment)} 10:30+02:00`,
    isoDay(moment),
  ][way];

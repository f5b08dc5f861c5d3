/**
 * A model as an ONNX file: its network, the way from raw cells to the network, and the way from there to an
 * answer. It is for prediction by other programs, and not a model file of Fettle; nothing here reads ONNX.
 *
 * Cells are float64 until they are scaled, as in Fettle. The features of words are computed here and looked
 * up there.
 */
import { DAY } from "../../data/days.js";
import { type FeatureSource, type PipelineColumn, prepare, valuesOf } from "../../data/pipeline/column.js";
import { type ByKnots, type Scaling, scalerOf } from "../../data/pipeline/scaling.js";
import { besidePadding } from "../../data/pipeline/steps.js";
import type { TargetTransform } from "../../data/pipeline/target.js";
import { positiveOf } from "../../data/positive.js";
import { show } from "../../errors.js";
import type { LayersModel } from "../../nn/models/layersModel.js";
import type { TableDescription } from "../../predict/description.js";
import { VERSION } from "../../version.js";
import { inferenceOf } from "./inference.js";
import { ELEMENT, OnnxGraph } from "./onnxGraph.js";
import { networkNodes } from "./onnxNetwork.js";

/**
 * An ONNX file (opset 17, with `LabelEncoder` of `ai.onnx.ml` 3) that predicts like the model.
 *
 * - Inputs, `[rows, 1]`, have the names of the columns: `double` for numbers, booleans (0 or 1) and dates
 *   (milliseconds since 1970 in UTC), NaN for a missing cell; `string` for categories, `""` for a missing
 *   cell. Other words for a missing cell, such as `NA`, are words, and text is not trimmed. No cell is
 *   refused: a missing one is filled, and an unknown word belongs to no category, as with
 *   `unknown: "ignore"`, or is missing in a model tuned with `unknown: "missing"`, or belongs to the category
 *   `rest` of its column.
 * - A network without a table has one input, `features`, `float [rows, features]`.
 * - Outputs of regression: `y`, `double [rows, outputs]`, in the units of the target. Of classification:
 * `probabilities`,
 * `float [rows, classes]`, and `label`, `string [rows]`. Of a network without a table: `y`, `float [rows,
 * units]`. An output with the name of an input gets a number, such as `y_2`.
 * - Metadata: `fettle` (the release), `task`, `target`, `targets`, `classes`, `positive` (the class that the
 * threshold refers to), `threshold` and `features`; lists are JSON.
 *
 * - Several outputs are columns of `y`, as in `predict`. An invalid id of an embedding, such as a fraction,
 * becomes one outside its table, which ONNX' `Gather` treats as an error.
 *
 * @throws FettleError `unsupported` for operations that ONNX does not have, such as random numbers;
 * `invalid_state` for a model that is not trained
 * @example
 * ```ts
 * const { model } = await loadModel("model.fettle");
 * await writeFile("model.onnx", exportOnnx(model));
 * ```
 */
export function exportOnnx(model: LayersModel, table?: TableDescription): Uint8Array<ArrayBuffer> {
  const graph = new OnnxGraph("model");
  const inference = inferenceOf(model);
  const { columns, units } = inference;
  const features = table
    ? pipelineNodes(graph, table)
    : graph.input("features", "float", columns, "as the network takes them");
  const result = networkNodes(graph, inference, features);
  if (table) answerNodes(graph, table, result);
  else graph.output("y", result, "float", units);
  return graph.bytes(VERSION, { fettle: VERSION, ...(table && metadataOf(table)) });
}

function metadataOf(table: TableDescription): Record<string, string> {
  const { task, target, targets, classes, threshold, pipeline } = table;
  const positive = positiveOf(table);
  return {
    task,
    target,
    features: JSON.stringify(pipeline.features),
    ...(targets && { targets: JSON.stringify(targets) }),
    ...(positive !== undefined && { positive }),
    ...(task === "classification" && { classes: JSON.stringify(classes), threshold: String(threshold) }),
  };
}

// The pipeline.

/** @returns the features, `float [rows, features]` */
function pipelineNodes(graph: OnnxGraph, { pipeline, schema, unknown }: TableDescription): string {
  const { columns, padding = [] } = pipeline;
  const rests = new Map(schema.columns.map(({ name, rest }) => [name, rest]));
  const cells = columns.map(({ name, kind, categories: [no, yes] }) => {
    if (kind === "category") return graph.input(name, "string", 1, 'a category; "" for a missing one');
    const doc = {
      number: "a number",
      boolean: `0 for ${show(no)}, 1 for ${show(yes)}`,
      date: "milliseconds since 1970 in UTC",
    }[kind];
    return graph.input(name, "double", 1, `${doc}; NaN for a missing one`);
  });
  const parts = columns.map((column, j) =>
    column.kind === "category"
      ? wordNodes(graph, column, cells[j], rests.get(column.name) ?? (unknown === "missing" ? "" : undefined))
      : numberNodes(graph, column, cells[j]),
  );
  for (const { first, steps, features, maskValue } of padding)
    for (let from = first; from < first + steps * features; from += features) {
      const step = parts.slice(from, from + features).flat();
      const restored = stepNodes(graph, cells.slice(from, from + features), step, maskValue);
      for (const [f, part] of restored.entries()) parts[from + f] = [part];
    }
  return graph.node("Concat", parts.flat(), { axis: 1 }, "features");
}

/** The features of a step of a padded sequence, see `restorePadding`. */
function stepNodes(
  graph: OnnxGraph,
  cells: readonly string[],
  scaled: readonly string[],
  maskValue: number,
): string[] {
  const mask = graph.constant(Float32Array.of(maskValue), []);
  const areMask = (values: readonly string[]): string =>
    values
      .map((value) => graph.node("Equal", [value, mask]))
      .reduce((both, each) => graph.node("And", [both, each]));
  const isPadding = areMask(cells.map((cell) => graph.node("Cast", [cell], { to: ELEMENT.float })));
  const beside = graph.constant(Float32Array.of(besidePadding(maskValue)), []);
  const first = graph.node("Where", [areMask(scaled), beside, scaled[0]]);
  return [first, ...scaled.slice(1)].map((value) => graph.node("Where", [isPadding, mask, value]));
}

/** For a number, boolean or date: each feature in float64, scaled. */
function numberNodes(graph: OnnxGraph, { fill, features }: PipelineColumn, cells: string): string[] {
  const isMissing = graph.node("IsNaN", [cells]);
  const filled = graph.node("Where", [isMissing, graph.scalar(fill), cells]);
  const by = (operator: string, value: string, number: number): string =>
    graph.node(operator, [value, graph.scalar(number)]);
  const unscaled = (source: FeatureSource): string => {
    if (source.type === "days") return by("Div", filled, DAY);
    if (source.type !== "cycle") return filled;
    const turns = by("Div", by("Div", filled, DAY), source.days);
    // cos(a) is the sine a quarter turn later; ONNX Runtime 1.21 has no Cos of float64
    const later = source.wave === "sin" ? turns : by("Add", turns, 0.25);
    const place = graph.node("Sub", [later, graph.node("Floor", [later])]);
    return graph.node("Sin", [by("Mul", place, 2 * Math.PI)]);
  };
  return features.map(({ source, scaling }) => {
    if (source.type === "missing") return graph.node("Where", [isMissing, ...oneAndZero(graph, [scaling])]);
    const value = unscaled(source);
    const scaled =
      "knots" in scaling
        ? knotNodes(graph, scaling, value)
        : by("Div", by("Sub", value, scaling.center), scaling.scale);
    return graph.node("Cast", [scaled], { to: ELEMENT.float });
  });
}

/**
 * Linear between knots: the first score, plus the share of each rise that the value, `[rows, 1]`, has passed.
 */
function knotNodes(graph: OnnxGraph, { knots }: ByKnots, value: string): string {
  const row = (numbers: readonly number[]): string =>
    graph.constant(Float64Array.from(numbers), [1, numbers.length]);
  // a single knot has a rise of 0
  const rises = Array.from({ length: Math.max(1, knots.length - 1) }, (_, i) => [
    knots[i],
    knots[Math.min(i + 1, knots.length - 1)],
  ]);
  const from = rises.map(([[quantile]]) => quantile);
  const widths = rises.map(([[low], [high]]) => high - low || 1);
  const heights = rises.map(([[, low], [, high]]) => high - low);
  const passed = graph.node("Div", [graph.node("Sub", [value, row(from)]), row(widths)]);
  const shares = graph.node("Min", [graph.node("Max", [passed, graph.scalar(0)]), graph.scalar(1)]);
  const risen = graph.node("ReduceSum", [graph.node("Mul", [shares, row(heights)]), graph.integers([1])]);
  return graph.node("Add", [risen, graph.scalar(knots[0][1])]);
}

/**
 * For a category: each feature is a function of the word's code, computed here for every code.
 *
 * @param other - the word that an unknown one counts as, `""` for a missing cell; undefined for none
 */
function wordNodes(
  graph: OnnxGraph,
  column: PipelineColumn,
  cells: string,
  other: string | undefined,
): string[] {
  const { categories, features } = column;
  const [unknown, missing, count] = [0, 1, 2].map((i) => categories.length + i);
  const codeOf = new Map([...categories.map((word, code) => [word, code] as const), ["", missing]]);
  const codes = graph.node("ai.onnx.ml.LabelEncoder", [cells], {
    keys_strings: [...codeOf.keys()],
    values_int64s: [...codeOf.values()],
    default_int64: (other === undefined ? undefined : codeOf.get(other)) ?? unknown,
  });
  const workspace = {
    cells: Float64Array.from({ length: count }, (_, code) => (code === missing ? Number.NaN : code)),
    prepared: new Float64Array(count),
    values: new Float64Array(count),
  };
  prepare(column, workspace, count);
  const lookedUp = (numbers: Float64Array): string =>
    graph.node("Gather", [graph.constant(Float32Array.from(numbers), [count]), codes]);
  // Levels come first. They are compared, since a table of every level by every code may be large.
  const end = features.findIndex(({ source }) => source.type !== "level");
  const levels = features.slice(0, end < 0 ? features.length : end);
  const numbers = levels.flatMap(({ source }) => (source.type === "level" ? source.level : []));
  const compared = (): string => {
    const level = graph.constant(Float32Array.from(numbers), [1, numbers.length]);
    const isLevel = graph.node("Equal", [lookedUp(workspace.prepared), level]);
    const scalings = levels.map(({ scaling }) => scaling);
    return graph.node("Where", [isLevel, ...oneAndZero(graph, scalings)]);
  };
  return [
    ...(levels.length > 0 ? [compared()] : []),
    ...features
      .slice(levels.length)
      .map(({ source, scaling }) => lookedUp(valuesOf(source, workspace, count).map(scalerOf(scaling)))),
  ];
}

/** The values of 1 and 0 after each scaling, `[1, scalings]`. */
function oneAndZero(graph: OnnxGraph, scalings: readonly Scaling[]): string[] {
  return [1, 0].map((value) =>
    graph.constant(
      Float32Array.from(scalings, (scaling) => scalerOf(scaling)(value)),
      [1, scalings.length],
    ),
  );
}

// The answer.

function answerNodes(
  graph: OnnxGraph,
  { task, outputs, classes, threshold, pipeline }: TableDescription,
  result: string,
): void {
  if (task === "regression") {
    graph.output("y", restoreNodes(graph, pipeline.target, result), "double", outputs);
    return;
  }
  if (outputs > 1) {
    graph.output("probabilities", result, "float", outputs);
    const best = graph.node("ArgMax", [result], { axis: 1, keepdims: 0 }); // the first of equals
    graph.output("label", graph.node("Gather", [graph.constant(classes, [outputs]), best]), "string");
    return;
  }
  const first = graph.node("Sub", [graph.constant(Float32Array.of(1), []), result]);
  graph.output("probabilities", graph.node("Concat", [first, result], { axis: 1 }), "float", 2);
  const precise = graph.node("Cast", [result], { to: ELEMENT.double });
  const isSecond = graph.node("Greater", [precise, graph.scalar(threshold)]);
  const [no, yes] = classes.map((word) => graph.constant([word], []));
  const label = graph.node("Where", [isSecond, yes, no]);
  graph.output("label", graph.node("Squeeze", [label, graph.integers([1])]), "string");
}

/** Predictions in the units of the target. */
function restoreNodes(graph: OnnxGraph, { log, outputs }: TargetTransform, result: string): string {
  const row = (of: "center" | "scale"): string =>
    graph.constant(
      Float64Array.from(outputs, (output) => output[of]),
      [outputs.length],
    );
  const z = graph.node("Cast", [result], { to: ELEMENT.double });
  const restored = graph.node("Add", [graph.node("Mul", [z, row("scale")]), row("center")]);
  if (log === undefined) return restored;
  const power = graph.node("Exp", [restored]);
  return log === "log" ? power : graph.node("Sub", [power, graph.scalar(1)]);
}

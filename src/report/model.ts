/** A saved model as text for people: its inputs, its output, its scores and its origin. */

import { compact } from "../compact.js";
import { positiveOf } from "../data/positive.js";
import { isRecord } from "../errors.js";
import { showShape, sizeOf } from "../graph/shape.js";
import type { Model } from "../model/model.js";
import { summarize } from "../nn/network/summary.js";
import { clip, count, formatScore, formatValue, plain, scoreLabel } from "./format.js";
import { layOut, wrap } from "./layout.js";
import type { Paint } from "./study.js";

/** The number of categories that are shown. */
const WORDS = 5;

/** The model, in lines of at most `width` characters. */
export function describeModel(
  file: string,
  { model, table, notes, unknown }: Model,
  width: number,
  paint: Paint,
): string[] {
  const part = (title: string, rows: readonly (readonly string[])[]): string[] =>
    rows.length === 0 ? [] : ["", paint.heading(clip(title, width)), ...layOut(rows, { width })];
  const { row } = model.trained();
  const network = part(
    "Network",
    summarize(model.wiring, row).map((line) => [line]),
  );
  if (!table)
    return [
      `${plain(file)}: a network of ${row.length === 1 ? count(row[0], "input") : `inputs ${showShape(row)}`}`,
      ...network,
    ];
  const positive = positiveOf(table);
  const { inputs, classes, task, target, threshold, pipeline } = table;
  const aim = task === "regression" ? "regression" : "classification";
  const named = classes.length > 0 ? ` (${classes.map(plain).join(", ")})` : "";
  const about = `${plain(file)}: ${aim} of ${plain(target)}${named} from ${count(inputs.length, "input")}, ${count(pipeline.features.length, "feature")}`;
  const rows = inputs.map(({ name, kind, categories, gaps }) => [
    plain(name),
    kind === "category" ? `category of ${categories.length}` : kind,
    gaps ? "may be missing" : "always",
    clip(categories.slice(0, WORDS).map(plain).join(", "), 30),
  ]);
  const scores = Object.entries(notes.test ?? {}).map(([name, score]) => [
    scoreLabel(name, positive),
    formatScore(Number(score)),
  ]);
  const params = isRecord(notes.params) ? Object.entries(notes.params) : [];
  return compact<string>(
    wrap(about, width),
    positive !== undefined &&
      `${plain(positive)}, the positive class, from a probability above ${formatValue(threshold)}`,
    unknown !== "refuse" &&
      `unknown categories are treated as ${unknown === "ignore" ? "none of the known ones" : "missing"}`,
    part("Inputs", [["column", "kind", "cells", "words"], ...rows]),
    network,
    part(
      "Parameters",
      params.map(([name, value]) => [name, formatValue(value as number)]),
    ),
    part("Scores on held-out rows", scores),
  );
}

/** The model as one plain object for programs, without its numbers. */
export function modelJson({ model, table, notes }: Model): Readonly<Record<string, unknown>> {
  const { row } = model.trained();
  const positive = table && positiveOf(table);
  return {
    columns: sizeOf(row),
    ...(table && { ...table }),
    ...(positive !== undefined && { positive }),
    ...notes,
  };
}

/**
 * One column of a pipeline: the fill value of missing cells, and the features of its cells. It knows nothing
 * about other columns.
 */

import { show } from "../../errors.js";
import { cos, sin } from "../../numerics/special.js";
import { everyRow } from "../check.js";
import type { Input } from "../dataset.js";
import { DAY } from "../days.js";
import type { InputKind } from "../schema.js";
import { bucketOf } from "./hash.js";
import type { ColumnPlan, ScalingName } from "./options.js";
import { featuresOf, fitScaling, meanOf, quantileOf, type Scaling } from "./scaling.js";
import { outOfFoldStatistics, targetStatistics } from "./statistics.js";

/** One input and its features. */
export interface PipelineColumn {
  readonly name: string;
  readonly kind: InputKind;
  /** The words of a category by code. */
  readonly categories: readonly string[];
  /** The fill value of a missing cell; for a category a code, or −1 for no category. */
  readonly fill: number;
  /** With buckets or rare categories: the group of each code, and last that of unknown words. */
  readonly groups?: readonly number[];
  readonly features: readonly PipelineFeature[];
}

/** One column of what `applyPipeline` returns. */
export interface PipelineFeature {
  readonly name: string;
  readonly source: FeatureSource;
  readonly scaling: Scaling;
}

/** How a feature follows from its cell, before it is scaled. */
export type FeatureSource =
  /** The number, or the code of the category. */
  | { readonly type: "value" }
  /** 1 where the cell is missing. */
  | { readonly type: "missing" }
  /** 1 where the category, or its group, has this number. */
  | { readonly type: "level"; readonly level: number }
  /** A number for each category, and one for unknown words. */
  | { readonly type: "table"; readonly numbers: readonly number[]; readonly other: number }
  /** The days of a date since 1970. */
  | { readonly type: "days" }
  /** The sine or cosine of a date's angle in a cycle of so many days. */
  | { readonly type: "cycle"; readonly days: number; readonly wave: "sin" | "cos" };

/** The features of one scaling before it is fitted. */
export interface Draft {
  readonly names: readonly string[];
  readonly scale: ScalingName;
  /** The output of a target statistic, whose table is learned. */
  readonly source: FeatureSource | { readonly type: "statistic"; readonly output: number };
}

/** The features of a column, determined by its schema and its plan. */
export function draftsOf(
  { name, kind, categories, times }: Input,
  plan: ColumnPlan,
  outputs: number,
): Draft[] {
  const { scales, scaleOneHot } = plan;
  const scaled = (name: string, source: Draft["source"]): Draft[] =>
    scales.map((scale, i) => {
      const own = featuresOf(scale);
      const plain = i === 0 && own.length === 1;
      return { names: plain ? [name] : own.map((each) => `${name} (${each})`), scale, source };
    });
  const level = (level: number, word: string): Draft => ({
    names: [`${name}${word}`],
    scale: scaleOneHot,
    source: { type: "level", level },
  });
  const draw = (): Draft[] => {
    if (kind === "number") return scaled(name, { type: "value" });
    if (kind === "boolean") return [{ names: [name], scale: scaleOneHot, source: { type: "value" } }];
    if (kind === "date") return [...scaled(`${name} (days)`, { type: "days" }), ...wavesOf(name, times)];
    switch (plan.encode) {
      case "ordinal":
        return scaled(name, { type: "value" });
      case "hashed":
        return Array.from({ length: plan.buckets }, (_, bucket) => level(bucket, ` #${bucket}`));
      case "target":
        return Array.from({ length: outputs }, (_, output) => {
          const own = outputs === 1 ? `${name} (target)` : `${name} (target ${output})`;
          return scaled(own, { type: "statistic", output });
        }).flat();
      default:
        return [
          ...categories.map((word, code) => level(code, `=${word}`)),
          ...(plan.minFrequency > 1 ? [level(categories.length, " (other)")] : []),
        ];
    }
  };
  const missing: Draft = {
    names: [`${name} (missing)`],
    scale: scaleOneHot,
    source: { type: "missing" },
  };
  return plan.indicator ? [...draw(), missing] : draw();
}

/**
 * The mean year of the Gregorian calendar, so that a day of the year is within a day of its place in the
 * cycle.
 */
const CYCLES = { day: 1, week: 7, year: 365.2425 } as const;

/**
 * Day of week and of year as angles, and the time of day where there is one; in [-1, 1], and so not scaled.
 */
function wavesOf(name: string, times = false): Draft[] {
  const cycles = times ? (["year", "week", "day"] as const) : (["year", "week"] as const);
  return cycles.flatMap((cycle) =>
    (["sin", "cos"] as const).map((wave) => ({
      names: [`${name} (${cycle} ${wave})`],
      scale: "none",
      source: { type: "cycle", days: CYCLES[cycle], wave },
    })),
  );
}

/** Buffers for one column, `[rows]` each; reused for the next column, because large tables have many. */
export interface Workspace {
  readonly cells: Float64Array;
  /** Cells with missing ones filled, and categories as their groups. */
  readonly prepared: Float64Array;
  /** A feature before it is scaled. */
  readonly values: Float64Array;
}

/**
 * @param workspace - with the training rows in `cells`
 * @param y - one column of the target for each output, in the training rows
 * @param outOfFold - receives the values of target statistics in the training rows before they are scaled:
 * only there they differ from what the column gives
 */
export function fitColumn(
  input: Input,
  plan: ColumnPlan,
  workspace: Workspace,
  y: readonly Float64Array[],
  outOfFold: Map<PipelineFeature, Float64Array>,
): PipelineColumn {
  const { name, kind, categories } = input;
  const { cells, prepared } = workspace;
  const isMarked = plan.indicator !== false && cells.includes(Number.NaN) && !cells.every(Number.isNaN);
  const tells = isMarked && (plan.indicator === true || y.some((own) => differs(cells, own)));
  const fill = isMarked && kind === "category" ? NO_WORD : fillOf(plan.impute, cells);
  const groups = groupsOf(input, plan, cells, fill);
  const base = { name, kind, categories, fill, ...(groups && { groups }) };
  prepare(base, workspace, cells.length);
  const features = draftsOf(input, plan, y.length).flatMap(({ names, scale, source: draft }) => {
    let source: FeatureSource;
    let values: Float64Array;
    if (draft.type === "statistic") {
      const own = y[draft.output];
      const { numbers, other } = targetStatistics(prepared, categories.length, own, everyRow(cells.length));
      source = { type: "table", numbers: [...numbers], other };
      values = outOfFoldStatistics(prepared, categories.length, own);
    } else {
      source = draft;
      values = valuesOf(source, workspace, cells.length);
    }
    const scalings =
      source.type === "missing" && !tells
        ? [NOTHING]
        : fitScaling(scale, values, `values of column ${show(name)}`);
    return scalings.map((scaling, i) => {
      const feature = { name: names[i], source, scaling };
      if (draft.type === "statistic") outOfFold.set(feature, values);
      return feature;
    });
  });
  return { ...base, features };
}

/** The code of missing cells as a separate category. */
const NO_WORD = -1;
/** Always 0: an indicator that is useless on the training rows. */
const NOTHING: Scaling = { knots: [[0, 0]] };

/** Whether the means of a target with and without a cell are more than three standard errors apart. */
function differs(cells: Float64Array, y: Float64Array): boolean {
  const [count, sum] = [
    [0, 0],
    [0, 0],
  ];
  let squares = 0;
  const mean = meanOf(y);
  for (let i = 0; i < y.length; i++) {
    const [group, off] = [Number(Number.isNaN(cells[i])), y[i] - mean];
    count[group]++;
    sum[group] += off;
    squares += off * off;
  }
  const apart = sum[1] / count[1] - sum[0] / count[0];
  return apart * apart > 9 * (squares / y.length) * (1 / count[0] + 1 / count[1]);
}

/** The fill value of missing cells; 0 if no row has a cell. */
export function fillOf(impute: ColumnPlan["impute"], cells: Float64Array): number {
  if (typeof impute === "number") return impute;
  if (impute === "mean") return meanOf(cells) || 0;
  const present = cells.filter((cell) => !Number.isNaN(cell));
  if (present.length === 0) return 0;
  return impute === "median" ? quantileOf(present.sort(), 1, 2) : modeOf(present);
}

/** The most frequent value, the least of equals. */
function modeOf(values: Float64Array): number {
  const counts = new Map<number, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  let [mode, most] = [Number.NaN, 0];
  for (const [value, count] of counts) {
    if (count > most || (count === most && value < mode)) [mode, most] = [value, count];
  }
  return mode;
}

/** The group of each category, if categories have groups. */
function groupsOf(
  { kind, categories }: Input,
  { encode, buckets, minFrequency }: ColumnPlan,
  cells: Float64Array,
  fill: number,
): number[] | undefined {
  if (kind !== "category") return undefined;
  if (encode === "hashed") return [...categories.map((word) => bucketOf(word, buckets)), -1];
  if (encode !== "oneHot" || minFrequency === 1) return undefined;
  const counts = new Float64Array(categories.length + 1);
  for (const cell of cells) counts[Number.isNaN(cell) ? fill : cell]++;
  const other = categories.length;
  return Array.from(counts, (count, code) => (code < other && count >= minFrequency ? code : other));
}

/** Fills missing cells, and turns categories into their groups. */
export function prepare(
  { fill, groups }: Pick<PipelineColumn, "fill" | "groups">,
  { cells, prepared }: Workspace,
  rows: number,
): void {
  const other = groups?.[groups.length - 1] ?? Number.NaN;
  for (let i = 0; i < rows; i++) {
    const cell = cells[i];
    prepared[i] = Number.isNaN(cell) ? fill : cell;
  }
  if (groups) for (let i = 0; i < rows; i++) prepared[i] = groups[prepared[i]] ?? other;
}

/** A feature before it is scaled, valid until the workspace is reused. */
export function valuesOf(
  source: FeatureSource,
  { cells, prepared, values }: Workspace,
  rows: number,
): Float64Array {
  const each = (from: Float64Array, of: (value: number) => number): Float64Array => {
    for (let i = 0; i < rows; i++) values[i] = of(from[i]);
    return values;
  };
  switch (source.type) {
    case "value":
      return prepared;
    case "missing":
      return each(cells, (cell) => (Number.isNaN(cell) ? 1 : 0));
    case "level":
      return each(prepared, (value) => (value === source.level ? 1 : 0));
    case "days":
      return each(prepared, (value) => value / DAY);
    case "cycle": {
      const wave = { sin, cos }[source.wave];
      return each(prepared, (value) => {
        const turns = value / DAY / source.days;
        return wave(2 * Math.PI * (turns - Math.floor(turns)));
      });
    }
    case "table":
      return each(prepared, (value) => source.numbers[value] ?? source.other);
  }
}

/**
 * Finds what would make a study worthless or its scores too good: columns that reveal the target, repeated
 * rows, and the like. It changes nothing.
 */
import { isRecord, must, show } from "../../errors.js";
import type { Floats } from "../../ndarray.js";
import { isArray } from "../check.js";
import { distinct } from "../columns.js";
import { type Dataset, type Input, takeExamples } from "../dataset.js";
import { featureNames } from "../pipeline/pipeline.js";
import { quantileOf } from "../pipeline/scaling.js";
import { isWords } from "../schema.js";
import { newWords, rareClass, timeColumn } from "./suggestions.js";
import type { Warning } from "./warning.js";

/** The most rows that are read, evenly spaced among more. */
const SAMPLE = 20_000;
/** A column that explains this share of the target reveals it. */
const ALL_OF_IT = 0.999;
/** A column's gaps that explain this share of the target are a finding. */
const MUCH = 0.1;
/** With fewer rows, nothing is reported. */
const ENOUGH = 50;
/** Groups of rows in which a column of numbers is compared with the target, each of at least five. */
const GROUPS = 32;
/** A column with one value in at least this share of rows has almost no information. */
const NEARLY = 0.995;
/** From this share of rows, repeated rows make scores too good. */
const REPEATED = 0.01;
/** Interquartile ranges from the middle of the target. */
const FAR = 10;

/**
 * Warnings about a data set, from at most 20,000 of its rows, in this order: an input that alone predicts the
 * target, by its cells or by their absence; inputs whose gaps explain a tenth of the target or more; repeated
 * rows; inputs with the same value in 99.5 % of the rows; targets far from the others; more features than
 * rows; a class of nine tenths of the rows or more; a column of dates, years or timestamps by which the rows
 * are in order; and, from all rows, categorical inputs for which a twentieth of new rows or more will have an
 * unseen word.
 *
 * @param data - the result of `encodeTable`
 * @throws FettleError `invalid_argument` for anything else
 * @example
 * ```ts
 * const rows = Array.from({ length: 100 }, (_, i) => `${i % 7},${i % 2},${i % 2 ? "yes" : "no"}`);
 * const data = encodeTable(readTable(`a,b,y\n${rows.join("\n")}\n`), { target: "y", drop: [] });
 * diagnose(data).map(({ type, columns }) => `${type} ${columns}`); // ["leakage b", "duplicates "]
 * ```
 */
export function diagnose(data: Dataset): Warning[] {
  must(isDataset(data), "data", "the result of encodeTable", data);
  const some = data.rows <= SAMPLE ? data : takeExamples(data, evenly(data.rows));
  return [...warningsOf(some, data), ...newWords(data)];
}

const isDataset = (data: unknown): boolean =>
  isRecord(data) &&
  Array.isArray(data.inputs) &&
  data.inputs.every(isRecord) &&
  Array.isArray(data.columns) &&
  data.columns.length === data.inputs.length &&
  data.columns.every(isArray) &&
  isArray(data.y) &&
  isArray(data.labels) &&
  isWords(data.classes);

const evenly = (rows: number): Int32Array =>
  Int32Array.from({ length: SAMPLE }, (_, i) => Math.floor((i * rows) / SAMPLE));

/** @param all - the data set that `data` may be a sample of */
function warningsOf(data: Dataset, all: Dataset): Warning[] {
  const rows = data.rows < all.rows ? `${data.rows} of the ${all.rows}` : `${data.rows}`;
  const columns = data.inputs.map((input, j) => ({ input, values: data.columns[j] }));
  const targets = targetsOf(data);
  return [
    ...columns.flatMap((column) => targets.flatMap((own) => leakage(column, own))),
    ...targets.flatMap((own) => tellingGaps(columns, own)),
    ...duplicates(data, rows),
    ...nearlyConstant(columns),
    ...targets.flatMap((own) => targetOutliers(own, rows)),
    ...moreFeaturesThanRows(all),
    ...rareClass(data),
    ...timeColumn(data),
  ];
}

/** The same data for each of several quantities. */
function targetsOf(data: Dataset): readonly Dataset[] {
  const { task, y, outputs, target, targets = [] } = data;
  if (task === "classification" || outputs === 1) return [data];
  return Array.from({ length: outputs }, (_, k) => ({
    ...data,
    target: targets[k] ?? target,
    outputs: 1,
    y: y.filter((__, i) => i % outputs === k),
  }));
}

interface Column {
  readonly input: Input;
  readonly values: Floats;
}

/** A column whose cells, or whether a row has one, predict the target. */
function leakage({ input, values }: Column, data: Dataset): Warning[] {
  if (data.rows < ENOUGH) return [];
  const name = show(input.name);
  const isByGaps = gapsExplain(values, data) >= ALL_OF_IT;
  const share = isByGaps ? 1 : cellsExplain(input, values, data);
  if (!(share >= ALL_OF_IT)) return [];
  const found = isByGaps
    ? `whether ${name} has a cell reveals ${show(data.target)}`
    : `column ${name} alone predicts ${show(data.target)} (${(100 * share).toFixed(1)} %)`;
  const message = `${found}; if it is not known when predicting, leave it out with drop: ${JSON.stringify([input.name])}`;
  return [{ type: "leakage", columns: [input.name], message }];
}

/**
 * The share of the target's variance, or of the classes of rows, that groups of equal or near values explain.
 */
function cellsExplain(input: Input, values: Floats, data: Dataset): number {
  const groups = groupsOf(input, values);
  if (groups === undefined) return 0;
  if (data.task === "classification") return rightClasses(groups, data);
  const explained = explainedVariance(groups, data);
  return input.kind === "number" ? Math.max(explained, correlation(values, data) ** 2) : explained;
}

/** Columns whose gaps explain much of the target, but not all of it. */
function tellingGaps(columns: readonly Column[], data: Dataset): Warning[] {
  if (data.rows < ENOUGH) return [];
  const found = columns
    .map(({ input: { name }, values }) => ({ name, share: gapsExplain(values, data) }))
    .filter(({ share }) => share >= MUCH && share < ALL_OF_IT)
    .sort((a, b) => b.share - a.share);
  if (found.length === 0) return [];
  const shown = found.slice(0, 3).map(({ name, share }) => `${show(name)} (${(100 * share).toFixed(0)} %)`);
  const more = found.length > 3 ? ` and ${found.length - 3} more` : "";
  const message =
    `whether ${shown.join(", ")}${more} has a cell explains that share of ${show(data.target)}; ` +
    "make sure that cells are missing in the same way when predicting";
  return [{ type: "tellingGaps", columns: found.map(({ name }) => name), message }];
}

/**
 * The share of the target's variance, or that of its classes as 0 and 1, between rows with a cell and rows
 * without.
 */
function gapsExplain(values: Floats, { y, labels, classes }: Dataset): number {
  const levels = Math.max(1, classes.length);
  const of = (i: number, k: number): number => (classes.length > 0 ? Number(labels[i] === k) : y[i]);
  let [between, total] = [0, 0];
  for (let k = 0; k < levels; k++) {
    const [count, sum] = [
      [0, 0],
      [0, 0],
    ];
    for (let i = 0; i < values.length; i++) {
      const group = Number(Number.isNaN(values[i]));
      count[group]++;
      sum[group] += of(i, k);
    }
    if (count[0] === 0 || count[1] === 0) return 0;
    const mean = (sum[0] + sum[1]) / values.length;
    for (let i = 0; i < values.length; i++) total += (of(i, k) - mean) ** 2;
    for (const group of [0, 1]) between += count[group] * (sum[group] / count[group] - mean) ** 2;
  }
  return between / total;
}

/** Rows with equal or near values, by group; undefined if groups would be too small to be informative. */
function groupsOf({ kind }: Input, values: Floats): Int32Array | undefined {
  const levels = distinct(values);
  if (levels.length < 2) return undefined;
  const missing = levels.length; // a separate group
  if (kind === "category" || kind === "boolean" || levels.length <= GROUPS) {
    if (values.length < 5 * levels.length) return undefined;
    const codes = new Map(levels.map((level, code) => [level, code]));
    return Int32Array.from(values, (value) => codes.get(value) ?? missing);
  }
  const sorted = values.filter((value) => !Number.isNaN(value)).sort();
  const count = Math.min(GROUPS, Math.floor(sorted.length / 5));
  const bounds = Array.from({ length: count - 1 }, (_, i) => quantileOf(sorted, i + 1, count));
  return Int32Array.from(values, (value) =>
    Number.isNaN(value) ? count : bounds.filter((bound) => value > bound).length,
  );
}

/**
 * The share of rows whose class is the most frequent of their group, above that of the most frequent class of
 * all.
 */
function rightClasses(groups: Int32Array, { labels, classes }: Dataset): number {
  const counts = new Map<number, number[]>();
  const all = classes.map(() => 0);
  groups.forEach((group, i) => {
    const own = counts.get(group) ?? classes.map(() => 0);
    own[labels[i]]++;
    all[labels[i]]++;
    counts.set(group, own);
  });
  const right = [...counts.values()].reduce((sum, own) => sum + Math.max(...own), 0) / groups.length;
  const base = Math.max(...all) / groups.length;
  // of the share that always predicting the most frequent class leaves
  return (right - base) / (1 - base) >= ALL_OF_IT ? right : 0;
}

function explainedVariance(groups: Int32Array, { y: values }: Dataset): number {
  const sums = new Map<number, { count: number; sum: number }>();
  groups.forEach((group, i) => {
    const own = sums.get(group) ?? { count: 0, sum: 0 };
    own.count++;
    own.sum += values[i];
    sums.set(group, own);
  });
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const total = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const between = [...sums.values()].reduce(
    (sum, own) => sum + own.count * (own.sum / own.count - mean) ** 2,
    0,
  );
  return between / total;
}

/** Pearson's correlation, over the rows that have a cell. */
function correlation(values: Floats, { y }: Dataset): number {
  const rows = Int32Array.from(values.keys()).filter((i) => !Number.isNaN(values[i]));
  const mean = (of: (row: number) => number): number =>
    rows.reduce((sum, row) => sum + of(row), 0) / rows.length;
  const [a, b] = [(row: number) => values[row], (row: number) => y[row]];
  const [ma, mb] = [mean(a), mean(b)];
  const covariance = mean((row) => (a(row) - ma) * (b(row) - mb));
  return covariance / Math.sqrt(mean((row) => (a(row) - ma) ** 2) * mean((row) => (b(row) - mb) ** 2));
}

/** Rows with the inputs and the target of an earlier one. */
function duplicates({ columns, y, outputs, rows }: Dataset, among: string): Warning[] {
  const same = (a: number, b: number): boolean => {
    for (const values of columns) if (!Object.is(values[a], values[b])) return false;
    for (let j = 0; j < outputs; j++) if (y[a * outputs + j] !== y[b * outputs + j]) return false;
    return true;
  };
  const firsts = new Map<number, number[]>();
  let count = 0;
  for (let i = 0; i < rows; i++) {
    const hash = hashOf(columns, i);
    const others = firsts.get(hash);
    if (others === undefined) firsts.set(hash, [i]);
    else if (others.some((other) => same(other, i))) count++;
    else others.push(i);
  }
  if (count < Math.max(2, REPEATED * rows)) return [];
  const message =
    `${count} of ${among} rows repeat another; a fold that trains on one and is scored on the other looks better than it is; ` +
    "remove the repeats, or count them by a weight column";
  return [{ type: "duplicates", columns: [], message }];
}

/** FNV-1a over the halves of each number of a row. */
function hashOf(columns: readonly Floats[], row: number): number {
  const words = new Uint32Array(Float64Array.from(columns, (values) => values[row]).buffer);
  let hash = 0x811c9dc5;
  for (const word of words) hash = Math.imul(hash ^ word ^ (word >>> 15), 0x01000193);
  return hash;
}

function nearlyConstant(columns: readonly Column[]): Warning[] {
  const found = columns.filter(
    ({ values }) => values.length >= ENOUGH && mostOf(values) >= NEARLY * values.length,
  );
  if (found.length === 0) return [];
  const names = found.map(({ input }) => input.name);
  const shown = names.slice(0, 3).map(show).join(", ");
  const more = names.length > 3 ? ` and ${names.length - 3} more` : "";
  const message =
    `${shown}${more} ${names.length === 1 ? "has" : "have"} the same value in ${100 * NEARLY} % of the rows or more, and hardly ` +
    "any information";
  return [{ type: "nearlyConstant", columns: names, message }];
}

/** How many rows have the most frequent value. */
function mostOf(values: Floats): number {
  const counts = new Map<number, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return Math.max(...counts.values());
}

function targetOutliers({ task, target, y, rows }: Dataset, among: string): Warning[] {
  if (task !== "regression" || rows < ENOUGH) return [];
  const sorted = y.slice().sort();
  const middle = quantileOf(sorted, 1, 2);
  const range = quantileOf(sorted, 3, 4) - quantileOf(sorted, 1, 4);
  const far = sorted.filter((value) => Math.abs(value - middle) > FAR * range);
  if (range === 0 || far.length === 0) return [];
  const furthest =
    Math.abs(far[0] - middle) > Math.abs(far[far.length - 1] - middle) ? far[0] : far[far.length - 1];
  const way =
    sorted[0] > 0 ? 'pipeline: { target: "log" } brings them nearer' : "correct them if they are errors";
  const message =
    `${far.length} of ${among} targets are more than ${FAR} interquartile ranges from the median of ${show(target)}, ` +
    `such as ${furthest}; they decide squared errors; ${way}`;
  return [{ type: "targetOutliers", columns: [target], message }];
}

function moreFeaturesThanRows(data: Dataset): Warning[] {
  const features = featureNames(data, {}).length;
  if (features <= data.rows) return [];
  const message =
    `${features} features are more than the ${data.rows} rows, so a network can memorize the rows; drop columns, ` +
    "or choose another encoding for categories";
  return [{ type: "moreFeaturesThanRows", columns: [], message }];
}

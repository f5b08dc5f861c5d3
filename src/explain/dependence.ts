/**
 * How predictions change with one column, and with two together, all other cells as they are.
 *
 * @see J. Friedman, "Greedy function approximation: a gradient boosting machine", Annals of Statistics 29,
 * 2001; A. Goldstein et al., "Peeking inside the black box: visualizing statistical learning with plots of
 * individual conditional expectation", JCGS 24, 2015
 */
import { must } from "../errors.js";
import { ranked } from "../metrics/curve.js";
import { RandomStream } from "../numerics/random.js";
import type { Rows } from "../predict/rows.js";
import { integer, type OptionRules, readOptions } from "../rules.js";
import { Asked, type Cells, type CellValue, type Explained, take } from "./asked.js";
import { sampled } from "./importance.js";

/** What curves are made of. */
export interface DependenceOptions {
  /** The columns. @defaultValue all */
  readonly columns?: readonly string[];
  /**
   * The most values of a column; of more numbers quantiles are taken, of words the most common.
   * @defaultValue 20
   */
  readonly values?: number;
  /** The most rows whose predictions are averaged: of more, a random sample is taken. @defaultValue 1000 */
  readonly rows?: number;
  /** How many of the rows have a curve of their own. @defaultValue 20 */
  readonly curves?: number;
  /** @defaultValue 0 */
  readonly seed?: number;
}

const RULES = {
  columns: true,
  values: [integer(2), 20],
  rows: [integer(), 1000],
  curves: [integer(0), 20],
  seed: [integer(0), 0],
} satisfies OptionRules<DependenceOptions>;

/** How predictions change with a column. */
export interface Dependence {
  readonly column: string;
  /** Numbers and dates in order; words by how common they are. Null stands for a missing cell. */
  readonly values: readonly CellValue[];
  /** `[values]` How many rows have the value; for quantiles, how many are nearest to it. */
  readonly counts: readonly number[];
  /** `[values, outputs]` The mean prediction if all rows had the value. */
  readonly mean: readonly (readonly number[])[];
  /** `[curves, values, outputs]` The predictions for single rows; of numbers and dates alone. */
  readonly curves: readonly (readonly (readonly number[])[])[];
  /**
   * Ranges without any row, of more than a tenth of all and three times the mean distance of values: there a
   * curve is a guess.
   */
  readonly gaps: readonly (readonly [from: CellValue, to: CellValue])[];
  /** How many rows have words that are not among the `values`. */
  readonly others: number;
}

/** How predictions change with two columns. */
export interface PairDependence {
  readonly columns: readonly [string, string];
  /**
   * How far the two together differ from the sum of each alone: the standard deviation of the difference, in
   * the unit of the prediction; the largest of all outputs.
   */
  readonly strength: number;
  /** The values of each column. */
  readonly values: readonly [readonly CellValue[], readonly CellValue[]];
  /** `[values of the first, values of the second, outputs]` */
  readonly mean: readonly (readonly (readonly number[])[])[];
}

/** A part of the range, and a multiple of the mean distance, without rows that is wide enough to be told. */
const GAP = 0.1;
const DISTANCES = 3;

/**
 * How the predictions of the model change with each of its columns: the mean over rows (partial dependence),
 * and the curves of single rows. Columns that depend on each other can make rows here that do not exist; the
 * `gaps` are ranges in which no row is at all. The steps of padded sequences have no curve.
 *
 * @throws FettleError `unknown_name` for a column that is not an input; `invalid_argument` for other options
 * out of range; as `predict`
 * @example
 * ```ts
 * const model = sequential([dense(1)]);
 * model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
 * const x = [[0], [1], [2]];
 * await model.fit(x, [1, 3, 5]);
 * const predictor = await loadPredictor(saveModel(model));
 * const [{ column, values }] = await partialDependence(predictor, x);
 * `${column}: ${values}`; // "x0: 0,1,2"
 * ```
 */
export async function partialDependence(
  model: Explained,
  rows: Rows,
  options: DependenceOptions = {},
): Promise<Dependence[]> {
  const read = readOptions(options, "partialDependence", RULES);
  const asked = new Asked(model);
  const all = asked.cellsOf(rows);
  const cells = take(all, sampled(all.rows, read.rows, new RandomStream(read.seed)));
  const places = placesOf(asked, read.columns);
  const found: Dependence[] = [];
  for (const place of places) found.push(await dependenceOf(place));
  return found;

  async function dependenceOf(place: number): Promise<Dependence> {
    const grid = gridOf(asked, place, all.columns[place], read.values);
    const { values, isOrdered } = grid;
    const by = await predictionsAt(asked, cells, [{ place, values }]);
    const curves = isOrdered ? Math.min(read.curves, cells.rows) : 0;
    return {
      column: asked.table.inputs[place].name,
      values: Array.from(values, (value) => asked.valueOf(place, value)),
      counts: grid.counts,
      mean: by.map((predictions) => meansOf(asked, predictions)),
      // of rows that are spread evenly: a table is often in order
      curves: Array.from({ length: curves }, (_, k) =>
        by.map((predictions) => outputsAt(asked, predictions, Math.floor((k * cells.rows) / curves))),
      ),
      gaps: grid.gaps.map(([from, to]) => [asked.valueOf(place, from), asked.valueOf(place, to)] as const),
      others: grid.others,
    };
  }
}

/** What pairs are compared by. */
export interface PairDependenceOptions {
  /** The columns whose pairs are compared. @defaultValue all */
  readonly columns?: readonly string[];
  /** How many pairs are returned. @defaultValue 2 */
  readonly pairs?: number;
  /** The most values of a column, as those of a curve. @defaultValue 8 */
  readonly values?: number;
  /** The most rows whose predictions are averaged: of more, a random sample is taken. @defaultValue 200 */
  readonly rows?: number;
  /** @defaultValue 0 */
  readonly seed?: number;
}

const PAIR_RULES = {
  columns: true,
  pairs: [integer(), 2],
  values: [integer(2), 8],
  rows: [integer(), 200],
  seed: [integer(0), 0],
} satisfies OptionRules<PairDependenceOptions>;

/**
 * The pairs of columns whose effects depend on each other most, the strongest first. The time grows with the
 * square of the number of columns.
 *
 * @throws FettleError as {@link partialDependence}
 * @example
 * ```ts
 * const model = sequential([dense(1)]);
 * model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
 * const x = [[0, 1], [1, 0], [2, 2]];
 * await model.fit(x, [1, 3, 5]);
 * const predictor = await loadPredictor(saveModel(model));
 * const [{ columns, strength }] = await strongestPairs(predictor, x);
 * columns; // ["x0", "x1"]
 * strength < 1e-6; // true
 * ```
 * @see J. Friedman and B. Popescu, "Predictive learning via rule ensembles", Annals of Applied Statistics 2,
 * 2008, of which this is the numerator, in the unit of the prediction
 */
export async function strongestPairs(
  model: Explained,
  rows: Rows,
  options: PairDependenceOptions = {},
): Promise<PairDependence[]> {
  const read = readOptions(options, "strongestPairs", PAIR_RULES);
  const asked = new Asked(model);
  const all = asked.cellsOf(rows);
  const cells = take(all, sampled(all.rows, read.rows, new RandomStream(read.seed)));
  const axes = placesOf(asked, read.columns).map((place) => ({
    place,
    values: gridOf(asked, place, all.columns[place], read.values).values,
  }));
  const found: PairDependence[] = [];
  for (const [k, one] of axes.entries())
    for (const other of axes.slice(k + 1)) {
      const means = (await predictionsAt(asked, cells, [one, other])).map((each) => meansOf(asked, each));
      const width = other.values.length;
      const mean = Array.from(one.values, (_, i) => means.slice(i * width, (i + 1) * width));
      found.push({
        columns: [asked.table.inputs[one.place].name, asked.table.inputs[other.place].name],
        strength: strengthOf(mean),
        values: [one, other].map(({ place, values }) =>
          Array.from(values, (value) => asked.valueOf(place, value)),
        ) as [CellValue[], CellValue[]],
        mean,
      });
    }
  return found.sort((a, b) => b.strength - a.strength).slice(0, read.pairs);
}

/** The places of the columns, in the order of the list. */
function placesOf(asked: Asked, columns: readonly string[] | undefined): number[] {
  must(columns === undefined || Array.isArray(columns), "columns", "a list of columns", columns);
  const places = asked.parts().flatMap(({ places }) => (places.length === 1 ? places : []));
  return columns === undefined ? places : columns.map((column) => asked.placeOf(column));
}

interface Grid {
  readonly values: Float64Array;
  readonly counts: readonly number[];
  readonly gaps: readonly (readonly [number, number])[];
  readonly others: number;
  /** Whether values lie between values. */
  readonly isOrdered: boolean;
}

/** The values of a column at which predictions are made, with missing cells last. */
function gridOf({ table: { inputs } }: Asked, place: number, cells: Float64Array, most: number): Grid {
  const { kind } = inputs[place];
  const isOrdered = kind === "number" || kind === "date";
  const known = cells.filter((cell) => !Number.isNaN(cell));
  const { levels, places } = ranked(known);
  const counts = new Float64Array(levels.length);
  for (const at of places) counts[at]++;
  const chosen = isOrdered ? quantilesOf(counts, most) : commonest(counts, most);
  const held = isOrdered ? nearest(levels, counts, chosen) : chosen.map((at) => counts[at]);
  const others = known.length - held.reduce((sum, each) => sum + each, 0);
  const missing = cells.length - known.length;
  const range = levels[levels.length - 1] - levels[0];
  const gaps = Array.from(levels.subarray(1), (level, k) => [levels[k], level] as const);
  return {
    values: Float64Array.from([...chosen.map((at) => levels[at]), ...(missing > 0 ? [Number.NaN] : [])]),
    counts: missing > 0 ? [...held, missing] : held,
    gaps: isOrdered
      ? gaps.filter(([from, to]) => to - from > Math.max(GAP, DISTANCES / gaps.length) * range)
      : [],
    others,
    isOrdered,
  };
}

/** The places of at most `most` levels: all, or those at equal shares of the rows, with both ends. */
function quantilesOf(counts: Float64Array, most: number): number[] {
  if (counts.length <= most) return Array.from(counts, (_, at) => at);
  const last = counts.reduce((sum, each) => sum + each, 0) - 1;
  const chosen = new Set<number>();
  for (let k = 0, at = 0, passed = counts[0]; k < most; k++) {
    while (passed <= (k * last) / (most - 1)) passed += counts[++at];
    chosen.add(at);
  }
  return [...chosen];
}

/** The places of the most common levels, the most common first. */
const commonest = (counts: Float64Array, most: number): number[] =>
  Array.from(counts, (_, at) => at)
    .sort((a, b) => counts[b] - counts[a])
    .slice(0, most);

/** How many rows are nearest to each of the chosen levels. */
function nearest(levels: Float64Array, counts: Float64Array, chosen: readonly number[]): number[] {
  const held = chosen.map(() => 0);
  for (let at = 0, k = 0; at < levels.length; at++) {
    while (k + 1 < chosen.length && levels[chosen[k + 1]] - levels[at] < levels[at] - levels[chosen[k]]) k++;
    held[k] += counts[at];
  }
  return held;
}

/** [values, or pairs of values] of the predictions `[rows, outputs]` if all rows had them. */
async function predictionsAt(
  asked: Asked,
  { rows, columns }: Cells,
  axes: readonly { readonly place: number; readonly values: Float64Array }[],
): Promise<Float64Array[]> {
  const width = axes.length > 1 ? axes[1].values.length : 1;
  const points = axes[0].values.length * width;
  const all = await asked.askAbout(points * rows, (place, cells, from) => {
    const axis = axes.findIndex((each) => each.place === place);
    for (let i = 0; i < cells.length; i++) {
      const point = Math.floor((from + i) / rows);
      if (axis < 0) cells[i] = columns[place][(from + i) % rows];
      else cells[i] = axes[axis].values[axis === 0 ? Math.floor(point / width) : point % width];
    }
  });
  const size = rows * asked.table.outputs;
  return Array.from({ length: points }, (_, point) => all.subarray(point * size, (point + 1) * size));
}

const outputsAt = ({ outputs: { length } }: Asked, predictions: Float64Array, row: number): number[] =>
  Array.from(predictions.subarray(row * length, (row + 1) * length));

/** [outputs] */
function meansOf({ outputs: { length } }: Asked, predictions: Float64Array): number[] {
  const sums = new Array<number>(length).fill(0);
  for (const [k, each] of predictions.entries()) sums[k % length] += each;
  return sums.map((sum) => (sum * length) / predictions.length);
}

/** The standard deviation of what two columns do together beyond the sum of each alone. */
function strengthOf(mean: readonly (readonly (readonly number[])[])[]): number {
  const [rows, columns] = [mean.length, mean[0].length];
  const strengths = mean[0][0].map((_, output) => {
    const at = (i: number, j: number): number => mean[i][j][output];
    const ofRow = mean.map((_, i) => average(columns, (j) => at(i, j)));
    const ofColumn = mean[0].map((_, j) => average(rows, (i) => at(i, j)));
    const all = average(rows, (i) => ofRow[i]);
    const squares = average(rows, (i) =>
      average(columns, (j) => (at(i, j) - ofRow[i] - ofColumn[j] + all) ** 2),
    );
    return Math.sqrt(squares);
  });
  return Math.max(...strengths);
}

function average(count: number, term: (k: number) => number): number {
  let sum = 0;
  for (let k = 0; k < count; k++) sum += term(k);
  return sum / count;
}

/**
 * Shapley values: how much each column of a row moves its prediction away from the mean prediction of
 * background rows. A column is absent from a coalition when it has the cell of a background row instead.
 *
 * Each background row is a game of its own, in which only the columns play that differ from it. In a model of
 * few columns, all coalitions are asked. Otherwise columns change one after another from the background row
 * to the explained row, in random orders, each with its reverse. Either way the changes add up to the
 * difference of the two predictions, so the values of a row add up to its prediction less the base.
 *
 * @see E. Štrumbelj and I. Kononenko, "Explaining prediction models and individual predictions with feature
 * contributions", KAIS 41, 2014; S. Lundberg and S.-I. Lee, "A unified approach to interpreting model
 * predictions", NeurIPS 2017; R. Mitchell et al., "Sampling permutations for Shapley value estimation", JMLR
 * 23, 2022, on reversed orders
 */
import type { NdArray } from "ndarray";
import { type Floats, view } from "../ndarray.js";
import { RandomStream } from "../numerics/random.js";
import type { Rows } from "../predict/rows.js";
import { integer, type OptionRules, readOptions } from "../rules.js";
import { Asked, type Cells, type Explained, type Part, take } from "./asked.js";
import { sampled } from "./importance.js";

/** How Shapley values are computed. */
export interface ShapleyOptions {
  /** The most background rows: of more, a random sample is taken. @defaultValue 32 */
  readonly background?: number;
  /**
   * The most columns of a model for which all 2^n coalitions are asked, at most 16.
   * @defaultValue 12
   */
  readonly exact?: number;
  /** How many random orders, each with its reverse, for a background row otherwise. @defaultValue 2 */
  readonly orders?: number;
  /** @defaultValue 0 */
  readonly seed?: number;
}

const RULES = {
  background: [integer(), 32],
  exact: [integer(0, 16), 12],
  orders: [integer(2), 2],
  seed: [integer(0), 0],
} satisfies OptionRules<ShapleyOptions>;

/** Shapley values of rows. */
export interface ShapleyValues {
  /** The names of the columns; those of a padded sequence are together. */
  readonly columns: readonly (readonly string[])[];
  /** `[rows, columns, outputs]` What each column adds to the prediction. */
  readonly values: NdArray<Floats>;
  /** `[rows, columns, outputs]` The standard error of the random orders; 0 where all coalitions were asked. */
  readonly standardErrors: NdArray<Floats>;
  /** `[outputs]` The mean prediction of the background rows, to which the values add. */
  readonly base: readonly number[];
  /** How many background rows were used. */
  readonly background: number;
  /** How many were given. */
  readonly of: number;
}

/** Rows between the explained row and background rows, which are asked together. */
class Hybrids {
  private readonly rows: number[] = [];
  /** [hybrids, parts] 1 where a part is that of the explained row. */
  private present = new Uint8Array(1024);

  constructor(
    private readonly asked: Asked,
    private readonly parts: readonly Part[],
    private readonly background: Cells,
    private readonly row: Cells,
  ) {}

  /** Adds a background row with parts of the explained row; returns its number. */
  add(row: number, parts: readonly number[] = []): number {
    const id = this.rows.push(row) - 1;
    const needed = (id + 1) * this.parts.length;
    if (needed > this.present.length) {
      const present = new Uint8Array(2 * needed);
      present.set(this.present);
      this.present = present;
    }
    for (const part of parts) this.present[id * this.parts.length + part] = 1;
    return id;
  }

  /** Adds a row like that of number `before`, with one more part of the explained row. */
  after(before: number, part: number): number {
    const { length } = this.parts;
    const id = this.add(this.rows[before], [part]);
    const start = before * length;
    for (let k = 0; k < length; k++) this.present[id * length + k] |= this.present[start + k];
    return id;
  }

  ask(): Promise<Float64Array> {
    const { rows, present, parts, background, row } = this;
    const { length } = parts;
    const partOf = this.asked.table.inputs.map((_, place) =>
      parts.findIndex(({ places }) => places.includes(place)),
    );
    return this.asked.askAbout(rows.length, (place, cells, from) => {
      const [part, own, others] = [partOf[place], row.columns[place][0], background.columns[place]];
      for (let i = 0, id = from; i < cells.length; i++, id++)
        cells[i] = present[id * length + part] === 1 ? own : others[rows[id]];
    });
  }
}

/** What one background row says of the parts, once the predictions are there. */
type Game = (
  predictions: Float64Array,
  add: (part: number, output: number, value: number, variance: number) => void,
) => void;

/**
 * What each column adds to the predictions of rows, compared with the background: Shapley values. Those of a
 * row add up to its prediction less `base`. Two seeds give slightly different values where there are too many
 * columns to ask all coalitions; the same seed gives the same bits.
 *
 * @param background - rows to compare with, such as those of `permutationImportance`
 * @throws FettleError `invalid_argument` for options out of range; as `predict`
 * @example
 * ```ts
 * const model = sequential([dense(1)]);
 * model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
 * const x = [[0, 1], [1, 0], [2, 2]];
 * await model.fit(x, [1, 3, 5]);
 * const predictor = await loadPredictor(saveModel(model));
 * const { values } = await shapleyValues(predictor, [[2, 0]], x);
 * values.shape; // [1, 2, 1]
 * ```
 */
export async function shapleyValues(
  model: Explained,
  rows: Rows,
  background: Rows,
  options: ShapleyOptions = {},
): Promise<ShapleyValues> {
  const read = readOptions(options, "shapleyValues", RULES);
  const asked = new Asked(model);
  const stream = new RandomStream(read.seed);
  const [explained, all] = [asked.cellsOf(rows), asked.cellsOf(background)];
  const used = take(all, sampled(all.rows, read.background, stream.fork(0)));
  const parts = asked.parts();
  const { length: outputs } = asked.outputs;
  const size = parts.length * outputs;
  const [values, variances] = [
    new Float64Array(explained.rows * size),
    new Float64Array(explained.rows * size),
  ];
  // every row meets the same random orders
  for (let at = 0; at < explained.rows; at++) {
    const row = asked.rowOf(explained, at);
    const hybrids = new Hybrids(asked, parts, used, row);
    const games = Array.from({ length: used.rows }, (_, other) => {
      const players = parts.flatMap(({ places }, part) =>
        places.some((place) => !Object.is(row.columns[place][0], used.columns[place][other])) ? [part] : [],
      );
      const isExact = parts.length <= read.exact || isFewer(players.length, read.orders);
      return isExact
        ? allCoalitions(hybrids, other, players, outputs)
        : someOrders(hybrids, other, players, outputs, read.orders, stream.fork(1 + other));
    });
    const predictions = await hybrids.ask();
    for (const game of games)
      game(predictions, (part, output, value, variance) => {
        values[at * size + part * outputs + output] += value / used.rows;
        variances[at * size + part * outputs + output] += variance / (used.rows * used.rows);
      });
  }
  const shape = [explained.rows, parts.length, outputs];
  const strides = [size, outputs, 1];
  const predicted = await asked.ask(used);
  return {
    columns: parts.map(({ columns }) => columns),
    values: view(values, shape, strides, 0),
    standardErrors: view(variances.map(Math.sqrt), shape, strides, 0),
    base: asked.outputs.map((_, output) => {
      let sum = 0;
      for (let k = output; k < predicted.length; k += outputs) sum += predicted[k];
      return sum / used.rows;
    }),
    background: used.rows,
    of: all.rows,
  };
}

/** Whether a game has fewer coalitions than its random orders would ask. */
const isFewer = (players: number, orders: number): boolean =>
  players < 31 && 1 << players <= 2 * orders * players;

function allCoalitions(hybrids: Hybrids, row: number, players: readonly number[], outputs: number): Game {
  const { length: n } = players;
  const ids = new Int32Array(1 << n);
  ids[0] = hybrids.add(row);
  for (let k = 0; k < n; k++)
    for (let mask = 0; mask < 1 << k; mask++) ids[mask | (1 << k)] = hybrids.after(ids[mask], players[k]);
  // [size of a coalition without the player] the share of orders in which that coalition precedes it
  const shares = new Float64Array(n);
  for (let k = 0; k < n; k++) shares[k] = k === 0 ? 1 / n : (shares[k - 1] * k) / (n - k);
  return (predictions, add) => {
    for (const [k, part] of players.entries())
      for (let output = 0; output < outputs; output++) {
        let value = 0;
        for (let mask = 0; mask < ids.length; mask++) {
          if ((mask >> k) & 1) continue;
          const [before, after] = [ids[mask], ids[mask | (1 << k)]];
          value +=
            shares[ones(mask)] *
            (predictions[after * outputs + output] - predictions[before * outputs + output]);
        }
        add(part, output, value, 0);
      }
  };
}

function ones(mask: number): number {
  let count = 0;
  for (let left = mask; left > 0; left &= left - 1) count++;
  return count;
}

function someOrders(
  hybrids: Hybrids,
  row: number,
  players: readonly number[],
  outputs: number,
  orders: number,
  stream: RandomStream,
): Game {
  // all walks begin at the background row and end at the explained row
  const start = hybrids.add(row);
  const end = hybrids.add(row, players);
  const walk = (way: readonly number[]): readonly number[] => {
    const ids = [start];
    for (const k of way.slice(0, -1)) ids.push(hybrids.after(ids[ids.length - 1], players[k]));
    return [...ids, end];
  };
  const walks = Array.from({ length: orders }, () => {
    const way = [...stream.permutation(players.length)];
    return [way, [...way].reverse()].map((each) => ({ way: each, ids: walk(each) }));
  });
  return (predictions, add) => {
    for (let output = 0; output < outputs; output++) {
      // [orders][players] the mean of an order and its reverse
      const changes = walks.map((pair) => {
        const change = new Float64Array(players.length);
        for (const { way, ids } of pair)
          for (const [step, k] of way.entries())
            change[k] +=
              (predictions[ids[step + 1] * outputs + output] - predictions[ids[step] * outputs + output]) / 2;
        return change;
      });
      for (const [k, part] of players.entries()) {
        const mean = changes.reduce((sum, change) => sum + change[k], 0) / orders;
        const squares = changes.reduce((sum, change) => sum + (change[k] - mean) * (change[k] - mean), 0);
        add(part, output, mean, squares / (orders * (orders - 1)));
      }
    }
  };
}

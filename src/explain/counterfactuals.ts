/**
 * The smallest changes of one or two columns that turn an answer. Only values that rows have are tried, each
 * in its own column; whether a whole row of this kind exists, or what caused the answer, is not known.
 *
 * @see S. Wachter, B. Mittelstadt and C. Russell, "Counterfactual explanations without opening the black
 * box", Harvard Journal of Law & Technology 31, 2018
 */
import { check, must, show, unknownName } from "../errors.js";
import { ranked } from "../metrics/curve.js";
import { classAt } from "../metrics/decided.js";
import type { Rows } from "../predict/rows.js";
import { finite, integer, listOf, type OptionRules, readOptions, text } from "../rules.js";
import { Asked, type CellValue, type Explained } from "./asked.js";

/** Which changes are searched. */
export interface CounterfactualOptions {
  /** The class to be answered. @defaultValue any other than the answer */
  readonly to?: string;
  /** For a quantity: the prediction must become at least this. */
  readonly least?: number;
  /** For a quantity: the prediction must become at most this. */
  readonly most?: number;
  /** Columns that cannot change. @defaultValue none */
  readonly fixed?: readonly string[];
  /** The most changes that are returned. @defaultValue 3 */
  readonly changes?: number;
}

const RULES = {
  to: text,
  least: finite(),
  most: finite(),
  fixed: [listOf<string>("a list of columns", (name) => typeof name === "string"), []],
  changes: [integer(), 3],
} satisfies OptionRules<CounterfactualOptions>;

/** A change of one or two columns that turns an answer. */
export interface Counterfactual {
  readonly changes: readonly {
    readonly column: string;
    readonly from: CellValue;
    readonly to: CellValue;
    /** For numbers and dates: the share of rows whose value is passed. */
    readonly passed?: number;
  }[];
  /** `[outputs]` The prediction after the change. */
  readonly prediction: readonly number[];
  /** The class after the change; undefined for quantities. */
  readonly class?: string;
  /** The sum over the columns: the share of rows that is passed, or 1 for a word or a missing cell. */
  readonly cost: number;
}

/** A column in one direction. */
interface Axis {
  readonly place: number;
  /** The values that rows have, from the nearest on. */
  readonly values: Float64Array;
  readonly costs: Float64Array;
  /** Whether a value lies between its neighbours, so that the first that turns can be approached. */
  readonly isOrdered: boolean;
}

interface Change {
  readonly place: number;
  readonly value: number;
}

/** A search on an axis for the first value that turns the answer, beside other changes. */
interface Search {
  readonly axis: Axis;
  readonly beside: readonly Change[];
  /** The values before this one are searched. */
  readonly end: number;
}

/** Values of an axis that are asked at once. */
const POINTS = 64;
/** Values of each of two axes. */
const PAIR_POINTS = 8;
/** The axes whose pairs are searched: those that come nearest to the goal alone. */
const PAIR_AXES = 60;

/**
 * The smallest changes of one column, and of two if that is less, that turn the model's answer for a row. A
 * number with many values is approached in steps, so a narrow range that turns the answer may be missed.
 *
 * @param row - one row
 * @param rows - rows whose values count as possible
 * @throws FettleError `unknown_name` for a class or column that is not there; `invalid_argument` for other
 * options out of range, for a quantity without `least` or `most`, and for an answer that is there already
 * @example
 * ```ts
 * const model = sequential([dense(1)]);
 * model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
 * const x = [[0], [1], [2]];
 * await model.fit(x, [1, 3, 5]);
 * const predictor = await loadPredictor(saveModel(model));
 * const now = predictor.predict([[0]]).data[0];
 * await counterfactuals(predictor, [[0]], x, { least: now + 1000 }); // []
 * ```
 */
export async function counterfactuals(
  model: Explained,
  row: Rows,
  rows: Rows,
  options: CounterfactualOptions = {},
): Promise<Counterfactual[]> {
  const read = readOptions(options, "counterfactuals", RULES);
  const asked = new Asked(model);
  const own = asked.cellsOf(row);
  check(own.rows === 1, () => `row must be one row; received ${own.rows}`);
  const goal = goalOf(asked, await asked.ask(own), read);
  const fixed = new Set(read.fixed.map((column) => asked.placeOf(column)));
  const seen = asked.cellsOf(rows);
  const axes = asked
    .parts()
    .flatMap(({ places: [place, ...more] }) =>
      more.length > 0 || fixed.has(place)
        ? []
        : axesOf(asked, place, own.columns[place][0], seen.columns[place]),
    );

  const predictionsFor = (tried: readonly (readonly Change[])[]): Promise<Float64Array> =>
    asked.askAbout(tried.length, (place, cells, from) => {
      for (let i = 0; i < cells.length; i++)
        cells[i] = tried[from + i].find((change) => change.place === place)?.value ?? own.columns[place][0];
    });
  const { length: outputs } = asked.outputs;
  const distances = async (tried: readonly (readonly Change[])[]): Promise<Float64Array> => {
    const predictions = await predictionsFor(tried);
    return Float64Array.from(tried, (_, k) => goal(predictions, k * outputs));
  };

  /** The first value of each axis that turns the answer, or -1; and how near each axis comes. */
  const firstOf = async (searches: readonly Search[]) => {
    const found = searches.map(({ end }) => ({ from: 0, end, first: -1, least: Number.POSITIVE_INFINITY }));
    for (;;) {
      const steps = found.map(({ from, end }, k) =>
        searches[k].axis.isOrdered ? Math.ceil((end - from) / POINTS) : 1,
      );
      const points = found.map(({ from, end }, k) => spaced(from, end, steps[k]));
      const tried = searches.flatMap(({ axis: { place, values }, beside }, k) =>
        points[k].map((at) => [...beside, { place, value: values[at] }]),
      );
      if (tried.length === 0) return found;
      const distance = await distances(tried);
      let done = 0;
      for (const [k, own] of found.entries()) {
        const its = distance.subarray(done, done + points[k].length);
        done += its.length;
        own.least = its.reduce((least, each) => Math.min(least, each), own.least);
        const turn = its.findIndex((each) => each <= 0);
        if (turn >= 0) own.first = points[k][turn];
        // what lies between the last that does not turn it and the first that does
        const isCoarse = turn >= 0 && steps[k] > 1;
        if (isCoarse) {
          own.from = (points[k][turn - 1] ?? own.from - 1) + 1;
          own.end = own.first;
        } else own.from = own.end;
      }
    }
  };

  const alone = await firstOf(axes.map((axis) => ({ axis, beside: [], end: axis.values.length })));
  const singles = axes.flatMap((axis, k) => (alone[k].first < 0 ? [] : [[{ axis, at: alone[k].first }]]));
  const leastCost = Math.min(...singles.map(costOf));
  const near = axes
    .map((axis, k) => ({
      axis,
      least: alone[k].least,
      end: alone[k].first < 0 ? axis.values.length : alone[k].first,
    }))
    .filter(({ end }) => end > 0)
    .sort((a, b) => a.least - b.least)
    .slice(0, PAIR_AXES);
  const tried = near.flatMap((one, k) =>
    near.slice(k + 1).flatMap((other) =>
      one.axis.place === other.axis.place
        ? []
        : pointsOf(one).flatMap((i) =>
            pointsOf(other).map((j) => [
              { axis: one.axis, at: i },
              { axis: other.axis, at: j },
            ]),
          ),
    ),
  );
  const distance = await distances(tried.map((moves) => moves.map(changeOf)));
  const pairs = tried.filter((moves, k) => distance[k] <= 0 && costOf(moves) < leastCost);
  const best = distinct([...singles, ...(await closer(distinct(pairs).slice(0, read.changes)))]);
  const kept = best.slice(0, read.changes);
  const predictions = await predictionsFor(kept.map((moves) => moves.map(changeOf)));
  return kept.map((moves, k) => {
    const { classes, threshold } = asked.table;
    return {
      changes: moves.map(({ axis: { place, values, costs, isOrdered }, at }) => ({
        column: asked.table.inputs[place].name,
        from: asked.valueOf(place, own.columns[place][0]),
        to: asked.valueOf(place, values[at]),
        ...(isOrdered && { passed: costs[at] }),
      })),
      prediction: [...predictions.subarray(k * outputs, (k + 1) * outputs)],
      ...(classes.length > 0 && { class: classes[classAt(predictions, k * outputs, outputs, threshold)] }),
      cost: costOf(moves),
    };
  });

  /** Each of two changes made as small as it can be beside the other. */
  async function closer(pairs: readonly Moves[]): Promise<Moves[]> {
    let moves = [...pairs];
    for (const side of [0, 1]) {
      const found = await firstOf(
        moves.map((pair) => ({
          axis: pair[side].axis,
          beside: [changeOf(pair[1 - side])],
          end: pair[side].at + 1,
        })),
      );
      moves = moves.map((pair, k) =>
        pair.map((move, at) => (at === side ? { axis: move.axis, at: found[k].first } : move)),
      );
    }
    return moves;
  }
}

/** One place on each of one or two axes. */
type Moves = readonly { readonly axis: Axis; readonly at: number }[];

const changeOf = ({ axis: { place, values }, at }: Moves[number]): Change => ({ place, value: values[at] });

const costOf = (moves: Moves): number => moves.reduce((sum, { axis, at }) => sum + axis.costs[at], 0);

/** The cheapest change of each set of columns, the cheapest first. */
function distinct(all: readonly Moves[]): Moves[] {
  const found = new Map<string, Moves>();
  for (const moves of [...all].sort((a, b) => costOf(a) - costOf(b))) {
    const key = moves.map(({ axis }) => axis.place).join();
    if (!found.has(key)) found.set(key, moves);
  }
  return [...found.values()];
}

/** Every `step`-th number of [from, end), the last one always. */
function spaced(from: number, end: number, step: number): number[] {
  const points: number[] = [];
  for (let at = end - 1; at >= from; at -= step) points.unshift(at);
  return points;
}

const pointsOf = ({ axis, end }: { readonly axis: Axis; readonly end: number }): number[] =>
  spaced(0, end, axis.isOrdered ? Math.ceil(end / PAIR_POINTS) : Math.ceil(end / POINTS));

/** How far a prediction is from the goal; at most 0 when it is reached. */
type Goal = (predictions: Float64Array, start: number) => number;

function goalOf(asked: Asked, prediction: Float64Array, { to, least, most }: CounterfactualOptions): Goal {
  const { classes, threshold, outputs } = asked.table;
  if (classes.length === 0) {
    must(to === undefined, "to", "left out for a quantity, which has no classes", to);
    check(
      least !== undefined || most !== undefined,
      () => `a change of a quantity needs a goal, such as least: ${Math.ceil(Math.abs(prediction[0])) + 1}`,
    );
    check(outputs === 1, () => `least and most need a model of one quantity; received one of ${outputs}`);
    const goal: Goal = (predictions, start) =>
      Math.max((least ?? -Infinity) - predictions[start], predictions[start] - (most ?? Infinity));
    check(
      goal(prediction, 0) > 0,
      () => `least and most must exclude the prediction; received ${show(prediction[0])} within them`,
    );
    return goal;
  }
  for (const [name, limit] of Object.entries({ least, most }))
    must(limit === undefined, name, "left out for classes, one of which is the goal", limit);
  if (to !== undefined && !classes.includes(to)) throw unknownName("class", to, classes);
  const now = classAt(prediction, 0, outputs, threshold);
  const goal = to === undefined ? undefined : classes.indexOf(to);
  check(goal !== now, () => `to must be another class than the answer; received ${show(to)}`);
  return (predictions, start) => {
    const at = classAt(predictions, start, outputs, threshold);
    if (goal === undefined ? at !== now : at === goal) return 0;
    // the probability that is missing: above 0 until the class is answered
    if (outputs === 1) return Math.abs(predictions[start] - threshold) + Number.EPSILON;
    const others = predictions.subarray(start, start + outputs);
    const largest = others.reduce((most, each, k) => (k === (goal ?? now) ? most : Math.max(most, each)), 0);
    const own = predictions[start + (goal ?? now)];
    return Math.abs(goal === undefined ? own - largest : largest - own) + Number.EPSILON;
  };
}

/** The ways of a column: numbers and dates up and down, words to any other. */
function axesOf(asked: Asked, place: number, own: number, cells: Float64Array): Axis[] {
  const { kind } = asked.table.inputs[place];
  const known = cells.filter((cell) => !Number.isNaN(cell) && asked.valueOf(place, cell) !== null);
  const { levels, places } = ranked(known);
  const isOrdered = kind === "number" || kind === "date";
  if (!isOrdered || Number.isNaN(own)) {
    const values = levels.filter((level) => level !== own);
    return values.length === 0 ? [] : [{ place, values, costs: values.map(() => 1), isOrdered: false }];
  }
  const counts = new Float64Array(levels.length);
  for (const at of places) counts[at]++;
  const way = (values: Float64Array, its: Float64Array): Axis[] => {
    let passed = 0;
    const costs = its.map((count) => {
      passed += count;
      return passed / known.length;
    });
    return values.length === 0 ? [] : [{ place, values, costs, isOrdered }];
  };
  const above = levels.findIndex((level) => level > own);
  const first = above < 0 ? levels.length : above;
  const below = levels[first - 1] === own ? first - 1 : first;
  return [
    ...way(levels.slice(0, below).reverse(), counts.slice(0, below).reverse()),
    ...way(levels.slice(first), counts.slice(first)),
  ];
}

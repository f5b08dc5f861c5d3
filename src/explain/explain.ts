/** A model explained as a whole, and its answer for one row: plain data, ready for JSON. */
import { must } from "../errors.js";
import type { Rows } from "../predict/rows.js";
import { type OptionRules, readOptions } from "../rules.js";
import { Asked, type CellValue, type Explained } from "./asked.js";
import { type Counterfactual, type CounterfactualOptions, counterfactuals } from "./counterfactuals.js";
import { type Dependence, type PairDependence, partialDependence, strongestPairs } from "./dependence.js";
import {
  type KnownRows,
  type PermutationImportances,
  type PermutationOptions,
  permutationImportance,
} from "./importance.js";
import { type ShapleyOptions, shapleyValues } from "./shapley.js";

/** What an explanation of a model is about. */
export interface ExplainedTask {
  readonly task: "classification" | "regression";
  readonly target: string;
  /** What is predicted: the positive class of two, the classes, or quantities. */
  readonly outputs: readonly string[];
}

/** How a model makes its predictions. */
export interface Explanation extends ExplainedTask {
  readonly importance: PermutationImportances;
  /** Those of the most important columns, in that order. */
  readonly dependence: readonly Dependence[];
  /** How many columns have no curve here: `partialDependence` draws them. */
  readonly withoutCurve: number;
  /** The two pairs of the most important columns that depend on each other most. */
  readonly pairs: readonly PairDependence[];
}

/** The most columns with curves, and those whose pairs are compared. */
const CURVES = 30;
const PAIRED = 6;

/**
 * Explains a model as a whole: which columns matter, in which direction, and which two together.
 *
 * @param rows - rows that the model was not trained on, as `encodeRows` returns them for a table with the
 * target
 * @throws FettleError as `permutationImportance`
 * @example
 * ```ts
 * const model = sequential([dense(1)]);
 * model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
 * const x = [[0, 1], [1, 0], [2, 2]];
 * await model.fit(x, [1, 3, 5]);
 * const predictor = await loadPredictor(saveModel(model));
 * const data = { columns: [Float64Array.of(0, 1, 2), Float64Array.of(1, 0, 2)], y: Float64Array.of(1, 3, 5) };
 * const { dependence, pairs } = await explain(predictor, data);
 * [dependence.length, pairs.length]; // [2, 1]
 * ```
 */
export async function explain(
  model: Explained,
  rows: KnownRows,
  options: PermutationOptions = {},
): Promise<Explanation> {
  const importance = await permutationImportance(model, rows, options);
  const columns = importance.columns.flatMap((each) => (each.columns.length === 1 ? each.columns : []));
  const drawn = columns.slice(0, CURVES);
  const { seed = 0 } = options;
  return {
    ...aboutOf(new Asked(model)),
    importance,
    dependence: await partialDependence(model, rows, { columns: drawn, seed }),
    withoutCurve: columns.length - drawn.length,
    pairs: await strongestPairs(model, rows, { columns: columns.slice(0, PAIRED), seed }),
  };
}

/** How the answer for one row is explained. */
export interface ExplainRowOptions extends ShapleyOptions, CounterfactualOptions {}

const ROW_RULES = {
  background: true,
  exact: true,
  orders: true,
  seed: true,
  to: true,
  least: true,
  most: true,
  fixed: true,
  changes: true,
} satisfies OptionRules<ExplainRowOptions>;

/** What columns add to a prediction. */
export interface Contribution {
  readonly columns: readonly string[];
  readonly values: readonly CellValue[];
  /** `[outputs]` A Shapley value. */
  readonly contribution: readonly number[];
  /** `[outputs]` The standard error of the random orders; undefined where all coalitions were asked. */
  readonly standardError?: readonly number[];
}

/** Why a model gives its answer for a row. */
export interface RowExplanation extends ExplainedTask {
  /** `[outputs]` */
  readonly prediction: readonly number[];
  /** The answer; undefined for quantities. */
  readonly class?: string;
  /** `[outputs]` The mean prediction of the background rows. */
  readonly base: readonly number[];
  /** How many background rows were used, and of how many. */
  readonly background: { readonly rows: number; readonly of: number };
  /** Those that move the prediction most first; with `base` they add up to the prediction. */
  readonly contributions: readonly Contribution[];
  /** Small changes that turn the answer; undefined for a quantity without `least` and `most`. */
  readonly changes?: readonly Counterfactual[];
}

/**
 * Explains the answer for one row: what each column adds to the mean prediction, and what would turn it.
 *
 * @param row - one row
 * @param rows - rows to compare with, such as those of the table that the model was tuned on
 * @throws FettleError as `shapleyValues` and `counterfactuals`
 * @example
 * ```ts
 * const model = sequential([dense(1)]);
 * model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
 * const x = [[0, 1], [1, 0], [2, 2]];
 * await model.fit(x, [1, 3, 5]);
 * const predictor = await loadPredictor(saveModel(model));
 * const { base, contributions } = await explainRow(predictor, [[2, 0]], x);
 * [base.length, contributions.length]; // [1, 2]
 * ```
 */
export async function explainRow(
  model: Explained,
  row: Rows,
  rows: Rows,
  options: ExplainRowOptions = {},
): Promise<RowExplanation> {
  const { background, exact, orders, seed, ...change } = readOptions(options, "explainRow", ROW_RULES);
  const asked = new Asked(model);
  const own = asked.cellsOf(row);
  must(own.rows === 1, "row", "one row", own.rows);
  const shapley = await shapleyValues(model, row, rows, {
    background,
    exact,
    orders,
    seed,
  } as ShapleyOptions);
  const { classes, outputs } = asked.table;
  const of = (all: ArrayLike<number>, at: number): number[] =>
    Array.from({ length: outputs }, (_, output) => all[at * outputs + output]);
  const contributions = asked.parts().map(({ columns, places }, at): Contribution => {
    const standardError = of(shapley.standardErrors.data, at);
    return {
      columns,
      values: places.map((place) => asked.valueOf(place, own.columns[place][0])),
      contribution: of(shapley.values.data, at),
      ...(standardError.some((each) => each > 0) && { standardError }),
    };
  });
  const size = ({ contribution }: Contribution): number => Math.max(...contribution.map(Math.abs));
  // of a quantity, without a goal there is none, and any other option of changes is refused
  const hasGoal = classes.length > 0 || Object.values(change).some((option) => option !== undefined);
  return {
    ...aboutOf(asked),
    prediction: of(await asked.ask(own), 0),
    ...(classes.length > 0 && { class: model.classify({ columns: own.columns })[0] }),
    base: shapley.base,
    background: { rows: shapley.background, of: shapley.of },
    contributions: contributions.sort((a, b) => size(b) - size(a)),
    ...(hasGoal && { changes: await counterfactuals(model, row, rows, change) }),
  };
}

const aboutOf = ({ table: { task, target }, outputs }: Asked): ExplainedTask => ({ task, target, outputs });

/**
 * `fettle/explain`: what a model of a table does, and why: which columns decide, in which direction, for one
 * row, and what would turn the answer. It only asks a model to predict.
 *
 * @packageDocumentation
 */
export type { CellValue, Explained } from "./asked.js";
export { type Counterfactual, type CounterfactualOptions, counterfactuals } from "./counterfactuals.js";
export {
  type Dependence,
  type DependenceOptions,
  type PairDependence,
  type PairDependenceOptions,
  partialDependence,
  strongestPairs,
} from "./dependence.js";
export {
  type Contribution,
  type ExplainedTask,
  type ExplainRowOptions,
  type Explanation,
  explain,
  explainRow,
  type RowExplanation,
} from "./explain.js";
export {
  type ColumnImportance,
  type KnownRows,
  type PermutationImportances,
  type PermutationOptions,
  permutationImportance,
} from "./importance.js";
export { type ShapleyOptions, type ShapleyValues, shapleyValues } from "./shapley.js";

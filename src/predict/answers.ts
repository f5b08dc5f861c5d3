/** Turns outputs of a network into classes, probabilities and quantities by name. */
import type { NdArray } from "ndarray";
import type { Input } from "../data/dataset.js";
import { meansOf } from "../data/pipeline/target.js";
import { FettleError } from "../errors.js";
import { classAt, mustHaveClass } from "../metrics/decided.js";
import { columnsOf, type Floats, view } from "../ndarray.js";
import type { TableDescription } from "./description.js";

/**
 * The answer for one row. For classification: the class, and the probability of each. For regression: each
 * quantity by name.
 */
export type Answer =
  | { readonly class: string; readonly probabilities: Readonly<Record<string, number>> }
  | Readonly<Record<string, number>>;

/** A normal distribution of each target, in its units: [rows, outputs] each. */
export interface Distribution {
  readonly mean: NdArray<Floats>;
  readonly standardDeviation: NdArray<Floats>;
}

/**
 * The distributions of rows, from what a network predicts in the units of the target.
 *
 * @throws FettleError `invalid_state` for a model that predicts no distributions
 */
export function distributionOf(
  data: Floats,
  rows: number,
  { outputs, pipeline: { target } }: Pick<TableDescription, "outputs" | "pipeline">,
): Distribution {
  if (!target.moments)
    throw new FettleError(
      "invalid_state",
      "predictDistribution needs a model that was tuned with gaussianNll or gaussianCrps; use predict",
    );
  const matrix = (values: Floats): NdArray<Floats> => view(values, [rows, outputs], [outputs, 1], 0);
  const variances = columnsOf(data, 2 * outputs, outputs, outputs);
  return { mean: matrix(meansOf(target, data)), standardDeviation: matrix(variances.map(Math.sqrt)) };
}

/**
 * The class of each row.
 *
 * @param where - a row, in messages
 * @throws FettleError `invalid_state` for a model without classes, `invalid_data` for a prediction with a NaN
 */
export function classesOf(
  data: Floats,
  rows: number,
  { classes, threshold }: Pick<TableDescription, "classes" | "threshold">,
  where = (row: number) => `row ${row}`,
): string[] {
  if (classes.length === 0)
    throw new FettleError(
      "invalid_state",
      "classify needs a classification model; use predict for regression",
    );
  const outputs = data.length / rows;
  return Array.from({ length: rows }, (_, row) => {
    mustHaveClass(data, row * outputs, outputs, () => where(row));
    return classes[classAt(data, row * outputs, outputs, threshold)];
  });
}

/** The answer for each row. */
export function answersOf(data: Floats, rows: number, outputs: number, table: TableDescription): Answer[] {
  const at = (row: number): number[] => Array.from(data.subarray(row * outputs, (row + 1) * outputs));
  const { classes, targets = [table.target] } = table;
  if (classes.length === 0)
    return Array.from({ length: rows }, (_, row) =>
      Object.fromEntries(at(row).map((value, j) => [targets[j], value])),
    );
  return classesOf(data, rows, table).map((name, row) => {
    const own = at(row);
    const shares = outputs === 1 ? [1 - own[0], own[0]] : own;
    return { class: name, probabilities: Object.fromEntries(classes.map((word, j) => [word, shares[j]])) };
  });
}

/**
 * A network without a table as a model of one: inputs `x0`, `x1` and so on, quantities `y0`, `y1` and so on.
 */
export function tableOfNumbers(columns: number, outputs: number): TableDescription {
  const numbered = (letter: string, count: number): string[] =>
    Array.from({ length: count }, (_, j) => letter + j);
  const inputs = numbered("x", columns).map(
    (name): Input => ({ name, kind: "number", categories: [], gaps: false }),
  );
  const targets = numbered("y", outputs);
  return {
    schema: { na: [], columns: inputs },
    inputs,
    pipeline: {
      columns: inputs.map((input) => ({
        ...input,
        fill: 0,
        features: [{ name: input.name, source: { type: "value" }, scaling: { center: 0, scale: 1 } }],
      })),
      features: inputs.map(({ name }) => name),
      target: { outputs: targets.map(() => ({ center: 0, scale: 1 })) },
    },
    task: "regression",
    target: targets.join(", "),
    targets,
    outputs,
    classes: [],
    threshold: 0.5,
  };
}

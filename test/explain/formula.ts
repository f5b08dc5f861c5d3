/** A model of a table that is a formula, whose explanations are known. Not a test itself. */
import type { ColumnKind } from "../../src/data/schema.js";
import type { Explained } from "../../src/explain/asked.js";
import { view } from "../../src/ndarray.js";

/** A column of numbers, or of these words. */
export type FormulaColumn = {
  readonly name: string;
  readonly words?: readonly string[];
  readonly kind?: ColumnKind;
};

/** What a formula answers. */
export interface FormulaOptions {
  /** The classes that are predicted; none for quantities. */
  readonly classes?: readonly string[];
  /** The number of outputs. */
  readonly outputs?: number;
  readonly threshold?: number;
  /** Sequences of columns of which each is one. */
  readonly padding?: readonly { readonly first: number; readonly steps: number; readonly features: number }[];
}

/** Columns of numbers by these names. */
export const numbers = (...names: string[]): FormulaColumn[] => names.map((name) => ({ name }));

/**
 * @param formula - the outputs for the cells of a row
 */
export function formulaModel(
  columns: readonly FormulaColumn[],
  formula: (cells: readonly number[]) => number | readonly number[],
  { classes = [], outputs = 1, threshold = 0.5, padding }: FormulaOptions = {},
): Explained & { asked: number } {
  const inputs = columns.map(({ name, words = [], kind = words.length > 0 ? "category" : "number" }) => ({
    name,
    kind,
    categories: words,
    gaps: true,
  }));
  const table = {
    inputs,
    schema: { na: [""], columns: inputs.map((input) => ({ ...input, role: "input" })) },
    pipeline: { columns: [], features: [], padding, target: { outputs: [] } },
    task: classes.length > 0 ? "classification" : "regression",
    target: "y",
    targets: outputs === 1 ? ["y"] : Array.from({ length: outputs }, (_, k) => `y${k}`),
    outputs,
    classes,
    threshold,
  };
  const model = {
    /** How many rows were asked. */
    asked: 0,
    table,
    unknown: "refuse",
    predict: ({ columns: cells }: { readonly columns: readonly Float64Array[] }) => {
      const rows = cells[0].length;
      model.asked += rows;
      const data = new Float64Array(rows * outputs);
      for (let row = 0; row < rows; row++)
        data.set([formula(cells.map((column) => column[row]))].flat(), row * outputs);
      return view(data, [rows, outputs], [outputs, 1], 0);
    },
    classify: (rows: { readonly columns: readonly Float64Array[] }) =>
      Array.from(model.predict(rows).data, (p) => classes[Number(p > threshold)]),
  };
  return model as unknown as Explained & { asked: number };
}

/** Rows in columns. */
export const rowsOf = (rows: readonly (readonly number[])[]): { readonly columns: Float64Array[] } => ({
  columns: rows[0].map((_, j) => Float64Array.from(rows, (row) => row[j])),
});

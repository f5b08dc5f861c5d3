/** What outputs of a network mean: classes, probabilities and quantities by name. */
import { FettleError } from "../errors.js";
import type { Floats } from "../ndarray.js";
import type { TableDescription } from "./description.js";

/** The answer for one row. Of a model of classes: the class, and the probability of each. Of quantities: each by name. */
export type Answer =
  | { readonly class: string; readonly probabilities: Readonly<Record<string, number>> }
  | Readonly<Record<string, number>>;

/** The class of each row. @throws FettleError `invalid_state` for a model without classes */
export function classesOf(
  data: Floats,
  rows: number,
  table: Pick<TableDescription, "classes" | "threshold"> | undefined,
): string[] {
  const { classes, threshold } = table ?? { classes: [], threshold: 0 };
  if (classes.length === 0)
    throw new FettleError(
      "invalid_state",
      "classify needs a model of classes; predict quantities with predict",
    );
  const outputs = data.length / rows;
  return Array.from({ length: rows }, (_, row) => {
    if (outputs === 1) return classes[Number(data[row] > threshold)];
    let best = 0;
    for (let j = 1; j < outputs; j++) if (data[row * outputs + j] > data[row * outputs + best]) best = j;
    return classes[best];
  });
}

/** What each row is answered; of a network alone, quantities `y0`, `y1` and so on. */
export function answersOf(
  data: Floats,
  rows: number,
  outputs: number,
  table: TableDescription | undefined,
): Answer[] {
  const at = (row: number): number[] => Array.from(data.subarray(row * outputs, (row + 1) * outputs));
  if (!table || table.classes.length === 0) {
    const names = table
      ? (table.targets ?? [table.target])
      : Array.from({ length: outputs }, (_, j) => `y${j}`);
    return Array.from({ length: rows }, (_, row) =>
      Object.fromEntries(at(row).map((value, j) => [names[j], value])),
    );
  }
  const { classes } = table;
  return classesOf(data, rows, table).map((name, row) => {
    const own = at(row);
    const shares = outputs === 1 ? [1 - own[0], own[0]] : own;
    return { class: name, probabilities: Object.fromEntries(classes.map((word, j) => [word, shares[j]])) };
  });
}

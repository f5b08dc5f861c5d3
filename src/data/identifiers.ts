/**
 * Columns from which a model learns nothing about the next row: constants, identifiers, row numbers, free
 * text.
 */
import { show } from "../errors.js";
import type { Floats } from "../ndarray.js";
import type { NumberCells } from "./cells.js";
import type { ColumnSchema } from "./schema.js";

/** A kind that is left out, and why. */
export type LeftOut = Pick<ColumnSchema, "kind" | "reason">;

/** With fewer rows, it is unclear whether a column is constant or identifies rows. */
const ENOUGH = 30;
/** If at least this share of words is distinct, they identify rows. */
const MOSTLY_DIFFERENT = 0.9;
/** Cells of so many words, mostly distinct, are free text. */
const SENTENCE = 4;

/**
 * Names of columns that identify rows: `id`, `customer_id`, `customerId`, `index`, `#`, pandas' `Unnamed: 0`
 * and the like.
 */
const IDENTIFIER = /^(#|index|idx|row|rownames?|no|nr|obs|key|unnamed: ?\d+)$|(^|[^a-z])(id|uuid|guid)$/i;
const CAMEL_IDENTIFIER = /[a-z](Id|ID)$/;
/** Names of columns of sequential numbers: `order_no`, `invoiceNumber`, `serial`. */
const IN_TURN = /^(order|invoice|ticket|serial|seq)$|(^|[^a-z])(no|nr|num|number)\.?$/i;
const CAMEL_IN_TURN = /[a-z](No|Nr|Number)$/;
/** Names of time columns: steps of time may count from row to row. */
const TIME =
  /(^|[^a-z])(t|time|date|year|yr|quarter|month|week|day|hour|minute|second|period|step|tick|epoch|age)s?$/i;

/**
 * Whether a column of numbers identifies its rows: by its name, or because it counts them. Equal numbers stay
 * numbers: those of the next table may differ.
 *
 * @param isUnnamed - whether it is the first column, and the only one without a name
 */
export function identifier(
  { name, rows, missing, isCount, numbers }: NumberCells,
  isUnnamed: boolean,
): LeftOut | undefined {
  if (rows < ENOUGH || missing > 0 || !isCount) return undefined;
  const isNamed = isUnnamed || IDENTIFIER.test(name) || CAMEL_IDENTIFIER.test(name);
  if (isNamed && new Set(numbers).size === rows)
    return { kind: "identifier", reason: "is different in every row" };
  const range = Math.abs(numbers[rows - 1] - numbers[0]);
  const isInTurn = IN_TURN.test(name) || CAMEL_IN_TURN.test(name);
  // order numbers may skip some
  const counts = isInTurn || (range <= 1.5 * (rows - 1) && !TIME.test(name));
  if (!counts || !isMonotone(numbers)) return undefined;
  return { kind: "identifier", reason: `counts the rows, from ${numbers[0]} to ${numbers[rows - 1]}` };
}

function isMonotone(numbers: Floats): boolean {
  const step = Math.sign(numbers[1] - numbers[0]);
  for (let i = 1; i < numbers.length; i++) if (!((numbers[i] - numbers[i - 1]) * step > 0)) return false;
  return true;
}

/** The value of `as` that keeps a column left out for that reason: integers stay numbers. */
export const keptAs = (name: string, reason: string): string =>
  JSON.stringify({ [name]: /^(counts|is different)/.test(reason) ? "number" : "category" });

/** Whether words are the same in every row. */
export function constant(
  rows: number,
  missing: number,
  words: readonly (string | number)[],
): LeftOut | undefined {
  if (rows < ENOUGH || missing > 0 || words.length > 1) return undefined;
  return { kind: "constant", reason: `is ${show(String(words[0]))} in every row` };
}

/** Whether words differ from row to row, so that no category would occur again. */
export function differing(present: number, distinct: readonly string[]): LeftOut | undefined {
  if (present < ENOUGH || distinct.length < MOSTLY_DIFFERENT * present) return undefined;
  const words = distinct.reduce((sum, cell) => sum + cell.split(/\s+/).length, 0) / distinct.length;
  const reason = `has ${distinct.length} different cells in ${present} rows`;
  return { kind: words >= SENTENCE ? "text" : "identifier", reason };
}

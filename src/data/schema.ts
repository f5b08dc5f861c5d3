/**
 * A schema: the kind, format and role of each column of a table. It is a plain value that can be saved as
 * JSON, edited, and applied to other tables, so that a word or a number means the same in each. `infer.ts`
 * infers it.
 */
import { check, isRecord, must, mustBeBoolean, show, unknownName } from "../errors.js";
import { DATE_ORDERS, type DateOrder } from "./days.js";
import type { Decimal, NumberFormat } from "./numbers.js";

/** The kinds of columns that a model can learn from. */
export type InputKind = "number" | "boolean" | "category" | "date";

/** All kinds of columns; columns of the last four kinds are not read and left out. */
export type ColumnKind = InputKind | "identifier" | "text" | "constant" | "empty";

/** What a column is for. */
export type ColumnRole = "input" | "target" | "weight" | "group" | "ignored";

const INPUT_KINDS: readonly ColumnKind[] = ["number", "boolean", "category", "date"];
/** Kinds that a user may choose. */
export const CHOSEN_KINDS = /* @__PURE__ */ INPUT_KINDS.concat("identifier", "text");
export const KINDS = /* @__PURE__ */ CHOSEN_KINDS.concat("constant", "empty");
const ROLES = ["input", "target", "weight", "group", "ignored"] satisfies ColumnRole[];

/** Whether cells of that kind are read. */
export function isInputKind(kind: ColumnKind): kind is InputKind {
  return INPUT_KINDS.includes(kind);
}

/** One column of a schema. */
export interface ColumnSchema {
  readonly name: string;
  readonly kind: ColumnKind;
  /** The format of the numbers of a `number` column. @defaultValue JavaScript's notation */
  readonly format?: NumberFormat;
  /** The order of year, month and day in the dates of a `date` column. @defaultValue `"ymd"` */
  readonly dateOrder?: DateOrder;
  /**
   * Words that mean "missing" only in this column, in any case, besides those of the schema. @defaultValue
   * none
   */
  readonly na?: readonly string[];
  /** Whether words of a category that differ only in case or spaces are equal. @defaultValue false */
  readonly ignoreCase?: boolean;
  /** For a target with merged rare classes: the category of all other words. @defaultValue none */
  readonly rest?: string;
  /**
   * What the column is for, see `encodeTable`. @defaultValue `"input"`, or `"ignored"` if the kind is not
   * read
   */
  readonly role?: ColumnRole;
  /**
   * The distinct words of a category in code unit order; those for 0 and 1 of a boolean; empty for other
   * kinds. A cell is read as the index of its word.
   */
  readonly categories: readonly string[];
  /** Up to three different cells, for people. */
  readonly samples?: readonly string[];
  /** Why the column is left out, if its kind is not read. */
  readonly reason?: string;
  /**
   * Why the kind is in doubt, and the options that decide. A column in doubt is refused as an input or a
   * target.
   */
  readonly doubt?: string;
  /** What was assumed, and the options that decide. */
  readonly guess?: string;
  /** The options for the most likely reading, which settle the doubt or the guess. */
  readonly settle?: Settlement;
}

/** Options that settle doubts. */
export type Settlement = Pick<SchemaOptions, "na" | "decimal" | "dateOrder" | "as" | "ignoreCase">;

/** The columns of a table. */
export interface Schema {
  /** Cells that mean "missing", in any case, besides the empty one. */
  readonly na: readonly string[];
  readonly columns: readonly ColumnSchema[];
}

/** What a user knows about a table. */
export interface SchemaOptions {
  /** Cells that mean "missing", in any case, besides the empty one and the usual ones. @defaultValue none */
  readonly na?: readonly string[];
  /**
   * Whether these mean "missing" too: `NA`, `N/A`, `#N/A`, `NaN`, `null`, `none`, `?` and `-`.
   * @defaultValue true
   */
  readonly defaultNa?: boolean;
  /**
   * The decimal mark of all numbers, or of columns by name, such as `{ price: "," }`.
   * @defaultValue the one that the columns show; a table may have both, in different columns
   */
  readonly decimal?: Decimal | Readonly<Record<string, Decimal>>;
  /** The order of year, month and day in dates of digits. @defaultValue the one that the columns show */
  readonly dateOrder?: DateOrder;
  /** The kinds of columns that are not inferred, by name, such as `{ zip: "category" }`. */
  readonly as?: Readonly<Record<string, ColumnKind>>;
  /**
   * Columns of words in which case and the number of spaces do not matter, so that `Won` and `won` are equal.
   * @defaultValue none
   */
  readonly ignoreCase?: readonly string[];
}

/** Whether a cell is missing. */
export function missingIn({ na }: Pick<Schema, "na">): (cell: string) => boolean {
  const words = new Set(["", ...na].map((word) => word.toLowerCase()));
  let longest = 0;
  for (const { length } of words) longest = Math.max(longest, length);
  return (cell) => cell.length <= longest && words.has(cell.toLowerCase());
}

export function mustBeDateOrder(name: string, order: unknown): void {
  const fits = order === undefined || DATE_ORDERS.includes(order as DateOrder);
  must(fits, name, DATE_ORDERS.map(show).join(" or "), order);
}

/** Whether it is an array of strings. */
export const isWords = (value: unknown): boolean =>
  Array.isArray(value) && value.every((word) => typeof word === "string");

/**
 * Refuses anything but a schema, for example edited JSON.
 *
 * @throws FettleError `invalid_argument`
 */
export function checkSchema(schema: unknown): asserts schema is Schema {
  must(
    isRecord(schema) && isWords(schema.na) && Array.isArray(schema.columns),
    "schema",
    "{ na, columns }, as a table has it",
    schema,
  );
  const seen = new Set<string>();
  for (const [i, column] of (schema.columns as unknown[]).entries()) {
    must(
      isRecord(column) && typeof column.name === "string",
      `column ${i} of schema`,
      "{ name, kind, categories }",
      column,
    );
    const { name, kind, categories, format, dateOrder, role, na, ignoreCase, rest } = column;
    const what = `of column ${show(name)} of schema`;
    check(
      !seen.has(name as string),
      () => `columns of schema must differ in their names; received ${show(name)} twice`,
    );
    seen.add(name as string);
    if (!KINDS.includes(kind as ColumnKind)) throw unknownName(`kind ${what}`, kind, KINDS);
    if (role !== undefined && !ROLES.includes(role as ColumnRole))
      throw unknownName(`role ${what}`, role, ROLES);
    mustBeDateOrder(`dateOrder ${what}`, dateOrder);
    must(na === undefined || isWords(na), `na ${what}`, "an array of words", na);
    mustBeBoolean(`ignoreCase ${what}`, ignoreCase);
    must(isWords(categories), `categories ${what}`, "an array of words", categories);
    const words = categories as string[];
    must(
      kind !== "boolean" || words.length === 2,
      `categories ${what}`,
      "the words for false and true",
      words,
    );
    must(rest === undefined || words.includes(rest as string), `rest ${what}`, "one of its categories", rest);
    must(new Set(words).size === words.length, `categories ${what}`, "different words", words);
    must(
      format === undefined || isFormat(format),
      `format ${what}`,
      "{ decimal, group, unit, negative, scaled, clock }",
      format,
    );
  }
}

/** Whether it is a {@link NumberFormat}. */
export function isFormat(format: unknown): boolean {
  if (!isRecord(format)) return false;
  const { decimal = ".", group = "", unit = "", negative = "after", scaled = true, clock = true } = format;
  return (
    [".", ","].includes(decimal as string) &&
    typeof unit === "string" &&
    ["", ",", ".", " ", "'", "_"].includes(group as string) &&
    group !== decimal &&
    ["brackets", "after"].includes(negative as string) &&
    typeof scaled === "boolean" &&
    [true, false, "am/pm"].includes(clock as string)
  );
}

/**
 * A schema: what each column of a table is and how its cells are written. It is a plain value that can be kept as JSON,
 * edited, and applied to other tables, so that a word or a number means the same in each. What a column is for (input,
 * target, left out) is not known here; see dataset.ts.
 */
import { check, FettleError, isRecord, must, show, unknownName } from "../errors.js";
import { type Decimal, formatsOf, type NumberFormat, parseNumber } from "./numbers.js";

/** What the cells of a column are. */
export type ColumnKind = "number" | "boolean" | "category";

/** One column of a schema. */
export interface ColumnSchema {
  readonly name: string;
  readonly kind: ColumnKind;
  /** How the numbers of a `number` column are written. @defaultValue as JavaScript writes them */
  readonly format?: NumberFormat;
  /**
   * The distinct words of a category in code unit order; those for 0 and 1 of a boolean; empty for a number. A cell is
   * read as the index of its word.
   */
  readonly categories: readonly string[];
  /** Up to three different cells, for people. */
  readonly samples?: readonly string[];
  /** Why the kind is in doubt, and the options that decide. A column in doubt is refused as an input or a target. */
  readonly doubt?: string;
}

/** What the columns of a table are. */
export interface Schema {
  /** Cells that mean "missing", in any case, beside the empty one. */
  readonly na: readonly string[];
  readonly columns: readonly ColumnSchema[];
}

/** What a user knows of a table. */
export interface SchemaOptions {
  /** Cells that mean "missing", in any case, beside the empty one and the usual ones. @defaultValue none */
  readonly na?: readonly string[];
  /**
   * Whether these mean "missing" too: `NA`, `N/A`, `#N/A`, `NaN`, `null`, `none`, `?` and `-`.
   * @defaultValue true
   */
  readonly defaultNa?: boolean;
  /**
   * The decimal mark of all numbers.
   * @defaultValue the one that the columns show; a table that shows both may have both, each in columns of its own
   */
  readonly decimal?: Decimal;
  /** The kinds of columns that are not to be inferred, by name, such as `{ zip: "category" }`. */
  readonly as?: Readonly<Record<string, ColumnKind>>;
}

const USUAL_NA = ["NA", "N/A", "#N/A", "NaN", "null", "none", "?", "-"];
const KINDS: readonly ColumnKind[] = ["number", "boolean", "category"];
const BOOLEANS = [
  ["false", "true"],
  ["no", "yes"],
];
/** A column with at least this share of numbers was most likely meant to be numbers. */
const NEARLY = 0.9;

/** Whether a cell is missing. */
export function missingIn({ na }: Pick<Schema, "na">): (cell: string) => boolean {
  const words = new Set(["", ...na].map((word) => word.toLowerCase()));
  const longest = Math.max(...[...words].map(({ length }) => length));
  return (cell) => cell.length <= longest && words.has(cell.toLowerCase());
}

/** A column before it has a kind: its name, and its cells in the order of rows, trimmed text or numbers. */
export interface RawColumn {
  readonly name: string;
  readonly cells: readonly (string | number)[];
}

/**
 * Infers what the columns are. A column is
 *
 * | kind | if every cell present is |
 * |---|---|
 * | `number` | a number in one way of writing: `1234.5`, `1,234.5`, `1.234,5`, `1 234,5`, `45 %`, `€ 3` |
 * | `boolean` | `true` or `false`, or every one `yes` or `no`, in any case |
 * | `category` | anything else |
 *
 * A column without cells is `number`. Where `1,234` could be 1234 or 1.234, the columns that can be read in one way only
 * decide for the table. What they leave open, and a column of which nine tenths or more are numbers, is in `doubt`.
 *
 * @throws FettleError `invalid_argument` for options of another kind; `unknown_name` for a column or kind that does not
 * exist; `invalid_data` for a cell that is not of the kind given in `as`
 */
export function inferSchema(columns: readonly RawColumn[], options: SchemaOptions): Schema {
  const { decimal, as = {} } = options;
  checkSchemaOptions(options, columns);
  const na = [...(options.defaultNa === false ? [] : USUAL_NA), ...(options.na ?? [])];
  const isMissing = missingIn({ na });
  const drafts = columns.map(({ name, cells }): Draft => {
    const present = cells.map(String).filter((cell) => !isMissing(cell));
    const kind = Object.hasOwn(as, name) ? as[name] : undefined;
    const all = kind === undefined || kind === "number" ? formatsOf(present) : [];
    const formats = all.filter((format) => decimal === undefined || format.decimal === decimal);
    const isOther = all.length > 0 && formats.length === 0;
    return { name, present, formats, isOther, kind };
  });
  const marks = new Set(drafts.flatMap(({ formats }) => (formats.length === 1 ? [formats[0].decimal] : [])));
  const mark = marks.size === 1 ? [...marks][0] : undefined;
  return { na, columns: drafts.map((draft) => columnOf(draft, mark)) };
}

/** What is known of a column before the others are seen. */
interface Draft {
  readonly name: string;
  readonly present: readonly string[];
  /** Ways to read all of them as numbers. */
  readonly formats: readonly NumberFormat[];
  /** Whether they are numbers, but not with the decimal mark that the user gives. */
  readonly isOther: boolean;
  /** As the user says. */
  readonly kind: ColumnKind | undefined;
}

function columnOf({ name, present, formats, isOther, kind }: Draft, mark: Decimal | undefined): ColumnSchema {
  const samples = samplesOf(present);
  if (present.length === 0) return { name, kind: kind ?? "number", categories: [], samples };
  if (formats.length > 0) return numberColumn(name, { present, formats, samples }, mark);
  const distinct = new Set(present);
  const words = [...distinct].sort(); // by code unit: the same on every host
  const category: ColumnSchema = { name, kind: "category", categories: words, samples };
  if (kind === "category") return category;
  const booleans = BOOLEANS.find((pair) => words.every((word) => pair.includes(word.toLowerCase())));
  if (booleans && kind !== "number") return { name, kind: "boolean", categories: booleans, samples };
  if (kind !== undefined) {
    const fits = (word: string): boolean =>
      kind === "number" ? formatsOf([word]).length > 0 : BOOLEANS.flat().includes(word.toLowerCase());
    const other = words.find((word) => !fits(word)) ?? words[0];
    throw new FettleError(
      "invalid_data",
      `column ${show(name)} must hold ${kind}s, with as: ${JSON.stringify({ [name]: kind })}; received ${show(other)}`,
    );
  }
  const doubt = isOther
    ? `holds numbers, such as ${list(samples)}, but not with the decimal mark that is given`
    : doubtIn(distinct);
  if (doubt === undefined) return category;
  return { ...category, doubt: `${doubt}; or choose as: ${JSON.stringify({ [name]: "category" })}` };
}

function numberColumn(
  name: string,
  { present, formats, samples }: Pick<Draft, "present" | "formats"> & { readonly samples: readonly string[] },
  mark: Decimal | undefined,
): ColumnSchema {
  const column: ColumnSchema = { name, kind: "number", categories: [], samples };
  const isOpen = formats.some(({ group }) => group === "," || group === ".");
  const format = formats.find(({ decimal }) => !isOpen || decimal === mark) ?? plainIn(formats);
  if (format) return { ...column, ...withoutDefaults(format) };
  const cell = present.find((each) => each.includes(","))!;
  const readings = formats.map((each) => parseNumber(cell, each)).sort((a, b) => b! - a!);
  return {
    ...column,
    doubt: `can be read in two ways, ${show(cell)} as ${readings.join(" or ")}; choose decimal: "." or decimal: ","`,
  };
}

/** The first three that differ. */
function samplesOf(cells: readonly string[]): string[] {
  const samples: string[] = [];
  for (let i = 0; i < cells.length && samples.length < 3; i++)
    if (!samples.includes(cells[i])) samples.push(cells[i]);
  return samples;
}

/** Numbers as JavaScript writes them, if they can be read so. */
const plainIn = (formats: readonly NumberFormat[]): NumberFormat | undefined =>
  formats.find(({ decimal, group }) => decimal === "." && group === undefined);

function withoutDefaults({ decimal, ...rest }: NumberFormat): { format?: NumberFormat } {
  const format = { ...(decimal === "," && { decimal }), ...rest };
  return Object.keys(format).length > 0 ? { format } : {};
}

/** A doubt if most cells are numbers, but not all, or not in one way. */
function doubtIn(distinct: ReadonlySet<string>): string | undefined {
  const cells = [...distinct];
  const others = cells.filter((cell) => formatsOf([cell]).length === 0);
  if (cells.length - others.length < NEARLY * cells.length) return undefined;
  return others.length > 0
    ? `holds numbers but for ${list(others)}; if that means a missing cell, choose na: ${JSON.stringify(others.slice(0, 3))}`
    : `holds numbers written in more than one way, such as ${list(apart(cells))}; correct the cells`;
}

/** Two cells that no one way of writing has. */
function apart(cells: readonly string[]): string[] {
  const [first] = cells;
  for (let i = 1; i < cells.length; i++) {
    if (formatsOf(cells.slice(0, i + 1)).length > 0) continue;
    const before = cells.slice(0, i).find((cell) => formatsOf([cell, cells[i]]).length === 0);
    return [before ?? first, cells[i]];
  }
  return [...cells];
}

function list(words: readonly string[]): string {
  const shown = words.slice(0, 3).map(show).join(", ");
  return words.length > 3 ? `${shown} and ${words.length - 3} more` : shown;
}

function checkSchemaOptions(
  { na, defaultNa, decimal, as }: SchemaOptions,
  columns: readonly { readonly name: string }[],
): void {
  must(na === undefined || isWords(na), "na", 'an array of words, such as ["NA", "-"]', na);
  must(defaultNa === undefined || typeof defaultNa === "boolean", "defaultNa", "true or false", defaultNa);
  must(decimal === undefined || decimal === "." || decimal === ",", "decimal", '"." or ","', decimal);
  must(as === undefined || isRecord(as), "as", 'kinds by column, such as { zip: "category" }', as);
  const names = columns.map(({ name }) => name);
  for (const [name, kind] of Object.entries(as ?? {})) {
    if (!names.includes(name)) throw unknownName("column", name, names);
    if (!KINDS.includes(kind)) throw unknownName("kind of column", String(kind), KINDS);
  }
}

const isWords = (value: unknown): boolean =>
  Array.isArray(value) && value.every((word) => typeof word === "string");

/**
 * Refuses anything but a schema, such as JSON that was edited.
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
    const { name, kind, categories, format } = column;
    const what = `of column ${show(name)} of schema`;
    check(
      !seen.has(name as string),
      () => `columns of schema must differ in their names; received ${show(name)} twice`,
    );
    seen.add(name as string);
    if (!KINDS.includes(kind as ColumnKind)) throw unknownName(`kind ${what}`, String(kind), KINDS);
    must(isWords(categories), `categories ${what}`, "an array of words", categories);
    const words = categories as string[];
    must(
      kind !== "boolean" || words.length === 2,
      `categories ${what}`,
      "the words for false and true",
      words,
    );
    must(new Set(words).size === words.length, `categories ${what}`, "different words", words);
    must(format === undefined || isFormat(format), `format ${what}`, "{ decimal, group, unit }", format);
  }
}

function isFormat(format: unknown): boolean {
  if (!isRecord(format)) return false;
  const { decimal = ".", group = "", unit = "" } = format;
  return (
    [".", ","].includes(decimal as string) &&
    typeof unit === "string" &&
    ["", ",", ".", " ", "'", "_"].includes(group as string) &&
    group !== decimal
  );
}

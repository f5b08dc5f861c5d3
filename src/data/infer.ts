/**
 * Infers a schema from cells. Where a column could mean two things it is in doubt, and where it can teach a model nothing it is
 * of a kind that is left out, each with the reason. Nothing is guessed in silence.
 */
import { FettleError, isPlainObject, must, show, unknownName } from "../errors.js";
import type { NumberCells, RawColumn } from "./cells.js";
import { BOOLEANS } from "./classes.js";
import { parseDate } from "./dates.js";
import { DATE_ORDERS, type DateOrder } from "./days.js";
import { type Decimal, formatsOf, type NumberFormat, parseNumber } from "./numbers.js";
import {
  CHOSEN_KINDS,
  type ColumnKind,
  type ColumnSchema,
  isWords,
  NO_CELLS,
  type Schema,
  type SchemaOptions,
} from "./schema.js";

const USUAL_NA = ["NA", "N/A", "#N/A", "NaN", "null", "none", "?", "-"];
/** A column with at least this share of numbers or dates was most likely meant to be of them. */
const NEARLY = 0.9;
/** Fewer rows than this do not show that a column is constant or identifies rows. */
const ENOUGH = 30;
/** Words of which at least this share differ identify their rows. */
const MOSTLY_DIFFERENT = 0.9;
/** Cells of so many words, most of them different, are sentences and names. */
const SENTENCE = 4;

/**
 * Infers what the columns are. A column is
 *
 * | kind | if |
 * |---|---|
 * | `number` | every cell present is a number in one way of writing: `1234.5`, `1,234.5`, `1.234,5`, `1 234,5`, `45 %`, `€ 3` |
 * | `boolean` | every one is `true` or `false`, or every one `yes` or `no`, in any case; the words of the column are as it first spells them |
 * | `date` | every one is a date in one order, with a time or without: `2024-05-31`, `31.5.2024`, `May 31, 2024 12:30` |
 * | `category` | they are words, and it is none of the following |
 * | `empty` | no cell is present |
 *
 * and, in tables of at least 30 rows, before the others
 *
 * | kind | if |
 * |---|---|
 * | `constant` | every row has the same word |
 * | `identifier` | nine tenths of the words differ; or integers do in every row, in a column with a name such as `id` or `customerId` |
 * | `text` | nine tenths of the cells differ and have four words or more on average |
 *
 * Where `1,234` could be 1234 or 1.234, or `1/2/2024` in January or February, the columns that can be read in one way only
 * decide for the table. What they leave open is in `doubt`; so are a column of which nine tenths or more are numbers or dates,
 * and numbers with zeros in front.
 *
 * @throws FettleError `invalid_argument` for options of another kind; `unknown_name` for a column or kind that does not
 * exist; `invalid_data` for a cell that is not of the kind given in `as`
 */
export function inferSchema(columns: readonly RawColumn[], options: SchemaOptions): Schema {
  const drafts = columns.map((column) => draftOf(column, options));
  const shown = {
    decimal: only(drafts.flatMap(({ formats }) => (formats.length === 1 ? [formats[0].decimal] : []))),
    dateOrder: only(drafts.flatMap(({ orders }) => (orders.length === 1 ? orders : []))),
  };
  return { na: missingWords(options), columns: drafts.map((draft) => columnOf(draft, shown)) };
}

/** The cells that mean "missing", beside the empty one. */
export function missingWords({ defaultNa, na = [] }: SchemaOptions): string[] {
  return [...(defaultNa === false ? [] : USUAL_NA), ...na];
}

/** The one value that all are; undefined if there are others, or none. */
function only<T>(values: readonly T[]): T | undefined {
  return new Set(values).size === 1 ? values[0] : undefined;
}

/** What is known of a column before the others are seen. */
interface Draft {
  readonly name: string;
  readonly rows: number;
  readonly missing: number;
  /** The different cells, in the order in which they first appear; of plain numbers, the first three. */
  readonly words: readonly string[];
  /** The column, if it is plain numbers. */
  readonly plain: NumberCells | undefined;
  /** Ways to read all of them as numbers. */
  readonly formats: readonly NumberFormat[];
  /** Whether they are numbers, but not with the decimal mark that the user gives. */
  readonly isOther: boolean;
  /** Ways to read all of them as dates. */
  readonly orders: readonly DateOrder[];
  /** As the user says. */
  readonly kind: ColumnKind | undefined;
}

function draftOf(column: RawColumn, { decimal, dateOrder, as = {} }: SchemaOptions): Draft {
  const { name, rows, missing } = column;
  const plain = "numbers" in column ? column : undefined;
  const words = "numbers" in column ? column.samples : column.words.map(String);
  const kind = Object.hasOwn(as, name) ? as[name] : undefined;
  const readsNumbers = missing < rows && (kind === undefined || kind === "number");
  // numbers of records are what they are, however the words beside them are written
  const texts = "words" in column ? column.words.filter((word) => typeof word === "string") : [];
  const all = !readsNumbers ? [] : plain ? formatsOfPlain(plain) : formatsOf(texts);
  const formats = all.filter((format) => decimal === undefined || format.decimal === decimal);
  const dates = all.length === 0 && (kind === undefined || kind === "date") && missing < rows;
  const orders = dates ? dateOrdersOf(words) : [];
  return {
    ...{ name, rows, missing, words, plain, formats, kind },
    isOther: all.length > 0 && formats.length === 0,
    orders: orders.filter((order) => dateOrder === undefined || order === "ymd" || order === dateOrder),
  };
}

/** What `formatsOf` says of such cells. */
function formatsOfPlain({ hasPoint, mayGroup }: NumberCells): NumberFormat[] {
  if (!hasPoint) return [{ decimal: "." }, { decimal: "," }];
  return [{ decimal: "." }, ...(mayGroup ? [{ decimal: ",", group: "." } as const] : [])];
}

/** The columns of plain numbers whose text decides what they are: they must be read as words. */
export function needWords(columns: readonly RawColumn[], { decimal }: SchemaOptions): string[] {
  // a decimal comma elsewhere would make points marks between thousands
  const mayHaveComma = decimal === "," || columns.some((column) => "words" in column);
  if (!mayHaveComma) return [];
  return columns.flatMap((column) =>
    "numbers" in column && column.hasPoint && column.mayGroup ? [column.name] : [],
  );
}

/** What the columns that can be read in one way only say of the others. */
interface Shown {
  readonly decimal: Decimal | undefined;
  readonly dateOrder: DateOrder | undefined;
}

function columnOf(draft: Draft, shown: Shown): ColumnSchema {
  const { name, missing, rows, formats, orders, kind } = draft;
  // with a kind that is replaced, so that it stands beside the name in JSON
  const base = { name, kind: "empty", categories: [], samples: draft.words.slice(0, 3) } as const;
  if (kind === "identifier" || kind === "text")
    return { ...base, kind, reason: "is left out as it was told" };
  if (missing === rows) return { ...base, kind: kind ?? "empty", ...(!kind && { reason: NO_CELLS }) };
  const useless = kind === undefined ? leftOut(draft) : undefined;
  if (useless) return { ...base, ...useless };
  if (formats.length > 0) return { ...base, kind: "number", ...formatIn(draft, shown) };
  if (orders.length > 0) return { ...base, kind: "date", ...orderIn(draft, shown) };
  if (draft.isOther && draft.plain && kind === undefined)
    return {
      ...base,
      kind: "number",
      doubt: `${OTHER_MARK(base.samples)}; or choose as: ${asKind(name, "category")}`,
    };
  const words = [...new Set(draft.words)].sort(); // by code unit: the same on every host
  const category = { ...base, kind: "category", categories: words } as const;
  if (kind === "category") return category;
  const booleans = BOOLEANS.find((pair) => words.every((word) => pair.includes(word.toLowerCase())));
  if (booleans && (kind === undefined || kind === "boolean"))
    return { ...base, kind: "boolean", categories: booleans.map((word) => firstSpelling(word, draft.words)) };
  if (kind !== undefined) {
    const other = words.find((word) => !IS_OF[kind]?.(word)) ?? words[0];
    throw new FettleError(
      "invalid_data",
      `column ${show(name)} must hold ${kind}s, with as: ${asKind(name, kind)}; received ${show(other)}`,
    );
  }
  const doubt = draft.isOther ? OTHER_MARK(base.samples) : doubtIn(words);
  if (doubt !== undefined)
    return { ...category, doubt: `${doubt}; or choose as: ${asKind(name, "category")}` };
  return { ...base, ...(differing(draft, words) ?? { kind: "category", categories: words }) };
}

/** A word in small letters as a column first spells it; as it is where the column lacks it. */
const firstSpelling = (word: string, cells: readonly string[]): string =>
  cells.find((cell) => cell.toLowerCase() === word) ?? word;

const IS_OF: Readonly<Partial<Record<ColumnKind, (word: string) => boolean>>> = {
  number: (word) => formatsOf([word]).length > 0,
  date: (word) => dateOrdersOf([word]).length > 0,
  boolean: (word) => BOOLEANS.flat().includes(word.toLowerCase()),
};

const OTHER_MARK = (samples: readonly string[]): string =>
  `holds numbers, such as ${list(samples)}, but not with the decimal mark that is given`;

const asKind = (name: string, kind: ColumnKind): string => JSON.stringify({ [name]: kind });

/** A kind that is left out, and why. */
type LeftOut = Pick<ColumnSchema, "kind" | "reason">;

/** Names of columns that identify rows: `id`, `customer_id`, `customerId`, `index`, `#` and the like. */
const IDENTIFIER = /^(#|index|row|no|nr|obs|key)$|(^|[^a-z])(id|uuid|guid)$/i;
const CAMEL_IDENTIFIER = /[a-z](Id|ID)$/;

/**
 * Whether a column has the same word in every row, or only identifies its rows. Numbers that are all the same stay numbers:
 * those of the next table may differ.
 */
function leftOut({ name, rows, missing, words, plain, formats }: Draft): LeftOut | undefined {
  if (rows < ENOUGH || missing > 0) return undefined;
  if (!plain) {
    if (words.length > 1 || formats.length > 0) return undefined;
    return { kind: "constant", reason: `is ${show(words[0])} in every row` };
  }
  if (!plain.isCount || !(IDENTIFIER.test(name) || CAMEL_IDENTIFIER.test(name))) return undefined;
  if (new Set(plain.numbers).size < rows) return undefined;
  return { kind: "identifier", reason: "is different in every row" };
}

/** Whether words differ from row to row, so that a category could not be met again. */
function differing({ rows, missing }: Draft, distinct: readonly string[]): LeftOut | undefined {
  const present = rows - missing;
  if (present < ENOUGH || distinct.length < MOSTLY_DIFFERENT * present) return undefined;
  const words = distinct.reduce((sum, cell) => sum + cell.split(/\s+/).length, 0) / distinct.length;
  const reason = `has ${distinct.length} different cells in ${present} rows`;
  return { kind: words >= SENTENCE ? "text" : "identifier", reason };
}

/** How the numbers of a column are written, or what is in doubt. */
function formatIn({ name, plain, words, formats, kind }: Draft, { decimal }: Shown): Partial<ColumnSchema> {
  const padded = plain ? plain.padded : words.find((cell) => /^0\d+$/.test(cell));
  const code = kind === undefined ? padded : undefined;
  if (code !== undefined) {
    const ways = `as: ${asKind(name, "category")} or as: ${asKind(name, "number")}`;
    return { doubt: `has zeros in front, as in ${show(code)}, which numbers lose; choose ${ways}` };
  }
  const isOpen = formats.some(({ group }) => group === "," || group === ".");
  const format = formats.find((each) => !isOpen || each.decimal === decimal) ?? plainIn(formats);
  if (format) return withoutDefaults(format);
  const cell = words.find((each) => each.includes(",")) as string;
  const readings = formats.map((each) => parseNumber(cell, each) as number).sort((a, b) => b - a);
  return {
    doubt: `can be read in two ways, ${show(cell)} as ${readings.join(" or ")}; choose decimal: "." or decimal: ","`,
  };
}

/** The order of the dates of a column, or what is in doubt. */
function orderIn({ words, orders }: Draft, { dateOrder }: Shown): Partial<ColumnSchema> {
  const same = (order: DateOrder): boolean =>
    words.every((cell) => parseDate(cell, order) === parseDate(cell, orders[0]));
  const order = orders.every(same) ? orders[0] : orders.find((each) => each === dateOrder);
  if (order) return order === "ymd" ? {} : { dateOrder: order };
  const cell = words.find((each) => parseDate(each, "dmy") !== parseDate(each, "mdy")) as string;
  const [a, b] = cell.split(/[-/.]/);
  return {
    doubt:
      `can be read in two ways, ${show(cell)} as day ${Number(a)} of month ${Number(b)} or day ${Number(b)} of month ${Number(a)}; ` +
      'choose dateOrder: "dmy" or dateOrder: "mdy"',
  };
}

/** Numbers as JavaScript writes them, if they can be read so. */
const plainIn = (formats: readonly NumberFormat[]): NumberFormat | undefined =>
  formats.find(({ decimal, group }) => decimal === "." && group === undefined);

function withoutDefaults({ decimal, ...rest }: NumberFormat): { format?: NumberFormat } {
  const format = { ...(decimal === "," && { decimal }), ...rest };
  return Object.keys(format).length > 0 ? { format } : {};
}

/** A doubt if most of the distinct cells are numbers or dates, but not all, or not in one way. */
function doubtIn(cells: readonly string[]): string | undefined {
  for (const kind of ["number", "date"] as const) {
    const others = cells.filter((cell) => !IS_OF[kind]?.(cell));
    if (cells.length - others.length < NEARLY * cells.length) continue;
    if (others.length > 0)
      return `holds ${kind}s but for ${list(others)}; if that means a missing cell, choose na: ${JSON.stringify(others.slice(0, 3))}`;
    const pair = apart(cells, kind === "number" ? formatsOf : dateOrdersOf);
    return `holds ${kind}s written in more than one way, such as ${list(pair)}; correct the cells`;
  }
  return undefined;
}

/** Two cells that no one way of writing has. */
function apart(cells: readonly string[], waysOf: (cells: readonly string[]) => readonly unknown[]): string[] {
  // More cells have fewer ways: the first that leaves none is found by halving.
  let [some, none] = [1, cells.length];
  if (waysOf(cells.slice(0, none)).length > 0) return [...cells];
  while (none - some > 1) {
    const middle = (some + none) >> 1;
    if (waysOf(cells.slice(0, middle)).length > 0) some = middle;
    else none = middle;
  }
  const last = cells[none - 1];
  const before = cells.slice(0, none - 1).find((cell) => waysOf([cell, last]).length === 0);
  return [before ?? cells[0], last];
}

function list(words: readonly string[]): string {
  const shown = words.slice(0, 3).map(show).join(", ");
  return words.length > 3 ? `${shown} and ${words.length - 3} more` : shown;
}

/** @throws FettleError `invalid_argument`, `unknown_name`, see {@link inferSchema} */
export function checkSchemaOptions(
  { na, defaultNa, decimal, dateOrder, as }: SchemaOptions,
  columns: readonly { readonly name: string }[],
): void {
  must(na === undefined || isWords(na), "na", 'an array of words, such as ["NA", "-"]', na);
  must(defaultNa === undefined || typeof defaultNa === "boolean", "defaultNa", "true or false", defaultNa);
  must(decimal === undefined || decimal === "." || decimal === ",", "decimal", '"." or ","', decimal);
  must(
    dateOrder === undefined || DATE_ORDERS.includes(dateOrder),
    "dateOrder",
    DATE_ORDERS.map(show).join(" or "),
    dateOrder,
  );
  must(as === undefined || isPlainObject(as), "as", 'kinds by column, such as { zip: "category" }', as);
  const names = columns.map(({ name }) => name);
  for (const [name, kind] of Object.entries(as ?? {})) {
    if (!names.includes(name)) throw unknownName("column", name, names);
    if (!CHOSEN_KINDS.includes(kind)) throw unknownName("kind of column", kind, CHOSEN_KINDS);
  }
}

/** The orders in which every cell is a date. */
function dateOrdersOf(cells: Iterable<string>): DateOrder[] {
  let orders: DateOrder[] = [...DATE_ORDERS];
  for (const cell of cells) {
    orders = orders.filter((order) => parseDate(cell, order) !== undefined);
    if (orders.length === 0) break;
  }
  return orders;
}

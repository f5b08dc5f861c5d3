/**
 * Infers a schema from cells. An ambiguous column is in doubt, and a column that teaches a model nothing gets
 * a kind that is left out, each with the reason. Every guess is reported.
 */
import { FettleError, isPlainObject, show, unknownName } from "../errors.js";
import { flag, type OptionRules, rule } from "../rules.js";
import type { NumberCells, RawColumn, WordCells } from "./cells.js";
import { BOOLEANS } from "./classes.js";
import { dateOrdersOf, isDate } from "./dateOrders.js";
import type { DateOrder } from "./days.js";
import { formatsOf } from "./formats.js";
import { constant, differing, identifier } from "./identifiers.js";
import { doubtOf, isFew, list, nearly, oddWord } from "./nearly.js";
import type { Decimal, NumberFormat } from "./numbers.js";
import { foldCase } from "./read.js";
import {
  CHOSEN_KINDS,
  type ColumnKind,
  type ColumnSchema,
  isWords,
  mustBeDateOrder,
  type Schema,
  type SchemaOptions,
  type Settlement,
} from "./schema.js";
import { asKind, asSettled, formatIn, orderIn, type Shown } from "./ways.js";

/** Cells that mean "missing" by default. */
export const USUAL_NA = ["NA", "N/A", "#N/A", "NaN", "null", "none", "?", "-"];

/**
 * Infers the kinds of columns. A column is
 *
 * | kind | if |
 * |---|---|
 * | `number` | every cell present is a number in one way of writing, see {@link NumberFormat}: `1234.5`, `1.234,5`, `1 234,5`, `45 %`, `($3.50)`, `12 kg`, `1.3k`, `2:05`, `10:30 PM` |
 * | `boolean` | every one is `true` or `false`, or every one `yes` or `no`, in any case; spelled like the first such cell |
 * | `date` | every one is a date in one order, with a time or without: `2024-05-31`, `31.5.2024`, `May 31, 2024 12:30` |
 * | `category` | they are words, and it is none of the following |
 * | `empty` | no cell is present |
 *
 * and, in tables of at least 30 rows, before the others
 *
 * | kind | if |
 * |---|---|
 * | `constant` | every row has the same word |
 * | `identifier` | nine tenths of the words differ; or integers count the rows, or differ in every row of a column with a name such as `id` or `customerId` |
 * | `text` | nine tenths of the cells differ and have four words or more on average |
 *
 * If numbers or dates fill nine tenths of the rows or more, a single other word without digits counts as
 * missing in that column.
 *
 * Where `1,234` could be 1234 or 1.234, or `1/2/2024` in January or February, the unambiguous columns decide
 * for the table. Columns that stay ambiguous are in `doubt`; so are columns with nine tenths or more of
 * numbers or dates and several other words, and numbers with leading zeros.
 *
 * @throws FettleError `invalid_argument` for invalid options; `unknown_name` for a column or kind that does
 * not exist; `invalid_data` for a cell that does not fit the kind given in `as`
 */
export function inferSchema(columns: readonly RawColumn[], options: SchemaOptions): Schema {
  const isUnnamed = columns[0]?.name === "column 1" && columns[1]?.name !== "column 2";
  const drafts = columns.map((column, j) => draftOf(column, options, isUnnamed && j === 0));
  const decided = drafts.flatMap(({ formats }) => (formats.length === 1 ? [formats[0]] : []));
  const shown = {
    decimal: only(decided.map(({ decimal }) => decimal)),
    hasComma: decided.some((format) => format.decimal === ","),
    groups: new Set(decided.flatMap(({ group }) => group ?? [])),
    dateOrder: only(drafts.flatMap(({ orders }) => (orders.length === 1 ? orders : []))),
  };
  return { na: missingWords(options), columns: drafts.map((draft) => columnOf(draft, shown)) };
}

/** The cells that mean "missing", besides the empty one. */
export function missingWords({ defaultNa, na = [] }: SchemaOptions): string[] {
  return [...(defaultNa === false ? [] : USUAL_NA), ...na];
}

/** The common value of all; undefined if they differ, or if there are none. */
function only<T>(values: readonly T[]): T | undefined {
  return new Set(values).size === 1 ? values[0] : undefined;
}

/** What is known about a column before the others are read. */
interface Draft {
  readonly name: string;
  readonly rows: number;
  readonly missing: number;
  /** The distinct cells, in order of first appearance; for plain numbers, the first three. */
  readonly words: readonly string[];
  /** The column, if it is plain numbers. */
  readonly plain: NumberCells | undefined;
  /** Ways to read all of them as numbers. */
  readonly formats: readonly NumberFormat[];
  /** Whether they are numbers, but not with the user's decimal mark. */
  readonly isOther: boolean;
  /** Ways to read all of them as dates. */
  readonly orders: readonly DateOrder[];
  /** The user's choice. */
  readonly kind: ColumnKind | undefined;
  /** Whether words that differ in case or spaces are equal. */
  readonly ignoreCase: boolean;
  /** A word that means "missing" among numbers or dates. */
  readonly odd: string | undefined;
  /** Why words that are mostly numbers or dates are in doubt. */
  readonly doubt: string | undefined;
  /** The options that settle that doubt. */
  readonly settle: Settlement | undefined;
  /** Why the numbers are left out. */
  readonly identifies: Pick<ColumnSchema, "kind" | "reason"> | undefined;
}

function draftOf(column: RawColumn, options: SchemaOptions, isUnnamed: boolean): Draft {
  const { dateOrder, as = {}, ignoreCase = [] } = options;
  const { name, rows, missing } = column;
  const plain = "numbers" in column ? column : undefined;
  const all = "numbers" in column ? column.samples : column.words.map(String);
  const kind = Object.hasOwn(as, name) ? as[name] : undefined;
  const decimal = decimalOf(options, name);
  const hasCells = missing < rows;
  const waysOf = (words: readonly string[], hasNumbers = true) => {
    const read = kind === undefined || kind === "number";
    // numbers in records stay numbers, however other words are written
    const texts = "words" in column && column.words.length === words.length ? textsIn(column) : words;
    const formats = !hasCells || !read || !hasNumbers ? [] : plain ? formatsOfPlain(plain) : formatsOf(texts);
    const dates = hasCells && formats.length === 0 && (kind === undefined || kind === "date");
    return { formats, orders: dates ? dateOrdersOf(words) : [] };
  };
  let [words, ways] = [all, waysOf(all)];
  const isNone = ways.formats.length + ways.orders.length === 0;
  const almost = isNone && hasCells && kind === undefined && "words" in column ? nearly(column) : undefined;
  const odd = almost && oddWord(almost);
  const rest = odd === undefined ? [] : all.filter((word) => word !== odd);
  const others = odd === undefined ? undefined : waysOf(rest);
  const isRead = others !== undefined && others.formats.length + others.orders.length > 0;
  if (isRead) [words, ways] = [rest, others];
  const { formats, orders } = ways;
  const own = formats.filter((format) => decimal === undefined || format.decimal === decimal);
  return {
    name,
    rows,
    missing,
    words,
    plain,
    formats: own,
    isOther: formats.length > 0 && own.length === 0,
    orders: orders.filter((order) => dateOrder === undefined || order === "ymd" || order === dateOrder),
    kind,
    ignoreCase: ignoreCase.includes(name),
    odd: isRead ? odd : undefined,
    doubt: almost && !isRead ? doubtOf(almost, all) : undefined,
    settle: almost && isFew(almost) ? { na: almost.others } : undefined,
    identifies: plain && kind === undefined ? identifier(plain, isUnnamed) : undefined,
  };
}

const textsIn = ({ words }: WordCells): string[] => words.filter((word) => typeof word === "string");

/** The user's decimal mark for a column. */
const decimalOf = ({ decimal }: SchemaOptions, name: string): Decimal | undefined =>
  typeof decimal !== "object" ? decimal : Object.hasOwn(decimal, name) ? decimal[name] : undefined;

/** The result of `formatsOf` for such cells. */
function formatsOfPlain({ hasPoint, mayGroup }: NumberCells): NumberFormat[] {
  if (!hasPoint) return [{ decimal: "." }, { decimal: "," }];
  return [{ decimal: "." }, ...(mayGroup ? [{ decimal: ",", group: "." } as const] : [])];
}

/** The columns of plain numbers whose text decides their kind: they must be read as words. */
export function needWords(columns: readonly RawColumn[], options: SchemaOptions): string[] {
  // a decimal comma elsewhere would make points thousands separators
  const hasWords = columns.some((column) => "words" in column);
  const mayHaveComma = (name: string): boolean => hasWords || decimalOf(options, name) === ",";
  return columns.flatMap((column) =>
    "numbers" in column && column.hasPoint && column.mayGroup && mayHaveComma(column.name)
      ? [column.name]
      : [],
  );
}

function columnOf(draft: Draft, shown: Shown): ColumnSchema {
  const { name, missing, rows, formats, orders, kind, ignoreCase, odd } = draft;
  // with a kind that is replaced, so that it follows the name in JSON
  const base = {
    name,
    kind: "empty",
    categories: [],
    samples: draft.words.slice(0, 3),
    ...(odd !== undefined && { na: [odd] }),
  } as const;
  if (kind === "identifier" || kind === "text") return { ...base, kind, reason: "is left out by choice" };
  if (missing === rows) return { ...base, kind: kind ?? "empty", ...(!kind && { reason: "has no cells" }) };
  const isWords = draft.plain === undefined && formats.length === 0 && orders.length === 0;
  const same = kind === undefined && isWords ? constant(rows, missing, draft.words) : undefined;
  const useless = draft.identifies ?? same;
  if (useless) return { ...base, ...useless };
  if (formats.length > 0) return { ...base, kind: "number", ...formatIn(draft, shown) };
  if (orders.length > 0) return { ...base, kind: "date", ...orderIn(draft, shown) };
  if (draft.isOther && draft.plain && kind === undefined)
    return {
      ...base,
      kind: "number",
      doubt: `${OTHER_MARK(base.samples)}; or choose as: ${asKind(name, "category")}`,
      settle: asSettled(name, "category"),
    };
  const words = [...new Set(ignoreCase ? spellings(draft.words) : draft.words)].sort(); // by code unit: the same on every host
  const category = {
    ...base,
    kind: "category",
    categories: words,
    ...(ignoreCase && { ignoreCase }),
  } as const;
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
  const doubt = draft.isOther ? OTHER_MARK(base.samples) : draft.doubt;
  if (doubt !== undefined)
    return {
      ...category,
      doubt: `${doubt}; or choose as: ${asKind(name, "category")}`,
      settle: draft.settle ?? asSettled(name, "category"),
    };
  const useful = differing(rows - missing, words);
  return useful ? { ...base, ...useful } : category;
}

/** Each word in the first spelling that differs at most in case or spaces. */
function spellings(words: readonly string[]): string[] {
  const first = new Map<string, string>();
  return words.map((word) => {
    const folded = foldCase(word);
    if (!first.has(folded)) first.set(folded, word);
    return first.get(folded) as string;
  });
}

/** A lower-case word in its first spelling in a column; unchanged if the column lacks it. */
const firstSpelling = (word: string, cells: readonly string[]): string =>
  cells.find((cell) => cell.toLowerCase() === word) ?? word;

const IS_OF: Readonly<Partial<Record<ColumnKind, (word: string) => boolean>>> = {
  number: (word) => formatsOf([word]).length > 0,
  date: isDate,
  boolean: (word) => BOOLEANS.flat().includes(word.toLowerCase()),
};

const OTHER_MARK = (samples: readonly string[]): string =>
  `holds numbers, such as ${list(samples)}, but not with the given decimal mark`;

const isMark = (mark: unknown): boolean => mark === "." || mark === ",";

export const SCHEMA_RULES = {
  na: rule('an array of words, such as ["NA", "-"]', isWords),
  defaultNa: flag,
  decimal: rule(
    '"." or ",", or one of them by column, such as { price: "," }',
    (mark) => isMark(mark) || (isPlainObject(mark) && Object.values(mark).every(isMark)),
  ),
  dateOrder: mustBeDateOrder,
  as: rule('kinds by column, such as { zip: "category" }', isPlainObject),
  ignoreCase: rule('an array of column names, such as ["city"]', isWords),
} satisfies OptionRules<SchemaOptions>;

/** @throws FettleError `unknown_name` for a column that is not in the table, and for an unknown kind */
export function checkNames({ decimal, as = {}, ignoreCase = [] }: SchemaOptions, names: readonly string[]) {
  const marked = typeof decimal === "object" ? Object.keys(decimal) : [];
  for (const name of [...marked, ...ignoreCase, ...Object.keys(as)])
    if (!names.includes(name)) throw unknownName("column", name, names);
  for (const kind of Object.values(as))
    if (!CHOSEN_KINDS.includes(kind)) throw unknownName("kind of column", kind, CHOSEN_KINDS);
}

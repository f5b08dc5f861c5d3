/** The table that a command works on: its flags, and how it is read. */
import { type Dataset, encodeTable, type MissingRule, type Task } from "../data/dataset.js";
import { limitsOf, type TableLimits } from "../data/limits.js";
import type { PipelineOptions } from "../data/pipeline/options.js";
import type { RareClasses } from "../data/rare.js";
import type { RecordValue, UnknownRule } from "../data/read.js";
import type { ColumnKind, Schema } from "../data/schema.js";
import {
  type ReadRecordsOptions,
  type ReadTableOptions,
  readRecords,
  readTable,
  type Table,
} from "../data/table.js";
import { check, isRecord, show } from "../errors.js";
import { defined } from "../options.js";
import { densePipeline } from "../tune/dense.js";
import { type FileText, inFile, nameOf, parseJson, readJson, textOf, wholeText } from "./files.js";
import {
  decimalMark,
  ENCODING,
  type FlagsOf,
  grouped,
  LIMITS,
  names,
  setting,
  splitNames,
  text,
  texts,
  turn,
  turnOff,
} from "./flags.js";
import { isParquet, parquetRecords } from "./parquet.js";
import { DEFAULT_FOLDS } from "./validation.js";

/** The help of the argument that names a table. */
export const TABLE_HELP =
  "table: a line of names and rows, separated by commas, semicolons, tabs or |, or JSON, an array of objects or one a " +
  "line; or Parquet; gzip is unpacked; - for standard input";

/** The flags of reading a table. */
export const TABLE = grouped("Table:", {
  encoding: ENCODING,
  header: turn(
    "read the first line as column names, even if it contains only numbers",
    "read the first line as data, and number the columns",
  ),
  decimal: decimalMark<NonNullable<ReadTableOptions["decimal"]>>(
    "<mark>",
    "decimal mark of numbers, . or , or that of one column, as in price=, which may be repeated (default: as the columns show)",
  ),
  dateOrder: text<NonNullable<ReadTableOptions["dateOrder"]>>(
    "<order>",
    "order of dates in digits: dmy, mdy or ymd (default: as the columns show)",
  ),
  na: names("<words>", "more cells that mean missing, separated by commas"),
  defaultNa: turnOff("read NA, N/A, #N/A, NaN, null, none, ? and - as words"),
  as: setting<Readonly<Record<string, ColumnKind>>>(
    "<column=kind>",
    "a column's kind: number, boolean, category or date; identifier or text excludes it; may be repeated",
  ),
  ignoreCase: names("<names>", "columns whose categories ignore case and spaces, separated by commas"),
  /** Its file, or the contents of that file when the study began. */
  schema: text<string | Schema>(
    "<file>",
    "a schema file, as fettle inspect --json prints it (default: inferred)",
  ),
  unknown: text<UnknownRule>(
    "<rule>",
    "words that the schema lacks, and later the model: refuse, missing or ignore (default: refuse; for a model of a column of names, ignore)",
  ),
  limits: LIMITS,
});
export type TableFlags = FlagsOf<typeof TABLE>;

/** The flags of a table to learn from. */
export const DATA = {
  ...TABLE,
  ...grouped("Data:", {
    target: text(
      "<column>",
      "column to predict, or several of numbers, separated by commas (default: those of the schema)",
    ),
    weight: text("<column>", "column with each row's weight in losses and metrics"),
    group: text("<column>", "column that identifies groups of rows; no fold divides a group"),
    time: text(
      "<column>",
      "column with each row's time, as dates or numbers; every fold trains only on rows earlier than those it validates",
    ),
    task: text<Task | "auto">(
      "<name>",
      "classification, regression, or auto to decide by the values of the target",
      "auto",
    ),
    positive: text(
      "<class>",
      "the positive class of two, to which precision, recall, f1, AUC and the threshold refer (default: yes, true or 1 if the other is its opposite, else the rarer class)",
    ),
    missing: text<MissingRule>(
      "<rule>",
      "what to do with missing cells: refuse them, drop their rows, or impute them",
      "refuse",
    ),
    indicator: turnOff("with --missing impute: add no feature that marks imputed cells"),
    rare: text<RareClasses["rule"]>(
      "<rule>",
      "classes with fewer rows than folds: drop their rows, or merge them into one class (default: refuse them)",
    ),
    drop: texts("<columns>", "columns to leave out, separated by commas"),
  }),
};
/** With the folds of a command that has some. */
export type DatasetFlags = FlagsOf<typeof DATA> & { readonly folds?: number };

/** How the flags say to turn a table into features of the dense network. */
export const pipelineOf = (
  data: Dataset,
  { indicator }: Pick<DatasetFlags, "indicator">,
): PipelineOptions => ({
  ...densePipeline(data),
  ...(!indicator && { indicator }),
});

/** @throws FettleError naming the file, if it cannot be read or is not such a table */
export async function readDataset(file: string, flags: DatasetFlags): Promise<Dataset> {
  const { target, weight, group, time, task, positive, missing, drop = [], rare, folds } = flags;
  check(
    rare === undefined || rare === "drop" || rare === "merge",
    () => `--rare must be drop or merge; received ${show(rare)}`,
  );
  const table = await readTableFile(file, flags);
  const data = inFile(file, () => {
    const columns = table.columns.map(({ name }) => name);
    check(
      target !== undefined || table.schema.columns.some(({ role }) => role === "target"),
      () => `choose the column to predict with --target; columns: ${columns.join(", ")}`,
    );
    return encodeTable(table, {
      ...defined({ weight, group, time, positive }),
      ...defined({
        target: target === undefined ? undefined : columnsIn(target, table),
        rareClasses: rare && { fewerThan: folds ?? DEFAULT_FOLDS, rule: rare },
      }),
      task,
      missing,
      drop: drop.flatMap((given) => columnsIn(given, table)),
    });
  });
  check(
    rare === undefined || data.task === "classification",
    "--rare needs a classification target; received a regression target",
  );
  return data;
}

/** @throws FettleError naming the file, if it cannot be read or is not such a table or schema */
export async function readTableFile(file: string, flags: TableFlags): Promise<Table> {
  const { decimal, dateOrder, na, defaultNa, as, ignoreCase, schema, unknown } = flags;
  const given = typeof schema === "string" ? schemaIn(readJson(schema)) : (schema as Schema | undefined);
  const formats = { decimal, dateOrder, na, defaultNa: defaultNa ? undefined : (false as const) };
  return readAs(file, flags, defined({ ...formats, as, ignoreCase, schema: given, unknown }));
}

/** A schema without the receipt that `fettle inspect --json` prints with it. */
function schemaIn(json: unknown): Schema {
  const { receipt: _receipt, ...schema } = isRecord(json) ? json : { schema: json };
  return schema as unknown as Schema;
}

/** Options of reading a table, in messages. */
export const READING = ["na", "defaultNa", "decimal", "dateOrder", "as", "ignoreCase"];

/** Another table, read by the schema of the first. */
export function readOtherFile(
  file: string,
  flags: SourceFlags,
  schema: Schema,
  unknown: UnknownRule = "ignore",
): Promise<Table> {
  return readAs(file, flags, { schema, unknown }, true);
}

/** @param isOther - whether the flags also say how another table is read, to which they may apply alone */
async function readAs(
  file: string,
  flags: SourceFlags,
  others: ReadRecordsOptions,
  isOther = false,
): Promise<Table> {
  const { header, encoding, limits } = flags;
  const { text, records } = await readSource(file, isOther && isParquet(file) ? undefined : encoding, limits);
  check(
    text !== undefined || header === undefined || isOther,
    () =>
      `${header ? "--header" : "--no-header"} must be left out: ${nameOf(file)} is JSON or Parquet, whose records name their columns`,
  );
  const options = { ...others, ...defined({ limits }) };
  return inFile(file, () =>
    text ? readTable(text, { ...options, ...defined({ header }) }) : readRecords(records, options),
  );
}

/** The flags that say how text is read. */
type SourceFlags = Pick<TableFlags, "header" | "encoding" | "limits">;

/** Rows before they have a schema: delimited text, or records of JSON or Parquet. */
export type RowsOfFile =
  | { readonly text: FileText; readonly records?: never }
  | { readonly text?: never; readonly records: Records };

/** @throws FettleError naming the file, if it cannot be read, or exceeds a limit before its rows are read */
export async function readSource(
  file: string,
  encoding: string | undefined,
  given?: TableLimits,
): Promise<RowsOfFile> {
  const limits = limitsOf(given);
  const isBinary = isParquet(file);
  check(
    !isBinary || encoding === undefined,
    () => `--encoding must be left out: ${nameOf(file)} is Parquet, which has no encoding`,
  );
  if (isBinary) return { records: await parquetRecords(file, limits) };
  const text = textOf(file, encoding, limits);
  return isJson(text) ? { records: recordsIn(file, wholeText(file, text, limits)) } : { text };
}

type Records = readonly Readonly<Record<string, RecordValue>>[];

/** Whether a text is JSON: an array of objects, or an object per line. No header line begins like that. */
const JSON_TABLE = /^\s*(\[\s*)?\{\s*"/;

function isJson(source: Iterable<string>): boolean {
  const [first = ""] = source;
  return JSON_TABLE.test(first);
}

/** The objects of a JSON array, or of lines of JSON; `readRecords` refuses anything but objects. */
function recordsIn(file: string, text: string): Records {
  if (text.trimStart().startsWith("[")) return parseJson(file, text) as Records;
  const lines = text.split("\n");
  return lines.flatMap((line, i) => (line.trim() === "" ? [] : [parseJson(file, line, i)])) as Records;
}

/** The columns that a text names; a column's name may itself contain commas. */
function columnsIn(text: string, { columns }: Table): readonly string[] {
  return columns.some(({ name }) => name === text) ? [text] : splitNames(text);
}

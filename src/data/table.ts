/**
 * Text to typed columns: each cell a number, with NaN for a missing one. The kinds of columns are inferred or
 * given, see `schema.ts`; their roles (input, target, left out) are not known here, see `dataset.ts`.
 */
import { check, FettleError, isRecord, must, mustBeRecord, show, unknownName } from "../errors.js";
import type { Floats } from "../ndarray.js";
import { type OptionRules, readOptions } from "../rules.js";
import type { RawColumn } from "./cells.js";
import { isArray } from "./check.js";
import { CSV_RULES, type CsvHeader, type CsvOptions, readRows, type TextSource } from "./csv.js";
import { inferSchema, SCHEMA_RULES } from "./infer.js";
import { limitsOf, mustFit, type TableLimits } from "./limits.js";
import { PARSERS } from "./parsers.js";
import { type Pass, readCells } from "./passes.js";
import {
  cellOf,
  checkUnknownRule,
  faultOf,
  type RecordValue,
  readerOf,
  remedyOf,
  type UnknownRule,
} from "./read.js";
import {
  type ColumnKind,
  type ColumnSchema,
  checkSchema,
  isInputKind,
  type Schema,
  type SchemaOptions,
} from "./schema.js";

/** One typed column. */
export interface Column {
  readonly name: string;
  readonly kind: ColumnKind;
  /**
   * `[rows]`: the number itself; milliseconds since 1970 of a date; or an index into `categories`, beyond
   * them for an ignored word; NaN for a missing cell, and in numbers and dates that are in doubt. For a kind
   * that is not read, 0 if there is a cell. In float32 if that holds each exactly.
   */
  readonly values: Floats;
  /** The word of each index, see {@link ColumnSchema}. */
  readonly categories: readonly string[];
  /** Why the kind is in doubt, see {@link ColumnSchema}. */
  readonly doubt?: string;
  /** Why the column is left out, see {@link ColumnSchema}. */
  readonly reason?: string;
  /** Words that were read as missing, in lower case, with their numbers of cells. @defaultValue none */
  readonly gaps?: ReadonlyMap<string, number>;
}

/** Typed columns of one length. */
export interface Table {
  /** In the order of the schema; columns of a given schema that the text lacks are left out. */
  readonly columns: readonly Column[];
  readonly rows: number;
  /** The kinds of columns: inferred, or as given. */
  readonly schema: Schema;
  /** Columns of the text that a given schema does not name. */
  readonly ignored: readonly string[];
  /** What was decided when the table was read, such as new names for columns, for people. */
  readonly notes: readonly string[];
}

/** How text is read as a table. */
export interface ReadTableOptions extends CsvOptions, SchemaOptions {
  /** The kinds of columns, from `schema` of another table. @defaultValue inferred from the text */
  readonly schema?: Schema;
  /** How a word outside `schema` is treated. @defaultValue `"refuse"` */
  readonly unknown?: UnknownRule;
}

const RECORD_RULES = {
  ...SCHEMA_RULES,
  limits: true,
  schema: true,
  unknown: true,
} satisfies OptionRules<ReadRecordsOptions>;
const RULES = { ...CSV_RULES, ...RECORD_RULES } satisfies OptionRules<ReadTableOptions>;

/**
 * Reads delimited text as a table of typed columns. Cells are trimmed first.
 *
 * A column is `number` if every present cell is a number in one format (`1234.5`, `1,234.5`, `1.234,5`,
 * `45 %`),
 * `boolean` if every one is `true` or `false` (or every one `yes` or `no`; any case), `date` if every one is
 * a date, and otherwise `category`. Columns from which a model learns nothing have separate kinds
 * (`identifier`, `text`, `constant`,
 * `empty`), and `encodeTable` leaves them out. An ambiguous column, or one of nearly only numbers, is in
 * doubt, and `encodeTable` refuses it.
 *
 * With a `schema` nothing is inferred. The text may have its columns in any order, only some of them, and
 * extra columns, which are ignored.
 *
 * @param source - delimited text, see {@link parseCsv}; complete, or in pieces of any length, which are read
 * at most twice
 * @throws FettleError as {@link parseCsv}; `unknown_name` for a column or kind in `as` that does not exist;
 * `invalid_data`, with line and column, for infinite numbers
 *   and numbers too large for float32 (above 3.4e38) in columns of numbers, and for a cell that does not fit
 *   `schema`; `memory_limit` for a table over one of `limits`; `invalid_argument` for anything but a schema,
 *   and for options that the schema already has
 * @example
 * ```ts
 * const table = readTable("size,color\n4,red\n?,blue\n");
 * table.columns[0].values; // [4, NaN]
 * table.columns[1].categories; // ["blue", "red"]
 * const other = readTable("color,note,size\nred,new,5\n", { schema: table.schema });
 * other.columns[1].values; // [1]
 * other.ignored; // ["note"]
 * ```
 */
export function readTable(source: TextSource, options: ReadTableOptions = {}): Table {
  readOptions(options, "readTable", RULES);
  must(isText(source), "the text of a table", "a string, or strings", source);
  const { delimiter: _, header: __, limits: ___, ...others } = options;
  let lines = new Lines();
  let found: CsvHeader = { columns: [], notes: [] };
  const total = typeof source === "string" ? source.length : source.about;
  const table = tableOf(
    (open) => {
      lines = new Lines();
      readRows(source, options, (header) => {
        found = header;
        let rows = 0;
        let length = 0;
        const first = Math.min(FIRST_ROWS, Math.max(16, Math.floor(FIRST_CELLS / header.columns.length)));
        const capacityFor = (known: number): number => {
          // Later rows are assumed to be as long as those before; there are more if the text is longer than
          // announced.
          const rows = known && total ? Math.ceil((1.02 * total * known) / length) + 16 : 0;
          return rows > known ? rows : Math.max(first, 2 * known);
        };
        const builders = open(header.columns, capacityFor);
        return (row) => {
          lines.add(rows++, row.line);
          length += row.ends[row.cells - 1] - (row.starts[0] < 0 ? ~row.starts[0] : row.starts[0]) + 1;
          for (const { builder, place } of builders) builder.push(row, place);
        };
      });
      return lines.rows;
    },
    (row) => `line ${lines.of(row)}`,
    others,
  );
  return { ...table, notes: found.notes };
}

const isText = (source: unknown): boolean =>
  typeof source === "string" ||
  (typeof source === "object" && source !== null && Symbol.iterator in source && !ArrayBuffer.isView(source));

/** Memory for so many rows is allocated before any is read, or for fewer if there are many columns. */
const FIRST_ROWS = 1024;
const FIRST_CELLS = 2 ** 20;

/** The lines on which rows start, mostly consecutive. */
class Lines {
  rows = 0;
  private readonly jumps: [row: number, line: number][] = [];
  private next = Number.NaN;

  add(row: number, line: number): void {
    if (line !== this.next) this.jumps.push([row, line]);
    this.next = line + 1;
    this.rows = row + 1;
  }

  of(row: number): number {
    const [first, line] = this.jumps.findLast(([start]) => start <= row) as [number, number];
    return line + row - first;
  }
}

/** How records are read as a table: like text, without the options about delimiters. */
export type ReadRecordsOptions = Omit<ReadTableOptions, "delimiter" | "header">;

/**
 * Reads records, such as rows of JSON, as a table of typed columns, in the order in which their names first
 * appear. Numbers stay numbers; strings are read like the cells of text, see {@link readTable}.
 *
 * @param records - at least one object; a name that an object lacks is a missing cell
 * @throws FettleError as {@link readTable}, with the record, such as `records[0]`, in place of the line;
 * `invalid_data` for a value that is not a string, a number, a boolean, a date or missing; `invalid_argument`
 * for anything but an array of objects
 * @example
 * ```ts
 * const table = readRecords([{ age: 31, port: "Q" }, { age: null, port: "S" }]);
 * table.columns[0].values; // [31, NaN]
 * readRecords([{ port: "S" }], { schema: table.schema }).columns[0].values; // [1]
 * ```
 */
export function readRecords(
  records: readonly Readonly<Record<string, RecordValue>>[],
  options: ReadRecordsOptions = {},
): Table {
  readOptions(options, "readRecords", RECORD_RULES);
  must(Array.isArray(records) && records.length > 0, "records", "an array of at least one object", records);
  const { limits: given, ...others } = options;
  const limits = limitsOf(given);
  const names = namesIn(records, limits);
  return tableOf(
    (open) => {
      const builders = open(names, () => records.length);
      records.forEach((record, i) => {
        for (const { builder, place } of builders) {
          const name = names[place];
          const placeOf = (): string => `records[${i}], column ${show(name)}`;
          const cell = cellOf(Object.hasOwn(record, name) ? record[name] : null, placeOf);
          if (typeof cell === "string" && cell.length > limits.cellLength)
            mustFit(limits, "cellLength", cell.length, () => `${placeOf()}: `);
          builder.pushCell(cell);
        }
      });
      return records.length;
    },
    (row) => `records[${row}]`,
    others,
  );
}

/**
 * The names in records, in the order in which they first appear.
 *
 * @throws FettleError `invalid_argument` for a record that is not a plain object; `memory_limit` for too many
 * of them, of names, or of both
 */
export function namesIn(
  records: readonly Readonly<Record<string, unknown>>[],
  limits: Required<TableLimits>,
): string[] {
  mustFit(limits, "rows", records.length);
  const names = new Set<string>();
  for (const [i, record] of records.entries()) {
    mustBeRecord(`records[${i}]`, record, "a plain object, such as { age: 31 }");
    for (const name of Object.keys(record)) names.add(name);
  }
  mustFit(limits, "columns", names.size);
  mustFit(limits, "cells", records.length * names.size);
  return [...names];
}

/** @param placeOf - where a row is, for people */
function tableOf(
  pass: Pass,
  placeOf: (row: number) => string,
  { schema: known, unknown = "refuse", ...options }: Omit<ReadRecordsOptions, "limits">,
): Table {
  checkUnknownRule(unknown);
  if (known !== undefined) {
    checkSchema(known);
    const [both] = Object.keys(options);
    check(both === undefined, () => `${both} must be left out with schema, which has it; received both`);
  }
  const { names, rows, cells } = readCells(pass, known, options);
  const schema = known ?? inferSchema([...cells.values()], options);
  const faults: string[] = [];
  const columns = schema.columns.flatMap((column): Column[] => {
    const { name, kind, categories, doubt, reason } = column;
    const raw = cells.get(name);
    if (raw === undefined) return [];
    cells.delete(name); // so that only one column at a time is in memory twice
    const { values, fault } = typed(raw, column, unknown);
    if (fault)
      faults.push(
        `${placeOf(fault.row)}, column ${show(name)}: ${faultOf(column, fault.cell, PARSERS)}${remedyOf(column)}`,
      );
    const gaps = gapsOf(raw, column, values);
    return [
      {
        name,
        kind,
        values,
        categories,
        ...(doubt && { doubt }),
        ...(reason && { reason }),
        ...(gaps.size > 0 && { gaps }),
      },
    ];
  });
  if (faults.length > 0) throw new FettleError("invalid_data", faults.join("\n"));
  const inSchema = new Set(schema.columns.map(({ name }) => name));
  return { columns, rows, schema, ignored: names.filter((name) => !inSchema.has(name)), notes: [] };
}

/** The words of a column that were read as missing: those of the table, and those of the column. */
function gapsOf(
  { gaps, missing }: RawColumn,
  { na, kind, doubt }: ColumnSchema,
  values: Floats,
): ReadonlyMap<string, number> {
  if (!na || !isInputKind(kind) || doubt !== undefined) return gaps;
  let own = -missing;
  for (const value of values) if (Number.isNaN(value)) own++;
  return own > 0 ? new Map([...gaps, [na.join(", "), own]]) : gaps;
}

/** The values of a column, and the first cell that must be refused. */
function typed(
  raw: RawColumn,
  column: ColumnSchema,
  unknown: UnknownRule,
): { values: Floats; fault?: { row: number; cell: string | number } } {
  const { kind, doubt } = column;
  if (doubt !== undefined && kind !== "category")
    return { values: new Float32Array(raw.rows).fill(Number.NaN) };
  if ("numbers" in raw) {
    const { numbers } = raw;
    if (isInputKind(kind)) return { values: numbers };
    return { values: Float32Array.from(numbers, (value) => (Number.isNaN(value) ? value : 0)) };
  }
  const { words, codes } = raw;
  const readings = words.map(readerOf(column, unknown, PARSERS));
  const refused = readings.indexOf(undefined);
  const meanings = readings.map((value) => value ?? Number.NaN);
  const isNarrow = meanings.every((value) => Object.is(Math.fround(value), value));
  const values = new (isNarrow ? Float32Array : Float64Array)(codes.length);
  for (let i = 0; i < codes.length; i++) values[i] = codes[i] < 0 ? Number.NaN : meanings[codes[i]];
  return { values, ...(refused >= 0 && { fault: { row: codes.indexOf(refused), cell: words[refused] } }) };
}

/**
 * Refuses anything but a table, as {@link readTable} returns it.
 *
 * @throws FettleError `invalid_argument`
 */
export function checkTable(table: unknown): asserts table is Table {
  const hint = typeof table === "string" ? "; read text with readTable(text) first" : "";
  check(
    isRecord(table) &&
      Number.isSafeInteger(table.rows) &&
      Array.isArray(table.columns) &&
      table.columns.every((column) => isRecord(column) && isArray(column.values)) &&
      isRecord(table.schema) &&
      Array.isArray(table.schema.columns) &&
      Array.isArray(table.notes),
    () => `table must be what readTable returns; received ${show(table)}${hint}`,
  );
}

/**
 * The column of that name.
 *
 * @throws FettleError `unknown_name`, listing the columns that exist
 */
export function columnNamed(table: Table, name: string): Column {
  must(typeof name === "string", "a column", "named by a string", name);
  const column = table.columns.find((candidate) => candidate.name === name);
  if (column) return column;
  throw unknownName(
    "column",
    name,
    table.columns.map((candidate) => candidate.name),
  );
}

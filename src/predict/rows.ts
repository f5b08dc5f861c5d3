/**
 * Raw rows, read for a model a column at a time: records, columns by name, a matrix, or what `encodeRows`
 * returns. Tables of text are read by `readTable`.
 */
import type { TensorLike } from "../arrays.js";
import { isArray } from "../data/check.js";
import type { Input } from "../data/dataset.js";
import type { CellSource } from "../data/pipeline/applier.js";
import type { Pipeline } from "../data/pipeline/pipeline.js";
import {
  cellIn,
  faultOf,
  mustBeCell,
  type Parsers,
  type RecordValue,
  readerOf,
  remedyOf,
  type UnknownRule,
} from "../data/read.js";
import { type ColumnSchema, missingIn, type Schema } from "../data/schema.js";
import { toTensor64 } from "../data/tensor.js";
import { check, count, FettleError, isPlainObject, isRecord, must, show } from "../errors.js";
import type { Floats } from "../ndarray.js";
import { IdError } from "../nn/network/idError.js";

/** Values of one row by column; a name that is absent is a missing cell. */
export type RowRecord = Readonly<Record<string, RecordValue>>;

/**
 * One row or many: a record, or an array of records; columns of the same length by name; a matrix `[rows,
 * inputs]` of numbers and codes of categories, or rows of another shape with as many numbers; or what
 * `encodeRows` returns.
 */
export type Rows =
  | RowRecord
  | readonly RowRecord[]
  | Readonly<Record<string, ArrayLike<RecordValue>>>
  | TensorLike
  | { readonly columns: readonly ArrayLike<number>[] };

/** The refusal of a row. */
export class RowError extends FettleError {
  /** Its number, from 0. */
  readonly row: number;
  /** The name of the column whose cell is refused. */
  readonly column: string;
  /** Why it is refused. */
  readonly reason: string;
  /** What the caller, but not the author of the row, can do about it; may be empty. It follows the reason. */
  readonly remedy: string;

  /** @param place - the number in the message, if rows have another where they come from */
  constructor(row: number, column: string, reason: string, remedy = "", place: number | string = row) {
    super("invalid_data", `row ${place}, column ${show(column)}: ${reason}${remedy}`);
    this.row = row;
    this.column = column;
    this.reason = reason;
    this.remedy = remedy;
  }
}

/**
 * The error of a network for features of rows, with the name of the column.
 *
 * @param from - the number of the first row
 */
export function namedRow(error: unknown, { columns }: Pick<Pipeline, "columns">, from = 0): unknown {
  if (!(error instanceof IdError)) return error;
  const names = columns.flatMap(({ name, features }) => features.map(() => name));
  return new RowError(from + error.row, names[error.column], error.reason, error.remedy);
}

/** Readable rows. */
export interface RowSource {
  readonly rows: number;
  /** Reads rows [from, from + count). It may refuse a row with a `RowError`. */
  block(from: number, count: number): CellSource;
}

/** How one input is read. */
interface Column {
  readonly input: Input;
  readonly schema: ColumnSchema;
  readonly numberOf: (cell: string | number) => number | undefined;
}

/** Reads rows for the inputs of one model. */
export class RowReader {
  private readonly columns: readonly Column[];
  private readonly isMissing: (cell: string) => boolean;

  /**
   * @param unknown - how a word that is not in the schema is treated
   * @param parsers - those that the columns of the inputs need
   */
  constructor(
    inputs: readonly Input[],
    schema: Schema,
    unknown: UnknownRule,
    private readonly parsers: Parsers,
  ) {
    const named = new Map(schema.columns.map((column) => [column.name, column]));
    this.columns = inputs.map((input) => {
      const column = named.get(input.name) as ColumnSchema;
      return { input, schema: column, numberOf: readerOf(column, unknown, parsers) };
    });
    this.isMissing = missingIn(schema);
  }

  /**
   * The rows, without reading them.
   *
   * @throws FettleError `invalid_data`, `invalid_shape`, `invalid_argument` for anything but {@link Rows},
   * and for missing columns
   */
  source(rows: Rows): RowSource {
    if (isRecordRow(rows)) return this.ofRecords([rows]);
    if (Array.isArray(rows) && isPlainObject(rows[0]) && !isArray(rows[0]))
      return this.ofRecords(rows as readonly RowRecord[]);
    if (isTensor(rows) && !this.areColumns(rows)) return this.ofTensor(rows);
    must(isPlainObject(rows), "rows", "an object, a list of objects, columns by name, or a matrix", rows);
    if ("columns" in rows && Array.isArray(rows.columns) && rows.columns.every(isArray))
      return this.ofCodes(rows.columns as readonly ArrayLike<number>[]);
    return this.ofColumns(rows as Readonly<Record<string, ArrayLike<RecordValue>>>);
  }

  /** Whether an object has all columns, two of which may have the names of a tensor's `shape` and `data`. */
  private areColumns(rows: object): boolean {
    return isPlainObject(rows) && this.columns.every(({ input: { name } }) => Object.hasOwn(rows, name));
  }

  private ofRecords(records: readonly RowRecord[]): RowSource {
    return {
      rows: records.length,
      block: (from, count) => ({
        read: (j, cells) => {
          const { name } = this.columns[j].input;
          for (let i = 0; i < count; i++) {
            const record = records[from + i];
            if (!isPlainObject(record)) must(false, `row ${from + i}`, "an object", record, "invalid_data");
            cells[i] = this.cell(j, Object.hasOwn(record, name) ? record[name] : undefined, from + i);
          }
          return cells;
        },
        refusal: refusalFrom(from),
      }),
    };
  }

  private ofColumns(columns: Readonly<Record<string, ArrayLike<RecordValue>>>): RowSource {
    const missing = this.columns.flatMap(({ input: { name } }) =>
      Object.hasOwn(columns, name) ? [] : [name],
    );
    check(
      missing.length === 0,
      () => `rows must have the columns of the model; missing: ${missing.map(show).join(", ")}`,
      "invalid_data",
    );
    const used = this.columns.map(({ input: { name } }) => columns[name]);
    this.checkLengths(used);
    return {
      rows: used[0].length,
      block: (from, count) => ({
        read: (j, cells) => {
          const values = used[j];
          const numbers = this.columns[j].input.kind === "number" && viewOf(values, from, count);
          if (numbers && areNumbers(numbers)) return numbers;
          for (let i = 0; i < count; i++) cells[i] = this.cell(j, values[from + i], from + i);
          return cells;
        },
        refusal: refusalFrom(from),
      }),
    };
  }

  private ofCodes(columns: readonly ArrayLike<number>[]): RowSource {
    check(
      columns.length === this.columns.length,
      () => `rows must have ${this.columns.length} columns; received ${columns.length}`,
      "invalid_shape",
    );
    this.checkLengths(columns);
    return {
      rows: columns[0].length,
      block: (from, count) => ({
        read(j, cells) {
          const values = columns[j];
          const numbers = viewOf(values, from, count);
          if (numbers) return numbers;
          for (let i = 0; i < count; i++) cells[i] = values[from + i];
          return cells;
        },
        refusal: refusalFrom(from),
        refuseGaps: (j, cells) => this.refuseGaps(j, from, cells),
      }),
    };
  }

  private ofTensor(tensor: TensorLike): RowSource {
    const width = this.columns.length;
    const { data, rows, columns, shape } = toTensor64(tensor, { what: "x", allowNonFinite: true });
    check(
      columns === width,
      () => `x must have ${count(width, "column")}; received shape ${show([rows, ...shape])}`,
      "invalid_shape",
    );
    return {
      rows,
      block: (from, count) => ({
        read(j, cells) {
          for (let i = 0, k = from * width + j; i < count; i++, k += width) cells[i] = data[k];
          return cells;
        },
        refusal: refusalFrom(from),
        refuseGaps: (j, cells) => this.refuseGaps(j, from, cells),
      }),
    };
  }

  private cell(j: number, value: RecordValue, row: number): number {
    const { input, schema, numberOf } = this.columns[j];
    if (typeof value === "number" && input.kind === "number" && Number.isFinite(Math.fround(value)))
      return value;
    const cell = cellIn(value);
    if (cell === undefined) throw new RowError(row, input.name, `a value ${mustBeCell(value)}`);
    if (typeof cell === "string" && this.isMissing(cell)) {
      if (!input.gaps) throw gapError(row, input.name);
      return Number.NaN;
    }
    const read = numberOf(cell);
    if (read === undefined)
      throw new RowError(row, input.name, faultOf(schema, cell, this.parsers), remedyOf(schema));
    // a word for a missing cell
    if (Number.isNaN(read) && !input.gaps) throw gapError(row, input.name);
    return read;
  }

  private refuseGaps(j: number, from: number, cells: Floats): void {
    const { gaps, name } = this.columns[j].input;
    const gap = gaps ? -1 : cells.findIndex(Number.isNaN);
    if (gap >= 0) throw gapError(from + gap, name);
  }

  private checkLengths(columns: readonly ArrayLike<unknown>[]): void {
    const lengths = columns.map(({ length }) => length);
    check(
      lengths.every((length) => length === lengths[0] && length > 0),
      () => `columns must be arrays of equal length, at least 1; received lengths ${show(lengths)}`,
      "invalid_shape",
    );
  }
}

/** Elements [from, from + count) of an array of floats; undefined for other arrays. */
function viewOf(values: ArrayLike<unknown>, from: number, count: number): Floats | undefined {
  const isFloats = values instanceof Float64Array || values instanceof Float32Array;
  return isFloats ? values.subarray(from, from + count) : undefined;
}

/** Whether none is missing, and each is finite in float32. */
function areNumbers(values: Floats): boolean {
  let differences = 0; // NaN as soon as one is not finite
  for (let i = 0; i < values.length; i++) differences += Math.fround(values[i]) - Math.fround(values[i]);
  return differences === 0;
}

const gapError = (row: number, column: string): RowError =>
  new RowError(
    ...([row, column, "a cell must be there, as in every training row; received none"] as const),
    '; train with missing: "impute" to fill it in',
  );

/** Refuses values of rows that are read from the row `from`. */
const refusalFrom =
  (from: number): CellSource["refusal"] =>
  (row, column, reason) =>
    new RowError(from + row, column, reason);

/** Whether it is an object without arrays: one row. */
function isRecordRow(rows: unknown): rows is RowRecord {
  return isPlainObject(rows) && !isArray(rows) && !Object.values(rows).some((value) => isArray(value));
}

function isTensor(rows: unknown): rows is TensorLike {
  return isArray(rows) || (isRecord(rows) && "shape" in rows && isArray(rows.shape) && "data" in rows);
}

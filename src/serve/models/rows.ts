/**
 * The rows of requests for one model: found in the JSON of a body, checked, and answered. It reads no bytes
 * and makes no responses.
 */
import type { Input } from "../../data/dataset.js";
import { FettleError, isRecord, show } from "../../errors.js";
import type { Answer } from "../../predict/answers.js";
import type { Predictor } from "../../predict/predictor.js";
import { RowError, type RowRecord } from "../../predict/rows.js";
import { inShort } from "../body.js";

/** Why a row is refused. */
export class RowFault {
  constructor(
    /** Why, for people. */
    readonly message: string,
    /** The input whose cell is refused; undefined if the row itself is. */
    readonly column?: string,
  ) {}
}

/** The most characters of a reason, which may repeat a cell of any length. */
const LONGEST_REASON = 300;

/** Answers rows for one model. */
export class RowAnswerer {
  private readonly inputs: readonly Input[];
  /** Whether a row may be an array: words of categories could not be distinguished from their codes. */
  private readonly allowsArrays: boolean;
  private readonly predict: (records: readonly RowRecord[]) => Answer[];

  constructor(predictor: Predictor) {
    this.inputs = predictor.inputs;
    this.allowsArrays = this.inputs.every(({ kind }) => kind === "number");
    this.predict = (records) => predictor.answers(records);
  }

  /**
   * The rows of a body: one record, an array of rows, `{ rows }`, or `{ columns }`.
   *
   * @param most - the limit
   * @throws FettleError `invalid_argument`, `invalid_shape` for anything else, `memory_limit` for more rows
   */
  rowsOf(body: unknown, most: number): readonly unknown[] {
    const rows = this.allRowsOf(body, most);
    refuseUnless(rows.length > 0, "rows", "an array of at least one row", rows);
    checkCount(rows.length, most);
    return rows;
  }

  /** The answer for each row, or why it is refused. */
  results(rows: readonly unknown[]): readonly (Answer | RowFault)[] {
    try {
      return this.predict(rows.map((row) => this.recordOf(row)));
    } catch {
      // at least one is refused, so each is tried separately
      return rows.map((row) => this.resultOf(row));
    }
  }

  private resultOf(row: unknown): Answer | RowFault {
    try {
      const record = this.recordOf(row);
      this.refuseNested(record);
      return this.predict([record])[0];
    } catch (error) {
      if (!(error instanceof FettleError)) throw error;
      if (error instanceof RowError) return new RowFault(cut(error.reason), error.column);
      return new RowFault(cut(error.message));
    }
  }

  private allRowsOf(body: unknown, most: number): readonly unknown[] {
    if (Array.isArray(body)) return body;
    const forms = 'a row, an array of rows, {"rows": [...]} or {"columns": {...}}';
    if (!isRecord(body)) throw wrong("the body", forms, inShort(body));
    const form = ["rows", "columns"].find((name) => this.isForm(name, body));
    if (form === undefined) return [body];
    const others = Object.keys(body).filter((name) => name !== form);
    if (others.length > 0) throw wrong("the body", forms, `"${form}" with ${inShort(others[0])}`);
    const given = body[form];
    if (form === "columns") return this.rowsOfColumns(given, most);
    refuseUnless(Array.isArray(given), "rows", "an array of rows", given);
    return given;
  }

  /** Whether a field of a body contains rows: a cell is neither an array nor an object. */
  private isForm(name: string, body: Readonly<Record<string, unknown>>): boolean {
    if (!Object.hasOwn(body, name)) return false;
    const value = body[name];
    return (typeof value === "object" && value !== null) || !this.inputs.some((input) => input.name === name);
  }

  private rowsOfColumns(given: unknown, most: number): RowRecord[] {
    refuseUnless(isRecord(given), "columns", "an object of arrays", given);
    const columns = this.inputs.map(({ name }) => {
      const column = Object.hasOwn(given, name) ? given[name] : undefined;
      refuseUnless(Array.isArray(column), `column ${show(name)}`, "an array of cells", column);
      return column as RowRecord[string][];
    });
    const lengths = columns.map(({ length }) => length);
    const different = lengths.find((length) => length !== lengths[0]);
    if (different !== undefined)
      throw wrong(
        "columns",
        "arrays of equal length",
        `lengths ${lengths[0]} and ${different}`,
        "invalid_shape",
      );
    checkCount(lengths[0], most);
    return Array.from({ length: lengths[0] }, (_, i) =>
      Object.fromEntries(this.inputs.map(({ name }, j) => [name, columns[j][i]])),
    );
  }

  /** @throws FettleError `invalid_data` for a row that is neither a record nor an array of its numbers */
  private recordOf(row: unknown): RowRecord {
    if (isRecord(row)) return row as RowRecord;
    const { inputs } = this;
    if (this.allowsArrays && Array.isArray(row) && row.length === inputs.length)
      return Object.fromEntries(inputs.map(({ name }, j) => [name, row[j]]));
    const array = this.allowsArrays ? `, or an array of ${inputs.length} numbers` : "";
    const received = row === undefined ? "text that is not JSON in UTF-8" : inShort(row);
    throw wrong("a row", `an object of cells by column${array}`, received, "invalid_data");
  }

  /** Refuses values that are not cells; they may be too deep to show. */
  private refuseNested(record: RowRecord): void {
    for (const { name } of this.inputs) {
      const value: unknown = Object.hasOwn(record, name) ? record[name] : undefined;
      if (typeof value === "object" && value !== null)
        throw new RowError(
          0,
          name,
          `a value must be a word, a number, a boolean or null; received ${inShort(value)}`,
        );
    }
  }
}

function checkCount(rows: number, most: number): void {
  if (rows <= most) return;
  throw wrong("the rows of a request", `at most ${most}`, String(rows), "memory_limit");
}

function refuseUnless(condition: unknown, name: string, rule: string, value: unknown): asserts condition {
  if (!condition) throw wrong(name, rule, inShort(value));
}

/** Like `must`, for values that may be too deep or too large to show. */
function wrong(
  name: string,
  rule: string,
  received: string,
  code: FettleError["code"] = "invalid_argument",
): FettleError {
  return new FettleError(code, `${name} must be ${rule}; received ${received}`);
}

const cut = (reason: string): string =>
  reason.length > LONGEST_REASON ? `${reason.slice(0, LONGEST_REASON)}...` : reason;

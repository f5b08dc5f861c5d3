/**
 * The cells of one column while a table is read, compactly: plain numbers as numbers, and everything else as
 * distinct words. `infer.ts` and `table.ts` interpret the words.
 */
import type { Floats } from "../ndarray.js";
import { cellText, type ScannedRow } from "./scan.js";

/** A column whose cells have been read, before its kind is known. */
export type RawColumn = NumberCells | WordCells;

/** What is known about any column. */
interface Cells {
  readonly name: string;
  readonly rows: number;
  readonly missing: number;
  /** The words that mean "missing", in lower case, with their numbers of cells; without empty cells. */
  readonly gaps: ReadonlyMap<string, number>;
}

/** Every cell is missing, or a number in JavaScript's notation that fits float32. */
export interface NumberCells extends Cells {
  /** `[rows]`, NaN where the cell is missing; in float32 if that holds each exactly. */
  readonly numbers: Floats;
  /** The first three distinct cells, as written. */
  readonly samples: readonly string[];
  /** Whether any cell has a decimal point. */
  readonly hasPoint: boolean;
  /** Whether every point could separate thousands: `1.234`. */
  readonly mayGroup: boolean;
  /** Whether every cell is only digits. */
  readonly isCount: boolean;
  /** A cell with leading zeros, such as `007`. */
  readonly padded: string | undefined;
}

/** Words, or numbers in other notations. */
export interface WordCells extends Cells {
  /** The distinct cells, in order of first appearance; numbers stay numbers in records. */
  readonly words: readonly (string | number)[];
  /** `[rows]`: the index of the cell's word, -1 if it is missing. */
  readonly codes: Int32Array;
}

const PLAIN = /^[+-]?(\d+(?:\.\d*)?|\.\d+)(e[+-]?\d+)?$/i;
/** Ten to the number of decimals; dividing by these rounds once, like reading the digits. */
const POWERS = Array.from({ length: 16 }, (_, i) => 10 ** i);
/** Cells that are kept as text, in case later ones are words. */
const KEPT = 16;
const [ZERO, POINT, PLUS, MINUS] = [48, 46, 43, 45];

/** Whether a cell is a plain number that float32 can hold. */
function fits(cell: string | number): boolean {
  return (typeof cell === "number" || PLAIN.test(cell)) && Number.isFinite(Math.fround(Number(cell)));
}

/** Collects the cells of a column. */
export class ColumnBuilder {
  private rows = 0;
  private missing = 0;
  private readonly gaps = new Map<string, number>();
  private numbers: Floats;
  private codes = new Int32Array(0);
  private readonly words: (string | number)[] = [];
  private readonly codeOf = new Map<string | number, number>();
  private readonly first: (string | number)[] = [];
  private readonly samples: string[] = [];
  private hasPoint = false;
  private mayGroup = true;
  private isCount = true;
  private padded: string | undefined;
  private isBroken = false;
  /** Whether float32 holds each number so far exactly. */
  private isNarrow = true;

  /**
   * @param isMissing - tests a trimmed cell
   * @param capacityFor - returns how many rows to make room for
   * @param isWords - whether cells are kept as words from the start
   */
  constructor(
    readonly name: string,
    private readonly isMissing: (cell: string) => boolean,
    private readonly capacityFor: (rows: number) => number,
    private isWords = false,
  ) {
    const capacity = capacityFor(0);
    this.numbers = new Float32Array(isWords ? 0 : capacity);
    if (isWords) this.codes = new Int32Array(capacity);
  }

  /**
   * Whether words came after numbers whose text was dropped: then it stopped, and the column must be reread
   * as words.
   */
  get mustRepeat(): boolean {
    return this.isBroken;
  }

  /** Adds a cell of a text. */
  push(row: ScannedRow, j: number): void {
    if (this.isBroken) return;
    if (!this.isWords && this.rows >= KEPT && this.pushDigits(row, j)) return;
    this.pushCell(cellText(row, j).trim());
  }

  /** Adds a cell, trimmed if it is text. */
  pushCell(cell: string | number): void {
    if (this.isWords) this.pushWord(cell);
    else if (this.isNone(cell)) this.pushNumber(Number.NaN, cell);
    else if (fits(cell)) this.pushNumber(Number(cell), cell);
    else this.leaveNumbers(cell);
  }

  finish(): RawColumn {
    const { name, rows, missing, gaps, samples, hasPoint, mayGroup, isCount, padded } = this;
    if (this.isWords)
      return { name, rows, missing, gaps, words: this.words, codes: this.codes.subarray(0, rows) };
    const numbers = this.numbers.subarray(0, rows);
    return { name, rows, missing, gaps, numbers, samples, hasPoint, mayGroup, isCount, padded };
  }

  /**
   * The common case without a copy of the text: up to 15 digits, some of which may be decimals.
   *
   * @returns
   * whether it applied
   */
  private pushDigits({ text, starts, ends }: ScannedRow, j: number): boolean {
    const start = starts[j];
    const end = ends[j];
    if (start < 0) return false;
    let place = start;
    const sign = text.charCodeAt(place);
    if (sign === MINUS || sign === PLUS) place++;
    const from = place;
    let point = -1;
    let digits = 0; // as an integer, exact below 2^53
    for (; place < end; place++) {
      const code = text.charCodeAt(place);
      if (code >= ZERO && code <= ZERO + 9) digits = digits * 10 + (code - ZERO);
      else if (code === POINT && point < 0) point = place;
      else return false;
    }
    const decimals = point < 0 ? 0 : end - point - 1;
    const count = end - from - (point < 0 ? 0 : 1);
    if (count === 0 || count > 15) return false;
    if (point >= 0) {
      this.hasPoint = true;
      this.isCount = false;
      const whole = point - from;
      if (decimals !== 3 || whole < 1 || whole > 3 || text.charCodeAt(from) === ZERO) this.mayGroup = false;
    } else if (from > start) this.isCount = false;
    else if (count > 1 && text.charCodeAt(from) === ZERO) this.padded ??= text.slice(start, end);
    const value = digits / POWERS[decimals];
    this.store(sign === MINUS ? -value : value);
    return true;
  }

  private isNone(cell: string | number): boolean {
    return typeof cell === "string" ? this.isMissing(cell) : Number.isNaN(cell);
  }

  private pushNumber(value: number, cell: string | number): void {
    const text = String(cell);
    if (Number.isNaN(value)) this.skip(text);
    else {
      if (text.includes(".")) {
        this.hasPoint = true;
        if (!/^[+-]?[1-9]\d{0,2}\.\d{3}$/.test(text)) this.mayGroup = false;
      }
      if (!/^\d+$/.test(text)) this.isCount = false;
      else if (/^0\d/.test(text)) this.padded ??= text;
      if (this.samples.length < 3 && !this.samples.includes(text)) this.samples.push(text);
    }
    if (this.rows < KEPT) this.first.push(cell);
    this.store(value);
  }

  private skip(word: string): void {
    this.missing++;
    if (word === "") return;
    const key = word.toLowerCase();
    this.gaps.set(key, (this.gaps.get(key) ?? 0) + 1);
  }

  private pushWord(word: string | number): void {
    if (this.rows === this.codes.length) {
      const larger = new Int32Array(this.capacityFor(this.rows));
      larger.set(this.codes);
      this.codes = larger;
    }
    let code = this.codeOf.get(word);
    if (code === undefined) {
      code = this.isNone(word) ? -1 : this.words.push(word) - 1;
      this.codeOf.set(word, code);
    }
    if (code < 0) this.skip(String(word));
    this.codes[this.rows++] = code;
  }

  /**
   * A cell that is not a plain number: from here on the column is words, if the earlier numbers are still
   * kept as text.
   */
  private leaveNumbers(cell: string | number): void {
    const isEmpty = this.missing === this.rows;
    if (this.rows > this.first.length && !isEmpty) {
      this.isBroken = true;
      return;
    }
    this.isWords = true;
    this.codes = new Int32Array(this.numbers.length).fill(-1);
    this.numbers = new Float32Array(0);
    if (!isEmpty) {
      this.rows = 0;
      this.missing = 0;
      this.gaps.clear();
      for (const each of this.first) this.pushWord(each);
    }
    this.pushWord(cell);
  }

  private store(value: number): void {
    const { numbers, rows } = this;
    const isFull = rows === numbers.length;
    if (this.isNarrow && !Object.is(Math.fround(value), value)) {
      this.isNarrow = false;
      this.numbers = new Float64Array(isFull ? this.capacityFor(rows) : numbers.length);
      this.numbers.set(numbers);
    } else if (isFull) {
      const length = this.capacityFor(rows);
      this.numbers = this.isNarrow ? new Float32Array(length) : new Float64Array(length);
      this.numbers.set(numbers);
    }
    this.numbers[this.rows++] = value;
  }
}

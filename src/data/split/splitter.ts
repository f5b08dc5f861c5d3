/**
 * The contract of a splitter: a function that receives rows and returns folds of row ids. `defineSplitter`
 * makes the built-in ones, which carry their options as data; any function of a user is a splitter. The rows
 * themselves are never read here, and the choice of a splitter is made elsewhere.
 */
import {
  check,
  checkOptions,
  isPlainObject,
  kindOf,
  must,
  mustBeInteger,
  mustBeRecord,
  type OptionNames,
  show,
} from "../../errors.js";
import { isArray, mustBeArray } from "../check.js";
import type { Groups } from "../groups.js";

/** One fold by row ids: ascending, except for shuffle splits, which have random order. */
export interface FoldRows {
  readonly train: Int32Array;
  readonly validation: Int32Array;
}

/** One fold by row ids from outside: its validation part may be called `test`, as in scikit-learn. */
export type FoldIds =
  | { readonly train: ArrayLike<number>; readonly validation: ArrayLike<number> }
  | { readonly train: ArrayLike<number>; readonly test: ArrayLike<number> };

/** What a splitter receives about the rows to divide. Row ids are 0 … rows − 1. */
export interface RowsToSplit {
  /** How many rows there are. */
  readonly rows: number;
  /** `[rows]`: the class of each row, for classification. */
  readonly labels?: ArrayLike<number>;
  /** The names of the classes by label, for messages. */
  readonly classes?: readonly string[];
  /** `[rows]`: the group of each row. */
  readonly groups?: Groups;
  /** `[rows]`: the time of each row; only the order counts. */
  readonly time?: ArrayLike<number>;
  /** The seed for a splitter without one. @defaultValue 0 */
  readonly seed?: number;
}

/**
 * Returns the folds of rows: a built-in splitter, such as `timeSeriesSplit({ folds: 4 })`, or any function of
 * rows.
 *
 * @example
 * ```ts
 * const lastRow: Splitter = ({ rows }) => [{ train: [...Array(rows - 1).keys()], validation: [rows - 1] }];
 * lastRow({ rows: 3 }); // [{ train: [0, 1], validation: [2] }]
 * ```
 */
export interface Splitter<Fold extends FoldIds = FoldIds> {
  (rows: RowsToSplit): readonly Fold[];
  /**
   * The options of a built-in splitter, as data; a function that has them returns the same folds everywhere.
   */
  readonly options?: Readonly<Record<string, unknown>>;
  /**
   * Whether rows without times count as ordered by time, so that a test part is the last rows. @defaultValue
   * false
   */
  readonly ordered?: boolean;
}

/**
 * A built-in splitter in two forms: called with only options it returns a splitter, for `validation`; called
 * with rows, or with what it needs of them, it returns their folds.
 */
export interface SplitterMaker<Options, Given> {
  (options?: Options): Splitter<FoldRows>;
  (rows: Given | RowsToSplit, options?: Options): FoldRows[];
}

/** How rows are divided into folds. */
export interface FoldOptions {
  /** How many folds, from 2 to the number of rows. @defaultValue 5 */
  readonly folds?: number;
  /** Decides the division of rows. @defaultValue 0, and in a search a number derived from its seed */
  readonly seed?: number;
}

/** The names of our options in scikit-learn. */
const OTHER_NAMES: Readonly<Record<string, string>> = {
  nSplits: "folds",
  nRepeats: "repeats",
  testSize: "validationSize",
  randomState: "seed",
  nGroups: "p",
};

/**
 * @param given - the argument of a call without a record of rows
 * @param ordered - whether rows are in the order of time
 */
export function defineSplitter<Options extends object, Given extends number | Groups>(
  name: string,
  given: "rows" | "labels" | "groups",
  known: OptionNames<Options>,
  divide: (rows: RowsToSplit, options: Options & { readonly seed: number }) => FoldRows[],
  ordered = false,
): SplitterMaker<Options, Given> {
  function splitterOf(options: Options) {
    refuseOtherNames(name, options, known);
    const own: Options & { readonly seed?: number } = Object.freeze({ ...options });
    for (const [option, value] of Object.entries(own))
      must(kindOf(value) === undefined || isArray(value), `${option} of ${name}`, "plain data", value);
    const splitter = (rows: RowsToSplit): FoldRows[] => {
      checkRows(rows);
      return divide(rows, { ...own, seed: own.seed ?? rows.seed ?? 0 });
    };
    Object.defineProperty(splitter, "name", { value: name });
    return Object.assign(splitter, { options: own as Readonly<Record<string, unknown>>, ordered });
  }
  function make(options?: Options): Splitter<FoldRows>;
  function make(rows: Given | RowsToSplit, options?: Options): FoldRows[];
  function make(first: unknown = {}, options = {} as Options): Splitter<FoldRows> | FoldRows[] {
    const rows = rowsIn(first, given);
    return rows ? splitterOf(options)(rows) : splitterOf(first as Options);
  }
  return make;
}

/** The rows of a first argument; undefined if it is options. */
function rowsIn(first: unknown, given: "rows" | "labels" | "groups"): RowsToSplit | undefined {
  if (isPlainObject(first) && !isArray(first))
    return "rows" in first ? (first as unknown as RowsToSplit) : undefined;
  if (given === "rows") return { rows: first as number };
  mustBeArray(given, first, `an array with the ${given === "labels" ? "class" : "group"} of each row`);
  return { rows: (first as ArrayLike<number>).length, [given]: first };
}

function refuseOtherNames(name: string, options: object, known: Readonly<Record<string, true>>): void {
  for (const key of isPlainObject(options) ? Object.keys(options) : []) {
    const ours = OTHER_NAMES[camelCase(key)];
    check(
      Object.hasOwn(known, key) || ours === undefined || !Object.hasOwn(known, ours),
      () =>
        `unknown option of ${name} ${show(key)}. Did you mean ${show(ours)}? Known: ${Object.keys(known).join(", ")}.`,
      "unknown_name",
    );
  }
  checkOptions(options, name, known);
}

const camelCase = (name: string): string =>
  name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());

function checkRows(given: RowsToSplit): void {
  mustBeRecord("the argument of a splitter", given, "an object with rows");
  const { rows, ...each } = given;
  mustBeInteger("rows", rows, 2);
  checkRowIds(rows);
  for (const name of ["labels", "groups", "time"] as const) {
    const values = each[name];
    if (values === undefined) continue;
    mustBeArray(name, values, "an array with a value for each row");
    check(
      values.length === rows,
      () => `${name} must have a value for each of the ${rows} rows; received ${values.length}`,
      "invalid_shape",
    );
  }
  const { time = [] } = each;
  for (let row = 0; row < time.length; row++)
    must(Number.isFinite(time[row]), `time[${row}]`, "a finite number", time[row], "invalid_data");
}

/** The most folds, and the most row ids that they may hold together: 256 MiB. */
const [MOST_FOLDS, MOST_IDS] = [2 ** 16, 2 ** 26];

/**
 * Refuses more folds than memory should hold.
 *
 * @param folds - how many; infinite if there are too many to count
 * @param ids - how many row ids they have together
 * @throws FettleError `memory_limit`
 */
export function checkMemory(folds: number, ids: number): void {
  check(
    folds <= MOST_FOLDS && ids <= MOST_IDS,
    () =>
      `folds must be at most ${MOST_FOLDS}, with ${MOST_IDS} row ids together (256 MiB); received ${folds} with ${ids}; choose fewer`,
    "memory_limit",
  );
}

/** Refuses more rows than memory should hold the ids of. @throws FettleError `memory_limit` */
export function checkRowIds(rows: number): void {
  must(rows <= MOST_IDS, "rows", `at most ${MOST_IDS}, whose ids take 256 MiB`, rows, "memory_limit");
}

export function checkFolds(rows: number, folds: number): void {
  const isFine = Number.isInteger(folds) && folds >= 2 && folds <= rows;
  must(isFine, "folds", `an integer from 2 to the number of rows, ${rows}`, folds);
  checkMemory(folds, folds * rows);
}

/** A fold that validates the rows for which `isHeld` is true, and trains on all others. */
export function partition(rows: number, isHeld: (row: number) => boolean): FoldRows {
  const train = new Int32Array(rows);
  const validation = new Int32Array(rows);
  let held = 0;
  for (let row = 0; row < rows; row++) {
    if (isHeld(row)) validation[held++] = row;
    else train[row - held] = row;
  }
  return { train: train.slice(0, rows - held), validation: validation.slice(0, held) };
}

/** @param foldOf - `[rows]`: in which fold each row is validated */
export function foldsFrom(foldOf: ArrayLike<number>, folds: number): FoldRows[] {
  return Array.from({ length: folds }, (_, fold) => partition(foldOf.length, (row) => foldOf[row] === fold));
}

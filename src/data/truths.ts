/**
 * The kinds of truths: one row each, with the rule for messages, a test, and the remedy. Losses and metrics
 * list their kinds in separate tables (`nn/losses/truths.ts`, `metrics/truths.ts`), so that `fit`,
 * `evaluate`, `tune` and metrics accept and refuse the same truths with the same messages. A check is one
 * pass over the targets.
 *
 * A line is the unit that a loss or a metric reads: a row of an output, or a step of a row of a sequence.
 */
import { FettleError, must, show } from "../errors.js";
import { shortest } from "../numerics/shortest.js";
import { type RowOrigin, rowIn } from "./origin.js";

/**
 * The kinds of truths:
 *
 * - `quantities`: any finite numbers; `counts`: at least 0; `positive`: above 0
 * - `probabilities`: from 0 to 1; `distributions`: lines of at least 0 that sum to 1, within 0.005 per class
 *   and at most 0.05, to allow for rounding
 * - `classes`: 0 or 1 in one column, one-hot lines in several; `likelyClasses`: those, or distributions,
 *   whose largest entry counts
 * - `labels`: 0 or 1 in each column, with any sum per line
 * - `times`: times of events, above 0, and with a minus those until which none was seen
 * - `signs`: −1 and 1, or 0 and 1; `oneHotSigns`: lines of one 1, and otherwise only 0 or only −1
 */
export type TruthKind =
  | "quantities"
  | "counts"
  | "positive"
  | "probabilities"
  | "distributions"
  | "classes"
  | "likelyClasses"
  | "labels"
  | "times"
  | "signs"
  | "oneHotSigns";

/** Whether the numbers from `start` to `end` are a line of this kind. */
type Fits = (y: ArrayLike<number>, start: number, end: number) => boolean;

interface Kind {
  /** Follows "must hold". */
  readonly rule: string;
  /** Makes a test for one check, because some keep state; undefined if all numbers fit. */
  readonly test?: () => Fits;
  readonly remedy: (found: Found) => string;
}

/** The data for a message about truths that do not fit. */
interface Found {
  /** The first line that does not fit. */
  readonly line: readonly number[];
  /** All distinct numbers, ascending. */
  readonly values: readonly number[];
}

const each =
  (holds: (value: number) => boolean): Fits =>
  (y, start, end) => {
    for (let k = start; k < end; k++) if (!holds(y[k])) return false;
    return true;
  };

const isBit = (value: number): boolean => value === 0 || value === 1;

/** One 1, and all else `rest`. */
function isHot(y: ArrayLike<number>, start: number, end: number, rest: number): boolean {
  let ones = 0;
  for (let k = start; k < end; k++) {
    if (y[k] === 1) ones++;
    else if (y[k] !== rest) return false;
  }
  return ones === 1;
}

/**
 * How far the sum of so many probabilities may be from 1: the error of rounding to two digits, at most 0.05.
 */
export const sumBound = (width: number): number => Math.min(0.005 * width, 0.05) + 1e-6;

const isDistribution: Fits = (y, start, end) => {
  let sum = 0;
  for (let k = start; k < end; k++) {
    if (!(y[k] >= 0)) return false;
    sum += y[k];
  }
  return Math.abs(sum - 1) <= sumBound(end - start);
};

/** −1 or 0 besides 1, not both. */
const signs = (): Fits => {
  let low: number | undefined;
  return each((value) => {
    if (value === 1) return true;
    if (value !== 0 && value !== -1) return false;
    low ??= value;
    return low === value;
  });
};

const [bits, QUANTITIES] = [each(isBit), "use meanSquaredError for quantities"];

const ofClasses = ({ line, values }: Found): string => {
  if (line.length > 1 && line.every(isBit))
    return "for rows of several labels, use a metric with multiLabel: true";
  return line.length === 1 && areIds(values)
    ? "for class ids, give predictions a column for each class, or ids"
    : "for quantities, choose meanSquaredError or another metric of quantities";
};

/** Whether different numbers may be ids of classes. */
const areIds = (values: readonly number[]): boolean =>
  values.length <= MOST_CLASSES && values.every((id) => Number.isInteger(id) && id >= 0);

const KINDS: Readonly<Record<TruthKind, Kind>> = {
  quantities: { rule: "finite numbers", remedy: () => "" },
  counts: { rule: "numbers of at least 0", test: () => each((y) => y >= 0), remedy: () => QUANTITIES },
  positive: {
    rule: "numbers above 0",
    test: () => each((y) => y > 0),
    remedy: () => "leave those rows out, or choose a power below 2",
  },
  probabilities: {
    rule: "numbers from 0 to 1",
    test: () => each((y) => y >= 0 && y <= 1),
    remedy: ({ values, line }) => {
      const [low, high] = [values[0], values[values.length - 1]];
      if (values.length === 2) return `labels ${low} and ${high}: ${toBits(low, high)}`;
      if (line.length === 1 && areIds(values))
        return `integers of classes: use sparseCategoricalCrossentropy and softmax of ${high + 1} units`;
      return low >= 0 ? `divide by the largest, ${high}, or ${QUANTITIES}` : QUANTITIES;
    },
  },
  distributions: {
    rule: "rows of probabilities that sum to 1",
    test: () => isDistribution,
    remedy: ({ line }) => {
      if (line.every((y) => y === 0)) return "give rows without a class a sampleWeight of 0";
      if (line.every(isBit)) return "for rows of several labels, use binaryCrossentropy and sigmoid";
      return line.every((y) => y >= 0) ? `divide each row by its sum, or ${QUANTITIES}` : QUANTITIES;
    },
  },
  classes: {
    rule: "0 or 1, one-hot rows, or class ids",
    test: () => (y, start, end) => (end - start === 1 ? isBit(y[start]) : isHot(y, start, end, 0)),
    remedy: ofClasses,
  },
  likelyClasses: {
    rule: "0 or 1, one-hot rows, or class ids",
    test: () => (y, start, end) => (end - start === 1 ? isBit(y[start]) : isDistribution(y, start, end)),
    remedy: ofClasses,
  },
  labels: {
    rule: "labels of 0 and 1",
    test: () => bits,
    remedy: () => "round probabilities to labels first",
  },
  times: {
    rule: "times other than 0, negative ones of rows without an event",
    test: () => each((y) => y !== 0),
    remedy: () => "leave rows of time 0 out, or give them a time above 0",
  },
  signs: {
    rule: "-1 and 1, or 0 and 1",
    test: signs,
    remedy: ({ values }) => {
      if (values.length === 2) return `labels ${values.join(" and ")}: give -1 and 1`;
      return values.length === 3 && values.every((y) => Math.abs(y) <= 1 && Number.isInteger(y))
        ? "give rows without a class a sampleWeight of 0"
        : QUANTITIES;
    },
  },
  oneHotSigns: {
    rule: "rows of one 1, and otherwise only 0 or only -1",
    test: () => (y, start, end) => isHot(y, start, end, 0) || isHot(y, start, end, -1),
    remedy: () => "use oneHot for class ids, or categoricalCrossentropy for probabilities",
  },
};

/** @throws FettleError `invalid_argument` for anything but a kind of truths */
export function checkTruthKind(name: string, kind: unknown): asserts kind is TruthKind {
  must(Object.hasOwn(KINDS, String(kind)), name, Object.keys(KINDS).map(show).join(", "), kind);
}

/** More distinct integers than this are quantities, or ids. */
const MOST_CLASSES = 100;

/** How two labels become 0 and 1. */
function toBits(low: number, high: number): string {
  if (low === -1 && high === 1) return "give 0 and 1, that is (y + 1) / 2, or use hinge";
  return low === 0 && high > 0 ? `divide by ${high}, or give 0 and 1` : "give 0 and 1";
}

/** Where truths are, and which loss or metric reads them. */
export interface TruthPlace {
  /** Their name for the user. */
  readonly what: string;
  /** The loss or metric that takes them. */
  readonly of: string;
  /** The number of columns in all. */
  readonly columns: number;
  /** The first of the columns that are read. @defaultValue 0 */
  readonly offset?: number;
  /** How many are read. @defaultValue all */
  readonly size?: number;
  /** How many make a line. @defaultValue `size` */
  readonly width?: number;
  /** Where the rows come from. */
  readonly origin?: RowOrigin | undefined;
  /** [rows]: rows of weight 0 may hold anything. @defaultValue all count */
  readonly weights?: ArrayLike<number> | undefined;
  /** Whether lines of zeros may be placeholders for steps that do not count. @defaultValue false */
  readonly blanks?: boolean;
  /** A further remedy, for the end of a message. */
  readonly hint?: () => string | undefined;
}

/**
 * Refuses truths of another kind. The caller checks that numbers are finite.
 *
 * @param y - `[rows, columns]`
 * @throws FettleError `invalid_data`, with the first line that does not fit and what to do
 */
export function checkTruths(kind: TruthKind, y: ArrayLike<number>, place: TruthPlace): void {
  const { rule, test, remedy } = KINDS[kind];
  if (test === undefined) return;
  const fits = test();
  const start = firstLine(y, place, (from, to) => !fits(y, from, to) && isToBeRefused(y, from, to, place));
  if (start < 0) return;
  const { what, of, columns, size = columns, width = size, hint, origin } = place;
  // shows 0.1, not the float32 nearest to it
  const at = (k: number): number => (y instanceof Float32Array ? Number(shortest(y[k])) : y[k]);
  const values = new Set<number>();
  firstLine(y, place, (from, to) => {
    for (let k = from; k < to; k++) values.add(at(k));
    return false;
  });
  const line = Array.from({ length: width }, (_, k) => at(start + k));
  const way = remedy({ line, values: [...values].sort((a, b) => a - b) });
  throw new FettleError(
    "invalid_data",
    `${what} must hold ${rule} for ${of}; received ${show(width === 1 ? line[0] : line)} in row ${rowIn(origin, Math.floor(start / columns))}` +
      [way, hint?.()].map((text) => (text ? `; ${text}` : "")).join(""),
  );
}

function isToBeRefused(y: ArrayLike<number>, from: number, to: number, { blanks }: TruthPlace): boolean {
  const [areFinite, areBlank] = [each(Number.isFinite), each((value) => value === 0)];
  return areFinite(y, from, to) && !(blanks && areBlank(y, from, to));
}

/** The start of the first line, among rows that count, for which a condition holds; −1 if there is none. */
function firstLine(
  y: ArrayLike<number>,
  { columns, offset = 0, size = columns, width = size, weights }: TruthPlace,
  found: (from: number, to: number) => boolean,
): number {
  for (let row = 0, first = offset; first < y.length; row++, first += columns) {
    if (weights?.[row] === 0) continue;
    for (let from = first; from < first + size; from += width) if (found(from, from + width)) return from;
  }
  return -1;
}

/**
 * A chart of points and a line in characters, with labels at both axes. It does not interpret the numbers.
 */
import { columnsOf } from "../columns.js";
import { formatValue } from "../format.js";
import { linearScale, rangeOf, type Scale, scaleOf } from "../plots/scale.js";
import { Canvas, DOTS_ACROSS, DOTS_DOWN } from "./canvas.js";

/** How pictures are drawn on a terminal. */
export interface TerminalOptions {
  /** Columns of the terminal. */
  readonly width: number;
  /** Whether the terminal supports only ASCII. */
  readonly ascii: boolean;
}

/** A point with its mark. Its y may be null: it is drawn at the lower edge. */
export interface Mark {
  readonly x: number;
  readonly y: number | null;
  readonly mark: string;
}

export interface Chart {
  readonly marks: readonly Mark[];
  /** The corners of a staircase from left to right: each height holds until the next x. */
  readonly stairs?: readonly { readonly x: number; readonly y: number }[];
  /** The name of x, below the axis if there is space. */
  readonly axis: string;
  /** Whether x is a count, which has an axis from its first number to its last. Default false. */
  readonly counts?: boolean;
}

const LEAST_ROWS = 6;
const MOST_ROWS = 15;
/** The fewest columns next to the labels. */
const LEAST_COLUMNS = 6;

/**
 * The lines of a chart, none wider than the terminal. An axis of positive numbers that differ by a factor of
 * ten or more is logarithmic. Empty if no number is finite.
 *
 * @returns lines without trailing spaces
 */
export function drawChart(
  { marks, stairs = [], axis, counts = false }: Chart,
  options: TerminalOptions,
): string[] {
  const { width, ascii } = options;
  const heights = [...marks.map(({ y }) => y), ...stairs.map(({ y }) => y)].filter((y) => y !== null);
  if (heights.length === 0) return [];
  const rows = Math.min(MOST_ROWS, Math.max(LEAST_ROWS, Math.round(width / 6)));
  const vertical = scaleOf(heights);
  const labels = labelRows(vertical, rows, ascii, width - LEAST_COLUMNS - 1);
  const left = Math.max(...labels.map(columnsOf));
  const canvas = new Canvas(Math.max(LEAST_COLUMNS, width - left - 2), rows, ascii);
  const xs = [...marks, ...stairs].map(({ x }) => x);
  const horizontal = counts ? countScale(xs) : scaleOf(xs);
  const place = (x: number): number => dotAt(horizontal, x, canvas.columns * DOTS_ACROSS);
  const height = (y: number): number => rows * DOTS_DOWN - 1 - dotAt(vertical, y, rows * DOTS_DOWN);
  const [first, last] = rangeOf(xs);
  drawStairs(canvas, stairs, place, height, place(last));
  for (const { x, y, mark } of marks)
    canvas.mark(place(x), y === null ? rows * DOTS_DOWN - 1 : height(y), mark);
  const [wall, corner, floor] = ascii ? ["|", "+", "-"] : ["│", "└", "─"];
  // dense marks would hide the line
  const lines = canvas.lines(marks.length <= canvas.columns);
  const ends = [first, last].map(formatValue);
  return [
    ...lines.map((line, row) => `${labels[row].padStart(left)} ${wall}${line}`.trimEnd()),
    `${" ".repeat(left + 1)}${corner}${floor.repeat(canvas.columns)}`,
    `${" ".repeat(left + 2)}${below(ends, axis, canvas.columns)}`.trimEnd(),
  ];
}

/**
 * The first and the last number at the ends of the axis, and their name between them; as much of it as fits.
 */
function below([first, last]: readonly string[], axis: string, columns: number): string {
  const room = columns - first.length - last.length;
  const free = room - columnsOf(axis);
  const before = Math.floor(free / 2);
  const forms =
    first === last
      ? [`${axis} ${first}`.trim(), first]
      : [
          ...(free >= 2 ? [first + " ".repeat(before) + axis + " ".repeat(free - before) + last] : []),
          ...(room >= 1 ? [first + " ".repeat(room) + last] : []),
          first,
        ];
  return forms.find((form) => columnsOf(form) <= columns) ?? "";
}

/** Integers at equal distances, without a margin. */
function countScale(xs: readonly number[]): Scale {
  const [low, high] = rangeOf(xs);
  return { ...linearScale(low, low === high ? low + 1 : high), low, high: low === high ? low + 1 : high };
}

/** The number of the dot, from 0. */
function dotAt({ at, low, high }: Scale, value: number, dots: number): number {
  const dot = Math.round(((at(value) - low) / (high - low)) * (dots - 1));
  return dot > 0 ? Math.min(dots - 1, dot) : 0; // even if the ends of the axis are too far apart for a number
}

function drawStairs(
  canvas: Canvas,
  stairs: NonNullable<Chart["stairs"]>,
  place: (x: number) => number,
  height: (y: number) => number,
  end: number,
): void {
  for (const [i, { x, y }] of stairs.entries()) {
    const next = stairs[i + 1];
    const [from, to, level] = [place(x), next ? place(next.x) : end, height(y)];
    for (let column = from; column <= to; column++) canvas.dot(column, level);
    if (!next) continue;
    const [top, bottom] = [level, height(next.y)].sort((a, b) => a - b);
    for (let row = top; row <= bottom; row++) canvas.dot(to, row);
  }
}

/** The label of each row; empty without one, or if it is too long. */
function labelRows({ ticks, label, low, high }: Scale, rows: number, ascii: boolean, most: number): string[] {
  const labels = Array.from({ length: rows }, () => "");
  for (const tick of ticks) {
    const share = (tick - low) / (high - low);
    if (share < 0 || share > 1) continue;
    const row = rows - 1 - Math.min(rows - 1, Math.floor(share * rows));
    const text = ascii ? inAscii(label(tick)) : label(tick);
    if (labels[row] === "" && columnsOf(text) <= most) labels[row] = text;
  }
  return labels;
}

const SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹";

/** `1e-3` for `10⁻³` */
function inAscii(label: string): string {
  return label.replace(/^10(⁻?)([⁰¹²³⁴⁵⁶⁷⁸⁹]+)$/u, (_, sign: string, digits: string) => {
    const exponent = [...digits].map((digit) => SUPERSCRIPTS.indexOf(digit)).join("");
    return `1e${sign && "-"}${exponent}`;
  });
}

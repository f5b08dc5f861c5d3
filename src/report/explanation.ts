/** Explanations of a model and of a row, as text for people. */

import { compact } from "../compact.js";
import type { CellValue } from "../explain/asked.js";
import type { Counterfactual } from "../explain/counterfactuals.js";
import type { Dependence } from "../explain/dependence.js";
import type { Contribution, Explanation, RowExplanation } from "../explain/explain.js";
import type { ColumnImportance } from "../explain/importance.js";
import { clip, count, formatScore, formatValue, listed, percent, plain } from "./format.js";
import { layOut, wrap } from "./layout.js";
import type { Paint } from "./study.js";
import type { TerminalOptions } from "./terminal/chart.js";

/** How many columns are shown; JSON has all. */
const SHOWN = 10;
/** How many ranges without rows are named. */
const GAPS = 3;
const LEVELS = "▁▂▃▄▅▆▇█";
const ASCII_LEVELS = "_.-=+*%#";
/** The width of a curve. */
const CURVE = 8;
/** The width of an importance and its interval. */
const FIGURES = 36;

/** Which columns decide, and in which direction, in lines of at most the width. */
export function describeExplanation(
  { target, outputs, importance, dependence, pairs }: Explanation,
  file: string,
  { width, ascii }: TerminalOptions,
  paint: Paint,
): string[] {
  const { metric, score, rows, of, columns, groups, noInterval } = importance;
  const sample = rows < of ? `a random ${count(rows, "row")} of ${of}` : count(rows, "row");
  const curves = new Map(dependence.map((each) => [each.column, each]));
  const shown = columns.slice(0, SHOWN);
  const table = shown.map((each): string[] => {
    const curve = curves.get(each.columns[0]);
    return [...importanceCells(each), curve ? directionOf(curve, outputs, ascii) : ""];
  });
  const intervals = [...shown, ...groups].some(({ interval }) => interval);
  const head = ["", "worse by", ...(intervals ? ["95 % interval"] : [])];
  const few = shown.some(({ decidedBy }) => decidedBy !== undefined);
  const rest = columns.length - shown.length;
  const shownGroups = groups.slice(0, SHOWN);
  const others = [
    rest > 0 && `${count(rest, "more column")}: --json has all.`,
    noInterval !== undefined && `No intervals: ${noInterval}.`,
    few && "Few rows decide some of the intervals, which may be too narrow.",
    pairs.length > 0 &&
      `Effects that depend on each other: ${listed(
        pairs.map(
          ({ columns: [one, other], strength }) =>
            `${plain(one)} and ${plain(other)} (${formatScore(strength)})`,
        ),
      )}.`,
    ...gapsOf(dependence.filter(({ column }) => shown.some(({ columns: [name] }) => name === column))),
  ];
  return compact<string>(
    wrap(`What decides ${plain(target)}, on ${sample} of ${plain(file)}`, width).map(paint.heading),
    wrap(`If a column is shuffled, the ${metric} of ${formatScore(score)} becomes`, width),
    layOut([[...head, "prediction as it rises"], ...table], { width }),
    shownGroups.length > 0 && [
      "",
      ...wrap("Columns that tell nearly the same, shuffled together", width),
      ...layOut([head, ...shownGroups.map((each) => importanceCells(each, width - FIGURES))], { width }),
    ],
    "",
    others.flatMap((text) => (text === false ? [] : wrap(text, width))),
  );
}

function importanceCells(
  { columns, importance, interval }: ColumnImportance,
  longest = Number.POSITIVE_INFINITY,
): string[] {
  const [low, high] = interval ?? [];
  return [
    clip(columns.map(plain).join(", "), longest),
    formatScore(importance),
    ...(low === undefined ? [] : [`${formatScore(low)} to ${formatScore(high ?? low)}`]),
  ];
}

/** The output that a column moves most: a curve with its ends, or the words of the lowest and the highest. */
function directionOf(
  { mean, values, curves }: Dependence,
  outputs: readonly string[],
  ascii: boolean,
): string {
  const known = values.flatMap((value, k) => (value === null ? [] : [{ value, of: mean[k] }]));
  if (known.length < 2) return "";
  const rangeOf = (output: number): number => {
    const all = known.map(({ of }) => of[output]);
    return Math.max(...all) - Math.min(...all);
  };
  const most = outputs.reduce((best, _, k) => (rangeOf(k) > rangeOf(best) ? k : best), 0);
  const name = outputs.length > 1 ? `${plain(outputs[most])} ` : "";
  const means = known.map(({ of }) => of[most]);
  const [low, high] = [Math.min(...means), Math.max(...means)];
  const isOrdered = curves.length > 0;
  if (!isOrdered) {
    const end = (at: number): string => `${cell(known[means.indexOf(at)].value)} ${formatValue(at)}`;
    return `${name}${end(low)} to ${end(high)}`;
  }
  const levels = ascii ? ASCII_LEVELS : LEVELS;
  const last = Math.min(CURVE, means.length) - 1;
  const points = Array.from(
    { length: last + 1 },
    (_, k) => means[Math.round((k * (means.length - 1)) / last)],
  );
  const heights = points.map((each) => (high > low ? (each - low) / (high - low) : 0));
  const curve = heights.map((height) => levels[Math.round(height * (levels.length - 1))]).join("");
  return `${name}${formatValue(means[0])} ${curve} ${formatValue(means[means.length - 1])}`;
}

function gapsOf(curves: readonly Dependence[]): string[] {
  const gaps = curves.flatMap(({ column, gaps }) =>
    gaps.map(([from, to]) => `${formatValue(from)} and ${formatValue(to)} of ${plain(column)}`),
  );
  const more = gaps.length > GAPS ? `, and in ${count(gaps.length - GAPS, "other range")}` : "";
  return gaps.length === 0
    ? []
    : [`There is no row between ${listed(gaps.slice(0, GAPS))}${more}: curves are a guess there.`];
}

/** Why a row has its answer, in lines of at most the width. */
export function describeRow(
  found: RowExplanation,
  title: string,
  { width, ascii }: TerminalOptions,
  paint: Paint,
): string[] {
  const { outputs, prediction, base, background, contributions, changes, target } = found;
  const answer = found.class ?? formatValue(prediction[0]);
  // of several classes, the one that is answered
  const output = Math.max(0, outputs.indexOf(answer));
  const what =
    found.class === undefined
      ? `The prediction of ${plain(outputs[output])}`
      : `The probability of ${plain(outputs[output])}`;
  const sample = background.rows < background.of ? ` (of ${background.of})` : "";
  const size = ({ contribution }: Contribution): number => Math.abs(contribution[output]);
  const ordered = [...contributions].sort((a, b) => size(b) - size(a));
  const [shown, rest] = [ordered.slice(0, SHOWN), ordered.slice(SHOWN)];
  const errors = shown.some(({ standardError }) => standardError);
  const rows = shown.map((each) => [
    each.columns.map(plain).join(", "),
    each.values.map(cell).join(", "),
    signed(each.contribution[output]),
    ...(errors ? [`± ${formatScore(each.standardError?.[output] ?? 0)}`] : []),
  ]);
  const head = ["", "value", "", ...(errors ? ["standard error"] : [])];
  const arrow = ascii ? "->" : "→";
  return compact<string>(
    wrap(`${plain(title)}: ${plain(target)} ${plain(answer)}`, width).map(paint.heading),
    wrap(
      `${what} is ${formatValue(prediction[output])}; the mean of ${count(background.rows, "background row")}${sample} is ${formatValue(base[output])}. The columns add`,
      width,
    ),
    layOut([head, ...rows], { width }),
    rest.length > 0 && [
      clip(
        `  ${count(rest.length, "more column")} ${rest.length === 1 ? "adds" : "add"} ${signed(rest.reduce((sum, each) => sum + each.contribution[output], 0))}`,
        width,
      ),
    ],
    changes && ["", ...changeLines(changes, arrow, width)],
  );
}

function changeLines(changes: readonly Counterfactual[], arrow: string, width: number): string[] {
  if (changes.length === 0)
    return wrap(
      "No change of one or two columns to values of other rows changes the answer as asked.",
      width,
    );
  const lines = changes.map(({ changes: its, class: turned, prediction }) => {
    const moved = its.map(({ column, from, to, passed }) => {
      const past = passed === undefined ? "" : ` (past ${percent(passed)} of rows)`;
      return `${plain(column)} ${cell(from)} ${arrow} ${cell(to)}${past}`;
    });
    return `${turned === undefined ? formatValue(prediction[0]) : plain(turned)} with ${listed(moved)}`;
  });
  return [...wrap("The answer would be", width), ...lines.flatMap((line) => indented(line, width))];
}

const indented = (text: string, width: number): string[] =>
  wrap(text, Math.max(1, width - 4)).map((line, k) => (k === 0 ? "  " : "    ") + line);

const signed = (value: Contribution["contribution"][number]): string =>
  (value >= 0 ? "+" : "") + formatScore(value);

const cell = (value: CellValue): string => (value === null ? "missing" : formatValue(value));

/** A final model compared with models that need no tuning, as text for people. */
import { compact } from "../compact.js";
import type { BaselineReport } from "../tune/baselines/compare.js";
import { count, formatScore, listed, plain, scoreLabel } from "./format.js";
import { layOut, wrap } from "./layout.js";

/**
 * Scores on held-out rows, in lines of at most `width` characters: one for each metric; with models that need
 * no tuning, a sentence says which to prefer. Empty without scores.
 *
 * @param positive - the positive class, of two
 */
export function scoreLines(
  test: Readonly<Record<string, number | null>>,
  report: BaselineReport | undefined,
  positive: string | undefined,
  width: number,
): string[] {
  const { table, notes } = heldScores(test, report, positive);
  const [[, ...heads], ...rows] = table;
  if (rows.length === 0) return [];
  return [
    ...layOut(report ? [["", ...heads], ...rows] : rows, { width }),
    ...notes.flatMap((text) => wrap(text, Math.max(1, width - 2))).map((line) => `  ${line}`),
  ];
}

/** Scores of a final model on rows that no trial saw, as text for people. */
export interface HeldScores {
  /** The number of rows, if known. */
  readonly rows?: number;
  /**
   * A line of names, and one for each metric, with the scores of models that need no tuning if these were
   * fitted.
   */
  readonly table: readonly (readonly string[])[];
  /** Which model to prefer, and notes on the intervals. */
  readonly notes: readonly string[];
}

/**
 * @param test - by metric, if there are no baselines
 * @param positive - the positive class, of two
 */
export function heldScores(
  test: Readonly<Record<string, number | null>>,
  report: BaselineReport | undefined,
  positive: string | undefined,
): HeldScores {
  if (!report) {
    const rows = Object.entries(test).map(([name, score]) => [
      plain(scoreLabel(name, positive)),
      formatScore(score),
    ]);
    return { table: [["metric", "score"], ...rows], notes: [] };
  }
  const { scores, ahead, rows } = report;
  const hasLinear = Boolean(ahead.linear);
  const lines = Object.entries(scores).map(([name, { final, interval, linear, constant }]) => [
    plain(scoreLabel(name, positive)),
    formatScore(final),
    interval ? interval.map(formatScore).join(" to ") : "",
    ...(hasLinear ? [formatScore(linear ?? null)] : []),
    formatScore(constant),
  ]);
  const heads = ["metric", "this model", "95 % interval", ...(hasLinear ? ["linear"] : []), "constant"];
  return { rows, table: [heads, ...lines], notes: [verdictOf(report), ...intervalNotes(report)] };
}

/** Notes on the intervals: which of them a few rows decide, which metrics have none, and why. */
export function intervalNotes({ rows, scores, positive }: BaselineReport): string[] {
  const all = Object.entries(scores);
  const few = all.flatMap(([name, { decidedBy }]) =>
    decidedBy === undefined ? [] : [`${plain(scoreLabel(name, positive))} (${deciding(decidedBy, rows)})`],
  );
  const none = all.flatMap(([name, { noInterval }]) =>
    noInterval === undefined ? [] : [`${plain(scoreLabel(name, positive))} (${noInterval})`],
  );
  return compact<string>(
    few.length > 0 && `A few rows decide these intervals, which may be too narrow: ${listed(few)}.`,
    none.length > 0 && `Without an interval: ${listed(none)}.`,
  );
}

/** The rule of three: if none of n rows differs, up to 3 / n of all rows may (95 %). */
const deciding = (decidedBy: number, rows: number): string =>
  decidedBy > 0
    ? `${decidedBy} of ${count(rows, "row")}`
    : `none of ${count(rows, "row")} differs, up to 3 in ${rows} new ones may`;

const TOO_LARGE = "No linear model was fitted: it would be too large.";

/** Which model to prefer, in a sentence or two. */
export const verdictOf = (report: BaselineReport): string =>
  report.ahead.linear ? inWords(report) : `${inWords(report)} ${TOO_LARGE}`;

/** The verdict as a sentence. */
function inWords({ rows, metric, ahead, verdict, scores, positive }: BaselineReport): string {
  const [other, lead] =
    verdict === "constant" || !ahead.linear
      ? (["always answering the same", ahead.constant] as const)
      : (["a linear model", ahead.linear] as const);
  const { difference, interval, decidedBy } = lead;
  const { final, constant, linear = constant } = scores[metric];
  const compared = verdict === "constant" || !ahead.linear ? constant : linear;
  const [less, more] = final < compared ? ["lower", "higher"] : ["higher", "lower"];
  const [low, high] = interval.map(briefly);
  const few = decidedBy === undefined ? "" : `, decided by ${deciding(decidedBy, rows)}`;
  const measured = `(95 % interval of the lead: ${low} to ${high}${few})`;
  const by = briefly(Math.abs(difference));
  const name = plain(scoreLabel(metric, positive));
  switch (verdict) {
    case "final":
      return `This model is better than ${other}: its ${name} is ${by} ${less} ${measured}.`;
    case "linear":
      return `A linear model is better: its ${name} is ${by} ${more} ${measured}.`;
    case "level":
      return `A linear model is as good, as far as ${count(rows, "row")} can tell: the ${name} of this one is ${by} ${less} ${measured}.`;
    case "constant":
      return `This model is not clearly better than ${other}: its ${name} is ${by} ${less} ${measured}.`;
  }
}

/** Two digits, the precision of such a number. */
const briefly = (value: number): string => String(Number(value.toPrecision(2)));

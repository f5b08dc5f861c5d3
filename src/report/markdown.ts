/**
 * A study as Markdown (GitHub's, with tables), for notebooks, pull requests and chats. Names and values are
 * never markup.
 */
import { integer, type OptionRules, readOptions } from "../rules.js";
import { importances } from "../search/analysis/importance.js";
import { paretoFront } from "../search/trial/pareto.js";
import { isBetter, type TrialRecord } from "../search/trial/trial.js";
import type { BaselineReport } from "../tune/baselines/compare.js";
import { heldScores } from "./baselines.js";
import { count, formatScore, formatValue, percent, plain } from "./format.js";
import { mustBeStudyData, type StudyData } from "./plots/studyData.js";
import { countStatuses, firstFailure } from "./study.js";

/** Options of a study's Markdown. */
export interface StudyMarkdownOptions {
  /** The most trials in the table, the best first. Default 10. */
  readonly trials?: number;
}

/**
 * A study as Markdown: its best trials, and how important each parameter is.
 *
 * @returns text that ends with a newline
 * @throws FettleError `invalid_argument`, `unknown_name` for invalid options
 * @example
 * ```ts
 * const study = createStudy({ space: { x: float(-5, 5) }, strategy: random(), direction: "minimize" });
 * await study.optimize(({ x }) => x * x, { trials: 5 });
 * const text = studyMarkdown(studyData(study, { name: "parabola" }));
 * text.split("\n")[0]; // "## parabola"
 * text.includes("| trial | value | x |"); // true
 * ```
 */
export function studyMarkdown(study: StudyData, options: StudyMarkdownOptions = {}): string {
  mustBeStudyData(study);
  const { trials: most } = readOptions(options, "studyMarkdown", RULES, " of studyMarkdown");
  const { name, space, strategy, trials, metrics, directions } = study;
  const parameters = Object.keys(space);
  const found = ranked(study);
  const shown = found.slice(0, most);
  const aims = metrics.map((metric, i) => `${directions[i]} ${plain(metric)}`).join(", ");
  const heading =
    directions.length > 1
      ? `Pareto front, ${shown.length} of ${count(found.length, "trial")}`
      : `Best ${shown.length} of ${count(found.length, "complete trial")}`;
  return [
    `## ${escaped(name)}`,
    ...["", `${escaped(strategy)} search to ${escaped(aims)}. ${countStatuses(trials)}.`],
    ...firstFailure(trials).flatMap((line) => ["", escaped(line)]),
    ...(shown.length === 0
      ? []
      : [
          "",
          `### ${heading}`,
          "",
          ...table(["trial", ...metrics, ...parameters, "seconds"], shown.map(cellsOf(study))),
        ]),
    ...importanceTable(study),
    "",
  ].join("\n");
}

const RULES = { trials: [integer(), 10] } satisfies OptionRules<StudyMarkdownOptions>;

/**
 * The scores of the final model on held-out rows as Markdown, with those of models that need no tuning; empty
 * without any.
 */
export function scoresMarkdown(
  test: Readonly<Record<string, number>>,
  rows: number,
  baselines: BaselineReport | undefined,
  positive?: string,
): string[] {
  if (Object.keys(test).length === 0) return [];
  const { table: lines, notes } = heldScores(test, baselines, positive);
  const [heads, ...scores] = lines;
  return [
    ...["", `### Scores on ${count(rows, "held-out row")}`, ""],
    ...table(baselines ? heads : ["metric", "this model"], scores),
    ...notes.flatMap((text) => ["", escaped(text)]),
  ];
}

/** Complete trials, the best first; of several objectives, the Pareto front. */
function ranked({ trials, directions }: StudyData): readonly TrialRecord[] {
  if (directions.length > 1) return paretoFront(trials, directions);
  return trials
    .filter(({ status }) => status === "complete")
    .sort((a, b) => (isBetter(a, b, directions[0]) ? -1 : 1));
}

function cellsOf({ space }: StudyData): (trial: TrialRecord) => string[] {
  return ({ number, value, values, params, seconds }) => [
    String(number),
    ...(values ?? [value]).map(formatScore),
    ...Object.keys(space).map((name) => (Object.hasOwn(params, name) ? formatValue(params[name]) : "")),
    seconds === null ? "" : String(seconds),
  ];
}

/** For one objective, if there are enough trials. */
function importanceTable({ trials, space, directions }: StudyData): string[] {
  const complete = trials.filter(({ status }) => status === "complete").length;
  if (directions.length > 1 || complete < 2) return [];
  const { main } = importances(trials, space);
  if (!Object.values(main).every(Number.isFinite)) return []; // of values whose squares are not finite
  const rows = Object.entries(main).map(([name, share]) => [name, percent(share)]);
  return ["", "### Importance", "", ...table(["parameter", "share of the variance"], rows)];
}

/** A table of GitHub's Markdown; all columns but the first are numbers, and flush right. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [
    line(head.map(escaped)),
    line(head.map((_, i) => (i === 0 ? "---" : "---:"))),
    ...rows.map((cells) => line(cells.map(escaped))),
  ];
}

/** Text in one line without markup: a backslash escapes each special character. */
function escaped(text: string): string {
  return plain(text)
    .trim()
    .replace(/[\\`*_[\]<>|~&#$]/g, "\\$&");
}

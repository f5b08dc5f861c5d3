/**
 * A study as pictures of characters, for `--plot`: the history of the search, and importances. It computes no
 * figure itself.
 */
import { bestSoFar, importances } from "../../search/analysis/importance.js";
import { paretoFront } from "../../search/trial/pareto.js";
import { count, plain } from "../format.js";
import { wrap } from "../layout.js";
import type { StudyData } from "../plots/studyData.js";
import type { Paint } from "../study.js";
import { drawShares } from "./bars.js";
import { drawChart, type Mark, type TerminalOptions } from "./chart.js";

const [COMPLETE, PRUNED, NONE, FRONT] = ["o", ".", "x", "#"];

/** History and importances, or with several objectives the front, in lines of at most `width` columns. */
export function drawStudy(study: StudyData, options: TerminalOptions, paint: Paint): string[] {
  const { metrics } = study;
  const { width } = options;
  const headed = (title: string, lines: readonly string[], caption: string): string[] => [
    "",
    ...wrap(title, width).map(paint.heading),
    ...lines,
    ...wrap(caption, width).map(paint.faint),
  ];
  const [first, second] = metrics.map(plain);
  const search =
    second === undefined
      ? headed(`${first} by trial`, ...history(study, options))
      : headed(`${second} against ${first}`, ...front(study, options));
  return [
    ...search,
    ...metrics.flatMap((metric, i) =>
      headed(`Importance for ${plain(metric)}`, ...importanceOf(study, i, options)),
    ),
  ];
}

type Drawn = [lines: string[], caption: string];

/** Each trial, and the best so far as a line. */
function history({ trials, directions }: StudyData, options: TerminalOptions): Drawn {
  const best = bestSoFar(trials, directions[0]);
  const stairs = best.flatMap(({ number, best: y }, i) =>
    y !== null && y !== best[i - 1]?.best ? [{ x: number, y }] : [],
  );
  const marks = trials.map(
    ({ number: x, status, value: y }): Mark => ({
      x,
      y,
      mark: y === null ? NONE : status === "complete" ? COMPLETE : PRUNED,
    }),
  );
  const lines = drawChart({ marks, stairs, axis: "trial", counts: true }, options);
  if (lines.length === 0) return [[], "No trial has a value."];
  const used = new Set(marks.map(({ mark }) => mark));
  const words = [
    ...(stairs.length > 0 ? ["line: best so far"] : []),
    ...(used.has(COMPLETE) ? [`${COMPLETE}: trial`] : []),
    ...(used.has(PRUNED) ? [`${PRUNED}: pruned`] : []),
    ...(used.has(NONE) ? [`${NONE}: without a value`] : []),
  ];
  return [lines, words.join("; ")];
}

/** The first two objectives of each trial, those of the Pareto front first. */
function front({ trials, directions }: StudyData, options: TerminalOptions): Drawn {
  const best = new Set(paretoFront(trials, directions).map(({ number }) => number));
  const marks = trials.flatMap(({ number, values }): Mark[] =>
    values ? [{ x: values[0], y: values[1], mark: best.has(number) ? FRONT : COMPLETE }] : [],
  );
  marks.sort((a, b) => Number(b.mark === FRONT) - Number(a.mark === FRONT));
  const lines = drawChart({ marks, axis: "" }, options);
  if (lines.length === 0) return [[], "No trial has values."];
  return [lines, `${FRONT}: Pareto front; ${COMPLETE}: other trials`];
}

function importanceOf({ trials, space }: StudyData, objective: number, options: TerminalOptions): Drawn {
  const scored = trials.map(({ params, status, value, values }) => ({
    params,
    status,
    value: values ? values[objective] : value,
  }));
  const complete = scored.filter(({ status, value }) => status === "complete" && value !== null).length;
  if (complete < 2)
    return [
      [],
      `Importances need at least 2 complete trials; there ${complete === 1 ? "is 1" : "are none"}.`,
    ];
  const { main } = importances(scored, space);
  if (!Object.values(main).every(Number.isFinite))
    return [[], "Importances need values whose squares are finite."];
  const together = 1 - Object.values(main).reduce((sum, share) => sum + share, 0);
  const rest = Math.max(0, Math.round(100 * together));
  return [
    drawShares(main, options),
    `Share of the variance that each parameter explains by itself, from ${count(complete, "complete trial")}; several together: ${rest} %.`,
  ];
}

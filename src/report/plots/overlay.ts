/** Curves of trials over each other, of one study or of several: each line has a colour and dashes of its own. */
import { must } from "../../errors.js";
import { count as counted, formatScore } from "../format.js";
import { axisOf, line, plotOf, thinnedNote } from "./frame.js";
import { SERIES } from "./palette.js";
import type { Plot, Point } from "./plot.js";

/** Numbers of a trial in their order. */
export interface CurveLine {
  /** What was recorded, such as `valLoss`, or the objective that was reported. */
  readonly name: string;
  /** What the first number of a point counts: epochs of training, steps of reports, or reports whose steps are not known. */
  readonly unit: "epoch" | "step" | "report";
  /** Without those that are not finite; of many only some, the extremes among them. */
  readonly points: readonly Point[];
  /** How many points there are. */
  readonly count: number;
}

/** A trial in an overlay. */
export interface OverlayTrial {
  /** What its line is called; no other may be called so. */
  readonly name: string;
  /** Missing if the trial has no such curve. */
  readonly curve?: CurveLine | undefined;
  /** Lines of the same group have the same dashes, as far as the colours go. Default: each has its own. */
  readonly group?: number;
}

/** Beside the colours, so that lines differ without them. */
const DASHES = ["solid", [7, 3], [2, 2], [8, 2, 2, 2], [12, 4], [4, 2]] as const;
/** More lines than this would repeat both a colour and dashes. */
const MOST_LINES = SERIES.length * (DASHES.length - 1);
/** With its colour, no two lines have the same. */
const dashOf = (i: number, group: number | undefined): number =>
  (group === undefined ? i : 2 * group) + Math.floor(i / SERIES.length);
/** The ends of more lines than this are not told in words. */
const MOST_WORDS = 6;

/**
 * One curve of some trials. Trials without that curve are left out.
 *
 * @param trials - 1 to 30, with different names
 * @param name - of the curve
 * @throws FettleError `invalid_argument` for none, for too many, and for a name that comes twice
 */
export function plotOverlay(trials: readonly OverlayTrial[], name: string, unit: CurveLine["unit"]): Plot {
  const names = new Set(trials.map(({ name }) => name));
  const areGood = trials.length > 0 && trials.length <= MOST_LINES && names.size === trials.length;
  must(areGood, "trials", `a list of 1 to ${MOST_LINES} with different names`, trials);
  const drawn = trials.flatMap(({ name, curve, group }, i) =>
    curve && curve.points.length > 0
      ? [{ ...curve, name, color: SERIES[i % SERIES.length], dash: dashOf(i, group) }]
      : [],
  );
  const all = drawn.flatMap(({ points }) => points);
  const missing = trials.length - drawn.length;
  return plotOf(
    {
      name: `overlay-${name}`,
      title: `${name} by ${unit}`,
      description: said(name, unit, drawn, missing),
    },
    axisOf(
      all.map(([at]) => at),
      unit,
      { log: false, whole: true },
    ),
    axisOf(
      all.map(([, value]) => value),
      name,
    ),
    drawn.map(({ name, points, color, dash }) =>
      line(name, color, points, {
        lineStyle: { color, width: 2.2, type: DASHES[dash % DASHES.length] },
        ...(points.length === 1 && { showSymbol: true, symbol: "circle", symbolSize: 6 }),
      }),
    ),
  );
}

const HOW = { epoch: "the mean over folds", step: "as reported", report: "as reported" } as const;

function said(curve: string, unit: CurveLine["unit"], drawn: readonly CurveLine[], missing: number): string {
  if (drawn.length === 0) return `No trial recorded ${curve}.`;
  const last = drawn
    .slice(0, MOST_WORDS)
    .map(({ name, points }) => [name, ...points[points.length - 1]] as const);
  const places = new Set(last.map(([, at]) => at));
  const ends = last.map(
    ([name, at, value]) => `${formatScore(value)} of ${name}${places.size === 1 ? "" : ` at ${unit} ${at}`}`,
  );
  const at = places.size === 1 ? `at ${unit} ${last[0][1]}:` : "at the end:";
  const more = drawn.length > MOST_WORDS ? `, and of ${drawn.length - MOST_WORDS} more` : "";
  const without = missing > 0 ? ` ${counted(missing, "trial")} recorded none.` : "";
  const [shown, all] = [
    drawn.reduce((sum, { points }) => sum + points.length, 0),
    drawn.reduce((sum, { count }) => sum + count, 0),
  ];
  return `${curve} by ${unit}, ${HOW[unit]}; ${at} ${ends.join(", ")}${more}.${thinnedNote(shown, all)}${without}`;
}

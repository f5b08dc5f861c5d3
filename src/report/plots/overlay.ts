/** Curves of trials in one panel, of one study or of several: each line has its own colour and dashes. */
import { must } from "../../errors.js";
import { count as counted, formatScore } from "../format.js";
import { axisOf, countAxis, line, plotOf, thinnedNote } from "./frame.js";
import { SERIES } from "./palette.js";
import type { Plot, Point } from "./plot.js";

/** Numbers of a trial in their order. */
export interface CurveLine {
  /** The recorded curve, such as `valLoss`, or the reported objective. */
  readonly name: string;
  /**
   * The unit of a point's first number: epochs of training, steps of reports, or reports with unknown steps.
   */
  readonly unit: "epoch" | "step" | "report";
  /** Finite points only; many are thinned out, but the extremes are kept. */
  readonly points: readonly Point[];
  /** The number of points. */
  readonly count: number;
}

/** A trial in an overlay. */
export interface OverlayTrial {
  /** The unique name of its line. */
  readonly name: string;
  /** Missing if the trial has no such curve. */
  readonly curve?: CurveLine | undefined;
  /** Lines of the same group share dashes as long as colours differ. Default: each line has its own. */
  readonly group?: number;
}

/** In addition to colours, so that lines differ without them. */
const DASHES = ["solid", [7, 3], [2, 2], [8, 2, 2, 2], [12, 4], [4, 2]] as const;
/** The most lines: more would repeat both a colour and dashes. */
const MOST_LINES = SERIES.length * (DASHES.length - 1);
/** No two lines have the same dashes and colour. */
const dashOf = (i: number, group: number | undefined): number =>
  (group === undefined ? i : 2 * group) + Math.floor(i / SERIES.length);
/** The most lines whose ends the description lists. */
const MOST_WORDS = 6;

/**
 * One curve of some trials. Trials without that curve are skipped.
 *
 * @param trials - 1 to 30, with different names
 * @param name - of the curve
 * @throws FettleError `invalid_argument` for no trials, for too many, and for a repeated name
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
  const [places, values] = [all.map(([at]) => at), all.map(([, value]) => value)];
  const missing = trials.length - drawn.length;
  return plotOf(
    {
      name: `overlay-${name}`,
      title: `${name} by ${unit}`,
      description: said(name, unit, drawn, missing),
    },
    countAxis(places, unit),
    axisOf(values, name),
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

/** Curves of trials over each other, of one study or of several: each line has a colour and dashes of its own. */
import { must } from "../../errors.js";
import type { Params } from "../../search/space/space.js";
import type { TrialRecord } from "../../search/trial/trial.js";
import { count, formatScore } from "../format.js";
import { pointsOf } from "./curves.js";
import { axisOf, line, type Point, plotOf } from "./frame.js";
import { SERIES } from "./palette.js";
import type { Plot } from "./plot.js";

/** A trial in an overlay. */
export interface OverlayTrial {
  /** What its line is called; no other may be called so. */
  readonly name: string;
  readonly trial: Pick<TrialRecord<Params>, "curve" | "curves">;
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
 * One curve of some trials by epoch, each the mean over its folds. Trials without that curve are left out.
 *
 * @param trials - 1 to 30, with different names
 * @param curve - what was recorded, such as `"valLoss"`
 * @throws FettleError `invalid_argument` for none, for too many, and for a name that comes twice
 */
export function plotOverlay(trials: readonly OverlayTrial[], curve: string): Plot {
  const names = new Set(trials.map(({ name }) => name));
  const areGood = trials.length > 0 && trials.length <= MOST_LINES && names.size === trials.length;
  must(areGood, "trials", `a list of 1 to ${MOST_LINES} with different names`, trials);
  const drawn = trials.flatMap(({ name, trial, group }, i) => {
    const points = pointsOf(trial, curve);
    return points.length > 0
      ? [{ name, points, color: SERIES[i % SERIES.length], dash: dashOf(i, group) }]
      : [];
  });
  const all = drawn.flatMap(({ points }) => points);
  const missing = trials.length - drawn.length;
  return plotOf(
    {
      ...{ name: `overlay-${curve}`, title: `${curve} by epoch` },
      description: said(curve, drawn, missing),
    },
    axisOf(
      all.map(([epoch]) => epoch),
      "epoch",
      { log: false, whole: true },
    ),
    axisOf(
      all.map(([, value]) => value),
      curve,
    ),
    drawn.map(({ name, points, color, dash }) =>
      line(name, color, points, {
        lineStyle: { color, width: 2.2, type: DASHES[dash % DASHES.length] },
        ...(points.length === 1 && { showSymbol: true, symbol: "circle", symbolSize: 6 }),
      }),
    ),
  );
}

interface Drawn {
  readonly name: string;
  readonly points: readonly Point[];
}

function said(curve: string, drawn: readonly Drawn[], missing: number): string {
  if (drawn.length === 0) return `No trial recorded ${curve}.`;
  const last = drawn
    .slice(0, MOST_WORDS)
    .map(({ name, points }) => [name, ...points[points.length - 1]] as const);
  const epochs = new Set(last.map(([, epoch]) => epoch));
  const ends = last.map(
    ([name, epoch, value]) =>
      `${formatScore(value)} of ${name}${epochs.size === 1 ? "" : ` at epoch ${epoch}`}`,
  );
  const at = epochs.size === 1 ? `at epoch ${last[0][1]}:` : "at the end:";
  const more = drawn.length > MOST_WORDS ? `, and of ${drawn.length - MOST_WORDS} more` : "";
  const without = missing > 0 ? ` ${count(missing, "trial")} recorded none.` : "";
  return `${curve} by epoch, the mean over folds; ${at} ${ends.join(", ")}${more}.${without}`;
}

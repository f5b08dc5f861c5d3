/**
 * The progress of a running study in one line. It draws nothing: the command line puts the line on the
 * terminal.
 */
import { bar } from "../nn/callbacks/progress.js";
import { columnsOf } from "./columns.js";
import { formatDuration, formatScore, plain } from "./format.js";

/** The progress of a study or a benchmark. */
export interface ProgressState {
  readonly finished: number;
  /** The number of them that had finished before the clock started. Default 0. */
  readonly before?: number;
  /** The budget in trials, at least 1. */
  readonly total: number;
  /** Since the study started. */
  readonly seconds: number;
  /** The budget in seconds, from the same start, instead of one in trials. */
  readonly time?: number;
  /** The plural of the counted unit. Default "trials". */
  readonly unit?: string;
  readonly metric?: string;
  /** The best value so far, null without one. */
  readonly best: number | null;
}

const WIDEST_BAR = 30;
const NARROWEST_BAR = 8;

/**
 * Bar, trials done, rate, best so far and time left, in at most `width` columns. A narrow terminal loses the
 * bar first, then the rate, then the name of the metric, then the time left; no word is truncated.
 *
 * @example
 * ```ts
 * progressLine({ finished: 12, total: 30, seconds: 6, metric: "accuracy", best: 0.98 }, 72);
 * // "████████░░░░░░░░░  12/30  2.0 trials/s  best accuracy 0.9800  9.0 s left"
 * progressLine({ finished: 14, total: 30, seconds: 21, time: 60, metric: "accuracy", best: 0.98 }, 43);
 * // "21 of 60 s, 14 trials  best accuracy 0.9800"
 * ```
 */
export function progressLine(state: ProgressState, width: number): string {
  const { finished, before = 0, total, seconds, time, unit = "trials", metric = "", best } = state;
  const isTimed = time !== undefined;
  const ofTime = isTimed ? `${Math.floor(Math.min(seconds, time))} of ${Math.ceil(time)} s` : "";
  const done = isTimed ? `${ofTime}, ${finished} ${unit}` : `${finished}/${total}`;
  const least = isTimed ? ofTime : done;
  const share = isTimed ? Math.min(1, seconds / time) : finished / total;
  const value = best === null ? "" : `best ${formatScore(best)}`;
  const score = best === null ? "" : `best ${plain(metric)} ${formatScore(best)}`;
  const known = finished > before && seconds > 0 && !isTimed;
  const perSecond = (finished - before) / seconds;
  const rate = known ? rateOf(perSecond, unit) : "";
  const left = known && finished < total ? `${formatDuration((total - finished) / perSecond)} left` : "";

  const full = join([done, rate, score, left]);
  const room = Math.min(WIDEST_BAR, width - columnsOf(full) - 2);
  if (room >= NARROWEST_BAR) return join([bar(share, room), full]);
  const lines = [
    ...[full, join([done, score, left]), join([done, value, left]), join([done, score]), join([done, value])],
    ...[join([least, value]), join([done, left]), done, least],
  ];
  return lines.find((line) => columnsOf(line) <= width) ?? "";
}

/** Per minute if below one per second, so that the figure keeps a digit. */
function rateOf(perSecond: number, unit: string): string {
  return perSecond >= 1 ? `${perSecond.toFixed(1)} ${unit}/s` : `${(perSecond * 60).toFixed(1)} ${unit}/min`;
}

const join = (parts: readonly string[]): string => parts.filter((part) => part !== "").join("  ");

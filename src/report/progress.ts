/** The one line that says how a running study stands. It draws nothing: the command line puts it on the terminal. */
import { clip, formatDuration, formatScore } from "./format.js";

/** How a study stands. */
export interface ProgressState {
  readonly finished: number;
  /** The budget in trials, at least 1. */
  readonly total: number;
  /** Since the study started. */
  readonly seconds: number;
  readonly metric: string;
  /** The best value so far; null before there is one. */
  readonly best: number | null;
}

const WIDEST_BAR = 30;
const NARROWEST_BAR = 8;

/**
 * Bar, trials done, rate, best so far and time left, in at most `width` characters. In narrow terminals the
 * bar goes first, then the rate, then the time left.
 *
 * @example
 * ```ts
 * progressLine({ finished: 12, total: 30, seconds: 6, metric: "accuracy", best: 0.98 }, 72);
 * // "████████████░░░░░░░░░░  12/30  2.0 trials/s  best accuracy 0.9800  9.0 s left"
 * ```
 */
export function progressLine(
  { finished, total, seconds, metric, best }: ProgressState,
  width: number,
): string {
  const done = `${finished}/${total}`;
  const score = best === null ? "" : `best ${metric} ${formatScore(best)}`;
  const known = finished > 0 && seconds > 0;
  const rate = known ? rateOf(finished / seconds) : "";
  const left =
    known && finished < total ? `${formatDuration(((total - finished) * seconds) / finished)} left` : "";

  const full = join([done, rate, score, left]);
  const room = Math.min(WIDEST_BAR, width - full.length - 2);
  if (room >= NARROWEST_BAR) return join([bar(finished / total, room), full]);
  const shorter = [full, join([done, score, left]), join([done, score])].find((line) => line.length <= width);
  return clip(shorter ?? done, width);
}

/** By the minute where trials are slow, so that the figure keeps a digit. */
function rateOf(perSecond: number): string {
  return perSecond >= 1 ? `${perSecond.toFixed(1)} trials/s` : `${(perSecond * 60).toFixed(1)} trials/min`;
}

function bar(share: number, width: number): string {
  const filled = Math.round(Math.min(1, share) * width);
  return "█".repeat(filled) + "░".repeat(width - filled);
}

const join = (parts: readonly string[]): string => parts.filter((part) => part !== "").join("  ");

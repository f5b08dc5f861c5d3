/**
 * When a search has found enough: rules over finished trials, in the order of their numbers. They decide the
 * same whatever finishes first, and know no clock; a time limit is a host's `signal`.
 */

import { check, checkOptions, show } from "../errors.js";
import { type Direction, isBetter, type TrialRecord } from "./trial.js";

/** Any of these ends a search before its budget. */
export interface StopRules {
  /** A value as good as this. */
  readonly target?: number;
  /** So many trials in a row without a better value, after the first that had one. */
  readonly patience?: number;
}

/** Why a search ended. */
export type StopReason = "target" | "patience";

/** @throws FettleError `invalid_argument`, `unknown_name` for rules that are none */
export function checkStopRules(rules: StopRules): void {
  checkOptions(rules, "stop", ["target", "patience"]);
  const { target, patience } = rules;
  check(
    target === undefined || Number.isFinite(target),
    () => `target of stop is a finite number, received ${show(target)}`,
  );
  check(
    patience === undefined || (Number.isSafeInteger(patience) && patience > 0),
    () => `patience of stop is a positive number of trials, received ${show(patience)}`,
  );
}

/** Which rule `history`, by number, meets; undefined for none. */
export function stopReason(
  history: readonly TrialRecord[],
  { target, patience }: StopRules,
  direction: Direction,
): StopReason | undefined {
  let best: TrialRecord | undefined;
  for (const record of history) if (isBetter(record, best, direction)) best = record;
  if (best === undefined || best.value === null) return undefined;
  if (target !== undefined && (direction === "maximize" ? best.value >= target : best.value <= target)) {
    return "target";
  }
  const since = history.filter(({ number }) => number > (best as TrialRecord).number).length;
  return patience !== undefined && since >= patience ? "patience" : undefined;
}

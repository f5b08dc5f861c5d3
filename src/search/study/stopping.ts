/**
 * When a search has found enough: rules over finished trials, in the order of their numbers. They decide the
 * same whatever finishes first, and know no clock; a time limit is a host's `signal`.
 */

import { check, checkOptions, show } from "../../errors.js";
import { type Direction, isBetter, type TrialRecord } from "../trial/trial.js";

/** Any of these ends a search before its budget. */
export interface StopRules {
  /** A value as good as this. */
  readonly target?: number;
  /** So many trials in a row without a better value, after the first that had one. */
  readonly patience?: number;
  /** So many steps of all trials together, as their records have them: for models, epochs. */
  readonly steps?: number;
  /**
   * A rule of one's own: whether to end, from finished trials by number. Pure. With `remainingRegret` it ends a search
   * when little is left to win.
   */
  readonly rule?: (trials: readonly TrialRecord[]) => boolean;
}

/** Why a search ended. */
export type StopReason = "target" | "patience" | "steps" | "rule";

/**
 * @param objectives - how many there are
 * @throws FettleError `invalid_argument`, `unknown_name` for rules that are none
 */
export function checkStopRules(rules: StopRules, objectives: number): void {
  checkOptions(rules, "stop", ["target", "patience", "steps", "rule"]);
  const { target, patience, steps, rule } = rules;
  check(
    objectives === 1 || (target === undefined && patience === undefined),
    `target and patience of stop are for one objective, and there are ${objectives}; use steps or rule`,
  );
  check(
    target === undefined || Number.isFinite(target),
    () => `target of stop is a finite number, received ${show(target)}`,
  );
  check(
    rule === undefined || typeof rule === "function",
    () => `rule of stop is a function of trials that returns true or false, received ${show(rule)}`,
  );
  for (const [name, figure] of Object.entries({ patience, steps })) {
    check(
      figure === undefined || (Number.isSafeInteger(figure) && figure > 0),
      () => `${name} of stop is a positive integer, received ${show(figure)}`,
    );
  }
}

/** Which rule `history`, by number, meets; undefined for none. */
export function stopReason(
  history: readonly TrialRecord[],
  { target, patience, steps, rule }: StopRules,
  direction: Direction,
): StopReason | undefined {
  const taken = history.reduce((sum, record) => sum + (record.steps ?? 0), 0);
  if (steps !== undefined && taken >= steps) return "steps";
  if (history.length > 0 && rule?.(history)) return "rule";
  let best: TrialRecord | undefined;
  for (const record of history) if (isBetter(record, best, direction)) best = record;
  if (best === undefined || best.value === null) return undefined;
  if (target !== undefined && (direction === "maximize" ? best.value >= target : best.value <= target)) {
    return "target";
  }
  const since = history.filter(({ number }) => number > (best as TrialRecord).number).length;
  return patience !== undefined && since >= patience ? "patience" : undefined;
}

/**
 * When a search has found enough: rules over finished trials, in the order of their numbers. They decide the
 * same whatever finishes first, and know no clock; time limits are the business of `control.ts`.
 */

import { check, checkOptions, must, mustBeInteger, type OptionNames, show } from "../../errors.js";
import { type Direction, isBetter, type TrialRecord } from "../trial/trial.js";
import type { StopReason, StopRules } from "./contract.js";

const STOP_RULES: OptionNames<StopRules> = { target: true, patience: true, steps: true, rule: true };

/**
 * @param objectives - how many there are
 * @throws FettleError `invalid_argument`, `unknown_name` for invalid rules
 */
export function checkStopRules(rules: StopRules, objectives: number): void {
  checkOptions(rules, "stop", STOP_RULES);
  const { target, patience, steps, rule } = rules;
  check(
    objectives === 1 || (target === undefined && patience === undefined),
    () =>
      `target and patience of stop work for one objective; received ${objectives} objectives and ${show(rules)}. Use steps or rule`,
  );
  must(target === undefined || Number.isFinite(target), "target of stop", "a finite number", target);
  must(
    rule === undefined || typeof rule === "function",
    "rule of stop",
    "a function of trials that returns true or false",
    rule,
  );
  if (patience !== undefined) mustBeInteger("patience of stop", patience);
  if (steps !== undefined) mustBeInteger("steps of stop", steps);
}

/** The rule that `history`, by number, meets; undefined if it meets none. */
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

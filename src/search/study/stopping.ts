/**
 * When a search has found enough: rules over finished trials, in the order of their numbers. The order in
 * which trials finish does not matter, and no clock is read; `control.ts` has the time limits.
 */
import { answerOf, check, show } from "../../errors.js";
import { finite, func, integer, number, type OptionRules, readOptions } from "../../rules.js";
import { createGrowing } from "../memo/growing.js";
import { type Direction, isBetter, type TrialRecord } from "../trial/trial.js";
import type { StopReason, StopRules } from "./contract.js";

const STOP_RULES = {
  target: finite(),
  patience: integer(),
  standardErrors: number("(0, ∞)", "a number above 0"),
  steps: integer(),
  rule: func("a function of trials that returns true or false"),
} satisfies OptionRules<StopRules>;

/**
 * @param objectives - how many there are
 * @throws FettleError `invalid_argument`, `unknown_name` for invalid rules
 */
export function checkStopRules(rules: StopRules, objectives: number): void {
  const { target, patience, standardErrors } = readOptions(rules, "stop", STOP_RULES, " of stop");
  check(
    objectives === 1 || (target ?? patience ?? standardErrors) === undefined,
    () =>
      `target, patience and standardErrors of stop work for one objective; received ${objectives} objectives and ${show(rules)}. Use steps or rule`,
  );
}

/** What rules read of a history. */
interface Totals {
  steps: number;
  best?: TrialRecord;
  /** How many trials came after the best. */
  since: number;
}

const totalsFor = (direction: Direction) =>
  createGrowing<StopRules, TrialRecord, Totals>(
    () => ({ steps: 0, since: 0 }),
    (totals, record) => {
      totals.steps += record.steps ?? 0;
      totals.since++;
      if (!isBetter(record, totals.best, direction)) return;
      totals.best = record;
      totals.since = 0;
    },
  );
const totalsOf = { minimize: totalsFor("minimize"), maximize: totalsFor("maximize") };

/** The rule that `history`, by number, meets; undefined if it meets none. */
export function stopReason(
  history: readonly TrialRecord[],
  rules: StopRules,
  direction: Direction,
): StopReason | undefined {
  const { target, patience, standardErrors, steps, rule } = rules;
  const { steps: taken, best, since } = totalsOf[direction](rules, history);
  if (steps !== undefined && taken >= steps) return "steps";
  if (rule && history.length > 0) {
    const ends = rule(history);
    if (answerOf("rule of stop", ends, typeof ends === "boolean", "true or false")) return "rule";
  }
  if (best === undefined || best.value === null) return undefined;
  if (target !== undefined && (direction === "maximize" ? best.value >= target : best.value <= target)) {
    return "target";
  }
  if (standardErrors !== undefined && isChance(history, best, standardErrors, direction))
    return "standardErrors";
  return patience !== undefined && since >= patience ? "patience" : undefined;
}

/** The least numbers of trials and of folds for this rule: see docs/tuning.md. */
const [FEWEST_TRIALS, FEWEST_FOLDS] = [60, 3];

/** Whether the lead of the best trial over the best of the first half may be chance. */
function isChance(
  history: readonly TrialRecord[],
  best: TrialRecord,
  standardErrors: number,
  direction: Direction,
): boolean {
  if (history.length < FEWEST_TRIALS) return false;
  let before: TrialRecord | undefined;
  for (let i = 0; i < history.length / 2; i++)
    if (isBetter(history[i], before, direction)) before = history[i];
  const [own, its] = [best.scores ?? [], before?.scores ?? []];
  if (own.length < FEWEST_FOLDS || its.length !== own.length) return false;
  const sign = direction === "maximize" ? 1 : -1;
  const leads = own.map((score, fold) => sign * ((score ?? Number.NaN) - (its[fold] ?? Number.NaN)));
  const lead = leads.reduce((sum, each) => sum + each, 0) / leads.length;
  const squares = leads.reduce((sum, each) => sum + (each - lead) ** 2, 0);
  return lead <= standardErrors * Math.sqrt(squares / leads.length / (leads.length - 1));
}

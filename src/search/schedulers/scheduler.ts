/**
 * The contract of a scheduler: which trials are promoted to more of their budget, and which are pruned in
 * their favour. It is a pure function of reports, sees no objective and suggests no parameters. Budgets are
 * counted in steps (epochs, for models), never in time.
 *
 * - A *rung* is a step at which a trial reports its value and is judged.
 * - A *cohort* is the trials by whose reports at that rung a trial is judged. It waits until all of them have
 *   reported
 *   or ended, so that a decision never depends on which trial happened to finish first.
 * - A *bracket* is a group of trials that start together and are halved together.
 * - A trial is *promoted* if it may run on to its next rung, or to the end; otherwise it is pruned.
 *
 * `checkScheduler` of `fettle/testing` tests a scheduler against this contract.
 */

import { isRecord, must, mustBeList, show } from "../../errors.js";
import { SortedNumbers } from "../memo/sorted.js";
import type { ParamValue } from "../space/value.js";

/** What a scheduler may know when it decides. */
export interface RungContext {
  /** The trial's number. */
  readonly number: number;
  /** Which of its rungs it has reached, from 0. */
  readonly rung: number;
  /** Its reports at each of its rungs up to this one, as costs: less is better, infinite if NaN. */
  readonly own: readonly number[];
  /**
   * The same for each other trial of the cohort that reported at this rung; trials that ended earlier are
   * left out.
   */
  readonly others: readonly { readonly number: number; readonly costs: readonly number[] }[];
}

/** Trials by number, from `from` up to but not including `to`. */
export interface Cohort {
  readonly from: number;
  readonly to: number;
}

/** The scores of the other trials of a cohort at a rung, one number each, in ascending order. */
export interface Standing {
  readonly length: number;
  /**
   * How many are at most `score`; of equal trials the earlier is better, so later ones that equal it do not
   * count.
   */
  atMost(score: number): number;
  /** The one at a place, from 0. */
  at(place: number): number;
}

/**
 * How a scheduler judges a trial by one number per earlier trial (`promotesBy`). A study keeps these numbers
 * sorted, so that a decision stays fast after many trials.
 */
export interface Scoring {
  /** The number of a trial, from its costs at its rungs up to the one where it is compared. */
  score(costs: readonly number[]): number;
  /** Whether a trial with these costs is promoted, among the scores of the others. */
  promotes(own: readonly number[], others: Standing): boolean;
}

/** Decides which trials are promoted. Made by `halving()`, `asha()` and the like, or a custom one. */
export interface Scheduler {
  /** A stable word. */
  readonly name: string;
  /** Plain data from which the scheduler can be recreated. */
  readonly options: { readonly [option: string]: ParamValue };
  /** The steps at which a trial is judged: ascending, each at least 1 and below `steps`, the full budget. */
  rungs(number: number, steps: number): readonly number[];
  /** The cohort of a trial. A cohort of earlier trials leaves out the most recent `lag`. */
  cohort(number: number, lag: number, steps: number): Cohort;
  /** How many trials wait for each other: an adaptive strategy must be able to suggest that many at once. */
  width(steps: number): number;
  /** Whether the trial is promoted. */
  promotes(context: RungContext): boolean;
}

/**
 * @throws FettleError `invalid_argument` for anything but a scheduler, such as its name or its uncalled
 * function
 */
export function mustBeScheduler(scheduler: unknown): asserts scheduler is Scheduler {
  must(
    isRecord(scheduler) &&
      typeof scheduler.name === "string" &&
      ["rungs", "cohort", "width", "promotes"].every((method) => typeof scheduler[method] === "function"),
    "scheduler",
    'a scheduler, such as asha() or createScheduler("asha")',
    scheduler,
  );
}

/**
 * The rungs of a trial.
 *
 * @throws FettleError `invalid_argument` for a scheduler that returns anything but a
 * list, such as a promise
 */
export function rungsOf(scheduler: Scheduler, number: number, steps: number): readonly number[] {
  const rungs = scheduler.rungs(number, steps);
  mustBeList(`what \`rungs\` of scheduler ${show(scheduler.name)} returns`, rungs, "a list of steps");
  return rungs;
}

/**
 * The cohort of a trial.
 *
 * @throws FettleError `invalid_argument` for a scheduler that returns anything else,
 * such as a promise
 */
export function cohortOf(scheduler: Scheduler, number: number, lag: number, steps: number): Cohort {
  const cohort = scheduler.cohort(number, lag, steps);
  const isCohort = Number.isSafeInteger(cohort?.from) && typeof cohort.to === "number";
  must(isCohort, `what \`cohort\` of scheduler ${show(scheduler.name)} returns`, "{ from, to }", cohort);
  return cohort;
}

const scorings = new WeakMap<Scheduler["promotes"], Scoring>();

/**
 * Decides by a scoring, from all that a scheduler receives; a study that knows the scoring decides the same
 * from its stored scores.
 */
export function promotesBy(scoring: Scoring): Scheduler["promotes"] {
  const promotes: Scheduler["promotes"] = ({ number, rung, own, others }) => {
    const scored = others.map((other) => {
      return { isLater: other.number > number, score: scoring.score(other.costs.slice(0, rung + 1)) };
    });
    const sorted = new SortedNumbers();
    for (const { score } of scored) sorted.add(score);
    return scoring.promotes(own, {
      length: sorted.length,
      atMost: (most) => sorted.atMost(most) - scored.filter((o) => o.isLater && o.score === most).length,
      at: (place) => sorted.at(place),
    });
  };
  scorings.set(promotes, scoring);
  return promotes;
}

/** The scoring by which a scheduler decides; undefined if it decides otherwise. */
export function scoringOf({ promotes }: Scheduler): Scoring | undefined {
  return scorings.get(promotes);
}

/**
 * All earlier trials except the most recent `lag`: the cohort of schedulers that never wait for later trials.
 */
export function earlierTrials(number: number, lag: number): Cohort {
  return { from: 0, to: Math.max(0, number - lag) };
}

/**
 * Whether a trial is among the best ⌊n/η⌋ of n (at least one) at its rung; of equal trials the earlier is
 * better.
 */
export function amongBest({ number, rung, own, others }: RungContext, reduction: number): boolean {
  const cost = own[rung];
  const better = others.filter(
    (other) => other.costs[rung] < cost || (other.costs[rung] === cost && other.number < number),
  ).length;
  return better < Math.max(1, Math.floor((others.length + 1) / reduction));
}

/**
 * A function of the full budget that remembers its last result, because a study always asks with the same
 * budget.
 */
export function ofBudget<T>(make: (steps: number) => T): (steps: number) => T {
  let known: { readonly steps: number; readonly result: T } | undefined;
  return (steps) => {
    if (known?.steps !== steps) known = { steps, result: make(steps) };
    return known.result;
  };
}

/** Steps below `steps`: `least`, then each `reduction` times the one before. */
export function geometricRungs(least: number, reduction: number, steps: number): number[] {
  const rungs: number[] = [];
  for (let step = least; step < steps; step *= reduction) rungs.push(step);
  return rungs;
}

/**
 * The contract of a scheduler: which trials go on, and which are stopped for others to have their budget. It is a
 * pure function of reports, sees no objective and suggests no parameters. Budgets are counted in steps (epochs,
 * for models), never in time.
 *
 * A trial reports its value at certain steps, its rungs. There the scheduler decides, on the reports of a cohort of
 * trials at that rung; the trial waits until all of the cohort have reported or ended. So a decision never depends
 * on what happened to finish first.
 *
 * `checkScheduler` of `fettle/testing` holds a scheduler to this contract.
 */

import type { ParamValue } from "../space/value.js";

/** What a scheduler may know when it decides. */
export interface RungContext {
  /** The trial's number. */
  readonly number: number;
  /** Which of its rungs it has reached, from 0. */
  readonly rung: number;
  /** What it reported at each of its rungs up to this one, as costs: less is better, infinite for no number. */
  readonly own: readonly number[];
  /**
   * The same of each other trial of the cohort that reported at this rung; a trial that ended before is not among
   * them.
   */
  readonly others: readonly { readonly number: number; readonly costs: readonly number[] }[];
}

/** Trials by number: from `from` up to but without `to`. */
export interface Cohort {
  readonly from: number;
  readonly to: number;
}

/** What decides which trials go on. Made by `halving()`, `asha()` and the like, or written to this contract. */
export interface Scheduler {
  /** A stable word. */
  readonly name: string;
  /** Plain data from which the scheduler can be made again. */
  readonly options: { readonly [option: string]: ParamValue };
  /** The steps at which a trial is judged: ascending, each at least 1 and below `steps`, the whole budget. */
  rungs(number: number, steps: number): readonly number[];
  /** Whose reports a decision about a trial needs. All of them see `lag` trials fewer than they might. */
  cohort(number: number, lag: number, steps: number): Cohort;
  /** How many trials wait for each other: an adaptive strategy must be able to ask for as many at once. */
  width(steps: number): number;
  /** Whether the trial goes on. */
  goesOn(context: RungContext): boolean;
}

/** All trials but the latest `lag`: the cohort of schedulers that never wait for later trials. */
export function earlierTrials(number: number, lag: number): Cohort {
  return { from: 0, to: Math.max(0, number - lag) };
}

/** Whether a trial is among the best ⌊n/η⌋ of n, at least one, at its rung; the earlier of equals is better. */
export function amongBest({ number, rung, own, others }: RungContext, reduction: number): boolean {
  const cost = own[rung];
  const better = others.filter(
    (other) => other.costs[rung] < cost || (other.costs[rung] === cost && other.number < number),
  ).length;
  return better < Math.max(1, Math.floor((others.length + 1) / reduction));
}

/** Steps from `least` up, `reduction` times as many each, that lie below `steps`. */
export function geometricRungs(least: number, reduction: number, steps: number): number[] {
  const rungs: number[] = [];
  for (let step = least; step < steps; step *= reduction) rungs.push(step);
  return rungs;
}

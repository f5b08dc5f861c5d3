/**
 * What trials have reported at their rungs, and the scheduler's decisions on them. `slots.ts` makes trials
 * wait for a decision.
 */

import { answerOf, check, must, mustBeInteger, show } from "../../errors.js";
import { SortedNumbers } from "../memo/sorted.js";
import {
  cohortOf,
  mustBeScheduler,
  rungsOf,
  type Scheduler,
  type Scoring,
  scoringOf,
} from "../schedulers/scheduler.js";
import { costsOfValues, paretoOrder } from "../trial/pareto.js";
import type { Direction } from "../trial/trial.js";
import type { Study } from "./contract.js";
import type { Ledger } from "./ledger.js";

/** The values, by objective, that one trial reported at each of its rungs. */
type Reports = readonly (readonly number[])[];

/** What the rungs must know about a study's trials. */
export type FinishedTrials = Pick<Ledger, "records" | "hasFinished">;

/**
 * The rungs of a study's trials.
 *
 * @param steps - the full budget of a trial
 * @param ledger - the study's trials
 * @param hasStopRules - whether rules see finished trials before the next one starts, like an adaptive
 * strategy
 * @throws FettleError `invalid_argument` if the study cannot ask for as many trials as wait for each other,
 * or if its strategy itself decides which trials resume
 */
export function createRungs(
  scheduler: Scheduler,
  steps: number | undefined,
  study: Study,
  ledger: FinishedTrials,
  hasStopRules: boolean,
): Rungs {
  mustBeScheduler(scheduler);
  must(
    steps !== undefined && Number.isSafeInteger(steps) && steps > 0,
    "steps",
    "a positive integer, the full budget of a trial with a scheduler",
    steps,
  );
  const { strategy, lag } = study;
  check(
    strategy.generation === undefined && strategy.resume === undefined,
    () =>
      `strategy ${show(strategy.name)} itself decides which trials resume, and works without a scheduler; received ${show(scheduler.name)}`,
  );
  const width = scheduler.width(steps);
  mustBeInteger(`what \`width\` of scheduler ${show(scheduler.name)} returns`, width);
  check(
    (!strategy.adaptive && !hasStopRules) || lag >= width - 1,
    () =>
      `with scheduler ${show(scheduler.name)}, ${width} trials wait for each other, so lag must be at least ` +
      `${width - 1}; received ${lag}`,
  );
  return new Rungs(scheduler, steps, study, ledger);
}

/** The scores at a rung of the first trials that were compared. */
interface Counted {
  /** By number; undefined for a trial that ended before the rung. */
  readonly scores: (number | undefined)[];
  readonly sorted: SortedNumbers;
}

/** See the header of this file. */
export class Rungs {
  private readonly reports = new Map<number, Reports>();
  /** By rung. */
  private readonly counted: Counted[] = [];

  constructor(
    private readonly scheduler: Scheduler,
    private readonly steps: number,
    private readonly study: Study,
    private readonly ledger: FinishedTrials,
  ) {
    for (const { number, curve = [] } of ledger.records) {
      this.reports.set(number, chunks(curve, study.directions.length));
    }
  }

  /** Records a report at a step if it is a rung; then the trial must wait for a decision. */
  report(number: number, value: number | readonly number[], step: number): boolean {
    const reports = this.reportsOf(number);
    const next = rungsOf(this.scheduler, number, this.steps)[reports.length];
    if (next === undefined || step < next) return false;
    this.reports.set(number, [...reports, [value].flat()]);
    return true;
  }

  /**
   * Whether a trial is promoted; undefined while it waits for others, all of which have numbers below
   * `bound`.
   */
  promotes(number: number, bound: number): boolean | undefined {
    const rung = this.reportsOf(number).length - 1;
    const scoring = scoringOf(this.scheduler);
    const { from, to } = cohortOf(this.scheduler, number, this.study.lag, this.steps);
    if (scoring && this.study.directions.length === 1 && from === 0 && to <= number) {
      const others = this.scoresOf(scoring, Math.min(to, bound), rung);
      return others && scoring.promotes(this.costsOf(number, rung), others);
    }
    const cohort = this.cohortAt(rung, number, bound);
    if (cohort === undefined) return undefined;
    const numbers = [...cohort, number].sort((a, b) => a - b);
    const reports = numbers.map((member) => this.reportsOf(member));
    const table = costsAtRungs(reports, rung, this.study.directions);
    const costs = new Map(numbers.map((member, i) => [member, table[i]]));
    const costsOf = (member: number) => costs.get(member) as readonly number[];
    const promoted = this.scheduler.promotes({
      number,
      rung,
      own: costsOf(number),
      others: cohort.map((other) => ({ number: other, costs: costsOf(other) })),
    });
    const what = `\`promotes\` of scheduler ${show(this.scheduler.name)}`;
    return answerOf(what, promoted, typeof promoted === "boolean", "true or false");
  }

  /** How many of the first finished trials were judged only by each other: complete brackets. */
  settled(finished: number): number {
    let settled = 0;
    let needed = 0;
    for (let number = 0; number < finished; number++) {
      needed = Math.max(needed, cohortOf(this.scheduler, number, this.study.lag, this.steps).to, number + 1);
      if (needed === number + 1) settled = needed;
    }
    return settled;
  }

  /** What a trial reported at its rungs; with several objectives, rung by rung. */
  curve(number: number): readonly number[] {
    return this.reportsOf(number).flat();
  }

  /**
   * The scores at a rung of the trials before one, in order; undefined while some may still report. The count
   * for another trial is extended or reduced.
   */
  private scoresOf({ score }: Scoring, end: number, rung: number): SortedNumbers | undefined {
    this.counted[rung] ??= { scores: [], sorted: new SortedNumbers() };
    const { scores, sorted } = this.counted[rung];
    while (scores.length > end) {
      const last = scores.pop();
      if (last !== undefined) sorted.remove(last);
    }
    while (scores.length < end) {
      const other = scores.length;
      const hasReported = this.reportsOf(other).length > rung;
      if (!hasReported && !this.ledger.hasFinished(other)) return undefined;
      const own = hasReported ? score(this.costsOf(other, rung)) : undefined;
      if (own !== undefined) sorted.add(own);
      scores.push(own);
    }
    return sorted;
  }

  /** What a trial reported up to a rung, of one objective, as costs. */
  private costsOf(number: number, rung: number): number[] {
    const { directions } = this.study;
    return this.reportsOf(number)
      .slice(0, rung + 1)
      .map((values) => costsOfValues(values, directions)[0]);
  }

  /** The others of a trial's cohort that have reported at a rung; undefined while some may still report. */
  private cohortAt(rung: number, number: number, bound: number): number[] | undefined {
    const { from, to } = cohortOf(this.scheduler, number, this.study.lag, this.steps);
    const cohort: number[] = [];
    for (let other = from; other < Math.min(to, bound); other++) {
      if (other === number) continue;
      if (this.reportsOf(other).length > rung) cohort.push(other);
      else if (!this.ledger.hasFinished(other)) return undefined;
    }
    return cohort;
  }

  private reportsOf(number: number): Reports {
    return this.reports.get(number) ?? [];
  }
}

/**
 * The costs at a rung, and at the rungs before, of trials that reached it. With several objectives, the cost
 * is the trial's place among them at that rung, from 0, in the order of `paretoOrder`.
 */
function costsAtRungs(
  trials: readonly Reports[],
  rung: number,
  directions: readonly Direction[],
): number[][] {
  const costs = trials.map((): number[] => []);
  for (let at = 0; at <= rung; at++) {
    const points = trials.map((reports) => costsOfValues(reports[at], directions));
    if (directions.length === 1) for (const [i, [cost]] of points.entries()) costs[i].push(cost);
    else for (const [place, i] of paretoOrder(points).entries()) costs[i].push(place);
  }
  return costs;
}

/** A list cut into lists of `length`; null, which replaces numbers that JSON cannot hold, becomes NaN. */
function chunks(list: readonly (number | null)[], length: number): Reports {
  return Array.from({ length: Math.floor(list.length / length) }, (_, i) =>
    list.slice(i * length, (i + 1) * length).map((value) => value ?? Number.NaN),
  );
}

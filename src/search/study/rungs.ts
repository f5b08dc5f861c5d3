/**
 * What trials have reported at their rungs, and what a scheduler makes of it. It says when a decision can be taken;
 * `optimize.ts` makes trials wait for it.
 */

import { check, show } from "../../errors.js";
import type { Scheduler } from "../schedulers/scheduler.js";
import { costsOfValues, paretoOrder } from "../trial/pareto.js";
import type { Direction, TrialRecord } from "../trial/trial.js";
import type { Study } from "./study.js";

/** See the head of this file. */
export interface Rungs {
  /** Notes what a trial reported at a step; whether that was a rung, where it is to wait for a verdict. */
  report(number: number, step: number, value: number | readonly number[]): boolean;
  /** Whether a trial goes on; undefined while trials below `bound`, of which no others will come, are waited for. */
  verdict(number: number, bound: number): boolean | undefined;
  /** What a trial reported at its rungs; of several objectives all values of one rung after another. */
  curve(number: number): readonly number[];
}

/** The values, by objective, that one trial reported at each of its rungs. */
type Reports = readonly (readonly number[])[];

/**
 * @param ruled - whether rules look at finished trials before the next is asked, as an adaptive strategy does
 * @throws FettleError `invalid_argument` where the study cannot ask for as many trials as wait for each other, and
 * where its strategy goes on with trials itself
 */
export function createRungs(
  scheduler: Scheduler,
  steps: number | undefined,
  study: Study,
  ruled: boolean,
): Rungs {
  check(
    Number.isSafeInteger(steps) && (steps as number) > 0,
    () => `steps of optimize is the whole budget of a trial, a positive integer, received ${show(steps)}`,
  );
  const { generation, proceed } = study.strategy;
  check(
    generation === undefined && proceed === undefined,
    () =>
      `strategy ${show(study.strategy.name)} says itself which trials go on, and takes no scheduler, received ${show(scheduler.name)}`,
  );
  const most = steps as number;
  const width = scheduler.width(most);
  check(
    (!study.strategy.adaptive && !ruled) || study.lag >= width - 1,
    () =>
      `with scheduler ${show(scheduler.name)}, ${width} trials wait for each other, and with lag ${study.lag} they ` +
      `cannot all be asked; give the study a lag of ${width - 1}`,
  );
  const reported = new Map<number, Reports>();
  const records = new Map<number, TrialRecord>();
  for (const record of study.trials) {
    records.set(record.number, record);
    reported.set(record.number, chunks(record.curve ?? [], study.directions.length));
  }
  const ended = (number: number): boolean => {
    if (records.has(number)) return true;
    const record = study.trials.find((trial) => trial.number === number);
    if (record) records.set(number, record);
    return record !== undefined;
  };
  const reportsOf = (number: number): Reports => reported.get(number) ?? [];
  return {
    report(number, step, value) {
      const reports = reportsOf(number);
      const next = scheduler.rungs(number, most)[reports.length];
      if (next === undefined || step < next) return false;
      reported.set(number, [...reports, [value].flat()]);
      return true;
    },
    verdict(number, bound) {
      const rung = reportsOf(number).length - 1;
      const { from, to } = scheduler.cohort(number, study.lag, most);
      const cohort: number[] = [];
      for (let other = from; other < Math.min(to, bound); other++) {
        if (other === number) continue;
        if (reportsOf(other).length > rung) cohort.push(other);
        else if (!ended(other)) return undefined;
      }
      const numbers = [...cohort, number].sort((a, b) => a - b);
      const table = costsAtRungs(numbers.map(reportsOf), rung, study.directions);
      const costs = new Map(numbers.map((member, i) => [member, table[i]]));
      const of = (member: number) => costs.get(member) as readonly number[];
      return scheduler.goesOn({
        number,
        rung,
        own: of(number),
        others: cohort.map((other) => ({ number: other, costs: of(other) })),
      });
    },
    curve: (number) => reportsOf(number).flat(),
  };
}

/**
 * What each trial, of some that came to a rung, costs there and at the rungs before. Of several objectives it is the
 * place among these trials at that rung, from 0, in the order of `paretoOrder`.
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

/** A list cut into lists of `length`; null, which stands for what is no number, becomes NaN. */
function chunks(list: readonly (number | null)[], length: number): Reports {
  return Array.from({ length: Math.floor(list.length / length) }, (_, i) =>
    list.slice(i * length, (i + 1) * length).map((value) => value ?? Number.NaN),
  );
}

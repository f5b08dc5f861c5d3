/**
 * What trials have reported at their rungs, and what a scheduler makes of it. It says when a decision can be taken;
 * `optimize.ts` makes trials wait for it.
 */

import { check, show } from "../errors.js";
import type { Scheduler } from "./schedulers/scheduler.js";
import type { Study } from "./study.js";
import type { Direction, TrialRecord } from "./trial.js";

/** See the head of this file. */
export interface Rungs {
  /** Notes what a trial reported at a step; whether that was a rung, where it is to wait for a verdict. */
  report(number: number, step: number, value: number): boolean;
  /** Whether a trial goes on; undefined while trials below `bound`, of which no others will come, are waited for. */
  verdict(number: number, bound: number): boolean | undefined;
  /** What a trial reported at its rungs. */
  curve(number: number): readonly number[];
}

/**
 * @param ruled - whether rules look at finished trials before the next is asked, as an adaptive strategy does
 * @throws FettleError `invalid_argument` where the study cannot ask for as many trials as wait for each other
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
  const most = steps as number;
  const width = scheduler.width(most);
  check(
    (!study.strategy.adaptive && !ruled) || study.lag >= width - 1,
    () =>
      `with scheduler ${show(scheduler.name)}, ${width} trials wait for each other, and with lag ${study.lag} they ` +
      `cannot all be asked; give the study a lag of ${width - 1}`,
  );
  const reported = new Map<number, number[]>();
  const records = new Map<number, TrialRecord>();
  for (const record of study.trials) {
    records.set(record.number, record);
    reported.set(
      record.number,
      (record.curve ?? []).map((value) => value ?? Number.NaN),
    );
  }
  const ended = (number: number): boolean => {
    if (records.has(number)) return true;
    const record = study.trials.find((trial) => trial.number === number);
    if (record) records.set(number, record);
    return record !== undefined;
  };
  const valuesOf = (number: number): number[] => reported.get(number) ?? [];
  return {
    report(number, step, value) {
      const values = valuesOf(number);
      const next = scheduler.rungs(number, most)[values.length];
      if (next === undefined || step < next) return false;
      reported.set(number, [...values, value]);
      return true;
    },
    verdict(number, bound) {
      const rung = valuesOf(number).length - 1;
      const { from, to } = scheduler.cohort(number, study.lag, most);
      const others: { number: number; costs: number[] }[] = [];
      for (let other = from; other < Math.min(to, bound); other++) {
        if (other === number) continue;
        const values = valuesOf(other);
        if (values.length > rung) others.push({ number: other, costs: costsOf(values, study.direction) });
        else if (!ended(other)) return undefined;
      }
      return scheduler.goesOn({ number, rung, own: costsOf(valuesOf(number), study.direction), others });
    },
    curve: valuesOf,
  };
}

function costsOf(values: readonly number[], direction: Direction): number[] {
  return values.map((value) =>
    Number.isFinite(value) ? (direction === "maximize" ? -value : value) : Number.POSITIVE_INFINITY,
  );
}

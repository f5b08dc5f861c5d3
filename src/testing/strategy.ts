/**
 * The laws that every search strategy keeps, as property tests over random spaces, and up to three objectives where
 * the strategy takes them; for the built-in ones and for a user's own. They test the contract, not how well a strategy
 * searches.
 */

import fc from "fast-check";
import type { NumericParameter, Parameter } from "../search/space/parameter.js";
import { valueCount } from "../search/space/scale.js";
import type { Constraint, Params, Space } from "../search/space/space.js";
import { valueKey } from "../search/space/value.js";
import type { Strategy } from "../search/strategies/strategy.js";
import { restoreStudy } from "../search/study/checkpoint.js";
import { createStudy, type Study, type StudyOptions } from "../search/study/study.js";
import type { Direction, Trial, TrialOutcome } from "../search/trial/trial.js";
import { anyHistory } from "./arbitraries/history.js";
import { anyConstraint, anySpace } from "./arbitraries/space.js";
import { type CheckOptions, fail, hold, lawOf } from "./laws.js";

/** Which cases, and how long each is. */
export interface StrategyCheckOptions extends CheckOptions {
  /** Trials a case. Default 12. */
  readonly trials?: number;
}

type Law = (strategy: Strategy, trials: number) => fc.IRawProperty<unknown>;

const anySeed = fc.nat({ max: 2 ** 31 - 1 });

/** The most objectives that a strategy is tried with, where it takes several. */
const OBJECTIVES = 3;

function anyDirections({ adaptive, multiObjective }: Strategy): fc.Arbitrary<Direction[]> {
  const maxLength = !adaptive || multiObjective ? OBJECTIVES : 1;
  return fc.array(fc.constantFrom<Direction>("maximize", "minimize"), { minLength: 1, maxLength });
}

const anyOutcomes = anyHistory(40, OBJECTIVES);

/** Tells a trial its outcome: the values of as many objectives as the study has. */
function tell(study: Study, number: number, outcomes: readonly TrialOutcome[]): void {
  const { values, ...rest } = outcomes[number % outcomes.length];
  const told = values?.slice(0, study.directions.length);
  study.tell(number, { ...rest, ...(told && (told.length === 1 ? { value: told[0] } : { values: told })) });
}

/** Asks and tells one trial after another, at most `count`; returns the trials. */
function runOut(study: Study, outcomes: readonly TrialOutcome[], count: number): Trial[] {
  const trials: Trial[] = [];
  while (trials.length < count) {
    const trial = study.ask();
    if (trial === undefined) break;
    trials.push(trial);
    tell(study, trial.number, outcomes);
  }
  return trials;
}

/** A study with a constraint, or without one. */
function studyOf(options: StudyOptions, constraint: Constraint | undefined): Study {
  return createStudy({ ...options, ...(constraint && { constraint }) });
}

/**
 * The constraint; none for ranges that are all but a few roundings wide, of which it may forbid every point: a study
 * then refuses to search, and rightly.
 */
function whereRoom(space: Space, constraint: Constraint | undefined): Constraint | undefined {
  const ranges = Object.values(space).filter(
    (parameter): parameter is NumericParameter => valueCount(parameter) === Number.POSITIVE_INFINITY,
  );
  const isWide = ({ low, high }: NumericParameter) =>
    high - low > 1e-9 * Math.max(Math.abs(low), Math.abs(high));
  return ranges.length === 0 || ranges.some(isWide) ? constraint : undefined;
}

/** The laws of strategies by name: each gives a property for fast-check's `assert`. */
export const strategyLaws: Readonly<Record<string, Law>> = {
  "suggests values of the space, of their types, where their conditions hold": (strategy, trials) =>
    fc.property(
      anySpace(),
      anySeed,
      anyDirections(strategy),
      anyOutcomes,
      (space, seed, direction, outcomes) => {
        const study = createStudy({ space, strategy, seed, direction });
        for (const { params } of runOut(study, outcomes, trials)) checkPoint(space, params);
      },
    ),

  "suggests nothing that a constraint forbids": (strategy, trials) =>
    fc.property(
      anySpace(),
      anyConstraint(),
      anySeed,
      anyDirections(strategy),
      anyOutcomes,
      (space, constraint, seed, direction, outcomes) => {
        const rule = whereRoom(space, constraint);
        const study = studyOf({ space, strategy, seed, direction }, rule);
        for (const { params } of runOut(study, outcomes, trials)) {
          checkPoint(space, params);
          if (rule?.(params) === false) fail(`the constraint forbids ${JSON.stringify(params)}`);
        }
      },
    ),

  "suggests the same sequence for the same seed": (strategy, trials) =>
    fc.property(
      anySpace(),
      anySeed,
      anyDirections(strategy),
      anyOutcomes,
      (space, seed, direction, outcomes) => {
        const [first, second] = [0, 1].map(() =>
          runOut(createStudy({ space, strategy, seed, direction }), outcomes, trials),
        );
        checkSame(first, second, "one seed gave two sequences");
      },
    ),

  "goes on from a saved study as if it had not been saved": (strategy, trials) =>
    fc.property(
      anySpace(),
      anySeed,
      anyDirections(strategy),
      anyOutcomes,
      anyConstraint(),
      fc.nat({ max: trials }),
      fc.nat({ max: 3 }),
      (space, seed, direction, outcomes, constraint, stop, lag) => {
        const rule = whereRoom(space, constraint);
        const begin = () => studyOf({ space, strategy, seed, lag, direction }, rule);
        const whole = runOut(begin(), outcomes, trials);
        const interrupted = begin();
        const before = runOut(interrupted, outcomes, stop);
        // one more is asked and lost: it comes again after the study is opened
        if (stop < trials) interrupted.ask();
        const json = JSON.parse(JSON.stringify(interrupted));
        // what a strategy keeps to itself would be another study's by then
        begin().ask();
        const again = restoreStudy(json, { strategy, ...(rule && { constraint: rule }) });
        const after = runOut(again, outcomes, trials - before.length);
        checkSame([...before, ...after], whole, "a saved study went on differently");
      },
    ),

  "repeats no point of a finite space before all are used": (strategy) =>
    fc.property(
      anySpace({ finite: true, maxParameters: 3 }),
      anyConstraint(),
      anySeed,
      anyDirections(strategy),
      anyOutcomes,
      (space, constraint, seed, direction, outcomes) => {
        const all = everyPoint(space).filter((params) => constraint?.(params) ?? true).length;
        const study = studyOf({ space, strategy, seed, direction }, constraint);
        const asked = runOut(study, outcomes, all + 1);
        // a trial that goes on from another may do so with the same parameters
        const beginnings = asked.filter(({ parent }) => parent === undefined);
        const different = new Set(beginnings.map(({ params }) => valueKey(params))).size;
        if (different < beginnings.length)
          fail(`${beginnings.length} suggestions hold only ${different} points, of ${all}`);
        // a strategy that knows its size may use a part of the space, as a coarse grid does
        if (asked.length < all && strategy.size === undefined)
          fail(`stopped after ${asked.length} of ${all} points`);
        const size = Math.min(all + 1, strategy.size?.(space, constraint) ?? asked.length);
        if (asked.length !== size) fail(`says that it has ${size} suggestions, and gave ${asked.length}`);
      },
    ),

  "does not depend on the order in which trials end, within the lag": (strategy, trials) =>
    fc.property(
      anySpace(),
      anySeed,
      anyDirections(strategy),
      anyOutcomes,
      fc.nat({ max: 4 }),
      fc.infiniteStream(fc.nat()),
      (space, seed, direction, outcomes, lag, order) => {
        const inOrder = runOut(createStudy({ space, strategy, seed, lag, direction }), outcomes, trials);
        const study = createStudy({ space, strategy, seed, lag, direction });
        const asked: Trial[] = [];
        const most = strategy.generation ?? lag + 1;
        const atWork: number[] = [];
        let exhausted = false;
        while (!exhausted || atWork.length > 0) {
          while (!exhausted && atWork.length < most && study.canAsk()) {
            const trial = asked.length < trials ? study.ask() : undefined;
            if (trial === undefined) exhausted = true;
            else {
              asked.push(trial);
              atWork.push(trial.number);
            }
          }
          if (atWork.length === 0) continue;
          const [ended] = atWork.splice(order.next().value % atWork.length, 1);
          tell(study, ended, outcomes);
        }
        checkSame(asked, inOrder, "another order of ends gave another sequence");
      },
    ),

  "survives a history of equal values, of failures and of values that are not finite": (strategy, trials) =>
    fc.property(
      anySpace(),
      anySeed,
      anyDirections(strategy),
      fc.constantFrom<TrialOutcome>(
        { values: [0, 0, 0] },
        { values: [Number.NaN, 0, 0] },
        { status: "failed" },
        { values: [1e308, 1e308, 1e308] },
      ),
      (space, seed, direction, outcome) => {
        const asked = runOut(createStudy({ space, strategy, seed, direction }), [outcome], trials);
        if (asked.length === 0) fail("nothing was suggested");
        for (const { params } of asked) checkPoint(space, params);
      },
    ),
};

/**
 * Holds a strategy to all laws.
 *
 * @param strategy - the strategy; it must accept every space (a grid needs `points`)
 * @throws Error with the law's name, what went wrong, the smallest case that breaks it, and how to replay it
 * @example
 * ```ts
 * checkStrategy(sobol(), { numRuns: 10 });
 * ```
 */
export function checkStrategy(strategy: Strategy, options: StrategyCheckOptions = {}): void {
  for (const name of Object.keys(strategyLaws)) checkStrategyLaw(strategy, name, options);
}

/**
 * Holds a strategy to one of `strategyLaws`, so that a test runner can show each by itself.
 *
 * @throws Error as {@link checkStrategy}
 * @example
 * ```ts
 * for (const law of Object.keys(strategyLaws)) checkStrategyLaw(random(), law, { numRuns: 5 });
 * ```
 */
export function checkStrategyLaw(strategy: Strategy, name: string, options: StrategyCheckOptions = {}): void {
  const property = lawOf(strategyLaws, name)(strategy, options.trials ?? 12);
  hold(`strategy "${strategy.name}"`, name, property, options);
}

function checkSame(actual: readonly Trial[], expected: readonly Trial[], message: string): void {
  if (valueKey(actual) !== valueKey(expected)) {
    fail(`${message}:\n${JSON.stringify(actual)}\n${JSON.stringify(expected)}`);
  }
}

/** The rules of a space said again, so that the library is not its own judge. */
function checkPoint(space: Space, params: Params): void {
  for (const name of Object.keys(params)) if (!(name in space)) fail(`no parameter ${name} in the space`);
  const applies = (name: string): boolean =>
    Object.entries(space[name].when ?? {}).every(([parent, clause]) => {
      if (!applies(parent)) return false;
      const value = params[parent];
      if (Array.isArray(clause)) return clause.map(valueKey).includes(valueKey(value));
      const { low, high } = clause as { low?: number; high?: number };
      return (
        (low === undefined || (value as number) >= low) && (high === undefined || (value as number) <= high)
      );
    });
  for (const [name, parameter] of Object.entries(space)) {
    if (name in params !== applies(name)) fail(`${name} ${name in params ? "does not apply" : "is missing"}`);
    if (name in params) checkValue(name, parameter, params[name]);
  }
}

function checkValue(name: string, parameter: Parameter, value: unknown): void {
  if (parameter.type === "choice") {
    if (!parameter.values.map(valueKey).includes(valueKey(value)))
      fail(`${name} cannot be ${JSON.stringify(value)}`);
    return;
  }
  if (typeof value !== "number" || !(value >= parameter.low && value <= parameter.high)) {
    fail(`${name} is outside [${parameter.low}, ${parameter.high}]: ${value}`);
  }
  if (parameter.type === "int" && !Number.isInteger(value)) fail(`${name} is no integer: ${value}`);
  if (parameter.step !== undefined) {
    const steps = (value - parameter.low) / parameter.step;
    // a step count above 2^20 would need a wider bound: both operands are rounded to 2^-53
    if (Math.abs(steps - Math.round(steps)) > 1e-6)
      fail(`${name} is off its steps of ${parameter.step}: ${value}`);
  }
}

/** The points of a finite space, by nested loops over everything. */
function everyPoint(space: Space): Params[] {
  let points: Params[] = [{}];
  const left = new Set(Object.keys(space));
  while (left.size > 0) {
    for (const name of left) {
      const { when = {}, ...parameter } = space[name];
      if (Object.keys(when).some((parent) => left.has(parent))) continue;
      left.delete(name);
      const values = valuesOf(parameter as Parameter);
      points = points.flatMap((params) =>
        values
          .map((value) => ({ ...params, [name]: value }))
          .concat(Object.keys(when).length > 0 ? [params as never] : []),
      );
    }
  }
  const different = new Map(points.map((params) => [valueKey(params), params]));
  return [...different.values()].filter((params) => {
    try {
      checkPoint(space, params);
      return true;
    } catch {
      return false;
    }
  });
}

function valuesOf(parameter: Parameter): Params[string][] {
  if (parameter.type === "choice") return [...parameter.values];
  const step = parameter.step ?? 1;
  const values: number[] = [];
  for (let i = 0; ; i++) {
    // random steps have at most 7 decimals; what rounding leaves of 0 is 0, and no -0
    const value = Number((parameter.low + i * step).toFixed(12)) + 0;
    if (value > parameter.high) return values;
    values.push(value);
  }
}

/**
 * The laws that every search strategy keeps, built-in or custom, as property tests over random spaces, with
 * up to three objectives where the strategy accepts several. They test the contract, not how well a strategy
 * searches.
 */

import fc from "fast-check";
import { isRecord, must } from "../errors.js";
import { integer, type OptionRules, readOptions } from "../rules.js";
import type { NumericParameter } from "../search/space/parameter.js";
import { valueCount } from "../search/space/scale.js";
import type { Constraint, Space } from "../search/space/space.js";
import { valueKey } from "../search/space/value.js";
import type { Strategy } from "../search/strategies/strategy.js";
import type { Study } from "../search/study/contract.js";
import { createStudy, restoreStudy } from "../search/study/create.js";
import type { Direction, Trial, TrialOutcome } from "../search/trial/trial.js";
import { anyHistory } from "./arbitraries/history.js";
import { anyConstraint, anySpace, type SpaceConstraints } from "./arbitraries/space.js";
import { CHECK_RULES, type CheckOptions, fail, hold, lawOf } from "./laws.js";
import { checkPoint, everyPoint } from "./points.js";

/** Which cases, and their length. */
export interface StrategyCheckOptions extends CheckOptions {
  /** Trials of a case. Default 12. */
  readonly trials?: number;
}

const RULES = { ...CHECK_RULES, trials: [integer(), 12] } satisfies OptionRules<StrategyCheckOptions>;

/** A law of strategies, as a property of fast-check. */
export type StrategyLaw = (strategy: Strategy, trials: number) => fc.IRawProperty<unknown>;

/** The most objectives of a case, if the strategy accepts several. */
const OBJECTIVES = 3;
/** Below it, roundings are all of one size. */
const LEAST_NORMAL = 2 ** -1022;

/** The study of a case, and the outcomes of its trials in turn. */
interface StudyCase {
  readonly space: Space;
  readonly constraint?: Constraint | undefined;
  readonly seed: number;
  readonly direction: readonly Direction[];
  readonly outcomes: readonly TrialOutcome[];
}

function anyCase(
  { adaptive, multiObjective }: Strategy,
  { constrained = false, ...constraints }: SpaceConstraints & { readonly constrained?: boolean } = {},
): fc.Arbitrary<StudyCase> {
  const maxLength = !adaptive || multiObjective ? OBJECTIVES : 1;
  return fc.record(
    {
      space: anySpace(constraints),
      ...(constrained && { constraint: anyConstraint() }),
      seed: fc.nat({ max: 2 ** 31 - 1 }),
      direction: fc.array(fc.constantFrom<Direction>("maximize", "minimize"), { minLength: 1, maxLength }),
      outcomes: anyHistory(40, OBJECTIVES),
    },
    { noNullPrototype: true },
  );
}

function studyOf(strategy: Strategy, { space, constraint, seed, direction }: StudyCase, lag = 0): Study {
  return createStudy({ space, strategy, seed, lag, direction, ...(constraint && { constraint }) });
}

/** Tells the outcome of a trial, with one value per objective. */
function tell(study: Study, number: number, outcomes: readonly TrialOutcome[]): void {
  const { values, ...rest } = outcomes[number % outcomes.length];
  const told = values?.slice(0, study.directions.length);
  study.tell(number, { ...rest, ...(told && (told.length === 1 ? { value: told[0] } : { values: told })) });
}

/** Asks and tells one trial after another, at most `count`; returns the trials. */
function runTrials(study: Study, outcomes: readonly TrialOutcome[], count: number): Trial[] {
  const trials: Trial[] = [];
  while (trials.length < count) {
    const trial = study.ask();
    if (trial === undefined) break;
    trials.push(trial);
    tell(study, trial.number, outcomes);
  }
  return trials;
}

/**
 * Runs a study with up to `concurrency` trials at a time, which end in a random order; returns the trials as
 * they were asked.
 */
function runConcurrently(
  study: Study,
  outcomes: readonly TrialOutcome[],
  trials: number,
  concurrency: number,
  order: fc.Stream<number>,
): Trial[] {
  const asked: Trial[] = [];
  const running: number[] = [];
  let exhausted = false;
  while (!exhausted || running.length > 0) {
    while (!exhausted && running.length < concurrency && study.canAsk()) {
      const trial = asked.length < trials ? study.ask() : undefined;
      if (trial === undefined) exhausted = true;
      else {
        asked.push(trial);
        running.push(trial.number);
      }
    }
    if (running.length === 0) continue;
    const [ended] = running.splice(order.next().value % running.length, 1);
    tell(study, ended, outcomes);
  }
  return asked;
}

/**
 * The case, without its constraint if all ranges are only a few roundings wide: the constraint might forbid
 * every point, and the study would rightly refuse to search.
 */
function withRoom(given: StudyCase): StudyCase {
  const ranges = Object.values(given.space).filter(
    (parameter): parameter is NumericParameter => valueCount(parameter) === Number.POSITIVE_INFINITY,
  );
  const isWide = ({ low, high }: NumericParameter) =>
    high - low > 1e-9 * Math.max(Math.abs(low), Math.abs(high), LEAST_NORMAL);
  return ranges.length === 0 || ranges.some(isWide) ? given : { ...given, constraint: undefined };
}

/** The laws of strategies by name: each gives a property for fast-check's `assert`. */
export const strategyLaws: Readonly<Record<string, StrategyLaw>> = {
  "suggests only points of the space": (strategy, trials) =>
    fc.property(anyCase(strategy), (given) => {
      for (const { params } of runTrials(studyOf(strategy, given), given.outcomes, trials))
        checkPoint(given.space, params);
    }),

  "suggests only points that the constraint allows": (strategy, trials) =>
    fc.property(anyCase(strategy, { constrained: true }), (drawn) => {
      const given = withRoom(drawn);
      for (const { params } of runTrials(studyOf(strategy, given), given.outcomes, trials)) {
        checkPoint(given.space, params);
        if (given.constraint?.(params) === false) fail(`the constraint forbids ${JSON.stringify(params)}`);
      }
    }),

  "suggests the same sequence for the same seed": (strategy, trials) =>
    fc.property(anyCase(strategy), (given) => {
      const [first, second] = [0, 1].map(() => runTrials(studyOf(strategy, given), given.outcomes, trials));
      checkSame(first, second, "one seed gave two sequences");
    }),

  "resumes from a saved study as if it had never stopped": (strategy, trials) =>
    fc.property(
      anyCase(strategy),
      anyConstraint(),
      fc.nat({ max: trials }),
      fc.nat({ max: 3 }),
      (drawn, constraint, stop, lag) => {
        const given = withRoom({ ...drawn, constraint });
        const begin = () => studyOf(strategy, given, lag);
        const whole = runTrials(begin(), given.outcomes, trials);
        const interrupted = begin();
        const before = runTrials(interrupted, given.outcomes, stop);
        // one more trial is asked and lost: the restored study suggests it again
        if (stop < trials) interrupted.ask();
        const json = JSON.parse(JSON.stringify(interrupted));
        // hidden state of a strategy would now belong to another study
        begin().ask();
        const rule = given.constraint;
        const restored = restoreStudy(json, { strategy, ...(rule && { constraint: rule }) });
        const after = runTrials(restored, given.outcomes, trials - before.length);
        checkSame([...before, ...after], whole, "the restored study continued differently");
      },
    ),

  "repeats no point of a finite space before all are used": (strategy) =>
    fc.property(anyCase(strategy, { finite: true, maxParameters: 3, constrained: true }), (given) => {
      const { space, constraint, outcomes } = given;
      const all = everyPoint(space).filter((params) => constraint?.(params) ?? true).length;
      const asked = runTrials(studyOf(strategy, given), outcomes, all + 1);
      // a trial that resumes from another may have its parameters
      const own = asked.filter(({ parent }) => parent === undefined);
      const different = new Set(own.map(({ params }) => valueKey(params))).size;
      if (different < own.length) fail(`${own.length} suggestions hold only ${different} points, of ${all}`);
      // a strategy with a size may use a part of the space, as a coarse grid does
      if (asked.length < all && strategy.size === undefined)
        fail(`stopped after ${asked.length} of ${all} points`);
      const size = Math.min(all + 1, strategy.size?.(space, constraint) ?? asked.length);
      if (asked.length !== size) fail(`states a size of ${size}, and gave ${asked.length} suggestions`);
    }),

  "does not depend on the order in which trials end, within the lag": (strategy, trials) =>
    fc.property(anyCase(strategy), fc.nat({ max: 4 }), fc.infiniteStream(fc.nat()), (given, lag, order) => {
      const { outcomes } = given;
      const inOrder = runTrials(studyOf(strategy, given, lag), outcomes, trials);
      const concurrency = strategy.generation ?? lag + 1;
      const study = studyOf(strategy, given, lag);
      const asked = runConcurrently(study, outcomes, trials, concurrency, order);
      checkSame(asked, inOrder, "another order of ends gave another sequence");
    }),

  "accepts a history of equal values, failed trials and non-finite values": (strategy, trials) =>
    fc.property(
      anyCase(strategy),
      fc.constantFrom<TrialOutcome>(
        { values: [0, 0, 0] },
        { values: [Number.NaN, 0, 0] },
        { status: "failed" },
        { values: [1e308, 1e308, 1e308] },
      ),
      (given, outcome) => {
        const asked = runTrials(studyOf(strategy, given), [outcome], trials);
        if (asked.length === 0) fail("nothing was suggested");
        for (const { params } of asked) checkPoint(given.space, params);
      },
    ),
};

/**
 * Checks all laws of a strategy.
 *
 * @param strategy - the strategy; it must accept every space (a grid needs `points`)
 * @throws BrokenLaw with the law's name, what went wrong, the smallest case that breaks it, and how to replay
 * it; FettleError `invalid_argument` or `unknown_name` for invalid arguments
 * @example
 * ```ts
 * checkStrategy(sobol(), { numRuns: 10 });
 * ```
 */
export function checkStrategy(strategy: Strategy, options: StrategyCheckOptions = {}): void {
  for (const name of Object.keys(strategyLaws)) checkStrategyLaw(strategy, name, options);
}

/**
 * Checks one of `strategyLaws`, so that a test runner can show each separately.
 *
 * @throws BrokenLaw as {@link checkStrategy}; FettleError `unknown_name` for an unknown law
 * @example
 * ```ts
 * for (const law of Object.keys(strategyLaws)) checkStrategyLaw(random(), law, { numRuns: 5 });
 * ```
 */
export function checkStrategyLaw(strategy: Strategy, name: string, options: StrategyCheckOptions = {}): void {
  const isStrategy = isRecord(strategy) && typeof strategy.suggest === "function";
  must(isStrategy, "strategy", "a strategy such as random()", strategy);
  const { trials } = readOptions(options, "checkStrategy", RULES);
  hold(`strategy "${strategy.name}"`, name, lawOf(strategyLaws, name)(strategy, trials), options);
}

function checkSame(actual: readonly Trial[], expected: readonly Trial[], message: string): void {
  if (valueKey(actual) !== valueKey(expected)) {
    fail(`${message}:\n${JSON.stringify(actual)}\n${JSON.stringify(expected)}`);
  }
}

/**
 * The laws that every scheduler keeps, built-in or custom, as property tests over random studies of trials
 * that learn. They test the contract and the loop that runs schedulers, but not how much a scheduler saves.
 */

import fc from "fast-check";
import { checkOptions, isRecord, must } from "../errors.js";
import { flag, integer, type OptionRules, readOptions } from "../rules.js";
import type { RungContext, Scheduler } from "../search/schedulers/scheduler.js";
import { copyJson } from "../search/space/value.js";
import { restoreStudy } from "../search/study/create.js";
import {
  anyLearningCase,
  anyPauses,
  curveOf,
  type LearningCase,
  type LearningCurve,
  type LearningRun,
  runLearning,
  valueAt,
} from "./arbitraries/learning.js";
import { CHECK_RULES, type CheckOptions, fail, holdLater, lawOf } from "./laws.js";

/** Creates a scheduler from the given options, or by default with those to test. */
export type SchedulerFactory = (options?: Readonly<Record<string, unknown>>) => Scheduler;

/** Which cases and laws, and the length of cases. */
export interface SchedulerCheckOptions extends CheckOptions {
  /** The most trials of a case. Default 30. */
  readonly trials?: number;
  /** The most steps of a trial. Default 12. */
  readonly steps?: number;
  /** Whether decisions depend only on the order of values, not on their differences. Default true. */
  readonly rankBased?: boolean;
}

const RULES = {
  ...CHECK_RULES,
  trials: [integer(), 30],
  steps: [integer(), 12],
  rankBased: [flag, true],
} satisfies OptionRules<SchedulerCheckOptions>;

/** A law of schedulers, as a property of fast-check. */
export type SchedulerLaw = (
  make: SchedulerFactory,
  size: Required<Pick<SchedulerCheckOptions, "trials" | "steps">>,
) => fc.IRawProperty<unknown>;

const anyNumber = fc.nat({ max: 1000 });
const anySteps = fc.integer({ min: 1, max: 200 });

/** The laws of schedulers by name: each gives a property for fast-check's `assert`. */
export const schedulerLaws: Readonly<Record<string, SchedulerLaw>> = {
  "has ascending rungs, each at least 1 and below the full budget": (make) =>
    fc.property(anyNumber, anySteps, (number, steps) => {
      const rungs = make().rungs(number, steps);
      const sound = rungs.every(
        (rung, i) => Number.isSafeInteger(rung) && rung > (i === 0 ? 0 : rungs[i - 1]) && rung < steps,
      );
      if (!sound) fail(`trial ${number} of ${steps} steps has rungs at ${rungs}`);
    }),

  "compares a trial with a cohort that contains it or ends before it": (make) =>
    fc.property(anyNumber, fc.nat({ max: 20 }), anySteps, (number, lag, steps) => {
      const { from, to } = make().cohort(number, lag, steps);
      const sound = Number.isSafeInteger(from) && Number.isSafeInteger(to) && from >= 0;
      if (!sound || !(to <= number || (from <= number && number < to)))
        fail(`trial ${number} has a cohort from ${from} to ${to}`);
    }),

  "plans from the number, the lag and the steps alone": (make, size) =>
    fc.asyncProperty(
      fc.array(fc.tuple(anyNumber, fc.nat({ max: 20 }), anySteps), { minLength: 1, maxLength: 5 }),
      anyLearningCase(size),
      async (points, given) => {
        const used = make();
        await runLearning(given, used);
        const planOf = ([number, lag, steps]: (typeof points)[number], scheduler: Scheduler) =>
          JSON.stringify([
            scheduler.rungs(number, steps),
            scheduler.cohort(number, lag, steps),
            scheduler.width(steps),
          ]);
        for (const point of points) {
          checkSame(planOf(point, used), planOf(point, make()), `another plan after a study for ${point}`);
        }
      },
    ),

  "never stalls a study that may run as many trials at a time as its width": (make, size) =>
    fc.asyncProperty(anyLearningCase(size), anyConcurrency(), async (given, concurrency) => {
      const scheduler = make();
      const lag = scheduler.width(given.steps) - 1;
      const { study } = await runLearning({ ...given, lag }, scheduler, { concurrency, adaptive: true });
      checkEnded(given, study.trials.length);
    }),

  "decides the same at any concurrency, whichever trial ends first": (make, size) =>
    fc.asyncProperty(anyLearningCase(size), anyPauses(), async (given, pauses) => {
      const scheduler = make();
      const alone = await runLearning(given, scheduler);
      for (const concurrency of [1, 2, 7]) {
        const other = await runLearning({ ...given, pauses }, scheduler, { concurrency });
        checkSameRun(other, alone, `other trials or decisions at concurrency ${concurrency}`);
      }
    }),

  "resumes from a saved study as if it had never stopped": (make, size) =>
    fc.asyncProperty(
      anyLearningCase(size),
      anyConcurrency(),
      fc.nat({ max: size.trials * size.steps }),
      async (given, concurrency, interruptAfter) => {
        const whole = await runLearning(given, make());
        const { study } = await runLearning(given, make(), { concurrency, interruptAfter });
        const restored = restoreStudy(JSON.parse(JSON.stringify(study)), { strategy: study.strategy });
        await runLearning(given, make(), { concurrency, study: restored });
        checkSame(
          JSON.stringify(restored),
          JSON.stringify(whole.study),
          "the restored study continued differently",
        );
      },
    ),

  "decides by the order of values alone": (make, size) =>
    fc.asyncProperty(
      anyLearningCase(size),
      fc.noShrink(fc.array(fc.double({ min: 1e-3, max: 1e3, noNaN: true }), { minLength: 1 })),
      async (given, gaps) => {
        const [plain, changed] = [
          await runLearning(given, make()),
          await runLearning(withValues(given, increasing(given, gaps)), make()),
        ];
        checkSameVerdicts(changed, plain, "values in the same order gave other decisions");
      },
    ),

  "decides the same for negated values in the other direction": (make, size) =>
    fc.asyncProperty(anyLearningCase(size), async (given) => {
      const direction = given.direction === "maximize" ? "minimize" : "maximize";
      const [plain, negated] = [
        await runLearning(given, make()),
        await runLearning({ ...withValues(given, (value) => -value), direction }, make()),
      ];
      checkSameVerdicts(negated, plain, "negated values gave other decisions");
    }),

  "continues a trial that was better than all others at each rung so far": (make, size) =>
    fc.asyncProperty(anyLearningCase(size), async (given) => {
      const { decisions } = await runLearning(given, make());
      checkKept(decisions, ({ rung }) => Array.from({ length: rung + 1 }, (_, i) => i));
    }),

  "continues the best trial of a cohort": (make, size) =>
    fc.asyncProperty(anyLearningCase(size), async (given) => {
      const { decisions } = await runLearning(given, make());
      checkKept(decisions, ({ rung }) => [rung]);
    }),

  "completes at least one trial where all values are equal": (make, size) =>
    fc.asyncProperty(anyLearningCase(size), anyConcurrency(), async (given, concurrency) => {
      const curves = [{ values: [1] }];
      const { study } = await runLearning({ ...given, curves }, make(), { concurrency });
      checkEnded(given, study.trials.length);
      if (study.bestTrials.length === 0) fail("no trial was completed");
    }),

  "ends every trial, even where all that are not pruned fail": (make, size) =>
    fc.asyncProperty(anyLearningCase(size), anyConcurrency(), async (given, concurrency) => {
      const curves = given.curves.map(({ values }): LearningCurve => {
        return { values, end: { step: Math.min(values.length, given.steps), fails: true } };
      });
      const { study } = await runLearning({ ...given, curves }, make(), { concurrency });
      checkEnded(given, study.trials.length);
    }),

  "prunes a trial at one of its rungs, with the value reported there": (make, size) =>
    fc.asyncProperty(anyLearningCase(size), anyConcurrency(), async (given, concurrency) => {
      const scheduler = make();
      const { study, trained } = await runLearning(given, scheduler, { concurrency });
      for (const { number, status, value } of study.trials) {
        if (status !== "pruned") continue;
        const done = trained.get(number) as number;
        if (!scheduler.rungs(number, given.steps).includes(done))
          fail(`trial ${number} was pruned after ${done} steps, which is not one of its rungs`);
        if (value !== valueAt(curveOf(given, number).values, done))
          fail(`trial ${number} was pruned with ${value}, which is not its value after ${done} steps`);
      }
    }),

  "adds no steps to a trial": (make, size) =>
    fc.asyncProperty(anyLearningCase(size), anyConcurrency(), async (given, concurrency) => {
      const { trained } = await runLearning(given, make(), { concurrency });
      for (const [number, done] of trained) {
        const whole = Math.min(given.steps, curveOf(given, number).end?.step ?? given.steps);
        if (done > whole) fail(`trial ${number} took ${done} steps, and without a scheduler ${whole}`);
      }
    }),

  "is restored from its options as JSON": (make, size) =>
    fc.asyncProperty(anyLearningCase(size), async (given) => {
      const scheduler = make();
      if (!isRecord(copyJson(scheduler.options))) fail("its options are not an object of JSON values");
      const restored = make(JSON.parse(JSON.stringify(scheduler.options)));
      const described = ({ name, options }: Scheduler): string => JSON.stringify([name, options]);
      checkSame(described(restored), described(scheduler), "another name or other options");
      checkSameRun(
        await runLearning(given, restored),
        await runLearning(given, scheduler),
        "its options gave another scheduler",
      );
    }),
};

/** The laws that only rank-based schedulers keep. */
export const rankLaws: readonly string[] = [
  "decides by the order of values alone",
  "continues the best trial of a cohort",
];

/**
 * Checks all laws of a scheduler.
 *
 * @param make - creates a new scheduler at each call, from options if given
 * @throws BrokenLaw with the law's name, what went wrong, the smallest case that breaks it, and how to replay
 * it; FettleError `invalid_argument` or `unknown_name` for invalid arguments
 * @example
 * ```ts
 * await checkScheduler((options = { reduction: 3 }) => createScheduler("asha", options), { numRuns: 5 });
 * ```
 */
export async function checkScheduler(
  make: SchedulerFactory,
  options: SchedulerCheckOptions = {},
): Promise<void> {
  checkOptions(options, "checkScheduler", RULES);
  for (const name of Object.keys(schedulerLaws)) {
    if (options.rankBased === false && rankLaws.includes(name)) continue;
    await checkSchedulerLaw(make, name, options);
  }
}

/**
 * Checks one of `schedulerLaws`, so that a test runner can show each separately.
 *
 * @throws BrokenLaw as {@link checkScheduler}; FettleError `unknown_name` for an unknown law
 * @example
 * ```ts
 * const make = (options = {}) => createScheduler("halving", options);
 * await checkSchedulerLaw(make, "continues the best trial of a cohort", { numRuns: 5 });
 * ```
 */
export async function checkSchedulerLaw(
  make: SchedulerFactory,
  name: string,
  options: SchedulerCheckOptions = {},
): Promise<void> {
  checkFactory(make);
  const { trials, steps } = readOptions(options, "checkScheduler", RULES);
  const property = lawOf(schedulerLaws, name)(make, { trials, steps });
  await holdLater(`scheduler "${make().name}"`, name, property, options);
}

function checkFactory(make: SchedulerFactory): void {
  const isFactory = typeof make === "function";
  must(isFactory, "make", "a function that creates a scheduler, such as () => halving()", make);
  const scheduler: unknown = make();
  const isScheduler = isRecord(scheduler) && typeof scheduler.rungs === "function";
  must(isScheduler, "the result of make", "a scheduler", scheduler);
}

function anyConcurrency(): fc.Arbitrary<number> {
  return fc.integer({ min: 1, max: 7 });
}

function withValues(given: LearningCase, change: (value: number) => number): LearningCase {
  const curves = given.curves.map((curve) => ({ ...curve, values: curve.values.map(change) }));
  return { ...given, curves: curves };
}

/** A strictly increasing function of the finite values of a case, whose results are `gaps` apart in turn. */
function increasing(given: LearningCase, gaps: readonly number[]): (value: number) => number {
  const values = given.curves.flatMap(({ values }) => values).filter(Number.isFinite);
  const places = new Map<number, number>();
  let place = -10;
  for (const value of [...new Set(values)].sort((a, b) => a - b)) {
    place += gaps[places.size % gaps.length];
    places.set(value, place);
  }
  return (value) => places.get(value) ?? value;
}

/** Fails if a trial was pruned that had the lowest cost at all rungs that count. */
function checkKept(
  decisions: LearningRun["decisions"],
  rungsThatCount: (context: RungContext) => readonly number[],
): void {
  for (const { verdict, ...context } of decisions) {
    const { number, own, others } = context;
    const isBest = rungsThatCount(context).every(
      (i) => Number.isFinite(own[i]) && others.every(({ costs }) => own[i] < costs[i]),
    );
    if (isBest && !verdict)
      fail(`trial ${number} was pruned though it was the best: ${JSON.stringify(context)}`);
  }
}

function checkEnded({ trials }: LearningCase, ended: number): void {
  if (ended !== trials) fail(`${ended} of ${trials} trials ended`);
}

/** The decision on each trial at each rung, and the steps that each trial took. */
function verdictsOf({ decisions, trained }: LearningRun): string {
  const verdicts = decisions.map(({ number, rung, verdict }) => ({ number, rung, verdict }));
  verdicts.sort((a, b) => a.number - b.number || a.rung - b.rung);
  return JSON.stringify([verdicts, [...trained].sort(([a], [b]) => a - b)]);
}

function checkSameVerdicts(actual: LearningRun, expected: LearningRun, message: string): void {
  checkSame(verdictsOf(actual), verdictsOf(expected), message);
}

function checkSameRun(actual: LearningRun, expected: LearningRun, message: string): void {
  checkSameVerdicts(actual, expected, message);
  checkSame(JSON.stringify(actual.study), JSON.stringify(expected.study), message);
}

function checkSame(actual: string, expected: string, message: string): void {
  if (actual !== expected) fail(`${message}:\n${actual}\n${expected}`);
}

/**
 * The laws that every scheduler keeps, as property tests over random studies of trials that learn; for the built-in
 * ones and for a user's own. They test the contract, and with it the loop that schedulers are run by, but not how
 * much a scheduler saves.
 */

import fc from "fast-check";
import { isRecord } from "../errors.js";
import type { RungContext, Scheduler } from "../search/schedulers/scheduler.js";
import { copyJson } from "../search/space/value.js";
import { restoreStudy } from "../search/study/checkpoint.js";
import {
  anyLearningTask,
  anyPauses,
  curveOf,
  type LearningCurve,
  type LearningRun,
  type LearningTask,
  runLearning,
  valueAt,
} from "./arbitraries/learning.js";
import { type CheckOptions, fail, holdLater, lawOf } from "./laws.js";

/** Makes the scheduler; from its own options, or from those that it is to be tested with. */
export type SchedulerMaker = (options?: Readonly<Record<string, unknown>>) => Scheduler;

/** Which cases, how long each is, and which laws. */
export interface SchedulerCheckOptions extends CheckOptions {
  /** At most so many trials a case. Default 30. */
  readonly trials?: number;
  /** At most so many steps a trial. Default 12. */
  readonly steps?: number;
  /** Whether decisions hang on the order of values alone and not on how far they are apart. Default true. */
  readonly rankBased?: boolean;
}

type Size = Required<Pick<SchedulerCheckOptions, "trials" | "steps">>;
type Law = (make: SchedulerMaker, size: Size) => fc.IRawProperty<unknown>;

const anyNumber = fc.nat({ max: 1000 });
const anySteps = fc.integer({ min: 1, max: 200 });

/** The laws of schedulers by name: each gives a property for fast-check's `assert`. */
export const schedulerLaws: Readonly<Record<string, Law>> = {
  "judges at ascending steps, each at least 1 and below the whole budget": (make) =>
    fc.property(anyNumber, anySteps, (number, steps) => {
      const rungs = make().rungs(number, steps);
      const sound = rungs.every(
        (rung, i) => Number.isSafeInteger(rung) && rung > (i === 0 ? 0 : rungs[i - 1]) && rung < steps,
      );
      if (!sound) fail(`trial ${number} of ${steps} steps has its rungs at ${rungs}`);
    }),

  "judges a trial by a cohort that it belongs to or that ends before it": (make) =>
    fc.property(anyNumber, fc.nat({ max: 20 }), anySteps, (number, lag, steps) => {
      const { from, to } = make().cohort(number, lag, steps);
      const sound = Number.isSafeInteger(from) && Number.isSafeInteger(to) && from >= 0;
      if (!sound || !(to <= number || (from <= number && number < to)))
        fail(`trial ${number} has a cohort from ${from} up to ${to}`);
    }),

  "plans by the number, the lag and the steps alone": (make, size) =>
    fc.asyncProperty(
      fc.array(fc.tuple(anyNumber, fc.nat({ max: 20 }), anySteps), { minLength: 1, maxLength: 5 }),
      anyLearningTask(size),
      async (points, task) => {
        const used = make();
        await runLearning(task, used);
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

  "lets no study stop that can ask for as many trials as wait for each other": (make, size) =>
    fc.asyncProperty(anyLearningTask(size), anyConcurrency(), async (task, concurrency) => {
      const scheduler = make();
      const lag = scheduler.width(task.steps) - 1;
      const { study } = await runLearning({ ...task, lag }, scheduler, { concurrency, adaptive: true });
      checkEnded(task, study.trials.length);
    }),

  "decides the same at any concurrency, whatever ends first": (make, size) =>
    fc.asyncProperty(anyLearningTask(size), anyPauses(), async (task, pauses) => {
      const scheduler = make();
      const alone = await runLearning(task, scheduler);
      for (const concurrency of [1, 2, 7]) {
        const other = await runLearning({ ...task, pauses }, scheduler, { concurrency });
        checkSameRun(other, alone, `other records or decisions at concurrency ${concurrency}`);
      }
    }),

  "goes on from a saved study as if it had not been saved": (make, size) =>
    fc.asyncProperty(
      anyLearningTask(size),
      anyConcurrency(),
      fc.nat({ max: size.trials * size.steps }),
      async (task, concurrency, interruptAfter) => {
        const whole = await runLearning(task, make());
        const { study } = await runLearning(task, make(), { concurrency, interruptAfter });
        const again = restoreStudy(JSON.parse(JSON.stringify(study)), { strategy: study.strategy });
        await runLearning(task, make(), { concurrency, study: again });
        checkSame(JSON.stringify(again), JSON.stringify(whole.study), "a saved study went on differently");
      },
    ),

  "decides by the order of values alone": (make, size) =>
    fc.asyncProperty(
      anyLearningTask(size),
      fc.noShrink(fc.array(fc.double({ min: 1e-3, max: 1e3, noNaN: true }), { minLength: 1 })),
      async (task, gaps) => {
        const [plain, changed] = [
          await runLearning(task, make()),
          await runLearning(withValues(task, increasing(task, gaps)), make()),
        ];
        checkSameVerdicts(changed, plain, "values in the same order gave other decisions");
      },
    ),

  "decides the same on mirrored values in the other direction": (make, size) =>
    fc.asyncProperty(anyLearningTask(size), async (task) => {
      const direction = task.direction === "maximize" ? "minimize" : "maximize";
      const [plain, mirrored] = [
        await runLearning(task, make()),
        await runLearning({ ...withValues(task, (value) => -value), direction }, make()),
      ];
      checkSameVerdicts(mirrored, plain, "mirrored values gave other decisions");
    }),

  "lets a trial go on that was better than all others at each rung so far": (make, size) =>
    fc.asyncProperty(anyLearningTask(size), async (task) => {
      const { decisions } = await runLearning(task, make());
      checkKept(decisions, ({ rung }) => Array.from({ length: rung + 1 }, (_, i) => i));
    }),

  "lets the best of a cohort go on": (make, size) =>
    fc.asyncProperty(anyLearningTask(size), async (task) => {
      const { decisions } = await runLearning(task, make());
      checkKept(decisions, ({ rung }) => [rung]);
    }),

  "ends where all values are equal, with one that is complete": (make, size) =>
    fc.asyncProperty(anyLearningTask(size), anyConcurrency(), async (task, concurrency) => {
      const curves = [{ values: [1] }];
      const { study } = await runLearning({ ...task, curves }, make(), { concurrency });
      checkEnded(task, study.trials.length);
      if (study.best === undefined) fail("no trial was let to its end");
    }),

  "ends where every trial fails that is not ended before": (make, size) =>
    fc.asyncProperty(anyLearningTask(size), anyConcurrency(), async (task, concurrency) => {
      const curves = task.curves.map(({ values }): LearningCurve => {
        return { values, end: { step: Math.min(values.length, task.steps), fails: true } };
      });
      const { study } = await runLearning({ ...task, curves }, make(), { concurrency });
      checkEnded(task, study.trials.length);
    }),

  "ends a trial at one of its rungs, with what it reported there": (make, size) =>
    fc.asyncProperty(anyLearningTask(size), anyConcurrency(), async (task, concurrency) => {
      const scheduler = make();
      const { study, trained } = await runLearning(task, scheduler, { concurrency });
      for (const { number, status, value } of study.trials) {
        if (status !== "pruned") continue;
        const done = trained.get(number) as number;
        if (!scheduler.rungs(number, task.steps).includes(done))
          fail(`trial ${number} was pruned after ${done} steps, which is none of its rungs`);
        if (value !== valueAt(curveOf(task, number).values, done))
          fail(`trial ${number} was pruned with ${value}, which is not what it had after ${done} steps`);
      }
    }),

  "takes no more steps than without it": (make, size) =>
    fc.asyncProperty(anyLearningTask(size), anyConcurrency(), async (task, concurrency) => {
      const { trained } = await runLearning(task, make(), { concurrency });
      for (const [number, done] of trained) {
        const whole = Math.min(task.steps, curveOf(task, number).end?.step ?? task.steps);
        if (done > whole) fail(`trial ${number} took ${done} steps, and without a scheduler ${whole}`);
      }
    }),

  "is made again from its options as JSON": (make, size) =>
    fc.asyncProperty(anyLearningTask(size), async (task) => {
      const scheduler = make();
      if (!isRecord(copyJson(scheduler.options))) fail("its options are no object of JSON values");
      const again = make(JSON.parse(JSON.stringify(scheduler.options)));
      const described = ({ name, options }: Scheduler): string => JSON.stringify([name, options]);
      checkSame(described(again), described(scheduler), "another name or other options");
      checkSameRun(
        await runLearning(task, again),
        await runLearning(task, scheduler),
        "the options made another scheduler",
      );
    }),
};

/** Those of the laws that only schedulers of ranks keep. */
export const rankLaws: readonly string[] = [
  "decides by the order of values alone",
  "lets the best of a cohort go on",
];

/**
 * Holds a scheduler to all laws.
 *
 * @param make - makes the scheduler, a new one at each call; given options, from them
 * @throws Error with the law's name, what went wrong, the smallest case that breaks it, and how to replay it
 * @example
 * ```ts
 * await checkScheduler((options = { reduction: 3 }) => createScheduler("asha", options), { numRuns: 5 });
 * ```
 */
export async function checkScheduler(
  make: SchedulerMaker,
  options: SchedulerCheckOptions = {},
): Promise<void> {
  for (const name of Object.keys(schedulerLaws)) {
    if (options.rankBased === false && rankLaws.includes(name)) continue;
    await checkSchedulerLaw(make, name, options);
  }
}

/**
 * Holds a scheduler to one of `schedulerLaws`, so that a test runner can show each by itself.
 *
 * @throws Error as {@link checkScheduler}
 * @example
 * ```ts
 * const make = (options = {}) => createScheduler("halving", options);
 * await checkSchedulerLaw(make, "lets the best of a cohort go on", { numRuns: 5 });
 * ```
 */
export async function checkSchedulerLaw(
  make: SchedulerMaker,
  name: string,
  options: SchedulerCheckOptions = {},
): Promise<void> {
  const { trials = 30, steps = 12 } = options;
  const property = lawOf(schedulerLaws, name)(make, { trials, steps });
  await holdLater(`scheduler "${make().name}"`, name, property, options);
}

function anyConcurrency(): fc.Arbitrary<number> {
  return fc.integer({ min: 1, max: 7 });
}

function withValues(task: LearningTask, change: (value: number) => number): LearningTask {
  const curves = task.curves.map((curve) => ({ ...curve, values: curve.values.map(change) }));
  return { ...task, curves: curves };
}

/** A strictly increasing function of the finite values of a task, each by one of `gaps` above the one before. */
function increasing(task: LearningTask, gaps: readonly number[]): (value: number) => number {
  const values = task.curves.flatMap(({ values }) => values).filter(Number.isFinite);
  const places = new Map<number, number>();
  let place = -10;
  for (const value of [...new Set(values)].sort((a, b) => a - b)) {
    place += gaps[places.size % gaps.length];
    places.set(value, place);
  }
  return (value) => places.get(value) ?? value;
}

/** Trials that had less cost than each other at all of the rungs that count must have gone on. */
function checkKept(
  decisions: LearningRun["decisions"],
  rungsThatCount: (context: RungContext) => readonly number[],
): void {
  for (const { verdict, ...context } of decisions) {
    const { number, own, others } = context;
    const isBest = rungsThatCount(context).every(
      (i) => Number.isFinite(own[i]) && others.every(({ costs }) => own[i] < costs[i]),
    );
    if (isBest && !verdict) fail(`trial ${number} was pruned as the best: ${JSON.stringify(context)}`);
  }
}

function checkEnded({ trials }: LearningTask, ended: number): void {
  if (ended !== trials) fail(`${ended} of ${trials} trials ended`);
}

/** What was decided of each trial at each rung, and the steps that it took. */
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

/**
 * Random studies of trials that learn: a budget, a learning curve for each trial, and the time of each step;
 * and how to run one with a scheduler. It has curves but no models, and checks nothing.
 *
 * @example
 * ```ts
 * await fc.assert(
 *   fc.asyncProperty(anyLearningCase({ trials: 6, steps: 4 }), anyPauses(), async (given, pauses) => {
 *     const { study } = await runLearning({ ...given, pauses }, asha(), { concurrency: 2 });
 *     return study.trials.length === given.trials;
 *   }),
 *   { numRuns: 5 },
 * );
 * ```
 */
import fc from "fast-check";
import { mustBeInteger, mustBeRecord } from "../../errors.js";
import { mustBeScheduler, type RungContext, type Scheduler } from "../../search/schedulers/scheduler.js";
import { float } from "../../search/space/builders.js";
import type { Space } from "../../search/space/space.js";
import { random } from "../../search/strategies/random/random.js";
import type { RunningTrial, Study } from "../../search/study/contract.js";
import { createStudy } from "../../search/study/create.js";
import type { Direction, TrialOutcome } from "../../search/trial/trial.js";

/** The learning curve of one trial. */
export interface LearningCurve {
  /** The value after each step, NaN or infinite after divergence; cycled if there are more steps. */
  readonly values: readonly number[];
  /** Its own end, unless the budget is smaller: after `step` steps, with its value or an error. */
  readonly end?: { readonly step: number; readonly fails: boolean };
}

/** A study without its scheduler. */
export interface LearningCase {
  readonly trials: number;
  /** The full budget of a trial. */
  readonly steps: number;
  readonly lag: number;
  readonly direction: Direction;
  /** At least one; trial n has the n-th, cycled if there are more trials. */
  readonly curves: readonly LearningCurve[];
  /** Whether trials report after each step, or only at their rungs. */
  readonly reportsEach: boolean;
  /** Whether the outcome of a trial includes its curve. */
  readonly tellsCurve: boolean;
  /** The duration of steps, in turns of the microtask queue. */
  readonly pauses: readonly number[];
}

/**
 * Cases with bounded numbers of trials and steps. They shrink by removing trials and steps, not by changing
 * values.
 */
export function anyLearningCase(size: {
  readonly trials: number;
  readonly steps: number;
}): fc.Arbitrary<LearningCase> {
  mustBeRecord("size", size, "an object with trials and steps");
  const { trials, steps } = size;
  mustBeInteger("trials", trials);
  mustBeInteger("steps", steps);
  const end = fc.record({ step: fc.integer({ min: 1, max: steps }), fails: fc.boolean() });
  const values = fc.array(fc.noShrink(anyValue()), { minLength: 1, maxLength: steps });
  const curve: fc.Arbitrary<LearningCurve> = fc.oneof(
    { weight: 5, arbitrary: fc.record({ values }) },
    { weight: 1, arbitrary: fc.record({ values, end }) },
  );
  return fc.record({
    trials: fc.integer({ min: 1, max: trials }),
    steps: fc.integer({ min: 1, max: steps }),
    lag: fc.nat({ max: 10 }),
    direction: fc.constantFrom<Direction>("maximize", "minimize"),
    curves: fc.array(curve, { minLength: 1, maxLength: trials }),
    reportsEach: fc.boolean(),
    tellsCurve: fc.boolean(),
    pauses: anyPauses(),
  });
}

/** The duration of steps: the `pauses` of a `LearningCase`. */
export function anyPauses(): fc.Arbitrary<readonly number[]> {
  return fc.noShrink(fc.array(fc.nat({ max: 5 }), { minLength: 1, maxLength: 20 }));
}

/** Small integers, so that values sometimes tie; other numbers; and non-finite ones. */
function anyValue(): fc.Arbitrary<number> {
  return fc.oneof(
    { weight: 6, arbitrary: fc.integer({ min: -4, max: 4 }) },
    { weight: 6, arbitrary: fc.double({ min: -1e3, max: 1e3, noNaN: true }) },
    { weight: 1, arbitrary: fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY) },
  );
}

/** The result of a run. */
export interface LearningRun {
  readonly study: Study;
  /** The steps of each trial, by its number. */
  readonly trained: ReadonlyMap<number, number>;
  /** Each decision with its context, in order. */
  readonly decisions: readonly (RungContext & { readonly verdict: boolean })[];
}

/** How to run a case. */
export interface LearningRunOptions {
  /** Default 1. */
  readonly concurrency?: number;
  /** The study to continue. Default: a new one. */
  readonly study?: Study;
  /** Stops the study once all trials together have taken this many steps. */
  readonly interruptAfter?: number;
  /** Whether a trial is asked only after the trials before its lag have results. Default false. */
  readonly adaptive?: boolean;
}

/** Runs a study with a scheduler. */
export async function runLearning(
  given: LearningCase,
  scheduler: Scheduler,
  options: LearningRunOptions = {},
): Promise<LearningRun> {
  mustBeRecord("the options of runLearning", options);
  const { concurrency = 1, study, interruptAfter = Number.POSITIVE_INFINITY, adaptive = false } = options;
  mustBeRecord("given", given, "a case, as anyLearningCase makes");
  mustBeScheduler(scheduler);
  const { trials, steps, lag, direction } = given;
  const trained = new Map<number, number>();
  const decisions: (RungContext & { verdict: boolean })[] = [];
  const watched: Scheduler = {
    name: scheduler.name,
    options: scheduler.options,
    rungs: (number, steps) => scheduler.rungs(number, steps),
    cohort: (number, lag, steps) => scheduler.cohort(number, lag, steps),
    width: (steps) => scheduler.width(steps),
    promotes(context) {
      const verdict = scheduler.promotes(context);
      decisions.push({ ...context, verdict });
      return verdict;
    },
  };
  let taken = 0;
  const own = study ?? createStudy({ space, strategy: { ...random(), adaptive }, direction, lag });
  const step = async (number: number, done: number): Promise<void> => {
    const { pauses } = given;
    for (let turn = pauses[(7 * number + done) % pauses.length]; turn > 0; turn--) await undefined;
    trained.set(number, done);
    taken++;
  };
  await own.optimize((_, trial) => train(given, watched, trial, (done) => step(trial.number, done)), {
    trials,
    steps,
    concurrency,
    scheduler: watched,
    signal: {
      get aborted() {
        return taken >= interruptAfter;
      },
    },
  });
  return { study: own, trained, decisions };
}

/** Trains a trial in stages, as `tune` does. */
async function train(
  given: LearningCase,
  scheduler: Scheduler,
  trial: RunningTrial,
  step: (done: number) => Promise<void>,
): Promise<TrialOutcome> {
  const { steps, reportsEach, tellsCurve } = given;
  const { values, end } = curveOf(given, trial.number);
  const stages = reportsEach
    ? Array.from({ length: steps }, (_, i) => i + 1)
    : [...scheduler.rungs(trial.number, steps), steps];
  let done = 0;
  const outcome = (): TrialOutcome => ({
    value: valueAt(values, done),
    ...(tellsCurve && { curve: values }),
  });
  for (const stage of stages) {
    while (done < stage) {
      if (trial.aborted) throw new Error("interrupted");
      await step(++done);
      if (done !== end?.step) continue;
      if (end.fails) throw new Error("out of luck");
      return outcome();
    }
    if (done === steps || !(await trial.report(valueAt(values, done), done))) break;
  }
  return outcome();
}

/** The curve of a trial. */
export function curveOf({ curves }: LearningCase, number: number): LearningCurve {
  return curves[number % curves.length];
}

/** The value of a curve after `step` steps, from 1. */
export function valueAt(values: readonly number[], step: number): number {
  return values[(step - 1) % values.length];
}

const space: Space = { x: float(0, 1) };

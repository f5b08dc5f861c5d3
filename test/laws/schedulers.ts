/**
 * The laws of particular schedulers, beyond those of all (`fettle/testing`): how many trials continue at a
 * rung, which, and where rungs are. Each is written from the paper, independently of the library.
 * `schedulers.test.ts` checks the built-in schedulers, `test/faults` wrong ones.
 */
import fc from "fast-check";
import type { RungContext, Scheduler } from "../../src/search/schedulers/scheduler.js";
import { fail, hold } from "../../src/testing/laws.js";

/** A scheduler made with these figures. */
export type Halver = (options: { readonly reduction: number; readonly leastSteps: number }) => Scheduler;
export type MedianMaker = (options: {
  readonly startupTrials: number;
  readonly leastSteps: number;
}) => Scheduler;

const reductions = fc.integer({ min: 2, max: 5 });
const leasts = fc.integer({ min: 1, max: 4 });
const budgets = fc.integer({ min: 1, max: 200 });
const numbers = fc.nat({ max: 1000 });
/** Few values, so that many tie, and some that are none. */
const anyCost = fc.oneof(fc.integer({ min: 0, max: 5 }), fc.constant(Number.POSITIVE_INFINITY));

function checkSame(what: string, actual: unknown, expected: unknown): void {
  const [a, b] = [actual, expected].map((value) => JSON.stringify(value));
  if (a !== b) fail(`${what}: ${a}, and should be ${b}`);
}

/** What each of some trials is told at a rung where all of them stand. */
function verdicts(scheduler: Scheduler, rung: number, costs: readonly number[]): boolean[] {
  // what was reported before must not matter
  const all = costs.map((cost, number) => {
    return { number, costs: [...Array.from({ length: rung }, (_, i) => (number * 7 + i) % 5), cost] };
  });
  return all.map(({ number, costs: own }) =>
    scheduler.promotes({ number, rung, own, others: all.filter((other) => other.number !== number) }),
  );
}

/** 1, η, η², … times r below a budget, by repeated division. */
function isPower(step: number, least: number, reduction: number): boolean {
  let rest = step / least;
  while (rest > 1) rest /= reduction;
  return rest === 1;
}

/** Of schedulers that halve: `halving`, `hyperband` and `asha`. */
export const halvingLaws: Readonly<Record<string, (make: Halver) => fc.IRawProperty<unknown>>> = {
  // K. Jamieson and A. Talwalkar, 2016: the best 1/η of those that are left; one at least, since nothing
  // would be complete
  "lets ⌊n/η⌋ of n trials go on, at least one, and none that cost more than one that ends": (make) =>
    fc.property(
      ...[reductions, fc.nat({ max: 2 }), fc.array(anyCost, { minLength: 1, maxLength: 20 })],
      (reduction, rung, costs) => {
        const told = verdicts(make({ reduction, leastSteps: 1 }), rung, costs);
        const kept = costs.filter((_, i) => told[i]);
        const ended = costs.filter((_, i) => !told[i]);
        checkSame(
          `${costs} go on`,
          kept.length,
          Math.max(1, (costs.length - (costs.length % reduction)) / reduction),
        );
        if (Math.max(...kept) > Math.min(...ended)) fail(`of ${costs}, ${kept} go on and ${ended} end`);
      },
    ),

  "lets the earlier of equals go on": (make) =>
    fc.property(reductions, fc.integer({ min: 1, max: 20 }), anyCost, (reduction, count, cost) => {
      const told = verdicts(make({ reduction, leastSteps: 1 }), 0, new Array<number>(count).fill(cost));
      checkSame(
        "verdicts of equals",
        told,
        [...told].sort((a, b) => Number(b) - Number(a)),
      );
    }),

  "has its rungs at r, ηr, η²r, … steps, up to the budget": (make) =>
    fc.property(reductions, leasts, budgets, (reduction, leastSteps, steps) => {
      const rungs = make({ reduction, leastSteps }).rungs(0, steps);
      const expected = Array.from({ length: steps }, (_, step) => step).filter(
        (step) => step >= leastSteps && isPower(step, leastSteps, reduction),
      );
      checkSame(`rungs of ${steps} steps by ${reduction} from ${leastSteps}`, rungs, expected);
    }),
};

/** Of those whose trials come in brackets: `halving` and `hyperband`. */
export const bracketLaws: Readonly<Record<string, (make: Halver) => fc.IRawProperty<unknown>>> = {
  "puts each trial in one bracket, with the same for all of it, and as many at most as wait for each other": (
    make,
  ) =>
    fc.property(...[reductions, leasts, budgets, numbers], (reduction, leastSteps, steps, number) => {
      const scheduler = make({ reduction, leastSteps });
      const { from, to } = scheduler.cohort(number, 0, steps);
      if (!(from <= number && number < to)) fail(`trial ${number} is in the bracket from ${from} to ${to}`);
      if (to - from > scheduler.width(steps))
        fail(`${to - from} trials wait, and a width of ${scheduler.width(steps)}`);
      for (const other of [from, to - 1]) {
        checkSame(`bracket of ${other}`, scheduler.cohort(other, 0, steps), { from, to });
        checkSame(`rungs of ${other}`, scheduler.rungs(other, steps), scheduler.rungs(number, steps));
      }
      const after = scheduler.cohort(to, 0, steps);
      checkSame(`the bracket after ${to}`, after.from, to);
    }),

  "leaves ⌊n/ηᵏ⌋ of a bracket of n trials after its k rungs, which is one at least": (make) =>
    fc.property(...[reductions, leasts, budgets, numbers], (reduction, leastSteps, steps, number) => {
      const scheduler = make({ reduction, leastSteps });
      const { from, to } = scheduler.cohort(number, 0, steps);
      const rungs = scheduler.rungs(number, steps);
      let left = Array.from({ length: to - from }, (_, i) => i);
      for (let rung = 0; rung < rungs.length; rung++) {
        const told = verdicts(scheduler, rung, left);
        left = left.filter((_, i) => told[i]);
      }
      const share = (to - from) / reduction ** rungs.length;
      if (share < 1) fail(`a bracket of ${to - from} is too small for ${rungs.length} rungs`);
      checkSame(`left of ${to - from}`, left.length, Math.floor(share));
    }),
};

/** Of Hyperband alone: L. Li et al., 2018, algorithm 1, with R = rη^s_max. */
export const hyperbandLaws: Readonly<Record<string, (make: Halver) => fc.IRawProperty<unknown>>> = {
  "has brackets of ⌈(s_max + 1)/(s + 1)·ηˢ⌉ trials with the last s rungs, from s_max down to 0, and again": (
    make,
  ) =>
    fc.property(...[reductions, leasts, budgets], (reduction, leastSteps, steps) => {
      const scheduler = make({ reduction, leastSteps });
      const all = scheduler.rungs(0, steps);
      const most = all.length;
      let from = 0;
      for (let k = 0; k < 2 * (most + 1); k++) {
        const s = most - (k % (most + 1));
        // the least n with n(s + 1) ≥ (s_max + 1)ηˢ
        let size = 0;
        while (size * (s + 1) < (most + 1) * reduction ** s) size++;
        checkSame(`bracket ${k}`, scheduler.cohort(from, 0, steps), { from, to: from + size });
        checkSame(`rungs of bracket ${k}`, scheduler.rungs(from, steps), s === 0 ? [] : all.slice(-s));
        from += size;
      }
    }),
};

/** Of those that never wait for later trials: `asha` and median stopping. */
export const lagLaws: Readonly<Record<string, (make: () => Scheduler) => fc.IRawProperty<unknown>>> = {
  "judges by all trials before but the latest of the lag": (make) =>
    fc.property(numbers, fc.nat({ max: 20 }), budgets, (number, lag, steps) => {
      checkSame("cohort", make().cohort(number, lag, steps), { from: 0, to: Math.max(0, number - lag) });
      checkSame("width", make().width(steps), 1);
    }),
};

/**
 * Costs of a trial and of others at each rung up to one, far apart now and then; others may have gone
 * further.
 */
const anyCosts = fc.constantFrom(0, 1, 2, 3, 5, 20, 100);
const anyJudgement = fc.integer({ min: 1, max: 4 }).chain((rungs) =>
  fc.record({
    own: fc.array(anyCosts, { minLength: rungs, maxLength: rungs }),
    others: fc
      .array(fc.array(anyCosts, { minLength: rungs, maxLength: rungs + 2 }), { maxLength: 9 })
      .map((list) => list.map((costs, number) => ({ number, costs }))),
  }),
);

const average = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

/** Of median stopping: D. Golovin et al., 2017. What a median is, without computing one. */
export const medianLaws: Readonly<Record<string, (make: MedianMaker) => fc.IRawProperty<unknown>>> = {
  "ends a trial whose best is worse than what most others had on average up to there, and only such": (
    make,
  ) =>
    fc.property(anyJudgement, ({ own, others }) => {
      const scheduler = make({ startupTrials: 1, leastSteps: 1 });
      const context: RungContext = { number: others.length, rung: own.length - 1, own, others };
      const averages = others.map(({ costs }) => average(costs.slice(0, own.length)));
      const best = Math.min(...own);
      const [better, asBad] = [
        averages.filter((x) => x < best - 1e-9),
        averages.filter((x) => x > best - 1e-9),
      ];
      const promotes = scheduler.promotes(context);
      if (better.length > asBad.length && promotes) fail(`a best of ${best} goes on beside ${averages}`);
      if (asBad.length > better.length && !promotes) fail(`a best of ${best} ends beside ${averages}`);
    }),

  "takes the middle of both where the halves are apart": (make) =>
    fc.property(...[fc.integer({ min: 1, max: 4 }), fc.integer({ min: 0, max: 40 })], (half, best) => {
      // half of the averages are 10 and half 20: the median is 15
      const others = Array.from({ length: 2 * half }, (_, number) => ({
        number,
        costs: [number % 2 === 0 ? 10 : 20],
      }));
      const scheduler = make({ startupTrials: 1, leastSteps: 1 });
      checkSame(
        `of ${best}`,
        scheduler.promotes({ number: 2 * half, rung: 0, own: [best], others }),
        best <= 15,
      );
    }),

  "ends none before as many have come as far as must": (make) =>
    fc.property(fc.integer({ min: 1, max: 6 }), fc.nat({ max: 8 }), (startupTrials, count) => {
      const others = Array.from({ length: count }, (_, number) => ({ number, costs: [0] }));
      const scheduler = make({ startupTrials, leastSteps: 1 });
      const promotes = scheduler.promotes({ number: count, rung: 0, own: [1], others });
      checkSame(`of ${count} others`, promotes, count < startupTrials);
    }),

  "judges at each step from the first that it may": (make) =>
    fc.property(leasts, budgets, (leastSteps, steps) => {
      const expected = Array.from({ length: steps }, (_, step) => step).filter((step) => step >= leastSteps);
      checkSame("rungs", make({ startupTrials: 1, leastSteps }).rungs(3, steps), expected);
    }),
};

/** Holds a scheduler to one of these tables of laws. @throws Error naming the law that it breaks */
export function checkSchedulerLaws<M>(
  name: string,
  laws: Readonly<Record<string, (make: M) => fc.IRawProperty<unknown>>>,
  make: M,
  numRuns: number,
): void {
  for (const [law, property] of Object.entries(laws))
    hold(`scheduler "${name}"`, law, property(make), { numRuns });
}

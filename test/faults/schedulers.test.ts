/**
 * Planted faults in schedulers that break the contract, each caught by the law of `fettle/testing` that it
 * breaks.
 */
import { describe, expect, it } from "vitest";
import { asha } from "../../src/search/schedulers/asha.js";
import { halving } from "../../src/search/schedulers/halving.js";
import type { Scheduler } from "../../src/search/schedulers/scheduler.js";
import { checkSchedulerLaw, type SchedulerFactory, schedulerLaws } from "../../src/testing/scheduler.js";

/** `make`'s scheduler with other parts. */
const but =
  (make: SchedulerFactory, parts: (scheduler: Scheduler) => Partial<Scheduler>): SchedulerFactory =>
  (options) => {
    const scheduler = make(options);
    return { ...scheduler, ...parts(scheduler) };
  };

/** Broken schedulers, each with the law that catches it. */
const broken: Readonly<Record<string, readonly [what: string, make: SchedulerFactory][]>> = {
  "has ascending rungs, each at least 1 and below the full budget": [
    [
      "rungs that descend",
      but(halving, ({ rungs }) => ({ rungs: (number, steps) => [...rungs(number, steps)].reverse() })),
    ],
    [
      "a rung at the end",
      but(halving, ({ rungs }) => ({ rungs: (number, steps) => [...rungs(number, steps), steps] })),
    ],
    ["a rung before the first step", but(halving, () => ({ rungs: () => [0] }))],
  ],
  "compares a trial with a cohort that contains it or ends before it": [
    [
      "a cohort of later trials",
      but(halving, () => ({ cohort: (number) => ({ from: number + 1, to: number + 4 }) })),
    ],
  ],
  "plans from the number, the lag and the steps alone": [
    [
      "brackets that grow with each decision",
      but(halving, ({ promotes }) => {
        let size = 1;
        return {
          cohort: (number) => ({ from: number - (number % size), to: number - (number % size) + size }),
          promotes: (context) => promotes(context) && size++ > 0,
        };
      }),
    ],
  ],
  "never stalls a study that may run as many trials at a time as its width": [
    [
      "a width of one too few",
      but(halving, ({ width }) => ({ width: (steps) => Math.max(1, width(steps) - 1) })),
    ],
  ],
  "decides the same at any concurrency, whichever trial ends first": [
    [
      "a memory of the least cost",
      but(asha, () => {
        let least = Number.POSITIVE_INFINITY;
        return {
          promotes({ own, rung }) {
            least = Math.min(least, own[rung]);
            return own[rung] === least;
          },
        };
      }),
    ],
  ],
  "resumes from a saved study as if it had never stopped": [
    [
      // at a second rung, all of the cohort have been judged at the first, whatever ended first
      "a memory of its decisions",
      but(asha, () => {
        const passed = new Set<number>();
        return {
          promotes({ number, rung, others }) {
            if (rung > 0) return others.filter((other) => passed.has(other.number)).length % 2 === 0;
            if (number % 3 > 0) passed.add(number);
            return true;
          },
        };
      }),
    ],
  ],
  "decides by the order of values alone": [
    [
      "comparison with the mean",
      but(halving, () => ({
        promotes: ({ own, others, rung }) =>
          own[rung] <= others.reduce((sum, { costs }) => sum + costs[rung] / others.length, 0),
      })),
    ],
  ],
  "decides the same for negated values in the other direction": [
    [
      // a scheduler sees costs alone, so that nothing else but such a one can break the law
      "another reduction each time it is made",
      (() => {
        let made = 0;
        return () => halving({ reduction: 2 + (made++ % 2) });
      })(),
    ],
  ],
  "continues a trial that was better than all others at each rung so far": [
    [
      "a preference for the worst",
      but(halving, ({ promotes }) => ({ promotes: (context) => !promotes(context) })),
    ],
  ],
  "continues the best trial of a cohort": [
    [
      "a look at the first rung alone",
      but(halving, ({ promotes }) => ({ promotes: (context) => promotes({ ...context, rung: 0 }) })),
    ],
  ],
  "completes at least one trial where all values are equal": [
    [
      "no room for equals",
      but(halving, () => ({
        promotes: ({ own, others, rung }) => others.every(({ costs }) => own[rung] < costs[rung]),
      })),
    ],
  ],
  "ends every trial, even where all that are not pruned fail": [
    [
      "no thought of a trial alone",
      but(halving, () => ({ promotes: ({ own, others, rung }) => own[rung] <= others[0].costs[rung] })),
    ],
  ],
  "prunes a trial at one of its rungs, with the value reported there": [
    [
      "rungs that move",
      but(halving, ({ promotes }) => {
        let first = 1;
        return {
          rungs: (_, steps) => [first, first + 1].filter((rung) => rung < steps),
          promotes(context) {
            first = 3 - first;
            return promotes(context);
          },
        };
      }),
    ],
  ],
  "adds no steps to a trial": [
    ["a rung beyond the end", but(halving, () => ({ rungs: (_, steps) => [steps + 1] }))],
  ],
  "is restored from its options as JSON": [
    [
      "an option that it does not state",
      (options: { reduction?: number } = { reduction: 2 }) => ({ ...halving(options), options: {} }),
    ],
    [
      "an option that is no JSON",
      ({ leastSteps = Number.NaN }: { leastSteps?: number } = {}) => ({
        ...halving(Number.isInteger(leastSteps) ? { leastSteps } : {}),
        options: { leastSteps },
      }),
    ],
  ],
};

/** So many cases catch a fault, also in the short form. */
const ENOUGH = 50;

describe.each(Object.entries(broken))('the law "%s" catches', (law, wrong) => {
  it.each(wrong)("%s", async (_, make) => {
    await expect(checkSchedulerLaw(make, law, { numRuns: ENOUGH })).rejects.toThrow(
      `breaks the law "${law}"`,
    );
  });
});

it("every law can fail", () => {
  expect(Object.keys(broken)).toEqual(Object.keys(schedulerLaws));
});

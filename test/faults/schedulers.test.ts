/** Planted faults in schedulers that break the contract, each caught by the law of `fettle/testing` that it breaks. */
import { describe, expect, it } from "vitest";
import { asha } from "../../src/search/schedulers/asha.js";
import { halving } from "../../src/search/schedulers/halving.js";
import type { Scheduler } from "../../src/search/schedulers/scheduler.js";
import { checkSchedulerLaw, type SchedulerMaker, schedulerLaws } from "../../src/testing/scheduler.js";

/** `make`'s scheduler with other parts. */
const but =
  (make: SchedulerMaker, parts: (scheduler: Scheduler) => Partial<Scheduler>): SchedulerMaker =>
  (options) => {
    const scheduler = make(options);
    return { ...scheduler, ...parts(scheduler) };
  };

/** Broken schedulers, each with the law that catches it. */
const broken: Readonly<Record<string, readonly [what: string, make: SchedulerMaker][]>> = {
  "judges at ascending steps, each at least 1 and below the whole budget": [
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
  "judges a trial by a cohort that it belongs to or that ends before it": [
    [
      "a cohort of later trials",
      but(halving, () => ({ cohort: (number) => ({ from: number + 1, to: number + 4 }) })),
    ],
  ],
  "plans by the number, the lag and the steps alone": [
    [
      "brackets that grow with each decision",
      but(halving, ({ goesOn }) => {
        let size = 1;
        return {
          cohort: (number) => ({ from: number - (number % size), to: number - (number % size) + size }),
          goesOn: (context) => goesOn(context) && size++ > 0,
        };
      }),
    ],
  ],
  "lets no study stop that can ask for as many trials as wait for each other": [
    [
      "a width of one too few",
      but(halving, ({ width }) => ({ width: (steps) => Math.max(1, width(steps) - 1) })),
    ],
  ],
  "decides the same at any concurrency, whatever ends first": [
    [
      "a memory of the least cost",
      but(asha, () => {
        let least = Number.POSITIVE_INFINITY;
        return {
          goesOn({ own, rung }) {
            least = Math.min(least, own[rung]);
            return own[rung] === least;
          },
        };
      }),
    ],
  ],
  "goes on from a saved study as if it had not been saved": [
    [
      // at a second rung, all of the cohort have been judged at the first, whatever ended first
      "a memory of its decisions",
      but(asha, () => {
        const passed = new Set<number>();
        return {
          goesOn({ number, rung, others }) {
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
        goesOn: ({ own, others, rung }) =>
          own[rung] <= others.reduce((sum, { costs }) => sum + costs[rung] / others.length, 0),
      })),
    ],
  ],
  "decides the same on mirrored values in the other direction": [
    [
      // a scheduler sees costs alone, so that nothing else but such a one can break the law
      "another reduction each time it is made",
      (() => {
        let made = 0;
        return () => halving({ reduction: 2 + (made++ % 2) });
      })(),
    ],
  ],
  "lets a trial go on that was better than all others at each rung so far": [
    ["a preference for the worst", but(halving, ({ goesOn }) => ({ goesOn: (context) => !goesOn(context) }))],
  ],
  "lets the best of a cohort go on": [
    [
      "a look at the first rung alone",
      but(halving, ({ goesOn }) => ({ goesOn: (context) => goesOn({ ...context, rung: 0 }) })),
    ],
  ],
  "ends where all values are equal, with one that is complete": [
    [
      "no room for equals",
      but(halving, () => ({
        goesOn: ({ own, others, rung }) => others.every(({ costs }) => own[rung] < costs[rung]),
      })),
    ],
  ],
  "ends where every trial fails that is not ended before": [
    [
      "no thought of a trial alone",
      but(halving, () => ({ goesOn: ({ own, others, rung }) => own[rung] <= others[0].costs[rung] })),
    ],
  ],
  "ends a trial at one of its rungs, with what it reported there": [
    [
      "rungs that move",
      but(halving, ({ goesOn }) => {
        let first = 1;
        return {
          rungs: (_, steps) => [first, first + 1].filter((rung) => rung < steps),
          goesOn(context) {
            first = 3 - first;
            return goesOn(context);
          },
        };
      }),
    ],
  ],
  "takes no more steps than without it": [
    ["a rung beyond the end", but(halving, () => ({ rungs: (_, steps) => [steps + 1] }))],
  ],
  "is made again from its options as JSON": [
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

describe.each(Object.entries(broken))('the law "%s" catches', (law, wrong) => {
  it.each(wrong)("%s", async (_, make) => {
    await expect(checkSchedulerLaw(make, law)).rejects.toThrow(`breaks the law "${law}"`);
  });
});

it("every law can fail", () => {
  expect(Object.keys(broken)).toEqual(Object.keys(schedulerLaws));
});

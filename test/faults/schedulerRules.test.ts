/**
 * Planted faults in schedulers that keep the contract and are another algorithm than they should be, each
 * caught by the laws of `test/laws/schedulers.ts`.
 */
import type fc from "fast-check";
import { describe, expect, it } from "vitest";
import { asha } from "../../src/search/schedulers/asha.js";
import { halving } from "../../src/search/schedulers/halving.js";
import { hyperband } from "../../src/search/schedulers/hyperband.js";
import { medianStopping } from "../../src/search/schedulers/median.js";
import type { RungContext, Scheduler } from "../../src/search/schedulers/scheduler.js";
import {
  bracketLaws,
  checkSchedulerLaws,
  type Halver,
  halvingLaws,
  hyperbandLaws,
  lagLaws,
  type MedianMaker,
  medianLaws,
} from "../laws/schedulers.js";

/** With another rule of who goes on, of which the best would be `amongBest`. */
const judged =
  (
    make: Halver,
    rule: (better: number, count: number, reduction: number, context: RungContext) => boolean,
  ): Halver =>
  (options) => ({
    ...make(options),
    promotes(context) {
      const { number, rung, own, others } = context;
      const better = others.filter(
        ({ costs, number: other }) =>
          costs[rung] < own[rung] || (costs[rung] === own[rung] && other < number),
      ).length;
      return rule(better, others.length + 1, options.reduction, context);
    },
  });
const kept = (count: number, reduction: number): number => Math.max(1, Math.floor(count / reduction));
/** What a wrong scheduler does in place of the true one. */
const changed =
  (
    make: Halver,
    parts: (scheduler: Scheduler, options: Parameters<Halver>[0]) => Partial<Scheduler>,
  ): Halver =>
  (options) => {
    const scheduler = make(options);
    return { ...scheduler, ...parts(scheduler, options) };
  };

const halvers: readonly (readonly [what: string, make: Halver, law: string])[] = [
  ["the worst", judged(halving, (better, n, eta) => n - 1 - better < kept(n, eta)), "lets ⌊n/η⌋"],
  ["⌈n/η⌉", judged(halving, (better, n, eta) => better < Math.ceil(n / eta)), "lets ⌊n/η⌋"],
  ["1/(η + 1)", judged(halving, (better, n, eta) => better < kept(n, eta + 1)), "lets ⌊n/η⌋"],
  ["one more", judged(halving, (better, n, eta) => better <= kept(n, eta)), "lets ⌊n/η⌋"],
  ["none of fewer than η", judged(halving, (better, n, eta) => better < Math.floor(n / eta)), "lets ⌊n/η⌋"],
  [
    "a count without the trial itself",
    judged(halving, (better, n, eta) => better < kept(n - 1, eta)),
    "lets ⌊n/η⌋",
  ],
  [
    "the best at the first rung",
    changed(halving, ({ promotes }) => ({ promotes: (context) => promotes({ ...context, rung: 0 }) })),
    "lets ⌊n/η⌋",
  ],
  [
    "the best so far",
    changed(halving, ({ promotes }) => ({
      promotes: (context) =>
        promotes({
          ...context,
          own: context.own.map((_, i) => Math.min(...context.own.slice(0, i + 1))),
          others: context.others.map(({ number, costs }) => ({
            number,
            costs: costs.map((_, i) => Math.min(...costs.slice(0, i + 1))),
          })),
        }),
    })),
    "lets ⌊n/η⌋",
  ],
  [
    "the later of equals",
    judged(halving, (_, n, eta, { number, rung, own, others }) => {
      const better = others.filter(
        ({ costs, number: other }) =>
          costs[rung] < own[rung] || (costs[rung] === own[rung] && other > number),
      );
      return better.length < kept(n, eta);
    }),
    "lets the earlier",
  ],
  [
    "rungs that are one late",
    changed(halving, ({ rungs }) => ({ rungs: (n, steps) => rungs(n, steps - 1).map((step) => step + 1) })),
    "has its rungs",
  ],
  [
    "no first rung",
    changed(halving, ({ rungs }) => ({ rungs: (n, steps) => rungs(n, steps).slice(1) })),
    "has its rungs",
  ],
  [
    "no last rung",
    changed(halving, ({ rungs }) => ({ rungs: (n, steps) => rungs(n, steps).slice(0, -1) })),
    "has its rungs",
  ],
  [
    "rungs in equal steps",
    changed(halving, (_, { leastSteps, reduction }) => ({
      rungs: (_n, steps) =>
        Array.from({ length: steps }, (_, step) => step).filter(
          (step) => step >= leastSteps && (step - leastSteps) % reduction === 0,
        ),
    })),
    "has its rungs",
  ],
  [
    "brackets that overlap",
    changed(halving, ({ cohort }) => ({
      cohort: (n, lag, steps) => ({ from: cohort(n, lag, steps).from, to: cohort(n, lag, steps).to + 1 }),
    })),
    "puts each trial",
  ],
  [
    "brackets that begin one late",
    changed(halving, ({ cohort }) => ({
      cohort(n, lag, steps) {
        const { from, to } = cohort(Math.max(0, n - 1), lag, steps);
        return { from: from + 1, to: to + 1 };
      },
    })),
    "puts each trial",
  ],
  [
    "brackets of one trial less",
    changed(halving, ({ width }) => ({
      cohort(n, _lag, steps) {
        const size = Math.max(1, width(steps) - 1);
        return { from: n - (n % size), to: n - (n % size) + size };
      },
    })),
    "leaves ⌊n/ηᵏ⌋",
  ],
];

const hyperbands: readonly (readonly [what: string, make: Halver, law: string])[] = [
  [
    "the last rungs left out",
    changed(hyperband, ({ rungs }) => ({
      rungs: (n, steps) => rungs(0, steps).slice(0, rungs(n, steps).length),
    })),
    "has brackets",
  ],
  [
    "brackets of ⌊…⌋ trials",
    sized((s, most, eta) => Math.floor(((most + 1) / (s + 1)) * eta ** s)),
    "has brackets",
  ],
  ["brackets without the share of s", sized((s, _most, eta) => eta ** s), "has brackets"],
  [
    "s from 0 up",
    changed(hyperband, ({ rungs }) => ({
      rungs: (n, steps) => rungs(0, steps).slice(rungs(n, steps).length),
    })),
    "has its rungs",
  ],
];

/** Hyperband with brackets of other sizes. */
function sized(size: (s: number, most: number, eta: number) => number): Halver {
  return changed(hyperband, ({ rungs }, { reduction }) => {
    const placed = (number: number, steps: number) => {
      const most = rungs(0, steps).length;
      let from = 0;
      for (let k = 0; ; k++) {
        const s = most - (k % (most + 1));
        const to = from + size(s, most, reduction);
        if (number < to) return { from, to, s };
        from = to;
      }
    };
    return {
      rungs: (number, steps) => {
        const { s } = placed(number, steps);
        return s === 0 ? [] : rungs(0, steps).slice(-s);
      },
      cohort: (number, _lag, steps) => ({ from: placed(number, steps).from, to: placed(number, steps).to }),
    };
  });
}

const average = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
const medianOf = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
};
/** Median stopping by another rule for what the others make of a trial. */
const ruled =
  (
    rule: (own: readonly number[], others: readonly (readonly number[])[], startupTrials: number) => boolean,
  ): MedianMaker =>
  (options) => ({
    ...medianStopping(options),
    promotes: ({ own, others }) =>
      others.length < options.startupTrials ||
      rule(
        own,
        others.map(({ costs }) => costs),
        options.startupTrials,
      ),
  });
const upTo = (own: readonly number[], others: readonly (readonly number[])[]) =>
  others.map((costs) => average(costs.slice(0, own.length)));

const medians: readonly (readonly [what: string, make: MedianMaker, law: string])[] = [
  [
    "the wrong side",
    ruled((own, others) => Math.min(...own) >= medianOf(upTo(own, others))),
    "ends a trial whose best",
  ],
  [
    "the mean in its place",
    ruled((own, others) => Math.min(...own) <= average(upTo(own, others))),
    "ends a trial whose best",
  ],
  [
    "the best of the others",
    ruled((own, others) => Math.min(...own) <= Math.min(...upTo(own, others))),
    "ends a trial whose best",
  ],
  [
    "the last value in the place of the best",
    ruled((own, others) => own[own.length - 1] <= medianOf(upTo(own, others))),
    "ends a trial whose best",
  ],
  [
    "the trial's own average",
    ruled((own, others) => average(own) <= medianOf(upTo(own, others))),
    "ends a trial whose best",
  ],
  [
    "the others' last values",
    ruled((own, others) => Math.min(...own) <= medianOf(others.map((costs) => costs[own.length - 1]))),
    "ends a trial whose best",
  ],
  [
    "averages over later steps",
    ruled((own, others) => Math.min(...own) <= medianOf(others.map(average))),
    "ends a trial whose best",
  ],
  [
    "averages without this step",
    ruled(
      (own, others) =>
        Math.min(...own) <=
        medianOf(others.map((costs) => average(costs.slice(0, Math.max(1, own.length - 1))))),
    ),
    "ends a trial whose best",
  ],
  [
    "the lower of both middles",
    ruled(
      (own, others) => Math.min(...own) <= upTo(own, others).sort((a, b) => a - b)[(others.length - 1) >> 1],
    ),
    "takes the middle",
  ],
  [
    "the upper of both middles",
    ruled((own, others) => Math.min(...own) <= upTo(own, others).sort((a, b) => a - b)[others.length >> 1]),
    "takes the middle",
  ],
  [
    "one trial more to begin with",
    ({ startupTrials, leastSteps }) => medianStopping({ startupTrials: startupTrials + 1, leastSteps }),
    "ends a trial whose best|ends none before|takes the middle",
  ],
  [
    "one step more to begin with",
    ({ startupTrials, leastSteps }) => medianStopping({ startupTrials, leastSteps: leastSteps + 1 }),
    "judges at each step",
  ],
];

function messageOf<M>(
  laws: Readonly<Record<string, (make: M) => fc.IRawProperty<unknown>>>,
  make: M,
): string {
  try {
    checkSchedulerLaws("wrong", laws, make, 100);
  } catch (error) {
    return (error as Error).message;
  }
  return "nothing was found";
}

describe("by the laws of algorithms is caught", () => {
  it.each(halvers)("halving with %s", (_, make, law) => {
    expect(messageOf({ ...halvingLaws, ...bracketLaws }, make)).toContain(`breaks the law "${law}`);
  });

  it.each(hyperbands)("hyperband with %s", (_, make, law) => {
    const laws = law === "has its rungs" ? halvingLaws : hyperbandLaws;
    expect(messageOf(laws, make)).toContain(`breaks the law "${law}`);
  });

  it.each(medians)("median stopping with %s", (_, make, law) => {
    expect(messageOf(medianLaws, make)).toMatch(new RegExp(`breaks the law "(${law})`));
  });

  it.each([
    ["asha", asha],
    ["median stopping", medianStopping],
  ] as const)("%s that takes no thought of the lag", (_, make) => {
    const hasty = () => ({ ...make(), cohort: (number: number) => ({ from: 0, to: number }) });
    expect(messageOf(lagLaws, hasty)).toContain('breaks the law "judges by all trials before');
  });
});

/**
 * Points that do not exist, and trials that break a rule: hard and soft constraints. That strategies keep the
 * first is in the laws.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { choice, float, int } from "../../../src/search/space/builders.js";
import { cmaes } from "../../../src/search/strategies/cmaes/cmaes.js";
import { genetic } from "../../../src/search/strategies/genetic/genetic.js";
import { gp } from "../../../src/search/strategies/gp/gp.js";
import { grid } from "../../../src/search/strategies/grid/grid.js";
import { random } from "../../../src/search/strategies/random/random.js";
import type { Strategy } from "../../../src/search/strategies/strategy.js";
import { tpe } from "../../../src/search/strategies/tpe/tpe.js";
import { createStudy, restoreStudy } from "../../../src/search/study/create.js";
import { costsOf, violationOf } from "../../../src/search/trial/costs.js";
import { makeRecord, type TrialOutcome } from "../../../src/search/trial/trial.js";
import { prop } from "../../prop.js";
import { caught } from "../support.js";

describe("a hard constraint", () => {
  const space = { first: int(1, 4), second: int(1, 4) };
  const constraint = ({ first, second }: { readonly first: number; readonly second: number }) =>
    first >= second;

  it("does not cost TPE its model where little of the range exists", async () => {
    // one point in twenty exists: ten draws of the model that mind no constraint would often all be
    // forbidden, a random point take their place, and the best be some 1e-3
    for (const seed of [0, 2, 4]) {
      const study = createStudy({
        space: { x: float(0, 1), y: float(0, 1) },
        strategy: tpe(),
        direction: "minimize",
        constraint: ({ x, y }) => Math.floor(200 * x + 200 * y) % 20 === 0,
        seed,
      });
      await study.optimize(({ x, y }) => (x - 0.3) ** 2 + (y - 0.6) ** 2, { trials: 120 });
      expect(study.best.value).toBeLessThan(1e-4);
    }
  });

  it("leaves combinations out of a grid, and out of its size", async () => {
    const study = createStudy({ space, strategy: grid(), direction: "minimize", constraint });
    await study.optimize(({ first }) => first, { trials: 16 });
    expect(study.trials.map(({ params }) => [params.first, params.second])).toEqual([
      ...[[1, 1]],
      ...[
        [2, 1],
        [2, 2],
      ],
      ...[
        [3, 1],
        [3, 2],
        [3, 3],
      ],
      ...[
        [4, 1],
        [4, 2],
        [4, 3],
        [4, 4],
      ],
    ]);
    expect(grid().size(space)).toBe(16);
    expect(grid().size(space, constraint as never)).toBe(10);
  });

  it("keeps points from being put in line, and the defaults from being tried", () => {
    const study = createStudy({
      space: { first: int(1, 4, { default: 1 }), second: int(1, 4, { default: 2 }) },
      strategy: tpe(),
      direction: "minimize",
      constraint,
    });
    expect(caught(() => study.enqueue({ first: 1, second: 3 })).message).toBe(
      'enqueue needs a point of the space: the constraint forbids {"first":1,"second":3}',
    );
    expect(constraint(study.ask()?.params ?? { first: 0, second: 1 })).toBe(true);
  });

  it("must be passed again to a saved study, and only to one that had it", () => {
    const study = createStudy({ space, strategy: random(), direction: "minimize", constraint });
    study.ask();
    const json = JSON.parse(JSON.stringify(study));
    expect(json.constrained).toBe(true);
    expect(restoreStudy(json, { strategy: random(), space, constraint }).ask()?.params).toEqual(
      json.trials[0].params,
    );
    expect(caught(() => restoreStudy(json, { strategy: random() })).message).toBe(
      "constraint must be passed again, since the study was saved with one, which is code; received undefined",
    );
    expect(caught(() => restoreStudy(json, { strategy: random(), constraint: () => false })).message).toMatch(
      /trial 0 is outside the space: the constraint forbids/,
    );
    const free = JSON.parse(
      JSON.stringify(createStudy({ space, strategy: random(), direction: "minimize" })),
    );
    expect(caught(() => restoreStudy(free, { strategy: random(), constraint: () => true })).message).toMatch(
      /^constraint must be left out, since the study was saved without one/,
    );
  });

  it.each([
    ["of a finite space ends the search", space],
    ["of a finite space that is large is refused", { a: int(0, 1e9), b: choice(["x", "y"]) }],
    ["of an infinite space is refused", { a: float(0, 1) }],
  ])("that nothing satisfies %s", (what, anywhere) => {
    for (const strategy of [random(), genetic(), cmaes(), gp(), tpe()]) {
      const study = createStudy({
        space: anywhere,
        strategy,
        direction: "minimize",
        constraint: () => false,
      });
      if (what.includes("ends")) expect(study.ask()).toBeUndefined();
      else {
        expect(caught(() => study.ask()).message).toBe(
          "constraint must allow some points of the space; received false for 10000 points. Narrow the ranges to where it holds",
        );
      }
    }
  });

  it("that holds in a small place is met again and again", async () => {
    const small = { x: float(0, 1), y: float(0, 1) };
    const inPlace = ({ x, y }: { readonly x: number; readonly y: number }) => Math.abs(x - y) < 0.02;
    for (const strategy of [random(), genetic(), cmaes(), gp(), tpe()]) {
      const study = createStudy({
        space: small,
        strategy,
        direction: "minimize",
        constraint: inPlace,
        seed: 3,
      });
      await study.optimize(({ x }) => (x - 0.3) ** 2, { trials: 25 });
      expect(study.trials.every(({ params }) => inPlace(params))).toBe(true);
      expect(study.best.value).toBeLessThan(0.01);
    }
  });
});

const recordsOf = (outcomes: readonly TrialOutcome[]) =>
  outcomes.map((outcome, number) => makeRecord({ number, params: {} }, outcome));

describe("soft constraints", () => {
  it("cost a trial more than any that keeps them, in proportion", () => {
    const records = recordsOf([
      { value: 1 },
      { value: 5, constraints: [-1, 0] },
      { value: -100, constraints: [1, 1] },
      { value: 7, constraints: [-9, 4] },
      { status: "failed" },
      { value: 2, constraints: [Number.NaN] },
    ]);
    // those that keep them: 1 to 5; violations 2 and 4 of at most 4 are worth 1/2 and 1 of that, and the one
    // without measure twice as much; a failure is as bad as the worst
    expect([...costsOf(records, "minimize")]).toEqual([1, 5, 5 + 2, 5 + 4, 5 + 8, 5 + 8]);
    expect([...costsOf(records, "maximize")]).toEqual([-1, -5, -1 + 2, -1 + 4, -1 + 8, -1 + 8]);
    expect(records.map(violationOf)).toEqual([0, 0, 2, 4, 0, Number.POSITIVE_INFINITY]);
  });

  it("of a failed trial do not matter: it costs as much as the worst", () => {
    const records = recordsOf([
      { value: 1 },
      { value: 0, constraints: [4] },
      { status: "failed", constraints: [1] },
    ]);
    expect([...costsOf(records, "minimize")]).toEqual([1, 2, 2]);
  });

  const anyOutcome = fc.oneof(
    fc.record({ value: fc.double({ noNaN: true, noDefaultInfinity: true }) }),
    fc.record({
      value: fc.double({ noNaN: true, noDefaultInfinity: true }),
      constraints: fc.array(fc.double({ min: -1, max: 1e3 }), { maxLength: 3 }),
    }),
    fc.constant<TrialOutcome>({ status: "failed" }),
  );

  prop([fc.array(anyOutcome, { maxLength: 12 }), fc.constantFrom("minimize", "maximize")])(
    "order trials by Deb's rule, whatever the values",
    (outcomes, direction) => {
      const records = recordsOf(outcomes);
      const costs = costsOf(records, direction);
      const sign = direction === "minimize" ? 1 : -1;
      expect(costs.every(Number.isFinite)).toBe(true);
      for (const [i, a] of records.entries()) {
        for (const [j, b] of records.entries()) {
          if (a.value === null || b.value === null) {
            // none is cheaper than a failure is dear
            if (b.value === null) expect(costs[i]).toBeLessThanOrEqual(costs[j]);
            continue;
          }
          const [broken, worse] = [violationOf(a), violationOf(b)];
          if (broken === 0 && worse === 0) {
            if (sign * a.value < sign * b.value) expect(costs[i]).toBeLessThan(costs[j]);
          } else if (broken < worse) expect(costs[i]).toBeLessThanOrEqual(costs[j]);
        }
      }
    },
  );

  it("keep a trial from being the best, and from the front", () => {
    const study = createStudy({ space: { x: float(0, 1) }, strategy: random(), direction: "maximize" });
    study.add({ x: 0.1 }, { value: 9, constraints: [0.1] });
    study.add({ x: 0.2 }, { value: 5, constraints: [-0.1] });
    study.add({ x: 0.3 }, { value: 4 });
    expect(study.best.number).toBe(1);
    expect(study.bestTrials.map(({ number }) => number)).toEqual([1]);
  });

  const searchers: readonly (readonly [Strategy, number])[] = [
    [tpe(), 60],
    [genetic(), 150],
    [cmaes(), 150],
    [gp(), 30],
  ];
  it.each(searchers)("lead a search to the best of what keeps them: %o", async (strategy, trials) => {
    // least at the origin, which is forbidden: the constrained minimum is 1/2, at (1/2, 1/2)
    const study = createStudy({
      space: { x: float(-2, 2), y: float(-2, 2) },
      strategy,
      direction: "minimize",
      seed: 2,
    });
    await study.optimize(({ x, y }) => ({ value: x * x + y * y, constraints: [1 - x - y] }), { trials });
    expect(study.best.value).toBeGreaterThanOrEqual(0.5);
    expect(study.best.value).toBeLessThan(strategy.name === "gp" ? 0.501 : 0.6);
  });
});

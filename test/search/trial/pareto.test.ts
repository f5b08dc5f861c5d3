/** Several objectives: fronts by their definition, distances by hand, and studies that have more than one. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { asha } from "../../../src/search/schedulers/asha.js";
import { halving } from "../../../src/search/schedulers/halving.js";
import { float, int } from "../../../src/search/space/builders.js";
import { cmaes } from "../../../src/search/strategies/cmaes/cmaes.js";
import { grid } from "../../../src/search/strategies/grid/grid.js";
import { random } from "../../../src/search/strategies/random/random.js";
import { tpe } from "../../../src/search/strategies/tpe/tpe.js";
import { createStudy, restoreStudy } from "../../../src/search/study/create.js";
import { dominates, Front, Fronts, frontsOf } from "../../../src/search/trial/fronts.js";
import {
  costVectorOf,
  crowdingDistances,
  paretoFront,
  paretoOrder,
  paretoRanked,
  TrialFronts,
} from "../../../src/search/trial/pareto.js";
import { makeRecord, type TrialOutcome, type TrialRecord } from "../../../src/search/trial/trial.js";
import { cases } from "../../cases.js";
import { prop } from "../../prop.js";
import { caught } from "../support.js";

/** Few values, so that ties and equal points are common. */
const pointsOf = (objectives: number, maxLength: number) => {
  const cost = fc.oneof({ weight: 9, arbitrary: fc.nat({ max: 4 }) }, fc.constant(Number.POSITIVE_INFINITY));
  return fc.array(fc.array(cost, { minLength: objectives, maxLength: objectives }), { maxLength });
};
const anyPoints = fc.integer({ min: 1, max: 4 }).chain((objectives) => pointsOf(objectives, 40));

/** Fronts by their definition: those that are left undominated, one after another. */
function plainFronts(count: number, dominate: (i: number, j: number) => boolean): number[][] {
  let left = Array.from({ length: count }, (_, i) => i);
  const fronts: number[][] = [];
  while (left.length > 0) {
    const front = left.filter((i) => left.every((j) => !dominate(j, i)));
    fronts.push(front);
    left = left.filter((i) => !front.includes(i));
  }
  return fronts;
}

const beats = (points: readonly (readonly number[])[]) => (i: number, j: number) =>
  points[i].every((cost, k) => cost <= points[j][k]) && points[i].some((cost, k) => cost < points[j][k]);

/** The first fronts that have `count` members together. */
function firstOf(fronts: readonly (readonly number[])[], count: number) {
  let taken = 0;
  return fronts.filter((front) => {
    const isFirst = taken < count;
    taken += front.length;
    return isFirst;
  });
}

describe("costs by objective", () => {
  it("are values to minimise, infinite without a value", () => {
    expect(costVectorOf({ value: 3 }, ["minimize"])).toEqual([3]);
    expect(costVectorOf({ value: 3 }, ["maximize"])).toEqual([-3]);
    expect(costVectorOf({ value: null }, ["minimize"])).toEqual([Number.POSITIVE_INFINITY]);
    expect(costVectorOf({ value: null, values: [1, 2] }, ["minimize", "maximize"])).toEqual([1, -2]);
    const [infinite, none] = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
    expect(costVectorOf({ value: null, values: [infinite, 2] }, ["minimize", "minimize"])).toEqual([none, 2]);
  });
});

describe("fronts", () => {
  prop([anyPoints], { numRuns: cases(400) })(
    "are those that are left undominated, one after another",
    (points) => {
      const members = points.map((costs, index) => ({ index, costs }));
      const expected = plainFronts(points.length, beats(points));
      expect(frontsOf(members).first()).toEqual(expected);
      const all = [...points.keys()];
      const [plain, own] = [beats(points), (i: number, j: number) => dominates(points[i], points[j])];
      expect(all.map((i) => all.map((j) => own(i, j)))).toEqual(all.map((i) => all.map((j) => plain(i, j))));
      const front = new Front();
      for (const member of members) front.offer(member);
      expect(front.indices).toEqual(expected[0] ?? []);
    },
  );

  prop([anyPoints, fc.integer({ min: 1, max: 12 })], { numRuns: cases(400) })(
    "are right after each point that is added, as many as are kept",
    (points, enough) => {
      const [all, some] = [new Fronts(), new Fronts(enough)];
      for (const [index, costs] of points.entries()) {
        all.add({ index, costs });
        some.add({ index, costs });
        const expected = plainFronts(index + 1, beats(points));
        expect(all.first()).toEqual(expected);
        const kept = some.first();
        expect(kept).toEqual(expected.slice(0, kept.length));
        expect(some.size).toBe(kept.flat().length);
        // without the last of those that are kept, there are too few
        expect(kept.slice(0, -1).flat().length).toBeLessThan(enough);
        for (const count of [1, enough]) {
          if (some.has(count)) expect(some.first(count)).toEqual(firstOf(expected, count));
          else expect(some.size).toBeLessThan(count);
        }
      }
    },
  );

  prop([anyPoints])("come one after another in the order, in which no point is missed", (points) => {
    const order = paretoOrder(points);
    expect([...order].sort((a, b) => a - b)).toEqual([...points.keys()]);
    const fronts = plainFronts(points.length, beats(points));
    const frontOf = (i: number) => fronts.findIndex((front) => front.includes(i));
    expect(order.map(frontOf)).toEqual(order.map(frontOf).sort((a, b) => a - b));
  });

  it("of points without a value come last", () => {
    const nothing = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
    expect(paretoOrder([nothing, [2, 2], [1, 3], nothing])).toEqual([1, 2, 0, 3]);
  });
});

describe("crowding distances", () => {
  it("are the sums of the gaps around each point, in parts of the range", () => {
    // sorted by the first cost: (0, 10), (1, 6), (4, 4), (10, 0)
    const distances = crowdingDistances([
      [4, 4],
      [0, 10],
      [10, 0],
      [1, 6],
    ]);
    const inner = [(10 - 1) / 10 + (6 - 0) / 10, (4 - 0) / 10 + (10 - 4) / 10];
    expect([...distances]).toEqual([inner[0], Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, inner[1]]);
  });

  it("are not bent by an objective in which all points are alike, nor by one point alone", () => {
    const distances = crowdingDistances([
      [0, 7],
      [1, 7],
      [4, 7],
    ]);
    expect(distances[1]).toBe(1);
    expect([...crowdingDistances([[3, 1]])]).toEqual([Number.POSITIVE_INFINITY]);
    expect([...crowdingDistances([])]).toEqual([]);
  });
});

const directions = ["minimize", "maximize"] as const;
const record = (number: number, outcome: TrialOutcome): TrialRecord =>
  makeRecord({ number, params: {} }, outcome, 2);

const anyTrials = fc
  .array(
    fc.oneof(
      fc.record({
        values: fc.tuple(fc.nat({ max: 4 }), fc.nat({ max: 4 })),
        constraints: fc.tuple(fc.integer({ min: -1, max: 2 }), fc.integer({ min: -1, max: 1 })),
        status: fc.constantFrom("complete", "pruned"),
      }),
      fc.constant<TrialOutcome>({ status: "failed" }),
    ),
    { maxLength: 25 },
  )
  .map((outcomes) => outcomes.map((outcome, number) => record(number, outcome)));

/** Constrained domination by its definition, of trials with values. */
const precedes = (trials: readonly TrialRecord[]) => {
  const violations = trials.map(({ constraints = [] }) =>
    constraints.reduce<number>((sum, each) => sum + Math.max(0, each ?? Number.POSITIVE_INFINITY), 0),
  );
  const beatsByValues = beats(trials.map((trial) => costVectorOf(trial, directions)));
  return (i: number, j: number) =>
    violations[i] > 0 || violations[j] > 0 ? violations[i] < violations[j] : beatsByValues(i, j);
};

describe("fronts of trials", () => {
  prop([anyTrials, fc.integer({ min: 1, max: 8 }), fc.integer({ min: 1, max: 8 })], {
    numRuns: cases(400),
  })("have those that keep their constraints first, after each trial", (trials, least, extra) => {
    const fronts = new TrialFronts(directions, least + extra);
    for (const [last, trial] of trials.entries()) {
      fronts.add(trial);
      const before = trials.slice(0, last + 1).filter(({ values }) => values);
      const expected = plainFronts(before.length, precedes(before));
      const numbers = firstOf(expected, least).map((front) => front.map((i) => before[i].number));
      expect(fronts.first(trials.slice(0, last + 1), least)).toEqual(numbers);
    }
  });

  prop([anyTrials])("leaves a front of complete trials that nothing beats", (trials) => {
    const entered = trials.filter(
      ({ status, constraints = [] }) =>
        status === "complete" && constraints.every((each) => (each ?? 1) <= 0),
    );
    const expected = entered.filter(({ values: [a, b] = [] }) =>
      entered.every(({ values: [c, d] = [] }) => c > a || d < b || (c === a && d === b)),
    );
    expect(paretoFront(trials, directions)).toEqual(expected);
    const study = createStudy({ space: { x: float(0, 1) }, strategy: random(), direction: directions });
    for (const { values, constraints, status } of trials) {
      const outcome = status === "failed" ? { status } : { values, constraints, status };
      study.add({ x: 0.5 }, outcome as TrialOutcome);
    }
    expect(study.bestTrials.map(({ number }) => number)).toEqual(expected.map(({ number }) => number));
  });
});

describe("the order of trials", () => {
  prop([anyTrials])("has each after those that are preferred to it", (trials) => {
    const order = paretoRanked(trials, directions);
    expect(order.map(({ number }) => number).sort((a, b) => a - b)).toEqual([...trials.keys()]);
    const valued = order.filter(({ values }) => values);
    expect(order.slice(0, valued.length)).toEqual(valued);
    for (const [i] of valued.entries())
      for (let j = i + 1; j < valued.length; j++) expect(precedes(valued)(j, i)).toBe(false);
  });

  it("has the ends of a front first, then those that stand apart", () => {
    // the first is minimised and the second maximised: all but (4, 0) are a front
    const points = [
      [3, 3],
      [0, 0],
      [9, 9],
      [4, 4],
      [4, 0],
      [8, 8],
    ];
    const trials = points.map((values, number) => record(number, { values }));
    const broken = record(6, { values: [0, 9], constraints: [1] });
    const failed = record(7, { status: "failed" });
    const order = paretoRanked([failed, broken, ...trials], directions).map(({ number }) => number);
    expect(order).toEqual([1, 2, 3, 5, 0, 4, 6, 7]);
  });
});

describe("a study of several objectives", () => {
  const space = { x: int(0, 5), y: int(0, 5) };
  const study = () => createStudy({ space, strategy: grid(), direction: ["minimize", "maximize"] });

  it("has no best trial, but a front of them", async () => {
    const search = study();
    // the more of x, the more of both; y costs and gives nothing
    await search.optimize(({ x, y }) => [x + y, x * x], { trials: 36 });
    expect(() => search.best).toThrow("best needs one objective; this study has 2. Use bestTrials");
    expect(search.directions).toEqual(["minimize", "maximize"]);
    expect(search.bestTrials.map(({ params }) => params)).toEqual(
      [0, 1, 2, 3, 4, 5].map((x) => ({ x, y: 0 })),
    );
    expect(search.trials[7]).toMatchObject({ value: null, values: [2, 1], status: "complete" });
  });

  it("continues after it was saved, with all outcomes", () => {
    const search = study();
    search.tell(search.ask()?.number ?? -1, {
      values: [-0, 2.5],
      constraints: [1, Number.NaN],
      steps: 3,
      curve: [1, 2, Number.NaN, 4],
    });
    search.tell(search.ask()?.number ?? -1, { values: [1, Number.POSITIVE_INFINITY] });
    const json = JSON.parse(JSON.stringify(search));
    expect(json.direction).toEqual(["minimize", "maximize"]);
    const again = restoreStudy(json, { strategy: grid() });
    expect(again.trials).toEqual(search.trials);
    expect(again.trials[0]).toMatchObject({
      values: [0, 2.5],
      constraints: [1, null],
      steps: 3,
      curve: [1, 2, null, 4],
    });
    expect(again.trials[1]).toMatchObject({ status: "diverged", value: null });
    expect(again.trials[1].values).toBeUndefined();
    json.trials[0].values = [1];
    expect(caught(() => restoreStudy(json, { strategy: grid() })).message).toMatch(
      /trial 0 is damaged: the outcome of trial 0 must be values for 2 objectives, .*; received \[1\]/,
    );
  });

  it("refuses a strategy for one, and one value", () => {
    expect(
      caught(() => createStudy({ space, strategy: cmaes(), direction: ["minimize", "minimize"] })).message,
    ).toBe(
      'strategy "cmaes" supports one objective; received 2 directions. Use nsga2(), gp(), tpe(), random(), sobol() or grid()',
    );
    const search = study();
    search.ask();
    expect(caught(() => search.tell(0, { value: 1 })).message).toMatch(
      /must be values for 2 objectives, .*; received 1$/,
    );
    expect(caught(() => search.tell(0, { values: [1, 2, 3] })).message).toMatch(/received \[1,2,3\]/);
    expect(search.trials).toEqual([]);
    const one = createStudy({ space, strategy: tpe(), direction: ["minimize"] });
    one.ask();
    expect(caught(() => one.tell(0, { values: [1] })).message).toMatch(
      /the outcome of trial 0 must be a value, .*; received \[1\]/,
    );
  });

  it("is not stopped by rules for one", async () => {
    await expect(study().optimize(() => [1, 2], { trials: 3, stop: { patience: 2 } })).rejects.toThrow(
      "target, patience and standardErrors of stop work for one objective; received 2 objectives and {",
    );
  });
});

describe("a scheduler of several objectives", () => {
  const space = { x: float(0, 1) };
  const valuesAt = (x: number, step: number): [number, number] => [
    x * x + 1 / step,
    (1 - x) * (1 - x) * step,
  ];
  const run = async (scheduler: ReturnType<typeof asha>, concurrency = 1, budgets = [27]) => {
    const study = createStudy({ space, strategy: random(), direction: ["minimize", "minimize"], seed: 4 });
    for (const trials of budgets) {
      await study.optimize(
        async ({ x }, trial) => {
          for (let step = 1; step < 9; step++) {
            for (let i = 0; i < (trial.number * 5 + step) % 4; i++)
              await new Promise((done) => setImmediate(done));
            if (!(await trial.report(valuesAt(x, step), step))) return valuesAt(x, step);
          }
          return valuesAt(x, 9);
        },
        { trials, scheduler, steps: 9, concurrency },
      );
    }
    return study;
  };

  it("promotes trials on the better fronts, or apart on the same front", async () => {
    const study = await run(halving());
    const xs = study.trials.map(({ params }) => params.x);
    for (const from of [0, 9, 18]) {
      let left = Array.from({ length: 9 }, (_, i) => from + i);
      for (const rung of [1, 3]) {
        // all of x in [0, 1] are efficient, so one front holds all: the extremes and the loneliest go on
        const order = paretoOrder(left.map((number) => valuesAt(xs[number], rung)));
        left = order.slice(0, left.length / 3).map((i) => left[i]);
      }
      const ended = study.trials.slice(from, from + 9).filter(({ status }) => status === "complete");
      expect(ended.map(({ number }) => number)).toEqual(left);
    }
    const { curve, steps, values } = study.trials.find(({ status }) => status === "pruned") as TrialRecord;
    expect(curve).toHaveLength(2 * (steps === 1 ? 1 : 2));
    expect(values).toEqual(curve?.slice(-2));
  });

  /** The steps that trials take where the cost of each, in both objectives, is in a list by number. */
  const stepsOf = async (costs: readonly number[], budgets: readonly number[], steps: number) => {
    const study = createStudy({ space, strategy: random(), direction: ["minimize", "minimize"] });
    for (const trials of budgets) {
      await study.optimize(
        async (_, { number, report }) => {
          const values = [costs[number], costs[number]];
          for (let step = 1; step < steps; step++) if (!(await report(values, step))) break;
          return values;
        },
        { trials, scheduler: halving(), steps },
      );
    }
    return study.trials.map((trial) => trial.steps);
  };

  it("prefers the earlier of equals", async () => {
    expect(await stepsOf([2, 1, 1], [3], 3)).toEqual([1, 3, 1]);
  });

  it("continues a bracket some of whose trials have ended, each counted at the rungs that it reached", async () => {
    // Of the first four one goes on, to the end. Of all nine three would, which are 4, 5 and 6. At the second
    // rung they meet the one that was there before: of four one goes on.
    const costs = [5, 6, 7, 8, 0, 1, 2, 3, 4];
    expect(await stepsOf(costs, [4, 9], 9)).toEqual([9, 1, 1, 1, 9, 3, 3, 1, 1]);
  });

  it("knows what trials reported that ended before", async () => {
    expect((await run(asha(), 1, [10, 27])).toJSON()).toEqual((await run(asha())).toJSON());
  });

  it.each([2, 5])("decides the same, %i at a time", async (concurrency) => {
    expect((await run(asha(), concurrency)).toJSON()).toEqual((await run(asha())).toJSON());
  });
});

it("fronts of trials leave out those without values, whatever their status", () => {
  const trials = [
    { values: [1, 2] },
    { values: [2, 1] },
    { values: [Number.NaN, 0] },
    { status: "failed", error: "broken" } as const,
  ].map((outcome, number) => makeRecord({ number, params: {} }, outcome, 2));
  expect(trials.map(({ status }) => status)).toEqual(["complete", "complete", "diverged", "failed"]);
  const fronts = new TrialFronts(["minimize", "minimize"]);
  for (const trial of trials) fronts.add(trial);
  for (const count of [2, 3, 4]) expect(fronts.first(trials, count)).toEqual([[0, 1]]);
});

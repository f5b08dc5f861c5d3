/**
 * Schedulers: which trials go on, by plain loops over the same numbers; `scheduler-conformance.test.ts` has
 * their laws.
 */
import { describe, expect, it } from "vitest";
import { asha } from "../../../src/search/schedulers/asha.js";
import { halving } from "../../../src/search/schedulers/halving.js";
import { hyperband } from "../../../src/search/schedulers/hyperband.js";
import { createScheduler, schedulerNames } from "../../../src/search/schedulers/index.js";
import { medianStopping } from "../../../src/search/schedulers/median.js";
import type { Scheduler } from "../../../src/search/schedulers/scheduler.js";
import { float } from "../../../src/search/space/builders.js";
import { random } from "../../../src/search/strategies/random/random.js";
import { tpe } from "../../../src/search/strategies/tpe/tpe.js";
import type { RunningTrial, Study } from "../../../src/search/study/contract.js";
import { createStudy, restoreStudy } from "../../../src/search/study/create.js";
import { caught } from "../support.js";

const STEPS = 9;
/** A trial that fails before its first report. */
const UNLUCKY = 11;
const space = { x: float(0, 1) };
type S = typeof space;

/** Begins at x and comes nearer to x² with each step, so that ranks change on the way. */
const valueAt = (x: number, step: number): number => x * x + (x - x * x) / step;

/** Runs a study whose trials report each step; returns it, and the steps that each trial took. */
async function run(
  scheduler: Scheduler,
  { trials = 40, lag = 0 } = {},
): Promise<{ study: Study<S>; steps: Map<number, number> }> {
  const study = createStudy({ space, strategy: random(), direction: "minimize", seed: 5, lag });
  const steps = new Map<number, number>();
  await study.optimize(
    async ({ x }, trial) => {
      for (let step = 1; step <= STEPS; step++) {
        if (trial.number === UNLUCKY) throw new Error("out of luck");
        steps.set(trial.number, step);
        if (!(await trial.report(valueAt(x, step), step))) return valueAt(x, step);
      }
      return valueAt(x, STEPS);
    },
    { trials, scheduler, steps: STEPS },
  );
  return { study, steps };
}

/** How many steps each of some points should take when the best 1/3 of a bracket go on at 1 and 3 steps. */
function halved(
  xs: readonly number[],
  numbers: readonly number[],
  rungs: readonly number[],
): Map<number, number> {
  const steps = new Map<number, number>();
  let left = numbers.filter((number) => number !== UNLUCKY);
  for (const rung of rungs) {
    const ranked = [...left].sort((a, b) => valueAt(xs[a], rung) - valueAt(xs[b], rung) || a - b);
    const kept = ranked.slice(0, Math.max(1, Math.floor(left.length / 3)));
    for (const number of left) if (!kept.includes(number)) steps.set(number, rung);
    left = kept;
  }
  for (const number of left) steps.set(number, STEPS);
  return steps;
}

const numbersFrom = (from: number, to: number): number[] =>
  Array.from({ length: to - from }, (_, i) => from + i);
const inOrder = (steps: ReadonlyMap<number, number>): [number, number][] =>
  [...steps].sort(([a], [b]) => a - b);

describe("halving", () => {
  it("promotes the best third of each bracket, which keep their training", async () => {
    const { study, steps } = await run(halving());
    const xs = study.trials.map(({ params }) => params.x);
    // Brackets of 9; the last has the 4 that the budget leaves.
    const expected = [
      [0, 9],
      [9, 18],
      [18, 27],
      [27, 36],
      [36, 40],
    ].flatMap(([from, to]) => [...halved(xs, numbersFrom(from, to), [1, 3])]);
    expect(inOrder(steps)).toEqual(inOrder(new Map(expected)));
    for (const { number, status, value, curve, params } of study.trials) {
      if (number === UNLUCKY) {
        expect([status, value, curve]).toEqual(["failed", null, undefined]);
        continue;
      }
      const taken = steps.get(number) as number;
      expect(status).toBe(taken === STEPS ? "complete" : "pruned");
      expect(value).toBe(valueAt(params.x, taken));
      expect(curve).toEqual([1, 3].filter((rung) => rung <= taken).map((rung) => valueAt(params.x, rung)));
    }
  });
});

describe("hyperband", () => {
  it("alternates brackets, from many short trials to few long ones", async () => {
    const { study, steps } = await run(hyperband(), { trials: 34 });
    const xs = study.trials.map(({ params }) => params.x);
    // s = 2: 9 trials, s = 1: ⌈3/2 · 3⌉ = 5, s = 0: 3; and again
    const expected = [
      ...halved(xs, numbersFrom(0, 9), [1, 3]),
      ...halved(xs, numbersFrom(9, 14), [3]),
      ...halved(xs, numbersFrom(14, 17), []),
      ...halved(xs, numbersFrom(17, 26), [1, 3]),
      ...halved(xs, numbersFrom(26, 31), [3]),
      ...halved(xs, numbersFrom(31, 34), []),
    ];
    expect(inOrder(steps)).toEqual(inOrder(new Map(expected)));
  });
});

describe("asha", () => {
  it("counts the trial itself, and no later trials of the same cost", () => {
    const judge = (own: number, later: readonly number[], earlier: readonly number[]) =>
      asha({ reduction: 3 }).promotes({
        number: 9,
        rung: 0,
        own: [own],
        others: [...later, ...earlier].map((cost, i) => ({
          number: i < later.length ? 10 + i : i,
          costs: [cost],
        })),
      });
    // of six, two are promoted
    expect([0.5, 1.5, 2.5].map((own) => judge(own, [], [1, 2, 3, 4, 5]))).toEqual([true, true, false]);
    expect([1, 2].map((own) => judge(own, [1, 1], [7, 8, 9]))).toEqual([true, false]);
  });

  it("judges each trial by those before it, but for the latest of the lag", async () => {
    const lag = 3;
    const { study, steps } = await run(asha(), { lag });
    const xs = study.trials.map(({ params }) => params.x);
    const taken: number[] = [];
    for (const number of numbersFrom(0, 40)) {
      const end = [1, 3].find((rung) => {
        const others = numbersFrom(0, Math.max(0, number - lag)).filter((other) => taken[other] >= rung);
        const better = others.filter((other) => valueAt(xs[other], rung) <= valueAt(xs[number], rung)).length;
        return better >= Math.max(1, Math.floor((others.length + 1) / 3));
      });
      taken.push(number === UNLUCKY ? 0 : (end ?? STEPS));
    }
    expect(inOrder(steps)).toEqual(
      numbersFrom(0, 40).flatMap((number) => (number === UNLUCKY ? [] : [[number, taken[number]]])),
    );
    expect(new Set(taken)).toEqual(new Set([0, 1, 3, STEPS]));
  });
});

describe("median", () => {
  it("ends a trial that is worse than the median of averages", () => {
    const scheduler = medianStopping({ startupTrials: 3, leastSteps: 2 });
    expect(scheduler.rungs(0, 5)).toEqual([2, 3, 4]);
    const others = [
      [4, 2],
      [9, 9],
      [1, 3],
    ].map((costs, number) => ({ number, costs }));
    // averages 3, 9, 2: the median is 3
    const judge = (own: number[]) => scheduler.promotes({ number: 9, rung: 1, own, others });
    expect([judge([5, 3]), judge([3, 8]), judge([5, 3.1])]).toEqual([true, true, false]);
    expect(scheduler.promotes({ number: 9, rung: 1, own: [99, 99], others: others.slice(1) })).toBe(true);
    // only the rungs that the trial has come to count
    const longer = others.map(({ number, costs }) => ({ number, costs: [...costs, 100] }));
    expect(scheduler.promotes({ number: 9, rung: 1, own: [5, 3], others: longer })).toBe(true);
  });

  it("of an even number of averages is in the middle between two", () => {
    const scheduler = medianStopping({ startupTrials: 4 });
    const others = [10, 2, 9, 3].map((cost, number) => ({ number, costs: [cost] }));
    const judge = (own: number) => scheduler.promotes({ number: 4, rung: 0, own: [own], others });
    expect([judge(6), judge(6.1)]).toEqual([true, false]);
  });

  it("promotes a trial that is as good as all others, although their mean is rounded down", () => {
    const costs = [0.7, 0.7, 0.7];
    expect((costs[0] + costs[1] + costs[2]) / 3).toBeLessThan(0.7);
    const others = [0, 1, 2].map((number) => ({ number, costs }));
    expect(medianStopping({ startupTrials: 3 }).promotes({ number: 3, rung: 2, own: costs, others })).toBe(
      true,
    );
  });
});

describe("every scheduler", () => {
  it("needs a lag that allows all trials that wait for each other to be asked for, if the strategy is adaptive", async () => {
    // brackets of hyperband with 9 steps: 9 trials, 5 and 3
    expect(hyperband({ reduction: 3 }).width(STEPS)).toBe(9);
    const start = (lag: number) => {
      const study = createStudy({ space, strategy: tpe(), direction: "minimize", lag });
      return study.optimize(() => 1, { trials: 2, scheduler: hyperband({ reduction: 3 }), steps: STEPS });
    };
    await start(8);
    await expect(start(7)).rejects.toThrow(
      'with scheduler "hyperband", 9 trials wait for each other, so lag must be at least 8; received 7',
    );
  });

  // what each trial reported at its rungs is in the JSON as one list, of all objectives
  it.each(
    [asha(), halving(), hyperband(), medianStopping()].flatMap((scheduler) =>
      [1, 2, 3].map((objectives) => [scheduler.name, objectives, scheduler] as const),
    ),
  )(
    "%s judges the trials of a reopened study of %i objectives as if it had not ended",
    async (_, count, scheduler) => {
      const directions = (["minimize", "maximize", "minimize"] as const).slice(0, count);
      const direction = count === 1 ? directions[0] : directions;
      const valuesAt = (x: number, step: number) => {
        const all = [valueAt(x, step), x / step, (x - 0.3) ** 2 + 1 / (step * (1 + 9 * x))].slice(0, count);
        return count === 1 ? all[0] : all;
      };
      const options = { scheduler, steps: STEPS };
      const objective = async ({ x }: { x: number }, trial: RunningTrial<S>) => {
        for (let step = 1; step < STEPS; step++)
          if (!(await trial.report(valuesAt(x, step), step))) return valuesAt(x, step);
        return valuesAt(x, STEPS);
      };
      const whole = createStudy({ space, strategy: random(), direction, seed: 5 });
      await whole.optimize(objective, { ...options, trials: 30 });
      const first = createStudy({ space, strategy: random(), direction, seed: 5 });
      await first.optimize(objective, { ...options, trials: 13 });
      const again = restoreStudy(JSON.parse(JSON.stringify(first)), { strategy: random(), space });
      await again.optimize(objective, { ...options, trials: 30 });
      expect(again.trials.slice(18)).toEqual(whole.trials.slice(18));
      expect(whole.trials.slice(18).some(({ status }) => status === "pruned")).toBe(true);
    },
  );

  it("may throw: running trials end first, and none is judged", async () => {
    const study = createStudy({ space, strategy: random(), direction: "minimize" });
    let calls = 0;
    const promotes = () => {
      if (++calls === 2) throw new Error("no idea");
      return true;
    };
    let atWork = 0;
    const objective = async ({ x }: { x: number }, trial: RunningTrial<S>) => {
      atWork++;
      for (let step = 1; step <= STEPS; step++) {
        await new Promise((done) => setImmediate(done));
        if (!(await trial.report(valueAt(x, step), step))) break;
      }
      atWork--;
      return x;
    };
    const options = { trials: 9, concurrency: 4, scheduler: { ...asha(), promotes }, steps: STEPS };
    await expect(study.optimize(objective, options)).rejects.toThrow("no idea");
    expect(atWork).toBe(0);
    expect(study.trials.filter(({ status }) => status !== "complete")).toEqual([]);
    expect(study.waiting).toBe(study.asked - study.trials.length);
  });

  it("is refused if the study cannot ask for trials that wait for each other", async () => {
    const study = createStudy({
      space,
      strategy: { ...random(), adaptive: true },
      direction: "minimize",
      lag: 7,
    });
    const options = { trials: 9, scheduler: halving(), steps: STEPS };
    await expect(study.optimize(() => 1, options)).rejects.toThrow(
      'with scheduler "halving", 9 trials wait for each other, so lag must be at least 8; received 7',
    );
    for (const steps of [undefined, 0]) {
      await expect(study.optimize(() => 1, { ...options, steps: steps as number })).rejects.toThrow(
        `steps must be a positive integer, the full budget of a trial with a scheduler; received ${steps}`,
      );
    }
    expect(caught(() => halving({ reduction: 1 })).message).toMatch(/reduction of halving/);
    expect(caught(() => asha({ leastSteps: 0 })).message).toMatch(/leastSteps of asha/);
    expect(caught(() => medianStopping({ startupTrials: 0.5 })).message).toMatch(/startupTrials of median/);
    expect(caught(() => createScheduler("halfing")).message).toMatch(/halving/);
  });

  it("is made again by its own name", () => {
    expect(schedulerNames.map((name) => createScheduler(name).name)).toEqual(schedulerNames);
  });
});

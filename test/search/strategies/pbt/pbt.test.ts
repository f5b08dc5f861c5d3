/**
 * Population-based training as a strategy: who goes on from whom, and with what. With models:
 * test/tune/pbt.test.ts.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { asha } from "../../../../src/search/schedulers/asha.js";
import { choice, float, int } from "../../../../src/search/space/builders.js";
import type { Params } from "../../../../src/search/space/space.js";
import { grid } from "../../../../src/search/strategies/grid/grid.js";
import { createStrategy } from "../../../../src/search/strategies/index.js";
import { type PbtOptions, pbt } from "../../../../src/search/strategies/pbt/pbt.js";
import { random } from "../../../../src/search/strategies/random/random.js";
import { tpe } from "../../../../src/search/strategies/tpe/tpe.js";
import { createStudy, restoreStudy } from "../../../../src/search/study/create.js";
import { ancestry } from "../../../../src/search/trial/ancestry.js";
import type { Trial, TrialOutcome } from "../../../../src/search/trial/trial.js";
import { checkStrategyLaw, strategyLaws } from "../../../../src/testing/strategy.js";
import { cases } from "../../../cases.js";
import { caught } from "../../support.js";

describe.each<[string, PbtOptions]>([
  ["its defaults, but a small population", { populationSize: 3 }],
  ["a grid to start with", { populationSize: 4, start: grid({ points: 2 }), quantile: 0.5 }],
  ["tpe to start with", { populationSize: 2, start: tpe(), resample: 0, factors: [0.5, 2] }],
])("pbt with %s keeps the contract of strategies:", (_, options) => {
  test.each(Object.keys(strategyLaws))("%s", (law) =>
    checkStrategyLaw(pbt(options), law, { numRuns: cases(30) }),
  );
});

const space = {
  rate: float(1e-4, 1e-1, { log: true }),
  dropout: float(0.1, 0.6),
  units: int(4, 64),
  kind: choice(["a", "b"]),
  momentum: float(0, 0.9, { step: 0.1, when: { kind: ["b"] } }),
};

/** A number mirrored at both ends, at most once, on a scale where differences count. */
const mirror = (x: number, low: number, high: number) =>
  x < low ? 2 * low - x : x > high ? 2 * high - x : x;

/** What each of the floats of `space` may become, said again without the unit interval. */
const moved = (name: string, value: number, factor: number): number => {
  if (name === "rate") return Math.exp(mirror(Math.log(value * factor), Math.log(1e-4), Math.log(1e-1)));
  if (name === "dropout") return mirror(value + (factor - 1) * 0.5, 0.1, 0.6);
  // ten values, each the middle of a cell of width 0.1: two cells up or down
  return mirror(value + (factor - 1) * 1, -0.05, 0.95);
};

const anyOutcome: fc.Arbitrary<TrialOutcome> = fc.oneof(
  { weight: 5, arbitrary: fc.double({ min: -9, max: 9, noNaN: true }).map((value) => ({ value })) },
  { weight: 1, arbitrary: fc.constant<TrialOutcome>({ value: 1 }) },
  { weight: 1, arbitrary: fc.constantFrom<TrialOutcome>({ status: "failed" }, { value: Number.NaN }) },
);

/** Asks and tells `count` trials. */
function play(strategy: PbtOptions, outcomes: readonly TrialOutcome[], count: number, seed = 1): Trial[] {
  const study = createStudy({ space, strategy: pbt(strategy), direction: "minimize", seed });
  return Array.from({ length: count }, (_, number) => {
    const trial = study.ask() as Trial;
    study.tell(number, outcomes[number % outcomes.length]);
    return trial;
  });
}

describe("each generation", () => {
  const anyPlay = fc.record({
    populationSize: fc.integer({ min: 2, max: 9 }),
    quantile: fc.double({ min: 0, max: 0.5, noNaN: true }),
    outcomes: fc.array(anyOutcome, { minLength: 50, maxLength: 50 }),
    seed: fc.nat(),
  });

  test("replaces its worst by perturbed copies of its best, and resumes all others", () => {
    fc.assert(
      fc.property(anyPlay, ({ populationSize, quantile, outcomes, seed }) => {
        const trials = play({ populationSize, quantile, resample: 0 }, outcomes, 50, seed);
        const costs = outcomes.map(({ value = Number.NaN }) => value);
        const beats = (a: number, b: number) =>
          (!Number.isNaN(costs[a]) && Number.isNaN(costs[b])) || costs[a] < costs[b];
        const places = (number: number) => {
          const first = number - (number % populationSize);
          const others = trials.slice(first, first + populationSize).map((trial) => trial.number);
          return others.filter((other) => beats(other, number) || (!beats(number, other) && other < number))
            .length;
        };
        let replaced = 0;
        while (replaced < quantile * populationSize - 1e-9 && replaced + 1 <= populationSize / 2) replaced++;
        for (const { number, parent, params } of trials) {
          const own = number - populationSize;
          if (own < 0) {
            expect(parent).toBeUndefined();
            continue;
          }
          const from = Math.floor(own / populationSize) * populationSize;
          const valued = trials
            .slice(from, from + populationSize)
            .filter(({ number }) => !Number.isNaN(costs[number]));
          if (valued.length === 0) {
            expect(parent).toBeUndefined();
          } else if (!Number.isNaN(costs[own]) && places(own) < populationSize - replaced) {
            expect([parent, params]).toEqual([own, trials[own].params]);
          } else {
            const donors = valued.filter(({ number }) => places(number) < Math.max(1, replaced));
            expect(donors.map(({ number }) => number)).toContain(parent);
            const before: Params = trials[parent as number].params;
            expect(Object.keys(params)).toEqual(Object.keys(before));
            for (const [name, value] of Object.entries(before)) {
              if (name === "units" || name === "kind") {
                expect(params[name]).toBe(value);
                continue;
              }
              const either = [0.8, 1.2].map((factor) => moved(name, value as number, factor));
              const unit = name === "rate" ? (value as number) : 1;
              // half a dozen roundings of logarithms up to 10, and of tenths
              const error = Math.min(...either.map((x) => Math.abs((params[name] as number) - x) / unit));
              expect(error).toBeLessThan(1e-14);
            }
          }
        }
      }),
    );
  });

  test("draws the donor, the resampling and the factor evenly", () => {
    // of four, the worst two are replaced by the best two
    const outcomes = [1, 2, 3, 4].map((value) => ({ value }));
    const options = { populationSize: 4, quantile: 0.5, start: pbtStart() };
    let [firstDonor, anew, up, copies] = [0, 0, 0, 0];
    const seeds = 1500;
    for (let seed = 0; seed < seeds; seed++) {
      const trials = play(options, outcomes, 8, seed);
      for (const { parent, params } of trials.slice(6)) {
        copies++;
        if (parent === 0) firstDonor++;
        const ratio = (params.rate as number) / 1e-2;
        if (Math.abs(ratio - 1.2) < 1e-12) up++;
        else if (Math.abs(ratio - 0.8) > 1e-12) anew++;
      }
    }
    expect(copies).toBe(2 * seeds);
    /** Five standard deviations of a binomial share: missed by chance less than once in a million times. */
    const near = (count: number, share: number) =>
      expect(Math.abs(count - share * copies)).toBeLessThan(5 * Math.sqrt(copies * share * (1 - share)));
    near(firstDonor, 1 / 2);
    near(anew, 1 / 4);
    near(up, 3 / 8);
  });

  /** Begins everywhere at one point. */
  function pbtStart() {
    return { ...random(), suggest: () => ({ rate: 1e-2, dropout: 0.3, units: 8, kind: "a" }) };
  }

  test("may run side by side, and waits for the generation before", () => {
    const study = createStudy({ space, strategy: pbt({ populationSize: 3 }), direction: "minimize" });
    for (const number of [0, 1, 2]) expect(study.ask()?.number).toBe(number);
    expect(study.canAsk()).toBe(false);
    for (const number of [2, 0]) study.tell(number, { value: number });
    expect(caught(() => study.ask()).message).toBe(
      'strategy "pbt" learns from trials: trial 3 can start once all trials up to 2 have finished; trial 1 has not. Finish it with tell',
    );
    study.tell(1, { value: 1 });
    expect([3, 4, 5].map(() => study.ask()?.parent)).toEqual([0, 1, expect.any(Number)]);
    expect(study.canAsk()).toBe(false);
  });

  test.each([2, 4, 9])("is the same with %i trials at a time", async (concurrency) => {
    const run = async (concurrency: number) => {
      const study = createStudy({ space, strategy: pbt({ populationSize: 4 }), direction: "maximize" });
      let [atWork, most] = [0, 0];
      await study.optimize(
        async ({ rate, dropout }, { number }) => {
          most = Math.max(most, ++atWork);
          for (let i = 0; i < (7 * number) % 5; i++) await new Promise((done) => setImmediate(done));
          atWork--;
          if (number % 7 === 3) throw new Error("out of luck");
          return rate - dropout;
        },
        { trials: 30, concurrency },
      );
      return { trials: study.trials, most };
    };
    const [alone, together] = [await run(1), await run(concurrency)];
    expect(together.trials).toEqual(alone.trials);
    expect([alone.most, together.most]).toEqual([1, Math.min(4, concurrency)]);
    expect(alone.trials.some(({ number, parent }) => parent !== undefined && parent !== number - 4)).toBe(
      true,
    );
  });
});

describe("a member", () => {
  test("starts again if no trial of a generation has a value", () => {
    const outcomes: TrialOutcome[] = [
      { value: 1 },
      { value: 2 },
      { status: "failed" },
      { value: Number.NaN },
    ];
    const trials = play({ populationSize: 2 }, [...outcomes, { value: 3 }, { value: 4 }], 7);
    expect(trials.map(({ parent }) => parent)).toEqual([undefined, undefined, 0, 0, undefined, undefined, 4]);
  });

  test("has the trials that it resumed as its ancestry", () => {
    const study = createStudy({ space, strategy: pbt({ populationSize: 2 }), direction: "minimize" });
    for (let number = 0; number < 8; number++)
      study.tell(study.ask()?.number as number, { value: number % 2 });
    const { trials } = study;
    const numbers = (number: number) => ancestry(trials, number).map((trial) => trial.number);
    expect([numbers(1), numbers(6), numbers(7)]).toEqual([[1], [0, 2, 4, 6], [0, 2, 4, 7]]);
    expect(ancestry(trials, 6)[3]).toBe(trials[6]);
    expect(caught(() => ancestry(trials, 8)).message).toBe(
      "number must be the number of a trial among trials; received 8",
    );
  });

  test("gives its place to a point in line", () => {
    const study = createStudy({ space, strategy: pbt({ populationSize: 2 }), direction: "minimize" });
    const given = { rate: 0.1, dropout: 0.2, units: 9, kind: "a" } as const;
    for (let number = 0; number < 8; number++) {
      if (number === 3) expect(study.enqueue(given)).toBe(3);
      study.tell(study.ask()?.number as number, { value: number % 2 });
    }
    const [, , , fourth, , sixth] = study.trials;
    expect([fourth.parent, fourth.params]).toEqual([undefined, given]);
    // of two, the odd ones are worse: the next goes on from the even one all the same
    expect(sixth.parent).toBe(2);
  });

  test("continues after the study was saved, restored by names alone", () => {
    const options: PbtOptions = {
      start: grid({ points: 3 }),
      populationSize: 4,
      quantile: 0.5,
      explore: ["rate", "units"],
      factors: [0.5, 2],
      resample: 0.5,
    };
    const begin = () => createStudy({ space, strategy: pbt(options), direction: "maximize", seed: 3 });
    const [whole, stopped] = [begin(), begin()];
    for (let number = 0; number < 22; number++) {
      whole.tell(whole.ask()?.number as number, { value: (number * 7) % 5 });
    }
    for (let number = 0; number < 10; number++) {
      stopped.tell(stopped.ask()?.number as number, { value: (number * 7) % 5 });
    }
    stopped.ask();
    const json = JSON.parse(JSON.stringify(stopped));
    expect(json.strategy.options).toEqual({ ...options, start: { name: "grid", options: { points: 3 } } });
    const again = restoreStudy(json, { strategy: createStrategy(json.strategy.name, json.strategy.options) });
    for (let number = 10; number < 22; number++) {
      again.tell(again.ask()?.number as number, { value: (number * 7) % 5 });
    }
    expect(again.trials).toEqual(whole.trials);
    expect(createStrategy("pbt").options).toEqual(pbt().options);
  });
});

describe("the toy of the paper's figure 2", () => {
  const toy = { h: float(0, 1), k: float(0, 1) };

  /** The best of 2 × 100 intervals of two members that begin at h = (1, 0) and (0, 1). */
  async function best(options: PbtOptions, seed: number): Promise<number> {
    const study = createStudy({
      space: toy,
      strategy: pbt({ populationSize: 2, quantile: 0.5, ...options }),
      direction: "maximize",
      seed,
    });
    study.enqueue({ h: 1, k: 0 });
    study.enqueue({ h: 0, k: 1 });
    const ends = new Map<number, readonly [number, number]>();
    await study.optimize(
      ({ h, k }, { number, parent }) => {
        let [a, b] = parent === undefined ? [0.9, 0.9] : (ends.get(parent) as readonly [number, number]);
        // ascent on 1.2 − (h·a² + k·b²), of which the trial's value knows nothing
        for (let step = 0; step < 4; step++) [a, b] = [a - 0.02 * h * a, b - 0.02 * k * b];
        ends.set(number, [a, b]);
        return 1.2 - a * a - b * b;
      },
      { trials: 200 },
    );
    return study.best.value;
  }

  test.each([0, 1, 2, 3, 4])(
    "is solved by the population, and by no member alone (seed %i)",
    async (seed) => {
      // one axis solved and the other as it began: 1.2 − 0.9²
      expect(await best({ quantile: 0 }, seed)).toBeLessThan(1.2 - 0.81);
      expect(await best({}, seed)).toBeGreaterThan(1.19);
    },
  );
});

test.each<[string, PbtOptions, RegExp]>([
  [
    "a population of 1",
    { populationSize: 1 },
    /populationSize of pbt must be an integer of at least 2; received 1/,
  ],
  ["more than half", { quantile: 0.6 }, /quantile of pbt must be a number in \[0, 0.5\]; received 0.6/],
  [
    "no factors",
    { factors: [] },
    /factors of pbt must be a list of positive numbers other than 1; received \[\]/,
  ],
  ["a factor of 1", { factors: [1, 2] }, /other than 1; received \[1,2\]/],
  ["a probability above 1", { resample: 2 }, /resample of pbt must be a number in \[0, 1\]; received 2/],
  ["a word for names", { explore: "rate" as never }, /list of names of parameters; received "rate"/],
  [
    "a number among names",
    { explore: ["rate", 3] as never },
    /list of names of parameters; received \["rate",3\]/,
  ],
  [
    "itself to start with",
    { start: pbt() },
    /start of pbt must be a strategy that does not resume trials itself/,
  ],
  ["stray options", { size: 3 } as never, /unknown option of pbt "size"/],
])("pbt refuses %s", (_, options, message) => {
  expect(caught(() => pbt(options)).message).toMatch(message);
});

test("pbt refuses names that the space does not have, before anything runs", () => {
  const study = createStudy({ space, strategy: pbt({ explore: ["rates"] }), direction: "minimize" });
  expect(caught(() => study.ask()).message).toMatch(
    /unknown parameter for pbt to explore "rates". Did you mean "rate"/,
  );
});

test("a scheduler refuses a strategy that resumes trials itself, in generations or not", async () => {
  const own = { ...random(), name: "own", resume: () => undefined };
  const alone = createStudy({ space, strategy: own, direction: "minimize", lag: 9 });
  await expect(alone.optimize(() => 1, { trials: 1, scheduler: asha(), steps: 9 })).rejects.toThrow(
    'strategy "own" itself decides which trials resume, and works without a scheduler; received "asha"',
  );
  const study = createStudy({ space, strategy: pbt(), direction: "minimize", lag: 9 });
  await expect(study.optimize(() => 1, { trials: 1, scheduler: asha(), steps: 9 })).rejects.toThrow(
    'strategy "pbt" itself decides which trials resume, and works without a scheduler; received "asha"',
  );
});

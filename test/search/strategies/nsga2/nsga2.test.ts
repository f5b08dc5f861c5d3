/**
 * NSGA-II as a strategy. Its fronts and crowding: pareto.test.ts; what makes children:
 * genetic-operators.test.ts.
 */
import { describe, expect, test } from "vitest";
import { RandomStream } from "../../../../src/numerics/random.js";
import { hypervolume } from "../../../../src/search/analysis/hypervolume.js";
import { halving } from "../../../../src/search/schedulers/halving.js";
import { choice, float, int } from "../../../../src/search/space/builders.js";
import { type Params, resolveSpace, type Space } from "../../../../src/search/space/space.js";
import { genetic } from "../../../../src/search/strategies/genetic/genetic.js";
import { type Nsga2Options, nsga2 } from "../../../../src/search/strategies/nsga2/nsga2.js";
import { random } from "../../../../src/search/strategies/random/random.js";
import type { Strategy } from "../../../../src/search/strategies/strategy.js";
import { createStudy } from "../../../../src/search/study/create.js";
import { makeRecord, type TrialOutcome } from "../../../../src/search/trial/trial.js";
import { checkStrategyLaw, strategyLaws } from "../../../../src/testing/strategy.js";
import { cases } from "../../../cases.js";
import { objectives, signTest } from "../../objectives.js";
import { caught } from "../../support.js";

describe.each<[string, Nsga2Options]>([
  ["a small population", { populationSize: 4 }],
  ["one child at a time", { populationSize: 3, offspring: 1 }],
  ["other parts", { populationSize: 4, crossover: "uniform", mutation: "normal", crossoverRate: 0.5 }],
])("nsga2 with %s keeps the contract of strategies:", (_, options) => {
  test.each(Object.keys(strategyLaws))("%s", (law) =>
    checkStrategyLaw(nsga2(options), law, { numRuns: cases(30) }),
  );
});

const minimizeBoth = ["minimize", "minimize"] as const;

function run(
  strategy: Strategy,
  { space, seed, trials }: { space: Space; seed: number; trials: number },
  give: (params: Params) => TrialOutcome,
) {
  const study = createStudy({ space, strategy, seed, direction: minimizeBoth });
  for (let i = 0; i < trials; i++) {
    const trial = study.ask();
    if (trial) study.tell(trial.number, give(trial.params));
  }
  return study;
}

/**
 * Two bowls: what is good for one of two points is bad for the other; the front is the segment between them.
 */
const bowls = { a: float(-4, 4), b: float(-4, 4), c: float(-4, 4), d: float(-4, 4) };
function bowlsAt(params: Params): [number, number] {
  const x = Object.values(params) as number[];
  const from = (centre: number) => x.reduce((sum, xi, i) => sum + (xi - (i === 0 ? centre : 0.7)) ** 2, 0);
  return [from(-1), from(1)];
}

describe("the search", () => {
  test("dominates more than random search", () => {
    let wins = 0;
    for (let seed = 0; seed < 10; seed++) {
      const [mine, theirs] = [nsga2(), random()].map((strategy) => {
        const study = run(strategy, { space: bowls, seed, trials: 100 }, (params) => ({
          values: bowlsAt(params),
        }));
        return hypervolume(study.trials, minimizeBoth, [30, 30]);
      });
      if (mine > theirs) wins++;
    }
    // 10 of 10: the sign test's 2^-10
    expect(wins).toBe(10);
  });

  test("keeps the ends of the front and what lies between", () => {
    const study = run(nsga2(), { space: bowls, seed: 1, trials: 600 }, (params) => ({
      values: bowlsAt(params),
    }));
    // the front is √f₁ + √f₂ = 2
    const places = study.bestTrials.map(({ values: [f, g] = [] }) => [Math.sqrt(f), Math.sqrt(g)]);
    const near = places.filter(([f, g]) => f + g < 2.1).map(([f]) => f);
    expect(Math.min(...near)).toBeLessThan(0.15);
    expect(Math.max(...near)).toBeGreaterThan(1.85);
    near.sort((f, g) => f - g);
    expect(Math.max(...near.slice(1).map((f, i) => f - near[i]))).toBeLessThan(0.3);
  });

  test("is better than random search with one objective", () => {
    expect(signTest(objectives.sphere, nsga2(), random(), { seeds: 12, trials: 80 })).toBeLessThan(0.01);
    const { strategy, best } = (() => {
      const study = createStudy({ space: { x: int(0, 99) }, strategy: nsga2(), direction: "maximize" });
      for (let i = 0; i < 100; i++) {
        const trial = study.ask();
        if (trial) study.tell(trial.number, { value: -Math.abs(trial.params.x - 61) });
      }
      return study;
    })();
    expect([strategy.name, best.params.x]).toEqual(["nsga2", 61]);
  });

  test("is led back to where soft constraints are kept", () => {
    const space = { x: float(0, 1), y: float(0, 1), z: float(0, 1) };
    const kept = (study: ReturnType<typeof run>) =>
      study.trials.slice(-40).filter(({ constraints: [first] = [] }) => (first ?? 1) <= 0).length;
    // kept in the corner of a 64th, and the objectives lead away from it
    const give = ({ x, y, z }: Params): TrialOutcome => ({
      values: [-(x as number), -(y as number) - (z as number)],
      constraints: [Math.max(x as number, y as number, z as number) - 0.25],
    });
    for (const seed of [1, 2, 3]) {
      expect(kept(run(nsga2(), { space, seed, trials: 160 }, give))).toBeGreaterThan(10);
      expect(kept(run(random(), { space, seed, trials: 160 }, give))).toBeLessThan(5);
    }
  });

  test("does not go back to where trials fail", () => {
    const space = { x: float(0, 1), kind: choice(["good", "bad"]) };
    const study = run(nsga2({ populationSize: 10 }), { space, seed: 3, trials: 150 }, ({ x, kind }) =>
      kind === "bad" ? { status: "failed" } : { values: [x as number, 1 - (x as number)] },
    );
    // a mutation changes the kind of every other child at most
    const failed = study.trials.slice(-100).filter(({ status }) => status === "failed").length;
    expect(failed).toBeLessThan(60);
    expect(study.bestTrials.length).toBeGreaterThan(60);
  });

  test("works with a scheduler, the same at any number of trials side by side", async () => {
    const search = async (concurrency: number) => {
      const study = createStudy({
        space: bowls,
        strategy: nsga2({ populationSize: 9 }),
        direction: minimizeBoth,
        seed: 2,
        lag: 8,
      });
      await study.optimize(
        async (params, trial) => {
          const at = (step: number): [number, number] => {
            const [f, g] = bowlsAt(params);
            return [f + 3 / step, g + 3 / step];
          };
          for (let step = 1; step < 9; step++) {
            for (let i = 0; i < (trial.number * 5 + step) % 4; i++)
              await new Promise((done) => setImmediate(done));
            if (!(await trial.report(at(step), step))) return at(step);
          }
          return at(9);
        },
        { trials: 90, scheduler: halving(), steps: 9, concurrency },
      );
      return study;
    };
    const study = await search(1);
    expect((await search(5)).toJSON()).toEqual(study.toJSON());
    const complete = study.trials.filter(({ status }) => status === "complete");
    expect(complete).toHaveLength(10);
    // pruned trials are parents as well: the last ones are nearer than the first
    const closeness = (from: number) =>
      study.trials
        .slice(from, from + 18)
        .map(({ params }) => Math.sqrt(Math.min(...bowlsAt(params))))
        .reduce((sum, distance) => sum + distance / 18, 0);
    expect(closeness(72)).toBeLessThan(0.7 * closeness(0));
  });

  test("begins at the defaults", () => {
    const space = { x: float(0, 1, { default: 0.9 }), y: int(0, 4) };
    expect(createStudy({ space, strategy: nsga2(), direction: minimizeBoth }).ask()?.params).toEqual({
      x: 0.9,
      y: 2,
    });
  });

  test("is made again from its options as JSON", () => {
    const options: Nsga2Options = {
      populationSize: 5,
      offspring: 2,
      mutationRate: 0.5,
      crossover: { type: "sbx", eta: 3 },
      mutation: { type: "polynomial", eta: 4 },
    };
    const again = nsga2(JSON.parse(JSON.stringify(nsga2(options).options)));
    expect(again.options).toEqual(options);
    const runs = [nsga2(options), again, nsga2()].map((strategy) =>
      run(strategy, { space: bowls, seed: 1, trials: 40 }, (params) => ({
        values: bowlsAt(params),
      })).toJSON(),
    );
    expect(runs[1]).toEqual(runs[0]);
    expect(runs[2].trials).not.toEqual(runs[0].trials);
  });

  test("is the only adaptive strategy that supports several objectives", () => {
    expect(
      caught(() => createStudy({ space: bowls, strategy: genetic(), direction: minimizeBoth })).message,
    ).toMatch(/Use nsga2\(\)/);
  });
});

test.each<[string, Nsga2Options, RegExp]>([
  [
    "a population of 1",
    { populationSize: 1 },
    /populationSize of nsga2 must be an integer of at least 2; received 1/,
  ],
  ["no offspring", { offspring: 0 }, /offspring of nsga2 must be a positive integer; received 0/],
  ["a rate above 1", { crossoverRate: 2 }, /crossoverRate of nsga2 must be a number in \[0, 1\]; received 2/],
  ["an option of genetic", { elitism: 1 } as never, /unknown option of nsga2/],
])("nsga2 refuses %s", (_, options, message) => {
  expect(caught(() => nsga2(options)).message).toMatch(message);
});

test.each([
  ["every child", 1, [4, 0, 1, 2]],
  ["two children", 2, [0, 1, 2, 3]],
])("the parents after %s are the best four, each by the better of two draws", (_, offspring, members) => {
  const space = resolveSpace({ x: float(0, 10) });
  // the last is a child, and the best of all
  const history = [
    [1, 2],
    [3, 3],
    [5, 4],
    [9, 5],
    [7, 1],
  ].map(([x, value], number) => makeRecord({ number, params: { x } }, { value }));
  const strategy = nsga2({
    populationSize: 4,
    offspring,
    crossoverRate: 0,
    mutation: { type: "normal", scale: 1e-6 },
    mutationRate: 1,
  });
  const found = [0, 0, 0, 0, 0];
  for (let seed = 0; seed < 2000; seed++) {
    const { x } = strategy.suggest({
      space,
      number: 5,
      suggested: 5,
      history,
      earlier: history.map(({ params }) => params),
      direction: "minimize",
      directions: ["minimize"],
      random: new RandomStream(seed),
      studyRandom: new RandomStream(0),
    }) as { x: number };
    found[history.findIndex(({ params }) => Math.abs((params.x as number) - x) < 0.1)]++;
  }
  // the chance of rank i among four is ((4 − i)² − (3 − i)²) / 16
  const expected = [0, 0, 0, 0, 0];
  for (const [i, member] of members.entries()) expected[member] = (2000 * (7 - 2 * i)) / 16;
  for (const [i, times] of expected.entries())
    expect(Math.abs(found[i] - times)).toBeLessThanOrEqual(4 * Math.sqrt(times));
});

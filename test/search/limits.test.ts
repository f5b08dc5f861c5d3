/** The largest legal options of searches, and what is refused beyond them, at once and in the usual words. */
import { describe, expect, it } from "vitest";
import { importances, marginals } from "../../src/search/analysis/importance.js";
import { medianStopping } from "../../src/search/schedulers/median.js";
import { choice, float, int } from "../../src/search/space/builders.js";
import type { Space } from "../../src/search/space/space.js";
import { createStrategy } from "../../src/search/strategies/index.js";
import { createStudy } from "../../src/search/study/create.js";
import { caught } from "./support.js";

const MOST = Number.MAX_SAFE_INTEGER;
const space: Space = { a: float(0, 1), b: int(1, 9), c: choice(["x", "y"]) };

/** The values told are far from equal, and one trial in five has none. */
function search(name: string, options: Readonly<Record<string, unknown>>, trials: number): void {
  const study = createStudy({
    space,
    strategy: createStrategy(name, options),
    direction: "minimize",
    seed: 2,
  });
  for (let i = 0; i < trials; i++) {
    const trial = study.ask();
    if (trial === undefined) throw new Error("the strategy has ended");
    study.tell(i, { value: i % 5 === 4 ? Number.NaN : ((trial.params.a as number) - 0.3) ** 2 });
  }
}

describe("the largest options", () => {
  it.each<[name: string, options: Readonly<Record<string, unknown>>]>([
    ["cmaes", { populationSize: 10_000, sigma: 1 }],
    ["cmaes", { sigma: 1e-9 }],
    ["tpe", { candidates: 10_000, priorWeight: 1e9, gamma: 1 - 2 ** -53, startupTrials: 5 }],
    ["tpe", { multivariate: false, priorWeight: 1e-9, gamma: 5e-324, startupTrials: MOST }],
    [
      "genetic",
      { populationSize: 10_000, elitism: 9_999, crossover: { type: "blend", alpha: Number.MAX_VALUE } },
    ],
    [
      "genetic",
      {
        populationSize: 2,
        selection: { type: "tournament", size: 1000 },
        crossover: { type: "sbx", eta: Number.MAX_VALUE },
        mutation: { type: "normal", scale: 1e6 },
        mutationRate: 1,
      },
    ],
    [
      "genetic",
      { populationSize: 3, mutation: { type: "polynomial", eta: Number.MAX_VALUE }, mutationRate: 1 },
    ],
    ["nsga2", { populationSize: 1000, offspring: 1000 }],
    ["pbt", { populationSize: 2, factors: [Number.MAX_VALUE, 5e-324] }],
    ["gp", { acquisition: "lcb", kappa: Number.MAX_VALUE, startupTrials: 4 }],
    ["gp", { startupTrials: MOST }],
    ["grid", { points: 100_000 }],
  ])("%s %j searches", (name, options) => {
    search(name, options, 12);
  });
});

it("gp takes a space of 2000 coordinates, and no more", () => {
  const asked = (words: number) => {
    const names = Array.from({ length: words }, (_, i) => `w${i}`);
    const wide: Space = { a: float(0, 1), c: choice(names) };
    return createStudy({ space: wide, strategy: createStrategy("gp"), direction: "minimize" }).ask();
  };
  expect(asked(1999)?.number).toBe(0);
  expect(caught(() => asked(2000))).toMatchObject({
    code: "invalid_space",
    message: expect.stringMatching(
      /^the number of coordinates of a space for gp, .* at most 2000; received 2001/,
    ),
  });
});

describe("beyond them", () => {
  it.each<[string, Readonly<Record<string, unknown>>, string]>([
    ["cmaes", { sigma: 5e-324 }, "sigma of cmaes must be a number from 1e-9 to 1; received 5e-324"],
    ["cmaes", { populationSize: 10_001 }, "populationSize of cmaes must be at most 10000; received 10001"],
    [
      "genetic",
      { populationSize: MOST },
      "populationSize of genetic must be at most 10000; received 9007199254740991",
    ],
    [
      "genetic",
      { selection: { type: "tournament", size: MOST } },
      "size of tournament selection must be at most 1000",
    ],
    [
      "genetic",
      { mutation: { type: "normal", scale: 1e308 } },
      "scale of normal mutation must be a number above 0, at most 1e6",
    ],
    ["nsga2", { populationSize: 1001 }, "populationSize of nsga2 must be at most 1000; received 1001"],
    ["nsga2", { offspring: 1001 }, "offspring of nsga2 must be at most 1000; received 1001"],
    ["pbt", { populationSize: 10_001 }, "populationSize of pbt must be at most 10000; received 10001"],
    ["tpe", { candidates: MOST }, "candidates of tpe must be at most 10000; received 9007199254740991"],
    [
      "tpe",
      { priorWeight: 1e10 },
      "priorWeight of tpe must be a positive number from 1e-9 to 1e9; received 10000000000",
    ],
  ])("%s %j is refused", (name, options, message) => {
    const error = caught(() => createStrategy(name, options));
    expect(error).toMatchObject({ code: "invalid_argument" });
    expect(error.message).toContain(message);
  });

  it("analyses and schedulers refuse, too", () => {
    const study = createStudy({
      space: { n: int(0, 9) },
      strategy: createStrategy("random"),
      direction: "minimize",
    });
    for (let i = 0; i < 3; i++) study.tell(study.ask()?.number as number, { value: i });
    const { trials } = study;
    expect(caught(() => importances(trials, study.space, { trees: MOST })).message).toContain(
      "trees must be at most 10000",
    );
    expect(caught(() => marginals(trials, study.space, "n", { points: MOST })).message).toContain(
      "points of marginals must be at most 10000",
    );
    const { rungs } = medianStopping();
    expect(rungs(0, 100_001)).toHaveLength(100_000);
    expect(caught(() => rungs(0, MOST))).toMatchObject({ code: "limit_exceeded" });
  });

  it("a space has so many values of choices", () => {
    const values = Array.from({ length: 10_000 }, (_, i) => i);
    const many = (count: number) =>
      Object.fromEntries(Array.from({ length: count }, (_, i) => [`c${i}`, choice(values)]));
    const study = createStudy({ space: many(10), strategy: createStrategy("tpe"), direction: "minimize" });
    for (let i = 0; i < 14; i++) study.tell(study.ask()?.number as number, { value: i });
    const error = caught(() => createStudy({ space: many(11), direction: "minimize" }));
    expect(error).toMatchObject({ code: "invalid_space" });
    expect(error.message).toBe(
      "the number of values of all choices of a space must be at most 100000; received 110000",
    );
  });

  it("gp refuses more objectives than it can divide the space between, and takes many constraints together", () => {
    const directions = Array.from({ length: 9 }, () => "minimize" as const);
    const study = createStudy({
      space: { x: float(0, 1) },
      strategy: createStrategy("gp"),
      direction: directions,
    });
    const error = caught(() => study.ask());
    expect(error).toMatchObject({ code: "limit_exceeded" });
    expect(error.message).toBe(
      "the number of objectives for gp (use nsga2() for more) must be at most 8; received 9",
    );
    const bound = createStudy({
      space: { x: float(0, 1) },
      strategy: createStrategy("gp"),
      direction: "minimize",
      seed: 1,
    });
    for (let i = 0; i < 12; i++) {
      const x = bound.ask()?.params.x as number;
      bound.tell(i, { value: x, constraints: Array.from({ length: 1000 }, () => 0.5 - x) });
    }
    expect(bound.best.params.x).toBeGreaterThanOrEqual(0.5);
    expect(bound.best.params.x).toBeLessThan(0.7);
  });
});

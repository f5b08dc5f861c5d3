/** Every strategy over the widest, finest and longest ranges: it ends, in points of the space, and learns. */
import { describe, expect, it } from "vitest";
import { importances, marginals } from "../../../src/search/analysis/importance.js";
import { choice, float, int } from "../../../src/search/space/builders.js";
import { toUnit } from "../../../src/search/space/scale.js";
import { type Params, resolveSpace, type Space, whyOutside } from "../../../src/search/space/space.js";
import { grid } from "../../../src/search/strategies/grid/grid.js";
import { createStrategy } from "../../../src/search/strategies/index.js";
import { random } from "../../../src/search/strategies/random/random.js";
import { createStudy } from "../../../src/search/study/create.js";

const MOST = Number.MAX_SAFE_INTEGER;
const names = ["random", "sobol", "tpe", "gp", "cmaes", "genetic", "nsga2", "pbt"];

const spaces: Readonly<Record<string, Space>> = {
  "safe integers": { a: int(0, MOST), b: int(-MOST, 0) },
  "logarithms of integers": { a: int(1, MOST, { log: true }), b: int(1, MOST - 1, { log: true, step: 2 }) },
  "the finest steps": { a: float(0, 1, { step: 1e-14 }), b: float(-1e300, 1e300, { step: 1e286 }) },
  "the widest ranges": { a: float(-1.7e308, 1.7e308), b: float(5e-324, 1.7e308, { log: true }) },
  "subnormal ranges": {
    a: float(0, 1e-318),
    b: float(5e-324, 1e-310, { log: true }),
    c: float(0, 1e-319, { step: 5e-324 }),
  },
  "one of each": {
    a: int(0, MOST),
    b: float(0, 1, { step: 1e-14, when: { a: { high: MOST / 2 } } }),
    c: choice(["x", "y"], { when: { a: { low: 2 ** 52 + 1 } } }),
    d: float(5e-324, 5e-324, { log: true }),
  },
};

/** How far a point is from a third of the way along each parameter, as the mean of squares. */
function distance(space: Space, params: Params): number {
  const places = Object.entries(params).map(([name, value]) => toUnit(space[name], value) - 1 / 3);
  return places.reduce((sum, x) => sum + x * x, 0) / places.length;
}

describe.each(Object.entries(spaces))("%s", (_, space) => {
  it("is what trials are analysed over", () => {
    const study = createStudy({ space, strategy: random(), seed: 4, direction: "minimize" });
    for (let i = 0; i < 30; i++) {
      const { number, params } = study.ask() as { number: number; params: Params };
      study.tell(number, { value: distance(space, params) });
    }
    const shares = Object.values(importances(study.trials, space, { trees: 8 }).main);
    expect(shares.every((share) => share >= 0 && share <= 1)).toBe(true);
    expect(Math.max(...shares)).toBeGreaterThan(0.1);
    for (const name of Object.keys(space)) {
      const curve = marginals(study.trials, space, name, { trees: 8, points: 5 });
      expect(curve.every(({ mean, std }) => mean >= 0 && mean <= 1 && std >= 0)).toBe(true);
      expect(new Set(curve.map(({ value }) => value)).size).toBe(curve.length);
    }
  });

  it.each(names)("%s", (name) => {
    const searchSpace = resolveSpace(space);
    const study = createStudy({ space, strategy: createStrategy(name), seed: 3, direction: "minimize" });
    for (let i = 0; i < 24; i++) {
      const trial = study.ask();
      if (trial === undefined) throw new Error("the strategy has ended");
      expect(whyOutside(searchSpace, trial.params)).toBeUndefined();
      study.tell(trial.number, { value: distance(space, trial.params) });
    }
    if (["tpe", "gp", "cmaes", "genetic", "nsga2"].includes(name)) {
      const mean = (values: readonly number[]) => values.reduce((sum, x) => sum + x, 0) / values.length;
      const values = study.trials.map(({ value }) => value as number);
      expect(mean(values.slice(-8))).toBeLessThan(mean(values.slice(0, 8)));
    }
  });
});

describe("a grid", () => {
  it("numbers as many combinations as there are, and begins with the first", () => {
    const space = { a: int(0, MOST), b: float(0, 1, { step: 1e-14 }) };
    expect(grid().size({ a: int(0, MOST) })).toBe(2 ** 53);
    expect(grid().size(space)).toBe(2 ** 53 * (1e14 + 1));
    const study = createStudy({ space, strategy: grid(), direction: "minimize" });
    expect([study.ask(), study.ask(), study.ask()].map((trial) => trial?.params)).toEqual([
      { a: 0, b: 0 },
      { a: 0, b: 1e-14 },
      { a: 0, b: 2e-14 },
    ]);
  });

  it("spreads points over the widest ranges", () => {
    const points = (space: Space) => {
      const study = createStudy({ space, strategy: grid({ points: 3 }), direction: "minimize" });
      return [study.ask(), study.ask(), study.ask(), study.ask()].map((trial) => trial?.params.a);
    };
    expect(points({ a: int(0, MOST - 1) })).toEqual([0, 2 ** 52 - 1, MOST - 1, undefined]);
    expect(points({ a: float(-1.7e308, 1.7e308) })).toEqual([-1.7e308, 0, 1.7e308, undefined]);
  });
});

/** Most of a range diverges: strategies that learn find the rest, and stay there. */
import { describe, expect, it } from "vitest";
import { float, int } from "../../../src/search/space/builders.js";
import type { Space } from "../../../src/search/space/space.js";
import { createStrategy } from "../../../src/search/strategies/index.js";
import { createStudy } from "../../../src/search/study/create.js";
import type { Trial } from "../../../src/search/trial/trial.js";

const TRIALS = 30;
const space = {
  rate: float(1e-5, 1e5, { log: true }),
  momentum: float(0, 1),
  units: int(8, 128, { log: true }),
};

/** The values of a search for a rate of 10^-4.5; nine tenths of the rates, from 1e-4 on, diverge. */
function values(name: string, seed: number, searched: Space = space): (number | null)[] {
  const study = createStudy({ space: searched, strategy: createStrategy(name), seed, direction: "minimize" });
  for (let i = 0; i < TRIALS; i++) {
    const { number, params } = study.ask() as Trial;
    const rate = Math.log10(params.rate as number);
    const momentum = (params.momentum ?? 0.7) as number;
    study.tell(number, { value: rate > -4 ? Number.NaN : (rate + 4.5) ** 2 + (momentum - 0.7) ** 2 });
  }
  return study.trials.map(({ value }) => value);
}

/** Others than those on which anything was chosen. */
const seeds = Array.from({ length: 12 }, (_, i) => 2000 + i);
const hasValue = (value: number | null) => value !== null;

describe("where nine tenths of a range diverge", () => {
  // of 12 uniform searches of 30 trials, 0.9^30 · 12 = 0.5 find nothing; of 12 spread over 16 parts, none
  // after 4 + 16 trials
  it.each([
    ["cmaes", 0],
    ["genetic", 1],
    ["nsga2", 1],
    ["tpe", 0],
  ])("%s finds the rest", (name, most) => {
    for (const searched of [space, { rate: space.rate }]) {
      const found = seeds.filter((seed) => values(name, seed, searched).some(hasValue));
      expect(found.length).toBeGreaterThanOrEqual(seeds.length - most);
    }
  });

  it.each([
    ["cmaes", 0.25],
    ["tpe", 0.5],
  ])("%s goes on there in at least %d of its last 10 trials", (name, least) => {
    const late = seeds.flatMap((seed) => values(name, seed, { rate: space.rate }).slice(-10));
    expect(late.filter(hasValue).length / late.length).toBeGreaterThan(least);
  });

  it("gp does not take the few good trials for noise", () => {
    const bests = seeds.slice(0, 5).map((seed) => {
      const all = values("gp", seed, { rate: space.rate });
      return Math.min(...all.map((value) => value ?? 1));
    });
    expect(bests.sort((a, b) => a - b)[2]).toBeLessThan(1e-4);
  });
});

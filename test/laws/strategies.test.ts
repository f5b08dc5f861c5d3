/**
 * The built-in strategies and their parts keep the laws of `strategies.ts`; and those that draw depend on the
 * seed.
 */
import { describe, expect, it } from "vitest";
import { float } from "../../src/search/space/builders.js";
import { blend, onePoint, sbx, uniform } from "../../src/search/strategies/genetic/crossover.js";
import { createStrategy } from "../../src/search/strategies/index.js";
import { sobolPoint } from "../../src/search/strategies/sobol/sequence.js";
import { createStudy } from "../../src/search/study/create.js";
import { hold } from "../../src/testing/laws.js";
import { cases } from "../cases.js";
import { crossoverLaws, sobolLaws } from "./strategies.js";

describe("sobol", () => {
  it.each(Object.entries(sobolLaws))("%s", (law, property) => {
    hold("sequence", law, property(sobolPoint), { numRuns: cases(30) });
  });
});

const laws = Object.entries(crossoverLaws);
describe.each([
  ["uniform", uniform, laws],
  ["onePoint", onePoint, laws],
  ["blend", blend(0.5), laws.slice(0, 2)],
  ["sbx", sbx(2), laws.slice(0, 2)],
] as const)("%s crossover", (name, cross, kept) => {
  it.each(kept)("%s", (law, property) => {
    hold(`crossover "${name}"`, law, property(cross), { numRuns: cases(100) });
  });
});

it.each(["random", "sobol", "tpe", "gp", "cmaes", "genetic", "nsga2"])(
  "%s suggests other points for each seed, and none twice in 8",
  async (name) => {
    const strategy = await createStrategy(name);
    const points = [1, 2, 3, 4].flatMap((seed) => {
      const study = createStudy({ space: { x: float(0, 1) }, strategy, seed, direction: "minimize" });
      return Array.from({ length: 8 }, () => {
        const trial = study.ask();
        if (trial === undefined) return undefined;
        study.tell(trial.number, { value: trial.params.x });
        return trial.params.x;
      });
    });
    // doubles, of which no two are likely to be equal; but a strategy may come to an end of the range, with
    // any seed
    const inside = points.filter((x) => x !== 0 && x !== 1);
    expect(new Set(inside).size).toBe(inside.length);
    expect(inside.length).toBeGreaterThan(16);
  },
);

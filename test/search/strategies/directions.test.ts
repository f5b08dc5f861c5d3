/**
 * To maximize f is to minimize −f: every strategy asks for the same points, of one objective and of two in
 * either direction.
 */
import { describe, expect, it } from "vitest";
import type { Direction } from "../../../src/direction.js";
import { float, int } from "../../../src/search/space/builders.js";
import { cmaes } from "../../../src/search/strategies/cmaes/cmaes.js";
import { genetic } from "../../../src/search/strategies/genetic/genetic.js";
import { gp } from "../../../src/search/strategies/gp/gp.js";
import { nsga2 } from "../../../src/search/strategies/nsga2/nsga2.js";
import type { Strategy } from "../../../src/search/strategies/strategy.js";
import { tpe } from "../../../src/search/strategies/tpe/tpe.js";
import { createStudy } from "../../../src/search/study/create.js";

const space = { a: float(-2, 2), b: float(0.01, 10, { log: true }), n: int(1, 6) };
type Point = { readonly a: number; readonly b: number; readonly n: number };
const first = ({ a, b, n }: Point): number => (a - 1) ** 2 + Math.log(b) ** 2 + (n - 2) ** 2 / 3;
const second = ({ a, b, n }: Point): number => (a + 1) ** 2 + (Math.log(b) - 1) ** 2 + n / 2;

/** The points of a study in which each objective has a direction. */
async function pointsOf(strategy: Strategy, directions: readonly Direction[], trials: number) {
  const signed = (params: Point): number[] =>
    directions.map((direction, k) => (direction === "minimize" ? 1 : -1) * [first, second][k](params));
  const study =
    directions.length === 1
      ? createStudy({ space, strategy, seed: 4, direction: directions[0] })
      : createStudy({ space, strategy, seed: 4, direction: directions });
  await study.optimize((params) => (directions.length === 1 ? signed(params)[0] : signed(params)) as never, {
    trials,
  });
  return study.trials.map(({ params }) => params);
}

const ONE = { cmaes, genetic, gp, tpe };
const TWO = { gp, nsga2, tpe };
const TRIALS: Readonly<Record<string, number>> = { gp: 15, nsga2: 150 };

describe("one objective", () => {
  it.each(Object.entries(ONE))("of %s", async (name, strategy) => {
    const trials = TRIALS[name] ?? 60;
    const low = await pointsOf(strategy(), ["minimize"], trials);
    expect(await pointsOf(strategy(), ["maximize"], trials)).toEqual(low);
    expect(new Set(low.map(({ a }) => a)).size).toBeGreaterThan(trials / 3);
  });
});

describe("two objectives", () => {
  it.each(Object.entries(TWO))("of %s", async (name, strategy) => {
    const trials = TRIALS[name] ?? 60;
    const low = await pointsOf(strategy(), ["minimize", "minimize"], trials);
    for (const directions of [
      ["maximize", "minimize"],
      ["maximize", "maximize"],
    ] as const)
      expect(await pointsOf(strategy(), directions, trials)).toEqual(low);
  });
});

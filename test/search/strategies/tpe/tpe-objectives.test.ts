/**
 * Several objectives of TPE: which trials are the better ones and their weights, from definitions; and what
 * it finds.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { hypervolume } from "../../../../src/search/analysis/hypervolume.js";
import { float } from "../../../../src/search/space/builders.js";
import { random } from "../../../../src/search/strategies/random/random.js";
import type { Strategy } from "../../../../src/search/strategies/strategy.js";
import { paretoWeights } from "../../../../src/search/strategies/tpe/objectives.js";
import { tpe } from "../../../../src/search/strategies/tpe/tpe.js";
import { createStudy } from "../../../../src/search/study/create.js";
import { TrialFronts } from "../../../../src/search/trial/pareto.js";
import {
  type Direction,
  makeRecord,
  type TrialOutcome,
  type TrialRecord,
} from "../../../../src/search/trial/trial.js";
import { cases } from "../../../cases.js";
import { prop } from "../../../prop.js";

const both = ["minimize", "minimize"] as const;

function recordsOf(outcomes: readonly TrialOutcome[], objectives = 2): TrialRecord[] {
  return outcomes.map((outcome, number) => makeRecord({ number, params: {} }, outcome, objectives));
}

function of(...points: readonly (readonly number[])[]): TrialRecord[] {
  return recordsOf(points.map((values) => ({ values })));
}

function weightsOf(
  trials: readonly TrialRecord[],
  directions: readonly Direction[],
  count: number,
): Float64Array {
  const fronts = new TrialFronts(directions);
  for (const trial of trials) fronts.add(trial);
  const weights = new Float64Array(trials.length);
  for (const [i, weight] of paretoWeights(trials, directions, count, fronts.first(trials, count)))
    weights[i] = weight;
  return weights;
}

/** The rank of each point: 1 more than the largest of those that dominate it. */
function ranksOf(points: readonly (readonly number[])[]): number[] {
  const rankOf = (point: readonly number[]): number =>
    points
      .filter((other) => other.every((v, k) => v <= point[k]) && other.some((v, k) => v < point[k]))
      .reduce((most, other) => Math.max(most, 1 + rankOf(other)), 0);
  return points.map(rankOf);
}

describe("the better trials", () => {
  prop(
    [
      fc.array(fc.tuple(fc.nat({ max: 5 }), fc.nat({ max: 5 })), { minLength: 1, maxLength: 9 }),
      fc.integer({ min: 1, max: 9 }),
    ],
    { numRuns: cases(200) },
  )("are those of the best ranks, as many as asked for", (points, count) => {
    const weights = weightsOf(of(...points), both, count);
    const ranks = ranksOf(points);
    const [better, others] = [true, false].map((among) => ranks.filter((_, i) => weights[i] > 0 === among));
    expect(better).toHaveLength(Math.min(count, points.length));
    for (const rank of others) expect(rank).toBeGreaterThanOrEqual(Math.max(...better));
    expect(Math.max(...weights)).toBe(1);
  });

  it("of a front that does not fit are those that dominate most", () => {
    const front = [
      [0, 10],
      [1, 6],
      [5, 5],
      [6, 1],
      [10, 0],
    ];
    // the corner is (15, 15): (1, 6) dominates 14 · 9 = 126, and (6, 1) adds 9 · 5 = 45 to it, (5, 5) only 10
    expect(hypervolume([front[1]], both, [15, 15])).toBe(126);
    expect(hypervolume([front[1], front[3]], both, [15, 15])).toBe(171);
    expect(hypervolume([front[1], front[2]], both, [15, 15])).toBe(136);
    const weights = weightsOf(of(...front), both, 2);
    expect([...weights.keys()].filter((i) => weights[i] > 0)).toEqual([1, 3]);
  });

  it("weigh what they add to the volume, from a corner half of the range beyond the worst", () => {
    const front = [
      [0, 10],
      [4, 4],
      [10, 0],
    ];
    const whole = hypervolume(front, both, [15, 15]);
    const gains = front.map((_, i) => whole - hypervolume(front.toSpliced(i, 1), both, [15, 15]));
    expect(gains).toEqual([20, 36, 20]);
    expect([...weightsOf(of(...front), both, 3)].map((weight) => weight.toFixed(12))).toEqual(
      [20 / 36, 1, 20 / 36].map((weight) => weight.toFixed(12)),
    );
  });

  it("do not depend on units, and follow objectives that are maximized", () => {
    const front = [
      [0, 10],
      [4, 4],
      [10, 0],
      [9, 9],
    ];
    const weights = weightsOf(of(...front), both, 3);
    const scaled = front.map(([f, g]) => [1e300 * f, 7 - g / 1024]);
    weightsOf(of(...scaled), ["minimize", "maximize"], 3).forEach((weight, i) => {
      expect(weight).toBeCloseTo(weights[i], 10);
    });
  });

  it("keep constraints first, and never failed", () => {
    const records = recordsOf([
      { values: [0, 0], constraints: [2] },
      { values: [5, 5], constraints: [0] },
      { status: "failed" },
      { values: [0, 0], constraints: [1] },
      { values: [1, Number.NaN] },
    ]);
    const chosen = (count: number) =>
      [...weightsOf(records, both, count).entries()].flatMap(([i, weight]) => (weight > 0 ? [i] : []));
    expect([1, 2, 3, 4].map(chosen)).toEqual([[1], [1, 3], [0, 1, 3], [0, 1, 3]]);
  });

  it("of equal trials have equal weights", () => {
    expect([...weightsOf(of([1, 1], [1, 1], [1, 1]), both, 2)]).toEqual([1, 1, 0]);
  });
});

describe("tpe with several objectives", () => {
  const space = { a: float(-4, 4), b: float(-4, 4), c: float(-4, 4) };
  const volumeAfter = (strategy: Strategy, seed: number, trials: number) => {
    const study = createStudy({ space, strategy, seed, direction: both });
    for (let i = 0; i < trials; i++) {
      const trial = study.ask();
      if (trial === undefined) break;
      const { a, b, c } = trial.params;
      const rest = (b - 0.7) ** 2 + (c + 0.4) ** 2;
      study.tell(trial.number, { values: [(a + 1) ** 2 + rest, (a - 1) ** 2 + rest] });
    }
    return hypervolume(study.trials, both, [6, 6]);
  };

  it("dominates more than random search", () => {
    const wins = Array.from({ length: 8 }, (_, seed) =>
      volumeAfter(tpe(), seed, 80) > volumeAfter(random(), seed, 80) ? 1 : 0,
    );
    // 8 of 8: the sign test's 2^-8
    expect(wins).not.toContain(0);
  });
});

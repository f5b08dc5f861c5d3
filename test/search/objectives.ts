/** Objectives with known minima, and a paired test of two strategies on them. */

import { float } from "../../src/search/space/builders.js";
import type { Parameter } from "../../src/search/space/parameter.js";
import type { Space } from "../../src/search/space/space.js";
import type { Strategy } from "../../src/search/strategies/strategy.js";
import { createStudy } from "../../src/search/study/create.js";

/** A function of points whose least value is 0 or more. */
export interface Objective {
  readonly space: Space;
  readonly cost: (params: Readonly<Record<string, never>>) => number;
}

/** An objective on the numbers of a cube. */
export function onCube(n: number, low: number, high: number, cost: (x: number[]) => number): Objective {
  const names = Array.from({ length: n }, (_, i) => `x${i}`);
  return {
    space: Object.fromEntries(names.map((name): [string, Parameter] => [name, float(low, high)])),
    cost: (params) => cost(names.map((name) => params[name])),
  };
}

const sum = (terms: number[]) => terms.reduce((total, term) => total + term, 0);

/** Standard functions, their optima moved away from the centre where a search may begin. */
export const objectives = {
  sphere: onCube(5, -5, 5, (x) => sum(x.map((xi, i) => (xi - i / 2 + 1.5) ** 2))),
  rosenbrock: onCube(4, -5, 10, (x) =>
    sum(x.slice(1).map((next, i) => 100 * (next - x[i] ** 2) ** 2 + (1 - x[i]) ** 2)),
  ),
  ackley: onCube(5, -5, 5, (x) => {
    const y = x.map((xi, i) => xi - [1.3, -0.8, 0.4, -1.7, 2.1][i]);
    const radius = Math.sqrt(sum(y.map((yi) => yi * yi)) / 5);
    const waves = sum(y.map((yi) => Math.cos(2 * Math.PI * yi))) / 5;
    return 20 - 20 * Math.exp(-0.2 * radius) + Math.E - Math.exp(waves);
  }),
  styblinskiTang: onCube(
    5,
    -5,
    5,
    (x) => sum(x.map((xi) => (xi ** 4 - 16 * xi * xi + 5 * xi) / 2)) + 5 * 39.16616570377142,
  ),
} satisfies Record<string, Objective>;

/** The points of a study, in order, with their costs. */
export function search({ space, cost }: Objective, strategy: Strategy, seed: number, trials: number) {
  const study = createStudy({ space, strategy, seed, direction: "minimize" });
  const costs: number[] = [];
  for (let i = 0; i < trials; i++) {
    const trial = study.ask();
    if (trial === undefined) break;
    costs.push(cost(trial.params as Readonly<Record<string, never>>));
    study.tell(trial.number, { value: costs[i] });
  }
  return { study, costs, best: Math.min(...costs) };
}

/**
 * The probability, if neither of two strategies were better, that the first wins at least as often as it does
 * over paired seeds 0 to `seeds - 1` (the sign test; a tie counts against it).
 */
export function signTest(
  objective: Objective,
  strategy: Strategy,
  other: Strategy,
  { seeds, trials }: { seeds: number; trials: number },
): number {
  let wins = 0;
  for (let seed = 0; seed < seeds; seed++) {
    const [mine, theirs] = [strategy, other].map((s) => search(objective, s, seed, trials).best);
    if (mine < theirs) wins++;
  }
  let tail = 0;
  let term = 2 ** -seeds;
  for (let k = 0; k <= seeds; k++) {
    if (k >= wins) tail += term;
    term *= (seeds - k) / (k + 1);
  }
  return tail;
}

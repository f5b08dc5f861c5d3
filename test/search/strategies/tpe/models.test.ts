/**
 * Which trials TPE models, and with what weights, stated again from its documentation: up to 500 trials all,
 * beyond them some that represent the rest.
 */
import fc from "fast-check";
import { expect, test } from "vitest";
import { RandomStream } from "../../../../src/numerics/random.js";
import { choice } from "../../../../src/search/space/builders.js";
import { columnOf } from "../../../../src/search/strategies/tpe/kernels.js";
import { densitiesOf } from "../../../../src/search/strategies/tpe/models.js";
import { cases } from "../../../cases.js";

const CHOICES = 4;
const middles = Float64Array.from({ length: CHOICES }, (_, i) => (i + 0.5) / CHOICES);
const coordinate = { parameter: choice(["a", "b", "c", "d"]), at: 0, count: CHOICES };
const widths = { better: { scale: 0.7, power: 2 }, others: { scale: 0.5, power: 2 } };

interface Weighted {
  readonly choice: number;
  readonly weight: number;
}

/** The probability of each choice. */
function probabilities(trials: readonly Weighted[], prior: number): number[] {
  const total = trials.reduce((sum, { weight }) => sum + weight, prior);
  const spread = (CHOICES * prior) / (trials.length + 1 + CHOICES * prior);
  return Array.from({ length: CHOICES }, (_, i) =>
    trials.reduce(
      (sum, { choice, weight }) =>
        sum + (weight / total) * (spread / CHOICES + (choice === i ? 1 - spread : 0)),
      prior / total / CHOICES,
    ),
  );
}

/** The numbers of the trials that stand for all, and how many each stands for. */
function represented(trials: number, running: number): Map<number, number> {
  if (trials <= 500) return new Map(Array.from({ length: trials }, (_, number) => [number, 1]));
  const rest = Math.max(0, trials - Math.max(25, running));
  const places = Math.min(40, rest);
  const chosen = Array.from({ length: places }, (_, k) => [Math.floor(k * (rest / places)), rest / places]);
  const recent = Array.from({ length: trials - rest }, (_, k) => [rest + k, 1]);
  return new Map([...chosen, ...recent] as [number, number][]);
}

test("each density has the trials and the weights that the documentation of tpe states", () => {
  const anyCase = fc.record({
    trials: fc.oneof(fc.integer({ min: 470, max: 800 }), fc.integer({ min: 499, max: 502 })),
    running: fc.oneof(fc.constant(0), fc.nat(60), fc.nat(470)),
    better: fc.nat(25),
    // the first of them, so that those of a search that converges are among the recent
    first: fc.constantFrom(0, 150, 450),
    applies: fc.constantFrom(0.02, 0.5, 1),
    priorWeight: fc.constantFrom(0.5, 3),
    seed: fc.nat(),
  });
  const property = fc.property(anyCase, ({ trials, running, first, applies, priorWeight, seed, ...rest }) => {
    const random = new RandomStream(seed);
    const finished = trials - running;
    const better = new Map(
      Array.from({ length: Math.min(rest.better, finished) }, () => random.uniform())
        .map((at) => Math.floor(Math.min(first, finished - 1) * (1 - at) + finished * at))
        .sort((a, b) => a - b)
        .map((number) => [number, 0.1 + 0.9 * random.uniform()]),
    );
    const choices = Array.from({ length: trials }, () =>
      random.uniform() < applies ? Math.floor(CHOICES * random.uniform()) : undefined,
    );
    const column = Float64Array.from(choices, (own) => (own === undefined ? Number.NaN : middles[own]));
    const densities = densitiesOf([coordinate], [column], { better, trials, running, widths, priorWeight });

    const withChoice = (numbers: ReadonlyMap<number, number>) =>
      [...numbers].flatMap(([number, weight]) => {
        const choice = choices[number];
        return choice === undefined ? [] : [{ number, choice, weight }];
      });
    const others = withChoice(represented(trials, running)).filter(({ number }) => !better.has(number));
    const [n, old] = [others.length, others.length - 25];
    const aged = others.map((other, i) => ({
      ...other,
      // one that is among the last 25 of the others weighs as one trial, whatever it represents
      weight: i < old ? other.weight * (1 / n + (i / old) * (1 - 1 / n)) : 1,
    }));
    for (const [side, trialsOf] of [withChoice(better), aged].entries()) {
      const logs = densities[side].logDensities([columnOf(coordinate, middles)]);
      const expected = probabilities(trialsOf, priorWeight);
      // float64: sums of at most 800 terms, each within a few units in the last place
      for (const [i, log] of logs.entries()) expect(Math.exp(log) / expected[i]).toBeCloseTo(1, 11);
    }
  });
  fc.assert(property, { numRuns: cases(300) });
});

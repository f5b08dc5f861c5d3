/**
 * The laws of particular strategies, beyond those of all (`fettle/testing`): how evenly Sobol' points are
 * distributed, and what children inherit from their parents. `strategies.test.ts` checks the built-in
 * strategies, `test/faults` wrong ones.
 */
import fc from "fast-check";
import { RandomStream } from "../../src/numerics/random.js";
import { float } from "../../src/search/space/builders.js";
import { fromUnit } from "../../src/search/space/scale.js";
import { buildParams, type Params, resolveSpace, whyOutside } from "../../src/search/space/space.js";
import { sameValue } from "../../src/search/space/value.js";
import type { Crossover } from "../../src/search/strategies/genetic/crossover.js";
import { anySpace } from "../../src/testing/arbitraries/space.js";
import { fail, hold } from "../../src/testing/laws.js";

/** The coordinates of a point of a sequence by its index. */
export type Sequence = (index: number, dimensions: number, keys?: ArrayLike<number>) => ArrayLike<number>;

/** Degrees of the primitive polynomials of the first dimensions; the first has none. */
const DEGREES = [0, 1, 2, 3, 3, 4, 4, 5, 5, 5, 5, 5, 5];
const anyKeys = fc.option(fc.array(fc.nat({ max: 2 ** 32 - 1 }), { minLength: 64, maxLength: 64 }), {
  nil: undefined,
});

/** How many points lie in each box that holds any, by the first `bits` binary digits of some dimensions. */
function counts(
  points: readonly ArrayLike<number>[],
  bits: readonly (readonly [dimension: number, bits: number])[],
): number[] {
  const tally = new Map<string, number>();
  for (const point of points) {
    const box = bits.map(([d, b]) => Math.floor(point[d] * 2 ** b)).join();
    tally.set(box, (tally.get(box) ?? 0) + 1);
  }
  return [...tally.values()];
}

function checkEven(what: string, tally: readonly number[], boxes: number, each: number): void {
  if (tally.length !== boxes || tally.some((count) => count !== each))
    fail(
      `${what}: ${tally.length} of ${boxes} boxes hold points, ${Math.min(...tally)} to ${Math.max(...tally)} in place of ${each}`,
    );
}

/**
 * The laws of Sobol' sequences, scrambled or not (I. Sobol', 1967 and 1976; A. Owen, 1995, for scrambled
 * ones).
 */
export const sobolLaws: Readonly<Record<string, (sequence: Sequence) => fc.IRawProperty<unknown>>> = {
  "puts one of each 2ᵐ points in each 2ᵐ-th part of any dimension": (sequence) =>
    fc.property(fc.integer({ min: 0, max: 6 }), fc.nat({ max: 50 }), anyKeys, (m, block, keys) => {
      const points = Array.from({ length: 2 ** m }, (_, i) => sequence(block * 2 ** m + i, 64, keys));
      for (let d = 0; d < 64; d++) checkEven(`dimension ${d}`, counts(points, [[d, m]]), 2 ** m, 1);
    }),

  // t is the sum of the polynomials' degrees, less one each
  "is a (t, m, 2)-net in any two dimensions: boxes of 2ᵗ⁻ᵐ of the square hold 2ᵗ points each": (sequence) =>
    fc.property(
      ...[fc.nat({ max: 12 }), fc.nat({ max: 12 }), fc.nat({ max: 8 }), fc.nat({ max: 3 }), anyKeys],
      (i, j, split, block, keys) => {
        if (i === j) return;
        const t = Math.max(0, DEGREES[i] - 1) + Math.max(0, DEGREES[j] - 1);
        const m = Math.max(8, t);
        const points = Array.from({ length: 2 ** m }, (_, k) => sequence(block * 2 ** m + k, 13, keys));
        const a = Math.min(split, m - t);
        const tally = counts(points, [
          [i, a],
          [j, m - t - a],
        ]);
        checkEven(`dimensions ${i} and ${j}`, tally, 2 ** (m - t), 2 ** t);
      },
    ),

  // I. Sobol', "Uniformly distributed sequences with an additional uniform property", 1976: property A
  "puts one of the first 2ᵈ points in each of the 2ᵈ halves of halves of the cube in d dimensions": (
    sequence,
  ) =>
    fc.property(fc.integer({ min: 1, max: 10 }), anyKeys, (d, keys) => {
      const points = Array.from({ length: 2 ** d }, (_, k) => sequence(k, d, keys));
      const halves = Array.from({ length: d }, (_, dimension) => [dimension, 1] as const);
      checkEven(`${d} dimensions`, counts(points, halves), 2 ** d, 1);
    }),
};

/** A space, two of its points and a stream. */
const anyParents = fc
  .record({ space: anySpace().map(resolveSpace), seed: fc.nat() })
  .map(({ space, seed }) => {
    const stream = new RandomStream(seed);
    const point = (): Params => buildParams(space, (parameter) => fromUnit(parameter, stream.uniform()));
    return { space, a: point(), b: point(), stream };
  });

/** The laws of crossovers; the last two are of those that take whole values. */
export const crossoverLaws: Readonly<Record<string, (cross: Crossover) => fc.IRawProperty<unknown>>> = {
  "gives a point of the space, with what only one parent has from that one": (cross) =>
    fc.property(anyParents, ({ space, a, b, stream }) => {
      const child = cross(space, a, b, stream);
      const why = whyOutside(space, child);
      if (why !== undefined) fail(why);
      for (const name of Object.keys(child)) {
        if (name in a === name in b) continue;
        const given = name in a ? a[name] : b[name];
        if (!sameValue(child[name], given))
          fail(`${name} is ${child[name]}, and its only parent has ${given}`);
      }
    }),

  "of equal parents is the same point": (cross) =>
    fc.property(anyParents, ({ space, a, stream }) => {
      const child = cross(space, a, a, stream);
      if (!sameValue(child, a)) fail(`two of ${JSON.stringify(a)} make ${JSON.stringify(child)}`);
    }),

  "takes each value from a parent's of that name": (cross) =>
    fc.property(anyParents, ({ space, a, b, stream }) => {
      for (const [name, value] of Object.entries(cross(space, a, b, stream))) {
        if (!(name in a && name in b)) continue;
        const known = [a, b].some((parent) => sameValue(parent[name], value));
        if (!known) fail(`${name} is ${value}, of ${a[name]} and ${b[name]}`);
      }
    }),

  // of 64 children, all are one parent's with a probability of 2⁻⁶³ at most, where half of them may be
  "takes something from either parent": (cross) =>
    fc.property(fc.integer({ min: 2, max: 6 }), fc.nat(), (count, seed) => {
      const names = Array.from({ length: count }, (_, i) => `x${i}`);
      const space = resolveSpace(Object.fromEntries(names.map((name) => [name, float(0, 1)])));
      const [a, b] = [0.25, 0.75].map((x) => Object.fromEntries(names.map((name) => [name, x])));
      const stream = new RandomStream(seed);
      const values = Array.from({ length: 64 }, () => Object.values(cross(space, a, b, stream))).flat();
      if (new Set(values).size !== 2) fail(`all values are ${[...new Set(values)]}`);
    }),
};

/** Holds a part of a strategy to one of these tables of laws. @throws Error naming the law that it breaks */
export function checkLaws<S>(
  name: string,
  laws: Readonly<Record<string, (subject: S) => fc.IRawProperty<unknown>>>,
  subject: S,
  numRuns: number,
): void {
  for (const [law, property] of Object.entries(laws)) hold(name, law, property(subject), { numRuns });
}

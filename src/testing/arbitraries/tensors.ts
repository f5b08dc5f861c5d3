/**
 * Random shapes, numbers and arrays for property tests of operations. Every number is exact in float32, so
 * that a law finds errors of an operation and not of its input. Graphs are in `graphs.ts`.
 *
 * @example
 * ```ts
 * const pair = anyBroadcast().chain(([a, b]) => fc.tuple(anyTensor(a, numbers.real), anyTensor(b, numbers.positive)));
 * fc.assert(fc.property(pair, ([x, y]) => checkGradients((a, b) => div(a, b), [x, y], { order: 1 })), { numRuns: 5 });
 * ```
 */

import fc from "fast-check";
import type { ArrayInput } from "../../engine/arrays.js";
import { mustBeInteger, mustBeList } from "../../errors.js";
import { type Shape, sizeOf } from "../../graph/shape.js";
import { integer, type OptionRules, readOptions } from "../../rules.js";

/** Which shapes. */
export interface ShapeConstraints {
  /** The fewest axes. Default 0, a scalar. */
  readonly minRank?: number;
  /** The most axes, at least `minRank`. Default 3. */
  readonly maxRank?: number;
  /** The longest axis. Default 3. */
  readonly maxSize?: number;
}

const RULES = {
  minRank: [integer(0), 0],
  maxRank: true,
  maxSize: [integer(), 3],
} satisfies OptionRules<ShapeConstraints>;

/** A static shape. */
export function anyShape(constraints: ShapeConstraints = {}): fc.Arbitrary<Shape> {
  const { minRank, maxSize, ...given } = readOptions(constraints, "anyShape", RULES);
  const { maxRank = Math.max(3, minRank) } = given;
  mustBeInteger("maxRank", maxRank, minRank);
  return fc.array(fc.integer({ min: 1, max: maxSize }), { minLength: minRank, maxLength: maxRank });
}

/** Two shapes that broadcast together: in either, axes may be missing or 1. */
export function anyBroadcast(constraints: ShapeConstraints = {}): fc.Arbitrary<readonly [Shape, Shape]> {
  return anyShape(constraints).chain((shape) => {
    const thinner = fc
      .tuple(
        fc.array(fc.boolean(), { minLength: shape.length, maxLength: shape.length }),
        fc.nat(shape.length),
      )
      .map(([ones, drop]): Shape => shape.slice(drop).map((dim, i) => (ones[i] ? 1 : dim)));
    return fc.tuple(thinner, thinner);
  });
}

/** Multiples of 1/1024. */
function grid(low: number, high: number): fc.Arbitrary<number> {
  return fc.integer({ min: low * 1024, max: high * 1024 }).map((n) => n / 1024);
}

/** `checkGradients` reaches 1/64 from a point by default; kinks are at least twice as far away. */
const MARGIN = 1 / 32;
const real = grid(-2, 2);
const coarse = fc.integer({ min: -16, max: 16 }).map((n) => n / 8);
const signed = (size: fc.Arbitrary<number>): fc.Arbitrary<number> =>
  fc.tuple(size, fc.boolean()).map(([x, negative]) => (negative ? -x : x));
const scaled = (low: number, high: number): fc.Arbitrary<number> =>
  fc
    .tuple(fc.integer({ min: 1024, max: 2047 }), fc.integer({ min: low, max: high }))
    .map(([mantissa, exponent]) => (mantissa / 1024) * 2 ** exponent);

/** Numbers by domain, all exact in float32. */
export const numbers = {
  /** In [−2, 2]. */
  real,
  /** In [1/2, 3]: logarithms, roots and divisors are smooth around them. */
  positive: grid(0.5, 3),
  /** At least 1/32 from 0, where `abs`, `sign` and `relu` have their kink. */
  nonZero: real.map((x) => (Math.abs(x) < MARGIN ? x + Math.sign(x || 1) * MARGIN : x)),
  /** Multiples of 1/8: at least 1/16 from every number of `between`, so that there are no ties. */
  coarse,
  /** Odd multiples of 1/16; see `coarse`. */
  between: coarse.map((x) => x + 1 / 16),
  /** Of either sign, from 2¹⁰⁰ to the largest of float32: their squares overflow. */
  huge: signed(scaled(100, 127)),
  /** Of either sign and above 0, below float32's smallest normal number 2⁻¹²⁶. */
  denormal: signed(fc.integer({ min: 1, max: 2 ** 23 - 1 }).map((n) => n * 2 ** -149)),
  /** Any finite number of float32, including 0 and denormal numbers. */
  float32: fc.float({ noNaN: true, noDefaultInfinity: true }),
} as const satisfies Record<string, fc.Arbitrary<number>>;

/** Nested arrays of `shape`; they shrink number by number. */
export function anyTensor(
  shape: Shape,
  number: fc.Arbitrary<number> = numbers.real,
): fc.Arbitrary<ArrayInput> {
  mustBeList("shape", shape, "a list of integers");
  const length = sizeOf(shape);
  return fc.array(number, { minLength: length, maxLength: length }).map((flat) => nest(flat, shape));
}

/** Like `anyTensor`, with all numbers at least 1/8 apart, so that there are no ties. */
export function anyDistinct(shape: Shape): fc.Arbitrary<ArrayInput> {
  mustBeList("shape", shape, "a list of integers");
  const ranks = Array.from({ length: sizeOf(shape) }, (_, i) => i);
  return fc.shuffledSubarray(ranks, { minLength: ranks.length }).map((order) =>
    nest(
      order.map((rank) => rank / 8 - 1),
      shape,
    ),
  );
}

function nest(flat: readonly number[], shape: Shape): ArrayInput {
  if (shape.length === 0) return flat[0];
  const each = flat.length / shape[0];
  return Array.from({ length: shape[0] }, (_, i) =>
    nest(flat.slice(i * each, (i + 1) * each), shape.slice(1)),
  );
}

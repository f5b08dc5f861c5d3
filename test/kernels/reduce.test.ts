import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cases } from "../cases.js";
import { bits, builds, type Kernels, layout, noise } from "./load.js";

const shape = fc.record({
  outer: fc.integer({ min: 1, max: 6 }),
  r: fc.oneof(fc.integer({ min: 0, max: 9 }), fc.integer({ min: 0, max: 70 })),
  inner: fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 37 })),
});
type Shape = typeof shape extends fc.Arbitrary<infer T> ? T : never;

/** A shape with the values of its source. */
function anySums(value: fc.Arbitrary<number>) {
  return shape.chain((s) => {
    const length = s.outer * s.r * s.inner;
    return fc.tuple(fc.constant(s), fc.array(value, { minLength: length, maxLength: length }));
  });
}

function reduce(kernels: Kernels, name: "sum_f32" | "max_f32", { outer, r, inner }: Shape, values: number[]) {
  const memory = layout(kernels);
  const src = memory.put(values);
  const dst = memory.room(outer * inner);
  memory.untouched();
  kernels[name](src, dst, outer, r, inner);
  expect(memory.untouched([dst, outer * inner])).toBe(true);
  return memory.read(dst, outer * inner);
}

/** The terms that go into each element of the result. */
function groups({ outer, r, inner }: Shape, values: number[]): number[][] {
  return Array.from({ length: outer * inner }, (_, at) => {
    const [o, i] = [Math.floor(at / inner), at % inner];
    return Array.from({ length: r }, (_, p) => values[(o * r + p) * inner + i]);
  });
}

/** The 8 bits of a float32's exponent. */
function exponentField(x: number): number {
  return (new Uint32Array(Float32Array.of(x).buffer)[0] >>> 23) & 255;
}

/** A finite float32 as an integer multiple of 2^-149. */
function exact(x: number): bigint {
  const exponent = Math.max(exponentField(x), 1);
  return BigInt((x / 2 ** (exponent - 127)) * 2 ** 23) * 2n ** BigInt(exponent - 1);
}

const finite = fc.oneof(
  fc.float({ noNaN: true, noDefaultInfinity: true, min: -100, max: 100 }),
  fc.float({ noNaN: true, noDefaultInfinity: true, min: -(2 ** 100), max: 2 ** 100 }),
);

describe.each(builds)("reductions, %s build", (_, kernels) => {
  it("sums within half a unit in the last place, plus the float64 roundings, of the exact sum", () => {
    fc.assert(
      fc.property(anySums(finite), ([s, values]) => {
        const sums = reduce(kernels, "sum_f32", s, values);
        groups(s, values).forEach((terms, at) => {
          const sum = terms.reduce((t, x) => t + exact(x), 0n);
          const size = terms.reduce((t, x) => t + exact(Math.abs(x)), 0n);
          const error = exact(sums[at]) > sum ? exact(sums[at]) - sum : sum - exact(sums[at]);
          // In multiples of 2^-149, as are all of these.
          const ulp = 2n ** BigInt(Math.max(exponentField(sums[at]), 1) - 1);
          const slack = (2n * size * BigInt(s.r)) / 2n ** 53n;
          expect(2n * error <= ulp + slack).toBe(true);
        });
      }),
      { numRuns: cases(300) },
    );
  });

  it("sums columns in float64 in ascending order, any number of them", () => {
    for (let inner = 2; inner <= 20; inner++) {
      const s = { outer: 3, r: 50, inner };
      const values = [...noise(s.outer * s.r * inner, inner)].map((x, i) => x * 10 ** (i % 7));
      const expected = groups(s, [...Float32Array.from(values)]).map((terms) =>
        terms.reduce((t, x) => t + x, 0),
      );
      expect(bits(reduce(kernels, "sum_f32", s, values))).toEqual(bits(Float32Array.from(expected)));
    }
  });

  it("sums exactly what would cancel or overflow in float32", () => {
    const big = Math.fround(3e38);
    for (const inner of [1, 3, 9]) {
      for (const [terms, sum] of [
        [[2 ** 30, 1, -(2 ** 30), 2 ** -20, 0, 0, 0, 0, 0, 0, 0], 1 + 2 ** -20],
        [[big, big, 0, -big, -big], 0],
        [[big, big], Number.POSITIVE_INFINITY],
      ] as const) {
        const values = terms.flatMap((x) => new Array<number>(inner).fill(x));
        const sums = reduce(kernels, "sum_f32", { outer: 1, r: terms.length, inner }, values);
        expect(sums).toEqual(new Float32Array(inner).fill(sum));
      }
    }
  });

  it("sums infinities and NaN as IEEE 754 does", () => {
    const { NaN: nan, POSITIVE_INFINITY: inf } = Number;
    const special = fc.constantFrom(nan, inf, -inf, 1, 0);
    fc.assert(
      fc.property(
        anySums(fc.oneof({ weight: 9, arbitrary: fc.constant(1) }, { weight: 1, arbitrary: special })),
        ([s, values]) => {
          const expected = groups(s, values).map((terms) => terms.reduce((t, x) => t + x, 0));
          expect(bits(reduce(kernels, "sum_f32", s, values))).toEqual(bits(Float32Array.from(expected)));
        },
      ),
    );
  });

  it("finds the maximum: NaN if there is one, 0 without a sign, -infinity of nothing", () => {
    const value = fc.oneof(
      { weight: 20, arbitrary: finite },
      { weight: 1, arbitrary: fc.constantFrom(Number.NaN, -0, 0, -Infinity) },
    );
    fc.assert(
      fc.property(
        fc.oneof(anySums(value), anySums(fc.constantFrom(-0, 0)), anySums(fc.constant(-Infinity))),
        ([s, values]) => {
          const expected = groups(s, values).map((terms) => Math.max(...terms) + 0);
          expect(bits(reduce(kernels, "max_f32", s, values))).toEqual(bits(Float32Array.from(expected)));
        },
      ),
      { numRuns: cases(300) },
    );
  });
});

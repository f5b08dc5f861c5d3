import fc from "fast-check";
import { describe, expect, it } from "vitest";
import * as Elementwise from "../../src/graph/opcodes/elementwise.js";
import { kernels } from "../../src/numerics/kernels.js";
import { erf } from "../../src/numerics/special.js";
import { errorF32, worst } from "./ulp.js";

/** Name, operation, a float64 oracle good to a few float64 ulp, and the bound that kernels/math states. */
const functions: readonly (readonly [string, number, (x: number) => number, number])[] = [
  ["exp", Elementwise.Exp, Math.exp, 1],
  ["expm1", Elementwise.Expm1, Math.expm1, 2],
  ["log", Elementwise.Log, Math.log, 1],
  ["log1p", Elementwise.Log1p, Math.log1p, 1],
  ["sin", Elementwise.Sin, Math.sin, 2],
  ["cos", Elementwise.Cos, Math.cos, 2],
  ["tanh", Elementwise.Tanh, Math.tanh, 2.5],
  [
    "sigmoid",
    Elementwise.Sigmoid,
    (x) => (x < 0 ? Math.exp(x) / (1 + Math.exp(x)) : 1 / (1 + Math.exp(-x))),
    2.5,
  ],
  ["softplus", Elementwise.Softplus, (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))), 2],
  // the float64 erf is itself held to 300-bit values in special.test.ts
  ["erf", Elementwise.Erf, erf, 1.5],
];

/** Applies a kernel to an array, in memory past the kernels' own. */
function apply(operation: number, xs: Float32Array): Float32Array {
  const { memory, heap_base, unary_f32 } = kernels();
  const source = (heap_base() + 15) & ~15;
  const target = source + xs.byteLength + 16;
  const missing = target + xs.byteLength + 16 - memory.buffer.byteLength;
  if (missing > 0) memory.grow(Math.ceil(missing / 65536));
  new Float32Array(memory.buffer, source, xs.length).set(xs);
  unary_f32(operation, source, target, xs.length);
  return new Float32Array(memory.buffer, target, xs.length).slice();
}

/** Float32 of every sign and exponent, NaN included: each 20011th bit pattern. */
function everyExponent(): Float32Array {
  return new Float32Array(Uint32Array.from({ length: 214630 }, (_, i) => i * 20011).buffer);
}

/** Evenly spaced over [-110, 110], where the interesting parts of most functions are. */
function aroundZero(): Float32Array {
  return Float32Array.from({ length: 200001 }, (_, i) => (i - 100000) * 0.0011);
}

describe.each(functions)("float32 %s", (_name, operation, oracle, bound) => {
  it.each([
    ["over all exponents", everyExponent()],
    ["over [-110, 110]", aroundZero()],
    ["over [-1.5, 1.5]", aroundZero().map((x) => x / 73)],
  ])(`is within ${bound} ulp %s`, (_range, xs) => {
    const ys = apply(operation, xs);
    const found = worst(xs, (i) => errorF32(ys[i], oracle(xs[i])));
    expect(found.error, `at ${found.at}`).toBeLessThanOrEqual(bound);
    expect(found.error).toBeGreaterThan(0.4); // the sweep does reach arguments whose result is rounded
  });

  it("is exact at zeros, infinities and NaN", () => {
    const xs = Float32Array.of(0, -0, Infinity, -Infinity, NaN);
    const wanted = [...xs].map((x) => Math.fround(oracle(x)));
    expect([...apply(operation, xs)]).toEqual(wanted); // toEqual tells -0 from 0
  });

  it("gives a lane the same bits whatever its neighbours are", () => {
    const anyFloat = fc.oneof(fc.float(), fc.constantFrom(3e38, -1e10, NaN, Infinity, 1e-45));
    fc.assert(
      fc.property(fc.array(anyFloat, { minLength: 1, maxLength: 11 }), (values) => {
        const xs = Float32Array.from(values);
        const alone = [...xs].map((x) => apply(operation, Float32Array.of(x))[0]);
        expect([...apply(operation, xs)]).toEqual(alone);
      }),
    );
  });
});

describe.each(functions)("float32 %s of an array", (_name, operation) => {
  // the longest block of any kernel has 256 numbers
  it.each([1, 4, 252, 255, 256, 257, 260, 511, 513, 1030])(
    "is that of each of %i numbers, also in place",
    (n) => {
      const xs = Float32Array.from({ length: n }, (_, i) => (i % 29) - 14.3 + i / n);
      const alone = xs.map((x) => apply(operation, Float32Array.of(x))[0]);
      expect(apply(operation, xs)).toEqual(alone);
      const { memory, heap_base, unary_f32 } = kernels();
      const at = (heap_base() + 15) & ~15;
      const place = new Float32Array(memory.buffer, at, n + 1);
      place.set([...xs, 7]);
      unary_f32(operation, at, at, n);
      expect(place).toEqual(Float32Array.of(...alone, 7));
    },
  );
});

/** Found among every float32 from 2^-24 to 128 and every 16th or 64th of the others. */
it.each([
  ["sigmoid", -1.950914978981018, 2.44],
  ["tanh", 0.17351500689983368, 2.37],
])("float32 %s errs most at %d", (name, x, most) => {
  const [, operation, oracle] = functions.find(([each]) => each === name)!;
  expect(errorF32(apply(operation, Float32Array.of(x))[0], oracle(x))).toBeCloseTo(most, 2);
});

describe("float32 shapes that training leans on", () => {
  it("sigmoid and tanh stay within their ranges and reach the ends", () => {
    const xs = aroundZero();
    const sigmoids = apply(Elementwise.Sigmoid, xs);
    const tanhs = apply(Elementwise.Tanh, xs);
    expect(sigmoids.every((y) => y >= 0 && y <= 1)).toBe(true);
    expect(tanhs.every((y) => y >= -1 && y <= 1)).toBe(true);
    expect([sigmoids[0], sigmoids.at(-1), tanhs[0], tanhs.at(-1)]).toEqual([0, 1, -1, 1]);
  });

  it.each([
    ["sin", Elementwise.Sin],
    ["tanh", Elementwise.Tanh],
    ["erf", Elementwise.Erf],
  ])("%s is odd to the bit", (_name, operation) => {
    const xs = everyExponent().filter(Number.isFinite);
    const mirrored = apply(
      operation,
      xs.map((x) => -x),
    );
    const ys = apply(operation, xs);
    expect(ys.findIndex((y, i) => !Object.is(mirrored[i], -y))).toBe(-1);
  });
});

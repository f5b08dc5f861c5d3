/** The kernels that look for numbers that are not finite, against `Number.isFinite`. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cases } from "../cases.js";
import { builds, type Kernels, layout } from "./load.js";

/**
 * Numbers whose differences with themselves are the least alike: zeros, denormals, the largest, and those
 * that are not finite.
 */
const finite = fc.constantFrom(0, -0, 1, -1.5, 1e-45, -1e-40, 3.4028234663852886e38, -3.4028234663852886e38);
const odd = fc.constantFrom(Number.NaN, Infinity, -Infinity);

/**
 * Whether n numbers are finite, by the kernel, some floats after a multiple of 16 bytes, between numbers that
 * are not.
 */
function areFinite(kernels: Kernels, values: readonly number[], offset: number, isDouble: boolean): boolean {
  const memory = layout(kernels, offset);
  const at = memory.room(2 * values.length + 1); // NaN, before and after
  const place = isDouble ? Math.ceil(at / 8) * 8 : at;
  const Kind = isDouble ? Float64Array : Float32Array;
  new Kind(kernels.memory.buffer, place, values.length).set(values);
  memory.untouched();
  const answer = kernels[isDouble ? "all_finite_f64" : "all_finite_f32"](place, values.length);
  expect(memory.untouched()).toBe(true);
  return answer === 1;
}

describe.each(builds)("finite numbers, %s build", (_, kernels) => {
  for (const isDouble of [false, true]) {
    it(`are told from others at each place of each length to 40 and each alignment, ${isDouble ? "float64" : "float32"}`, () => {
      for (let length = 0; length <= 40; length++) {
        const offset = length % 4;
        const values = Array.from({ length }, (_, i) => i - 7.5);
        expect(areFinite(kernels, values, offset, isDouble)).toBe(true);
        for (let i = 0; i < length; i++) {
          for (const wrong of [Number.NaN, Infinity, -Infinity])
            expect([i, wrong, areFinite(kernels, values.with(i, wrong), (offset + i) % 4, isDouble)]).toEqual(
              [i, wrong, false],
            );
        }
      }
    });

    it(`are those of Number.isFinite, ${isDouble ? "float64" : "float32"}`, () => {
      const value = fc.oneof({ weight: 30, arbitrary: finite }, { weight: 1, arbitrary: odd });
      fc.assert(
        fc.property(fc.array(value, { maxLength: 100 }), fc.nat(3), (values, offset) => {
          expect(areFinite(kernels, values, offset, isDouble)).toBe(values.every(Number.isFinite));
        }),
        { numRuns: cases(200) },
      );
    });
  }

  it("float64 beyond the range of float32 are finite, and the largest and least of their own", () => {
    const values = [1e39, -1e300, Number.MAX_VALUE, -Number.MAX_VALUE, Number.MIN_VALUE, 2 ** -1040];
    expect(areFinite(kernels, values, 0, true)).toBe(true);
  });
});

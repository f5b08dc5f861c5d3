/** `firstNotFinite`, in the kernels and in its loop, against `findIndex`. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { firstNotFinite } from "../../src/numerics/finite.js";
import { kernelsAreLoaded, ready } from "../../src/numerics/kernels.js";
import { cases } from "../cases.js";

/**
 * Below and above what a loop does alone, and around one and two parts of what the kernels take at a time.
 */
const lengths = [0, 1, 3, 5, 255, 256, 257, 16383, 16384, 16385, 32771, 40000];

function agrees(length: number, places: readonly number[], wrong: number): void {
  for (const Kind of [Float32Array, Float64Array]) {
    // not at the start of its memory
    const data = new Kind(length + 1).subarray(1).map((_, i) => i / 3 - 7);
    for (const place of places) if (place < length) data[place] = wrong;
    expect(firstNotFinite(data)).toBe(data.findIndex((value) => !Number.isFinite(value)));
  }
}

describe("the first number that is not finite", () => {
  it("is found without kernels, which it does not load", () => {
    for (const length of lengths) {
      agrees(length, [], 0);
      for (const wrong of [Number.NaN, Infinity, -Infinity])
        for (const place of [0, 2, length - 2, length - 1]) agrees(length, [place], wrong);
    }
    expect(kernelsAreLoaded()).toBe(false);
  });

  it("is found in the kernels, at any place", async () => {
    await ready();
    for (const length of lengths) {
      agrees(length, [], 0);
      for (const wrong of [Number.NaN, Infinity, -Infinity])
        for (const place of [0, 2, 16383, 16384, 32768, length - 2, length - 1])
          agrees(length, [place], wrong);
    }
    fc.assert(
      fc.property(
        fc.constantFrom(...lengths),
        fc.array(fc.nat(40000), { maxLength: 3 }),
        fc.constantFrom(Number.NaN, Infinity, -Infinity),
        agrees,
      ),
      { numRuns: cases(100) },
    );
  });
});

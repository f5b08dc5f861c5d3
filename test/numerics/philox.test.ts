import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { kernels } from "../../src/numerics/kernels.js";
import { philox, shuffle, splitSeed, uniformF32 } from "../../src/numerics/philox.js";
import { cases } from "../cases.js";
import { chiSquare, chiSquareInterval, histogram } from "./statistics.js";

type Six = [number, number, number, number, number, number];

/** The known answers for philox4x32, 10 rounds, that its authors publish with Random123 (kat_vectors). */
const knownAnswers: readonly (readonly [string, Six, readonly number[]])[] = [
  ["zeros", [0, 0, 0, 0, 0, 0], [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8]],
  [
    "ones",
    [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff],
    [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd],
  ],
  [
    "the digits of pi",
    [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344, 0xa4093822, 0x299f31d0],
    [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
  ],
];

function byKernel(...block: Six): number[] {
  kernels().philox(...block);
  return [...new Uint32Array(kernels().memory.buffer, kernels().philox_words(), 4)];
}

function byTypeScript(...block: Six): number[] {
  const words = new Uint32Array(4);
  philox(...block, words);
  return [...words];
}

const word = fc.integer({ min: 0, max: 0xffffffff });

describe("Philox4x32-10", () => {
  it.each(knownAnswers)("gives the authors' known answer for %s", (_name, block, want) => {
    expect(byKernel(...block)).toEqual(want);
    expect(byTypeScript(...block)).toEqual(want);
  });

  it("is the same in WebAssembly and TypeScript", () => {
    fc.assert(
      fc.property(fc.tuple(word, word, word, word, word, word), (block) => {
        expect(byTypeScript(...block)).toEqual(byKernel(...block));
      }),
      { numRuns: cases(1000) },
    );
  });
});

/** Runs a kernel on n 4-byte elements between guards, and asserts that it wrote between them only. */
function between<T extends Float32Array | Int32Array>(
  make: (buffer: ArrayBufferLike, at: number, n: number) => T,
  n: number,
  kernel: (address: number) => void,
): T {
  const { memory, heap_base } = kernels();
  const at = ((heap_base() + 15) & ~15) + 16;
  const missing = at + 4 * n + 16 - memory.buffer.byteLength;
  if (missing > 0) memory.grow(Math.ceil(missing / 65536));
  const guards = [new Uint8Array(memory.buffer, at - 16, 16), new Uint8Array(memory.buffer, at + 4 * n, 16)];
  for (const guard of guards) guard.fill(0xa5);
  kernel(at);
  for (const guard of guards) expect([...guard]).toEqual(Array(16).fill(0xa5));
  return make(memory.buffer, at, n).slice() as T;
}

function fill(n: number, stream: number, step: number, lo: number, hi: number): Float32Array {
  return between(
    (buffer, at, length) => new Float32Array(buffer, at, length),
    n,
    (at) => kernels().fill_uniform_f32(at, n, stream, step, lo, hi),
  );
}

describe("fill_uniform_f32", () => {
  it("is uniformF32 of every index, at every length, and writes nothing else", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 75 }), word, word, word, word, (n, stream, step, lo, hi) => {
        const want = Array.from({ length: n }, (_, i) => uniformF32(i, stream, step, lo, hi));
        expect([...fill(n, stream, step, lo, hi)]).toEqual(want);
      }),
    );
  });

  it("is the top 24 bits of the documented word, over 2^24", () => {
    const words = byKernel(3, 5, 6, 0, 7, 8);
    expect([...fill(16, 5, 6, 7, 8).subarray(12)]).toEqual(words.map((w) => Math.floor(w / 256) / 2 ** 24));
  });

  it("covers [0, 1) evenly, in values and in neighbouring pairs", () => {
    const values = fill(1 << 18, 1, 2, 3, 4);
    expect(values.every((value) => value >= 0 && value < 1)).toBe(true);
    const [low, high] = chiSquareInterval(1024);
    const singles = chiSquare(histogram(values, 1024));
    expect(singles).toBeGreaterThan(low);
    expect(singles).toBeLessThan(high);
    const pairs = Array.from({ length: values.length / 2 }, (_, i) => [values[2 * i], values[2 * i + 1]]);
    const cells = pairs.map(([a, b]) => (Math.floor(a * 32) + Math.floor(b * 32) / 32) / 32);
    const together = chiSquare(histogram(cells, 1024));
    expect(together).toBeGreaterThan(low);
    expect(together).toBeLessThan(high);
  });

  it.each([
    ["stream", [2, 2, 3, 4]],
    ["step", [1, 3, 3, 4]],
    ["low word of the seed", [1, 2, 4, 4]],
    ["high word of the seed", [1, 2, 3, 5]],
  ])("is uncorrelated with that of another %s", (_name, [stream, step, lo, hi]) => {
    const n = 1 << 16;
    const a = fill(n, 1, 2, 3, 4);
    const b = fill(n, stream, step, lo, hi);
    const product = a.reduce((sum, value, i) => sum + (value - 0.5) * (b[i] - 0.5), 0);
    // the sum has variance n / 144; five standard deviations
    expect(Math.abs(product)).toBeLessThan(5 * Math.sqrt(n / 144));
  });
});

describe("shuffle", () => {
  function byKernels(values: ArrayLike<number>, epoch: number, lo: number, hi: number): Int32Array {
    const n = values.length;
    return between(
      (buffer, at, length) => new Int32Array(buffer, at, length),
      n,
      (at) => {
        new Int32Array(kernels().memory.buffer, at, n).set(values);
        kernels().shuffle_i32(at, n, epoch, lo, hi);
      },
    );
  }

  it("is shuffle_i32 of the kernels, to the element", () => {
    fc.assert(
      fc.property(fc.array(fc.integer(), { maxLength: 300 }), word, word, word, (values, epoch, lo, hi) => {
        const want = Int32Array.from(values);
        shuffle(want, epoch, lo, hi);
        expect([...byKernels(values, epoch, lo, hi)]).toEqual([...want]);
        expect([...want].sort((a, b) => a - b)).toEqual([...values].sort((a, b) => a - b));
      }),
    );
  });

  it("is so for 2^18 elements, where the low words carry into a few partners", () => {
    const want = Int32Array.from({ length: 1 << 18 }, (_, i) => i);
    const got = byKernels(want, 1, 2, 3);
    shuffle(want, 1, 2, 3);
    expect(got.findIndex((value, i) => value !== want[i])).toBe(-1);
  });

  it("takes the documented partner of each element", () => {
    const [high, low] = byKernel(9, 0xffffffff, 5, 0, 6, 7);
    const partner = Number((((BigInt(high) << 32n) | BigInt(low)) * 10n) >> 64n);
    const indices = Int32Array.from({ length: 10 }, (_, i) => i);
    shuffle(indices, 5, 6, 7);
    expect(indices[9]).toBe(partner); // the first swap is the last element's, and nothing moves it again
  });

  it("makes each of the 120 orders of five elements equally often", () => {
    const counts = new Map<string, number>();
    for (let epoch = 0; epoch < 24000; epoch++) {
      const order = Int32Array.of(0, 1, 2, 3, 4);
      shuffle(order, epoch, 1, 0);
      const key = order.join("");
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    expect(counts.size).toBe(120);
    const [low, high] = chiSquareInterval(120);
    expect(chiSquare([...counts.values()])).toBeGreaterThan(low);
    expect(chiSquare([...counts.values()])).toBeLessThan(high);
  });
});

describe("splitSeed", () => {
  it("splits every seed so that it can be put together again", () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), (seed) => {
        const [lo, hi] = splitSeed(seed);
        expect(hi * 2 ** 32 + lo).toBe(seed);
        expect([lo >>> 0, hi >>> 0]).toEqual([lo, hi]);
      }),
    );
  });

  it.each([-1, 0.5, NaN, Infinity, 2 ** 53])("refuses %d", (seed) => {
    expect(() => splitSeed(seed)).toThrow(
      expect.objectContaining({
        code: "invalid_argument",
        message: expect.stringContaining(`received ${seed}`),
      }),
    );
  });
});

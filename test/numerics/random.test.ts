import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { philox } from "../../src/numerics/philox.js";
import { RandomStream } from "../../src/numerics/random.js";
import { normCdf } from "../../src/numerics/special.js";
import { chiSquare, chiSquareInterval, histogram } from "./statistics.js";

const draws = (n: number, draw: () => number) => Array.from({ length: n }, draw);

function expectEven(counts: number[]): void {
  const [low, high] = chiSquareInterval(counts.length);
  expect(chiSquare(counts)).toBeGreaterThan(low);
  expect(chiSquare(counts)).toBeLessThan(high);
}

describe("RandomStream", () => {
  const seeds = fc.maxSafeNat();
  const paths = fc.array(fc.oneof(fc.nat(), fc.maxSafeNat()), { maxLength: 4 });

  it("repeats itself for the same seed and path, and a fork is one more step of the path", () => {
    fc.assert(
      fc.property(seeds, paths, fc.nat(), fc.nat(20), (seed, path, id, used) => {
        const a = new RandomStream(seed, ...path);
        const b = new RandomStream(seed, ...path);
        expect(draws(9, () => a.uniform())).toEqual(draws(9, () => b.uniform()));
        draws(used, () => a.uniform());
        expect(a.fork(id).uniform()).toBe(new RandomStream(seed, ...path, id).uniform());
      }),
    );
  });

  it("draws 53 bits from the words of block 0, 1, 2... with 1 in the last word of the counter", () => {
    const seed = 5 * 2 ** 32 + 9;
    const stream = new RandomStream(seed);
    const got = draws(6, () => stream.uniform());
    const want = [0, 1, 2].flatMap((block) => {
      const w = new Uint32Array(4);
      philox(block, 0, 0, 1, 9, 5, w);
      const number = (high: number, low: number) =>
        Number((BigInt(high >>> 5) << 26n) | BigInt(low >>> 6)) / 2 ** 53;
      return [number(w[0], w[1]), number(w[2], w[3])];
    });
    expect(got).toEqual(want);
  });

  it("gives different numbers to different paths, whatever their ids share", () => {
    const ids = [0, 1, 2, 0xffffffff, 2 ** 32, 2 ** 32 + 1, 2 ** 52, Number.MAX_SAFE_INTEGER];
    const all = [[], ...ids.map((a) => [a]), ...ids.flatMap((a) => ids.map((b) => [a, b]))];
    const firsts = all.map((path) => new RandomStream(1, ...path).uniform());
    expect(new Set(firsts).size).toBe(all.length);
    // 65536 siblings: none alike in 53 bits (chance of a coincidence 2.4e-7)
    const parent = new RandomStream(3);
    expect(new Set(Array.from({ length: 65536 }, (_, id) => parent.fork(id).uniform())).size).toBe(65536);
  });

  it("is uncorrelated with its forks, and they with each other", () => {
    const n = 20000;
    const sequences = [[], [0], [1], [0, 0], [2 ** 32]].map((path) => {
      const stream = new RandomStream(7, ...path);
      return draws(n, () => stream.uniform() - 0.5);
    });
    for (const [i, a] of sequences.entries()) {
      for (const b of sequences.slice(i + 1)) {
        const product = a.reduce((sum, value, k) => sum + value * b[k], 0);
        expect(Math.abs(product)).toBeLessThan(5 * Math.sqrt(n / 144));
      }
    }
  });

  it("is uniform along a stream and across siblings", () => {
    const stream = new RandomStream(11);
    expectEven(
      histogram(
        draws(100000, () => stream.uniform()),
        512,
      ),
    );
    expectEven(
      histogram(
        Array.from({ length: 50000 }, (_, id) => stream.fork(id).uniform()),
        512,
      ),
    );
  });

  it("draws integers below the bound, each equally often", () => {
    const stream = new RandomStream(12);
    expectEven(
      histogram(
        draws(70000, () => stream.integer(7) / 7 + 1e-9),
        7,
      ),
    );
    fc.assert(
      fc.property(fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }), (bound) => {
        const drawn = stream.integer(bound);
        expect(Number.isInteger(drawn) && drawn >= 0 && drawn < bound).toBe(true);
      }),
    );
    // 2/3 of 2^53: without rejection the lower half would come twice as often as the upper
    const bound = 6004799503160661;
    expectEven(
      histogram(
        draws(20000, () => stream.integer(bound) / bound),
        2,
      ),
    );
  });

  it("draws normal numbers: the transformed numbers are uniform, and moments fit", () => {
    const stream = new RandomStream(13);
    const values = draws(50000, () => stream.normal());
    expectEven(histogram(values.map(normCdf), 256));
    const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
    const variance = values.reduce((sum, x) => sum + x * x, 0) / values.length;
    expect(Math.abs(mean)).toBeLessThan(5 / Math.sqrt(values.length));
    expect(Math.abs(variance - 1)).toBeLessThan(5 * Math.sqrt(2 / values.length));
  });

  it("draws permutations, each equally often", () => {
    const stream = new RandomStream(14);
    const counts = new Map<string, number>();
    for (let i = 0; i < 12000; i++) {
      const key = stream.permutation(4).join("");
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    expect(counts.size).toBe(24);
    expectEven([...counts.values()]);
    fc.assert(
      fc.property(fc.nat(200), (n) => {
        expect([...stream.permutation(n).sort()]).toEqual(Array.from({ length: n }, (_, i) => i));
      }),
    );
  });

  it.each<[string, () => unknown, string]>([
    ["a negative seed", () => new RandomStream(-1), "seed must be an integer of at least 0; received -1"],
    ["a fractional id", () => new RandomStream(1, 0.5), "the id of a fork must be an integer of at least 0"],
    ["a negative id", () => new RandomStream(1).fork(-2), "received -2"],
    ["a bound of 0", () => new RandomStream(1).integer(0), "bound must be a positive integer"],
    ["a fractional n", () => new RandomStream(1).permutation(1.5), "n must be an integer from 0"],
  ])("refuses %s", (_name, act, message) => {
    expect(act).toThrow(
      expect.objectContaining({ code: "invalid_argument", message: expect.stringContaining(message) }),
    );
  });
});

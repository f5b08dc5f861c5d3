/** Points that are fresh: as often as is asked, draws; then one of those that are left. */
import { describe, expect, it } from "vitest";
import { RandomStream } from "../../../src/numerics/random.js";
import { unseen } from "../../../src/search/memo/unseen.js";
import { float, int } from "../../../src/search/space/builders.js";
import { resolveSpace } from "../../../src/search/space/space.js";

/** A stream that gives one number. */
const always = (u: number) => ({ uniform: () => u }) as RandomStream;

describe("a fresh point", () => {
  const space = resolveSpace({ n: int(0, 9) });
  const earlier = [9, 3, 7, 1, 5].map((n) => ({ n }));

  it("is the first that a draw gives", () => {
    const draws = [9, 3, 4, 6];
    const draw = () => ({ n: draws.shift() as number });
    expect(unseen({ space, earlier, random: always(0) }, draw, 3)).toEqual({ n: 4 });
    expect(draws).toEqual([6]);
  });

  it("is, after so many draws, one of those that are left, each as likely", () => {
    let draws = 0;
    const draw = () => {
      draws++;
      return { n: 3 };
    };
    const found = [0, 0.19, 0.2, 0.5, 0.7, 0.81, 1].map(
      (u) => unseen({ space, earlier, random: always(u) }, draw, 6)?.n,
    );
    expect(found).toEqual([0, 0, 2, 4, 6, 8, 8]);
    expect(draws).toBe(7 * 6);
    const beside = [3, 2, 1].map((n) => ({ n }));
    const left = [0, 1, 2, 3].map(
      (k) => unseen({ space, earlier: beside, random: always((k + 0.5) / 7) }, draw, 1)?.n,
    );
    expect(left).toEqual([0, 4, 5, 6]);
  });

  it("is a uniform draw of more points than can be numbered, which a constraint may narrow to few", () => {
    const most = Number.MAX_SAFE_INTEGER;
    const many = resolveSpace({ a: int(0, most), b: int(0, most) });
    const used = [{ a: 5, b: 5 }];
    const draw = () => used[0];
    const found = unseen({ space: many, earlier: used, random: always(0.25) }, draw, 2);
    expect(found).toEqual({ a: 2 ** 51, b: 2 ** 51 });
    // one of 2^13 points, each 2^40 from the next: none of the 10,000 that follow any of them
    const narrow = resolveSpace(
      { a: int(0, most), b: int(0, most) },
      ({ a }) => (a as number) % 2 ** 40 < 2 ** 27,
    );
    const stream = new RandomStream(5);
    const point = unseen({ space: narrow, earlier: [], random: stream }, () => ({ a: 2 ** 39, b: 0 }), 2);
    expect((point?.a as number) % 2 ** 40 < 2 ** 27).toBe(true);
  });

  it("is undefined once all are used, and the last draw in an infinite space", () => {
    const all = Array.from({ length: 10 }, (_, n) => ({ n }));
    expect(unseen({ space, earlier: all, random: always(0.5) }, () => ({ n: 1 }), 2)).toBeUndefined();
    const line = resolveSpace({ x: float(0, 1) });
    const again = { space: line, earlier: [{ x: 0.5 }], random: always(0.25) };
    expect(unseen(again, () => ({ x: 0.5 }), 2)).toEqual({ x: 0.5 });
  });

  const upTo = (count: number) => Array.from({ length: count }, (_, n) => n);
  it.each<[string, number, (n: number) => boolean, readonly number[], number, number | undefined]>([
    ["undefined once all that a constraint allows are used", 30_000, (n) => n < 5, upTo(5), 0, undefined],
    ["found beyond many used ones", 15_000, (n) => n < 12_000 || n === 12_002, upTo(12_000), 3, 12_002],
    ["found beyond 99,999 forbidden ones", 200_000, (n) => n % 100_000 === 0, [0], 0, 100_000],
    ["undefined beyond 100,000 forbidden ones", 200_000, (n) => n % 100_001 === 0, [0], 0, undefined],
  ])("is %s", (_, size, isAllowed, used, place, expected) => {
    const wide = resolveSpace({ n: int(0, size - 1) }, ({ n }) => isAllowed(n as number));
    const earlier = used.map((n) => ({ n }));
    const random = always((place + 0.5) / (size - used.length));
    expect(unseen({ space: wide, earlier, random }, () => ({ n: used[0] }), 2)?.n).toBe(expected);
  });

  it("is refused where a constraint allows neither the next 10,000 nor a used one", () => {
    const asked = new Set<unknown>();
    const none = resolveSpace({ n: int(0, 29_999) }, ({ n }) => !asked.add(n));
    const context = { space: none, earlier: [{ n: 3 }], random: always(0.5) };
    expect(() => unseen(context, () => ({ n: 3 }), 2)).toThrow(
      "constraint must allow some points of the space; received false for 10000 points",
    );
    expect(asked.size).toBe(10_001);
  });
});

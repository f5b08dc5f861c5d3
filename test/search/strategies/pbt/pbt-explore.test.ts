/** How population based training changes the parameters of a trial that another resumes. */
import { describe, expect, test } from "vitest";
import { RandomStream } from "../../../../src/numerics/random.js";
import { choice, float, int } from "../../../../src/search/space/builders.js";
import type { NumericParameter } from "../../../../src/search/space/parameter.js";
import { resolveSpace } from "../../../../src/search/space/space.js";
import { explore, perturb } from "../../../../src/search/strategies/pbt/explore.js";

describe("a change", () => {
  test.each<[string, NumericParameter, number, number, number]>([
    ["multiplies on a log scale", float(1e-4, 1, { log: true }), 1e-2, 1.2, 1.2e-2],
    ["is reflected there", float(1e-2, 1, { log: true }), 0.9, 1.2, 1 / 1.08],
    ["is a part of the range elsewhere", float(0, 0.5), 0.2, 0.8, 0.1],
    ["leaves zero", float(0, 0.5), 0, 0.8, 0.1],
    ["crosses it", float(-1, 1), 0.1, 0.8, -0.3],
    ["keeps to steps", float(0, 1, { step: 0.25 }), 0.5, 1.2, 0.75],
    ["moves integers", int(0, 99), 50, 0.8, 30],
    ["moves them by one at least", int(1, 3), 2, 0.9, 1],
    ["moves them away from the end", int(1, 2), 1, 0.9, 2],
    ["multipmust be a number integers on a log scale", int(1, 1024, { log: true }), 100, 2, 200],
    ["has no other value", int(3, 3), 3, 2, 3],
    ["has no other number", float(3, 3, { log: true }), 3, 2, 3],
    [
      "has none where the ends have one logarithm",
      float(1e-12, 1.0000000000000002e-12, { log: true }),
      1e-12,
      2,
      1e-12,
    ],
  ])("%s", (_, parameter, value, factor, expected) => {
    expect(Math.abs(perturb(parameter, value, factor) / expected - 1)).toBeLessThan(1e-14);
  });

  const exploration = { names: new Set(["x", "y", "k"]), factors: [0.8, 1.2], resample: 0 };
  const conditional = {
    x: float(0, 1),
    k: choice(["p", "q"]),
    n: int(0, 5, { when: { x: { low: 0.5 } } }),
  };

  test("adds parameters that now apply, and drops those that no longer do", () => {
    const resolved = resolveSpace(conditional);
    for (let seed = 0; seed < 50; seed++) {
      const gone = explore(resolved, { x: 0.55, k: "p", n: 4 }, exploration, new RandomStream(seed));
      const come = explore(resolved, { x: 0.45, k: "p" }, exploration, new RandomStream(seed));
      for (const { x, k, n } of [gone, come] as { x: number; k: string; n?: number }[]) {
        expect([k, n !== undefined]).toEqual(["p", x >= 0.5]);
      }
      expect(gone.n === undefined || gone.n === 4).toBe(true);
    }
  });

  test.each([
    ["never with probability 0", 0, 0, 0.3],
    ["always with probability 1", 1, 1 - 2 ** -53, 1 - 2 ** -53],
  ])("is drawn anew %s, whatever the stream gives", (_, resample, drawn, expected) => {
    const stream = { uniform: () => drawn, integer: () => 0 } as unknown as RandomStream;
    const { x } = explore(resolveSpace({ x: float(0, 1) }), { x: 0.5 }, { ...exploration, resample }, stream);
    // perturbed by 0.8: 0.5 − 0.2, to a rounding
    expect(x).toBeCloseTo(expected, 15);
  });

  test("is drawn again where the constraint forbids it, and at last left out", () => {
    const params = { x: 0.5, k: "p", n: 4 };
    const within = (most: number) =>
      resolveSpace(conditional, ({ x }) => Math.abs((x as number) - 0.5) <= most && (x as number) >= 0.5);
    for (let seed = 0; seed < 20; seed++) {
      const up = explore(within(0.3), params, exploration, new RandomStream(seed));
      expect(Math.abs((up.x as number) - 0.7)).toBeLessThan(1e-15);
      expect(explore(within(0.1), params, exploration, new RandomStream(seed))).toEqual(params);
    }
  });
});

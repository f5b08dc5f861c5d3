/** Walking over a space: every step ends on a point of it. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { RandomStream } from "../../../../src/numerics/random.js";
import { choice, float, int } from "../../../../src/search/space/builders.js";
import {
  type Params,
  resolveSpace,
  type SearchSpace,
  type Space,
} from "../../../../src/search/space/space.js";
import { evaluationsWithin, maximize, meritOf } from "../../../../src/search/strategies/gp/maximize.js";
import { movesOf } from "../../../../src/search/strategies/gp/moves.js";
import { anySpace } from "../../../../src/testing/arbitraries/space.js";

/** Ranges with room for more than a few float64 numbers, so that a place in them is not lost in rounding. */
const roomy = (space: Space): boolean =>
  Object.values(space).every((parameter) => {
    if (parameter.type === "choice" || parameter.low === parameter.high) return true;
    const { low, high } = parameter;
    return high - low > 1e-5 * Math.max(Math.abs(low), Math.abs(high), 1e-290);
  });

const anyWalk = fc.tuple(anySpace().filter(roomy), fc.nat()).map(([space, seed]) => {
  const moves = movesOf(resolveSpace(space));
  const random = new RandomStream(seed);
  return { moves, random, start: moves.settle(moves.draw(random)) };
});

/** Within the rounding of a logarithm there and back. */
function expectClose(actual: Float64Array, expected: Float64Array): void {
  for (let c = 0; c < expected.length; c++) expect(Math.abs(actual[c] - expected[c])).toBeLessThan(1e-9);
}

test("a settled vector is that of a point, and settled again stays as it is", () => {
  fc.assert(
    fc.property(anyWalk, ({ moves, random }) => {
      const { vectors, settle } = moves;
      const settled = settle(moves.draw(random));
      expectClose(vectors.encode(vectors.decode(settled)), settled);
      expect(settle(settled)).toEqual(settled);
    }),
  );
});

test("neighbours are settled, and differ in the discrete parameter asked for", () => {
  fc.assert(
    fc.property(anyWalk, ({ moves, start }) => {
      for (const axis of moves.discrete) {
        const here = moves.vectors.decode(start);
        const neighbours = [...moves.neighbours(start, axis)];
        if (Object.hasOwn(here, axis.name)) expect(neighbours.length).toBeGreaterThan(0);
        for (const neighbour of neighbours) {
          expectClose(moves.vectors.encode(moves.vectors.decode(neighbour)), neighbour);
          expect(moves.vectors.decode(neighbour)[axis.name]).not.toEqual(here[axis.name]);
        }
      }
    }),
  );
});

test("a varied vector stays in the cube and keeps parameters that are not moved", () => {
  fc.assert(
    fc.property(anyWalk, ({ moves, random, start }) => {
      const varied = moves.vary(start, 0, 0.1, random);
      const changed = moves.vectors.axes.filter(({ offset, width }) =>
        varied.subarray(offset, offset + width).some((u, i) => u !== start[offset + i]),
      );
      expect(changed.length).toBeLessThanOrEqual(1);
      for (const u of moves.vary(start, 1, 3, random)) {
        expect(u).toBeGreaterThanOrEqual(0);
        expect(u).toBeLessThanOrEqual(1);
      }
    }),
  );
});

test("only numbers with many values that apply glide", () => {
  const moves = movesOf(
    resolveSpace({
      x: float(0, 1),
      few: int(1, 5),
      many: int(1, 500),
      kind: choice(["a", "b"]),
      y: float(0, 1, { when: { kind: ["a"] } }),
    }),
  );
  const at = (kind: string) =>
    Array.from(
      moves.glides(moves.vectors.encode({ x: 0.5, few: 3, many: 9, kind, ...(kind === "a" && { y: 0.1 }) })),
    );
  expect(at("a")).toEqual([1, 0, 1, 0, 0, 1]);
  expect(at("b")).toEqual([1, 0, 1, 0, 0, 0]);
});

test("a choice never glides, however many values it has", () => {
  const many = Array.from({ length: 30 }, (_, i) => i);
  const moves = movesOf(resolveSpace({ kind: choice(many), n: int(1, 30) }));
  expect([...moves.glides(moves.vectors.encode({ kind: 3, n: 4 }))]).toEqual([...many.map(() => 0), 1]);
  const around = [...moves.neighbours(moves.vectors.encode({ kind: 3, n: 4 }), moves.discrete[0])];
  expect(around).toHaveLength(29);
});

test("numbers of up to 24 values have all of them as neighbours, others those 1, 2 and 5 steps away", () => {
  const neighboursOf = (high: number, n: number) => {
    const { vectors, neighbours, discrete } = movesOf(resolveSpace({ n: int(1, high) }));
    return Array.from(
      neighbours(vectors.encode({ n }), discrete[0]),
      (vector) => vectors.decode(vector).n as number,
    );
  };
  expect(neighboursOf(24, 10)).toEqual([...Array(24).keys()].map((i) => i + 1).filter((n) => n !== 10));
  expect(neighboursOf(25, 10)).toEqual([9, 11, 8, 12, 5, 15]);
  expect(neighboursOf(25, 2)).toEqual([1, 3, 4, 7]);
  expect(neighboursOf(25, 24)).toEqual([23, 25, 22, 19]);
});

test("settling leaves a vector of continuous numbers as it is, and parameters that do not apply where they say least", () => {
  const vector = Float64Array.of(0.1, 0.9);
  expect(movesOf(resolveSpace({ x: float(0, 1), y: float(-1, 1) })).settle(vector)).toBe(vector);
  const when = { on: ["yes"] };
  const { settle } = movesOf(
    resolveSpace({
      on: choice(["no", "yes"]),
      kind: choice([1, 2, 3, 4], { when }),
      x: float(0, 1, { when }),
    }),
  );
  expect([...settle(Float64Array.of(0.6, 0.5, 0.9, 0, 0, 0, 0.9))]).toEqual([
    1, 0, 0.25, 0.25, 0.25, 0.25, 0.5,
  ]);
  expect([...settle(Float64Array.of(0.5, 0.6, 0.1, 0.3, 0.2, 0, 0.9))]).toEqual([0, 1, 0, 1, 0, 0, 0.9]);
});

test("at a rate of 1 all parameters are moved, at 0 one of them, each in turn", () => {
  const space = { x: float(0, 1), kind: choice(["a", "b"]), y: float(0, 1), n: int(1, 3) };
  const moves = movesOf(resolveSpace(space));
  const start = moves.vectors.encode({ x: 0.5, kind: "a", y: 0.5, n: 2 });
  const moved = (rate: number, random: RandomStream) => {
    const varied = moves.vary(start, rate, 0.1, random);
    return moves.vectors.axes
      .filter(({ offset, width }) =>
        varied.subarray(offset, offset + width).some((u, c) => u !== start[offset + c]),
      )
      .map(({ name }) => name);
  };
  const random = new RandomStream(5);
  const single = Array.from({ length: 40 }, () => moved(0, random));
  expect(single.every((names) => names.length === 1)).toBe(true);
  expect(new Set(single.flat()).size).toBe(4);
  expect(moved(1, random)).toEqual(["x", "kind", "y", "n"]);
});

test("single changes of discrete parameters climb until no change is better, within the constraint", () => {
  const names = Array.from({ length: 8 }, (_, i) => `x${i}`);
  const parameters = names.map((name, i) => [name, i % 2 ? int(0, 9) : choice([..."abcdefgh"])] as const);
  const declared: Space = Object.fromEntries(parameters);
  // 8⁴ · 10⁴ points, of which one is best: drawn points do not find it
  const worth = (params: Params): number =>
    names.reduce((sum, name, i) => {
      const value = params[name];
      return (
        sum +
        (typeof value === "number" ? Math.abs(value - i) : Math.abs(value!.toString().charCodeAt(0) - 97 - i))
      );
    }, 0);
  const best = [...names.keys()].map((i) => (i % 2 ? i : "abcdefgh"[i]));
  const found = (space: SearchSpace) => {
    const moves = movesOf(space);
    const belief = { variance: 1, meanGradient: new Float64Array(0), varianceGradient: new Float64Array(0) };
    const posterior = { predict: (x: Float64Array) => ({ ...belief, mean: worth(moves.vectors.decode(x)) }) };
    const judge = (mean: number) => ({ value: -mean, byMean: -1, byDeviation: 0 });
    const random = new RandomStream(7);
    const start = moves.settle(moves.draw(random));
    const [first] = maximize(meritOf(posterior, judge), moves, [start], random, {
      points: 50,
      climbs: 1,
      evaluations: 1e6,
    });
    return moves.vectors.decode(first.vector);
  };
  expect(Object.values(found(resolveSpace(declared)))).toEqual(best);
  const low = ({ x7 }: Params) => (x7 as number) < 6;
  const bounded = found(resolveSpace(declared, low));
  expect(low(bounded)).toBe(true);
  expect(worth(bounded)).toBe(2);
});

test("continuous points climb to the tops of hills, from points that are apart", () => {
  const moves = movesOf(resolveSpace({ x: float(0, 1), y: float(0, 1) }));
  const hills = [
    { x: 0.2, y: 0.3, height: 1 },
    { x: 0.8, y: 0.6, height: 0.97 },
  ];
  const climbed: string[] = [];
  /** Minus the higher of two paraboloids, with a gradient where it is asked for, as of a model. */
  const predict = (at: Float64Array, gradient?: boolean) => {
    if (gradient) climbed.push(String(at));
    const heightOn = ({ x, y, height }: (typeof hills)[number]) =>
      height - (at[0] - x) ** 2 - 2 * (at[1] - y) ** 2;
    const hill = heightOn(hills[0]) > heightOn(hills[1]) ? hills[0] : hills[1];
    return {
      mean: -heightOn(hill),
      variance: 1,
      meanGradient: gradient
        ? Float64Array.of(2 * (at[0] - hill.x), 4 * (at[1] - hill.y))
        : new Float64Array(),
      varianceGradient: new Float64Array(gradient ? 2 : 0),
    };
  };
  const judge = (mean: number) => ({ value: -mean, byMean: -1, byDeviation: 0 });
  const start = Float64Array.of(0.25, 0.35);
  const found = maximize(meritOf({ predict }, judge), moves, [start], new RandomStream(3), {
    points: 100,
    climbs: 20,
    evaluations: 1e6,
  });
  expect(found).toHaveLength(121); // the start, the points, the ends of the climbs
  expect(found.map(({ merit }) => merit)).toEqual(found.map(({ merit }) => merit).sort((a, b) => b - a));
  for (const { x, y, height } of hills) {
    const top = found.find(({ vector }) => Math.hypot(vector[0] - x, vector[1] - y) < 1e-5);
    expect(top?.merit).toBeCloseTo(height, 9);
  }
  // a climb ends where it found nothing better, and does not begin there again
  expect(new Set(climbed).size).toBe(climbed.length);
});

test("a climb ends after a step that gains next to nothing", () => {
  const moves = movesOf(resolveSpace({ x: float(0, 1) }));
  let climbed = 0;
  const belief = { variance: 1, meanGradient: Float64Array.of(-2e-6), varianceGradient: new Float64Array(1) };
  const predict = ([x]: Float64Array, gradient?: boolean) => {
    if (gradient) climbed++;
    return { ...belief, mean: -2e-6 * x };
  };
  const judge = (mean: number) => ({ value: -mean, byMean: -1, byDeviation: 0 });
  const effort = { points: 0, climbs: 1, evaluations: 1e6 };
  maximize(meritOf({ predict }, judge), moves, [Float64Array.of(0.5)], new RandomStream(3), effort);
  expect(climbed).toBe(2); // at the start and after the step
});

test("a search takes no more evaluations than it may, whatever the space", () => {
  const names = Array.from({ length: 300 }, (_, i) => `x${i}`);
  const parameters = names.map((name, i) => [name, i % 3 ? int(0, 1000) : float(0, 1)] as const);
  const moves = movesOf(resolveSpace(Object.fromEntries(parameters)));
  const { size } = moves.vectors;
  const gradients = {
    meanGradient: new Float64Array(size).fill(1),
    varianceGradient: new Float64Array(size),
  };
  const searched = (evaluations: number) => {
    let taken = 0;
    const changed = new Set<number>();
    const start = new Float64Array(size).fill(0.5);
    // every change is an improvement, so that no climb ends by itself
    const predict = (at: Float64Array, gradient?: boolean) => {
      taken += gradient ? 3 : 1;
      for (let c = 0; c < size; c++) if (at[c] !== start[c]) changed.add(c);
      return { mean: -taken, variance: 1, ...gradients };
    };
    const judge = (mean: number) => ({ value: -mean, byMean: -1, byDeviation: 0 });
    maximize(meritOf({ predict }, judge), moves, [moves.settle(start)], new RandomStream(3), {
      points: 100,
      climbs: 6,
      evaluations,
    });
    return { taken, changed: changed.size };
  };
  for (const evaluations of [100, 1000, 5000]) {
    const { taken, changed } = searched(evaluations);
    expect(taken).toBeGreaterThan(0.9 * evaluations);
    expect(taken).toBeLessThanOrEqual(evaluations + 2);
    expect(changed).toBe(size); // points and gradients change all
  }
  // spaces of up to 60 parameters have more than a search ever takes, the widest of all hundreds
  expect(evaluationsWithin(20, 256)).toBeGreaterThan(1000 + 6 * 4 * (40 * 3 + 20 * 6));
  expect(evaluationsWithin(60, 256)).toBeGreaterThan(1000 + 6 * 4 * (40 * 3 + 60 * 4));
  expect(evaluationsWithin(2000, 768, 9)).toBe(100);
});

test.each([0.1, 0.01])("numbers are moved by a normal step of %d", (scale) => {
  const moves = movesOf(resolveSpace({ x: float(0, 1) }));
  const stream = new RandomStream(3);
  const center = Float64Array.of(0.5);
  const steps = Array.from({ length: 4000 }, () => (moves.vary(center, 1, scale, stream)[0] - 0.5) / scale);
  const meanOf = (of: (step: number) => number) => steps.reduce((sum, step) => sum + of(step) / 4000, 0);
  // four standard deviations of the means
  expect(Math.abs(meanOf((z) => z))).toBeLessThan(4 * Math.sqrt(1 / 4000));
  expect(Math.abs(meanOf((z) => z * z) - 1)).toBeLessThan(4 * Math.sqrt(2 / 4000));
});

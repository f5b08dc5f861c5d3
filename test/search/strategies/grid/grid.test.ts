import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { choice, float, int } from "../../../../src/search/space/builders.js";
import { Lattice } from "../../../../src/search/space/lattice.js";
import type { Parameter } from "../../../../src/search/space/parameter.js";
import { valueAt, valueCount } from "../../../../src/search/space/scale.js";
import {
  isActive,
  type Params,
  resolveSpace,
  type SearchSpace,
  type Space,
} from "../../../../src/search/space/space.js";
import { grid } from "../../../../src/search/strategies/grid/grid.js";
import { createStudy } from "../../../../src/search/study/create.js";
import { anySpace } from "../../../../src/testing/arbitraries/space.js";
import { caught } from "../../support.js";

/** All suggestions of a grid. */
function points(space: Space, options?: Parameters<typeof grid>[0]): Params[] {
  const study = createStudy({ space, strategy: grid(options), direction: "maximize" });
  const all: Params[] = [];
  for (let trial = study.ask(); trial; trial = study.ask()) all.push(trial.params);
  return all;
}

/**
 * The same by other means: every combination of everything, then what does not apply taken out, then repeats.
 */
function enumerate(space: SearchSpace): Params[] {
  let combinations: Params[] = [{}];
  for (const name of space.order) {
    const parameter: Parameter = space.parameters[name];
    const values = Array.from({ length: valueCount(parameter) }, (_, i) => valueAt(parameter, i));
    combinations = combinations.flatMap((params) => values.map((value) => ({ ...params, [name]: value })));
  }
  const unique = new Map<string, Params>();
  for (const combination of combinations) {
    const params: Record<string, Params[string]> = {};
    for (const name of space.order)
      if (isActive(space.parameters[name], params)) params[name] = combination[name];
    const key = JSON.stringify(params);
    if (!unique.has(key)) unique.set(key, params);
  }
  return [...unique.values()];
}

describe("a grid", () => {
  test("is nested loops, the last parameter fastest", () => {
    const space = { optimizer: choice(["sgd", "adam"]), units: int(8, 24, { step: 8 }) };
    expect(points(space)).toEqual([
      { optimizer: "sgd", units: 8 },
      { optimizer: "sgd", units: 16 },
      { optimizer: "sgd", units: 24 },
      { optimizer: "adam", units: 8 },
      { optimizer: "adam", units: 16 },
      { optimizer: "adam", units: 24 },
    ]);
    expect(grid().size(space)).toBe(6);
  });

  test("leaves a parameter out where it does not apply, without repeats", () => {
    const space = {
      momentum: choice([0, 0.9], { when: { optimizer: ["sgd"] } }),
      optimizer: choice(["sgd", "adam", "lion"]),
      depth: int(1, 2),
    };
    expect(points(space)).toEqual([
      { momentum: 0, optimizer: "sgd", depth: 1 },
      { momentum: 0, optimizer: "sgd", depth: 2 },
      { momentum: 0.9, optimizer: "sgd", depth: 1 },
      { momentum: 0.9, optimizer: "sgd", depth: 2 },
      { optimizer: "adam", depth: 1 },
      { optimizer: "adam", depth: 2 },
      { optimizer: "lion", depth: 1 },
      { optimizer: "lion", depth: 2 },
    ]);
  });

  test("equals an independent enumeration of random finite spaces", () => {
    fc.assert(
      fc.property(anySpace({ finite: true, maxParameters: 4 }), (space) => {
        const expected = enumerate(resolveSpace(space));
        expect(points(space)).toEqual(expected);
        expect(grid().size(space)).toBe(expected.length);
      }),
    );
  });

  test("numbers its points both ways", () => {
    fc.assert(
      fc.property(
        anySpace({ finite: true }),
        fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
        (raw, u) => {
          const lattice = new Lattice(resolveSpace(raw));
          const index = Math.floor(u * lattice.size);
          expect(lattice.indexOf(lattice.at(index))).toBe(index);
        },
      ),
    );
  });

  test("counts no more than the values there are, where a condition's interval goes beyond them", () => {
    // 5 to 9 have two points each, the five before them one
    for (const high of [9, 10, 11]) {
      const space = { n: int(0, 9), m: int(0, 1, { when: { n: { low: 5, high } } }) };
      expect(grid().size(space)).toBe(15);
      expect(new Lattice(resolveSpace(space)).at(14)).toEqual({ n: 9, m: 1 });
    }
  });

  test("finds a point of a vast space without listing it", () => {
    const names = Array.from({ length: 5 }, (_, i) => `p${i}`);
    const space = {
      ...Object.fromEntries(names.map((name) => [name, int(0, 999)])),
      extra: int(0, 999, { when: { p0: { low: 500 }, p1: [7] } }),
    } as Space;
    const lattice = new Lattice(resolveSpace(space));
    expect(lattice.size).toBe(1e15 + 500 * 999 * 1e9);
    const first = { p0: 500, p1: 7, p2: 0, p3: 0, p4: 0, extra: 3 };
    // 500 blocks of 10^12, seven of 10^9 in the next, then three values of extra
    expect(lattice.indexOf(first)).toBe(500e12 + 7e9 + 3);
    expect(lattice.at(500e12 + 7e9 + 3)).toEqual(first);
  });

  test("spreads figures evenly, ends included, along the logarithm of log scales", () => {
    const space = {
      rate: float(1e-4, 1, { log: true }),
      mix: float(0, 1),
      units: int(1, 100),
      kind: choice(["a"]),
    };
    const rates = points({ rate: space.rate }, { points: 5 }).map(({ rate }) => rate as number);
    expect(rates).toHaveLength(5);
    expect([rates[0], rates[4]]).toEqual([1e-4, 1]);
    // one rounding each in log, product, sum and exp, of exponents below 10
    [1e-3, 1e-2, 1e-1].forEach((rate, i) => {
      expect(Math.abs(rates[i + 1] / rate - 1)).toBeLessThan(16 * 2 ** -52 * 4);
    });
    expect(points({ mix: space.mix }, { points: { mix: 5 } }).map(({ mix }) => mix)).toEqual([
      0, 0.25, 0.5, 0.75, 1,
    ]);
    expect(points({ mix: space.mix }, { points: 1 })).toEqual([{ mix: 0.5 }]);
    expect(points({ units: space.units }, { points: 4 }).map(({ units }) => units)).toEqual([1, 34, 67, 100]);
    expect(points({ units: int(1, 3) }, { points: 9 }).map(({ units }) => units)).toEqual([1, 2, 3]);
    expect(points({ mix: float(2, 2) })).toEqual([{ mix: 2 }]);
    expect(grid({ points: 5 }).size(space)).toBe(125);
  });

  test("has the 275 combinations of the README's seed grid", () => {
    const space = {
      learningRate: choice([1e-4, 1e-3, 1e-2, 1e-1, 1]),
      momentum: choice([0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.99]),
      weightDecay: choice([0, 1e-4, 1e-3, 1e-2, 1e-1]),
    };
    expect(grid().size(space)).toBe(275);
    expect(points(space)[274]).toEqual({ learningRate: 1, momentum: 0.99, weightDecay: 0.1 });
  });

  test.each<[string, () => unknown, string, RegExp]>([
    [
      "a continuous float",
      () => grid().size({ rate: float(0, 1) }),
      "invalid_space",
      /parameter "rate" must have a step, or .* points: \{ rate: 5 \}; received a float/,
    ],
    [
      "points of 0",
      () => grid({ points: 0 }),
      "invalid_argument",
      /points of grid must be a positive integer; received 0/,
    ],
    [
      "fractional points",
      () => grid({ points: { rate: 2.5 } }),
      "invalid_argument",
      /points of grid for rate must be a positive integer; received 2.5/,
    ],
    [
      "points for a choice",
      () => grid({ points: { kind: 2 } }).size({ kind: choice([1]) }),
      "invalid_argument",
      /each name in points of grid must be a float or int parameter of the space; received "kind"/,
    ],
    [
      "an unknown option",
      () => grid({ point: 3 } as never),
      "unknown_name",
      /unknown option of grid "point". Did you mean "points"\?/,
    ],
  ])("refuses %s", (_, make, code, message) => {
    const error = caught(make);
    expect(error).toMatchObject({ code });
    expect(error.message).toMatch(message);
  });
});

/**
 * Planted faults in parts of strategies: Sobol' sequences and crossovers, caught by the laws of
 * `test/laws/strategies.ts`.
 */
import { afterEach, describe, expect, it, vi } from "vitest";
import { fromUnit, toUnit } from "../../src/search/space/scale.js";
import type { Params } from "../../src/search/space/space.js";
import { buildParams } from "../../src/search/space/space.js";
import { type Crossover, onePoint, uniform } from "../../src/search/strategies/genetic/crossover.js";
import { rows } from "../../src/search/strategies/sobol/directions.js";
import { checkLaws, crossoverLaws, type Sequence, sobolLaws } from "../laws/strategies.js";

const DIRECTIONS = "../../src/search/strategies/sobol/directions.js";
const ONE_EACH = "puts one of each 2ᵐ points";
const NET = "is a (t, m, 2)-net";
const HALVES = "puts one of the first 2ᵈ points";

afterEach(() => {
  vi.doUnmock(DIRECTIONS);
  vi.resetModules();
});

/** The sequence of another table. */
async function sequenceOf(table: string): Promise<Sequence> {
  vi.resetModules();
  vi.doMock(DIRECTIONS, () => ({ rows: table }));
  const { sobolPoint } = await import("../../src/search/strategies/sobol/sequence.js");
  return sobolPoint;
}

describe("a Sobol' sequence with", () => {
  it.each([
    ["an even direction number", "3 1 1 3 1", "3 1 1 2 1", ONE_EACH],
    ["a direction number of another row", "3 2 1 1 1", "3 2 1 3 1", HALVES],
    ["a polynomial that is not primitive", "3 1 1 3 1", "3 3 1 3 1", NET],
    ["two rows exchanged in part", "3 1 1 3 1\n3 2 1 1 1", "3 2 1 3 1\n3 1 1 1 1", HALVES],
    ["a row twice", "3 2 1 1 1", "3 1 1 3 1", HALVES],
  ])("%s is caught", async (_, right, wrong, law) => {
    expect(rows).toContain(right);
    const sequence = await sequenceOf(rows.replace(right, wrong));
    expect(() => checkLaws("sequence", sobolLaws, sequence, 100)).toThrow(`breaks the law "${law}`);
  });

  it.each<[string, (true_: Sequence) => Sequence, string]>([
    [
      "points from 1",
      (true_) =>
        (index, ...rest) =>
          true_(index + 1, ...rest),
      ONE_EACH,
    ],
    [
      "a shift of all coordinates, different in each",
      (true_) => (index, dimensions) =>
        Array.from(true_(index, dimensions), (x, d) => (x + d / 100 + index / 1e4) % 1),
      ONE_EACH,
    ],
    [
      "one dimension in the place of the next",
      (true_) =>
        (...of) => {
          const point = true_(...of);
          return Array.from(point, (_, d) => point[d - (d % 2)]);
        },
      NET,
    ],
  ])("%s is caught", async (_, wrong, law) => {
    const sequence = wrong(await sequenceOf(rows));
    expect(() => checkLaws("sequence", sobolLaws, sequence, 100)).toThrow(`breaks the law "${law}`);
  });
});

/** A crossover of parameter by parameter. */
const mixed =
  (mix: (name: string, a: Params, b: Params, names: readonly string[]) => unknown): Crossover =>
  (space, a, b, random) => {
    const child = uniform(space, a, b, random);
    return Object.fromEntries(
      Object.entries(child).map(([name, value]) => [
        name,
        name in a && name in b ? mix(name, a, b, space.names) : value,
      ]),
    ) as Params;
  };

describe("a crossover with", () => {
  const POINT = "gives a point of the space";
  const EQUAL = "of equal parents";
  const FROM = "takes something from either";
  it.each<[string, Crossover, string]>([
    [
      "a swapped index",
      mixed((name, a, _b, names) => a[names[(names.indexOf(name) + 1) % names.length]] ?? a[name]),
      POINT,
    ],
    ["the first parent alone", (_space, a) => a, FROM],
    ["the second parent alone", (_space, _a, b) => b, FROM],
    [
      "the middle of both",
      (space, a, b, random) =>
        buildParams(space, (parameter, name) => {
          if (!(name in a && name in b))
            return uniform(space, a, b, random)[name] ?? fromUnit(parameter, 0.5);
          return fromUnit(parameter, (toUnit(parameter, a[name]) + toUnit(parameter, b[name])) / 2);
        }),
      `${POINT}|${EQUAL}|takes each value`,
    ],
    [
      "what only one parent has left out",
      (space, a, b, random) => {
        const child = uniform(space, a, b, random);
        return Object.fromEntries(Object.entries(child).filter(([name]) => name in a && name in b));
      },
      POINT,
    ],
    [
      "what only one parent has drawn anew",
      (space, a, b, random) =>
        buildParams(space, (parameter, name) =>
          name in a && name in b
            ? (onePoint(space, a, b, random)[name] ?? a[name])
            : fromUnit(parameter, random.uniform()),
        ),
      POINT,
    ],
  ])("%s is caught", (_, cross, law) => {
    expect(() => checkLaws("crossover", crossoverLaws, cross, 200)).toThrow(
      new RegExp(`breaks the law "(${law})`),
    );
  });
});

/** Constraints by themselves: against values of Keras' equations, and their laws in float32 and float64. */
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compile } from "../../src/compile/compile.js";
import type { Executor } from "../../src/engine/executor.js";
import { constant, reshape, sqrt } from "../../src/graph/functions.js";
import type { Value } from "../../src/graph/graph.js";
import { dense } from "../../src/nn/layers/index.js";
import {
  type ConstraintLike,
  getConstraint,
  maxNorm,
  minMaxNorm,
  nonNeg,
  unitNorm,
} from "../../src/nn/weights/constraints.js";
import { mapValues } from "../../src/records.js";
import { cases } from "../cases.js";
import { reference, refusal, wasm } from "./support.js";

const file = JSON.parse(readFileSync(new URL("constraints.json", import.meta.url), "utf8"));

/** The projection of an array, [..shape], end to end. */
function projection(
  executor: Executor,
  constraint: ConstraintLike,
  shape: readonly number[],
  w: readonly number[],
  before = (given: Value): Value => given,
): number[] {
  const { hyperparameters, project } = getConstraint(constraint);
  const of = (given: Value): Value => {
    const numbers = mapValues(hyperparameters, (value) => constant(given.graph, value));
    return reshape(project(reshape(before(given), shape), numbers), given.shape);
  };
  const run = executor.load(compile(of, [w.length]));
  const { data } = run(w);
  run.free();
  return Array.from(data);
}

/** 2⁻²²: four roundings of float32 are less. */
const BOUND = 2 ** -22;

describe("as Keras' equations have it", () => {
  it.each(file.cases as Record<string, never>[])(
    "$shape along $axis",
    ({ shape, axis, weights, value, ...by }) => {
      const given: Record<string, ConstraintLike> = {
        maxNorm: maxNorm({ maxValue: value, axis }),
        unitNorm: unitNorm({ axis }),
        minMaxNorm: minMaxNorm({ minValue: value / 2, maxValue: value, rate: 0.75, axis }),
        nonNeg: nonNeg(),
      };
      expect(Object.keys(by).sort()).toEqual(Object.keys(given).sort());
      for (const [name, constraint] of Object.entries(given))
        for (const [executor, bound] of [
          [reference, 1e-15],
          [wasm, BOUND],
        ] as const)
          projection(executor, constraint, shape, weights).forEach((w, i) => {
            const expected: number = (by[name] as number[])[i];
            // Keras divides by norm + 1e-7; norms here are at least 0.4
            expect(Math.abs(w - expected), name).toBeLessThanOrEqual(
              (bound + 1e-7 / 0.4) * Math.abs(expected),
            );
          });
    },
  );
});

const size = fc.integer({ min: 1, max: 5 });
const weight = fc.oneof(fc.double({ min: -4, max: 4, noNaN: true }), fc.constant(0)).map(Math.fround);
const matrix = fc.tuple(size, size).chain(([rows, columns]) =>
  fc.record({
    shape: fc.constant([rows, columns]),
    w: fc.array(weight, { minLength: rows * columns, maxLength: rows * columns }),
  }),
);
/** Norms along an axis. */
function norms(w: readonly number[], [rows, columns]: readonly number[], axis: 0 | 1): number[] {
  const lengths = new Array<number>(axis === 0 ? columns : rows).fill(0);
  w.forEach((value, at) => {
    lengths[axis === 0 ? at % columns : Math.floor(at / columns)] += value * value;
  });
  return lengths.map(Math.sqrt);
}
const bounds = fc
  .tuple(fc.double({ min: 0.01, max: 3, noNaN: true }), fc.double({ min: 0.01, max: 3, noNaN: true }))
  .map((pair) => pair.map(Math.fround).sort((a, b) => a - b));
const axes = fc.constantFrom<0 | 1>(0, 1);

describe("laws", () => {
  it("norms end within the bounds, and weights that are within stay to the bit", () => {
    fc.assert(
      fc.property(matrix, bounds, axes, ({ shape, w }, [minValue, maxValue], axis) => {
        const kinds = [
          [maxNorm({ maxValue, axis }), 0, maxValue],
          [unitNorm({ axis }), 1, 1],
          [minMaxNorm({ minValue, maxValue, axis }), minValue, maxValue],
        ] as const;
        const before = norms(w, shape, axis);
        for (const [constraint, low, high] of kinds) {
          const result = projection(wasm, constraint, shape, w);
          norms(result, shape, axis).forEach((norm, i) => {
            expect(norm).toBeLessThanOrEqual(high * (1 + BOUND));
            // a norm of 0 has no direction to grow in, and tiny ones are taken as 1e-7
            if (before[i] > 2e-7) expect(norm).toBeGreaterThanOrEqual(low * (1 - BOUND));
          });
          const [, columns] = shape;
          const within = (at: number): boolean => {
            const norm = before[axis === 0 ? at % columns : Math.floor(at / columns)];
            return norm > low * (1 + BOUND) && norm < high * (1 - BOUND) && norm > 2e-7;
          };
          w.forEach((value, at) => {
            if (within(at)) expect(result[at]).toBe(value);
          });
        }
      }),
      { numRuns: cases(100) },
    );
  });

  it("a projection changes nothing of what it returned but for rounding; nonNeg to the bit", () => {
    fc.assert(
      fc.property(matrix, bounds, axes, ({ shape, w }, [minValue, maxValue], axis) => {
        const kinds = [
          maxNorm({ maxValue, axis }),
          unitNorm({ axis }),
          minMaxNorm({ minValue, maxValue, axis }),
        ];
        for (const constraint of kinds) {
          const once = projection(wasm, constraint, shape, w);
          const isTiny = norms(w, shape, axis).some((norm) => norm > 0 && norm < 2e-7);
          if (isTiny) continue;
          const twice = projection(wasm, constraint, shape, once);
          once.forEach((value, i) => {
            expect(Math.abs(twice[i] - value)).toBeLessThanOrEqual(2 * BOUND * Math.abs(value));
          });
        }
        const once = projection(wasm, nonNeg(), shape, w);
        expect(once.every((value) => value >= 0 && !Object.is(value, -0))).toBe(true);
        expect(projection(wasm, nonNeg(), shape, once)).toEqual(once);
        once.forEach((value, i) => {
          expect(value).toBe(Math.max(w[i], 0));
        });
      }),
      { numRuns: cases(100) },
    );
  });

  it("`rate` is the part of the way, and weights within stay to the bit at every rate", () => {
    fc.assert(
      fc.property(matrix, fc.double({ min: 0, max: 1, noNaN: true }), ({ shape, w }, rate) => {
        const high = minMaxNorm({ maxValue: 0.5, rate });
        const before = norms(w, shape, 0);
        norms(projection(wasm, high, shape, w), shape, 0).forEach((norm, i) => {
          const expected = (1 - rate) * before[i] + rate * Math.min(before[i], 0.5);
          expect(Math.abs(norm - expected)).toBeLessThanOrEqual(2 * BOUND * before[i]);
        });
        const within = minMaxNorm({ maxValue: 100, rate });
        expect(projection(wasm, within, shape, w).map((value, i) => Object.is(value, w[i]))).not.toContain(
          false,
        );
      }),
      { numRuns: cases(100) },
    );
  });
});

it("weights that are no numbers stay so, for others to see", () => {
  for (const constraint of ["maxNorm", "unitNorm", "minMaxNorm", "nonNeg"] as const)
    for (const executor of [wasm, reference])
      expect(projection(executor, constraint, [2, 1], [-1, 1], sqrt)[0], constraint).toBeNaN();
});

it("has Keras' defaults", () => {
  const w = [3, 0.5, 4, 0];
  expect(projection(reference, "maxNorm", [2, 2], w)).toEqual([3 * (2 / 5), 0.5, 4 * (2 / 5), 0]);
  expect(projection(reference, "unit_norm", [2, 2], w)).toEqual([3 * (1 / 5), 1, 4 * (1 / 5), 0]);
  expect(projection(reference, "MinMaxNorm", [2, 2], w)).toEqual([3 * (1 / 5), 0.5, 4 * (1 / 5), 0]);
  expect(projection(reference, "NonNeg", [4], [-1, 2, -0.5, 0])).toEqual([0, 2, 0, 0]);
});

it("takes numbers at the ends of their ranges", () => {
  expect(maxNorm({ maxValue: 0 }).hyperparameters).toEqual({ maxValue: 0 });
  for (const rate of [0, 1])
    expect(minMaxNorm({ minValue: 1, maxValue: 1, rate }).hyperparameters).toEqual({
      minValue: 1,
      maxValue: 1,
      rate,
    });
});

it.each<[string, () => unknown, string]>([
  [
    "a name",
    () => getConstraint("maxnorm" as never),
    'unknown_name: unknown constraint "maxnorm". Did you mean "maxNorm"? Known: maxNorm, minMaxNorm, nonNeg, unitNorm.',
  ],
  [
    "an object",
    () => dense(1, { kernelConstraint: { ...maxNorm() } }),
    "invalid_argument: constraint must be a name, the result of a function such as maxNorm, or a function of a value; received",
  ],
  [
    "null",
    () => dense(1, { kernelConstraint: null as never }),
    "invalid_argument: constraint must be a name, the result of a function such as maxNorm, or a function of a value; received null",
  ],
  ["an option", () => maxNorm({ max: 1 } as never), 'unknown_name: unknown option of maxNorm "max".'],
  ["an option of none", () => nonNeg({ axis: 1 } as never), 'unknown_name: unknown option of nonNeg "axis".'],
  ["a bound of 1", () => unitNorm({ max: 1 } as never), 'unknown_name: unknown option of unitNorm "max".'],
  ["a bound", () => minMaxNorm({ max: 1 } as never), 'unknown_name: unknown option of minMaxNorm "max".'],
  [
    "a norm below 0",
    () => maxNorm({ maxValue: -1 }),
    "invalid_argument: maxValue must be a finite number of at least 0; received -1",
  ],
  [
    "an infinite norm",
    () => maxNorm({ maxValue: Number.POSITIVE_INFINITY }),
    "invalid_argument: maxValue must be a finite number of at least 0; received Infinity",
  ],
  [
    "bounds in the wrong order",
    () => minMaxNorm({ minValue: 2 }),
    "invalid_argument: minValue must be at most maxValue, which is 1; received 2",
  ],
  [
    "a norm in words",
    () => maxNorm({ maxValue: "1" as never }),
    'invalid_argument: maxValue must be a finite number of at least 0; received "1"',
  ],
  [
    "a smallest norm below 0",
    () => minMaxNorm({ minValue: -1 }),
    "invalid_argument: minValue must be a finite number of at least 0; received -1",
  ],
  ...([1.5, -0.5, "0.5", Number.NaN] as number[]).map((rate): [string, () => unknown, string] => [
    `a rate of ${rate}`,
    () => minMaxNorm({ rate }),
    "invalid_argument: rate must be a number in [0, 1]; received",
  ]),
  [
    "one axis of half a number",
    () => unitNorm({ axis: [0, 0.5] }),
    "invalid_argument: axis must be an integer, or an array of integers; received [0,0.5]",
  ],
  [
    "an axis",
    () => unitNorm({ axis: 0.5 }),
    "invalid_argument: axis must be an integer, or an array of integers; received 0.5",
  ],
  [
    "no axis",
    () => unitNorm({ axis: [] }),
    "invalid_argument: axis must be an integer, or an array of integers; received []",
  ],
  [
    "for a layer without a bias",
    () => dense(1, { biasConstraint: "non" as never }),
    'unknown_name: unknown constraint "non".',
  ],
])("refuses %s", async (_, run, message) => {
  expect(await refusal(run)).toContain(message);
});

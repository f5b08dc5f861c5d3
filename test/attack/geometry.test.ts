/**
 * Sizes that no user means, at the doors of the instructions of layers: windows, padding, steps and batches
 * from 0 to 2⁵³ and beyond. Each use is refused before anything is compiled, or has the numbers of the
 * reference, and no word around the run's block changes.
 */
import fc from "fast-check";
import { expect, it } from "vitest";
import { gradients } from "../../src/autograd/grad.js";
import { compileStep } from "../../src/compile/compile.js";
import { createEngine } from "../../src/engine/engine.js";
import { FettleError } from "../../src/errors.js";
import * as f from "../../src/graph/functions.js";
import { Graph, type Value } from "../../src/graph/graph.js";
import { input } from "../../src/graph/operations/leaves.js";
import { scan } from "../../src/graph/scan.js";
import { type Shape, sizeOf } from "../../src/graph/shape.js";
import { cases } from "../cases.js";
import { runInBlock } from "../engine/block.js";

const reference = createEngine({ executor: "reference" });
const small = (length: number): number[] => Array.from({ length }, (_, i) => ((i * 7) % 11) - 5);

/** Mostly sizes that fit. */
const anySize = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 0, max: 4 }) },
  {
    weight: 3,
    arbitrary: fc.constantFrom(
      ...[2 ** 15, 2 ** 16, 2 ** 26, 2 ** 27 - 1, 2 ** 28, 2 ** 29, 2 ** 30 - 1, 2 ** 30, 2 ** 31 - 1],
    ),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom<unknown>(
      ...[-1, 0.5, 2 ** 31, 2 ** 32, 2 ** 53, Number.NaN, Number.POSITIVE_INFINITY, "2", null, [1], {}],
    ),
  },
) as fc.Arbitrary<number>;
const anyPair = fc.oneof(
  { weight: 20, arbitrary: fc.tuple(anySize, anySize) },
  { weight: 1, arbitrary: fc.constantFrom<unknown>(1, [], [1], [1, 1, 1], null, "11") },
) as fc.Arbitrary<[number, number]>;
const anyImage = fc.tuple(...[2, 4, 4, 5].map((max) => fc.integer({ min: 1, max })));

const MOST = 20_000;

/**
 * Tries a function of arrays, unless its result would be large.
 *
 * @returns whether it was refused
 */
function attempt(fn: (...values: Value[]) => Value, shapes: readonly Shape[]): boolean {
  const inputs = Object.fromEntries(shapes.map((shape, i) => [`x${i}`, shape]));
  try {
    const graph = new Graph();
    const result = fn(...Object.entries(inputs).map(([name, shape]) => input(graph, name, shape)));
    if (sizeOf(result.shape) > MOST) return false;
  } catch (error) {
    expect(error).toBeInstanceOf(FettleError);
    expect((error as FettleError).code).toMatch(/^invalid_(shape|argument)$/);
    return true;
  }
  const program = compileStep({ inputs }, 1, (values) => ({
    outputs: { y: fn(...Object.values(values.inputs)) },
  }));
  const given = Object.fromEntries(
    Object.entries(inputs).map(([name, shape]) => [name, small(sizeOf(shape))]),
  );
  const { read, disturbed } = runInBlock(program, given);
  expect(disturbed.filter((place) => place < 0 || place >= program.bytes)).toEqual([]);
  const run = reference.start(program);
  for (const [name, numbers] of Object.entries(given)) run.write(name, numbers);
  run.advance(1);
  expect([...read("y")]).toEqual([...run.read("y")]);
  run.free();
  return false;
}

it("windows of any size, stride, dilation and padding", () => {
  let refused = 0;
  const options = fc.record({ strides: anyPair, dilation: anyPair, before: anyPair, after: anyPair });
  const runs = cases(1500);
  fc.assert(
    fc.property(anyImage, anyPair, options, fc.boolean(), (image, size, given, added) => {
      const taken = (x: Value): Value => f.patches(x, size, given);
      const back = (x: Value): Value => f.addPatches(taken(x), [image[1], image[2]], size, given);
      if (attempt(added ? back : taken, [image])) refused++;
    }),
    { numRuns: runs },
  );
  expect(refused).toBeGreaterThan(runs / 10);
  expect(refused).toBeLessThan(runs);
});

it("padding that no sum of 32 bits holds", () => {
  for (const before of [
    2 ** 26,
    2 ** 27 - 4,
    2 ** 27 - 3,
    2 ** 28,
    2 ** 29,
    2 ** 30 - 1,
    2 ** 30,
    2 ** 31 - 1,
  ])
    for (const axis of [0, 1]) {
      const pair = (number: number, other: number): [number, number] =>
        axis === 0 ? [number, other] : [other, number];
      const options = { before: pair(before, 0), strides: pair(before, 1) };
      const shape = axis === 0 ? [1, 3, 1, 1] : [1, 1, 3, 1];
      expect(attempt((x) => f.patches(x, [1, 1], options), [shape])).toBe(before + 3 >= 2 ** 27);
      const pooled = { before: pair(before - 1, 0), strides: pair(before, 1) };
      expect(attempt((x) => f.maxPool(x, pair(before, 1), pooled), [shape])).toBe(before + 2 >= 2 ** 27);
    }
});

it("pooling of any size, stride and padding", () => {
  let refused = 0;
  const options = fc.record({ strides: anyPair, before: anyPair, after: anyPair });
  const runs = cases(3750);
  fc.assert(
    fc.property(anyImage, anyPair, options, fc.boolean(), (image, size, given, added) => {
      const taken = (x: Value, y: Value): Value => f.takeLargest(x, y, size, given);
      const back = (x: Value, y: Value): Value => f.scatterLargest(x, taken(x, y), size, given);
      if (attempt(added ? back : taken, [image, image])) refused++;
    }),
    { numRuns: runs },
  );
  expect(refused).toBeGreaterThan(runs / 10);
  expect(refused).toBeLessThan(runs);
});

it("loops over any number of steps of any width, with the gradient", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 70 }),
      fc.integer({ min: 1, max: 9 }),
      fc.boolean(),
      fc.boolean(),
      (steps, width, reverse, slope) => {
        attempt(
          (x, h) => {
            const { carry, stacks } = scan(
              { carry: { h }, sequences: { x }, reverse },
              ({ carry, elements }) => {
                // small integers, so that every sum is exact
                const next = f.maximum(f.sub(elements.x, carry.h), -3);
                return { carry: { h: f.minimum(next, 3) }, stacks: { next } };
              },
            );
            const sum = f.add(f.sum(carry.h), f.sum(stacks.next));
            return slope ? gradients(sum, [x])[0] : stacks.next;
          },
          [[steps, width], [width]],
        );
      },
    ),
    { numRuns: cases(150) },
  );
});

it("loops over nothing are refused", () => {
  const x = input(new Graph(), "x", [2, 1]);
  const none = (): unknown => scan({ carry: {}, sequences: {} }, () => ({ carry: {}, stacks: { x } }));
  expect(none).toThrow(FettleError);
  expect(() => input(new Graph(), "x", [0, 3])).toThrow(FettleError);
});

it("batches of products of any sizes, transposed or not", () => {
  const any = fc.integer({ min: 1, max: 9 });
  fc.assert(
    fc.property(any, any, any, any, fc.boolean(), fc.boolean(), (count, m, k, n, turnA, turnB) => {
      const last = (x: Value, turned: boolean): Value => (turned ? f.transpose(x, [0, 2, 1]) : x);
      attempt(
        (a, b) => f.matmul(last(a, turnA), last(b, turnB)),
        [
          [count, turnA ? k : m, turnA ? m : k],
          [count, turnB ? n : k, turnB ? k : n],
        ],
      );
    }),
    { numRuns: cases(300) },
  );
  const [a, b, c] = [
    [2, 3, 4],
    [3, 4, 5],
    [2, 5, 4],
  ].map((shape, i) => [`x${i}`, shape] as const);
  for (const [left, right] of [
    [a, b],
    [a, c],
  ]) {
    const graph = new Graph();
    const values = [left, right].map(([name, shape]) => input(graph, name, shape));
    expect(() => f.matmul(values[0], values[1])).toThrow(FettleError);
  }
});

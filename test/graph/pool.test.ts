/**
 * Elements by the largest of windows: ties, NaN, padding and overlaps as exact values, and the kernel against
 * the reference.
 */
import fc from "fast-check";
import { expect, it } from "vitest";
import { gradients } from "../../src/autograd/grad.js";
import { compile, compileStep } from "../../src/compile/compile.js";
import { createEngine } from "../../src/engine/engine.js";
import * as f from "../../src/graph/functions.js";
import { Graph, type Value } from "../../src/graph/graph.js";
import { input } from "../../src/graph/operations/leaves.js";
import { pooledShape } from "../../src/graph/operations/pool.js";
import { ROWS, type Shape, sizeOf } from "../../src/graph/shape.js";
import { cases } from "../cases.js";

type Pair = readonly [number, number];
type Windows = readonly [size: Pair, options?: f.PoolOptions];

const executors = ["wasm", "reference"] as const;

/** A function of one line [1, 1, n, 1] on both executors, which must agree. */
function line(fn: (x: Value) => Value, x: readonly number[]): number[] {
  const program = compile(
    (v: Value) => {
      const y = fn(f.reshape(v, [1, 1, x.length, 1]));
      return f.reshape(y, [sizeOf(y.shape)]);
    },
    [x.length],
  );
  const [wasm, reference] = executors.map((executor) => [
    ...(createEngine({ executor }).load(program)(x).data as Float32Array),
  ]);
  expect(wasm).toEqual(reference);
  return wasm;
}

const slope =
  (windows: Windows) =>
  (x: Value): Value =>
    gradients(f.sum(f.mul(f.maxPool(x, ...windows), 3)), [x])[0];

it.each<[string, Windows, number[], number[], number[]]>([
  ["windows of two", [[1, 2]], [1, 3, 2, 0], [3, 2], [0, 3, 3, 0]],
  ["what does not fill a window is left out", [[1, 2]], [1, 3, 9], [3], [0, 3, 0]],
  ["the first of equal ones gets the gradient", [[1, 3]], [5, 5, 5], [5], [3, 0, 0]],
  ["zeros of either sign are equal", [[1, 2]], [-0, 0], [-0], [3, 0]],
  ["overlaps add up", [[1, 3], { strides: [1, 1] }], [0, 1, 7, 1, 0], [7, 7, 7], [0, 0, 9, 0, 0]],
  [
    "padding is never the largest",
    [[1, 2], { before: [0, 1], after: [0, 1] }],
    [-5, -3, -4, -9],
    [-5, -3, -9],
    [3, 3, 0, 3],
  ],
  ["padding before alone", [[1, 3], { strides: [1, 2], before: [0, 2] }], [-1, -2, -3], [-1, -1], [6, 0, 0]],
  [
    "−∞ where there is nothing else",
    [[1, 2]],
    [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY],
    [Number.NEGATIVE_INFINITY],
    [3, 0],
  ],
  [
    "the first NaN is the largest",
    [[1, 4]],
    [Infinity, Number.NaN, Number.NaN, 1],
    [Number.NaN],
    [0, 3, 0, 0],
  ],
])("%s", (_, windows, x, value, gradient) => {
  expect(line((v) => f.maxPool(v, ...windows), x)).toEqual(value);
  expect(line(slope(windows), x)).toEqual(gradient);
});

it("takes elements of one image at the places of the largest of another, and gives the selector no gradient", () => {
  const fn = compile(
    (s: Value, x: Value) => {
      const [selector, image] = [s, x].map((v) => f.reshape(v, [1, 2, 2, 1]));
      const y = f.takeLargest(selector, image, [2, 2]);
      return [f.reshape(y, []), ...gradients(f.sum(f.square(y)), [s, x])];
    },
    [4],
    [4],
  );
  for (const executor of executors) {
    const results = createEngine({ executor }).load(fn)([1, 2, 8, 3], [10, 20, 30, 40]) as unknown as {
      data: Float32Array;
    }[];
    expect(results.map(({ data }) => [...data])).toEqual([[30], [0, 0, 0, 0], [0, 0, 60, 0]]);
  }
});

const pair = (max: number) => fc.tuple(fc.integer({ min: 1, max }), fc.integer({ min: 1, max }));

it.each([
  ["any windows", 4, 3, 3],
  // which have kernels of their own
  ["windows of up to 2×2 inside of the image", 2, 2, 0],
])(
  "gives the bits of the reference for any channels and rows, %s, with ties",
  (_, size, strides, padding) => {
    const drawn = fc
      .tuple(
        pair(size),
        pair(strides),
        fc.tuple(fc.nat(padding), fc.nat(padding)),
        fc.tuple(fc.nat(padding), fc.nat(padding)),
        fc.nat(6),
        fc.nat(6),
      )
      .map(([size, strides, before, after, height, width]) => ({
        size,
        options: {
          strides,
          before: [before[0] % size[0], before[1] % size[1]],
          after: [after[0] % size[0], after[1] % size[1]],
        } satisfies f.PoolOptions,
        image: [size[0] + height, size[1] + width],
      }));
    const numbers = fc.array(fc.constantFrom(-1, -0, 0, 1, 2, Infinity, Number.NaN), {
      minLength: 1,
      maxLength: 40,
    });
    fc.assert(
      fc.property(
        drawn,
        fc.integer({ min: 1, max: 9 }),
        numbers,
        ({ size, options, image }, channels, some) => {
          const shape = [ROWS, ...image, channels];
          const windows = [size, options] as const;
          const out = pooledShape(shape, { size, ...options });
          const [columns, outColumns] = [sizeOf(shape), sizeOf(out)];
          const program = compileStep({ streams: { x: columns, g: outColumns } }, 2, ({ streams }) => {
            const [x, g] = [f.reshape(streams.x, shape), f.reshape(streams.g, out)];
            return {
              streams: {
                largest: f.reshape(f.maxPool(x, ...windows), [ROWS, outColumns]),
                other: f.reshape(f.takeLargest(x, f.mul(x, 2), ...windows), [ROWS, outColumns]),
                added: f.reshape(f.scatterLargest(x, g, ...windows), [ROWS, columns]),
              },
            };
          });
          const results = executors.map((executor) => {
            const engine = createEngine({ executor });
            const rows = 3; // the last batch has one
            const matrix = (width: number, from = 0) =>
              engine.matrix(
                rows,
                width,
                Array.from({ length: rows * width }, (_, i) => some[(i * (1 + from) + from) % some.length]),
              );
            const streams = {
              x: matrix(columns),
              g: matrix(outColumns, 2),
              largest: matrix(outColumns),
              other: matrix(outColumns),
              added: matrix(columns),
            };
            engine.start(program, { streams, batchSize: 2 }).advance(2);
            return [streams.largest, streams.other, streams.added].map((matrix) => [...matrix.read()]);
          });
          expect(results[0]).toEqual(results[1]);
        },
      ),
      { numRuns: cases(200) },
    );
  },
);

it.each<[string, Windows, Shape, string]>([
  [
    "images without channels",
    [[2, 2]],
    [ROWS, 4, 4],
    "images must be [n, height, width, channels], of which only n may be rows; received [rows, 4, 4]",
  ],
  ["channels that are rows", [[2, 2]], [2, 4, 4, ROWS], "only n may be rows; received [2, 4, 4, rows]"],
  [
    "windows that do not fit",
    [[5, 2]],
    [1, 4, 4, 1],
    "a window must fit the padded image: its height must be at most 4; received 5",
  ],
  [
    "windows of nothing",
    [[0, 2]],
    [1, 4, 4, 1],
    "size of maxPool must be two integers of at least 1; received [0,2]",
  ],
  ["half a stride", [[2, 2], { strides: [1, 0.5] }], [1, 4, 4, 1], "strides of maxPool must be two integers"],
  ["windows of one axis", [[2] as unknown as Pair], [1, 4, 4, 1], "size of maxPool must be two integers"],
  [
    "padding as wide as a window",
    [[2, 2], { before: [2, 0] }],
    [1, 4, 4, 1],
    "the padding of maxPool must be less than the size [2,2]; received [2,0]",
  ],
  [
    "negative padding",
    [[2, 2], { after: [0, -1] }],
    [1, 4, 4, 1],
    "after of maxPool must be two integers of at least 0",
  ],
])("%s: refused", (_, windows, shape, message) => {
  const x = input(new Graph(), "x", shape);
  expect(() => f.maxPool(x, ...windows)).toThrow(
    expect.objectContaining({ code: "invalid_shape", message: expect.stringContaining(message) }),
  );
});

it("refuses operands of other shapes", () => {
  const graph = new Graph();
  const x = input(graph, "x", [1, 4, 4, 1]);
  const y = input(graph, "y", [1, 4, 4, 2]);
  expect(() => f.takeLargest(x, y, [2, 2])).toThrow(
    expect.objectContaining({
      code: "invalid_shape",
      message: "the operands of takeLargest must have one shape; received [1, 4, 4, 1] and [1, 4, 4, 2]",
    }),
  );
  expect(() => f.scatterLargest(x, y, [2, 2])).toThrow(
    expect.objectContaining({
      code: "invalid_shape",
      message:
        "the second operand of scatterLargest must be of the shape of the windows, [1, 2, 2, 1]; received [1, 4, 4, 2]",
    }),
  );
});

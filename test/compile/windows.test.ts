/** Windows of images that products read where they are: no instruction stores them, and no bit differs. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compile } from "../../src/compile/compile.js";
import { createEngine } from "../../src/engine/engine.js";
import * as f from "../../src/graph/functions.js";
import type { Value } from "../../src/graph/graph.js";
import * as Opcode from "../../src/graph/opcodes/program.js";
import { sizeOf } from "../../src/graph/shape.js";
import { conv2d, flatten, functional, input, type SymbolicTensor } from "../../src/index.js";
import { architectureFrom } from "../../src/nn/programs/architecture.js";
import { programOf } from "../../src/nn/programs/programs.js";
import { cases } from "../cases.js";
import { decode } from "./code.js";

const opcodes = (code: Int32Array): number[] => decode(code).map(({ opcode }) => opcode);
const count = (code: Int32Array, opcode: number): number =>
  opcodes(code).filter((one) => one === opcode).length;

/** Numbers without a pattern, whose products round. */
const noise = (length: number, seed: number): Float32Array =>
  Float32Array.from(
    { length },
    (_, i) => Math.imul(Math.imul(i + seed, 0x9e3779b1) ^ 0x5bd1e995, 0x85ebca6b) / 2 ** 31,
  );

type Pair = readonly [number, number];
const pair = (min: number, max: number): fc.Arbitrary<Pair> =>
  fc.tuple(fc.integer({ min, max }), fc.integer({ min, max }));

const drawn = fc.record({
  images: fc.tuple(
    fc.integer({ min: 1, max: 9 }),
    fc.integer({ min: 3, max: 9 }),
    fc.integer({ min: 3, max: 9 }),
    fc.constantFrom(1, 2, 3, 4, 5, 8, 30),
  ),
  size: pair(1, 3),
  options: fc.record({ strides: pair(1, 3), dilation: pair(1, 2), before: pair(2, 3), after: pair(0, 3) }),
  // of one tile, ragged, read in place, and packed
  filters: fc.constantFrom(2, 3, 4, 6, 8, 9, 15, 31, 32, 45),
});

describe("windows of products", () => {
  it("have the bits of windows that are stored", () => {
    fc.assert(
      fc.property(drawn, ({ images, size, options, filters }) => {
        const [, , , channels] = images;
        const elements = sizeOf(size) * channels;
        const shape = (x: Value): readonly number[] => f.patches(x, size, options).shape;
        let lines = 0;
        compile((x: Value) => {
          lines = sizeOf(shape(x).slice(0, 3));
          return x;
        }, images);
        const both = (isStored: boolean) =>
          compile(
            (x: Value, kernel: Value, slopes: Value) => {
              const windows = f.patches(x, size, options);
              const matrix = f.reshape(windows, [lines, elements]);
              const products = [f.matmul(matrix, kernel), f.matmul(f.transpose(matrix), slopes)];
              return isStored ? [...products, windows] : products;
            },
            images,
            [elements, filters],
            [lines, filters],
          );
        const given = [images, [elements, filters], [lines, filters]].map((of, i) =>
          noise(sizeOf(of), i + 1),
        );
        const [read, stored] = [both(false), both(true)];
        expect(count(stored.program.code, Opcode.Patches)).toBeLessThanOrEqual(1);
        expect(count(stored.program.code, Opcode.StridedGemm)).toBe(0);
        expect(count(read.program.code, Opcode.Patches)).toBe(0);
        const engine = createEngine();
        const bits = (of: typeof read): Int32Array[] =>
          (engine.load(of)(...given) as unknown as { data: Float32Array }[])
            .slice(0, 2)
            .map(({ data }) => new Int32Array(data.slice().buffer));
        expect(bits(read)).toEqual(bits(stored));
      }),
      {
        numRuns: cases(400),
        // a ragged tile whose only two rows are three elements apart
        examples: [
          [
            {
              images: [1, 4, 3, 1],
              size: [2, 1],
              options: { strides: [1, 3], dilation: [1, 1], before: [2, 2], after: [0, 0] },
              filters: 45,
            },
          ],
        ],
      },
    );
  });

  it("are those of a convolution's training step, and of its predictions", () => {
    const x = input([6, 6, 2]);
    const layers = [conv2d(5, 3, { padding: "same", activation: "relu" }), conv2d(40, 3), flatten()];
    const model = functional({
      inputs: x,
      outputs: layers.reduce<SymbolicTensor>((value, layer) => layer.apply(value), x),
    });
    model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
    const architecture = architectureFrom(model.described(), [6, 6, 2]);
    const [train, predict] = (["train", "predict"] as const).map(
      (kind) => programOf(architecture, kind, 4).code,
    );
    // forward and for the gradient of each kernel
    expect([count(train, Opcode.StridedGemm), count(train, Opcode.Patches)]).toEqual([4, 0]);
    expect([count(predict, Opcode.StridedGemm), count(predict, Opcode.Patches)]).toEqual([2, 0]);
  });

  it("are read in place, from images with zeros around them, though a node that nobody needs reads them too", () => {
    const read = compile(
      (x: Value, square: Value) => {
        const matrix = f.reshape(f.patches(x, [2, 2], { before: [1, 1] }), [9, 4]);
        return f.matmul(f.neg(f.neg(matrix)), square);
      },
      [1, 3, 3, 1],
      [4, 4],
    );
    expect(count(read.program.code, Opcode.StridedGemm)).toBe(1);
    // the sums of the numbers at and around the first and the last place
    const found = createEngine().load(read)([1, 2, 3, 4, 5, 6, 7, 8, 9], new Float32Array(16).fill(1));
    const numbers = [...(found as unknown as { data: Float32Array }).data];
    expect([numbers[0], numbers[35]]).toEqual([1, 5 + 6 + 8 + 9]);
  });

  it.each<[string, (matrix: Value, square: Value) => Value | readonly Value[]]>([
    ["a result", (matrix, square) => [f.matmul(matrix, square), matrix]],
    ["an elementwise operation", (matrix, square) => f.add(f.matmul(matrix, square), f.relu(matrix))],
    ["a right operand", (matrix, square) => f.matmul(square, matrix)],
    ["a product with one column", (matrix, square) => f.matmul(matrix, f.slice(square, [0, 1], [4, 1]))],
    ["both operands of a product", (matrix) => f.matmul(matrix, matrix)],
    [
      "a matrix of other rows",
      (matrix, square) => f.matmul(f.reshape(matrix, [2, 8]), f.reshape(square, [8, 2])),
    ],
    ["what products read of them", (matrix, square) => f.matmul(f.relu(matrix), square)],
    [
      "their sums",
      (matrix, square) => f.matmul(f.sum(f.reshape(matrix, [1, 2, 2, 4]), 1), f.reshape(square, [1, 4, 4])),
    ],
    ["a row of sums", (matrix, square) => f.matmul(f.sum(f.reshape(matrix, [1, 2, 2, 4]), [1, 2]), square)],
    [
      "a batch of products",
      (matrix, square) => f.matmul(f.reshape(matrix, [1, 4, 4]), f.reshape(square, [1, 4, 4])),
    ],
    [
      "batches of products of products",
      (matrix, square) => {
        const batch = f.reshape(square, [1, 2, 4, 2]);
        const products = f.matmul(f.reshape(matrix, [1, 2, 2, 4]), batch);
        return f.matmul(products, f.slice(batch, [0, 0, 0, 0], [1, 2, 2, 2]));
      },
    ],
  ])("are stored for %s", (_, write) => {
    const read = compile(
      (x: Value, square: Value) => write(f.reshape(f.patches(x, [2, 2]), [4, 4]), square) as Value,
      [1, 3, 3, 1],
      [4, 4],
    );
    expect([count(read.program.code, Opcode.StridedGemm), count(read.program.code, Opcode.Patches)]).toEqual([
      0, 1,
    ]);
    const given = [noise(9, 1), noise(16, 2)];
    const [found, expected] = (["wasm", "reference"] as const).map((executor) =>
      [createEngine({ executor }).load(read)(...given)]
        .flat()
        .map((one) => [...(one as { data: Float32Array }).data]),
    );
    for (const [i, numbers] of found.entries())
      for (const [j, number] of numbers.entries())
        expect(Math.abs(number - expected[i][j])).toBeLessThan(1e-6);
  });
});

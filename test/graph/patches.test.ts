/**
 * Patches of images and their adjoint: what they hold, exact on small integers, and what convolutions made of
 * them run.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { gradients } from "../../src/autograd/grad.js";
import { compile, compileStep } from "../../src/compile/compile.js";
import { createEngine } from "../../src/engine/engine.js";
import * as f from "../../src/graph/functions.js";
import { Graph, type Value } from "../../src/graph/graph.js";
import * as Opcode from "../../src/graph/opcodes/program.js";
import { input } from "../../src/graph/operations/leaves.js";
import { ROWS, type Shape } from "../../src/graph/shape.js";
import { cases } from "../cases.js";
import { decode } from "../compile/code.js";
import { refusal } from "../data/refusal.js";
import { runInBlock } from "../engine/block.js";

const engines = (["wasm", "reference"] as const).map((executor) => createEngine({ executor }));
const some = (length: number, from = 0): number[] =>
  Array.from({ length }, (_, i) => (((i + from) * 7) % 11) - 5);
const product = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

/** Results on both executors, which must be equal. */
function values(fn: (x: Value) => Value, shape: Shape, x: readonly number[]): number[] {
  const program = compile((flat: Value) => f.reshape(fn(f.reshape(flat, shape)), [size()]), [x.length]);
  function size(): number {
    const graph = new Graph();
    return product(fn(input(graph, "x", shape)).shape);
  }
  const [wasm, reference] = engines.map((engine) => [...(engine.load(program)([...x]).data as Float32Array)]);
  expect(wasm).toEqual(reference);
  return wasm.map((y) => y + 0);
}

const pair = (min: number, max: number) => fc.tuple(fc.integer({ min, max }), fc.integer({ min, max }));

/** Windows that fit images of up to 9 × 9 and channels of up to two vectors and a half. */
const anyWindows = fc
  .record({
    images: fc.tuple(
      fc.integer({ min: 1, max: 3 }),
      fc.integer({ min: 1, max: 9 }),
      fc.integer({ min: 1, max: 9 }),
      fc.integer({ min: 1, max: 10 }),
    ),
    size: pair(1, 5),
    strides: pair(1, 4),
    dilation: pair(1, 3),
    before: pair(0, 5),
    after: pair(0, 5),
  })
  .filter(({ images, size, dilation, before, after }) =>
    [0, 1].every((a) => images[a + 1] + before[a] + after[a] > (size[a] - 1) * dilation[a]),
  );

describe("patches", () => {
  it("hold the elements of each window in order", () => {
    const image = [1, 2, 3, 4, 5, 6, 7, 8, 9];
    expect(values((x) => f.patches(x, [2, 2]), [1, 3, 3, 1], image)).toEqual(
      [
        [1, 2, 4, 5],
        [2, 3, 5, 6],
        [4, 5, 7, 8],
        [5, 6, 8, 9],
      ].flat(),
    );
    const around = values(
      (x) => f.patches(x, [1, 3], { strides: [2, 2], before: [0, 1], after: [0, 1] }),
      [1, 3, 3, 1],
      image,
    );
    expect(around).toEqual([0, 1, 2, 2, 3, 0, 0, 7, 8, 8, 9, 0]);
    const apart = values((x) => f.patches(x, [1, 2], { dilation: [1, 2] }), [1, 3, 3, 1], image);
    expect(apart).toEqual([1, 3, 4, 6, 7, 9]);
  });

  it("are what pads and slices make of images", () => {
    fc.assert(
      fc.property(anyWindows, ({ images, size, ...options }) => {
        const x = some(product(images));
        const { strides, dilation, before, after } = options;
        const [n, height, width, channels] = images;
        const counts = [height, width].map(
          (length, a) =>
            Math.floor((length + before[a] + after[a] - (size[a] - 1) * dilation[a] - 1) / strides[a]) + 1,
        );
        const expected: number[] = [];
        for (let image = 0; image < n; image++)
          for (let i = 0; i < counts[0]; i++)
            for (let j = 0; j < counts[1]; j++)
              for (let p = 0; p < size[0]; p++)
                for (let q = 0; q < size[1]; q++)
                  for (let c = 0; c < channels; c++) {
                    const row = i * strides[0] + p * dilation[0] - before[0];
                    const column = j * strides[1] + q * dilation[1] - before[1];
                    const inside = row >= 0 && row < height && column >= 0 && column < width;
                    expected.push(
                      inside ? x[((image * height + row) * width + column) * channels + c] + 0 : 0,
                    );
                  }
        expect(values((v) => f.patches(v, size, options), images, x)).toEqual(expected);
      }),
      { numRuns: cases(150) },
    );
  });

  it("and their sums are adjoint: ⟨patches x, y⟩ = ⟨x, addPatches y⟩", () => {
    fc.assert(
      fc.property(anyWindows, fc.nat(10), ({ images, size, ...options }, from) => {
        const x = some(product(images));
        const taken = values((v) => f.patches(v, size, options), images, x);
        const shape = f.patches(input(new Graph(), "x", images), size, options).shape;
        const y = some(taken.length, from);
        const added = values((v) => f.addPatches(v, [images[1], images[2]], size, options), shape, y);
        const dot = (a: readonly number[], b: readonly number[]): number =>
          a.reduce((sum, each, i) => sum + each * b[i], 0);
        expect(dot(taken, y)).toBe(dot(x, added));
      }),
      { numRuns: cases(150) },
    );
  });

  it("are written where they belong alone, and so are their sums", () => {
    fc.assert(
      fc.property(anyWindows, ({ images, size, ...options }) => {
        const program = compileStep({ inputs: { x: images } }, 1, ({ inputs: { x } }) => {
          const taken = f.patches(x, size, options);
          return { outputs: { taken, added: f.addPatches(taken, [images[1], images[2]], size, options) } };
        });
        expect(runInBlock(program, { x: some(product(images)) }).disturbed).toEqual([]);
      }),
      { numRuns: cases(100) },
    );
  });

  it("follow the rows of the batch", () => {
    for (const engine of engines) {
      const program = compileStep({ streams: { x: 6 } }, 4, ({ streams: { x } }) => {
        const taken = f.patches(f.reshape(x, [2 * ROWS, 1, 3, 1]), [1, 2]);
        expect(taken.shape).toEqual([2 * ROWS, 1, 2, 2]);
        return { streams: { y: f.reshape(taken, [ROWS, 8]) } };
      });
      const data = Array.from({ length: 30 }, (_, i) => i);
      const x = engine.matrix(5, 6, data);
      const y = engine.matrix(5, 8);
      const run = engine.start(program, { streams: { x, y }, batchSize: 4 }); // the last batch has one row
      run.advance(2);
      expect([...y.read()]).toEqual(data.filter((i) => i % 3 === 0).flatMap((i) => [i, i + 1, i + 1, i + 2]));
      for (const each of [run, x, y]) each.free();
    }
  });

  it.each<[string, (x: Value) => Value, string]>([
    ["images without channels", (x) => f.patches(f.reshape(x, [2, 3, 8]), [1, 1]), "received [2, 3, 8]"],
    [
      "a window of no size",
      (x) => f.patches(x, [0, 1]),
      "size of patches must be two integers of at least 1",
    ],
    [
      "one number for both axes",
      (x) => f.patches(x, 2 as never),
      "must be two integers of at least 1; received 2",
    ],
    ["half a stride", (x) => f.patches(x, [1, 1], { strides: [1, 0.5] }), "strides of patches must be"],
    ["no dilation", (x) => f.patches(x, [1, 1], { dilation: [0, 1] }), "dilation of patches must be"],
    ["an image that is cut", (x) => f.patches(x, [1, 1], { before: [-1, 0] }), "two integers of at least 0"],
    [
      "a window wider than the image",
      (x) => f.patches(x, [2, 3], { dilation: [1, 2], after: [0, 1] }),
      "its width must be at most 4; received 5",
    ],
    [
      "patches of other images",
      (x) => f.addPatches(x, [4, 4], [2, 2]),
      "must be [n, 3, 3, a multiple of 4] for images of [4, 4]; received [2, 4, 3, 2]",
    ],
    [
      "patches of higher images",
      (x) => f.addPatches(x, [5, 3], [1, 1]),
      "must be [n, 5, 3, a multiple of 1]",
    ],
    [
      "patches without an axis of their own",
      (x) => f.addPatches(f.reshape(x, [2, 4, 6]), [4, 6], [1, 1]),
      "must be [n, 4, 6, a multiple of 1] for images of [4, 6]; received [2, 4, 6]",
    ],
    ["patches of wider images", (x) => f.addPatches(x, [4, 5], [1, 1]), "must be [n, 4, 5, a multiple of 1]"],
    ["patches that lack a channel", (x) => f.addPatches(x, [4, 5], [1, 3]), "a multiple of 3"],
    ["images without width", (x) => f.addPatches(x, [4, 0], [1, 1]), "addPatches must be positive integers"],
  ])("refuse %s", (_name, fn, message) => {
    expect(() => compile((x: Value) => fn(f.reshape(x, [2, 4, 3, 2])), [48])).toThrow(
      expect.objectContaining({ code: "invalid_shape", message: expect.stringContaining(message) }),
    );
  });

  it("count in 32 bits: numbers along a padded axis, and what options say", () => {
    const images = (height: number, channels: number): Value =>
      input(new Graph(), "x", [1, height, 1, channels]);
    const wide = (padded: number, channels: number): string =>
      `invalid_shape: the padded image of patches must have fewer than 134217728 numbers along an axis; received ${padded} × ${channels} channels`;
    const long = 2 ** 27 - 1;
    expect(f.patches(images(long, 1), [1, 1]).shape).toEqual([1, long, 1, 1]);
    expect(refusal(() => f.patches(images(long + 1, 1), [1, 1]))).toBe(wide(long + 1, 1));
    expect(refusal(() => f.patches(images(long - 2, 1), [3, 1], { before: [1, 0], after: [2, 0] }))).toBe(
      wide(long + 1, 1),
    );
    expect(refusal(() => f.patches(images(2 ** 20, 128), [1, 1]))).toBe(wide(2 ** 20, 128));
    // of sums, channels are those of the image
    const sums = (channels: number): Value =>
      f.addPatches(input(new Graph(), "x", [1, 2 ** 19, 1, 2 * channels]), [2 ** 20, 1], [2, 1], {
        strides: [2, 1],
      });
    expect(sums(127).shape).toEqual([1, 2 ** 20, 1, 127]);
    expect(refusal(() => sums(128))).toBe(wide(2 ** 20, 128));
    const far = 2 ** 31 - 1;
    expect(f.patches(images(4, 1), [1, 1], { strides: [far, far] }).shape).toEqual([1, 1, 1, 1]);
    expect(refusal(() => f.patches(images(4, 1), [1, 1], { dilation: [1, far + 1] }))).toBe(
      "invalid_shape: dilation of patches must be two integers of at least 1; received [1,2147483648]",
    );
  });

  it("refuse options that they do not have", () => {
    const x = input(new Graph(), "x", [1, 4, 4, 1]);
    expect(() => f.patches(x, [1, 1], { stride: [1, 1] } as never)).toThrow(
      expect.objectContaining({ code: "unknown_name", message: expect.stringContaining("patches") }),
    );
  });

  it("refuse rows of the batch as an axis of images", () => {
    const trace = (): unknown =>
      compileStep({ streams: { x: 4 } }, 2, ({ streams: { x } }) => ({
        outputs: { y: f.sum(f.patches(f.reshape(x, [2, ROWS, 2, 1]), [1, 1])) },
      }));
    expect(refusal(trace)).toBe(
      "invalid_shape: the operand of patches must be [n, height, width, channels], of which only n may be rows; received [2, rows, 2, 1]",
    );
  });
});

it("a convolution is one product of its images, which stores no patches, and its gradients one more each", () => {
  const { code } = compileStep(
    { inputs: { w: [18, 4], b: [4] }, streams: { x: 50 } },
    8,
    ({ inputs: { w, b }, streams: { x } }) => {
      const images = f.reshape(x, [ROWS, 5, 5, 2]);
      const patches = f.reshape(f.patches(images, [3, 3]), [9 * ROWS, 18]);
      const y = f.reshape(f.relu(f.add(f.matmul(patches, w), b)), [ROWS, 3, 3, 4]);
      const [dw, db, dx] = gradients(f.sum(f.square(y)), [w, b, images]);
      return { outputs: { dw, db, dx: f.sum(dx) } };
    },
  );
  const counts = new Map<number, number>();
  for (const { opcode } of decode(code)) counts.set(opcode, (counts.get(opcode) ?? 0) + 1);
  expect(Object.fromEntries(counts)).toEqual({
    [Opcode.StreamIn]: 1,
    [Opcode.StridedGemm]: 2,
    [Opcode.Gemm]: 1,
    [Opcode.Elementwise]: 2, // the gradients before and behind the activation
    [Opcode.Sum]: 2, // that in the bias, and the sum of dx
    [Opcode.AddPatches]: 1,
    [Opcode.End]: 1,
  });
});

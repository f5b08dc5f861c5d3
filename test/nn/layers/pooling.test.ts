/**
 * Pooling and layers of shape against PyTorch's values and gradients in float64 (stored, with the script that
 * made them), laws that join them, what they refuse, and dropout of whole channels.
 */
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { gradients } from "../../../src/autograd/grad.js";
import { compile } from "../../../src/compile/compile.js";
import type { Executor } from "../../../src/engine/executor.js";
import { constant, mul, reshape, sum } from "../../../src/graph/functions.js";
import type { Value } from "../../../src/graph/graph.js";
import { type Shape, sizeOf } from "../../../src/graph/shape.js";
import * as layers from "../../../src/nn/layers/index.js";
import { sequential } from "../../../src/nn/models/sequential.js";
import { adam } from "../../../src/optim/adam.js";
import { cases } from "../../cases.js";
import { reference, refusal, wasm } from "../support.js";

const factories = { ...layers } as unknown as Record<string, (...args: never[]) => layers.Layer>;

interface Case {
  readonly name: string;
  readonly args: readonly never[];
  readonly shape: Shape;
  readonly x: readonly number[];
  readonly out: Shape;
  readonly probe: readonly number[];
  readonly value: readonly number[];
  readonly gradient: readonly number[];
}

const stored = JSON.parse(readFileSync(new URL("pooling.json", import.meta.url), "utf8")) as {
  cases: Case[];
};

/** Layers one after the other, applied to x [rows, ...]; and the gradient of Σ probe · result. */
function applied(
  executor: Executor,
  stack: readonly layers.Layer[],
  shape: Shape,
  x: readonly number[],
  probe?: readonly number[],
  training = false,
): { value: number[]; gradient: number[] } {
  const program = compile(
    (given: Value, weights: Value): Value[] => {
      const y = stack.reduce(
        (value, layer, stream) => {
          const hyperparameters = Object.fromEntries(
            Object.entries(layer.hyperparameters).map(([name, number]) => [
              name,
              constant(given.graph, number),
            ]),
          );
          const context = { inputs: [value], x: value, parameters: {}, hyperparameters };
          const result = layer.call({ ...context, training, trainable: true, stream, update: () => {} });
          expect(result.shape).toEqual([value.shape[0], ...layer.outputShape(value.shape.slice(1))]);
          return result;
        },
        reshape(given, shape),
      );
      const flat = reshape(y, [sizeOf(y.shape)]);
      return [flat, ...gradients(sum(mul(flat, weights)), [given])];
    },
    [x.length],
    [probe?.length ?? 1],
  );
  const results = executor.load(program)(x, probe ?? [1]) as unknown as { data: ArrayLike<number> }[];
  const [value, gradient] = results.map(({ data }) => Array.from(data));
  return { value, gradient };
}

describe.each([
  ["reference", reference, 2 ** -50],
  ["wasm", wasm, 2 ** -22],
] as const)("on %s", (_, executor, bound) => {
  it.each(stored.cases.map((each, i) => [i, each.name, JSON.stringify(each.args), each] as const))(
    "case %i: %s with %s is PyTorch's",
    (_i, name, _args, { args, shape, x, out, probe, value, gradient }) => {
      const layer = factories[name](...args);
      expect(layer.outputShape(shape.slice(1))).toEqual(out);
      const ours = applied(executor, [layer], shape, x, probe);
      // numbers below 20: a few roundings of means and of shares of gradients, and nothing else is rounded
      const allowed = name.startsWith("average") || name.startsWith("global") ? 20 * bound : 0;
      for (const [mine, theirs] of [
        [ours.value, value],
        [ours.gradient, gradient],
      ]) {
        expect(mine.length).toBe(theirs.length);
        mine.forEach((number, i) => {
          expect(Math.abs(number - theirs[i])).toBeLessThanOrEqual(allowed);
        });
      }
    },
  );
});

/** Images or sequences of whole numbers, whose means of 4 and 6 float32 may hold or not. */
const rows = (axes: number): fc.Arbitrary<{ shape: number[]; x: number[] }> =>
  fc.array(fc.integer({ min: 1, max: 5 }), { minLength: axes + 2, maxLength: axes + 2 }).chain((shape) =>
    fc.record({
      shape: fc.constant(shape),
      x: fc.array(fc.integer({ min: -9, max: 9 }), { minLength: sizeOf(shape), maxLength: sizeOf(shape) }),
    }),
  );
const size = fc.integer({ min: 1, max: 4 });
const pair = fc.tuple(size, size);
const valuesOf = (stack: readonly layers.Layer[], { shape, x }: { shape: number[]; x: number[] }): number[] =>
  applied(wasm, stack, shape, x).value;

describe("laws", () => {
  it("pooling what was sampled up by blocks of its windows gives it back", () => {
    fc.assert(
      fc.property(rows(2), pair, (images, blocks) => {
        for (const pooled of [layers.averagePooling2d(blocks), layers.maxPooling2d(blocks)])
          expect(valuesOf([layers.upSampling2d(blocks), pooled], images)).toEqual(images.x);
      }),
      { numRuns: cases(15) },
    );
    fc.assert(
      fc.property(rows(1), size, (sequences, steps) => {
        for (const pooled of [layers.averagePooling1d(steps), layers.maxPooling1d(steps)])
          expect(valuesOf([layers.upSampling1d(steps), pooled], sequences)).toEqual(sequences.x);
      }),
      { numRuns: cases(15) },
    );
  });

  it("global pooling is pooling by a window of the whole", () => {
    fc.assert(
      fc.property(rows(2), (images) => {
        const [, height, width] = images.shape;
        const flat = layers.flatten();
        expect(valuesOf([layers.maxPooling2d([height, width]), flat], images)).toEqual(
          valuesOf([layers.globalMaxPooling2d()], images),
        );
        const means = [layers.averagePooling2d([height, width]), layers.globalAveragePooling2d()];
        const [windowed, global] = means.map((layer) => valuesOf([layer, flat], images));
        // whole numbers: both sums are exact, and both quotients are rounded once
        expect(windowed).toEqual(global);
      }),
      { numRuns: cases(15) },
    );
  });

  it("a sequence is pooled as an image of height 1 or of width 1", () => {
    fc.assert(
      fc.property(
        rows(1),
        size,
        size,
        fc.constantFrom("valid", "same"),
        (sequences, steps, strides, padding) => {
          const [n, length, channels] = sequences.shape;
          const window = Math.min(steps, length);
          const options = { padding: padding as "valid" | "same" };
          for (const [one, two] of [
            [layers.maxPooling1d, layers.maxPooling2d],
            [layers.averagePooling1d, layers.averagePooling2d],
          ] as const) {
            const expected = valuesOf([one(window, { strides, ...options })], sequences);
            const flat = [
              [two([1, window], { strides: [1, strides], ...options }), [n, 1, length, channels]],
              [two([window, 1], { strides: [strides, 1], ...options }), [n, length, 1, channels]],
            ] as const;
            for (const [layer, shape] of flat)
              expect(valuesOf([layer], { shape: [...shape], x: sequences.x })).toEqual(expected);
          }
        },
      ),
      { numRuns: cases(20) },
    );
  });

  it("what is padded and then cropped by the same is as it was, and so is what is turned and turned back", () => {
    const ends = fc.oneof(fc.nat(3), fc.tuple(fc.nat(3), fc.nat(3)));
    const sides = fc.oneof(fc.nat(3), fc.tuple(ends, ends)) as fc.Arbitrary<layers.Ends2d>;
    const order = fc.shuffledSubarray([1, 2, 3], { minLength: 3 });
    fc.assert(
      fc.property(rows(2), sides, order, (images, padding, dims) => {
        const row = images.shape.slice(1);
        const stacks = [
          [layers.zeroPadding2d(padding), layers.cropping2d(padding)],
          [layers.permute(dims), layers.permute(dims.map((_, i) => dims.indexOf(i + 1) + 1))],
          [layers.flatten(), layers.reshape(row)],
          [layers.reshape([-1]), layers.reshape([row[0], -1, row[2]])],
        ];
        for (const stack of stacks) expect(valuesOf(stack, images)).toEqual(images.x);
      }),
      { numRuns: cases(20) },
    );
  });

  it("what is repeated has its mean", () => {
    const vectors = rows(0);
    fc.assert(
      fc.property(vectors, size, (given, n) => {
        expect(valuesOf([layers.repeatVector(n), layers.globalAveragePooling1d()], given)).toEqual(given.x);
      }),
      { numRuns: cases(15) },
    );
  });
});

describe("spatial dropout", () => {
  it.each([
    ["spatialDropout1d", layers.spatialDropout1d, [50, 6, 4]],
    ["spatialDropout2d", layers.spatialDropout2d, [50, 3, 2, 4]],
  ] as const)("%s drops whole channels of a row in training alone", (_, factory, shape) => {
    const x = Array<number>(sizeOf(shape)).fill(1);
    expect(valuesOf([factory(0.25)], { shape: [...shape], x })).toEqual(x);
    for (const executor of [wasm, reference]) {
      const { value } = applied(executor, [factory(0.25)], shape, x, undefined, true);
      const [n, channels] = [shape[0], 4];
      const places = x.length / n / channels;
      const kept = Array.from({ length: n * channels }, (_unused, i) => {
        const [row, channel] = [Math.floor(i / channels), i % channels];
        const seen = new Set(
          Array.from({ length: places }, (_none, at) => value[(row * places + at) * channels + channel]),
        );
        expect(seen.size).toBe(1);
        return [...seen][0];
      });
      expect(new Set(kept.map((number) => Math.fround(number)))).toEqual(new Set([0, Math.fround(4 / 3)]));
      const share = kept.filter((number) => number === 0).length / kept.length;
      // five standard deviations of a mean of 200
      expect(Math.abs(share - 0.25)).toBeLessThanOrEqual(5 * Math.sqrt((0.25 * 0.75) / 200));
    }
  });
});

it("they train in a stack, with a last batch of one row", async () => {
  const images = Array.from({ length: 9 }, (_, i) =>
    Array.from({ length: 36 }, (_none, j) => ((i * j) % 7) / 7),
  );
  const model = sequential([
    layers.reshape([6, 6, 1]),
    layers.zeroPadding2d([
      [1, 0],
      [0, 1],
    ]),
    layers.averagePooling2d(3, { strides: 2, padding: "same" }),
    layers.spatialDropout2d(0.2),
    layers.upSampling2d(2),
    layers.cropping2d(1),
    layers.maxPooling2d(2),
    layers.permute([3, 1, 2]),
    layers.flatten(),
    layers.repeatVector(2),
    layers.globalMaxPooling1d(),
    layers.dense(1),
  ]);
  model.compile({ optimizer: adam({ learningRate: 0.05 }), loss: "meanSquaredError" });
  const targets = images.map((image) => image[7] + image[8]);
  await model.fit(images, targets, { epochs: 0 });
  const { loss } = model.evaluate(images, targets);
  await model.fit(images, targets, { epochs: 60, batchSize: 4, seed: 1 });
  expect(model.evaluate(images, targets).loss).toBeLessThan(loss / 4);
});

describe("refuses", () => {
  it.each<[string, () => layers.Layer, string]>([
    [
      "windows of nothing",
      () => layers.maxPooling2d(0),
      "poolSize must be a positive integer or two of them; received 0",
    ],
    ["half a window", () => layers.maxPooling1d(1.5), "poolSize must be a positive integer; received 1.5"],
    ["windows of one axis", () => layers.averagePooling2d([2] as never), "poolSize must be"],
    [
      "negative strides",
      () => layers.maxPooling2d(2, { strides: [-1, 1] }),
      "strides must be a positive integer or two",
    ],
    ["an unknown padding", () => layers.maxPooling2d(2, { padding: "full" as never }), 'padding "full"'],
    ["an unknown option", () => layers.maxPooling2d(2, { stride: 2 } as never), "stride"],
    [
      "an unknown option of a depthwise convolution",
      () => layers.depthwiseConv2d(2, { stride: 2 } as never),
      'unknown option of depthwiseConv2d "stride"',
    ],
    [
      "an unknown option of a transposed convolution",
      () => layers.conv2dTranspose(2, 2, { stride: 2 } as never),
      'unknown option of conv2dTranspose "stride"',
    ],
    [
      "two open sizes",
      () => layers.reshape([-1, -1]),
      "targetShape must be an array of positive integers, one of which may be −1",
    ],
    ["a size of 0", () => layers.reshape([0]), "targetShape must be"],
    ["a size of half a number", () => layers.reshape([2, 0.5]), "targetShape must be"],
    ["no shape", () => layers.reshape([]), "targetShape must be"],
    ...[undefined, 6, "12", { length: 1 }].map((shape): [string, () => layers.Layer, string] => [
      `a shape that is ${JSON.stringify(shape)}`,
      () => layers.reshape(shape as never),
      "invalid_argument: targetShape must be an array of positive integers",
    ]),
    ...[undefined, [], 1, { length: 1 }].map((dims): [string, () => layers.Layer, string] => [
      `axes that are ${JSON.stringify(dims)}`,
      () => layers.permute(dims as never),
      "invalid_argument: dims must be the axes of a row, counted from 1, each once",
    ]),
    [
      "axes from 0",
      () => layers.permute([0, 1]),
      "dims must be the axes of a row, counted from 1, each once; received [0,1]",
    ],
    ["an axis twice", () => layers.permute([1, 1]), "dims must be"],
    ["no repetition", () => layers.repeatVector(0), "n must be a positive integer"],
    [
      "a factor of 0",
      () => layers.upSampling2d([1, 0]),
      "size must be a positive integer or two of them; received [1,0]",
    ],
    [
      "negative padding",
      () => layers.zeroPadding2d([[1, -1], 0]),
      "padding must be an integer of at least 0",
    ],
    [
      "three ends",
      () => layers.zeroPadding1d([1, 1, 1] as never),
      "padding must be an integer of at least 0 or two of them",
    ],
    [
      "three axes",
      () => layers.zeroPadding2d([1, 1, 1] as never),
      "padding must be an integer of at least 0, or one",
    ],
    ["a factor of 0 for steps", () => layers.upSampling1d(0), "size must be a positive integer; received 0"],
    [
      "a factor of one axis",
      () => layers.upSampling2d([2] as never),
      "size must be a positive integer or two",
    ],
    ["factors of three axes", () => layers.upSampling2d([1, 2, 3] as never), "size must be a positive"],
    ["negative cropping", () => layers.cropping2d(-1), "cropping must be an integer of at least 0"],
    ["a rate of 1", () => layers.spatialDropout2d(1), "rate must be a number in [0, 1); received 1"],
  ])("%s", async (_, make, message) => {
    expect(await refusal(make)).toContain(message);
  });

  it.each<[layers.Layer, Shape, string]>([
    [
      layers.maxPooling2d(),
      [8, 8],
      "maxPooling2d must take rows of shape [height, width, channels]; received [8, 8]. Put reshape([8, 8, 1]) before it for one channel",
    ],
    [
      layers.maxPooling1d(),
      [8, 8, 1],
      "maxPooling1d must take rows of shape [steps, channels]; received [8, 8, 1]",
    ],
    [
      layers.averagePooling2d(3),
      [2, 8, 1],
      'averagePooling2d with windows of [3, 3] must take rows of at least that; received [2, 8, 1]. Use padding "same" or smaller windows.',
    ],
    [
      layers.globalMaxPooling2d(),
      [8],
      "globalMaxPooling2d must take rows of shape [height, width, channels]",
    ],
    [layers.reshape([3, 3]), [8], "reshape to [3, 3] must take rows of that size; received [8]"],
    [layers.reshape([3, -1]), [8], "reshape to [3, -1] must take rows of that size; received [8]"],
    [layers.permute([2, 1]), [8], "permute must take rows of 2 axes; received [8]"],
    [layers.repeatVector(2), [8, 1], "repeatVector must take rows of shape [features]; received [8, 1]"],
    [layers.upSampling1d(), [8], "upSampling1d must take rows of shape [steps, channels]; received [8]"],
    [layers.zeroPadding2d(), [8], "zeroPadding2d must take rows of shape [height, width, channels]"],
    [layers.cropping2d(4), [8, 9, 1], "cropping2d must leave a pixel of an image; received [8, 9, 1]"],
    [layers.cropping1d(2), [4, 1], "cropping1d must leave a step of a sequence; received [4, 1]"],
    [layers.spatialDropout1d(0.5), [8], "spatialDropout1d must take rows of shape [steps, channels]"],
  ])("rows that do not fit: %#", async (layer, shape, message) => {
    const received = await refusal(() => layer.outputShape(shape));
    expect(received).toContain(`invalid_shape: ${message}`);
  });

  it("rows of other axes, with a remedy where one axis is missing", async () => {
    const refusalOf = (shape: Shape): Promise<string> =>
      refusal(() => layers.maxPooling1d().outputShape(shape));
    const rule = "invalid_shape: maxPooling1d must take rows of shape [steps, channels]; received";
    expect(await refusalOf([8, 8, 1])).toBe(`${rule} [8, 8, 1]`);
    expect(await refusalOf([8])).toBe(`${rule} [8]. Put reshape([8, 1]) before it for one channel`);
    const image = () => layers.conv2d(1, 3).outputShape([8, 9]);
    expect(await refusal(image)).toBe(
      "invalid_shape: conv2d must take rows of shape [height, width, channels]; received [8, 9]. Put reshape([8, 9, 1]) before it for one channel",
    );
  });
});

/**
 * Windows of volumes against sums and maxima over all indices in float64, written here by hand from the
 * definitions of Keras 3 (`Conv3D`, `MaxPooling3D`, `AveragePooling3D`).
 */
import { beforeAll, describe, expect, it } from "vitest";
import { gradients } from "../../../src/autograd/grad.js";
import { compile } from "../../../src/compile/compile.js";
import { reshape, sum } from "../../../src/graph/functions.js";
import {
  averagePooling2d,
  averagePooling3d,
  conv2d,
  conv3d,
  globalAveragePooling3d,
  globalMaxPooling3d,
  type Layer,
  maxPooling3d,
} from "../../../src/nn/layers/index.js";
import { ready } from "../../../src/numerics/kernels.js";
import { recipeOf } from "../../../src/recipe.js";
import { reference, refusal, wasm } from "../support.js";
import { checkLayerGradients, type Numbers, randomNumbers, randomParameters, resultOf } from "./called.js";

beforeAll(() => ready());

type Triple = readonly [number, number, number];
interface Windows {
  readonly size: Triple;
  readonly strides: Triple;
  readonly dilation: Triple;
  readonly padding: "valid" | "same";
}

/** By window, row-major, the places within the volume of its elements; -1 for padding. */
function windowsOf(
  [depth, height, width]: Triple,
  { size, strides, dilation, padding }: Windows,
): number[][] {
  const axes = [depth, height, width].map((length, i) => {
    const reach = (size[i] - 1) * dilation[i] + 1;
    const count =
      padding === "same" ? Math.ceil(length / strides[i]) : Math.floor((length - reach) / strides[i]) + 1;
    const before = padding === "same" ? Math.max((count - 1) * strides[i] + reach - length, 0) >> 1 : 0;
    return Array.from({ length: count }, (_, w) =>
      Array.from({ length: size[i] }, (__, k) => {
        const at = w * strides[i] - before + k * dilation[i];
        return at < 0 || at >= length ? -1 : at;
      }),
    );
  });
  return axes[0].flatMap((zs) =>
    axes[1].flatMap((ys) =>
      axes[2].map((xs) =>
        zs.flatMap((z) =>
          ys.flatMap((y) => xs.map((x) => (z < 0 || y < 0 || x < 0 ? -1 : (z * height + y) * width + x))),
        ),
      ),
    ),
  );
}

/** One number for each row, window and channel of the result. */
function overWindows(
  { shape: [rows, ...volume] }: Numbers,
  windows: Windows,
  channels: number,
  of: (row: number, places: readonly number[], channel: number) => number,
): number[] {
  const all = windowsOf(volume as unknown as Triple, windows);
  return Array.from({ length: rows }, (_, row) =>
    all.flatMap((places) => Array.from({ length: channels }, (__, channel) => of(row, places, channel))),
  ).flat();
}

const sizeOf = (lengths: readonly number[]): number => lengths.reduce((size, length) => size * length, 1);

/** The element of a row at a place in its volume, and a channel. */
const elementsOf =
  ({ data, shape: [, depth, height, width, channels] }: Numbers) =>
  (row: number, place: number, channel: number): number =>
    data[(row * depth * height * width + place) * channels + channel];

const CASES: readonly (readonly [number[], Windows])[] = [
  [[2, 3, 4, 5, 2], { size: [2, 3, 2], strides: [1, 1, 1], dilation: [1, 1, 1], padding: "valid" }],
  [[2, 3, 4, 5, 2], { size: [2, 3, 2], strides: [1, 1, 1], dilation: [1, 1, 1], padding: "same" }],
  [[1, 5, 4, 3, 3], { size: [3, 2, 1], strides: [2, 1, 2], dilation: [1, 1, 1], padding: "same" }],
  [[1, 5, 5, 4, 1], { size: [2, 2, 3], strides: [2, 3, 1], dilation: [1, 1, 1], padding: "valid" }],
  [[2, 2, 2, 2, 2], { size: [2, 2, 2], strides: [2, 2, 2], dilation: [1, 1, 1], padding: "valid" }],
];
const DILATED: typeof CASES = [
  [[1, 6, 4, 5, 2], { size: [3, 2, 2], strides: [1, 1, 1], dilation: [2, 1, 3], padding: "valid" }],
  [[1, 4, 4, 4, 2], { size: [2, 3, 2], strides: [1, 1, 1], dilation: [3, 2, 1], padding: "same" }],
];

// sums of at most 24 products of multiples of 2⁻¹⁰ below 1: float64 has them exactly, float32 rounds below 32
describe.each([
  ["reference", reference, 0],
  ["wasm", wasm, 24 * 2 ** -20],
] as const)("on %s", (_, executor, bound) => {
  const mustBeClose = (found: readonly number[], expected: readonly number[], allowed: number): void => {
    expect(found.length).toBe(expected.length);
    found.forEach((number, i) => {
      expect(Math.abs(number - expected[i])).toBeLessThanOrEqual(allowed);
    });
  };

  it.each([...CASES, ...DILATED])("conv3d of %j with %j is its definition", (shape, windows) => {
    const x = randomNumbers(shape, 1);
    const [channels, filters] = [shape[4], 3];
    const { size, strides, dilation: dilationRate, padding } = windows;
    const layer = conv3d(filters, size, { strides, dilationRate, padding });
    const [kernel, bias] = randomParameters(layer, [shape.slice(1)], 2);
    expect(kernel.shape).toEqual([...size, channels, filters]);
    const element = elementsOf(x);
    const expected = overWindows(x, windows, filters, (row, places, filter) =>
      places.reduce((total, place, k) => {
        for (let c = 0; place >= 0 && c < channels; c++)
          total += element(row, place, c) * kernel.data[(k * channels + c) * filters + filter];
        return total;
      }, bias.data[filter]),
    );
    mustBeClose(resultOf(layer, [x], [kernel, bias], { executor }), expected, bound);
  });

  it.each(CASES)("pooling of %j with %j is its definition", (shape, windows) => {
    const x = randomNumbers(shape, 1);
    const { size, strides, padding } = windows;
    const element = elementsOf(x);
    const within = (row: number, places: readonly number[], channel: number): number[] =>
      places.filter((place) => place >= 0).map((place) => element(row, place, channel));
    const largest = overWindows(x, windows, shape[4], (...at) => Math.max(...within(...at)));
    expect(resultOf(maxPooling3d(size, { strides, padding }), [x], [], { executor })).toEqual(largest);
    const means = overWindows(x, windows, shape[4], (...at) => {
      const numbers = within(...at);
      return numbers.reduce((total, number) => total + number, 0) / numbers.length;
    });
    // a mean of means rounds each of them
    const allowed = executor === wasm ? 4 * 2 ** -24 : 4 * 2 ** -53;
    mustBeClose(
      resultOf(averagePooling3d(size, { strides, padding }), [x], [], { executor }),
      means,
      allowed,
    );
  });

  it("global pooling is that of all elements of a channel", () => {
    const x = randomNumbers([2, 3, 2, 4, 3], 1);
    const element = elementsOf(x);
    const of = (reduce: (numbers: readonly number[]) => number): number[] =>
      [0, 1].flatMap((row) =>
        [0, 1, 2].map((c) =>
          reduce(Array.from({ length: sizeOf([3, 2, 4]) }, (__, i) => element(row, i, c))),
        ),
      );
    expect(resultOf(globalMaxPooling3d(), [x], [], { executor })).toEqual(
      of((numbers) => Math.max(...numbers)),
    );
    const mean = of((numbers) => numbers.reduce((total, number) => total + number, 0) / numbers.length);
    mustBeClose(resultOf(globalAveragePooling3d(), [x], [], { executor }), mean, bound && 2 ** -24);
  });

  it("the first of equal numbers in row-major order gets the gradient of the largest", () => {
    const volume = [1, 2, 2, 2, 1];
    const gradientAt = (data: readonly number[]): number[] => {
      const run = executor.load(
        compile(
          (flat) => {
            const layer = maxPooling3d(2);
            const x = reshape(flat, volume);
            const y = layer.call({ x, inputs: [x], parameters: {}, hyperparameters: {} } as never);
            return gradients(sum(y), [flat])[0];
          },
          [8],
        ),
      );
      return Array.from((run(data) as unknown as { data: ArrayLike<number> }).data);
    };
    // planes [[0, 0], [3, 0]] and [[3, 3], [3, 3]]
    expect(gradientAt([0, 0, 3, 0, 3, 3, 3, 3])).toEqual([0, 0, 1, 0, 0, 0, 0, 0]);
    expect(gradientAt([0, 0, 0, 0, 0, 1, 1, 0])).toEqual([0, 0, 0, 0, 0, 1, 0, 0]);
  });
});

it.each<[string, Layer]>([
  ["conv3d", conv3d(2, 2, { padding: "same", strides: [1, 2, 1], activation: "tanh" })],
  ["maxPooling3d", maxPooling3d([1, 2, 2], { padding: "same" })],
  ["averagePooling3d", averagePooling3d([2, 1, 2], { strides: 1 })],
  ["globalAveragePooling3d", globalAveragePooling3d()],
  ["globalMaxPooling3d", globalMaxPooling3d()],
])("%s has the gradients of differences", (_, layer) => {
  const row = [2, 3, 2, 2];
  checkLayerGradients(layer, [randomNumbers([2, ...row], 1)], randomParameters(layer, [row], 2));
});

it("windows of one plane are those of images, to the bit", () => {
  const x = randomNumbers([2, 3, 5, 4, 2], 1);
  const planes = { data: x.data, shape: [6, 5, 4, 2] };
  const options = { padding: "same", strides: 2 } as const;
  const volumes = conv3d(3, [1, 3, 2], { ...options, strides: [1, 2, 2] });
  const [kernel, bias] = randomParameters(volumes, [[3, 5, 4, 2]], 2);
  const flat = { data: kernel.data, shape: kernel.shape.slice(1) };
  for (const executor of [reference, wasm]) {
    expect(resultOf(volumes, [x], [kernel, bias], { executor })).toEqual(
      resultOf(conv2d(3, [3, 2], options), [planes], [flat, bias], { executor }),
    );
    expect(resultOf(averagePooling3d([1, 3, 2], { padding: "same" }), [x], [], { executor })).toEqual(
      resultOf(averagePooling2d([3, 2], { padding: "same" }), [planes], [], { executor }),
    );
  }
});

it("recipes tell options apart", () => {
  const layers = [
    ...[conv3d(2, 3), conv3d(2, [3, 3, 2]), conv3d(3, 3), conv3d(2, 3, { strides: [2, 1, 1] })],
    ...[
      conv3d(2, 3, { dilationRate: 2 }),
      conv3d(2, 3, { padding: "same" }),
      conv3d(2, 3, { useBias: false }),
    ],
    ...[maxPooling3d(), maxPooling3d([2, 2, 1]), maxPooling3d(2, { strides: 1 }), averagePooling3d()],
    ...[globalMaxPooling3d(), globalAveragePooling3d()],
  ];
  expect(new Set(layers.map(recipeOf)).size).toBe(layers.length);
});

it.each<[() => unknown, string]>([
  [() => conv3d(0, 3), "invalid_argument: filters must be a positive integer; received 0"],
  [
    () => conv3d(1, [3, 3] as never),
    "invalid_argument: kernelSize must be a positive integer or three of them; received [3,3]",
  ],
  [() => conv3d(1, 3, { padding: "causal" as never }), 'unknown_name: unknown padding "causal"'],
  [() => conv3d(1, 3, { stride: 2 } as never), "unknown_name: unknown option of conv3d"],
  [
    () => conv3d(1, 3).outputShape([8, 8, 1]),
    "invalid_shape: conv3d must take rows of shape [depth, height, width, channels]; received [8, 8, 1]. Put reshape([8, 8, 1, 1]) before it for one channel",
  ],
  [
    () => maxPooling3d(3).outputShape([2, 8, 8, 1]),
    "invalid_shape: maxPooling3d with windows of [3, 3, 3] must take",
  ],
  [
    () => averagePooling3d(0),
    "invalid_argument: poolSize must be a positive integer or three of them; received 0",
  ],
  [
    () => globalMaxPooling3d().outputShape([2, 8]),
    "invalid_shape: globalMaxPooling3d must take rows of shape",
  ],
])("case %#: is refused with a reason", async (run, message) => {
  expect(await refusal(run)).toContain(message);
});

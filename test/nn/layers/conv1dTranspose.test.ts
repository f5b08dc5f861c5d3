/**
 * The adjoint of convolutions along steps against its definition, written here by hand: each step, times the
 * kernel, added up where the window of `conv1d` would read it (Keras 3, `Conv1DTranspose`; without padding,
 * PyTorch's `ConvTranspose1d`).
 */
import { describe, expect, it } from "vitest";
import { conv1dTranspose } from "../../../src/nn/layers/index.js";
import { recipeOf } from "../../../src/recipe.js";
import { reference, refusal, wasm } from "../support.js";
import { checkLayerGradients, type Numbers, randomNumbers, randomParameters, resultOf } from "./called.js";

/** [rows, steps, channels] and [size, filters, channels] → [rows, longer, filters]. */
function spread(
  x: Numbers,
  kernel: Numbers,
  bias: readonly number[],
  { strides, dilationRate, padding }: { strides: number; dilationRate: number; padding: "valid" | "same" },
): number[] {
  const [rows, steps, channels] = x.shape;
  const [size, filters] = kernel.shape;
  const reach = (size - 1) * dilationRate + 1;
  const length = steps * strides + (padding === "valid" ? Math.max(reach - strides, 0) : 0);
  // the zeros that conv1d would put before a sequence of that length
  const before = padding === "valid" ? 0 : Math.max((steps - 1) * strides + reach - length, 0) >> 1;
  const result = Array.from({ length: rows * length * filters }, (_, i) => bias[i % filters]);
  for (let row = 0; row < rows; row++)
    for (let step = 0; step < steps; step++)
      for (let k = 0; k < size; k++) {
        const to = step * strides + k * dilationRate - before;
        if (to < 0 || to >= length) continue;
        for (let f = 0; f < filters; f++)
          for (let c = 0; c < channels; c++)
            result[(row * length + to) * filters + f] +=
              x.data[(row * steps + step) * channels + c] * kernel.data[(k * filters + f) * channels + c];
      }
  return result;
}

const CASES = [
  [[2, 5, 3], 4, 3, 1, 1],
  [[2, 4, 2], 3, 4, 2, 1],
  [[1, 3, 1], 1, 2, 3, 1],
  [[2, 4, 2], 2, 3, 1, 2],
  [[1, 1, 4], 5, 5, 2, 1],
] as const;

// at most 20 products of multiples of 2⁻¹⁰ below 1: float64 has them exactly, float32 rounds sums below 16
describe.each([
  ["reference", reference, 0],
  ["wasm", wasm, 20 * 2 ** -20],
] as const)("on %s", (_, executor, bound) => {
  it.each(CASES)(
    "rows %j, %i filters of size %i, strides %i, dilation %i",
    (shape, filters, size, strides, dilationRate) => {
      for (const padding of ["valid", "same"] as const) {
        const layer = conv1dTranspose(filters, size, { strides, dilationRate, padding });
        const x = randomNumbers(shape, 1);
        const [kernel, bias] = randomParameters(layer, [shape.slice(1)], 2);
        expect(kernel.shape).toEqual([size, filters, shape[2]]);
        const expected = spread(x, kernel, bias.data, { strides, dilationRate, padding });
        const found = resultOf(layer, [x], [kernel, bias], { executor });
        expect(found.length).toBe(expected.length);
        found.forEach((number, i) => {
          expect(Math.abs(number - expected[i])).toBeLessThanOrEqual(bound);
        });
      }
    },
  );
});

it("has the gradients of differences", () => {
  const layer = conv1dTranspose(2, 3, { strides: 2, padding: "same", activation: "tanh" });
  checkLayerGradients(layer, [randomNumbers([2, 3, 2], 1)], randomParameters(layer, [[3, 2]], 2));
});

it("has recipes that tell its options apart", () => {
  const layers = [
    ...[conv1dTranspose(2, 3), conv1dTranspose(3, 3), conv1dTranspose(2, 2)],
    ...[conv1dTranspose(2, 3, { strides: 2 }), conv1dTranspose(2, 3, { padding: "same" })],
    ...[conv1dTranspose(2, 3, { dilationRate: 2 }), conv1dTranspose(2, 3, { useBias: false })],
  ];
  expect(new Set(layers.map(recipeOf)).size).toBe(layers.length);
});

it.each<[() => unknown, string]>([
  [() => conv1dTranspose(0, 3), "invalid_argument: filters must be a positive integer; received 0"],
  [
    () => conv1dTranspose(1, [3, 3] as never),
    "invalid_argument: kernelSize must be a positive integer; received [3,3]",
  ],
  [() => conv1dTranspose(1, 3, { padding: "causal" as never }), 'unknown_name: unknown padding "causal"'],
  [() => conv1dTranspose(1, 3, { stride: 2 } as never), "unknown_name: unknown option of conv1dTranspose"],
  [
    () => conv1dTranspose(1, 3).outputShape([8, 8, 1]),
    "invalid_shape: conv1dTranspose must take rows of shape [steps, channels]; received [8, 8, 1]",
  ],
])("case %#: is refused with a reason", async (run, message) => {
  expect(await refusal(run)).toContain(message);
});

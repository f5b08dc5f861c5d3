/**
 * Images in another size against interpolation at each place in float64, written here by hand from the
 * documentation of Keras 3 (`Resizing`, with pixels whose centres are at halves).
 */
import { describe, expect, it } from "vitest";
import { resizing, upSampling2d } from "../../../src/nn/layers/index.js";
import { recipeOf } from "../../../src/recipe.js";
import { reference, refusal, wasm } from "../support.js";
import { checkLayerGradients, type Numbers, randomNumbers, resultOf } from "./called.js";

/** Element by element: the places, their two neighbours, and a weighted mean. */
function interpolated(
  { data, shape: [rows, height, width, channels] }: Numbers,
  [down, across]: readonly [number, number],
  method: "bilinear" | "nearest",
): number[] {
  const at = (row: number, y: number, x: number, c: number): number =>
    data[((row * height + y) * width + x) * channels + c];
  const placed = (i: number, count: number, length: number) => {
    if (method === "nearest") {
      const place = Math.min(Math.floor(((i + 0.5) * length) / count), length - 1);
      return { low: place, high: place, share: 0 };
    }
    const place = Math.min(Math.max(((i + 0.5) * length) / count - 0.5, 0), length - 1);
    const low = Math.floor(place);
    return { low, high: Math.min(low + 1, length - 1), share: place - low };
  };
  const result: number[] = [];
  for (let row = 0; row < rows; row++)
    for (let i = 0; i < down; i++)
      for (let j = 0; j < across; j++)
        for (let c = 0; c < channels; c++) {
          const [y, x] = [placed(i, down, height), placed(j, across, width)];
          const line = (k: number): number =>
            at(row, k, x.low, c) * (1 - x.share) + at(row, k, x.high, c) * x.share;
          result.push(line(y.low) * (1 - y.share) + line(y.high) * y.share);
        }
  return result;
}

const CASES: readonly (readonly [number[], readonly [number, number]])[] = [
  [
    [2, 4, 3, 2],
    [6, 5],
  ],
  [
    [1, 5, 7, 1],
    [2, 3],
  ],
  [
    [2, 3, 3, 3],
    [3, 3],
  ],
  [
    [1, 1, 2, 1],
    [4, 1],
  ],
  [
    [1, 9, 2, 1],
    [4, 7],
  ],
];

// numbers below 1 in sums of at most 4; weights are rounded once
describe.each([
  ["reference", reference, 2 ** -50],
  ["wasm", wasm, 2 ** -21],
] as const)("on %s", (_, executor, bound) => {
  it.each(CASES)("images %j of size %j are Keras'", (shape, size) => {
    const x = randomNumbers(shape, 1);
    const found = resultOf(resizing(...size), [x], [], { executor });
    const expected = interpolated(x, size, "bilinear");
    expect(found.length).toBe(expected.length);
    found.forEach((number, i) => {
      expect(Math.abs(number - expected[i])).toBeLessThanOrEqual(bound);
    });
    const nearest = resizing(...size, { interpolation: "nearest" });
    expect(resultOf(nearest, [x], [], { executor })).toEqual(interpolated(x, size, "nearest"));
  });

  it("to a multiple of their size, the nearest pixels are those of upSampling2d", () => {
    const x = randomNumbers([2, 3, 2, 2], 1);
    expect(resultOf(resizing(6, 6, { interpolation: "nearest" }), [x], [], { executor })).toEqual(
      resultOf(upSampling2d([2, 3]), [x], [], { executor }),
    );
  });
});

it("has the gradients of differences", () => {
  const x = randomNumbers([2, 3, 4, 2], 1);
  checkLayerGradients(resizing(5, 2), [x]);
  checkLayerGradients(resizing(2, 6, { interpolation: "nearest" }), [x]);
});

it("has a recipe for its sizes and its option", () => {
  const layers = [
    resizing(2, 3),
    resizing(3, 2),
    resizing(2, 2),
    resizing(2, 3, { interpolation: "nearest" }),
  ];
  expect(new Set(layers.map(recipeOf)).size).toBe(layers.length);
});

it.each<[() => unknown, string]>([
  [() => resizing(0, 3), "invalid_argument: height must be a positive integer; received 0"],
  [() => resizing(3, 2.5), "invalid_argument: width must be a positive integer; received 2.5"],
  [
    () => resizing(3, 3, { interpolation: "bicubic" as never }),
    'invalid_argument: interpolation must be "bilinear" or "nearest"; received "bicubic"',
  ],
  [() => resizing(3, 3, { method: "nearest" } as never), "unknown_name: unknown option of resizing"],
  [
    () => resizing(3, 3).outputShape([8, 8]),
    "invalid_shape: resizing must take rows of shape [height, width, channels]; received [8, 8]",
  ],
])("case %#: is refused with a reason", async (run, message) => {
  expect(await refusal(run)).toContain(message);
});

/** Numbers in another unit: x · scale + offset, as in Keras 3 (`Rescaling`). */
import { beforeAll, expect, it } from "vitest";
import { rescaling } from "../../../src/nn/layers/index.js";
import { ready } from "../../../src/numerics/kernels.js";
import { recipeOf } from "../../../src/recipe.js";
import { reference, refusal, wasm } from "../support.js";
import { checkLayerGradients, randomNumbers, resultOf } from "./called.js";

beforeAll(() => ready());

it("multiplies, then adds", () => {
  const x = { data: [0, 51, 255, -1], shape: [2, 2] };
  for (const executor of [reference, wasm]) {
    expect(resultOf(rescaling(1 / 4), [x], [], { executor })).toEqual([0, 12.75, 63.75, -0.25]);
    expect(resultOf(rescaling(0.5, { offset: -1 }), [x], [], { executor })).toEqual([-1, 24.5, 126.5, -1.5]);
  }
});

it("has the gradients of differences, and numbers that a tuner changes", () => {
  checkLayerGradients(rescaling(3, { offset: 2 }), [randomNumbers([2, 3], 1)]);
  expect(rescaling(3).hyperparameters).toEqual({ scale: 3, offset: 0 });
  expect(recipeOf(rescaling(3, { offset: 2 }))).toBe(recipeOf(rescaling(1)));
});

it.each<[() => unknown, string]>([
  [() => rescaling([1, 2] as never), "invalid_argument: scale must be a finite number; received [1,2]"],
  [() => rescaling(Number.NaN), "invalid_argument: scale must be a finite number; received NaN"],
  [
    () => rescaling(1, { offset: "1" as never }),
    'invalid_argument: offset must be a finite number; received "1"',
  ],
  [() => rescaling(1, { shift: 1 } as never), "unknown_name: unknown option of rescaling"],
])("case %#: is refused with a reason", async (run, message) => {
  expect(await refusal(run)).toContain(message);
});

/** Networks over sequences whose masks are an input of their own, so that padding may hold anything. */

import type { CompileOptions } from "../../src/nn/arguments/options.js";
import { defineLayer, type Layer } from "../../src/nn/layers/index.js";
import type { SymbolicTensor } from "../../src/nn/layers/layer.js";
import { functional, input } from "../../src/nn/models/functional.js";
import type { LayersModel } from "../../src/nn/models/layersModel.js";

/** The first input, with the second as its mask, [rows, steps]. */
export const marked = (): Layer =>
  defineLayer({
    type: "marked",
    hyperparameters: {},
    outputShape: (shape) => shape,
    parameters: () => [],
    call: ({ x }) => x,
    mask: ({ inputs: [, counts] }) => counts,
  });

/** Sequences and their masks, as the inputs of `maskedModel`. */
export interface MaskedRows {
  readonly x: readonly (readonly (readonly number[])[])[];
  readonly counts: readonly (readonly number[])[];
}

/**
 * Layers one after the other, or what becomes of the masked sequence; compiled and with the weights of a
 * seed.
 */
export async function maskedModel(
  shape: readonly [steps: number, features: number],
  after: readonly Layer[] | ((masked: SymbolicTensor) => SymbolicTensor),
  options: Partial<CompileOptions> = {},
): Promise<LayersModel> {
  const [x, counts] = [input(shape), input(shape[0])];
  const masked = marked().apply(x, counts);
  const outputs =
    typeof after === "function" ? after(masked) : after.reduce((value, layer) => layer.apply(value), masked);
  const model = functional({ inputs: { x, counts }, outputs });
  model.compile({ optimizer: "sgd", loss: "meanSquaredError", ...options });
  return model;
}

/** Sequences with other numbers in the steps that do not count. */
export const withPadding = ({ x, counts }: MaskedRows, content: (step: number) => number): MaskedRows => ({
  x: x.map((row, i) => row.map((step, j) => (counts[i][j] ? step : step.map(() => content(j))))),
  counts,
});

/** Zeros of a shape, nested. */
export const zeros = ([length, ...rest]: readonly number[]): unknown =>
  Array.from({ length }, () => (rest.length > 0 ? zeros(rest) : 0));

/** A model with its first weights. */
export async function started(model: LayersModel, { x, counts }: MaskedRows): Promise<LayersModel> {
  const [{ shape }] = model.network(x[0].flat().length + counts[0].length).outputs;
  await model.fit({ x, counts } as never, zeros([x.length, ...shape]) as never, { epochs: 0 });
  return model;
}

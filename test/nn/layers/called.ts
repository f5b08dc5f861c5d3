/** A layer alone: what it makes of arrays, and its gradients against differences in float64. */
import ndarray, { type NdArray } from "ndarray";
import { compile } from "../../../src/compile/compile.js";
import type { Executor } from "../../../src/engine/executor.js";
import { constant } from "../../../src/graph/functions.js";
import type { Value } from "../../../src/graph/graph.js";
import { type Shape, sizeOf } from "../../../src/graph/shape.js";
import type { Layer } from "../../../src/nn/layers/index.js";
import { checkGradients } from "../../../src/testing/index.js";
import { randomRows, reference } from "../support.js";

/** An array: its numbers, row-major. */
export interface Numbers {
  readonly data: readonly number[];
  readonly shape: Shape;
}

/** Multiples of 2⁻¹⁰ in [-1, 1). */
export const randomNumbers = (shape: Shape, seed: number): Numbers => ({
  data: randomRows(1, sizeOf(shape), seed)[0],
  shape,
});

/** The arrays of a layer for rows of such shapes. */
export const randomParameters = (layer: Layer, shapes: readonly Shape[], seed: number): Numbers[] => {
  layer.outputShape(...shapes);
  return layer.parameters(...shapes).map(({ shape }, i) => randomNumbers(shape, seed + i));
};

const arrayOf = ({ data, shape }: Numbers): NdArray => ndarray([...data], [...shape]);

/** The layer as a function of its inputs, then of its arrays. */
function functionOf(layer: Layer, shapes: readonly Shape[], training: boolean): (...all: Value[]) => Value {
  return (...all) => {
    const inputs = all.slice(0, shapes.length);
    const specs = layer.parameters(...shapes);
    const numbers = Object.entries(layer.hyperparameters);
    const result = layer.call({
      inputs,
      x: inputs[0],
      parameters: Object.fromEntries(specs.map(({ name }, i) => [name, all[shapes.length + i]])),
      hyperparameters: Object.fromEntries(
        numbers.map(([name, number]) => [name, constant(inputs[0].graph, number)]),
      ),
      training,
      trainable: true,
      stream: 7,
      update() {},
    });
    const expected = [inputs[0].shape[0], ...layer.outputShape(...shapes)];
    if (String(result.shape) !== String(expected)) throw new Error(`${result.shape} is not ${expected}`);
    return result;
  };
}

const rowsOf = (inputs: readonly Numbers[]): Shape[] => inputs.map(({ shape }) => shape.slice(1));

/** What a layer makes of batches with these arrays, row-major. */
export function resultOf(
  layer: Layer,
  inputs: readonly Numbers[],
  parameters: readonly Numbers[] = [],
  { executor = reference as Executor, training = false } = {},
): number[] {
  const all = [...inputs, ...parameters];
  const run = executor.load(
    compile(functionOf(layer, rowsOf(inputs), training), ...all.map(({ shape }) => shape)),
  );
  const { data } = run(...all.map(arrayOf)) as unknown as { readonly data: ArrayLike<number> };
  run.free();
  return Array.from(data);
}

/** Checks the gradients of a layer by its inputs and arrays, and those of the gradients. */
export function checkLayerGradients(
  layer: Layer,
  inputs: readonly Numbers[],
  parameters: readonly Numbers[] = [],
): void {
  checkGradients(functionOf(layer, rowsOf(inputs), false), [...inputs, ...parameters].map(arrayOf), {
    name: layer.type,
  });
}

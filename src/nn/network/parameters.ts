/** The parameters of a model, or of a layer, as arrays by path, and as one vector. */
import type { NdArray } from "ndarray";
import { type AnyArray, flatten, toNdArray } from "../../engine/arrays.js";
import { checkOptions, must, show } from "../../errors.js";
import { showShape } from "../../graph/shape.js";
import type { Floats } from "../../ndarray.js";
import type { Places } from "../layers/layerWeights.js";

/** Copies of the arrays within a vector. */
export function arraysOf({ parameters }: Places, vector: Floats): Record<string, NdArray<Floats>> {
  return Object.fromEntries(
    parameters.map(({ path, offset, size, shape }) => [
      path,
      toNdArray(vector.slice(offset, offset + size), shape),
    ]),
  );
}

/**
 * @throws FettleError `unknown_name`, `invalid_argument`, `invalid_shape`, `invalid_data` unless there is an
 * array for each parameter
 */
export function vectorOf(
  { parameters, size }: Places,
  arrays: Readonly<Record<string, AnyArray>>,
): Float32Array {
  checkOptions(arrays, "setWeights", Object.fromEntries(parameters.map(({ path }) => [path, true as const])));
  const vector = new Float32Array(size);
  for (const { path, offset, shape } of parameters) {
    const array = arrays[path];
    must(array !== undefined, `weights[${show(path)}]`, `an array of shape ${showShape(shape)}`, array);
    vector.set(flatten(array, shape, path), offset);
  }
  return vector;
}

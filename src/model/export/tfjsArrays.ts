/** The weights of a layers model: arrays by name, which are not trusted. */
import { check, isRecord, must, show } from "../../errors.js";
import type { Tensor } from "../../predict/safetensors.js";
import { DAMAGED, isPositive } from "./tfjsFields.js";

/**
 * The arrays of a manifest by name, except those of an optimizer. They are copies, so that the bytes need not
 * be kept.
 */
export function arraysOf(manifest: unknown, bytes: Uint8Array): Map<string, Tensor> {
  mustBeLayersModel(Array.isArray(manifest), "it has no manifest of weights");
  const arrays = new Map<string, Tensor>();
  let at = 0;
  for (const entry of manifest.flatMap((group) => (isRecord(group) ? group.weights : undefined))) {
    mustBeLayersModel(isRecord(entry), "its manifest must have a list of weights");
    const { name, shape, dtype, quantization, group } = entry;
    mustBeLayersModel(
      typeof name === "string" && Array.isArray(shape) && shape.every(isPositive) && !arrays.has(name),
      `weight ${show(name)} must have a unique name, and a shape`,
    );
    must(quantization === undefined, `weight ${show(name)}`, "unquantized", quantization, "unsupported");
    const isState = group === "optimizer";
    must(
      dtype === "float32" || (isState && dtype === "int32"),
      `the dtype of weight ${show(name)}`,
      '"float32"',
      dtype,
      "unsupported",
    );
    const end = shape.reduce((size: number, length: number) => size * length, 4) + at;
    mustBeLayersModel(
      end <= bytes.length,
      `its weights are truncated within ${show(name)}, at ${bytes.length} bytes`,
    );
    if (!isState)
      arrays.set(name, { shape, data: new Float32Array(new Uint8Array(bytes.subarray(at, end)).buffer) });
    at = end;
  }
  mustBeLayersModel(at === bytes.length, `its weights must be ${at} bytes; received ${show(bytes)}`);
  return arrays;
}

/** Removes and returns the array, which must have that shape. */
export function takenFrom(arrays: Map<string, Tensor>, name: string, shape: readonly number[]): Tensor {
  const tensor = arrays.get(name);
  must(
    String(tensor?.shape) === String(shape),
    `the shape of weight ${show(name)}`,
    show(shape),
    tensor?.shape,
    DAMAGED,
  );
  arrays.delete(name);
  return tensor as Tensor;
}

export function mustBeLayersModel(condition: unknown, reason: string): asserts condition {
  check(condition, () => `this is not a layers model of TensorFlow.js: ${reason}`, DAMAGED);
}

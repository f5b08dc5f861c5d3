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

/** The arrays of layers, each taken once. */
export interface LayerArrays {
  /**
   * The next array of a layer, which must have that shape.
   *
   * @param names - that it may have in a file, the first in TensorFlow.js
   */
  take(layer: string, names: readonly string[], shape: readonly number[]): Tensor;
  /** The names of those that no layer has taken. */
  left(): string[];
}

/** The most parts of a name that has others, so that a name cannot have thousands. */
const MOST_PARTS = 8;

/** Arrays that layers take, each once. */
export class Arrays implements LayerArrays {
  /** Names by others that Keras gives the same array. */
  private readonly others = new Map<string, string[]>();

  constructor(private readonly arrays: Map<string, Tensor>) {
    for (const name of arrays.keys())
      for (const other of otherNames(name)) {
        const known = this.others.get(other);
        if (known) known.push(name);
        else this.others.set(other, [name]);
      }
  }

  left(): string[] {
    return [...this.arrays.keys()];
  }

  take(layer: string, given: readonly string[], shape: readonly number[]): Tensor {
    const names = given.map((name) => `${layer}/${name}`);
    const name = names.find((each) => this.arrays.has(each)) ?? this.other(names) ?? names[0];
    const tensor = this.arrays.get(name);
    must(
      String(tensor?.shape) === String(shape),
      `the shape of weight ${show(name)}`,
      show(shape),
      tensor?.shape,
      DAMAGED,
    );
    this.arrays.delete(name);
    return tensor as Tensor;
  }

  private other(names: readonly string[]): string | undefined {
    const found = names
      .flatMap((name) => this.others.get(name) ?? [])
      .filter((name) => this.arrays.has(name));
    check(
      new Set(found).size < 2,
      () => `the layers of the model must have different names; received ${show(found)} as weights of one`,
      "unsupported",
    );
    return found[0];
  }
}

/**
 * Names that an array may also have: Keras puts the names of models before that of a layer, and that of a
 * cell, or of a layer within the layer, after it: `sequential/lstm/lstm_cell/kernel` is `lstm/kernel`.
 */
function otherNames(name: string): Set<string> {
  const parts = name.split("/", MOST_PARTS + 1);
  if (parts.length > MOST_PARTS) return new Set();
  const forms = [parts, parts.toSpliced(-2, 1)].filter(({ length }) => length > 1);
  return new Set(forms.flatMap((form) => form.slice(1).map((_, i) => form.slice(i).join("/"))));
}

export function mustBeLayersModel(condition: unknown, reason: string): asserts condition {
  check(condition, () => `this is not a layers model: ${reason}`, DAMAGED);
}

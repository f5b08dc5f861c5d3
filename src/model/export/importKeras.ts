/**
 * A model that Keras 3 has saved, a `.keras` file, as a network: its topology is that of a Layers model of
 * TensorFlow.js, and its weights are arrays of HDF5 in the order of each layer's variables. The file is not
 * trusted. It reads no training settings.
 */
import { check, isRecord, must, show } from "../../errors.js";
import { isShallow } from "../../json.js";
import type { ModelContents } from "../../predict/description.js";
import { parsed, type Tensor } from "../../predict/safetensors.js";
import { arraysIn, type StoredArray } from "./hdf5.js";
import { contentsOfTopology } from "./importTfjs.js";
import type { LayerArrays } from "./tfjsArrays.js";
import { DAMAGED, type Json, setting } from "./tfjsFields.js";
import { filesIn } from "./zip.js";

/**
 * The network of a `.keras` file, `Sequential` or `Functional`, made of layers that Fettle has too. It
 * predicts the same up to rounding of float32.
 *
 * @param bytes - of the file that `model.save("model.keras")` of Keras 3 writes
 * @throws FettleError `unsupported` for features that Fettle's networks lack, and other dtypes than float32;
 * `invalid_checkpoint` for bytes that are not such a file, or are damaged
 */
export function contentsOfKeras(bytes: Uint8Array): ModelContents {
  must(
    Object.prototype.toString.call(bytes) === "[object Uint8Array]",
    "bytes",
    "a Uint8Array, those of a .keras file",
    bytes,
  );
  check(
    bytes[0] !== 0x89,
    "a file of Keras must be a .keras file; received HDF5, as of model.save_weights or of Keras 2: load it in " +
      'Keras 3, and save it by model.save("model.keras")',
    "unsupported",
  );
  const files = filesIn(bytes);
  const [topology, metadata] = ["config.json", "metadata.json"].map((name) => {
    const json = parsed(new TextDecoder().decode(fileOf(files, name)));
    must(isRecord(json) && isShallow(json), name, "a JSON object", json, DAMAGED);
    return json as Json;
  });
  const arrays = new KerasArrays(arraysIn(fileOf(files, "model.weights.h5")));
  arrays.addAll("layers", topology);
  return contentsOfTopology({ ...topology, keras_version: metadata.keras_version }, arrays);
}

function fileOf(files: ReadonlyMap<string, Uint8Array>, name: string): Uint8Array {
  const file = files.get(name);
  check(file, () => `this is not a .keras file: it has no ${name}`, DAMAGED);
  return file;
}

/** A layer, and layers and cells within it, in the order of its variables. */
const WITHIN = [
  ...["", "/layer", "/layer/cell", "/cell"],
  ...["/forward_layer", "/forward_layer/cell", "/backward_layer", "/backward_layer/cell"],
  ...["/query_dense", "/key_dense", "/value_dense", "/output_dense"],
];

/** The arrays of each layer, in the order of its variables. */
class KerasArrays implements LayerArrays {
  /** The paths of arrays by the names of their layers. */
  private readonly layers = new Map<string, string[]>();
  private readonly taken = new Set<string>();

  constructor(private readonly stored: ReadonlyMap<string, StoredArray>) {}

  /**
   * Adds the layers of a model and of models within it.
   *
   * @param path - of its layers in the file, which Keras names by their classes, and not by their names
   */
  addAll(path: string, { config }: Json): void {
    const { layers } = isRecord(config) ? config : {};
    const counts = new Map<string, number>();
    for (const layer of Array.isArray(layers) ? layers : []) {
      const kind = isRecord(layer) ? setting(layer, "class_name") : undefined;
      const { name } = isRecord(layer) && isRecord(layer.config) ? layer.config : {};
      if (typeof kind !== "string" || typeof name !== "string") continue; // the topology refuses it
      const known = snakeCaseOf(kind);
      const count = counts.get(known) ?? 0;
      counts.set(known, count + 1);
      const own = `${path}/${known}${count > 0 ? `_${count}` : ""}`;
      this.addAll(`${own}/layers`, layer as Json);
      check(
        !this.layers.has(name),
        () => `the layers of the model must have different names; received two ${show(name)}`,
        "unsupported",
      );
      this.layers.set(name, this.pathsAt(own));
    }
  }

  take(layer: string, [name]: readonly string[], shape: readonly number[]): Tensor {
    const path = this.layers.get(layer)?.shift() ?? "";
    const array = this.stored.get(path);
    must(
      String(array?.shape) === String(shape),
      `the shape of ${name} of layer ${show(layer)}`,
      show(shape),
      array?.shape,
      DAMAGED,
    );
    this.taken.add(path);
    return (array as StoredArray).read();
  }

  left(): string[] {
    const isLayers = (path: string): boolean =>
      path.startsWith("layers/") && !path.includes("/seed_generator/");
    return [...this.stored.keys()].filter((path) => isLayers(path) && !this.taken.has(path));
  }

  private pathsAt(path: string): string[] {
    return WITHIN.flatMap((within) => {
      const paths: string[] = [];
      const next = (): string => `${path}${within}/vars/${paths.length}`;
      while (this.stored.has(next())) paths.push(next());
      return paths;
    });
  }
}

/** As Keras: `Conv2D` is `conv2d`, `PReLU` is `p_re_lu`. */
const snakeCaseOf = (kind: string): string =>
  kind
    .replace(/(.)([A-Z][a-z]+)/g, "$1_$2")
    .replace(/([a-z])([A-Z])/g, "$1_$2")
    .toLowerCase();

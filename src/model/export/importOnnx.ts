/**
 * An ONNX file as a network of layers: files of PyTorch's exporters and of Fettle's, which are not trusted.
 * It reads neither loops nor the way from a table to the network.
 */
import { check, checkOptions, must, type OptionNames, show } from "../../errors.js";
import type { ModelContents } from "../../predict/description.js";
import { checkSizes } from "../../predict/network.js";
import { curveOf, isKnown, NumberOperators, type Value } from "./onnxElementwise.js";
import { mustBeOnnx, type OnnxFile, type OnnxNode, readOnnx } from "./onnxFile.js";
import { Folding, isFolded } from "./onnxKnown.js";
import { type Held, Layers, sizeOf, type View, viewOf } from "./onnxLayers.js";
import { OPERATORS } from "./onnxOperators.js";

/** Options of {@link importOnnx}. */
export interface ImportOnnxOptions {
  /**
   * Whether the model takes and answers images with channels last, [height, width, channels], and sequences
   * as [steps, channels], instead of as the file does, with channels first. Default false.
   */
  readonly channelsLast?: boolean;
  /**
   * Weights outside the file, by the names that it has for them, such as `model.onnx.data`. Default: none.
   */
  readonly data?: Readonly<Record<string, Uint8Array>>;
}

const OPTIONS: OptionNames<ImportOnnxOptions> = { channelsLast: true, data: true };

const isBytes = (value: unknown): value is Uint8Array =>
  Object.prototype.toString.call(value) === "[object Uint8Array]";

/**
 * The network of an ONNX file.
 *
 * @throws FettleError `unsupported` for operators that no layer computes, all of which it names;
 * `invalid_checkpoint` for bytes that are not an ONNX file, or are damaged; `limit_exceeded` for a file whose
 * constants or weights would become many times its size
 */
export function importOnnx(bytes: Uint8Array, options: ImportOnnxOptions = {}): ModelContents {
  checkOptions(options, "importOnnx", OPTIONS);
  const { channelsLast = false, data = {} } = options;
  must(typeof channelsLast === "boolean", "channelsLast", "true or false", channelsLast);
  mustBeOnnx(isBytes(bytes), "it must be a Uint8Array; pass the bytes of the file");
  must(Object.values(data).every(isBytes), "data", "the bytes of files by name, each a Uint8Array", data);
  const file = readOnnx(bytes, data);
  const given = Object.values(data).reduce((sum, { length }) => sum + length, bytes.length);
  const readers = readersOf(file);
  const layers = new Layers(given);
  const elementwise = new NumberOperators(layers, (name) => readers.get(name) === 1);
  mustBeKnown(file.nodes, elementwise);
  const values = new Map<string, Value>(file.arrays);
  const inputs = file.inputs.map(({ name, sizes }) => {
    const [rows, ...row] = sizes;
    check(
      sizes.length > 1 && row.every((size) => size !== undefined),
      () =>
        `input ${show(name)} of the ONNX file must have rows of a fixed shape: [rows, ...sizes]; received ${show(sizes.map((size) => size ?? "any"))}`,
      "unsupported",
    );
    checkSizes(`input ${show(name)}`, row);
    return { name, rows, shape: row };
  });
  mustBeOnnx(inputs.length > 0 && file.outputs.length > 0, "it must have inputs and outputs");
  const isFlat = inputs.length === 1 && inputs[0].shape.length === 1;
  const ends = inputs.map(({ name, shape }) => {
    const turned = channelsLast && shape.length > 1;
    const held: Held = { id: `input.${name}`, shape: turned ? [...shape.slice(1), shape[0]] : shape };
    const order = held.shape.map((_, axis) => (turned ? (axis + shape.length - 1) % shape.length : axis));
    values.set(name, curveOf(turned ? { of: held, order, shape, rows: 0 } : viewOf(held)));
    return { name, shape: held.shape };
  });
  const folding = new Folding(given);
  for (const node of file.nodes) {
    layers.place = `${node.operator} ${show(node.name)}`;
    const taken = node.inputs.map((name) => {
      const value = values.get(name);
      mustBeOnnx(
        name === "" || value,
        `node ${show(node.name)} takes ${show(name)}, which nothing before it makes`,
      );
      return value;
    });
    const made = resultOf(node, taken, folding, {
      layers,
      elementwise,
      opset: file.opset,
      rows: inputs[0].rows,
    });
    for (const [i, value] of made.entries()) {
      const name = node.outputs[i] ?? "";
      mustBeOnnx(!values.has(name), `two nodes make ${show(name)}`);
      if (name !== "") values.set(name, value);
    }
  }
  const outputs = file.outputs.map((name) => {
    const value = values.get(name);
    mustBeOnnx(value, `its output ${show(name)} is made by nothing`);
    layers.place = `output ${show(name)}`;
    if (isKnown(value)) throw layers.unsupported("does not depend on the rows");
    return { name, value: answered(layers, elementwise.viewOf(value), channelsLast).id };
  });
  const { tensors, described } = layers;
  check(
    Object.keys(tensors).length > 0,
    "the model must have a layer with weights; received none",
    "unsupported",
  );
  const isStack =
    isFlat &&
    outputs.length === 1 &&
    described.every(({ inputs: [from, ...more], shares }, i) => {
      const before = i === 0 ? ends[0].name : described[i - 1].id;
      return more.length === 0 && shares === undefined && from === (i === 0 ? `input.${before}` : before);
    }) &&
    outputs[0].value === described[described.length - 1].id;
  const columns = ends.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  checkSizes("the inputs", [columns]);
  const network = isStack
    ? { columns, layers: described.map((layer, i) => (i === 0 ? { ...layer, inputs: ["input"] } : layer)) }
    : { columns, layers: described, inputs: ends, outputs };
  return { network, tensors, notes: {} };
}

type Around = Pick<Parameters<(typeof OPERATORS)[string]>[0], "layers" | "elementwise" | "opset" | "rows">;

function resultOf(
  node: OnnxNode,
  inputs: readonly (Value | undefined)[],
  folding: Folding,
  around: Around,
): readonly Value[] {
  const given = inputs.filter((value) => value !== undefined);
  const { operator } = node;
  if (given.every(isKnown)) {
    const known = folding.result(node, inputs as Parameters<Folding["result"]>[1]);
    if (known) return [known];
  }
  const { layers, elementwise } = around;
  if (given.length === 0 || given.every(isKnown))
    throw layers.unsupported(
      "computes a constant in a way that is not read; let the exporter fold constants",
    );
  if (elementwise.has(operator))
    return [elementwise.result(node, operator === "Clip" ? (inputs as readonly Value[]) : given)];
  if (!Object.hasOwn(OPERATORS, operator))
    throw layers.unsupported("computes from the rows what no layer does");
  const result = OPERATORS[operator]({ node, inputs, ...around });
  return Array.isArray(result) ? result : [result as Value];
}

/** How often each value of the file is read. */
function readersOf({ nodes, outputs }: OnnxFile): ReadonlyMap<string, number> {
  const readers = new Map<string, number>();
  for (const name of [...nodes.flatMap(({ inputs }) => inputs), ...outputs])
    readers.set(name, (readers.get(name) ?? 0) + 1);
  return readers;
}

/** Refuses all operators at once that no layer computes. */
function mustBeKnown(nodes: readonly OnnxNode[], elementwise: NumberOperators): void {
  const unknown = nodes.filter(
    ({ operator }) =>
      !Object.hasOwn(OPERATORS, operator) && !elementwise.has(operator) && !isFolded(operator),
  );
  const kinds = [...new Set(unknown.map(({ operator }) => operator))];
  check(
    kinds.length === 0,
    () =>
      `the ONNX file must have operators that Fettle has layers for; received ${kinds
        .slice(0, LISTED)
        .map((kind) => {
          const own = unknown.filter(({ operator }) => operator === kind);
          return `${kind} (node ${show(own[0].name)}${own.length > 1 ? ` and ${own.length - 1} more` : ""})`;
        })
        .join(", ")}${kinds.length > LISTED ? ` and ${kinds.length - LISTED} others` : ""}. ` +
      "Export the model without them (PyTorch: in evaluation mode, with `optimize=True`), or run the file in ONNX Runtime",
    "unsupported",
  );
}

/** The most operators that a message lists. */
const LISTED = 20;

/** The result of a model: with channels last if wanted, otherwise in the order of the file. */
function answered(layers: Layers, view: View, channelsLast: boolean): Held {
  if (view.rows !== 0) throw layers.unsupported("does not begin with the axis of the rows");
  const rank = view.shape.length;
  const order = view.shape.map((_, axis) => (channelsLast && rank > 2 ? (axis + 1) % rank : axis));
  return layers.held(view, order);
}

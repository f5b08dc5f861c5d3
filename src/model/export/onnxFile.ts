/**
 * An ONNX file as plain data: its nodes, arrays, inputs and outputs, which are not trusted. It knows the
 * messages of ONNX, and interprets no operator. Graphs within nodes, such as bodies of loops, are not read.
 *
 * @see https://github.com/onnx/onnx/blob/main/onnx/onnx.proto3 for the numbers of the fields
 */
import { check, must, show } from "../../errors.js";
import { fieldsOf, integersOf } from "./protobufReader.js";

/** An array that does not depend on the rows. */
export interface Known {
  readonly shape: readonly number[];
  /** Row-major. {@link ROWS} stands for a number that depends on the number of rows. */
  readonly data: ArrayLike<number>;
  readonly isInteger: boolean;
  /** The array of the file that it is, for layers that share it. */
  readonly name?: string;
}

/** Any multiple of the number of rows in a shape: arithmetic with sizes keeps it. */
export const ROWS = Number.POSITIVE_INFINITY;

export type Attribute = number | string | readonly number[] | Known;

/** A node of the graph. */
export interface OnnxNode {
  /** With its domain, unless that is ONNX' own. */
  readonly operator: string;
  /** For people. */
  readonly name: string;
  /** Names of values; empty for one that is left out. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: ReadonlyMap<string, Attribute>;
}

export interface OnnxFile {
  /** The version of ONNX' operators. */
  readonly opset: number;
  readonly nodes: readonly OnnxNode[];
  readonly arrays: ReadonlyMap<string, Known>;
  /** With the sizes of their axes, if they are fixed. */
  readonly inputs: readonly { readonly name: string; readonly sizes: readonly (number | undefined)[] }[];
  readonly outputs: readonly string[];
}

/** Bytes of weights by the names of the files that a model refers to. */
export type OnnxData = Readonly<Record<string, Uint8Array>>;

const DAMAGED = "invalid_checkpoint";
/** The most nodes, and the most entries of a list within one. */
const MOST = 20_000;

export function mustBeOnnx(condition: unknown, reason: string): asserts condition {
  check(condition, () => `this is not an ONNX file: ${reason}`, DAMAGED);
}

/**
 * @throws FettleError `invalid_checkpoint` for bytes that are not an ONNX file, or are damaged; `unsupported`
 * for arrays of types that networks do not have, and for weights in files that are not given
 */
export function readOnnx(bytes: Uint8Array, data: OnnxData): OnnxFile {
  const fields = fieldsIn(bytes, [7, 8]);
  const [graph] = fields(7);
  mustBeOnnx(graph instanceof Uint8Array, "it has no graph");
  const opsets = fields(8).map((opset) => {
    const own = fieldsIn(opset);
    return [textOf(own(1)[0]), own(2)[0]] as const;
  });
  const opset = opsets.find(([domain]) => domain === "" || domain === "ai.onnx")?.[1];
  mustBeOnnx(typeof opset === "number", "it names no version of its operators");
  const parts = fieldsIn(graph, [1, 5, 11, 12]);
  const arrays = new Map<string, Known>();
  for (const tensor of parts(5)) {
    const name = textOf(fieldsIn(tensor, [8])(8)[0]);
    mustBeOnnx(!arrays.has(name), `two arrays have the name ${show(name)}`);
    arrays.set(name, { ...tensorOf(tensor, name, data), name });
  }
  const nodes = parts(1).map((node) => nodeOf(node, data));
  const inputs = parts(11)
    .map(inputOf)
    .filter(({ name }) => !arrays.has(name)); // old files list arrays too
  return { opset, nodes, arrays, inputs, outputs: parts(12).map((output) => inputOf(output).name) };
}

type Value = number | Uint8Array | undefined;

/** The fields of a message by number. @param wanted - default: all */
function fieldsIn(message: Value, wanted?: readonly number[]): (number: number) => (number | Uint8Array)[] {
  mustBeOnnx(message instanceof Uint8Array, "an integer takes the place of a message");
  const found = new Map<number, (number | Uint8Array)[]>();
  for (const [number, value] of fieldsOf(message)) {
    if (wanted && !wanted.includes(number)) continue;
    const list = found.get(number) ?? [];
    found.set(number, list);
    list.push(value);
    mustBeOnnx(list.length <= MOST, `a list must have at most ${MOST} entries`);
  }
  return (number) => found.get(number) ?? [];
}

const decoder = new TextDecoder();
const textOf = (value: Value): string => (value instanceof Uint8Array ? decoder.decode(value) : "");
const integerOf = (value: Value): number => (typeof value === "number" ? value : 0);

/** A repeated field of integers, packed or not. */
const integers = (values: readonly (number | Uint8Array)[]): number[] =>
  values.flatMap((value) => (typeof value === "number" ? [value] : integersOf(value)));

/** A repeated field of numbers of a width, packed or not. */
function packed(values: readonly (number | Uint8Array)[]): Uint8Array {
  const parts = values.map((value) => (value instanceof Uint8Array ? value : new Uint8Array()));
  if (parts.length === 1) return parts[0];
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function nodeOf(message: Value, data: OnnxData): OnnxNode {
  const fields = fieldsIn(message);
  const [type, domain] = [textOf(fields(4)[0]), textOf(fields(7)[0])];
  const outputs = fields(2).map(textOf);
  const name = textOf(fields(3)[0]) || (outputs[0] ?? "");
  const attributes = new Map(fields(5).map((attribute) => attributeOf(attribute, name, data)));
  return {
    operator: domain === "" || domain === "ai.onnx" ? type : `${domain}.${type}`,
    name,
    inputs: fields(1).map(textOf),
    outputs,
    attributes,
  };
}

function attributeOf(message: Value, node: string, data: OnnxData): readonly [string, Attribute] {
  const fields = fieldsIn(message);
  const name = textOf(fields(1)[0]);
  const type = integerOf(fields(20)[0]);
  if (type === 1) return [name, floats(packed(fields(2)), 4)[0] ?? 0];
  if (type === 2) return [name, integerOf(fields(3)[0])];
  if (type === 3) return [name, textOf(fields(4)[0])];
  if (type === 4) return [name, tensorOf(fields(5)[0], `${name} of node ${node}`, data)];
  if (type === 6 || type === 7) {
    const list = type === 6 ? [...floats(packed(fields(7)), 4)] : integers(fields(8));
    mustBeOnnx(list.length <= MOST, `a list must have at most ${MOST} entries`);
    return [name, list];
  }
  // graphs and others, which no operator of networks reads
  return [name, ""];
}

/** The types of arrays by their numbers in ONNX: the bytes of a number, and how they are read. */
const TYPES: Readonly<Record<number, readonly [width: number, isInteger: boolean]>> = {
  1: [4, false],
  11: [8, false],
  2: [1, true],
  3: [1, true],
  6: [4, true],
  7: [8, true],
  9: [1, true],
};

function tensorOf(message: Value, name: string, data: OnnxData): Known {
  const fields = fieldsIn(message);
  const shape = integers(fields(1));
  const type = integerOf(fields(2)[0]);
  must(
    TYPES[type],
    `the numbers of array ${show(name)}`,
    "float32, float64 or integers; convert the model to float32",
    { dataType: type },
    "unsupported",
  );
  const [width, isInteger] = TYPES[type];
  mustBeOnnx(
    shape.length <= 8 && shape.every((size) => Number.isSafeInteger(size) && size >= 0),
    `array ${show(name)} must have at most 8 axes`,
  );
  const size = shape.reduce((product, length) => product * length, 1);
  const raw = integerOf(fields(14)[0]) === 1 ? externalOf(fields(13), name, data) : fields(9)[0];
  const typed = isInteger ? [...fields(5), ...fields(7)] : [...fields(4), ...fields(10)];
  const bytes = raw instanceof Uint8Array ? raw : packed(typed);
  const isTyped = isInteger && !(raw instanceof Uint8Array);
  const values = isTyped ? integers(typed) : isInteger ? wholes(bytes, width, type) : floats(bytes, width);
  mustBeOnnx(
    values.length === size,
    `array ${show(name)} must have ${size} numbers; received ${values.length}`,
  );
  return { shape, data: values, isInteger };
}

/** The bytes of an array that is kept in another file. */
function externalOf(entries: readonly Value[], name: string, data: OnnxData): Uint8Array {
  const settings = new Map(
    entries.map((entry) => {
      const fields = fieldsIn(entry);
      return [textOf(fields(1)[0]), textOf(fields(2)[0])];
    }),
  );
  const location = settings.get("location") ?? "";
  const file = Object.hasOwn(data, location) ? data[location] : undefined;
  check(
    file,
    () =>
      `the weights of this model are in another file, ${show(location)}; pass \`data: { ${show(location)}: bytes }\`, or export the model into one file (\`external_data=False\` in PyTorch)`,
    "unsupported",
  );
  const offset = Number(settings.get("offset") ?? 0);
  const length = Number(settings.get("length") ?? file.length - offset);
  mustBeOnnx(
    [offset, length, file.length - offset - length].every((size) => Number.isSafeInteger(size) && size >= 0),
    `array ${show(name)} reaches beyond ${show(location)}`,
  );
  return file.subarray(offset, offset + length);
}

/** Little-endian on every host. */
function floats(bytes: Uint8Array, width: number): Float32Array | Float64Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const count = Math.floor(bytes.length / width);
  return width === 4
    ? Float32Array.from({ length: count }, (_, i) => view.getFloat32(4 * i, true))
    : Float64Array.from({ length: count }, (_, i) => view.getFloat64(8 * i, true));
}

function wholes(bytes: Uint8Array, width: number, type: number): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const read = (i: number): number => {
    if (width === 1) return type === 3 ? view.getInt8(i) : view.getUint8(i);
    return width === 4 ? view.getInt32(4 * i, true) : Number(view.getBigInt64(8 * i, true));
  };
  return Array.from({ length: Math.floor(bytes.length / width) }, (_, i) => read(i));
}

function inputOf(message: Value): OnnxFile["inputs"][number] {
  const fields = fieldsIn(message);
  const [type] = fields(2);
  const [tensor] = type === undefined ? [] : fieldsIn(type)(1);
  const [shape] = tensor === undefined ? [] : fieldsIn(tensor)(2);
  const sizes =
    shape === undefined
      ? []
      : fieldsIn(shape)(1).map((dimension) => {
          const [size] = fieldsIn(dimension)(1);
          return typeof size === "number" && size > 0 ? size : undefined;
        });
  return { name: textOf(fields(1)[0]), sizes };
}

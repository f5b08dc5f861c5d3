/**
 * An ONNX graph that is built node by node, and its bytes as a model file. It knows the messages of ONNX but
 * not Fettle, and computes nothing.
 *
 * @see https://github.com/onnx/onnx/blob/main/onnx/onnx.proto3 for the numbers of the fields
 */
import { Message } from "./protobuf.js";

/** The versions of ONNX 1.12 of 2022, so that older runtimes read the file too. */
const IR_VERSION = 8;
const OPSETS = { "": 17, "ai.onnx.ml": 3 } as const;

/** Types of elements, with their numbers in ONNX, which `Cast` takes too. */
export const ELEMENT = { float: 1, int64: 7, string: 8, bool: 9, double: 11 } as const;
type Element = keyof typeof ELEMENT;

/** The batch dimension, which the file represents by this symbol. */
const ROWS = "rows";

/** A number is an integer. */
type Attribute = number | OnnxGraph | string | readonly number[] | readonly string[];
export type Attributes = Readonly<Record<string, Attribute>>;

/** A graph. Values are referenced by name, and must be created before use. */
export class OnnxGraph {
  /** @internal */
  readonly graph = new Message();
  /** The number of requests for each name. */
  private readonly counts: Map<string, number>;
  private readonly whole: OnnxGraph;

  /** @param outside - for the body of a loop: the graph whose values it reads, and which has its constants */
  constructor(name: string, outside?: OnnxGraph) {
    this.graph.text(2, name);
    this.whole = outside?.whole ?? this;
    this.counts = this.whole === this ? new Map() : this.whole.counts;
  }

  /**
   * An input, [rows, columns].
   *
   * @returns its name, as all methods do: the requested name, with a number if it is taken
   */
  input(name: string, element: Element, columns: number, doc: string): string {
    const own = this.claim(name);
    this.graph.message(11, valueInfo(own, element, [ROWS, columns]).text(3, doc));
    return own;
  }

  /** An input of the body of a loop, float. */
  bodyInput(name: string, shape: readonly number[]): string {
    const own = this.claim(name);
    const sizes = shape.map((size) => (size === -1 ? ROWS : size));
    this.graph.message(11, valueInfo(own, "float", sizes));
    return own;
  }

  /** An output of the body of a loop, float. */
  bodyOutput(name: string, value: string, shape: readonly number[]): void {
    const own = this.node("Identity", [value], {}, name);
    const sizes = shape.map((size) => (size === -1 ? ROWS : size));
    this.graph.message(12, valueInfo(own, "float", sizes));
  }

  /** An output, [rows, columns] or [rows], of a value. */
  output(name: string, value: string, element: Element, columns?: number): string {
    const own = this.node("Identity", [value], {}, name);
    this.graph.message(12, valueInfo(own, element, columns === undefined ? [ROWS] : [ROWS, columns]));
    return own;
  }

  constant(
    values: Float32Array | Float64Array | readonly string[],
    shape: readonly number[],
    name = "constant",
  ): string {
    const own = this.claim(name);
    const tensor = new Message().integers(1, shape);
    if (values instanceof Float32Array) tensor.integer(2, ELEMENT.float).numbers(4, values);
    else if (values instanceof Float64Array) tensor.integer(2, ELEMENT.double).numbers(10, values);
    else {
      tensor.integer(2, ELEMENT.string);
      for (const word of values) tensor.text(6, word);
    }
    this.whole.graph.message(5, tensor.text(8, own));
    return own;
  }

  /** A list of int64, such as a shape. */
  integers(values: readonly number[]): string {
    const own = this.claim("integers");
    const tensor = new Message().integers(1, [values.length]).integer(2, ELEMENT.int64).integers(7, values);
    this.whole.graph.message(5, tensor.text(8, own));
    return own;
  }

  /** A double. */
  scalar(value: number): string {
    return this.constant(Float64Array.of(value), []);
  }

  /**
   * The result of an operator.
   *
   * @param operator - with its domain, if that is not ONNX's own
   */
  node(operator: string, inputs: readonly string[], attributes: Attributes = {}, name = operator): string {
    const [own] = this.nodes(operator, inputs, attributes, [name]);
    return own;
  }

  /** Like `node`, with several results. */
  nodes(
    operator: string,
    inputs: readonly string[],
    attributes: Attributes,
    names: readonly string[],
  ): readonly string[] {
    const results = names.map((name) => this.claim(name));
    const dot = operator.lastIndexOf(".");
    const node = new Message();
    for (const input of inputs) node.text(1, input);
    for (const result of results) node.text(2, result);
    node.text(3, results[0]).text(4, operator.slice(dot + 1));
    for (const [key, value] of Object.entries(attributes)) node.message(5, attribute(key, value));
    this.graph.message(1, node.text(7, operator.slice(0, Math.max(0, dot))));
    return results;
  }

  /** The model file. */
  bytes(release: string, metadata: Readonly<Record<string, string>>): Uint8Array<ArrayBuffer> {
    const model = new Message()
      .integer(1, IR_VERSION)
      .text(2, "fettle")
      .text(3, release)
      .message(7, this.graph);
    for (const [domain, version] of Object.entries(OPSETS))
      model.message(8, new Message().text(1, domain).integer(2, version));
    for (const [key, value] of Object.entries(metadata))
      model.message(14, new Message().text(1, key).text(2, value));
    return model.encoded();
  }

  /** A unique name. An empty name would mean a missing value. */
  private claim(name: string): string {
    let own = name;
    let count = this.counts.get(name) ?? 1;
    while (own === "" || this.counts.has(own)) own = `${name}_${++count}`;
    this.counts.set(own, 1).set(name, count);
    return own;
  }
}

function valueInfo(name: string, element: Element, shape: readonly (number | string)[]): Message {
  const dimensions = new Message();
  // a multiple of the rows may have any size
  for (const size of shape)
    dimensions.message(
      1,
      typeof size === "string"
        ? new Message().text(2, size)
        : size > 0
          ? new Message().integer(1, size)
          : new Message(),
    );
  const tensor = new Message().integer(1, ELEMENT[element]).message(2, dimensions);
  return new Message().text(1, name).message(2, new Message().message(1, tensor));
}

/**
 * Field 20 is the type of the attribute: 2 for an integer, 3 for a string, 5 for a graph, 7 for integers, 8
 * for strings.
 */
function attribute(name: string, value: Attribute): Message {
  const message = new Message().text(1, name);
  if (typeof value === "number") return message.integer(3, value).integer(20, 2);
  if (typeof value === "string") return message.text(4, value).integer(20, 3);
  if (value instanceof OnnxGraph) return message.message(6, value.graph).integer(20, 5);
  if (isIntegers(value)) return message.integers(8, value).integer(20, 7);
  for (const word of value) message.text(9, word);
  return message.integer(20, 8);
}

const isIntegers = (value: readonly number[] | readonly string[]): value is readonly number[] =>
  typeof value[0] === "number";
